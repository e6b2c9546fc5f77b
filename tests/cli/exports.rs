//! Provenance, the shape of CPython's externals, the committed documents, and the page.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::{Place, built, project, raw, run};

fn said(args: &[&str]) -> String {
    run(raw().current_dir(project()).args(args)).exits(0).stdout
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn strings<'a>(values: &'a Value, key: &str) -> BTreeSet<&'a str> {
    values.as_array().expect("a list").iter().filter_map(|value| value[key].as_str()).collect()
}

#[test]
fn the_provenance_has_every_file_as_subject_or_byproduct_and_everything_of_the_lock_as_dependency() {
    let out = built().path("out");
    let statement = json(&run(raw().args(["sbom", "--format", "provenance", "--prefix"]).arg(&out)).exits(0).stdout);
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
    let manifest = json(&std::fs::read_to_string(out.join("share/wasideps/manifest.json")).expect("the manifest"));
    let predicate = &statement["predicate"];
    let named = [&statement["subject"], &predicate["runDetails"]["byproducts"]];
    let named = named.iter().flat_map(|list| list.as_array().expect("a list"));
    let mut digests: BTreeMap<&str, &str> =
        named.map(|file| (file["name"].as_str().expect("a name"), file["digest"]["sha256"].as_str().expect("a digest"))).collect();
    for file in manifest["files"].as_array().expect("files") {
        let path = file["path"].as_str().expect("a path");
        if path != "share/wasideps/provenance.intoto.json" {
            assert_eq!(digests.remove(path), file["sha256"].as_str(), "{path}");
        }
    }
    assert!(digests.is_empty(), "not in the prefix: {digests:?}");
    assert!(!strings(&statement["subject"], "name").iter().any(|name| name.starts_with("share/wasideps/")));

    let lock = json(&std::fs::read_to_string(project().join("lockfile.json")).expect("the lock"));
    let dependencies = predicate["buildDefinition"]["resolvedDependencies"].as_array().expect("a list");
    let known: BTreeSet<&str> =
        dependencies.iter().flat_map(|it| it["digest"].as_object().expect("digests").values()).filter_map(Value::as_str).collect();
    for (name, source) in lock["sources"].as_object().expect("sources") {
        assert_eq!(predicate["buildDefinition"]["externalParameters"]["sources"][name], source["version"]);
        let mut wanted = vec![&source["inputs"]];
        wanted.extend(source["origins"].as_array().expect("origins").iter().map(|origin| &origin["sha256"]));
        wanted.extend(["patches", "overlays"].iter().filter_map(|key| source[key].as_object()).flat_map(serde_json::Map::values));
        for digest in wanted {
            assert!(known.contains(digest.as_str().expect("a digest")), "{name}: {digest} is not in the provenance");
        }
    }
    assert!(known.contains(manifest["toolchain"]["digest"].as_str().expect("the SDK's digest")));
    let text = statement.to_string();
    assert!(!text.contains("startedOn") && !text.contains(&*built().path("").to_string_lossy()), "it tells of the machine or the clock");
}

#[test]
fn a_provenance_of_the_lock_alone_is_refused() {
    run(raw().args(["sbom", "--format", "provenance"])).exits(2).says(&["--prefix DIR"]);
    run(raw().args(["sbom", "--profile", "cpython-externals", "--prefix", "out"])).exits(2);
}

/// The shape that CPython's `Tools/build/generate_sbom.py` demands; `acceptance/cpython` runs that script itself.
#[test]
fn the_profile_of_cpythons_externals_has_its_keys_and_keeps_its_rules() {
    let text = said(&["sbom", "--profile", "cpython-externals"]);
    let document = json(&text);
    assert_eq!(document.as_object().expect("an object").keys().collect::<Vec<_>>(), ["SPDXID", "packages", "spdxVersion"]);
    assert_eq!(serde_json::to_string_pretty(&document).expect("JSON"), text, "the script would write it otherwise");
    let packages = document["packages"].as_array().expect("packages");
    let names: Vec<_> = packages.iter().map(|package| package["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["bzip2", "expat", "libffi", "libuuid", "mpdecimal", "sqlite", "xz", "zlib", "zstd"]);
    let lock = json(&std::fs::read_to_string(project().join("lockfile.json")).expect("the lock"));
    for package in packages {
        let keys: Vec<_> = package.as_object().expect("an object").keys().map(String::as_str).collect();
        let wanted = [
            "SPDXID",
            "checksums",
            "downloadLocation",
            "externalRefs",
            "licenseConcluded",
            "name",
            "originator",
            "primaryPackagePurpose",
            "versionInfo",
        ];
        assert_eq!(keys, wanted);
        let (name, version) = (package["name"].as_str().expect("a name"), package["versionInfo"].as_str().expect("a version"));
        let source = &lock["sources"][name];
        assert_eq!(source["version"], version);
        assert_eq!(package["SPDXID"], format!("SPDXRef-PACKAGE-{name}"));
        assert_eq!(package["licenseConcluded"], "NOASSERTION");
        let location = package["downloadLocation"].as_str().expect("a place");
        let origin = source["origins"].as_array().expect("origins").iter().find(|origin| !origin["url"].is_null()).expect("a URL");
        assert_eq!(location.split('#').next(), origin["url"].as_str(), "the place is where the digest is from");
        assert_eq!(package["checksums"][0]["checksumValue"], origin["sha256"]);
        assert!(location.contains(version), "{location} has no {version}");
        for reference in package["externalRefs"].as_array().expect("references") {
            assert!(reference["referenceLocator"].as_str().is_some_and(|cpe| cpe.contains(version)), "{reference}");
        }
    }
}

#[test]
fn the_committed_documents_are_what_the_lock_gives_and_each_stale_or_missing_one_is_named() {
    said(&["sbom", "--check", "sbom"]);
    let place = Place::new();
    let written = run(&mut place.command(&["sbom", "--write", "docs"])).exits(0).stdout;
    let names: Vec<_> = crate::support::names(&place.path("docs"));
    assert_eq!(crate::support::names(&project().join("sbom")), names, "the project's folder has others");
    for name in &names {
        assert!(written.contains(name.as_str()), "{name} is not told of:\n{written}");
        let committed = std::fs::read(project().join("sbom").join(name)).expect("the committed document");
        assert!(std::fs::read(place.path("docs").join(name)).expect("the document") == committed, "{name} differs");
    }
    run(&mut place.command(&["sbom", "--check", "docs"])).exits(0);
    place.edit("docs/wasideps.cdx.json", "1.3.2", "1.3.1");
    std::fs::remove_file(place.path("docs/externals.spdx.json")).expect("it can be removed");
    run(&mut place.command(&["sbom", "--check", "docs"])).exits(3).says(&[
        "docs/wasideps.cdx.json is stale",
        "docs/externals.spdx.json is missing",
        "wasideps sbom --write docs",
    ]);
    let one = place.command(&["sbom", "--format", "cyclonedx", "--check", "docs/wasideps.cdx.json"]);
    run(&mut { one }).exits(3).says(&["is stale", "wasideps sbom --format cyclonedx > docs/wasideps.cdx.json"]);
}
