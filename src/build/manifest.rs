//! `share/wasideps/manifest.json` of a prefix: what it is, what it was made with, and the digest of
//! each of its files.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use super::BuildError;
use crate::model::{
    BuildConfig, Identity, LibraryId, Module, Name, RelPath, Sha1, Sha256, SourceFile, Version,
};
use crate::store::{Ours, PARSED_LIMIT, read_regular};

/// Where the manifest is, below the prefix.
pub const MANIFEST: &str = "share/wasideps/manifest.json";
/// Where the SBOM is, below the prefix.
pub const SBOM: &str = "share/wasideps/sbom.spdx.json";

/// The version of the format.
const VERSION: u32 = 3;

/// What a prefix holds. The manifest itself is the one file that it does not list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    version: u32,
    /// The wasideps that wrote it.
    pub wasideps: String,
    /// The stamp, with the build configuration in it: objects of another toolchain or configuration
    /// must not be linked with these.
    pub toolchain: Identity,
    /// Of the plan that it was built from.
    pub key: Sha256,
    pub sources: Vec<ManifestSource>,
    /// Sorted by path.
    pub files: Vec<ManifestFile>,
}

/// A source whose libraries are in the prefix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestSource {
    pub name: Name,
    pub version: Version,
    pub inputs: Sha256,
    /// The key of the patched and overlaid tree.
    pub tree: Sha256,
    /// In the recipe's order; never empty.
    pub libraries: Vec<ManifestLibrary>,
    /// The `.pc` files' content as data, for consumers that want variables.
    pub modules: BTreeMap<Name, Module>,
}

impl ManifestSource {
    /// Its archives, in the order of its libraries.
    pub fn archives(&self) -> impl Iterator<Item = &ManifestArchive> {
        self.libraries
            .iter()
            .filter_map(|library| library.archive.as_ref())
    }

    /// The library to which the installed file `path` of this source belongs: its archive, its
    /// headers; and what is of the whole source (licences, modules) to the first.
    #[must_use]
    pub fn owner(&self, path: &RelPath) -> Option<&ManifestLibrary> {
        let owns = |library: &&ManifestLibrary| {
            library
                .archive
                .as_ref()
                .is_some_and(|archive| archive.path == *path)
                || library.headers.contains(path)
        };
        self.libraries
            .iter()
            .find(owns)
            .or_else(|| self.libraries.first())
    }

    /// The name of a library of this source that no other library of any source has.
    #[must_use]
    pub fn id(&self, library: &ManifestLibrary) -> LibraryId {
        LibraryId {
            recipe: self.name.clone(),
            library: library.name.clone(),
        }
    }
}

/// A library: headers, and mostly an archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ManifestLibrary {
    /// `z` for `lib/libz.a`.
    pub name: Name,
    /// Below the prefix.
    pub headers: Vec<RelPath>,
    /// Libraries that those who use this one include and link.
    pub requires: Vec<LibraryId>,
    /// Libraries that those who use this one link.
    pub requires_private: Vec<LibraryId>,
    /// Absent for headers alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<ManifestArchive>,
}

impl ManifestLibrary {
    /// All that it requires.
    pub fn required(&self) -> impl Iterator<Item = &LibraryId> {
        self.requires.iter().chain(&self.requires_private)
    }
}

/// A static library and its members in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestArchive {
    pub path: RelPath,
    pub members: Vec<ManifestMember>,
}

/// A member of an archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestMember {
    pub name: String,
    /// The file that it was compiled from, in the source tree.
    pub source: SourceFile,
    /// Of the object.
    pub sha256: Sha256,
}

/// A file of the prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    pub path: RelPath,
    pub sha256: Sha256,
    /// What SPDX 2.3 asks for.
    pub sha1: Sha1,
    /// In bytes.
    pub size: u64,
    /// The source that it came from; absent for what is about the whole prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Name>,
    /// The file of that source's tree that it is a copy of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<RelPath>,
}

/// Of a manifest of any version, what says which one it is.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
    wasideps: String,
}

impl Manifest {
    /// A manifest of this version.
    #[must_use]
    pub fn new(
        toolchain: Identity,
        key: Sha256,
        sources: Vec<ManifestSource>,
        mut files: Vec<ManifestFile>,
    ) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self {
            version: VERSION,
            wasideps: env!("CARGO_PKG_VERSION").into(),
            toolchain,
            key,
            sources,
            files,
        }
    }

    /// What its libraries were built for.
    #[must_use]
    pub fn config(&self) -> BuildConfig {
        self.toolchain.config
    }

    /// The manifest of the prefix at `prefix`, where there is one.
    ///
    /// # Errors
    /// When there is one that can't be read, or is of another version.
    pub(super) fn read(prefix: &Utf8Path) -> Result<Option<Self>, BuildError> {
        let path = prefix.join(MANIFEST);
        let text = match read_regular(&path, PARSED_LIMIT) {
            Ok(text) => text,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            Err(source) => return Err(BuildError::Read { path, source }),
        };
        Self::parse(&text)
            .map(Some)
            .map_err(|problem| BuildError::Manifest { path, problem })
    }

    /// The manifest with this text.
    ///
    /// # Errors
    /// What keeps it from being one of this version.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        // Looked at first: one of another version has other keys.
        let Versioned { version, wasideps } =
            serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if version != VERSION {
            return Err(format!(
                "it has version {version}, written by wasideps {wasideps}; this program reads version {VERSION}"
            ));
        }
        serde_json::from_slice(text).map_err(|error| error.to_string())
    }

    /// All archives, in the order of the sources and their libraries.
    pub fn archives(&self) -> impl Iterator<Item = &ManifestArchive> {
        self.sources.iter().flat_map(ManifestSource::archives)
    }

    /// The library `id`, and its source.
    #[must_use]
    pub fn library(&self, id: &LibraryId) -> Option<(&ManifestSource, &ManifestLibrary)> {
        let source = self
            .sources
            .iter()
            .find(|source| source.name == id.recipe)?;
        Some((
            source,
            source
                .libraries
                .iter()
                .find(|library| library.name == id.library)?,
        ))
    }

    /// The modules of all sources, by name.
    #[must_use]
    pub fn modules(&self) -> BTreeMap<&Name, &Module> {
        self.sources
            .iter()
            .flat_map(|source| &source.modules)
            .collect()
    }

    /// The manifest that documents are made from: it lists everything but them.
    #[must_use]
    pub fn without_documents(&self) -> Self {
        let files = self
            .files
            .iter()
            .filter(|file| file.source.is_some() || file.path.as_str() == super::CLOSURE)
            .cloned()
            .collect();
        Self {
            files,
            ..self.clone()
        }
    }

    /// The digest of the text without the files that are about the whole prefix: what is known
    /// before the closure and the documents are made. The closure holds it, so that none of the two
    /// can be changed alone.
    #[must_use]
    pub fn bare_digest(&self) -> Sha256 {
        let files = self
            .files
            .iter()
            .filter(|file| file.source.is_some())
            .cloned()
            .collect();
        Sha256::of(
            Self {
                files,
                ..self.clone()
            }
            .to_text()
            .as_bytes(),
        )
    }

    /// The text: deterministic, with a final line end.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a manifest has only string keys");
        text.push('\n');
        text
    }

    /// What of a prefix with this manifest is ours to replace or remove: its files, and the
    /// manifest itself.
    #[must_use]
    pub fn ours(&self) -> Ours {
        let mut ours = Ours::default();
        ours.list(MANIFEST.parse().expect("a constant that is a path"));
        self.files
            .iter()
            .for_each(|file| ours.list(file.path.clone()));
        ours
    }
}
