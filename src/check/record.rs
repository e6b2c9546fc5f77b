//! Which tests passed, by key: the file that a project commits beside the page of results, and
//! what is drawn from it to be run all the same.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{ConfigReport, SuiteReport};
use crate::model::Sha256;

/// The version of the file's form.
const FORMAT: u32 = 1;

/// Tests that passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassRecord {
    format: u32,
    /// By build configuration, then by source and version: `zlib 1.3.2`.
    passed: BTreeMap<String, BTreeMap<String, BTreeMap<String, Sha256>>>,
}

/// A file that is no record of this version.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PassRecordError {
    #[error("it is no record of tests")]
    Syntax(#[from] serde_json::Error),
    #[error("its format is {found}, and this wasideps reads {FORMAT}")]
    Format { found: u32 },
}

impl Default for PassRecord {
    fn default() -> Self {
        Self {
            format: FORMAT,
            passed: BTreeMap::new(),
        }
    }
}

impl PassRecord {
    /// Reads the text of the file.
    ///
    /// # Errors
    /// When it is of another form or version.
    pub fn parse(text: &str) -> Result<Self, PassRecordError> {
        let record: Self = serde_json::from_str(text)?;
        if record.format == FORMAT {
            Ok(record)
        } else {
            let found = record.format;
            Err(PassRecordError::Format { found })
        }
    }

    /// The text of the file: one line a test.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("it has only string keys");
        text.push('\n');
        text
    }

    /// The keys of all tests that passed.
    #[must_use]
    pub fn keys(&self) -> BTreeSet<Sha256> {
        let suites = self.passed.values().flat_map(BTreeMap::values);
        suites.flat_map(BTreeMap::values).copied().collect()
    }

    /// Takes what `report` says of its suites in place of what is there. Where `whole` is true,
    /// these are all suites of its configuration, and others are forgotten.
    pub fn update(&mut self, report: &ConfigReport, whole: bool) {
        let suites = self.passed.entry(report.config.to_string()).or_default();
        if whole {
            suites.clear();
        }
        for suite in &report.suites {
            let passed = suite.tests.iter().filter(|test| test.failure.is_none());
            let tests = passed.map(|test| (test.name.clone(), test.key)).collect();
            suites.insert(title(suite), tests);
        }
    }
}

fn title(suite: &SuiteReport) -> String {
    format!("{} {}", suite.name, suite.version)
}

/// Which of the tests that passed before are run all the same.
#[derive(Debug, Clone)]
pub struct Sample {
    /// So many of a hundred, by chance.
    pub percent: u8,
    /// What the chance depends on: the same seed draws the same tests.
    pub seed: String,
}

impl Sample {
    /// Whether the test with this key is drawn.
    #[must_use]
    pub fn draws(&self, key: &Sha256) -> bool {
        let fields = [self.seed.as_bytes(), key.as_bytes().as_slice()];
        let digest = Sha256::of_fields("wasideps sample 1", fields);
        let bytes = digest.as_bytes();
        let number = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        u64::from(number) * 100 < u64::from(self.percent) << 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_draws_its_share_and_the_same_for_the_same_seed() {
        let keys: Vec<_> = (0..2000_u32)
            .map(|number| Sha256::of(&number.to_le_bytes()))
            .collect();
        let drawn = |percent, seed: &str| -> Vec<bool> {
            let sample = Sample {
                percent,
                seed: seed.to_owned(),
            };
            keys.iter().map(|key| sample.draws(key)).collect()
        };
        let count = |drawn: &[bool]| drawn.iter().filter(|drawn| **drawn).count();
        assert_eq!(count(&drawn(0, "a")), 0);
        assert_eq!(count(&drawn(100, "a")), keys.len());
        let ten = count(&drawn(10, "a"));
        assert!((140..=260).contains(&ten), "{ten}");
        assert_eq!(drawn(10, "a"), drawn(10, "a"));
        assert_ne!(drawn(10, "a"), drawn(10, "b"));
    }

    #[test]
    fn a_record_of_another_form_is_refused() {
        let text = PassRecord::default().to_text();
        assert_eq!(
            PassRecord::parse(&text).expect("its own text"),
            PassRecord::default()
        );
        for wrong in [
            "",
            "{}",
            &text.replace('1', "2"),
            &text.replace("passed", "failed"),
        ] {
            assert!(PassRecord::parse(wrong).is_err(), "{wrong}");
        }
    }
}
