//! `recipes/<name>/tests.toml`: the tests of a source, as data: programs, how they are run, what
//! they must give. The format is told in `docs/tests.md`.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    CompileFlag, CompileOptions, ErrorClass, Extra, Globs, GlobsError, Inputs, InputsSize, Line,
    LinkFlag, Macro, Name, OptLevel, Overlay, Patch, Recipe, RelPath, Sha256, SourceFile,
    SyntaxError, TreeDir, Version, Within,
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
    /// Standard output must have the text that the program's first file tells in DejaGnu's
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
    /// As upstream calls it.
    pub name: Line,
    /// What WASI or WebAssembly lacks that it needs.
    pub reason: Line,
}

/// A suite that can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SuiteError {
    #[error(transparent)]
    Syntax(Box<SyntaxError>),
    #[error("{file}: {}", problems.join("; "))]
    Invalid { file: String, problems: Vec<String> },
}

impl SuiteError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Syntax(_) | Self::Invalid { .. } => ErrorClass::Usage,
        }
    }
}

/// The JSON schema of a suite.
#[must_use]
pub fn suite_schema() -> schemars::Schema {
    schemars::schema_for!(Wire)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "wasideps tests")]
struct Wire {
    /// The upstream versions that the tests are written for.
    versions: Vec<Version>,
    inputs: Option<Inputs>,
    /// Files of other archives that the tests need.
    #[serde(default)]
    extra: Vec<Extra>,
    /// File beside the recipe to path in the source tree.
    #[serde(default)]
    overlay: BTreeMap<RelPath, RelPath>,
    #[serde(default)]
    patch: Vec<Patch>,
    program: BTreeMap<Name, ProgramWire>,
    run: Vec<Run>,
    #[serde(default)]
    not_applicable: Vec<NotApplicable>,
}

/// `sources` make one program; `each` makes one from every file that it selects, `with` linked to
/// each.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ProgramWire {
    #[serde(default)]
    sources: Vec<SourceFile>,
    each: Option<Globs>,
    /// With `each`: not these.
    except: Option<Globs>,
    #[serde(default)]
    with: Vec<SourceFile>,
    /// Those of the files that have inline assembly: clang refuses it everywhere else.
    #[serde(default)]
    inline_assembly: Vec<SourceFile>,
    /// Each program once at each of these levels.
    #[serde(default)]
    opt_levels: Vec<OptLevel>,
    /// Each program once for each value of a macro.
    each_define: Option<EachDefine>,
    #[serde(default)]
    defines: BTreeMap<Macro, Line>,
    #[serde(default)]
    include_dirs: Vec<TreeDir>,
    #[serde(default)]
    flags: Vec<CompileFlag>,
    modules: Vec<Name>,
    #[serde(default)]
    libs: Vec<LinkFlag>,
}

impl Suite {
    /// Reads `text`, the content of `file` (used in messages only).
    ///
    /// # Errors
    /// When it does not parse, or its parts contradict each other; all contradictions are told at
    /// once.
    pub fn parse(file: &str, text: &str) -> Result<Self, SuiteError> {
        let wire: Wire = toml::from_str(text).map_err(|error| {
            SuiteError::Syntax(Box::new(SyntaxError::from_toml(file, text, &error)))
        })?;
        let mut problems = Vec::new();
        if wire.versions.is_empty() {
            problems.push(
                "`versions` is empty: name the versions that the tests are written for".to_owned(),
            );
        }
        let mut used = BTreeSet::new();
        for run in &wire.run {
            used.insert(&run.program);
            if !wire.program.contains_key(&run.program) {
                problems.push(format!(
                    "a `[[run]]` names the program `{}`, which does not exist",
                    run.program
                ));
            }
            for folder in run.folders.iter().filter(|folder| !folder.starts_with('/')) {
                problems.push(format!(
                    "a `[[run]]` of `{}` calls its folder `{folder}`: such a name starts with `/`",
                    run.program
                ));
            }
            let names = |placeholder: &str| {
                run.args
                    .iter()
                    .chain(&run.stdin)
                    .chain(&run.stdout)
                    .any(|text| text.contains(placeholder))
            };
            if run.each.is_none() && names("{file}") {
                problems.push(format!(
                    "a `[[run]]` of `{}` has `{{file}}`, but no `each`",
                    run.program
                ));
            }
            let of_files = wire
                .program
                .get(&run.program)
                .is_none_or(|program| program.each.is_some());
            if !of_files && names("{program}") {
                problems.push(format!(
                    "a `[[run]]` of `{0}` has `{{program}}`, but `[program.{0}]` no `each`",
                    run.program
                ));
            }
        }
        for patch in wire.patch.iter().filter(|patch| !patch.resolves.is_empty()) {
            problems.push(format!(
                "the patch `{}` has `resolves`: a patch of tests changes nothing in a library",
                patch.file
            ));
        }
        for extra in wire.extra.iter().filter(|extra| extra.origins.is_empty()) {
            problems.push(format!(
                "the `[[extra]]` that is put into `{}` has no `origins`",
                extra.to
            ));
        }
        for name in wire.program.keys().filter(|name| !used.contains(name)) {
            problems.push(format!(
                "`[program.{name}]` is in no `[[run]]`: nothing would be tested with it"
            ));
        }
        let programs = wire
            .program
            .into_iter()
            .filter_map(|(name, program)| program.check(name, &mut problems))
            .collect();
        if !problems.is_empty() {
            return Err(SuiteError::Invalid {
                file: file.to_owned(),
                problems,
            });
        }
        Ok(Self {
            file: file.to_owned(),
            digest: Sha256::of(text.as_bytes()),
            versions: wire.versions,
            inputs: wire.inputs,
            extras: wire.extra,
            overlays: wire
                .overlay
                .into_iter()
                .map(|(file, to)| Overlay { file, to })
                .collect(),
            patches: wire.patch,
            programs,
            runs: wire.run,
            not_applicable: wire.not_applicable,
        })
    }
}

impl Suite {
    /// `recipe` with the files that the tests need beside its own, and the patches of them.
    ///
    /// # Errors
    /// When the patterns of both are too many together.
    pub fn recipe(&self, recipe: &Recipe) -> Result<Recipe, GlobsError> {
        let mut recipe = recipe.clone();
        if let Some(inputs) = &self.inputs {
            let max_size =
                InputsSize::clamped(recipe.inputs.max_size.get() + inputs.max_size.get());
            let amalgamated = std::mem::take(&mut recipe.inputs.amalgamated);
            recipe.inputs = Inputs {
                include: recipe.inputs.include.union(&inputs.include)?,
                max_size,
                amalgamated,
            };
        }
        recipe.overlays.extend(self.overlays.iter().cloned());
        recipe.patches.extend(self.patches.iter().cloned());
        recipe.extras.clone_from(&self.extras);
        Ok(recipe)
    }
}

impl ProgramWire {
    fn check(self, name: Name, problems: &mut Vec<String>) -> Option<Program> {
        let sources = match (self.each, self.sources.is_empty()) {
            (None, false) if self.with.is_empty() && self.except.is_none() => {
                ProgramSources::All(self.sources)
            }
            (Some(each), true) => ProgramSources::Each {
                each,
                except: self.except,
                with: self.with,
            },
            _ => {
                problems.push(format!(
                    "`[program.{name}]` takes either `sources`, or `each`, what to leave out (`except`), and what is linked `with` each"
                ));
                return None;
            }
        };
        if let Some(EachDefine {
            name: defined,
            from,
            to,
        }) = &self.each_define
        {
            if from > to {
                problems.push(format!("`[program.{name}]` defines `{defined}` as nothing: `from` {from} is more than `to` {to}"));
            }
            if to.saturating_sub(*from) >= EachDefine::VALUES_LIMIT {
                problems.push(format!(
                    "`[program.{name}]` defines `{defined}` from {from} to {to}: more than {} values",
                    EachDefine::VALUES_LIMIT
                ));
            }
            if self.defines.contains_key(defined) {
                problems.push(format!(
                    "`[program.{name}]` has `{defined}` in `defines` and in `each-define`"
                ));
            }
        }
        let (defines, include_dirs, flags) = (self.defines, self.include_dirs, self.flags);
        let options = CompileOptions {
            opt_level: OptLevel::default(),
            defines,
            include_dirs,
            flags,
        };
        let Self {
            inline_assembly,
            opt_levels,
            each_define,
            modules,
            libs,
            ..
        } = self;
        Some(Program {
            name,
            sources,
            inline_assembly,
            options,
            opt_levels,
            each_define,
            modules,
            libs,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUITE: &str = "versions = [\"1\"]\n[program.p]\nsources = [\"p.c\"]\nmodules = [\"m\"]\n[[run]]\nprogram = \"p\"\n";

    fn problems(text: &str) -> String {
        Suite::parse("tests.toml", text)
            .expect_err("refused")
            .to_string()
    }

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
    fn what_tests_nothing_or_names_nothing_is_refused() {
        assert!(
            problems(&SUITE.replace("program = \"p\"", "program = \"q\""))
                .contains("`q`, which does not exist")
        );
        assert!(
            problems(&SUITE.replace("program = \"p\"", "program = \"q\""))
                .contains("nothing would be tested")
        );
        assert!(problems(&format!("{SUITE}args = [\"{{file}}\"]\n")).contains("no `each`"));
        assert!(
            problems(&format!("{SUITE}folders = [\"here\"]\n")).contains("calls its folder `here`")
        );
        assert!(problems(&SUITE.replace("sources = [\"p.c\"]", "")).contains("either `sources`"));
        assert!(
            problems(&format!("{SUITE}stdout = \"{{program}}.expected\"\n"))
                .contains("`[program.p]` no `each`")
        );
        assert!(
            problems(&SUITE.replace("[[run]]", "except = [\"q.c\"]\n[[run]]"))
                .contains("what to leave out")
        );
        let range =
            "each-define = { name = \"N\", from = 2, to = 1 }\ndefines = { N = \"1\" }\n[[run]]";
        let found = problems(&SUITE.replace("[[run]]", range));
        assert!(
            found.contains("`from` 2 is more than `to` 1")
                && found.contains("in `defines` and in `each-define`"),
            "{found}"
        );
        for (key, value) in [
            ("time-limit", "0"),
            ("time-limit", "86401"),
            ("memory-limit", "17592186044416"),
            ("memory-limit", "-1"),
        ] {
            let found = problems(&format!("{SUITE}{key} = {value}\n"));
            assert!(
                found.contains("tests.toml:7: ") && found.contains(value),
                "{found}"
            );
        }
        let wide = "each-define = { name = \"N\", from = 0, to = 4294967295 }\n[[run]]";
        assert!(problems(&SUITE.replace("[[run]]", wide)).contains("more than 1000 values"));
        assert!(
            problems(&SUITE.replace("[[run]]", "opt-levels = [\"-Ofast\"]\n[[run]]"))
                .contains("-Ofast")
        );
        assert!(problems(&SUITE.replace("[[run]]", "libs = [\"-L/x\"]\n[[run]]")).contains("-L/x"));
        let patch = "[[patch]]\nfile = \"1.patch\"\nreason = \"r\"\nupstream = \"not sent: x\"\nresolves = [\"CVE-2026-0001\"]\n";
        assert!(
            problems(&format!("{SUITE}{patch}"))
                .contains("a patch of tests changes nothing in a library")
        );
        assert!(
            problems(&format!("{SUITE}tme-limit = 3\n"))
                .contains("tests.toml:7: unknown field `tme-limit`")
        );
    }
}
