//! From recipes, lock, target and toolchain to one flat list of compile jobs over all libraries, with keys. Pure: no file is touched, no process
//! started, so the same arguments give the same plan anywhere.

mod key;

use std::collections::BTreeMap;

use serde::Serialize;

pub use key::{headers_key, inputs_digest, tree_key, tree_record_key};

use crate::model::{BuildConfig, CompileOptions, Feature, Identity, Name, OptLevel, RelPath, Selected, Selection, Sha256, Timestamp};

/// What is to be built, and how.
#[derive(Debug)]
pub struct Plan {
    /// What compiles it, and for which build configuration.
    pub toolchain: Identity,
    /// Dependencies first.
    pub sources: Vec<PlannedSource>,
    /// All compile jobs, by source, library and member.
    pub jobs: Vec<Job>,
    /// Of the whole prefix: equal keys mean equal prefixes, byte for byte.
    pub key: Sha256,
}

/// A source of the plan.
#[derive(Debug)]
pub struct PlannedSource {
    pub selected: Selected,
    pub tree_key: Sha256,
    pub archives: Vec<PlannedArchive>,
}

/// A static library of the plan.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedArchive {
    /// `z` for `lib/libz.a`.
    pub library: Name,
    /// In archive order.
    pub members: Vec<Member>,
}

impl PlannedArchive {
    /// Its path below the prefix.
    #[must_use]
    pub fn path(&self) -> RelPath {
        format!("lib/lib{}.a", self.library).parse().expect("a name is a path's part")
    }
}

/// A member of an archive.
#[derive(Debug, Clone, Serialize)]
pub struct Member {
    /// `adler32.o`.
    pub name: String,
    /// Index into [`Plan::jobs`].
    pub job: usize,
}

/// One C file to compile.
#[derive(Debug, Clone, Serialize)]
pub struct Job {
    /// Index into [`Plan::sources`].
    #[serde(skip)]
    pub source: usize,
    pub library: Name,
    /// In the source tree, which is the working directory.
    pub file: RelPath,
    /// Clang's arguments but for those that the toolchain adds (target, sysroot) and the output's name.
    pub arguments: Vec<String>,
    /// Of what is asked of the compiler: the file's path and the arguments, whatever is in the file.
    pub key: Sha256,
}

impl Job {
    /// Whether its file may have inline assembly.
    #[must_use]
    pub fn has_assembly(&self) -> bool {
        !self.arguments.iter().any(|argument| argument == NO_ASSEMBLY)
    }
}

impl Plan {
    /// Plans `selection` with the toolchain of that identity and for its build configuration; `created` is when its documents say that they were made.
    #[must_use]
    pub fn new(selection: Selection, toolchain: &Identity, created: Timestamp) -> Self {
        let mut plan = Self { toolchain: toolchain.clone(), sources: Vec::new(), jobs: Vec::new(), key: toolchain.digest };
        for selected in selection.sources {
            let tree_key = tree_key(&selected);
            let recipe = selected.recipe.clone();
            let source = plan.sources.len();
            let mut archives = Vec::new();
            for library in &recipe.libraries {
                let names = member_names(&library.sources);
                let small = toolchain.config.variant().has(Feature::Small);
                let level = if small { OptLevel::Os } else { library.options.opt_level };
                let members = library.sources.iter().zip(names).map(|(file, name)| {
                    let arguments = arguments(&library.options, level, toolchain, library.inline_assembly.contains(file));
                    let key = key::job_key(file, &arguments);
                    plan.jobs.push(Job { source, library: library.name.clone(), file: file.clone(), arguments, key });
                    Member { name, job: plan.jobs.len() - 1 }
                });
                let members = members.collect();
                archives.push(PlannedArchive { library: library.name.clone(), members });
            }
            plan.sources.push(PlannedSource { selected, tree_key, archives });
        }
        plan.key = key::prefix_key(&plan, created);
        plan
    }

    /// What it builds for.
    #[must_use]
    pub fn config(&self) -> BuildConfig {
        self.toolchain.config
    }

    /// The jobs of the source at `index`, with their own indices.
    pub fn jobs_of(&self, index: usize) -> impl Iterator<Item = (usize, &Job)> {
        self.jobs.iter().enumerate().filter(move |(_, job)| job.source == index)
    }
}

/// The job of a C file that is not of a library: one of a test program, which may include headers of the prefix.
#[must_use]
pub fn program_job(plan: &Plan, program: &Name, file: &RelPath, options: &CompileOptions, inline_assembly: bool) -> Job {
    let arguments = arguments(options, options.opt_level, &plan.toolchain, inline_assembly);
    let key = key::job_key(file, &arguments);
    Job { source: 0, library: program.clone(), file: file.clone(), arguments, key }
}

/// What keeps clang from opening a file for the assembler, behind the back of the trace.
const NO_ASSEMBLY: &str = "-fno-gnu-inline-asm";

/// What the variant and what all have comes last, so that no flag takes it back: `__DATE__` and `__TIME__` are errors, since a source that asks for the clock
/// means it, and gets it nowhere.
fn arguments(options: &CompileOptions, level: OptLevel, toolchain: &Identity, inline_assembly: bool) -> Vec<String> {
    let mut arguments = vec![level.as_str().to_owned()];
    arguments.extend(options.flags.iter().map(ToString::to_string));
    arguments.extend(options.defines.iter().map(|(name, value)| format!("-D{name}={value}")));
    arguments.extend(options.include_dirs.iter().map(|dir| format!("-I{dir}")));
    arguments.extend(toolchain.config.variant().compile_flags(toolchain.llvm_major()).iter().map(ToString::to_string));
    arguments.push("-Werror=date-time".to_owned());
    if !inline_assembly {
        arguments.push(NO_ASSEMBLY.to_owned());
    }
    arguments
}

/// `adler32.o` for `adler32.c`; where two sources of a library have the same file name, their whole paths with `_` for `/`, so that each member
/// can be told by its name.
fn member_names(sources: &[RelPath]) -> Vec<String> {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for source in sources {
        *count.entry(source.file_name()).or_default() += 1;
    }
    let named = sources.iter().map(|source| {
        let name = if count[source.file_name()] == 1 { source.file_name().to_owned() } else { source.as_str().replace('/', "_") };
        format!("{}.o", name.strip_suffix(".c").unwrap_or(&name))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_one_file_name_are_told_apart_by_their_folders() {
        let sources: Vec<RelPath> = ["a/x.c", "b/x.c", "b/y.c"].iter().map(|path| path.parse().expect("valid")).collect();
        assert_eq!(member_names(&sources), ["a_x.o", "b_x.o", "y.o"]);
    }
}
