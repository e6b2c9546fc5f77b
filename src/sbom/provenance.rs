//! SLSA provenance of a prefix, as an in-toto statement that nobody has signed yet. Sources:
//! <https://github.com/in-toto/attestation> (statement and resource descriptor, v1),
//! <https://slsa.dev/spec/v1.0/provenance>. What the fields of this build type mean is described in
//! `docs/build-type-v1.md`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{BuiltPrefix, names};
use crate::model::SdkKind;
use crate::model::{Name, RelPath, Selected, Sha1, Sha256, Target, Variant, Version};

/// What kind of build it was; where its parameters are described.
const BUILD_TYPE: &str = concat!(
    env!("CARGO_PKG_REPOSITORY"),
    "/blob/main/docs/build-type-v1.md"
);

/// An in-toto statement. Fields come out in this order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InTotoStatement<'a> {
    #[serde(rename = "_type")]
    r#type: &'static str,
    subject: Vec<ResourceDescriptor>,
    predicate_type: &'static str,
    predicate: Predicate<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Predicate<'a> {
    build_definition: BuildDefinition<'a>,
    run_details: RunDetails<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BuildDefinition<'a> {
    build_type: &'static str,
    external_parameters: ExternalParameters<'a>,
    internal_parameters: InternalParameters<'a>,
    resolved_dependencies: Vec<ResourceDescriptor>,
}

/// What whoever starts a build decides.
#[derive(Debug, Serialize)]
struct ExternalParameters<'a> {
    target: Target,
    variant: Variant,
    sources: BTreeMap<&'a Name, &'a Version>,
}

/// What follows from it, the lock and the program.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct InternalParameters<'a> {
    /// Of everything that can change a byte of the prefix.
    key: Sha256,
    /// What every command of clang begins with.
    arguments: &'a [String],
}

#[derive(Debug, Serialize)]
struct RunDetails<'a> {
    builder: Builder<'a>,
    byproducts: Vec<ResourceDescriptor>,
}

#[derive(Debug, Serialize)]
struct Builder<'a> {
    id: &'static str,
    version: BTreeMap<&'static str, &'a str>,
}

/// A resource descriptor.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceDescriptor {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    digest: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'static str, String>,
}

impl ResourceDescriptor {
    /// Bytes with this digest.
    fn file(name: &str, sha256: Sha256) -> Self {
        Self {
            name: Some(name.to_owned()),
            digest: [("sha256", sha256.to_string())].into(),
            ..Self::default()
        }
    }

    fn noted(mut self, key: &'static str, value: &str) -> Self {
        self.annotations.insert(key, value.to_owned());
        self
    }
}

/// The provenance of a prefix; `documents` are the other ones about it.
#[must_use]
pub fn statement<'a>(
    built: &BuiltPrefix<'a>,
    documents: &[(RelPath, String)],
) -> InTotoStatement<'a> {
    let manifest = built.manifest;
    let (subject, about): (Vec<_>, Vec<_>) = manifest
        .files
        .iter()
        .partition(|file| file.source.is_some());
    let subject = subject.into_iter().map(|file| {
        let mut resource = ResourceDescriptor::file(file.path.as_str(), file.sha256);
        resource.digest.insert("sha1", file.sha1.to_string());
        resource
    });
    let about = about
        .into_iter()
        .map(|file| ResourceDescriptor::file(file.path.as_str(), file.sha256));
    let documents = documents.iter().map(|(path, text)| {
        let mut resource = ResourceDescriptor::file(path.as_str(), Sha256::of(text.as_bytes()));
        resource
            .digest
            .insert("sha1", Sha1::of(text.as_bytes()).to_string());
        resource
    });
    let mut byproducts: Vec<_> = about.chain(documents).collect();
    byproducts.sort_by(|a, b| a.name.cmp(&b.name));
    let dependencies = built
        .sources()
        .flat_map(|(selected, _)| of_source(selected));
    InTotoStatement {
        r#type: "https://in-toto.io/Statement/v1",
        subject: subject.collect(),
        predicate_type: "https://slsa.dev/provenance/v1",
        predicate: Predicate {
            build_definition: BuildDefinition {
                build_type: BUILD_TYPE,
                external_parameters: ExternalParameters {
                    target: manifest.config().target(),
                    variant: manifest.config().variant(),
                    sources: manifest
                        .sources
                        .iter()
                        .map(|source| (&source.name, &source.version))
                        .collect(),
                },
                internal_parameters: InternalParameters {
                    key: manifest.key,
                    arguments: &built.trace.base_arguments,
                },
                resolved_dependencies: dependencies.chain(std::iter::once(sdk(built))).collect(),
            },
            run_details: RunDetails {
                builder: Builder {
                    id: env!("CARGO_PKG_REPOSITORY"),
                    version: [("wasideps", manifest.wasideps.as_str())].into(),
                },
                byproducts,
            },
        },
    }
}

/// What a source was made from: any one of the archives, of which the files with the inputs digest
/// were taken; the recipe, patches and overlays.
fn of_source(selected: &Selected) -> Vec<ResourceDescriptor> {
    let Selected { recipe, source, .. } = selected;
    let name = &recipe.name;
    let mut resources: Vec<_> = source
        .origins
        .iter()
        .map(|origin| {
            let archive = ResourceDescriptor {
                uri: names::origin_uri(&origin.place),
                ..ResourceDescriptor::file(&origin.place.to_string(), origin.sha256)
            };
            archive
                .noted("role", "origin")
                .noted("source", name.as_str())
                .noted("root", &origin.root)
        })
        .collect();
    let inputs = ResourceDescriptor {
        name: Some(selected.title()),
        uri: names::purls(recipe, source)
            .first()
            .map(ToString::to_string),
        digest: [("wasidepsInputs1", source.inputs.to_string())].into(),
        ..ResourceDescriptor::default()
    };
    resources.push(
        inputs
            .noted("role", "inputs")
            .noted("source", name.as_str()),
    );
    let own = |role, path: &str, digest| {
        ResourceDescriptor::file(path, digest)
            .noted("role", role)
            .noted("source", name.as_str())
    };
    resources.push(own(
        "recipe",
        &format!("recipes/{}", recipe.file),
        recipe.digest,
    ));
    resources.extend(
        source
            .patches
            .iter()
            .map(|(file, digest)| own("patch", &format!("patches/{name}/{file}"), *digest)),
    );
    resources.extend(
        source
            .overlays
            .iter()
            .map(|(file, digest)| own("overlay", &format!("recipes/{name}/{file}"), *digest)),
    );
    resources
}

fn sdk(built: &BuiltPrefix<'_>) -> ResourceDescriptor {
    let identity = &built.manifest.toolchain;
    let tools = names::tools(built.manifest);
    let uri = tools
        .into_iter()
        .find(|tool| tool.name == "wasi-sdk")
        .map(|tool| tool.purl.to_string());
    let sdk = ResourceDescriptor {
        name: Some(identity.title()),
        uri,
        digest: [("wasidepsToolchain1", identity.digest.to_string())].into(),
        ..ResourceDescriptor::default()
    };
    let kind = match identity.kind {
        SdkKind::Release => "release",
        SdkKind::Debian => "debian",
        SdkKind::Custom => "custom",
    };
    sdk.noted("role", "sdk")
        .noted("kind", kind)
        .noted("clang", &identity.clang)
}
