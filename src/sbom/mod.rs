//! Documents that say what a lock names and a prefix holds, from plan, manifest and build trace.
//! Deterministic: sorted, named by content, dated by the caller.

mod cyclonedx;
mod explain;
mod externals;
pub mod html;
mod names;
mod provenance;
mod spdx23;
mod spdx3;

pub use cyclonedx::{SpecVersion, Wheel, WheelError};
pub use explain::{Explained, FileOfPrefix, MemberOfArchive, explain};
pub use externals::externals_document;
pub use html::Page;
pub use spdx3::{PATH as SPDX3, sources_document as spdx3_sources_document};
pub use spdx23::{VerificationCode, library_path as source_document_path};

use std::collections::BTreeSet;

use crate::build::{BuildTrace, ManifestContents, ManifestSource, SBOM};
use crate::model::{Exclusions, Name, RelPath, Selected, Sha256, Timestamp};

/// Where the CycloneDX document is, below the prefix.
pub const CYCLONEDX: &str = "share/wasideps/sbom.cdx.json";
/// Where the document of what a wheel holds of a prefix is, below the wheel's `.dist-info`.
pub const WHEEL: &str = "sboms/wasideps.cdx.json";
/// Where the provenance is, below the prefix.
pub const PROVENANCE: &str = "share/wasideps/provenance.intoto.json";

/// What all documents state beside what they are of.
pub struct Context<'a> {
    /// When they say that they were made.
    pub created: Timestamp,
    /// What is excluded on purpose; the documents say so.
    pub exclusions: &'a Exclusions,
}

/// A prefix and what it was made from.
pub struct BuiltPrefix<'a> {
    /// In the order of the manifest's sources, and the same ones.
    selected: Vec<&'a Selected>,
    pub manifest: &'a ManifestContents,
    pub trace: &'a BuildTrace,
}

impl<'a> BuiltPrefix<'a> {
    /// `selected` is what the lock chose; `None` where the prefix was not made from just that.
    #[must_use]
    pub fn new(
        selected: Vec<&'a Selected>,
        manifest: &'a ManifestContents,
        trace: &'a BuildTrace,
    ) -> Option<Self> {
        let same = |(selected, installed): (&&Selected, &ManifestSource)| {
            selected.recipe.name == installed.name
                && crate::plan::tree_key(selected) == installed.tree
        };
        let all = selected.len() == manifest.sources.len()
            && selected.iter().zip(&manifest.sources).all(same);
        all.then_some(Self {
            selected,
            manifest,
            trace,
        })
    }

    /// The sources, as the lock has them and as they were installed.
    pub fn sources(&self) -> impl Iterator<Item = (&'a Selected, &'a ManifestSource)> + '_ {
        self.selected.iter().copied().zip(&self.manifest.sources)
    }
}

/// The SBOM of the locked sources, before anything is built: what `sbom/wasideps.spdx.json` holds.
#[must_use]
pub fn sources_document<'a>(
    sources: impl IntoIterator<Item = &'a Selected>,
    context: &Context<'_>,
) -> String {
    text(&spdx23::sources_document(sources, context))
}

/// The CycloneDX document of the locked sources: what `sbom/wasideps.cdx.json` holds.
#[must_use]
pub fn cyclonedx_sources_document<'a>(
    sources: impl IntoIterator<Item = &'a Selected>,
    version: SpecVersion,
    context: &Context<'_>,
) -> String {
    text(&cyclonedx::sources_document(sources, version, context))
}

/// The CycloneDX document of a prefix in `version`; the one that is installed is in the default
/// version.
#[must_use]
pub fn cyclonedx_prefix_document(
    built: &BuiltPrefix<'_>,
    version: SpecVersion,
    context: &Context<'_>,
) -> String {
    text(&cyclonedx::prefix_document(built, version, context))
}

/// The CycloneDX document of what `wheel` holds of a prefix: the libraries of the sources `linked`,
/// and what they depend on.
#[must_use]
pub fn wheel_document(
    built: &BuiltPrefix<'_>,
    linked: &BTreeSet<Name>,
    wheel: &Wheel,
    context: &Context<'_>,
) -> String {
    text(&cyclonedx::wheel_document(built, linked, wheel, context))
}

/// What a project commits of the locked sources, below its folder `sbom/`: name and text.
/// `externals` are those of them that CPython itself links.
#[must_use]
pub fn committed(
    sources: &[Selected],
    externals: &[Selected],
    context: &Context<'_>,
) -> Vec<(&'static str, String)> {
    vec![
        ("wasideps.spdx.json", sources_document(sources, context)),
        (
            "wasideps.spdx3.json",
            spdx3_sources_document(sources, context),
        ),
        (
            "wasideps.cdx.json",
            cyclonedx_sources_document(sources, SpecVersion::default(), context),
        ),
        ("externals.spdx.json", externals_document(externals)),
    ]
}

/// All documents of a prefix: path below it, and text.
#[must_use]
pub fn documents(built: &BuiltPrefix<'_>, context: &Context<'_>) -> Vec<(RelPath, String)> {
    let libraries: Vec<_> = built
        .sources()
        .map(|(selected, installed)| {
            let document = spdx23::library_document(built, selected, installed, context);
            let text = text(&document);
            (document, text)
        })
        .collect();
    let prefix = text(&spdx23::prefix_document(built, &libraries, context));
    let names = built
        .manifest
        .sources
        .iter()
        .map(|source| spdx23::library_path(&source.name));
    let mut documents: Vec<_> = names
        .zip(libraries.into_iter().map(|(_, text)| text))
        .collect();
    let path = |constant: &str| constant.parse().expect("a constant that is a path");
    documents.push((path(SBOM), prefix));
    documents.push((path(SPDX3), spdx3::prefix_document(built, context)));
    documents.push((
        path(CYCLONEDX),
        cyclonedx_prefix_document(built, SpecVersion::default(), context),
    ));
    // Last: it names all others.
    let provenance = text(&provenance::statement(built, &documents));
    documents.push((path(PROVENANCE), provenance));
    documents
}

/// A UUID made from `content`, of version 8: 122 bits of its SHA-256. Source: RFC 9562, 5.8.
fn uuid(content: &[u8]) -> String {
    let digest = Sha256::of(content);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_bytes()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

fn text(document: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("a document has only string keys");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_of_version_8_and_the_content_alone() {
        // The digest of `abc` is the one of FIPS 180: ba7816bf 8f01cfea 414140de 5dae2223.
        assert_eq!(uuid(b"abc"), "ba7816bf-8f01-8fea-8141-40de5dae2223");
        assert_ne!(uuid(b"abc"), uuid(b"abd"));
    }
}
