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

    /// One whose list was just written.
    pub(super) fn new(dir: Utf8PathBuf, files: Vec<EntryFile>) -> Self {
        Self { dir, files }
    }

    pub(super) fn open(dir: &Utf8Path) -> Result<Opened, StoreError> {
        // Looked for twice: another process may throw the entry away, or put a whole one there, between two looks at one.
        for _ in 0..2 {
            match fs_err::symlink_metadata(dir) {
                Ok(meta) if meta.is_dir() => {}
                Ok(_) => return Ok(Opened::Damaged("it is no folder".to_owned())),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Opened::Absent),
                Err(error) => return Trouble::reading(dir, error).into_opened(),
            }
            match Self::check(dir) {
                Ok(files) => return Ok(Opened::Whole(Self { dir: dir.to_owned(), files })),
                Err(Trouble::NoList) => {}
                Err(trouble) => return trouble.into_opened(),
            }
        }
        Trouble::NoList.into_opened()
    }

    /// The files of the entry in `dir`, each of them as its list says.
    fn check(dir: &Utf8Path) -> Result<Vec<EntryFile>, Trouble> {
        let damaged = |problem: String| Trouble::Damaged(problem);
        let list = dir.join(LIST);
        let bytes = match regular(&list).and_then(|()| fs_err::read(&list)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(Trouble::NoList),
            read => read.map_err(|error| Trouble::reading(&list, error))?,
        };
        let files: Vec<EntryFile> = serde_json::from_slice(&bytes).map_err(|error| damaged(format!("{LIST} does not parse: {error}")))?;
        // A change that leaves its meaning is a change all the same.
        if serde_json::to_vec(&files).ok().as_deref() != Some(&bytes) {
            return Err(damaged(format!("{LIST} is not as it was written")));
        }
        for file in &files {
            let path = dir.join(file.path.as_str());
            let read = regular(&path).and_then(|()| fs_err::File::open(&path)).and_then(Sha256::of_reader);
            let (sha256, size) = match read {
                Ok(found) => found,
                Err(error) if error.kind() == ErrorKind::NotFound => return Err(damaged(format!("{} is missing", file.path))),
                Err(error) => return Err(Trouble::reading(&path, error)),
            };
            if sha256 != file.sha256 {
                return Err(damaged(format!("{} has SHA-256 {sha256} in place of {}", file.path, file.sha256)));
            }
            if size != file.size {
                return Err(damaged(format!("{} has {size} bytes in place of {}", file.path, file.size)));
            }
        }
        Ok(files)
    }

    /// Writes the list of `files` into `dir`, where they are, and flushes it to disk: an entry that can be seen after a power cut is whole, or is
    /// found damaged by its digests. Gives them back, sorted.
    pub(super) fn seal(dir: &std::path::Path, mut files: Vec<EntryFile>) -> std::io::Result<Vec<EntryFile>> {
        files.sort();
        let mut list = fs_err::File::create(dir.join(LIST))?;
        list.write_all(&serde_json::to_vec(&files)?)?;
        list.sync_all()?;
        Ok(files)
    }
}

/// Why an entry can't be used.
enum Trouble {
    NoList,
    Damaged(String),
    System(StoreError),
}

impl Trouble {
    /// What can't be read is as good as lost, and can be made again; unless it is this process that lacks something.
    fn reading(path: &Utf8Path, source: std::io::Error) -> Self {
        if super::is_shortage(&source) {
            Self::System(StoreError::Read { path: path.to_owned(), source })
        } else {
            Self::Damaged(source.to_string())
        }
    }

    fn into_opened(self) -> Result<Opened, StoreError> {
        match self {
            Self::NoList => Ok(Opened::Damaged(format!("{LIST} is missing"))),
            Self::Damaged(problem) => Ok(Opened::Damaged(problem)),
            Self::System(error) => Err(error),
        }
    }
}

/// A link, a folder or a pipe in a file's place is not opened: it would be followed, or wait for a writer.
pub(super) fn regular(path: &Utf8Path) -> std::io::Result<()> {
    if fs_err::symlink_metadata(path)?.is_file() {
        return Ok(());
    }
    Err(std::io::Error::other(format!("{path} is no regular file")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bit_of_an_entry_changes_unseen() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(dir.path()).expect("UTF-8");
        let files = ["a.c", "record.json"].map(|name| {
            fs_err::write(root.join(name), format!("of {name}")).expect("written");
            let bytes = fs_err::read(root.join(name)).expect("there");
            EntryFile { path: name.parse().expect("a path"), sha256: Sha256::of(&bytes), size: bytes.len() as u64 }
        });
        Entry::seal(dir.path(), files.to_vec()).expect("sealed");
        assert!(matches!(Entry::open(root), Ok(Opened::Whole(_))));
        for name in ["a.c", "record.json", LIST] {
            let whole = fs_err::read(root.join(name)).expect("there");
            for bit in 0..whole.len() * 8 {
                let mut bytes = whole.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                fs_err::write(root.join(name), bytes).expect("written");
                assert!(matches!(Entry::open(root), Ok(Opened::Damaged(_))), "bit {bit} of {name}");
            }
            fs_err::write(root.join(name), whole).expect("written");
        }
    }
}
