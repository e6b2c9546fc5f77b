//! `wasideps lock NAME VERSION`: brings every origin of a version, checks that they agree, and
//! tells what the lock would then say.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::archive::Wanted;
use super::compare::{InputFiles, differences};
use super::identify::{Names, identify};
use super::source::archive_root;
use super::unpack::Unpacked;
use super::{FetchError, Fetcher};
use crate::model::{
    Catalog, ErrorClass, LockedSource, LockedTests, Name, NameError, Origin, OriginTemplate, Place,
    PlaceTemplate, Recipe, RelPath, Selected, Sha256, Version,
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

/// A field of the lock that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// `version`, `inputs`, `origin https://…`, `patch 0001-….patch`, `overlay config.h`.
    pub field: String,
    /// Absent for what is new.
    pub old: Option<String>,
    /// Absent for what goes.
    pub new: Option<String>,
}

/// An origin of the recipe at the wanted version.
pub(super) struct Candidate {
    pub place: Place,
    pub root: String,
    published: Option<Sha256>,
}

/// A candidate whose archive was had.
pub(super) struct Reached {
    pub place: String,
    unpacked: Unpacked,
    pub inputs: InputFiles,
}

impl Fetcher<'_> {
    /// Locks `version` of `name` anew. `old` is what the lock says of it now, for the report of
    /// what moves.
    ///
    /// Every origin of the recipe is brought. One that can't be reached is kept with its published
    /// digest, or as `old` has it, and told as a warning; without either it is left out. Nothing is
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
        let (origins, mut reached) = self.reach(&subject, recipe, version, old)?;
        let Some(first) = reached.first() else {
            return Err(vec![FetchError::NoneReached { subject }]);
        };
        let disagreeing = reached
            .iter()
            .filter(|other| other.inputs != first.inputs)
            .map(|other| FetchError::Disagree {
                first: first.place.clone(),
                second: other.place.clone(),
                differences: differences(&first.inputs, &other.inputs),
            });
        let disagreeing: Vec<_> = disagreeing.collect();
        if !disagreeing.is_empty() {
            return Err(disagreeing);
        }
        let compared = self.relock_compared(&subject, recipe, version, &first.inputs, old)?;
        let inputs = plan::inputs_digest(&first.inputs);
        let ours = |recipe| with_ours(catalog, recipe, version, inputs, origins.clone());
        let locked = ours(recipe).source;
        let each: Vec<_> = file
            .each(version)
            .into_iter()
            .map(|(_, recipe)| recipe)
            .collect();
        let unpacked = reached.swap_remove(0).unpacked;
        self.make_trees(each.iter().map(|recipe| ours(recipe)), unpacked)?;
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

    /// Makes the trees of all configurations at once: a lock whose patches do not apply is none,
    /// and the build then has them. `unpacked` is what the first one is made from.
    fn make_trees(
        &self,
        selected: impl IntoIterator<Item = Selected>,
        unpacked: Unpacked,
    ) -> Result<(), Vec<FetchError>> {
        let mut unpacked = Some(unpacked);
        for selected in selected {
            match unpacked.take() {
                Some(unpacked) => {
                    self.finish(&selected, unpacked, &plan::tree_key(&selected))
                        .map_err(|error| vec![error])?;
                }
                None => _ = self.source(&selected).map_err(|error| error.errors)?,
            }
        }
        Ok(())
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
            let problem = |problem| FetchError::TestInputs {
                subject: subject.to_owned(),
                problem,
            };
            suite.recipe(recipe).map(Arc::new).map_err(problem)
        };
        let each: Result<Vec<_>, _> = each.iter().map(|recipe| tested(recipe)).collect();
        let each = each.map_err(|error| vec![error])?;
        let overall = tested(overall).map_err(|error| vec![error])?;
        let (origins, first) = self
            .reach_tests(subject, &overall, source)
            .map_err(|error| vec![error])?;
        let inputs = plan::inputs_digest(&first.inputs);
        let ours = |recipe| with_ours(catalog, recipe, &source.version, inputs, origins.clone());
        self.make_trees(each.iter().map(ours), first.unpacked)?;
        let LockedSource {
            inputs,
            origins,
            mut patches,
            mut overlays,
            ..
        } = ours(&overall).source;
        patches.retain(|file, _| suite.patches.iter().any(|patch| patch.file == *file));
        overlays.retain(|file, _| suite.overlays.iter().any(|overlay| overlay.file == *file));
        Ok(Some(LockedTests {
            inputs,
            origins,
            patches,
            overlays,
        }))
    }

    /// The origins of a source that hold what its tests need, and the first one that was looked
    /// into.
    fn reach_tests(
        &self,
        subject: &str,
        tested: &Recipe,
        source: &LockedSource,
    ) -> Result<(Vec<Origin>, Reached), FetchError> {
        let mut origins = Vec::new();
        let mut first: Option<Reached> = None;
        for origin in &source.origins {
            // Its other names are told once, with the source.
            let locked = Origin {
                sha512: None,
                swhid: None,
                ..origin.clone()
            };
            if !self.at_hand(origin) {
                origins.push(locked);
                continue;
            }
            let fetched = self.bring(Wanted::locked(subject, origin, false))?;
            let unpacked = self.unpack(
                &fetched,
                &archive_root(&origin.place, &origin.root),
                &tested.inputs,
            )?;
            let unpacked = self.with_extras(unpacked, subject, &tested.extras)?;
            let inputs = unpacked.inputs();
            let missing = tested.inputs.include.without_match(inputs.keys());
            if !missing.is_empty() {
                let text = format!(
                    "{subject}: {} contains no {} that its tests need",
                    origin.place,
                    missing.join(", ")
                );
                self.reporter.event(Event::Note { text });
                continue;
            }
            origins.push(locked);
            match &first {
                None => {
                    first = Some(Reached {
                        place: origin.place.to_string(),
                        unpacked,
                        inputs,
                    });
                }
                Some(first) if first.inputs != inputs => {
                    return Err(FetchError::Disagree {
                        first: first.place.clone(),
                        second: origin.place.to_string(),
                        differences: differences(&first.inputs, &inputs),
                    });
                }
                Some(_) => {}
            }
        }
        let first = first.ok_or_else(|| FetchError::NoTests {
            subject: subject.to_owned(),
        })?;
        Ok((origins, first))
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
            match self.reach_one(subject, recipe, &candidate) {
                Ok((origin, had)) => {
                    origins.push(origin);
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
        recipe: &Recipe,
        candidate: &Candidate,
    ) -> Result<(Origin, Reached), FetchError> {
        let Candidate {
            place,
            root,
            published,
        } = candidate;
        // Another origin mostly follows, and a missing one is no failure: not the time to wait for
        // a server that does not answer.
        let fetched = self.bring(Wanted {
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
        let unpacked = self.unpack(&fetched, &archive_root(place, root), &recipe.inputs)?;
        let Names { sha512, swhid } = identify(&fetched)?;
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
        let inputs = unpacked.inputs();
        Ok((
            origin,
            Reached {
                place: place.to_string(),
                unpacked,
                inputs,
            },
        ))
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
            text: format!("{subject}: {error}; {fate}"),
        });
        kept
    }
}

/// The origin at `version`; none where it does not have the version.
pub(super) fn resolve(
    template: &OriginTemplate,
    version: &Version,
) -> Result<Option<Candidate>, FetchError> {
    let bad = |origin: &str, problem: String| FetchError::BadPlace {
        origin: origin.to_owned(),
        problem,
    };
    let place = match &template.place {
        PlaceTemplate::Url(urls) => urls.at(version).map(|url| {
            let parsed = url.parse().map(Place::Url);
            parsed.map_err(|error: url::ParseError| bad(&url, error.to_string()))
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
            parsed.map_err(|error: NameError| bad(&file, error.to_string()))
        }),
        PlaceTemplate::Folder(folder) => Some(Ok(Place::Folder(folder.clone()))),
    };
    let (Some(place), Some(root)) = (place.transpose()?, template.root.at(version)) else {
        return Ok(None);
    };
    let published = template.published_sha256.get(version).copied();
    Ok(Some(Candidate {
        place,
        root,
        published,
    }))
}

/// `version` with the patches and overlays of `recipe` as they are now.
fn with_ours(
    catalog: &Catalog,
    recipe: &Arc<Recipe>,
    version: &Version,
    inputs: Sha256,
    origins: Vec<Origin>,
) -> Selected {
    let overlays = recipe.overlays.iter().map(|overlay| {
        (
            overlay,
            catalog.overlay(recipe, &overlay.file).unwrap_or_default(),
        )
    });
    let overlays: Vec<_> = overlays.collect();
    let patches = recipe.patches.iter().map(|patch| {
        (
            patch.file.clone(),
            catalog
                .patch(recipe, &patch.file)
                .unwrap_or_default()
                .to_vec(),
        )
    });
    let patches: Vec<_> = patches.collect();
    let source = LockedSource {
        version: version.clone(),
        inputs,
        origins,
        patches: patches
            .iter()
            .map(|(file, bytes)| (file.clone(), Sha256::of(bytes)))
            .collect(),
        overlays: overlays
            .iter()
            .map(|(overlay, bytes)| (overlay.file.clone(), Sha256::of(bytes)))
            .collect(),
        tests: None,
        compared: Vec::new(),
    };
    let overlays = overlays
        .into_iter()
        .map(|(overlay, bytes)| (overlay.to.clone(), bytes.to_vec()))
        .collect();
    Selected {
        recipe: recipe.clone(),
        source,
        overlays,
        patches,
    }
}

/// What a move takes from a source's safety, unasked: origins that stood for each other, and tests.
fn lost(old: Option<&LockedSource>, new: &LockedSource) -> Vec<String> {
    let before = old.map_or(0, |old| old.origins.len());
    let mut lost = Vec::new();
    if let [only] = &new.origins[..] {
        let before = if before > 1 {
            format!(" of {before}")
        } else {
            String::new()
        };
        lost.push(format!(
            "only one origin is left{before}: {}; nothing can replace it, and nothing confirms it",
            only.place
        ));
    }
    if new.tests.is_none() && old.is_some_and(|old| old.tests.is_some()) {
        lost.push("the lock had its tests, and no suite is written for this version: add it to `versions` in tests.toml".to_owned());
    }
    lost
}

/// What differs between `old` and `new`, in the lock's order.
fn moved(old: Option<&LockedSource>, new: &LockedSource) -> Vec<Moved> {
    let fields = |source: &LockedSource| -> Vec<(String, String)> {
        let origin = |origin: &Origin| {
            let size = origin
                .size
                .map_or_else(|| "unknown size".to_owned(), |size| format!("{size} bytes"));
            (
                format!("origin {}", origin.place),
                format!("{} ({size}), inputs below `{}`", origin.sha256, origin.root),
            )
        };
        let file = |what: &str, (path, sha256): (&RelPath, &Sha256)| {
            (format!("{what} {path}"), sha256.to_string())
        };
        let mut fields = vec![
            ("version".to_owned(), source.version.to_string()),
            ("inputs".to_owned(), source.inputs.to_string()),
        ];
        for locked in &source.origins {
            fields.push(origin(locked));
            fields.extend(
                locked
                    .sha512
                    .map(|digest| (format!("SHA-512 of {}", locked.place), digest.to_string())),
            );
            fields.extend(
                locked
                    .swhid
                    .map(|id| (format!("SWHID of {}", locked.place), id.to_string())),
            );
        }
        fields.extend(source.patches.iter().map(|entry| file("patch", entry)));
        fields.extend(source.overlays.iter().map(|entry| file("overlay", entry)));
        for compared in &source.compared {
            let paths: Vec<_> = compared.differences.keys().map(RelPath::as_str).collect();
            let text = format!("{}, other in {}", compared.origin.sha256, paths.join(", "));
            fields.push((format!("compared with {}", compared.origin.place), text));
        }
        if let Some(tests) = &source.tests {
            fields.push(("inputs of tests".to_owned(), tests.inputs.to_string()));
            fields.extend(tests.origins.iter().map(|origin| {
                (
                    format!("origin of tests {}", origin.place),
                    origin.sha256.to_string(),
                )
            }));
            fields.extend(
                tests
                    .patches
                    .iter()
                    .map(|entry| file("patch of tests", entry)),
            );
            fields.extend(
                tests
                    .overlays
                    .iter()
                    .map(|entry| file("overlay of tests", entry)),
            );
        }
        fields
    };
    let before = old.map(fields).unwrap_or_default();
    let after = fields(new);
    let value = |fields: &[(String, String)], field: &str| {
        fields
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, value)| value.clone())
    };
    let gone = before
        .iter()
        .filter(|(field, _)| value(&after, field).is_none());
    let gone = gone.map(|(field, old)| Moved {
        field: field.clone(),
        old: Some(old.clone()),
        new: None,
    });
    let changed = after
        .iter()
        .filter(|(field, new)| value(&before, field).as_ref() != Some(new));
    let changed = changed.map(|(field, new)| Moved {
        field: field.clone(),
        old: value(&before, field),
        new: Some(new.clone()),
    });
    changed.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(version: &str, url: &str, text: &str) -> LockedSource {
        let origin = Origin::new(
            Place::Url(url.parse().expect("a URL")),
            "r".into(),
            Sha256::of(text.as_bytes()),
            Some(3),
        );
        LockedSource {
            version: version.parse().expect("a version"),
            inputs: Sha256::of(text.as_bytes()),
            origins: vec![origin],
            patches: BTreeMap::new(),
            tests: None,
            compared: Vec::new(),
            overlays: BTreeMap::new(),
        }
    }

    #[test]
    fn a_move_that_loses_origins_or_tests_says_so() {
        let one = source("2", "https://example.org/2", "a");
        let mut two = one.clone();
        two.origins
            .extend(source("2", "https://example.net/2", "a").origins);
        two.tests = Some(LockedTests {
            inputs: one.inputs,
            origins: one.origins.clone(),
            patches: BTreeMap::new(),
            overlays: BTreeMap::new(),
        });
        assert!(
            lost(None, &two).is_empty()
                && lost(Some(&one), &two).is_empty()
                && lost(Some(&two), &two).is_empty()
        );
        assert_eq!(lost(Some(&two), &one).len(), 2);
        assert!(
            lost(Some(&two), &one)[0]
                .contains("only one origin is left of 2: https://example.org/2"),
            "{:?}",
            lost(Some(&two), &one)
        );
        assert_eq!(lost(None, &one).len(), 1);
    }

    #[test]
    fn what_moved_names_changed_new_and_gone_fields_and_no_others() {
        let old = source("1", "https://example.org/1", "a");
        let new = source("2", "https://example.org/2", "a");
        let fields: Vec<_> = moved(Some(&old), &new)
            .into_iter()
            .map(|m| (m.field, m.old.is_some(), m.new.is_some()))
            .collect();
        let expected = [
            ("version", true, true),
            ("origin https://example.org/2", false, true),
            ("origin https://example.org/1", true, false),
        ];
        assert_eq!(
            fields,
            expected.map(|(field, old, new)| (field.to_owned(), old, new))
        );
        assert!(moved(Some(&old), &old).is_empty());
    }
}
