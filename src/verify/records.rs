//! Manifest and build trace: whether each is in the form in which it is written, and whether they
//! agree.

use super::index::Traced;
use super::{Discrepancy, DiscrepancyKind};
use crate::build::{BUILD_TRACE, BuildTrace, FileOrigin, MANIFEST, Manifest};
use crate::plan;

/// Compares the two; all that each says of the same thing must be the same.
pub fn check(
    manifest: &Manifest,
    trace: &BuildTrace,
    traced: &Traced<'_>,
    findings: &mut Vec<Discrepancy>,
) {
    let differs =
        |path: &str, problem: String| Discrepancy::new(path, DiscrepancyKind::Record, problem);
    let bare = manifest.bare().digest();
    if trace.manifest != bare {
        let problem = "manifest or build trace was changed: the build trace belongs to a manifest with another digest".to_owned();
        findings.push(differs(MANIFEST, problem.clone()).expected(trace.manifest, bare));
        findings.push(differs(BUILD_TRACE, problem).expected(trace.manifest, bare));
    }
    let target = format!("--target={}", manifest.config().target());
    if !trace.base_arguments.contains(&target) {
        findings.push(differs(
            BUILD_TRACE,
            format!("its commands and the manifest are not for one target: no {target}"),
        ));
    }
    members(manifest, trace, findings);
    for source in &manifest.sources {
        let inputs = trace
            .files_of(&source.name)
            .filter(|file| file.origin == FileOrigin::Input);
        let inputs: Vec<_> = inputs
            .map(|file| {
                (
                    &file.path,
                    &file.unpatched.as_ref().unwrap_or(&file.content).sha256,
                )
            })
            .collect();
        let found = plan::inputs_digest(inputs);
        if found != source.inputs {
            let problem = format!(
                "the inputs of {} have another digest than the manifest says",
                source.name
            );
            findings.push(differs(BUILD_TRACE, problem).expected(source.inputs, found));
        }
    }
    for file in &manifest.files {
        let (Some(owner), Some(from)) = (&file.source, &file.copy_of) else {
            continue;
        };
        match traced.file(owner.as_str(), from.as_str()) {
            Some(traced) if (traced.content.sha256, traced.content.sha1, traced.content.size) == (file.sha256, file.sha1, file.size) => {}
            Some(traced) => findings.push(
                differs(file.path.as_str(), format!("the manifest calls it a copy of {owner}'s {from}, which the build trace contradicts"))
                    .expected(traced.content.sha256, file.sha256),
            ),
            None => {
                findings
                    .push(differs(file.path.as_str(), format!("it is a copy of {owner}'s {from}, which the build trace does not have")));
            }
        }
    }
}

/// The members, in order, with what they were made from.
fn members(manifest: &Manifest, trace: &BuildTrace, findings: &mut Vec<Discrepancy>) {
    let mut traced = trace.members.iter();
    for archive in manifest.archives() {
        for member in &archive.members {
            let same = traced.next().is_some_and(|traced| {
                let from = &trace.files[traced.source].path;
                traced.archive == archive.path
                    && (&traced.name, traced.content.sha256, from)
                        == (&member.name, member.sha256, member.source.path())
            });
            if !same {
                let problem = "manifest and build trace differ in it, or in what it was made from";
                findings.push(
                    Discrepancy::new(archive.path.as_str(), DiscrepancyKind::Record, problem)
                        .member(&member.name),
                );
            }
        }
    }
    for rest in traced {
        findings.push(
            Discrepancy::new(
                rest.archive.as_str(),
                DiscrepancyKind::Record,
                "only the build trace has it",
            )
            .member(&rest.name),
        );
    }
}

/// A record must be written just as this program writes it: blanks, order and repeated keys could
/// hide something from other readers.
pub fn form(path: &str, text: &[u8], written: &str) -> Option<Discrepancy> {
    let differs = || {
        text.iter()
            .zip(written.as_bytes())
            .take_while(|(found, expected)| found == expected)
            .count()
    };
    (text != written.as_bytes()).then(|| {
        Discrepancy::new(
            path,
            DiscrepancyKind::Record,
            format!(
                "it is not in the form in which it is written, from byte {}",
                differs()
            ),
        )
    })
}
