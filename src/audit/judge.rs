//! Which vulnerabilities of the databases concern which locked source: every record is judged,
//! records of the same vulnerability become one.

use std::collections::BTreeMap;

use super::names::Subject;
use super::presence::absent;
use super::record::{Judgement, Record};
use super::resolves::by_patch;
use super::vex::Opinions;
use super::vulnerability::{Status, Suppression, Told, Vulnerability};

/// The rule that suppresses what is not compiled.
pub const NOT_COMPILED: &str = "files-not-selected";

/// All vulnerabilities of `subjects` that `records` tell of, sorted by source and name; `opinions`
/// is what VEX documents say.
#[must_use]
pub fn vulnerabilities(
    subjects: &[Subject<'_>],
    records: &[&Record],
    opinions: &Opinions,
) -> Vec<Vulnerability> {
    let mut found = Vec::new();
    for subject in subjects {
        let judged = records
            .iter()
            .filter_map(|&record| match record.judge(subject) {
                Judgement::Unaffected => None,
                Judgement::Affected { why, files } => Some((record, why, files, true)),
                Judgement::Undetermined { why, files } => Some((record, why, files, false)),
            });
        let judged: Vec<_> = judged
            .filter(|(record, ..)| !record.is_downstream() || !answered(record, subject, records))
            .collect();
        for group in groups(
            &judged
                .iter()
                .map(|(record, ..)| *record)
                .collect::<Vec<_>>(),
        ) {
            let members: Vec<_> = group.iter().map(|&index| &judged[index]).collect();
            let mut names: Vec<String> = members
                .iter()
                .flat_map(|(record, ..)| std::iter::once(&record.id).chain(&record.aliases))
                .cloned()
                .collect();
            names.sort();
            names.dedup();
            let cve = names
                .iter()
                .position(|name| name.starts_with("CVE-"))
                .unwrap_or(0);
            let id = names.remove(cve);
            let mut files: Vec<String> = members
                .iter()
                .flat_map(|(_, _, files, _)| files)
                .cloned()
                .collect();
            files.sort();
            files.dedup();
            let summary = members
                .iter()
                .map(|(record, ..)| record.summary.as_str())
                .find(|summary| !summary.is_empty());
            let told = |(record, why, ..): &&(&Record, String, Vec<String>, bool)| Told {
                id: record.id.clone(),
                file: record.file.clone(),
                why: why.clone(),
            };
            let mut vulnerability = Vulnerability {
                summary: summary.unwrap_or_default().to_owned(),
                records: members.iter().map(told).collect(),
                subject: subject.title(),
                purl: subject.purl(),
                cpe: subject.cpe(),
                verdict: if members.iter().any(|(.., affected)| *affected) {
                    Status::Affected
                } else {
                    Status::Undetermined
                },
                id,
                aliases: names,
                files,
            };
            let suppressed = by_patch(&vulnerability, subject)
                .or_else(|| opinions.on(&vulnerability, subject))
                .or_else(|| by_recipe(&vulnerability, subject))
                .or_else(|| not_compiled(&vulnerability, subject));
            if let Some(verdict) = suppressed {
                vulnerability.verdict = verdict;
            }
            found.push(vulnerability);
        }
    }
    found.sort_by(|a, b| (&a.subject, &a.id).cmp(&(&b.subject, &b.id)));
    found
}

/// Whether another record of the same vulnerability says that the version is not affected: a
/// changelog only says where it was fixed.
fn answered(changelog: &Record, subject: &Subject<'_>, records: &[&Record]) -> bool {
    records.iter().any(|record| {
        let same = record.has_name(&changelog.id)
            && !record.is_downstream()
            && !record.withdrawn
            && record.names(subject);
        same && record.judge(subject) == Judgement::Unaffected
    })
}

/// What the recipe says of it, where it says that the source is not affected.
fn by_recipe(vulnerability: &Vulnerability, subject: &Subject<'_>) -> Option<Status> {
    let recipe = &subject.selected.recipe;
    let said = recipe
        .not_affected
        .iter()
        .find(|said| vulnerability.has_name(said.vulnerability.as_str()))?;
    let (by, justification) = (
        format!("recipes/{}", recipe.file),
        Some(said.justification.as_str().to_owned()),
    );
    Some(Status::NotAffected(Suppression {
        by,
        justification,
        reason: said.reason.to_string(),
    }))
}

fn not_compiled(vulnerability: &Vulnerability, subject: &Subject<'_>) -> Option<Status> {
    let files = absent(subject.selected, &vulnerability.files)?;
    let reason = format!(
        "the affected files are not among the inputs, so that they are not even unpacked: {}",
        files.join(", ")
    );
    let justification = Some("vulnerable_code_not_present".to_owned());
    Some(Status::NotAffected(Suppression {
        by: NOT_COMPILED.to_owned(),
        justification,
        reason,
    }))
}

/// Records that share a name, directly or through others, as indices.
fn groups(records: &[&Record]) -> Vec<Vec<usize>> {
    let mut group_of: Vec<usize> = (0..records.len()).collect();
    let mut owner: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, record) in records.iter().enumerate() {
        for name in std::iter::once(&record.id).chain(&record.aliases) {
            let first = *owner.entry(name).or_insert(index);
            let (from, to) = (group_of[index], group_of[first]);
            group_of
                .iter_mut()
                .filter(|group| **group == from)
                .for_each(|group| *group = to);
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, group) in group_of.into_iter().enumerate() {
        groups.entry(group).or_default().push(index);
    }
    groups.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(id: &str, aliases: &[&str]) -> Record {
        Record {
            id: id.into(),
            aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
            summary: String::new(),
            withdrawn: false,
            affected: Vec::new(),
            schema: None,
            modified: None,
            file: String::new(),
        }
    }

    #[test]
    fn records_that_share_a_name_through_others_are_one() {
        let records = [
            record("CVE-1", &[]),
            record("GHSA-2", &["CVE-2"]),
            record("OSV-1", &["GHSA-1"]),
            record("GHSA-1", &["CVE-1"]),
            record("CVE-3", &[]),
        ];
        let mut found = groups(&records.iter().collect::<Vec<_>>());
        found.sort();
        assert_eq!(found, [vec![0, 2, 3], vec![1], vec![4]]);
    }

    proptest! {
        #[test]
        fn every_record_is_in_one_group_and_no_name_is_in_two(links in prop::collection::vec((0u8..12, prop::collection::vec(0u8..12, 0..3)), 0..12)) {
            let records: Vec<_> = links.iter().map(|(id, aliases)| {
                let aliases: Vec<_> = aliases.iter().map(|alias| format!("X-{alias}")).collect();
                record(&format!("X-{id}"), &aliases.iter().map(String::as_str).collect::<Vec<_>>())
            }).collect();
            let groups = groups(&records.iter().collect::<Vec<_>>());
            let mut seen: Vec<_> = groups.iter().flatten().copied().collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..records.len()).collect::<Vec<_>>());
            for (number, group) in groups.iter().enumerate() {
                let names = |group: &Vec<usize>| -> Vec<String> {
                    group.iter().flat_map(|&index| std::iter::once(&records[index].id).chain(&records[index].aliases)).cloned().collect()
                };
                for other in &groups[number + 1..] {
                    prop_assert!(names(group).iter().all(|name| !names(other).contains(name)));
                }
            }
        }
    }
}
