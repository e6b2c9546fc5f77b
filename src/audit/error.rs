//! What can go wrong with an audit's databases, documents and prefix.

use super::advisories::AdvisoryError;
use super::database::DatabaseError;
use super::prefix::PrefixError;
use super::vex::VexError;
use crate::model::ErrorClass;

/// An audit that can't go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    #[error(transparent)]
    Advisory(#[from] AdvisoryError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    Vex(#[from] VexError),
    #[error(transparent)]
    Prefix(#[from] PrefixError),
}

impl AuditError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Advisory(error) => error.class(),
            Self::Database(error) => error.class(),
            Self::Vex(error) => error.class(),
            Self::Prefix(error) => error.class(),
        }
    }
}
