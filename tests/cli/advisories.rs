//! `wasideps audit`: what it says of what it did not look at, and the databases that `--update`
//! brings.

use std::process::Command;

use serde_json::{Value, json};
use wasideps::model::Sha256;

use crate::apt::{BINARIES, apt_configuration, apt_suite};
use crate::server::{Reply, Server};
use crate::sources::{gz, tar, zip};
use crate::support::{Place, Run, project, run, test};

fn gaps(done: &Run) -> Vec<(String, bool, String)> {
    let lines = done
        .json()
        .into_iter()
        .filter(|line| line["reason"] == "not-looked-at")
        .map(|mut line| line["data"].take());
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    lines
        .map(|gap| {
            (
                text(&gap["part"]),
                gap["whole"] == true,
                text(&gap["message"]),
            )
        })
        .collect()
}

fn violations(done: &Run) -> Vec<(String, String)> {
    let findings = done
        .json()
        .into_iter()
        .filter(|line| line["reason"] == "finding" && line["data"]["level"] == "violation");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    findings
        .map(|line| (text(&line["data"]["rule"]), text(&line["data"]["subject"])))
        .collect()
}

fn whole(gaps: &[(String, bool, String)]) -> Vec<&str> {
    gaps.iter()
        .filter(|(_, whole, _)| *whole)
        .map(|(part, ..)| part.as_str())
        .collect()
}

#[test]
fn what_was_not_looked_at_is_said_in_every_format_and_is_a_violation_where_it_is_required() {
    let place = Place::new();
    let shown = run(&mut place.command(&["audit"])).exits(0).stdout;
    assert!(
        shown.contains(
            "not looked at: vulnerabilities: there is no database; `--update` downloads one"
        ),
        "{shown}"
    );
    assert!(
        shown.contains("not looked at: origins: none was asked"),
        "{shown}"
    );
    let done = run(&mut place.command(&["audit", "--message-format", "json"])).exits(0);
    assert_eq!(whole(&gaps(&done)), ["origins", "vulnerabilities"]);
    assert_eq!(
        done.data("audit")["not-looked-at"].as_array().map(Vec::len),
        Some(2)
    );
    let log = run(&mut place.command(&["audit", "--message-format", "sarif"]))
        .exits(0)
        .stdout;
    let log: Value = serde_json::from_str(&log).expect("SARIF");
    let notes = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
        .as_array()
        .expect("notifications")
        .clone();
    assert_eq!(notes.len(), 2, "{notes:#?}");
    assert!(
        notes
            .iter()
            .all(|note| note["level"] == "warning" && note["descriptor"]["id"] == "not-looked-at"),
        "{notes:#?}"
    );
    let done = run(&mut place.command(&[
        "audit",
        "--message-format",
        "json",
        "--require",
        "vulnerabilities,origins",
    ]))
    .exits(6);
    let not_looked_at = |part: &str| ("not-looked-at".to_owned(), part.to_owned());
    assert_eq!(
        violations(&done),
        [not_looked_at("origins"), not_looked_at("vulnerabilities")]
    );
    // With a database, only what it can't know is left.
    let record = project().join("tests/fixtures/vulnerabilities/cve/CVE-2025-31115.json");
    let mut command = place.command(&[
        "audit",
        "--message-format",
        "json",
        "--require",
        "vulnerabilities",
    ]);
    let done = run(command
        .arg("--database")
        .arg(&record)
        .env("SOURCE_DATE_EPOCH", "1800000000"))
    .exits(0);
    let left = gaps(&done);
    assert_eq!(whole(&left), ["origins"]);
    let texts: Vec<_> = left.iter().map(|(.., message)| message.as_str()).collect();
    let unknown = texts
        .iter()
        .find(|text| text.contains("no record of the databases names them"))
        .expect("a gap");
    assert!(
        unknown.contains("zlib 1.3.2") && !unknown.contains("xz 5.8.3"),
        "{unknown}"
    );
    assert!(
        texts
            .iter()
            .any(|text| text.contains("days since the newest record of")),
        "{texts:?}"
    );
}

/// In the form of Debian's own; zlib's version is as Debian writes it.
const CHANGELOG: &str = "\
zlib (1:1.3.dfsg+really1.3.2-4) unstable; urgency=low

  * Take upstream's patch for a write past a buffer
    (CVE-2026-85091).

 -- A Person <a@example.org>  Sun, 25 Oct 2026 22:40:02 +0000

zlib (1:1.3.dfsg+really1.3.2-1) unstable; urgency=low

  * New upstream release, which fixes CVE-2026-11111.

 -- A Person <a@example.org>  Tue, 24 Mar 2026 01:05:33 +0000

zlib (1:1.3.dfsg+really1.3.1-1) unstable; urgency=low

  * New upstream release.

 -- A Person <a@example.org>  Tue, 24 Feb 2026 01:05:33 +0000
";

/// zlib alone, at 1.3.2 and without patches.
fn zlib() -> Place {
    let place = Place::new();
    place.copy_recipes();
    place.edit_lock(|lock| {
        lock["sources"]
            .as_object_mut()
            .expect("sources")
            .retain(|name, _| name == "zlib");
    });
    let text = std::fs::read_to_string(place.path("recipes/zlib/recipe.toml")).expect("the recipe");
    let text: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with("resolves"))
        .collect();
    place.write("recipes/zlib/recipe.toml", text.join("\n"));
    place
}

fn told(done: &Run) -> Vec<(String, String)> {
    let lines = done
        .json()
        .into_iter()
        .filter(|line| line["reason"] == "vulnerability")
        .map(|mut line| line["data"].take());
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    lines
        .map(|data| (text(&data["id"]), text(&data["verdict"]["status"])))
        .collect()
}

fn audit(place: &Place, args: &[&str]) -> Command {
    place.own(place.command(&[&["audit", "--message-format", "json"], args].concat()))
}

#[test]
fn what_debian_fixed_after_ours_is_to_be_looked_at_until_a_record_or_the_recipe_answers() {
    let place = zlib();
    place.write("zlib.changelog", CHANGELOG);
    let done = run(&mut audit(&place, &["--database", "zlib.changelog"])).exits(6);
    assert_eq!(
        told(&done),
        [("CVE-2026-85091".to_owned(), "undetermined".to_owned())]
    );
    let why = done.data("vulnerability")["records"][0]["why"].take();
    assert_eq!(
        why,
        "Debian's changelog says that 1:1.3.dfsg+really1.3.2-4 fixes it (25 Oct 2026); ours is 1.3.2: look"
    );
    assert_eq!(done.data("database")["changelogs"], json!(["zlib"]));
    // A record that knows the versions wins over one that does not.
    let record = |versions: Value| {
        json!({
            "schema_version": "1.7.0", "id": "CVE-2026-85091", "modified": "2026-01-01T00:00:00Z",
            "affected": [{ "package": { "ecosystem": "ConanCenter", "name": "zlib", "purl": "pkg:generic/zlib" }, "versions": versions }],
        })
    };
    for (versions, expected) in [
        (json!(["1.3.1"]), None),
        (json!(["1.3.2"]), Some("affected")),
    ] {
        place.write("record.json", record(versions).to_string());
        let done = run(&mut audit(
            &place,
            &["--database", "zlib.changelog", "--database", "record.json"],
        ));
        let statuses: Vec<_> = told(&done).into_iter().map(|(_, status)| status).collect();
        assert_eq!(statuses, expected.into_iter().collect::<Vec<_>>());
    }
    // The recipe's own answer.
    let text = std::fs::read_to_string(place.path("recipes/zlib/recipe.toml")).expect("the recipe");
    let said = |reason: &str| {
        let keys = format!(
            "vulnerability = \"CVE-2026-85091\"\njustification = \"vulnerable_code_not_present\"\nreason = \"{reason}\""
        );
        place.write(
            "recipes/zlib/recipe.toml",
            format!("{text}\n[[not-affected]]\n{keys}\n"),
        );
    };
    said("the file is not compiled");
    let done = run(&mut audit(
        &place,
        &["--database", "zlib.changelog", "--write-vex", "out.json"],
    ))
    .exits(0);
    let verdict = done.data("vulnerability")["verdict"].take();
    let expected = json!({
        "status": "not_affected", "by": "recipes/zlib/recipe.toml",
        "justification": "vulnerable_code_not_present", "reason": "the file is not compiled",
    });
    assert_eq!(verdict, expected);
    assert!(
        std::fs::read_to_string(place.path("out.json"))
            .expect("a document")
            .contains("the file is not compiled")
    );
    said(" ");
    run(&mut audit(&place, &[]))
        .exits(2)
        .says(&["a `[[not-affected]]` says of CVE-2026-85091 no reason"]);
}

/// An apt repository of one binary package in `place`, and apt's configuration that knows no other;
/// the variable for the command.
fn repository(place: &Place, changelog: &str) -> std::path::PathBuf {
    let member = |name: &str, data: &[u8]| {
        let mut bytes = format!(
            "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
            0,
            0,
            0,
            100_644,
            data.len()
        )
        .into_bytes();
        bytes.extend(data);
        bytes.extend(std::iter::repeat_n(b'\n', data.len() % 2));
        bytes
    };
    let file = |path: &str, text: &[u8]| gz(&tar(&[(path.to_owned(), text.to_vec())]));
    let data = file(
        "./usr/share/doc/zlib1g/changelog.Debian.gz",
        &gz(changelog.as_bytes()),
    );
    let members = [
        member("debian-binary", b"2.0\n"),
        member("control.tar.gz", &file("./control", b"Package: zlib1g\n")),
        member("data.tar.gz", &data),
    ];
    let deb = [b"!<arch>\n".to_vec(), members.concat()].concat();
    place.write("repository/pool/zlib1g.deb", &deb);
    let packages = format!(
        "Package: zlib1g\nSource: zlib\nVersion: 1:1.3.dfsg+really1.3.2-4\nArchitecture: amd64\nSection: libs\nMaintainer: A <a@example.org>\n\
         Filename: pool/zlib1g.deb\nSize: {}\nSHA256: {}\nDescription: a library\n\n",
        deb.len(),
        Sha256::of(&deb)
    );
    apt_suite(place, "sid", BINARIES, &packages)
}

/// What OSV publishes of `GIT`, with one record of zlib.
fn export() -> Vec<u8> {
    let record = json!({
        "schema_version": "1.7.0", "id": "CVE-2026-22222", "modified": "2026-02-01T00:00:00Z", "summary": "a loop",
        "affected": [{ "ranges": [{
            "type": "GIT", "repo": "https://github.com/madler/zlib.git", "events": [{ "introduced": "0" }],
        }], "versions": ["v1.3.1", "v1.3.2"] }],
    });
    zip(&[(
        "CVE-2026-22222.json".to_owned(),
        record.to_string().into_bytes(),
    )])
}

#[test]
fn update_brings_osvs_export_and_debians_changelogs_and_later_audits_use_them_without_a_network() {
    let place = zlib();
    let apt = repository(&place, CHANGELOG);
    let server = Server::start(|path, _| match path {
        "/GIT/all.zip" => Reply::Body(export()),
        _ => Reply::Status(404),
    });
    let update = |base: &str| {
        let mut command = audit(&place, &["--update", "--osv", base]);
        command.env("APT_CONFIG", &apt);
        command
    };
    let done = run(&mut update(&server.url("/"))).exits(6);
    let expected = [
        ("CVE-2026-22222", "affected"),
        ("CVE-2026-85091", "undetermined"),
    ];
    let expected = expected.map(|(id, status)| (id.to_owned(), status.to_owned()));
    assert_eq!(told(&done), expected);
    let unreached: Vec<_> = gaps(&done)
        .into_iter()
        .filter(|(.., message)| message.contains("can't be reached"))
        .collect();
    assert_eq!(
        unreached.len(),
        1,
        "the other ecosystem is not there, and that is said: {unreached:?}"
    );
    let from: Vec<_> = done
        .json()
        .into_iter()
        .filter(|line| line["reason"] == "database")
        .map(|line| line["data"]["brought"]["from"].clone())
        .collect();
    assert!(
        from.iter().any(|from| from
            .as_str()
            .is_some_and(|from| from.ends_with("/GIT/all.zip"))),
        "{from:?}"
    );
    // How many there are grows with the lock.
    let is_of_changelogs = |from: &Value| {
        let rest = from.as_str().and_then(|from| {
            from.strip_prefix("Debian's changelogs of 1 source packages in sid (")
        });
        rest.is_some_and(|rest| rest.ends_with(" of the sources are not in it)"))
    };
    assert!(from.iter().any(is_of_changelogs), "{from:?}");
    // Later, without a network, and the same to the byte.
    let later =
        || run(audit(&place, &["--offline"]).env("SOURCE_DATE_EPOCH", "1800000000")).exits(6);
    let first = later();
    assert_eq!(told(&first), expected);
    assert_eq!(first.stdout, later().stdout);
    assert!(
        gaps(&first)
            .iter()
            .any(|(.., message)| message.contains("days since Debian's changelogs")),
        "{:?}",
        gaps(&first)
    );
    assert!(
        gaps(&first)
            .iter()
            .any(|(.., message)| message.contains("OSV OSS-Fuzz: it was never downloaded")),
        "{:?}",
        gaps(&first)
    );
    // What is no database takes the place of none; nor does what can't be reached.
    let page = Server::start(|_, _| Reply::Body(b"<html>sign in</html>".to_vec()));
    assert_eq!(told(&run(&mut update(&page.url("/"))).exits(6)), expected);
    let empty = apt_configuration(&place, "apt/nothing");
    let none =
        run(audit(&place, &["--update", "--osv", "http://127.0.0.1:1/"]).env("APT_CONFIG", empty))
            .exits(4);
    none.says(&[
        "OSV's export of GIT was not downloaded",
        "Debian's changelogs was not downloaded",
    ]);
    run(&mut audit(&place, &["--update", "--offline"])).exits(4);
    assert_eq!(told(&later()), expected);
    // A plain connection to elsewhere would tell the world, and anyone on the way could answer.
    let plain = run(audit(&place, &["--update", "--osv", "http://example.org/"])
        .env("APT_CONFIG", place.path("apt/apt.conf")))
    .exits(4);
    plain.says(&["expected `https` (or `http` to this machine)"]);
    // One that was changed is not believed.
    let folder = place.path("store/advisories");
    let zips = std::fs::read_dir(&folder)
        .expect("the databases")
        .flatten()
        .map(|entry| entry.path());
    let zips: Vec<_> = zips
        .filter(|path| path.extension().is_some_and(|extension| extension == "zip"))
        .collect();
    assert_eq!(zips.len(), 2, "{zips:?}");
    for path in &zips {
        std::fs::write(
            path,
            zip(&[("X-1.json".to_owned(), b"{\"id\": \"X-1\"}".to_vec())]),
        )
        .expect("it is written");
    }
    run(&mut audit(&place, &["--offline"]))
        .exits(3)
        .says(&["damaged", "`wasideps audit --update` downloads them again"]);
    let apt = repository(&place, CHANGELOG);
    assert_eq!(
        told(
            &run(audit(&place, &["--update", "--osv", &server.url("/")]).env("APT_CONFIG", apt))
                .exits(6)
        ),
        expected
    );
}
