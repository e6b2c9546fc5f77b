//! The minimum elements of the list by CISA and others ("2026 Minimum Elements for a Software Bill
//! of Materials (SBOM)", version 2.1), one by one, in each format. docs/sbom.md has the same list,
//! and says where it is from.

use serde_json::Value;

use crate::sboms::{
    cyclonedx, fragment, hash, list, nodes, parsed, related, relationships, spdx3, spdx23, text,
};
use crate::support::{built_all, locked_of_all, project, raw, run, test};

/// An element, and the assertions that it is in a document of SPDX 2.3, of 3.0.1, and of CycloneDX.
type Element = (&'static str, fn(&Value), fn(&Value), fn(&Value));

fn packages(document: &Value) -> &[Value] {
    list(document, "packages")
}

fn packages3(document: &Value) -> Vec<&Value> {
    let packages: Vec<_> = nodes(document, "software_Package").collect();
    assert!(packages.len() > 9);
    packages
}

fn info(document: &Value) -> &Value {
    nodes(document, "CreationInfo")
        .next()
        .expect("the creation info")
}

/// The name of the element with this identifier.
fn name_of<'a>(document: &'a Value, id: &Value) -> &'a str {
    let element = list(document, "@graph")
        .iter()
        .find(|node| node["spdxId"] == *id);
    text(element.unwrap_or_else(|| panic!("{id} is nowhere")), "name")
}

/// The libraries of a document in CycloneDX, and the C library.
fn libraries(document: &Value) -> Vec<&Value> {
    let libraries: Vec<_> = list(document, "components")
        .iter()
        .filter(|component| component["type"] == "library")
        .collect();
    assert!(libraries.len() >= 9);
    libraries
}

fn is_hexadecimal(text: &str) -> bool {
    text.len() >= 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The packages but the whole, which is made here and nowhere else: it has no name and no digest
/// but the document's.
fn parts3(document: &Value) -> Vec<&Value> {
    packages3(document)
        .into_iter()
        .filter(|package| !fragment(text(package, "spdxId")).starts_with("Whole-"))
        .collect()
}

const DATA_FIELDS: [Element; 16] = [
    (
        "SBOM Author",
        |document| {
            assert!(
                list(&document["creationInfo"], "creators")
                    .contains(&"Organization: wasideps".into())
            );
        },
        |document| {
            assert_eq!(
                name_of(document, &info(document)["createdBy"][0]),
                "wasideps"
            );
        },
        |document| assert_eq!(document["metadata"]["manufacturer"]["name"], "wasideps"),
    ),
    (
        "SBOM Data Format Name",
        |document| assert!(text(document, "spdxVersion").starts_with("SPDX-")),
        |document| assert!(text(document, "@context").contains("spdx")),
        |document| assert_eq!(document["bomFormat"], "CycloneDX"),
    ),
    (
        "SBOM Data Format Version",
        |document| assert!(text(document, "spdxVersion").ends_with("-2.3")),
        |document| assert_eq!(info(document)["specVersion"], "3.0.1"),
        |document| assert_eq!(document["specVersion"], "1.6"),
    ),
    (
        "SBOM Generation Context",
        |document| {
            let expected = if document["name"] == "wasideps-sources" {
                "SBOM Type: Source"
            } else {
                "SBOM Type: Build"
            };
            assert_eq!(document["creationInfo"]["comment"], expected);
        },
        |document| {
            let sbom = nodes(document, "software_Sbom").next().expect("the SBOM");
            let expected = if sbom["name"] == "wasideps-sources" {
                "source"
            } else {
                "build"
            };
            assert_eq!(sbom["software_sbomType"], serde_json::json!([expected]));
        },
        |document| {
            let expected = if document["metadata"]["component"]["name"] == "wasideps-sources" {
                "pre-build"
            } else {
                "build"
            };
            assert_eq!(
                document["metadata"]["lifecycles"],
                serde_json::json!([{ "phase": expected }])
            );
        },
    ),
    (
        "SBOM Timestamp",
        |document| assert!(text(&document["creationInfo"], "created").ends_with("T00:00:00Z")),
        |document| assert!(text(info(document), "created").ends_with("T00:00:00Z")),
        |document| assert!(text(&document["metadata"], "timestamp").ends_with("T00:00:00Z")),
    ),
    (
        "SBOM Tool Name",
        |document| {
            assert!(list(&document["creationInfo"], "creators").contains(&tool_name("Tool: ")));
        },
        |document| {
            assert_eq!(
                Value::from(name_of(document, &info(document)["createdUsing"][0])),
                tool_name("")
            );
        },
        |document| {
            assert_eq!(
                document["metadata"]["tools"]["components"][0]["name"],
                "wasideps"
            );
        },
    ),
    (
        "SBOM Tool Version",
        |document| {
            assert!(list(&document["creationInfo"], "creators").contains(&tool_name("Tool: ")));
        },
        |document| {
            let tool = nodes(document, "Tool").next().expect("the tool");
            let expected = format!("pkg:cargo/wasideps@{}", env!("CARGO_PKG_VERSION"));
            assert_eq!(tool["externalIdentifier"][0]["identifier"], expected);
        },
        |document| {
            assert_eq!(
                document["metadata"]["tools"]["components"][0]["version"],
                env!("CARGO_PKG_VERSION")
            );
        },
    ),
    (
        "SBOM Version",
        |document| {
            assert!(
                text(document, "documentNamespace")
                    .starts_with("https://spdx.org/spdxdocs/wasideps-")
            );
        },
        |document| {
            assert!(
                text(
                    nodes(document, "SpdxDocument")
                        .next()
                        .expect("the document"),
                    "spdxId"
                )
                .contains("/spdxdocs/wasideps-")
            );
        },
        |document| {
            assert!(
                document["version"] == 1 && text(document, "serialNumber").starts_with("urn:uuid:")
            );
        },
    ),
    (
        "Component Producer",
        |document| {
            for package in packages(document) {
                assert!(text(package, "supplier").len() > "Organization: ".len());
            }
        },
        |document| {
            for package in &packages3(document) {
                assert!(!name_of(document, &package["suppliedBy"]).is_empty());
            }
        },
        |document| {
            for library in &libraries(document) {
                assert!(!text(&library["supplier"], "name").is_empty());
            }
        },
    ),
    (
        "Component Name",
        |document| {
            for package in packages(document) {
                assert!(!text(package, "name").is_empty());
            }
        },
        |document| {
            for package in &packages3(document) {
                assert!(!text(package, "name").is_empty());
            }
        },
        |document| {
            for library in &libraries(document) {
                assert!(!text(library, "name").is_empty());
            }
        },
    ),
    (
        "Component Version",
        |document| {
            for package in packages(document) {
                assert!(!text(package, "versionInfo").is_empty());
            }
        },
        |document| {
            for package in &packages3(document) {
                assert!(!text(package, "software_packageVersion").is_empty());
            }
        },
        |document| {
            for library in &libraries(document) {
                assert!(!text(library, "version").is_empty());
            }
        },
    ),
    (
        "Component Identifiers",
        |document| {
            for package in packages(document) {
                assert!(
                    list(package, "externalRefs")
                        .iter()
                        .any(|one| one["referenceType"] == "purl"),
                    "{package}"
                );
            }
        },
        |document| {
            for package in parts3(document) {
                let purl = list(package, "externalIdentifier")
                    .iter()
                    .find(|one| one["externalIdentifierType"] == "packageUrl");
                assert_eq!(
                    purl.expect("a package URL")["identifier"],
                    package["software_packageUrl"],
                    "{package}"
                );
            }
        },
        |document| {
            for library in &libraries(document) {
                assert!(text(library, "purl").starts_with("pkg:"), "{library}");
            }
        },
    ),
    (
        "Component Hash Value",
        |document| {
            for package in packages(document) {
                assert!(is_hexadecimal(text(
                    &package["checksums"][0],
                    "checksumValue"
                )));
            }
        },
        |document| {
            for package in &parts3(document) {
                assert!(is_hexadecimal(hash(package, "sha256").expect("a digest")));
            }
        },
        |document| {
            for library in &libraries(document) {
                assert!(is_hexadecimal(text(&library["hashes"][0], "content")));
            }
        },
    ),
    (
        "Component Hash Algorithm",
        |document| {
            let known = |package: &Value| {
                list(package, "checksums")
                    .iter()
                    .any(|one| one["algorithm"] == "SHA256")
            };
            assert!(packages(document).iter().all(known));
        },
        |document| {
            for package in &parts3(document) {
                assert!(hash(package, "sha256").is_some(), "{package}");
            }
        },
        |document| {
            let known = |library: &&Value| {
                list(library, "hashes")
                    .iter()
                    .any(|one| one["alg"] == "SHA-256")
            };
            assert!(libraries(document).iter().all(known));
        },
    ),
    (
        "Component License",
        |document| {
            for package in packages(document) {
                assert!(
                    spdx::Expression::parse(text(package, "licenseDeclared")).is_ok(),
                    "{package}"
                );
            }
        },
        |document| {
            for kind in ["hasDeclaredLicense", "hasConcludedLicense"] {
                let licensed = related(document, kind);
                for package in packages3(document) {
                    assert!(
                        licensed
                            .iter()
                            .any(|(from, _)| *from == text(package, "spdxId")),
                        "{kind} of {package}"
                    );
                }
            }
        },
        |document| {
            for library in libraries(document) {
                assert!(
                    spdx::Expression::parse(text(&library["licenses"][0], "expression")).is_ok(),
                    "{library}"
                );
            }
        },
    ),
    (
        "Component Dependency Relationship",
        |document| {
            for package in packages(document)
                .iter()
                .filter(|package| text(package, "SPDXID").starts_with("SPDXRef-Source-"))
            {
                let id = text(package, "SPDXID");
                assert!(
                    relationships(document)
                        .any(|(from, kind, _)| from == id && kind == "DEPENDS_ON"),
                    "{id}"
                );
            }
        },
        |document| {
            assert!(
                related(document, "contains")
                    .iter()
                    .any(|(from, _)| fragment(from).starts_with("Whole-"))
            );
        },
        |document| {
            for library in libraries(document) {
                assert!(
                    list(document, "dependencies")
                        .iter()
                        .any(|one| one["ref"] == library["bom-ref"]),
                    "{library}"
                );
            }
        },
    ),
];

fn tool_name(prefix: &str) -> Value {
    format!("{prefix}wasideps-{}", env!("CARGO_PKG_VERSION")).into()
}

/// What is no field of a document: its signature lies beside it, `tests/cli/readers.rs` makes some;
/// of the practices each has a test of its own below, or is what a whole test file is for.
const BESIDE: [&str; 7] = [
    "SBOM Author Signature",
    "Machine-Processable Data",
    "Frequency",
    "Coverage",
    "Explicitly Identifying Unknown Information",
    "Distribution and Delivery",
    "Accommodation of Updates to SBOM Data",
];

#[test]
fn every_data_field_of_the_minimum_elements_is_in_every_document() {
    for (name, in_2, in_3, in_cyclonedx) in DATA_FIELDS {
        println!("{name}");
        for path in spdx23() {
            in_2(&parsed(&path));
        }
        for path in spdx3() {
            in_3(&parsed(&path));
        }
        for path in cyclonedx() {
            in_cyclonedx(&parsed(&path));
        }
    }
}

#[test]
fn docs_sbom_md_tells_where_each_of_the_minimum_elements_is() {
    let page = std::fs::read_to_string(project().join("docs/sbom.md")).expect("the page");
    let names = DATA_FIELDS.iter().map(|(name, ..)| *name).chain(BESIDE);
    let missing: Vec<_> = names
        .filter(|name| !page.contains(&format!("| {name} |")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn coverage_is_every_source_of_the_lock_and_every_file_of_the_prefix_but_the_documents_themselves()
{
    let locked = locked_of_all();
    let manifest = parsed(&built_all().join("share/wasideps/manifest.json"));
    for path in spdx3() {
        let document = parsed(&path);
        for (name, source) in &locked {
            let package = packages3(&document).into_iter().find(|package| {
                fragment(text(package, "spdxId")) == format!("Source-{}", name.replace('-', "-d"))
            });
            assert_eq!(
                package.expect("the source")["software_packageVersion"],
                source["version"],
                "{name}"
            );
        }
    }
    let prefix = parsed(&spdx3()[1]);
    let prefix_2 = parsed(&built_all().join("share/wasideps/sbom.spdx.json"));
    for file in list(&manifest, "files") {
        let path = text(file, "path");
        if path.starts_with("share/wasideps/sbom")
            || path == "share/wasideps/provenance.intoto.json"
        {
            continue;
        }
        let in_3 = nodes(&prefix, "software_File")
            .any(|node| node["name"] == path && hash(node, "sha256") == file["sha256"].as_str());
        assert!(in_3, "{path}");
        let in_2 = list(&prefix_2, "files")
            .iter()
            .any(|node| node["fileName"] == format!("./{path}"));
        assert!(in_2 || path == "share/wasideps/trace.json", "{path}");
    }
}

#[test]
fn what_is_not_known_is_said_and_is_never_a_sources_or_a_librarys_licence() {
    for path in spdx23() {
        for package in packages(&parsed(&path)) {
            let tool = text(package, "SPDXID").starts_with("SPDXRef-Tool-");
            assert_eq!(
                text(package, "licenseConcluded") == "NOASSERTION",
                tool,
                "{package}"
            );
        }
    }
    for path in spdx3() {
        let document = parsed(&path);
        let relationships =
            nodes(&document, "Relationship").chain(nodes(&document, "LifecycleScopedRelationship"));
        for one in relationships {
            // The SDK's headers are opened too: docs/sbom.md.
            let expected = if one["relationshipType"] == "hasInput" {
                "incomplete"
            } else {
                "complete"
            };
            assert_eq!(one["completeness"], expected, "{one}");
        }
    }
}

#[test]
fn what_is_excluded_is_said_in_every_document_with_the_reason() {
    for path in spdx23() {
        let comment = text(&parsed(&path), "comment").to_owned();
        assert!(
            comment.contains("openssl is excluded on purpose") && comment.contains("constant-time"),
            "{}: {comment}",
            path.display()
        );
    }
    for path in spdx3() {
        let document = parsed(&path);
        let comment = text(
            nodes(&document, "SpdxDocument")
                .next()
                .expect("the document"),
            "comment",
        );
        assert!(
            comment.contains("openssl is excluded on purpose") && comment.contains("constant-time"),
            "{}: {comment}",
            path.display()
        );
    }
}

#[test]
fn documents_of_other_content_have_another_namespace_and_those_of_the_same_are_the_same_to_the_byte()
 {
    for format in ["spdx", "spdx3"] {
        let at = |epoch: &str| {
            run(raw()
                .args(["sbom", "--format", format])
                .env("SOURCE_DATE_EPOCH", epoch))
            .exits(0)
            .stdout
        };
        let namespace = |document: &str| {
            let start = document
                .find("https://spdx.org/spdxdocs/")
                .expect("a namespace");
            document[start..]
                .split(['#', '"'])
                .next()
                .expect("some text")
                .to_owned()
        };
        let (one, same, other) = (at("1000000000"), at("1000000000"), at("1000000001"));
        assert_eq!(one, same);
        assert_ne!(namespace(&one), namespace(&other), "{format}");
    }
}
