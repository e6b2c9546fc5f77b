//! A record of a vulnerability, of whichever format, and what it says of a source.

use super::downstream::Downstream;
use super::names::{KnownName, Subject};
use super::order::{Interval, Order};

/// What a record says of a range of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    Affected,
    Unaffected,
    Unknown,
}

/// A claim on a range of versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub interval: Interval,
    pub claim: Claim,
    /// The range as the record has it.
    pub told: String,
}

/// Software that a record names, and which of its versions it speaks of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Affected {
    pub names: Vec<KnownName>,
    /// Versions or tags, one by one.
    pub listed: Vec<String>,
    pub statements: Vec<Statement>,
    /// What can't be read as versions, as the record has it.
    pub unreadable: Vec<String>,
    /// Ranges of commits. Only the repository says whether a release is in them.
    pub commits: Vec<Commits>,
    /// Whether versions that nothing else speaks of are affected.
    pub by_default: bool,
    /// The source files that the record names as affected.
    pub files: Vec<String>,
    /// Where Debian says that it is fixed; such an entry has nothing else.
    pub downstream: Vec<Downstream>,
}

/// A range of commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commits {
    /// As the record has it.
    pub told: String,
    /// Whether it has no end: what comes after the last listed version is in it.
    pub open: bool,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub id: String,
    /// Other names of the same vulnerability.
    pub aliases: Vec<String>,
    /// In a line; empty where the record has none.
    pub summary: String,
    /// Withdrawn or rejected: it is then as if it were not there.
    pub withdrawn: bool,
    pub affected: Vec<Affected>,
    /// The version of its format.
    pub schema: Option<String>,
    /// When it was last changed, RFC 3339.
    pub modified: Option<String>,
    /// Its file in the database.
    pub file: String,
}

/// What a record comes to for a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// It does not name the source, or not this version.
    Unaffected,
    /// With why: the range that the version is in.
    Affected { why: String, files: Vec<String> },
    /// It names the source, but not readably which versions.
    Undetermined { why: String, files: Vec<String> },
}

impl Record {
    /// Whether it is of a distribution, which says only where it fixed something.
    #[must_use]
    pub fn is_downstream(&self) -> bool {
        self.affected
            .iter()
            .any(|entry| !entry.downstream.is_empty())
    }

    /// Whether `name` is its identifier or one of its aliases.
    #[must_use]
    pub fn has_name(&self, name: &str) -> bool {
        self.id == name || self.aliases.iter().any(|alias| alias == name)
    }

    /// Whether it names `subject`, in whichever version.
    #[must_use]
    pub fn names(&self, subject: &Subject<'_>) -> bool {
        self.affected
            .iter()
            .flat_map(|entry| &entry.names)
            .any(|known| subject.version_as(known).is_some())
    }

    /// What the record says of `subject`.
    #[must_use]
    pub fn judge(&self, subject: &Subject<'_>) -> Judgement {
        let (mut affected, mut undetermined, mut by_commits) = (None, None, None);
        let mut files: Vec<String> = Vec::new();
        let mut told_unaffected = false;
        for (entry, version) in self
            .affected
            .iter()
            .filter_map(|entry| Some((entry, entry.version_of(subject)?)))
        {
            match entry.judge(subject, version) {
                EntryVerdict::Unaffected => told_unaffected = true,
                EntryVerdict::Affected(why) => _ = affected.get_or_insert(why),
                EntryVerdict::Undetermined(why) => _ = undetermined.get_or_insert(why),
                EntryVerdict::Commits(why) => _ = by_commits.get_or_insert(why),
            }
            files.extend(
                entry
                    .files
                    .iter()
                    .filter(|file| !files.contains(file))
                    .cloned()
                    .collect::<Vec<_>>(),
            );
        }
        // A range of commits often stands beside one of versions, which then tells the same
        // readably.
        let undetermined = undetermined.or(by_commits.filter(|_| !told_unaffected));
        match (affected, undetermined) {
            _ if self.withdrawn => Judgement::Unaffected,
            (Some(why), _) => Judgement::Affected { why, files },
            (None, Some(why)) => Judgement::Undetermined { why, files },
            (None, None) => Judgement::Unaffected,
        }
    }
}

/// What one entry says of a version.
enum EntryVerdict {
    Unaffected,
    Affected(String),
    Undetermined(String),
    /// Only commits would tell.
    Commits(String),
}

impl Affected {
    /// The version to judge by, if one of the entry's names is the source's.
    fn version_of<'s>(&self, subject: &'s Subject<'_>) -> Option<&'s str> {
        self.names.iter().find_map(|known| {
            let version = subject.version_as(known)?;
            match known {
                // A CPE with a version speaks of that one alone.
                KnownName::Cpe {
                    version: Some(only),
                    ..
                } if Order::parse(only) != Order::parse(version) => None,
                _ => Some(version),
            }
        })
    }

    fn judge(&self, subject: &Subject<'_>, version: &str) -> EntryVerdict {
        if !self.downstream.is_empty() {
            return self.judge_downstream(version);
        }
        if let Some(listed) = self
            .listed
            .iter()
            .find(|listed| *listed == version || subject.is_tag(listed))
        {
            return EntryVerdict::Affected(format!("it lists {listed}"));
        }
        let Some(order) = Order::parse(version) else {
            return EntryVerdict::Undetermined(format!("the version {version} can't be ordered"));
        };
        let about = |claim| {
            self.statements
                .iter()
                .find(|statement| statement.claim == claim && statement.interval.contains(&order))
        };
        if let Some(statement) = about(Claim::Affected) {
            return EntryVerdict::Affected(format!("{version} is in `{}`", statement.told));
        }
        if about(Claim::Unaffected).is_some() {
            return EntryVerdict::Unaffected;
        }
        if let Some(statement) = about(Claim::Unknown) {
            return EntryVerdict::Undetermined(format!(
                "it says that nothing is known of `{}`",
                statement.told
            ));
        }
        if let Some(text) = self.unreadable.first() {
            return EntryVerdict::Undetermined(format!("`{text}` can't be read as versions"));
        }
        if self.by_default {
            return EntryVerdict::Affected("it names every version that it does not except".into());
        }
        if self.statements.is_empty()
            && let Some(commits) = self.commits.first()
        {
            return self.judge_commits(subject, commits, &order);
        }
        EntryVerdict::Unaffected
    }

    /// That Debian fixed it later says nothing of when it came in: somebody has to look.
    fn judge_downstream(&self, version: &str) -> EntryVerdict {
        // The newest first, as changelogs have them.
        let Some(fixed) = self
            .downstream
            .iter()
            .rev()
            .find(|fixed| fixed.is_after(version))
        else {
            return EntryVerdict::Unaffected;
        };
        EntryVerdict::Undetermined(format!(
            "Debian's changelog says that {} fixes it ({}); ours is {version}: look",
            fixed.version, fixed.date
        ))
    }

    /// Databases list the tags that are in a range of commits; one that they do not list is not in
    /// it, unless it is newer than all of theirs.
    fn judge_commits(
        &self,
        subject: &Subject<'_>,
        commits: &Commits,
        version: &Order,
    ) -> EntryVerdict {
        if self.listed.is_empty() {
            return EntryVerdict::Commits(format!(
                "it gives commits ({}), and lists no versions",
                commits.told
            ));
        }
        let newest = self
            .listed
            .iter()
            .filter_map(|tag| {
                Order::parse(&subject.version_of_tag(tag).unwrap_or_else(|| tag.clone()))
            })
            .max();
        if self.commits.iter().any(|commits| commits.open)
            && newest.is_some_and(|newest| newest < *version)
        {
            return EntryVerdict::Undetermined(
                "its range has no end, and the version is newer than all that it lists".into(),
            );
        }
        EntryVerdict::Unaffected
    }
}
