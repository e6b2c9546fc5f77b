//! The document of one source in a prefix: every file of it that took part, patches and overlays,
//! the objects, and for each file that was compiled what clang opened beside it.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Rights, Spdx2Checksum, Spdx2Document, Spdx2File, VerificationCode};
use super::packages::{source_id, source_package, tool_id, tool_package};
use super::prefix::{depends_on, installed_id, library_packages};
use super::{Spdx2Parts, id};
use crate::build::{FileOrigin, ManifestSource, TracedFile};
use crate::model::{Content, Name, Patch, Recipe, RelPath, Selected};
use crate::sbom::names::{self, SbomType};
use crate::sbom::{BuiltPrefix, Context};

/// Where the document of `source` is, below the prefix.
#[must_use]
pub fn path(source: &Name) -> RelPath {
    format!("share/wasideps/sbom/{source}.spdx.json")
        .parse()
        .expect("a name is a path's part")
}

/// The document of `selected`, which the prefix has as `installed`.
#[must_use]
pub fn library_document(
    built: &BuiltPrefix<'_>,
    selected: &Selected,
    installed: &ManifestSource,
    context: &Context<'_>,
) -> Spdx2Document {
    let mut parts = Spdx2Parts::default();
    let mut source = source_package(selected);
    let files: Vec<&TracedFile> = built.trace.files_of(&installed.name).collect();
    let inputs = files.iter().filter_map(|file| Some((*file, input(file)?)));
    source.files_analyzed = true;
    source.package_verification_code = Some(VerificationCode::of(
        inputs.clone().map(|(_, content)| content.sha1),
    ));
    for (input, content) in inputs {
        let file = file(
            "Input",
            input.path.as_str(),
            &content,
            Rights::of(&selected.recipe),
            identifiers(&content),
        );
        parts.relate(&source.id, "CONTAINS", &file.id);
        parts.files.push(file);
    }
    for file in &files {
        changed(&selected.recipe, file, &mut parts);
        if let Some(from) = file
            .made_from
            .as_ref()
            .and_then(|from| files.iter().find(|other| other.path == *from))
        {
            parts.relate(
                &tree_id(&installed.name, file),
                "GENERATED_FROM",
                &tree_id(&installed.name, from),
            );
        }
    }
    for (name, bytes) in &selected.patches {
        let resolves = selected
            .recipe
            .patches
            .iter()
            .find(|patch| patch.file == *name)
            .map(Patch::resolves_sentence)
            .unwrap_or_default();
        let stop = if resolves.is_empty() { "" } else { "." };
        let comment = format!(
            "patches/{}/{name} of wasideps{stop}{resolves}",
            installed.name
        );
        let patch = file(
            "Patch",
            name.as_str(),
            &Content::of(bytes),
            Rights::ours(),
            comment,
        );
        parts.relate(&patch.id, "PATCH_FOR", &source.id);
        parts.files.push(patch);
    }
    parts.describes(source);
    dependencies(built, selected, &mut parts);
    library_packages(built, selected, installed, &mut parts);
    members(built, selected, installed, &mut parts);
    for copy in built
        .manifest
        .files
        .iter()
        .filter(|file| file.source.as_ref() == Some(&installed.name))
    {
        if let Some(from) = copy
            .copy_of
            .as_ref()
            .and_then(|from| files.iter().find(|file| file.path == *from))
        {
            parts.relate(
                &installed_id(copy.path.as_str()),
                "COPY_OF",
                &tree_id(&installed.name, from),
            );
        }
    }
    for tool in names::tools(built.manifest) {
        let package = tool_package(&tool);
        parts.relate(&package.id, "BUILD_TOOL_OF", &source_id(&selected.recipe));
        parts.describes(package);
    }
    parts.into_document(
        format!("wasideps-{}-{}", built.manifest.config(), installed.name),
        SbomType::Build,
        context,
    )
}

/// The sources that this one depends on, those that they depend on, and so on: their files are in
/// documents of their own.
fn dependencies(built: &BuiltPrefix<'_>, selected: &Selected, parts: &mut Spdx2Parts) {
    let mut known = BTreeSet::from([&selected.recipe.name]);
    let mut next = vec![&selected.recipe];
    while let Some(recipe) = next.pop() {
        depends_on(recipe, parts);
        for (other, _) in built
            .sources()
            .filter(|(other, _)| recipe.required().contains(&other.recipe.name))
        {
            if known.insert(&other.recipe.name) {
                parts.describes(source_package(other));
                next.push(&other.recipe);
            }
        }
    }
}

/// What a patch or the recipe made of the tree: a patched file beside the one that it was, an
/// overlay.
fn changed(recipe: &Recipe, tree: &TracedFile, parts: &mut Spdx2Parts) {
    let id = tree_id(&recipe.name, tree);
    match (tree.origin, &tree.unpatched) {
        (FileOrigin::Overlay, _) => {
            let comment = "brought by the recipe of wasideps".to_owned();
            parts.files.push(file(
                "Overlay",
                tree.path.as_str(),
                &tree.content,
                Rights::ours(),
                comment,
            ));
        }
        (FileOrigin::Made, _) => {
            let comment = format!(
                "{}; {}",
                names::made(recipe, tree),
                identifiers(&tree.content)
            );
            parts.files.push(file(
                "Made",
                tree.path.as_str(),
                &tree.content,
                Rights::of(recipe),
                comment,
            ));
        }
        (_, Some(_)) => {
            parts.files.push(file(
                "Patched",
                tree.path.as_str(),
                &tree.content,
                Rights::of(recipe),
                identifiers(&tree.content),
            ));
            parts.relate(
                &id,
                "FILE_MODIFIED",
                &super::id("Input", tree.path.as_str()),
            );
            for patch in &tree.patches {
                parts.relate(&super::id("Patch", patch.as_str()), "PATCH_APPLIED", &id);
            }
        }
        (_, None) => {}
    }
}

/// The members of the archives, and what each was made from. The file that clang compiled depends on
/// what clang opened beside it; a member does not. OpenBLAS's 1,775 members would have a hundred
/// thousand relationships, and each validator would take minutes for them.
fn members(
    built: &BuiltPrefix<'_>,
    selected: &Selected,
    installed: &ManifestSource,
    parts: &mut Spdx2Parts,
) {
    let trace = built.trace;
    let mut opened: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let clang = names::tools(built.manifest)
        .iter()
        .find(|tool| tool.name == "clang")
        .map(tool_id);
    for archive in installed.archives() {
        for member in trace.members_of(archive.path.as_str()) {
            let arguments = trace.base_arguments.iter().chain(&member.arguments);
            let arguments = arguments.map(String::as_str).collect::<Vec<_>>().join(" ");
            let source = &trace.files[member.source];
            let name = format!("{}:{}", archive.path, member.name);
            let object = Spdx2File {
                file_types: vec!["BINARY"],
                ..file(
                    "Member",
                    &name,
                    &member.content,
                    Rights::of(&selected.recipe),
                    format!("clang {arguments} -c {}", source.path),
                )
            };
            parts.relate(&installed_id(archive.path.as_str()), "CONTAINS", &object.id);
            parts.relate(
                &object.id,
                "GENERATED_FROM",
                &tree_id(&installed.name, source),
            );
            if let Some(clang) = &clang {
                parts.relate(clang, "BUILD_TOOL_OF", &object.id);
            }
            let headers = opened.entry(member.source).or_default();
            headers.extend(&member.headers);
            parts.files.push(object);
        }
    }
    for (&source, headers) in &opened {
        let source = tree_id(&installed.name, &trace.files[source]);
        for &header in headers {
            let header = tree_id(&installed.name, &trace.files[header]);
            parts.relate(&source, "DEPENDS_ON", &header);
        }
    }
    let headers: BTreeSet<usize> = opened.into_values().flatten().collect();
    let headers = headers.into_iter().map(|header| &trace.files[header]);
    for header in headers.filter(|header| header.source.as_ref() != Some(&installed.name)) {
        let from = header
            .source
            .as_ref()
            .map_or_else(|| "of the SDK".to_owned(), |source| format!("of {source}"));
        let other = built
            .sources()
            .find(|(other, _)| header.source.as_ref() == Some(&other.recipe.name));
        let rights = other.map_or(Rights::UNKNOWN, |(other, _)| Rights::of(&other.recipe));
        let comment = format!("{from}; {}", identifiers(&header.content));
        parts.files.push(Spdx2File {
            id: tree_id(&installed.name, header),
            ..file(
                "Sdk",
                header.path.as_str(),
                &header.content,
                rights,
                comment,
            )
        });
    }
}

/// What came from upstream's archive under this path.
fn input(file: &TracedFile) -> Option<Content> {
    (file.origin == FileOrigin::Input).then(|| file.unpatched.unwrap_or(file.content))
}

/// The element that a file is, as clang read it, in the document of the source `owner`.
fn tree_id(owner: &Name, file: &TracedFile) -> String {
    let kind = match (file.origin, &file.unpatched) {
        (FileOrigin::Sdk, _) => "Sdk",
        (FileOrigin::Overlay, _) => "Overlay",
        (FileOrigin::Made, _) => "Made",
        (FileOrigin::Input, Some(_)) => "Patched",
        (FileOrigin::Input, None) => "Input",
    };
    match &file.source {
        Some(other) if other != owner => id(kind, &format!("{other}:{}", file.path)),
        _ => id(kind, file.path.as_str()),
    }
}

/// What SPDX 2.3 has no field for in files.
fn identifiers(content: &Content) -> String {
    format!("{} {}", content.swhid(), content.gitoid())
}

fn file(kind: &str, path: &str, content: &Content, rights: Rights, comment: String) -> Spdx2File {
    Spdx2File {
        id: id(kind, path),
        file_name: format!("./{path}"),
        file_types: vec!["SOURCE"],
        checksums: Spdx2Checksum::of(content),
        license_concluded: rights.license,
        copyright_text: rights.copyright,
        comment: Some(comment),
    }
}
