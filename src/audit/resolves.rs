//! What the recipes' patches say that they fix (`resolves`), beside what the databases say of it.

use super::finding::{Finding, Rule};
use super::names::Subject;
use super::record::Record;
use super::vulnerability::{Status, Suppression, Vulnerability};
use crate::model::{Patch, VulnerabilityId};

/// The status of `vulnerability`, where patches of `subject` resolve it under one of its names.
#[must_use]
pub fn by_patch(vulnerability: &Vulnerability, subject: &Subject<'_>) -> Option<Status> {
    fixed(subject, |id| vulnerability.has_name(id.as_str()))
}

/// Fixed by all patches that resolve a name which is `wanted`.
fn fixed(subject: &Subject<'_>, wanted: impl Fn(&VulnerabilityId) -> bool) -> Option<Status> {
    let recipe = &subject.selected.recipe;
    let patches: Vec<&Patch> = recipe
        .patches
        .iter()
        .filter(|patch| patch.resolves.iter().any(&wanted))
        .collect();
    if patches.is_empty() {
        return None;
    }
    let joined = |texts: Vec<String>, between: &str| texts.join(between);
    Some(Status::Fixed(Suppression {
        by: joined(
            patches
                .iter()
                .map(|patch| format!("patches/{}/{}", recipe.name, patch.file))
                .collect(),
            ", ",
        ),
        justification: None,
        reason: joined(
            patches
                .iter()
                .map(|patch| patch.reason.to_string())
                .collect(),
            "; ",
        ),
    }))
}

/// Looks at every `resolves` of `subjects` that none of `found` confirms. One that no record speaks
/// of becomes a vulnerability without records: the databases may not have it yet. One whose records
/// name the source, and not this version, is a warning.
#[must_use]
pub fn unconfirmed(
    subjects: &[Subject<'_>],
    records: &[&Record],
    found: &[Vulnerability],
) -> (Vec<Vulnerability>, Vec<Finding>) {
    let (mut more, mut warnings) = (Vec::new(), Vec::new());
    for subject in subjects {
        let patches = &subject.selected.recipe.patches;
        let mut ids: Vec<_> = patches.iter().flat_map(|patch| &patch.resolves).collect();
        ids.sort();
        ids.dedup();
        for id in ids {
            if found
                .iter()
                .any(|one| one.subject == subject.title() && one.has_name(id.as_str()))
            {
                continue;
            }
            let Some(verdict) = fixed(subject, |other| other == id) else {
                continue;
            };
            let about: Vec<_> = records
                .iter()
                .filter(|record| record.has_name(id.as_str()) && record.names(subject))
                .collect();
            if let (Some(record), Status::Fixed(Suppression { by, .. })) = (about.first(), &verdict)
            {
                let message = format!(
                    "{by} resolves {id}, which does not concern this version, says {} ({})",
                    record.id, record.file
                );
                warnings.push(
                    Finding::warning(Rule::PatchResolves, subject.title(), message)
                        .within(format!("recipes/{}", subject.selected.recipe.file)),
                );
            } else {
                more.push(Vulnerability {
                    id: id.to_string(),
                    aliases: Vec::new(),
                    subject: subject.title(),
                    purl: subject.purl(),
                    cpe: subject.cpe(),
                    summary: String::new(),
                    records: Vec::new(),
                    files: Vec::new(),
                    verdict,
                });
            }
        }
    }
    (more, warnings)
}
