//! The SPDX 2.3 documents of a prefix: every checksum and verification code in them, computed anew
//! from what is on disk or in the build trace. A document of another format is held by its digest
//! in the manifest alone, and by what recipes and lock give.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::Deserialize;

use super::archives::Members;
use super::disk::PrefixFiles;
use super::index::{ListedFiles, Traced};
use super::{Discrepancy, DiscrepancyKind};
use crate::build::{FileOrigin, Manifest, ManifestSource, SBOM};
use crate::model::{Content, Sha1, Sha256};
use crate::sbom::{VerificationCode, source_document_path};

/// What documents are compared with.
pub struct Truth<'a> {
    pub manifest: &'a Manifest,
    pub listed: &'a ListedFiles<'a>,
    pub traced: &'a Traced<'a>,
    pub files: &'a PrefixFiles,
    pub members: &'a Members,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct DocumentCounts {
    pub documents: usize,
    pub checksums: usize,
    pub codes: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReadDocument {
    document_namespace: String,
    #[serde(default)]
    external_document_refs: Vec<External>,
    #[serde(default)]
    packages: Vec<ReadPackage>,
    #[serde(default)]
    files: Vec<ReadFile>,
    #[serde(default)]
    relationships: Vec<ReadRelationship>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct External {
    spdx_document: String,
    checksum: ReadChecksum,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReadPackage {
    #[serde(rename = "SPDXID")]
    id: String,
    name: String,
    #[serde(default)]
    package_file_name: Option<String>,
    #[serde(default)]
    package_verification_code: Option<Code>,
    #[serde(default)]
    checksums: Vec<ReadChecksum>,
    #[serde(default)]
    source_info: String,
    #[serde(default)]
    primary_package_purpose: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Code {
    package_verification_code_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReadFile {
    #[serde(rename = "SPDXID")]
    id: String,
    file_name: String,
    #[serde(default)]
    checksums: Vec<ReadChecksum>,
}

impl ReadFile {
    fn path(&self) -> &str {
        self.file_name.strip_prefix("./").unwrap_or(&self.file_name)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReadChecksum {
    algorithm: String,
    checksum_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReadRelationship {
    spdx_element_id: String,
    relationship_type: String,
    related_spdx_element: String,
}

/// Checks all SPDX 2.3 documents.
pub fn check(truth: &Truth<'_>, findings: &mut Vec<Discrepancy>) -> DocumentCounts {
    let known = truth
        .manifest
        .files
        .iter()
        .filter(|file| file.source.is_none() && file.path.as_str().ends_with(".json"));
    let known: Vec<&str> = known.map(|file| file.path.as_str()).collect();
    let parsed: Vec<_> = known
        .into_par_iter()
        .with_max_len(1)
        .filter_map(|path| {
            let text = match truth.files.bytes(path)? {
                Ok(text) => text,
                Err(finding) => return Some((path, Vec::new(), Err(finding))),
            };
            let parsed = document(path, &text)?;
            Some((path, text, parsed))
        })
        .map(|(path, text, parsed)| {
            let mut findings = Vec::new();
            let checked = parsed.map(|document| {
                let counts = Checked::new(path, &document, truth, &mut findings).check(&text);
                (path, document, counts)
            });
            (checked, findings)
        })
        .collect();
    let mut counts = DocumentCounts::default();
    let mut documents = BTreeMap::new();
    for (checked, mut found) in parsed {
        findings.append(&mut found);
        match checked {
            Ok((path, document, counted)) => {
                counts.documents += 1;
                counts.checksums += counted.checksums;
                counts.codes += counted.codes;
                documents.insert(path, document);
            }
            Err(finding) => findings.push(*finding),
        }
    }
    for source in &truth.manifest.sources {
        let path = source_document_path(&source.name);
        if !documents.contains_key(path.as_str()) && truth.files.get(path.as_str()).is_some() {
            findings.push(Discrepancy::new(
                path.as_str(),
                DiscrepancyKind::Document,
                format!("it is not an SPDX 2.3 document of {}", source.name),
            ));
        }
    }
    counts.checksums += references(&documents, truth, findings);
    counts
}

/// The document in `text`, where it is one of SPDX 2.3.
fn document(path: &str, text: &[u8]) -> Option<Result<ReadDocument, Box<Discrepancy>>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Probe {
        spdx_version: Option<String>,
    }
    let broken = |problem: &dyn std::fmt::Display| {
        Box::new(Discrepancy::new(
            path,
            DiscrepancyKind::Document,
            format!("it can't be read: {problem}"),
        ))
    };
    match serde_json::from_slice::<Probe>(text) {
        Ok(Probe {
            spdx_version: Some(version),
        }) if version == "SPDX-2.3" => {
            Some(serde_json::from_slice(text).map_err(|error| broken(&error)))
        }
        Ok(_) => None,
        Err(error) => Some(Err(broken(&error))),
    }
}

/// The references from document to document: the checksum of each, and that each source's is
/// referred to.
fn references(
    documents: &BTreeMap<&str, ReadDocument>,
    truth: &Truth<'_>,
    findings: &mut Vec<Discrepancy>,
) -> usize {
    let Some(main) = documents.get(SBOM) else {
        return 0;
    };
    let finding = |problem: String| Discrepancy::new(SBOM, DiscrepancyKind::Document, problem);
    for external in &main.external_document_refs {
        let target = documents
            .iter()
            .find(|(_, document)| document.document_namespace == external.spdx_document);
        let Some(file) = target.and_then(|(path, _)| truth.files.get(path)) else {
            findings.push(finding(format!(
                "it refers to {}, which is not a document of the prefix",
                external.spdx_document
            )));
            continue;
        };
        let path = target.map_or("", |(path, _)| path);
        if let Some(problem) = mismatch(std::slice::from_ref(&external.checksum), file) {
            findings.push(
                finding(format!("it refers to {path} by another digest"))
                    .expected(problem.0, problem.1),
            );
        }
    }
    for path in truth
        .manifest
        .sources
        .iter()
        .map(|source| source_document_path(&source.name))
    {
        let named = |document: &ReadDocument| {
            main.external_document_refs
                .iter()
                .any(|external| external.spdx_document == document.document_namespace)
        };
        if documents
            .get(path.as_str())
            .is_some_and(|document| !named(document))
        {
            findings.push(finding(format!("it does not refer to {path}")));
        }
    }
    main.external_document_refs.len()
}

/// The first checksum that `content` does not have, and what it has; also where there is none to
/// compare.
fn mismatch(checksums: &[ReadChecksum], content: &Content) -> Option<(String, String)> {
    let (sha1, sha256) = (content.sha1.to_string(), content.sha256.to_string());
    let known = checksums
        .iter()
        .filter_map(|checksum| match checksum.algorithm.as_str() {
            "SHA1" => Some((&checksum.checksum_value, &sha1)),
            "SHA256" => Some((&checksum.checksum_value, &sha256)),
            _ => None,
        });
    let mut known = known.peekable();
    if known.peek().is_none() {
        return Some(("a SHA-1 or SHA-256".to_owned(), "none".to_owned()));
    }
    known
        .find(|(stated, computed)| stated != computed)
        .map(|(stated, computed)| (stated.clone(), computed.clone()))
}

/// A document that is being checked.
struct Checked<'a> {
    path: &'a str,
    document: &'a ReadDocument,
    truth: &'a Truth<'a>,
    findings: &'a mut Vec<Discrepancy>,
    files: BTreeMap<&'a str, &'a ReadFile>,
    contains: BTreeMap<&'a str, Vec<&'a str>>,
    patches: BTreeSet<&'a str>,
    counts: DocumentCounts,
}

impl<'a> Checked<'a> {
    fn new(
        path: &'a str,
        document: &'a ReadDocument,
        truth: &'a Truth<'a>,
        findings: &'a mut Vec<Discrepancy>,
    ) -> Self {
        let mut contains: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let mut patches = BTreeSet::new();
        for relationship in &document.relationships {
            match relationship.relationship_type.as_str() {
                "CONTAINS" => contains
                    .entry(&relationship.spdx_element_id)
                    .or_default()
                    .push(&relationship.related_spdx_element),
                "PATCH_FOR" => drop(patches.insert(relationship.spdx_element_id.as_str())),
                _ => {}
            }
        }
        let files = document
            .files
            .iter()
            .map(|file| (file.id.as_str(), file))
            .collect();
        Self {
            path,
            document,
            truth,
            findings,
            files,
            contains,
            patches,
            counts: DocumentCounts::default(),
        }
    }

    fn says(&mut self, problem: String) -> &mut Discrepancy {
        self.findings.push(Discrepancy::new(
            self.path,
            DiscrepancyKind::Document,
            problem,
        ));
        self.findings.last_mut().expect("it was just pushed")
    }

    fn check(mut self, text: &[u8]) -> DocumentCounts {
        let mut installed = BTreeSet::new();
        let mut rest: BTreeSet<&str> = self.files.keys().copied().collect();
        for package in &self.document.packages {
            let ids = self
                .contains
                .get(package.id.as_str())
                .cloned()
                .unwrap_or_default();
            let files: Vec<&ReadFile> = ids
                .iter()
                .filter_map(|id| self.files.get(id).copied())
                .collect();
            for file in &files {
                rest.remove(file.id.as_str());
            }
            if package.primary_package_purpose == "LIBRARY" {
                installed.extend(files.iter().map(|file| file.path()));
                self.library(package, &files);
            } else {
                self.source(package, &files);
            }
            self.stamp(package);
        }
        self.covers(&installed);
        let mut members = BTreeSet::new();
        for ids in self.contains.values() {
            for file in ids
                .iter()
                .filter(|id| rest.contains(**id))
                .filter_map(|id| self.files.get(*id))
            {
                members.insert(file.id.as_str());
            }
        }
        for id in &members {
            rest.remove(id);
        }
        self.members(&members);
        self.traced(&rest);
        self.namespace(text);
        self.counts
    }

    /// A file below the prefix, or an archive's member; told of only where the document differs
    /// from what the manifest says too: that a file itself was changed is reported already.
    fn compare(
        &mut self,
        what: &str,
        checksums: &[ReadChecksum],
        on_disk: &Content,
        stated: Option<(Sha1, Sha256)>,
    ) {
        self.counts.checksums += checksums.len();
        let Some((expected, found)) = mismatch(checksums, on_disk) else {
            return;
        };
        let as_stated = stated.is_some_and(|(sha1, sha256)| {
            mismatch(
                checksums,
                &Content {
                    sha256,
                    sha1,
                    ..*on_disk
                },
            )
            .is_none()
        });
        if !as_stated {
            let finding = self.says(format!("it gives another digest of {what}"));
            (finding.expected, finding.found) = (Some(expected), Some(found));
        }
    }

    fn stated(&self, path: &str) -> Option<(Sha1, Sha256)> {
        let file = self.truth.listed.get(path)?;
        Some((file.sha1, file.sha256))
    }

    /// A package of files below the prefix.
    fn library(&mut self, package: &ReadPackage, files: &[&ReadFile]) {
        let truth = self.truth;
        for file in files {
            let path = file.path();
            match truth.files.get(path) {
                Some(content) => self.compare(path, &file.checksums, content, self.stated(path)),
                None if self.stated(path).is_none() => {
                    self.says(format!("it lists {path}, which the manifest does not"));
                }
                // That it can't be read is reported already.
                None => {}
            }
        }
        if let Some(path) = &package.package_file_name
            && let Some(content) = truth.files.get(path.as_str())
        {
            self.compare(path, &package.checksums, content, self.stated(path));
        }
        if let Some(code) = &package.package_verification_code {
            let on_disk = files
                .iter()
                .filter_map(|file| truth.files.get(file.path()).map(|content| content.sha1));
            let stated = files
                .iter()
                .filter_map(|file| self.stated(file.path()).map(|(sha1, _)| sha1));
            let (on_disk, stated) = (VerificationCode::of(on_disk), VerificationCode::of(stated));
            self.code(&package.name, code, &on_disk, Some(&stated));
        }
    }

    /// A package of files of a source: its inputs, as the build trace has them.
    fn source(&mut self, package: &ReadPackage, files: &[&ReadFile]) {
        let Some(code) = &package.package_verification_code else {
            return;
        };
        let files_of = self.truth.traced.files_of(&package.name);
        let inputs: BTreeMap<&str, Content> = files_of
            .filter(|file| file.origin == FileOrigin::Input)
            .map(|file| (file.path.as_str(), file.unpatched.unwrap_or(file.content)))
            .collect();
        let listed: BTreeSet<&str> = files.iter().map(|file| file.path()).collect();
        for file in files {
            match inputs.get(file.path()) {
                Some(content) => self.compare(
                    &format!("{}'s {}", package.name, file.path()),
                    &file.checksums,
                    content,
                    None,
                ),
                None => drop(self.says(format!(
                    "it lists {} of {}, which the build trace does not",
                    file.path(),
                    package.name
                ))),
            }
        }
        for path in inputs.keys().filter(|path| !listed.contains(*path)) {
            self.says(format!("it does not list {path} of {}", package.name));
        }
        let sha1 = |file: &&ReadFile| {
            let checksum = file
                .checksums
                .iter()
                .find(|checksum| checksum.algorithm == "SHA1")?;
            checksum.checksum_value.parse::<Sha1>().ok()
        };
        let from_list = VerificationCode::of(files.iter().filter_map(sha1));
        self.code(&package.name, code, &from_list, None);
    }

    fn code(
        &mut self,
        package: &str,
        code: &Code,
        computed: &VerificationCode,
        stated: Option<&VerificationCode>,
    ) {
        self.counts.codes += 1;
        let value = &code.package_verification_code_value;
        let same = |other: &VerificationCode| other.package_verification_code_value == *value;
        if !same(computed) && !stated.is_some_and(same) {
            let finding = self.says(format!(
                "another verification code of {package} than its files give"
            ));
            (finding.expected, finding.found) = (
                Some(value.clone()),
                Some(computed.package_verification_code_value.clone()),
            );
        }
    }

    /// The SDK, where the package is that: it must be the manifest's.
    fn stamp(&mut self, package: &ReadPackage) {
        let identity = &self.truth.manifest.toolchain;
        let digest = identity.digest.to_string();
        let stated = package
            .checksums
            .iter()
            .find(|checksum| checksum.algorithm == "SHA256")
            .map(|checksum| checksum.checksum_value.as_str());
        if package.name == "wasi-sdk"
            && !(stated == Some(&digest) && package.source_info.contains(&identity.to_string()))
        {
            let (expected, found) = (
                format!("{identity}, {digest}"),
                format!("{}, {}", package.source_info, stated.unwrap_or("no digest")),
            );
            let finding = self.says("it names another SDK than the manifest".to_owned());
            (finding.kind, finding.expected, finding.found) =
                (DiscrepancyKind::Stamp, Some(expected), Some(found));
        }
    }

    /// Each installed file must be listed: in the document of the prefix, and in that of its
    /// source.
    fn covers(&mut self, installed: &BTreeSet<&str>) {
        let truth = self.truth;
        let own = truth
            .manifest
            .sources
            .iter()
            .find(|source| source_document_path(&source.name).as_str() == self.path);
        if own.is_none() && self.path != SBOM {
            return;
        }
        let expected = truth
            .manifest
            .files
            .iter()
            .filter(|file| match (&file.source, own) {
                (Some(source), Some(own)) => *source == own.name,
                (source, _) => source.is_some(),
            });
        for file in expected.filter(|file| !installed.contains(file.path.as_str())) {
            self.says(format!("it does not list {}", file.path));
        }
    }

    fn members(&mut self, ids: &BTreeSet<&str>) {
        let truth = self.truth;
        let mut listed = BTreeSet::new();
        for id in ids {
            let file = self.files[id];
            let name = file.path();
            let key = name
                .split_once(':')
                .map(|(archive, member)| (archive.to_owned(), member.to_owned()));
            let Some(key) = key else {
                self.says(format!(
                    "it says that a file contains {name}, which is not a member of an archive"
                ));
                continue;
            };
            let traced = truth.traced.member(&key.0, &key.1);
            let stated = traced.map(|traced| (traced.content.sha1, traced.content.sha256));
            match truth.members.get(&key) {
                Some(content) => self.compare(name, &file.checksums, content, stated),
                None if stated.is_none() => {
                    self.says(format!("it lists {name}, which the build trace does not"));
                }
                None => {}
            }
            listed.insert(key);
        }
        let own = truth
            .manifest
            .sources
            .iter()
            .find(|source| source_document_path(&source.name).as_str() == self.path);
        for archive in own.into_iter().flat_map(ManifestSource::archives) {
            for member in &archive.members {
                if !listed.contains(&(archive.path.to_string(), member.name.clone())) {
                    self.says(format!("it does not list {}:{}", archive.path, member.name));
                }
            }
        }
    }

    /// What is left: files of the source's tree and of the SDK, which the build trace has under the
    /// same path. Patches are known to the recipes alone.
    fn traced(&mut self, ids: &BTreeSet<&str>) {
        for id in ids
            .iter()
            .filter(|id| !self.patches.contains(*id))
            .copied()
            .collect::<Vec<_>>()
        {
            let file = self.files[id];
            self.counts.checksums += file.checksums.len();
            let contents = self.truth.traced.contents(file.path());
            if !contents
                .iter()
                .any(|content| mismatch(&file.checksums, content).is_none())
            {
                let stated = file
                    .checksums
                    .iter()
                    .map(|checksum| checksum.checksum_value.as_str())
                    .collect::<Vec<_>>()
                    .join(" ");
                let found = contents
                    .iter()
                    .map(|content| content.sha256.to_string())
                    .collect::<Vec<_>>()
                    .join(" or ");
                let finding = self.says(format!(
                    "it gives another digest of {} than the build trace",
                    file.path()
                ));
                (finding.expected, finding.found) = (
                    Some(stated),
                    Some(if found.is_empty() {
                        "no such file".to_owned()
                    } else {
                        found
                    }),
                );
            }
        }
    }

    /// A namespace ends in the digest of the document without it.
    fn namespace(&mut self, text: &[u8]) {
        let Ok(mut value) = serde_json::from_slice::<serde_json::Value>(text) else {
            return;
        };
        value["documentNamespace"] = "".into();
        self.counts.checksums += 1;
        let digest = Sha256::of(value.to_string().as_bytes()).to_string();
        let namespace = &self.document.document_namespace;
        if !namespace.ends_with(&format!("-{digest}")) {
            let stated = namespace.rsplit('-').next().unwrap_or_default().to_owned();
            let finding = self.says("its namespace is not that of its content".to_owned());
            (finding.expected, finding.found) = (Some(stated), Some(digest));
        }
    }
}
