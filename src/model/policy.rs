//! `recipes/policy.toml`: what `wasideps audit` asks of recipes and lock beside what the loader
//! enforces. Told in `docs/audit.md`.

use serde::Deserialize;

use super::SyntaxError;

/// The policy, its licences checked against the SPDX list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    licenses: Licenses,
    digests: Digests,
    #[serde(default)]
    vulnerabilities: Vulnerabilities,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Licenses {
    allow: Vec<License>,
}

/// A licence of the SPDX list or a `LicenseRef-…`, where needed with an exception.
#[derive(Debug, Clone)]
struct License(String);

reads_text!(License);

impl TryFrom<String> for License {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let expression = spdx::Expression::parse(&text)
            .map_err(|error| format!("no SPDX licence: `{text}`: {}", error.reason))?;
        if expression.requirements().count() == 1 {
            Ok(Self(text))
        } else {
            Err(format!("one licence, not an expression: `{text}`"))
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Digests {
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

/// Why a licence expression does not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LicenseProblem {
    /// It is no SPDX expression, or names what is not in the SPDX list.
    Invalid(String),
    /// It can't be met with the allowed licences; these of its own are not allowed.
    NotAllowed(Vec<String>),
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
    /// When it is none, or can't be met with the allowed licences.
    pub fn check_license(&self, expression: &str) -> Result<(), LicenseProblem> {
        let parsed = spdx::Expression::parse(expression)
            .map_err(|error| LicenseProblem::Invalid(error.reason.to_string()))?;
        let allowed = |requirement: &spdx::LicenseReq| {
            self.licenses
                .allow
                .iter()
                .any(|License(text)| *text == requirement.to_string())
        };
        if parsed.evaluate(allowed) {
            return Ok(());
        }
        let mut others: Vec<_> = parsed
            .requirements()
            .filter(|requirement| !allowed(&requirement.req))
            .map(|requirement| requirement.req.to_string())
            .collect();
        others.sort();
        others.dedup();
        Err(LicenseProblem::NotAllowed(others))
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

    fn policy(licenses: &str) -> Policy {
        let text = format!("[licenses]\nallow = [{licenses}]\n[digests]\nallow = [\"SHA-256\"]\n");
        Policy::parse("policy.toml", &text).expect("valid")
    }

    #[test]
    fn an_expression_passes_if_the_allowed_licences_can_meet_it() {
        let policy =
            policy(r#""MIT", "BSD-3-Clause", "Apache-2.0 WITH LLVM-exception", "LicenseRef-ours""#);
        let denied = |list: &[&str]| {
            Err(LicenseProblem::NotAllowed(
                list.iter().map(|&text| text.to_owned()).collect(),
            ))
        };
        let table = [
            ("MIT", Ok(())),
            ("(BSD-3-Clause OR GPL-2.0-only) AND MIT", Ok(())),
            ("Apache-2.0 WITH LLVM-exception", Ok(())),
            ("LicenseRef-ours", Ok(())),
            ("Apache-2.0", denied(&["Apache-2.0"])),
            ("MIT AND GPL-2.0-only", denied(&["GPL-2.0-only"])),
            (
                "Zlib OR LicenseRef-theirs",
                denied(&["LicenseRef-theirs", "Zlib"]),
            ),
        ];
        for (expression, expected) in table {
            assert_eq!(policy.check_license(expression), expected, "{expression}");
        }
        for invalid in ["", "MIT AND", "zlib licence", "NoSuch-1.0"] {
            assert!(
                matches!(
                    policy.check_license(invalid),
                    Err(LicenseProblem::Invalid(_))
                ),
                "{invalid}"
            );
        }
    }

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
