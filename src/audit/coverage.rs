//! What an audit did not look at. That nothing was found says nothing of it.

use std::str::FromStr;

use serde::Serialize;

use super::database::Database;
use super::finding::{Finding, Rule};
use super::names::Subject;
use super::record::Record;
use crate::model::Timestamp;

/// A part of an audit that needs more than recipes and lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditPart {
    Vulnerabilities,
    Origins,
}

impl AuditPart {
    /// Its name, as `--require` takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Vulnerabilities => "vulnerabilities",
            Self::Origins => "origins",
        }
    }
}

impl FromStr for AuditPart {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Vulnerabilities, Self::Origins];
        all.into_iter()
            .find(|part| part.name() == text)
            .ok_or_else(|| format!("expected `vulnerabilities` or `origins`, found `{text}`"))
    }
}

/// Something that was not looked at, or not as well as could be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Gap {
    pub part: AuditPart,
    /// Whether nothing at all of the part was looked at.
    pub whole: bool,
    pub message: String,
}

/// How many records of the databases, and whether a changelog, speak of each source.
pub struct Spoken<'a, 's> {
    subjects: &'a [Subject<'s>],
    records: Vec<std::sync::atomic::AtomicUsize>,
}

impl<'a, 's> Spoken<'a, 's> {
    /// Of none yet.
    #[must_use]
    pub fn new(subjects: &'a [Subject<'s>]) -> Self {
        Self {
            subjects,
            records: subjects.iter().map(|_| 0.into()).collect(),
        }
    }

    /// Counts a record for each source that it names, in whichever version.
    pub fn count(&self, record: &Record) {
        for (subject, count) in self.subjects.iter().zip(&self.records) {
            if !record.withdrawn && record.names(subject) {
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    /// The sources that no record names and of which `databases` have no changelog.
    fn unknown(&self, databases: &[Database]) -> Vec<String> {
        let changelog = |subject: &Subject<'_>| {
            let own = subject.selected.recipe.debian();
            own.is_some_and(|own| {
                databases
                    .iter()
                    .any(|database| database.changelogs.iter().any(|name| name == own.as_str()))
            })
        };
        let all = self.subjects.iter().zip(&self.records);
        let unknown = all.filter(|(subject, count)| {
            count.load(std::sync::atomic::Ordering::Relaxed) == 0 && !changelog(subject)
        });
        unknown.map(|(subject, _)| subject.title()).collect()
    }

    /// What of vulnerabilities was not looked at, with `databases` at `now`.
    #[must_use]
    pub fn gaps(&self, databases: &[Database], now: Timestamp) -> Vec<Gap> {
        let gap = |whole, message: String| Gap {
            part: AuditPart::Vulnerabilities,
            whole,
            message,
        };
        if databases.is_empty() {
            let message = "vulnerabilities: there is no database";
            return vec![gap(true, message.to_owned())];
        }
        let mut gaps = Vec::new();
        let unknown = self.unknown(databases);
        if !unknown.is_empty() {
            let message = format!(
                "vulnerabilities of {}: no record of the databases names them in any version",
                unknown.join(", ")
            );
            gaps.push(gap(false, message));
        }
        for database in databases {
            let (date, what) = match (&database.brought, database.newest) {
                (Some(brought), _) => (
                    brought.at,
                    format!("{} ({})", brought.from, brought.at.date()),
                ),
                (None, Some(newest)) => (
                    newest,
                    format!("the newest record of {} ({})", database.path, newest.date()),
                ),
                (None, None) => continue,
            };
            let days = now.days_since(date);
            if days > 0 {
                gaps.push(gap(
                    false,
                    format!("vulnerabilities that became known in the {days} days since {what}"),
                ));
            }
        }
        gaps
    }
}

/// That no origin was asked.
#[must_use]
pub fn no_origins() -> Gap {
    let message = "origins: none was asked".to_owned();
    Gap {
        part: AuditPart::Origins,
        whole: true,
        message,
    }
}

/// A violation for each of `required` that `gaps` say was not looked at.
#[must_use]
pub fn missing(required: &[AuditPart], gaps: &[Gap]) -> Vec<Finding> {
    let missing = gaps
        .iter()
        .filter(|gap| gap.whole && required.contains(&gap.part));
    missing
        .map(|gap| Finding::violation(Rule::NotLookedAt, gap.part.name(), gap.message.clone()))
        .collect()
}
