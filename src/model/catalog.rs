//! All recipes of a folder, with the files beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::graph::{self, EdgeError, EdgeProblem};
use super::{
    ErrorClass, Exclusions, Name, NameError, PlaceTemplate, Recipe, RecipeFile, RelPath, Suite,
    SyntaxError, Version,
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

    /// The same with `changed` in place of the files at the same paths.
    ///
    /// # Errors
    /// As of [`Self::load`].
    pub fn with_files(&self, changed: Files) -> Result<Self, Vec<CatalogError>> {
        let mut files = self.files.clone();
        files.extend(changed);
        Self::load(files, self.patches.clone(), self.exclusions.clone())
    }

    /// The text of a file of the folder: of a recipe's, or a suite's.
    #[must_use]
    pub fn text(&self, file: &RelPath) -> Option<&str> {
        std::str::from_utf8(self.files.get(file)?).ok()
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
    pub(super) fn located(
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

    /// The patch of `recipe`.
    #[must_use]
    pub fn patch(&self, recipe: &Recipe, file: &RelPath) -> Option<&[u8]> {
        self.patch_of(&recipe.name, file)
    }

    fn patch_of(&self, name: &Name, file: &RelPath) -> Option<&[u8]> {
        let path = format!("{name}/{file}").parse().ok()?;
        self.patches.get(&path).map(Vec::as_slice)
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
