//! What can go wrong with files on disk.

use std::io;

use camino::Utf8PathBuf;

use crate::model::{ErrorClass, RelPath, Sha256};

/// A store that can't do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    #[error("the store {root} can't be opened")]
    Open {
        root: Utf8PathBuf,
        source: io::Error,
    },
    #[error("the store can't be in {root}: its path has a `=`")]
    Unmappable { root: Utf8PathBuf },
    #[error(
        "the store {root} says `{found}`, which this program does not read; nothing in it was changed"
    )]
    Format { root: Utf8PathBuf, found: String },
    #[error("{root} is not a store of wasideps: it has no file `format`, but contains {}; nothing in it was changed", found.join(", "))]
    Foreign {
        root: Utf8PathBuf,
        /// The first of its names.
        found: Vec<String>,
    },
    #[error("{path} can't be read")]
    Read {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("{path} has SHA-256 {found}, expected {expected}: it was changed while in use")]
    Changed {
        path: Utf8PathBuf,
        expected: Sha256,
        found: Sha256,
    },
    #[error("`{path}` is the name of the list that the store keeps beside a source's files")]
    Reserved { path: RelPath },
    #[error("{path} can't be written")]
    Write {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("{path} is damaged ({found}) and can't be removed")]
    Discard {
        path: Utf8PathBuf,
        /// What is wrong with it.
        found: String,
        source: io::Error,
    },
}

impl StoreError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unmappable { .. } | Self::Format { .. } | Self::Foreign { .. } => {
                ErrorClass::Usage
            }
            Self::Open { .. }
            | Self::Read { .. }
            | Self::Changed { .. }
            | Self::Reserved { .. }
            | Self::Write { .. }
            | Self::Discard { .. } => ErrorClass::Failed,
        }
    }
}
