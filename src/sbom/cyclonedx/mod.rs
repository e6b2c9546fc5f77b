//! CycloneDX documents: of the locked sources, of a prefix, and of what a wheel takes from a
//! prefix.

mod components;
mod model;
mod wheel;

pub use model::Bom;
pub use wheel::{Wheel, WheelError, document as wheel_document};

use super::explain::command;
use super::names::{self, Tool};
use super::{BuiltPrefix, Context, uuid};
use crate::build::{ManifestContents, ManifestLibrary, ManifestSource};
use crate::model::{Recipe, Selected};
use components::{library_ref, member_ref, ours, property, source_ref, tool_ref};
use model::{
    CdxCommand, CdxDependency, CdxResource, CdxStep, Component, Composition, Flow, Formula,
    Lifecycle, Metadata, Task, Tools, Workflow,
};

/// Which version of the format a document is in. What we write differs in nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SpecVersion {
    /// What all readers read that were tried: decision 0022.
    #[default]
    V1_6,
    V1_7,
}

impl SpecVersion {
    fn word(self) -> &'static str {
        match self {
            Self::V1_6 => "1.6",
            Self::V1_7 => "1.7",
        }
    }

    fn schema(self) -> &'static str {
        match self {
            Self::V1_6 => "http://cyclonedx.org/schema/bom-1.6.schema.json",
            Self::V1_7 => "http://cyclonedx.org/schema/bom-1.7.schema.json",
        }
    }
}

/// The reference to what a document is of.
const SUBJECT: &str = "subject";

/// The BOM of the locked sources, before anything is built.
#[must_use]
pub fn sources_document<'a>(
    sources: impl IntoIterator<Item = &'a Selected>,
    version: SpecVersion,
    context: &Context<'_>,
) -> Bom {
    let sources: Vec<&Selected> = sources.into_iter().collect();
    let components = sources.iter().map(|selected| {
        let pedigree = components::pedigree(selected, Vec::new());
        Component {
            pedigree,
            ..components::source(selected)
        }
    });
    let components: Vec<_> = components.collect();
    let own = sources
        .iter()
        .map(|selected| source_dependency(&selected.recipe));
    let mut dependencies = vec![depends(
        SUBJECT,
        components
            .iter()
            .map(|component| component.bom_ref.clone())
            .collect(),
    )];
    dependencies.extend(own);
    let subject = subject(
        "wasideps-sources",
        "The sources that the lock of wasideps names".to_owned(),
    );
    Bom {
        components,
        dependencies,
        ..bom("pre-build", subject, context)
    }
    .named(version)
}

/// The BOM of a prefix: libraries with their files, objects and pedigree, and how they were made.
#[must_use]
pub fn prefix_document(
    built: &BuiltPrefix<'_>,
    version: SpecVersion,
    context: &Context<'_>,
) -> Bom {
    let manifest = built.manifest;
    let tools = names::tools(manifest);
    // What programs that use the libraries are linked with is a part of the whole; what only took
    // part in the build is not.
    let (linked, used): (Vec<&Tool>, Vec<&Tool>) =
        tools.iter().partition(|tool| tool.name == "wasi-libc");
    let used = used.into_iter().filter(|tool| tool.name != "wasideps");
    let mut components = Vec::new();
    let mut dependencies = Vec::new();
    let mut workflows = Vec::new();
    for (selected, installed) in built.sources() {
        for library in &installed.libraries {
            components.push(components::library(built, selected, installed, library));
            // Headers alone are linked with nothing.
            let linked = linked
                .iter()
                .filter(|_| library.archive.is_some())
                .map(|tool| tool_ref(tool.name));
            let on = required(manifest, library).chain(linked).collect();
            dependencies.push(depends(&library_ref(installed, library), on));
        }
        workflows.extend(workflows_of(built, installed));
    }
    let libraries: Vec<String> = components
        .iter()
        .map(|component| component.bom_ref.clone())
        .collect();
    let about = manifest.files.iter().filter(|file| file.source.is_none());
    components.extend(about.map(components::installed_file));
    components.extend(linked.iter().map(|tool| components::tool(tool)));
    dependencies.extend(
        linked
            .iter()
            .map(|tool| depends(&tool_ref(tool.name), Vec::new())),
    );
    dependencies.insert(0, depends(SUBJECT, libraries.clone()));
    let known: Vec<String> = std::iter::once(SUBJECT.to_owned())
        .chain(libraries)
        .collect();
    let mut compositions = vec![Composition {
        aggregate: "complete",
        assemblies: known.clone(),
        dependencies: known,
    }];
    if !linked.is_empty() {
        // Whatever the SDK's makers put into it.
        let assemblies = linked.iter().map(|tool| tool_ref(tool.name)).collect();
        compositions.push(Composition {
            aggregate: "unknown",
            assemblies,
            dependencies: Vec::new(),
        });
    }
    let formula = Formula {
        bom_ref: "build".to_owned(),
        components: used.map(components::tool).collect(),
        workflows,
    };
    let subject = subject(
        &format!("wasideps-{}", manifest.config()),
        format!(
            "Libraries for {}, made with {}; the key of the build is {}",
            manifest.config(),
            manifest.toolchain,
            manifest.key
        ),
    );
    Bom {
        components,
        dependencies,
        compositions,
        formulation: vec![formula],
        ..bom("build", subject, context)
    }
    .named(version)
}

fn bom(phase: &'static str, component: Component, context: &Context<'_>) -> Bom {
    let excluded = context.exclusions.iter();
    Bom {
        schema: "",
        bom_format: "CycloneDX",
        spec_version: "",
        serial_number: String::new(),
        version: 1,
        metadata: Metadata {
            timestamp: context.created,
            lifecycles: vec![Lifecycle { phase }],
            tools: Tools {
                components: vec![generator()],
            },
            manufacturer: ours(),
            component,
            supplier: Some(ours()),
        },
        components: Vec::new(),
        dependencies: Vec::new(),
        compositions: Vec::new(),
        formulation: Vec::new(),
        properties: excluded
            .map(|excluded| {
                property(
                    "wasideps:excluded",
                    format!("{}: {}", excluded.name, excluded.reason),
                )
            })
            .collect(),
    }
}

impl Bom {
    /// In `version` of the format, with a serial number from the content: it must be unique to it.
    fn named(mut self, version: SpecVersion) -> Self {
        self.schema = version.schema();
        self.spec_version = version.word();
        let content = serde_json::to_vec(&self).expect("a document has only string keys");
        self.serial_number = format!("urn:uuid:{}", uuid(&content));
        self
    }
}

/// This program, without the digest of its sources: the documents of the lock, which are committed,
/// would change with each of its lines.
fn generator() -> Component {
    Component {
        hashes: Vec::new(),
        ..components::tool(&names::this_program(env!("CARGO_PKG_VERSION")))
    }
}

fn subject(name: &str, description: String) -> Component {
    Component {
        r#type: "library",
        bom_ref: SUBJECT.to_owned(),
        supplier: Some(ours()),
        name: name.to_owned(),
        version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        description: Some(description),
        ..Component::default()
    }
}

fn depends(from: &str, on: Vec<String>) -> CdxDependency {
    CdxDependency {
        r#ref: from.to_owned(),
        depends_on: on,
    }
}

fn source_dependency(recipe: &Recipe) -> CdxDependency {
    depends(
        &source_ref(recipe.name.as_str()),
        recipe
            .required()
            .into_iter()
            .map(|name| source_ref(name.as_str()))
            .collect(),
    )
}

/// References to the libraries that `library` requires.
fn required<'a>(
    manifest: &'a ManifestContents,
    library: &'a ManifestLibrary,
) -> impl Iterator<Item = String> + 'a {
    library
        .required()
        .filter_map(|id| manifest.library(id))
        .map(|(source, library)| library_ref(source, library))
}

/// How the archives of a source were made: a task for each object, with clang's command.
fn workflows_of<'a>(
    built: &'a BuiltPrefix<'_>,
    installed: &'a ManifestSource,
) -> impl Iterator<Item = Workflow> + 'a {
    let tools = ["wasideps", "wasi-sdk", "clang"];
    installed.archives().map(move |archive| {
        let task = |member: &crate::build::TracedMember| {
            let object = member_ref(archive, &member.name);
            Task {
                bom_ref: format!("build/{object}"),
                uid: object.clone(),
                task_types: vec!["build"],
                steps: vec![CdxStep {
                    commands: vec![CdxCommand {
                        executed: command(built.trace, member),
                    }],
                }],
                outputs: vec![Flow::output(&object)],
            }
        };
        Workflow {
            bom_ref: format!("build/{}", archive.path),
            uid: archive.path.to_string(),
            resource_references: tools
                .map(|tool| CdxResource {
                    r#ref: tool_ref(tool),
                })
                .into(),
            tasks: built
                .trace
                .members_of(archive.path.as_str())
                .map(task)
                .collect(),
            task_types: vec!["build"],
            inputs: vec![Flow::input(&source_ref(installed.name.as_str()))],
            outputs: vec![Flow::output(archive.path.as_str())],
        }
    })
}
