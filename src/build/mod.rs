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
mod queue;
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
use crate::plan::{Plan, SourceId};
use crate::report::Reporter;
use crate::store::{Cache, Ours, Store};
use crate::toolchain::Toolchain;
use prefix::{FoundPrefix, PrefixStage};
use schedule::CompiledPlan;

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
    /// What the plan is called in messages, where several are carried out at once.
    pub called: Option<&'a str>,
}

impl Work<'_> {
    /// What messages call a source: `zlib 1.3.2`, and for which plan it is where there are several.
    #[must_use]
    pub fn subject(&self, source: SourceId) -> String {
        let title = self.plan.sources[source].selected.title();
        match self.called {
            Some(plan) => format!("{title} for {plan}"),
            None => title,
        }
    }

    /// What messages call the source of each job, in the order of the jobs.
    #[must_use]
    pub fn subjects(&self) -> Vec<String> {
        let jobs = self.plan.jobs.iter();
        jobs.map(|planned| self.subject(planned.source)).collect()
    }
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
    pub documents: Documents<'a>,
}

/// Called with [`Work::subjects`] of all that is to be done, where there is something, before it is
/// done.
pub type Begin<'a> = &'a dyn Fn(&[String]);

/// What a build did.
#[derive(Debug)]
pub enum Outcome {
    /// The prefix was as the plan wants it, all of it checked; no process was started.
    UpToDate(Manifest),
    /// The prefix was made anew.
    Built {
        manifest: Manifest,
        /// Objects that were compiled for it.
        compiled: usize,
        /// Those that the cache had, or that another plan of the same build made.
        cached: usize,
    },
}

impl Outcome {
    /// The prefix's manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        match self {
            Self::UpToDate(manifest) | Self::Built { manifest, .. } => manifest,
        }
    }
}

/// What several builds came to.
#[derive(Debug)]
pub struct Built {
    /// In the order of the requests; none where something failed: the prefix is then as it was.
    pub outcomes: Vec<Option<Outcome>>,
    /// All that went wrong.
    pub errors: Vec<BuildError>,
}

/// Makes the prefix what the plan says: all of it, and nothing else.
///
/// # Errors
/// All that went wrong; the prefix is then as it was.
pub fn build(request: &BuildRequest<'_>, begin: Begin<'_>) -> Result<Outcome, Vec<BuildError>> {
    let Built {
        mut outcomes,
        errors,
    } = build_all(std::slice::from_ref(request), begin);
    outcomes.pop().flatten().ok_or(errors)
}

/// Makes several prefixes what their plans say. All compile jobs are one list, in which each object
/// is made once. Where a prefix can't be looked at or may not be replaced, nothing is done.
pub fn build_all(requests: &[BuildRequest<'_>], begin: Begin<'_>) -> Built {
    let mut outcomes: Vec<Option<Outcome>> = requests.iter().map(|_| None).collect();
    let mut errors = Vec::new();
    let mut staged = Vec::new();
    for (request, outcome) in requests.iter().zip(&mut outcomes) {
        match open(request) {
            Ok(OpenedPrefix::UpToDate(manifest)) => *outcome = Some(Outcome::UpToDate(manifest)),
            Ok(OpenedPrefix::Staged(stage, ours)) => staged.push((request, stage, ours, outcome)),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() || staged.is_empty() {
        return Built { outcomes, errors };
    }
    let works: Vec<&Work<'_>> = staged.iter().map(|(request, ..)| &request.work).collect();
    let subjects: Vec<String> = works.iter().flat_map(|work| work.subjects()).collect();
    begin(&subjects);
    match schedule::run_all(&works) {
        Ok(compiled) => {
            errors.extend(compiled.errors);
            for ((request, stage, ours, outcome), compiled) in
                staged.into_iter().zip(compiled.plans)
            {
                match compiled.map(|compiled| make(request, &compiled, stage, ours)) {
                    Some(Ok(built)) => *outcome = Some(built),
                    Some(Err(failures)) => errors.extend(failures),
                    None => {}
                }
            }
        }
        Err(failures) => errors.extend(failures),
    }
    Built { outcomes, errors }
}

/// A prefix that is to be built.
enum OpenedPrefix<'a> {
    UpToDate(Manifest),
    /// Where it is made, and what of the one that is there is ours.
    Staged(PrefixStage<'a>, Ours),
}

fn open<'a>(request: &'a BuildRequest<'_>) -> Result<OpenedPrefix<'a>, BuildError> {
    let (plan, prefix) = (request.work.plan, request.prefix);
    let ours = match prefix.found()? {
        FoundPrefix::Nothing => Ours::default(),
        FoundPrefix::Prefix(manifest) => {
            if manifest.key != plan.key {
                debug!(prefix = %prefix.path(), key = %manifest.key.short(), planned = %plan.key.short(), "the prefix was made from another plan");
            } else if (request.is_intact)(prefix.path()) {
                return Ok(OpenedPrefix::UpToDate(*manifest));
            } else {
                debug!(prefix = %prefix.path(), "the prefix is damaged");
            }
            manifest.replaced_with(&plan.toolchain, prefix, request.replace)?
        }
        FoundPrefix::Damaged(_) if request.replace => claims::of(prefix.path()),
        FoundPrefix::Damaged(error) => return Err(error),
    };
    // Made before anything is compiled: a folder that can't be written is an error now.
    Ok(OpenedPrefix::Staged(prefix.stage()?, ours))
}

/// Makes the prefix from what was compiled.
fn make(
    request: &BuildRequest<'_>,
    compiled: &CompiledPlan<'_>,
    mut stage: PrefixStage<'_>,
    ours: Ours,
) -> Result<Outcome, Vec<BuildError>> {
    let one = |error| vec![error];
    let Work {
        plan, toolchain, ..
    } = request.work;
    let sources = install::install(plan, compiled, &mut stage)?;
    let files = stage.files().to_vec();
    let bare = BareManifest::new(plan.toolchain.clone(), plan.key, sources, files);
    let trace = BuildTrace::new(plan, compiled, toolchain, &bare).map_err(one)?;
    let path = BUILD_TRACE.parse().expect("a constant that is a path");
    let traced = stage.add_about(path, trace.to_text().as_bytes());
    let manifest = bare.with_trace(traced.map_err(one)?);
    let documents = (request.documents)(plan, &manifest, &trace).into_iter();
    let documents = documents.map(|(path, text)| stage.add_about(path, text.as_bytes()));
    let documents = documents.collect::<Result<_, _>>().map_err(one)?;
    let manifest = manifest.with_documents(documents);
    stage.commit(&manifest, ours).map_err(one)?;
    let cached = compiled
        .objects
        .iter()
        .filter(|object| object.cached)
        .count();
    Ok(Outcome::Built {
        manifest,
        compiled: compiled.objects.len() - cached,
        cached,
    })
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
