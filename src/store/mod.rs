//! Content-addressed files on disk: archives, trees, objects, SDKs. Everything is written under a temporary name on the same file system,
//! flushed, then renamed; what is read back is checked against its digest, and what fails is thrown away and told. Any number of processes may
//! share a store.

mod entry;
mod error;
mod input;
mod scratch;
mod swap;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

pub use entry::{Entry, EntryFile};
pub use error::StoreError;
pub use input::{PARSED_LIMIT, TEXT_LIMIT, open_regular, read_regular, read_text};
pub use scratch::{Guard, Scratch, write_atomically};
pub use swap::{mend, swap_in};

use crate::model::{RelPath, Sha256};
use crate::report::{Event, Reporter};

/// The version of the layout; a store of another version is left alone and told.
const FORMAT: &str = "wasideps store 1\n";

/// The kinds of what a store holds, each a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Verified downloads; the key is the archive's own digest.
    Archive,
    /// Selected, patched and overlaid sources.
    Tree,
    /// Compiled objects with what the compiler said of them.
    Object,
    /// WASI SDKs, downloaded or assembled.
    Sdk,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Archive, Self::Tree, Self::Object, Self::Sdk];

    /// The folder below the store's root.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::Archive => "archives",
            Self::Tree => "trees",
            Self::Object => "objects",
            Self::Sdk => "sdks",
        }
    }
}

/// An open store.
#[derive(Debug)]
pub struct Store {
    root: Utf8PathBuf,
    scratch: Scratch,
}

/// What the compiler said of an object; kept beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObjectRecord {
    /// Clang's own warnings, with paths as they are below the tree; empty where it had nothing to say.
    pub warnings: String,
    /// How long clang ran, in seconds of wall time.
    pub seconds: f64,
    /// The files that clang opened, from its own dependency output: relative ones are of the tree, those of the SDK start with `sdk:`. Sorted.
    pub dependencies: Vec<String>,
}

impl Store {
    /// Opens the store at `root`, making it where it is not there, and sweeps away what killed processes left behind.
    ///
    /// # Errors
    /// When it is of another version, or can't be written.
    pub fn open(root: &Utf8Path) -> Result<Self, StoreError> {
        let fail = |source| StoreError::Open { root: root.to_owned(), source };
        for folder in Kind::ALL.map(Kind::folder).into_iter().chain(["tmp", "locks"]) {
            fs_err::create_dir_all(root.join(folder)).map_err(fail)?;
        }
        let format = root.join("format");
        match fs_err::read_to_string(&format) {
            Ok(text) if text == FORMAT => {}
            Ok(text) => return Err(StoreError::Format { root: root.to_owned(), found: text.trim().to_owned() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                scratch::write_atomically(&format, FORMAT.as_bytes()).map_err(fail)?;
            }
            Err(error) => return Err(fail(error)),
        }
        let scratch = Scratch::new(&root.join("tmp")).map_err(fail)?;
        Ok(Self { root: root.to_owned(), scratch })
    }

    /// The folder that it is in.
    #[must_use]
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// A fresh, empty folder of this process, on the store's file system; it goes when the process does.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn scratch_dir(&self) -> Result<tempfile::TempDir, StoreError> {
        self.scratch.dir().map_err(|source| StoreError::Write { path: self.scratch.root().to_owned(), source })
    }

    /// A fresh, empty file of this process, on the store's file system; it goes when it is dropped without having been kept.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn scratch_file(&self) -> Result<tempfile::NamedTempFile, StoreError> {
        self.scratch.file().map_err(|source| StoreError::Write { path: self.scratch.root().to_owned(), source })
    }

    /// Waits until no other process holds `name`, then holds it until the guard goes: two processes that want the same download do it once.
    ///
    /// # Errors
    /// When the lock file can't be made.
    pub fn lock(&self, name: &str) -> Result<Guard, StoreError> {
        let path = self.root.join("locks").join(format!("{name}.lock"));
        Guard::hold(&path).map_err(|source| StoreError::Write { path, source })
    }

    /// Where the archive with this digest is, where the store has it whole.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn archive(&self, sha256: &Sha256, reporter: &dyn Reporter) -> Result<Option<Utf8PathBuf>, StoreError> {
        let path = self.archive_path(sha256);
        let read = |source| StoreError::Read { path: path.clone(), source };
        let file = match fs_err::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(read(error)),
        };
        let (found, _) = Sha256::of_reader(file).map_err(read)?;
        if found == *sha256 {
            return Ok(Some(path));
        }
        self.discard(&path, &format!("its SHA-256 is {found}"), reporter)?;
        Ok(None)
    }

    /// Keeps `file`, whose digest the caller has just computed to be `sha256`.
    ///
    /// # Errors
    /// When it can't be flushed or renamed.
    pub fn keep_archive(&self, file: tempfile::NamedTempFile, sha256: &Sha256) -> Result<Utf8PathBuf, StoreError> {
        let path = self.archive_path(sha256);
        let write = |source| StoreError::Write { path: path.clone(), source };
        file.as_file().sync_all().map_err(write)?;
        file.persist(&path).map_err(|error| write(error.error))?;
        Ok(path)
    }

    fn archive_path(&self, sha256: &Sha256) -> Utf8PathBuf {
        self.root.join(Kind::Archive.folder()).join(sha256.to_string())
    }

    /// The entry of `kind` with this key, where the store has it whole: every file that its list names is read and checked.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn entry(&self, kind: Kind, key: &Sha256, reporter: &dyn Reporter) -> Result<Option<Entry>, StoreError> {
        let path = self.entry_path(kind, key);
        match Entry::open(&path)? {
            entry::Opened::Whole(entry) => Ok(Some(entry)),
            entry::Opened::Absent => Ok(None),
            entry::Opened::Damaged(problem) => {
                self.discard(&path, &problem, reporter)?;
                Ok(None)
            }
        }
    }

    /// Whether there is an entry, without checking it.
    #[must_use]
    pub fn has_entry(&self, kind: Kind, key: &Sha256) -> bool {
        self.entry_path(kind, key).is_dir()
    }

    /// Where the entry is or would be.
    #[must_use]
    pub fn entry_path(&self, kind: Kind, key: &Sha256) -> Utf8PathBuf {
        self.root.join(kind.folder()).join(key.to_string())
    }

    /// Keeps the files of `dir`, a folder from [`Self::scratch_dir`], as an entry. Where another process was first, its entry stays: equal keys
    /// mean equal files.
    ///
    /// # Errors
    /// When they can't be flushed or renamed.
    pub fn keep_entry(&self, kind: Kind, key: &Sha256, dir: tempfile::TempDir, files: Vec<EntryFile>) -> Result<Entry, StoreError> {
        Entry::keep(&self.entry_path(kind, key), dir, files)
    }

    /// Throws `path` away because of `problem`, and tells.
    fn discard(&self, path: &Utf8Path, problem: &str, reporter: &dyn Reporter) -> Result<(), StoreError> {
        reporter.event(Event::StoreRepaired { path: path.to_string(), problem: problem.to_owned() });
        let write = |source| StoreError::Write { path: path.to_owned(), source };
        // Renamed first: a reader sees the entry or none, never half of one.
        let grave = self.scratch_dir()?;
        match fs_err::rename(path, grave.path().join("discarded")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(write(error)),
            _ => Ok(()),
        }
    }

    /// How many bytes and entries each kind has.
    ///
    /// # Errors
    /// When a folder can't be read.
    pub fn usage(&self) -> Result<Vec<(Kind, usize, u64)>, StoreError> {
        Kind::ALL
            .into_iter()
            .map(|kind| {
                let folder = self.root.join(kind.folder());
                let read = |source| StoreError::Read { path: folder.clone(), source };
                let mut entries = 0;
                let mut bytes = 0;
                for entry in fs_err::read_dir(&folder).map_err(read)? {
                    let entry = entry.map_err(read)?;
                    entries += 1;
                    bytes += size_below(&entry.path()).map_err(read)?;
                }
                Ok((kind, entries, bytes))
            })
            .collect()
    }

    /// Removes all entries of `kind`; a process that is using one keeps what it has open.
    ///
    /// # Errors
    /// When one can't be removed.
    pub fn clear(&self, kind: Kind) -> Result<(), StoreError> {
        let folder = self.root.join(kind.folder());
        let write = |source| StoreError::Write { path: folder.clone(), source };
        let grave = self.scratch_dir()?;
        for (number, entry) in fs_err::read_dir(&folder).map_err(write)?.enumerate() {
            fs_err::rename(entry.map_err(write)?.path(), grave.path().join(number.to_string())).map_err(write)?;
        }
        grave.close().map_err(write)
    }
}

fn size_below(path: &std::path::Path) -> std::io::Result<u64> {
    let meta = fs_err::symlink_metadata(path)?;
    if !meta.is_dir() {
        return Ok(meta.len());
    }
    fs_err::read_dir(path)?.try_fold(0, |sum, entry| Ok(sum + size_below(&entry?.path())?))
}

/// Reads the file at `path` below `dir`.
pub(crate) fn read_below(dir: &Utf8Path, path: &RelPath) -> Result<Vec<u8>, StoreError> {
    let path = dir.join(path.as_str());
    fs_err::read(&path).map_err(|source| StoreError::Read { path, source })
}
