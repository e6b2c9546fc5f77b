//! Failures of a command, and the exit codes that they have.

use camino::Utf8PathBuf;

use crate::audit::AuditError;
use crate::audit::advisories::AdvisoryError;
use crate::audit::database::DatabaseError;
use crate::audit::finding::Finding;
use crate::audit::prefix::PrefixError;
use crate::audit::vex::VexError;
use crate::build::BuildError;
use crate::check::{CheckError, PassRecordError};
use crate::consumer::sdk_overlay::SdkOverlayError;
use crate::fetch::{FetchError, SourceError};
use crate::model::{
    CatalogError, Cause, ErrorClass, LockError, Name, SelectionError, Sha256, SyntaxError, Version,
};
use crate::pack::PackError;
use crate::sbom::WheelError;
use crate::session::SessionError;
use crate::store::StoreError;
use crate::toolchain::ToolchainError;

/// The exit code of a failure; stable, and documented in the README and in `--help`.
pub fn exit_code(class: ErrorClass) -> u8 {
    match class {
        ErrorClass::Failed => 1,
        ErrorClass::Usage => 2,
        ErrorClass::Verification => 3,
        ErrorClass::Network => 4,
        ErrorClass::Toolchain => 5,
        ErrorClass::Policy => 6,
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Exclusions(#[from] Box<SyntaxError>),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Selection(#[from] SelectionError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    SdkOverlay(#[from] SdkOverlayError),
    #[error(transparent)]
    Pack(#[from] Box<PackError>),
    #[error("{path} is not a file that pins an index")]
    Pin {
        path: Utf8PathBuf,
        source: serde_json::Error,
    },
    #[error("no index is named, and {path} does not exist")]
    NoIndex { path: Utf8PathBuf },
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
    #[error("standard output can't be written")]
    Output { source: std::io::Error },
    #[error(transparent)]
    Session(SessionError),
    #[error("the system allows no more threads")]
    Threads { source: std::io::Error },
    #[error("{name} {version}: the origins of {name} do not all agree with the lock")]
    OriginsDiffer { name: String, version: String },
    #[error("{file} is stale: its line {line} differs from what the lock gives now")]
    StaleSbom {
        file: Utf8PathBuf,
        line: usize,
        command: String,
    },
    #[error("{file} is missing: the lock gives one")]
    MissingSbom { file: Utf8PathBuf, command: String },
    #[error("{dir} is a folder: `--check` compares all documents in it")]
    OneOfFolder { dir: Utf8PathBuf },
    #[error("the matrix names SDKs, and so does an option")]
    TwoSdks,
    #[error("a provenance describes how a prefix was made, but no prefix is named")]
    ProvenanceOfLock,
    #[error("{path} is not the metadata of a wheel")]
    NotAWheel {
        path: Utf8PathBuf,
        source: WheelError,
    },
    #[error(
        "the recipe of {name} selects {count} files that are neither compiled, included, installed nor a licence"
    )]
    UnusedInputs { name: Name, count: usize },
    #[error(transparent)]
    Check(#[from] CheckError),
    #[error("{prefix} is not what the recipes, the lock and the SDK give now")]
    OtherPlan { prefix: Utf8PathBuf },
    #[error("{failed} tests failed")]
    TestsFailed { failed: usize },
    #[error("{path} is not a record of tests that passed")]
    PassRecord {
        path: Utf8PathBuf,
        source: PassRecordError,
    },
    #[error("{path}: the results can't be put into XML")]
    Junit { path: Utf8PathBuf, source: Cause },
    #[error("rule {}: {}: {}", .0.rule.name(), .0.subject, .0.message)]
    Violation(Finding),
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error("--message-format sarif: only `wasideps audit` writes SARIF")]
    NoSarif,
    #[error("`wasideps {command}` needs the network, and `--offline` forbids it")]
    NeedsNetwork { command: &'static str },
    #[error("no origin could be asked")]
    NothingReached,
    #[error("there is something newer than {}", sources.join(", "))]
    Outdated { sources: Vec<String> },
    #[error("{path} already exists")]
    AlreadyThere { path: Utf8PathBuf },
    #[error("the embedded recipes can't be written")]
    EmbeddedRecipes,
    #[error("the embedded lock can't be written")]
    EmbeddedLock,
    #[error("the lock pins no SDK of Debian's packages `{found}`")]
    NoSuchTwin { found: String, known: Vec<String> },
    #[error("no origin of {name} could be asked what it offers: {}", reasons.join("; "))]
    NoOffer { name: Name, reasons: Vec<String> },
    #[error("{name} stays at {from}: it can't be moved to {to} like this")]
    NotUpdated {
        name: Name,
        from: Version,
        to: Version,
        /// What to do, line by line.
        steps: Vec<String>,
    },
    #[error("{to} is not what {from} is")]
    Differ { from: Utf8PathBuf, to: Utf8PathBuf },
    #[error("{prefix} is a folder and {file} is none: two prefixes are compared, or two locks")]
    PrefixAndFile {
        prefix: Utf8PathBuf,
        file: Utf8PathBuf,
    },
    #[error("{prefix} has no {what}")]
    NotInPrefix {
        prefix: Utf8PathBuf,
        what: String,
        known: Vec<String>,
    },
    #[error("{path} is damaged: it has SHA-256 {found}; the manifest says {}", expected.map_or_else(|| "nothing of it".to_owned(), |expected| expected.to_string()))]
    DamagedPrefix {
        path: Utf8PathBuf,
        found: Sha256,
        expected: Option<Sha256>,
    },
    #[error("{prefix} is not as it was made: {count} differences")]
    NotAsMade {
        prefix: Utf8PathBuf,
        count: usize,
        remedy: &'static str,
    },
}

impl From<SessionError> for CliError {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Catalog(error) => error.into(),
            SessionError::Exclusions(error) => error.into(),
            SessionError::Lock(error) => error.into(),
            SessionError::Store(error) => error.into(),
            SessionError::Toolchain(error) => error.into(),
            SessionError::Build(error) => error.into(),
            SessionError::Read { path, source } => Self::Read { path, source },
            error => Self::Session(error),
        }
    }
}

impl CliError {
    /// What kind of failure this one is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Catalog(error) => error.class(),
            Self::Lock(error) => error.class(),
            Self::Selection(error) => error.class(),
            Self::Store(error) => error.class(),
            Self::Source(error) => error.class(),
            Self::Fetch(error) => error.class(),
            Self::Toolchain(error) => error.class(),
            Self::Build(error) => error.class(),
            Self::SdkOverlay(error) => error.class(),
            Self::Pack(error) => error.class(),
            Self::Check(error) => error.class(),
            Self::Audit(error) => error.class(),
            Self::Session(error) => error.class(),
            Self::OriginsDiffer { .. }
            | Self::StaleSbom { .. }
            | Self::MissingSbom { .. }
            | Self::DamagedPrefix { .. }
            | Self::NotAsMade { .. } => ErrorClass::Verification,
            Self::Violation(_) => ErrorClass::Policy,
            Self::NeedsNetwork { .. } | Self::NothingReached | Self::NoOffer { .. } => {
                ErrorClass::Network
            }
            Self::Write { .. }
            | Self::Output { .. }
            | Self::Threads { .. }
            | Self::UnusedInputs { .. }
            | Self::TestsFailed { .. }
            | Self::Junit { .. }
            | Self::Differ { .. }
            | Self::Outdated { .. } => ErrorClass::Failed,
            Self::Exclusions(_)
            | Self::Read { .. }
            | Self::PassRecord { .. }
            | Self::OneOfFolder { .. }
            | Self::TwoSdks
            | Self::ProvenanceOfLock
            | Self::NotAWheel { .. }
            | Self::OtherPlan { .. }
            | Self::NoSarif
            | Self::AlreadyThere { .. }
            | Self::EmbeddedRecipes
            | Self::EmbeddedLock
            | Self::NoSuchTwin { .. }
            | Self::NotUpdated { .. }
            | Self::Pin { .. }
            | Self::NoIndex { .. }
            | Self::PrefixAndFile { .. }
            | Self::NotInPrefix { .. } => ErrorClass::Usage,
        }
    }

    /// The error in a text that it is, if it is one.
    pub(super) fn syntax(&self) -> Option<&SyntaxError> {
        match self {
            Self::Exclusions(error)
            | Self::Catalog(CatalogError::Recipe(error) | CatalogError::Suite(error))
            | Self::Lock(LockError::Syntax(error))
            | Self::Selection(SelectionError::Edge { place: error, .. }) => Some(error),
            _ => None,
        }
    }

    /// The source that it could not get, if that is it.
    pub(super) fn source_error(&self) -> Option<&SourceError> {
        match self {
            Self::Source(error)
            | Self::Build(BuildError::Source(error))
            | Self::Check(CheckError::Source(error)) => Some(error),
            _ => None,
        }
    }
}

/// Everything that went wrong in a command; never empty.
#[derive(Debug)]
pub struct Failures(Vec<CliError>);

impl Failures {
    /// The failures, in the order in which they are shown.
    pub fn iter(&self) -> impl Iterator<Item = &CliError> {
        self.0.iter()
    }

    /// The failures themselves.
    #[must_use]
    pub fn into_vec(self) -> Vec<CliError> {
        self.0
    }

    /// `lost`, after what went wrong in `result`.
    #[must_use]
    pub fn and(result: Result<(), Self>, lost: CliError) -> Self {
        let mut all = result.err().map(Self::into_vec).unwrap_or_default();
        all.push(lost);
        Self(all)
    }

    /// The exit code of them all: that of the gravest.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        exit_code(ErrorClass::gravest(self.0.iter().map(CliError::class)))
    }

    /// All of `errors`, where there are any.
    ///
    /// # Errors
    /// When there are.
    pub fn check(errors: Vec<CliError>) -> Result<(), Self> {
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Self(errors))
        }
    }
}

/// `?` on one failure of a layer, or on a list of them.
macro_rules! from_layers {
    ($($error:ty),+ $(,)?) => {
        $(
            impl From<$error> for Failures {
                fn from(error: $error) -> Self {
                    Self(vec![error.into()])
                }
            }

            impl From<Vec<$error>> for Failures {
                fn from(errors: Vec<$error>) -> Self {
                    Self(errors.into_iter().map(Into::into).collect())
                }
            }
        )+
    };
}

from_layers!(
    Box<PackError>,
    CliError,
    CatalogError,
    Box<SyntaxError>,
    LockError,
    SelectionError,
    StoreError,
    FetchError,
    ToolchainError,
    BuildError,
    CheckError,
    SdkOverlayError,
    AuditError,
    SessionError,
);

/// The parts of the audit.
macro_rules! from_audit {
    ($($error:ty),+) => {
        $(
            impl From<$error> for CliError {
                fn from(error: $error) -> Self {
                    AuditError::from(error).into()
                }
            }
        )+

        from_layers!($($error),+);
    };
}

from_audit!(DatabaseError, VexError, PrefixError, AdvisoryError);
