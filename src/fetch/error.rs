//! What can go wrong between an origin and a source tree.

use std::error::Error;
use std::fmt;

use camino::Utf8PathBuf;

use super::compare::Difference;
use super::entries::Excess;
use super::entry::Refusal;
use super::patch::PatchProblem;
use crate::model::{
    Cause, ErrorClass, GlobsError, Name, RelPath, Sha256, StepProblem, Version, with_causes,
};
use crate::store::StoreError;

/// An archive that could not be had, or that was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    #[error("{subject}: no archive{} is in the store or in a named folder, and {origin} is not asked offline", with(sha256.as_ref()))]
    Offline {
        subject: String,
        origin: String,
        sha256: Option<Sha256>,
    },
    #[error("no connection can be made")]
    Client { source: Cause },
    #[error("{url} can't be reached")]
    Unreachable { url: String, source: NetworkError },
    #[error("{url} answered with status {status}")]
    Status { url: String, status: u16 },
    #[error("{url} is busy (status {status}) and asks to wait {seconds} s, which is too long")]
    Busy {
        url: String,
        status: u16,
        seconds: u64,
    },
    #[error("{url} broke off after {bytes} bytes")]
    Broken {
        url: String,
        bytes: u64,
        source: Cause,
    },
    #[error("{origin} has more than the allowed {limit} bytes")]
    Oversized {
        origin: String,
        limit: u64,
        exact: bool,
    },
    #[error("{origin} has {found} bytes, but the lock says {expected}{}", page(*.html))]
    Truncated {
        origin: String,
        expected: u64,
        found: u64,
        html: bool,
    },
    #[error("{origin} has SHA-256 {found} ({size} bytes), expected {expected}{}", page(*.html))]
    Digest {
        origin: String,
        expected: Sha256,
        found: Sha256,
        size: u64,
        html: bool,
    },
    #[error("the registry's index has SHA-256 {found} for {origin}, expected {expected}")]
    IndexChecksum {
        origin: String,
        expected: Sha256,
        found: Sha256,
    },
    #[error("{origin} has the locked SHA-256, but its {what} is {found}; the lock says {expected}")]
    Name {
        origin: String,
        what: &'static str,
        expected: String,
        found: String,
    },
    #[error("Cargo's configuration can't be used")]
    CargoConfig { source: Cause },
    #[error("the registry that Cargo is configured for, {index}, can't be used")]
    Registry { index: String, source: Cause },
    #[error("the registry has no {krate} {version}")]
    NoRelease { krate: Name, version: Version },
    #[error("Debian's archive can't be asked for {file}")]
    Apt {
        file: Name,
        source: crate::apt::AptError,
    },
    #[error("apt's configuration names no mirror of Debian's archive to get {file} from")]
    NoMirror { file: Name },
    #[error("{folder} has no file with SHA-256 {sha256}")]
    NotInFolder { folder: Utf8PathBuf, sha256: Sha256 },
    #[error("{path} can't be read")]
    Folder {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("{path}, a folder to take archives from, can't be read")]
    From {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("{origin} is not an archive of a known format: {found}")]
    Format { origin: String, found: String },
    #[error("{origin} can't be unpacked")]
    Damaged { origin: String, source: Cause },
    #[error("{origin} has the entry `{entry}`")]
    Entry {
        origin: String,
        entry: String,
        #[source]
        refusal: Refusal,
    },
    #[error("{origin} {excess}")]
    Excessive { origin: String, excess: Excess },
    #[error("{origin} has nothing below `{root}`; at its top are: {}", list(found))]
    NoRoot {
        origin: String,
        root: String,
        found: Vec<String>,
    },
    #[error("{origin} has no file below `{root}` that the recipe's `inputs.include` selects")]
    NothingSelected { origin: String, root: String },
    #[error(
        "{origin} contains other inputs than the lock says: inputs digest {found}, expected {expected}"
    )]
    Inputs {
        origin: String,
        expected: Sha256,
        found: Sha256,
    },
    #[error("{subject}: {patch} does not apply")]
    Patch {
        subject: String,
        patch: RelPath,
        source: Box<PatchProblem>,
    },
    #[error("{subject}: {to} can't be made from {from}")]
    Step {
        subject: String,
        from: RelPath,
        to: RelPath,
        source: Box<StepProblem>,
    },
    #[error("{subject}: the overlay {path} already exists in the source")]
    Overlay { subject: String, path: RelPath },
    #[error("{subject}: the source tree can't have {path}")]
    Tree {
        subject: String,
        path: RelPath,
        #[source]
        refusal: Refusal,
    },
    #[error("no recipe is written for {name} {version}")]
    NoRecipe {
        name: Name,
        version: Version,
        known: Vec<String>,
    },
    #[error("{origin} names a bad place for this version")]
    BadPlace { origin: String, source: Cause },
    #[error(
        "{first} and {second} contain different inputs: {}",
        shown(differences)
    )]
    Disagree {
        first: String,
        second: String,
        differences: Vec<Difference>,
    },
    #[error("the tests of {subject} select inputs that can't be joined with the recipe's")]
    TestInputs { subject: String, source: GlobsError },
    #[error("no origin of {subject} that could be reached contains all files that its tests need")]
    NoTests { subject: String },
    #[error("{file} names what no origin of {subject} contains: {}", list(missing))]
    NotInSource {
        /// The recipe.
        file: String,
        subject: String,
        missing: Vec<RelPath>,
    },
    #[error("no origin of {subject} could be reached, so there is nothing to lock")]
    NoneReached { subject: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FetchError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Offline { .. }
            | Self::Client { .. }
            | Self::Unreachable { .. }
            | Self::Status { .. }
            | Self::Busy { .. }
            | Self::Broken { .. }
            | Self::Registry { .. }
            | Self::Apt { .. }
            | Self::NoMirror { .. }
            | Self::NotInFolder { .. }
            | Self::Folder { .. }
            | Self::NoTests { .. }
            | Self::NoneReached { .. } => ErrorClass::Network,
            Self::Oversized { .. }
            | Self::Truncated { .. }
            | Self::Digest { .. }
            | Self::IndexChecksum { .. }
            | Self::Name { .. }
            | Self::NoRelease { .. }
            | Self::Format { .. }
            | Self::Damaged { .. }
            | Self::Entry { .. }
            | Self::Excessive { .. }
            | Self::NoRoot { .. }
            | Self::NothingSelected { .. }
            | Self::Inputs { .. }
            | Self::Disagree { .. } => ErrorClass::Verification,
            Self::CargoConfig { .. }
            | Self::Patch { .. }
            | Self::Step { .. }
            | Self::Overlay { .. }
            | Self::Tree { .. }
            | Self::NoRecipe { .. }
            | Self::TestInputs { .. }
            | Self::NotInSource { .. }
            | Self::BadPlace { .. } => ErrorClass::Usage,
            Self::From { .. } => ErrorClass::Failed,
            Self::Store(error) => error.class(),
        }
    }

    /// Whether it is the same whatever origin is tried next.
    pub(super) fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Patch { .. }
                | Self::Step { .. }
                | Self::Overlay { .. }
                | Self::Tree { .. }
                | Self::From { .. }
                | Self::Store(_)
        )
    }
}

/// A source that no origin could give.
#[derive(Debug)]
#[non_exhaustive]
pub struct SourceError {
    /// `zlib 1.3.2`.
    pub subject: String,
    /// What each origin that was tried failed with, in the order in which they were; never empty.
    pub errors: Vec<FetchError>,
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} can't be fetched", self.subject)?;
        match &self.errors[..] {
            [_] => Ok(()),
            errors => write!(f, ": all {} origins failed", errors.len()),
        }
    }
}

impl Error for SourceError {
    /// The failure of the one origin that was tried. That of several is each its own.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.errors[..] {
            [error] => Some(error),
            _ => None,
        }
    }
}

impl SourceError {
    pub(super) fn one(subject: String, error: impl Into<FetchError>) -> Self {
        Self {
            subject,
            errors: vec![error.into()],
        }
    }

    /// What kind of failure it is: where one origin could not be reached and another was refused,
    /// the refusal weighs more.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        let has = |class| self.errors.iter().any(|error| error.class() == class);
        [
            ErrorClass::Failed,
            ErrorClass::Usage,
            ErrorClass::Verification,
        ]
        .into_iter()
        .find(|class| has(*class))
        .unwrap_or(ErrorClass::Network)
    }
}

fn with(sha256: Option<&Sha256>) -> String {
    sha256
        .map(|sha256| format!(" with SHA-256 {sha256}"))
        .unwrap_or_default()
}

fn page(html: bool) -> &'static str {
    if html {
        ": it is an HTML page, not an archive"
    } else {
        ""
    }
}

fn list<T: ToString>(items: &[T]) -> String {
    if items.is_empty() {
        return "nothing".to_owned();
    }
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    items.join(", ")
}

fn shown(differences: &[Difference]) -> String {
    const SHOWN: usize = 20;
    let mut texts: Vec<String> = differences
        .iter()
        .take(SHOWN)
        .map(ToString::to_string)
        .collect();
    if differences.len() > SHOWN {
        texts.push(format!("and {} more", differences.len() - SHOWN));
    }
    list(&texts)
}

/// An error of the network: as its causes tell it, since that a request was not sent is known when
/// it is said why.
#[derive(Debug)]
pub struct NetworkError(pub(super) reqwest::Error);

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cause = self.0.source();
        while let Some(error) = cause.filter(|error| error.to_string().starts_with("client error"))
        {
            cause = error.source();
        }
        match cause {
            Some(cause) => f.write_str(&with_causes(cause)),
            None => self.0.fmt(f),
        }
    }
}

impl Error for NetworkError {}
