//! The document of the locked sources, and that of a whole prefix.

use super::model::{
    ExternalDocument, Rights, Spdx2Checksum, Spdx2Document, Spdx2File, VerificationCode,
};
use super::packages::{
    library_id, library_package, source_id, source_package, tool_id, tool_package,
};
use super::{Spdx2Parts, id};
use crate::build::{ManifestFile, ManifestSource};
use crate::model::{Recipe, Selected, Sha1};
use crate::sbom::names::{self, SbomType};
use crate::sbom::{BuiltPrefix, Context};

/// The SBOM of the locked sources, before anything is built.
#[must_use]
pub fn sources_document<'a>(
    sources: impl IntoIterator<Item = &'a Selected>,
    context: &Context<'_>,
) -> Spdx2Document {
    let mut parts = Spdx2Parts::default();
    for selected in sources {
        parts.describes(source_package(selected));
        depends_on(&selected.recipe, &mut parts);
    }
    parts.into_document("wasideps-sources".to_owned(), SbomType::Source, context)
}

/// The SBOM of a prefix: its sources, the libraries made from them with the files that are
/// installed for each, the tools that made them, and references to the documents of single sources,
/// which `libraries` holds as text, in the manifest's order.
#[must_use]
pub fn prefix_document(
    built: &BuiltPrefix<'_>,
    libraries: &[(Spdx2Document, String)],
    context: &Context<'_>,
) -> Spdx2Document {
    let manifest = built.manifest;
    let mut parts = Spdx2Parts::default();
    let tools = names::tools(manifest);
    for tool in &tools {
        parts.describes(tool_package(tool));
    }
    for ((selected, installed), (document, text)) in built.sources().zip(libraries) {
        let source = source_id(&selected.recipe);
        parts.describes(source_package(selected));
        depends_on(&selected.recipe, &mut parts);
        let reference = format!("DocumentRef-{}", selected.recipe.name);
        parts.external.push(ExternalDocument {
            external_document_id: reference.clone(),
            spdx_document: document.document_namespace.clone(),
            checksum: Sha1::of(text.as_bytes()).into(),
        });
        parts.relate(
            &source,
            "DESCRIBED_BY",
            &format!("{reference}:SPDXRef-DOCUMENT"),
        );
        library_packages(built, selected, installed, &mut parts);
        for library in &installed.libraries {
            let own = library_id(installed, library);
            for (source, other) in library.required().filter_map(|id| manifest.library(id)) {
                // There is nothing to link of headers alone.
                let kind = if other.archive.is_some() {
                    "STATIC_LINK"
                } else {
                    "DEPENDS_ON"
                };
                parts.relate(&own, kind, &library_id(source, other));
            }
            // Headers alone are made by no tool, and linked with nothing.
            for tool in tools.iter().filter(|_| library.archive.is_some()) {
                // A library links with wasi-libc; the others are its tools.
                if tool.is_library() {
                    parts.relate(&own, "STATIC_LINK", &tool_id(tool));
                } else {
                    parts.relate(&tool_id(tool), "BUILD_TOOL_OF", &own);
                }
            }
        }
    }
    parts.into_document(
        format!("wasideps-{}", manifest.config()),
        SbomType::Build,
        context,
    )
}

/// The packages of the libraries that were made from `selected`, each with the installed files that
/// belong to it.
pub(super) fn library_packages(
    built: &BuiltPrefix<'_>,
    selected: &Selected,
    installed: &ManifestSource,
    parts: &mut Spdx2Parts,
) {
    for library in &installed.libraries {
        let mut package = library_package(selected, installed, library, built.manifest);
        let own = built
            .manifest
            .files
            .iter()
            .filter(|file| file.source.as_ref() == Some(&installed.name));
        let own: Vec<_> = own
            .filter(|file| installed.owner(&file.path) == Some(library))
            .collect();
        package.files_analyzed = true;
        package.package_verification_code =
            Some(VerificationCode::of(own.iter().map(|file| file.sha1)));
        for file in own {
            let file = installed_file(file, Rights::of(&selected.recipe));
            parts.relate(&package.id, "CONTAINS", &file.id);
            parts.files.push(file);
        }
        parts.relate(&package.id, "GENERATED_FROM", &source_id(&selected.recipe));
        parts.describes(package);
    }
}

/// The identifier of an installed file.
pub(super) fn installed_id(path: &str) -> String {
    id("File", path)
}

fn installed_file(file: &ManifestFile, rights: Rights) -> Spdx2File {
    let path = file.path.as_str();
    let kind = match path {
        _ if path.ends_with(".a") => "ARCHIVE",
        _ if path.ends_with(".h") => "SOURCE",
        _ => "TEXT",
    };
    Spdx2File {
        id: installed_id(path),
        file_name: format!("./{path}"),
        file_types: vec![kind],
        checksums: vec![
            Spdx2Checksum::from(file.sha1),
            Spdx2Checksum::from(file.sha256),
        ],
        license_concluded: rights.license,
        copyright_text: rights.copyright,
        comment: None,
    }
}

/// What a source depends on.
pub(super) fn depends_on(recipe: &Recipe, parts: &mut Spdx2Parts) {
    let source = source_id(recipe);
    let required = recipe.required();
    // That there are none is said too: it is another thing than not to know.
    if required.is_empty() {
        parts.relate(&source, "DEPENDS_ON", "NONE");
    }
    for name in required {
        parts.relate(&source, "DEPENDS_ON", &id("Source", name.as_str()));
    }
}
