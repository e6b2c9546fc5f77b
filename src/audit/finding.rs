//! What an audit finds, each under the stable name of a rule.

use serde::Serialize;

use super::vulnerability::{Status, Vulnerability};
use crate::model::Policy;

/// The rules. Their names are part of the interface: documents and users' filters hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    Excluded,
    LicenseNotAllowed,
    LicenseMissing,
    PatchReason,
    PatchResolves,
    DigestAlgorithm,
    PrefixDiffers,
    OriginDiffers,
    OriginRefused,
    OriginAlone,
    OriginNotReached,
    Vulnerability,
    VulnerabilityUndetermined,
    DatabaseBroken,
    DatabaseFuture,
    NotLookedAt,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Excluded,
        Self::LicenseNotAllowed,
        Self::LicenseMissing,
        Self::PatchReason,
        Self::PatchResolves,
        Self::DigestAlgorithm,
        Self::PrefixDiffers,
        Self::OriginDiffers,
        Self::OriginRefused,
        Self::OriginAlone,
        Self::OriginNotReached,
        Self::Vulnerability,
        Self::VulnerabilityUndetermined,
        Self::DatabaseBroken,
        Self::DatabaseFuture,
        Self::NotLookedAt,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Excluded => "excluded",
            Self::LicenseNotAllowed => "license-not-allowed",
            Self::LicenseMissing => "license-missing",
            Self::PatchReason => "patch-reason",
            Self::PatchResolves => "patch-resolves",
            Self::DigestAlgorithm => "digest-algorithm",
            Self::PrefixDiffers => "prefix-differs",
            Self::OriginDiffers => "origin-differs",
            Self::OriginRefused => "origin-refused",
            Self::OriginAlone => "origin-alone",
            Self::OriginNotReached => "origin-not-reached",
            Self::Vulnerability => "vulnerability",
            Self::VulnerabilityUndetermined => "vulnerability-undetermined",
            Self::DatabaseBroken => "database-broken",
            Self::DatabaseFuture => "database-future",
            Self::NotLookedAt => "not-looked-at",
        }
    }

    /// What it asks for, in a sentence.
    #[must_use]
    pub fn asks(self) -> &'static str {
        match self {
            Self::Excluded => {
                "Nothing of an excluded project is in lock, recipes, inputs or prefix."
            }
            Self::LicenseNotAllowed => {
                "The licences that the policy allows satisfy each source's licence."
            }
            Self::LicenseMissing => "Each source of a prefix has its licence text there.",
            Self::PatchReason => "Each patch says why it is needed.",
            Self::PatchResolves => {
                "Each vulnerability that a patch resolves affects the version that is patched."
            }
            Self::DigestAlgorithm => {
                "The lock's digests are of an algorithm that the policy allows."
            }
            Self::PrefixDiffers => "A prefix was built from what the lock says.",
            Self::OriginDiffers => {
                "An origin contains the lock's inputs, or differs as the lock lists it."
            }
            Self::OriginRefused => "An origin serves the archive that the lock pins.",
            Self::OriginAlone => "At least two origins are compared.",
            Self::OriginNotReached => "Each origin can be reached.",
            Self::Vulnerability => "No known vulnerability affects what is compiled.",
            Self::VulnerabilityUndetermined => {
                "For each known vulnerability of a source, it is known whether it affects the version."
            }
            Self::DatabaseBroken => "Each file of a database is a record that can be read.",
            Self::NotLookedAt => "Everything that was required to be looked at was looked at.",
            Self::DatabaseFuture => {
                "A database is not from after the audit, nor in a newer format than this program knows."
            }
        }
    }
}

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The audit fails, exit code 6.
    Violation,
    /// Reported, and no more.
    Warning,
    /// It would be a violation, were it not for a reason that is given.
    Suppressed,
}

/// Something that a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub rule: Rule,
    pub level: Level,
    /// What it is about: `zlib 1.3.2`, a database, the lock.
    pub subject: String,
    pub message: String,
    /// The file that it is in, where there is one: relative to the project for recipes and the
    /// lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

impl Finding {
    /// A violation.
    #[must_use]
    pub fn violation(rule: Rule, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            rule,
            level: Level::Violation,
            subject: subject.into(),
            message: message.into(),
            file: None,
        }
    }

    /// A warning.
    #[must_use]
    pub fn warning(rule: Rule, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            level: Level::Warning,
            ..Self::violation(rule, subject, message)
        }
    }

    /// The same, in `file`.
    #[must_use]
    pub fn within(self, file: impl Into<String>) -> Self {
        Self {
            file: Some(file.into()),
            ..self
        }
    }

    /// What a vulnerability comes to under `policy`.
    #[must_use]
    pub fn of(vulnerability: &Vulnerability, policy: &Policy) -> Self {
        let mut text = vulnerability.id.clone();
        if !vulnerability.summary.is_empty() {
            text = format!("{text}: {}", vulnerability.summary);
        }
        if let Some(told) = vulnerability.records.first() {
            text = format!("{text} ({})", told.why);
        }
        let suppressed = |what: &str| format!("{text}; {what} {}", vulnerability.why());
        let (rule, level) = match &vulnerability.verdict {
            Status::Affected => (Rule::Vulnerability, Level::Violation),
            Status::Undetermined if policy.denies_undetermined() => {
                (Rule::VulnerabilityUndetermined, Level::Violation)
            }
            Status::Undetermined => (Rule::VulnerabilityUndetermined, Level::Warning),
            Status::NotAffected(_) => {
                text = suppressed("not affected, says");
                (Rule::Vulnerability, Level::Suppressed)
            }
            Status::Fixed(_) => {
                text = suppressed("fixed by");
                (Rule::Vulnerability, Level::Suppressed)
            }
        };
        Self {
            rule,
            level,
            subject: vulnerability.subject.clone(),
            message: text,
            file: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_a_name_of_its_own_which_is_that_of_its_json() {
        let names: Vec<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
        let mut unique = names.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), names.len());
        for rule in Rule::ALL {
            assert_eq!(serde_json::to_value(rule).expect("a name"), rule.name());
        }
    }
}
