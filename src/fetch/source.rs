//! From a source's origins to its tree: which origin serves, and whether all agree.

use tracing::{debug, debug_span};

use super::archive::WantedArchive;
use super::compare::{Difference, InputFiles, differences};
use super::identify::check_names;
use super::unpack::{self, Unpacked};
use super::{FetchError, Fetched, Fetcher, SourceError, SourceTree};
use crate::model::{Extra, Inputs, Origin, Place, RelPath, Selected, Sha256, with_causes};
use crate::plan;
use crate::report::Event;

/// What came of one origin when all were asked.
#[derive(Debug)]
pub struct OriginReport {
    /// As in the lock.
    pub origin: String,
    pub verdict: Verdict,
}

/// Whether an origin holds the lock's inputs.
#[derive(Debug)]
pub enum Verdict {
    /// It does. `held`: its archive was in the store or a folder of `--from`, checked by its
    /// digest, so that the place itself was not asked.
    Agrees { files: usize, held: bool },
    /// Its archive is the lock's, but holds other inputs. `differences` are against those of
    /// `reference`, another origin; the agreeing ones come first in that choice. Without a second
    /// origin there is nothing to compare with.
    Differs {
        found: Sha256,
        reference: Option<String>,
        differences: Vec<Difference>,
    },
    /// It is one that the lock compares and never builds from, and differs exactly as is listed
    /// there: in these files, for these reasons.
    AsListed {
        files: usize,
        held: bool,
        differences: Vec<(RelPath, String)>,
    },
    /// It is one that the lock compares, and differs otherwise than is listed there.
    NotAsListed { problems: Vec<String> },
    /// It could not be had, or was refused.
    Failed(FetchError),
}

impl Fetcher<'_> {
    /// The tree of `selected`: from the store, else from the first of its origins that can be had
    /// and holds the lock's inputs. Origins are tried in the lock's order, but those that need no
    /// network first.
    ///
    /// # Errors
    /// When no origin serves, with what each failed with; or at once for what no other origin could
    /// better: a patch that does not apply, a store that can't be written.
    pub fn source(&self, selected: &Selected) -> Result<SourceTree, SourceError> {
        let subject = selected.title();
        let key = plan::tree_key(selected);
        let _span = debug_span!("source", source = subject.as_str()).entered();
        let stored = SourceTree::stored(self.store, &key, self.reporter);
        if let Some(tree) = stored.map_err(|error| SourceError::one(subject.clone(), error))? {
            self.reporter.event(Event::SourceReady {
                subject,
                origin: None,
                files: tree.entry().files().len(),
                cached: true,
            });
            return Ok(tree);
        }
        let (held, others): (Vec<_>, Vec<_>) = selected
            .source
            .origins
            .iter()
            .partition(|origin| self.at_hand(origin));
        debug!(origins = ?held.iter().chain(&others).map(|origin| origin.place.to_string()).collect::<Vec<_>>(), at_hand = held.len(), "unpacks the source");
        let mut order = held.into_iter().chain(others).peekable();
        let mut errors = Vec::new();
        while let Some(origin) = order.next() {
            let place = origin.place.to_string();
            match self.tree_from(selected, &subject, origin, &key, order.peek().is_none()) {
                Ok(tree) => {
                    let files = tree.entry().files().len();
                    self.reporter.event(Event::SourceReady {
                        subject,
                        origin: Some(place),
                        files,
                        cached: false,
                    });
                    return Ok(tree);
                }
                Err(error) if error.is_final() => return Err(SourceError::one(subject, error)),
                Err(error) => {
                    debug!(
                        origin = place,
                        error = &error as &dyn std::error::Error,
                        "the origin failed"
                    );
                    self.reporter.event(Event::OriginFailed {
                        subject: subject.clone(),
                        origin: place,
                        error: with_causes(&error),
                    });
                    errors.push(error);
                }
            }
        }
        Err(SourceError { subject, errors })
    }

    /// Brings every origin of `selected` and compares its inputs with the lock's; after them those
    /// that are only compared.
    #[must_use]
    pub fn all_origins(&self, selected: &Selected) -> Vec<OriginReport> {
        let subject = selected.title();
        let expected = selected.source.inputs;
        let brought: Vec<_> = selected
            .source
            .origins
            .iter()
            .map(|origin| {
                let opened = self
                    .bring(WantedArchive::locked(&subject, origin, false))
                    .and_then(|fetched| {
                        let inputs = self
                            .unpack(
                                &fetched,
                                &archive_root(&origin.place, &origin.root),
                                &selected.inputs,
                            )?
                            .inputs();
                        check_names(origin, &fetched)?;
                        Ok((fetched.was_held(), plan::inputs_digest(&inputs), inputs))
                    });
                (origin.place.to_string(), opened)
            })
            .collect();
        let agreeing = reference(&brought, |digest| *digest == expected);
        let any = reference(&brought, |_| true);
        let verdicts: Vec<_> = brought
            .iter()
            .map(|(origin, opened)| {
                let (held, found, inputs) = opened.as_ref().ok()?;
                if *found == expected {
                    return Some(Verdict::Agrees {
                        files: inputs.len(),
                        held: *held,
                    });
                }
                let reference = agreeing.or(any).filter(|(other, _)| other != origin);
                let differences = reference
                    .map(|(_, others)| differences(others, inputs))
                    .unwrap_or_default();
                Some(Verdict::Differs {
                    found: *found,
                    reference: reference.map(|(origin, _)| origin.to_owned()),
                    differences,
                })
            })
            .collect();
        let reports =
            brought
                .into_iter()
                .zip(verdicts)
                .filter_map(|((origin, opened), verdict)| {
                    let verdict = match (verdict, opened) {
                        (Some(verdict), _) => verdict,
                        (None, Err(error)) => {
                            let event = Event::OriginFailed {
                                subject: subject.clone(),
                                origin: origin.clone(),
                                error: with_causes(&error),
                            };
                            self.reporter.event(event);
                            Verdict::Failed(error)
                        }
                        (None, Ok(_)) => return None,
                    };
                    Some(OriginReport { origin, verdict })
                });
        let compared = selected
            .source
            .compared
            .iter()
            .map(|compared| self.compare_listed(&subject, selected, compared));
        reports.chain(compared).collect()
    }

    fn tree_from(
        &self,
        selected: &Selected,
        subject: &str,
        origin: &Origin,
        key: &Sha256,
        last: bool,
    ) -> Result<SourceTree, FetchError> {
        let fetched = self.bring(WantedArchive::locked(subject, origin, last))?;
        self.reporter.event(Event::Unpacking {
            subject: subject.to_owned(),
            origin: origin.place.to_string(),
        });
        let unpacked = self.unpack(
            &fetched,
            &archive_root(&origin.place, &origin.root),
            &selected.inputs,
        )?;
        let unpacked = self.with_extras(unpacked, subject, &selected.recipe.extras)?;
        let (expected, found) = (selected.source.inputs, unpacked.digest());
        if found != expected {
            return Err(FetchError::Inputs {
                origin: origin.place.to_string(),
                expected,
                found,
            });
        }
        self.finish(selected, unpacked, key)
    }

    /// Unpacks an archive's inputs into a scratch folder.
    pub(super) fn unpack(
        &self,
        fetched: &Fetched,
        root: &str,
        inputs: &Inputs,
    ) -> Result<Unpacked, FetchError> {
        unpack::unpack(
            fetched.path(),
            fetched.origin(),
            root,
            inputs,
            self.store.scratch_dir()?,
        )
    }

    /// Puts the files of `extras` beside those of the source, each from the first of its origins
    /// that serves.
    pub(super) fn with_extras(
        &self,
        mut unpacked: Unpacked,
        subject: &str,
        extras: &[Extra],
    ) -> Result<Unpacked, FetchError> {
        for extra in extras {
            let mut failure = FetchError::NoneReached {
                subject: subject.to_owned(),
            };
            let brought = extra.origins.iter().find_map(|origin| {
                match self.bring(WantedArchive::locked(subject, origin, false)) {
                    Ok(fetched) => Some((fetched, origin)),
                    Err(error) => {
                        failure = error;
                        None
                    }
                }
            });
            let Some((fetched, origin)) = brought else {
                return Err(failure);
            };
            let other = self.unpack(
                &fetched,
                &archive_root(&origin.place, &origin.root),
                &extra.inputs,
            )?;
            unpacked.take(other, &extra.to)?;
        }
        Ok(unpacked)
    }
}

/// The folder of the archive that an origin's inputs are below. A crate's `root` is relative to the
/// crate's own folder, which has the release in its name and is at the top of every crate's
/// archive.
pub(super) fn archive_root(place: &Place, root: &str) -> String {
    match place {
        Place::Crate { name, version } => format!("{name}-{version}/{root}"),
        Place::Url(_) | Place::Debian { .. } | Place::Folder(_) => root.to_owned(),
    }
}

type TriedOrigin = (String, Result<(bool, Sha256, InputFiles), FetchError>);

fn reference(
    brought: &[TriedOrigin],
    fits: impl Fn(&Sha256) -> bool,
) -> Option<(&str, &InputFiles)> {
    brought.iter().find_map(|(origin, opened)| match opened {
        Ok((_, digest, inputs)) if fits(digest) => Some((origin.as_str(), inputs)),
        _ => None,
    })
}
