//! What it comes to that all origins of a source were brought and compared.

use serde::Serialize;

use super::finding::{Finding, Rule};
use crate::fetch::{OriginReport, Verdict};
use crate::model::{ErrorClass, Selected, with_causes};

/// An origin, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OriginComparison {
    pub subject: String,
    pub origin: String,
    pub verdict: VerdictWord,
    /// What there is to say of it, in a line.
    pub text: String,
}

/// An origin's verdict in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictWord {
    Agrees,
    /// It differs exactly as the lock lists it.
    AsListed,
    Differs,
    Refused,
    NotReached,
}

impl VerdictWord {
    /// For tables.
    #[must_use]
    pub fn shown(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::AsListed => "differs as listed",
            Self::Differs => "DIFFERS",
            Self::Refused => "REFUSED",
            Self::NotReached => "not reached",
        }
    }
}

/// What the origins of `selected` come to. An origin that was not reached says nothing, and one
/// alone has nothing to agree with.
#[must_use]
pub fn compare(
    selected: &Selected,
    reports: &[OriginReport],
) -> (Vec<OriginComparison>, Vec<Finding>) {
    let subject = selected.title();
    let mut compared = Vec::new();
    let mut found = Vec::new();
    for OriginReport { origin, verdict } in reports {
        let (verdict, text) = match verdict {
            Verdict::Agrees { files, .. } => (VerdictWord::Agrees, format!("{files} files")),
            Verdict::AsListed {
                files, differences, ..
            } => {
                let listed: Vec<_> = differences
                    .iter()
                    .map(|(path, reason)| format!("{path}: {reason}"))
                    .collect();
                (
                    VerdictWord::AsListed,
                    format!("{files} files; {}", listed.join("; ")),
                )
            }
            Verdict::Differs {
                found,
                reference,
                differences,
            } => {
                let against = reference.as_ref().map_or_else(
                    || "; no other origin was reached to compare it with".to_owned(),
                    |reference| {
                        let files: Vec<_> = differences.iter().map(ToString::to_string).collect();
                        format!(", against {reference} in {}", files.join(", "))
                    },
                );
                (
                    VerdictWord::Differs,
                    format!(
                        "inputs digest {found}, expected {}{against}",
                        selected.source.inputs
                    ),
                )
            }
            Verdict::NotAsListed { problems } => (
                VerdictWord::Differs,
                format!("not as the lock lists it: {}", problems.join("; ")),
            ),
            Verdict::Failed(error) if error.class() == ErrorClass::Network => {
                (VerdictWord::NotReached, with_causes(error))
            }
            Verdict::Failed(error) => (VerdictWord::Refused, with_causes(error)),
        };
        // Most errors name their origin themselves.
        let message = if text.contains(origin) {
            text.clone()
        } else {
            format!("{origin}: {text}")
        };
        match verdict {
            VerdictWord::Agrees | VerdictWord::AsListed => {}
            VerdictWord::Differs => {
                found.push(Finding::violation(Rule::OriginDiffers, &subject, message));
            }
            VerdictWord::Refused => {
                found.push(Finding::violation(Rule::OriginRefused, &subject, message));
            }
            VerdictWord::NotReached => {
                found.push(Finding::warning(Rule::OriginNotReached, &subject, message));
            }
        }
        compared.push(OriginComparison {
            subject: subject.clone(),
            origin: origin.clone(),
            verdict,
            text,
        });
    }
    let reached = compared
        .iter()
        .filter(|one| {
            matches!(
                one.verdict,
                VerdictWord::Agrees | VerdictWord::AsListed | VerdictWord::Differs
            )
        })
        .count();
    let alone = one_left(selected, &compared).or_else(|| {
        let message = match reached {
            0 => "no origin was reached: nothing was compared",
            1 => "one origin alone was reached: nothing was compared",
            _ => return None,
        };
        Some(message.to_owned())
    });
    found.extend(alone.map(|message| Finding::warning(Rule::OriginAlone, &subject, message)));
    (compared, found)
}

/// Which of several origins is the only one that still gives what is locked, where that is so.
fn one_left(selected: &Selected, compared: &[OriginComparison]) -> Option<String> {
    // What is only compared gives no build its files.
    let origins = selected.source.origins.len();
    let mut usable = compared
        .iter()
        .filter(|one| one.verdict == VerdictWord::Agrees);
    let (Some(only), None, true) = (usable.next(), usable.next(), origins > 1) else {
        return None;
    };
    Some(format!(
        "one origin is left of {origins}: {}; the others did not answer, or no longer have what is locked",
        only.origin
    ))
}
