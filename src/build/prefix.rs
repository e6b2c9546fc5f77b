//! The prefix on disk: staged beside where it goes, then swapped in whole. Killed at any moment,
//! the prefix is the old one or the new one.

use std::io::{ErrorKind, Write as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::claims;
use super::manifest::{MANIFEST, Manifest, ManifestFile};
use super::{BuildError, RecordProblem};
use crate::model::{Identity, Name, RelPath, Sha1, Sha256};
use crate::report::Reporter;
use crate::store::{Ours, PARSED_LIMIT, Reading, Slot, SlotError, read_regular};

/// A prefix that no other process of this machine is changing.
pub struct Prefix<'a> {
    slot: Slot<'a>,
}

/// What is where a prefix goes.
pub enum FoundPrefix {
    /// Nothing, or an empty folder.
    Nothing,
    /// A prefix of ours, and no other files.
    Prefix(Box<Manifest>),
    /// Something with a folder of ours in it, but without a manifest that can be read.
    Damaged(BuildError),
}

impl Manifest {
    /// What is ours of the prefix `at` with this manifest, to be replaced with one of `toolchain`.
    ///
    /// # Errors
    /// When it was made with another toolchain, and `replace` does not say that it may go.
    pub(super) fn replaced_with(
        &self,
        toolchain: &Identity,
        at: &Prefix<'_>,
        replace: bool,
    ) -> Result<Ours, BuildError> {
        if !self.toolchain.is_same(toolchain) && !replace {
            return Err(BuildError::OtherToolchain {
                prefix: at.path().to_owned(),
                found: self.toolchain.stamp(),
                wanted: toolchain.stamp(),
            });
        }
        Ok(self.ours())
    }
}

impl<'a> Prefix<'a> {
    /// Takes hold of the prefix at `path`, which need not be there yet. Waits for another process
    /// that builds it, and says so.
    ///
    /// # Errors
    /// When no folder can be there, and when the folder that it is in can't be made or read.
    pub fn hold(path: &Utf8Path, reporter: &'a dyn Reporter) -> Result<Self, BuildError> {
        Ok(Self {
            slot: Slot::hold(path, reporter)?,
        })
    }

    /// The folder, as an absolute path without links.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        self.slot.path()
    }

    /// What is there now.
    ///
    /// # Errors
    /// When the folder holds files that no manifest of ours lists, or can't be read.
    pub(super) fn found(&self) -> Result<FoundPrefix, BuildError> {
        let path = self.path();
        let (found, ours) = match Manifest::read(path) {
            Ok(Some(manifest)) => {
                let ours = manifest.ours();
                (FoundPrefix::Prefix(Box::new(manifest)), ours)
            }
            Ok(None) if claims::is_about_a_prefix(path) => {
                return Ok(FoundPrefix::Damaged(BuildError::Manifest {
                    path: path.join(MANIFEST),
                    source: RecordProblem::Missing,
                }));
            }
            Ok(None) => (FoundPrefix::Nothing, Ours::default()),
            Err(BuildError::Read { path, source })
                if matches!(
                    source.kind(),
                    ErrorKind::InvalidInput | ErrorKind::FileTooLarge
                ) =>
            {
                return Ok(FoundPrefix::Damaged(BuildError::Manifest {
                    path,
                    source: source.into(),
                }));
            }
            Err(error @ BuildError::Manifest { .. }) => return Ok(FoundPrefix::Damaged(error)),
            Err(error) => return Err(error),
        };
        if !path.exists() {
            return Ok(FoundPrefix::Nothing);
        }
        let foreign = ours.foreign(path).map_err(|source| BuildError::Read {
            path: path.to_owned(),
            source,
        })?;
        if foreign.is_empty() {
            Ok(found)
        } else {
            Err(SlotError::Foreign {
                path: path.to_owned(),
                files: foreign,
            }
            .into())
        }
    }

    /// An empty stage beside the prefix.
    ///
    /// # Errors
    /// When it can't be made.
    pub fn stage(&self) -> Result<PrefixStage<'_>, BuildError> {
        Ok(PrefixStage {
            prefix: self,
            stage: self.slot.stage()?,
            files: Vec::new(),
        })
    }
}

/// A prefix that is being read: a build that would replace it waits until this goes. The one way to
/// a prefix's manifest.
pub struct Installed {
    path: Utf8PathBuf,
    manifest: Manifest,
    _reading: Reading,
}

impl Installed {
    /// Opens the prefix at `path`.
    ///
    /// # Errors
    /// When there is none, or its manifest can't be read or is of another version.
    pub fn open(path: &Utf8Path) -> Result<Self, BuildError> {
        let reading = Reading::of(path);
        let manifest = Manifest::read(path)?.ok_or_else(|| BuildError::NoPrefix {
            prefix: path.to_owned(),
        })?;
        Ok(Self {
            path: path.to_owned(),
            manifest,
            _reading: reading,
        })
    }

    /// The folder, as it was named.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// What it holds.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The bytes of a file of its manifest.
    ///
    /// # Errors
    /// When it can't be read, or is not what was installed.
    pub fn read(&self, file: &ManifestFile) -> Result<Vec<u8>, BuildError> {
        let path = self.path.join(file.path.as_str());
        let bytes = match read_regular(&path, PARSED_LIMIT) {
            Ok(bytes) => bytes,
            Err(source) => return Err(BuildError::Read { path, source }),
        };
        let found = Sha256::of(&bytes);
        if found == file.sha256 {
            Ok(bytes)
        } else {
            Err(BuildError::Damaged {
                path,
                expected: file.sha256,
                found,
            })
        }
    }
}

/// Makes `prefix` the one that `manifest` describes, of which `bytes` gives each file: a prefix that
/// was built elsewhere. One of another toolchain, or whose manifest can't be read, is replaced only
/// where `replace` says so.
///
/// # Errors
/// When what is there is not ours to replace, or something can't be written: the prefix is then as
/// it was.
pub fn install_built(
    prefix: &Prefix<'_>,
    manifest: &Manifest,
    bytes: &dyn Fn(&ManifestFile) -> Vec<u8>,
    replace: bool,
) -> Result<(), BuildError> {
    let old = match prefix.found()? {
        FoundPrefix::Nothing => Ours::default(),
        FoundPrefix::Prefix(old) => old.replaced_with(&manifest.toolchain, prefix, replace)?,
        FoundPrefix::Damaged(_) if replace => claims::of(prefix.path()),
        FoundPrefix::Damaged(error) => return Err(error),
    };
    let stage = prefix.stage()?;
    for file in &manifest.files {
        stage.add_about(file.path.clone(), &bytes(file))?;
    }
    stage.commit(manifest, old)
}

/// Where a file of a source is from.
#[derive(Debug, Clone, Copy)]
pub enum From<'a> {
    /// The source of whose tree it is a file.
    Copy(&'a Name, &'a RelPath),
    /// The source from whose files it was made.
    Made(&'a Name),
}

/// A prefix that is being put together.
pub struct PrefixStage<'a> {
    prefix: &'a Prefix<'a>,
    stage: crate::store::Stage<'a>,
    /// Those of the sources.
    files: Vec<ManifestFile>,
}

impl PrefixStage<'_> {
    /// Adds a file of a source.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn add(&mut self, path: RelPath, bytes: &[u8], from: From<'_>) -> Result<(), BuildError> {
        let mut file = self.add_about(path, bytes)?;
        (file.source, file.copy_of) = match from {
            From::Copy(source, file) => (Some(source.clone()), Some(file.clone())),
            From::Made(source) => (Some(source.clone()), None),
        };
        self.files.push(file);
        Ok(())
    }

    /// Adds a file that is about the whole prefix.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn add_about(&self, path: RelPath, bytes: &[u8]) -> Result<ManifestFile, BuildError> {
        self.write(&path, bytes)?;
        Ok(ManifestFile {
            path,
            sha256: Sha256::of(bytes),
            sha1: Sha1::of(bytes),
            size: bytes.len() as u64,
            source: None,
            copy_of: None,
        })
    }

    /// The files of the sources so far.
    #[must_use]
    pub fn files(&self) -> &[ManifestFile] {
        &self.files
    }

    /// Writes `manifest` and puts the stage in the prefix's place, of which `old` is ours. What no
    /// manifest proves to be ours is ours where it is what is staged.
    ///
    /// # Errors
    /// When it can't be written or renamed, when the stage was changed by others, or when what is
    /// there holds more than what is ours: the prefix is then as it was.
    pub fn commit(self, manifest: &Manifest, mut old: Ours) -> Result<(), BuildError> {
        let path: RelPath = MANIFEST.parse().expect("a constant that is a path");
        let text = manifest.to_text();
        self.write(&path, text.as_bytes())?;
        let mut new = Ours::default();
        new.prove(path, Sha256::of(text.as_bytes()));
        for file in &manifest.files {
            new.prove(file.path.clone(), file.sha256);
        }
        old.extend(new.clone());
        set_modes(self.stage.dir())?;
        keep_mode(self.prefix.path(), self.stage.dir())?;
        Ok(self.stage.commit(old, new)?)
    }

    fn write(&self, path: &RelPath, bytes: &[u8]) -> Result<(), BuildError> {
        let path = self.stage.dir().join(path.as_str());
        let write = |source| BuildError::Write {
            path: path.clone(),
            source,
        };
        fs_err::create_dir_all(path.parent().unwrap_or(&path)).map_err(write)?;
        let mut file = fs_err::File::create(&path).map_err(write)?;
        file.write_all(bytes).map_err(write)?;
        file.sync_all().map_err(write)
    }
}

/// The umask of whoever builds is no input.
#[cfg(unix)]
fn set_modes(dir: &Utf8Path) -> Result<(), BuildError> {
    use std::os::unix::fs::PermissionsExt as _;
    let write = |source| BuildError::Write {
        path: dir.to_owned(),
        source,
    };
    fs_err::set_permissions(dir, std::fs::Permissions::from_mode(0o755)).map_err(write)?;
    for entry in dir.read_dir_utf8().map_err(write)? {
        let entry = entry.map_err(write)?;
        if entry.file_type().map_err(write)?.is_dir() {
            set_modes(entry.path())?;
        } else {
            fs_err::set_permissions(entry.path(), std::fs::Permissions::from_mode(0o644))
                .map_err(write)?;
        }
    }
    Ok(())
}

/// Gives the new folder the mode of the one that it replaces, where that is narrower than ours: who
/// may look into a prefix is its owner's to say.
#[cfg(unix)]
fn keep_mode(old: &Utf8Path, new: &Utf8Path) -> Result<(), BuildError> {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(meta) = fs_err::metadata(old) else {
        return Ok(());
    };
    let mode = meta.permissions().mode() & 0o7777;
    let narrower = mode & !0o755 == 0 && mode & 0o700 == 0o700;
    let mode = std::fs::Permissions::from_mode(if narrower { mode } else { 0o755 });
    fs_err::set_permissions(new, mode).map_err(|source| BuildError::Write {
        path: new.to_owned(),
        source,
    })
}

#[cfg(not(unix))]
fn set_modes(_: &Utf8Path) -> Result<(), BuildError> {
    Ok(())
}

#[cfg(not(unix))]
fn keep_mode(_: &Utf8Path, _: &Utf8Path) -> Result<(), BuildError> {
    Ok(())
}
