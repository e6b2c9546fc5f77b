//! A recipe as its file has it: for several versions and all build configurations. What is planned
//! is one of the plain recipes that it resolves to. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::condition::Condition;
use super::library::LibraryKind;
use super::{BuildConfig, Library, Name, Recipe, RelPath, Version};

/// A recipe's file, checked as far as it can be without the sources that it is for: all recipes
/// that it resolves to are valid.
#[derive(Debug)]
pub struct RecipeFile {
    /// Relative to the recipes' folder: `zlib/recipe.toml`.
    pub file: String,
    pub name: Name,
    /// The versions that it is written for; never empty.
    pub versions: Vec<Version>,
    /// Those of its `[[when]]`, in the file's order.
    conditions: Vec<Condition>,
    /// For each version and configuration: what counts there.
    resolved: BTreeMap<Holding, Arc<Recipe>>,
}

/// Which conditions of a recipe's file hold, by index.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Holding {
    /// For the version and the configuration.
    here: BTreeSet<usize>,
    /// For the version and some configuration: the inputs of a version are those of all its
    /// configurations, so that a lock has one digest of them.
    in_some: BTreeSet<usize>,
}

impl Holding {
    fn of(conditions: &[Condition], config: BuildConfig, version: &Version) -> Self {
        let indices = |holds: &dyn Fn(&Condition) -> bool| {
            let all = conditions.iter().enumerate();
            all.filter(|(_, condition)| holds(condition))
                .map(|(index, _)| index)
                .collect()
        };
        Self {
            here: indices(&|condition| condition.holds(config, version)),
            in_some: indices(&|condition| condition.holds_in_some(version)),
        }
    }

    /// All that occur for `versions` and any configuration; without versions, that without any
    /// condition.
    #[must_use]
    pub fn all(conditions: &[Condition], versions: &[Version]) -> BTreeSet<Self> {
        if conditions.is_empty() || versions.is_empty() {
            return BTreeSet::from([Self::default()]);
        }
        let each = versions.iter().flat_map(|version| {
            BuildConfig::all().map(move |config| Self::of(conditions, config, version))
        });
        each.collect()
    }

    /// Whether what the `[[when]]` at `index` adds counts.
    #[must_use]
    pub fn has(&self, index: usize) -> bool {
        self.here.contains(&index)
    }

    /// Whether the inputs that the `[[when]]` at `index` adds count.
    #[must_use]
    pub fn has_inputs_of(&self, index: usize) -> bool {
        self.in_some.contains(&index)
    }
}

impl RecipeFile {
    /// The file called `file`, with `conditions` and the recipe for each [`Holding`] that occurs.
    pub(super) fn new(
        file: &str,
        name: Name,
        versions: Vec<Version>,
        conditions: Vec<Condition>,
        mut resolved: BTreeMap<Holding, Arc<Recipe>>,
    ) -> Self {
        let mut named: BTreeMap<BTreeSet<usize>, BTreeSet<RelPath>> = BTreeMap::new();
        for (holding, recipe) in &resolved {
            let files = named.entry(holding.in_some.clone()).or_default();
            files.extend(recipe.named().into_iter().cloned());
        }
        for (holding, recipe) in &mut resolved {
            let files = &mut Arc::make_mut(recipe).inputs.files;
            files.clone_from(&named[&holding.in_some]);
        }
        Self {
            file: file.to_owned(),
            name,
            versions,
            conditions,
            resolved,
        }
    }

    /// The plain recipe of `version` for `config`; none where the file is not written for the
    /// version.
    #[must_use]
    pub fn resolve(&self, config: BuildConfig, version: &Version) -> Option<&Arc<Recipe>> {
        let written = self.versions.contains(version);
        written.then(|| &self.resolved[&Holding::of(&self.conditions, config, version)])
    }

    /// Each different plain recipe, of whichever version. Libraries, what they require and origins
    /// are the same in all of them.
    pub fn recipes(&self) -> impl Iterator<Item = &Arc<Recipe>> {
        self.resolved.values()
    }

    /// Each different plain recipe of `version`, with a configuration that it is for; that of the
    /// default configuration comes first. Empty where the file is not written for the version.
    #[must_use]
    pub fn each(&self, version: &Version) -> Vec<(BuildConfig, &Arc<Recipe>)> {
        let mut each: Vec<(BuildConfig, &Arc<Recipe>)> = Vec::new();
        if self.conditions.is_empty() {
            let config = BuildConfig::default();
            each.extend(self.resolve(config, version).map(|recipe| (config, recipe)));
            return each;
        }
        for config in BuildConfig::all() {
            if let Some(recipe) = self.resolve(config, version)
                && each.iter().all(|(_, known)| !Arc::ptr_eq(known, recipe))
            {
                each.push((config, recipe));
            }
        }
        each
    }

    /// All that some configuration of `version` uses, as one recipe: for what looks at a version
    /// and not at a build. Nothing is built from it, since its parts need not go together. A patch
    /// that not all configurations have resolves no vulnerability in it. None where the file is not
    /// written for the version.
    #[must_use]
    pub fn overall(&self, version: &Version) -> Option<Arc<Recipe>> {
        let each = self.each(version);
        let ((_, first), others) = each.split_first()?;
        if others.is_empty() {
            return Some((*first).clone());
        }
        let mut overall = Recipe::clone(first);
        for (_, other) in others {
            add(&mut overall.overlays, &other.overlays);
            add(&mut overall.steps, &other.steps);
            for (ours, theirs) in overall.libraries.iter_mut().zip(&other.libraries) {
                join(ours, theirs);
            }
            for patch in &other.patches {
                if overall.patches.iter().all(|known| known.file != patch.file) {
                    overall.patches.push(patch.clone());
                }
            }
        }
        for patch in &mut overall.patches {
            let has = |recipe: &Recipe| recipe.patches.iter().any(|one| one.file == patch.file);
            if !each.iter().all(|(_, recipe)| has(recipe)) {
                patch.resolves.clear();
            }
        }
        Some(Arc::new(overall))
    }
}

/// Adds those of `more` that are not there.
fn add<'a, T: Clone + PartialEq + 'a>(to: &mut Vec<T>, more: impl IntoIterator<Item = &'a T>) {
    for one in more {
        if !to.contains(one) {
            to.push(one.clone());
        }
    }
}

/// Adds to `ours` what `theirs` has more: both are the same library.
fn join(ours: &mut Library, theirs: &Library) {
    for (from, to) in &theirs.headers {
        ours.headers
            .entry(from.clone())
            .or_insert_with(|| to.clone());
    }
    if let LibraryKind::Static(units) = &mut ours.kind {
        for unit in theirs.units() {
            if !units.iter().any(|known| known.source == unit.source) {
                units.push(unit.clone());
            }
        }
    }
}
