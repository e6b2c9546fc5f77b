//! `wasideps audit --database`: published records against locks of old and present versions, with
//! and without VEX.

use serde_json::{Value, json};
use wasideps::model::Sha256;

use crate::sources::zip;
use crate::support::{Place, Run, project, run, test};

/// Published records; their README tells where.
fn fixtures() -> std::path::PathBuf {
    project().join("tests/fixtures/vulnerabilities")
}

fn record(file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixtures().join(file)).expect("the record"))
        .expect("JSON")
}

/// A place whose recipes and lock are of versions that the records speak of.
fn old() -> Place {
    let place = Place::new();
    place.copy_recipes();
    let moves = [
        ("sqlite", "3.54.1", "3.49.1"),
        ("expat", "2.8.3", "2.7.1"),
        ("xz", "5.8.4", "5.8.0"),
        ("zstd", "1.5.7", "1.4.2"),
    ];
    for (name, now, then) in moves {
        let path = format!("recipes/{name}/recipe.toml");
        let text = std::fs::read_to_string(place.path(&path))
            .expect("the recipe")
            .replace(&format!("\"{now}\""), &format!("\"{then}\""));
        place.write(&path, text);
        place.edit_lock(|lock| lock["sources"][name]["version"] = json!(then));
    }
    // What the present recipes' patches resolve is of the present versions, whichever recipes those are.
    for entry in std::fs::read_dir(place.path("recipes")).expect("the recipes") {
        let path = entry.expect("an entry").path().join("recipe.toml");
        let Ok(text) = std::fs::read_to_string(&path) else {
            continue;
        };
        let kept: String = text
            .split_inclusive('\n')
            .filter(|line| !line.starts_with("resolves = "))
            .collect();
        std::fs::write(&path, kept).expect("written");
    }
    place.edit_lock(|lock| {
        let origins = lock["sources"]["sqlite"]["origins"]
            .as_array_mut()
            .expect("origins");
        let krate = origins
            .iter_mut()
            .find(|origin| origin["crate"].is_string())
            .expect("a crate");
        krate["crate-version"] = json!("0.25.0");
    });
    place
}

fn audit(place: &Place, args: &[&str]) -> Run {
    run(&mut place.own(place.command(&[&["audit", "--message-format", "json"], args].concat())))
}

/// All vulnerabilities that were told: source, name, status.
fn told(done: &Run) -> Vec<[String; 3]> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let lines = done
        .json()
        .into_iter()
        .filter(|line| line["reason"] == "vulnerability")
        .map(|mut line| line["data"].take());
    lines
        .map(|data| {
            [
                text(&data["subject"]),
                text(&data["id"]),
                text(&data["verdict"]["status"]),
            ]
        })
        .collect()
}

fn expected(list: &[[&str; 3]]) -> Vec<[String; 3]> {
    list.iter().map(|one| one.map(str::to_owned)).collect()
}

const OLD: [[&str; 3]; 7] = [
    ["expat 2.7.1", "CVE-2025-59375", "affected"],
    ["sqlite 3.49.1", "CVE-2022-35737", "affected"],
    // Its file is inside the amalgamation: that no input has its name tells nothing.
    ["sqlite 3.49.1", "CVE-2025-6965", "affected"],
    ["sqlite 3.49.1", "CVE-2025-7709", "affected"],
    ["xz 5.8.0", "CVE-2025-31115", "affected"],
    ["zstd 1.4.2", "OSV-2020-691", "affected"],
    ["zstd 1.4.2", "OSV-2022-110", "undetermined"],
];

#[test]
fn old_versions_have_exactly_the_vulnerabilities_that_the_records_tell_of_them() {
    let database = fixtures();
    let database = database.to_str().expect("a path");
    let done = audit(&old(), &["--database", database]).exits(6);
    assert_eq!(told(&done), expected(&OLD));
    let data = done.data("database");
    assert_eq!(
        (&data["records"], &data["broken"], &data["future"]),
        (&json!(8), &json!([]), &json!([]))
    );
    // Each is a finding that tells rule and reason, also for people.
    let shown = run(&mut old().own(old().command(&["audit", "--database", database]))).exits(6);
    shown.says(&[
        "rule vulnerability: xz 5.8.0: CVE-2025-31115: XZ has a heap-use-after-free",
        "rule vulnerability-undetermined: zstd 1.4.2",
    ]);
}

#[test]
fn present_versions_have_none_of_them_but_the_one_that_lists_no_version() {
    let place = Place::new();
    let done = run(place
        .command(&["audit", "--message-format", "json"])
        .arg("--database")
        .arg(fixtures()))
    .exits(6);
    let unfixed: Vec<_> = told(&done)
        .into_iter()
        .filter(|[.., status]| status != "fixed")
        .collect();
    assert_eq!(
        unfixed,
        expected(&[["zstd 1.5.7", "OSV-2022-110", "undetermined"]])
    );
    let place = Place::new();
    place.copy_recipes();
    place.edit(
        "recipes/policy.toml",
        "undetermined = \"deny\"",
        "undetermined = \"warn\"",
    );
    let done = run(place
        .own(place.command(&["audit"]))
        .arg("--database")
        .arg(fixtures()))
    .exits(0);
    assert!(
        done.stdout.contains("0 violations, 1 warnings"),
        "{}",
        done.stdout
    );
}

fn statement(name: &str, product: &str, status: &str, reason: &str) -> Value {
    json!({
        "vulnerability": { "name": name }, "products": [{ "@id": product }], "status": status,
        "justification": "vulnerable_code_not_in_execute_path", "impact_statement": reason,
    })
}

fn document(statements: &[Value]) -> String {
    let document = json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.org/vex/1", "author": "The tests",
        "timestamp": "2026-01-01T00:00:00Z", "version": 1, "statements": statements,
    });
    document.to_string()
}

#[test]
fn vex_takes_away_exactly_what_it_speaks_of_and_shows_it_with_its_reason() {
    let place = old();
    let text = document(&[
        statement(
            "CVE-2025-31115",
            "pkg:generic/xz@5.8.0",
            "not_affected",
            "WASI has no threads",
        ),
        // By an alias, for all versions.
        statement(
            "GHSA-jw36-hf63-69r9",
            "pkg:generic/sqlite",
            "not_affected",
            "no string has billions of bytes",
        ),
        // Another version, another source, another status: none of these takes anything away.
        statement(
            "CVE-2025-59375",
            "pkg:generic/expat@2.7.0",
            "not_affected",
            "another version",
        ),
        statement(
            "OSV-2020-691",
            "pkg:generic/zlib@1.3.2",
            "not_affected",
            "another source",
        ),
        statement(
            "CVE-2025-7709",
            "pkg:generic/sqlite@3.49.1",
            "under_investigation",
            "who knows",
        ),
        statement(
            "OSV-2022-110",
            "pkg:generic/zstd@1.4.2",
            "fixed",
            "before 1.4.2",
        ),
        // The last word counts.
        statement(
            "CVE-2025-6965",
            "pkg:generic/sqlite@3.49.1",
            "not_affected",
            "taken back below",
        ),
        statement(
            "CVE-2025-6965",
            "pkg:generic/sqlite@3.49.1",
            "affected",
            "it is there",
        ),
    ]);
    place.write("ours.openvex.json", text);
    let database = fixtures();
    let database = database.to_str().expect("a path");
    let done = audit(
        &place,
        &[
            "--database",
            database,
            "--vex",
            "ours.openvex.json",
            "--write-vex",
            "out.json",
        ],
    )
    .exits(6);
    let mut without = OLD;
    for (number, status) in [(1, "not_affected"), (4, "not_affected"), (6, "fixed")] {
        without[number][2] = status;
    }
    assert_eq!(told(&done), expected(&without));
    let findings = done.json();
    let suppressed = findings
        .iter()
        .filter(|line| line["data"]["level"] == "suppressed");
    assert!(suppressed.clone().any(|line| {
        line["data"]["message"]
            .as_str()
            .is_some_and(|text| text.contains("WASI has no threads"))
    }));
    assert_eq!(suppressed.count(), 3);

    // What is written is read back, and says the same.
    let written: Value =
        serde_json::from_slice(&std::fs::read(place.path("out.json")).expect("the document"))
            .expect("JSON");
    let statuses: Vec<_> = written["statements"]
        .as_array()
        .expect("statements")
        .iter()
        .map(|one| one["status"].clone())
        .collect();
    let mapped = without.map(|[.., status]| {
        if status == "undetermined" {
            "under_investigation"
        } else {
            status
        }
    });
    assert_eq!(statuses, mapped);
    for (number, one) in written["statements"]
        .as_array()
        .expect("statements")
        .iter()
        .enumerate()
    {
        let needs = match one["status"].as_str() {
            Some("not_affected") => "justification",
            Some("affected") => "action_statement",
            _ => "status_notes",
        };
        assert!(
            one[needs].is_string(),
            "statement {number} has no {needs}: {one:#}"
        );
        assert_eq!(
            one["timestamp"], written["timestamp"],
            "a reader that does not inherit it finds none"
        );
        assert!(
            one["products"][0]["identifiers"]["cpe23"]
                .as_str()
                .is_some_and(|cpe| cpe.starts_with("cpe:2.3:a:")),
            "{one:#}"
        );
    }
    assert_eq!(written["@context"], "https://openvex.dev/ns/v0.2.0");
    assert!(
        written["@id"]
            .as_str()
            .is_some_and(|id| id.starts_with("https://openvex.dev/docs/public/vex-"))
    );
    let again = audit(
        &place,
        &[
            "--database",
            database,
            "--vex",
            "out.json",
            "--write-vex",
            "again.json",
        ],
    )
    .exits(6);
    assert_eq!(told(&again), expected(&without));
}

#[test]
fn of_two_vex_statements_the_one_that_is_later_in_time_counts_whatever_the_offset_and_the_order_of_the_text()
 {
    let place = old();
    let at = |status: &str, time: &str| {
        let mut statement = statement(
            "CVE-2025-31115",
            "pkg:generic/xz@5.8.0",
            status,
            "WASI has no threads",
        );
        statement["timestamp"] = time.into();
        statement
    };
    let status = |statements: [Value; 2]| {
        place.write("ours.json", document(&statements));
        let record = fixtures().join("cve/CVE-2025-31115.json");
        let done = run(place
            .own(place.command(&["audit", "--vex", "ours.json", "--write-vex", "out.json"]))
            .arg("--database")
            .arg(record));
        assert!([0, 6].contains(&done.code), "{}", done.stderr);
        let written: Value =
            serde_json::from_slice(&std::fs::read(place.path("out.json")).expect("the document"))
                .expect("JSON");
        written["statements"][0]["status"]
            .as_str()
            .expect("a status")
            .to_owned()
    };
    // 01:30 in the east is before midnight in UTC, although the text is greater.
    let (earlier, later) = ("2026-01-02T01:30:00+02:00", "2026-01-02T00:00:00Z");
    for (first, second, expected) in [
        (
            at("not_affected", later),
            at("affected", earlier),
            "not_affected",
        ),
        (
            at("affected", later),
            at("not_affected", earlier),
            "affected",
        ),
        (
            at("affected", earlier),
            at("not_affected", "2026-01-02T00:00:00.1Z"),
            "not_affected",
        ),
    ] {
        assert_eq!(status([first, second]), expected);
    }
}

#[test]
fn the_written_document_is_the_same_for_the_same_findings_and_dated_by_the_lock() {
    let place = old();
    let write = |name: &str, epoch: Option<&str>| {
        let mut command = place.own(place.command(&["audit", "--write-vex", name]));
        epoch.map(|epoch| command.env("SOURCE_DATE_EPOCH", epoch));
        run(command.arg("--database").arg(fixtures())).exits(6);
        std::fs::read_to_string(place.path(name)).expect("the document")
    };
    let first = write("a.json", None);
    assert_eq!(first, write("b.json", None));
    let lock: Value =
        serde_json::from_slice(&std::fs::read(place.path("lockfile.json")).expect("the lock"))
            .expect("JSON");
    assert!(
        first.contains(&format!(
            "\"timestamp\": \"{}T00:00:00Z\"",
            lock["date"].as_str().expect("a date")
        )),
        "{first}"
    );
    let other = write("c.json", Some("1800000000"));
    assert!(
        other.contains("\"timestamp\": \"2027-01-15T08:00:00Z\""),
        "{other}"
    );
}

/// The record of expat, as it would be if it also named `files`.
fn with_files(place: &Place, files: &[&str]) -> std::path::PathBuf {
    let mut record = record("cve/CVE-2025-59375.json");
    record["containers"]["cna"]["affected"][0]["programFiles"] = json!(files);
    place.write("database/record.json", record.to_string())
}

#[test]
fn a_record_whose_files_are_not_compiled_is_suppressed_by_rule_with_the_files_and_one_whose_files_may_be_is_not()
 {
    let place = old();
    with_files(&place, &["expat/xmlwf/xmlfile.c", "expat/xmlwf/xmlwf.c"]);
    let done = audit(
        &place,
        &["--database", "database", "--write-vex", "out.json"],
    )
    .exits(0);
    assert_eq!(
        told(&done),
        expected(&[["expat 2.7.1", "CVE-2025-59375", "not_affected"]])
    );
    let verdict = done.data("vulnerability")["verdict"].take();
    assert_eq!(
        (&verdict["by"], &verdict["justification"]),
        (
            &json!("files-not-selected"),
            &json!("vulnerable_code_not_present")
        )
    );
    assert!(
        verdict["reason"]
            .as_str()
            .is_some_and(|text| text.contains("expat/xmlwf/xmlfile.c, expat/xmlwf/xmlwf.c")),
        "{verdict:#}"
    );
    let written = std::fs::read_to_string(place.path("out.json")).expect("the document");
    assert!(
        written.contains("\"justification\": \"vulnerable_code_not_present\""),
        "{written}"
    );
    let shown = run(&mut place.own(place.command(&["audit", "--database", "database"])))
        .exits(0)
        .stdout;
    assert!(
        shown.contains("files-not-selected")
            && shown.contains("0 violations, 0 warnings, 1 suppressed"),
        "{shown}"
    );
    // A log has it too, as suppressed.
    let log = run(&mut place.own(place.command(&[
        "audit",
        "--database",
        "database",
        "--message-format",
        "sarif",
    ])))
    .exits(0)
    .stdout;
    let log: Value = serde_json::from_str(&log).expect("SARIF");
    assert_eq!(
        log["runs"][0]["results"][0]["suppressions"][0]["kind"], "external",
        "{log:#}"
    );
    assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(1));
    for files in [
        &["expat/lib/xmlparse.c"][..],
        &["xmlparse.c"],
        &["expat/xmlwf/xmlwf.c", "expat/lib/xmltok.c"],
        &["xmlwf"],
    ] {
        with_files(&place, files);
        assert_eq!(
            told(&audit(&place, &["--database", "database"]).exits(6)),
            expected(&[["expat 2.7.1", "CVE-2025-59375", "affected"]])
        );
    }
}

#[test]
fn records_of_one_vulnerability_are_one_finding_and_the_files_of_either_count() {
    let place = old();
    with_files(&place, &["expat/xmlwf/xmlwf.c"]);
    let other = json!({
        "schema_version": "1.7.0", "id": "X-1", "modified": "2026-01-01T00:00:00Z", "aliases": ["CVE-2025-59375"],
        "affected": [{
            "ranges": [{ "type": "SEMVER", "events": [{ "introduced": "2.0" }, { "fixed": "2.7.2" }] }],
            "package": { "ecosystem": "ConanCenter", "name": "expat", "purl": "pkg:generic/expat" },
        }],
    });
    place.write("database/other.json", other.to_string());
    let done = audit(&place, &["--database", "database"]).exits(0);
    assert_eq!(
        told(&done),
        expected(&[["expat 2.7.1", "CVE-2025-59375", "not_affected"]])
    );
    let data = done.data("vulnerability");
    assert_eq!(
        (&data["aliases"], data["records"].as_array().map(Vec::len)),
        (&json!(["X-1"]), Some(2))
    );
}

#[test]
fn withdrawn_and_rejected_records_are_counted_and_concern_nobody() {
    let place = old();
    let mut rejected = record("cve/CVE-2025-31115.json");
    rejected["cveMetadata"]["state"] = json!("REJECTED");
    place.write("database/rejected.json", rejected.to_string());
    let mut withdrawn = record("osv/OSV-2020-691.json");
    withdrawn["withdrawn"] = json!("2026-01-01T00:00:00Z");
    place.write("database/withdrawn.json", withdrawn.to_string());
    let done = audit(&place, &["--database", "database"]).exits(0);
    assert_eq!(told(&done), expected(&[]));
    assert_eq!(done.data("database")["withdrawn"], 2);
}

#[test]
fn a_broken_file_is_skipped_named_and_counted_and_the_others_count() {
    let place = old();
    for (name, text) in [
        ("cut", "{\"id\": \"OSV-1\", \"affec"),
        ("other", "{\"fetchTime\": \"now\"}"),
        ("empty", ""),
    ] {
        place.write(&format!("database/{name}.json"), text);
    }
    place.write(
        "database/deep/down/xz.json",
        record("cve/CVE-2025-31115.json").to_string(),
    );
    place.write("database/README.md", "no record");
    let done = audit(&place, &["--database", "database"]).exits(6);
    assert_eq!(
        told(&done),
        expected(&[["xz 5.8.0", "CVE-2025-31115", "affected"]])
    );
    let data = done.data("database");
    let broken: Vec<_> = data["broken"]
        .as_array()
        .expect("an array")
        .iter()
        .map(|one| one["file"].clone())
        .collect();
    assert_eq!(
        (broken, &data["records"]),
        (
            vec![json!("cut.json"), json!("empty.json"), json!("other.json")],
            &json!(1)
        )
    );
    let shown = run(&mut place.own(place.command(&["audit", "--database", "database"])))
        .exits(6)
        .stdout;
    assert!(
        shown.contains("1 records, 0 of them withdrawn; 3 files skipped")
            && shown.contains("cut.json was skipped"),
        "{shown}"
    );
}

#[test]
fn a_database_from_the_future_is_told_and_judged_all_the_same() {
    let place = old();
    let mut newer = record("osv/OSV-2020-691.json");
    newer["schema_version"] = json!("9.1.0");
    newer["affected"][0]["something_new"] = json!([1, 2]);
    place.write("database/newer.json", newer.to_string());
    place.write(
        "database/xz.json",
        record("cve/CVE-2025-31115.json").to_string(),
    );
    let mut command = place.own(place.command(&[
        "audit",
        "--message-format",
        "json",
        "--database",
        "database",
    ]));
    // The day before the record of xz was last changed.
    let done = run(command.env("SOURCE_DATE_EPOCH", "1743580000")).exits(6);
    let future = done.data("database")["future"].take();
    let ids: Vec<_> = future
        .as_array()
        .expect("an array")
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    assert_eq!(ids, ["CVE-2025-31115", "OSV-2020-691"], "{future:#}");
    assert_eq!(told(&done).len(), 2, "{}", done.stdout);
    let finding = done
        .json()
        .into_iter()
        .find(|line| line["data"]["rule"] == "database-future")
        .expect("a finding");
    let message = finding["data"]["message"].as_str().expect("a text");
    assert!(
        message.contains("2 records are from the future")
            && message.contains("the newest that this program knows is 1.7"),
        "{message}"
    );
    assert_eq!(finding["data"]["level"], "warning");
}

#[test]
fn a_zip_and_the_cve_lists_zip_in_a_zip_tell_the_same_as_the_folder_and_their_digest_is_told() {
    let place = old();
    let files = |folder: &str, below: &str| -> Vec<(String, Vec<u8>)> {
        let entries = std::fs::read_dir(fixtures().join(folder))
            .expect("the folder")
            .flatten();
        let mut files: Vec<_> = entries
            .map(|entry| {
                let name = format!("{below}{}", entry.file_name().to_string_lossy());
                (name, std::fs::read(entry.path()).expect("the record"))
            })
            .collect();
        files.sort();
        files
    };
    let osv = zip(&files("osv", ""));
    let list = zip(&[("cves.zip".to_owned(), zip(&files("cve", "cves/2025/")))]);
    place.write("all.zip", &osv);
    place.write("list.zip.zip", &list);
    let done = audit(
        &place,
        &["--database", "all.zip", "--database", "list.zip.zip"],
    )
    .exits(6);
    assert_eq!(told(&done), expected(&OLD));
    let databases: Vec<_> = done
        .json()
        .into_iter()
        .filter(|line| line["reason"] == "database")
        .map(|mut line| line["data"].take())
        .collect();
    let digests: Vec<_> = databases
        .iter()
        .map(|database| database["sha256"].as_str().expect("a digest").to_owned())
        .collect();
    assert_eq!(
        digests,
        [Sha256::of(&osv).to_string(), Sha256::of(&list).to_string()]
    );
    let one = fixtures().join("cve/CVE-2025-31115.json");
    let done = audit(&place, &["--database", one.to_str().expect("a path")]).exits(6);
    assert_eq!(
        told(&done),
        expected(&[["xz 5.8.0", "CVE-2025-31115", "affected"]])
    );
}

#[test]
fn a_database_or_a_vex_document_that_can_not_be_used_is_exit_2_and_says_why() {
    let place = old();
    let fails = |args: &[&str], words: &[&str]| {
        run(&mut place.own(place.command(&[&["audit"], args].concat())))
            .exits(2)
            .says(words);
    };
    fails(
        &["--database", "nowhere"],
        &["the database nowhere can't be read"],
    );
    std::fs::create_dir(place.path("empty")).expect("a folder");
    fails(
        &["--database", "empty"],
        &["the database empty contains no record"],
    );
    place.write("cut.zip", b"PK\x03\x04 and no more");
    fails(
        &["--database", "cut.zip"],
        &["cut.zip is not a readable zip"],
    );
    place.write("one.json", "{}");
    fails(
        &["--database", "one.json"],
        &[
            "contains no record; 1 files were skipped, the first of them one.json: it is not a valid OSV record: missing field `id`",
        ],
    );
    let one = fixtures().join("cve/CVE-2025-31115.json");
    let with = |file: &str, words: &[&str]| {
        fails(
            &["--database", one.to_str().expect("a path"), "--vex", file],
            words,
        );
    };
    with("nowhere.json", &["nowhere.json can't be read"]);
    place.write("csaf.json", "{\"document\": {\"category\": \"csaf_vex\"}}");
    with(
        "csaf.json",
        &[
            "csaf.json is not an OpenVEX document",
            "CSAF and CycloneDX are not supported",
        ],
    );
    let mut undated = statement("CVE-2025-31115", "pkg:generic/xz", "affected", "-");
    undated["timestamp"] = "2026-99-99T00:00:00Z".into();
    place.write("undated.json", document(&[undated]));
    with(
        "undated.json",
        &[
            "undated.json is not an OpenVEX document",
            "expected a point in time",
            "2026-99-99T00:00:00Z",
        ],
    );
    let mut bare = statement("CVE-2025-31115", "pkg:generic/xz", "not_affected", "-");
    for key in ["justification", "impact_statement"] {
        bare.as_object_mut().expect("an object").remove(key);
    }
    place.write("bare.json", document(&[bare]));
    with(
        "bare.json",
        &["statement 1 on CVE-2025-31115 says `not_affected` without"],
    );
    place.write(
        "odd.json",
        document(&[statement(
            "CVE-2025-31115",
            "pkg:generic/xz",
            "ignored",
            "-",
        )]),
    );
    with(
        "odd.json",
        &["the status `ignored`, which OpenVEX does not know"],
    );
}

/// The recipe of expat, patched by a patch that changes nothing which it compiles, and resolves
/// `ids`.
fn patched(ids: &[&str]) -> Place {
    let place = old();
    let text =
        std::fs::read_to_string(place.path("recipes/expat/recipe.toml")).expect("the recipe");
    let patch = "file = \"0009-fix.patch\"\nreason = \"the size is looked at first\"\nupstream = \"not sent: a test\"";
    place.write(
        "recipes/expat/recipe.toml",
        format!("{text}\n[[patch]]\n{patch}\nresolves = {}\n", json!(ids)),
    );
    let diff = "--- a/lib/internal.h\n+++ b/lib/internal.h\n@@ -1 +1 @@\n-a\n+b\n";
    place.write("patches/expat/0009-fix.patch", diff);
    place.edit_lock(|lock| {
        lock["sources"]["expat"]["patches"]["0009-fix.patch"] =
            json!(Sha256::of(diff.as_bytes()).to_string());
    });
    place
}

#[test]
fn a_vulnerability_that_a_patch_resolves_is_fixed_in_every_format_with_the_patch_and_its_reason() {
    let database = fixtures();
    let database = database.to_str().expect("a path");
    let place = patched(&["CVE-2025-59375"]);
    let done = audit(&place, &["--database", database, "--write-vex", "out.json"]).exits(6);
    let mut fixed = OLD;
    fixed[0][2] = "fixed";
    assert_eq!(told(&done), expected(&fixed));
    let verdict = done.data("vulnerability")["verdict"].take();
    assert_eq!(
        verdict,
        json!({ "status": "fixed", "by": "patches/expat/0009-fix.patch", "reason": "the size is looked at first" })
    );
    let written: Value =
        serde_json::from_slice(&std::fs::read(place.path("out.json")).expect("the document"))
            .expect("JSON");
    let statement = &written["statements"][0];
    assert_eq!(
        (&statement["status"], &statement["vulnerability"]["name"]),
        (&json!("fixed"), &json!("CVE-2025-59375"))
    );
    assert_eq!(
        statement["status_notes"],
        "patches/expat/0009-fix.patch: the size is looked at first"
    );
    let log = run(&mut place.own(place.command(&[
        "audit",
        "--database",
        database,
        "--message-format",
        "sarif",
    ])))
    .exits(6)
    .stdout;
    let log: Value = serde_json::from_str(&log).expect("SARIF");
    let results = log["runs"][0]["results"]
        .as_array()
        .expect("results")
        .clone();
    let suppressed: Vec<_> = results
        .iter()
        .filter(|result| result["suppressions"].is_array())
        .collect();
    let text = suppressed[0]["suppressions"][0]["justification"]
        .as_str()
        .expect("a text");
    assert!(
        suppressed.len() == 1
            && text.contains("CVE-2025-59375")
            && text.contains("fixed by patches/expat/0009-fix.patch"),
        "{text}"
    );
    // The SBOMs of the locked sources say it of the patch.
    let sbom = |format: &str| {
        run(&mut place.own(place.command(&["sbom", "--format", format])))
            .exits(0)
            .stdout
    };
    let cyclonedx: Value = serde_json::from_str(&sbom("cyclonedx")).expect("JSON");
    let components = cyclonedx["components"]
        .as_array()
        .expect("components")
        .iter();
    let patches = components.flat_map(|component| {
        component["pedigree"]["patches"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    });
    let issues: Vec<_> = patches
        .map(|patch| patch["resolves"][0].clone())
        .filter(|issue| issue["type"] == "security")
        .collect();
    assert_eq!(
        issues
            .iter()
            .map(|issue| issue["id"].clone())
            .collect::<Vec<_>>(),
        ["CVE-2025-59375"]
    );
    assert!(sbom("spdx3").contains("Resolves CVE-2025-59375."));
    // By an alias just the same: the record of another database has the name, and the CVE as alias.
    let place = patched(&["OSV-2030-1"]);
    let other = json!({
        "schema_version": "1.7.0", "id": "OSV-2030-1", "modified": "2026-01-01T00:00:00Z", "aliases": ["CVE-2025-59375"],
        "affected": [{ "package": { "ecosystem": "ConanCenter", "name": "expat", "purl": "pkg:generic/expat" }, "versions": ["2.7.1"] }],
    });
    place.write("database/other.json", other.to_string());
    place.write(
        "database/cve.json",
        record("cve/CVE-2025-59375.json").to_string(),
    );
    assert_eq!(
        told(&audit(&place, &["--database", "database"]).exits(0)),
        expected(&[["expat 2.7.1", "CVE-2025-59375", "fixed"]])
    );
}

#[test]
fn what_a_patch_resolves_is_shown_without_a_record_and_a_warning_where_the_records_say_otherwise() {
    // No record speaks of the first; the second is fixed since 2.6.0.
    let place = patched(&["CVE-2030-11111", "CVE-2023-52425"]);
    let mut past = record("cve/CVE-2025-59375.json");
    past["cveMetadata"]["cveId"] = json!("CVE-2023-52425");
    past["containers"]["cna"]["affected"][0]["versions"] =
        json!([{ "version": "0", "lessThan": "2.6.0", "status": "affected" }]);
    past["containers"]["cna"]["cpeApplicability"] = json!([]);
    past["containers"]["adp"] = json!([]);
    place.write("database/past.json", past.to_string());
    let done = audit(&place, &["--database", "database"]).exits(0);
    assert_eq!(
        told(&done),
        expected(&[["expat 2.7.1", "CVE-2030-11111", "fixed"]])
    );
    assert_eq!(done.data("vulnerability")["records"], json!([]));
    let warning = done
        .json()
        .into_iter()
        .find(|line| line["data"]["rule"] == "patch-resolves")
        .expect("a finding");
    assert_eq!(
        (&warning["data"]["level"], &warning["data"]["file"]),
        (&json!("warning"), &json!("recipes/expat/recipe.toml"))
    );
    let message = warning["data"]["message"].as_str().expect("a text");
    assert!(
        message.contains("resolves CVE-2023-52425, which does not concern this version"),
        "{message}"
    );
    // Without a database each is shown, and none is a warning.
    let shown = run(&mut place.own(place.command(&["audit"])))
        .exits(0)
        .stdout;
    assert!(
        shown.contains("CVE-2023-52425") && shown.contains("no record of a database confirms it"),
        "{shown}"
    );
    // What is no name of a vulnerability does not get in.
    let place = patched(&["CVE-26-1"]);
    run(&mut place.own(place.command(&["audit"])))
        .exits(2)
        .says(&[
            "a vulnerability must be `CVE-<year>-<four digits or more>`",
            "`CVE-26-1`",
        ]);
}
