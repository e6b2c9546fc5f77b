//! A folder of the store with a list of its files and their digests, in which nothing changes once it is there.

use std::io::{ErrorKind, Write as _};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::model::{RelPath, Sha256};

/// The list of an entry's files, beside them.
const LIST: &str = ".entry.json";

/// A file of an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntryFile {
    pub path: RelPath,
    pub sha256: Sha256,
    /// In bytes.
    pub size: u64,
}

/// An entry whose files have been checked.
#[derive(Debug, Clone)]
pub struct Entry {
    dir: Utf8PathBuf,
    files: Vec<EntryFile>,
}

/// What was found where an entry is looked for.
pub(super) enum Opened {
    Whole(Entry),
    Absent,
    /// With what is wrong.
    Damaged(String),
}

impl Entry {
    /// The folder that it is in.
    #[must_use]
    pub fn dir(&self) -> &Utf8Path {
        &self.dir
    }

    /// Its files, sorted by path.
    #[must_use]
    pub fn files(&self) -> &[EntryFile] {
        &self.files
    }

    /// The file at `path`.
    #[must_use]
    pub fn file(&self, path: &RelPath) -> Option<&EntryFile> {
        self.files.binary_search_by(|file| file.path.cmp(path)).ok().map(|index| &self.files[index])
    }

    /// The bytes of the file at `path`.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn read(&self, path: &RelPath) -> Result<Vec<u8>, StoreError> {
        super::read_below(&self.dir, path)
    }

    pub(super) fn open(dir: &Utf8Path) -> Result<Opened, StoreError> {
        let list = dir.join(LIST);
        let bytes = match fs_err::read(&list) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound && !dir.exists() => return Ok(Opened::Absent),
            // Looked for once more: another process may have put the whole entry there between the two looks.
            Err(error) if error.kind() == ErrorKind::NotFound => match fs_err::read(&list) {
                Ok(bytes) => bytes,
                Err(_) => return Ok(Opened::Damaged(format!("{LIST} is missing"))),
            },
            Err(source) => return Err(StoreError::Read { path: list, source }),
        };
        let files: Vec<EntryFile> = match serde_json::from_slice(&bytes) {
            Ok(files) => files,
            Err(error) => return Ok(Opened::Damaged(format!("{LIST} does not parse: {error}"))),
        };
        for file in &files {
            let path = dir.join(file.path.as_str());
            let found = match fs_err::File::open(&path).and_then(Sha256::of_reader) {
                Ok((found, _)) => found,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Opened::Damaged(format!("{} is missing", file.path))),
                Err(source) => return Err(StoreError::Read { path, source }),
            };
            if found != file.sha256 {
                return Ok(Opened::Damaged(format!("{} has SHA-256 {found} in place of {}", file.path, file.sha256)));
            }
        }
        Ok(Opened::Whole(Self { dir: dir.to_owned(), files }))
    }

    pub(super) fn keep(dir: &Utf8Path, scratch: tempfile::TempDir, mut files: Vec<EntryFile>) -> Result<Self, StoreError> {
        files.sort();
        let write = |source| StoreError::Write { path: dir.to_owned(), source };
        let text = serde_json::to_vec(&files).map_err(|error| write(error.into()))?;
        let mut list = fs_err::File::create(scratch.path().join(LIST)).map_err(write)?;
        list.write_all(&text).map_err(write)?;
        // The list goes to disk before the name: an entry that can be seen after a power cut is whole, or is found damaged by its digests.
        list.sync_all().map_err(write)?;
        match fs_err::rename(scratch.path(), dir) {
            Ok(()) => {
                // The folder is the store's now; its old name is not this process's to remove.
                let _ = scratch.keep();
            }
            Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists) => {}
            Err(error) => return Err(write(error)),
        }
        Ok(Self { dir: dir.to_owned(), files })
    }
}
