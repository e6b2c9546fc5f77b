//! The locked sources in the shape of CPython's `Misc/externals.spdx.json`, as its
//! `Tools/build/generate_sbom.py` checks and writes it: every key sorted, two spaces an indent, no
//! final line end. It says less than our own documents, and `NOASSERTION` for licences, because
//! that script demands it.

use serde::Serialize;

use super::names;
use crate::model::{Cpe, Selected};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ExternalsDocument {
    #[serde(rename = "SPDXID")]
    id: &'static str,
    packages: Vec<ExternalsPackage>,
    spdx_version: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ExternalsPackage {
    #[serde(rename = "SPDXID")]
    id: String,
    checksums: Vec<ExternalsChecksum>,
    download_location: String,
    external_refs: Vec<ExternalsRef>,
    license_concluded: &'static str,
    name: String,
    originator: String,
    primary_package_purpose: &'static str,
    version_info: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ExternalsChecksum {
    algorithm: &'static str,
    checksum_value: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ExternalsRef {
    reference_category: &'static str,
    reference_locator: Cpe,
    reference_type: &'static str,
}

/// The document.
#[must_use]
pub fn externals_document<'a>(sources: impl IntoIterator<Item = &'a Selected>) -> String {
    let mut packages: Vec<_> = sources.into_iter().map(package).collect();
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    let document = ExternalsDocument {
        id: "SPDXRef-DOCUMENT",
        packages,
        spdx_version: "SPDX-2.3",
    };
    serde_json::to_string_pretty(&document).expect("a document has only string keys")
}

fn package(selected: &Selected) -> ExternalsPackage {
    let Selected { recipe, source, .. } = selected;
    let elsewhere = || {
        source
            .origins
            .iter()
            .find_map(|origin| Some((names::origin_uri(&origin.place)?, origin)))
    };
    let origin = names::upstream(source)
        .map(|(url, origin)| (url.to_owned(), origin))
        .or_else(elsewhere);
    let version = source.version.to_string();
    // The script wants to find the version in it, and SQLite's archives write theirs as 3540100. A
    // fragment is not sent to servers.
    let location = |url: &str| {
        if url.contains(&version) {
            url.to_owned()
        } else {
            format!("{url}#{version}")
        }
    };
    ExternalsPackage {
        id: id(recipe.name.as_str()),
        download_location: origin
            .as_ref()
            .map_or_else(|| "NOASSERTION".to_owned(), |(url, _)| location(url)),
        checksums: origin
            .map(|(_, origin)| ExternalsChecksum {
                algorithm: "SHA256",
                checksum_value: origin.sha256.to_string(),
            })
            .into_iter()
            .collect(),
        external_refs: vec![ExternalsRef {
            reference_category: "SECURITY",
            reference_locator: names::cpe(recipe, &source.version),
            reference_type: "cpe23Type",
        }],
        license_concluded: "NOASSERTION",
        name: recipe.name.to_string(),
        originator: format!("Organization: {}", recipe.originator),
        primary_package_purpose: "SOURCE",
        version_info: version,
    }
}

/// The identifier that the script wants for a package: runs of what identifiers can't have are one
/// hyphen.
fn id(name: &str) -> String {
    let mut id = "SPDXRef-PACKAGE-".to_owned();
    let mut replaced = false;
    for c in name.chars() {
        let allowed = c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
        if allowed || !replaced {
            id.push(if allowed { c } else { '-' });
        }
        replaced = !allowed;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_those_of_cpythons_script() {
        // `spdx_id(f"SPDXRef-PACKAGE-{name}")`.
        for (name, expected) in [
            ("tcl-core", "tcl-core"),
            ("a_b+c", "a-b-c"),
            ("a_+b", "a-b"),
            ("a-_b", "a--b"),
            ("1.0", "1.0"),
        ] {
            assert_eq!(id(name), format!("SPDXRef-PACKAGE-{expected}"));
        }
    }
}
