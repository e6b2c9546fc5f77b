//! Components of CycloneDX documents: sources, libraries with their files and objects, tools.

use super::model::{
    Attachment, CdxHash, CdxLicense, CdxPatch, Component, Diff, ExternalReference, Issue,
    Organization, Pedigree, Property,
};
use crate::build::{ManifestArchive, ManifestFile, ManifestLibrary, ManifestSource};
use crate::model::{LockedSource, PatchUpstream, Place, Recipe, Selected};
use crate::sbom::BuiltPrefix;
use crate::sbom::names::{self, Tool};

/// The reference to a source.
pub fn source_ref(name: &str) -> String {
    format!("source/{name}")
}

/// The reference to a tool.
pub fn tool_ref(name: &str) -> String {
    format!("tool/{name}")
}

/// The reference to an object of an archive.
pub fn member_ref(archive: &ManifestArchive, member: &str) -> String {
    format!("{}:{member}", archive.path)
}

/// This project.
pub fn ours() -> Organization {
    Organization {
        name: names::SUPPLIER.to_owned(),
        url: vec![env!("CARGO_PKG_REPOSITORY").to_owned()],
    }
}

/// A source as upstream has it.
pub fn source(selected: &Selected) -> Component {
    let Selected { recipe, source, .. } = selected;
    let purls = names::purls(recipe, source);
    let upstream = names::upstream(source).map(|(_, origin)| origin);
    let mut properties = vec![property("wasideps:inputs:sha256", source.inputs)];
    // A component has one package URL. `evidence.identity` takes more, in a form that readers older
    // than it refuse.
    properties.extend(
        purls
            .iter()
            .skip(1)
            .map(|purl| property("wasideps:purl", purl.to_string())),
    );
    if let Some(declared) = &recipe.license.declared {
        properties.push(property("wasideps:license:declared", declared.clone()));
    }
    Component {
        r#type: "library",
        bom_ref: source_ref(recipe.name.as_str()),
        supplier: Some(Organization {
            name: recipe.originator.to_string(),
            url: vec![recipe.homepage.to_string()],
        }),
        publisher: Some(recipe.originator.to_string()),
        name: recipe.name.to_string(),
        version: Some(source.version.to_string()),
        description: Some(recipe.summary.to_string()),
        hashes: upstream.map(names::archive_digests).unwrap_or_default(),
        swhid: upstream
            .and_then(|origin| origin.swhid.as_ref())
            .map(ToString::to_string)
            .into_iter()
            .collect(),
        licenses: license(recipe),
        copyright: copyright(recipe),
        cpe: Some(names::cpe(recipe, &source.version)),
        purl: purls.into_iter().next(),
        external_references: references(recipe, source),
        properties,
        ..Component::default()
    }
}

/// The licence of the files that take part.
fn license(recipe: &Recipe) -> Vec<CdxLicense> {
    vec![CdxLicense {
        expression: recipe.license.expression.clone(),
        acknowledgement: "concluded",
    }]
}

fn copyright(recipe: &Recipe) -> Option<String> {
    recipe.license.copyright.notice().map(ToString::to_string)
}

/// Where a source is at home, and where it can be had.
fn references(recipe: &Recipe, source: &LockedSource) -> Vec<ExternalReference> {
    let plain = |r#type, url: &url::Url| ExternalReference {
        r#type,
        url: url.to_string(),
        comment: None,
        hashes: Vec::new(),
    };
    let mut references = vec![plain("website", &recipe.homepage)];
    if let Some(repository) = &recipe.identifiers.repository {
        let tag = recipe
            .identifiers
            .tag
            .as_ref()
            .map(|tag| format!("tag {}", tag.at(&source.version)));
        references.push(ExternalReference {
            comment: tag,
            ..plain("vcs", repository)
        });
    }
    references.extend(source.origins.iter().filter_map(|origin| {
        Some(ExternalReference {
            r#type: "source-distribution",
            url: names::origin_uri(&origin.place)?,
            comment: (!matches!(origin.place, Place::Url(_))).then(|| origin.place.to_string()),
            hashes: names::archive_digests(origin),
        })
    }));
    references
}

/// What the recipe does to the source before it is compiled; `ancestors` is what it does it to.
/// `None` where there is nothing to tell.
pub fn pedigree(selected: &Selected, ancestors: Vec<Component>) -> Option<Pedigree> {
    let texts = selected.recipe.patches.iter().filter_map(|patch| {
        let (_, text) = selected
            .patches
            .iter()
            .find(|(name, _)| *name == patch.file)?;
        Some((patch, text))
    });
    let patches: Vec<_> = texts
        .map(|(patch, text)| {
            let (kind, url) = match &patch.upstream {
                PatchUpstream::NotSent(_) => ("unofficial", None),
                PatchUpstream::At(url) => ("backport", Some(url.to_string())),
            };
            let text = Attachment {
                content_type: "text/x-diff",
                content: String::from_utf8_lossy(text).into_owned(),
            };
            let description = format!("{} (upstream: {})", patch.reason, patch.upstream);
            let security = patch.resolves.iter().map(|vulnerability| Issue {
                r#type: "security",
                id: Some(vulnerability.to_string()),
                name: vulnerability.to_string(),
                description: description.clone(),
            });
            let change = Issue {
                r#type: "enhancement",
                id: None,
                name: patch.file.to_string(),
                description: description.clone(),
            };
            let resolves = if patch.resolves.is_empty() {
                vec![change]
            } else {
                security.collect()
            };
            CdxPatch {
                r#type: kind,
                diff: Diff { text, url },
                resolves,
            }
        })
        .collect();
    let overlays = selected
        .source
        .overlays
        .iter()
        .map(|(file, digest)| format!("Overlaid with {file}, SHA-256 {digest}."));
    let steps = selected
        .recipe
        .steps
        .iter()
        .map(|step| format!("{}: {}.", step.to, step.sentence()));
    let notes = overlays.chain(steps).collect::<Vec<_>>().join("\n");
    let notes = (!notes.is_empty()).then_some(notes);
    let some = !ancestors.is_empty() || !patches.is_empty() || notes.is_some();
    some.then_some(Pedigree {
        ancestors,
        patches,
        notes,
    })
}

/// The reference to a library: the path of its archive, or what no path and no other reference is.
pub fn library_ref(source: &ManifestSource, library: &ManifestLibrary) -> String {
    match &library.archive {
        Some(archive) => archive.path.to_string(),
        None => format!("headers/{}", source.id(library)),
    }
}

/// A library with its objects, and the other files that are installed for it.
pub fn library(
    built: &BuiltPrefix<'_>,
    selected: &Selected,
    installed: &ManifestSource,
    library: &ManifestLibrary,
) -> Component {
    let is_archive = |file: &ManifestFile| {
        library
            .archive
            .as_ref()
            .is_some_and(|archive| archive.path == file.path)
    };
    let files = built
        .manifest
        .files
        .iter()
        .filter(|file| file.source.as_ref() == Some(&installed.name));
    let files =
        files.filter(|file| installed.owner(&file.path) == Some(library) && !is_archive(file));
    let copied = |file: &ManifestFile| {
        built
            .trace
            .files_of(&installed.name)
            .find(|from| Some(&from.path) == file.copy_of.as_ref())
    };
    let members = library.archive.iter().flat_map(|archive| {
        built.trace.members_of(archive.path.as_str()).map(|member| {
            let mut object = file(&member_ref(archive, &member.name), &member.name);
            object.contains(&member.content);
            object
        })
    });
    let files = files.map(|of| {
        let mut component = installed_file(of);
        if let Some(from) = copied(of) {
            component.contains(&from.content);
        }
        component
    });
    Component {
        components: members.chain(files).collect(),
        ..library_as_linked(built, selected, installed, library)
    }
}

/// A library as a part of a program that is linked with it: without what is in the prefix alone.
pub fn library_as_linked(
    built: &BuiltPrefix<'_>,
    selected: &Selected,
    installed: &ManifestSource,
    library: &ManifestLibrary,
) -> Component {
    let recipe = &selected.recipe;
    let archive = library.archive.as_ref();
    let archived = built
        .manifest
        .files
        .iter()
        .find(|file| archive.is_some_and(|archive| archive.path == file.path));
    Component {
        r#type: "library",
        bom_ref: library_ref(installed, library),
        supplier: Some(ours()),
        publisher: Some(recipe.originator.to_string()),
        name: names::library_name(installed, library),
        version: Some(installed.version.to_string()),
        description: Some(recipe.summary.to_string()),
        hashes: archived.map(hashes).unwrap_or_default(),
        licenses: license(recipe),
        copyright: copyright(recipe),
        cpe: Some(names::cpe(recipe, &installed.version)),
        purl: Some(names::library_purl(recipe, &installed.version)),
        external_references: references(recipe, &selected.source),
        pedigree: pedigree(selected, vec![source(selected)]),
        properties: vec![property("wasideps:tree:sha256", installed.tree)],
        ..Component::default()
    }
}

/// A file of the prefix.
pub fn installed_file(of: &ManifestFile) -> Component {
    Component {
        hashes: hashes(of),
        ..file(of.path.as_str(), of.path.as_str())
    }
}

fn file(bom_ref: &str, name: &str) -> Component {
    Component {
        r#type: "file",
        bom_ref: bom_ref.to_owned(),
        name: name.to_owned(),
        ..Component::default()
    }
}

fn hashes(file: &ManifestFile) -> Vec<CdxHash> {
    vec![file.sha1.into(), file.sha256.into()]
}

/// A tool, or a library of the SDK.
pub fn tool(tool: &Tool) -> Component {
    Component {
        r#type: if tool.is_library() {
            "library"
        } else {
            "application"
        },
        bom_ref: tool_ref(tool.name),
        supplier: Some(Organization {
            name: tool.supplier.to_owned(),
            url: vec![tool.homepage.to_owned()],
        }),
        name: tool.name.to_owned(),
        version: Some(tool.version.clone()),
        description: Some(tool.summary.to_owned()),
        hashes: vec![tool.digest.into()],
        licenses: vec![CdxLicense {
            expression: tool.license.clone(),
            acknowledgement: "declared",
        }],
        purl: Some(tool.purl.clone()),
        properties: vec![property("wasideps:note", &tool.note)],
        ..Component::default()
    }
}

pub fn property(name: &'static str, value: impl Into<String>) -> Property {
    Property {
        name,
        value: value.into(),
    }
}
