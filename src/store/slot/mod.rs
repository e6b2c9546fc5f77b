//! A folder that is replaced whole, such that at each moment the old one or the new one is there: a
//! prefix, an SDK overlay.
//!
//! All that a process needs for it lies beside the folder and bears its name:
//! `.NAME.wasideps-lock`, held while the process works, and a folder `.NAME.wasideps-XXXXXX` of its
//! own, in which the new folder is put together and to which the old one goes. So every process of
//! this machine that changes the folder meets the others, whatever store it uses and by whatever
//! name it calls the folder.

mod error;
mod lock;
mod ours;
mod swap;

use std::fs::File;
use std::io::{self, ErrorKind};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

pub use error::{SlotError, Unusable};
pub use lock::Reading;
pub use ours::Ours;

use crate::model::Sha256;
use crate::report::{Event, Reporter};
use lock::SlotLock;

/// Where a stage has the new folder, where the old one if it does not take the new one's place, and
/// the record of a swap that has begun.
const NEW: &str = "new";
const OLD: &str = "old";
const SWAP: &str = "swap.json";

/// A folder that no other process changes.
pub struct Slot<'a> {
    path: Utf8PathBuf,
    reporter: &'a dyn Reporter,
    /// None where the folder around it can't be written.
    _lock: Option<SlotLock>,
}

/// What a swap was to do, for the process that finds it cut.
#[derive(Serialize, Deserialize)]
struct Swap {
    old: Ours,
    new: Ours,
}

impl<'a> Slot<'a> {
    /// Takes hold of the folder at `path`, which need not be there yet, and clears away what killed
    /// processes left beside it. Waits for another process that works on it, and says so.
    ///
    /// # Errors
    /// When no folder can be there, and when the folder around it can't be made or read.
    pub fn hold(path: &Utf8Path, reporter: &'a dyn Reporter) -> Result<Self, SlotError> {
        let path = resolve(path)?;
        let write = |path: &Utf8Path, source| SlotError::Write {
            path: path.to_owned(),
            source,
        };
        let lock = beside(&path, "lock");
        let waiting = || {
            wait(
                reporter,
                format!("another process that works on {path} (it holds {lock})"),
            );
        };
        let lock = SlotLock::hold(&lock, &waiting).map_err(|source| write(&lock, source))?;
        let locked = lock.is_some();
        let slot = Self {
            path,
            reporter,
            _lock: lock,
        };
        if locked {
            slot.clear().map_err(|source| SlotError::Read {
                path: slot.path.clone(),
                source,
            })?;
        }
        Ok(slot)
    }

    /// What the folder really is: an absolute path without links.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// An empty folder beside this one, to be filled and put in its place.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn stage(&self) -> Result<Stage<'_>, SlotError> {
        let parent = self.path.parent().unwrap_or(&self.path);
        let write = |source| SlotError::Write {
            path: parent.to_owned(),
            source,
        };
        let holder = tempfile::Builder::new()
            .prefix(&beside_name(&self.path, ""))
            .tempdir_in(parent)
            .map_err(write)?;
        let holder =
            Utf8PathBuf::try_from(holder.keep()).map_err(|error| write(error.into_io_error()))?;
        let stage = Stage {
            slot: self,
            dir: holder.join(NEW),
            _alive: lock::alive(&holder),
            holder,
            swapped: false,
        };
        fs_err::create_dir(&stage.dir).map_err(write)?;
        Ok(stage)
    }

    /// Finishes or undoes what killed processes had begun.
    fn clear(&self) -> io::Result<()> {
        let own = beside_name(&self.path, "");
        let is_own = |holder: &Utf8Path| {
            let rest = holder.file_name().and_then(|name| name.strip_prefix(&own));
            rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        };
        for entry in fs_err::read_dir(self.path.parent().unwrap_or(&self.path))? {
            let Ok(holder) = Utf8PathBuf::try_from(entry?.path()) else {
                continue;
            };
            if is_own(&holder)
                && lock::is_dead(&holder)
                && let Err(error) = self.recover(&holder)
            {
                // It may be another user's. A new folder can be made beside it.
                let text = format!(
                    "{holder} was left by a process that was killed, and can't be cleared away: {error}"
                );
                self.reporter.event(Event::Warning { text });
            }
        }
        Ok(())
    }

    fn recover(&self, holder: &Utf8Path) -> io::Result<()> {
        let swap: Swap = match fs_err::read(holder.join(SWAP)) {
            Ok(text) => serde_json::from_slice(&text)?,
            // It had not begun to swap: all that is there is of its making.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return fs_err::remove_dir_all(holder);
            }
            Err(error) => return Err(error),
        };
        let (new, old) = (holder.join(NEW), holder.join(OLD));
        if is_absent(&self.path)? && !is_absent(&old)? {
            fs_err::rename(&old, &self.path)?;
        }
        let mut kept = Vec::new();
        for dir in [new, old] {
            if !is_absent(&dir)? {
                let is_new = swap.new.foreign(&dir)?.is_empty();
                kept.append(&mut (if is_new { &swap.new } else { &swap.old }).remove(&dir)?);
            }
        }
        self.remove_holder(holder, &kept)
    }

    /// Removes an empty holder; one that holds what is not ours is kept, and named.
    fn remove_holder(&self, holder: &Utf8Path, kept: &[String]) -> io::Result<()> {
        if kept.is_empty() {
            return fs_err::remove_dir_all(holder);
        }
        let text = format!(
            "files came into {} while it was replaced; they are kept in {holder}: {}",
            self.path,
            kept.join(", ")
        );
        self.reporter.event(Event::Warning { text });
        Ok(())
    }
}

/// A folder that is being put together.
pub struct Stage<'a> {
    slot: &'a Slot<'a>,
    holder: Utf8PathBuf,
    dir: Utf8PathBuf,
    /// Held open, so that no other process takes the stage for a dead one's.
    _alive: Option<File>,
    /// Whether more is in the holder than what this process made.
    swapped: bool,
}

impl Stage<'_> {
    /// The folder, empty at first.
    #[must_use]
    pub fn dir(&self) -> &Utf8Path {
        &self.dir
    }

    /// Puts the folder in its place, where it holds `new` and nothing else. What was there is
    /// removed, where it holds nothing but `old`: that is looked at after it was taken out, when
    /// nobody finds it any more.
    ///
    /// # Errors
    /// When the folder or the one that it replaces holds something else, or it can't be swapped:
    /// what was there is there then.
    pub fn commit(mut self, old: Ours, new: Ours) -> Result<(), SlotError> {
        let place = &self.slot.path;
        let read = |source| SlotError::Read {
            path: self.dir.clone(),
            source,
        };
        let mut changed = new.foreign(&self.dir).map_err(read)?;
        changed.extend(new.missing(&self.dir));
        if !changed.is_empty() {
            return Err(SlotError::Changed {
                path: self.dir.clone(),
                files: changed,
            });
        }
        let swap = Swap { old, new };
        let record = self.holder.join(SWAP);
        let text = serde_json::to_vec(&swap).expect("paths are strings");
        super::write_atomically(&record, &text).map_err(|source| SlotError::Write {
            path: record,
            source,
        })?;
        let waiting = || {
            wait(
                self.slot.reporter,
                format!("commands of wasideps that read {place}"),
            );
        };
        let without_readers = lock::without_readers(place, &waiting);
        let aside = self.holder.join(OLD);
        let swapped = swap::swap(&self.dir, place, &aside)?;
        self.swapped = true;
        let out = match swapped {
            swap::Swapped::Nothing => None,
            swap::Swapped::Exchanged => Some(&self.dir),
            swap::Swapped::Aside => Some(&aside),
        };
        if let Some(out) = out {
            let foreign = if out.is_dir() {
                swap.old.foreign(out)
            } else {
                Ok(vec![".".to_owned()])
            };
            if !matches!(&foreign, Ok(files) if files.is_empty()) {
                swap::put_back(swapped, &self.dir, place, &aside)?;
                self.swapped = false;
            }
            match foreign {
                Ok(files) if files.is_empty() => {}
                Ok(files) => {
                    return Err(SlotError::Foreign {
                        path: place.clone(),
                        files,
                    });
                }
                Err(source) => {
                    return Err(SlotError::Read {
                        path: place.clone(),
                        source,
                    });
                }
            }
        }
        drop(without_readers);
        let removed = out.map_or_else(|| Ok(Vec::new()), |out| swap.old.remove(out));
        if let Err(error) = removed.and_then(|kept| self.slot.remove_holder(&self.holder, &kept)) {
            // The new folder is in its place: this is no failure of what was asked for.
            let text = format!(
                "{place} is new; what was there before can't be removed from {}: {error}",
                self.holder
            );
            self.slot.reporter.event(Event::Warning { text });
        }
        Ok(())
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        // What can't be removed now is cleared away by the next process, as is what was swapped out
        // and could not be put back.
        if !self.swapped && is_absent(&self.holder.join(OLD)).unwrap_or(false) {
            let _ = fs_err::remove_dir_all(&self.holder);
        }
    }
}

/// What `path` really is, after the folders around it were made.
fn resolve(path: &Utf8Path) -> Result<Utf8PathBuf, SlotError> {
    let unusable = |source| SlotError::Unusable {
        path: path.to_owned(),
        source,
    };
    let read = |source: io::Error| match source.kind() {
        ErrorKind::InvalidData => unusable(Unusable::NotUtf8),
        ErrorKind::NotADirectory => unusable(Unusable::Parent {
            parent: path.parent().unwrap_or(path).to_owned(),
        }),
        _ => SlotError::Read {
            path: path.to_owned(),
            source,
        },
    };
    if path.as_str().is_empty() {
        return Err(unusable(Unusable::Empty));
    }
    let real = match path.canonicalize_utf8() {
        Ok(real) => real,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let name = path.file_name().ok_or_else(|| unusable(Unusable::NoName))?;
            let parent = path
                .parent()
                .filter(|parent| !parent.as_str().is_empty())
                .unwrap_or(Utf8Path::new("."));
            // Looked for first: a link in the last place leads nowhere, and the folders around
            // where it leads are not made.
            if let Ok(target) = path_of_link(&parent.join(name)) {
                return Err(unusable(Unusable::DanglingLink { target }));
            }
            make_parent(parent).map_err(|source| match source.kind() {
                ErrorKind::AlreadyExists | ErrorKind::NotADirectory => unusable(Unusable::Parent {
                    parent: parent.to_owned(),
                }),
                _ => SlotError::Write {
                    path: parent.to_owned(),
                    source,
                },
            })?;
            parent.canonicalize_utf8().map_err(read)?.join(name)
        }
        Err(error) => return Err(read(error)),
    };
    let Some(parent) = real.parent() else {
        return Err(unusable(Unusable::Root));
    };
    match fs_err::symlink_metadata(&real) {
        Ok(meta) if !meta.is_dir() => return Err(unusable(Unusable::NotFolder)),
        Ok(_) if is_mount_point(&real, parent) => return Err(unusable(Unusable::MountPoint)),
        _ => {}
    }
    let current = std::env::current_dir().and_then(|dir| dir.canonicalize());
    if current.is_ok_and(|dir| dir.starts_with(&real)) {
        return Err(unusable(Unusable::Current));
    }
    Ok(real)
}

fn make_parent(parent: &Utf8Path) -> io::Result<()> {
    if parent.is_dir() {
        Ok(())
    } else {
        fs_err::create_dir_all(parent)
    }
}

fn path_of_link(path: &Utf8Path) -> io::Result<Utf8PathBuf> {
    path.read_link_utf8()
}

/// Whether `path`, a folder in `parent`, is where another file system or another part of one is
/// mounted.
#[cfg(unix)]
fn is_mount_point(path: &Utf8Path, parent: &Utf8Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let device = |path: &Utf8Path| fs_err::metadata(path).map(|meta| meta.dev()).ok();
    device(path) != device(parent) || is_root_of_mount(path)
}

#[cfg(not(unix))]
fn is_mount_point(_: &Utf8Path, _: &Utf8Path) -> bool {
    false
}

/// A folder that is bound to another of the same file system has the same device; Linux 5.8 and
/// later say it in statx(2).
#[cfg(target_os = "linux")]
fn is_root_of_mount(path: &Utf8Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    let found = statx(
        CWD,
        path.as_str(),
        AtFlags::SYMLINK_NOFOLLOW,
        StatxFlags::empty(),
    );
    found.is_ok_and(|found| found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

#[cfg(all(unix, not(target_os = "linux")))]
fn is_root_of_mount(_: &Utf8Path) -> bool {
    false
}

/// The path beside `path` for what belongs to it.
fn beside(path: &Utf8Path, what: &str) -> Utf8PathBuf {
    path.with_file_name(beside_name(path, what))
}

/// A name of up to 255 bytes, which is what file systems allow, whatever the length of the folder's
/// own name.
fn beside_name(path: &Utf8Path, what: &str) -> String {
    const LONGEST: usize = 200;
    let name = path.file_name().unwrap_or_default();
    let name = if name.len() > LONGEST {
        Sha256::of(name.as_bytes()).to_string()
    } else {
        name.to_owned()
    };
    format!(".{name}.wasideps-{what}")
}

fn is_absent(path: &Utf8Path) -> io::Result<bool> {
    match fs_err::symlink_metadata(path) {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

fn wait(reporter: &dyn Reporter, text: String) {
    reporter.event(Event::Waiting { text });
}
