//! Temporary files that a killed process can't leave for ever.

use std::io::{self, ErrorKind};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::NamedTempFile;

use super::lock::Guard;

/// How old a folder without a lock file must be to be swept. This version leaves none; one that
/// took its lock later than it made the folder did.
const ORPHAN_AGE: Duration = Duration::from_secs(60 * 60);

/// The folder in which this process makes its temporary files, made when the first is. Beside it
/// lies a lock file, there before the folder and gone after it, and held as long as the process
/// lives: the next process that opens the store removes every folder whose lock is free.
#[derive(Debug)]
pub(super) struct Scratch {
    parent: Utf8PathBuf,
    own: Mutex<Option<Own>>,
}

#[derive(Debug)]
struct Own {
    dir: Utf8PathBuf,
    /// Taken only when the folder goes.
    lock: Option<NamedTempFile>,
}

impl Scratch {
    /// Folders below `parent`. What dead processes left there is swept.
    pub fn new(parent: Utf8PathBuf) -> Self {
        sweep(&parent);
        Self {
            parent,
            own: Mutex::default(),
        }
    }

    /// Where this process's folder is or would be.
    pub fn parent(&self) -> &Utf8Path {
        &self.parent
    }

    pub fn dir(&self) -> io::Result<tempfile::TempDir> {
        shared(&mut tempfile::Builder::new(), 0o777).tempdir_in(self.own()?)
    }

    pub fn file(&self) -> io::Result<NamedTempFile> {
        shared(&mut tempfile::Builder::new(), 0o666).tempfile_in(self.own()?)
    }

    fn own(&self) -> io::Result<Utf8PathBuf> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = &*own {
            return Ok(own.dir.clone());
        }
        Ok(own.insert(Own::new(&self.parent)?).dir.clone())
    }
}

impl Own {
    fn new(parent: &Utf8Path) -> io::Result<Self> {
        const TRIES: usize = 64;
        for _ in 0..TRIES {
            let lock = shared(tempfile::Builder::new().prefix("p").suffix(".lock"), 0o666)
                .tempfile_in(parent)?;
            // A sweeper that came between the two took the new file for a dead process's: it holds
            // it, or has removed it.
            if lock.as_file().try_lock().is_ok() && lock.path().exists() {
                let path = Utf8Path::from_path(lock.path()).ok_or(ErrorKind::InvalidFilename)?;
                let dir = path.with_extension("");
                fs_err::create_dir(&dir)?;
                return Ok(Self {
                    dir,
                    lock: Some(lock),
                });
            }
        }
        Err(io::Error::other(
            "each lock file that was made here was taken away, or can't be locked",
        ))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // What can't be removed now keeps its lock file, by which the next process finds it.
        if fs_err::remove_dir_all(&self.dir).is_err()
            && let Some(lock) = self.lock.take()
        {
            let _ = lock.keep();
        }
    }
}

/// Removes what dead processes left. Several processes may do so at once; what is another user's,
/// or can't be removed now, is left to them.
fn sweep(parent: &Utf8Path) {
    let Ok(entries) = parent.read_dir_utf8() else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension() == Some("lock") {
            let Ok(Some(_held)) = Guard::try_hold_existing(path) else {
                continue;
            };
            let removed = fs_err::remove_dir_all(path.with_extension(""));
            if removed.is_ok() || removed.is_err_and(|error| error.kind() == ErrorKind::NotFound) {
                let _ = fs_err::remove_file(path);
            }
        } else if !path.with_extension("lock").exists() && is_old(&entry) {
            let _ = fs_err::remove_dir_all(path);
        }
    }
}

fn is_old(entry: &camino::Utf8DirEntry) -> bool {
    let age = entry
        .metadata()
        .and_then(|meta| meta.modified())
        .map(|time| time.elapsed().unwrap_or_default());
    age.is_ok_and(|age| age > ORPHAN_AGE)
}

/// What is made here is kept by being renamed, so that it has the mode that any other file of the
/// user would have, less the umask, and not the private one of temporary files: users may share a
/// store.
#[cfg(unix)]
fn shared<'a>(
    builder: &'a mut tempfile::Builder<'static, 'static>,
    mode: u32,
) -> &'a mut tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt as _;
    builder.permissions(std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn shared<'a>(
    builder: &'a mut tempfile::Builder<'static, 'static>,
    _: u32,
) -> &'a mut tempfile::Builder<'static, 'static> {
    builder
}

/// Writes `bytes` to `path` such that it has its old content or all of the new one, whatever
/// happens.
///
/// # Errors
/// When the folder can't be written.
pub fn write_atomically(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_str().is_empty())
        .unwrap_or(Utf8Path::new("."));
    let mut file = shared(&mut tempfile::Builder::new(), 0o666).tempfile_in(parent)?;
    io::Write::write_all(&mut file, bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Utf8Path) -> Vec<String> {
        dir.read_dir_utf8()
            .expect("listed")
            .map(|entry| entry.expect("an entry").file_name().to_owned())
            .collect()
    }

    #[test]
    fn a_dead_processs_folder_is_swept_with_its_lock_and_a_living_ones_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        let parent = Utf8Path::from_path(dir.path()).expect("UTF-8");
        let living = Scratch::new(parent.to_owned());
        let kept = living.dir().expect("made");
        fs_err::create_dir_all(parent.join("pdead/below")).expect("made");
        fs_err::write(parent.join("pdead.lock"), "").expect("written");
        // Killed before it made its folder.
        fs_err::write(parent.join("pearly.lock"), "").expect("written");
        // Made by a version that took the lock after the folder, killed in between; and such a one
        // at this moment.
        fs_err::create_dir(parent.join("pold")).expect("made");
        let old = fs_err::File::open(parent.join("pold")).expect("opened");
        old.set_modified(std::time::SystemTime::now() - 2 * ORPHAN_AGE)
            .expect("set");
        fs_err::create_dir(parent.join("pnew")).expect("made");
        drop(Scratch::new(parent.to_owned()));
        let left = names(parent);
        assert!(kept.path().exists());
        assert_eq!(left.len(), 3, "{left:?}");
        assert!(
            left.contains(&"pnew".to_owned())
                && !left
                    .iter()
                    .any(|name| ["pdead", "pold"].contains(&name.as_str())),
            "{left:?}"
        );
        drop(kept);
        drop(living);
        assert_eq!(names(parent), ["pnew"]);
    }

    #[test]
    fn many_at_once_sweep_and_make_their_folders_and_leave_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let parent = Utf8Path::from_path(dir.path()).expect("UTF-8");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let scratch = Scratch::new(parent.to_owned());
                        let made = scratch.dir().expect("made");
                        fs_err::write(made.path().join("x"), "").expect("no sweeper took it");
                    }
                });
            }
        });
        assert_eq!(names(parent), Vec::<String>::new());
    }
}
