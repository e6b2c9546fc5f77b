//! How a library was built, from the build trace: its inputs, outputs, tools and flags; and the
//! files of the sources and of the prefix.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::ElementGraph;
use super::model::{
    Build, ContentIdentifier, Created, DictionaryEntry, Element, Id, Named, Spdx3File, Spdx3Hash,
};
use super::named_file;
use super::packages::library_id;
use crate::build::{
    FileOrigin, ManifestArchive, ManifestFile, ManifestLibrary, ManifestSource, TracedFile,
    TracedMember,
};
use crate::model::Selected;
use crate::sbom::BuiltPrefix;
use crate::sbom::names::{self, Tool};

/// What the builds of this program are: where that is described.
const BUILD_TYPE: &str = concat!(
    env!("CARGO_PKG_REPOSITORY"),
    "/blob/main/docs/sbom.md#the-build"
);

const BUILD: &str = "Clang alone ran, with an empty environment, in the source's tree. Each object is one command: the parameter \
                     `arguments`, then `-c` and the file.";

/// The identifier of an installed file.
pub fn installed_id(path: &str) -> Id {
    Id::new("File", path)
}

/// A file of the prefix.
pub fn installed_file(
    file: &ManifestFile,
    purpose: &'static str,
    content_identifier: Vec<ContentIdentifier>,
) -> Spdx3File {
    Spdx3File {
        spdx_id: installed_id(file.path.as_str()),
        creation_info: Created,
        name: file.path.to_string(),
        comment: None,
        verified_using: vec![Spdx3Hash::from(file.sha256), Spdx3Hash::from(file.sha1)],
        content_identifier,
        kind: "file",
        purpose,
    }
}

impl ElementGraph {
    /// A file of a source, as clang read it.
    pub fn input(&mut self, file: &TracedFile) -> Id {
        let of = file
            .source
            .as_ref()
            .map_or("sdk", crate::model::Name::as_str);
        let comment = match (file.origin, &file.unpatched) {
            (FileOrigin::Overlay, _) => Some("Brought by the recipe of wasideps.".to_owned()),
            (FileOrigin::Made, _) => file
                .made_from
                .as_ref()
                .map(|from| format!("Made by wasideps from {from}.")),
            (_, Some(unpatched)) => Some(format!(
                "Patched; upstream's has SHA-256 {} and is {}.",
                unpatched.sha256,
                unpatched.swhid()
            )),
            (_, None) => None,
        };
        self.file(named_file(
            "Input",
            &format!("{of}:{}", file.path),
            &file.path,
            &file.content,
            "source",
            comment,
        ))
    }

    /// The build of `archive`.
    pub fn build(
        &mut self,
        built: &BuiltPrefix<'_>,
        selected: &Selected,
        library: &ManifestLibrary,
        archive: &ManifestArchive,
        id: &Id,
        tools: &[(Id, Tool)],
    ) {
        let members: Vec<&TracedMember> = built.trace.members_of(archive.path.as_str()).collect();
        let name = archive.path.file_name();
        let build = Build {
            spdx_id: Id::new("Build", name),
            creation_info: Created,
            name: name.to_owned(),
            comment: BUILD.to_owned(),
            build_type: BUILD_TYPE.to_owned(),
            build_id: format!("{}:{}", built.manifest.key, archive.path),
            config_source_entrypoint: vec![format!("library.{}", library.name)],
            config_source_digest: vec![Spdx3Hash::from(selected.recipe.digest)],
            parameter: parameters(built, &members),
        };
        let build = self.add(build.spdx_id.clone(), Element::Build(Box::new(build)));
        let opened: BTreeSet<usize> = members
            .iter()
            .flat_map(|member| member.headers.iter().copied().chain([member.source]))
            .collect();
        let inputs = opened
            .into_iter()
            .map(|index| &built.trace.files[index])
            .filter(|file| file.source.is_some());
        let inputs: Vec<_> = inputs.map(|file| self.input(file)).collect();
        self.relate(&build, "hasInput", inputs);
        self.relate(
            &build,
            "hasOutput",
            [id.clone(), installed_id(archive.path.as_str())],
        );
        self.relate(&build, "usesTool", tools.iter().map(|(id, _)| id.clone()));
        let agent = Id::new("Agent", names::SUPPLIER);
        let named = Named {
            spdx_id: agent.clone(),
            creation_info: Created,
            name: format!("wasideps {}", built.manifest.wasideps),
            external_identifier: Vec::new(),
        };
        let agent = self.add(agent, Element::SoftwareAgent(named));
        self.relate(&build, "invokedBy", [agent]);
        // What is linked with the library must be linked with the C library whose headers it was
        // compiled with.
        let libc = tools
            .iter()
            .filter(|(_, tool)| tool.is_library())
            .map(|(id, _)| id.clone());
        self.relate(id, "dependsOn", libc);
    }

    /// The files that are installed for a source.
    pub fn installed(&mut self, built: &BuiltPrefix<'_>, installed: &ManifestSource) {
        for file in built
            .manifest
            .files
            .iter()
            .filter(|file| file.source.as_ref() == Some(&installed.name))
        {
            let from = file.copy_of.as_ref().and_then(|from| {
                built
                    .trace
                    .files_of(&installed.name)
                    .find(|tree| tree.path == *from)
            });
            let same = from.filter(|from| from.content.sha256 == file.sha256);
            let purpose = match file.path.as_str() {
                path if path.ends_with(".a") => "library",
                path if path.ends_with(".h") => "source",
                path if path.ends_with(".pc") => "configuration",
                _ => "documentation",
            };
            let node = installed_file(
                file,
                purpose,
                same.map(|from| ContentIdentifier::of(&from.content))
                    .unwrap_or_default(),
            );
            let id = self.file(node);
            if let Some(library) = installed.owner(&file.path) {
                self.relate(&library_id(installed, library), "contains", [id.clone()]);
            }
            if let Some(from) = from {
                let from = self.input(from);
                self.relate(&from, "copiedTo", [id]);
            }
        }
    }
}

/// Flags, once where all objects have the same; by object where they differ.
fn parameters(built: &BuiltPrefix<'_>, members: &[&TracedMember]) -> Vec<DictionaryEntry> {
    let mut by_arguments: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for member in members {
        let words = built
            .trace
            .base_arguments
            .iter()
            .chain(&member.arguments)
            .map(|word| crate::toolchain::quote(word));
        by_arguments
            .entry(words.collect::<Vec<_>>().join(" "))
            .or_default()
            .push(&member.name);
    }
    let one = by_arguments.len() == 1;
    let arguments = by_arguments.into_iter().flat_map(|(arguments, members)| {
        let keys = if one {
            vec!["arguments".to_owned()]
        } else {
            members
                .iter()
                .map(|member| format!("arguments of {member}"))
                .collect()
        };
        keys.into_iter().map(move |key| DictionaryEntry {
            key,
            value: arguments.clone(),
        })
    });
    let config = built.manifest.config();
    let target = DictionaryEntry {
        key: "target".to_owned(),
        value: config.target().to_string(),
    };
    let variant = DictionaryEntry {
        key: "variant".to_owned(),
        value: config.variant().to_string(),
    };
    let toolchain = DictionaryEntry {
        key: "toolchain".to_owned(),
        value: built.manifest.toolchain.stamp(),
    };
    let mut parameters: Vec<_> = arguments.chain([target, toolchain, variant]).collect();
    parameters.sort();
    parameters
}
