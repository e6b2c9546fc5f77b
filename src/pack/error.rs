//! What can go wrong while a prefix is packed or installed.

use camino::{Utf8Path, Utf8PathBuf};

use crate::build::{BuildError, RecordProblem};
use crate::fetch::FetchError;
use crate::model::{Cause, ErrorClass, Sha256};

/// A prefix that can't be packed, or packed files that can't become a prefix.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    #[error(transparent)]
    Build(#[from] Box<BuildError>),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("{path} is not the manifest that was installed")]
    Manifest { path: Utf8PathBuf },
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
    #[error("{place} is not an index of packed prefixes")]
    Index {
        place: String,
        source: serde_json::Error,
    },
    #[error("{place} is an index of version {found}; this program reads version {reads}")]
    IndexVersion {
        place: String,
        found: u32,
        reads: u32,
    },
    #[error("{place} has SHA-256 {found}, not {expected}")]
    OtherIndex {
        place: String,
        expected: Sha256,
        found: Sha256,
    },
    #[error("{place} names no archive of a whole prefix")]
    NoPrefix { place: String },
    #[error(
        "{path} has SHA-256 {found} and {size} bytes; the index says {expected} and {expected_size}"
    )]
    Archive {
        path: Utf8PathBuf,
        expected: Sha256,
        expected_size: u64,
        found: Sha256,
        size: u64,
    },
    #[error("{archive} can't be unpacked")]
    Unpack { archive: String, source: Cause },
    #[error("the manifest in {archive} can't be used")]
    PackedManifest {
        archive: String,
        source: RecordProblem,
    },
    #[error("{archive} is not the prefix of its manifest")]
    NotThePrefix { archive: String, source: Cause },
}

impl PackError {
    pub(super) fn read(path: &Utf8Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    pub(super) fn write(path: &Utf8Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Build(error) => error.class(),
            Self::Fetch(error) => error.class(),
            Self::Manifest { .. }
            | Self::OtherIndex { .. }
            | Self::Archive { .. }
            | Self::Unpack { .. }
            | Self::PackedManifest { .. }
            | Self::NotThePrefix { .. } => ErrorClass::Verification,
            Self::Read { .. }
            | Self::Index { .. }
            | Self::IndexVersion { .. }
            | Self::NoPrefix { .. } => ErrorClass::Usage,
            Self::Write { .. } => ErrorClass::Failed,
        }
    }
}
