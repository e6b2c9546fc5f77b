//! From a plan to a prefix: compile, archive, install, swap.

mod archive;
mod claims;
mod clang;
mod cmake;
mod compile;
mod error;
mod install;
mod job_files;
mod lookup;
mod manifest;
mod pkg_config;
mod prefix;
mod schedule;
mod trace;

use std::collections::BTreeSet;

use camino::Utf8Path;
use tracing::debug;

pub use archive::{archive, defined_symbols};
pub use clang::rule_prerequisites;
pub use cmake::{LIBRARY_DIR, TOOLCHAIN_FILE, ToolchainPlace, toolchain_file};
pub use compile::{Busy, Object};
pub use error::{BuildError, RecordProblem};
pub use job_files::{Headers, JobFiles};
pub use manifest::{
    BUILD_TRACE, BareManifest, MANIFEST, Manifest, ManifestArchive, ManifestContents, ManifestFile,
    ManifestLibrary, ManifestMember, ManifestSource, ProgramFlags, SBOM, TracedManifest,
};
pub use prefix::{Installed, Prefix, install_built};
pub use trace::{BuildTrace, FileOrigin, TracedFile, TracedMember};

use crate::fetch::Fetcher;
use crate::model::{Dependency, Name, RelPath, Selected, Version};
use crate::plan::Plan;
use crate::report::Reporter;
use crate::store::{Cache, Ours, Store};
use crate::toolchain::Toolchain;
use prefix::FoundPrefix;

/// Makes the documents that lie beside the manifest, from the plan, the manifest without them, and
/// the build trace: path below the prefix, and text.
pub type Documents<'a> = &'a dyn Fn(&Plan, &TracedManifest, &BuildTrace) -> Vec<(RelPath, String)>;

/// What compiling a plan needs, whatever is then done with the objects.
pub struct Work<'a> {
    pub plan: &'a Plan,
    pub toolchain: &'a Toolchain,
    pub store: &'a Store,
    /// Keeps what was compiled.
    pub cache: &'a dyn Cache,
    pub fetcher: &'a Fetcher<'a>,
    pub reporter: &'a dyn Reporter,
    /// Compile jobs at once; at least one.
    pub workers: usize,
}

/// What a build needs.
pub struct BuildRequest<'a> {
    pub work: Work<'a>,
    /// Where the libraries go.
    pub prefix: &'a Prefix<'a>,
    /// Whether a prefix of another toolchain or build configuration, or one whose manifest can't be
    /// read, may be replaced.
    pub replace: bool,
    /// Whether everything at this path is as a build of the plan makes it: asked where the manifest
    /// says so.
    pub is_intact: &'a dyn Fn(&Utf8Path) -> bool,
    /// Called when there is something to do, before it is done.
    pub begin: &'a dyn Fn(),
    pub documents: Documents<'a>,
}

/// What a build did.
#[derive(Debug)]
pub enum Outcome {
    /// The prefix was as the plan wants it, all of it checked; no process was started.
    UpToDate(Manifest),
    /// The prefix was made anew.
    Built(Manifest),
}

/// Makes the prefix what the plan says: all of it, and nothing else.
///
/// # Errors
/// All that went wrong; the prefix is then as it was.
pub fn build(request: &BuildRequest<'_>) -> Result<Outcome, Vec<BuildError>> {
    let one = |error| vec![error];
    let Work {
        plan, toolchain, ..
    } = request.work;
    let prefix = request.prefix;
    let old = match prefix.found().map_err(one)? {
        FoundPrefix::Nothing => Ours::default(),
        FoundPrefix::Prefix(manifest) => {
            if manifest.key != plan.key {
                debug!(prefix = %prefix.path(), key = %manifest.key.short(), planned = %plan.key.short(), "the prefix was made from another plan");
            } else if (request.is_intact)(prefix.path()) {
                return Ok(Outcome::UpToDate(*manifest));
            } else {
                debug!(prefix = %prefix.path(), "the prefix is damaged");
            }
            manifest
                .replaced_with(&plan.toolchain, prefix, request.replace)
                .map_err(one)?
        }
        FoundPrefix::Damaged(_) if request.replace => claims::of(prefix.path()),
        FoundPrefix::Damaged(error) => return Err(one(error)),
    };
    // Made before anything is compiled: a folder that can't be written is an error now.
    let mut stage = prefix.stage().map_err(one)?;
    (request.begin)();
    let compiled = schedule::run(&request.work)?;
    let sources = install::install(plan, &compiled, &mut stage)?;
    let files = stage.files().to_vec();
    let bare = BareManifest::new(plan.toolchain.clone(), plan.key, sources, files);
    let trace = BuildTrace::new(plan, &compiled, toolchain, &bare).map_err(one)?;
    let path = BUILD_TRACE.parse().expect("a constant that is a path");
    let traced = stage.add_about(path, trace.to_text().as_bytes());
    let manifest = bare.with_trace(traced.map_err(one)?);
    let documents = (request.documents)(plan, &manifest, &trace).into_iter();
    let documents = documents.map(|(path, text)| stage.add_about(path, text.as_bytes()));
    let documents = documents.collect::<Result<_, _>>().map_err(one)?;
    let manifest = manifest.with_documents(documents);
    stage.commit(&manifest, old).map_err(one)?;
    Ok(Outcome::Built(manifest))
}

/// Files of a source tree that take no part.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Unused {
    pub source: Name,
    pub version: Version,
    /// Sorted.
    pub files: Vec<RelPath>,
}

/// The files of each source's tree that are neither compiled, included, installed nor a licence:
/// `[inputs]` should not select them, or an overlay is one too many. Compiles what is not in the
/// store: only the compiler knows what it included.
///
/// # Errors
/// All that keeps the plan from being compiled.
pub fn unused_inputs(work: &Work<'_>) -> Result<Vec<Unused>, Vec<BuildError>> {
    let compiled = schedule::run(work)?;
    let mut found = Vec::new();
    for (id, source) in work.plan.sources.entries() {
        let Selected {
            recipe,
            source: locked,
            ..
        } = &source.selected;
        // Also of what other configurations name.
        let named = recipe.inputs.files.iter().map(RelPath::as_str);
        let mut used: BTreeSet<&str> = named.collect();
        // Some file asks for them, if in a condition that does not hold here.
        used.extend(locked.includes.iter().map(RelPath::as_str));
        // `named` has no overlay, nor what the recipe makes: a header may be one.
        used.extend(recipe.headers().map(|(from, _)| from.as_str()));
        used.extend(
            work.plan
                .jobs_of(id)
                .flat_map(|(job, _)| compiled.objects[job].dependencies())
                .filter_map(|dependency| {
                    let Dependency::Own(path) = dependency else {
                        return None;
                    };
                    Some(path.as_str())
                }),
        );
        let files = compiled.trees[id]
            .entry()
            .files()
            .iter()
            .map(|file| &file.path);
        let files: Vec<RelPath> = files
            .filter(|path| !used.contains(path.as_str()))
            .cloned()
            .collect();
        found.push(Unused {
            source: recipe.name.clone(),
            version: locked.version.clone(),
            files,
        });
    }
    Ok(found)
}
