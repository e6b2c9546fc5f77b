//! What a recipe says of a source's licence and copyright. Licence expressions are those of SPDX
//! 2.3, annex D.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use spdx::expression::{ExprNode, Operator};

use super::Line;
use super::printable::line;

/// A valid SPDX licence expression: its licences and exceptions are in the SPDX list, or are
/// `LicenseRef-…`. Shown as it was written.
#[derive(Debug, Clone, Serialize)]
#[serde(into = "String")]
pub struct LicenseExpression(spdx::Expression);

reads_text!(LicenseExpression);

/// A licence expression that names one licence, where needed with an exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SingleLicense(spdx::LicenseReq);

reads_text!(SingleLicense);

/// A text that is no licence expression, or not of the kind that is wanted.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum LicenseError {
    #[error(
        "expected an SPDX licence expression, found `{}`: {reason}",
        line(found)
    )]
    Syntax {
        found: String,
        reason: spdx::error::Reason,
    },
    #[error("expected one licence, found the expression `{}`", line(.0))]
    NotSingle(String),
}

impl LicenseExpression {
    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// The identifiers of the licences that it names, without their exceptions.
    pub fn licenses(&self) -> impl Iterator<Item = String> {
        self.0
            .requirements()
            .map(|requirement| requirement.req.license.to_string())
    }

    /// Full name and text of each of its licences that is in the SPDX list.
    pub fn texts(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.0
            .requirements()
            .filter_map(|requirement| requirement.req.license.id())
            .map(|license| (license.full_name, license.text()))
    }

    /// Whether whoever has only `allowed` can meet it.
    ///
    /// # Errors
    /// What it names that is not among them; sorted.
    pub fn met_by(&self, allowed: &[SingleLicense]) -> Result<(), Vec<String>> {
        let is_allowed =
            |license: &spdx::LicenseReq| allowed.iter().any(|allowed| allowed.0 == *license);
        if self.0.evaluate(is_allowed) {
            return Ok(());
        }
        let mut others: Vec<_> = self
            .0
            .requirements()
            .filter(|requirement| !is_allowed(&requirement.req))
            .map(|requirement| requirement.req.to_string())
            .collect();
        others.sort();
        others.dedup();
        Err(others)
    }

    /// The expression that all of `expressions` apply, each once; none where there are none.
    #[must_use]
    pub fn all_of<'a>(expressions: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let mut distinct: Vec<String> = Vec::new();
        for expression in expressions {
            let is_choice = |node: &ExprNode| *node == ExprNode::Op(Operator::Or);
            let text = if expression.0.iter().any(is_choice) {
                format!("({expression})")
            } else {
                expression.to_string()
            };
            if !distinct.contains(&text) {
                distinct.push(text);
            }
        }
        let joined = distinct.join(" AND ");
        (!joined.is_empty()).then(|| joined.parse().expect("joined expressions are one"))
    }
}

impl FromStr for LicenseExpression {
    type Err = LicenseError;

    fn from_str(text: &str) -> Result<Self, LicenseError> {
        match spdx::Expression::parse(text) {
            Ok(expression) => Ok(Self(expression)),
            Err(error) => Err(LicenseError::Syntax {
                found: text.to_owned(),
                reason: error.reason,
            }),
        }
    }
}

by_text!(LicenseExpression);

text_schema!(LicenseExpression, { "description": "An SPDX licence expression" });

impl fmt::Display for LicenseExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for SingleLicense {
    type Error = LicenseError;

    fn try_from(text: String) -> Result<Self, LicenseError> {
        let expression: LicenseExpression = text.parse()?;
        let mut requirements = expression.0.requirements();
        match (requirements.next(), requirements.next()) {
            (Some(one), None) => Ok(Self(one.req.clone())),
            _ => Err(LicenseError::NotSingle(text)),
        }
    }
}

/// Whose a source is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Line", into = "String")]
pub enum Copyright {
    /// Nobody's: the source has no notice. SPDX's word is `NONE`.
    None,
    /// What the notice says.
    Notice(Line),
}

const NO_COPYRIGHT: &str = "NONE";

impl From<Line> for Copyright {
    fn from(line: Line) -> Self {
        if line.as_str() == NO_COPYRIGHT {
            Self::None
        } else {
            Self::Notice(line)
        }
    }
}

impl From<Copyright> for String {
    fn from(copyright: Copyright) -> Self {
        copyright.to_string()
    }
}

impl Copyright {
    /// The notice, where there is one.
    #[must_use]
    pub fn notice(&self) -> Option<&Line> {
        match self {
            Self::None => None,
            Self::Notice(notice) => Some(notice),
        }
    }

    /// As SPDX has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.notice().map_or(NO_COPYRIGHT, Line::as_str)
    }
}

impl fmt::Display for Copyright {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl schemars::JsonSchema for Copyright {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Line::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Line::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expression(text: &str) -> LicenseExpression {
        text.parse().expect(text)
    }

    #[test]
    fn an_expression_is_met_if_the_allowed_licences_can_meet_it() {
        let allowed: Vec<SingleLicense> = [
            "MIT",
            "BSD-3-Clause",
            "Apache-2.0 WITH LLVM-exception",
            "LicenseRef-ours",
        ]
        .map(|text| text.to_owned().try_into().expect(text))
        .into();
        let table: [(&str, &[&str]); 7] = [
            ("MIT", &[]),
            ("(BSD-3-Clause OR GPL-2.0-only) AND MIT", &[]),
            ("Apache-2.0 WITH LLVM-exception", &[]),
            ("LicenseRef-ours", &[]),
            ("Apache-2.0", &["Apache-2.0"]),
            ("MIT AND GPL-2.0-only", &["GPL-2.0-only"]),
            ("Zlib OR LicenseRef-theirs", &["LicenseRef-theirs", "Zlib"]),
        ];
        for (text, others) in table {
            let found = expression(text).met_by(&allowed).err().unwrap_or_default();
            assert_eq!(found, others, "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_or_names_no_licence_is_refused() {
        for text in ["", "MIT AND", "zlib licence", "NoSuch-1.0"] {
            let error = text.parse::<LicenseExpression>().expect_err(text);
            assert!(error.to_string().contains(&format!("`{text}`")), "{error}");
        }
        let two = SingleLicense::try_from("MIT OR Zlib".to_owned());
        assert_eq!(two, Err(LicenseError::NotSingle("MIT OR Zlib".to_owned())));
    }

    #[test]
    fn licences_are_joined_each_once_and_alternatives_stay_together() {
        let all = [
            "MIT",
            "Zlib OR MIT",
            "MIT",
            "(BSD-3-Clause OR GPL-2.0-only) AND MIT",
        ]
        .map(expression);
        assert_eq!(
            LicenseExpression::all_of(&all).expect("some").as_str(),
            "MIT AND (Zlib OR MIT) AND ((BSD-3-Clause OR GPL-2.0-only) AND MIT)"
        );
        assert!(LicenseExpression::all_of(&[]).is_none());
    }
}
