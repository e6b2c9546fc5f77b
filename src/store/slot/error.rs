//! What can go wrong with a folder that is replaced whole.

use std::fmt;
use std::io;

use camino::Utf8PathBuf;

use crate::model::ErrorClass;

/// A folder that can't be replaced. But for [`SlotError::Cut`], what was there is there still, and
/// as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SlotError {
    #[error("{path:?} can't be made or replaced")]
    Unusable { path: Utf8PathBuf, source: Unusable },
    #[error(
        "{path} contains files that wasideps did not put there: {}",
        shortened(files)
    )]
    Foreign {
        path: Utf8PathBuf,
        files: Vec<String>,
    },
    #[error(
        "{path} was changed by another process while it was assembled: {}",
        shortened(files)
    )]
    Changed {
        path: Utf8PathBuf,
        files: Vec<String>,
    },
    #[error("{path} can't be read")]
    Read {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("{path} can't be written")]
    Write {
        path: Utf8PathBuf,
        source: io::Error,
    },
    #[error("what was at {path} is now at {aside}, and can't be put back")]
    Cut {
        path: Utf8PathBuf,
        aside: Utf8PathBuf,
        source: io::Error,
    },
}

impl SlotError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unusable { .. } | Self::Foreign { .. } => ErrorClass::Usage,
            Self::Changed { .. } | Self::Read { .. } | Self::Write { .. } | Self::Cut { .. } => {
                ErrorClass::Failed
            }
        }
    }
}

/// Why a path can't be one of a folder that is replaced whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable {
    Empty,
    NotUtf8,
    /// It ends in `..` behind a folder that is not there.
    NoName,
    Root,
    /// The process runs in it, or below it.
    Current,
    MountPoint,
    /// There is a file, or something special.
    NotFolder,
    /// A link to nothing.
    DanglingLink {
        target: Utf8PathBuf,
    },
    /// Something else than a folder is on the way to it.
    Parent {
        parent: Utf8PathBuf,
    },
}

impl std::error::Error for Unusable {}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "the path is empty"),
            Self::NotUtf8 => write!(f, "a link on the way leads to a path that is not UTF-8"),
            Self::NoName => write!(f, "it does not end in the name of a folder"),
            Self::Root => write!(f, "it is the root of the file system"),
            Self::Current => write!(
                f,
                "the command runs in it, and would be left in a folder that is gone"
            ),
            Self::MountPoint => write!(
                f,
                "it is a mount point, which can't be swapped with a folder beside it"
            ),
            Self::NotFolder => write!(f, "it is not a folder"),
            Self::DanglingLink { target } => {
                write!(f, "it is a link to {target}, which does not exist")
            }
            Self::Parent { parent } => write!(f, "{parent} is not a folder"),
        }
    }
}

fn shortened(files: &[String]) -> String {
    format!(
        "{}{}",
        files[..files.len().min(5)].join(", "),
        if files.len() > 5 { ", …" } else { "" }
    )
}
