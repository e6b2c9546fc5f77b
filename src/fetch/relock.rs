//! `wasideps lock NAME VERSION`: brings every origin of a version, checks that they agree, and
//! says what the lock would then contain.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::archive::WantedArchive;
use super::compare::{InputFiles, differences};
use super::identify::{ArchiveNames, identify};
use super::moved::{Moved, lost, moved};
use super::ours::OurFiles;
use super::source::archive_root;
use super::unpack::Unpacked;
use super::{FetchError, Fetched, Fetcher, SourceTree, patch};
use crate::model::{
    Catalog, Cause, ErrorClass, Extra, Inputs, LockedSource, LockedTests, Name, NameError, Origin,
    OriginTemplate, Place, PlaceTemplate, Recipe, RelPath, Sha256, Suite, Version, with_causes,
};
use crate::plan;
use crate::report::Event;

/// A source as it would be locked, and what that moves.
#[derive(Debug, Clone)]
pub struct Relocked {
    pub source: LockedSource,
    /// In the lock's order; empty where nothing moves.
    pub moved: Vec<Moved>,
}

/// An origin of the recipe at the wanted version.
pub(super) struct Candidate {
    pub place: Place,
    pub root: String,
    published: Option<Sha256>,
}

/// A candidate whose archive was had.
pub(super) struct Reached {
    pub origin: Origin,
    pub fetched: Fetched,
}

/// The inputs that all origins have.
struct AgreedInputs {
    /// Those that the recipe neither names nor selects.
    includes: BTreeSet<RelPath>,
    inputs: Inputs,
    unpacked: Unpacked,
    files: InputFiles,
}

/// The inputs of an origin.
pub(super) struct OpenedOrigin {
    pub place: String,
    pub unpacked: Unpacked,
    pub inputs: InputFiles,
}

impl Fetcher<'_> {
    /// Locks `version` of `name` anew. `old` is what the lock says of it now, for the report of
    /// what moves.
    ///
    /// Every origin of the recipe is brought. One that can't be reached is kept with its published
    /// digest, or as `old` has it, with a warning; without either it is left out. Nothing is
    /// written but archives and the source's tree into the store.
    ///
    /// # Errors
    /// When no recipe is written for the version, no origin could be reached, one gave what its
    /// published digest or the registry's index does not fit, two of them differ in their inputs,
    /// or a patch or overlay does not fit.
    pub fn relock(
        &self,
        catalog: &Catalog,
        name: &Name,
        version: &Version,
        old: Option<&LockedSource>,
    ) -> Result<Relocked, Vec<FetchError>> {
        let file = catalog.recipe(name, version);
        let Some((file, recipe)) = file.and_then(|file| Some((file, file.overall(version)?)))
        else {
            let known = catalog.versions(name);
            return Err(vec![FetchError::NoRecipe {
                name: name.clone(),
                version: version.clone(),
                known: known.into_iter().map(ToString::to_string).collect(),
            }]);
        };
        let recipe = &recipe;
        let subject = format!("{name} {version}");
        let (origins, reached) = self.reach(&subject, recipe, version, old)?;
        let each: Vec<&Arc<Recipe>> = file.each(version).into_iter().map(|(_, one)| one).collect();
        let ours = |recipe| OurFiles {
            catalog,
            recipe,
            version,
            origins: &origins,
        };
        let all: Vec<_> = each.iter().map(|recipe| ours(recipe)).collect();
        let AgreedInputs {
            includes,
            inputs,
            unpacked,
            files,
        } = self.agree(&subject, (recipe, &all), &BTreeSet::new(), None, &reached)?;
        let compared = self.relock_compared(&subject, recipe, version, (&inputs, &files), old)?;
        let digest = plan::inputs_digest(&files);
        let trees = self.make_trees(&all, digest, &includes, unpacked)?;
        for (recipe, tree) in each.iter().zip(&trees) {
            check_named(&subject, recipe, tree)?;
        }
        let locked = ours(recipe).select(digest, includes).source;
        let tests = self.relock_tests(&subject, catalog, (recipe, &each), &locked)?;
        let source = LockedSource {
            tests,
            compared,
            ..locked
        };
        for text in lost(old, &source) {
            self.reporter.event(Event::Warning {
                text: format!("{subject}: {text}"),
            });
        }
        let moved = moved(old, &source);
        Ok(Relocked { source, moved })
    }

    /// The inputs that all of `reached` have: those of the overall recipe of a version, the first
    /// of `recipes`, with what those for each configuration or `suite` include beside `start`.
    fn agree(
        &self,
        subject: &str,
        recipes: (&Recipe, &[OurFiles<'_>]),
        start: &BTreeSet<RelPath>,
        suite: Option<&Suite>,
        reached: &[Reached],
    ) -> Result<AgreedInputs, Vec<FetchError>> {
        let (overall, each) = recipes;
        let includes = self
            .includes(subject, each, start, suite, reached)
            .map_err(|error| vec![error])?;
        let inputs = overall.inputs.with(&includes);
        let opened = reached
            .iter()
            .map(|reached| self.open(subject, reached, &inputs, &overall.extras));
        let (unpacked, files) = agreeing(subject, opened)?;
        Ok(AgreedInputs {
            includes,
            inputs,
            unpacked,
            files,
        })
    }

    /// Makes the trees of all configurations at once: a lock whose patches do not apply is none,
    /// and the build then has them. `unpacked` is what the first one is made from.
    fn make_trees(
        &self,
        all: &[OurFiles<'_>],
        inputs: Sha256,
        includes: &BTreeSet<RelPath>,
        unpacked: Unpacked,
    ) -> Result<Vec<SourceTree>, Vec<FetchError>> {
        let mut unpacked = Some(unpacked);
        let trees = all.iter().map(|ours| {
            let selected = ours.select(inputs, includes.clone());
            match unpacked.take() {
                Some(unpacked) => self
                    .finish(&selected, unpacked, &plan::tree_key(&selected))
                    .map_err(|error| vec![error]),
                None => self.source(&selected).map_err(|error| error.errors),
            }
        });
        trees.collect()
    }

    /// The second selection of a source that has just been locked: what its tests need. `recipes`
    /// is the overall recipe of the version and each that it resolves to. Origins that do not hold
    /// all of that (a crate without upstream's tests) take no part; those that could not be looked
    /// into stay, since their archives are pinned.
    fn relock_tests(
        &self,
        subject: &str,
        catalog: &Catalog,
        recipes: (&Recipe, &[&Arc<Recipe>]),
        source: &LockedSource,
    ) -> Result<Option<LockedTests>, Vec<FetchError>> {
        let (overall, each) = recipes;
        let Some(suite) = catalog.suite(&overall.name, &source.version) else {
            return Ok(None);
        };
        let tested = |recipe: &Recipe| {
            let failed = |source| FetchError::TestInputs {
                subject: subject.to_owned(),
                source,
            };
            suite.recipe(recipe).map(Arc::new).map_err(failed)
        };
        let each: Result<Vec<_>, _> = each.iter().map(|recipe| tested(recipe)).collect();
        let each = each.map_err(|error| vec![error])?;
        let overall = tested(overall).map_err(|error| vec![error])?;
        let (origins, reached) = self
            .reach_tests(subject, catalog, &overall, source)
            .map_err(|error| vec![error])?;
        let ours = |recipe| OurFiles {
            catalog,
            recipe,
            version: &source.version,
            origins: &origins,
        };
        let all: Vec<_> = each.iter().map(ours).collect();
        let recipes = (&*overall, &all[..]);
        let AgreedInputs {
            includes,
            unpacked,
            files,
            ..
        } = self.agree(subject, recipes, &source.includes, Some(suite), &reached)?;
        let digest = plan::inputs_digest(&files);
        self.make_trees(&all, digest, &includes, unpacked)?;
        let LockedSource {
            inputs,
            mut includes,
            origins,
            mut patches,
            mut overlays,
            ..
        } = ours(&overall).select(digest, includes).source;
        includes.retain(|path| !source.includes.contains(path));
        patches.retain(|file, _| suite.patches.iter().any(|patch| patch.file == *file));
        overlays.retain(|file, _| suite.overlays.iter().any(|overlay| overlay.file == *file));
        Ok(Some(LockedTests {
            inputs,
            includes,
            origins,
            patches,
            overlays,
        }))
    }

    /// The origins of a source that hold what its tests need, and the archives of those that were
    /// looked into.
    fn reach_tests(
        &self,
        subject: &str,
        catalog: &Catalog,
        tested: &Recipe,
        source: &LockedSource,
    ) -> Result<(Vec<Origin>, Vec<Reached>), FetchError> {
        let created: BTreeSet<RelPath> = (tested.patches.iter())
            .filter_map(|patch| catalog.patch(tested, &patch.file))
            .flat_map(patch::named)
            .collect();
        let named = tested.inputs.with(&source.includes);
        let mut origins = Vec::new();
        let mut reached = Vec::new();
        for origin in &source.origins {
            // The source itself has its other names.
            let origin = Origin {
                sha512: None,
                swhid: None,
                ..origin.clone()
            };
            if !self.at_hand(&origin) {
                origins.push(origin);
                continue;
            }
            let had = Reached {
                fetched: self.bring(WantedArchive::locked(subject, &origin, false))?,
                origin,
            };
            let opened = self.open(subject, &had, &named, &tested.extras)?;
            let mut missing = named.without_match(&opened.inputs.keys().collect());
            missing.retain(|name| created.iter().all(|path| path.as_str() != *name));
            if !missing.is_empty() {
                let text = format!(
                    "{subject}: {} contains no {} that its tests need",
                    opened.place,
                    missing.join(", ")
                );
                self.reporter.event(Event::Note { text });
                continue;
            }
            origins.push(had.origin.clone());
            reached.push(had);
        }
        if reached.is_empty() {
            return Err(FetchError::NoTests {
                subject: subject.to_owned(),
            });
        }
        Ok((origins, reached))
    }

    /// Unpacks the inputs of an origin, with those of `extras` beside them.
    pub(super) fn open(
        &self,
        subject: &str,
        reached: &Reached,
        inputs: &Inputs,
        extras: &[Extra],
    ) -> Result<OpenedOrigin, FetchError> {
        let Reached { origin, fetched } = reached;
        let root = archive_root(&origin.place, &origin.root);
        let unpacked = self.unpack(fetched, &root, inputs)?;
        let unpacked = self.with_extras(unpacked, subject, extras)?;
        Ok(OpenedOrigin {
            place: origin.place.to_string(),
            inputs: unpacked.inputs(),
            unpacked,
        })
    }

    /// Brings every origin: those for the lock, and those that were had.
    fn reach(
        &self,
        subject: &str,
        recipe: &Recipe,
        version: &Version,
        old: Option<&LockedSource>,
    ) -> Result<(Vec<Origin>, Vec<Reached>), Vec<FetchError>> {
        let mut origins = Vec::new();
        let mut reached = Vec::new();
        let mut errors = Vec::new();
        for template in &recipe.origins {
            let candidate = match resolve(template, version) {
                Ok(Some(candidate)) => candidate,
                Ok(None) => {
                    let text = format!(
                        "{subject}: the recipe has {} for other versions alone; that origin is left out",
                        template.place
                    );
                    self.reporter.event(Event::Note { text });
                    continue;
                }
                Err(error) => {
                    errors.push(error);
                    continue;
                }
            };
            match self.reach_one(subject, &candidate) {
                Ok(had) => {
                    origins.push(had.origin.clone());
                    reached.push(had);
                }
                Err(error) if error.class() == ErrorClass::Network => {
                    origins.extend(self.unreached(subject, candidate, &error, old));
                }
                Err(error) => errors.push(error),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        // The same archive from a place that was reached tells size and names.
        let had: BTreeMap<Sha256, Origin> = origins
            .iter()
            .filter(|origin| origin.sha512.is_some())
            .map(|origin| (origin.sha256, origin.clone()))
            .collect();
        for origin in &mut origins {
            if let Some(had) = had.get(&origin.sha256) {
                (origin.size, origin.sha512, origin.swhid) = (had.size, had.sha512, had.swhid);
            }
        }
        Ok((origins, reached))
    }

    pub(super) fn reach_one(
        &self,
        subject: &str,
        candidate: &Candidate,
    ) -> Result<Reached, FetchError> {
        let Candidate {
            place,
            root,
            published,
        } = candidate;
        // Another origin mostly follows, and a missing one is no failure: not the time to wait for
        // a server that does not answer.
        let fetched = self.bring(WantedArchive {
            subject,
            place,
            sha256: *published,
            size: None,
            last: false,
        })?;
        if published.is_none() && matches!(place, Place::Url(_)) {
            let text = format!(
                "{subject}: no digest is published for {place}; it is locked as it came, with SHA-256 {}",
                fetched.sha256()
            );
            self.reporter.event(Event::Note { text });
        }
        let ArchiveNames { sha512, swhid } = identify(&fetched)?;
        let origin = Origin {
            sha512: Some(sha512),
            swhid: Some(swhid),
            ..Origin::new(
                place.clone(),
                root.clone(),
                fetched.sha256(),
                Some(fetched.size()),
            )
        };
        Ok(Reached { origin, fetched })
    }

    /// What the lock says of an origin that could not be reached.
    fn unreached(
        &self,
        subject: &str,
        candidate: Candidate,
        error: &FetchError,
        old: Option<&LockedSource>,
    ) -> Option<Origin> {
        let Candidate {
            place,
            root,
            published,
        } = candidate;
        let known = old.into_iter().flat_map(|old| &old.origins).find(|origin| {
            origin.place == place
                && origin.root == root
                && published.is_none_or(|published| published == origin.sha256)
        });
        let kept = known
            .cloned()
            .or_else(|| published.map(|sha256| Origin::new(place.clone(), root, sha256, None)));
        let fate = match (&kept, known) {
            (Some(_), Some(_)) => "it is kept as the lock has it",
            (Some(_), None) => "it is kept with the digest that is published for it",
            (None, _) => "it is left out, since no digest is published for it",
        };
        self.reporter.event(Event::Warning {
            text: format!("{subject}: {}; {fate}", with_causes(error)),
        });
        kept
    }
}

/// The origin at `version`; none where it does not have the version.
pub(super) fn resolve(
    template: &OriginTemplate,
    version: &Version,
) -> Result<Option<Candidate>, FetchError> {
    let (Some(place), Some(root)) = (
        place_at(&template.place, version)?,
        template.root.at(version),
    ) else {
        return Ok(None);
    };
    let published = template.published_sha256.get(version).copied();
    Ok(Some(Candidate {
        place,
        root,
        published,
    }))
}

/// The place that has `version`; none where it has other versions alone.
///
/// # Errors
/// When what its template gives is none.
pub(super) fn place_at(
    template: &PlaceTemplate,
    version: &Version,
) -> Result<Option<Place>, FetchError> {
    let bad = |origin: &str, source: Cause| FetchError::BadPlace {
        origin: origin.to_owned(),
        source,
    };
    let place = match template {
        PlaceTemplate::Url(urls) => urls.at(version).map(|url| {
            let parsed = url.parse().map(Place::Url);
            parsed.map_err(|error: url::ParseError| bad(&url, error.into()))
        }),
        PlaceTemplate::Crate { name, releases, .. } => releases.get(version).map(|release| {
            Ok(Place::Crate {
                name: name.clone(),
                version: release.clone(),
            })
        }),
        PlaceTemplate::Debian { package, file } => file.at(version).map(|file| {
            let parsed = file.parse().map(|file| Place::Debian {
                package: package.clone(),
                file,
            });
            parsed.map_err(|error: NameError| bad(&file, error.into()))
        }),
        PlaceTemplate::Folder(folder) => Some(Ok(Place::Folder(folder.clone()))),
    };
    place.transpose()
}

/// The inputs of the first of `opened`, which all others must have too.
///
/// # Errors
/// When there is none, one could not be opened, or two differ.
fn agreeing(
    subject: &str,
    opened: impl Iterator<Item = Result<OpenedOrigin, FetchError>>,
) -> Result<(Unpacked, InputFiles), Vec<FetchError>> {
    let mut first: Option<OpenedOrigin> = None;
    let mut errors = Vec::new();
    for opened in opened {
        match (&first, opened) {
            (_, Err(error)) => errors.push(error),
            (None, Ok(opened)) => first = Some(opened),
            (Some(first), Ok(other)) if first.inputs != other.inputs => {
                errors.push(FetchError::Disagree {
                    first: first.place.clone(),
                    second: other.place,
                    differences: differences(&first.inputs, &other.inputs),
                });
            }
            (Some(_), Ok(_)) => {}
        }
    }
    match first {
        _ if !errors.is_empty() => Err(errors),
        Some(OpenedOrigin {
            unpacked, inputs, ..
        }) => Ok((unpacked, inputs)),
        None => Err(vec![FetchError::NoneReached {
            subject: subject.to_owned(),
        }]),
    }
}

/// Checks that a tree has all that its recipe names.
fn check_named(subject: &str, recipe: &Recipe, tree: &SourceTree) -> Result<(), Vec<FetchError>> {
    let made = tree.record().files().iter().map(|file| &file.path);
    let missing: Vec<RelPath> = recipe
        .named()
        .difference(&made.collect())
        .copied()
        .cloned()
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(vec![FetchError::NotInSource {
        file: recipe.file.clone(),
        subject: subject.to_owned(),
        missing,
    }])
}
