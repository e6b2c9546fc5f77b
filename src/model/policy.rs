//! `recipes/policy.toml`: what `wasideps audit` asks of recipes and lock beside what the loader
//! enforces. Told in `docs/audit.md`.

use serde::Deserialize;

use super::{LicenseExpression, SingleLicense, SyntaxError};

/// The policy, its licences checked against the SPDX list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    licenses: Licenses,
    digests: DigestRules,
    #[serde(default)]
    vulnerabilities: Vulnerabilities,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Licenses {
    allow: Vec<SingleLicense>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct DigestRules {
    allow: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Vulnerabilities {
    #[serde(default)]
    undetermined: Undetermined,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Undetermined {
    #[default]
    Deny,
    Warn,
}

impl Policy {
    /// Reads `text`, the content of `file` (used in messages only).
    ///
    /// # Errors
    /// When it does not parse, or allows a licence that is not in the SPDX list.
    pub fn parse(file: &str, text: &str) -> Result<Self, Box<SyntaxError>> {
        toml::from_str(text).map_err(|error| Box::new(SyntaxError::from_toml(file, text, &error)))
    }

    /// Checks a licence expression.
    ///
    /// # Errors
    /// When the allowed licences can't meet it: those of its own that are not allowed.
    pub fn check_license(&self, expression: &LicenseExpression) -> Result<(), Vec<String>> {
        expression.met_by(&self.licenses.allow)
    }

    /// Whether the lock may use digests of `algorithm` (`SHA-256`).
    #[must_use]
    pub fn allows_digest(&self, algorithm: &str) -> bool {
        self.digests
            .allow
            .iter()
            .any(|allowed| allowed == algorithm)
    }

    /// The allowed algorithms, for messages.
    #[must_use]
    pub fn digests(&self) -> &[String] {
        &self.digests.allow
    }

    /// Whether a vulnerability of which can't be said whether it concerns the locked version counts
    /// as a violation.
    #[must_use]
    pub fn denies_undetermined(&self) -> bool {
        self.vulnerabilities.undetermined == Undetermined::Deny
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_that_allows_what_is_no_licence_is_refused_with_its_line() {
        let text = "[licenses]\nallow = [\"MIT\", \"NoSuch-1.0\"]\n[digests]\nallow = []\n";
        let error = Policy::parse("policy.toml", text).expect_err("no licence");
        assert_eq!(error.line, 2);
        assert!(error.message.contains("NoSuch-1.0"), "{error}");
        assert!(
            Policy::parse(
                "policy.toml",
                "[licenses]\nallow = [\"MIT OR Zlib\"]\n[digests]\nallow = []\n"
            )
            .is_err()
        );
    }
}
