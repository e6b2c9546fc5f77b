//! The choice that a lock makes among the recipes of a catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::graph::{EdgeProblem, Graph};
use super::{
    BuildConfig, CMakeName, Catalog, ErrorClass, GlobsError, Inputs, Library, Lock, LockedSource,
    Name, Recipe, RecipeFile, RelPath, Request, Sha256, Suite, SyntaxError, Version,
};

/// What a lock chose, as it is built for one configuration.
#[derive(Debug)]
pub struct Selection {
    config: BuildConfig,
    /// What a source requires comes before it, but for sources that require each other.
    pub sources: Vec<Selected>,
    /// Of all their libraries.
    pub graph: Graph,
}

impl Selection {
    /// What it is built for: the recipes are resolved for that.
    #[must_use]
    pub fn config(&self) -> BuildConfig {
        self.config
    }
}

/// One source with its recipe and the bytes of ours that go into its tree.
#[derive(Debug, Clone)]
pub struct Selected {
    pub recipe: Arc<Recipe>,
    pub source: LockedSource,
    /// Which of the source's files take part.
    pub inputs: Inputs,
    /// Path in the tree and content, in recipe order.
    pub overlays: Vec<(RelPath, Vec<u8>)>,
    /// Name and content, in the order in which they apply.
    pub patches: Vec<(RelPath, Vec<u8>)>,
}

impl Selected {
    /// `zlib 1.3.2`: how messages call it.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.recipe.name, self.source.version)
    }
}

/// A lock and a catalog that do not go together, or a request that neither can meet.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    #[error("there is no source `{name}` in the lock")]
    Unknown { name: Name, known: Vec<String> },
    #[error("no source of the lock is in the group `{name}`")]
    UnknownGroup { name: Name, known: Vec<String> },
    #[error("{replacing} can't be built in place of {name}")]
    DoesNotReplace {
        name: Name,
        replacing: Name,
        known: Vec<String>,
    },
    #[error("no recipe is written for {name} {version}, which the lock asks for")]
    NoRecipe {
        name: Name,
        version: Version,
        known: Vec<String>,
    },
    /// A recipe requires a library that does not exist, or is not in the lock.
    #[error("{place}")]
    Edge {
        place: Box<SyntaxError>,
        problem: EdgeProblem,
    },
    #[error("{name}: {what} `{file}` has SHA-256 {found}, but the lock says {expected}")]
    Changed {
        name: Name,
        what: &'static str,
        file: RelPath,
        expected: String,
        found: String,
    },
    #[error("the lock does not know the tests of {name} {version}")]
    TestsNotLocked { name: Name, version: Version },
    #[error("the tests of {name} select inputs that can't be joined with the recipe's")]
    TestInputs { name: Name, source: GlobsError },
    #[error("{first} and {second} both install {path}")]
    Collision {
        path: String,
        first: Name,
        second: Name,
    },
    #[error("{place} names `{found}`, which wasideps excludes ({excluded}): {reason}")]
    Excluded {
        place: String,
        found: String,
        excluded: Name,
        reason: String,
    },
}

impl SelectionError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown { .. }
            | Self::UnknownGroup { .. }
            | Self::DoesNotReplace { .. }
            | Self::NoRecipe { .. }
            | Self::Edge { .. }
            | Self::TestsNotLocked { .. }
            | Self::TestInputs { .. }
            | Self::Collision { .. } => ErrorClass::Usage,
            Self::Changed { .. } => ErrorClass::Verification,
            Self::Excluded { .. } => ErrorClass::Policy,
        }
    }
}

impl Catalog {
    /// Checks that a user may ask for `name`.
    ///
    /// # Errors
    /// When it is excluded.
    pub fn check_request(&self, name: &Name) -> Result<(), SelectionError> {
        match self.exclusions().find(name.as_str()) {
            None => Ok(()),
            Some(excluded) => Err(SelectionError::Excluded {
                place: "the request".into(),
                found: name.to_string(),
                excluded: excluded.name.clone(),
                reason: excluded.reason.clone(),
            }),
        }
    }

    /// What `check` needs of a selected source: its tests for `config`, and the source with the
    /// tests' files. None where no tests are written for it.
    ///
    /// # Errors
    /// When the lock does not know the tests, or other files of ours than there are now.
    pub fn select_tests(
        &self,
        selected: &Selected,
        config: BuildConfig,
    ) -> Result<Option<(Arc<Suite>, Selected)>, Vec<SelectionError>> {
        let Selected { recipe, source, .. } = selected;
        let Some(suite) = self.suite(&recipe.name, &source.version) else {
            return Ok(None);
        };
        let Some(tests) = &source.tests else {
            return Err(vec![SelectionError::TestsNotLocked {
                name: recipe.name.clone(),
                version: source.version.clone(),
            }]);
        };
        let recipe = suite.recipe(recipe).map_err(|error| {
            vec![SelectionError::TestInputs {
                name: recipe.name.clone(),
                source: error,
            }]
        })?;
        let (mut overlays, mut patches) = (source.overlays.clone(), source.patches.clone());
        overlays.extend(tests.overlays.clone());
        patches.extend(tests.patches.clone());
        let source = LockedSource {
            inputs: tests.inputs,
            includes: source.includes.union(&tests.includes).cloned().collect(),
            origins: tests.origins.clone(),
            patches,
            overlays,
            ..source.clone()
        };
        let mut errors = Vec::new();
        let selected = self.selected(&Arc::new(recipe), &source, &mut errors);
        if errors.is_empty() {
            let suite = suite.resolve(config, &selected.source.version);
            Ok(Some((Arc::new(suite), selected)))
        } else {
            Err(errors)
        }
    }

    /// What is built where nothing is asked for: the names of [`Request::DEFAULT_GROUP`], or none,
    /// which stands for all, where the lock has no such group.
    #[must_use]
    pub fn by_default(&self, lock: &Lock) -> Vec<Name> {
        let groups = self.groups(lock);
        let default = groups.get(Request::DEFAULT_GROUP).into_iter().flatten();
        default.map(|name| (*name).clone()).collect()
    }

    /// The names of what is asked for, each once; none where nothing is.
    ///
    /// # Errors
    /// All groups that no source of the lock is in.
    pub fn requested(
        &self,
        lock: &Lock,
        requests: &[Request],
    ) -> Result<Vec<Name>, Vec<SelectionError>> {
        let groups = self.groups(lock);
        let (mut names, mut errors) = (BTreeSet::new(), Vec::new());
        for request in requests {
            match request {
                Request::Source(name) => {
                    names.insert(name.clone());
                }
                Request::Group(group) => match groups.get(group.as_str()) {
                    Some(members) => names.extend(members.iter().map(|name| (*name).clone())),
                    None => errors.push(SelectionError::UnknownGroup {
                        name: group.clone(),
                        known: groups.keys().map(|group| format!("@{group}")).collect(),
                    }),
                },
            }
        }
        if errors.is_empty() {
            Ok(names.into_iter().collect())
        } else {
            Err(errors)
        }
    }

    /// `names`, which are of `lock` and where none stands for all, with each recipe of `with` that
    /// is built in place of another.
    ///
    /// # Errors
    /// All of `with` that are not written to take that place.
    pub fn with(
        &self,
        lock: &Lock,
        names: Vec<Name>,
        with: &[(Name, Name)],
    ) -> Result<Vec<Name>, Vec<SelectionError>> {
        let mut errors = Vec::new();
        for (name, replacing) in with {
            if self.replaces(lock, replacing) != Some(name) {
                let known = lock.sources.keys();
                let known = known.filter(|other| self.replaces(lock, other) == Some(name));
                errors.push(SelectionError::DoesNotReplace {
                    name: name.clone(),
                    replacing: replacing.clone(),
                    known: known.map(ToString::to_string).collect(),
                });
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        if with.is_empty() {
            return Ok(names);
        }
        let mut names: BTreeSet<Name> = if names.is_empty() {
            self.all(lock).cloned().collect()
        } else {
            names.into_iter().collect()
        };
        names.extend(with.iter().map(|(_, replacing)| replacing.clone()));
        Ok(names.into_iter().collect())
    }

    /// The locked sources of each group.
    fn groups<'a>(&'a self, lock: &'a Lock) -> BTreeMap<&'a str, BTreeSet<&'a Name>> {
        let mut groups: BTreeMap<&str, BTreeSet<&Name>> = BTreeMap::new();
        for (name, source) in &lock.sources {
            let file = self.recipe(name, &source.version);
            let recipe = file.and_then(|file| file.recipes().next());
            for group in recipe.iter().flat_map(|recipe| &recipe.groups) {
                groups.entry(group.as_str()).or_default().insert(name);
            }
        }
        groups
    }

    /// Chooses the sources called `names` (all of the lock, where that is empty) and what they
    /// depend on, as they are built for `config`.
    ///
    /// # Errors
    /// All that keeps them from being built together.
    pub fn select(
        &self,
        lock: &Lock,
        names: &[Name],
        config: BuildConfig,
    ) -> Result<Selection, Vec<SelectionError>> {
        let resolve = |file: &RecipeFile, version: &Version| file.resolve(config, version).cloned();
        let (sources, graph) = self.walk(lock, names, &resolve, true)?;
        Ok(Selection {
            config,
            sources,
            graph,
        })
    }

    /// The same for what looks at versions and builds none: each recipe has all that some
    /// configuration uses, as [`RecipeFile::overall`] has it.
    ///
    /// # Errors
    /// As of [`Self::select`].
    pub fn overview(
        &self,
        lock: &Lock,
        names: &[Name],
    ) -> Result<Vec<Selected>, Vec<SelectionError>> {
        let (sources, _) = self.walk(lock, names, &RecipeFile::overall, false)?;
        Ok(sources)
    }

    /// The source of an overview as each different recipe of its version has it.
    #[must_use]
    pub fn each(&self, overall: &Selected) -> Vec<Selected> {
        let Selected { recipe, source, .. } = overall;
        let file = self.recipe(&recipe.name, &source.version);
        let recipes = file
            .map(|file| file.each(&source.version))
            .unwrap_or_default();
        let selected = recipes.into_iter().map(|(_, recipe)| {
            // What of ours has changed is an error of the overview.
            self.selected(recipe, source, &mut Vec::new())
        });
        selected.collect()
    }

    fn walk(
        &self,
        lock: &Lock,
        names: &[Name],
        resolve: &Resolve<'_>,
        is_build: bool,
    ) -> Result<(Vec<Selected>, Graph), Vec<SelectionError>> {
        let mut errors = self.excluded_in(lock);
        // What an overview looks at is all that there is; nothing takes another's place.
        let replaced = if is_build {
            self.replaced(lock, names)
        } else {
            Replaced::default()
        };
        let wanted: Vec<&Name> = match names {
            [] if is_build => self.all(lock).collect(),
            [] => lock.sources.keys().collect(),
            names => names.iter().collect(),
        };
        let mut walk = SourceWalk {
            catalog: self,
            lock,
            resolve,
            replaced,
            sources: Vec::new(),
            done: BTreeSet::new(),
            errors: Vec::new(),
        };
        for name in wanted {
            walk.visit(name);
        }
        errors.append(&mut walk.errors);
        // In an overview, one recipe may install a file in two ways, and another in its place.
        let is_error = |error: &SelectionError| match error {
            SelectionError::Collision { first, second, .. } => {
                let replaces = |one, other| self.replaces(lock, one) == Some(other);
                is_build || first != second && !replaces(first, second) && !replaces(second, first)
            }
            _ => true,
        };
        errors.extend(collisions(&walk.sources).into_iter().filter(is_error));
        let graph = Graph::new(walk.sources.iter().map(|selected| &*selected.recipe))
            .unwrap_or_else(|edges| {
                errors.extend(edges.iter().map(|edge| SelectionError::Edge {
                    place: self.located(edge),
                    problem: edge.problem.clone(),
                }));
                Graph::default()
            });
        if errors.is_empty() {
            Ok((walk.sources, graph))
        } else {
            Err(errors)
        }
    }

    /// All locked sources but those that are only built in another's place.
    fn all<'a>(&'a self, lock: &'a Lock) -> impl Iterator<Item = &'a Name> {
        let all = lock.sources.keys();
        all.filter(|name| self.replaces(lock, name).is_none())
    }

    /// The recipe in whose place the locked one called `name` can be built.
    #[must_use]
    pub fn replaces(&self, lock: &Lock, name: &Name) -> Option<&Name> {
        let source = lock.sources.get(name)?;
        let recipe = self.recipe(name, &source.version)?.recipes().next()?;
        recipe.replaces.as_ref()
    }

    /// Which recipes are replaced where these are asked for.
    fn replaced(&self, lock: &Lock, names: &[Name]) -> Replaced {
        let pairs = names
            .iter()
            .filter_map(|name| Some((self.replaces(lock, name)?.clone(), name.clone())));
        Replaced(pairs.collect())
    }

    fn excluded_in(&self, lock: &Lock) -> Vec<SelectionError> {
        let crates = lock
            .sources
            .values()
            .flat_map(|source| &source.origins)
            .filter_map(|origin| match &origin.place {
                super::Place::Crate { name, .. } => Some(name),
                _ => None,
            });
        let mut errors = Vec::new();
        for name in lock.sources.keys().chain(crates) {
            if let Some(excluded) = self.exclusions().find(name.as_str()) {
                errors.push(SelectionError::Excluded {
                    place: "the lock".into(),
                    found: name.to_string(),
                    excluded: excluded.name.clone(),
                    reason: excluded.reason.clone(),
                });
            }
        }
        errors
    }

    fn selected(
        &self,
        recipe: &Arc<Recipe>,
        source: &LockedSource,
        errors: &mut Vec<SelectionError>,
    ) -> Selected {
        let mut checked =
            |what, file: &RelPath, bytes: Option<&[u8]>, expected: Option<&Sha256>| {
                let bytes = bytes.unwrap_or_default().to_vec();
                let found = Sha256::of(&bytes);
                if expected != Some(&found) {
                    errors.push(SelectionError::Changed {
                        name: recipe.name.clone(),
                        what,
                        file: file.clone(),
                        expected: expected
                            .map_or_else(|| "nothing of it".into(), ToString::to_string),
                        found: found.to_string(),
                    });
                }
                bytes
            };
        let overlays = recipe.overlays.iter().map(|overlay| {
            let bytes = self.overlay(recipe, &overlay.file);
            (
                overlay.to.clone(),
                checked(
                    "the overlay",
                    &overlay.file,
                    bytes,
                    source.overlays.get(&overlay.file),
                ),
            )
        });
        let overlays = overlays.collect();
        let patches = recipe.patches.iter().map(|patch| {
            let bytes = self.patch(recipe, &patch.file);
            (
                patch.file.clone(),
                checked(
                    "the patch",
                    &patch.file,
                    bytes,
                    source.patches.get(&patch.file),
                ),
            )
        });
        let patches = patches.collect();
        // The lock has the files of all configurations.
        let mut source = source.clone();
        let is_ours = |file: &RelPath| recipe.overlays.iter().any(|one| one.file == *file);
        source.overlays.retain(|file, _| is_ours(file));
        let is_ours = |file: &RelPath| recipe.patches.iter().any(|one| one.file == *file);
        source.patches.retain(|file, _| is_ours(file));
        Selected {
            recipe: recipe.clone(),
            inputs: recipe.inputs.with(&source.includes),
            source,
            overlays,
            patches,
        }
    }
}

/// Recipes, each with the one that is built in its place.
#[derive(Default)]
struct Replaced(BTreeMap<Name, Name>);

impl Replaced {
    fn name<'a>(&'a self, name: &'a Name) -> &'a Name {
        self.0.get(name).unwrap_or(name)
    }

    /// `recipe`, which requires what is built in place of what it names.
    fn recipe(&self, recipe: Arc<Recipe>) -> Arc<Recipe> {
        let names = |recipe: &Recipe| {
            recipe
                .required()
                .into_iter()
                .any(|name| self.0.contains_key(name))
        };
        if !names(&recipe) {
            return recipe;
        }
        let mut recipe = Recipe::clone(&recipe);
        let edges = recipe.libraries.iter_mut();
        for edge in edges.flat_map(|library| &mut library.requires) {
            edge.to.recipe = self.name(&edge.to.recipe).clone();
        }
        Arc::new(recipe)
    }
}

/// What of a recipe's file counts for a version; none where it is not written for it.
type Resolve<'r> = dyn Fn(&RecipeFile, &Version) -> Option<Arc<Recipe>> + 'r;

/// A depth-first walk along what sources require: that comes before them. Edges that lead nowhere
/// are left to the graph.
struct SourceWalk<'a> {
    catalog: &'a Catalog,
    lock: &'a Lock,
    resolve: &'a Resolve<'a>,
    replaced: Replaced,
    sources: Vec<Selected>,
    done: BTreeSet<Name>,
    errors: Vec<SelectionError>,
}

impl SourceWalk<'_> {
    fn visit(&mut self, name: &Name) {
        let name = &self.replaced.name(name).clone();
        if !self.done.insert(name.clone()) {
            return;
        }
        let Some(source) = self.lock.sources.get(name) else {
            self.errors.push(self.unknown(name));
            return;
        };
        let file = self.catalog.recipe(name, &source.version);
        let Some(recipe) = file.and_then(|file| (self.resolve)(file, &source.version)) else {
            let known = self.catalog.versions(name);
            self.errors.push(SelectionError::NoRecipe {
                name: name.clone(),
                version: source.version.clone(),
                known: known.into_iter().map(ToString::to_string).collect(),
            });
            return;
        };
        let recipe = self.replaced.recipe(recipe);
        for required in recipe
            .required()
            .into_iter()
            .filter(|name| self.lock.sources.contains_key(*name))
        {
            self.visit(required);
        }
        let selected = self.catalog.selected(&recipe, source, &mut self.errors);
        self.sources.push(selected);
    }

    fn unknown(&self, name: &Name) -> SelectionError {
        let unknown = |()| SelectionError::Unknown {
            name: name.clone(),
            known: self.lock.sources.keys().map(ToString::to_string).collect(),
        };
        self.catalog
            .check_request(name)
            .map_or_else(|excluded| excluded, unknown)
    }
}

/// Paths below the prefix that two sources would both write.
fn collisions(sources: &[Selected]) -> Vec<SelectionError> {
    let mut owners: BTreeMap<String, &Name> = BTreeMap::new();
    let mut errors = Vec::new();
    for Selected { recipe, .. } in sources {
        let libraries = recipe
            .libraries
            .iter()
            .filter_map(Library::archive)
            .map(String::from);
        let headers = recipe.headers().map(|(_, to)| format!("include/{to}"));
        let modules = recipe
            .pkg_configs
            .keys()
            .map(|name| format!("lib/pkgconfig/{name}.pc"));
        let packages = recipe.cmake_packages.keys().map(CMakeName::config_file);
        for path in libraries.chain(headers).chain(modules).chain(packages) {
            // Some file systems do not tell `Zlib.h` from `zlib.h`.
            if let Some(first) = owners.insert(path.to_ascii_lowercase(), &recipe.name) {
                errors.push(SelectionError::Collision {
                    path,
                    first: first.clone(),
                    second: recipe.name.clone(),
                });
            }
        }
    }
    errors
}
