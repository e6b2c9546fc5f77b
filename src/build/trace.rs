//! `share/wasideps/trace.json` of a prefix: for each archive member the files that clang opened
//! to make it, as clang itself told, each with its digests and where it is from. What the SBOMs
//! tell of single files is from here.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::manifest::{BUILD_TRACE, BareManifest};
use super::prefix::Installed;
use super::schedule::CompiledPlan;
use super::{BuildError, RecordProblem};
use crate::model::{Content, Dependency, Name, RelPath, Sha256};
use crate::plan::{IndexVec, JobId, Plan, PlannedJob, SourceId};
use crate::store::{PARSED_LIMIT, read_regular};
use crate::toolchain::Toolchain;

/// The version of the format.
const VERSION: u32 = 3;

/// What made what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct BuildTrace {
    version: u32,
    /// Of the manifest that it belongs to: [`BareManifest::digest`].
    pub manifest: Sha256,
    /// What every command of clang begins with; the SDK's folder is written `<sdk>`.
    pub base_arguments: Vec<String>,
    /// All files of the sources' trees, and those of the SDK that were opened. Sorted by source,
    /// the SDK first, then by path.
    pub files: Vec<TracedFile>,
    /// In the order of the manifest's archives and members.
    pub members: Vec<TracedMember>,
}

/// A file of a source's tree or of the SDK.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TracedFile {
    /// Absent for the SDK's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Name>,
    /// In the source's tree, or below the SDK's folder.
    pub path: RelPath,
    pub origin: FileOrigin,
    /// As clang read it.
    pub content: Content,
    /// Before patches, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpatched: Option<Content>,
    /// Those that changed it, in `patches/<source>/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<RelPath>,
    /// The file of the same tree that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_from: Option<RelPath>,
}

/// Who wrote a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileOrigin {
    /// Upstream.
    Input,
    /// The recipe brings it.
    Overlay,
    /// A step of the recipe made it from a file of the source.
    Made,
    /// The makers of the SDK.
    Sdk,
}

/// A member of an archive and what it was made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TracedMember {
    pub archive: RelPath,
    pub name: String,
    pub content: Content,
    /// Clang's arguments after [`BuildTrace::base_arguments`], but for the names of source, output
    /// and dependency file.
    pub arguments: Vec<String>,
    /// Index into [`BuildTrace::files`]: the file that was compiled.
    pub source: usize,
    /// Indices into [`BuildTrace::files`]: all else that clang opened. Sorted.
    pub headers: Vec<usize>,
}

/// Whose file: `None` is the SDK.
type Key = (Option<Name>, RelPath);

impl BuildTrace {
    /// What made the objects of `plan`.
    ///
    /// # Errors
    /// When an object or a file of the SDK can't be read, or a dependency names no file that is
    /// known.
    pub(super) fn new(
        plan: &Plan,
        compiled: &CompiledPlan<'_>,
        toolchain: &Toolchain,
        manifest: &BareManifest,
    ) -> Result<Self, BuildError> {
        let base_arguments = toolchain
            .base_args()
            .iter()
            .map(|argument| argument.replace(toolchain.root().as_str(), "<sdk>"))
            .collect();
        let mut files = tree_files(plan, compiled);
        let opened: IndexVec<JobId, Vec<Key>> = compiled.objects.map(|job, object| {
            let source = plan.jobs[job].source;
            let dependencies = object.dependencies().iter();
            dependencies.map(|name| key(plan, source, name)).collect()
        });
        let sdk = sdk_files(toolchain.root(), opened.iter().flatten())?;
        files.extend(
            sdk.into_iter()
                .map(|file| ((None, file.path.clone()), file)),
        );
        let keys: Vec<&Key> = files.keys().collect();
        let index = |id: JobId, key: &Key| {
            let planned = &plan.jobs[id];
            let unknown = || BuildError::ForeignDependency {
                subject: plan.sources[planned.source].selected.title(),
                file: planned.job.file.path().clone(),
                found: key.1.to_string(),
            };
            keys.binary_search(&key).map_err(|_| unknown())
        };
        let mut members = Vec::new();
        for archive in plan.archives() {
            for member in &archive.members {
                let PlannedJob { source, job, .. } = &plan.jobs[member.job];
                let main: Key = (
                    Some(plan.sources[*source].selected.recipe.name.clone()),
                    job.file.path().clone(),
                );
                let headers = opened[member.job]
                    .iter()
                    .filter(|key| **key != main)
                    .map(|key| index(member.job, key));
                let mut headers = headers.collect::<Result<Vec<_>, _>>()?;
                headers.sort_unstable();
                members.push(TracedMember {
                    archive: archive.path.clone(),
                    name: member.name.clone(),
                    content: Content::of(&compiled.objects[member.job].read()?),
                    arguments: job.arguments.clone(),
                    source: index(member.job, &main)?,
                    headers,
                });
            }
        }
        Ok(Self {
            version: VERSION,
            manifest: manifest.digest(),
            base_arguments,
            files: files.into_values().collect(),
            members,
        })
    }

    /// The build trace of `prefix`.
    ///
    /// # Errors
    /// When it can't be read, or is of another version.
    pub fn read(prefix: &Installed) -> Result<Self, BuildError> {
        let path = prefix.path().join(BUILD_TRACE);
        let text = read_regular(&path, PARSED_LIMIT).map_err(|source| BuildError::Read {
            path: path.clone(),
            source,
        })?;
        Self::parse(&text).map_err(|source| BuildError::Manifest { path, source })
    }

    /// The build trace with this text.
    ///
    /// # Errors
    /// What keeps it from being one of this version.
    pub fn parse(text: &[u8]) -> Result<Self, RecordProblem> {
        let trace: Self = serde_json::from_slice(text)?;
        let known = |index: &usize| *index < trace.files.len();
        if trace.version != VERSION {
            return Err(RecordProblem::TraceVersion {
                found: trace.version,
                reads: VERSION,
            });
        }
        match trace
            .members
            .iter()
            .find(|member| !known(&member.source) || !member.headers.iter().all(known))
        {
            Some(member) => Err(RecordProblem::Unlisted {
                member: member.name.clone(),
                archive: member.archive.to_string(),
            }),
            None => Ok(trace),
        }
    }

    /// The text: deterministic, with a final line end.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string(self).expect("a build trace has only string keys");
        text.push('\n');
        text
    }

    /// The members of the archive at `archive`, in its order.
    pub fn members_of<'a>(&'a self, archive: &str) -> impl Iterator<Item = &'a TracedMember> {
        self.members
            .iter()
            .filter(move |member| member.archive.as_str() == archive)
    }

    /// The files of `source`'s tree, sorted by path.
    pub fn files_of<'a>(&'a self, source: &'a Name) -> impl Iterator<Item = &'a TracedFile> {
        self.files
            .iter()
            .filter(move |file| file.source.as_ref() == Some(source))
    }
}

/// All files of the sources' trees.
fn tree_files(plan: &Plan, compiled: &CompiledPlan<'_>) -> BTreeMap<Key, TracedFile> {
    let mut files = BTreeMap::new();
    for (planned, tree) in plan.sources.iter().zip(&compiled.trees) {
        let source = &planned.selected.recipe.name;
        for file in tree.record().files() {
            let origin = match (&file.input, &file.made_from) {
                (Some(_), _) => FileOrigin::Input,
                (None, Some(_)) => FileOrigin::Made,
                (None, None) => FileOrigin::Overlay,
            };
            let key = (Some(source.clone()), file.path.clone());
            let file = TracedFile {
                source: Some(source.clone()),
                path: file.path.clone(),
                origin,
                content: file.content,
                unpatched: file.input.filter(|input| *input != file.content),
                patches: file.patches.clone(),
                made_from: file.made_from.clone(),
            };
            files.insert(key, file);
        }
    }
    files
}

/// The file that a dependency names. A header of another source is a file of that one's tree.
fn key(plan: &Plan, source: SourceId, dependency: &Dependency) -> Key {
    match dependency {
        Dependency::Own(path) => (
            Some(plan.sources[source].selected.recipe.name.clone()),
            path.clone(),
        ),
        Dependency::Sdk(path) => (None, path.clone()),
        Dependency::Header(name, header) => {
            let owner = plan
                .sources
                .iter()
                .map(|planned| &planned.selected.recipe)
                .find(|recipe| recipe.name == *name);
            let from = owner
                .and_then(|recipe| recipe.headers().find(|(_, to)| *to == header))
                .map(|(from, _)| from);
            (Some(name.clone()), from.unwrap_or(header).clone())
        }
    }
}

/// The files of the SDK among those that were opened. Sorted.
fn sdk_files<'a>(
    root: &Utf8Path,
    opened: impl Iterator<Item = &'a Key>,
) -> Result<Vec<TracedFile>, BuildError> {
    let of_sdk = opened.filter(|(source, _)| source.is_none());
    let paths: BTreeSet<&RelPath> = of_sdk.map(|(_, path)| path).collect();
    paths
        .into_par_iter()
        .map(|path| sdk_file(root, path))
        .collect()
}

fn sdk_file(root: &Utf8Path, path: &RelPath) -> Result<TracedFile, BuildError> {
    let place = root.join(path.as_str());
    let bytes = read_regular(&place, PARSED_LIMIT).map_err(|source| BuildError::Read {
        path: place,
        source,
    })?;
    let content = Content::of(&bytes);
    Ok(TracedFile {
        source: None,
        path: path.clone(),
        origin: FileOrigin::Sdk,
        content,
        unpatched: None,
        patches: Vec::new(),
        made_from: None,
    })
}
