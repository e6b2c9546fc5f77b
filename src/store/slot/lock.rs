//! Locks beside and on a folder that is replaced whole. The system lets go of them when their
//! process ends.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};

use camino::{Utf8Path, Utf8PathBuf};
use tracing::debug;

/// A lock file that one process holds. It is removed when the lock goes, so that nothing is left
/// beside the folder.
#[derive(Debug)]
pub(super) struct SlotLock {
    path: Utf8PathBuf,
    /// After removal is when others may have it: they find that the file they wait for has gone,
    /// and make another.
    _file: File,
}

impl SlotLock {
    /// Waits for the lock on `path`; calls `waiting` where another process has it. None where the
    /// folder can't be written: then no process of this user can change what is in it.
    pub fn hold(path: &Utf8Path, waiting: &dyn Fn()) -> io::Result<Option<Self>> {
        loop {
            let file = match open(path) {
                Ok(file) => file,
                // Another process made or removed it in between.
                Err(error)
                    if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) =>
                {
                    continue;
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
                    ) =>
                {
                    return Ok(None);
                }
                Err(error) => return Err(error),
            };
            if !try_lock(&file)? {
                waiting();
                debug!(lock = %path, "waits for another process");
                file.lock()?;
            }
            if is_at(&file, path) {
                return Ok(Some(Self {
                    path: path.to_owned(),
                    _file: file,
                }));
            }
        }
    }
}

impl Drop for SlotLock {
    fn drop(&mut self) {
        // One that stays is free, and is taken by the next process.
        let _ = fs_err::remove_file(&self.path);
    }
}

/// For reading where it is there, which is enough for a lock: it may be another user's.
fn open(path: &Utf8Path) -> io::Result<File> {
    match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => File::create_new(path),
        opened => opened,
    }
}

fn try_lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether `path` is a name of `file`.
fn is_at(file: &File, path: &Utf8Path) -> bool {
    let handle = |file: File| same_file::Handle::from_file(file);
    file.try_clone()
        .and_then(handle)
        .is_ok_and(|held| same_file::Handle::from_path(path).is_ok_and(|there| held == there))
}

/// A folder that is being read: a process that replaces it waits with the swap.
///
/// Systems and file systems that can't lock a folder have no such lock; a reader there may see the
/// old files first, and then the new ones.
#[derive(Debug)]
pub struct Reading {
    _folder: Option<File>,
}

impl Reading {
    /// Takes the folder at `path` for reading. Nothing is written, and where there is no folder,
    /// nothing is taken.
    #[must_use]
    pub fn of(path: &Utf8Path) -> Self {
        loop {
            let Some(folder) = folder(path).filter(|folder| folder.lock_shared().is_ok()) else {
                return Self { _folder: None };
            };
            // The folder may have been swapped out between opening and locking.
            if is_at(&folder, path) {
                return Self {
                    _folder: Some(folder),
                };
            }
        }
    }
}

/// A folder that no one reads, until it is dropped; calls `waiting` where it is being read.
pub(super) fn without_readers(path: &Utf8Path, waiting: &dyn Fn()) -> Option<File> {
    let folder = folder(path)?;
    match try_lock(&folder) {
        Ok(true) => Some(folder),
        Ok(false) => {
            waiting();
            debug!(folder = %path, "waits for those who read it");
            folder.lock().is_ok().then_some(folder)
        }
        Err(_) => None,
    }
}

/// The folder of a process that is at work in it: locked until the process ends.
pub(super) fn alive(path: &Utf8Path) -> Option<File> {
    folder(path).filter(|folder| try_lock(folder).is_ok_and(|locked| locked))
}

/// Whether the process that made the folder at `path` has ended.
pub(super) fn is_dead(path: &Utf8Path) -> bool {
    folder(path).is_some_and(|folder| try_lock(&folder).unwrap_or(false))
}

/// None for what is no folder: to open a pipe would wait for ever.
fn folder(path: &Utf8Path) -> Option<File> {
    if path.is_dir() {
        File::open(path).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn of_many_that_want_the_lock_one_has_it_at_a_time_and_no_file_is_left() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(dir.path()).expect("UTF-8").join("lock");
        let (holders, waited) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let waiting = || {
                            waited.fetch_add(1, Ordering::Relaxed);
                        };
                        let lock = SlotLock::hold(&path, &waiting)
                            .expect("made")
                            .expect("the folder can be written");
                        assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0);
                        std::thread::yield_now();
                        holders.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert!(waited.into_inner() > 0 && !path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_read_is_waited_for() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(dir.path()).expect("UTF-8");
        let (first, second) = (Reading::of(path), Reading::of(path));
        std::thread::scope(|scope| {
            let (said, heard) = std::sync::mpsc::channel();
            let waiting = scope
                .spawn(move || without_readers(path, &|| said.send(()).expect("heard")).is_some());
            heard.recv().expect("it says that it waits");
            drop(first);
            assert!(!waiting.is_finished());
            drop(second);
            assert!(waiting.join().expect("no panic"));
        });
    }
}
