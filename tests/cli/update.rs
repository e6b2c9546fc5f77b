//! `wasideps update`: what it writes into recipes, tests and lock, and when it writes nothing.

use std::collections::HashMap;
use std::process::Command;

use serde_json::{Value, json};
use wasideps::model::Sha256;

use crate::outdated::references;
use crate::server::{Reply, Server};
use crate::sources::{gz, krate, tar};
use crate::support::{Place, Run, project, run, sdk, snapshot, test, wasmtime};

/// What a server has by path, as of now: a later version is put there later.
type Bodies = std::sync::Arc<std::sync::Mutex<HashMap<String, Vec<u8>>>>;

fn serve(bodies: &Bodies) -> Server {
    let bodies = bodies.clone();
    Server::start(move |path, _| {
        let bodies = bodies.lock().expect("no panic");
        bodies
            .get(path)
            .map_or(Reply::Status(404), |body| Reply::Body(body.clone()))
    })
}

fn packed(top: &str, files: &[(&str, &str)]) -> Vec<u8> {
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| (format!("{top}/{path}"), text.as_bytes().to_vec()))
        .collect();
    gz(&tar(&files))
}

/// The files of the source `demo`, whose function returns `value`.
fn demo(value: &str) -> Vec<(&'static str, String)> {
    vec![
        ("LICENSE", format!("Copyright (C) {value} The tests\n")),
        ("demo.h", format!("/* {value} */\nint demo(void);\n")),
        (
            "demo.c",
            format!(
                "#include \"config.h\"\n#include \"demo.h\"\nint demo(void) {{ return {value}; }}\n"
            ),
        ),
        ("config.h.in", "#undef HAVE_THIS\n".to_owned()),
    ]
}

fn texts<'a>(files: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    files
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect()
}

/// A release of a crate, as a registry's index has it.
fn release(name: &str, version: &str, krate: &[u8]) -> String {
    let sum = Sha256::of(krate);
    format!(
        r#"{{"name":"{name}","vers":"{version}","deps":[],"cksum":"{sum}","features":{{}},"yanked":false}}"#
    )
}

const RECIPE: &str = r#"# A comment at the top.
name = "demo"
versions = [
    "1.2", # the first
]
summary = "A source of the tests"
homepage = "https://example.org/"
originator = "The tests"
license = { expression = "MIT", files = ["LICENSE"], copyright = "NONE" }
identifiers = { cpe = "tests:demo", purl = "pkg:generic/demo", repository = "{server}/demo.git", tag = "v{version}" }

[[origin]] # upstream's
url = "{server}/demo-{version}.tar.gz"
root = { "1.2" = "demo-{version}" }
published-sha256 = { "1.2" = "{sha256}" }

[[origin]]
crate = "demo-sys"
releases = { "1.2" = "0.1.0+1.2" } # another's numbers
root = "demo"

[template."config.h.in"]
to = "config.h"
questions = "autoconf"
answers = { HAVE_THIS = true }

[library.demo]
sources = ["demo.c"]

[library.demo.headers]
"demo.h" = "./"

[pkg-config.demo]
description = "A source of the tests"
libraries = ["demo"]

[[when]]
version = "1.2"
library.demo.defines = { OLD = "1" }
"#;

const SUITE: &str = r#"versions = ["1.2"]
[overlay]
"check.c" = "check.c"
[program.check]
sources = ["check.c"]
modules = ["demo"]
[[run]]
program = "check"
"#;

/// A project with `demo` 1.2 locked, and a server that has a newer version of it as soon as
/// [`Project::offer`] puts it there.
struct Project {
    place: Place,
    bodies: Bodies,
    server: Server,
}

impl Project {
    fn new() -> Self {
        let place = Place::new();
        let bodies = Bodies::default();
        let server = serve(&bodies);
        run(&mut place.command(&["init", "p"])).exits(0);
        let project = Self {
            place,
            bodies,
            server,
        };
        let registry = format!(
            "[source.crates-io]\nreplace-with = 'here'\n[source.here]\nregistry = 'sparse+{}/'\n",
            project.server.url("")
        );
        project.place.write("cargo-home/config.toml", registry);
        let config = format!(
            r#"{{"dl":"{}"}}"#,
            project.server.url("/{crate}-{version}.crate")
        );
        project.put("/config.json", config);
        let archive = project.offer("1.2", "41", "0.1.0+1.2");
        let recipe = RECIPE
            .replace("{server}", &project.server.url(""))
            .replace("{sha256}", &Sha256::of(&archive).to_string());
        project.place.write("p/recipes/demo/recipe.toml", recipe);
        project.place.write("p/recipes/demo/tests.toml", SUITE);
        project.place.write(
            "p/recipes/demo/check.c",
            "#include <demo.h>\nint main(void) { return demo() < 41; }\n",
        );
        run(&mut project.command(&["lock", "demo", "1.2"])).exits(0);
        project
    }

    fn put(&self, path: &str, body: impl Into<Vec<u8>>) {
        let mut bodies = self.bodies.lock().expect("no panic");
        bodies.insert(path.to_owned(), body.into());
    }

    /// Puts a version there: its tag, its archive, and a crate with it.
    fn offer(&self, version: &str, value: &str, krate: &str) -> Vec<u8> {
        self.offer_files(version, &texts(&demo(value)), krate)
    }

    fn offer_files(&self, version: &str, files: &[(&str, &str)], krate: &str) -> Vec<u8> {
        let tags: Vec<String> = ["1.2", version].map(|version| format!("v{version}")).into();
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let scratch = Place::new();
        self.put(
            "/demo.git/info/refs?service=git-upload-pack",
            references(&scratch, if version == "1.2" { &tags[..1] } else { &tags }),
        );
        let archive = packed(&format!("demo-{version}"), files);
        self.put(&format!("/demo-{version}.tar.gz"), archive.clone());
        let packed = packed(&format!("demo-sys-{krate}/demo"), files);
        let mut index = release("demo-sys", krate, &packed);
        let known = self.bodies.lock().expect("no panic");
        if let Some(before) = known.get("/de/mo/demo-sys") {
            index = format!("{}\n{index}", String::from_utf8_lossy(before));
        }
        drop(known);
        self.put("/de/mo/demo-sys", index);
        self.put(&format!("/demo-sys-{krate}.crate"), packed);
        archive
    }

    fn command(&self, args: &[&str]) -> Command {
        self.place.command(&[&["--project", "p"], args].concat())
    }

    fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.place.path(path)).expect("the file")
    }

    fn state(&self) -> Vec<String> {
        snapshot(&self.place.path("p"))
    }

    fn lock(&self) -> Value {
        serde_json::from_str(&self.text("p/lockfile.json")).expect("JSON")
    }
}

#[track_caller]
fn prints(run: &Run, texts: &[&str]) {
    for text in texts {
        let found = run.stdout.contains(text);
        assert!(found, "`{text}` is not in stdout:\n{}", run.stdout);
    }
}

#[test]
fn a_newer_version_is_written_into_recipe_tests_and_lock_and_nothing_else_of_them_moves() {
    let project = Project::new();
    let before = project.state();
    let done = run(&mut project.command(&["update"])).exits(0);
    prints(&done, &["nothing newer is known"]);
    assert_eq!(project.state(), before);

    project.offer("1.3", "42", "0.2.0+1.3");
    let (recipe, suite) = (
        project.text("p/recipes/demo/recipe.toml"),
        project.text("p/recipes/demo/tests.toml"),
    );
    let shown = run(&mut project.command(&["update", "demo", "--dry-run"])).exits(0);
    prints(
        &shown,
        &[
            "demo 1.2 -> 1.3",
            "inputs: 0 new, 0 gone, 3 changed",
            "installed headers that changed: demo.h",
            "the licence's text changed",
            "+releases = { \"1.3\" = \"0.2.0+1.3\", \"1.2\" = \"0.1.0+1.2\" } # another's numbers",
            "nothing is written",
        ],
    );
    let shown =
        shown.says(&["demo/recipe.toml:38: this `[[when]]` counts for 1.2 and not for 1.3"]);
    assert!(shown.stderr.contains("no digest is published for"));
    assert_eq!(project.state(), before, "--dry-run writes");

    let done = run(&mut project.command(&["update", "--message-format", "json"])).exits(0);
    let update = done.data("update");
    assert_eq!(
        (&update["name"], &update["from"], &update["to"]),
        (&json!("demo"), &json!("1.2"), &json!("1.3"))
    );
    assert_eq!(update["open"][0]["line"], 38);
    assert_eq!(done.data("updated")["written"], true);
    let moved = recipe
        .replace(
            "    \"1.2\", # the first",
            "    \"1.3\",\n    \"1.2\", # the first",
        )
        .replace(
            "root = { \"1.2\"",
            "root = { \"1.3\" = \"demo-{version}\", \"1.2\"",
        )
        .replace("releases = { ", "releases = { \"1.3\" = \"0.2.0+1.3\", ");
    assert_eq!(project.text("p/recipes/demo/recipe.toml"), moved);
    assert_eq!(
        project.text("p/recipes/demo/tests.toml"),
        suite.replace("[\"1.2\"]", "[\"1.3\", \"1.2\"]")
    );
    let locked = &project.lock()["sources"]["demo"];
    assert_eq!(locked["version"], "1.3");
    assert_eq!(locked["origins"].as_array().map(Vec::len), Some(2));
    assert!(locked["tests"]["inputs"].is_string());
    let done = run(&mut project.command(&["update"])).exits(0);
    prints(&done, &["nothing newer is known"]);
}

#[test]
fn the_suites_of_what_moved_are_run_on_demand_and_a_failure_is_one_of_the_check() {
    let project = Project::new();
    project.offer("1.3", "42", "0.2.0+1.3");
    let check = |code: i32| {
        let mut command = project.command(&["update", "--check"]);
        command.arg("--runner").arg(wasmtime());
        run(command.arg("--wasi-sdk").arg(sdk())).exits(code)
    };
    let done = check(0);
    prints(&done, &["lib/libdemo.a", "demo    1.3"]);
    assert!(!project.place.path("sysroot").exists());
    project.offer("1.4", "40", "0.3.0+1.4");
    check(1).says(&["1 tests failed"]);
    assert_eq!(project.lock()["sources"]["demo"]["version"], "1.4");
}

#[test]
fn after_a_kill_between_recipe_and_lock_the_old_lock_holds_and_a_second_update_ends_it() {
    let project = Project::new();
    let old = project.text("p/lockfile.json");
    project.offer("1.3", "42", "0.2.0+1.3");
    run(&mut project.command(&["update"])).exits(0);
    let new = project.state();
    // The lock is written last.
    project.place.write("p/lockfile.json", &old);
    let mut build = project.command(&["build", "--prefix", "out"]);
    run(build.arg("--wasi-sdk").arg(sdk())).exits(0);
    run(&mut project.command(&["update"])).exits(0);
    assert_eq!(project.state(), new);
    // And with the tests not written either.
    project.place.write("p/lockfile.json", &old);
    project.place.write("p/recipes/demo/tests.toml", SUITE);
    run(&mut project.command(&["update"])).exits(0);
    assert_eq!(project.state(), new);
}

#[test]
fn what_does_not_fit_the_newer_version_stops_all_and_says_what_to_write() {
    let project = Project::new();
    project.place.write(
        "p/patches/demo/0001-demo.c.patch",
        "--- a/demo.c\n+++ b/demo.c\n@@ -3 +3 @@\n-int demo(void) { return 41; }\n+int demo(void) { return 43; }\n",
    );
    project.place.edit(
        "p/recipes/demo/recipe.toml",
        "[[when]]",
        "[[patch]]\nfile = \"0001-demo.c.patch\"\nreason = \"a reason\"\nupstream = \"not sent: a test\"\n\n[[when]]",
    );
    run(&mut project.command(&["lock", "demo", "1.2"])).exits(0);
    // A second source, which could move.
    let other = RECIPE
        .replace("demo", "other")
        .replace("{server}", &project.server.url(""))
        .replace("\nroot = { \"1.2\" = \"other-{version}\" }\npublished-sha256 = { \"1.2\" = \"{sha256}\" }", "\nroot = \"other-{version}\"");
    let (start, end) = (
        other.find("[[origin]]\ncrate").expect("the crate"),
        other.find("[template").expect("the template"),
    );
    let other = [&other[..start], &other[end..]].concat();
    project.place.write("p/recipes/other/recipe.toml", other);
    for version in ["1.2", "1.3"] {
        let files = demo("1");
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| (path.replace("demo", "other"), text.replace("demo", "other")))
            .collect();
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .collect();
        let archive = packed(&format!("other-{version}"), &files);
        project.put(&format!("/other-{version}.tar.gz"), archive);
    }
    run(&mut project.command(&["lock", "other", "1.2"])).exits(0);
    project.offer("1.3", "42", "0.2.0+1.3");
    let tags =
        project.bodies.lock().expect("no panic")["/demo.git/info/refs?service=git-upload-pack"]
            .clone();
    project.put("/other.git/info/refs?service=git-upload-pack", tags);

    let before = project.state();
    let done = run(&mut project.command(&["update"])).exits(2).says(&[
        "0001-demo.c.patch does not apply",
        "demo stays at 1.2",
        "0001-demo.c.patch: move it into a `[[when]]` with `version = \"1.2\"`",
        "then run `wasideps lock demo 1.3`",
    ]);
    prints(
        &done,
        &[
            "other 1.2 -> 1.3",
            "nothing is written; `wasideps update other` moves what holds",
        ],
    );
    assert_eq!(project.state(), before, "all or nothing");
    run(&mut project.command(&["update", "other"])).exits(0);
    assert_eq!(project.lock()["sources"]["other"]["version"], "1.3");
    assert_eq!(project.lock()["sources"]["demo"]["version"], "1.2");

    // A template that asks more; no file of that name any more.
    let mut files = demo("41");
    files[3].1 = "#undef HAVE_THIS\n#undef HAVE_THAT\n".to_owned();
    project.offer_files("1.4", &texts(&files), "0.4.0+1.4");
    run(&mut project.command(&["update", "demo"]))
        .exits(2)
        .says(&["config.h.in: answer HAVE_THAT in a `[[when]]` with `version = \"1.4\"`"]);
    files[3].1 = "#undef HAVE_THIS\n".to_owned();
    files[1].0 = "new.h";
    project.offer_files("1.5", &texts(&files), "0.5.0+1.5");
    run(&mut project.command(&["update", "demo"]))
        .exits(2)
        .says(&["demo.h", "demo stays at 1.2"]);
    // Origins that differ.
    project.offer("1.6", "41", "0.6.0+1.6");
    let mut other = demo("41");
    other[1].1.push_str("int more(void);\n");
    project.put("/demo-1.6.tar.gz", packed("demo-1.6", &texts(&other)));
    run(&mut project.command(&["update", "demo"]))
        .exits(3)
        .says(&["contain different inputs", "demo stays at 1.2"]);
}

#[test]
fn an_archive_that_is_not_there_and_a_text_that_does_not_follow_leave_an_origin_out() {
    let project = Project::new();
    project.place.edit(
        "p/recipes/demo/recipe.toml",
        &format!(
            "url = \"{}/demo-{{version}}.tar.gz\"",
            project.server.url("")
        ),
        &format!(
            "url = {{ \"1.2\" = \"{}/first/demo.tar.gz\" }}",
            project.server.url("")
        ),
    );
    let first = project.bodies.lock().expect("no panic")["/demo-1.2.tar.gz"].clone();
    project.put("/first/demo.tar.gz", first);
    run(&mut project.command(&["lock", "demo", "1.2"])).exits(0);
    project.offer("1.3", "42", "0.2.0+1.3");
    run(&mut project.command(&["update"])).exits(0).says(&[
        "demo/recipe.toml:13: the `url` of 1.3 does not follow",
        "only one origin is left of 2: crate demo-sys 0.2.0+1.3",
    ]);
    let locked = project.lock();
    let origins = locked["sources"]["demo"]["origins"].as_array();
    assert_eq!(origins.map(Vec::len), Some(1));
    assert!(
        !project
            .text("p/recipes/demo/recipe.toml")
            .contains("\"1.3\" = \"http")
    );
}

#[test]
fn real_archives_of_zlib_move_its_recipe_from_1_3_1_to_1_3_2() {
    let (place, _server) = crate::lock::place_with_registry();
    let newest = krate("zlib").bytes;
    let sums = [crate::lock::old_crate(), newest.clone()];
    let downloads = Server::with([
        ("/libz-sys-1.1.24.crate", sums[0].clone()),
        ("/libz-sys-1.1.31.crate", newest),
    ]);
    let config = format!(
        r#"{{"dl":"{}"}}"#,
        downloads.url("/{crate}-{version}.crate")
    );
    let index = format!(
        "{}\n{}",
        release("libz-sys", "1.1.24", &sums[0]),
        release("libz-sys", "1.1.31", &sums[1])
    );
    let registry = Server::with([
        ("/config.json", config.into_bytes()),
        ("/li/bz/libz-sys", index.into_bytes()),
    ]);
    let text = format!(
        "[source.crates-io]\nreplace-with = 'here'\n[source.here]\nregistry = 'sparse+{}/'\n",
        registry.url("")
    );
    place.write("cargo-home/config.toml", text);
    // As it was when 1.3.1 was the newest.
    let recipe = "recipes/zlib/recipe.toml";
    for (new, old) in [
        ("\"1.3.2\" = \"1.1.31\", ", ""),
        ("\"1.3.2\" = \"zlib-1.3.dfsg+really{version}\", ", ""),
        ("versions = [\"1.3.2\", ", "versions = ["),
        (
            "https://github.com/madler/zlib.git",
            &registry.url("/none.git"),
        ),
    ] {
        place.edit(recipe, new, old);
    }
    let text = std::fs::read_to_string(place.path(recipe)).expect("the recipe");
    let (start, end) = (
        text.find("[[when]]\nversion = \"1.3.2\"")
            .expect("that of 1.3.2"),
        text.find("[[when]]\nversion = \"1.3.1\"")
            .expect("that of 1.3.1"),
    );
    let text = [&text[..start], &text[end..]].concat();
    let text: Vec<_> = text
        .lines()
        .filter(|line| !line.starts_with("\"1.3.2\" = "))
        .collect();
    place.write(recipe, text.join("\n") + "\n");
    let _ = std::fs::remove_file(place.path("recipes/zlib/tests.toml"));
    std::fs::copy(
        project().join("tests/fixtures/zlib-1.3.1.lock.json"),
        place.path("lockfile.json"),
    )
    .expect("the old lock");
    let mut command = place.own(place.command(&["update", "zlib"]));
    command.env(
        "APT_CONFIG",
        crate::apt::apt_configuration(&place, "apt/sources.d"),
    );
    let done = run(&mut command).exits(0).says(&[
        "this `[[when]]` counts for 1.3.1 and not for 1.3.2",
        "only one origin is left of",
    ]);
    prints(
        &done,
        &[
            "zlib 1.3.1 -> 1.3.2",
            "installed headers that changed: zconf.h, zlib.h",
            "the licence's text changed",
        ],
    );
    let after = std::fs::read_to_string(place.path(recipe)).expect("the recipe");
    for line in [
        "versions = [\"1.3.2\", \"1.3.1\"]",
        "releases = { \"1.3.2\" = \"1.1.31\", \"1.3.1\" = \"1.1.24\" }",
    ] {
        assert!(after.contains(line), "{line}:\n{after}");
    }
    let lock: Value =
        serde_json::from_slice(&std::fs::read(place.path("lockfile.json")).expect("the lock"))
            .expect("JSON");
    let expected = crate::support::lock()["sources"]["zlib"]["inputs"].take();
    assert_eq!(lock["sources"]["zlib"]["version"], "1.3.2");
    assert_eq!(lock["sources"]["zlib"]["inputs"], expected);
    run(&mut place.own(place.build(&["zlib"]))).exits(0);
}

#[test]
fn the_embedded_files_no_network_and_nobody_who_answers_are_refused() {
    let project = Project::new();
    run(&mut project.place.command(&["update"]))
        .exits(2)
        .says(&["the embedded lock can't be written", "--project DIR"]);
    run(project
        .place
        .command(&["update"])
        .arg("--lockfile")
        .arg(project.place.path("p/lockfile.json")))
    .exits(2)
    .says(&["the embedded recipes can't be written"]);
    run(&mut project.command(&["update", "--offline"]))
        .exits(4)
        .says(&["`wasideps update` needs the network"]);
    run(&mut project.command(&["update", "no"]))
        .exits(2)
        .says(&["no source `no`"]);
    let before = project.state();
    // A tag, and nothing that could be fetched of it.
    project.offer("1.3", "42", "0.2.0+1.3");
    project
        .bodies
        .lock()
        .expect("no panic")
        .retain(|path, _| !path.contains("1.3."));
    run(&mut project.command(&["update"])).exits(4).says(&[
        "no origin of demo 1.3 could be reached",
        "demo stays at 1.2",
        "`wasideps update demo` tries again",
    ]);
    project.bodies.lock().expect("no panic").clear();
    run(&mut project.command(&["update", "demo"]))
        .exits(4)
        .says(&["no origin of demo could be asked what it offers"]);
    run(&mut project.command(&["update"]))
        .exits(4)
        .says(&["no origin could be asked"]);
    assert_eq!(project.state(), before);
}
