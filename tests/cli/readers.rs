//! What others' readers see in our documents. A schema says that a document is well formed; a
//! reader says what its users get. Each is the reader's own code, started by `tests/readers.py`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::sboms::{cyclonedx, list, parsed, spdx3, spdx23, text};
use crate::support::{
    CPYTHON, Place, archives_of, built, built_all, locked_of_all, project, raw, run, system, test,
    tool,
};

/// What a library must be seen with.
struct Expected {
    /// The source's name, and the file name of the archive that is made from it.
    names: [String; 2],
    version: String,
    cpe: String,
    purl: String,
    license: String,
}

/// What CPython links, as lock and recipes have it; the documents have more libraries beside that.
fn expected() -> Vec<Expected> {
    let manifest = parsed(&built_all().join("share/wasideps/manifest.json"));
    let of = |(name, locked): (&String, &Value)| {
        let version = text(locked, "version");
        let recipe = std::fs::read_dir(project().join("recipes").join(name))
            .expect("the recipe's folder")
            .find_map(|entry| {
                let path = entry.expect("an entry").path();
                let text = path
                    .extension()
                    .is_some_and(|end| end == "toml")
                    .then(|| std::fs::read_to_string(&path).expect("the recipe"))?;
                let recipe =
                    serde_json::to_value(toml::from_str::<toml::Value>(&text).expect("TOML"))
                        .expect("JSON");
                (recipe["identifiers"].is_object()
                    && list(&recipe, "versions").contains(&version.into()))
                .then_some(recipe)
            });
        let recipe = recipe.unwrap_or_else(|| panic!("no recipe of {name} {version}"));
        let installed = list(&manifest, "sources")
            .iter()
            .find(|source| source["name"] == *name)
            .expect("it was built");
        let archive = text(archives_of(installed)[0], "path")
            .rsplit('/')
            .next()
            .expect("a file name");
        Expected {
            names: [name.clone(), archive.to_owned()],
            version: version.to_owned(),
            cpe: format!(
                "cpe:2.3:a:{}:{version}:*:*:*:*:*:*:*",
                text(&recipe["identifiers"], "cpe")
            ),
            purl: format!("{}@{version}", text(&recipe["identifiers"], "purl")),
            license: text(&recipe["license"], "expression").to_owned(),
        }
    };
    let locked = locked_of_all();
    let nine = locked
        .iter()
        .filter(|(name, _)| CPYTHON.contains(&name.as_str()));
    let libraries: Vec<_> = nine.map(of).collect();
    assert_eq!(libraries.len(), CPYTHON.len());
    libraries
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Format {
    Spdx23,
    Spdx3,
    Cyclonedx16,
    Cyclonedx17,
}
use Format::{Cyclonedx16, Cyclonedx17, Spdx3, Spdx23};

/// All documents of a format; those of version 1.7 of CycloneDX are printed on demand.
fn documents(format: Format, place: &Place) -> Vec<PathBuf> {
    let printed = |name: &str, arguments: &[&str]| {
        let command = run(raw()
            .args(["sbom", "--format", "cyclonedx-1.7"])
            .args(arguments))
        .exits(0);
        place.write(name, command.stdout)
    };
    match format {
        Spdx23 => spdx23(),
        Spdx3 => spdx3().to_vec(),
        Cyclonedx16 => cyclonedx().to_vec(),
        Cyclonedx17 => {
            let out = built_all();
            let prefix = printed(
                "prefix.cdx.json",
                &["--prefix", out.to_str().expect("UTF-8")],
            );
            vec![printed("sources.cdx.json", &[]), prefix]
        }
    }
}

/// What `reader` says of each of `documents`.
fn read(reader: &str, documents: &[PathBuf]) -> Vec<Value> {
    let python = tool("WASIDEPS_TEST_VALIDATORS").join("bin/python3");
    let done = run(Command::new(python)
        .arg(project().join("tests/readers.py"))
        .arg(reader)
        .args(documents))
    .exits(0);
    let seen: Vec<Value> = done
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(seen.len(), documents.len(), "{reader}: {}", done.stderr);
    seen
}

/// A document of one source has that library alone.
fn is_about(document: &Path, library: &Expected) -> bool {
    let name = document.file_name().expect("a name").to_string_lossy();
    let alone = document
        .parent()
        .is_some_and(|folder| folder.ends_with("share/wasideps/sbom"));
    !alone || name == format!("{}.spdx.json", library.names[0])
}

/// A fault of the reader, with the reason: what it does not see of what the document has.
/// docs/sbom.md has the same list.
struct Gap {
    reader: &'static str,
    format: Format,
    /// Of the source; all where it is empty.
    of: &'static str,
    unseen: &'static str,
}

const GAPS: [Gap; 4] = [
    // It reads an expression with brackets as unknown in SPDX, though not in CycloneDX.
    Gap {
        reader: "lib4sbom",
        format: Spdx23,
        of: "zstd",
        unseen: "license",
    },
    Gap {
        reader: "lib4sbom",
        format: Spdx3,
        of: "zstd",
        unseen: "license",
    },
    // 1.18.1, the newest on PyPI, is older than both.
    Gap {
        reader: "syft",
        format: Spdx3,
        of: "",
        unseen: "document",
    },
    Gap {
        reader: "syft",
        format: Cyclonedx17,
        of: "",
        unseen: "document",
    },
];

/// What of `library` is not seen in what a reader says of a document.
fn unseen(seen: &Value, library: &Expected) -> Vec<&'static str> {
    if !seen["error"].is_null() {
        return vec!["document"];
    }
    let named = |component: &&Value| {
        library.names.iter().any(|name| component["name"] == *name)
            && component["version"] == *library.version
    };
    let found: Vec<&Value> = list(seen, "components").iter().filter(named).collect();
    if found.is_empty() {
        return vec!["component"];
    }
    let all = |key: &str, is: &dyn Fn(&str) -> bool| {
        found.iter().all(|one| {
            list(one, key)
                .iter()
                .any(|value| value.as_str().is_some_and(is))
        })
    };
    let is_purl = |value: &str| value.split('?').next() == Some(&library.purl);
    let fields = [
        ("cpe", all("cpes", &|value| value == library.cpe)),
        ("purl", all("purls", &is_purl)),
        (
            "license",
            all("licenses", &|value| value == library.license),
        ),
    ];
    fields
        .into_iter()
        .filter(|(_, seen)| !seen)
        .map(|(field, _)| field)
        .collect()
}

#[test]
fn each_reader_sees_each_library_with_version_cpe_purl_and_licence_but_for_its_own_known_gaps() {
    let libraries = expected();
    let place = Place::new();
    let mut met = [false; GAPS.len()];
    for (reader, formats) in [
        (
            "lib4sbom",
            [Spdx23, Spdx3, Cyclonedx16, Cyclonedx17].as_slice(),
        ),
        ("syft", &[Spdx23, Spdx3, Cyclonedx16, Cyclonedx17]),
        ("cyclonedx", &[Cyclonedx16, Cyclonedx17]),
        ("spdx_tools", &[Spdx23]),
    ] {
        for &format in formats {
            let paths = documents(format, &place);
            for (path, seen) in paths.iter().zip(read(reader, &paths)) {
                for library in libraries.iter().filter(|library| is_about(path, library)) {
                    for field in unseen(&seen, library) {
                        let known = GAPS.iter().position(|gap| {
                            (gap.reader, gap.format, gap.unseen) == (reader, format, field)
                                && (gap.of.is_empty() || gap.of == library.names[0])
                        });
                        let known = known.unwrap_or_else(|| {
                            let seen = seen["error"].as_str().unwrap_or("it reads the document");
                            panic!(
                                "{reader} does not see the {field} of {:?} in {}: {seen}",
                                library.names,
                                path.display()
                            )
                        });
                        met[known] = true;
                    }
                }
            }
        }
    }
    let closed: Vec<_> = GAPS
        .iter()
        .zip(met)
        .filter(|(_, met)| !met)
        .map(|(gap, _)| (gap.reader, gap.format, gap.of, gap.unseen))
        .collect();
    assert!(
        closed.is_empty(),
        "these gaps are none any more; take them out, here and in docs/sbom.md: {closed:?}"
    );
}

#[test]
fn cve_bin_tool_finds_each_library_in_its_version_and_reads_vendor_and_product_out_of_its_cpe() {
    let libraries = expected();
    let place = Place::new();
    for format in [Spdx23, Cyclonedx16, Cyclonedx17] {
        let paths = documents(format, &place);
        for (path, seen) in paths.iter().zip(read("cve_bin_tool", &paths)) {
            assert!(seen["error"].is_null(), "{}: {seen}", path.display());
            for library in libraries.iter().filter(|library| is_about(path, library)) {
                let found: Vec<_> = list(&seen, "modules")
                    .iter()
                    .filter(|module| library.names.iter().any(|name| module[1] == *name))
                    .collect();
                assert!(
                    !found.is_empty(),
                    "{}: {:?} is not found",
                    path.display(),
                    library.names
                );
                for module in found {
                    assert_eq!(module[2], *library.version, "{}: {module}", path.display());
                    // Its release 3.4 forgets the CPE where there is a package URL, and looks the
                    // name up; what follows 3.4 does not.
                    assert!(
                        module[0].is_null(),
                        "it takes the vendor from the CPE now: say so in docs/sbom.md: {module}"
                    );
                }
                let parts: Vec<&str> = library.cpe.split(':').skip(3).take(3).collect();
                let named = list(&seen, "components")
                    .iter()
                    .filter(|one| library.names.iter().any(|name| one["name"] == *name));
                for one in named {
                    assert_eq!(one["cpe"], serde_json::json!(parts), "{}", path.display());
                }
            }
        }
    }
}

#[test]
fn sbomaudit_finds_every_field_of_each_library_and_calls_the_spdx_documents_conformant_to_ntias_minimum()
 {
    let libraries = expected();
    let paths: Vec<_> = spdx23()
        .into_iter()
        .chain(documents(Cyclonedx16, &Place::new()))
        .collect();
    for (path, seen) in paths.iter().zip(read("sbomaudit", &paths)) {
        assert!(
            seen["code"] == 0 && seen["stopped"] == false,
            "{}: {seen}",
            path.display()
        );
        let checks: Vec<&str> = list(&seen, "checks")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        for library in libraries.iter().filter(|library| is_about(path, library)) {
            let found = library.names.iter().filter(|name| {
                ["Supplier", "Version", "License", "CPE name", "PURL"]
                    .iter()
                    .all(|field| {
                        checks.contains(&&*format!("[x] {field} included for package {name}"))
                    })
            });
            assert!(
                found.count() > 0,
                "{}: {:?}:\n{}",
                path.display(),
                library.names,
                checks.join("\n")
            );
        }
        // It takes the files of a library, which have neither version nor supplier, for packages.
        let files = path.ends_with("share/wasideps/sbom.cdx.json");
        assert_eq!(
            checks.contains(&"[x] NTIA conformant"),
            !files,
            "{}",
            path.display()
        );
    }
}

#[test]
fn lib4vex_reads_every_statement_of_a_written_vex_document() {
    let place = Place::new();
    place.write(
        "old.lock.json",
        std::fs::read(project().join("tests/fixtures/zlib-1.3.1.lock.json")).expect("the lock"),
    );
    let record = serde_json::json!({
        "id": "TEST-1", "modified": "2026-01-01T00:00:00Z", "schema_version": "1.7.0",
        "affected": [{ "package": { "ecosystem": "OSS-Fuzz", "name": "zlib", "purl": "pkg:generic/zlib" },
                       "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "0" }] }] }],
    });
    place.write("database/TEST-1.json", record.to_string());
    let arguments = ["audit", "--database", "database", "--write-vex", "vex.json"];
    let done = run(&mut place.command(&arguments));
    let written = parsed(&place.path("vex.json"));
    let statements = list(&written, "statements");
    assert!(!statements.is_empty(), "{}{}", done.stdout, done.stderr);
    let seen = &read("lib4vex", &[place.path("vex.json")])[0];
    assert!(seen["error"].is_null(), "{seen}");
    let vulnerabilities = list(seen, "vulnerabilities");
    assert_eq!(vulnerabilities.len(), statements.len(), "{seen}");
    for (one, statement) in vulnerabilities.iter().zip(statements) {
        assert_eq!(one["id"], statement["vulnerability"]["name"]);
        assert_eq!(one["status"], statement["status"]);
        assert_eq!(one["created"], written["timestamp"]);
    }
}

#[test]
fn what_a_wheel_holds_goes_into_its_sboms_folder_and_is_there_after_pip_has_installed_it() {
    let place = Place::new();
    let python = tool("WASIDEPS_TEST_VALIDATORS").join("bin/python3");
    let wheel = |arguments: &[&str]| {
        run(Command::new(&python)
            .current_dir(place.path(""))
            .args(["-m", "wheel"])
            .args(arguments))
        .exits(0)
    };
    place.write("demo-1.0+wasi/demo.py", "answer = 42\n");
    place.write(
        "demo-1.0+wasi/demo-1.0+wasi.dist-info/METADATA",
        "Metadata-Version: 2.4\nName: demo\nVersion: 1.0+wasi\n",
    );
    let about =
        "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    place.write("demo-1.0+wasi/demo-1.0+wasi.dist-info/WHEEL", about);
    wheel(&["pack", "demo-1.0+wasi"]);
    wheel(&[
        "unpack",
        "--dest",
        "unpacked",
        "demo-1.0+wasi-py3-none-any.whl",
    ]);

    let info = place.path("unpacked/demo-1.0+wasi/demo-1.0+wasi.dist-info");
    let sbom = || {
        let mut command = raw();
        command
            .current_dir(place.path(""))
            .arg("sbom")
            .arg("--prefix")
            .arg(built().path("out"))
            .arg("--wheel");
        command
    };
    let written = run(sbom().arg(&info).args(["--linked", "zlib,sqlite"]))
        .exits(0)
        .stdout;
    assert!(
        written
            .trim()
            .ends_with("demo-1.0+wasi.dist-info/sboms/wasideps.cdx.json"),
        "{written}"
    );
    wheel(&["pack", "unpacked/demo-1.0+wasi"]);

    // pip checks the digests of RECORD.
    let installed = place.path("site");
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--disable-pip-version-check",
        "--target",
    ];
    run(Command::new(&python)
        .args(pip)
        .arg(&installed)
        .arg(place.path("demo-1.0+wasi-py3-none-any.whl")))
    .exits(0);
    let look = "import importlib.metadata as m, sys; d = next(m.distributions(path=[sys.argv[1]])); \
                print([str(f.locate()) for f in d.files if f.match('*.dist-info/sboms/*.json')][0])";
    let found = run(Command::new(&python).args(["-c", look]).arg(&installed))
        .exits(0)
        .stdout;
    let found = PathBuf::from(found.trim());
    let document = parsed(&found);
    let component = &document["metadata"]["component"];
    assert_eq!(component["purl"], "pkg:pypi/demo@1.0%2Bwasi");
    let names: Vec<_> = list(&document, "components")
        .iter()
        .map(|one| text(one, "name"))
        .collect();
    assert_eq!(names, ["libsqlite3.a", "libz.a"]);
    // Every component hangs on the primary one: scanners leave out what does not (PEP 770).
    assert_eq!(document["dependencies"][0]["ref"], component["bom-ref"]);
    assert_eq!(
        document["dependencies"][0]["dependsOn"],
        serde_json::json!(["lib/libsqlite3.a", "lib/libz.a"])
    );
    for reader in ["lib4sbom", "syft", "cyclonedx"] {
        let seen = &read(reader, std::slice::from_ref(&found))[0];
        for library in expected()
            .iter()
            .filter(|library| ["zlib", "sqlite"].contains(&library.names[0].as_str()))
        {
            assert_eq!(
                unseen(seen, library),
                [""; 0],
                "{reader}: {:?}: {seen}",
                library.names
            );
        }
    }

    run(sbom().arg(&info).args(["--linked", "openssl"]))
        .exits(2)
        .says(&["openssl"]);
    run(sbom().arg(place.path("site")))
        .exits(2)
        .says(&["METADATA can't be read"]);
    place.write(
        "broken.dist-info/METADATA",
        "Metadata-Version: 2.4\nName: demo\n",
    );
    run(sbom().arg("broken.dist-info"))
        .exits(2)
        .says(&["is not the metadata of a wheel", "no field `Version`"]);
}

#[test]
fn a_signature_over_a_document_holds_for_the_one_that_is_made_again_and_for_no_other() {
    let place = Place::new();
    let print = |name: &str| {
        place.write(
            name,
            run(raw().args(["sbom", "--format", "spdx3"]))
                .exits(0)
                .stdout,
        )
    };
    print("signed.json");
    print("again.json");
    let text = std::fs::read_to_string(place.path("again.json")).expect("the document");
    place.write("other.json", text.replacen("1.3.2", "1.3.1", 1));
    let at = |program: &str, arguments: &[&str]| {
        run(system(program).current_dir(place.path("")).args(arguments))
    };

    at(
        "openssl",
        &["genpkey", "-algorithm", "ed25519", "-out", "key.pem"],
    )
    .exits(0);
    at(
        "openssl",
        &["pkey", "-in", "key.pem", "-pubout", "-out", "public.pem"],
    )
    .exits(0);
    at(
        "openssl",
        &[
            "pkeyutl",
            "-sign",
            "-inkey",
            "key.pem",
            "-rawin",
            "-in",
            "signed.json",
            "-out",
            "signed.json.sig",
        ],
    )
    .exits(0);
    let openssl = |name: &str| {
        let arguments = [
            "pkeyutl",
            "-verify",
            "-pubin",
            "-inkey",
            "public.pem",
            "-rawin",
            "-in",
            name,
            "-sigfile",
            "signed.json.sig",
        ];
        at("openssl", &arguments).code == 0
    };
    assert!(openssl("signed.json") && openssl("again.json") && !openssl("other.json"));

    at("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", "id"]).exits(0);
    at(
        "ssh-keygen",
        &["-Y", "sign", "-f", "id", "-n", "sbom", "again.json"],
    )
    .exits(0);
    let public = std::fs::read_to_string(place.path("id.pub")).expect("the public key");
    place.write("allowed", format!("builder@example.org {public}"));
    let ssh = |name: &str| {
        let arguments = [
            "-Y",
            "verify",
            "-f",
            "allowed",
            "-I",
            "builder@example.org",
            "-n",
            "sbom",
            "-s",
            "again.json.sig",
        ];
        let document = std::fs::File::open(place.path(name)).expect("the document");
        run(system("ssh-keygen")
            .current_dir(place.path(""))
            .args(arguments)
            .stdin(document))
        .code
            == 0
    };
    assert!(ssh("signed.json") && ssh("again.json") && !ssh("other.json"));
}
