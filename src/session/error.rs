//! Why a session can't be opened, or not do what it is asked.

use camino::Utf8PathBuf;

use crate::build::BuildError;
use crate::model::{CatalogError, Cause, ErrorClass, LockError, SyntaxError};
use crate::store::StoreError;
use crate::toolchain::ToolchainError;

/// A session that can't go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Exclusions(#[from] Box<SyntaxError>),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[cfg(feature = "remote")]
    #[error(transparent)]
    Remote(#[from] crate::remote::RemoteError),
    #[error("there is no lock at {path}")]
    NoLock { path: Utf8PathBuf },
    #[error("{path} can't be read")]
    Read {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("{path}: the folder of recipes can't be used")]
    RecipesPath { path: String, source: Cause },
    #[error(
        "there is no folder for the store: $WASIDEPS_HOME is not set, and there is no home folder"
    )]
    NoStore,
    #[error("${name} is not UTF-8")]
    Variable { name: &'static str },
    #[error("$SOURCE_DATE_EPOCH must be a number of seconds since 1970, found `{found}`")]
    SourceDateEpoch { found: String },
}

impl SessionError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Catalog(error) => error.class(),
            Self::Lock(error) => error.class(),
            Self::Store(error) => error.class(),
            Self::Toolchain(error) => error.class(),
            Self::Build(error) => error.class(),
            #[cfg(feature = "remote")]
            Self::Remote(error) => error.class(),
            Self::Exclusions(_)
            | Self::NoLock { .. }
            | Self::Read { .. }
            | Self::RecipesPath { .. }
            | Self::NoStore
            | Self::Variable { .. }
            | Self::SourceDateEpoch { .. } => ErrorClass::Usage,
        }
    }
}

/// The failures of a layer below as those of a session.
pub(super) fn all<E: Into<SessionError>>(errors: Vec<E>) -> Vec<SessionError> {
    errors.into_iter().map(Into::into).collect()
}

/// One failure, where several may be reported.
pub(super) fn one(error: impl Into<SessionError>) -> Vec<SessionError> {
    vec![error.into()]
}
