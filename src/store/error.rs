//! What can go wrong with files on disk.

use std::io::{self, ErrorKind};

use camino::Utf8PathBuf;
use miette::Diagnostic;

use crate::model::{RelPath, Sha256};

/// A store that can't do what it was asked.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum StoreError {
    #[error("the store {root} can't be opened: {source}")]
    #[diagnostic(help("it must be a folder; `--store DIR` or $WASIDEPS_HOME names another"))]
    Open {
        root: Utf8PathBuf,
        source: io::Error,
    },
    #[error("the store can't be in {root}: its path has a `=`")]
    #[diagnostic(help(
        "clang can't keep such a path out of what it compiles, and the bytes would depend on it; name another with `--store DIR`"
    ))]
    Unmappable { root: Utf8PathBuf },
    #[error(
        "the store {root} says `{found}`, which this program does not read; nothing in it was changed"
    )]
    #[diagnostic(help("remove it, or name another with `--store DIR` or $WASIDEPS_HOME"))]
    Format { root: Utf8PathBuf, found: String },
    #[error("{root} is not a store of wasideps: it has no file `format`, but contains {}; nothing in it was changed", found.join(", "))]
    #[diagnostic(help(
        "a folder that is absent or empty becomes a store; name one with `--store DIR` or $WASIDEPS_HOME"
    ))]
    Foreign {
        root: Utf8PathBuf,
        /// The first of its names.
        found: Vec<String>,
    },
    #[error("{path} can't be read: {source}")]
    Read {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("{path} has SHA-256 {found}, expected {expected}: it was changed while in use")]
    #[diagnostic(help("run the command again: it replaces what is damaged"))]
    Changed {
        path: Utf8PathBuf,
        expected: Sha256,
        found: Sha256,
    },
    #[error("`{path}` is the name of the list that the store keeps beside a source's files")]
    #[diagnostic(help(
        "leave it out of `[inputs] include`, and give an overlay, a header or a file that a patch makes another name"
    ))]
    Reserved { path: RelPath },
    #[error("{path} can't be written: {source}")]
    #[diagnostic(help("{}", write_help(source)))]
    Write {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("{path} is damaged ({problem}) and can't be removed: {source}")]
    #[diagnostic(help(
        "it may be another user's: remove it by hand, or name another store with `--store DIR`"
    ))]
    Discard {
        path: Utf8PathBuf,
        problem: String,
        source: io::Error,
    },
}

fn write_help(source: &io::Error) -> &'static str {
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "nothing was changed; the store's disk is full: free some space there (`wasideps clean` shows what it contains), or name another with `--store DIR`"
        }
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => {
            "nothing was changed; the store can't be written: name another with `--store DIR` or $WASIDEPS_HOME"
        }
        _ => "nothing was changed",
    }
}
