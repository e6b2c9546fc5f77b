//! Where the files are that a job reads.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::model::{Name, RelPath, Sha256};
use crate::store::Entry;

/// Where a job's files are: its source's tree, and the header folders of the sources that it
/// depends on.
pub struct JobFiles<'a> {
    /// `zlib 1.3.2`, for messages.
    pub subject: &'a str,
    pub tree: &'a Entry,
    pub dependency_headers: &'a [Headers],
}

impl JobFiles<'_> {
    /// The folder of headers of the source `name` that has the file `path`: each library of a
    /// source has a folder of its own.
    pub(super) fn headers_with(&self, name: &Name, path: &RelPath) -> Option<&Headers> {
        self.dependency_headers
            .iter()
            .find(|headers| headers.name() == name.as_str() && headers.files.contains_key(path))
    }
}

/// A folder of headers, and which of its files were verified.
#[derive(Debug, Clone)]
pub struct Headers {
    pub dir: Utf8PathBuf,
    /// Below the folder, each with its digest.
    pub files: BTreeMap<RelPath, Sha256>,
    /// Folders below it where a consumer's compiler looks too: a module of the library says so in
    /// its `cflags`.
    pub folders: Vec<RelPath>,
}

impl Headers {
    /// The name of the folder: that of the source, or `include` for those of a prefix.
    #[must_use]
    pub fn name(&self) -> &str {
        self.dir.file_name().unwrap_or_default()
    }
}
