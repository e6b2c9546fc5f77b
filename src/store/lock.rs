//! Locks on files, which the system lets go of when the process that holds them ends.

use std::fs::TryLockError;
use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use camino::Utf8Path;
use tracing::{debug, trace};

/// How long a lock is waited for in silence.
const MOMENT: Duration = Duration::from_secs(1);

/// A lock on a file, held until it is dropped or its process ends.
#[derive(Debug)]
pub struct Guard {
    _file: fs_err::File,
}

impl Guard {
    /// Waits for the lock on `path`, a file that is made where it is not there. Where that takes
    /// more than a moment, `waiting` is called once.
    ///
    /// # Errors
    /// When the file can't be made, opened or locked.
    pub fn hold(path: &Utf8Path, waiting: impl FnOnce()) -> io::Result<Self> {
        let file = open(path)?;
        let started = Instant::now();
        let patience = started + MOMENT;
        while !try_lock(&file)? {
            if Instant::now() >= patience {
                waiting();
                debug!(lock = %path, "waits for another process");
                file.file().lock()?;
                break;
            }
            std::thread::sleep(MOMENT / 50);
        }
        trace!(lock = %path, waited = ?started.elapsed(), "holds a lock");
        Ok(Self { _file: file })
    }

    /// The lock on `path`, a file that is made where it is not there; none where another holds it.
    ///
    /// # Errors
    /// When the file can't be made, opened or locked.
    pub fn try_hold(path: &Utf8Path) -> io::Result<Option<Self>> {
        let file = open(path)?;
        Ok(try_lock(&file)?.then_some(Self { _file: file }))
    }

    /// The lock on `path`, a file that is there; none where another holds it.
    pub(super) fn try_hold_existing(path: &Utf8Path) -> io::Result<Option<Self>> {
        let file = fs_err::File::open(path)?;
        Ok(try_lock(&file)?.then_some(Self { _file: file }))
    }
}

/// Another user's lock file can be opened for reading alone, which is enough to lock it; for
/// writing where that is allowed, since a lock on NFS asks for it (flock(2)).
fn open(path: &Utf8Path) -> io::Result<fs_err::File> {
    match fs_err::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
    {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
            ) =>
        {
            // Told is what kept it from being made, not that it is not there.
            fs_err::File::open(path).map_err(|_| error)
        }
        opened => opened,
    }
}

fn try_lock(file: &fs_err::File) -> io::Result<bool> {
    match file.file().try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_once_and_who_waits_says_so_and_gets_it_when_it_is_free() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(dir.path())
            .expect("UTF-8")
            .join("a.lock");
        let first = Guard::hold(&path, || panic!("it is free")).expect("made");
        assert!(Guard::try_hold(&path).expect("opened").is_none());
        assert!(Guard::try_hold_existing(&path).expect("opened").is_none());
        let mut told = false;
        std::thread::scope(|scope| {
            let (said, heard) = std::sync::mpsc::channel();
            let path = &path;
            let waiting =
                scope.spawn(move || Guard::hold(path, || said.send(()).expect("heard")).map(drop));
            heard.recv().expect("told that it waits");
            told = true;
            drop(first);
            waiting.join().expect("no panic").expect("held");
        });
        assert!(told && Guard::try_hold(&path).expect("opened").is_some());
    }

    #[test]
    #[cfg(unix)]
    fn a_lock_file_that_can_only_be_read_can_be_held() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(dir.path())
            .expect("UTF-8")
            .join("a.lock");
        fs_err::write(&path, "").expect("written");
        fs_err::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).expect("set");
        assert!(
            Guard::try_hold_existing(&path)
                .expect("opened for reading")
                .is_some()
        );
    }
}
