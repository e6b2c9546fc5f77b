//! HTTP: one client for the process, made when the first byte is needed; time-outs, retries, and
//! what is worth one.

use std::error::Error;
use std::io::{self, Read, Write};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use reqwest::blocking::{Client, Response};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use tempfile::NamedTempFile;
use tracing::debug;
use url::Url;

use super::FetchError;
use super::error::NetworkError;
use super::format::looks_like_html;
use crate::model::{Digesting, Sha256, shown_url, with_causes};
use crate::report::{Event, Reporter};
use crate::store::{StoreError, TEXT_LIMIT, read_regular};

const REDIRECTS_LIMIT: usize = 5;
/// The longest that a server's wish for a pause is granted.
const PAUSE_LIMIT: Duration = Duration::from_secs(20);
/// The longest pause of our own.
const LONGEST_BACKOFF: Duration = Duration::from_secs(8);
const BUFFER: usize = 64 << 10;
/// The bytes that must come within [`Patience::slow`]: about a kibibyte a second.
const PACE_LIMIT: u64 = 64 << 10;

/// How patient the network layer is.
#[derive(Debug, Clone)]
pub struct Patience {
    /// For a connection to be made.
    pub connect: Duration,
    /// For the answer's head, and then for each next piece of it.
    pub idle: Duration,
    /// For each next `PACE_LIMIT` of a body: a server that sends a byte now and then would never
    /// end, and no other origin would be asked.
    pub slow: Duration,
    /// How often a transient failure is tried again.
    pub retries: u32,
    /// The pause before the first retry; it doubles with each.
    pub backoff: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            slow: Duration::from_secs(60),
            retries: 3,
            backoff: Duration::from_millis(500),
        }
    }
}

/// The network.
pub struct Web {
    patience: Patience,
    client: OnceLock<Result<Client, ClientError>>,
}

/// One request, however often it is tried.
#[derive(Clone, Copy)]
pub struct Ask<'a> {
    pub subject: &'a str,
    /// How the origin is called in events and errors.
    pub origin: &'a str,
    pub url: &'a Url,
    /// Whether no other origin follows: only then is a connection that timed out tried again.
    pub last: bool,
}

/// What an answer's body must be.
#[derive(Clone, Copy)]
pub struct Expected {
    pub sha256: Option<Sha256>,
    pub size: Option<u64>,
    pub limit: u64,
}

/// A failed try.
pub struct FailedTry {
    error: FetchError,
    again: Again,
}

/// Whether a failed try is worth another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Again {
    /// The answer will be the same: on to the next origin.
    Never,
    /// It took long to learn that nobody answers: other origins first.
    IfLast,
    /// After this long, or after our own pause.
    After(Option<Duration>),
}

impl FailedTry {
    fn never(error: FetchError) -> Self {
        Self {
            error,
            again: Again::Never,
        }
    }
}

impl From<StoreError> for FailedTry {
    fn from(error: StoreError) -> Self {
        Self::never(error.into())
    }
}

impl Web {
    /// Makes nothing yet.
    pub fn new(patience: Patience) -> Self {
        Self {
            patience,
            client: OnceLock::new(),
        }
    }

    fn client(&self) -> Result<&Client, FetchError> {
        let client = self.client.get_or_init(|| build(&self.patience));
        client.as_ref().map_err(|problem| FetchError::Client {
            source: Box::new(problem.clone()),
        })
    }

    /// Asks for a small text, such as a registry's index; none where it is not there (404, 410,
    /// 451).
    ///
    /// # Errors
    /// When it can't be fetched, or is larger than `limit` bytes.
    pub fn text(
        &self,
        ask: Ask<'_>,
        limit: u64,
        reporter: &dyn Reporter,
    ) -> Result<Option<Vec<u8>>, FetchError> {
        self.persist(ask, reporter, |client| {
            let response = match open(client, ask.url) {
                Err(FailedTry {
                    error:
                        FetchError::Status {
                            status: 404 | 410 | 451,
                            ..
                        },
                    ..
                }) => return Ok(None),
                response => response?,
            };
            let mut bytes = Vec::new();
            let read = Paced::new(response, self.patience.slow)
                .take(limit + 1)
                .read_to_end(&mut bytes);
            read.map_err(|error| broken(ask.url, bytes.len() as u64, error))?;
            if bytes.len() as u64 > limit {
                return Err(FailedTry::never(FetchError::Oversized {
                    origin: shown_url(ask.url),
                    limit,
                    exact: false,
                }));
            }
            Ok(Some(bytes))
        })
    }

    /// Downloads into a file that `make` makes anew for each try, hashing on the way; it is as
    /// expected when it returns.
    ///
    /// # Errors
    /// When it can't be fetched or is not what is expected.
    pub fn download(
        &self,
        ask: Ask<'_>,
        expected: Expected,
        reporter: &dyn Reporter,
        make: impl Fn() -> Result<NamedTempFile, StoreError>,
    ) -> Result<(NamedTempFile, Sha256, u64), FetchError> {
        self.persist(ask, reporter, |client| {
            let response = open(client, ask.url)?;
            let announced = response.content_length();
            if announced.is_some_and(|size| size > expected.limit) {
                return Err(FailedTry::never(expected.oversized(ask.origin)));
            }
            reporter.event(Event::DownloadStarted {
                subject: ask.subject.into(),
                origin: ask.origin.into(),
                size: expected.size.or(announced),
            });
            stream(
                ask,
                Paced::new(response, self.patience.slow),
                expected,
                reporter,
                make()?,
            )
        })
    }

    /// Tries until it works, is refused, or has failed too often.
    fn persist<T>(
        &self,
        ask: Ask<'_>,
        reporter: &dyn Reporter,
        mut once: impl FnMut(&Client) -> Result<T, FailedTry>,
    ) -> Result<T, FetchError> {
        let client = self.client()?;
        let mut attempt = 0;
        loop {
            let FailedTry { error, again } = match once(client) {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            let wish = match again {
                Again::After(wish) => wish,
                Again::IfLast if ask.last => None,
                Again::IfLast | Again::Never => return Err(error),
            };
            if attempt == self.patience.retries {
                return Err(error);
            }
            attempt += 1;
            let delay = wish.unwrap_or_else(|| backoff(self.patience.backoff, ask.url, attempt));
            reporter.event(Event::Retrying {
                subject: ask.subject.to_owned(),
                origin: ask.origin.to_owned(),
                error: with_causes(&error),
                attempt,
                delay_ms: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
            });
            std::thread::sleep(delay);
        }
    }
}

impl Expected {
    fn oversized(&self, origin: &str) -> FetchError {
        FetchError::Oversized {
            origin: origin.to_owned(),
            limit: self.limit,
            exact: self.size.is_some(),
        }
    }

    /// Judges what came in whole.
    ///
    /// # Errors
    /// When it is shorter or has another digest than expected.
    pub fn check(
        &self,
        origin: &str,
        found: Sha256,
        size: u64,
        start: &[u8],
    ) -> Result<(), FetchError> {
        let origin = || origin.to_owned();
        let html = looks_like_html(start);
        match (self.size, self.sha256) {
            (Some(expected), _) if size < expected => Err(FetchError::Truncated {
                origin: origin(),
                expected,
                found: size,
                html,
            }),
            (_, Some(expected)) if found != expected => Err(FetchError::Digest {
                origin: origin(),
                expected,
                found,
                size,
                html,
            }),
            _ => Ok(()),
        }
    }
}

fn build(patience: &Patience) -> Result<Client, ClientError> {
    // Fails only where one is installed already, which then serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = Client::builder()
        .user_agent(concat!("wasideps/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(patience.connect)
        .timeout(patience.idle)
        // The next server need not know from where it is asked: an address may be of a company's
        // own.
        .referer(false)
        .redirect(Policy::custom(|attempt| {
            match refused_redirect(attempt.previous(), attempt.url()) {
                Some(problem) => attempt.error(problem),
                None => attempt.follow(),
            }
        }));
    // On other systems the platform's verifier honours it by itself.
    if cfg!(any(windows, target_vendor = "apple"))
        && let Some(path) = std::env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty())
    {
        let path = camino::Utf8PathBuf::try_from(std::path::PathBuf::from(path))
            .map_err(ClientError::new)?;
        let pem = read_regular(&path, TEXT_LIMIT).map_err(ClientError::new)?;
        client = client.tls_certs_merge(
            reqwest::Certificate::from_pem_bundle(&pem).map_err(ClientError::new)?,
        );
    }
    client.build().map_err(ClientError::new)
}

/// Why no client can be made: found out once, and told to all that need one.
#[derive(Debug, Clone, thiserror::Error)]
#[error(transparent)]
struct ClientError(Arc<dyn Error + Send + Sync>);

impl ClientError {
    fn new(error: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(error))
    }
}

/// Why a redirection is not followed. What is pinned by content is safe on a plain connection, but
/// nobody who wrote `https` wants to tell the world what is fetched.
fn refused_redirect(previous: &[Url], next: &Url) -> Option<String> {
    if previous.len() > REDIRECTS_LIMIT {
        return Some(format!("more than {REDIRECTS_LIMIT} redirections"));
    }
    let secure = previous.iter().any(|url| url.scheme() == "https");
    (secure && next.scheme() != "https").then(|| {
        format!(
            "redirected from https to a plain connection, {}",
            shown_url(next)
        )
    })
}

fn open(client: &Client, url: &Url) -> Result<Response, FailedTry> {
    debug!(url = shown_url(url), "asks");
    let response = client.get(url.clone()).send().map_err(|error| {
        let again = judge_error(&error);
        let source = NetworkError(error);
        debug!(url = shown_url(url), problem = %source, ?again, "no answer");
        FailedTry {
            error: FetchError::Unreachable {
                url: shown_url(url),
                source,
            },
            again,
        }
    })?;
    let status = response.status();
    debug!(
        url = shown_url(response.url()),
        status = status.as_u16(),
        length = response.content_length(),
        "an answer"
    );
    if status == StatusCode::OK {
        return Ok(response);
    }
    let again = judge_status(status, response.headers());
    let (url, status) = (shown_url(url), status.as_u16());
    match again {
        Again::After(Some(pause)) if pause > PAUSE_LIMIT => {
            Err(FailedTry::never(FetchError::Busy {
                url,
                status,
                seconds: pause.as_secs(),
            }))
        }
        again => Err(FailedTry {
            error: FetchError::Status { url, status },
            again,
        }),
    }
}

fn judge_status(status: StatusCode, headers: &HeaderMap) -> Again {
    if !status.is_server_error()
        && !matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        )
    {
        return Again::Never;
    }
    // Its other form, a date, would need a clock that agrees with the server's; our own pause does
    // then.
    let wish = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.trim().parse().ok());
    Again::After(wish.map(Duration::from_secs))
}

/// Names that do not resolve, refused connections, certificates that do not hold: the same in a
/// second. Connections that broke are worth a try.
fn judge_error(error: &reqwest::Error) -> Again {
    if error.is_redirect() || error.is_builder() || error.is_dns() {
        Again::Never
    } else if !error.is_connect() {
        Again::After(None)
    } else if error.is_timeout() {
        Again::IfLast
    } else {
        judge_connect(error)
    }
}

fn judge_connect(error: &(dyn Error + 'static)) -> Again {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, Interrupted, UnexpectedEof,
    };
    let mut cause = Some(error);
    while let Some(error) = cause {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if matches!(
            kind,
            Some(ConnectionReset | ConnectionAborted | BrokenPipe | UnexpectedEof | Interrupted)
        ) {
            return Again::After(None);
        }
        cause = error.source();
    }
    Again::Never
}

fn broken(url: &Url, bytes: u64, error: io::Error) -> FailedTry {
    let slow = error
        .get_ref()
        .is_some_and(<dyn Error + Send + Sync>::is::<TooSlow>);
    let again = if slow {
        Again::IfLast
    } else {
        Again::After(None)
    };
    FailedTry {
        error: FetchError::Broken {
            url: shown_url(url),
            bytes,
            source: error
                .downcast::<reqwest::Error>()
                .map_or_else(Into::into, Into::into),
        },
        again,
    }
}

/// Fails where [`PACE_LIMIT`] take too long.
struct Paced<R> {
    body: R,
    slow: Duration,
    since: Instant,
    bytes: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("it is too slow: {bytes} bytes in {} s", .took.as_secs())]
struct TooSlow {
    bytes: u64,
    took: Duration,
}

impl<R: Read> Paced<R> {
    fn new(body: R, slow: Duration) -> Self {
        Self {
            body,
            slow,
            since: Instant::now(),
            bytes: 0,
        }
    }
}

impl<R: Read> Read for Paced<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.body.read(buffer)?;
        self.bytes += read as u64;
        if self.bytes >= PACE_LIMIT {
            (self.bytes, self.since) = (0, Instant::now());
        }
        let took = self.since.elapsed();
        if read > 0 && took > self.slow {
            Err(io::Error::other(TooSlow {
                bytes: self.bytes,
                took,
            }))
        } else {
            Ok(read)
        }
    }
}

fn stream(
    ask: Ask<'_>,
    mut response: Paced<Response>,
    expected: Expected,
    reporter: &dyn Reporter,
    file: NamedTempFile,
) -> Result<(NamedTempFile, Sha256, u64), FailedTry> {
    let path = file.path().to_string_lossy().into_owned();
    let mut file = Digesting::new(file);
    let mut buffer = vec![0; BUFFER];
    let mut start = Vec::new();
    let mut told = 0;
    loop {
        let read = match response.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(broken(ask.url, file.size(), error)),
        };
        let piece = &buffer[..read];
        if file.size() + read as u64 > expected.limit {
            return Err(FailedTry::never(expected.oversized(ask.origin)));
        }
        if start.len() < 64 {
            start.extend_from_slice(&piece[..read.min(64)]);
        }
        file.write_all(piece).map_err(|source| StoreError::Write {
            path: path.clone().into(),
            source,
        })?;
        if file.size() - told >= BUFFER as u64 {
            told = file.size();
            reporter.event(Event::DownloadProgress {
                subject: ask.subject.to_owned(),
                bytes: told,
            });
        }
    }
    let size = file.size();
    let (file, sha256) = file.finish();
    expected
        .check(ask.origin, sha256, size, &start)
        .map_err(FailedTry::never)?;
    Ok((file, sha256, size))
}

/// Doubles with each attempt. The jitter keeps many machines from coming back at the same moment,
/// and comes from the URL so that runs repeat.
fn backoff(first: Duration, url: &Url, attempt: u32) -> Duration {
    let pause = first
        .saturating_mul(1 << (attempt - 1).min(10))
        .min(LONGEST_BACKOFF);
    let jitter = Sha256::of(format!("{url} {attempt}").as_bytes()).as_bytes()[0];
    pause + pause.mul_f64(f64::from(jitter) / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_never_tried_again_and_busy_servers_are() {
        let status = |code: u16| {
            judge_status(
                StatusCode::from_u16(code).expect("a status"),
                &HeaderMap::new(),
            )
        };
        for code in [400, 401, 403, 404, 407, 410, 451, 206, 204, 304] {
            assert_eq!(status(code), Again::Never, "{code}");
        }
        for code in [408, 429, 500, 502, 503, 504] {
            assert_eq!(status(code), Again::After(None), "{code}");
        }
        let headers = HeaderMap::from_iter([(RETRY_AFTER, "7".parse().expect("a value"))]);
        assert_eq!(
            judge_status(StatusCode::TOO_MANY_REQUESTS, &headers),
            Again::After(Some(Duration::from_secs(7)))
        );
    }

    #[test]
    fn a_reset_connection_is_tried_again_and_a_refused_one_is_not() {
        assert_eq!(
            judge_connect(&io::Error::from(io::ErrorKind::ConnectionReset)),
            Again::After(None)
        );
        assert_eq!(
            judge_connect(&io::Error::from(io::ErrorKind::ConnectionRefused)),
            Again::Never
        );
        assert_eq!(
            judge_connect(&io::Error::new(io::ErrorKind::InvalidData, "certificate")),
            Again::Never
        );
    }

    #[test]
    fn redirections_stay_secure_and_end() {
        let url = |text: &str| text.parse::<Url>().expect("a URL");
        let (secure, plain) = (url("https://example.org/"), url("http://example.org/"));
        assert_eq!(refused_redirect(std::slice::from_ref(&plain), &plain), None);
        assert_eq!(
            refused_redirect(std::slice::from_ref(&plain), &secure),
            None
        );
        assert!(refused_redirect(std::slice::from_ref(&secure), &plain).is_some());
        assert!(refused_redirect(&[plain.clone(), secure.clone()], &plain).is_some());
        assert!(refused_redirect(&vec![secure.clone(); REDIRECTS_LIMIT], &secure).is_none());
        assert!(refused_redirect(&vec![secure.clone(); REDIRECTS_LIMIT + 1], &secure).is_some());
    }

    #[test]
    fn pauses_double_are_bounded_and_repeat() {
        let url: Url = "https://example.org/a".parse().expect("a URL");
        let pauses: Vec<_> = (1..=8)
            .map(|attempt| backoff(Duration::from_millis(500), &url, attempt))
            .collect();
        for (pause, base) in pauses.iter().zip([500, 1000, 2000, 4000, 8000, 8000]) {
            assert!(
                (base..base + base / 4 + 1).contains(&pause.as_millis()),
                "{pause:?}"
            );
        }
        assert_eq!(pauses[2], backoff(Duration::from_millis(500), &url, 3));
    }
}
