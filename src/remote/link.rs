//! What the threads of a build and the tasks that talk to the server share: what has arrived, what
//! is on its way, what went wrong, and whether the server is still asked.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt as _};
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::timeout;

use super::Trust;
use super::address::RemoteAddress;
use super::error::ServerError;
use super::record::{BLOB_LIMIT, BlobName, Judged, RecordKind, RemoteRecord, pack, unpack};
use super::server::Server;
use crate::model::Sha256;

/// For the connection, with what the server says of itself.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// For an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(3);
/// For each further such part of blobs, which is a slow link's pace.
const PACE: u64 = 256 << 10;
/// Failures in a row after which the server is not asked any more.
const FAILURES_LIMIT: u32 = 3;
/// Wrong answers after which it is not either.
const LIES_LIMIT: u32 = 8;
/// Requests for records at once.
const RECORDS_AT_ONCE: usize = 64;
/// Compiles that are sent at once.
const UPLOADS_AT_ONCE: usize = 16;
/// Bytes of compiles that wait to be sent.
const WAITING_LIMIT: u64 = 256 << 20;
/// How often a list is written again where another writer took its place.
const ROUNDS_LIMIT: u32 = 3;

/// What a build had of a remote cache.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Objects that came from there and were used.
    pub hits: usize,
    /// Objects that were asked for.
    pub asked: usize,
    /// Bytes that came, and that were sent.
    pub down: u64,
    pub up: u64,
    /// What making the objects that came had taken of processors, in milliseconds.
    pub saved: u64,
    /// Compiles that were sent, and that were to be sent.
    pub sent: usize,
    pub to_send: usize,
}

/// What is shared.
pub struct RemoteLink {
    pub address: RemoteAddress,
    token: Option<String>,
    trust: Trust,
    server: OnceCell<Server>,
    uploads: Semaphore,
    state: Mutex<LinkState>,
    changed: Condvar,
}

#[derive(Default)]
pub struct LinkState {
    /// What came and was not taken yet.
    pub lists: HashMap<Sha256, Vec<RemoteRecord>>,
    pub results: HashMap<Sha256, RemoteRecord>,
    pub blobs: HashMap<Sha256, Vec<u8>>,
    pub figures: Figures,
    /// What the user has not been told yet.
    pub warnings: Vec<String>,
    /// Why the server is not asked any more.
    pub off: Option<String>,
    /// Whether nothing is sent any more.
    pub sends_nothing: bool,
    /// When the server answered last.
    pub answered: Option<Instant>,
    failures: u32,
    lies: u32,
    /// Compiles that are to be sent or checked, and their bytes.
    pub pending: usize,
    waiting: u64,
    /// The entries that were added to lists here.
    entries: BTreeMap<Sha256, Vec<RemoteRecord>>,
    /// What the results that came had taken, in milliseconds.
    pub gained: u64,
}

/// What became of an entry of a list.
#[derive(Debug, PartialEq, Eq)]
enum Merged {
    WasThere,
    Added,
}

/// A compile to be sent.
pub struct Upload {
    pub question: Sha256,
    pub entry: RemoteRecord,
    pub action: Sha256,
    pub result: RemoteRecord,
    pub blob: BlobName,
    pub bytes: Vec<u8>,
}

impl RemoteLink {
    pub fn new(address: RemoteAddress, token: Option<String>, trust: Trust) -> Self {
        Self {
            address,
            token,
            trust,
            server: OnceCell::new(),
            uploads: Semaphore::new(UPLOADS_AT_ONCE),
            state: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    pub fn state(&self) -> MutexGuard<'_, LinkState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something changes, or a moment.
    pub fn wait<'s>(&self, state: MutexGuard<'s, LinkState>) -> MutexGuard<'s, LinkState> {
        const MOMENT: Duration = Duration::from_millis(20);
        let waited = self.changed.wait_timeout(state, MOMENT);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    pub fn notify(&self) {
        self.changed.notify_all();
    }

    /// The server, connected to.
    async fn server(&self) -> Option<&Server> {
        if self.state().off.is_some() {
            return None;
        }
        let connected = self.server.get_or_try_init(|| async {
            // Whoever waited for the first try makes no other.
            if let Some(reason) = self.state().off.clone() {
                return Err(ServerError::Unreachable(reason));
            }
            let connecting = Server::connect(&self.address, self.token.as_deref(), CONNECT_LIMIT);
            let server = in_time(CONNECT_LIMIT, connecting).await?;
            // Nothing was said to an object store yet.
            if matches!(server, Server::Grpc(_)) {
                self.state().answered = Some(Instant::now());
            }
            Ok(server)
        });
        match connected.await {
            Ok(server) => Some(server),
            Err(error) => {
                self.turn_off(&error);
                None
            }
        }
    }

    /// Connects, so that it is done when something is asked for.
    pub async fn connect(&self) {
        self.server().await;
    }

    /// From now on the server is not asked: said once, with the reason.
    fn turn_off(&self, reason: &dyn std::fmt::Display) {
        let mut state = self.state();
        if state.off.is_none() {
            let reason = reason.to_string();
            let warning = format!(
                "the remote cache {} is not used any more by this command: {reason}",
                self.address
            );
            state.warnings.push(warning);
            state.off = Some(reason);
        }
        drop(state);
        self.notify();
    }

    /// The answer, where it came; a failure is counted, and too many turn the server off.
    fn answered<T>(&self, answer: Result<T, ServerError>) -> Option<T> {
        let mut state = self.state();
        let error = match answer {
            Ok(answer) => {
                state.failures = 0;
                state.answered = Some(Instant::now());
                drop(state);
                self.notify();
                return Some(answer);
            }
            Err(error) => error,
        };
        state.failures += 1;
        let is_last = state.failures >= FAILURES_LIMIT || matches!(error, ServerError::Denied);
        drop(state);
        if is_last {
            self.turn_off(&error);
        }
        None
    }

    /// The server gave something wrong: said once, and counted.
    fn lied(&self, what: &str) {
        let mut state = self.state();
        state.lies += 1;
        let lies = state.lies;
        if lies == 1 {
            let warning = format!(
                "the remote cache {} gives {what}: this is not used, and compiled instead",
                self.address
            );
            state.warnings.push(warning);
        }
        drop(state);
        if lies >= LIES_LIMIT {
            self.turn_off(&"too much of what it gives is wrong");
        }
    }

    /// The records under `key` that are to be believed.
    async fn records(&self, kind: RecordKind, key: Sha256) -> Option<Vec<RemoteRecord>> {
        let server = self.server().await?;
        let bytes = self.answered(in_time(ANSWER_LIMIT, server.record(&key)).await)??;
        self.state().figures.down += bytes.len() as u64;
        let records = match unpack(kind, &key, &bytes) {
            Ok(records) => records,
            Err(fault) => {
                self.lied(&format!(
                    "something else for the result of an action ({fault})"
                ));
                return None;
            }
        };
        let mut good = Vec::new();
        for record in records {
            match record.judge(&self.trust.keys) {
                Judged::Good => good.push(record),
                Judged::Foreign => {}
                Judged::Forged => self.lied("a result whose signature does not fit it"),
            }
        }
        Some(good)
    }

    /// Brings the lists under `questions`.
    pub async fn fetch_lists(&self, questions: Vec<Sha256>) {
        let fetching = questions.into_iter().map(|question| async move {
            if let Some(records) = self.records(RecordKind::Opened, question).await {
                self.state().lists.insert(question, records);
            }
        });
        stream::iter(fetching)
            .buffer_unordered(RECORDS_AT_ONCE)
            .for_each(|()| async {})
            .await;
    }

    /// Brings the results of `actions`.
    pub async fn fetch_results(&self, actions: Vec<Sha256>) {
        let fetching = actions.into_iter().map(|action| async move {
            let records = self.records(RecordKind::Made, action).await;
            let found = records
                .into_iter()
                .flatten()
                .find(|record| record.blob.is_some());
            if let Some(record) = found {
                let mut state = self.state();
                state.gained = state.gained.saturating_add(record.milliseconds);
                state.results.insert(action, record);
            }
        });
        stream::iter(fetching)
            .buffer_unordered(RECORDS_AT_ONCE)
            .for_each(|()| async {})
            .await;
    }

    /// Brings the blobs of these names.
    pub async fn fetch_blobs(&self, mut names: Vec<BlobName>) {
        let Some(server) = self.server().await else {
            return;
        };
        names.retain(|name| name.size <= BLOB_LIMIT as u64);
        let size: u64 = names.iter().map(|name| name.size).sum();
        let fetching = async { Ok(server.blobs(&names).await) };
        let found = in_time(paced(size), fetching).await;
        for (name, found) in self.answered(found).into_iter().flatten() {
            let Some(Some(blob)) = self.answered(found) else {
                continue;
            };
            self.state().figures.down += blob.moved;
            if Sha256::of(&blob.bytes) == name.sha256 {
                self.state().blobs.insert(name.sha256, blob.bytes);
            } else {
                self.lied(&format!("other bytes for the object {}", name.sha256));
            }
        }
    }

    /// Takes a compile that is to be sent; not where too much waits already.
    pub fn takes(&self, upload: &Upload) -> bool {
        let mut state = self.state();
        state.figures.to_send += 1;
        if state.off.is_some()
            || state.sends_nothing
            || state.waiting + upload.blob.size > WAITING_LIMIT
        {
            return false;
        }
        state.waiting += upload.blob.size;
        state.pending += 1;
        true
    }

    /// Sends a compile that was taken: the object, then its result, then what was opened for it.
    pub async fn send(&self, upload: Upload) {
        let sent = self.try_send(&upload).await.is_some();
        let mut state = self.state();
        state.pending -= 1;
        state.waiting -= upload.blob.size;
        state.figures.sent += usize::from(sent);
        drop(state);
        self.notify();
    }

    async fn try_send(&self, upload: &Upload) -> Option<()> {
        let _permit = self.uploads.acquire().await.ok()?;
        let blob = Some((upload.blob, &*upload.bytes));
        self.put(&upload.action, std::slice::from_ref(&upload.result), blob)
            .await?;
        self.merge(upload.question, &upload.entry).await?;
        let mut state = self.state();
        let entries = state.entries.entry(upload.question).or_default();
        entries.push(upload.entry.clone());
        Some(())
    }

    async fn put(
        &self,
        key: &Sha256,
        records: &[RemoteRecord],
        blob: Option<(BlobName, &[u8])>,
    ) -> Option<()> {
        let server = self.server().await?;
        if !server.takes_results() {
            self.send_nothing(&ServerError::TakesNoResults);
        }
        if self.state().sends_nothing {
            return None;
        }
        let limit = paced(blob.map_or(0, |(name, _)| name.size));
        let sent = match in_time(limit, server.put(key, &pack(records), blob)).await {
            // It may still be read.
            Err(error @ (ServerError::Full(_) | ServerError::Denied)) => {
                self.send_nothing(&error);
                return None;
            }
            sent => self.answered(sent)?,
        };
        self.state().figures.up += sent;
        Some(())
    }

    /// At the end of a command: says what nothing has said yet.
    pub fn sum_up(&self) {
        let mut state = self.state();
        let figures = state.figures;
        let left = figures.to_send - figures.sent;
        if state.off.is_some() || figures.asked + figures.to_send == 0 {
            return;
        }
        if state.answered.is_none() {
            let warning = format!("the remote cache {} did not answer", self.address);
            state.warnings.push(warning);
        } else if left > 0 && !state.sends_nothing {
            let warning = format!(
                "the remote cache {} did not take {left} of {} compiles in time",
                self.address, figures.to_send
            );
            state.warnings.push(warning);
        }
    }

    fn send_nothing(&self, reason: &ServerError) {
        let mut state = self.state();
        if !state.sends_nothing {
            state.sends_nothing = true;
            let warning = format!(
                "nothing more is sent to the remote cache {} by this command: {reason}",
                self.address
            );
            state.warnings.push(warning);
        }
    }

    /// Adds `entry` to the list under `question`, beside what others added.
    async fn merge(&self, question: Sha256, entry: &RemoteRecord) -> Option<Merged> {
        let server = self.server().await?;
        let found = self.answered(in_time(ANSWER_LIMIT, server.record(&question)).await)?;
        let listed = found
            .and_then(|bytes| unpack(RecordKind::Opened, &question, &bytes).ok())
            .unwrap_or_default();
        if listed.iter().any(|other| other.says_what(entry)) {
            return Some(Merged::WasThere);
        }
        let mut records = vec![entry.clone()];
        records.extend(listed);
        self.put(&question, &records, None).await?;
        Some(Merged::Added)
    }

    /// Adds what is missing of `entries` to the list under `question`; whether something was.
    async fn merge_again(&self, question: Sha256, entries: Vec<RemoteRecord>) -> bool {
        let mut changed = false;
        for entry in &entries {
            changed |= self.merge(question, entry).await == Some(Merged::Added);
        }
        changed
    }

    /// Looks whether each list still has what was added here, and adds it again where another
    /// writer's list took its place.
    pub async fn settle(&self) {
        for round in 0..ROUNDS_LIMIT {
            let entries = self.state().entries.clone();
            let settling = entries
                .into_iter()
                .map(|(question, entries)| self.merge_again(question, entries));
            let again = stream::iter(settling)
                .buffer_unordered(UPLOADS_AT_ONCE)
                .fold(false, |again, changed| async move { again || changed })
                .await;
            if !again || round + 1 == ROUNDS_LIMIT {
                break;
            }
        }
        self.state().pending -= 1;
        self.notify();
    }
}

/// How long blobs of so many bytes may take.
fn paced(bytes: u64) -> Duration {
    ANSWER_LIMIT + Duration::from_secs(bytes / PACE)
}

async fn in_time<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, ServerError>>,
) -> Result<T, ServerError> {
    let seconds = limit.as_secs();
    timeout(limit, answer)
        .await
        .unwrap_or(Err(ServerError::Silent { seconds }))
}
