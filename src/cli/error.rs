//! Failures of a command, and the exit codes that they have.

use camino::Utf8PathBuf;
use miette::Diagnostic;

use crate::audit::advisories::AdvisoryError;
use crate::audit::database::DatabaseError;
use crate::audit::finding::Finding;
use crate::audit::prefix::PrefixError;
use crate::audit::vex::VexError;
use crate::build::BuildError;
use crate::check::CheckError;
use crate::consumer::view::ViewError;
use crate::fetch::{FetchClass, FetchError, SourceError};
use crate::model::{CatalogError, LockError, Name, SelectionError, SyntaxError};
use crate::sbom::WheelError;
use crate::session::SessionError;
use crate::store::{SlotError, StoreError};
use crate::toolchain::{Failure, ToolchainError};

/// The exit codes; stable, and documented in the README and in `--help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// A build or check failed, or something can't be written, standard output among it.
    Failed = 1,
    /// The command line, a recipe or the lock asks for what can't be.
    Usage = 2,
    /// Bytes are not what the lock, the manifest or the committed document says.
    Verification = 3,
    /// Bytes can't be had.
    Network = 4,
    /// There is no SDK that can be used.
    Toolchain = 5,
    /// What is excluded was asked for, or an audit found a violation.
    Policy = 6,
}

impl Exit {
    /// Where one command fails in several ways, the gravest decides: policy, then verification,
    /// toolchain, network, usage.
    fn gravity(self) -> u8 {
        match self {
            Self::Policy => 5,
            Self::Verification => 4,
            Self::Toolchain => 3,
            Self::Network => 2,
            Self::Usage => 1,
            Self::Failed => 0,
        }
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum CliError {
    #[error(transparent)]
    #[diagnostic(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Exclusions(#[from] Box<SyntaxError>),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Selection(#[from] SelectionError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Toolchain(#[from] ToolchainError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Build(#[from] BuildError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    View(#[from] ViewError),
    #[error("{path} can't be read: {source}")]
    Read {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("{path} can't be written: {source}")]
    Write {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("standard output can't be written: {source}")]
    #[diagnostic(help(
        "the output is incomplete; run the command again, with output to a place that has room"
    ))]
    Output { source: std::io::Error },
    #[error("{error}")]
    Session {
        error: Box<SessionError>,
        #[help]
        help: Option<String>,
    },
    #[error("the system allows no more threads: {source}")]
    #[diagnostic(help(
        "`ulimit -u` shows how many processes and threads a user may have; it must allow a few more"
    ))]
    Threads { source: std::io::Error },
    #[error("{name} {version}: the origins of {name} do not all agree with the lock")]
    #[diagnostic(help(
        "the table above shows the differences; an origin that differs is not what was locked"
    ))]
    OriginsDiffer { name: String, version: String },
    #[error("{file} is stale: its line {line} differs from what the lock gives now")]
    #[diagnostic(help("write it again: {command}"))]
    StaleSbom {
        file: Utf8PathBuf,
        line: usize,
        command: String,
    },
    #[error("{file} is missing: the lock gives one")]
    #[diagnostic(help("write it: {command}"))]
    MissingSbom { file: Utf8PathBuf, command: String },
    #[error("{dir} is a folder: `--check` compares all documents in it")]
    #[diagnostic(help("leave out `--format` and `--profile`, or name one file"))]
    OneOfFolder { dir: Utf8PathBuf },
    #[error("a provenance describes how a prefix was made, but no prefix is named")]
    #[diagnostic(help("name it with `--prefix DIR`"))]
    ProvenanceOfLock,
    #[error("{path} is not the metadata of a wheel: {problem}")]
    #[diagnostic(help(
        "`--wheel` takes the `.dist-info` folder of an unpacked wheel: `wheel unpack FILE`"
    ))]
    NotAWheel {
        path: Utf8PathBuf,
        problem: WheelError,
    },
    #[error(
        "the recipe of {name} selects {count} files that are neither compiled, included, installed nor a licence"
    )]
    #[diagnostic(help(
        "narrow `[inputs] include`: a file that nothing uses should not be unpacked, nor be part of the inputs digest"
    ))]
    UnusedInputs { name: Name, count: usize },
    #[error(transparent)]
    #[diagnostic(transparent)]
    Check(#[from] CheckError),
    #[error("{prefix} is not what the recipes, the lock and the SDK give now")]
    #[diagnostic(help("`wasideps build` with the same options builds it again"))]
    OtherPlan { prefix: Utf8PathBuf },
    #[error("{failed} tests failed")]
    TestsFailed { failed: usize },
    #[error("{path}: the results can't be put into XML: {problem}")]
    Junit { path: Utf8PathBuf, problem: String },
    #[error("rule {}: {}: {}", .0.rule.name(), .0.subject, .0.message)]
    #[diagnostic(help("{}", .0.rule.remedy()))]
    Violation(Finding),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Database(#[from] DatabaseError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Advisory(#[from] AdvisoryError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Vex(#[from] VexError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Prefix(#[from] PrefixError),
    #[error("--message-format sarif: only `wasideps audit` writes SARIF")]
    #[diagnostic(help("use `--message-format json` with other commands"))]
    NoSarif,
    #[error("`wasideps outdated` needs the network, and `--offline` forbids it")]
    #[diagnostic(help("leave out `--offline`; `wasideps list` shows what is locked"))]
    OutdatedOffline,
    #[error("no origin could be asked")]
    #[diagnostic(help("the table above says why for each"))]
    NothingReached,
    #[error("there is something newer than {}", sources.join(", "))]
    #[diagnostic(help(
        "`wasideps lock NAME VERSION` moves a source, once its recipe is written for the version"
    ))]
    Outdated { sources: Vec<String> },
    #[error("{path} already exists")]
    #[diagnostic(help("`wasideps lock NAME VERSION --lockfile {path}` adds a source to it"))]
    LockThere { path: Utf8PathBuf },
    #[error("the embedded lock can't be written")]
    #[diagnostic(help("name a lock file with `--lockfile FILE`"))]
    EmbeddedLock,
    #[error("{prefix} has no {what}")]
    #[diagnostic(help("it has: {}", known.join(", ")))]
    NotInPrefix {
        prefix: Utf8PathBuf,
        what: String,
        known: Vec<String>,
    },
    #[error("{path} is damaged: {problem}")]
    #[diagnostic(help("`wasideps build` makes it again"))]
    DamagedPrefix { path: Utf8PathBuf, problem: String },
    #[error("{prefix} is not as it was made: {count} differences")]
    #[diagnostic(help(
        "they are listed above; `{remedy}` rebuilds the prefix, once you have moved away files that are not its own"
    ))]
    NotAsMade {
        prefix: Utf8PathBuf,
        count: usize,
        remedy: &'static str,
    },
}

impl From<SessionError> for CliError {
    fn from(error: SessionError) -> Self {
        let help = match error {
            SessionError::Catalog(error) => return error.into(),
            SessionError::Exclusions(error) => return error.into(),
            SessionError::Lock(error) => return error.into(),
            SessionError::Store(error) => return error.into(),
            SessionError::Toolchain(error) => return error.into(),
            SessionError::Build(error) => return error.into(),
            SessionError::Read { path, source } => return Self::Read { path, source },
            SessionError::NoLock { ref path } => Some(format!(
                "`wasideps lock --init --lockfile {path}` creates one"
            )),
            SessionError::NoStore => Some("name one with `--store DIR`".to_owned()),
            SessionError::Variable { .. } => {
                Some("unset it, or set it to a value that is".to_owned())
            }
            SessionError::RecipesPath { .. } | SessionError::SourceDateEpoch { .. } => None,
        };
        Self::Session {
            error: Box::new(error),
            help,
        }
    }
}

impl CliError {
    /// The exit code of this failure alone.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Catalog(CatalogError::Excluded { .. })
            | Self::Selection(SelectionError::Excluded { .. }) => Exit::Policy,
            Self::Selection(SelectionError::Changed { .. })
            | Self::OriginsDiffer { .. }
            | Self::StaleSbom { .. }
            | Self::MissingSbom { .. }
            | Self::DamagedPrefix { .. }
            | Self::NotAsMade { .. }
            | Self::Prefix(PrefixError::Archive { .. }) => Exit::Verification,
            Self::Violation(_) => Exit::Policy,
            Self::OutdatedOffline | Self::NothingReached => Exit::Network,
            Self::Source(error)
            | Self::Build(BuildError::Source(error))
            | Self::Check(CheckError::Source(error)) => of_class(error.class()),
            Self::Check(CheckError::NotInTree { .. } | CheckError::TooMany { .. }) => Exit::Usage,
            Self::Check(_) | Self::TestsFailed { .. } | Self::Junit { .. } => Exit::Failed,
            Self::Fetch(error) => of_class(error.class()),
            Self::Toolchain(ToolchainError::Store(_)) => Exit::Failed,
            Self::Advisory(AdvisoryError::Damaged { .. }) => Exit::Verification,
            Self::Advisory(AdvisoryError::Write { .. } | AdvisoryError::Store(_)) => Exit::Failed,
            Self::Advisory(_) => Exit::Network,
            Self::Toolchain(error) => match error.failure() {
                Failure::Usage => Exit::Usage,
                Failure::Verification => Exit::Verification,
                Failure::Network => Exit::Network,
                Failure::Toolchain => Exit::Toolchain,
            },
            Self::Build(BuildError::OtherToolchain { .. }) => Exit::Toolchain,
            Self::Build(BuildError::Manifest { .. } | BuildError::NoPrefix { .. }) => Exit::Usage,
            Self::Build(BuildError::Slot(error)) | Self::View(ViewError::Slot(error)) => {
                of_slot(error)
            }
            Self::View(ViewError::Name { .. }) => Exit::Usage,
            Self::View(ViewError::Damaged { .. }) => Exit::Verification,
            Self::View(_) => Exit::Failed,
            Self::Store(
                StoreError::Foreign { .. }
                | StoreError::Format { .. }
                | StoreError::Unmappable { .. },
            ) => Exit::Usage,
            Self::Store(_) | Self::Threads { .. } | Self::Output { .. } | Self::Build(_) => {
                Exit::Failed
            }
            Self::Write { .. } | Self::UnusedInputs { .. } | Self::Outdated { .. } => Exit::Failed,
            _ => Exit::Usage,
        }
    }
}

fn of_class(class: FetchClass) -> Exit {
    match class {
        FetchClass::Network => Exit::Network,
        FetchClass::Verification => Exit::Verification,
        FetchClass::Recipe => Exit::Usage,
        FetchClass::Disk => Exit::Failed,
    }
}

fn of_slot(error: &SlotError) -> Exit {
    match error {
        SlotError::Unusable { .. } | SlotError::Foreign { .. } => Exit::Usage,
        _ => Exit::Failed,
    }
}

/// Everything that went wrong in a command; never empty.
#[derive(Debug)]
pub struct Failures(Vec<CliError>);

impl Failures {
    /// The failures, in the order in which they are told.
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

    /// The exit code of them all.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.0
            .iter()
            .map(CliError::exit)
            .max_by_key(|exit| exit.gravity())
            .unwrap_or(Exit::Failed)
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
    ViewError,
    DatabaseError,
    VexError,
    PrefixError,
    AdvisoryError,
    SessionError,
);
