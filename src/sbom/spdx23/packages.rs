//! Packages of SPDX 2.3 documents: sources, libraries, tools.

use super::id;
use super::model::{Spdx2Checksum, Spdx2ExternalRef, Spdx2Package};
use crate::build::{ManifestContents, ManifestLibrary, ManifestSource};
use crate::model::{Recipe, Selected};
use crate::sbom::names::{self, Stated, Tool};

/// The identifier of a source's package.
pub fn source_id(recipe: &Recipe) -> String {
    id("Source", recipe.name.as_str())
}

/// The identifier of a library's package.
pub fn library_id(source: &ManifestSource, library: &ManifestLibrary) -> String {
    id("Library", &names::library_name(source, library))
}

/// The identifier of a tool's package.
pub fn tool_id(tool: &Tool) -> String {
    id("Tool", tool.name)
}

/// The package of a source as upstream has it.
pub fn source_package(selected: &Selected) -> Spdx2Package {
    let Selected { recipe, source, .. } = selected;
    let version = &source.version;
    let upstream = names::upstream(source);
    let purls = names::purls(recipe, source);
    // One alone is a reference: of several, syft takes the first and cve-bin-tool the version of
    // the last.
    let tag = purls
        .get(1)
        .map(|purl| format!("\nTag: {purl}."))
        .unwrap_or_default();
    let swhid = upstream
        .and_then(|(_, origin)| origin.swhid.as_ref())
        .map(Spdx2ExternalRef::swhid);
    Spdx2Package {
        id: source_id(recipe),
        name: recipe.name.to_string(),
        version_info: version.to_string(),
        package_file_name: upstream
            .and_then(|(url, _)| url.rsplit('/').next())
            .map(ToOwned::to_owned),
        supplier: format!("Organization: {}", recipe.originator),
        originator: Some(format!("Organization: {}", recipe.originator)),
        download_location: upstream.map_or("NOASSERTION".into(), |(url, _)| url.to_owned()),
        files_analyzed: false,
        package_verification_code: None,
        checksums: upstream
            .map(|(_, origin)| names::archive_digests(origin))
            .unwrap_or_default(),
        homepage: Some(recipe.homepage.to_string()),
        source_info: Some(names::source_info(source) + &tag),
        license_concluded: Stated::of(&recipe.license.expression),
        license_declared: Stated::of(recipe.license.declared()),
        license_comments: recipe
            .license
            .declared
            .as_ref()
            .map(|_| names::COMPILED_SUBSET.to_owned()),
        copyright_text: Stated::of(&recipe.license.copyright),
        summary: Some(recipe.summary.to_string()),
        external_refs: std::iter::once(Spdx2ExternalRef::cpe(&names::cpe(recipe, version)))
            .chain(purls.first().map(Spdx2ExternalRef::purl))
            .chain(swhid)
            .collect(),
        primary_package_purpose: "SOURCE",
    }
}

/// The package of a library that was built from a source.
pub fn library_package(
    selected: &Selected,
    installed: &ManifestSource,
    library: &ManifestLibrary,
    manifest: &ManifestContents,
) -> Spdx2Package {
    let Selected { recipe, source, .. } = selected;
    let archive = library.archive.as_ref();
    let digest = manifest
        .files
        .iter()
        .find(|file| archive.is_some_and(|archive| archive.path == file.path))
        .map(|file| [file.sha1.into(), file.sha256.into()]);
    let made_from = names::upstream(source)
        .map(|(url, _)| format!(", made from {url}"))
        .unwrap_or_default();
    Spdx2Package {
        id: library_id(installed, library),
        name: names::library_name(installed, library),
        version_info: source.version.to_string(),
        package_file_name: archive.map(|archive| archive.path.to_string()),
        supplier: format!("Organization: {}", names::SUPPLIER),
        originator: Some(format!("Organization: {}", recipe.originator)),
        // It was made here, and is nowhere to be had.
        download_location: "NONE".into(),
        files_analyzed: false,
        package_verification_code: None,
        checksums: digest.into_iter().flatten().collect::<Vec<Spdx2Checksum>>(),
        homepage: Some(recipe.homepage.to_string()),
        source_info: Some(format!(
            "{}{made_from}.",
            names::library_kind(library, manifest.config())
        )),
        license_concluded: Stated::of(&recipe.license.expression),
        license_declared: Stated::of(&recipe.license.expression),
        license_comments: None,
        copyright_text: Stated::of(&recipe.license.copyright),
        summary: Some(recipe.summary.to_string()),
        external_refs: vec![
            Spdx2ExternalRef::cpe(&names::cpe(recipe, &source.version)),
            Spdx2ExternalRef::purl(&names::library_purl(recipe, &source.version)),
        ],
        primary_package_purpose: "LIBRARY",
    }
}

/// The package of a tool.
pub fn tool_package(tool: &Tool) -> Spdx2Package {
    Spdx2Package {
        id: tool_id(tool),
        name: tool.name.to_owned(),
        version_info: tool.version.clone(),
        package_file_name: None,
        supplier: format!("Organization: {}", tool.supplier),
        originator: Some(format!("Organization: {}", tool.supplier)),
        download_location: "NOASSERTION".into(),
        files_analyzed: false,
        package_verification_code: None,
        checksums: vec![tool.digest.into()],
        homepage: Some(tool.homepage.to_owned()),
        source_info: Some(tool.note.clone()),
        license_concluded: Stated::NoAssertion,
        license_declared: Stated::of(&tool.license),
        license_comments: None,
        copyright_text: Stated::NoAssertion,
        summary: Some(tool.summary.to_owned()),
        external_refs: vec![Spdx2ExternalRef::purl(&tool.purl)],
        primary_package_purpose: if tool.is_library() {
            "LIBRARY"
        } else {
            "APPLICATION"
        },
    }
}
