//! What proves that a file of a damaged prefix is ours, where its manifest can't be read: an older
//! list, the SBOM, the folder that bears our name.

use camino::Utf8Path;
use serde::Deserialize;

use super::manifest::{MANIFEST, SBOM};
use crate::model::{RelPath, Sha256};
use crate::store::{Ours, PARSED_LIMIT, read_regular};

/// The folder of a prefix for what is about it.
const ABOUT: &str = "share/wasideps";

/// Of a manifest of any version, what all versions have.
#[derive(Deserialize)]
struct AnyManifest {
    #[serde(rename = "wasideps")]
    _wasideps: String,
    files: Vec<AnyFile>,
}

#[derive(Deserialize)]
struct AnyFile {
    path: RelPath,
}

/// Of SPDX 2.3: <https://spdx.github.io/spdx-spec/v2.3/file-information/>.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClaimedDocument {
    files: Vec<SpdxFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpdxFile {
    file_name: String,
    checksums: Vec<ClaimedChecksum>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClaimedChecksum {
    checksum_value: String,
}

/// Whether the folder at `prefix` has a folder of ours in it. One that has none never was a prefix.
pub fn is_about_a_prefix(prefix: &Utf8Path) -> bool {
    fs_err::symlink_metadata(prefix.join(ABOUT)).is_ok_and(|meta| meta.is_dir())
}

/// What is ours in the damaged prefix at `prefix`.
pub fn of(prefix: &Utf8Path) -> Ours {
    let mut ours = Ours::default();
    // What can't be read proves nothing.
    if let Some(manifest) = read::<AnyManifest>(&prefix.join(MANIFEST)) {
        manifest
            .files
            .into_iter()
            .for_each(|file| ours.list(file.path));
    }
    for file in read::<ClaimedDocument>(&prefix.join(SBOM))
        .map(|document| document.files)
        .into_iter()
        .flatten()
    {
        let Ok(path) = file.file_name.trim_start_matches("./").parse::<RelPath>() else {
            continue;
        };
        for sha256 in file
            .checksums
            .iter()
            .filter_map(|checksum| checksum.checksum_value.parse::<Sha256>().ok())
        {
            ours.prove(path.clone(), sha256);
        }
    }
    for folder in [ABOUT.to_owned(), format!("{ABOUT}/sbom")] {
        let names = fs_err::read_dir(prefix.join(&folder))
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name());
        let names = names
            .filter_map(|name| name.into_string().ok())
            .filter(|name| name.ends_with(".json"));
        names
            .filter_map(|name| format!("{folder}/{name}").parse().ok())
            .for_each(|path| ours.list(path));
    }
    ours
}

fn read<T: serde::de::DeserializeOwned>(path: &Utf8Path) -> Option<T> {
    serde_json::from_slice(&read_regular(path, PARSED_LIMIT).ok()?).ok()
}
