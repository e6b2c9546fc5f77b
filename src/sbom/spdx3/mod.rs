//! SPDX 3.0.1 documents, as JSON-LD: of the locked sources, and of a prefix, with how each of its
//! libraries was built.

mod build;
mod graph;
mod model;
mod packages;

use super::names::{self, SbomType};
use super::{BuiltPrefix, Context};
use crate::build::{BUILD_TRACE, FileOrigin};
use crate::model::{Content, RelPath, Selected};
use graph::{ElementGraph, Title};
use model::{ContentIdentifier, Created, Id, Spdx3File, Spdx3Hash};
use packages::Whole;

/// Where the document of a prefix is, below it.
pub const PATH: &str = "share/wasideps/sbom.spdx3.json";

const SOURCES: &str = "All sources that the lock names, with what is applied to them: patches and overlays. The files of the sources \
                       themselves are pinned together, by the inputs digest of each.";

const PREFIX: &str = "All libraries, installed files, sources, tools and builds; of each build all files of the sources that the compiler \
                      opened, and those that were copied. Which of them, and which headers of the SDK, went into which object of a \
                      library is not here, for it would be several times as much: it is in share/wasideps/trace.json and, as SPDX \
                      2.3, in share/wasideps/sbom/. The manifest and the documents beside this one are not here either: they are made \
                      after it or with it.";

/// The SBOM of the locked sources, before anything is built.
#[must_use]
pub fn sources_document<'a>(
    sources: impl IntoIterator<Item = &'a Selected>,
    context: &Context<'_>,
) -> String {
    let mut graph = ElementGraph::default();
    let sources: Vec<_> = sources.into_iter().collect();
    for selected in &sources {
        let source = graph.source(selected);
        changes(&mut graph, selected, &source);
        for (path, bytes) in &selected.overlays {
            let content = Content::of(bytes);
            let overlay = named_file(
                "Overlay",
                &format!("{}:{path}", selected.recipe.name),
                path,
                &content,
                "source",
                None,
            );
            let overlay = graph.file(overlay);
            graph.relate(&source, "hasAddedFile", [overlay]);
        }
    }
    let whole = Whole {
        name: "wasideps-sources",
        summary: "The sources that the lock names",
        version: packages::sources_version(&sources),
    };
    let parts = sources
        .iter()
        .map(|selected| packages::source_id(&selected.recipe));
    let recipes: Vec<_> = sources.iter().map(|selected| &*selected.recipe).collect();
    graph.whole(&whole, parts, &recipes);
    let title = Title {
        name: whole.name.to_owned(),
        comment: SOURCES,
        sbom_type: SbomType::Source,
        profiles: &["core", "software", "simpleLicensing"],
    };
    graph.into_text(&title, context)
}

/// The SBOM of a prefix.
#[must_use]
pub fn prefix_document(built: &BuiltPrefix<'_>, context: &Context<'_>) -> String {
    let manifest = built.manifest;
    let mut graph = ElementGraph::default();
    let tools: Vec<_> = names::tools(manifest)
        .into_iter()
        .map(|tool| (graph.tool(&tool), tool))
        .collect();
    let mut libraries = Vec::new();
    for (selected, installed) in built.sources() {
        let source = graph.source(selected);
        changes(&mut graph, selected, &source);
        for file in built.trace.files_of(&installed.name) {
            let id = graph.input(file);
            let kind = if file.origin == FileOrigin::Input {
                "contains"
            } else {
                "hasAddedFile"
            };
            graph.relate(&source, kind, [id.clone()]);
            let from = file.made_from.as_ref().and_then(|from| {
                built
                    .trace
                    .files_of(&installed.name)
                    .find(|other| other.path == *from)
            });
            if let Some(from) = from {
                let from = graph.input(from);
                graph.relate(&from, "generates", [id.clone()]);
            }
            let patches = file.patches.iter().map(|patch| patch_id(selected, patch));
            if !file.patches.is_empty() {
                graph.relate(&id, "patchedBy", patches);
            }
        }
        for library in &installed.libraries {
            let id = graph.library(selected, installed, library, manifest);
            match &library.archive {
                Some(archive) => {
                    graph.relate(&source, "generates", [id.clone()]);
                    graph.build(built, selected, library, archive, &id, &tools);
                }
                None => graph.relate(&source, "contains", [id.clone()]),
            }
            let required = library.required().filter_map(|id| manifest.library(id));
            let required: Vec<_> = required
                .map(|(source, other)| packages::library_id(source, other))
                .collect();
            if !required.is_empty() {
                graph.relate(&id, "dependsOn", required);
            }
            libraries.push(id);
        }
        graph.installed(built, installed);
    }
    let name = format!("wasideps-{}", manifest.config());
    let summary = format!("Libraries, headers and modules for {}", manifest.config());
    let whole = Whole {
        name: &name,
        summary: &summary,
        version: manifest.key.short(),
    };
    let about = manifest
        .files
        .iter()
        .filter(|file| file.source.is_none())
        .map(|file| {
            let purpose = if file.path.as_str() == BUILD_TRACE {
                "manifest"
            } else {
                "file"
            };
            build::installed_file(file, purpose, Vec::new())
        });
    let about: Vec<_> = about.map(|file| graph.file(file)).collect();
    let recipes: Vec<_> = built
        .sources()
        .map(|(selected, _)| &*selected.recipe)
        .collect();
    let whole_id = graph.whole(&whole, libraries.into_iter().chain(about), &recipes);
    graph.relate(
        &whole_id,
        "hasDependencyManifest",
        [build::installed_id(BUILD_TRACE)],
    );
    let profiles = &["build", "core", "software", "simpleLicensing"];
    graph.into_text(
        &Title {
            name: name.clone(),
            comment: PREFIX,
            sbom_type: SbomType::Build,
            profiles,
        },
        context,
    )
}

/// The patches of a source.
fn changes(graph: &mut ElementGraph, selected: &Selected, source: &Id) {
    for ((name, bytes), patch) in selected.patches.iter().zip(&selected.recipe.patches) {
        let content = Content::of(bytes);
        let comment = format!(
            "{} Upstream: {}{}",
            patch.reason,
            patch.upstream,
            patch.resolves_sentence()
        );
        let path = format!("{}:{name}", selected.recipe.name);
        let patch = named_file("Patch", &path, name, &content, "patch", Some(comment));
        let patch = graph.file(patch);
        graph.relate(source, "patchedBy", [patch]);
    }
}

fn patch_id(selected: &Selected, patch: &RelPath) -> Id {
    Id::new("Patch", &format!("{}:{patch}", selected.recipe.name))
}

/// A file whose content is known by all its names.
fn named_file(
    kind: &str,
    id: &str,
    path: &RelPath,
    content: &Content,
    purpose: &'static str,
    comment: Option<String>,
) -> Spdx3File {
    Spdx3File {
        spdx_id: Id::new(kind, id),
        creation_info: Created,
        name: path.to_string(),
        comment,
        verified_using: vec![
            Spdx3Hash::from(content.sha256),
            Spdx3Hash::from(content.sha1),
        ],
        content_identifier: ContentIdentifier::of(content),
        kind: "file",
        purpose,
    }
}
