//! Origins that differ in some files for reasons that the lock lists: they are compared with the
//! inputs, and never built from.
//!
//! What is listed is exact. For each file the lock has both digests, so that nothing else is needed
//! to judge an archive: with its listed files put back as ours are, it must have the lock's inputs
//! digest.

use std::collections::BTreeMap;

use super::archive::WantedArchive;
use super::compare::{InputFiles, differences};
use super::relock::{Reached, resolve};
use super::source::{OriginReport, Verdict, archive_root};
use super::{FetchError, Fetcher};
use crate::model::{
    Compared, ErrorClass, Inputs, LockedDifference, LockedSource, Recipe, RelPath, Selected,
    Sha256, Version, with_causes,
};
use crate::plan;
use crate::report::Event;

impl Fetcher<'_> {
    /// Brings an origin that is only compared, and judges it.
    pub(super) fn compare_listed(
        &self,
        subject: &str,
        selected: &Selected,
        compared: &Compared,
    ) -> OriginReport {
        let origin = &compared.origin;
        let brought = self
            .bring(WantedArchive::locked(subject, origin, false))
            .and_then(|fetched| {
                let unpacked = self.unpack(
                    &fetched,
                    &archive_root(&origin.place, &origin.root),
                    &selected.inputs,
                )?;
                Ok((fetched.was_held(), unpacked.inputs()))
            });
        let verdict = match brought {
            Ok((held, inputs)) => {
                match problems(&inputs, &compared.differences, selected.source.inputs) {
                    problems if problems.is_empty() => {
                        let differences = compared
                            .differences
                            .iter()
                            .map(|(path, listed)| (path.clone(), listed.reason.to_string()))
                            .collect();
                        Verdict::AsListed {
                            files: inputs.len(),
                            held,
                            differences,
                        }
                    }
                    problems => Verdict::NotAsListed { problems },
                }
            }
            Err(error) => {
                let event = Event::OriginFailed {
                    subject: subject.to_owned(),
                    origin: origin.place.to_string(),
                    error: with_causes(&error),
                };
                self.reporter.event(event);
                Verdict::Failed(error)
            }
        };
        OriginReport {
            origin: origin.place.to_string(),
            verdict,
        }
    }

    /// What a lock lists of the recipe's compared origins; `ours` are the files of `inputs` that
    /// the others agreed on.
    ///
    /// # Errors
    /// When one of them differs in a file that the recipe does not name, or is refused.
    pub(super) fn relock_compared(
        &self,
        subject: &str,
        recipe: &Recipe,
        version: &Version,
        (inputs, ours): (&Inputs, &InputFiles),
        old: Option<&LockedSource>,
    ) -> Result<Vec<Compared>, Vec<FetchError>> {
        let mut listed = Vec::new();
        let mut errors = Vec::new();
        for template in &recipe.compared {
            let Some(candidate) =
                resolve(&template.origin, version).map_err(|error| vec![error])?
            else {
                continue;
            };
            let reached = self
                .reach_one(subject, &candidate)
                .and_then(|reached| Ok((self.open(subject, &reached, inputs, &[])?, reached)));
            let (opened, Reached { origin, .. }) = match reached {
                Ok(reached) => reached,
                Err(error) if error.class() == ErrorClass::Network => {
                    let kept = old
                        .into_iter()
                        .flat_map(|old| &old.compared)
                        .find(|old| old.origin.place == candidate.place);
                    let fate = if kept.is_some() {
                        "it is kept as the lock has it"
                    } else {
                        "it is left out"
                    };
                    self.reporter.event(Event::Warning {
                        text: format!("{subject}: {}; {fate}", with_causes(&error)),
                    });
                    listed.extend(kept.cloned());
                    continue;
                }
                Err(error) => {
                    errors.push(error);
                    continue;
                }
            };
            let mut found = differences(ours, &opened.inputs);
            let same: Vec<_> = template
                .differs
                .keys()
                .filter(|path| !found.iter().any(|other| other.path == **path))
                .collect();
            for path in same {
                let text = format!(
                    "{subject}: {} does not differ in {path}, though the recipe says so",
                    opened.place
                );
                self.reporter.event(Event::Warning { text });
            }
            let differences = found.iter().filter_map(|difference| {
                let path = &difference.path;
                let (ours, theirs) = (ours.get(path).copied(), opened.inputs.get(path).copied());
                Some((
                    path.clone(),
                    LockedDifference {
                        ours,
                        theirs,
                        reason: template.differs.get(path)?.clone(),
                    },
                ))
            });
            let differences: BTreeMap<_, _> = differences.collect();
            found.retain(|difference| !differences.contains_key(&difference.path));
            if !found.is_empty() {
                errors.push(FetchError::Disagree {
                    first: "the other origins".into(),
                    second: opened.place,
                    differences: found,
                });
            } else if !differences.is_empty() {
                listed.push(Compared {
                    origin,
                    differences,
                });
            }
        }
        if errors.is_empty() {
            Ok(listed)
        } else {
            Err(errors)
        }
    }
}

/// In what `inputs`, an archive's, are not as `listed` says: each listed file must have the listed
/// content, and all others those that together have the digest `expected`.
fn problems(
    inputs: &InputFiles,
    listed: &BTreeMap<RelPath, LockedDifference>,
    expected: Sha256,
) -> Vec<String> {
    let told = |digest: Option<Sha256>| {
        digest.map_or_else(
            || "no such file".to_owned(),
            |digest| format!("SHA-256 {digest}"),
        )
    };
    let mut restored = inputs.clone();
    let mut problems = Vec::new();
    for (path, difference) in listed {
        let found = inputs.get(path).copied();
        if found != difference.theirs {
            problems.push(format!(
                "{path}: the lock lists {}, found {}",
                told(difference.theirs),
                told(found)
            ));
        }
        match difference.ours {
            Some(ours) => restored.insert(path.clone(), ours),
            None => restored.remove(path),
        };
    }
    let found = plan::inputs_digest(&restored);
    if found != expected {
        problems.push(format!(
            "it differs in files that are not listed: without the listed ones, the inputs digest is {found}, not {expected}"
        ));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(list: &[(&str, &str)]) -> InputFiles {
        list.iter()
            .map(|(path, text)| (path.parse().expect("a path"), Sha256::of(text.as_bytes())))
            .collect()
    }

    #[test]
    fn only_exactly_the_listed_differences_pass() {
        let ours = files(&[("a.c", "1"), ("b.c", "2"), ("gone.h", "3")]);
        let listed = |path: &str, ours: Option<&str>, theirs: Option<&str>| {
            let digest = |text: Option<&str>| text.map(|text| Sha256::of(text.as_bytes()));
            let difference = LockedDifference {
                ours: digest(ours),
                theirs: digest(theirs),
                reason: "known".parse().expect("a line"),
            };
            (path.parse::<RelPath>().expect("a path"), difference)
        };
        let lists = BTreeMap::from([
            listed("b.c", Some("2"), Some("changed")),
            listed("gone.h", Some("3"), None),
            listed("new.h", None, Some("4")),
        ]);
        let judge =
            |theirs: &[(&str, &str)]| problems(&files(theirs), &lists, plan::inputs_digest(&ours));
        assert_eq!(
            judge(&[("a.c", "1"), ("b.c", "changed"), ("new.h", "4")]),
            [""; 0]
        );
        let told = judge(&[("a.c", "1"), ("b.c", "changed otherwise"), ("new.h", "4")]);
        assert!(
            told.len() == 1 && told[0].starts_with("b.c: the lock lists"),
            "{told:?}"
        );
        let told = judge(&[("a.c", "changed too"), ("b.c", "changed"), ("new.h", "4")]);
        assert!(
            told.len() == 1 && told[0].contains("not listed"),
            "{told:?}"
        );
        let told = judge(&[("a.c", "1"), ("b.c", "2"), ("gone.h", "3")]);
        assert_eq!(
            told.len(),
            3,
            "one that differs in nothing is not as listed either: {told:?}"
        );
    }
}
