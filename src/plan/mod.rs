//! From recipes, lock, target and toolchain to one flat list of compile jobs over all libraries,
//! with keys. Pure: no file is touched, no process started, so the same arguments give the same
//! plan anywhere.

mod id;
mod key;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub use id::{IndexVec, JobId, SourceId};
pub use key::{headers_key, inputs_digest, store_key, tree_key, tree_record_key};

use crate::model::{
    BuildConfig, CompileFlag, CompileOptions, Feature, Identity, Language, LibraryId, Module, Name,
    OptLevel, RelPath, Selected, Selection, Sha256, SourceFile, Timestamp, Variant, Visibility,
    modules,
};

/// What is to be built, and how.
#[derive(Debug)]
pub struct Plan {
    /// What compiles it, and for which build configuration.
    pub toolchain: Identity,
    /// What a source requires comes before it, but for sources that require each other.
    pub sources: IndexVec<SourceId, PlannedSource>,
    /// All compile jobs, by source, library and member.
    pub jobs: IndexVec<JobId, PlannedJob>,
    /// Of the whole prefix: equal keys mean equal prefixes, byte for byte.
    pub key: Sha256,
}

/// A source of the plan.
#[derive(Debug)]
pub struct PlannedSource {
    pub selected: Selected,
    pub tree_key: Sha256,
    /// In the recipe's order.
    pub libraries: Vec<PlannedLibrary>,
    pub modules: BTreeMap<Name, Module>,
}

/// A library of the plan.
#[derive(Debug, Clone)]
pub struct PlannedLibrary {
    pub id: LibraryId,
    /// Path in the tree to path below `include/`.
    pub headers: BTreeMap<RelPath, RelPath>,
    /// Of the headers, laid out for others to include.
    pub headers_key: Sha256,
    /// What it requires publicly.
    pub requires: Vec<LibraryId>,
    /// What it requires privately.
    pub requires_private: Vec<LibraryId>,
    /// The libraries of other sources whose headers its own sources may include, in the order in
    /// which they are searched. Those of its own source are files of its tree.
    pub included: Vec<LibraryId>,
    /// None for headers alone.
    pub archive: Option<PlannedArchive>,
}

/// A static library of the plan.
#[derive(Debug, Clone)]
pub struct PlannedArchive {
    /// Below the prefix.
    pub path: RelPath,
    /// In archive order.
    pub members: Vec<Member>,
}

/// A member of an archive.
#[derive(Debug, Clone, Serialize)]
pub struct Member {
    /// `adler32.o`.
    pub name: String,
    pub job: JobId,
}

/// A compile job of the plan.
#[derive(Debug, Clone)]
pub struct PlannedJob {
    pub source: SourceId,
    /// Of that source.
    pub library: Name,
    pub job: Job,
}

/// One file to compile.
#[derive(Debug, Clone)]
pub struct Job {
    /// In the source tree, which is the working directory.
    pub file: SourceFile,
    /// Clang's arguments but for those that the toolchain adds (target, sysroot) and the output's
    /// name.
    pub arguments: Vec<String>,
    /// Of what is asked of the compiler: the file's path and the arguments, whatever is in the
    /// file.
    pub key: Sha256,
}

impl Job {
    fn new(file: SourceFile, arguments: Vec<String>) -> Self {
        let key = key::job_key(&file, &arguments);
        Self {
            file,
            arguments,
            key,
        }
    }

    /// The job of a file that is not of a library: one of a test program, which may include headers
    /// of the prefix.
    #[must_use]
    pub fn of_program(
        file: &SourceFile,
        options: &CompileOptions,
        toolchain: &Identity,
        inline_assembly: bool,
    ) -> Self {
        let arguments = arguments(
            file.language(),
            options,
            options.opt_level,
            toolchain,
            inline_assembly,
        );
        Self::new(file.clone(), arguments)
    }

    /// Whether the assembler reads its file, or inline assembly in it.
    #[must_use]
    pub fn has_assembly(&self) -> bool {
        self.file.language().is_assembly()
            || !self
                .arguments
                .iter()
                .any(|argument| argument == NO_ASSEMBLY)
    }
}

impl Plan {
    /// Plans `selection` with the toolchain of that identity, which is for the selection's build
    /// configuration; `created` is when its documents say that they were made.
    #[must_use]
    pub fn new(selection: Selection, toolchain: &Identity, created: Timestamp) -> Self {
        let mut plan = Self {
            toolchain: toolchain.clone(),
            sources: IndexVec::default(),
            jobs: IndexVec::default(),
            key: toolchain.digest,
        };
        debug_assert_eq!(selection.config(), toolchain.config);
        let Selection { sources, graph, .. } = selection;
        let mut modules = modules(&graph, sources.iter().map(|selected| &*selected.recipe));
        let with_headers = sources.iter().flat_map(|Selected { recipe, .. }| {
            let libraries = recipe
                .libraries
                .iter()
                .filter(|library| !library.headers.is_empty());
            libraries.map(|library| recipe.library_id(&library.name))
        });
        let with_headers: BTreeSet<LibraryId> = with_headers.collect();
        for selected in sources {
            let tree_key = tree_key(&selected);
            let recipe = selected.recipe.clone();
            let source = plan.sources.next_id();
            let libraries = recipe.libraries.iter().map(|library| {
                let id = recipe.library_id(&library.name);
                let included = graph
                    .included(&id)
                    .into_iter()
                    .filter(|other| other.recipe != id.recipe && with_headers.contains(*other));
                let included: Vec<LibraryId> = included.cloned().collect();
                let small = toolchain.config.variant().has(Feature::Small);
                let members = library.units().iter().map(|unit| {
                    let level = if small {
                        OptLevel::Oz
                    } else {
                        unit.options.opt_level
                    };
                    let arguments = arguments(
                        unit.source.language(),
                        &unit.options,
                        level,
                        toolchain,
                        unit.inline_assembly,
                    );
                    let job = plan.jobs.push(PlannedJob {
                        source,
                        library: library.name.clone(),
                        job: Job::new(unit.source.clone(), arguments),
                    });
                    Member {
                        name: unit.member.clone(),
                        job,
                    }
                });
                let members = members.collect();
                let required = |visibility| {
                    let edges = graph
                        .requires(&id)
                        .iter()
                        .filter(|edge| edge.visibility == visibility);
                    edges.map(|edge| edge.to.clone()).collect()
                };
                PlannedLibrary {
                    headers: library.headers.clone(),
                    headers_key: headers_key(&tree_key, &library.headers),
                    requires: required(Visibility::Public),
                    requires_private: required(Visibility::Private),
                    included,
                    archive: library
                        .archive()
                        .map(|path| PlannedArchive { path, members }),
                    id,
                }
            });
            let libraries = libraries.collect();
            let modules = recipe
                .pkg_configs
                .keys()
                .filter_map(|name| modules.remove_entry(name))
                .collect();
            plan.sources.push(PlannedSource {
                selected,
                tree_key,
                libraries,
                modules,
            });
        }
        plan.key = key::prefix_key(&plan, created);
        plan
    }

    /// What it builds for.
    #[must_use]
    pub fn config(&self) -> BuildConfig {
        self.toolchain.config
    }

    /// The library `id` of the plan, and its source.
    #[must_use]
    pub fn library(&self, id: &LibraryId) -> Option<(SourceId, &PlannedLibrary)> {
        let (source, planned) = self
            .sources
            .entries()
            .find(|(_, planned)| planned.selected.recipe.name == id.recipe)?;
        let mut libraries = planned.libraries.iter();
        Some((source, libraries.find(|library| library.id == *id)?))
    }

    /// The library that `job` makes an object of.
    #[must_use]
    pub fn library_of(&self, job: &PlannedJob) -> Option<&PlannedLibrary> {
        self.sources[job.source]
            .libraries
            .iter()
            .find(|library| library.id.library == job.library)
    }

    /// All archives, in the order of the jobs.
    pub fn archives(&self) -> impl Iterator<Item = &PlannedArchive> {
        let libraries = self.sources.iter().flat_map(|source| &source.libraries);
        libraries.filter_map(|library| library.archive.as_ref())
    }

    /// The jobs of `source`, with their ids.
    pub fn jobs_of(&self, source: SourceId) -> impl Iterator<Item = (JobId, &Job)> {
        self.jobs
            .entries()
            .filter(move |(_, planned)| planned.source == source)
            .map(|(id, planned)| (id, &planned.job))
    }
}

/// What keeps clang from opening a file for the assembler, behind the back of the trace.
const NO_ASSEMBLY: &str = "-fno-gnu-inline-asm";

/// What the variant and what all have comes last, so that no flag takes it back: `__DATE__` and
/// `__TIME__` are errors, since a source that asks for the clock means it, and gets it nowhere; C++
/// throws where the recipe asks for that and the variant can. A C++ library that only passes
/// exceptions on would need the SDK's libraries for them too, and few SDKs have those.
fn arguments(
    language: Language,
    options: &CompileOptions,
    level: OptLevel,
    toolchain: &Identity,
    inline_assembly: bool,
) -> Vec<String> {
    let variant = toolchain.config.variant();
    let mut arguments = Vec::new();
    if language.is_preprocessed() {
        arguments.push(level.as_str().to_owned());
    }
    arguments.extend(
        options
            .flags
            .iter()
            .filter(|flag| language.takes(flag))
            .map(ToString::to_string),
    );
    if language.is_preprocessed() {
        arguments.extend(
            options
                .defines
                .iter()
                .map(|(name, value)| format!("-D{name}={value}")),
        );
        arguments.extend(options.include_dirs.iter().map(|dir| format!("-I{dir}")));
    }
    arguments.extend(
        variant
            .compile_flags(toolchain.llvm_major(), language)
            .iter()
            .map(ToString::to_string),
    );
    if options.setjmp && !variant.has(Feature::Eh) && !language.is_assembly() {
        let flags = Variant::setjmp_flags(toolchain.llvm_major());
        arguments.extend(flags.iter().map(ToString::to_string));
    }
    let throws = variant.has(Feature::Eh) && options.flags.iter().any(CompileFlag::asks_to_throw);
    if language == Language::Cxx && !throws {
        arguments.push("-fno-exceptions".to_owned());
    }
    if language.is_preprocessed() {
        arguments.push("-Werror=date-time".to_owned());
    }
    if !language.is_assembly() && !inline_assembly {
        arguments.push(NO_ASSEMBLY.to_owned());
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Target;

    #[test]
    fn each_language_gets_the_arguments_that_are_for_it() {
        let options = CompileOptions {
            defines: BTreeMap::from([(
                "A".parse().expect("a macro"),
                "1".parse().expect("a line"),
            )]),
            include_dirs: vec![".".parse().expect("a folder")],
            flags: ["-std=gnu11", "-std=c++20", "-fwrapv", "-mtail-call"]
                .map(|flag| flag.parse().expect("a flag"))
                .into(),
            ..CompileOptions::default()
        };
        let shown_with = |options: &CompileOptions, language, features: &[Feature]| {
            let config = BuildConfig::new(Target::Wasip1, features.iter().copied().collect())
                .expect("a variant");
            let toolchain = Identity::example(Sha256::of(b""), config);
            arguments(language, options, OptLevel::O2, &toolchain, false).join(" ")
        };
        let shown = |language, features: &[Feature]| shown_with(&options, language, features);
        assert_eq!(
            shown(Language::C, &[]),
            "-O2 -std=gnu11 -fwrapv -mtail-call -DA=1 -I. -Werror=date-time -fno-gnu-inline-asm"
        );
        let cxx = shown(Language::Cxx, &[]);
        assert_eq!(
            cxx,
            "-O2 -std=c++20 -fwrapv -mtail-call -DA=1 -I. -fno-exceptions -Werror=date-time -fno-gnu-inline-asm"
        );
        assert_eq!(
            shown(Language::PreprocessedAssembly, &[]),
            "-O2 -fwrapv -mtail-call -DA=1 -I. -Werror=date-time"
        );
        assert_eq!(shown(Language::Assembly, &[]), "-mtail-call");
        let jumping = CompileOptions {
            setjmp: true,
            ..CompileOptions::default()
        };
        let sjlj = "-mllvm -wasm-enable-sjlj";
        let shown_jumping = |language, features: &[Feature]| {
            let shown = shown_with(&jumping, language, features);
            shown.matches(sjlj).count()
        };
        assert_eq!(shown_jumping(Language::C, &[]), 1);
        assert_eq!(shown_jumping(Language::C, &[Feature::Eh]), 1);
        assert_eq!(shown_jumping(Language::Assembly, &[]), 0);
        assert!(!shown(Language::C, &[]).contains(sjlj));
        // `setjmp` alone; exceptions only where a library asks for them.
        let jumping = shown(Language::Cxx, &[Feature::Eh]);
        assert!(
            jumping.contains("-fwasm-exceptions") && jumping.contains(" -fno-exceptions "),
            "{jumping}"
        );
        for flag in ["-fexceptions", "-fcxx-exceptions", "-fwasm-exceptions"] {
            let options = CompileOptions {
                flags: vec![flag.parse().expect("a flag")],
                ..options.clone()
            };
            let throwing = shown_with(&options, Language::Cxx, &[Feature::Eh]);
            assert!(!throwing.contains("-fno-exceptions"), "{throwing}");
            let default = shown_with(&options, Language::Cxx, &[]);
            assert!(default.contains(" -fno-exceptions "), "{default}");
        }
        assert_eq!(
            shown(
                Language::Assembly,
                &[Feature::Pic, Feature::Simd, Feature::Eh]
            ),
            "-mtail-call -msimd128 -mbulk-memory -mnontrapping-fptoint"
        );
    }
}
