//! A recipe as it is written, and the checks by which it becomes a [`Recipe`].

mod library;
mod origin;
mod problems;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;
use url::Url;

use super::address::check_no_credential;
use super::recipe::{Identifiers, License, LicenseText, NotAffected, Overlay, Patch, Recipe};
use super::step::{Action, Answer, Questions, Step};
use super::{
    Inputs, Justification, Line, Macro, Name, RelPath, Sha256, SyntaxError, Version,
    VulnerabilityId, is_literal_in_pc,
};
use library::{LibraryWire, PkgConfigWire};
use origin::{ComparedWire, OriginWire};
use problems::Problems;

/// A recipe, as written.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "wasideps recipe")]
struct Wire {
    #[schemars(with = "Name")]
    name: Spanned<Name>,
    /// The upstream versions that the recipe is written for.
    #[schemars(with = "Vec<Version>")]
    versions: Spanned<Vec<Version>>,
    summary: Line,
    #[schemars(with = "Url")]
    homepage: Spanned<Url>,
    originator: Line,
    #[schemars(with = "LicenseWire")]
    license: Spanned<LicenseWire>,
    identifiers: Identifiers,
    #[schemars(with = "Vec<OriginWire>")]
    origin: Vec<Spanned<OriginWire>>,
    #[serde(default)]
    compared: Vec<ComparedWire>,
    inputs: Inputs,
    /// File beside the recipe to path in the source tree.
    #[serde(default)]
    #[schemars(with = "BTreeMap<RelPath, RelPath>")]
    overlay: BTreeMap<RelPath, Spanned<RelPath>>,
    /// Path in the source tree to path in the source tree.
    #[serde(default)]
    #[schemars(with = "BTreeMap<RelPath, RelPath>")]
    copy: BTreeMap<RelPath, Spanned<RelPath>>,
    /// By path in the source tree: files whose questions the recipe answers.
    #[serde(default)]
    template: BTreeMap<RelPath, TemplateWire>,
    #[schemars(with = "BTreeMap<Name, LibraryWire>")]
    library: BTreeMap<Spanned<Name>, LibraryWire>,
    pkg_config: BTreeMap<Name, PkgConfigWire>,
    #[serde(default)]
    patch: Vec<Patch>,
    #[serde(default)]
    not_affected: Vec<NotAffectedWire>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LicenseWire {
    /// SPDX licence expression, of the files that take part.
    #[schemars(with = "String")]
    expression: Spanned<String>,
    /// That of the whole source, where it is another.
    #[schemars(with = "Option<String>")]
    declared: Option<Spanned<String>>,
    #[serde(default)]
    files: Vec<RelPath>,
    /// A C file whose first comment is the licence, in place of `files`.
    comment_of: Option<RelPath>,
    copyright: Line,
}

/// A template of upstream's, and what it is made into.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct TemplateWire {
    /// Path in the source tree.
    #[schemars(with = "RelPath")]
    to: Spanned<RelPath>,
    questions: Questions,
    /// By name: a text, or whether the macro is defined.
    answers: BTreeMap<Macro, Answer>,
}

/// A known vulnerability that does not concern what the recipe compiles.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NotAffected")]
struct NotAffectedWire {
    vulnerability: VulnerabilityId,
    justification: Justification,
    /// How that is known.
    #[schemars(with = "Line")]
    reason: Spanned<Line>,
}

impl Recipe {
    /// Reads `text`, the content of `file` (used in messages only).
    ///
    /// # Errors
    /// When it does not parse, or its parts contradict each other: all contradictions, each with
    /// its place.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<SyntaxError>> {
        let wire: Wire = toml::from_str(text)
            .map_err(|error| vec![SyntaxError::from_toml(file, text, &error)])?;
        let mut problems = Problems::new(file, text);
        let recipe = wire.check(file, Sha256::of(text.as_bytes()), &mut problems);
        problems.into_result()?;
        recipe.ok_or_else(|| {
            vec![SyntaxError::at(
                file,
                text,
                "it is not a recipe",
                None,
                0..0,
            )]
        })
    }
}

/// The JSON schema of a recipe.
#[must_use]
pub fn recipe_schema() -> schemars::Schema {
    schemars::schema_for!(Wire)
}

impl Wire {
    /// None only where there is a problem.
    fn check(self, file: &str, digest: Sha256, problems: &mut Problems<'_>) -> Option<Recipe> {
        let name = self.name.get_ref();
        if name.as_str() == "sdk" {
            problems.at(
                &self.name,
                "`name` is `sdk`, which is what the trace and the documents call the WASI SDK",
            );
        }
        if self.versions.get_ref().is_empty() {
            problems.at(
                &self.versions,
                "`versions` is empty: name the versions that the recipe is written for",
            );
        }
        if self.library.is_empty() {
            problems.of_recipe("there is no `[library.…]`: a recipe makes at least one");
        }
        let mut written = BTreeSet::new();
        for (source, to) in self.library.values().flat_map(LibraryWire::headers) {
            if !written.insert(to.get_ref()) {
                problems.at(
                    to,
                    format!(
                        "two headers are installed as `include/{}`, one of them `{source}`",
                        to.get_ref()
                    ),
                );
            }
        }
        let mut made = BTreeSet::new();
        for to in self
            .copy
            .values()
            .chain(self.template.values().map(|template| &template.to))
            .chain(self.overlay.values())
        {
            if !made.insert(to.get_ref()) {
                problems.at(
                    to,
                    format!(
                        "two files of `[copy]`, `[template]` and `[overlay]` are put at `{}`",
                        to.get_ref()
                    ),
                );
            }
        }
        if !is_literal_in_pc(self.homepage.get_ref().as_str()) {
            let homepage = self.homepage.get_ref();
            problems
                .at(&self.homepage, format!("`homepage` has a `#`, `$` or `` ` ``, which means something in a `.pc` file: `{homepage}`"));
        }
        if let Err(error) = check_no_credential(self.homepage.get_ref()) {
            problems.at_hidden(&self.homepage, format!("a bad `homepage`: {error}"));
        }
        let license = check_license(self.license, problems);
        if self.origin.is_empty() {
            problems.of_recipe("there is no `[[origin]]`");
        }
        let versions = self.versions.into_inner();
        let origins = self
            .origin
            .into_iter()
            .filter_map(|place| origin::check(place, &versions, problems))
            .collect();
        let compared = self
            .compared
            .into_iter()
            .filter_map(|compared| compared.check(&versions, problems))
            .collect();
        let known: BTreeSet<Name> = self.library.keys().map(Spanned::get_ref).cloned().collect();
        let libraries = self
            .library
            .into_iter()
            .map(|(library, wire)| wire.check(name, &library, &known, problems))
            .collect();
        let pkg_configs = self.pkg_config.into_iter().map(|(name, wire)| {
            let module = wire.check(&name, &known, problems);
            (name, module)
        });
        let pkg_configs = pkg_configs.collect();
        let copies = self.copy.into_iter().map(|(from, to)| Step {
            from,
            to: to.into_inner(),
            action: Action::Copy,
        });
        let templates = self.template.into_iter().map(
            |(
                from,
                TemplateWire {
                    to,
                    questions,
                    answers,
                },
            )| Step {
                from,
                to: to.into_inner(),
                action: Action::Fill { questions, answers },
            },
        );
        let steps = copies.chain(templates).collect();
        let not_affected = self.not_affected.into_iter().map(|said| {
            if said.reason.get_ref().trim().is_empty() {
                problems.at(
                    &said.reason,
                    format!(
                        "a `[[not-affected]]` says of {} no reason",
                        said.vulnerability
                    ),
                );
            }
            NotAffected {
                vulnerability: said.vulnerability,
                justification: said.justification,
                reason: said.reason.into_inner(),
            }
        });
        let not_affected = not_affected.collect();
        Some(Recipe {
            file: file.to_owned(),
            digest,
            name: self.name.into_inner(),
            versions,
            summary: self.summary,
            homepage: self.homepage.into_inner(),
            originator: self.originator,
            license: license?,
            identifiers: self.identifiers,
            origins,
            compared,
            inputs: self.inputs,
            overlays: self
                .overlay
                .into_iter()
                .map(|(file, to)| Overlay {
                    file,
                    to: to.into_inner(),
                })
                .collect(),
            steps,
            libraries,
            pkg_configs,
            patches: self.patch,
            not_affected,
            extras: Vec::new(),
        })
    }
}

fn check_license(place: Spanned<LicenseWire>, problems: &mut Problems<'_>) -> Option<License> {
    let here = Spanned::new(place.span(), ());
    let license = place.into_inner();
    for (key, expression) in [
        ("expression", Some(&license.expression)),
        ("declared", license.declared.as_ref()),
    ] {
        if let Some(expression) = expression
            && let Err(error) = spdx::Expression::parse(expression.get_ref())
        {
            problems.at(
                expression,
                format!(
                    "`license.{key}` is not an SPDX expression: `{}`: {}",
                    expression.get_ref(),
                    error.reason
                ),
            );
        }
    }
    let text = match (license.files, license.comment_of) {
        (files, None) if !files.is_empty() => LicenseText::Files(files),
        (files, Some(header)) if files.is_empty() => LicenseText::CommentOf(header),
        _ => {
            problems.at(&here, "`license` takes either `files` or `comment-of`: where the text is that is installed");
            return None;
        }
    };
    let (expression, declared) = (
        license.expression.into_inner(),
        license.declared.map(Spanned::into_inner),
    );
    Some(License {
        expression,
        declared,
        text,
        copyright: license.copyright,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECIPE: &str = r#"name = "demo"
versions = ["1.0"]
summary = "Demo"
homepage = "https://example.org/"
originator = "Demo"
license = { expression = "Zlib", files = ["LICENSE"], copyright = "NONE" }
identifiers = { cpe = "a:b", purl = "pkg:generic/demo" }
inputs = { include = ["*"], max-size = 1000 }
[[origin]]
url = "https://example.org/demo.tar"
root = "demo"
[overlay]
"a.h" = "x.h"
[library.demo]
sources = ["a.c", "b.c"]
[library.demo.headers]
"a.h" = "a.h"
[pkg-config.demo]
description = "demo"
libraries = ["demo"]
"#;

    fn errors(old: &str, new: &str) -> Vec<SyntaxError> {
        assert!(RECIPE.contains(old), "{old}");
        Recipe::parse("demo/recipe.toml", &RECIPE.replace(old, new)).expect_err(new)
    }

    #[test]
    fn what_contradicts_itself_is_told_with_its_line() {
        Recipe::parse("demo/recipe.toml", RECIPE).expect("a recipe");
        for (old, new, line, words) in [
            (
                "\"demo\"\nversions",
                "\"sdk\"\nversions",
                1,
                "`name` is `sdk`",
            ),
            ("[\"1.0\"]", "[]", 2, "`versions` is empty"),
            (
                "https://example.org/\"\n",
                "https://example.org/#x\"\n",
                4,
                "`homepage` has a `#`",
            ),
            ("\"Zlib\"", "\"as you like\"", 6, "SPDX expression"),
            (
                ", files = [\"LICENSE\"]",
                "",
                6,
                "takes either `files` or `comment-of`",
            ),
            ("root = \"demo\"", "root = \"../demo\"", 11, "a bad `root`"),
            (
                "root = \"demo\"",
                "root = \"demo\"\ncrate = \"demo\"",
                9,
                "takes one of `url`",
            ),
            (
                "root = \"demo\"",
                "root = \"demo\"\nreleases = { \"2\" = \"1.0.0\" }",
                12,
                "names version 2",
            ),
            (
                "root = \"demo\"",
                "root = \"demo\"\nfile = \"x\"",
                9,
                "takes `debian` and `file` together",
            ),
            (
                "\"a.h\" = \"x.h\"",
                "\"a.h\" = \"x.h\"\n\"b.h\" = \"x.h\"",
                14,
                "are put at `x.h`",
            ),
            (
                "\"a.c\", \"b.c\"",
                "\"a.c\",\n\"a.c\"",
                16,
                "names `a.c` twice",
            ),
            (
                "\"a.c\", \"b.c\"",
                "\"a.c\",\n\"a.y\"",
                16,
                "`a.y` is in no language",
            ),
            (
                "\"a.c\", \"b.c\"",
                "\"a.c\",\n\"d/a.c\",\n\"d_a.c\"",
                17,
                "two members called `d_a.o`",
            ),
            (
                "\"a.c\", \"b.c\"]",
                "\"a.c\"]\n[library.demo.group.x]\nsources = []",
                16,
                "has no `sources`",
            ),
            (
                "sources = [\"a.c\", \"b.c\"]",
                "kind = \"header-only\"\nsources = [\"a.c\"]",
                14,
                "says how something is compiled",
            ),
            (
                "sources = [\"a.c\", \"b.c\"]",
                "sources = [\"a.c\"]\ninline-assembly = [\"b.c\"]",
                16,
                "not among its `sources`",
            ),
            (
                "sources = [\"a.c\", \"b.c\"]",
                "sources = [\"a.c\"]\nrequires = [\"z/z\"]\nrequires-private = [\"z/z\"]",
                17,
                "requires `z/z` twice",
            ),
            (
                "\"a.h\" = \"a.h\"",
                "\"a.h\" = \"a.h\"\n\"b.h\" = \"a.h\"",
                18,
                "installed as `include/a.h`",
            ),
            (
                "libraries = [\"demo\"]",
                "libraries = [\"demi\"]",
                20,
                "the library `demi`, which the recipe does not make",
            ),
        ] {
            let found = errors(old, new);
            let shown = found
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n");
            assert!(
                found
                    .iter()
                    .any(|error| error.line == line && error.message.contains(words)),
                "{new}: line {line}, {words}\n{shown}"
            );
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_in_the_order_of_the_text() {
        let text = RECIPE
            .replace("[\"1.0\"]", "[]")
            .replace("\"Zlib\"", "\"x y\"")
            .replace("libraries = [\"demo\"]", "libraries = [\"q\"]");
        let found = Recipe::parse("demo/recipe.toml", &text).expect_err("three mistakes");
        assert_eq!(
            found.iter().map(|error| error.line).collect::<Vec<_>>(),
            [2, 6, 20]
        );
    }

    #[test]
    fn a_credential_is_not_in_the_line_that_is_shown() {
        for (old, new, line) in [
            (
                "https://example.org/demo.tar",
                "https://me:secret@example.org/demo.tar",
                10,
            ),
            (
                "https://example.org/demo.tar",
                "https://example.org/demo.tar?token=secret",
                10,
            ),
            (
                "https://example.org/\"\n",
                "https://me:secret@example.org/\"\n",
                4,
            ),
        ] {
            for error in errors(old, new) {
                assert_eq!(error.line, line, "{error}");
                let shown = error.text.lines().nth(line - 1).expect("the line");
                assert!(
                    !shown.contains("secret") && shown.contains("***"),
                    "{shown}"
                );
            }
        }
    }
}
