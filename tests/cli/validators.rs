//! What others' validators and schemas say of our documents. Each is given damaged documents too:
//! one that accepts everything proves nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::sboms::{cyclonedx, parsed, spdx3, spdx23};
use crate::support::{Place, Run, built_all, names, project, raw, run, test, tool};

/// A program of the validators' environment.
struct Validator {
    module: &'static str,
    arguments: &'static [&'static str],
    /// What it says of a document that is right: exit codes alone are not trusted.
    accepts: &'static str,
}

const PYSPDXTOOLS: Validator = Validator {
    module: "spdx_tools.spdx.clitools.pyspdxtools",
    arguments: &["--infile"],
    accepts: "",
};
const NTIA: Validator = Validator {
    module: "ntia_conformance_checker.main",
    arguments: &["-c", "ntia", "-s", "spdx2"],
    accepts: "Conformant: True",
};
const TELCO: Validator = Validator {
    module: "openchain_telco_sbom_validator.cli",
    arguments: &[],
    accepts: "is compliant with the OpenChain Telco SBOM Guide version 1.2",
};
const NTIA_3: Validator = Validator {
    module: "ntia_conformance_checker.main",
    arguments: &["-c", "ntia", "-s", "spdx3"],
    accepts: "Conformant: True",
};

/// What a validator says of a document.
#[derive(Deserialize)]
struct Verdict {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Validator {
    fn run(&self, documents: &[PathBuf]) -> Vec<Verdict> {
        let python = tool("WASIDEPS_TEST_VALIDATORS").join("bin/python3");
        let result = run(Command::new(python)
            .arg(project().join("tests/validate.py"))
            .arg(self.module)
            .args(self.arguments)
            .arg("--")
            .args(documents))
        .exits(0);
        let lines = result.stdout.lines();
        let said: Vec<Verdict> = lines
            .map(|line| serde_json::from_str(line).expect("a verdict"))
            .collect();
        assert_eq!(said.len(), documents.len());
        said
    }

    #[track_caller]
    fn accepts(&self, documents: &[PathBuf]) {
        for (document, result) in documents.iter().zip(self.run(documents)) {
            let text = format!("{}\n{}", result.stdout, result.stderr);
            // Packages that it does not reach are not checked, and links that it can't follow are
            // only told.
            let unchecked = text.contains("floating") || text.contains("Unknown components");
            let refused = self.accepts.is_empty() && !text.trim().is_empty();
            let accepted =
                result.code == 0 && !unchecked && !refused && result.stdout.contains(self.accepts);
            assert!(
                accepted,
                "{} on {}, exit code {}:\n{text}",
                self.module,
                document.display(),
                result.code
            );
        }
    }

    #[track_caller]
    fn refuses(&self, document: &Value, reason: &str) {
        let place = tempfile::tempdir().expect("a folder");
        let path = place.path().join("broken.spdx.json");
        std::fs::write(&path, document.to_string()).expect("written");
        let result = &self.run(&[path])[0];
        assert!(
            result.code != 0,
            "{} accepts a document with {reason}:\n{}{}",
            self.module,
            result.stdout,
            result.stderr
        );
    }
}

/// A document that is small, and has all that there is to be damaged.
fn small() -> Value {
    parsed(
        &spdx23()
            .into_iter()
            .find(|path| path.ends_with("sbom/bzip2.spdx.json"))
            .expect("the document of bzip2"),
    )
}

/// What makes a document wrong.
type Damage = (&'static str, fn(&mut Value));

#[test]
fn pyspdxtools_accepts_every_spdx_2_3_document_and_refuses_damaged_ones() {
    PYSPDXTOOLS.accepts(&spdx23());
    let damages: [Damage; 5] = [
        ("a licence that does not exist", |document| {
            document["packages"][0]["licenseDeclared"] = "No Such".into();
        }),
        ("a relationship to nowhere", |document| {
            document["relationships"][0]["relatedSpdxElement"] = "SPDXRef-Nowhere".into();
        }),
        ("no date", |document| {
            drop(
                document["creationInfo"]
                    .as_object_mut()
                    .expect("an object")
                    .remove("created"),
            );
        }),
        ("a SHA-1 of three digits", |document| {
            document["files"][0]["checksums"][0]["checksumValue"] = "abc".into();
        }),
        ("two packages of one identifier", |document| {
            let package = document["packages"][0].clone();
            document["packages"]
                .as_array_mut()
                .expect("packages")
                .push(package);
        }),
    ];
    for (reason, damage) in damages {
        let mut document = small();
        damage(&mut document);
        PYSPDXTOOLS.refuses(&document, reason);
    }
}

#[test]
fn the_ntia_conformance_checker_accepts_every_spdx_2_3_document_and_refuses_damaged_ones() {
    NTIA.accepts(&spdx23());
    let mut anonymous = small();
    anonymous["packages"][0]
        .as_object_mut()
        .expect("a package")
        .remove("supplier");
    NTIA.refuses(&anonymous, "a package without supplier");
    let mut unversioned = small();
    unversioned["packages"][0]
        .as_object_mut()
        .expect("a package")
        .remove("versionInfo");
    NTIA.refuses(&unversioned, "a package without version");
}

#[test]
fn the_openchain_telco_validator_accepts_every_spdx_2_3_document_and_refuses_damaged_ones() {
    TELCO.accepts(&spdx23());
    let mut untyped = small();
    untyped["creationInfo"]
        .as_object_mut()
        .expect("an object")
        .remove("comment");
    TELCO.refuses(&untyped, "no SBOM type");
    let mut unchecked = small();
    let tool = unchecked["packages"]
        .as_array_mut()
        .expect("packages")
        .iter_mut()
        .find(|package| package["name"] == "clang")
        .expect("clang");
    tool.as_object_mut().expect("a package").remove("checksums");
    TELCO.refuses(
        &unchecked,
        "a package without checksum and verification code",
    );
}

/// What damages a document of SPDX 3: the first element of a type, changed.
fn damaged(of: &str, damage: fn(&mut Value)) -> Value {
    let mut document = parsed(&spdx3()[0]);
    let element = document["@graph"]
        .as_array_mut()
        .expect("a graph")
        .iter_mut()
        .find(|node| node["type"] == of)
        .expect("an element");
    damage(element);
    document
}

#[test]
fn the_ntia_conformance_checker_accepts_the_spdx_3_documents_and_refuses_damaged_ones() {
    NTIA_3.accepts(&spdx3());
    let anonymous = damaged("software_Package", |package| {
        drop(
            package
                .as_object_mut()
                .expect("a package")
                .remove("suppliedBy"),
        );
    });
    NTIA_3.refuses(&anonymous, "a package without supplier");
    let wrong = damaged("CreationInfo", |info| info["created"] = "today".into());
    NTIA_3.refuses(&wrong, "a date that is none");
}

/// The classes of the model, which are made of the SHACL shapes of SPDX 3.0.1: reading holds types,
/// patterns and vocabularies to them, writing the numbers of values.
fn model(document: &Path) -> Run {
    let place = Place::new();
    let python = tool("WASIDEPS_TEST_VALIDATORS").join("bin/python3");
    run(Command::new(python)
        .args(["-m", "spdx_python_model.bindings.v3_0_1"])
        .arg(document)
        .arg("--outfile")
        .arg(place.path("again.json")))
}

#[test]
fn the_spdx_3_documents_can_be_read_into_the_models_own_classes_and_written_again_and_damaged_ones_cannot()
 {
    for document in spdx3() {
        let result = model(&document).exits(0);
        assert_eq!((result.stdout.as_str(), result.stderr.as_str()), ("", ""));
    }
    let place = Place::new();
    for (of, says, damage) in [
        (
            "software_File",
            "sha257",
            (|file| file["verifiedUsing"][0]["algorithm"] = "sha257".into()) as fn(&mut Value),
        ),
        ("Relationship", "is required", |relationship| {
            drop(
                relationship
                    .as_object_mut()
                    .expect("an object")
                    .remove("from"),
            );
        }),
        ("Relationship", "is required", |relationship| {
            relationship["to"] = json!([]);
        }),
    ] {
        let path = place.write("broken.json", damaged(of, damage).to_string());
        model(&path).exits(1).says(&[says]);
    }
}

/// A JSON schema that a package of the validators' environment brings.
fn schema(path: &str) -> Value {
    let libraries = tool("WASIDEPS_TEST_VALIDATORS").join("lib");
    let python = names(&libraries)
        .into_iter()
        .find(|name| name.starts_with("python"))
        .expect("Python's libraries");
    parsed(&libraries.join(python).join("site-packages").join(path))
}

/// The schemas that `CycloneDX`'s refers to lie beside it, in this folder; nothing is asked of
/// their servers.
struct Beside(&'static str);

impl jsonschema::Retrieve for Beside {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri.path().as_str().rsplit('/').next().unwrap_or_default();
        Ok(schema(&format!("{}/{name}", self.0)))
    }
}

/// The CycloneDX documents in version 1.7, which are printed on demand.
fn cyclonedx_1_7(place: &Place) -> Vec<PathBuf> {
    let print = |name: &str, command: &mut Command| {
        place.write(
            name,
            run(command.args(["--format", "cyclonedx-1.7"]))
                .exits(0)
                .stdout,
        )
    };
    vec![
        print(
            "prefix.json",
            raw().args(["sbom", "--prefix"]).arg(built_all()),
        ),
        print("sources.json", raw().arg("sbom")),
    ]
}

#[test]
fn every_document_is_valid_by_the_json_schema_of_its_format_and_damaged_ones_are_not() {
    let mut misspelt = small();
    misspelt["relationships"][0]["relationshipType"] = "CONTAIN".into();
    let undated = damaged("CreationInfo", |info| {
        drop(info.as_object_mut().expect("an object").remove("created"));
    });
    let mut unlicensed = parsed(&cyclonedx()[0]);
    unlicensed["components"][0]["licenses"] = json!([{ "license": { "id": "No Such" } }]);
    let place = Place::new();
    let mut unlicensed_1_7 = parsed(&cyclonedx_1_7(&place)[0]);
    unlicensed_1_7["components"][0]["licenses"] = json!([{ "license": { "id": "No Such" } }]);
    for (path, documents, broken) in [
        ("lib4sbom/schemas/spdx/2.3-schema.json", spdx23(), misspelt),
        (
            "lib4sbom/schemas/spdx/3.0-schema.json",
            spdx3().to_vec(),
            undated,
        ),
        (
            "lib4sbom/schemas/cyclonedx/bom-1.6.schema.json",
            cyclonedx().to_vec(),
            unlicensed,
        ),
        // That of lib4sbom refers to what it does not bring.
        (
            "cyclonedx/schema/_res/bom-1.7.SNAPSHOT.schema.json",
            cyclonedx_1_7(&place),
            unlicensed_1_7,
        ),
    ] {
        let beside = Beside(path.rsplit_once('/').map_or("", |(folder, _)| folder));
        let validator = jsonschema::options()
            .with_retriever(beside)
            .build(&schema(path))
            .expect("a schema");
        for path in documents {
            let document = parsed(&path);
            let errors: Vec<_> = validator
                .iter_errors(&document)
                .take(3)
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        }
        assert!(!validator.is_valid(&broken));
    }
}
