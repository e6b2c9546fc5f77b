//! What can go wrong while libraries are built and installed.

use camino::Utf8PathBuf;

use crate::model::{ErrorClass, Name, RelPath, Sha256};
use crate::store::{SlotError, StoreError};

/// A build that can't go on. A run reports all failures, so the layer's functions give lists of
/// these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Slot(#[from] SlotError),
    #[error(transparent)]
    Source(#[from] crate::fetch::SourceError),
    #[error("{subject}: `{what}` of the recipe names {file}, which its source does not contain")]
    MissingInput {
        subject: String,
        what: &'static str,
        file: RelPath,
    },
    #[error("{subject}: {file} does not compile; clang says:\n{stderr}\nTo repeat it: {command}")]
    Compile {
        subject: String,
        file: RelPath,
        stderr: String,
        command: String,
    },
    #[error(
        "{subject}: {file} includes {found}, which is neither in its source tree nor in the SDK"
    )]
    ForeignDependency {
        subject: String,
        file: RelPath,
        found: String,
    },
    #[error(
        "{subject}: {file} needs a file that is neither in its source tree nor in the SDK; clang says:\n{stderr}\nTo repeat it: {command}"
    )]
    Denied {
        subject: String,
        file: RelPath,
        stderr: String,
        command: String,
    },
    #[error("the object {object} was in the store and is not there any more")]
    Gone { object: Sha256 },
    #[error(
        "{subject}: clang made no object of {file}, and reports no error\nTo repeat it: {command}"
    )]
    NoObject {
        subject: String,
        file: RelPath,
        command: String,
    },
    #[error(
        "{subject}: clang made {found} from {file}, not a relocatable WebAssembly object\nTo repeat it: {command}"
    )]
    NotAnObject {
        subject: String,
        file: RelPath,
        found: String,
        command: String,
    },
    #[error(
        "{subject}: {file} includes {found}, which is beside the verified files in the store, but is not one of them"
    )]
    Unverified {
        subject: String,
        file: RelPath,
        found: String,
    },
    #[error(
        "the store's disk is full: clang can't write the object of {file} ({subject}) below {store}"
    )]
    Full {
        store: Utf8PathBuf,
        subject: String,
        file: RelPath,
    },
    #[error("{subject}: clang can't be started by {command}")]
    Start {
        subject: String,
        source: std::io::Error,
        command: String,
    },
    #[error("{library}: the archive can't be made")]
    Archive {
        library: Name,
        source: std::io::Error,
    },
    #[error("{subject}: {file} has no comment at its start to take the licence from")]
    NoLicenceComment { subject: String, file: RelPath },
    #[error("{path} can't be read")]
    Read {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("{path} can't be written")]
    Write {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("{path} is not a manifest of wasideps")]
    Manifest {
        path: Utf8PathBuf,
        source: RecordProblem,
    },
    #[error("{path} has SHA-256 {found}; the prefix was made with {expected}")]
    Damaged {
        path: Utf8PathBuf,
        expected: Sha256,
        found: Sha256,
    },
    #[error("{prefix} was made with {found}; this build uses {wanted}")]
    OtherToolchain {
        prefix: Utf8PathBuf,
        found: String,
        wanted: String,
    },
    #[error("there is no prefix at {prefix}")]
    NoPrefix { prefix: Utf8PathBuf },
    #[error("the system allows no thread for compiling")]
    Pool(#[from] rayon::ThreadPoolBuildError),
}

/// Why a text is not a manifest or a build trace of this version.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordProblem {
    #[error("it is missing")]
    Missing,
    #[error(transparent)]
    Unreadable(#[from] std::io::Error),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(
        "it has version {found}, written by wasideps {wasideps}; this program reads version {reads}"
    )]
    ManifestVersion {
        found: u32,
        wasideps: String,
        reads: u32,
    },
    #[error("it has version {found}, not {reads}")]
    TraceVersion { found: u32, reads: u32 },
    #[error("{member} of {archive} names a file that is not in its list")]
    Unlisted { member: String, archive: String },
}

impl BuildError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Store(error) => error.class(),
            Self::Slot(error) => error.class(),
            Self::Source(error) => error.class(),
            Self::MissingInput { .. }
            | Self::Compile { .. }
            | Self::ForeignDependency { .. }
            | Self::Denied { .. }
            | Self::Gone { .. }
            | Self::NoObject { .. }
            | Self::NotAnObject { .. }
            | Self::Unverified { .. }
            | Self::Full { .. }
            | Self::Start { .. }
            | Self::Archive { .. }
            | Self::NoLicenceComment { .. }
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Pool(_) => ErrorClass::Failed,
            Self::Manifest { .. } | Self::NoPrefix { .. } => ErrorClass::Usage,
            Self::Damaged { .. } => ErrorClass::Verification,
            Self::OtherToolchain { .. } => ErrorClass::Toolchain,
        }
    }
}
