//! SPDX documents from plan and manifest. Deterministic: sorted, named by content, dated by the caller.

mod spdx23;

use spdx23::{Checksum, CreationInfo, Document, ExternalRef, Package, Relationship};

use crate::build::{Manifest, ManifestSource};
use crate::model::{Exclusions, LockedSource, Place, Recipe, Selected, Sha256};
use crate::plan::Plan;

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const TOOLCHAIN: &str = "SPDXRef-Toolchain";

/// What both kinds of documents state beside their packages.
pub struct Context<'a> {
    /// The creation time: RFC 3339, in seconds, UTC.
    pub created: &'a str,
    /// What is excluded on purpose; the document says so.
    pub exclusions: &'a Exclusions,
}

/// The SBOM of the locked sources, before anything is built: what `sbom/wasideps.spdx.json` holds.
#[must_use]
pub fn sources_document<'a>(sources: impl IntoIterator<Item = &'a Selected>, context: &Context<'_>) -> String {
    let mut packages = Vec::new();
    let mut relationships = Vec::new();
    for Selected { recipe, source, .. } in sources {
        relationships.push(related(DOCUMENT, "DESCRIBES", &source_id(recipe)));
        relationships.extend(depends_on(recipe));
        packages.push(source_package(recipe, source));
    }
    render("wasideps-sources", packages, relationships, context)
}

/// The SBOM of a prefix: its sources, the libraries made from them, the toolchain that made them.
#[must_use]
pub fn prefix_document(plan: &Plan, manifest: &Manifest, context: &Context<'_>) -> String {
    let mut packages = vec![toolchain_package(manifest)];
    let mut relationships = Vec::new();
    for (planned, installed) in plan.sources.iter().zip(&manifest.sources) {
        let recipe = &planned.selected.recipe;
        relationships.push(related(DOCUMENT, "DESCRIBES", &source_id(recipe)));
        relationships.extend(depends_on(recipe));
        packages.push(source_package(recipe, &planned.selected.source));
        for package in library_packages(recipe, installed, manifest) {
            relationships.push(related(DOCUMENT, "DESCRIBES", &package.id));
            relationships.push(related(&package.id, "GENERATED_FROM", &source_id(recipe)));
            relationships.push(related(TOOLCHAIN, "BUILD_TOOL_OF", &package.id));
            packages.push(package);
        }
    }
    render(&format!("wasideps-{}", manifest.target), packages, relationships, context)
}

fn render(name: &str, mut packages: Vec<Package>, mut relationships: Vec<Relationship>, context: &Context<'_>) -> String {
    packages.sort_by(|a, b| a.id.cmp(&b.id));
    relationships.sort();
    let excluded = context.exclusions.iter().map(|excluded| format!("{} is excluded on purpose: {}.", excluded.name, excluded.reason));
    let mut document = Document {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: DOCUMENT,
        name: name.to_owned(),
        document_namespace: String::new(),
        creation_info: CreationInfo {
            created: context.created.to_owned(),
            creators: vec![format!("Tool: wasideps-{}", env!("CARGO_PKG_VERSION"))],
            license_list_version: license_list_version(),
        },
        comment: excluded.collect::<Vec<_>>().join("\n"),
        packages,
        relationships,
    };
    // A namespace must be unique to the content (SPDX 2.3, 6.5): it is named by the digest of everything else.
    let content = serde_json::to_vec(&document).expect("a document has only string keys");
    document.document_namespace = format!("https://spdx.org/spdxdocs/{name}-{}", Sha256::of(&content));
    let mut text = serde_json::to_string_pretty(&document).expect("a document has only string keys");
    text.push('\n');
    text
}

/// `major.minor` of the list that licence expressions are checked against.
fn license_list_version() -> &'static str {
    let version = spdx::identifiers::VERSION.trim_start_matches('v');
    version.match_indices('.').nth(1).map_or(version, |(end, _)| &version[..end])
}

fn source_id(recipe: &Recipe) -> String {
    format!("SPDXRef-Source-{}", id_part(recipe.name.as_str()))
}

/// SPDX identifiers have letters, digits, `.` and `-` only (SPDX 2.3, 7.2).
fn id_part(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}

fn related(element: &str, relationship_type: &'static str, related: &str) -> Relationship {
    Relationship { element: element.to_owned(), relationship_type, related: related.to_owned() }
}

fn depends_on(recipe: &Recipe) -> impl Iterator<Item = Relationship> {
    recipe.dependencies.iter().map(|name| related(&source_id(recipe), "DEPENDS_ON", &format!("SPDXRef-Source-{}", id_part(name.as_str()))))
}

fn source_package(recipe: &Recipe, source: &LockedSource) -> Package {
    let version = &source.version;
    let upstream = source.origins.iter().find_map(|origin| match &origin.place {
        Place::Url(url) => Some((url, origin)),
        _ => None,
    });
    let identifiers = &recipe.identifiers;
    Package {
        id: source_id(recipe),
        name: recipe.name.to_string(),
        version_info: version.to_string(),
        package_file_name: None,
        supplier: format!("Organization: {}", recipe.originator),
        originator: Some(format!("Organization: {}", recipe.originator)),
        download_location: upstream.map_or("NOASSERTION".into(), |(url, _)| url.to_string()),
        files_analyzed: false,
        checksums: upstream.map(|(_, origin)| sha256(&origin.sha256)).into_iter().collect(),
        homepage: Some(recipe.homepage.to_string()),
        source_info: Some(source_info(source)),
        license_concluded: recipe.license.expression.clone(),
        license_declared: recipe.license.expression.clone(),
        copyright_text: recipe.license.copyright.clone(),
        summary: Some(recipe.summary.clone()),
        external_refs: vec![
            ExternalRef {
                reference_category: "SECURITY",
                reference_type: "cpe23Type",
                reference_locator: format!("cpe:2.3:a:{}:{version}:*:*:*:*:*:*:*", identifiers.cpe),
            },
            ExternalRef {
                reference_category: "PACKAGE-MANAGER",
                reference_type: "purl",
                reference_locator: format!("{}@{version}", identifiers.purl),
            },
        ],
        primary_package_purpose: "SOURCE",
    }
}

/// What was taken from the source, from where it can be had, and what of ours went into it.
fn source_info(source: &LockedSource) -> String {
    let inputs = format!("The files that take part have the inputs digest {} (SHA-256).", source.inputs);
    let origins = source.origins.iter().map(|origin| format!("Origin: {}, SHA-256 {}.", origin.place, origin.sha256));
    let patches = source.patches.iter().map(|(file, digest)| format!("Patched by {file}, SHA-256 {digest}."));
    let overlays = source.overlays.iter().map(|(file, digest)| format!("Overlaid with {file}, SHA-256 {digest}."));
    std::iter::once(inputs).chain(origins).chain(patches).chain(overlays).collect::<Vec<_>>().join("\n")
}

fn library_packages<'a>(recipe: &'a Recipe, installed: &'a ManifestSource, manifest: &'a Manifest) -> impl Iterator<Item = Package> + 'a {
    installed.archives.iter().map(move |archive| {
        let digest = manifest.files.iter().find(|file| file.path == archive.path).map(|file| sha256(&file.sha256));
        Package {
            id: format!("SPDXRef-Library-{}", id_part(archive.path.file_name())),
            name: archive.path.file_name().to_owned(),
            version_info: installed.version.to_string(),
            package_file_name: Some(archive.path.to_string()),
            supplier: "NOASSERTION".into(),
            originator: None,
            download_location: "NOASSERTION".into(),
            files_analyzed: false,
            checksums: digest.into_iter().collect(),
            homepage: None,
            source_info: Some(format!("Static library of {} objects for {}.", archive.members.len(), manifest.target)),
            license_concluded: recipe.license.expression.clone(),
            license_declared: recipe.license.expression.clone(),
            copyright_text: recipe.license.copyright.clone(),
            summary: None,
            external_refs: Vec::new(),
            primary_package_purpose: "LIBRARY",
        }
    })
}

fn toolchain_package(manifest: &Manifest) -> Package {
    let identity = &manifest.toolchain;
    Package {
        id: TOOLCHAIN.to_owned(),
        name: "wasi-sdk".into(),
        version_info: identity.version.clone(),
        package_file_name: None,
        supplier: "NOASSERTION".into(),
        originator: None,
        download_location: "NOASSERTION".into(),
        files_analyzed: false,
        checksums: Vec::new(),
        homepage: None,
        source_info: Some(format!("{identity}; tools and sysroot have the digest {} (SHA-256).", identity.digest)),
        license_concluded: "NOASSERTION".into(),
        license_declared: "NOASSERTION".into(),
        copyright_text: "NOASSERTION".into(),
        summary: Some("clang, lld and wasi-libc".into()),
        external_refs: Vec::new(),
        primary_package_purpose: "APPLICATION",
    }
}

fn sha256(digest: &Sha256) -> Checksum {
    Checksum { algorithm: "SHA256", checksum_value: digest.to_string() }
}
