//! All that an audit found.

use serde::Serialize;

use super::coverage::Gap;
use super::database::Database;
use super::finding::{Finding, Level, Rule};
use super::origins::OriginComparison;
use super::vulnerability::Vulnerability;
use crate::model::ExclusionStatement;

/// An audit's result.
#[derive(Debug, Default)]
pub struct Report {
    /// `zlib 1.3.2`, for each source that was looked at.
    pub sources: Vec<String>,
    pub findings: Vec<Finding>,
    pub excluded: ExclusionStatement,
    pub origins: Vec<OriginComparison>,
    pub databases: Vec<Database>,
    pub vulnerabilities: Vec<Vulnerability>,
    /// What was not looked at.
    pub gaps: Vec<Gap>,
}

/// How many findings there are of each level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FindingCounts {
    pub violations: usize,
    pub warnings: usize,
    pub suppressed: usize,
}

impl Report {
    /// Adds the findings that the databases themselves give.
    pub fn add_databases(&mut self, databases: Vec<Database>) {
        for database in &databases {
            let path = database.path.to_string();
            for broken in &database.broken {
                let message = format!("{} was skipped: {}", broken.file, broken.problem);
                self.findings
                    .push(Finding::warning(Rule::DatabaseBroken, &path, message));
            }
            let few: Vec<_> = database
                .future
                .iter()
                .map(|future| format!("{}: {}", future.id, future.why))
                .collect();
            if !few.is_empty() {
                let others = if database.from_the_future > few.len() {
                    "; and so on"
                } else {
                    ""
                };
                let message = format!(
                    "{} records are from the future: {}{others}",
                    database.from_the_future,
                    few.join("; ")
                );
                self.findings
                    .push(Finding::warning(Rule::DatabaseFuture, &path, message));
            }
        }
        self.databases.extend(databases);
    }

    /// Sorts the findings: gravest first, then by rule and subject.
    pub fn sort(&mut self) {
        self.findings.sort_by(|a, b| {
            (a.level, a.rule, &a.subject, &a.message)
                .cmp(&(b.level, b.rule, &b.subject, &b.message))
        });
    }

    /// How many findings there are.
    #[must_use]
    pub fn counts(&self) -> FindingCounts {
        let of = |level| {
            self.findings
                .iter()
                .filter(|finding| finding.level == level)
                .count()
        };
        FindingCounts {
            violations: of(Level::Violation),
            warnings: of(Level::Warning),
            suppressed: of(Level::Suppressed),
        }
    }
}
