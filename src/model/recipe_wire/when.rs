//! `[[when]]` as it is written, and the plain recipe that the parts of a recipe's file make where
//! some of them hold.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::braces::{self, Braced};
use super::library::{GroupWire, LibraryWire};
use super::{NotAffectedWire, Problems, TemplateWire, Wire};
use crate::model::condition::Condition;
use crate::model::condition_wire::{ConditionWire, NamedFeature, OneOrMore, Part};
use crate::model::recipe_file::Holding;
use crate::model::step::{Answer, Questions};
use crate::model::{
    CompileFlag, Copyright, Feature, Globs, Line, Macro, Name, Patch, RelPath, SourceFile, Target,
    TreeDir, Version,
};

/// What counts only for some targets, variants or versions. All conditions must hold.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "When")]
pub struct WhenWire {
    /// One of these is built for.
    #[schemars(with = "Option<OneOrMore<Target>>")]
    target: Option<Spanned<OneOrMore<Target>>>,
    /// The variant has all of these features.
    #[schemars(with = "Option<OneOrMore<Feature>>")]
    variant: Option<Spanned<OneOrMore<NamedFeature>>>,
    /// One of these is built.
    #[schemars(with = "Option<OneOrMore<Version>>")]
    version: Option<Spanned<OneOrMore<Version>>>,
    /// In place of that of `[license]`; only with `version` alone.
    #[schemars(with = "Option<Copyright>")]
    copyright: Option<Spanned<Copyright>>,
    inputs: Option<WhenInputs>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<RelPath, RelPath>")]
    overlay: BTreeMap<RelPath, Spanned<RelPath>>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<RelPath, RelPath>")]
    copy: BTreeMap<RelPath, Spanned<RelPath>>,
    /// Further answers to a template of the recipe, or a whole template.
    #[serde(default)]
    #[schemars(with = "BTreeMap<RelPath, WhenTemplate>")]
    template: BTreeMap<Spanned<RelPath>, WhenTemplate>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<Name, WhenLibrary>")]
    library: BTreeMap<Spanned<Name>, WhenLibrary>,
    #[serde(default)]
    patch: Vec<Patch>,
    /// Only with `version` alone.
    #[serde(default)]
    #[schemars(with = "Vec<NotAffectedWire>")]
    not_affected: Vec<Spanned<NotAffectedWire>>,
}

/// Further inputs; of all configurations of a version.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WhenInputs {
    #[schemars(with = "Globs")]
    include: Spanned<Globs>,
}

/// What is added to a template of the recipe; with `to` and `questions`, a template of its own.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WhenTemplate {
    #[schemars(with = "Option<RelPath>")]
    to: Option<Spanned<RelPath>>,
    questions: Option<Questions>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<Macro, Answer>")]
    answers: BTreeMap<Spanned<Macro>, Answer>,
}

/// What is added to a library of the recipe.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WhenLibrary {
    #[serde(default, deserialize_with = "braces::files")]
    #[schemars(with = "Vec<Braced<SourceFile>>")]
    sources: Vec<Spanned<SourceFile>>,
    #[serde(default, deserialize_with = "braces::files")]
    #[schemars(with = "Vec<Braced<SourceFile>>")]
    inline_assembly: Vec<Spanned<SourceFile>>,
    /// Of a macro that the library defines too, this value counts.
    #[serde(default)]
    #[schemars(with = "BTreeMap<Macro, Line>")]
    defines: BTreeMap<Spanned<Macro>, Line>,
    #[serde(default)]
    include_dirs: Vec<TreeDir>,
    #[serde(default)]
    flags: Vec<CompileFlag>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<Name, WhenGroup>")]
    group: BTreeMap<Spanned<Name>, WhenGroup>,
    #[serde(default, deserialize_with = "braces::headers")]
    #[schemars(with = "BTreeMap<String, String>")]
    headers: BTreeMap<RelPath, Spanned<RelPath>>,
}

/// What is added to a group of a library, or a group of its own.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WhenGroup {
    #[serde(default, deserialize_with = "braces::files")]
    #[schemars(with = "Vec<Braced<SourceFile>>")]
    sources: Vec<Spanned<SourceFile>>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<Macro, Line>")]
    defines: BTreeMap<Spanned<Macro>, Line>,
    #[serde(default)]
    include_dirs: Vec<TreeDir>,
    #[serde(default)]
    flags: Vec<CompileFlag>,
}

impl WhenGroup {
    fn is_empty(&self) -> bool {
        self.sources.is_empty()
            && self.defines.is_empty()
            && self.include_dirs.is_empty()
            && self.flags.is_empty()
    }
}

impl WhenLibrary {
    fn is_empty(&self) -> bool {
        self.sources.is_empty()
            && self.inline_assembly.is_empty()
            && self.defines.is_empty()
            && self.include_dirs.is_empty()
            && self.flags.is_empty()
            && self.group.is_empty()
            && self.headers.is_empty()
    }
}

impl WhenWire {
    fn is_empty(&self) -> bool {
        self.copyright.is_none()
            && self.inputs.is_none()
            && self.overlay.is_empty()
            && self.copy.is_empty()
            && self.template.is_empty()
            && self.library.is_empty()
            && self.patch.is_empty()
            && self.not_affected.is_empty()
    }

    /// The condition of a recipe for `versions`; what is wrong with it, and with what it stands
    /// before, becomes one of `problems`.
    pub fn condition(
        place: &Spanned<Self>,
        versions: &[Version],
        problems: &mut Problems<'_>,
    ) -> Condition {
        let when = place.get_ref();
        let wire = ConditionWire {
            target: value(when.target.as_ref()),
            variant: value(when.variant.as_ref()),
            version: value(when.version.as_ref()),
        };
        let (condition, wrong) = wire.check();
        for (part, message) in wrong {
            let key = match part {
                Part::All => None,
                Part::Target => when.target.as_ref().map(Spanned::span),
                Part::Variant => when.variant.as_ref().map(Spanned::span),
                Part::Version => when.version.as_ref().map(Spanned::span),
            };
            let key = key.unwrap_or_else(|| place.span());
            problems.at(
                &Spanned::new(key, ()),
                format!("of a `[[when]]`: {message}"),
            );
        }
        if let Some(key) = &when.version {
            for version in condition
                .versions
                .iter()
                .filter(|one| !versions.contains(one))
            {
                problems.at(
                    key,
                    format!("a `[[when]]` is for version {version}, which is not in `versions`"),
                );
            }
        }
        when.check_additions(place, &condition, problems);
        condition
    }

    fn check_additions(
        &self,
        place: &Spanned<Self>,
        condition: &Condition,
        problems: &mut Problems<'_>,
    ) {
        if self.is_empty() {
            problems.at(place, "a `[[when]]` adds nothing");
        }
        for (name, library) in &self.library {
            if library.is_empty() {
                let name = name.get_ref();
                problems.at(place, format!("`[when.library.{name}]` adds nothing"));
            }
            for (group, _) in library.group.iter().filter(|(_, group)| group.is_empty()) {
                let (name, called) = (name.get_ref(), group.get_ref());
                problems.at(
                    group,
                    format!("`[when.library.{name}.group.{called}]` adds nothing"),
                );
            }
        }
        if !condition.is_of_version() {
            let of_version = "is of a version: only a `[[when]]` with `version` alone takes it";
            if let Some(copyright) = &self.copyright {
                problems.at(copyright, format!("`copyright` {of_version}"));
            }
            if let Some(said) = self.not_affected.first() {
                problems.at(said, format!("`not-affected` {of_version}"));
            }
        }
    }
}

fn value<T: Clone>(key: Option<&Spanned<T>>) -> Option<T> {
    key.map(|key| key.get_ref().clone())
}

/// A recipe's file on its way to a plain recipe.
struct Merge<'m, 'p> {
    plain: Wire,
    /// What `[[when]]` have said so far, by what they say it of: those that hold together must not
    /// contradict each other, whichever comes first.
    said: BTreeMap<String, String>,
    problems: &'m mut Problems<'p>,
}

impl Wire {
    /// What counts of it where the `[[when]]` of `holding` do. Contradictions become `problems`.
    pub(super) fn plain(&self, holding: &Holding, problems: &mut Problems<'_>) -> Self {
        let mut merge = Merge {
            plain: self.clone(),
            said: BTreeMap::new(),
            problems,
        };
        let whens = std::mem::take(&mut merge.plain.when);
        for (index, when) in whens.into_iter().map(Spanned::into_inner).enumerate() {
            if holding.has_inputs_of(index)
                && let Some(inputs) = &when.inputs
            {
                merge.inputs(inputs);
            }
            if holding.has(index) {
                merge.add(when);
            }
        }
        merge.plain
    }
}

impl Merge<'_, '_> {
    fn add(&mut self, when: WhenWire) {
        if let Some(copyright) = when.copyright {
            self.say(&copyright, "`copyright`", copyright.get_ref().as_str());
            self.plain.license.get_mut().copyright = copyright.into_inner();
        }
        let (overlay, copy) = (&mut self.plain.overlay, &mut self.plain.copy);
        put(overlay, when.overlay, "overlay", self.problems);
        put(copy, when.copy, "copy", self.problems);
        for (from, template) in when.template {
            self.template(&from, template);
        }
        for (name, library) in when.library {
            self.library(&name, library);
        }
        self.plain.patch.extend(when.patch);
        let not_affected = when.not_affected.into_iter().map(Spanned::into_inner);
        self.plain.not_affected.extend(not_affected);
    }

    /// Notes that a `[[when]]` says `value` of `what` at `place`.
    fn say<T>(&mut self, place: &Spanned<T>, what: &str, value: &str) {
        let said = self.said.insert(what.to_owned(), value.to_owned());
        if let Some(other) = said.filter(|other| other != value) {
            self.problems.at(
                place,
                format!("two `[[when]]` that hold together give {what} as `{other}` and `{value}`"),
            );
        }
    }

    fn inputs(&mut self, inputs: &WhenInputs) {
        let include = &mut self.plain.inputs.include;
        let more = inputs.include.get_ref();
        let both = match include {
            Some(include) => include.union(more),
            None => Ok(more.clone()),
        };
        match both {
            Ok(both) => *include = Some(both),
            Err(error) => self.problems.at(&inputs.include, error.to_string()),
        }
    }

    fn template(&mut self, from: &Spanned<RelPath>, when: WhenTemplate) {
        let path = from.get_ref().clone();
        for (name, answer) in &when.answers {
            let what = format!("the answer to `{}` of {path}", name.get_ref());
            self.say(name, &what, &answer.to_string());
        }
        let answers = when
            .answers
            .into_iter()
            .map(|(name, answer)| (name.into_inner(), answer));
        match (
            self.plain.template.get_mut(&path),
            when.to,
            when.questions,
        ) {
            (Some(template), None, None) => template.answers.extend(answers),
            (Some(_), _, _) => self.problems.at(
                from,
                format!("the recipe has `[template.\"{path}\"]` already: a `[[when]]` adds `answers` to it"),
            ),
            (None, Some(to), Some(questions)) => {
                let template = TemplateWire {
                    to,
                    questions,
                    answers: answers.collect(),
                };
                self.plain.template.insert(path, template);
            }
            (None, _, _) => self.problems.at(
                from,
                format!("the recipe has no `[template.\"{path}\"]`: one of a `[[when]]` takes `to` and `questions` too"),
            ),
        }
    }

    fn library(&mut self, name: &Spanned<Name>, when: WhenLibrary) {
        let called = name.get_ref();
        let defines = self.defines(&format!("`[library.{called}]`"), when.defines);
        let groups: Vec<_> = when
            .group
            .into_iter()
            .map(|(group, wire)| {
                let of = format!("`[library.{called}.group.{}]`", group.get_ref());
                let defines = self.defines(&of, wire.defines);
                let wire = GroupWire {
                    sources: wire.sources,
                    defines,
                    include_dirs: wire.include_dirs,
                    flags: wire.flags,
                };
                (group, wire)
            })
            .collect();
        let Some(library) = self.plain.library.get_mut(name) else {
            self.problems.at(
                name,
                format!("the recipe has no `[library.{called}]`, to which a `[[when]]` could add"),
            );
            return;
        };
        library.sources.extend(when.sources);
        library.inline_assembly.extend(when.inline_assembly);
        library.defines.extend(defines);
        library.include_dirs.extend(when.include_dirs);
        library.flags.extend(when.flags);
        for (group, wire) in groups {
            library.add_group(group, wire);
        }
        put(&mut library.headers, when.headers, "headers", self.problems);
    }

    fn defines(
        &mut self,
        of: &str,
        defines: BTreeMap<Spanned<Macro>, Line>,
    ) -> BTreeMap<Macro, Line> {
        let plain = defines.into_iter().map(|(name, value)| {
            let what = format!("`{}` of {of}", name.get_ref());
            self.say(&name, &what, &value);
            (name.into_inner(), value)
        });
        plain.collect()
    }
}

impl LibraryWire {
    fn add_group(&mut self, name: Spanned<Name>, more: GroupWire) {
        match self.group.get_mut(&name) {
            None => _ = self.group.insert(name, more),
            Some(group) => {
                group.sources.extend(more.sources);
                group.defines.extend(more.defines);
                group.include_dirs.extend(more.include_dirs);
                group.flags.extend(more.flags);
            }
        }
    }
}

/// Adds paths to a table of the recipe that has none of them.
fn put(
    table: &mut BTreeMap<RelPath, Spanned<RelPath>>,
    more: BTreeMap<RelPath, Spanned<RelPath>>,
    what: &str,
    problems: &mut Problems<'_>,
) {
    for (from, to) in more {
        match table.entry(from) {
            Entry::Occupied(there) => {
                problems.at(&to, format!("`{what}` has `{}` already", there.key()));
            }
            Entry::Vacant(free) => _ = free.insert(to),
        }
    }
}
