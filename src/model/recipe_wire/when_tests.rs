//! `[[when]]`: what a recipe resolves to, and what is no condition or no addition.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::model::{BuildConfig, SourceFile};

const RECIPE: &str = r#"name = "demo"
versions = ["1.0", "2.0"]
summary = "Demo"
homepage = "https://example.org/"
originator = "Demo"
license = { expression = "Zlib", files = ["LICENSE"], copyright = "one" }
identifiers = { cpe = "a:b", purl = "pkg:generic/demo" }
inputs = { include = ["*"], max-size = 1000 }
[[origin]]
url = "https://example.org/demo.tar"
root = "demo"
[overlay]
"a.h" = "x.h"
[template."config.h.in"]
to = "config.h"
questions = "autoconf"
answers = { HAVE_A = true }
[library.demo]
sources = ["a.c", "b.c"]
defines = { LEVEL = "1" }
headers = { "a.h" = "a.h" }
[library.demo.group.wide]
sources = ["b.c"]
[pkg-config.demo]
description = "demo"
libraries = ["demo"]
"#;

/// One addition for each kind of condition. The two first contradict nothing together.
const WHENS: &str = r#"
[[when]]
variant = "simd"
inputs.include = ["simd/*"]
overlay."simd.h" = "simd.h"
[when.library.demo]
sources = ["simd/c.c"]
defines = { SIMD = "1" }
group.wide = { flags = ["-mrelaxed-simd"], defines = { LEVEL = "9" } }
[[when]]
target = ["wasm32-wasip1-threads", "wasm32-wasip3"]
template."config.h.in".answers = { HAVE_A = false, HAVE_B = "7" }
library.demo.defines = { LEVEL = "2" }
[[when]]
version = "2.0"
copyright = "two"
copy."p.h" = "q.h"
library.demo.headers = { "z.h" = "z.h" }
patch = [{ file = "2.patch", reason = "r", upstream = "not sent: r", resolves = ["CVE-2026-1234"] }]
[[when]]
variant = ["simd", "pic"]
target = "wasm32-wasip2"
version = ["1.0", "2.0"]
patch = [{ file = "p2.patch", reason = "r", upstream = "not sent: r", resolves = ["CVE-2026-1235"] }]
"#;

fn parse(whens: &str) -> Result<RecipeFile, Vec<SyntaxError>> {
    RecipeFile::parse("demo/recipe.toml", &format!("{RECIPE}{whens}"))
}

fn config(text: &str) -> BuildConfig {
    let (target, variant) = text.split_once('+').unwrap_or((text, "default"));
    let (target, variant) = (target.parse(), variant.parse());
    BuildConfig::new(target.expect(text), variant.expect(text)).expect(text)
}

/// What a plain recipe has, in a line.
fn shown(recipe: &Recipe) -> String {
    let library = &recipe.libraries[0];
    let units = library.units().iter().map(|unit| {
        let defines = unit.options.defines.iter();
        let defines = defines.map(|(name, value)| format!("{name}={value}"));
        let flags = unit.options.flags.iter().map(ToString::to_string);
        let options: Vec<_> = defines.chain(flags).collect();
        format!("{}({})", unit.member, options.join(","))
    });
    let steps = recipe.steps.iter().map(|step| match &step.action {
        Action::Copy => format!("{}>{}", step.from, step.to),
        Action::Fill { answers, .. } => {
            let answers = answers
                .iter()
                .map(|(name, answer)| format!("{name}={answer}"));
            answers.collect::<Vec<_>>().join(",")
        }
    });
    let words = units
        .chain(steps)
        .chain(recipe.overlays.iter().map(|overlay| overlay.to.to_string()))
        .chain(library.headers.values().map(|to| format!("include/{to}")))
        .chain(recipe.patches.iter().map(|patch| patch.file.to_string()))
        .chain([recipe.license.copyright.to_string()]);
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_recipe_has_what_is_added_by_all_conditions_that_hold() {
    let file = parse(WHENS).expect("a recipe");
    for (of, version, expected) in [
        (
            "wasm32-wasip1",
            "1.0",
            "a.o(LEVEL=1) b.o(LEVEL=1) b-wide.o(LEVEL=1) HAVE_A=true x.h include/a.h one",
        ),
        (
            "wasm32-wasip1+simd",
            "1.0",
            "a.o(LEVEL=1,SIMD=1) b.o(LEVEL=1,SIMD=1) c.o(LEVEL=1,SIMD=1) \
             b-wide.o(LEVEL=9,SIMD=1,-mrelaxed-simd) HAVE_A=true x.h simd.h include/a.h one",
        ),
        (
            "wasm32-wasip1-threads",
            "2.0",
            "a.o(LEVEL=2) b.o(LEVEL=2) b-wide.o(LEVEL=2) p.h>q.h HAVE_A=false,HAVE_B=7 \
             x.h include/a.h include/z.h 2.patch two",
        ),
        (
            "wasm32-wasip2+pic+simd+eh",
            "2.0",
            "a.o(LEVEL=1,SIMD=1) b.o(LEVEL=1,SIMD=1) c.o(LEVEL=1,SIMD=1) \
             b-wide.o(LEVEL=9,SIMD=1,-mrelaxed-simd) p.h>q.h HAVE_A=true x.h simd.h \
             include/a.h include/z.h 2.patch p2.patch two",
        ),
    ] {
        let version = version.parse().expect("a version");
        let recipe = file.resolve(config(of), &version).expect("a recipe");
        assert_eq!(shown(recipe), expected, "{of} {version}");
        let select = |path: &str| recipe.inputs.selects(&path.parse().expect("a path"));
        assert!(
            select("simd/c.c") && !select("d/c.c"),
            "the inputs are those of all: {of}"
        );
    }
    let unknown = "3.0".parse().expect("a version");
    assert!(file.resolve(BuildConfig::default(), &unknown).is_none());
    assert!(file.each(&unknown).is_empty() && file.overall(&unknown).is_none());
}

#[test]
fn an_overall_recipe_has_all_and_only_what_each_configuration_has_resolves_something() {
    let file = parse(WHENS).expect("a recipe");
    let version = "2.0".parse().expect("a version");
    let overall = file.overall(&version).expect("a recipe");
    let source = |unit: &SourceFile| unit.to_string();
    let sources: BTreeSet<_> = overall
        .units()
        .map(|(_, unit)| source(&unit.source))
        .collect();
    assert_eq!(
        sources.iter().map(String::as_str).collect::<Vec<_>>(),
        ["a.c", "b.c", "simd/c.c"]
    );
    let resolved = overall
        .patches
        .iter()
        .map(|patch| (patch.file.as_str(), patch.resolves.len()));
    assert_eq!(
        resolved.collect::<Vec<_>>(),
        [("2.patch", 1), ("p2.patch", 0)]
    );
    let first = file.each(&version);
    assert_eq!(first[0].0, BuildConfig::default());
    // With `simd` or not, of the two targets or not, and the last `[[when]]`.
    assert_eq!(first.len(), 5);
}

#[test]
fn a_recipe_without_conditions_is_the_same_for_all() {
    let file = parse("").expect("a recipe");
    let version = "2.0".parse().expect("a version");
    let same = file
        .resolve(BuildConfig::default(), &version)
        .expect("a recipe");
    for config in BuildConfig::all() {
        assert!(Arc::ptr_eq(
            same,
            file.resolve(config, &version).expect("a recipe")
        ));
    }
    assert_eq!(
        shown(&file.overall(&version).expect("a recipe")),
        shown(same)
    );
}

/// Each table, after the recipe and an empty line, makes an error at its line, counted from there.
fn assert_errors(cases: &[(&str, usize, &str)]) {
    for &(whens, line, words) in cases {
        let found = parse(whens).expect_err(whens);
        let line = RECIPE.lines().count() + line;
        let shown = found.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(
            found
                .iter()
                .any(|error| error.line == line && error.message.contains(words)),
            "{whens}: line {line}, {words}\n{}",
            shown.join("\n")
        );
    }
}

#[test]
fn what_is_no_condition_is_told_with_its_line() {
    let adds = "library.demo.defines = { X = \"1\" }\n";
    for (condition, line, words) in [
        ("", 1, "has no condition"),
        ("target = []\n", 2, "names nothing"),
        ("version = []\n", 2, "names nothing"),
        ("target = \"wasm32-wasi\"\n", 2, "a target must be one of"),
        (
            "target = [\"wasm32-wasip1\", \"wasm32-wasip1\"]\n",
            2,
            "something twice",
        ),
        ("variant = \"fast\"\n", 2, "must be one of `pic`"),
        ("variant = \"threads\"\n", 2, "threads are a target"),
        ("variant = \"default\"\n", 2, "found `default`"),
        ("variant = [\"pic\", \"pic\"]\n", 2, "something twice"),
        (
            "variant = [\"pic\",\n\"fast\"]\n",
            3,
            "must be one of `pic`",
        ),
        (
            "version = \"3.0\"\n",
            2,
            "version 3.0, which is not in `versions`",
        ),
        ("version = \"x\"\n", 2, "a version"),
        ("variant = 1\n", 2, "a name, or a list of names"),
        ("not = \"x\"\n", 2, "unknown field `not`"),
        (
            "target = \"wasm32-wasip1-threads\"\nvariant = \"pic\"\n",
            1,
            "never holds: wasm32-wasip1-threads has no variant `pic`",
        ),
    ] {
        assert_errors(&[(&format!("[[when]]\n{condition}{adds}"), line, words)]);
    }
}

#[test]
fn what_adds_nothing_or_contradicts_something_is_told_with_its_line() {
    let when = "[[when]]\nvariant = \"simd\"\n";
    for (adds, line, words) in [
        ("", 1, "adds nothing"),
        (
            "library.demo = {}\n",
            1,
            "`[when.library.demo]` adds nothing",
        ),
        ("library.demo.group.x = {}\n", 3, "group.x]` adds nothing"),
        (
            "library.demi.sources = [\"c.c\"]\n",
            3,
            "the recipe has no `[library.demi]`",
        ),
        ("library.demo.sources = [\"a.c\"]\n", 3, "names `a.c` twice"),
        (
            "library.demo.group.x.flags = [\"-fwrapv\"]\n",
            3,
            "has no `sources`",
        ),
        (
            "library.demo.headers = { \"b.h\" = \"a.h\" }\n",
            3,
            "installed as `include/a.h`",
        ),
        (
            "library.demo.headers = { \"a.h\" = \"b.h\" }\n",
            3,
            "`headers` has `a.h` already",
        ),
        (
            "overlay.\"a.h\" = \"y.h\"\n",
            3,
            "`overlay` has `a.h` already",
        ),
        ("overlay.\"b.h\" = \"x.h\"\n", 3, "are put at `x.h`"),
        ("copyright = \"two\"\n", 3, "`copyright` is of a version"),
        (
            "template.\"config.h.in\" = { to = \"c.h\", questions = \"cmake\" }\n",
            3,
            "already: a `[[when]]` adds `answers`",
        ),
        (
            "template.\"other.h.in\".answers = { A = true }\n",
            3,
            "takes `to` and `questions` too",
        ),
        (
            "not-affected = [{ vulnerability = \"CVE-2026-1234\", justification = \"component_not_present\", reason = \"r\" }]\n",
            3,
            "`not-affected` is of a version",
        ),
        (
            "library.demo.defines = { A = \"1\" }\n[[when]]\ntarget = \"wasm32-wasip2\"\nlibrary.demo.defines = { A = \"2\" }\n",
            6,
            "two `[[when]]` that hold together give `A` of `[library.demo]` as `1` and `2`",
        ),
        (
            "template.\"config.h.in\".answers = { A = true }\n[[when]]\nversion = \"1.0\"\ntemplate.\"config.h.in\".answers = { A = false }\n",
            6,
            "the answer to `A` of config.h.in as `true` and `false`",
        ),
    ] {
        assert_errors(&[(&format!("{when}{adds}"), line, words)]);
    }
    // Those that never hold together contradict nothing.
    let apart = "[[when]]\nversion = \"1.0\"\nlibrary.demo.defines.A = \"1\"\n\
                 [[when]]\nversion = \"2.0\"\nlibrary.demo.defines.A = \"2\"\n";
    assert!(parse(apart).is_ok());
}

proptest! {
    /// Each `[[when]]` defines a macro of its own: a recipe has just those whose condition holds.
    #[test]
    fn each_addition_counts_where_its_condition_holds_and_nowhere_else(
        conditions in prop::collection::vec(
            (prop::sample::subsequence(vec![0, 1, 2, 3], 0..3), 0_u8..16, prop::sample::subsequence(vec!["1.0", "2.0"], 0..2)),
            1..5,
        ),
    ) {
        use crate::model::{Feature, Target, Variant};
        let mut text = String::new();
        let mut expected = Vec::new();
        for (index, (targets, features, versions)) in conditions.iter().enumerate() {
            let targets: Vec<Target> = targets.iter().map(|&at| Target::ALL[at]).collect();
            let features: Vec<Feature> = Feature::ALL
                .into_iter()
                .enumerate()
                .filter_map(|(bit, feature)| (features >> bit & 1 == 1).then_some(feature))
                .collect();
            let variant: Variant = features.iter().copied().collect();
            let possible = targets.iter().any(|&target| BuildConfig::new(target, variant).is_ok());
            let none = targets.is_empty() && features.is_empty() && versions.is_empty();
            prop_assume!((targets.is_empty() || possible) && !none);
            let lines = [
                ("target", targets.iter().map(ToString::to_string).collect::<Vec<_>>()),
                ("variant", features.iter().map(ToString::to_string).collect()),
                ("version", versions.iter().map(ToString::to_string).collect()),
            ];
            text.push_str("[[when]]\n");
            for (key, names) in lines.iter().filter(|(_, names)| !names.is_empty()) {
                writeln!(text, "{key} = {names:?}").expect("a text");
            }
            writeln!(text, "library.demo.defines.W{index} = \"1\"").expect("a text");
            expected.push((index, targets, features, versions.clone()));
        }
        let file = parse(&text).map_err(|errors| TestCaseError::fail(format!("{text}{errors:?}")))?;
        for version in &file.versions {
            for config in BuildConfig::all() {
                let recipe = file.resolve(config, version).expect("a recipe");
                let (_, unit) = recipe.units().next().expect("a unit");
                for (index, targets, features, versions) in &expected {
                    let holds = (targets.is_empty() || targets.contains(&config.target()))
                        && features.iter().all(|&feature| config.variant().has(feature))
                        && (versions.is_empty() || versions.contains(&version.as_str()));
                    let name = format!("W{index}").parse().expect("a macro");
                    prop_assert_eq!(unit.options.defines.contains_key(&name), holds, "{} {}", config, version);
                }
            }
        }
    }
}
