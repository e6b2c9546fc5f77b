//! The prefix on disk: staged beside where it goes, then swapped in whole. Killed at any moment, the prefix is the old one or the new one.

use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::BuildError;
use super::manifest::{MANIFEST, Manifest, ManifestFile, files_below};
use crate::model::{Name, RelPath, Sha1, Sha256};
use crate::report::Silent;
use crate::store::{Guard, Store, mend, swap_in};

/// A prefix that no other process of the same store is changing.
pub struct Prefix {
    path: Utf8PathBuf,
    _guard: Guard,
}

impl Prefix {
    /// Takes hold of the prefix at `path`, which need not be there yet; mends what a killed process left.
    ///
    /// # Errors
    /// When the folder that it is in can't be made or read.
    pub fn hold(path: &Utf8Path, store: &Store) -> Result<Self, BuildError> {
        let write = |source| BuildError::Write { path: path.to_owned(), source };
        // A link is followed: the folder that it names is swapped, not the link.
        let path = if path.exists() { path.canonicalize_utf8().map_err(write)? } else { camino::absolute_utf8(path).map_err(write)? };
        fs_err::create_dir_all(path.parent().unwrap_or(&path)).map_err(write)?;
        let guard = store.lock("prefix", &Sha256::of(path.as_str().as_bytes()), "making this prefix", &Silent)?;
        let prefix = Self { path, _guard: guard };
        prefix.mend().map_err(|source| BuildError::Write { path: prefix.path.clone(), source })?;
        Ok(prefix)
    }

    /// The folder, as an absolute path.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The manifest of what is there now, where that is a prefix of ours. What is not ours is never replaced.
    ///
    /// # Errors
    /// When the folder holds files that no manifest of ours lists.
    pub fn manifest(&self) -> Result<Option<Manifest>, BuildError> {
        if !self.path.exists() {
            return Ok(None);
        }
        let manifest = Manifest::read(&self.path)?;
        let foreign = match &manifest {
            Some(manifest) => manifest.foreign_files(&self.path)?,
            None => files_below(&self.path, "")?,
        };
        if foreign.is_empty() { Ok(manifest) } else { Err(BuildError::ForeignFiles { prefix: self.path.clone(), files: foreign }) }
    }

    /// An empty stage beside the prefix.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn stage(&self) -> Result<Stage<'_>, BuildError> {
        let dir = self.staging();
        fs_err::create_dir(&dir).map_err(|source| BuildError::Write { path: dir.clone(), source })?;
        Ok(Stage { prefix: self, dir, files: Vec::new() })
    }

    fn staging(&self) -> Utf8PathBuf {
        self.path.with_file_name(format!(".{}.wasideps-new", self.path.file_name().unwrap_or_default()))
    }

    /// Finishes a swap that was cut, and removes a stage that was left.
    fn mend(&self) -> io::Result<()> {
        mend(&self.path)?;
        let stage = self.staging();
        if stage.exists() { fs_err::remove_dir_all(stage) } else { Ok(()) }
    }
}

/// Where a file of a prefix is from.
#[derive(Debug, Clone, Copy)]
pub enum From<'a> {
    /// A source, of whose tree it is a file.
    Copy(&'a Name, &'a RelPath),
    /// A source, from whose files it was made.
    Made(&'a Name),
    /// It is about the whole prefix.
    Nothing,
}

/// A prefix that is being put together.
pub struct Stage<'a> {
    prefix: &'a Prefix,
    dir: Utf8PathBuf,
    files: Vec<ManifestFile>,
}

impl Stage<'_> {
    /// Adds a file.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn add(&mut self, path: RelPath, bytes: &[u8], from: From<'_>) -> Result<(), BuildError> {
        self.write(&path, bytes)?;
        let (source, copy_of) = match from {
            From::Copy(source, file) => (Some(source.clone()), Some(file.clone())),
            From::Made(source) => (Some(source.clone()), None),
            From::Nothing => (None, None),
        };
        let (sha256, sha1, size) = (Sha256::of(bytes), Sha1::of(bytes), bytes.len() as u64);
        self.files.push(ManifestFile { path, sha256, sha1, size, source, copy_of });
        Ok(())
    }

    /// The files so far.
    #[must_use]
    pub fn files(&self) -> &[ManifestFile] {
        &self.files
    }

    /// Writes `manifest` and puts the stage in the prefix's place.
    ///
    /// # Errors
    /// When it can't be written or renamed: the prefix is then as it was.
    pub fn commit(self, manifest: &Manifest) -> Result<(), BuildError> {
        let path: RelPath = MANIFEST.parse().expect("a constant that is a path");
        self.write(&path, manifest.to_text().as_bytes())?;
        set_modes(&self.dir)?;
        swap_in(&self.dir, &self.prefix.path).map_err(|source| BuildError::Write { path: self.prefix.path.clone(), source })
    }

    fn write(&self, path: &RelPath, bytes: &[u8]) -> Result<(), BuildError> {
        let path = self.dir.join(path.as_str());
        let write = |source| BuildError::Write { path: path.clone(), source };
        fs_err::create_dir_all(path.parent().unwrap_or(&self.dir)).map_err(write)?;
        let mut file = fs_err::File::create(&path).map_err(write)?;
        file.write_all(bytes).map_err(write)?;
        file.sync_all().map_err(write)
    }
}

/// The umask of whoever builds is no input.
#[cfg(unix)]
fn set_modes(dir: &Utf8Path) -> Result<(), BuildError> {
    use std::os::unix::fs::PermissionsExt as _;
    let write = |source| BuildError::Write { path: dir.to_owned(), source };
    fs_err::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).map_err(write)?;
    for entry in dir.read_dir_utf8().map_err(write)? {
        let entry = entry.map_err(write)?;
        if entry.file_type().map_err(write)?.is_dir() {
            set_modes(entry.path())?;
        } else {
            fs_err::set_permissions(entry.path(), std::fs::Permissions::from_mode(0o644)).map_err(write)?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn set_modes(_: &Utf8Path) -> Result<(), BuildError> {
    Ok(())
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        // After a commit there is nothing left; after a failure what can't be removed now is removed by the next `hold`.
        let _ = fs_err::remove_dir_all(&self.dir);
    }
}
