//! The CycloneDX documents of sources and prefix: what they say, held against lock, manifest,
//! build trace and files.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::{archives_of, built, conditional, lock, project, raw, run, test};

fn json(path: impl AsRef<std::path::Path>) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("the file")).expect("JSON")
}

fn of_prefix() -> Value {
    json(built().path("out/share/wasideps/sbom.cdx.json"))
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no text `{key}` in {value:#}"))
}

/// Each object below `value` with what it is the value of, the outermost first.
fn walk<'a>(value: &'a Value, key: &'a str, visit: &mut impl FnMut(&'a str, &'a Value)) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| walk(value, key, visit)),
        Value::Object(fields) => {
            visit(key, value);
            fields
                .iter()
                .for_each(|(key, value)| walk(value, key, visit));
        }
        _ => {}
    }
}

fn hashes(component: &Value) -> BTreeMap<&str, &str> {
    list(component, "hashes")
        .iter()
        .map(|hash| (text(hash, "alg"), text(hash, "content")))
        .collect()
}

#[test]
fn every_file_of_the_prefix_is_a_component_with_the_manifests_digests() {
    let (bom, manifest) = (
        of_prefix(),
        json(built().path("out/share/wasideps/manifest.json")),
    );
    let mut components = BTreeMap::new();
    walk(&bom["components"], "", &mut |_, value| {
        if let Some(reference) = value["bom-ref"].as_str() {
            components.insert(reference, value);
        }
    });
    // The documents themselves come after: no document has its own digest.
    let files = list(&manifest, "files")
        .iter()
        .filter(|file| !file["source"].is_null() || text(file, "path").ends_with("trace.json"));
    let mut archives = 0;
    for file in files {
        let component = components[text(file, "path")];
        assert_eq!(
            hashes(component),
            [
                ("SHA-1", text(file, "sha1")),
                ("SHA-256", text(file, "sha256"))
            ]
            .into(),
            "{component:#}"
        );
        archives += usize::from(component["type"] == "library");
    }
    assert!(archives >= 9, "only {archives} libraries");
    for source in list(&manifest, "sources") {
        for archive in archives_of(source) {
            let library = components[text(archive, "path")];
            assert_eq!(library["version"], source["version"]);
            assert_eq!(library["pedigree"]["ancestors"][0]["name"], source["name"]);
            for member in list(archive, "members") {
                let object = components
                    [format!("{}:{}", text(archive, "path"), text(member, "name")).as_str()];
                assert_eq!(hashes(object)["SHA-256"], text(member, "sha256"));
                assert!(
                    object["omniborId"][0]
                        .as_str()
                        .is_some_and(|id| id.starts_with("gitoid:blob:sha256:")),
                    "{object:#}"
                );
                assert!(
                    object["swhid"][0]
                        .as_str()
                        .is_some_and(|id| id.starts_with("swh:1:cnt:")),
                    "{object:#}"
                );
            }
        }
    }
}

#[test]
fn every_reference_names_one_element_of_the_document_and_each_library_depends_on_the_c_library() {
    for bom in [of_prefix(), json(project().join("sbom/wasideps.cdx.json"))] {
        let (mut known, mut used, mut twice) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
        walk(&bom, "", &mut |_, value| {
            if let Some(reference) = value["bom-ref"].as_str()
                && !known.insert(reference)
            {
                twice.push(reference);
            }
            used.extend(value["ref"].as_str());
            for key in ["dependsOn", "assemblies"] {
                used.extend(list(value, key).iter().filter_map(Value::as_str));
            }
        });
        assert_eq!(twice, [""; 0], "references that two elements have");
        assert_eq!(
            used.difference(&known).collect::<Vec<_>>(),
            Vec::<&&str>::new(),
            "references to nothing"
        );
        let dependencies: BTreeMap<_, _> = list(&bom, "dependencies")
            .iter()
            .map(|dependency| (text(dependency, "ref"), list(dependency, "dependsOn")))
            .collect();
        let top = dependencies[text(&bom["metadata"]["component"], "bom-ref")];
        let libraries = list(&bom, "components")
            .iter()
            .filter(|component| component["type"] == "library");
        for library in libraries.filter(|library| library["bom-ref"] != "tool/wasi-libc") {
            assert!(
                top.contains(&library["bom-ref"]),
                "{} hangs on nothing",
                library["bom-ref"]
            );
            assert!(dependencies.contains_key(text(library, "bom-ref")));
        }
    }
    let bom = of_prefix();
    let on_libc =
        |dependency: &&Value| list(dependency, "dependsOn").contains(&"tool/wasi-libc".into());
    assert!(list(&bom, "dependencies").iter().filter(on_libc).count() >= 9);
}

#[test]
fn the_pedigree_holds_each_patch_with_its_text_and_reason_and_names_each_overlay() {
    let bom = of_prefix();
    let lock = lock();
    let mut patches = 0;
    for library in list(&bom, "components")
        .iter()
        .filter(|component| !component["pedigree"].is_null())
    {
        let pedigree = &library["pedigree"];
        let name = text(&pedigree["ancestors"][0], "name");
        let locked = &lock["sources"][name];
        let conditional = conditional(name);
        let files: Vec<_> = locked["patches"]
            .as_object()
            .map(|patches| {
                patches
                    .keys()
                    .filter(|file| !conditional.contains(*file))
                    .collect()
            })
            .unwrap_or_default();
        assert_eq!(list(pedigree, "patches").len(), files.len(), "{name}");
        for (patch, file) in list(pedigree, "patches").iter().zip(files) {
            let wanted = std::fs::read_to_string(project().join("patches").join(name).join(file))
                .expect("the patch");
            assert_eq!(
                text(&patch["diff"]["text"], "content"),
                wanted,
                "{name}: {file}"
            );
            for issue in list(patch, "resolves") {
                // What resolves no vulnerability is named after its file.
                assert!(
                    issue["type"] == "security" || text(issue, "name") == file,
                    "{issue:#}"
                );
                assert!(text(issue, "description").len() > 20);
            }
            patches += 1;
        }
        let overlays = locked["overlays"].as_object().into_iter().flatten();
        for (overlay, digest) in overlays.filter(|(file, _)| !conditional.contains(*file)) {
            let notes = text(pedigree, "notes");
            assert!(
                notes.contains(overlay.as_str())
                    && notes.contains(digest.as_str().expect("a digest")),
                "{name}: {notes}"
            );
        }
    }
    assert!(patches >= 7, "only {patches} patches");
}

#[test]
fn each_object_has_a_task_with_the_command_that_explain_tells() {
    let bom = of_prefix();
    let workflows = list(&bom["formulation"][0], "workflows");
    let tasks: Vec<_> = workflows
        .iter()
        .flat_map(|workflow| list(workflow, "tasks"))
        .collect();
    assert!(tasks.len() >= 170, "{} tasks", tasks.len());
    let task = tasks
        .iter()
        .find(|task| task["uid"] == "lib/liblzma.a:common.o")
        .expect("an object of xz");
    let explained = run(raw()
        .args(["sbom", "explain", "lib/liblzma.a:common.o", "--prefix"])
        .arg(built().path("out")))
    .exits(0)
    .stdout;
    let command = text(&task["steps"][0]["commands"][0], "executed");
    assert!(
        command.contains("src/liblzma/common/common.c")
            && explained.lines().any(|line| line == command),
        "{command}\n{explained}"
    );
}

#[test]
fn sources_have_what_the_lock_and_the_recipes_say_of_them() {
    let bom = json(project().join("sbom/wasideps.cdx.json"));
    let lock = lock();
    assert_eq!(bom["metadata"]["lifecycles"][0]["phase"], "pre-build");
    assert_eq!(
        bom["metadata"]["timestamp"],
        format!("{}T00:00:00Z", text(&lock, "date"))
    );
    let components = list(&bom, "components");
    assert_eq!(
        components.len(),
        lock["sources"].as_object().expect("sources").len()
    );
    for component in components {
        let locked = &lock["sources"][text(component, "name")];
        assert_eq!(component["version"], locked["version"]);
        let of_source: Vec<_> = list(component, "externalReferences")
            .iter()
            .filter(|it| it["type"] == "source-distribution")
            .collect();
        let digests: Vec<_> = of_source
            .iter()
            .map(|reference| hashes(reference)["SHA-256"])
            .collect();
        let wanted: Vec<_> = list(locked, "origins")
            .iter()
            .map(|origin| text(origin, "sha256"))
            .collect();
        assert_eq!(digests, wanted);
        assert_eq!(hashes(component)["SHA-256"], wanted[0]);
        assert!(
            text(component, "cpe").starts_with("cpe:2.3:a:")
                && text(component, "purl").starts_with("pkg:generic/")
        );
        assert!(!text(&component["licenses"][0], "expression").is_empty());
        assert_eq!(component["properties"][0]["value"], locked["inputs"]);
    }
    assert!(
        list(&bom, "properties")
            .iter()
            .any(|property| text(property, "value").starts_with("openssl: "))
    );
}

#[test]
fn the_serial_number_is_a_uuid_that_changes_with_the_content_and_with_nothing_else() {
    let serial = |epoch: &str| {
        let printed = run(raw()
            .args(["sbom", "--format", "cyclonedx"])
            .env("SOURCE_DATE_EPOCH", epoch))
        .exits(0)
        .stdout;
        text(
            &serde_json::from_str(&printed).expect("JSON"),
            "serialNumber",
        )
        .to_owned()
    };
    let one = serial("1000000000");
    assert!(one.starts_with("urn:uuid:") && one.len() == 45, "{one}");
    assert_eq!(one, serial("1000000000"));
    assert_ne!(one, serial("1000000001"));
}
