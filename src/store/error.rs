//! What can go wrong with files on disk.

use camino::Utf8PathBuf;
use miette::Diagnostic;

/// A store that can't do what it was asked.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum StoreError {
    #[error("the store {root} can't be opened: {source}")]
    #[diagnostic(help("it must be a folder that can be written; `--store DIR` or $WASIDEPS_HOME names another"))]
    Open { root: Utf8PathBuf, source: std::io::Error },
    #[error("the store {root} says `{found}`, which this program does not read")]
    #[diagnostic(help("remove it, or name another with `--store DIR` or $WASIDEPS_HOME"))]
    Format { root: Utf8PathBuf, found: String },
    #[error("{path} can't be read: {source}")]
    Read { path: Utf8PathBuf, source: std::io::Error },
    #[error("{path} can't be written: {source}")]
    #[diagnostic(help("nothing was changed; is the disk full, or the folder read-only?"))]
    Write { path: Utf8PathBuf, source: std::io::Error },
}
