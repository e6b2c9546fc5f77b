//! Provenance, the shape of CPython's externals, the committed documents, and the page.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::{
    CPYTHON, Place, archives_of, built, built_all, conditional, lock, locked_of_all, project, raw,
    run, test,
};

fn said(args: &[&str]) -> String {
    run(raw().current_dir(project()).args(args)).exits(0).stdout
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn strings<'a>(values: &'a Value, key: &str) -> BTreeSet<&'a str> {
    values
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|value| value[key].as_str())
        .collect()
}

#[test]
fn the_provenance_has_every_file_as_subject_or_byproduct_and_everything_of_the_lock_as_dependency()
{
    let out = built_all();
    let statement = json(
        &run(raw()
            .args(["sbom", "--format", "provenance", "--prefix"])
            .arg(&out))
        .exits(0)
        .stdout,
    );
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
    let manifest = json(
        &std::fs::read_to_string(out.join("share/wasideps/manifest.json")).expect("the manifest"),
    );
    let predicate = &statement["predicate"];
    let named = [
        &statement["subject"],
        &predicate["runDetails"]["byproducts"],
    ];
    let named = named
        .iter()
        .flat_map(|list| list.as_array().expect("a list"));
    let mut digests: BTreeMap<&str, &str> = named
        .map(|file| {
            (
                file["name"].as_str().expect("a name"),
                file["digest"]["sha256"].as_str().expect("a digest"),
            )
        })
        .collect();
    for file in manifest["files"].as_array().expect("files") {
        let path = file["path"].as_str().expect("a path");
        if path != "share/wasideps/provenance.intoto.json" {
            assert_eq!(digests.remove(path), file["sha256"].as_str(), "{path}");
        }
    }
    assert!(digests.is_empty(), "not in the prefix: {digests:?}");
    assert!(
        !strings(&statement["subject"], "name")
            .iter()
            .any(|name| name.starts_with("share/wasideps/"))
    );

    let dependencies = predicate["buildDefinition"]["resolvedDependencies"]
        .as_array()
        .expect("a list");
    let known: BTreeSet<&str> = dependencies
        .iter()
        .flat_map(|it| it["digest"].as_object().expect("digests").values())
        .filter_map(Value::as_str)
        .collect();
    for (name, source) in &locked_of_all() {
        assert_eq!(
            predicate["buildDefinition"]["externalParameters"]["sources"][name],
            source["version"]
        );
        let conditional = conditional(name);
        let mut wanted = vec![&source["inputs"]];
        wanted.extend(
            source["origins"]
                .as_array()
                .expect("origins")
                .iter()
                .map(|origin| &origin["sha256"]),
        );
        wanted.extend(
            ["patches", "overlays"]
                .iter()
                .filter_map(|key| source[key].as_object())
                .flatten()
                .filter(|(file, _)| !conditional.contains(*file))
                .map(|(_, digest)| digest),
        );
        for digest in wanted {
            assert!(
                known.contains(digest.as_str().expect("a digest")),
                "{name}: {digest} is not in the provenance"
            );
        }
    }
    assert!(
        known.contains(
            manifest["toolchain"]["digest"]
                .as_str()
                .expect("the SDK's digest")
        )
    );
    let text = statement.to_string();
    assert!(
        !text.contains("startedOn") && !text.contains(&*built().path("").to_string_lossy()),
        "it tells of the machine or the clock"
    );
}

#[test]
fn a_provenance_of_the_lock_alone_is_refused() {
    run(raw().args(["sbom", "--format", "provenance"]))
        .exits(2)
        .says(&["--prefix DIR"]);
    run(raw().args(["sbom", "--profile", "cpython-externals", "--prefix", "out"])).exits(2);
}

/// The shape that CPython's `Tools/build/generate_sbom.py` demands; `acceptance/cpython` runs that
/// script itself.
#[test]
fn the_profile_of_cpythons_externals_has_its_keys_and_keeps_its_rules() {
    let text = said(&["sbom", "--profile", "cpython-externals"]);
    let document = json(&text);
    assert_eq!(
        document
            .as_object()
            .expect("an object")
            .keys()
            .collect::<Vec<_>>(),
        ["SPDXID", "packages", "spdxVersion"]
    );
    assert_eq!(
        serde_json::to_string_pretty(&document).expect("JSON"),
        text,
        "the script would write it otherwise"
    );
    let packages = document["packages"].as_array().expect("packages");
    let names: Vec<_> = packages
        .iter()
        .map(|package| package["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, CPYTHON);
    let lock = lock();
    for package in packages {
        let keys: Vec<_> = package
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
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
        let (name, version) = (
            package["name"].as_str().expect("a name"),
            package["versionInfo"].as_str().expect("a version"),
        );
        let source = &lock["sources"][name];
        assert_eq!(source["version"], version);
        assert_eq!(package["SPDXID"], format!("SPDXRef-PACKAGE-{name}"));
        assert_eq!(package["licenseConcluded"], "NOASSERTION");
        let location = package["downloadLocation"].as_str().expect("a place");
        let origin = source["origins"]
            .as_array()
            .expect("origins")
            .iter()
            .find(|origin| !origin["url"].is_null())
            .expect("a URL");
        assert_eq!(
            location.split('#').next(),
            origin["url"].as_str(),
            "the place is where the digest is from"
        );
        assert_eq!(package["checksums"][0]["checksumValue"], origin["sha256"]);
        assert!(location.contains(version), "{location} has no {version}");
        for reference in package["externalRefs"].as_array().expect("references") {
            assert!(
                reference["referenceLocator"]
                    .as_str()
                    .is_some_and(|cpe| cpe.contains(version)),
                "{reference}"
            );
        }
    }
}

#[test]
fn the_committed_documents_are_what_the_lock_gives_and_each_stale_or_missing_one_is_named() {
    said(&["sbom", "--check", "sbom"]);
    let place = Place::new();
    let written = run(&mut place.command(&["sbom", "--write", "docs"]))
        .exits(0)
        .stdout;
    let names: Vec<_> = crate::support::names(&place.path("docs"));
    assert_eq!(
        crate::support::names(&project().join("sbom")),
        names,
        "the project's folder has others"
    );
    for name in &names {
        assert!(
            written.contains(name.as_str()),
            "{name} is not told of:\n{written}"
        );
        let committed =
            std::fs::read(project().join("sbom").join(name)).expect("the committed document");
        assert!(
            std::fs::read(place.path("docs").join(name)).expect("the document") == committed,
            "{name} differs"
        );
    }
    run(&mut place.command(&["sbom", "--check", "docs"])).exits(0);
    run(&mut place.command(&["sbom", "--format", "cyclonedx", "--check", "docs"]))
        .exits(2)
        .says(&["is a folder"]);
    place.edit("docs/wasideps.cdx.json", "1.3.2", "1.3.1");
    std::fs::remove_file(place.path("docs/externals.spdx.json")).expect("it can be removed");
    run(&mut place.command(&["sbom", "--check", "docs"]))
        .exits(3)
        .says(&[
            "docs/wasideps.cdx.json is stale",
            "docs/externals.spdx.json is missing",
            "wasideps sbom --write docs",
        ]);
    let one = place.command(&[
        "sbom",
        "--format",
        "cyclonedx",
        "--check",
        "docs/wasideps.cdx.json",
    ]);
    run(&mut { one }).exits(3).says(&[
        "is stale",
        "wasideps sbom --format cyclonedx > docs/wasideps.cdx.json",
    ]);
}

fn page_command(place: &Place) -> std::process::Command {
    place.command(&["sbom", "--html", "page.html"])
}

/// The page of `prefix`.
fn page(place: &Place, prefix: &std::path::Path) -> String {
    run(page_command(place).arg("--prefix").arg(prefix)).exits(0);
    std::fs::read_to_string(place.path("page.html")).expect("the page")
}

/// Each value of an attribute.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    page.split(&format!(" {attribute}=\""))
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

/// As the page writes a text.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[test]
fn the_page_of_a_prefix_has_each_object_file_and_licence_text_and_the_same_prefix_gives_the_same_page()
 {
    let place = Place::new();
    let out = built().path("out");
    let page = page(&place, &out);
    let manifest = json(
        &std::fs::read_to_string(out.join("share/wasideps/manifest.json")).expect("the manifest"),
    );
    for file in manifest["files"]
        .as_array()
        .expect("files")
        .iter()
        .filter(|file| !file["source"].is_null())
    {
        let (path, digest) = (
            file["path"].as_str().expect("a path"),
            file["sha256"].as_str().expect("a digest"),
        );
        assert!(
            page.contains(&format!(">{path}</th>")) && page.contains(digest),
            "{path}"
        );
        if path.starts_with("share/licenses/") {
            let text = std::fs::read(out.join(path)).expect("the licence");
            assert!(
                page.contains(&escaped(&String::from_utf8_lossy(&text))),
                "{path} is not in the page"
            );
        }
    }
    for source in manifest["sources"].as_array().expect("sources") {
        for member in archives_of(source)
            .into_iter()
            .flat_map(|it| it["members"].as_array().expect("members"))
        {
            let (name, digest) = (
                member["name"].as_str().expect("a name"),
                member["sha256"].as_str().expect("a digest"),
            );
            assert!(
                page.contains(&format!(">{name}</th>")) && page.contains(digest),
                "{name}"
            );
        }
    }
    let trace = json(
        &std::fs::read_to_string(out.join("share/wasideps/trace.json")).expect("the build trace"),
    );
    for file in trace["files"].as_array().expect("files") {
        assert!(
            page.contains(file["content"]["sha256"].as_str().expect("a digest")),
            "{}",
            file["path"]
        );
    }
    assert!(
        page.contains("0001-zconf.h-answers-of-configure-1.3.2.patch")
            && page.contains("-#if HAVE_UNISTD_H-0")
    );
    assert!(page.contains("<dt>openssl</dt>") && page.contains("constant-time"));
    assert_eq!(page, self::page(&place, &out));
}

#[test]
fn the_page_loads_nothing_and_its_links_lead_somewhere() {
    let place = Place::new();
    run(&mut place.command(&["sbom", "--html", "lock.html"])).exits(0);
    let of_lock = std::fs::read_to_string(place.path("lock.html")).expect("the page");
    // There is nothing to search before anything is built.
    for (page, scripts) in [(page(&place, &built().path("out")), 1), (of_lock, 0)] {
        assert!(page.contains("default-src 'none'"), "no policy");
        for loading in [
            "<link",
            "<img",
            "<iframe",
            "<object",
            "<base",
            " src=",
            "url(",
            "@import",
            "fetch(",
            "XMLHttpRequest",
        ] {
            assert!(!page.contains(loading), "it has {loading}");
        }
        assert_eq!(page.matches("<script>").count(), scripts);
        let ids = values(&page, "id");
        assert_eq!(
            ids.iter().collect::<BTreeSet<_>>().len(),
            ids.len(),
            "two elements have one id: {ids:?}"
        );
        let links: Vec<_> = values(&page, "href")
            .into_iter()
            .filter_map(|link| link.strip_prefix('#'))
            .collect();
        assert!(links.len() > 10);
        for link in links {
            assert!(ids.contains(&link), "#{link} leads nowhere");
        }
    }
}

#[test]
fn texts_of_others_are_text_in_the_page_whatever_they_hold() {
    const HOSTILE: &str = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>";
    let place = Place::new();
    let out = place.path("out");
    crate::support::copy_tree(&built().path("out"), &out);
    // A licence with markup in it, in a prefix whose manifest knows it.
    let licence = out.join("share/licenses/zlib/LICENSE");
    let old = std::fs::read_to_string(&licence).expect("the licence");
    let text = format!("{old}{HOSTILE}");
    std::fs::write(&licence, &text).expect("it can be written");
    let digest = |text: &str| wasideps::model::Sha256::of(text.as_bytes()).to_string();
    place.edit(
        "out/share/wasideps/manifest.json",
        &digest(&old),
        &digest(&text),
    );
    let page = page(&place, &out);
    assert!(page.contains(&escaped(HOSTILE)) && !page.contains(HOSTILE) && !page.contains("<img"));
    // What a recipe says.
    place.copy_recipes();
    place.edit(
        "recipes/zlib/recipe.toml",
        "Compression library",
        "<script>alert(2)</script>",
    );
    place.edit(
        "recipes/zlib/recipe.toml",
        "homepage = \"https://zlib.net/\"",
        "homepage = \"javascript:alert(4)\"",
    );
    run(&mut place.own(place.command(&["sbom", "--html", "lock.html"]))).exits(0);
    let page = std::fs::read_to_string(place.path("lock.html")).expect("the page");
    assert!(page.contains("&lt;script&gt;alert(2)") && !page.contains("<script>alert"));
    assert!(page.contains("javascript:alert(4)") && !page.contains("href=\"javascript"));
    // A file that is not the one that was installed is not shown at all.
    place.edit("out/share/licenses/zlib/LICENSE", "alert(1)", "alert(3)");
    run(page_command(&place).arg("--prefix").arg(&out))
        .exits(3)
        .says(&["LICENSE is damaged"]);
}

#[test]
fn a_page_needs_the_recipes_that_the_prefix_was_made_by() {
    let place = Place::new();
    place.copy_recipes();
    place.edit(
        "patches/zlib/0001-zconf.h-answers-of-configure-1.3.2.patch",
        "write in the two",
        "write in two",
    );
    place.edit_lock(|lock| {
        let patch =
            std::fs::read(place.path("patches/zlib/0001-zconf.h-answers-of-configure-1.3.2.patch"))
                .expect("the patch");
        let patches = &mut lock["sources"]["zlib"]["patches"];
        patches["0001-zconf.h-answers-of-configure-1.3.2.patch"] =
            wasideps::model::Sha256::of(&patch).to_string().into();
    });
    run(place
        .own(page_command(&place))
        .arg("--prefix")
        .arg(built().path("out")))
    .exits(2)
    .says(&["is not what the recipes, the lock and the SDK give now"]);
}
