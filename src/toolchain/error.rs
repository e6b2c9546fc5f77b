//! What can go wrong with an SDK.

use std::fmt;

use camino::Utf8PathBuf;

use crate::fetch::FetchError;
use crate::model::{BuildConfig, Cause, ErrorClass, Sha256, Target};
use crate::store::StoreError;

/// An SDK that is not there, can't be fetched, or can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolchainError {
    #[error("{path}{named_by} is not a WASI SDK: {missing} is missing")]
    NotAnSdk {
        path: Utf8PathBuf,
        named_by: NamedBy,
        missing: String,
    },
    #[error(
        "{path} is {found}, but CPython {branch} is built with WASI SDK {wanted}: wasi-libc promises no ABI between releases"
    )]
    NotOfBranch {
        path: Utf8PathBuf,
        found: String,
        branch: String,
        wanted: String,
    },
    #[error("{path}{named_by} is WASI SDK {found}, but {wanted} is asked for")]
    WrongRelease {
        path: Utf8PathBuf,
        named_by: NamedBy,
        found: String,
        wanted: String,
    },
    #[error("the WASI SDK in {root} has no {target}, which {} has: its sysroot has {}", target.spec().sdks, if found.is_empty() { "none".to_owned() } else { found.join(", ") })]
    NoTarget {
        root: Utf8PathBuf,
        target: Target,
        found: Vec<String>,
        /// The releases of the lock that have it.
        having: Vec<String>,
    },
    #[error("WASI SDK {release} has no {target}")]
    ReleaseHasNoTarget {
        release: String,
        target: Target,
        /// The releases of the lock that have it.
        having: Vec<String>,
    },
    #[error("no SDK of Debian's packages that may be taken here builds for {config}")]
    NoTwinBuilds { config: BuildConfig },
    #[error("the WASI SDK in {root} can't {step}:\n{words}\nthe command was:\n{command}")]
    Broken {
        root: Utf8PathBuf,
        step: &'static str,
        command: String,
        words: String,
    },
    #[error("{path} is part of a WASI SDK that can't be used")]
    Part { path: Utf8PathBuf, source: Cause },
    #[error("the lock has no WASI SDK {found}")]
    UnknownRelease { found: String, known: Vec<String> },
    #[error(
        "the lock pins packages of Debian's for WASI SDK {release}, but this program does not know how they make one"
    )]
    NoTwin { release: String, known: Vec<String> },
    #[error("the lock names no WASI SDK for CPython {found}")]
    UnknownPython { found: String, known: Vec<String> },
    #[error("the lock has no {what} for {host}")]
    NoHost {
        what: String,
        host: String,
        known: Vec<String>,
    },
    #[error(
        "{what} is not in the store, and is not fetched offline{}",
        list(missing)
    )]
    Offline { what: String, missing: Vec<String> },
    #[error("WASI SDK {release} can't be fetched")]
    Unreachable {
        release: String,
        /// Just this one was asked for.
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
    #[error("{archive} can't be unpacked")]
    Unpack { archive: String, source: Cause },
    #[error("`{program}` is not installed, so no SDK can be assembled from Debian's packages")]
    NoApt { program: &'static str },
    #[error("apt's configuration names no Debian archive, so {} can't be reached", suites.join(" and "))]
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
        "the lock pins {wanted} of {suite}, but apt offers {}{}",
        if offered.is_empty() { "none".to_owned() } else { offered.join(", ") },
        said(words)
    )]
    PackageGone {
        /// The release that the packages stand in for.
        release: String,
        /// The package, and its version.
        wanted: String,
        suite: String,
        offered: Vec<String>,
        words: String,
    },
    #[error("{package} {version} has SHA-256 {found}, but the lock says {expected}")]
    PackageDigest {
        package: String,
        version: String,
        expected: Sha256,
        found: Sha256,
    },
    #[error("none of the pinned packages has {library}, which {needed_by} needs")]
    Incomplete { library: String, needed_by: String },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{path} can't be read or written")]
    Io {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
}

/// Who named an SDK's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// The request itself.
    Request,
    /// The variable `$WASI_SDK_PATH`.
    Environment,
}

/// As it follows the folder's path in a sentence.
impl fmt::Display for NamedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request => Ok(()),
            Self::Environment => f.write_str(", which $WASI_SDK_PATH names,"),
        }
    }
}

impl ToolchainError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::NoTwin { .. }
            | Self::NotOfBranch { .. }
            | Self::ReleaseHasNoTarget { .. }
            | Self::WrongRelease { .. }
            | Self::UnknownRelease { .. }
            | Self::UnknownPython { .. } => ErrorClass::Usage,
            Self::Refused { .. } | Self::PackageDigest { .. } => ErrorClass::Verification,
            Self::Offline { .. }
            | Self::Unreachable { .. }
            | Self::PackageGone { .. }
            | Self::Apt { .. } => ErrorClass::Network,
            Self::NotAnSdk { .. }
            | Self::NoTarget { .. }
            | Self::NoTwinBuilds { .. }
            | Self::Broken { .. }
            | Self::Part { .. }
            | Self::NoHost { .. }
            | Self::Unpack { .. }
            | Self::NoApt { .. }
            | Self::NoSources { .. }
            | Self::Incomplete { .. }
            | Self::Io { .. } => ErrorClass::Toolchain,
            Self::Store(error) => error.class(),
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
