//! A cache of what was compiled on another machine, behind the store: what it gives is checked and
//! then kept in the store, and what is compiled here is sent to it.
//!
//! No thread of a build ever waits for the server to answer what it asks: what a source needs is
//! brought all at once before its files are compiled, and they wait for that only as long as it
//! pays. All else happens on one thread with an asynchronous runtime of its own.

mod address;
mod error;
mod grpc;
mod keys;
mod link;
mod objects;
mod record;
mod server;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

pub use address::RemoteAddress;
pub use error::RemoteError;
pub use keys::{PublicKey, SigningKey};

use crate::model::Sha256;
use crate::report::{Event, Reporter};
use crate::store::{Cache, LocalCache, Shared, StoreError, Wanted};
use link::{RemoteLink, Upload};
use record::{BlobName, RecordKind, RemoteRecord};

/// How long jobs wait for a server that says nothing.
const SILENCE: Duration = Duration::from_millis(300);
/// How long they wait in all for one that has brought nothing. What it brings is worth the time
/// that making it took.
const WORTHLESS: Duration = Duration::from_secs(1);
/// Entries of a list that are kept in the store.
const ENTRIES_LIMIT: usize = 16;
/// How long a build waits at its end for what is still sent, where that goes on; or a tenth of what
/// the build took, if that is longer.
const SENDING: Duration = Duration::from_secs(5);

/// How a remote cache is used.
#[derive(Debug)]
pub struct RemoteSettings {
    pub address: RemoteAddress,
    /// Whether what is compiled here is sent there.
    pub writes: bool,
    pub trust: Trust,
    /// What opens the server, where it asks for one.
    pub token: Option<Token>,
}

/// A secret; nothing shows it.
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(***)")
    }
}

/// Whose results are believed, and who signs.
#[derive(Debug, Default)]
pub struct Trust {
    /// Only what one of these signed is taken; where there is none, whatever the server gives.
    pub keys: Vec<PublicKey>,
    /// What is sent is signed with this.
    pub sign_with: Option<SigningKey>,
}

impl RemoteSettings {
    /// Looks whether they go together.
    ///
    /// # Errors
    /// When credentials would go over a connection that is not encrypted, or a key is of no use.
    pub fn check(&self) -> Result<(), RemoteError> {
        if (self.token.is_some() || self.address.has_login()) && self.address.is_open() {
            let address = self.address.to_string();
            return Err(RemoteError::Open { address });
        }
        if self.trust.sign_with.is_some() && !self.writes {
            return Err(RemoteError::UnusedKey);
        }
        Ok(())
    }
}

/// A store and a remote cache behind it, as one cache.
pub struct Layered<'a> {
    local: LocalCache<'a>,
    reporter: &'a dyn Reporter,
    remote: Option<Remote>,
}

struct Remote {
    settings: Mutex<Option<RemoteSettings>>,
    /// None where the system allows no thread for it.
    running: OnceLock<Option<Connected>>,
}

struct Connected {
    link: Arc<RemoteLink>,
    writes: bool,
    sign_with: Option<SigningKey>,
    runtime: Handle,
    began: Instant,
    waiting: Mutex<WaitingTime>,
    /// The runtime ends when this goes.
    _stop: oneshot::Sender<()>,
}

/// How long jobs have waited.
#[derive(Default)]
struct WaitingTime {
    first: Option<Instant>,
    since: Option<Instant>,
    waiters: usize,
    before: Duration,
}

impl<'a> Layered<'a> {
    /// `local` with a remote cache behind it, where there are settings for one. Nothing is
    /// connected yet.
    #[must_use]
    pub fn new(
        local: LocalCache<'a>,
        settings: Option<RemoteSettings>,
        reporter: &'a dyn Reporter,
    ) -> Self {
        Self {
            local,
            reporter,
            remote: settings.map(|settings| Remote {
                settings: Mutex::new(Some(settings)),
                running: OnceLock::new(),
            }),
        }
    }

    /// Waits, within limits, until what was compiled is sent, and reports what the remote cache was
    /// good for. Says nothing where it was not asked.
    pub fn finish(&self) {
        let running = self.remote.as_ref().and_then(|remote| remote.running.get());
        let Some(running) = running.and_then(Option::as_ref) else {
            return;
        };
        running.send_all();
        running.link.sum_up();
        self.warn(running);
        let state = running.link.state();
        let figures = state.figures;
        let off = state.off.clone();
        drop(state);
        self.reporter.event(Event::RemoteCache {
            address: running.link.address.to_string(),
            hits: figures.hits,
            misses: figures.asked.saturating_sub(figures.hits),
            bytes_down: figures.down,
            bytes_up: figures.up,
            #[allow(clippy::cast_precision_loss)] // Far from 2^53.
            seconds_saved: figures.saved as f64 / 1000.0,
            sent: figures.sent,
            not_sent: figures.to_send - figures.sent,
            off,
        });
    }

    /// The remote cache, as long as it is asked.
    fn running(&self) -> Option<&Connected> {
        let remote = self.remote.as_ref()?;
        let running = remote.running.get_or_init(|| {
            let settings = remote.settings.lock();
            let settings = settings.unwrap_or_else(PoisonError::into_inner).take()?;
            match Connected::start(settings) {
                Ok(running) => Some(running),
                Err(error) => {
                    let text = format!("the remote cache is not used: no thread for it: {error}");
                    self.reporter.event(Event::Warning { text });
                    None
                }
            }
        });
        let running = running.as_ref()?;
        self.warn(running);
        running.link.state().off.is_none().then_some(running)
    }

    fn warn(&self, running: &Connected) {
        let warnings = std::mem::take(&mut running.link.state().warnings);
        for text in warnings {
            self.reporter.event(Event::Warning { text });
        }
    }

    /// What has arrived, though the server may not be asked any more.
    fn arrived<T>(&self, take: impl FnOnce(&Connected) -> Option<T>) -> Option<T> {
        take(self.remote.as_ref()?.running.get()?.as_ref()?)
    }
}

impl Cache for Layered<'_> {
    fn get_blob(&self, digest: &Sha256) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(bytes) = self.local.get_blob(digest)? {
            return Ok(Some(bytes));
        }
        let arrived = self.arrived(|running| running.link.state().blobs.remove(digest));
        if let Some(bytes) = &arrived {
            self.local.put_blob(bytes)?;
        }
        Ok(arrived)
    }

    fn put_blob(&self, bytes: &[u8]) -> Result<Sha256, StoreError> {
        self.local.put_blob(bytes)
    }

    fn contains_blob(&self, digest: &Sha256) -> bool {
        self.local.contains_blob(digest)
    }

    fn get_result(&self, action: &Sha256) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(result) = self.local.get_result(action)? {
            return Ok(Some(result));
        }
        let arrived = self.arrived(|running| {
            let mut state = running.link.state();
            let record = state.results.remove(action)?;
            let blob = record.blob?.sha256;
            // Without its object it is of no use.
            if state.blobs.contains_key(&blob) || self.local.contains_blob(&blob) {
                state.figures.hits += 1;
                state.figures.saved += record.milliseconds;
            }
            Some(record)
        });
        let Some(record) = arrived else {
            return Ok(None);
        };
        let result = record.content.into_bytes();
        self.local.put_result(action, &result)?;
        Ok(Some(result))
    }

    fn put_result(&self, action: &Sha256, result: &[u8]) -> Result<(), StoreError> {
        self.local.put_result(action, result)
    }

    fn contains_result(&self, action: &Sha256) -> bool {
        self.local.contains_result(action)
    }

    fn get_list(&self, question: &Sha256) -> Result<Vec<Vec<u8>>, StoreError> {
        let arrived = self.arrived(|running| running.link.state().lists.remove(question));
        // The newest is the first, and stays it.
        let mut arrived = arrived.unwrap_or_default();
        arrived.truncate(ENTRIES_LIMIT);
        for record in arrived.iter().rev() {
            let entry = record.content.as_bytes();
            if !self
                .local
                .get_list(question)?
                .iter()
                .any(|known| known == entry)
            {
                self.local.add_to_list(question, entry, ENTRIES_LIMIT)?;
            }
        }
        self.local.get_list(question)
    }

    fn looks_elsewhere(&self) -> bool {
        self.running().is_some()
    }

    fn expect(&self, wanted: Wanted<'_>, go_on: &dyn Fn() -> bool) {
        let Some(running) = self.running() else {
            return;
        };
        match wanted {
            Wanted::Lists(questions) => {
                running.link.state().figures.asked += questions.len();
                let (link, questions) = (Arc::clone(&running.link), questions.to_vec());
                running.wait_for(async move { link.fetch_lists(questions).await }, go_on);
            }
            Wanted::Results(actions) => {
                let (link, wanted) = (Arc::clone(&running.link), actions.to_vec());
                running.wait_for(async move { link.fetch_results(wanted).await }, go_on);
                let names = self.lacking(running, actions);
                if !names.is_empty() {
                    let link = Arc::clone(&running.link);
                    running.wait_for(async move { link.fetch_blobs(names).await }, go_on);
                }
            }
        }
        self.warn(running);
    }

    fn share(&self, compiled: &Shared<'_>) {
        let Some(running) = self.running().filter(|running| running.writes) else {
            return;
        };
        let Ok(Some(bytes)) = self.local.get_blob(&compiled.blob) else {
            return;
        };
        let blob = BlobName {
            sha256: compiled.blob,
            size: bytes.len() as u64,
        };
        let record = |kind, key, blob, content| {
            let key_to_sign = running.sign_with.as_ref();
            RemoteRecord::new(kind, key, blob, compiled.seconds, content, key_to_sign)
        };
        let upload = Upload {
            question: compiled.question,
            entry: record(RecordKind::Opened, compiled.question, None, compiled.entry),
            action: compiled.action,
            result: record(
                RecordKind::Made,
                compiled.action,
                Some(blob),
                compiled.result,
            ),
            blob,
            bytes,
        };
        if running.link.takes(&upload) {
            let link = Arc::clone(&running.link);
            running
                .runtime
                .spawn(async move { link.send(upload).await });
        }
    }
}

impl Layered<'_> {
    /// The blobs that the results which have come of `actions` name, and which are not here.
    fn lacking(&self, running: &Connected, actions: &[Sha256]) -> Vec<BlobName> {
        let state = running.link.state();
        let records = actions
            .iter()
            .filter_map(|action| state.results.get(action));
        let named: HashSet<BlobName> = records.filter_map(|record| record.blob).collect();
        drop(state);
        let lacks = |name: &BlobName| !self.local.contains_blob(&name.sha256);
        named.into_iter().filter(lacks).collect()
    }
}

impl Connected {
    fn start(settings: RemoteSettings) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::Builder::new()
            .name("remote-cache".to_owned())
            .spawn(move || {
                // It ends when the sender goes.
                let _ = runtime.block_on(stopped);
                runtime.shutdown_background();
            })?;
        let Trust { keys, sign_with } = settings.trust;
        let trust = Trust {
            keys,
            sign_with: None,
        };
        let token = settings.token.map(|Token(token)| token);
        let link = Arc::new(RemoteLink::new(settings.address, token, trust));
        let connecting = Arc::clone(&link);
        handle.spawn(async move { connecting.connect().await });
        Ok(Self {
            link,
            writes: settings.writes,
            sign_with,
            runtime: handle,
            began: Instant::now(),
            waiting: Mutex::default(),
            _stop: stop,
        })
    }

    /// Starts `work`, and waits for it as long as that is worth it and `go_on` says so.
    fn wait_for(&self, work: impl Future<Output = ()> + Send + 'static, go_on: &dyn Fn() -> bool) {
        let done = Arc::new(AtomicBool::new(false));
        let (link, told) = (Arc::clone(&self.link), Arc::clone(&done));
        self.runtime.spawn(async move {
            work.await;
            told.store(true, Ordering::SeqCst);
            link.notify();
        });
        let began = Instant::now();
        self.waiting_time(|waiting| waiting.begin(began));
        loop {
            let state = self.link.state();
            if done.load(Ordering::SeqCst) || state.off.is_some() {
                break;
            }
            let (answered, gained) = (state.answered, Duration::from_millis(state.gained));
            drop(self.link.wait(state));
            let now = Instant::now();
            let is_worth_it =
                self.waiting_time(|waiting| waiting.is_worth_it(now, began, answered, gained));
            if !is_worth_it && !go_on() {
                break;
            }
        }
        self.waiting_time(WaitingTime::end);
    }

    fn waiting_time<T>(&self, with: impl FnOnce(&mut WaitingTime) -> T) -> T {
        with(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until all is sent, as long as that goes on.
    fn send_all(&self) {
        let limit = SENDING.max(self.began.elapsed() / 10);
        let until = Instant::now() + limit;
        self.wait_for_sending(until);
        if self.link.state().figures.sent > 0 {
            self.link.state().pending += 1;
            let link = Arc::clone(&self.link);
            self.runtime.spawn(async move { link.settle().await });
            self.wait_for_sending(until);
        }
    }

    fn wait_for_sending(&self, until: Instant) {
        const SILENT: Duration = Duration::from_secs(1);
        let began = Instant::now();
        let mut state = self.link.state();
        while state.pending > 0 && state.off.is_none() && Instant::now() < until {
            let last = state.answered.map_or(began, |answered| answered.max(began));
            if last.elapsed() > SILENT {
                break;
            }
            state = self.link.wait(state);
        }
    }
}

impl WaitingTime {
    fn begin(&mut self, now: Instant) {
        self.first.get_or_insert(now);
        self.since.get_or_insert(now);
        self.waiters += 1;
    }

    fn end(&mut self) {
        self.waiters -= 1;
        if self.waiters == 0 {
            self.before += self
                .since
                .take()
                .map_or(Duration::ZERO, |since| since.elapsed());
        }
    }

    /// Whether to wait on, where this wait began at `began`, the server answered last at
    /// `answered`, and what it brought took `gained` to make.
    fn is_worth_it(
        &self,
        now: Instant,
        began: Instant,
        answered: Option<Instant>,
        gained: Duration,
    ) -> bool {
        let quiet_since = match answered {
            Some(answered) => answered.max(began),
            None => self.first.unwrap_or(began),
        };
        let waited = self.before + self.since.map_or(Duration::ZERO, |since| now - since);
        now - quiet_since < SILENCE && waited < WORTHLESS + gained
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_wait_for_a_server_that_answers_and_pays_and_for_no_other() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let none = Duration::ZERO;
        let mut waiting = WaitingTime::default();
        waiting.begin(start);
        assert!(waiting.is_worth_it(at(299), start, None, none));
        assert!(!waiting.is_worth_it(at(300), start, None, none));
        assert!(waiting.is_worth_it(at(500), start, Some(at(250)), none));
        assert!(!waiting.is_worth_it(at(1000), start, Some(at(999)), none));
        assert!(waiting.is_worth_it(at(1000), start, Some(at(999)), SILENCE));
        // What never answered is not waited for once more.
        waiting.end();
        waiting.begin(at(5000));
        assert!(!waiting.is_worth_it(at(5001), at(5000), None, none));
        assert!(waiting.is_worth_it(at(5001), at(5000), Some(at(100)), none));
    }
}
