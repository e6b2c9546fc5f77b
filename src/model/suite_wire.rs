//! A suite as it is written, and the checks by which it becomes a [`Suite`].

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use super::problems::Problems;
use super::recipe::{Extra, Overlay, Patch};
use super::suite::{EachDefine, NotApplicable, Program, ProgramSources, Run, Suite};
use super::{
    CompileFlag, CompileOptions, Globs, Inputs, Line, LinkFlag, Macro, Name, OptLevel, RelPath,
    Sha256, SourceFile, SyntaxError, TreeDir, Version,
};

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
    #[schemars(with = "Vec<Version>")]
    versions: Spanned<Vec<Version>>,
    inputs: Option<Inputs>,
    /// Files of other archives that the tests need.
    #[serde(default)]
    #[schemars(with = "Vec<Extra>")]
    extra: Vec<Spanned<Extra>>,
    /// File beside the recipe to path in the source tree.
    #[serde(default)]
    overlay: BTreeMap<RelPath, RelPath>,
    #[serde(default)]
    #[schemars(with = "Vec<Patch>")]
    patch: Vec<Spanned<Patch>>,
    #[schemars(with = "BTreeMap<Name, ProgramWire>")]
    program: BTreeMap<Spanned<Name>, ProgramWire>,
    #[schemars(with = "Vec<Run>")]
    run: Vec<Spanned<Run>>,
    #[serde(default)]
    #[schemars(with = "Vec<NotApplicable>")]
    not_applicable: Vec<Spanned<NotApplicable>>,
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
    #[schemars(with = "Option<EachDefine>")]
    each_define: Option<Spanned<EachDefine>>,
    #[serde(default)]
    defines: BTreeMap<Macro, Line>,
    #[serde(default)]
    include_dirs: Vec<TreeDir>,
    #[serde(default)]
    flags: Vec<CompileFlag>,
    /// Whether its files call `setjmp` or `longjmp`; `libs` or a module then has `-lsetjmp`.
    #[serde(default)]
    setjmp: bool,
    modules: Vec<Name>,
    #[serde(default)]
    libs: Vec<LinkFlag>,
}

/// Where the keys of each `[[run]]` are: a [`Run`] has them without their places.
#[derive(Deserialize)]
struct RunKeys {
    run: Vec<BTreeMap<String, Spanned<IgnoredAny>>>,
}

impl Suite {
    /// Reads `text`, the content of `file` (used in messages only).
    ///
    /// # Errors
    /// When it does not parse, or its parts contradict each other: all contradictions, each with
    /// its place.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<SyntaxError>> {
        let wire: Wire = toml::from_str(text)
            .map_err(|error| vec![SyntaxError::from_toml(file, text, &error)])?;
        let mut problems = Problems::new(file, text);
        let suite = wire.check(file, text, &mut problems);
        problems.into_result()?;
        Ok(suite)
    }
}

impl Wire {
    /// Of use only where there is no problem.
    fn check(self, file: &str, text: &str, problems: &mut Problems<'_>) -> Suite {
        if self.versions.get_ref().is_empty() {
            problems.at(
                &self.versions,
                "`versions` is empty: name the versions that the tests are written for",
            );
        }
        self.check_runs(text, problems);
        let versions = self.versions.get_ref();
        let runs = self
            .run
            .iter()
            .map(|run| ("run", run.span(), run.get_ref().when.as_ref()));
        let skipped = self.not_applicable.iter().map(|place| {
            (
                "not-applicable",
                place.span(),
                place.get_ref().when.as_ref(),
            )
        });
        for (table, span, when) in runs.chain(skipped) {
            let named = when.map_or(&[][..], |when| &when.versions);
            for version in named.iter().filter(|version| !versions.contains(version)) {
                let message =
                    format!("a `[[{table}]]` is for version {version}, which is not in `versions`");
                problems.in_range(span.clone(), message);
            }
        }
        for patch in &self.patch {
            if !patch.get_ref().resolves.is_empty() {
                problems.at(
                    patch,
                    format!(
                        "the patch `{}` has `resolves`: a patch of tests changes nothing in a library",
                        patch.get_ref().file
                    ),
                );
            }
        }
        for place in &self.extra {
            let Extra {
                to,
                inputs,
                origins,
            } = place.get_ref();
            let mut lacks = |what| {
                let text = format!("the `[[extra]]` that is put into `{to}` has no {what}");
                problems.at(place, text);
            };
            if origins.is_empty() {
                lacks("`origins`");
            }
            if inputs.include.is_none() {
                lacks("`inputs.include`: nothing of it would be selected");
            }
        }
        let programs = self
            .program
            .into_iter()
            .filter_map(|(name, program)| program.check(&name, problems))
            .collect();
        Suite {
            file: file.to_owned(),
            digest: Sha256::of(text.as_bytes()),
            versions: self.versions.into_inner(),
            inputs: self.inputs,
            extras: self.extra.into_iter().map(Spanned::into_inner).collect(),
            overlays: self
                .overlay
                .into_iter()
                .map(|(file, to)| Overlay { file, to })
                .collect(),
            patches: self.patch.into_iter().map(Spanned::into_inner).collect(),
            programs,
            runs: self.run.into_iter().map(Spanned::into_inner).collect(),
            not_applicable: self
                .not_applicable
                .into_iter()
                .map(Spanned::into_inner)
                .collect(),
        }
    }

    /// Whether the runs and programs fit together.
    fn check_runs(&self, text: &str, problems: &mut Problems<'_>) {
        let keys = LazyCell::new(|| toml::from_str::<RunKeys>(text));
        let place = |index: usize, key: &str| -> Range<usize> {
            let of_key = keys
                .as_ref()
                .ok()
                .and_then(|keys| keys.run.get(index)?.get(key));
            of_key.map_or_else(|| self.run[index].span(), Spanned::span)
        };
        let mut used = BTreeSet::new();
        for (index, run) in self.run.iter().enumerate() {
            let run = run.get_ref();
            used.insert(&run.program);
            let named = self
                .program
                .iter()
                .find(|(name, _)| *name.get_ref() == run.program);
            let program = named.map(|(_, program)| program);
            if program.is_none() {
                problems.in_range(
                    place(index, "program"),
                    format!(
                        "a `[[run]]` names the program `{}`, which does not exist",
                        run.program
                    ),
                );
            }
            for folder in run.folders.iter().filter(|folder| !folder.starts_with('/')) {
                problems.in_range(
                    place(index, "folders"),
                    format!(
                        "a `[[run]]` of `{}` calls its folder `{folder}`: such a name starts with `/`",
                        run.program
                    ),
                );
            }
            if run.each.is_none()
                && let Some(key) = key_with(run, "{file}")
            {
                problems.in_range(
                    place(index, key),
                    format!(
                        "a `[[run]]` of `{}` has `{{file}}`, but no `each`",
                        run.program
                    ),
                );
            }
            if program.is_some_and(|program| program.each.is_none())
                && let Some(key) = key_with(run, "{program}")
            {
                problems.in_range(
                    place(index, key),
                    format!(
                        "a `[[run]]` of `{0}` has `{{program}}`, but `[program.{0}]` no `each`",
                        run.program
                    ),
                );
            }
        }
        for name in self
            .program
            .keys()
            .filter(|name| !used.contains(name.get_ref()))
        {
            problems.at(
                name,
                format!(
                    "`[program.{}]` is in no `[[run]]`: nothing would be tested with it",
                    name.get_ref()
                ),
            );
        }
    }
}

/// The first key of a run that has `placeholder`.
fn key_with(run: &Run, placeholder: &str) -> Option<&'static str> {
    let has = |line: &Line| line.contains(placeholder);
    [
        ("args", run.args.iter().any(has)),
        ("stdin", run.stdin.as_ref().is_some_and(has)),
        ("stdout", run.stdout.as_ref().is_some_and(has)),
    ]
    .into_iter()
    .find_map(|(key, has)| has.then_some(key))
}

impl ProgramWire {
    fn check(self, place: &Spanned<Name>, problems: &mut Problems<'_>) -> Option<Program> {
        let name = place.get_ref();
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
                problems.at(place, format!(
                    "`[program.{name}]` takes either `sources`, or `each`, what to leave out (`except`), and what is linked `with` each"
                ));
                return None;
            }
        };
        if let Some(place) = &self.each_define {
            let EachDefine {
                name: defined,
                from,
                to,
            } = place.get_ref();
            if from > to {
                problems.at(place, format!("`[program.{name}]` defines `{defined}` as nothing: `from` {from} is more than `to` {to}"));
            }
            if to.saturating_sub(*from) >= EachDefine::VALUES_LIMIT {
                problems.at(place, format!(
                    "`[program.{name}]` defines `{defined}` from {from} to {to}: more than {} values",
                    EachDefine::VALUES_LIMIT
                ));
            }
            if self.defines.contains_key(defined) {
                problems.at(
                    place,
                    format!("`[program.{name}]` has `{defined}` in `defines` and in `each-define`"),
                );
            }
        }
        let (defines, include_dirs, flags) = (self.defines, self.include_dirs, self.flags);
        let options = CompileOptions {
            opt_level: OptLevel::default(),
            defines,
            include_dirs,
            flags,
            setjmp: self.setjmp,
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
            name: name.clone(),
            sources,
            inline_assembly,
            options,
            opt_levels,
            each_define: each_define.map(Spanned::into_inner),
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
        let errors = Suite::parse("tests.toml", text).expect_err("refused");
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        errors.join("\n")
    }

    #[test]
    fn what_contradicts_itself_is_told_with_its_line() {
        for (old, new, lines) in [
            ("[\"1\"]", "[]", vec![1]),
            ("program = \"p\"", "program = \"q\"", vec![2, 6]),
            (
                "program = \"p\"",
                "program = \"p\"\nexit = 1\nargs = [\"{file}\"]\nstdin = \"{program}\"",
                vec![8, 9],
            ),
            (
                "program = \"p\"",
                "program = \"p\"\nfolders = [\"/\",\n\"here\"]",
                vec![7],
            ),
            (
                "[[run]]",
                "each-define = { name = \"N\", from = 2, to = 1 }\n[[run]]",
                vec![5],
            ),
            ("sources = [\"p.c\"]\n", "", vec![2]),
            ("[[run]]", "[[run]]\nwhen = { version = \"2\" }", vec![5]),
            (
                "[[run]]",
                "[[not-applicable]]\nname = \"n\"\nreason = \"r\"\nwhen = { version = \"2\" }\n[[run]]",
                vec![5],
            ),
            ("[[run]]", "[[run]]\nwhen = {}", vec![6]),
            ("[[run]]", "[[run]]\nwhen = { variant = \"fast\" }", vec![6]),
            ("[\"p.c\"]", "[\"p.c\",\n\"p.y\"]", vec![4]),
        ] {
            assert!(SUITE.contains(old), "{old}");
            let errors = Suite::parse("tests.toml", &SUITE.replace(old, new)).expect_err(new);
            let found: Vec<_> = errors.iter().map(|error| error.line).collect();
            assert_eq!(found, lines, "{errors:?}");
        }
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
        let extra = "[[extra]]\nto = \"x\"\ninputs = {}\norigins = []\n";
        let found = problems(&format!("{SUITE}{extra}"));
        assert!(
            found.contains("no `origins`") && found.contains("no `inputs.include`"),
            "{found}"
        );
        assert!(
            problems(&format!("{SUITE}tme-limit = 3\n"))
                .contains("tests.toml:7: unknown field `tme-limit`")
        );
    }
}
