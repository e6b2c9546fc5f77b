//! From an archive to the selected files: one pass that judges every entry, writes the selected
//! ones and hashes them on the way. Nothing else of the archive reaches the disk.

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io::{self, Read as _, Write as _};

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use super::compare::InputFiles;
use super::entries::{ArchiveEntry, EXPANSION_LIMIT, EntryKind};
use super::entry::{self, Picker, Refusal};
use super::{FetchError, format};
use crate::model::{Digesting, Inputs, RelPath, Sha256};
use crate::plan;
use crate::store::{EntryFile, StoreError};

const BUFFER: usize = 64 << 10;

/// An archive's inputs, in a scratch folder, not yet compared with anything.
pub struct Unpacked {
    pub dir: TempDir,
    /// In the order of the archive.
    pub files: Vec<EntryFile>,
}

impl Unpacked {
    /// The digest of the files as they came.
    pub fn digest(&self) -> Sha256 {
        plan::inputs_digest(self.files.iter().map(|file| (&file.path, &file.sha256)))
    }

    /// Moves the files of `other` into the folder `to`.
    pub fn take(&mut self, other: Unpacked, to: &RelPath) -> Result<(), FetchError> {
        for file in other.files {
            let path: RelPath = format!("{to}/{}", file.path)
                .parse()
                .expect("a relative path below another is one");
            let target = self.dir.path().join(path.as_str());
            // `rename` would put it over a file of the source.
            if target.symlink_metadata().is_ok() {
                return Err(FetchError::Entry {
                    origin: to.to_string(),
                    entry: path.to_string(),
                    refusal: Refusal::Twice,
                });
            }
            let write = |source| StoreError::Write {
                path: path.as_str().into(),
                source,
            };
            fs_err::create_dir_all(target.parent().unwrap_or(self.dir.path())).map_err(write)?;
            fs_err::rename(other.dir.path().join(file.path.as_str()), &target).map_err(write)?;
            self.files.push(EntryFile { path, ..file });
        }
        Ok(())
    }

    /// The files with their digests.
    pub fn inputs(&self) -> InputFiles {
        self.files
            .iter()
            .map(|file| (file.path.clone(), file.sha256))
            .collect()
    }
}

/// Unpacks what `inputs` selects below `root` of the archive at `path` into `dir`, a scratch
/// folder.
///
/// # Errors
/// When an entry is refused, the archive is damaged or expands too far, or nothing of it is
/// selected; `dir` is then gone.
pub fn unpack(
    path: &Utf8Path,
    origin: &str,
    root: &str,
    inputs: &Inputs,
    dir: TempDir,
) -> Result<Unpacked, FetchError> {
    unpack_within(path, origin, root, inputs, dir, EXPANSION_LIMIT)
}

/// [`unpack`] with another [`EXPANSION_LIMIT`], so that a test need not write a gibibyte.
pub(super) fn unpack_within(
    path: &Utf8Path,
    origin: &str,
    root: &str,
    inputs: &Inputs,
    dir: TempDir,
    floor: u64,
) -> Result<Unpacked, FetchError> {
    let folder = Utf8Path::from_path(dir.path()).ok_or_else(|| StoreError::Write {
        path: "the scratch folder".into(),
        source: io::ErrorKind::InvalidFilename.into(),
    })?;
    let mut writer = Writer {
        origin,
        limit: inputs.max_size.get(),
        left: inputs.max_size.get(),
        picker: Picker::new(inputs, root),
        folders: HashSet::new(),
        dir: folder.to_owned(),
        buffer: vec![0; BUFFER],
        files: Vec::new(),
    };
    format::each_entry(path, origin, floor, &mut |entry| writer.entry(entry))?;
    if !writer.picker.seen_root() {
        return Err(FetchError::NoRoot {
            origin: origin.to_owned(),
            root: root.to_owned(),
            found: writer.picker.into_top(),
        });
    }
    if writer.files.is_empty() {
        return Err(FetchError::NothingSelected {
            origin: origin.to_owned(),
            root: root.to_owned(),
        });
    }
    Ok(Unpacked {
        dir,
        files: writer.files,
    })
}

/// The files below `root` of the archive at `path`, as far as they could be inputs.
///
/// # Errors
/// When the archive is damaged or expands too far, or an entry would leave it.
pub fn list(path: &Utf8Path, origin: &str, root: &str) -> Result<BTreeSet<RelPath>, FetchError> {
    let root = entry::root_parts(root);
    let mut files = BTreeSet::new();
    format::each_entry(path, origin, EXPANSION_LIMIT, &mut |entry| {
        let parts = entry::parts(&entry.name).map_err(|refusal| FetchError::Entry {
            origin: origin.to_owned(),
            entry: String::from_utf8_lossy(&entry.name).into_owned(),
            refusal,
        })?;
        if let (EntryKind::File, Some(below)) = (&entry.kind, parts.strip_prefix(root.as_slice())) {
            let path = String::from_utf8(below.join(&b'/')).ok();
            files.extend(path.and_then(|path| path.parse::<RelPath>().ok()));
        }
        Ok(())
    })?;
    Ok(files)
}

/// Judges entries and writes the selected ones.
struct Writer<'a> {
    origin: &'a str,
    limit: u64,
    left: u64,
    picker: Picker<'a>,
    /// Those that have been made.
    folders: HashSet<Utf8PathBuf>,
    dir: Utf8PathBuf,
    buffer: Vec<u8>,
    files: Vec<EntryFile>,
}

impl Writer<'_> {
    fn entry(&mut self, entry: &mut ArchiveEntry<'_>) -> Result<(), FetchError> {
        match self.judge(&entry.name, &entry.kind)? {
            Some(selected) => self.write(&selected, entry),
            None => Ok(()),
        }
    }

    fn refused(&self, name: &[u8], refusal: Refusal) -> FetchError {
        FetchError::Entry {
            origin: self.origin.to_owned(),
            entry: String::from_utf8_lossy(name).into_owned(),
            refusal,
        }
    }

    /// The path to write the entry to, where it is a selected file.
    fn judge(&mut self, name: &[u8], kind: &EntryKind) -> Result<Option<RelPath>, FetchError> {
        let judged = (|| {
            let parts = entry::parts(name)?;
            let link = match kind {
                EntryKind::File | EntryKind::Folder => None,
                EntryKind::Symlink(target) => Some((
                    parts.split_last().map_or(&[][..], |(_, folder)| folder),
                    target,
                )),
                EntryKind::Hardlink(target) => Some((&[][..], target)),
                EntryKind::Other(what) => return Err(Refusal::Kind { what: what.clone() }),
            };
            if let Some((folder, target)) = link {
                entry::check_link(folder, target)?;
            }
            let Some(path) = self.picker.pick(&parts)? else {
                return Ok(None);
            };
            if let Some((_, target)) = link {
                return Err(Refusal::SelectedLink {
                    target: String::from_utf8_lossy(target).into_owned(),
                });
            }
            if matches!(kind, EntryKind::Folder) {
                return Ok(None);
            }
            self.picker.take(&path)?;
            Ok(Some(path))
        })();
        judged.map_err(|refusal| self.refused(name, refusal))
    }

    fn write(&mut self, path: &RelPath, entry: &mut ArchiveEntry<'_>) -> Result<(), FetchError> {
        let too_large =
            |this: &Self, name: &[u8]| this.refused(name, Refusal::TooLarge { limit: this.limit });
        if entry.size > self.left {
            return Err(too_large(self, &entry.name));
        }
        let to = self.dir.join(path.as_str());
        let write = |source| {
            FetchError::from(StoreError::Write {
                path: to.clone(),
                source,
            })
        };
        if let Some(folder) = to.parent()
            && self.folders.insert(folder.to_owned())
        {
            fs_err::create_dir_all(folder).map_err(write)?;
        }
        let mut file = Digesting::new(create(&to).map_err(write)?);
        loop {
            let read = match entry.content.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(format::broken(self.origin, error)),
            };
            // The size that the entry states may be less than what it yields.
            self.left = self
                .left
                .checked_sub(read as u64)
                .ok_or_else(|| too_large(self, &entry.name))?;
            file.write_all(&self.buffer[..read]).map_err(write)?;
        }
        let size = file.size();
        let (_, sha256) = file.finish();
        self.files.push(EntryFile {
            path: path.clone(),
            sha256,
            size,
        });
        Ok(())
    }
}

/// A new file with plain permissions, whatever the archive says.
pub fn create(path: &Utf8Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    options.open(path)
}
