//! Documents that say what a lock names and a prefix holds, from plan, manifest and closure. Deterministic: sorted, named by content, dated by the
//! caller.

mod explain;
mod names;
mod spdx23;

pub use explain::{Explained, FileOfPrefix, MemberOfArchive, explain};
pub use spdx23::{VerificationCode, library_path as source_document_path};

use crate::build::{Closure, Manifest, ManifestSource, SBOM};
use crate::model::{Exclusions, RelPath, Selected};

/// What all documents state beside what they are of.
pub struct Context<'a> {
    /// The creation time: RFC 3339, in seconds, UTC.
    pub created: &'a str,
    /// What is excluded on purpose; the documents say so.
    pub exclusions: &'a Exclusions,
}

/// A prefix and what it was made from.
pub struct Built<'a> {
    /// In the order of the manifest's sources, and the same ones.
    selected: Vec<&'a Selected>,
    pub manifest: &'a Manifest,
    pub closure: &'a Closure,
}

impl<'a> Built<'a> {
    /// `selected` is what the lock chose; `None` where the prefix was not made from just that.
    #[must_use]
    pub fn new(selected: Vec<&'a Selected>, manifest: &'a Manifest, closure: &'a Closure) -> Option<Self> {
        let same = |(selected, installed): (&&Selected, &ManifestSource)| {
            selected.recipe.name == installed.name && crate::plan::tree_key(selected) == installed.tree
        };
        let all = selected.len() == manifest.sources.len() && selected.iter().zip(&manifest.sources).all(same);
        all.then_some(Self { selected, manifest, closure })
    }

    /// The sources, as the lock has them and as they were installed.
    pub fn sources(&self) -> impl Iterator<Item = (&'a Selected, &'a ManifestSource)> + '_ {
        self.selected.iter().copied().zip(&self.manifest.sources)
    }
}

/// The SBOM of the locked sources, before anything is built: what `sbom/wasideps.spdx.json` holds.
#[must_use]
pub fn sources_document<'a>(sources: impl IntoIterator<Item = &'a Selected>, context: &Context<'_>) -> String {
    text(&spdx23::sources_document(sources, context))
}

/// All documents of a prefix: path below it, and text.
#[must_use]
pub fn documents(built: &Built<'_>, context: &Context<'_>) -> Vec<(RelPath, String)> {
    let libraries: Vec<_> = built
        .sources()
        .map(|(selected, installed)| {
            let document = spdx23::library_document(built, selected, installed, context);
            let text = text(&document);
            (document, text)
        })
        .collect();
    let prefix = text(&spdx23::prefix_document(built, &libraries, context));
    let names = built.manifest.sources.iter().map(|source| spdx23::library_path(&source.name));
    let mut documents: Vec<_> = names.zip(libraries.into_iter().map(|(_, text)| text)).collect();
    documents.push((SBOM.parse().expect("a constant that is a path"), prefix));
    documents
}

fn text(document: &impl serde::Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("a document has only string keys");
    text.push('\n');
    text
}
