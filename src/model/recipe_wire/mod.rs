//! A recipe as it is written, and the checks by which it becomes a [`RecipeFile`].

mod braces;
mod library;
mod members;
mod origin;
#[cfg(test)]
mod tests;
mod when;
#[cfg(test)]
mod when_tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;
use url::Url;

use super::address::check_no_credential;
use super::problems::Problems;
use super::recipe::{
    Identifiers, License, LicenseText, NotAffected, Overlay, Patch, PkgConfig, Recipe,
};
use super::recipe_file::{Holding, RecipeFile};
use super::step::{Action, Answer, Questions, Step};
use super::{
    CMakeName, CMakeTarget, CMakeTargets, Copyright, Inputs, Justification, LicenseExpression,
    Line, Macro, Name, RelPath, Sha256, SyntaxError, Version, VulnerabilityId, is_literal_in_pc,
};
use library::{LibraryWire, PkgConfigWire};
use origin::{ComparedWire, OriginWire};
use when::WhenWire;

/// A recipe, as written.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "wasideps recipe")]
struct Wire {
    #[schemars(with = "Name")]
    name: Spanned<Name>,
    /// The upstream versions that the recipe is written for.
    #[schemars(with = "Vec<Version>")]
    versions: Spanned<Vec<Version>>,
    /// Groups that it is in: `build @images` builds all of the group `images`.
    #[serde(default)]
    groups: BTreeSet<Name>,
    /// A recipe whose libraries, headers and modules this one makes, to be built in its place:
    /// `build --with zlib=zlib-ng-compat`.
    replaces: Option<Name>,
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
    /// What may take part beside what the recipe names and what that includes.
    #[serde(default)]
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
    /// By the name that `find_package` has for it: a target to the pkg-config module that it stands for.
    #[serde(default)]
    #[schemars(with = "BTreeMap<CMakeName, CMakeTargets>")]
    cmake: BTreeMap<Spanned<CMakeName>, BTreeMap<CMakeTarget, Spanned<Name>>>,
    #[serde(default)]
    patch: Vec<Patch>,
    #[serde(default)]
    not_affected: Vec<NotAffectedWire>,
    #[serde(default)]
    #[schemars(with = "Vec<WhenWire>")]
    when: Vec<Spanned<WhenWire>>,
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LicenseWire {
    /// SPDX licence expression, of the files that take part.
    expression: LicenseExpression,
    /// That of the whole source, where it is another.
    declared: Option<LicenseExpression>,
    #[serde(default)]
    files: Vec<RelPath>,
    /// A C file whose first comment is the licence, in place of `files`.
    comment_of: Option<RelPath>,
    copyright: Copyright,
}

/// A template of upstream's, and what it is made into.
#[derive(Clone, Deserialize, JsonSchema)]
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
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NotAffected")]
struct NotAffectedWire {
    vulnerability: VulnerabilityId,
    justification: Justification,
    /// How that is known.
    #[schemars(with = "Line")]
    reason: Spanned<Line>,
}

impl RecipeFile {
    /// Reads `text`, the content of `file` (used in messages only).
    ///
    /// # Errors
    /// When it does not parse, or its parts contradict each other for some version and
    /// configuration: all contradictions, each with its place.
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<SyntaxError>> {
        let wire: Wire = toml::from_str(text)
            .map_err(|error| vec![SyntaxError::from_toml(file, text, &error)])?;
        let mut problems = Problems::new(file, text);
        let recipe = wire.check_file(file, Sha256::of(text.as_bytes()), &mut problems);
        problems.into_result()?;
        Ok(recipe)
    }
}

#[cfg(test)]
impl Recipe {
    /// For tests: the recipe of the first version that `text` is written for, in the default
    /// configuration.
    #[must_use]
    pub fn example(text: &str) -> Arc<Self> {
        let file = RecipeFile::parse("example/recipe.toml", text)
            .unwrap_or_else(|errors| panic!("{errors:?}"));
        let resolved = file.resolve(super::BuildConfig::default(), &file.versions[0]);
        resolved.expect("it is written for it").clone()
    }
}

/// The JSON schema of a recipe.
#[must_use]
pub fn recipe_schema() -> schemars::Schema {
    schemars::schema_for!(Wire)
}

impl Wire {
    /// What it resolves to; complete only where there is no problem.
    fn check_file(self, file: &str, digest: Sha256, problems: &mut Problems<'_>) -> RecipeFile {
        self.check_heading(problems);
        let versions = self.versions.get_ref();
        let conditions: Vec<_> = self
            .when
            .iter()
            .map(|when| WhenWire::condition(when, versions, problems))
            .collect();
        let resolved = Holding::all(&conditions, versions)
            .into_iter()
            .filter_map(|holding| {
                let plain = self.plain(&holding, problems);
                Some((holding, Arc::new(plain.check(file, digest, problems)?)))
            })
            .collect();
        let (name, versions) = (self.name.into_inner(), self.versions.into_inner());
        RecipeFile::new(file, name, versions, conditions, resolved)
    }

    /// What has no conditions.
    fn check_heading(&self, problems: &mut Problems<'_>) {
        if self.name.get_ref().as_str() == "sdk" {
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
            problems.of_all("there is no `[library.…]`: a recipe makes at least one");
        }
        let homepage = self.homepage.get_ref();
        if !is_literal_in_pc(homepage.as_str()) {
            problems
                .at(&self.homepage, format!("`homepage` has a `#`, `$` or `` ` ``, which means something in a `.pc` file: `{homepage}`"));
        }
        if let Err(error) = check_no_credential(homepage) {
            problems.at_hidden(&self.homepage, format!("a bad `homepage`: {error}"));
        }
        if self.origin.is_empty() {
            problems.of_all("there is no `[[origin]]`");
        }
    }

    /// No two files are put at one path.
    fn check_paths(&self, problems: &mut Problems<'_>) {
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
        let templates = self.template.values().map(|template| &template.to);
        let overlays = self.overlay.values();
        for to in self.copy.values().chain(templates).chain(overlays) {
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
    }

    /// A plain recipe; none only where there is a problem.
    fn check(self, file: &str, digest: Sha256, problems: &mut Problems<'_>) -> Option<Recipe> {
        self.check_paths(problems);
        let name = self.name.into_inner();
        let license = check_license(self.license, problems);
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
            .map(|(library, wire)| wire.check(&name, &library, &known, problems))
            .collect();
        let pkg_configs = self.pkg_config.into_iter().map(|(name, wire)| {
            let module = wire.check(&name, &known, problems);
            (name, module)
        });
        let pkg_configs: BTreeMap<Name, PkgConfig> = pkg_configs.collect();
        let cmake_packages = cmake_packages(self.cmake, &pkg_configs, problems);
        let not_affected = self
            .not_affected
            .into_iter()
            .map(|said| said.check(problems))
            .collect();
        let overlays = self.overlay.into_iter().map(|(file, to)| Overlay {
            file,
            to: to.into_inner(),
        });
        Some(Recipe {
            file: file.to_owned(),
            digest,
            name,
            groups: self.groups,
            replaces: self.replaces,
            summary: self.summary,
            homepage: self.homepage.into_inner(),
            originator: self.originator,
            license: license?,
            identifiers: self.identifiers,
            origins,
            compared,
            inputs: self.inputs,
            overlays: overlays.collect(),
            steps: steps(self.copy, self.template),
            libraries,
            pkg_configs,
            cmake_packages,
            patches: self.patch,
            not_affected,
            extras: Vec::new(),
        })
    }
}

/// Packages with targets of modules that the recipe has; no two that a file system may take for one.
fn cmake_packages(
    packages: BTreeMap<Spanned<CMakeName>, BTreeMap<CMakeTarget, Spanned<Name>>>,
    modules: &BTreeMap<Name, PkgConfig>,
    problems: &mut Problems<'_>,
) -> BTreeMap<CMakeName, CMakeTargets> {
    let mut folders = BTreeSet::new();
    let mut targets_seen = BTreeSet::new();
    let mut checked = BTreeMap::new();
    for (name, targets) in packages {
        let package = name.get_ref().clone();
        if targets.is_empty() {
            problems.at(&name, format!("`[cmake.{package}]` has no target"));
        }
        if !folders.insert(package.folder()) {
            problems.at(
                &name,
                format!(
                    "`[cmake.{package}]` and another have one folder, `{}`: one package has the targets of both",
                    package.folder()
                ),
            );
        }
        let mut known = CMakeTargets::new();
        for (target, module) in targets {
            if !modules.contains_key(module.get_ref()) {
                problems.at(
                    &module,
                    format!(
                        "`{target}` of `[cmake.{package}]` stands for `{}`, which is no `[pkg-config.…]` of the recipe",
                        module.get_ref()
                    ),
                );
            }
            if !targets_seen.insert(target.clone()) {
                problems.at(&module, format!("two packages have the target `{target}`"));
            }
            known.insert(target, module.into_inner());
        }
        checked.insert(package, known);
    }
    checked
}

/// Copies, then templates.
fn steps(
    copies: BTreeMap<RelPath, Spanned<RelPath>>,
    templates: BTreeMap<RelPath, TemplateWire>,
) -> Vec<Step> {
    let copies = copies.into_iter().map(|(from, to)| Step {
        from,
        to: to.into_inner(),
        action: Action::Copy,
    });
    let templates = templates.into_iter().map(|(from, template)| Step {
        from,
        to: template.to.into_inner(),
        action: Action::Fill {
            questions: template.questions,
            answers: template.answers,
        },
    });
    copies.chain(templates).collect()
}

impl NotAffectedWire {
    fn check(self, problems: &mut Problems<'_>) -> NotAffected {
        if self.reason.get_ref().trim().is_empty() {
            problems.at(
                &self.reason,
                format!(
                    "a `[[not-affected]]` says of {} no reason",
                    self.vulnerability
                ),
            );
        }
        NotAffected {
            vulnerability: self.vulnerability,
            justification: self.justification,
            reason: self.reason.into_inner(),
        }
    }
}

fn check_license(place: Spanned<LicenseWire>, problems: &mut Problems<'_>) -> Option<License> {
    let here = Spanned::new(place.span(), ());
    let license = place.into_inner();
    let text = match (license.files, license.comment_of) {
        (files, None) if !files.is_empty() => LicenseText::Files(files),
        (files, Some(header)) if files.is_empty() => LicenseText::CommentOf(header),
        _ => {
            problems.at(&here, "`license` takes either `files` or `comment-of`: where the text is that is installed");
            return None;
        }
    };
    Some(License {
        expression: license.expression,
        declared: license.declared,
        text,
        copyright: license.copyright,
    })
}
