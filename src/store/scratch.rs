//! Temporary files that a killed process can't leave for ever, and locks that go with the process that holds them.

use std::fs::TryLockError;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

/// A lock on a file, held until it is dropped or its process ends.
#[derive(Debug)]
pub struct Guard {
    _file: fs_err::File,
}

impl Guard {
    /// Waits for the lock on `path`, a file that is made where it is not there.
    ///
    /// # Errors
    /// When the file can't be made or locked.
    pub fn hold(path: &Utf8Path) -> io::Result<Self> {
        let file = open_lock(path)?;
        file.file().lock()?;
        Ok(Self { _file: file })
    }
}

/// The folder in which this process makes its temporary files. Beside it lies a lock file, held while the process lives; the next process that
/// opens the store removes every folder whose lock is free.
#[derive(Debug)]
pub struct Scratch {
    root: Utf8PathBuf,
    lock_path: Utf8PathBuf,
    _lock: Guard,
}

impl Scratch {
    /// A folder for this process below `parent`, after sweeping what dead processes left there.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn new(parent: &Utf8Path) -> io::Result<Self> {
        // One at a time: a lock file that is made but not yet locked must not be taken for a dead process's.
        let _sweeping = Guard::hold(&parent.join("sweep.lock"))?;
        sweep(parent)?;
        let dir = tempfile::Builder::new().prefix("p").tempdir_in(parent)?.keep();
        let root = Utf8PathBuf::try_from(dir).map_err(io::Error::other)?;
        let lock_path = root.with_extension("lock");
        let lock = Guard::hold(&lock_path)?;
        Ok(Self { root, lock_path, _lock: lock })
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    pub(super) fn dir(&self) -> io::Result<tempfile::TempDir> {
        shared(&mut tempfile::Builder::new(), 0o777).tempdir_in(&self.root)
    }

    pub(super) fn file(&self) -> io::Result<tempfile::NamedTempFile> {
        shared(&mut tempfile::Builder::new(), 0o666).tempfile_in(&self.root)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What can't be removed now is swept by the next process.
        let _ = fs_err::remove_dir_all(&self.root);
        let _ = fs_err::remove_file(&self.lock_path);
    }
}

fn sweep(parent: &Utf8Path) -> io::Result<()> {
    for entry in parent.read_dir_utf8()? {
        let path = entry?.into_path();
        if path.extension() != Some("lock") || path.file_name() == Some("sweep.lock") {
            continue;
        }
        match open_lock(&path)?.file().try_lock() {
            Ok(()) => {
                let _ = fs_err::remove_dir_all(path.with_extension(""));
                fs_err::remove_file(&path)?;
            }
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(())
}

fn open_lock(path: &Utf8Path) -> io::Result<fs_err::File> {
    fs_err::OpenOptions::new().create(true).truncate(false).write(true).open(path)
}

/// What is made here is kept by being renamed, so that it has the mode that any other file of the user would have, less the umask, and not the
/// private one of temporary files: users may share a store.
#[cfg(unix)]
fn shared<'a>(builder: &'a mut tempfile::Builder<'static, 'static>, mode: u32) -> &'a mut tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt as _;
    builder.permissions(std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn shared<'a>(builder: &'a mut tempfile::Builder<'static, 'static>, _: u32) -> &'a mut tempfile::Builder<'static, 'static> {
    builder
}

/// Writes `bytes` to `path` such that it has its old content or all of the new one, whatever happens.
///
/// # Errors
/// When the folder can't be written.
pub fn write_atomically(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    let mut file = shared(&mut tempfile::Builder::new(), 0o666).tempfile_in(parent)?;
    io::Write::write_all(&mut file, bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
