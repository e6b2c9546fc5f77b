//! The reports of several build configurations, side by side: what a page has a row for.

use std::collections::BTreeMap;

use super::{ConfigReport, Skipped, SuiteReport};
use crate::model::Patch;

/// A source, and what came of its tests for each configuration.
pub struct TestedSource<'a> {
    pub name: &'a str,
    pub version: &'a str,
    /// In the order of the configurations; absent where it was not tested.
    pub of: Vec<Option<&'a SuiteReport>>,
}

impl<'a> TestedSource<'a> {
    /// Its suites, of whatever configuration.
    pub fn suites(&self) -> impl Iterator<Item = &'a SuiteReport> {
        self.of.iter().copied().flatten()
    }

    /// What is in its suites, by its name, in the order in which it is first met: for each
    /// configuration, what it is there.
    pub fn by_name<T>(
        &self,
        all: impl Fn(&'a SuiteReport) -> &'a Vec<T>,
        name: impl Fn(&'a T) -> &'a String,
    ) -> Vec<(&'a str, Vec<Option<&'a T>>)> {
        let mut found: Vec<(&str, Vec<Option<&T>>)> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, suite) in self.of.iter().enumerate() {
            for item in suite.iter().flat_map(|suite| all(suite)) {
                let name = name(item).as_str();
                let place = *places.entry(name).or_insert(found.len());
                if place == found.len() {
                    found.push((name, vec![None; self.of.len()]));
                }
                found[place].1[index] = Some(item);
            }
        }
        found
    }
}

/// All sources, in the order in which they are first reported.
#[must_use]
pub fn by_source(reports: &[ConfigReport]) -> Vec<TestedSource<'_>> {
    let mut sources: Vec<TestedSource<'_>> = Vec::new();
    for (index, report) in reports.iter().enumerate() {
        for suite in &report.suites {
            let (name, version) = (suite.name.as_str(), suite.version.as_str());
            let known = sources
                .iter_mut()
                .find(|source| (source.name, source.version) == (name, version));
            let source = match known {
                Some(source) => source,
                None => {
                    let of = vec![None; reports.len()];
                    sources.push(TestedSource { name, version, of });
                    sources.last_mut().expect("it was added")
                }
            };
            source.of[index] = Some(suite);
        }
    }
    sources
}

/// For which of the configurations something is there; none where it is for all of them.
#[must_use]
pub fn only<T>(reports: &[ConfigReport], found: &[Option<T>]) -> Option<String> {
    let names: Vec<String> = reports
        .iter()
        .zip(found)
        .filter(|(_, found)| found.is_some())
        .map(|(report, _)| report.config.to_string())
        .collect();
    (names.len() < reports.len()).then(|| names.join(", "))
}

/// What is not applicable of a source, and why: a test once for each reason, which may be another
/// one for another configuration.
#[must_use]
pub fn reasons<'a>(source: &TestedSource<'a>) -> Vec<(&'a str, &'a str, Vec<Option<&'a Skipped>>)> {
    let mut found = Vec::new();
    for (name, skipped) in source.by_name(|suite| &suite.not_applicable, |test| &test.name) {
        let mut reasons: Vec<(&str, Vec<Option<&Skipped>>)> = Vec::new();
        for (index, skipped) in skipped.into_iter().enumerate() {
            let Some(skipped) = skipped else { continue };
            let reason = skipped.reason.as_str();
            let place = reasons.iter().position(|(known, _)| *known == reason);
            let place = place.unwrap_or_else(|| {
                reasons.push((reason, vec![None; source.of.len()]));
                reasons.len() - 1
            });
            reasons[place].1[index] = Some(skipped);
        }
        found.extend(reasons.into_iter().map(|(reason, of)| (name, reason, of)));
    }
    found
}

/// The patches of the tests, with the name of their source: each once, for whatever configurations.
#[must_use]
pub fn patches<'a>(sources: &[TestedSource<'a>]) -> Vec<(&'a str, &'a Patch)> {
    let mut found: Vec<(&str, &Patch)> = Vec::new();
    for source in sources {
        for patch in source.suites().flat_map(|suite| &suite.patches) {
            let told = |patch: &'a Patch| (&patch.file, &patch.reason, &patch.upstream);
            let is_known = found
                .iter()
                .any(|(name, known)| *name == source.name && told(known) == told(patch));
            if !is_known {
                found.push((source.name, patch));
            }
        }
    }
    found
}
