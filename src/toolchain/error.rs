//! What can go wrong with an SDK.

use camino::Utf8PathBuf;
use miette::Diagnostic;

use crate::fetch::FetchError;
use crate::model::{Sha256, Target};
use crate::store::StoreError;

/// An SDK that is not there, can't be had, or can't be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ToolchainError {
    #[error("{path}, which {named_by} names, is not a WASI SDK: {missing} is missing")]
    #[diagnostic(help(
        "an SDK has bin/clang, lib/clang and share/wasi-sysroot; without {named_by} one is found or fetched"
    ))]
    NotAnSdk {
        path: Utf8PathBuf,
        named_by: &'static str,
        missing: String,
    },
    #[error(
        "{path}, which {named_by} names, is WASI SDK {found}, but `--sdk {wanted}` asks for {wanted}"
    )]
    #[diagnostic(help("leave out one of the two"))]
    WrongRelease {
        path: Utf8PathBuf,
        named_by: &'static str,
        found: String,
        wanted: String,
    },
    #[error("the WASI SDK in {root} has no {target}: its sysroot has {}", if found.is_empty() { "none".to_owned() } else { found.join(", ") })]
    #[diagnostic(help(
        "`--wasi-sdk DIR` names another one; `--sdk 25` fetches one with wasm32-wasip1 and wasm32-wasip2"
    ))]
    NoTarget {
        root: Utf8PathBuf,
        target: Target,
        found: Vec<String>,
    },
    #[error("the WASI SDK in {root} can't {step}:\n{words}\nthe command was:\n{command}")]
    #[diagnostic(help("name another SDK with `--wasi-sdk DIR`, or fetch one with `--sdk 25`"))]
    Broken {
        root: Utf8PathBuf,
        step: &'static str,
        command: String,
        words: String,
    },
    #[error("{path} is part of a WASI SDK that can't be used: {problem}")]
    #[diagnostic(help("put back what is missing, or name another SDK with `--wasi-sdk DIR`"))]
    Part { path: Utf8PathBuf, problem: String },
    #[error("the lock has no WASI SDK {found}")]
    #[diagnostic(help("it has {}, and `debian`", known.join(", ")))]
    UnknownRelease { found: String, known: Vec<String> },
    #[error(
        "this program knows of no SDK of Debian's packages that stands in for WASI SDK {release}"
    )]
    #[diagnostic(help("`sdks.debian.matches` of the lock names it; there is one for {}", known.join(", ")))]
    NoTwin { release: String, known: Vec<String> },
    #[error("the lock names no WASI SDK for CPython {found}")]
    #[diagnostic(help("it has one for {}", known.join(", ")))]
    UnknownPython { found: String, known: Vec<String> },
    #[error("the lock has no {what} for {host}")]
    #[diagnostic(help("it has that for {}; `--wasi-sdk DIR` names an installed one", known.join(", ")))]
    NoHost {
        what: String,
        host: String,
        known: Vec<String>,
    },
    #[error(
        "{what} is not in the store, and `--offline` forbids fetching it{}",
        list(missing)
    )]
    #[diagnostic(help(
        "run `wasideps fetch` with the network, or name a folder that contains it with `--from DIR`"
    ))]
    Offline { what: String, missing: Vec<String> },
    #[error("WASI SDK {release} can't be fetched")]
    #[diagnostic(help("{}", fallback_help(*exact, debian.as_deref())))]
    Unreachable {
        release: String,
        /// `--sdk` asked for just this one.
        exact: bool,
        #[source]
        download: Box<FetchError>,
        /// Why none could be put together from Debian's packages either.
        debian: Option<Box<ToolchainError>>,
    },
    #[error("WASI SDK {release} was refused")]
    Refused {
        release: String,
        #[source]
        source: Box<FetchError>,
    },
    #[error("{archive} can't be unpacked: {problem}")]
    Unpack { archive: String, problem: String },
    #[error("`{program}` is not installed, so no SDK can be assembled from Debian's packages")]
    #[diagnostic(help("name an installed SDK with `--wasi-sdk DIR` or $WASI_SDK_PATH"))]
    NoApt { program: &'static str },
    #[error("apt's configuration names no Debian archive, so {} can't be reached", suites.join(" and "))]
    #[diagnostic(help("looked for an entry whose suite is a release of Debian, in {}", looked_in.join(", ")))]
    NoSources {
        suites: Vec<String>,
        looked_in: Vec<String>,
    },
    #[error("{step} failed:\n{words}\nthe command was:\n{command}")]
    Apt {
        step: &'static str,
        command: String,
        words: String,
    },
    #[error(
        "the lock pins {package} {wanted} of {suite}, but apt offers {}{}",
        if offered.is_empty() { "none".to_owned() } else { offered.join(", ") },
        said(words)
    )]
    #[diagnostic(help(
        "`wasideps lock --sdk debian` pins what is offered now; or put the pinned .deb into a folder and name it with `--from DIR`"
    ))]
    PackageGone {
        package: String,
        wanted: String,
        suite: String,
        offered: Vec<String>,
        words: String,
    },
    #[error("{package} {version} has SHA-256 {found}, but the lock says {expected}")]
    #[diagnostic(help("it was not used, and nothing was kept of it"))]
    PackageDigest {
        package: String,
        version: String,
        expected: Sha256,
        found: Sha256,
    },
    #[error("none of the pinned packages has {library}, which {needed_by} needs")]
    #[diagnostic(help("the lock's list of packages is incomplete"))]
    Incomplete { library: String, needed_by: String },
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
    #[error("{path}: {source}")]
    Io {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
}

/// What sort of failure it is, for whoever chooses an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// What was asked for is not there to be asked for.
    Usage,
    /// Bytes that are not the pinned ones.
    Verification,
    /// Bytes that can't be had.
    Network,
    /// An SDK that can't be used.
    Toolchain,
}

impl ToolchainError {
    /// What sort of failure it is.
    #[must_use]
    pub fn failure(&self) -> Failure {
        match self {
            Self::NoTwin { .. }
            | Self::WrongRelease { .. }
            | Self::UnknownRelease { .. }
            | Self::UnknownPython { .. } => Failure::Usage,
            Self::Refused { .. } | Self::PackageDigest { .. } => Failure::Verification,
            Self::Offline { .. }
            | Self::Unreachable { .. }
            | Self::PackageGone { .. }
            | Self::Apt { .. } => Failure::Network,
            _ => Failure::Toolchain,
        }
    }

    pub(super) fn io(path: impl Into<Utf8PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}

fn list(missing: &[String]) -> String {
    if missing.is_empty() {
        String::new()
    } else {
        format!("; missing: {}", missing.join(", "))
    }
}

fn said(words: &str) -> String {
    if words.is_empty() {
        String::new()
    } else {
        format!("; apt says:\n{words}")
    }
}

fn fallback_help(exact: bool, debian: Option<&ToolchainError>) -> String {
    match (exact, debian) {
        (true, _) => "`--sdk` asks for exactly this one; without it, an SDK from Debian's packages can replace it".to_owned(),
        (false, Some(error)) => format!("Debian's packages can't be used either: {error}"),
        (false, None) => "name an SDK with `--wasi-sdk DIR` or $WASI_SDK_PATH, or a folder with its archive with `--from DIR`".to_owned(),
    }
}
