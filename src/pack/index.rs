//! The index of what was packed.

use serde::{Deserialize, Serialize};

use super::PackError;
use crate::model::{Identity, Name, RelPath, Sha256, Version};

/// The index's name in its folder.
pub const INDEX: &str = "index.json";

const VERSION: u32 = 1;

/// All archives of one prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PackIndex {
    version: u32,
    /// What the objects may be linked with.
    pub toolchain: Identity,
    /// Of the prefix's manifest, as `build` and `verify` print it.
    pub manifest_sha256: Sha256,
    pub archives: Vec<PackedArchive>,
}

/// An archive of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PackedArchive {
    /// Beside the index.
    pub file: RelPath,
    pub format: ArchiveFormat,
    pub sha256: Sha256,
    /// In bytes.
    pub size: u64,
    /// The library that it has; absent where it has the whole prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<PackedSource>,
}

/// A library in an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedSource {
    pub name: Name,
    pub version: Version,
}

/// The format of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ArchiveFormat {
    #[serde(rename = "tar.zst")]
    TarZst,
    #[serde(rename = "zip")]
    Zip,
}

impl ArchiveFormat {
    /// Both.
    pub const ALL: [Self; 2] = [Self::TarZst, Self::Zip];

    /// What a file's name ends with, after a dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::TarZst => "tar.zst",
            Self::Zip => "zip",
        }
    }
}

/// Of an index of any version, what says which one it is.
#[derive(Deserialize)]
struct VersionedIndex {
    version: u32,
}

impl PackIndex {
    pub(super) fn new(
        toolchain: Identity,
        manifest_sha256: Sha256,
        archives: Vec<PackedArchive>,
    ) -> Self {
        Self {
            version: VERSION,
            toolchain,
            manifest_sha256,
            archives,
        }
    }

    /// The index with this text, which was found at `place`.
    ///
    /// # Errors
    /// When it is not one of this version.
    pub(super) fn parse(place: &str, text: &[u8]) -> Result<Self, PackError> {
        let bad = |source| PackError::Index {
            place: place.to_owned(),
            source,
        };
        let VersionedIndex { version } = serde_json::from_slice(text).map_err(bad)?;
        if version != VERSION {
            return Err(PackError::IndexVersion {
                place: place.to_owned(),
                found: version,
                reads: VERSION,
            });
        }
        serde_json::from_slice(text).map_err(bad)
    }

    /// Deterministic, with a final line end.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("an index has only string keys");
        text.push('\n');
        text
    }
}
