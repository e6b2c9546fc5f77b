//! Content-addressed files on disk: archives, trees, objects, SDKs. Everything is written under a
//! temporary name on the same file system, flushed, then renamed; what is read back is checked
//! against its digest, and what fails is reported and thrown away. Any number of processes and
//! users may share a store.

mod cache;
mod entry;
mod error;
mod input;
mod kind;
mod lock;
mod mark;
mod record;
mod scratch;
mod slot;

use std::io::{self, ErrorKind};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use tracing::{debug, trace};

pub use cache::{Cache, LocalCache, Shared, Wanted};
pub use entry::{Entry, EntryFile};
pub use error::StoreError;
pub use input::{PARSED_LIMIT, TEXT_LIMIT, open_regular, read_regular, read_text};
pub use kind::Kind;
pub use lock::Guard;
pub use scratch::write_atomically;
pub use slot::{Ours, Reading, Slot, SlotError, Stage, Unusable};

use crate::model::{RelPath, Sha256};
use crate::report::{Event, Reporter};
use entry::Opened;
use scratch::Scratch;

/// Temporary files; and the files that processes lock.
const TMP: &str = "tmp";
const LOCKS: &str = "locks";

/// An open store.
#[derive(Debug)]
pub struct Store {
    root: Utf8PathBuf,
    scratch: Scratch,
}

impl Store {
    /// Opens the store at `root`, and sweeps away what killed processes left behind in it. A folder
    /// that is absent or empty becomes a store. One that can't be written is opened too: what it
    /// holds can be used, and what is then to be kept fails.
    ///
    /// # Errors
    /// When it is of another version, a folder that is not a store, or one whose path has a `=`;
    /// nothing in it is touched then.
    pub fn open(root: &Utf8Path) -> Result<Self, StoreError> {
        // Its files are arguments of programs that run in other folders, and an absolute path is
        // never an option.
        let root = &camino::absolute_utf8(root).map_err(|source| StoreError::Open {
            root: root.to_owned(),
            source,
        })?;
        // `-ffile-prefix-map=OLD=NEW` ends OLD at the first `=`.
        if root.as_str().contains('=') {
            return Err(StoreError::Unmappable { root: root.clone() });
        }
        mark::claim(root)?;
        for folder in Kind::ALL.map(Kind::folder).into_iter().chain([TMP, LOCKS]) {
            fs_err::create_dir_all(root.join(folder)).map_err(|source| StoreError::Open {
                root: root.to_owned(),
                source,
            })?;
        }
        mark::tag_as_cache(root);
        debug!(%root, "opened the store");
        Ok(Self {
            root: root.to_owned(),
            scratch: Scratch::new(root.join(TMP)),
        })
    }

    /// The folder that it is in.
    #[must_use]
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// A fresh, empty folder of this process, on the store's file system; it goes when the process
    /// does.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn scratch_dir(&self) -> Result<tempfile::TempDir, StoreError> {
        self.scratch.dir().map_err(|source| StoreError::Write {
            path: self.scratch.parent().to_owned(),
            source,
        })
    }

    /// A fresh, empty file of this process, on the store's file system; it goes when it is dropped
    /// without having been kept.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn scratch_file(&self) -> Result<tempfile::NamedTempFile, StoreError> {
        self.scratch.file().map_err(|source| StoreError::Write {
            path: self.scratch.parent().to_owned(),
            source,
        })
    }

    /// Waits until nobody else holds `key`, then holds it until the guard goes: two processes that
    /// want the same thing make it once. `doing` says what the other one is probably doing, for
    /// people who wait: `downloading zlib 1.3.2`.
    ///
    /// # Errors
    /// When the lock file can't be made.
    pub fn lock(
        &self,
        scope: &str,
        key: &Sha256,
        doing: &str,
        reporter: &dyn Reporter,
    ) -> Result<Guard, StoreError> {
        let path = self.lock_path(scope, key);
        let waiting = || {
            reporter.event(Event::Waiting {
                text: format!("another process that is {doing}"),
            });
        };
        Guard::hold(&path, waiting).map_err(|source| StoreError::Write { path, source })
    }

    /// Holds `key` until the guard goes; none where somebody else holds it.
    ///
    /// # Errors
    /// When the lock file can't be made.
    pub fn try_lock(&self, scope: &str, key: &Sha256) -> Result<Option<Guard>, StoreError> {
        let path = self.lock_path(scope, key);
        Guard::try_hold(&path).map_err(|source| StoreError::Write { path, source })
    }

    /// Several keys share a file: there are never more than 256 in a scope. Who holds one lock
    /// takes another only of a scope that nobody takes first: `sdk` comes before `archive`, and the
    /// others are held alone.
    fn lock_path(&self, scope: &str, key: &Sha256) -> Utf8PathBuf {
        self.root
            .join(LOCKS)
            .join(format!("{scope}-{:02x}.lock", key.as_bytes()[0]))
    }

    /// Where the archive with this digest is, where the store has it whole.
    ///
    /// # Errors
    /// When it is damaged and can't be removed.
    pub fn archive(
        &self,
        sha256: &Sha256,
        reporter: &dyn Reporter,
    ) -> Result<Option<Utf8PathBuf>, StoreError> {
        let path = self.archive_path(sha256);
        let problem = match entry::regular(&path)
            .and_then(|()| fs_err::File::open(&path))
            .and_then(Sha256::of_reader)
        {
            Ok((found, _)) if found == *sha256 => {
                debug!(archive = %sha256.short(), "the store has the archive");
                return Ok(Some(path));
            }
            Ok((found, _)) => format!("its SHA-256 is {found}"),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                debug!(archive = %sha256.short(), "the store does not have the archive");
                return Ok(None);
            }
            Err(source) if is_shortage(&source) => return Err(StoreError::Read { path, source }),
            Err(error) => error.to_string(),
        };
        self.discard(&path, &problem, reporter)?;
        Ok(None)
    }

    /// Keeps `file`, whose digest the caller has just computed to be `sha256`.
    ///
    /// # Errors
    /// When it can't be flushed or renamed.
    pub fn keep_archive(
        &self,
        file: tempfile::NamedTempFile,
        sha256: &Sha256,
        reporter: &dyn Reporter,
    ) -> Result<Utf8PathBuf, StoreError> {
        let path = self.archive_path(sha256);
        let write = |source| StoreError::Write {
            path: path.clone(),
            source,
        };
        file.as_file().sync_all().map_err(write)?;
        if let Err(tempfile::PersistError { error, file }) = file.persist(&path) {
            if !is_taken(&error) {
                return Err(write(error));
            }
            self.discard(&path, "it is not a file", reporter)?;
            file.persist(&path).map_err(|error| write(error.error))?;
        }
        Ok(path)
    }

    fn archive_path(&self, sha256: &Sha256) -> Utf8PathBuf {
        self.root
            .join(Kind::Archive.folder())
            .join(sha256.to_string())
    }

    /// The entry of `kind` with this key, where the store has it whole: every file that its list
    /// names is read and checked. One that is damaged in any way is thrown away.
    ///
    /// # Errors
    /// When it is damaged and can't be removed.
    pub fn entry(
        &self,
        kind: Kind,
        key: &Sha256,
        reporter: &dyn Reporter,
    ) -> Result<Option<Entry>, StoreError> {
        // An SDK has links, which no list names; its identity covers what clang finds there.
        match Entry::open(&self.entry_path(kind, key), kind != Kind::Sdk)? {
            Opened::Whole(entry) => {
                debug!(kind = kind.folder(), key = %key.short(), files = entry.files().len(), "the store has the entry");
                Ok(Some(entry))
            }
            Opened::Absent => {
                debug!(kind = kind.folder(), key = %key.short(), "the store does not have the entry");
                Ok(None)
            }
            Opened::Damaged(problem) => {
                self.reject(kind, key, &problem, reporter)?;
                Ok(None)
            }
        }
    }

    /// What the entry of `kind` with this key lists, without a look at its files; none where it has
    /// no list that can be read.
    #[must_use]
    pub fn listed_entry(&self, kind: Kind, key: &Sha256) -> Option<Entry> {
        Entry::listed(&self.entry_path(kind, key))
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

    /// Keeps the files of `dir`, a folder from [`Self::scratch_dir`], as an entry. Where another
    /// process was first, its entry stays and is the one returned: equal keys mean equal files.
    ///
    /// # Errors
    /// When they can't be flushed or renamed.
    pub fn keep_entry(
        &self,
        kind: Kind,
        key: &Sha256,
        dir: tempfile::TempDir,
        files: Vec<EntryFile>,
        reporter: &dyn Reporter,
    ) -> Result<Entry, StoreError> {
        const TRIES: usize = 3;
        let path = self.entry_path(kind, key);
        let write = |source| StoreError::Write {
            path: path.clone(),
            source,
        };
        if let Some(file) = files.iter().find(|file| Entry::is_list(&file.path)) {
            return Err(StoreError::Reserved {
                path: file.path.clone(),
            });
        }
        let files = Entry::seal(dir.path(), files).map_err(write)?;
        trace!(kind = kind.folder(), key = %key.short(), files = files.len(), "kept in the store");
        for _ in 0..TRIES {
            match fs_err::rename(dir.path(), &path) {
                Ok(()) => {
                    // The folder is the store's now; its old name is not this process's to remove.
                    let _ = dir.keep();
                    return Ok(Entry::new(path, files));
                }
                Err(error) if !is_taken(&error) => return Err(write(error)),
                Err(_) => {}
            }
            if let Some(entry) = self.entry(kind, key, reporter)? {
                return Ok(entry);
            }
        }
        Err(write(io::Error::other(
            "what is put there by others is damaged each time",
        )))
    }

    /// Throws an entry away whose files are those of its list, but not what such an entry holds.
    ///
    /// # Errors
    /// When it can't be removed.
    pub fn reject(
        &self,
        kind: Kind,
        key: &Sha256,
        problem: &str,
        reporter: &dyn Reporter,
    ) -> Result<(), StoreError> {
        self.discard(&self.entry_path(kind, key), problem, reporter)
    }

    /// Throws `path` away because of `problem`, and says so.
    fn discard(
        &self,
        path: &Utf8Path,
        problem: &str,
        reporter: &dyn Reporter,
    ) -> Result<(), StoreError> {
        debug!(%path, problem, "thrown away");
        reporter.event(Event::StoreRepaired {
            path: path.to_string(),
            problem: problem.to_owned(),
        });
        let failed = |source| StoreError::Discard {
            path: path.to_owned(),
            found: problem.to_owned(),
            source,
        };
        // Renamed first: a reader sees the entry or none, never half of one.
        let grave = self.scratch.dir().map_err(failed)?;
        match fs_err::rename(path, grave.path().join("discarded")) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(error)),
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
                let read = |source| StoreError::Read {
                    path: folder.clone(),
                    source,
                };
                let mut entries = 0;
                let mut bytes = 0;
                for entry in listed(&folder).map_err(read)? {
                    entries += 1;
                    bytes += size_below(&entry).map_err(read)?;
                }
                Ok((kind, entries, bytes))
            })
            .collect()
    }

    /// Removes the entries of `kind`, or those that were put there longer than `older_than` ago; a
    /// process that is using one keeps what it has open.
    ///
    /// # Errors
    /// When one can't be removed.
    pub fn clear(&self, kind: Kind, older_than: Option<Duration>) -> Result<(), StoreError> {
        let folder = self.root.join(kind.folder());
        let write = |source| StoreError::Write {
            path: folder.clone(),
            source,
        };
        let grave = self.scratch_dir()?;
        for (number, entry) in listed(&folder).map_err(write)?.into_iter().enumerate() {
            if older_than.is_some_and(|age| !is_older(&entry, age)) {
                continue;
            }
            match fs_err::rename(entry, grave.path().join(number.to_string())) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(write(error)),
                _ => {}
            }
        }
        grave.close().map_err(write)
    }
}

/// Whether `entry` was written longer than `age` ago. What another process removes meanwhile, or
/// what has no time, is not.
fn is_older(entry: &Utf8Path, age: Duration) -> bool {
    let written = fs_err::symlink_metadata(entry).and_then(|meta| meta.modified());
    written.is_ok_and(|time| time.elapsed().is_ok_and(|elapsed| elapsed > age))
}

/// What another process removes meanwhile, or what can't be looked into, counts nothing.
fn size_below(path: &Utf8Path) -> io::Result<u64> {
    let meta = match fs_err::symlink_metadata(path) {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::PermissionDenied
            ) =>
        {
            return Ok(0);
        }
        meta => meta?,
    };
    if !meta.is_dir() {
        return Ok(meta.len());
    }
    listed(path)?
        .iter()
        .try_fold(0, |sum, entry| Ok(sum + size_below(entry)?))
}

/// What is in `folder`; nothing where it is not there.
fn listed(folder: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>> {
    match folder.read_dir_utf8() {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries?.map(|entry| Ok(entry?.into_path())).collect(),
    }
}

/// Whether a rename failed for what is in the new name's place.
fn is_taken(error: &io::Error) -> bool {
    use ErrorKind::{AlreadyExists, DirectoryNotEmpty, IsADirectory, NotADirectory};
    matches!(
        error.kind(),
        AlreadyExists | DirectoryNotEmpty | IsADirectory | NotADirectory
    )
}

/// Whether it is not the file that keeps it from being read, but this process or machine, which has
/// no more descriptors or memory.
#[cfg(unix)]
fn is_shortage(error: &io::Error) -> bool {
    use rustix::io::Errno;
    // The cause, where the path was added to it.
    let cause = error
        .get_ref()
        .and_then(|inner| inner.source())
        .and_then(|cause| cause.downcast_ref::<io::Error>());
    let code = error
        .raw_os_error()
        .or_else(|| cause?.raw_os_error())
        .map(Errno::from_raw_os_error);
    matches!(code, Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM))
}

#[cfg(not(unix))]
fn is_shortage(error: &io::Error) -> bool {
    error.kind() == ErrorKind::OutOfMemory
}

/// Reads the file at `path` below `dir`.
pub(crate) fn read_below(dir: &Utf8Path, path: &RelPath) -> Result<Vec<u8>, StoreError> {
    let path = dir.join(path.as_str());
    fs_err::read(&path).map_err(|source| StoreError::Read { path, source })
}
