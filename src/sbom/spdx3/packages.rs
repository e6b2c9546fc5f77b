//! Packages of SPDX 3.0.1 documents: the whole, sources, libraries, tools.

use super::graph::ElementGraph;
use super::model::{Created, Element, ExternalIdentifier, Id, Spdx3ExternalRef, Spdx3Package};
use crate::build::{ManifestContents, ManifestLibrary, ManifestSource};
use crate::model::{License, LicenseExpression, Place, Purl, Recipe, Selected, Sha256};
use crate::sbom::names::{self, Stated, Tool};

/// What a document is about, of which everything else is a part.
pub struct Whole<'a> {
    pub name: &'a str,
    pub summary: &'a str,
    pub version: String,
}

/// The identifier of a source's package.
pub fn source_id(recipe: &Recipe) -> Id {
    Id::new("Source", recipe.name.as_str())
}

/// The identifier of a library's package.
pub fn library_id(source: &ManifestSource, library: &ManifestLibrary) -> Id {
    Id::new("Library", &names::library_name(source, library))
}

/// A set of sources has no version of its own: its content is one.
pub fn sources_version(sources: &[&Selected]) -> String {
    let fields: Vec<_> = sources
        .iter()
        .flat_map(|selected| {
            [
                selected.recipe.name.to_string(),
                selected.source.version.to_string(),
                selected.source.inputs.to_string(),
            ]
        })
        .collect();
    Sha256::of_fields("wasideps sources 1", fields.iter().map(String::as_bytes)).short()
}

impl ElementGraph {
    /// The package that `parts` are parts of, under all licences of `recipes` together.
    pub fn whole(
        &mut self,
        whole: &Whole<'_>,
        parts: impl IntoIterator<Item = Id>,
        recipes: &[&Recipe],
    ) -> Id {
        let supplier = self.organization(names::SUPPLIER);
        let package = Spdx3Package {
            summary: whole.summary.to_owned(),
            copyright_text: copyrights(recipes),
            ..package(
                Id::new("Whole", whole.name),
                whole.name,
                &whole.version,
                supplier.clone(),
                supplier,
            )
        };
        let id = self.add_root(package.spdx_id.clone(), Element::Package(Box::new(package)));
        self.relate(&id, "contains", parts);
        let licenses = || recipes.iter().map(|recipe| &recipe.license);
        let concluded = LicenseExpression::all_of(licenses().map(|license| &license.expression));
        let declared = LicenseExpression::all_of(licenses().map(License::declared));
        self.license(&id, concluded.into(), declared.into());
        id
    }

    /// A source as upstream has it, and what it depends on.
    pub fn source(&mut self, selected: &Selected) -> Id {
        let Selected { recipe, source, .. } = selected;
        let upstream = names::upstream(source);
        let purls = names::purls(recipe, source);
        let cpe = ExternalIdentifier {
            external_identifier_type: "cpe23",
            identifier: names::cpe(recipe, &source.version).to_string(),
        };
        let swhid = upstream.and_then(|(_, origin)| origin.swhid.as_ref());
        let swhid = swhid.map(|id| ExternalIdentifier {
            external_identifier_type: "swhid",
            identifier: id.to_string(),
        });
        let mirrors = source
            .origins
            .iter()
            .filter_map(|origin| match &origin.place {
                Place::Url(url) => Some(url.to_string()),
                _ => None,
            });
        let mirrors: Vec<_> = mirrors.skip(1).collect();
        let mirrors = (!mirrors.is_empty()).then_some(Spdx3ExternalRef {
            external_ref_type: "altDownloadLocation",
            locator: mirrors,
        });
        let history = recipe
            .identifiers
            .repository
            .as_ref()
            .map(|url| Spdx3ExternalRef {
                external_ref_type: "vcs",
                locator: vec![url.to_string()],
            });
        let originator = self.organization(&recipe.originator);
        let package = Spdx3Package {
            summary: recipe.summary.to_string(),
            verified_using: upstream
                .map(|(_, origin)| names::archive_digests(origin))
                .unwrap_or_default(),
            external_identifier: std::iter::once(cpe)
                .chain(purls.iter().map(purl))
                .chain(swhid)
                .collect(),
            external_ref: mirrors.into_iter().chain(history).collect(),
            purpose: "source",
            package_url: purls.into_iter().next(),
            download_location: upstream.map(|(url, _)| url.to_owned()),
            home_page: Some(recipe.homepage.to_string()),
            source_info: Some(names::source_info(source)),
            copyright_text: recipe.license.copyright.to_string(),
            ..package(
                source_id(recipe),
                recipe.name.as_str(),
                source.version.as_str(),
                originator.clone(),
                originator,
            )
        };
        let id = self.add_root(package.spdx_id.clone(), Element::Package(Box::new(package)));
        self.license(
            &id,
            Stated::of(&recipe.license.expression),
            Stated::of(recipe.license.declared()),
        );
        let required = recipe.required();
        if !required.is_empty() {
            self.relate(
                &id,
                "dependsOn",
                required
                    .into_iter()
                    .map(|name| Id::new("Source", name.as_str())),
            );
        }
        id
    }

    /// A library that was built from a source.
    pub fn library(
        &mut self,
        selected: &Selected,
        installed: &ManifestSource,
        library: &ManifestLibrary,
        manifest: &ManifestContents,
    ) -> Id {
        let Selected { recipe, source, .. } = selected;
        let archive = library
            .archive
            .as_ref()
            .and_then(|archive| manifest.files.iter().find(|file| file.path == archive.path));
        let supplier = self.organization(names::SUPPLIER);
        let originator = self.organization(&recipe.originator);
        let name = names::library_name(installed, library);
        let package_url = names::library_purl(recipe, &source.version);
        // It was made here, and is nowhere to be had; its source is.
        let sources = names::upstream(source).map(|(url, _)| Spdx3ExternalRef {
            external_ref_type: "sourceArtifact",
            locator: vec![url.to_owned()],
        });
        let package = Spdx3Package {
            summary: recipe.summary.to_string(),
            verified_using: archive
                .into_iter()
                .flat_map(|file| [file.sha256.into(), file.sha1.into()])
                .collect(),
            external_identifier: vec![
                ExternalIdentifier {
                    external_identifier_type: "cpe23",
                    identifier: names::cpe(recipe, &source.version).to_string(),
                },
                purl(&package_url),
            ],
            external_ref: sources.into_iter().collect(),
            purpose: "library",
            package_url: Some(package_url),
            home_page: Some(recipe.homepage.to_string()),
            source_info: Some(format!(
                "{}.",
                names::library_kind(library, manifest.config())
            )),
            copyright_text: recipe.license.copyright.to_string(),
            ..package(
                library_id(installed, library),
                &name,
                source.version.as_str(),
                supplier,
                originator,
            )
        };
        let id = self.add_root(package.spdx_id.clone(), Element::Package(Box::new(package)));
        self.license(
            &id,
            Stated::of(&recipe.license.expression),
            Stated::of(&recipe.license.expression),
        );
        id
    }

    /// A tool.
    pub fn tool(&mut self, tool: &Tool) -> Id {
        let supplier = self.organization(tool.supplier);
        let package = Spdx3Package {
            summary: tool.summary.to_owned(),
            verified_using: vec![tool.digest.into()],
            external_identifier: vec![purl(&tool.purl)],
            purpose: if tool.is_library() {
                "library"
            } else {
                "application"
            },
            package_url: Some(tool.purl.clone()),
            home_page: Some(tool.homepage.to_owned()),
            source_info: Some(tool.note.clone()),
            ..package(
                Id::new("Tool", tool.name),
                tool.name,
                &tool.version,
                supplier.clone(),
                supplier,
            )
        };
        let id = self.add_root(package.spdx_id.clone(), Element::Package(Box::new(package)));
        self.license(&id, Stated::NoAssertion, Stated::of(&tool.license));
        id
    }
}

fn package(
    spdx_id: Id,
    name: &str,
    version: &str,
    supplied_by: Id,
    originated_by: Id,
) -> Spdx3Package {
    Spdx3Package {
        spdx_id,
        creation_info: Created,
        name: name.to_owned(),
        summary: String::new(),
        verified_using: Vec::new(),
        external_identifier: Vec::new(),
        external_ref: Vec::new(),
        supplied_by,
        originated_by: vec![originated_by],
        version: version.to_owned(),
        purpose: "archive",
        package_url: None,
        download_location: None,
        home_page: None,
        source_info: None,
        copyright_text: "NOASSERTION".to_owned(),
    }
}

fn purl(purl: &Purl) -> ExternalIdentifier {
    ExternalIdentifier {
        external_identifier_type: "packageUrl",
        identifier: purl.to_string(),
    }
}

/// The copyright of all `recipes`, each once, in order.
fn copyrights(recipes: &[&Recipe]) -> String {
    let mut distinct: Vec<&str> = Vec::new();
    for recipe in recipes {
        let copyright = recipe.license.copyright.as_str();
        if !distinct.contains(&copyright) {
            distinct.push(copyright);
        }
    }
    distinct.join("\n")
}
