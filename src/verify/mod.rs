//! Whether a prefix still is what it was made as. The manifest is the root: it lists every file
//! with its digest. The build trace holds the digest of the manifest as it was before the two were
//! tied together, the documents hold digests of files, members and inputs, and each of these is
//! computed anew. Whoever changes one of them alone is found out; whoever changes all of them alike
//! is found out by the manifest's own digest, by recipes and lock ([`Verified::against_plan`]), or
//! by a second build ([`Verified::against_rebuilt`]).

mod archives;
mod changes;
mod discrepancy;
mod disk;
mod documents;
mod index;
mod records;

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use rayon::prelude::*;
use serde::Serialize;

pub use changes::{
    ArchiveSymbols, Changed, LockChanges, PrefixChanges, SourceChange, SymbolChange,
};
pub use discrepancy::{Discrepancy, DiscrepancyKind};

use crate::build::{BUILD_TRACE, BuildError, BuildTrace, MANIFEST, Manifest, ManifestFile};
use crate::model::{Content, RelPath, Sha256};
use crate::plan::Plan;
use crate::store::{Reading, open_regular};
use crate::toolchain::Toolchain;
use disk::{Disk, PrefixFiles};
use documents::Truth;
use index::{ListedFiles, Traced};

/// How much was computed anew.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct VerifiedCounts {
    /// Of the prefix, the manifest among them.
    pub files: usize,
    /// Of its archives.
    pub members: usize,
    /// In SPDX 2.3.
    pub documents: usize,
    /// In these documents.
    pub checksums: usize,
    /// Package verification codes, in these documents.
    pub codes: usize,
}

/// A prefix that was looked at.
pub struct Verified {
    /// Of the manifest's bytes, where there is one.
    pub manifest_sha256: Option<Sha256>,
    /// Where it can be read.
    pub manifest: Option<Manifest>,
    trace: Option<BuildTrace>,
    files: PrefixFiles,
    pub counts: VerifiedCounts,
    findings: Vec<Discrepancy>,
}

/// A digest over everything in the prefix at `prefix`, rights included; what [`verify`] finds
/// follows from it. None where something there is neither a file nor a folder, or can't be read.
#[must_use]
pub fn fingerprint(prefix: &Utf8Path) -> Option<Sha256> {
    let mut findings = Vec::new();
    let fingerprint = Disk::walk(prefix, &mut findings).fingerprint()?;
    findings.is_empty().then_some(fingerprint)
}

/// Computes everything in the prefix at `prefix` anew. `expected` is what the manifest's own digest
/// must be, where that is known from elsewhere.
///
/// # Errors
/// When there is no prefix.
pub fn verify(prefix: &Utf8Path, expected: Option<Sha256>) -> Result<Verified, BuildError> {
    let about = MANIFEST
        .rsplit_once('/')
        .map_or(MANIFEST, |(folder, _)| folder);
    // Only what once was a prefix can be a damaged one: anything else is a mistyped path, and is
    // not walked through.
    if !prefix.is_dir()
        || ["share", about]
            .iter()
            .any(|below| fs_err::symlink_metadata(prefix.join(below)).is_err())
    {
        return Err(BuildError::NoPrefix {
            prefix: prefix.to_owned(),
        });
    }
    // No build swaps another prefix in while this one is read.
    let _reading = Reading::of(prefix);
    let mut findings = Vec::new();
    let disk = Disk::walk(prefix, &mut findings);
    let mut verified = Verified {
        manifest_sha256: None,
        manifest: None,
        trace: None,
        files: PrefixFiles::default(),
        counts: VerifiedCounts::default(),
        findings: Vec::new(),
    };
    match disk.read(MANIFEST) {
        Err(finding) => findings.push(*finding),
        Ok(bytes) => {
            let found = Sha256::of(&bytes);
            verified.manifest_sha256 = Some(found);
            if let Some(expected) = expected.filter(|expected| *expected != found) {
                let problem = "it is not the manifest whose digest was given";
                findings.push(
                    Discrepancy::new(MANIFEST, DiscrepancyKind::Content, problem)
                        .expected(expected, found),
                );
            }
            match Manifest::parse(&bytes) {
                Ok(manifest) => {
                    findings.extend(records::form(MANIFEST, &bytes, &manifest.to_text()));
                    verified.manifest = Some(manifest);
                }
                Err(problem) => findings.push(Discrepancy::new(
                    MANIFEST,
                    DiscrepancyKind::Record,
                    format!("it is not a manifest of wasideps: {problem}"),
                )),
            }
        }
    }
    if let Some(manifest) = &verified.manifest {
        verified.files = disk.hash_all(&manifest.files, &mut findings);
        disk.unexpected_files(&manifest.files, &mut findings);
        let (counts, trace) = contents(manifest, &verified.files, &mut findings);
        (verified.counts, verified.trace) = (counts, trace);
    }
    verified.add(findings);
    Ok(verified)
}

/// Compares bytes and records.
fn contents(
    manifest: &Manifest,
    files: &PrefixFiles,
    findings: &mut Vec<Discrepancy>,
) -> (VerifiedCounts, Option<BuildTrace>) {
    for file in &manifest.files {
        if let Some(content) = files.get(file.path.as_str()) {
            findings.extend(changed(file, content));
        }
    }
    let trace = files.bytes(BUILD_TRACE).and_then(|bytes| {
        let parsed = bytes.and_then(|bytes| match BuildTrace::parse(&bytes) {
            Ok(trace) => {
                findings.extend(records::form(BUILD_TRACE, &bytes, &trace.to_text()));
                Ok(trace)
            }
            Err(problem) => Err(Box::new(Discrepancy::new(
                BUILD_TRACE,
                DiscrepancyKind::Record,
                format!("it is not a build trace of wasideps: {problem}"),
            ))),
        });
        parsed.map_err(|finding| findings.push(*finding)).ok()
    });
    if !manifest
        .files
        .iter()
        .any(|file| file.path.as_str() == BUILD_TRACE)
    {
        findings.push(Discrepancy::new(
            MANIFEST,
            DiscrepancyKind::Record,
            format!("it does not list {BUILD_TRACE}"),
        ));
    }
    let traced = trace.as_ref().map(Traced::new);
    let members = archives::check(manifest, traced.as_ref(), files, findings);
    let mut counts = VerifiedCounts {
        files: files.len() + 1,
        members: members.len(),
        ..VerifiedCounts::default()
    };
    if let (Some(trace), Some(traced)) = (&trace, &traced) {
        records::check(manifest, trace, traced, findings);
        let checked = documents::check(
            &Truth {
                manifest,
                listed: &ListedFiles::new(manifest),
                traced,
                files,
                members: &members,
            },
            findings,
        );
        (counts.documents, counts.checksums, counts.codes) =
            (checked.documents, checked.checksums, checked.codes);
    }
    (counts, trace)
}

fn changed(file: &ManifestFile, content: &Content) -> Option<Discrepancy> {
    let finding =
        |problem: &str| Discrepancy::new(file.path.as_str(), DiscrepancyKind::Content, problem);
    if content.sha256 != file.sha256 {
        return Some(
            finding("another content than the manifest says").expected(file.sha256, content.sha256),
        );
    }
    if content.sha1 != file.sha1 {
        return Some(finding("the manifest gives another SHA-1").expected(file.sha1, content.sha1));
    }
    (content.size != file.size)
        .then(|| finding("the manifest gives another size").expected(file.size, content.size))
}

impl Verified {
    /// All that is not as it should be; sorted by path, nothing twice.
    #[must_use]
    pub fn findings(&self) -> &[Discrepancy] {
        &self.findings
    }

    /// The build trace, where it can be read.
    #[must_use]
    pub fn trace(&self) -> Option<&BuildTrace> {
        self.trace.as_ref()
    }

    fn add(&mut self, findings: impl IntoIterator<Item = Discrepancy>) {
        self.findings.extend(findings);
        self.findings.sort();
        self.findings.dedup();
    }

    /// Compares with what recipes and lock give: `plan` has the manifest's key, and `documents` are
    /// its documents, made anew.
    pub fn against_plan(&mut self, plan: &Plan, documents: &[(RelPath, String)]) {
        let Some(manifest) = &self.manifest else {
            return;
        };
        let mut findings = Vec::new();
        let mut planned = plan.jobs.iter();
        for (source, installed) in plan.sources.iter().zip(&manifest.sources) {
            let locked = &source.selected;
            let expected = (
                &locked.recipe.name,
                &locked.source.version,
                &locked.source.inputs,
                &source.tree_key,
                &source.modules,
            );
            if expected
                != (
                    &installed.name,
                    &installed.version,
                    &installed.inputs,
                    &installed.tree,
                    &installed.modules,
                )
            {
                findings.push(Discrepancy::new(
                    MANIFEST,
                    DiscrepancyKind::Lock,
                    format!(
                        "what it says of {} is not what recipes and lock give",
                        installed.name
                    ),
                ));
            }
        }
        let traced = self.trace.iter().flat_map(|trace| &trace.members);
        for member in traced {
            if planned
                .next()
                .is_none_or(|planned| planned.job.arguments != member.arguments)
            {
                let problem = "its flags are not those of its recipe";
                findings.push(
                    Discrepancy::new(member.archive.as_str(), DiscrepancyKind::Lock, problem)
                        .member(&member.name),
                );
            }
        }
        for (path, text) in documents {
            let expected = Sha256::of(text.as_bytes());
            let Some(found) = self
                .files
                .get(path.as_str())
                .map(|content| content.sha256)
                .filter(|found| *found != expected)
            else {
                continue;
            };
            let bytes = self
                .files
                .bytes(path.as_str())
                .and_then(Result::ok)
                .unwrap_or_default();
            let same = bytes
                .split(|byte| *byte == b'\n')
                .zip(text.lines())
                .take_while(|(found, line)| *found == line.as_bytes())
                .count();
            let problem = format!(
                "it is not what recipes, lock, manifest and build trace give, from line {}",
                same + 1
            );
            findings.push(
                Discrepancy::new(path.as_str(), DiscrepancyKind::Lock, problem)
                    .expected(expected, found),
            );
        }
        self.add(findings);
    }

    /// Compares with an SDK: whether it is the manifest's, and whether its headers are those that
    /// were opened.
    pub fn against_sdk(&mut self, toolchain: &Toolchain) {
        let Some(manifest) = &self.manifest else {
            return;
        };
        let mut findings = Vec::new();
        let (made_with, at_hand) = (&manifest.toolchain, toolchain.identity());
        if made_with != at_hand {
            let problem = "it was made with another SDK than this one";
            findings.push(
                Discrepancy::new(MANIFEST, DiscrepancyKind::Stamp, problem)
                    .expected(made_with.stamp(), at_hand.stamp()),
            );
        }
        let opened: Vec<_> = self
            .trace
            .iter()
            .flat_map(|trace| &trace.files)
            .filter(|file| file.source.is_none())
            .collect();
        let differing = opened.par_iter().filter_map(|file| {
            let found = open_regular(&toolchain.root().join(file.path.as_str()))
                .and_then(Sha256::of_reader);
            let found =
                found.map_or_else(|error| error.to_string(), |(digest, _)| digest.to_string());
            let problem = format!(
                "this SDK has another {} than the one that was opened",
                file.path
            );
            (found != file.content.sha256.to_string()).then(|| {
                Discrepancy::new(BUILD_TRACE, DiscrepancyKind::Stamp, problem)
                    .expected(file.content.sha256, found)
            })
        });
        findings.extend(differing.collect::<Vec<_>>());
        self.add(findings);
    }

    /// Compares byte by byte with the prefix at `again`, which was built from the same plan. Of an
    /// archive that differs, the first differing member is named.
    ///
    /// # Errors
    /// When there is no prefix at `again`.
    pub fn against_rebuilt(&mut self, again: &Utf8Path) -> Result<(), BuildError> {
        let rebuilt = verify(again, None)?;
        let all = |verified: &Self| {
            let manifest = verified
                .manifest
                .as_ref()
                .map(Manifest::to_text)
                .unwrap_or_default();
            let files = verified
                .files
                .iter()
                .map(|(path, content)| (path.to_owned(), content.sha256));
            files
                .chain([(MANIFEST.to_owned(), Sha256::of(manifest.as_bytes()))])
                .collect::<BTreeMap<_, _>>()
        };
        let (mine, other) = (all(self), all(&rebuilt));
        let mut findings = Vec::new();
        for path in mine.keys().chain(other.keys()).collect::<BTreeSet<_>>() {
            match (mine.get(path), other.get(path)) {
                (Some(found), Some(expected)) if found != expected => {
                    let finding = Discrepancy::new(
                        path,
                        DiscrepancyKind::Rebuilt,
                        "a second build made other bytes",
                    )
                    .expected(expected, found);
                    let bytes = |files: &PrefixFiles| {
                        files.bytes(path).and_then(Result::ok).unwrap_or_default()
                    };
                    findings.push(
                        match first_member(&bytes(&rebuilt.files), &bytes(&self.files)) {
                            Some(member) => finding.member(member),
                            None => finding,
                        },
                    );
                }
                (Some(_), None) => findings.push(Discrepancy::new(
                    path,
                    DiscrepancyKind::Rebuilt,
                    "a second build did not make it",
                )),
                // What is missing is reported already, but for what the manifest does not list.
                (None, Some(_)) => findings.push(Discrepancy::new(
                    path,
                    DiscrepancyKind::Rebuilt,
                    "only a second build made it",
                )),
                _ => {}
            }
        }
        self.add(findings);
        Ok(())
    }
}

/// The first member in which two archives differ; `None` where they are no archives, or have the
/// same members.
fn first_member(expected: &[u8], found: &[u8]) -> Option<String> {
    let (expected, found) = (
        archives::members(expected).ok()?,
        archives::members(found).ok()?,
    );
    let first = expected
        .iter()
        .zip(&found)
        .find(|(expected, found)| expected != found)
        .map(|(expected, _)| expected.0.clone());
    first.or_else(|| {
        expected
            .get(found.len())
            .or_else(|| found.get(expected.len()))
            .map(|(name, _)| name.clone())
    })
}
