//! What validators do not look at: that the documents tell the truth of the prefix beside them, and
//! hang together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use wasideps::model::{Sha1, Sha256};

use crate::support::{built_all, names, project, test};

/// All documents in SPDX 2.3: of the sources, of the prefix with all libraries, and of each
/// library.
pub fn spdx23() -> Vec<PathBuf> {
    let folder = built_all().join("share/wasideps/sbom");
    let mut documents: Vec<_> = names(&folder)
        .iter()
        .filter(|name| name.ends_with(".spdx.json"))
        .map(|name| folder.join(name))
        .collect();
    assert!(documents.len() >= 30, "{documents:?}");
    documents.extend([
        project().join("sbom/wasideps.spdx.json"),
        built_all().join("share/wasideps/sbom.spdx.json"),
    ]);
    documents
}

/// All documents in SPDX 3.0.1: of the sources, and of the prefix.
pub fn spdx3() -> [PathBuf; 2] {
    [
        project().join("sbom/wasideps.spdx3.json"),
        built_all().join("share/wasideps/sbom.spdx3.json"),
    ]
}

/// All documents in CycloneDX 1.6: of the prefix, and of the sources.
pub fn cyclonedx() -> [PathBuf; 2] {
    [
        built_all().join("share/wasideps/sbom.cdx.json"),
        project().join("sbom/wasideps.cdx.json"),
    ]
}

pub fn parsed(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The objects of a list; none where it is not there.
pub fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

pub fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no text `{key}` in {value}"))
}

/// A relationship of SPDX 2.3: from, type, to.
pub fn relationships(document: &Value) -> impl Iterator<Item = (&str, &str, &str)> {
    let all = list(document, "relationships").iter();
    all.map(|one| {
        (
            text(one, "spdxElementId"),
            text(one, "relationshipType"),
            text(one, "relatedSpdxElement"),
        )
    })
}

fn checksum<'a>(element: &'a Value, algorithm: &str) -> Option<&'a str> {
    list(element, "checksums")
        .iter()
        .find(|checksum| checksum["algorithm"] == algorithm)?["checksumValue"]
        .as_str()
}

/// What can be reached over `edges`, in either direction.
fn reached<'a>(
    start: &'a str,
    edges: impl Iterator<Item = (&'a str, &'a str)>,
) -> BTreeSet<&'a str> {
    let mut neighbours: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (from, to) in edges {
        neighbours.entry(from).or_default().push(to);
        neighbours.entry(to).or_default().push(from);
    }
    let (mut found, mut next) = (BTreeSet::from([start]), vec![start]);
    while let Some(element) = next.pop() {
        next.extend(
            neighbours
                .get(element)
                .into_iter()
                .flatten()
                .copied()
                .filter(|other| found.insert(other)),
        );
    }
    found
}

#[test]
fn verification_codes_are_those_of_the_files_that_each_package_contains() {
    let mut codes = 0;
    for path in spdx23() {
        let document = parsed(&path);
        let files: BTreeMap<&str, &Value> = list(&document, "files")
            .iter()
            .map(|file| (text(file, "SPDXID"), file))
            .collect();
        for package in list(&document, "packages") {
            let id = text(package, "SPDXID");
            let contained = relationships(&document)
                .filter(|(from, kind, _)| *from == id && *kind == "CONTAINS");
            let mut digests: Vec<&str> = contained
                .map(|(_, _, to)| checksum(files[to], "SHA1").expect("a SHA-1"))
                .collect();
            assert_eq!(
                package["filesAnalyzed"],
                !digests.is_empty(),
                "{}: {id}",
                path.display()
            );
            if digests.is_empty() {
                continue;
            }
            digests.sort_unstable();
            let expected = Sha1::of(digests.concat().as_bytes()).to_string();
            assert_eq!(
                package["packageVerificationCode"]["packageVerificationCodeValue"],
                expected,
                "{}: {id}",
                path.display()
            );
            codes += 1;
        }
    }
    assert!(codes >= 27, "only {codes} packages have files");
}

#[test]
fn every_package_is_described_and_every_file_and_package_hangs_together_with_the_document() {
    for path in spdx23() {
        let document = parsed(&path);
        let elements: BTreeSet<&str> =
            [list(&document, "packages"), list(&document, "files")].concat_ids();
        let known = |id: &str| {
            id == "SPDXRef-DOCUMENT"
                || id == "NONE"
                || elements.contains(id)
                || id.starts_with("DocumentRef-")
        };
        for (from, kind, to) in relationships(&document) {
            assert!(
                known(from) && known(to),
                "{}: {from} {kind} {to}",
                path.display()
            );
        }
        for package in list(&document, "packages") {
            let id = text(package, "SPDXID");
            assert!(
                relationships(&document).any(|edge| edge == ("SPDXRef-DOCUMENT", "DESCRIBES", id)),
                "{}: {id}",
                path.display()
            );
        }
        let edges = relationships(&document)
            .filter(|(_, _, to)| *to != "NONE")
            .map(|(from, _, to)| (from, to));
        let reached = reached("SPDXRef-DOCUMENT", edges);
        let lost: Vec<_> = elements
            .iter()
            .filter(|id| !reached.contains(*id))
            .collect();
        assert!(lost.is_empty(), "{}: {lost:?}", path.display());
    }
}

trait Ids<'a> {
    fn concat_ids(&self) -> BTreeSet<&'a str>;
}

impl<'a> Ids<'a> for [&'a [Value]; 2] {
    /// The identifiers, each of which may be there once.
    fn concat_ids(&self) -> BTreeSet<&'a str> {
        let all: Vec<&str> = self
            .iter()
            .flat_map(|list| list.iter())
            .map(|element| text(element, "SPDXID"))
            .collect();
        let distinct: BTreeSet<&str> = all.iter().copied().collect();
        assert_eq!(distinct.len(), all.len(), "an identifier is there twice");
        distinct
    }
}

#[test]
fn the_prefixs_document_refers_to_each_librarys_by_its_namespace_and_digest() {
    let prefix = parsed(&built_all().join("share/wasideps/sbom.spdx.json"));
    let references = list(&prefix, "externalDocumentRefs");
    assert_eq!(
        references.len(),
        names(&built_all().join("share/wasideps/sbom")).len()
    );
    let mut namespaces = BTreeSet::new();
    for reference in references {
        let name = text(reference, "externalDocumentId").trim_start_matches("DocumentRef-");
        let path = built_all().join(format!("share/wasideps/sbom/{name}.spdx.json"));
        let bytes = std::fs::read(&path).expect("the document");
        assert_eq!(
            reference["checksum"]["checksumValue"],
            Sha1::of(&bytes).to_string(),
            "{name}"
        );
        assert_eq!(
            parsed(&path)["documentNamespace"],
            reference["spdxDocument"],
            "{name}"
        );
        assert!(
            namespaces.insert(text(reference, "spdxDocument").to_owned()),
            "{name}'s namespace is another's too"
        );
        let source = format!("SPDXRef-Source-{}", name.replace('-', "-d"));
        assert!(
            relationships(&prefix).any(|(from, _, to)| from == source
                && to == format!("DocumentRef-{name}:SPDXRef-DOCUMENT")),
            "{name}"
        );
    }
}

#[test]
fn installed_files_have_the_digests_that_each_document_says() {
    let root = built_all();
    let mut compared = 0;
    for path in spdx23() {
        let document = parsed(&path);
        for file in list(&document, "files")
            .iter()
            .filter(|file| text(file, "SPDXID").starts_with("SPDXRef-File-"))
        {
            let bytes =
                std::fs::read(root.join(text(file, "fileName"))).expect("the installed file");
            assert_eq!(
                checksum(file, "SHA256"),
                Some(&*Sha256::of(&bytes).to_string()),
                "{file}"
            );
            assert_eq!(
                checksum(file, "SHA1"),
                Some(&*Sha1::of(&bytes).to_string()),
                "{file}"
            );
            compared += 1;
        }
    }
    for file in nodes(&parsed(&spdx3()[1]), "software_File")
        .filter(|file| fragment(text(file, "spdxId")).starts_with("File-"))
    {
        let bytes = std::fs::read(root.join(text(file, "name"))).expect("the installed file");
        assert_eq!(
            hash(file, "sha256"),
            Some(&*Sha256::of(&bytes).to_string()),
            "{file}"
        );
        compared += 1;
    }
    assert!(compared > 150, "only {compared} files were compared");
}

/// The elements of a type.
pub fn nodes<'a>(document: &'a Value, of: &str) -> impl Iterator<Item = &'a Value> {
    let of = of.to_owned();
    list(document, "@graph")
        .iter()
        .filter(move |node| node["type"] == *of)
}

pub fn fragment(id: &str) -> &str {
    id.split_once('#')
        .unwrap_or_else(|| panic!("`{id}` has no fragment"))
        .1
}

pub fn hash<'a>(element: &'a Value, algorithm: &str) -> Option<&'a str> {
    list(element, "verifiedUsing")
        .iter()
        .find(|hash| hash["algorithm"] == algorithm)?["hashValue"]
        .as_str()
}

/// The relationships of SPDX 3 of a type: from and to.
pub fn related<'a>(document: &'a Value, kind: &str) -> Vec<(&'a str, Vec<&'a str>)> {
    let all = nodes(document, "Relationship").chain(nodes(document, "LifecycleScopedRelationship"));
    let of = all.filter(|one| one["relationshipType"] == kind);
    of.map(|one| {
        (
            text(one, "from"),
            list(one, "to").iter().filter_map(Value::as_str).collect(),
        )
    })
    .collect()
}

/// All texts in a value that are identifiers of the document.
fn references<'a>(value: &'a Value, namespace: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if text.starts_with(namespace) => found.push(text),
        Value::Array(values) => values
            .iter()
            .for_each(|value| references(value, namespace, found)),
        Value::Object(fields) => fields
            .values()
            .for_each(|value| references(value, namespace, found)),
        _ => {}
    }
}

#[test]
fn elements_of_spdx_3_are_there_once_in_one_namespace_and_hang_together_with_the_document() {
    for path in spdx3() {
        let document = parsed(&path);
        let own = nodes(&document, "SpdxDocument")
            .next()
            .expect("the document");
        let namespace = format!(
            "{}#",
            text(own, "spdxId").split_once('#').expect("a fragment").0
        );
        let elements: Vec<&Value> = list(&document, "@graph")
            .iter()
            .filter(|node| node["type"] != "CreationInfo")
            .collect();
        let ids: BTreeSet<&str> = elements
            .iter()
            .map(|element| text(element, "spdxId"))
            .collect();
        assert_eq!(
            ids.len(),
            elements.len(),
            "{}: an identifier is there twice",
            path.display()
        );
        assert!(
            ids.iter().all(|id| id.starts_with(&namespace)),
            "{}",
            path.display()
        );
        let mut edges = Vec::new();
        for element in &elements {
            let mut found = Vec::new();
            references(element, &namespace, &mut found);
            for id in &found {
                assert!(ids.contains(id), "{}: {id} is nowhere", path.display());
            }
            // The lists of elements reach everything: without them it must hang together too.
            if element["type"] != "SpdxDocument" && element["type"] != "software_Sbom" {
                edges.extend(found.into_iter().map(|to| (text(element, "spdxId"), to)));
            }
        }
        let sbom = nodes(&document, "software_Sbom").next().expect("the SBOM");
        let roots = list(sbom, "rootElement")
            .iter()
            .map(|root| (text(sbom, "spdxId"), root.as_str().expect("an identifier")));
        let reached = reached(text(sbom, "spdxId"), edges.into_iter().chain(roots));
        let apart = ["SpdxDocument", "Tool"];
        let lost = elements.iter().filter(|element| {
            !apart.contains(&text(element, "type")) && !reached.contains(text(element, "spdxId"))
        });
        let lost: Vec<_> = lost
            .map(|element| text(element, "spdxId"))
            .filter(|id| fragment(id) != "License-CC0-d1.0")
            .collect();
        assert!(lost.is_empty(), "{}: {lost:?}", path.display());
        let listed: BTreeSet<&str> = list(own, "element")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert!(
            ids.iter()
                .filter(|id| **id != text(own, "spdxId"))
                .all(|id| listed.contains(id)),
            "{}: not all are listed",
            path.display()
        );
    }
}

#[test]
fn each_build_has_the_inputs_flags_and_outputs_that_the_build_trace_has() {
    let document = parsed(&spdx3()[1]);
    let trace = parsed(&built_all().join("share/wasideps/trace.json"));
    let files = list(&trace, "files");
    let by_id: BTreeMap<&str, &Value> = nodes(&document, "software_File")
        .map(|file| (text(file, "spdxId"), file))
        .collect();
    let builds: Vec<&Value> = nodes(&document, "build_Build").collect();
    assert!(builds.len() >= 30);
    for build in builds {
        let id = text(build, "spdxId");
        let archive = format!("lib/{}", text(build, "name"));
        let members: Vec<&Value> = list(&trace, "members")
            .iter()
            .filter(|member| member["archive"] == *archive)
            .collect();
        let opened = members
            .iter()
            .flat_map(|member| list(member, "headers").iter().chain([&member["source"]]));
        let opened = opened.map(|index| {
            &files[usize::try_from(index.as_u64().expect("an index")).expect("small")]
        });
        let expected: BTreeSet<(&str, &str)> = opened
            .filter(|file| file.get("source").is_some())
            .map(|file| (text(file, "path"), text(&file["content"], "sha256")))
            .collect();
        let of = |kind: &str| {
            related(&document, kind)
                .into_iter()
                .find(|(from, _)| *from == id)
                .expect("the relationship")
                .1
        };
        let inputs = of("hasInput").into_iter().map(|input| {
            (
                text(by_id[input], "name"),
                hash(by_id[input], "sha256").expect("a digest"),
            )
        });
        assert_eq!(inputs.collect::<BTreeSet<_>>(), expected, "{archive}");
        assert!(
            of("hasOutput").iter().any(|output| by_id
                .get(output)
                .is_some_and(|file| file["name"] == *archive)),
            "{archive}"
        );
        assert_eq!(of("usesTool").len(), 4, "{archive}");
        // By member where they differ.
        let key = format!("arguments of {}", text(members[0], "name"));
        let is_key = |parameter: &&Value| {
            parameter["key"] == "arguments" || parameter["key"] == key.as_str()
        };
        let arguments = list(build, "build_parameter")
            .iter()
            .find(is_key)
            .expect("the flags");
        for argument in list(members[0], "arguments") {
            assert!(
                text(arguments, "value").contains(argument.as_str().expect("a text")),
                "{archive}: {argument}"
            );
        }
    }
}

#[test]
fn files_of_sources_are_called_by_the_names_that_git_and_software_heritage_have_for_their_content()
{
    let document = parsed(&spdx3()[1]);
    let header = nodes(&document, "software_File")
        .find(|file| fragment(text(file, "spdxId")) == "File-include-sbzlib.h")
        .expect("bzlib.h");
    let content = wasideps::model::Content::of(
        &std::fs::read(built_all().join("include/bzlib.h")).expect("the header"),
    );
    let found: Vec<_> = list(header, "software_contentIdentifier")
        .iter()
        .map(|one| text(one, "software_contentIdentifierValue"))
        .collect();
    assert_eq!(found, [content.gitoid(), content.swhid()]);
}
