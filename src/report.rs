//! What the effectful layers tell while they work. They know only this; the command line decides
//! how it is shown, as bars, lines or JSON.

use serde::Serialize;

use crate::model::Sha256;

/// Something that happened. In JSON, `reason` names the variant in kebab-case.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Event {
    /// Bytes start to arrive. `subject` is a source (`zlib 1.3.2`) or an SDK; `size` is in bytes,
    /// where it is known.
    DownloadStarted {
        subject: String,
        origin: String,
        size: Option<u64>,
    },
    /// `bytes` in all have arrived so far.
    #[serde(skip)]
    DownloadProgress { subject: String, bytes: u64 },
    /// The archive is in the store, its digest checked.
    Downloaded {
        subject: String,
        origin: String,
        sha256: Sha256,
        size: u64,
    },
    /// An origin was passed over: it failed, or what it gave was refused. `error` says why; the
    /// next origin follows, if there is one.
    OriginFailed {
        subject: String,
        origin: String,
        error: String,
    },
    /// A transient failure: the same origin is tried again after `delay_ms`.
    Retrying {
        subject: String,
        origin: String,
        error: String,
        attempt: u32,
        delay_ms: u64,
    },
    /// A source's archive is at hand, and its files are unpacked.
    Unpacking { subject: String, origin: String },
    /// The selected files are in the store, their inputs digest checked. `cached`: they were there
    /// already.
    SourceReady {
        subject: String,
        origin: Option<String>,
        files: usize,
        cached: bool,
    },
    /// A compile job started.
    CompileStarted { subject: String, file: String },
    /// A compile job ended well. `seconds` is what clang had of processors when it made the object;
    /// `warnings` is its own text, empty when it had nothing to say.
    Compiled {
        subject: String,
        file: String,
        cached: bool,
        seconds: f64,
        warnings: String,
        command: String,
    },
    /// A step of some length of which only start and end can be told (assembling an SDK, probing a
    /// compiler).
    StepStarted { subject: String, step: String },
    /// That step ended well.
    StepFinished { subject: String, step: String },
    /// Something that was found damaged in the store, was thrown away and will be made again.
    StoreRepaired { path: String, problem: String },
    /// What a remote cache was good for: objects that came from it, and that were asked for and did
    /// not come; bytes that moved; what clang had of processors to make what came, in seconds;
    /// compiles that were sent to it, and that were not though they were to be. `off` says why it
    /// was not asked to the end.
    RemoteCache {
        address: String,
        hits: usize,
        misses: usize,
        bytes_down: u64,
        bytes_up: u64,
        seconds_saved: f64,
        sent: usize,
        not_sent: usize,
        off: Option<String>,
    },
    /// Nothing goes on until `text` lets it: another process that does something.
    Waiting { text: String },
    /// What a user should know but need not act on.
    Note { text: String },
    /// What a user should act on; the command goes on.
    Warning { text: String },
}

/// Takes events, from any thread.
pub trait Reporter: Sync {
    /// Shows, counts or drops `event`.
    fn event(&self, event: Event);
}

/// Drops everything: for callers of the library who want silence.
pub struct Silent;

impl Reporter for Silent {
    fn event(&self, _: Event) {}
}
