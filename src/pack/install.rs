//! From an index to a prefix that is the same as the one that was packed: each step is checked
//! against a digest of the step before, the first against what the user pins.

use std::collections::BTreeMap;
use std::io::{BufReader, Read as _};

use camino::{Utf8Path, Utf8PathBuf};
use url::Url;

use super::{ArchiveFormat, INDEX, PackError, PackIndex, PackedArchive, below};
use crate::build::{MANIFEST, Manifest, ManifestFile, Prefix, install_built};
use crate::fetch::entries::{ArchiveEntry, ArchiveWalk, EXPANSION_LIMIT, EntryKind, Limits};
use crate::fetch::{Excess, Fetcher};
use crate::model::{Identity, Origin, Place, RelPath, Sha256, shown_url};
use crate::store::{PARSED_LIMIT, open_regular, read_regular};

/// Where an index is, and its archives beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexPlace {
    Url(Url),
    File(Utf8PathBuf),
}

impl IndexPlace {
    /// What a user calls a place: a URL, a file, or a folder with an `index.json`.
    #[must_use]
    pub fn named(text: &str) -> Self {
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Self::Url(url),
            _ => {
                let path = Utf8PathBuf::from(text);
                Self::File(if path.is_dir() {
                    path.join(INDEX)
                } else {
                    path
                })
            }
        }
    }
}

impl std::fmt::Display for IndexPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url(url) => f.write_str(&shown_url(url)),
            Self::File(path) => f.write_str(path.as_str()),
        }
    }
}

/// A packed prefix, each of its files as its manifest says.
pub struct PackedPrefix {
    /// Of the index.
    pub index_sha256: Sha256,
    manifest: Manifest,
    files: BTreeMap<RelPath, Vec<u8>>,
}

impl PackedPrefix {
    /// Brings the prefix of the index at `place`, which must have the SHA-256 `pinned`, where that
    /// is given.
    ///
    /// # Errors
    /// When index or archive can't be had, or anything is not what the step before says.
    pub fn bring(
        place: &IndexPlace,
        pinned: Option<Sha256>,
        fetcher: &Fetcher<'_>,
    ) -> Result<Self, PackError> {
        let text = index_text(place, fetcher)?;
        let index_sha256 = Sha256::of(&text);
        if let Some(expected) = pinned.filter(|pinned| *pinned != index_sha256) {
            return Err(PackError::OtherIndex {
                place: place.to_string(),
                expected,
                found: index_sha256,
            });
        }
        let index = PackIndex::parse(&place.to_string(), &text)?;
        let whole = index
            .archives
            .iter()
            .find(|archive| archive.source.is_none() && archive.format == ArchiveFormat::TarZst)
            .ok_or_else(|| PackError::NoPrefix {
                place: place.to_string(),
            })?;
        let path = archive_path(place, whole, fetcher)?;
        let files = unpack(&path, whole)?;
        let (manifest, files) = checked(&index, whole, files)?;
        Ok(Self {
            index_sha256,
            manifest,
            files,
        })
    }

    /// What its objects may be linked with.
    #[must_use]
    pub fn toolchain(&self) -> &Identity {
        &self.manifest.toolchain
    }

    /// Its manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Makes `prefix` this one; one of another toolchain, or whose manifest can't be read, is
    /// replaced only where `replace` says so.
    ///
    /// # Errors
    /// When what is there is not ours to replace, or something can't be written: the prefix is then
    /// as it was.
    pub fn install(&self, prefix: &Prefix<'_>, replace: bool) -> Result<(), PackError> {
        let bytes = |file: &ManifestFile| self.files[&file.path].clone();
        Ok(install_built(prefix, &self.manifest, &bytes, replace).map_err(Box::new)?)
    }
}

fn index_text(place: &IndexPlace, fetcher: &Fetcher<'_>) -> Result<Vec<u8>, PackError> {
    match place {
        IndexPlace::File(path) => read_regular(path, PARSED_LIMIT).map_err(PackError::read(path)),
        IndexPlace::Url(url) => {
            let (file, ..) = fetcher.unpinned("the index", url, PARSED_LIMIT)?;
            let mut text = Vec::new();
            file.reopen()
                .and_then(|mut file| file.read_to_end(&mut text))
                .map_err(PackError::read(Utf8Path::new(url.path())))?;
            Ok(text)
        }
    }
}

/// Where the archive is on this machine, with the digest and size that the index says.
fn archive_path(
    place: &IndexPlace,
    archive: &PackedArchive,
    fetcher: &Fetcher<'_>,
) -> Result<Utf8PathBuf, PackError> {
    match place {
        IndexPlace::File(index) => {
            let folder = index.parent().unwrap_or(Utf8Path::new(""));
            let path = folder.join(archive.file.as_str());
            let opened = open_regular(&path).and_then(Sha256::of_reader);
            let (found, size) = opened.map_err(PackError::read(&path))?;
            if (found, size) != (archive.sha256, archive.size) {
                return Err(PackError::Archive {
                    path,
                    expected: archive.sha256,
                    expected_size: archive.size,
                    found,
                    size,
                });
            }
            Ok(path)
        }
        IndexPlace::Url(url) => {
            // The URL of an index has a path, below which every relative path is a URL.
            let url = url
                .join(archive.file.as_str())
                .map_err(|error| PackError::Unpack {
                    archive: archive.file.to_string(),
                    source: error.into(),
                })?;
            let origin = Origin {
                place: Place::Url(url),
                root: String::new(),
                sha256: archive.sha256,
                size: Some(archive.size),
                sha512: None,
                swhid: None,
            };
            let fetched = fetcher.fetch_archive("the prefix", &origin)?;
            Ok(fetched.path().to_owned())
        }
    }
}

/// The files of the archive at `path`, by their path below its top folder.
fn unpack(
    path: &Utf8Path,
    archive: &PackedArchive,
) -> Result<BTreeMap<RelPath, Vec<u8>>, PackError> {
    let problem = |problem: String| PackError::Unpack {
        archive: archive.file.to_string(),
        source: problem.into(),
    };
    let failed = |error: std::io::Error| {
        problem(
            Excess::of(&error).map_or_else(|| error.to_string(), |excess| format!("it {excess}")),
        )
    };
    let stem = archive
        .file
        .as_str()
        .strip_suffix(".tar.zst")
        .unwrap_or_default();
    let mut files = BTreeMap::new();
    let mut visit = |entry: &mut ArchiveEntry<'_>| {
        let name = String::from_utf8_lossy(&entry.name).into_owned();
        let path = below(&name, stem).filter(|_| matches!(entry.kind, EntryKind::File));
        let Some(path) = path else {
            return Err(problem(format!(
                "entry `{name}` is no file below `{stem}/`"
            )));
        };
        let mut bytes = Vec::new();
        entry.content.read_to_end(&mut bytes).map_err(failed)?;
        match files.insert(path, bytes) {
            None => Ok(()),
            Some(_) => Err(problem(format!("entry `{name}` is there twice"))),
        }
    };
    let file = open_regular(path).map_err(PackError::read(path))?;
    let stream = zstd::Decoder::new(BufReader::new(file)).map_err(failed)?;
    let limits = Limits::of(archive.size, EXPANSION_LIMIT);
    ArchiveWalk::new(limits, &failed, &mut visit).tar(stream)?;
    Ok(files)
}

/// The manifest among `files`, and the others: exactly those that it lists, and as it lists them.
fn checked(
    index: &PackIndex,
    archive: &PackedArchive,
    mut files: BTreeMap<RelPath, Vec<u8>>,
) -> Result<(Manifest, BTreeMap<RelPath, Vec<u8>>), PackError> {
    let problem = |problem: String| PackError::NotThePrefix {
        archive: archive.file.to_string(),
        source: problem.into(),
    };
    let path: RelPath = MANIFEST.parse().expect("a constant that is a path");
    let text = files
        .remove(&path)
        .ok_or_else(|| problem(format!("it has no {MANIFEST}")))?;
    let found = Sha256::of(&text);
    if found != index.manifest_sha256 {
        return Err(problem(format!(
            "its manifest has SHA-256 {found}; the index says {}",
            index.manifest_sha256
        )));
    }
    let manifest = Manifest::parse(&text).map_err(|source| PackError::PackedManifest {
        archive: archive.file.to_string(),
        source,
    })?;
    if manifest.to_text().as_bytes() != text || manifest.toolchain != index.toolchain {
        return Err(problem(
            "its manifest is not one that was written with this index".to_owned(),
        ));
    }
    for file in &manifest.files {
        let found = files.get(&file.path).map(|bytes| Sha256::of(bytes));
        match found {
            Some(found) if found == file.sha256 => {}
            Some(found) => {
                return Err(problem(format!(
                    "{} has SHA-256 {found}; the manifest says {}",
                    file.path, file.sha256
                )));
            }
            None => return Err(problem(format!("{} is missing", file.path))),
        }
    }
    if files.len() != manifest.files.len() {
        let listed = |path: &&RelPath| manifest.files.iter().any(|file| file.path == **path);
        let extra: Vec<_> = files.keys().filter(|path| !listed(path)).collect();
        return Err(problem(format!("the manifest does not list {}", extra[0])));
    }
    Ok((manifest, files))
}
