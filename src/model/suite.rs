//! `recipes/<name>/tests.toml`: the tests of a source, as data: programs, how they are run, what
//! they must give. The format is described in `docs/tests.md`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::condition::Condition;
use super::condition_wire::ConditionWire;
use super::{
    BuildConfig, CompileOptions, Extra, Globs, GlobsError, Inputs, Line, LinkFlag, Macro, Name,
    OptLevel, Overlay, Patch, Recipe, RelPath, Sha256, SourceFile, Version, Within,
};

/// The tests of some versions of a source.
#[derive(Debug, Clone)]
pub struct Suite {
    /// The file that it was read from, relative to the recipes' folder.
    pub file: String,
    /// Of its text.
    pub digest: Sha256,
    /// The versions that it is written for; never empty.
    pub versions: Vec<Version>,
    /// Files that only the tests need, beside those of the recipe.
    pub inputs: Option<Inputs>,
    /// Files of other archives.
    pub extras: Vec<Extra>,
    pub overlays: Vec<Overlay>,
    /// Of bugs in the tests, not in the library.
    pub patches: Vec<Patch>,
    pub programs: Vec<Program>,
    pub runs: Vec<Run>,
    /// What upstream tests and WASI can't carry.
    pub not_applicable: Vec<NotApplicable>,
}

/// A program, or one for each of several files.
#[derive(Debug, Clone)]
pub struct Program {
    /// How runs call it.
    pub name: Name,
    pub sources: ProgramSources,
    /// Those of the files that have inline assembly; everywhere else clang refuses it.
    pub inline_assembly: Vec<SourceFile>,
    pub options: CompileOptions,
    /// Where there are any: each program once at each of them.
    pub opt_levels: Vec<OptLevel>,
    /// Each program once for each value of a macro.
    pub each_define: Option<EachDefine>,
    /// pkg-config modules to link with.
    pub modules: Vec<Name>,
    /// Further arguments for the linker.
    pub libs: Vec<LinkFlag>,
}

/// What programs are made from.
#[derive(Debug, Clone)]
pub enum ProgramSources {
    /// One program from all of these.
    All(Vec<SourceFile>),
    /// One program from each file that `each` selects and `except` does not, with `with` linked to
    /// each.
    Each {
        each: Globs,
        except: Option<Globs>,
        with: Vec<SourceFile>,
    },
}

impl ProgramSources {
    /// Those that are named one by one.
    #[must_use]
    pub fn named(&self) -> &[SourceFile] {
        match self {
            Self::All(sources) | Self::Each { with: sources, .. } => sources,
        }
    }

    /// Whether the file at `path` is made into a program of its own.
    #[must_use]
    pub fn selects(&self, path: &RelPath) -> bool {
        match self {
            Self::All(_) => false,
            Self::Each { each, except, .. } => {
                each.selects(path) && !except.as_ref().is_some_and(|except| except.selects(path))
            }
        }
    }
}

/// A macro that is defined as each whole number of a range, both ends included.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EachDefine {
    pub name: Macro,
    pub from: u32,
    /// At most [`EachDefine::VALUES_LIMIT`] values in all.
    pub to: u32,
}

impl EachDefine {
    /// How many values one macro may be tried with.
    pub const VALUES_LIMIT: u32 = 1000;
}

/// A test's limit of wall time, in seconds: at most a day.
pub type TimeLimit = Within<1, 86_400>;

/// A test's limit of linear memory, in MiB: at most what 32 bits address.
pub type MemoryLimit = Within<1, 4096>;

impl Program {
    /// The ways in which each of its programs is compiled: what tables add to the name (` DGTEST=1
    /// -O0`), and the options.
    #[must_use]
    pub fn variants(&self) -> Vec<(String, CompileOptions)> {
        let mut variants = vec![(String::new(), self.options.clone())];
        if let Some(EachDefine { name, from, to }) = &self.each_define {
            let with = |value: u32| {
                let mut options = self.options.clone();
                options.defines.insert(name.clone(), Line::from(value));
                (format!(" {name}={value}"), options)
            };
            variants = (*from..=*to).map(with).collect();
        }
        if self.opt_levels.is_empty() {
            return variants;
        }
        let at = |(suffix, options): &(String, CompileOptions), opt_level: OptLevel| {
            (
                format!("{suffix} {}", opt_level.as_str()),
                CompileOptions {
                    opt_level,
                    ..options.clone()
                },
            )
        };
        variants
            .iter()
            .flat_map(|variant| self.opt_levels.iter().map(move |level| at(variant, *level)))
            .collect()
    }
}

/// A way to run a program: one test, or one for each of several files.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Run {
    /// A program of the suite.
    pub program: Name,
    /// Only where this holds; always, where it is not given.
    #[schemars(with = "Option<ConditionWire>")]
    pub when: Option<Condition>,
    /// How tables call it; the program's name where it is not given.
    pub name: Option<Line>,
    /// One test for each file of the tree that these select; `{file}` stands for its path.
    pub each: Option<Globs>,
    /// Not these of them: they are in `not-applicable`, or in another run.
    pub except: Option<Globs>,
    /// `{file}` and, where the program has `each`, `{program}` for the file that it is made from,
    /// are allowed.
    #[serde(default)]
    pub args: Vec<Line>,
    #[serde(default)]
    pub env: BTreeMap<Macro, Line>,
    /// Files of the tree that are copied into the folder that the test runs in, under their paths.
    pub files: Option<Globs>,
    /// The names under which the program sees its folder; with none it has no folder at all.
    #[serde(default = "default_folders")]
    pub folders: Vec<Line>,
    /// A file of the tree that the test reads from standard input; `{file}` and `{program}` are
    /// allowed.
    pub stdin: Option<Line>,
    /// The exit status that is expected.
    #[serde(default)]
    pub exit: i32,
    /// A file of the tree that standard output must be equal to; `{file}` and `{program}` are
    /// allowed.
    pub stdout: Option<Line>,
    /// Texts that standard output must have.
    #[serde(default)]
    pub stdout_contains: Vec<String>,
    /// Standard output must have the text that the program's first file states in DejaGnu's
    /// `dg-output` directives, where it has any.
    #[serde(default)]
    pub dg_output: bool,
    /// In seconds of wall time.
    #[serde(default = "default_time_limit")]
    pub time_limit: TimeLimit,
    /// In MiB of linear memory.
    #[serde(default = "default_memory_limit")]
    pub memory_limit: MemoryLimit,
    /// The runtime compiles the program fast and not well, where it can: for a large program that
    /// runs briefly.
    #[serde(default)]
    pub quick_start: bool,
}

fn default_folders() -> Vec<Line> {
    vec!["/".parse().expect("a constant of one line")]
}

fn default_time_limit() -> TimeLimit {
    TimeLimit::clamped(120)
}

fn default_memory_limit() -> MemoryLimit {
    MemoryLimit::clamped(512)
}

/// A test of upstream's that is not run, with why.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotApplicable {
    /// Only where this holds; always, where it is not given.
    #[schemars(with = "Option<ConditionWire>")]
    pub when: Option<Condition>,
    /// As upstream calls it.
    pub name: Line,
    /// What WASI or WebAssembly lacks that it needs.
    pub reason: Line,
}

impl Suite {
    /// What is run when `version` is built for `config`, with the programs that this takes.
    #[must_use]
    pub fn resolve(&self, config: BuildConfig, version: &Version) -> Self {
        let mut suite = self.clone();
        let holds = |when: &Option<Condition>| {
            let when = when.as_ref();
            when.is_none_or(|condition| condition.holds(config, version))
        };
        suite.runs.retain(|run| holds(&run.when));
        suite.not_applicable.retain(|skipped| holds(&skipped.when));
        let runs = &suite.runs;
        let is_run = |program: &Program| runs.iter().any(|run| run.program == program.name);
        suite.programs.retain(is_run);
        suite
    }

    /// `recipe` with the files that the tests need beside its own, and the patches of them.
    ///
    /// # Errors
    /// When the patterns of both are too many together.
    pub fn recipe(&self, recipe: &Recipe) -> Result<Recipe, GlobsError> {
        let mut recipe = recipe.clone();
        if let Some(inputs) = &self.inputs {
            recipe.inputs = recipe.inputs.union(inputs)?;
        }
        let sources = self
            .programs
            .iter()
            .flat_map(|program| program.sources.named());
        let files = &mut recipe.inputs.files;
        files.extend(sources.map(|source| source.path().clone()));
        recipe.overlays.extend(self.overlays.iter().cloned());
        recipe.patches.extend(self.patches.iter().cloned());
        recipe.extras.clone_from(&self.extras);
        let made = recipe.steps.iter().map(|step| &step.to);
        for path in made.chain(recipe.overlays.iter().map(|overlay| &overlay.to)) {
            recipe.inputs.files.remove(path);
        }
        Ok(recipe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Feature, Target};

    const SUITE: &str = "versions = [\"1\"]\n[program.p]\nsources = [\"p.c\"]\nmodules = [\"m\"]\n[[run]]\nprogram = \"p\"\n";

    #[test]
    fn a_run_has_limits_even_where_none_are_given() {
        let suite = Suite::parse("tests.toml", SUITE).expect("valid");
        assert_eq!(
            (
                suite.runs[0].exit,
                suite.runs[0].time_limit.get(),
                suite.runs[0].memory_limit.get()
            ),
            (0, 120, 512)
        );
    }

    #[test]
    fn a_program_is_made_once_for_each_value_and_level_and_once_without_any() {
        let variants = |keys: &str| {
            let suite = Suite::parse(
                "tests.toml",
                &SUITE.replace("[[run]]", &format!("{keys}\n[[run]]")),
            )
            .expect("valid");
            suite.programs[0].variants()
        };
        let plain = variants("");
        assert_eq!(
            (plain.len(), plain[0].0.as_str(), plain[0].1.opt_level),
            (1, "", OptLevel::O2)
        );
        let made = variants(
            "opt-levels = [\"-O0\", \"-Os\"]\neach-define = { name = \"N\", from = 9, to = 10 }",
        );
        let names: Vec<_> = made.iter().map(|(suffix, _)| suffix.as_str()).collect();
        assert_eq!(names, [" N=9 -O0", " N=9 -Os", " N=10 -O0", " N=10 -Os"]);
        assert_eq!(made[3].1.opt_level, OptLevel::Os);
        assert_eq!(
            made[3]
                .1
                .defines
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>(),
            ["N=10"]
        );
    }
    #[test]
    fn a_run_has_a_condition_and_a_program_is_compiled_where_something_runs_it() {
        let more = "[program.q]\nsources = [\"q.c\"]\nmodules = []\n\
                    [[run]]\nprogram = \"q\"\nwhen = { target = \"wasm32-wasip2\", variant = [\"simd\"] }\n\
                    [[not-applicable]]\nname = \"q\"\nreason = \"no vectors\"\nwhen = { target = \"wasm32-wasip1\" }\n";
        let suite = Suite::parse("tests.toml", &format!("{SUITE}{more}")).expect("valid");
        let version = "1".parse().expect("a version");
        let resolved = |target: Target, features: &[Feature]| {
            let config = BuildConfig::new(target, features.iter().copied().collect());
            let suite = suite.resolve(config.expect("a configuration"), &version);
            let names = suite
                .programs
                .iter()
                .map(|program| program.name.to_string());
            let skipped = suite.not_applicable.len();
            (
                suite.runs.len(),
                names.collect::<Vec<_>>().join(" "),
                skipped,
            )
        };
        assert_eq!(
            resolved(Target::Wasip2, &[Feature::Simd, Feature::Eh]),
            (2, "p q".to_owned(), 0)
        );
        assert_eq!(resolved(Target::Wasip2, &[]), (1, "p".to_owned(), 0));
        assert_eq!(
            resolved(Target::Wasip1, &[Feature::Simd]),
            (1, "p".to_owned(), 1)
        );
    }
}
