//! What is found when a prefix is verified.

use std::fmt;

use serde::Serialize;

/// In what way something is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiscrepancyKind {
    /// It is not there.
    Missing,
    /// Nothing lists it.
    Extra,
    /// A link, a folder or something else in place of a file, or in place of a folder on the way to
    /// one.
    Type,
    /// A program, or open for others to write.
    Mode,
    /// It can't be read.
    Unreadable,
    /// It has other bytes than the manifest says.
    Content,
    /// A member of an archive is not the object that was compiled.
    Member,
    /// Manifest and build trace contradict each other, or are not in the form in which they are
    /// written.
    Record,
    /// A document says something else than what is on disk, in the manifest or in the build trace.
    Document,
    /// It was made by another SDK than the manifest says.
    Stamp,
    /// It is not what recipes and lock give.
    Lock,
    /// A second build made other bytes.
    Rebuilt,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Discrepancy {
    /// Below the prefix.
    pub path: String,
    /// Of the archive at `path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    pub kind: DiscrepancyKind,
    /// What is wrong: `another content than the manifest says`.
    pub problem: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
}

impl Discrepancy {
    pub(super) fn new(
        path: impl Into<String>,
        kind: DiscrepancyKind,
        problem: impl Into<String>,
    ) -> Self {
        Self {
            path: path.into(),
            member: None,
            kind,
            problem: problem.into(),
            expected: None,
            found: None,
        }
    }

    pub(super) fn member(self, name: impl Into<String>) -> Self {
        Self {
            member: Some(name.into()),
            ..self
        }
    }

    pub(super) fn expected(self, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self {
            expected: Some(expected.to_string()),
            found: Some(found.to_string()),
            ..self
        }
    }

    /// `lib/libz.a`, `lib/libz.a:adler32.o`.
    #[must_use]
    pub fn place(&self) -> String {
        self.member.as_ref().map_or_else(
            || self.path.clone(),
            |member| format!("{}:{member}", self.path),
        )
    }
}
