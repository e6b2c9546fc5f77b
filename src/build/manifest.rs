//! `share/wasideps/manifest.json` of a prefix: what it is, what it was made with, and the digest of
//! each of its files. It grows in three steps, each a type of its own: the build trace holds the
//! digest of the bare manifest, the documents are made from the traced one, and only the whole one
//! is written.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::ops::Deref;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use super::{BuildError, RecordProblem};
use crate::model::{
    BuildConfig, Feature, Identity, Language, LibraryId, Module, Name, RelPath, SETJMP_LIBRARY,
    Sha1, Sha256, SourceFile, Variant, Version,
};
use crate::store::{Ours, PARSED_LIMIT, read_regular};

/// Where the manifest is, below the prefix.
pub const MANIFEST: &str = "share/wasideps/manifest.json";
/// Where the build trace is, below the prefix.
pub const BUILD_TRACE: &str = "share/wasideps/trace.json";
/// Where the SBOM is, below the prefix.
pub const SBOM: &str = "share/wasideps/sbom.spdx.json";

/// The version of the format.
const VERSION: u32 = 3;

/// What is in a prefix, as far as it is known: all that the manifest of each step says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestContents {
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

/// What clang is given for programs with the libraries of a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProgramFlags {
    /// To compile C.
    pub c: Vec<&'static str>,
    /// To compile C++.
    pub cxx: Vec<&'static str>,
    /// To link.
    pub link: Vec<&'static str>,
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

/// The manifest of a prefix that has no build trace yet: it lists the files of the sources.
#[derive(Debug, Clone, PartialEq)]
pub struct BareManifest(ManifestContents);

/// The manifest of a prefix that has no documents yet: it lists the files of the sources and the
/// build trace.
#[derive(Debug, Clone, PartialEq)]
pub struct TracedManifest(ManifestContents);

/// The manifest of a prefix. It lists all files but itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest(ManifestContents);

/// Of a manifest of any version, what says which one it is.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
    wasideps: String,
}

impl ManifestContents {
    /// What its libraries were built for.
    #[must_use]
    pub fn config(&self) -> BuildConfig {
        self.toolchain.config
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

    /// The variant's flags; and those of `setjmp` where a library calls it: then programs include
    /// `<setjmp.h>` with its headers, and call it to be left by the library's `longjmp`.
    #[must_use]
    pub fn program_flags(&self) -> ProgramFlags {
        let (variant, llvm_major) = (self.config().variant(), self.toolchain.llvm_major());
        let mut link = variant.link_flags().to_vec();
        let modules = self.modules();
        let mut libs = modules.values().flat_map(|module| &module.libs);
        let setjmp = !variant.has(Feature::Eh) && libs.any(|flag| flag.as_str() == SETJMP_LIBRARY);
        let compile = |language| {
            let mut flags = variant.compile_flags(llvm_major, language);
            if setjmp {
                flags.extend(Variant::setjmp_flags(llvm_major));
            }
            flags
        };
        let (c, cxx) = (compile(Language::C), compile(Language::Cxx));
        if setjmp {
            link.push(SETJMP_LIBRARY);
        }
        ProgramFlags { c, cxx, link }
    }

    /// The same with `files` added, sorted.
    fn with(mut self, files: impl IntoIterator<Item = ManifestFile>) -> Self {
        self.files.extend(files);
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        self
    }

    /// The same with only those files that `keep` keeps.
    fn only(&self, keep: impl Fn(&ManifestFile) -> bool) -> Self {
        let files = self.files.iter().filter(|file| keep(file)).cloned();
        Self {
            files: files.collect(),
            ..self.clone()
        }
    }

    /// Deterministic, with a final line end.
    fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a manifest has only string keys");
        text.push('\n');
        text
    }
}

impl BareManifest {
    /// A manifest of this version; `files` are those of the sources.
    #[must_use]
    pub fn new(
        toolchain: Identity,
        key: Sha256,
        sources: Vec<ManifestSource>,
        files: Vec<ManifestFile>,
    ) -> Self {
        let contents = ManifestContents {
            version: VERSION,
            wasideps: env!("CARGO_PKG_VERSION").into(),
            toolchain,
            key,
            sources,
            files: Vec::new(),
        };
        Self(contents.with(files))
    }

    /// The digest of the text that a manifest of these files alone has. The build trace holds it,
    /// so that none of the two can be changed alone.
    #[must_use]
    pub fn digest(&self) -> Sha256 {
        Sha256::of(self.0.to_text().as_bytes())
    }

    /// Lists the build trace too.
    #[must_use]
    pub fn with_trace(self, trace: ManifestFile) -> TracedManifest {
        TracedManifest(self.0.with([trace]))
    }
}

impl TracedManifest {
    /// Lists the documents too.
    #[must_use]
    pub fn with_documents(self, documents: Vec<ManifestFile>) -> Manifest {
        Manifest(self.0.with(documents))
    }
}

impl Manifest {
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
            .map_err(|source| BuildError::Manifest { path, source })
    }

    /// The manifest with this text.
    ///
    /// # Errors
    /// What keeps it from being one of this version.
    pub fn parse(text: &[u8]) -> Result<Self, RecordProblem> {
        // Looked at first: one of another version has other keys.
        let Versioned { version, wasideps } = serde_json::from_slice(text)?;
        if version != VERSION {
            return Err(RecordProblem::ManifestVersion {
                found: version,
                wasideps,
                reads: VERSION,
            });
        }
        let contents: ManifestContents = serde_json::from_slice(text)?;
        // Its files are sorted, whatever the text has: then `verify` sees a text that is not.
        Ok(Self(contents.with([])))
    }

    /// What it was before the build trace was made.
    #[must_use]
    pub fn bare(&self) -> BareManifest {
        BareManifest(self.only(|file| file.source.is_some()))
    }

    /// What it was before the documents were made.
    #[must_use]
    pub fn traced(&self) -> TracedManifest {
        TracedManifest(self.only(|file| file.source.is_some() || file.path.as_str() == BUILD_TRACE))
    }

    /// The text: deterministic, with a final line end.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.to_text()
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

impl Deref for Manifest {
    type Target = ManifestContents;

    fn deref(&self) -> &ManifestContents {
        &self.0
    }
}

impl Deref for TracedManifest {
    type Target = ManifestContents;

    fn deref(&self) -> &ManifestContents {
        &self.0
    }
}
