//! What wasideps says of itself and its sources: SBOMs, schemas, tables, help, completions, man
//! pages.

use std::path::Path;

use serde_json::Value;

use crate::support::{Place, lock, names, project, raw, run, sdk, system, test};

fn said(args: &[&str]) -> String {
    run(raw().current_dir(project()).args(args)).exits(0).stdout
}

#[test]
fn the_committed_sboms_are_what_the_lock_gives_and_a_stale_one_is_exit_3_with_its_line() {
    for (format, name, again) in [
        ("spdx", "wasideps.spdx.json", "wasideps sbom >"),
        (
            "spdx3",
            "wasideps.spdx3.json",
            "wasideps sbom --format spdx3 >",
        ),
        (
            "cyclonedx",
            "wasideps.cdx.json",
            "wasideps sbom --format cyclonedx >",
        ),
    ] {
        let committed = format!("sbom/{name}");
        said(&["sbom", "--format", format, "--check", &committed]);
        let text = std::fs::read_to_string(project().join(&committed)).expect("the SBOM");
        assert_eq!(said(&["sbom", "--format", format]), text);
        let place = Place::new();
        let line = text
            .lines()
            .position(|line| line.contains("1.3.2"))
            .expect("zlib's version")
            + 1;
        let stale = place.write("sbom.json", text.replace("1.3.2", "1.3.1"));
        run(place
            .command(&["sbom", "--format", format])
            .arg("--check")
            .arg(stale))
        .exits(3)
        .says(&[&format!("line {line} differs"), again]);
    }
}

#[test]
fn the_sboms_date_is_the_locks_unless_source_date_epoch_says_another() {
    let created = |sbom: &str| {
        serde_json::from_str::<Value>(sbom).expect("JSON")["creationInfo"]["created"].take()
    };
    let lock = lock();
    assert_eq!(
        created(&said(&["sbom"])),
        format!("{}T00:00:00Z", lock["date"].as_str().expect("a date"))
    );
    let at = |epoch: &str| run(raw().arg("sbom").env("SOURCE_DATE_EPOCH", epoch));
    assert_eq!(
        created(&at("1000000000").exits(0).stdout),
        "2001-09-09T01:46:40Z"
    );
    at("yesterday")
        .exits(2)
        .says(&["SOURCE_DATE_EPOCH", "`yesterday`"]);
}

#[test]
fn what_is_no_day_or_no_number_of_seconds_is_exit_2_and_reaches_no_document() {
    let place = Place::new();
    let lock = std::fs::read_to_string(project().join("lockfile.json")).expect("the lock");
    let date = serde_json::from_str::<Value>(&lock).expect("JSON")["date"]
        .as_str()
        .expect("a date")
        .to_owned();
    for wrong in [
        "2026-99-99",
        "2026-02-30",
        "2025-02-29",
        "20261126",
        "2026-11-26T00:00:00Z",
        "today",
        "",
    ] {
        place.write("lockfile.json", lock.replacen(&date, wrong, 1));
        let refused = run(&mut place.command(&["sbom", "--lockfile", "lockfile.json"])).exits(2);
        assert_eq!(refused.stdout, "");
        refused.says(&[
            "lockfile.json",
            "expected a day of the calendar as YYYY-MM-DD",
            &format!("found `{wrong}`"),
        ]);
    }
    // As good as unset.
    let unset = run(raw().arg("sbom").env("SOURCE_DATE_EPOCH", "")).exits(0);
    assert_eq!(unset.stdout, run(raw().arg("sbom")).exits(0).stdout);
    for wrong in [
        "-1",
        "+1",
        "1.5",
        "1e9",
        " 1",
        "0x10",
        "253402300800",
        "99999999999999999999",
    ] {
        let refused = run(raw().arg("sbom").env("SOURCE_DATE_EPOCH", wrong)).exits(2);
        assert_eq!(refused.stdout, "");
        refused.says(&["SOURCE_DATE_EPOCH", &format!("`{wrong}`")]);
    }
}

#[test]
fn the_prefixs_sbom_is_printed_only_while_it_is_the_one_that_was_installed() {
    let place = Place::new();
    run(&mut place.build(&["bzip2", "--prefix", "out"])).exits(0);
    let print = || run(&mut place.command(&["sbom", "--prefix", "out"]));
    let path = place.path("out/share/wasideps/sbom.spdx.json");
    assert_eq!(
        print().exits(0).stdout,
        std::fs::read_to_string(&path).expect("the SBOM")
    );
    let in_3 = ["sbom", "--format", "spdx3", "--prefix", "out"];
    let installed = std::fs::read_to_string(place.path("out/share/wasideps/sbom.spdx3.json"))
        .expect("the SBOM");
    assert_eq!(run(&mut place.command(&in_3)).exits(0).stdout, installed);
    run(place.command(&in_3).args(["--source", "bzip2"]))
        .exits(2)
        .says(&["cannot be used with '--source"]);
    place.edit("out/share/wasideps/sbom.spdx.json", "1.0.8", "1.0.9");
    print().exits(3).says(&["is damaged"]);
    run(&mut place.command(&["sbom", "--prefix", "nowhere"]))
        .exits(2)
        .says(&["no prefix at nowhere"]);
}

fn is_suite(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("tests"))
}

/// A schema as it is committed, which is as the program prints it.
fn schema(of: &str) -> Value {
    let committed =
        std::fs::read_to_string(project().join(format!("docs/schema/{of}.schema.json")))
            .expect("the committed schema");
    assert_eq!(
        said(&["schema", of]),
        committed,
        "write it anew: wasideps schema {of} > docs/schema/{of}.schema.json"
    );
    serde_json::from_str(&committed).expect("JSON")
}

/// All recipes of the project.
fn recipes() -> Vec<std::path::PathBuf> {
    let folder = project().join("recipes");
    let mut found = Vec::new();
    for name in names(&folder)
        .iter()
        .filter(|name| folder.join(name).is_dir())
    {
        let files = names(&folder.join(name));
        found.extend(
            files
                .iter()
                .filter(|file| file.ends_with(".toml"))
                .map(|file| folder.join(name).join(file)),
        );
    }
    found
}

fn toml(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("the recipe");
    let value: toml::Value = toml::from_str(&text).expect("TOML");
    serde_json::to_value(value).expect("TOML is JSON but for its dates")
}

#[test]
fn the_committed_schemas_are_the_programs_own_and_recipes_and_lock_are_valid_by_them() {
    let (recipe, tests, lock) = (schema("recipe"), schema("tests"), schema("lockfile"));
    let (suites, recipes): (Vec<_>, Vec<_>) =
        recipes().into_iter().partition(|path| is_suite(path));
    assert!(recipes.len() >= 5 && !suites.is_empty());
    for (schema, paths) in [(&recipe, recipes), (&tests, suites)] {
        let validator = jsonschema::validator_for(schema).expect("a schema");
        for path in paths {
            let errors: Vec<_> = validator
                .iter_errors(&toml(&path))
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        }
    }
    let validator = jsonschema::validator_for(&recipe).expect("a schema");
    let mut wrong = toml(&project().join("recipes/bzip2/recipe.toml"));
    wrong["libary"] = wrong["library"].take();
    assert!(!validator.is_valid(&wrong));

    let validator = jsonschema::validator_for(&lock).expect("a schema");
    for path in ["lockfile.json", "tests/fixtures/zlib-1.3.1.lock.json"] {
        let text = std::fs::read(project().join(path)).expect("the lock");
        let mut value: Value = serde_json::from_slice(&text).expect("JSON");
        let errors: Vec<_> = validator
            .iter_errors(&value)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{path}: {errors:?}");
        value["sources"]["zlib"]["inputs"] = "short".into();
        assert!(
            !validator.is_valid(&value),
            "any text is a digest by the schema"
        );
    }
}

#[test]
fn each_command_has_a_help_and_a_man_page() {
    let help = said(&["--help"]);
    assert!(
        help.contains("Examples:") && help.contains("Exit codes:"),
        "{help}"
    );
    let list = help
        .split("Commands:\n")
        .nth(1)
        .and_then(|rest| rest.split("\n\n").next())
        .expect("a list of commands");
    let commands: Vec<_> = list
        .lines()
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(
        commands.contains(&"build") && commands.len() > 8,
        "{commands:?}"
    );
    let place = Place::new();
    let written = run(place.command(&["man"]).arg(place.path("man")))
        .exits(0)
        .stdout;
    for command in commands.iter().filter(|command| **command != "help") {
        assert!(
            said(&[command, "--help"]).contains(&format!("Usage: wasideps {command}")),
            "{command}"
        );
        let page = place.path(&format!("man/wasideps-{command}.1"));
        assert!(
            std::fs::read_to_string(&page).is_ok_and(|text| text.contains(".SH SYNOPSIS")),
            "{command} has no man page"
        );
        assert!(written.contains(&*page.to_string_lossy()), "{written}");
    }
}

#[test]
fn each_shell_gets_a_completion_script_that_knows_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = said(&["completions", shell]);
        assert!(
            script.contains("all-origins") && script.contains("message-format"),
            "{shell}"
        );
    }
    let syntax = run(system("bash").args(["-n", "-c", &said(&["completions", "bash"])]));
    assert_eq!((syntax.code, syntax.stderr.as_str()), (0, ""));
}

#[test]
fn shells_complete_values_and_run_nothing_when_they_read_the_script() {
    let place = Place::new();
    // A program of the same name in front: a script must not start it.
    let started = place.path("started");
    let program = place.write(
        "bin/wasideps",
        format!("#!/bin/sh\ntouch '{}'\n", started.display()),
    );
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).expect("made executable");
    let path = format!(
        "{}:{}",
        place.path("bin").display(),
        std::env::var("PATH").expect("a path")
    );
    let fish = place.write("script.fish", said(&["completions", "fish"]));
    let bash = place.write("script.bash", said(&["completions", "bash"]));
    let in_fish = |line: &str| {
        let text = format!("source '{}'; complete -C '{line}'", fish.display());
        let mut shell = system("fish");
        let done = run(shell.env("PATH", &path).env("HOME", place.path("")).args([
            "--no-config",
            "-c",
            &text,
        ]))
        .exits(0);
        assert_eq!(done.stderr, "", "{line}");
        done.stdout
    };
    let in_bash = |line: &str| {
        let text = format!(
            "source '{}'; COMP_WORDS=({line} ''); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _wasideps wasideps '' \"${{COMP_WORDS[COMP_CWORD-1]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            bash.display()
        );
        let mut shell = system("bash");
        let done = run(shell.env("PATH", &path).args(["--norc", "-c", &text])).exits(0);
        assert_eq!(done.stderr, "", "{line}");
        done.stdout
    };
    for (line, value) in [
        ("wasideps build --target", "wasm32-wasip2"),
        ("wasideps build --sdk", "debian-25"),
        ("wasideps build --python", "3.13"),
        ("wasideps build --variant", "simd"),
        ("wasideps build", "libjpeg-turbo"),
        ("wasideps build", "@images"),
        ("wasideps update", "@cpython"),
        ("wasideps lock", "zlib"),
        ("wasideps env --shell", "powershell"),
    ] {
        let fish = in_fish(&format!("{line} "));
        assert!(
            fish.lines()
                .any(|found| found.split('\t').next() == Some(value)),
            "{line}: {fish}"
        );
        let bash = in_bash(line);
        assert!(bash.lines().any(|found| found == value), "{line}: {bash}");
    }
    // A source alone is locked, and no group.
    assert!(!in_fish("wasideps lock ").contains('@') && !in_bash("wasideps lock").contains('@'));
    // The word that bash completes is the whole of it.
    let text = format!(
        "COMP_WORDBREAKS=$' \\t\\n@:'; source '{}'; COMP_WORDS=(wasideps build @im); COMP_CWORD=2; \
         _wasideps wasideps @im build; printf '%s|' \"${{COMPREPLY[@]}}\" \"$COMP_WORDBREAKS\"",
        bash.display()
    );
    let done = run(system("bash").args(["--norc", "-c", &text])).exits(0);
    assert_eq!(done.stdout, "@images| \t\n:|");
    assert!(!started.exists(), "a script started the program");
}

#[test]
fn a_wrong_command_line_is_exit_2() {
    run(raw().args(["biuld"])).exits(2).says(&["build"]);
    run(raw().args(["build", "--jobs", "0"])).exits(2);
    run(raw().args(["build", "--sdk", "25", "--python", "3.14"])).exits(2);
}

#[test]
fn list_and_plan_tell_people_and_programs_the_same() {
    let place = Place::new();
    let sdk = sdk().to_string_lossy();
    let both = |args: &[&str]| {
        let people = run(&mut place.command(args)).exits(0).stdout;
        (
            people,
            run(&mut place.command(&[args, &["--message-format", "json"]].concat()))
                .exits(0)
                .json(),
        )
    };
    let (people, lines) = both(&["list"]);
    let sources: Vec<_> = lines
        .iter()
        .filter(|line| line["reason"] == "source")
        .collect();
    assert!(sources.len() >= 4);
    for source in sources {
        let row = format!("{} ", source["data"]["name"].as_str().expect("a name"));
        let version = source["data"]["locked"]["version"]
            .as_str()
            .expect("a version");
        assert!(
            people
                .lines()
                .any(|line| line.starts_with(&row) && line.contains(version)),
            "{row}{version}:\n{people}"
        );
    }
    let excluded = lines
        .iter()
        .find(|line| line["reason"] == "excluded")
        .expect("what is excluded");
    assert!(people.contains(excluded["data"]["why"].as_str().expect("a reason")));

    let (people, lines) = both(&["plan", "zlib", "--wasi-sdk", &sdk]);
    let jobs: Vec<_> = lines
        .iter()
        .filter(|line| line["reason"] == "job")
        .collect();
    assert_eq!(jobs.len(), 15);
    for job in jobs {
        let file = job["data"]["job"]["file"].as_str().expect("a file");
        assert!(people.contains(file), "{file}:\n{people}");
        assert_eq!(job["data"]["in_store"], false);
    }
    assert_eq!(
        place.stored("trees"),
        [""; 0],
        "looking ahead unpacks nothing"
    );
    run(&mut place.build(&["zlib"])).exits(0);
    let (_, lines) = both(&["plan", "zlib", "--wasi-sdk", &sdk]);
    assert!(
        lines
            .iter()
            .filter(|line| line["reason"] == "job")
            .all(|line| line["data"]["in_store"] == true)
    );
}

#[test]
fn clean_shows_the_store_and_removes_what_it_is_told_to() {
    let place = Place::new();
    run(&mut place.build(&["bzip2"])).exits(0);
    let usage = |args: &[&str]| -> Vec<(String, u64)> {
        let lines =
            run(&mut place.command(&[&["clean", "--message-format", "json"], args].concat()))
                .exits(0)
                .json();
        let data = lines
            .iter()
            .filter(|line| line["reason"] == "usage")
            .map(|line| &line["data"]);
        // How many records of SDKs there are depends on what other tests did before.
        let data = data.filter(|data| data["kind"] != "identities");
        data.map(|data| {
            (
                data["kind"].as_str().expect("a kind").to_owned(),
                data["entries"].as_u64().expect("a number"),
            )
        })
        .collect()
    };
    let all = |archives, trees, objects, actions| {
        [
            ("archives", archives),
            ("trees", trees),
            ("objects", objects),
            ("actions", actions),
            ("sdks", 0),
            ("runners", 0),
            ("prefixes", 1),
        ]
        .map(|(kind, entries)| (kind.to_owned(), entries))
        .to_vec()
    };
    assert_eq!(usage(&[]), all(1, 2, 7, 14));
    // One of the objects is of long ago.
    let old = place
        .path("store/objects")
        .join(&place.stored("objects")[3]);
    let day = std::time::Duration::from_secs(24 * 60 * 60);
    let file = std::fs::File::open(&old).expect("an object");
    file.set_modified(std::time::SystemTime::now() - 31 * day)
        .expect("the time can be set");
    assert_eq!(
        usage(&["--remove", "objects,trees", "--older-than", "32d"]),
        all(1, 2, 7, 14)
    );
    assert_eq!(
        usage(&["--remove", "objects,trees", "--older-than", "30d"]),
        all(1, 2, 6, 14)
    );
    assert!(!old.exists());
    run(&mut place.command(&["clean", "--older-than", "30d"])).exits(2);
    assert_eq!(usage(&["--remove", "objects,trees"]), all(1, 0, 0, 14));
    // Programs that make backups ask for the first bytes.
    let tag = std::fs::read_to_string(place.path("store/CACHEDIR.TAG")).expect("the tag");
    assert!(
        tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55"),
        "{tag}"
    );
    run(&mut place.build(&["bzip2", "--prefix", "again"])).exits(0);
    assert_eq!(usage(&[]), all(1, 2, 7, 14));
}
