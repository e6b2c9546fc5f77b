//! What keeps tests from being run, and the ways in which a test fails.

use std::fmt;

use camino::Utf8PathBuf;
use serde::Serialize;

use crate::fetch::SourceError;
use crate::model::{Cause, ErrorClass};
use crate::store::StoreError;

/// Tests that can't be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the system allows no thread for compiling")]
    Pool(#[from] rayon::ThreadPoolBuildError),
    #[error("{suite} names {what} `{found}`, which is not in the source of {subject}")]
    NotInTree {
        suite: String,
        subject: String,
        what: &'static str,
        found: String,
    },
    #[error("{suite} makes more than {limit} {what} from the source of {subject}")]
    TooMany {
        suite: String,
        subject: String,
        what: &'static str,
        limit: usize,
    },
    #[error("the store's path is not UTF-8")]
    NotUtf8,
    #[error("there is no WASI runtime")]
    NoRunner { source: Cause },
    #[error(
        "{runner} can't run a program of one line; it prints:\n{words}\nthe command was: {command}"
    )]
    BadRunner {
        runner: Utf8PathBuf,
        words: String,
        command: String,
    },
}

impl CheckError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Source(error) => error.class(),
            Self::Store(error) => error.class(),
            Self::NotInTree { .. } | Self::TooMany { .. } => ErrorClass::Usage,
            Self::Pool(_) | Self::NotUtf8 | Self::NoRunner { .. } | Self::BadRunner { .. } => {
                ErrorClass::Failed
            }
        }
    }
}

/// How a test failed. In JSON, `kind` names the variant.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum TestFailure {
    /// Clang refused it.
    Compile { words: String },
    /// The linker refused it.
    Link { words: String },
    /// It ended with another exit status.
    Exit {
        expected: i32,
        found: i32,
        words: String,
    },
    /// The runtime stopped it: unreachable code, an access out of bounds, a stack that is full.
    Trap { words: String },
    /// It ran longer than it may, in seconds.
    TimedOut { limit: u64 },
    /// It printed more than it may, in bytes.
    Printed { limit: u64 },
    /// It wrote more into its folder than it may, in bytes.
    Wrote { limit: u64 },
    /// It put more files and folders into its folder than it may.
    Files { limit: u64 },
    /// Standard output is not the expected file: the first line that differs, counted from one.
    Stdout {
        line: usize,
        expected: String,
        found: String,
    },
    /// Standard output lacks a text.
    Lacks { text: String, words: String },
    /// The runtime could not be started, or files could not be put in place.
    Setup { problem: String },
}

impl fmt::Display for TestFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compile { words } => write!(f, "it does not compile:\n{words}"),
            Self::Link { words } => write!(f, "it does not link:\n{words}"),
            Self::Exit {
                expected,
                found,
                words,
            } => write!(
                f,
                "exit status {found}, where {expected} is expected\n{words}"
            ),
            Self::Trap { words } => write!(f, "it trapped:\n{words}"),
            Self::TimedOut { limit } => write!(f, "it ran longer than {limit} s"),
            Self::Printed { limit } => write!(f, "it printed more than {limit} bytes"),
            Self::Wrote { limit } => {
                write!(f, "it wrote more than {} MiB into its folder", limit >> 20)
            }
            Self::Files { limit } => write!(
                f,
                "it put more than {limit} files and folders into its folder"
            ),
            Self::Stdout {
                line,
                expected,
                found,
            } => {
                write!(
                    f,
                    "standard output differs in line {line}: `{expected}` is expected, `{found}` was printed"
                )
            }
            Self::Lacks { text, words } => write!(f, "standard output lacks `{text}`\n{words}"),
            Self::Setup { problem } => write!(f, "it could not be run: {problem}"),
        }
    }
}
