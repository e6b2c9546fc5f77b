//! All recipes with the files beside them, and the choice that a lock makes among them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::graph::{self, EdgeError, EdgeProblem, Graph};
use super::{
    BuildConfig, ErrorClass, Exclusions, GlobsError, Inputs, Library, Lock, LockedSource, Name,
    NameError, PlaceTemplate, Recipe, RecipeFile, RelPath, Sha256, Suite, SyntaxError, Version,
};

/// Files by path: what a recipes' folder holds, wherever it came from.
pub type Files = BTreeMap<RelPath, Vec<u8>>;

/// Every recipe of a recipes' folder, each checked by itself and against the exclusions.
#[derive(Debug)]
pub struct Catalog {
    recipes: BTreeMap<Name, Vec<RecipeFile>>,
    suites: BTreeMap<Name, Vec<Arc<Suite>>>,
    files: Files,
    patches: Files,
    exclusions: Exclusions,
}

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

/// A recipes' folder that can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    #[error(transparent)]
    Recipe(Box<SyntaxError>),
    #[error(transparent)]
    Suite(Box<SyntaxError>),
    #[error("{file} is not UTF-8")]
    NotText { file: RelPath },
    #[error("{file} names the recipe `{name}`, but is in the folder `{folder}`")]
    Misplaced {
        file: RelPath,
        name: Name,
        folder: String,
    },
    #[error("{first} and {second} are both written for {name} {version}")]
    TwoForOneVersion {
        name: Name,
        version: Version,
        first: String,
        second: String,
    },
    #[error("{recipe} names {what} `{file}`, which does not exist")]
    MissingFile {
        recipe: String,
        what: &'static str,
        file: String,
    },
    #[error("{place} names `{found}`, which wasideps excludes ({excluded}): {reason}")]
    Excluded {
        place: String,
        found: String,
        excluded: Name,
        reason: String,
    },
}

/// A lock and a catalog that do not go together, or a request that neither can meet.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    #[error("there is no source `{name}` in the lock")]
    Unknown { name: Name, known: Vec<String> },
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

impl CatalogError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Recipe(_)
            | Self::Suite(_)
            | Self::NotText { .. }
            | Self::Misplaced { .. }
            | Self::TwoForOneVersion { .. }
            | Self::MissingFile { .. } => ErrorClass::Usage,
            Self::Excluded { .. } => ErrorClass::Policy,
        }
    }
}

impl SelectionError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Unknown { .. }
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
    /// Reads every `<name>/*.toml` of `files`, a recipes' folder; `patches` is the folder of
    /// patches beside it.
    ///
    /// # Errors
    /// All that is wrong, in the order of the files.
    pub fn load(
        files: Files,
        patches: Files,
        exclusions: Exclusions,
    ) -> Result<Self, Vec<CatalogError>> {
        let mut catalog = Self {
            recipes: BTreeMap::new(),
            suites: BTreeMap::new(),
            files,
            patches,
            exclusions,
        };
        let mut errors = Vec::new();
        for (path, bytes) in &catalog.files.clone() {
            let Some((folder, file)) = path.as_str().split_once('/') else {
                continue;
            };
            if file.contains('/') || !file.ends_with(".toml") {
                continue;
            }
            let Ok(text) = std::str::from_utf8(bytes) else {
                errors.push(CatalogError::NotText { file: path.clone() });
                continue;
            };
            let parsed = if file == "tests.toml" || file.starts_with("tests-") {
                catalog.add_suite(folder, path.as_str(), text)
            } else {
                catalog.add_recipe(folder, path, text)
            };
            errors.extend(parsed.err().unwrap_or_default());
        }
        if errors.is_empty() {
            let files = catalog.recipes.values().flatten();
            // All recipes of a file have the same edges.
            let recipes = files.filter_map(|file| file.recipes().next());
            errors.extend(
                recipes
                    .flat_map(|recipe| catalog.nowhere(recipe))
                    .map(|error| CatalogError::Recipe(catalog.located(&error))),
            );
        }
        if errors.is_empty() {
            Ok(catalog)
        } else {
            Err(errors)
        }
    }

    fn add_recipe(
        &mut self,
        folder: &str,
        path: &RelPath,
        text: &str,
    ) -> Result<(), Vec<CatalogError>> {
        let located = |error| CatalogError::Recipe(Box::new(error));
        let recipe = RecipeFile::parse(path.as_str(), text)
            .map_err(|errors| errors.into_iter().map(located).collect::<Vec<_>>())?;
        let mut errors = Vec::new();
        self.check(&recipe, folder, path, &mut errors);
        let others = self.recipes.entry(recipe.name.clone()).or_default();
        errors.extend(others.iter().filter_map(|other| {
            two_for_one(
                &recipe.name,
                (&other.file, &other.versions),
                (&recipe.file, &recipe.versions),
            )
        }));
        others.push(recipe);
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }

    fn add_suite(&mut self, folder: &str, file: &str, text: &str) -> Result<(), Vec<CatalogError>> {
        let suite = Suite::parse(file, text).map_err(|errors| {
            let located = |error| CatalogError::Suite(Box::new(error));
            errors.into_iter().map(located).collect::<Vec<_>>()
        })?;
        let misplaced = |error: NameError| {
            vec![CatalogError::MissingFile {
                recipe: file.to_owned(),
                what: "a folder",
                file: error.to_string(),
            }]
        };
        let name: Name = folder.parse().map_err(misplaced)?;
        let mut errors = Vec::new();
        for overlay in suite
            .overlays
            .iter()
            .filter(|overlay| self.beside(&name, &overlay.file).is_none())
        {
            errors.push(CatalogError::MissingFile {
                recipe: file.to_owned(),
                what: "the overlay",
                file: overlay.file.to_string(),
            });
        }
        for patch in suite
            .patches
            .iter()
            .filter(|patch| self.patch_of(&name, &patch.file).is_none())
        {
            let file = format!("patches/{name}/{}", patch.file);
            errors.push(CatalogError::MissingFile {
                recipe: suite.file.clone(),
                what: "the patch",
                file,
            });
        }
        let others = self.suites.entry(name.clone()).or_default();
        errors.extend(others.iter().filter_map(|other| {
            two_for_one(
                &name,
                (&other.file, &other.versions),
                (&suite.file, &suite.versions),
            )
        }));
        others.push(Arc::new(suite));
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }

    /// The edges of a recipe that lead to no library of any version.
    fn nowhere(&self, recipe: &Recipe) -> Vec<EdgeError> {
        let edges = recipe
            .libraries
            .iter()
            .flat_map(|library| &library.requires);
        let wrong = edges.filter_map(|edge| {
            let problem = match self.recipes.get(&edge.to.recipe) {
                None => EdgeProblem::NoRecipe {
                    recipe: edge.to.recipe.clone(),
                },
                Some(others) => {
                    let recipes = others.iter().filter_map(|file| file.recipes().next());
                    let libraries = recipes.flat_map(|other| &other.libraries);
                    graph::missing(&edge.to, libraries.map(|library| &library.name))?
                }
            };
            Some(EdgeError {
                file: recipe.file.clone(),
                span: edge.span.clone(),
                problem,
            })
        });
        wrong.collect()
    }

    /// An edge's error at its line.
    fn located(
        &self,
        EdgeError {
            file,
            span,
            problem,
        }: &EdgeError,
    ) -> Box<SyntaxError> {
        let text = file
            .parse()
            .ok()
            .and_then(|file: RelPath| self.files.get(&file))
            .map_or(&[][..], Vec::as_slice);
        let text = String::from_utf8_lossy(text);
        Box::new(SyntaxError::at(
            file,
            &text,
            &problem.to_string(),
            problem.hint(),
            span.clone(),
        ))
    }

    fn check(
        &self,
        file: &RecipeFile,
        folder: &str,
        path: &RelPath,
        errors: &mut Vec<CatalogError>,
    ) {
        if file.name.as_str() != folder {
            errors.push(CatalogError::Misplaced {
                file: path.clone(),
                name: file.name.clone(),
                folder: folder.to_owned(),
            });
        }
        let mut missing = BTreeSet::new();
        for recipe in file.recipes() {
            let overlays = recipe.overlays.iter().map(|overlay| &overlay.file);
            missing.extend(
                overlays
                    .filter(|overlay| self.overlay(recipe, overlay).is_none())
                    .map(|overlay| ("the overlay", overlay.to_string())),
            );
            let patches = recipe.patches.iter().map(|patch| &patch.file);
            missing.extend(
                patches
                    .filter(|patch| self.patch(recipe, patch).is_none())
                    .map(|patch| ("the patch", format!("patches/{}/{patch}", recipe.name))),
            );
        }
        errors.extend(
            missing
                .into_iter()
                .map(|(what, missing)| CatalogError::MissingFile {
                    recipe: file.file.clone(),
                    what,
                    file: missing,
                }),
        );
        // The names are the same in all recipes of a file.
        let Some(recipe) = file.recipes().next() else {
            return;
        };
        let crates = recipe
            .origins
            .iter()
            .filter_map(|origin| match &origin.place {
                PlaceTemplate::Crate { name, .. } => Some(name),
                _ => None,
            });
        let libraries = recipe.libraries.iter().map(|library| &library.name);
        for name in std::iter::once(&recipe.name)
            .chain(recipe.required())
            .chain(libraries)
            .chain(crates)
        {
            if let Some(excluded) = self.exclusions.find(name.as_str()) {
                errors.push(CatalogError::Excluded {
                    place: recipe.file.clone(),
                    found: name.to_string(),
                    excluded: excluded.name.clone(),
                    reason: excluded.reason.clone(),
                });
            }
        }
    }

    /// What is excluded.
    #[must_use]
    pub fn exclusions(&self) -> &Exclusions {
        &self.exclusions
    }

    /// The recipes' files of each name.
    pub fn recipes(&self) -> impl Iterator<Item = (&Name, &[RecipeFile])> {
        self.recipes
            .iter()
            .map(|(name, recipes)| (name, recipes.as_slice()))
    }

    /// The versions that the recipes of `name` are written for.
    #[must_use]
    pub fn versions(&self, name: &Name) -> Vec<&Version> {
        let files = self.recipes.get(name).map_or(&[][..], Vec::as_slice);
        files.iter().flat_map(|file| &file.versions).collect()
    }

    /// The recipe's file of `name` that is written for `version`.
    #[must_use]
    pub fn recipe(&self, name: &Name, version: &Version) -> Option<&RecipeFile> {
        self.recipes
            .get(name)?
            .iter()
            .find(|recipe| recipe.versions.contains(version))
    }

    /// The file beside `recipe`.
    #[must_use]
    pub fn overlay(&self, recipe: &Recipe, file: &RelPath) -> Option<&[u8]> {
        self.beside(&recipe.name, file)
    }

    fn beside(&self, name: &Name, file: &RelPath) -> Option<&[u8]> {
        let path = format!("{name}/{file}").parse().ok()?;
        self.files.get(&path).map(Vec::as_slice)
    }

    /// The tests of `name` that are written for `version`.
    #[must_use]
    pub fn suite(&self, name: &Name, version: &Version) -> Option<&Arc<Suite>> {
        self.suites
            .get(name)?
            .iter()
            .find(|suite| suite.versions.contains(version))
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

    /// The patch of `recipe`.
    #[must_use]
    pub fn patch(&self, recipe: &Recipe, file: &RelPath) -> Option<&[u8]> {
        self.patch_of(&recipe.name, file)
    }

    fn patch_of(&self, name: &Name, file: &RelPath) -> Option<&[u8]> {
        let path = format!("{name}/{file}").parse().ok()?;
        self.patches.get(&path).map(Vec::as_slice)
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
        let wanted: Vec<&Name> = if names.is_empty() {
            lock.sources.keys().collect()
        } else {
            names.iter().collect()
        };
        let mut walk = SourceWalk {
            catalog: self,
            lock,
            resolve,
            sources: Vec::new(),
            done: BTreeSet::new(),
            errors: Vec::new(),
        };
        for name in wanted {
            walk.visit(name);
        }
        errors.append(&mut walk.errors);
        // In an overview, one recipe may install a file in two ways.
        let is_error = |error: &SelectionError| match error {
            SelectionError::Collision { first, second, .. } => is_build || first != second,
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
            if let Some(excluded) = self.exclusions.find(name.as_str()) {
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

/// What of a recipe's file counts for a version; none where it is not written for it.
type Resolve<'r> = dyn Fn(&RecipeFile, &Version) -> Option<Arc<Recipe>> + 'r;

/// A depth-first walk along what sources require: that comes before them. Edges that lead nowhere
/// are left to the graph.
struct SourceWalk<'a> {
    catalog: &'a Catalog,
    lock: &'a Lock,
    resolve: &'a Resolve<'a>,
    sources: Vec<Selected>,
    done: BTreeSet<Name>,
    errors: Vec<SelectionError>,
}

impl SourceWalk<'_> {
    fn visit(&mut self, name: &Name) {
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
        if let Some(excluded) = self.catalog.exclusions.find(name.as_str()) {
            return SelectionError::Excluded {
                place: "the request".into(),
                found: name.to_string(),
                excluded: excluded.name.clone(),
                reason: excluded.reason.clone(),
            };
        }
        SelectionError::Unknown {
            name: name.clone(),
            known: self.lock.sources.keys().map(ToString::to_string).collect(),
        }
    }
}

fn two_for_one(
    name: &Name,
    first: (&String, &[Version]),
    second: (&String, &[Version]),
) -> Option<CatalogError> {
    let version = first.1.iter().find(|version| second.1.contains(version))?;
    let (name, version, first, second) = (
        name.clone(),
        version.clone(),
        first.0.clone(),
        second.0.clone(),
    );
    Some(CatalogError::TwoForOneVersion {
        name,
        version,
        first,
        second,
    })
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
        for path in libraries.chain(headers).chain(modules) {
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
