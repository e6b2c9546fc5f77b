//! The minimum elements of CISA's list ("2025 Minimum Elements for a Software Bill of Materials (SBOM)"), one by one, in each format.
//! docs/sbom.md has the same list.

use serde_json::Value;

use crate::sboms::{fragment, hash, list, nodes, parsed, related, relationships, spdx3, spdx23, text};
use crate::support::{built, project, raw, run};

/// An element, and the assertions that it is in a document of SPDX 2.3, and in one of 3.0.1.
type Element = (&'static str, fn(&Value), fn(&Value));

fn packages(document: &Value) -> &[Value] {
    list(document, "packages")
}

fn packages3(document: &Value) -> Vec<&Value> {
    let packages: Vec<_> = nodes(document, "software_Package").collect();
    assert!(packages.len() > 9);
    packages
}

fn info(document: &Value) -> &Value {
    nodes(document, "CreationInfo").next().expect("the creation info")
}

/// The name of the element with this identifier.
fn name_of<'a>(document: &'a Value, id: &Value) -> &'a str {
    let element = list(document, "@graph").iter().find(|node| node["spdxId"] == *id);
    text(element.unwrap_or_else(|| panic!("{id} is nowhere")), "name")
}

const DATA_FIELDS: [Element; 11] = [
    (
        "SBOM author",
        |document| assert!(list(&document["creationInfo"], "creators").contains(&"Organization: wasideps".into())),
        |document| assert_eq!(name_of(document, &info(document)["createdBy"][0]), "wasideps"),
    ),
    (
        "Software producer",
        |document| packages(document).iter().for_each(|package| assert!(text(package, "supplier").len() > "Organization: ".len())),
        |document| packages3(document).iter().for_each(|package| assert!(!name_of(document, &package["suppliedBy"]).is_empty())),
    ),
    (
        "Component name",
        |document| packages(document).iter().for_each(|package| assert!(!text(package, "name").is_empty())),
        |document| packages3(document).iter().for_each(|package| assert!(!text(package, "name").is_empty())),
    ),
    (
        "Component version",
        |document| packages(document).iter().for_each(|package| assert!(!text(package, "versionInfo").is_empty())),
        |document| packages3(document).iter().for_each(|package| assert!(!text(package, "software_packageVersion").is_empty())),
    ),
    (
        "Software identifiers",
        |document| packages(document).iter().for_each(|package| assert!(!list(package, "externalRefs").is_empty(), "{package}")),
        |document| {
            // What is made here and nowhere else, the whole, has but its digest.
            let others = packages3(document).into_iter().filter(|package| !fragment(text(package, "spdxId")).starts_with("Whole-"));
            others.for_each(|package| assert!(!list(package, "externalIdentifier").is_empty(), "{package}"));
        },
    ),
    (
        "Component hash",
        |document| packages(document).iter().for_each(|package| assert!(list(package, "checksums")[0].get("checksumValue").is_some())),
        |document| {
            let others = packages3(document).into_iter().filter(|package| !fragment(text(package, "spdxId")).starts_with("Whole-"));
            others.for_each(|package| assert!(hash(package, "sha256").is_some(), "{package}"));
        },
    ),
    (
        "License",
        |document| {
            for package in packages(document) {
                assert!(spdx::Expression::parse(text(package, "licenseDeclared")).is_ok(), "{package}");
            }
        },
        |document| {
            for kind in ["hasDeclaredLicense", "hasConcludedLicense"] {
                let licensed = related(document, kind);
                for package in packages3(document) {
                    assert!(licensed.iter().any(|(from, _)| *from == text(package, "spdxId")), "{kind} of {package}");
                }
            }
        },
    ),
    (
        "Dependency relationship",
        |document| {
            for package in packages(document).iter().filter(|package| text(package, "SPDXID").starts_with("SPDXRef-Source-")) {
                let id = text(package, "SPDXID");
                assert!(relationships(document).any(|(from, kind, _)| from == id && kind == "DEPENDS_ON"), "{id}");
            }
        },
        |document| assert!(related(document, "contains").iter().any(|(from, _)| fragment(from).starts_with("Whole-"))),
    ),
    (
        "Tool name",
        |document| assert!(list(&document["creationInfo"], "creators").contains(&tool_name("Tool: "))),
        |document| assert_eq!(Value::from(name_of(document, &info(document)["createdUsing"][0])), tool_name("")),
    ),
    (
        "Timestamp",
        |document| assert!(text(&document["creationInfo"], "created").ends_with("T00:00:00Z")),
        |document| assert!(text(info(document), "created").ends_with("T00:00:00Z")),
    ),
    (
        "Generation context",
        |document| {
            let expected = if document["name"] == "wasideps-sources" { "SBOM Type: Source" } else { "SBOM Type: Build" };
            assert_eq!(document["creationInfo"]["comment"], expected);
        },
        |document| {
            let sbom = nodes(document, "software_Sbom").next().expect("the SBOM");
            let expected = if sbom["name"] == "wasideps-sources" { "source" } else { "build" };
            assert_eq!(sbom["software_sbomType"], serde_json::json!([expected]));
        },
    ),
];

fn tool_name(prefix: &str) -> Value {
    format!("{prefix}wasideps-{}", env!("CARGO_PKG_VERSION")).into()
}

/// The elements that are no fields: each has a test of its own below, or is what a whole test file is for.
const PRACTICES: [&str; 6] =
    ["Automation support", "Frequency", "Coverage", "Known unknowns", "Distribution and delivery", "Accommodation of updates to SBOM data"];

#[test]
fn every_data_field_of_the_minimum_elements_is_in_every_document() {
    for (name, in_2, in_3) in DATA_FIELDS {
        println!("{name}");
        for path in spdx23() {
            in_2(&parsed(&path));
        }
        for path in spdx3() {
            in_3(&parsed(&path));
        }
    }
}

#[test]
fn docs_sbom_md_tells_where_each_of_the_seventeen_elements_is() {
    let page = std::fs::read_to_string(project().join("docs/sbom.md")).expect("the page");
    let names = DATA_FIELDS.iter().map(|(name, ..)| *name).chain(PRACTICES);
    let missing: Vec<_> = names.filter(|name| !page.contains(&format!("| {name} |"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn coverage_is_every_source_of_the_lock_and_every_file_of_the_prefix_but_the_documents_themselves() {
    let lock = parsed(&project().join("lockfile.json"));
    let manifest = parsed(&built().path("out/share/wasideps/manifest.json"));
    for path in spdx3() {
        let document = parsed(&path);
        for (name, source) in lock["sources"].as_object().expect("sources") {
            let package = packages3(&document).into_iter().find(|package| fragment(text(package, "spdxId")) == format!("Source-{name}"));
            assert_eq!(package.expect("the source")["software_packageVersion"], source["version"], "{name}");
        }
    }
    let prefix = parsed(&spdx3()[1]);
    let prefix_2 = parsed(&built().path("out/share/wasideps/sbom.spdx.json"));
    for file in list(&manifest, "files") {
        let path = text(file, "path");
        if path.starts_with("share/wasideps/sbom") || path == "share/wasideps/provenance.intoto.json" {
            continue;
        }
        let in_3 = nodes(&prefix, "software_File").any(|node| node["name"] == path && hash(node, "sha256") == file["sha256"].as_str());
        assert!(in_3, "{path}");
        let in_2 = list(&prefix_2, "files").iter().any(|node| node["fileName"] == format!("./{path}"));
        assert!(in_2 || path == "share/wasideps/closure.json", "{path}");
    }
}

#[test]
fn what_is_not_known_is_said_and_is_never_a_sources_or_a_librarys_licence() {
    for path in spdx23() {
        for package in packages(&parsed(&path)) {
            let tool = text(package, "SPDXID").starts_with("SPDXRef-Tool-");
            assert_eq!(text(package, "licenseConcluded") == "NOASSERTION", tool, "{package}");
        }
    }
    for path in spdx3() {
        let document = parsed(&path);
        let relationships = nodes(&document, "Relationship").chain(nodes(&document, "LifecycleScopedRelationship"));
        for one in relationships {
            // The SDK's headers are opened too: docs/sbom.md.
            let expected = if one["relationshipType"] == "hasInput" { "incomplete" } else { "complete" };
            assert_eq!(one["completeness"], expected, "{one}");
        }
    }
}

#[test]
fn what_is_excluded_is_said_in_every_document_with_the_reason() {
    for path in spdx23() {
        let comment = text(&parsed(&path), "comment").to_owned();
        assert!(comment.contains("openssl is excluded on purpose") && comment.contains("constant-time"), "{}: {comment}", path.display());
    }
    for path in spdx3() {
        let document = parsed(&path);
        let comment = text(nodes(&document, "SpdxDocument").next().expect("the document"), "comment");
        assert!(comment.contains("openssl is excluded on purpose") && comment.contains("constant-time"), "{}: {comment}", path.display());
    }
}

#[test]
fn documents_of_other_content_have_another_namespace_and_those_of_the_same_are_the_same_to_the_byte() {
    for format in ["spdx", "spdx3"] {
        let at = |epoch: &str| run(raw().args(["sbom", "--format", format]).env("SOURCE_DATE_EPOCH", epoch)).exits(0).stdout;
        let namespace = |document: &str| {
            let start = document.find("https://spdx.org/spdxdocs/").expect("a namespace");
            document[start..].split(['#', '"']).next().expect("some text").to_owned()
        };
        let (one, same, other) = (at("1000000000"), at("1000000000"), at("1000000001"));
        assert_eq!(one, same);
        assert_ne!(namespace(&one), namespace(&other), "{format}");
    }
}
