//! `wasideps check` survives and names whatever a test does, and whatever a runner is.

use std::path::Path;
use std::time::SystemTime;

use serde_json::Value;

use crate::sources::Own;
use crate::support::{Place, run, sdk, test, wasmtime};

const CODE: &str = "int thing(void) { return 42; }\n";

/// A source with one test program, `program`, whose run has the keys `keys`; built into `out`.
pub fn place(program: &str, keys: &str) -> Place {
    let place = Place::new();
    Own {
        name: "thing",
        requires: &[],
        code: CODE,
    }
    .write(&place);
    place.write("recipes/thing/check.c", program);
    place.write(
        "recipes/thing/tests.toml",
        format!(
            "versions = [\"1\"]\n[overlay]\n\"check.c\" = \"check.c\"\n[program.check]\nsources = [\"check.c\"]\nmodules = [\"thing\"]\n\
             [[run]]\nprogram = \"check\"\n{keys}\n[[not-applicable]]\nname = \"threads\"\nreason = \"WASI has none\"\n"
        ),
    );
    place.write("lockfile.json", lock_without_sources());
    run(&mut place.own(place.command(&["lock", "thing", "1", "--offline"]))).exits(0);
    let mut build = place.own(place.command(&["build", "--offline", "--prefix", "out"]));
    run(build.arg("--wasi-sdk").arg(sdk())).exits(0);
    place
}

fn lock_without_sources() -> String {
    let mut lock: Value = serde_json::from_str(include_str!("../../lockfile.json")).expect("JSON");
    lock["sources"] = serde_json::json!({});
    lock.to_string()
}

/// The failure that `check` tells of the one test of a place.
fn failure(program: &str, keys: &str) -> Value {
    let place = place(program, keys);
    let checked = run(&mut check(&place, &wasmtime())).exits(1);
    let tests: Vec<Value> = checked
        .json()
        .into_iter()
        .filter(|line| line["reason"] == "test")
        .collect();
    assert_eq!(tests.len(), 1);
    tests[0]["data"]["failure"].clone()
}

fn check(place: &Place, runner: &Path) -> std::process::Command {
    let mut command = place.own(place.command(&[
        "check",
        "--offline",
        "--prefix",
        "out",
        "--message-format",
        "json",
    ]));
    command
        .arg("--runner")
        .arg(runner)
        .arg("--wasi-sdk")
        .arg(sdk());
    command
}

#[test]
fn a_test_that_gives_what_it_must_passes_and_the_report_has_what_is_not_applicable() {
    let program = "#include <stdio.h>\n#include <thing.h>\nint main(int c, char **v) { printf(\"%s %d\\n\", v[1], thing()); return 3; }\n";
    let place = place(
        program,
        "args = [\"the answer is\"]\nexit = 3\nstdout-contains = [\"the answer is 42\"]",
    );
    let mut command = check(&place, &wasmtime());
    let checked = run(command.arg("--junit").arg("junit.xml")).exits(0);
    let suite = checked.data("suite");
    assert_eq!(suite["tests"][0]["failure"], Value::Null);
    assert_eq!(suite["not_applicable"][0]["reason"], "WASI has none");
    let junit = std::fs::read_to_string(place.path("junit.xml")).expect("the file");
    assert!(
        junit.contains("tests=\"2\" skipped=\"1\" failures=\"0\""),
        "{junit}"
    );
}

#[test]
fn a_test_that_passed_is_run_again_only_when_something_it_comes_from_is_another() {
    // The store is shared with earlier runs of this test: what it keeps of them does not count.
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let unique = now.expect("after 1970").as_nanos();
    let program =
        format!("#include <thing.h>\n/* {unique} */\nint main(void) {{ return thing() != 42; }}\n");
    let place = place(&program, "");
    let ran = |more: &[&str]| {
        let mut command = check(&place, &wasmtime());
        let test = run(command.args(more)).exits(0).data("test");
        !test["known"].as_bool().expect("whether it is known")
    };
    let record = "record.json";
    assert!(ran(&["--record", record]), "the first time");
    let written = || std::fs::read_to_string(place.path(record)).expect("the record");
    let first = written();
    assert!(
        first.contains("\"thing 1\"") && first.contains("\"check\""),
        "{first}"
    );
    assert!(!ran(&[]), "the store has the pass");
    assert!(ran(&["--fresh"]));
    assert!(ran(&["--sample", "100"]));
    assert!(!ran(&["--sample", "0", "--seed", "x", "--record", record]));
    assert_eq!(written(), first, "nothing moved");

    // What is in the record and not in the store is not run either.
    let text = std::fs::read_to_string(place.path("recipes/thing/tests.toml")).expect("the tests");
    place.edit(
        "recipes/thing/tests.toml",
        "program = \"check\"",
        "program = \"check\"\nargs = [\"more\"]",
    );
    assert!(ran(&["--record", record]), "an argument is another test");
    assert_ne!(written(), first);
    place.write("recipes/thing/tests.toml", &text);
    place.write(
        record,
        first.replace(
            &first[first.find("\"check\": \"").expect("a key") + 10..][..8],
            "00000000",
        ),
    );
    assert!(!ran(&["--record", record]));
    assert_eq!(written(), first, "a stale key is replaced");

    // Another library, for the same test.
    place.edit(
        "recipes/thing/recipe.toml",
        "[library.thing]",
        "[library.thing]\nflags = [\"-mtail-call\"]",
    );
    run(place
        .own(place.command(&["build", "--offline", "--prefix", "out"]))
        .arg("--wasi-sdk")
        .arg(sdk()))
    .exits(0);
    assert!(ran(&["--record", record]));
}

#[test]
fn a_record_of_something_else_is_refused_and_kept() {
    let place = place("int main(void) { return 0; }\n", "");
    place.write("record.json", "{}");
    let mut command = check(&place, &wasmtime());
    run(command.args(["--record", "record.json"]))
        .exits(2)
        .says(&["record.json is not a record of tests that passed"]);
    assert_eq!(
        std::fs::read_to_string(place.path("record.json")).expect("there"),
        "{}"
    );
}

#[test]
fn a_trap_is_told_as_one() {
    assert_eq!(
        failure("int main(void) { __builtin_trap(); }\n", "")["kind"],
        "trap"
    );
}

#[test]
fn a_test_that_hangs_or_sleeps_is_ended_at_its_time_limit() {
    for program in [
        "int main(void) { for (volatile int i = 0;; i++) {} }\n",
        "#include <unistd.h>\nint main(void) { sleep(1000); }\n",
    ] {
        let failure = failure(program, "time-limit = 1");
        assert_eq!(
            (failure["kind"].as_str(), failure["limit"].as_u64()),
            (Some("timed-out"), Some(1)),
            "{program}"
        );
    }
}

#[test]
fn memory_beyond_the_limit_is_refused_to_the_test() {
    let program = "#include <stdlib.h>\nint main(void) { for (int i = 0; i < 64; i++) { volatile char *p = malloc(1 << 20); if (!p) return 7; p[i] = 1; } return 0; }\n";
    let place = place(program, "memory-limit = 16\nexit = 7");
    run(&mut check(&place, &wasmtime())).exits(0);
}

#[test]
fn a_test_that_takes_memory_without_end_gets_what_the_limit_allows_and_ends() {
    let program = "#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nstatic char *volatile last;\nint main(void) {\n\
                   for (int i = 0;; i++) { char *p = malloc(1 << 20); if (!p) { fprintf(stderr, \"got %d MiB\\n\", i); abort(); } memset(p, 1, 1 << 20); last = p; } }\n";
    let failure = failure(program, "memory-limit = 32");
    assert_eq!(failure["kind"], "trap", "{failure}");
    let words = failure["words"].as_str().expect("words");
    let got = words
        .split_once("got ")
        .and_then(|(_, rest)| rest.split_once(" MiB"))
        .and_then(|(number, _)| number.parse::<u32>().ok());
    assert!(got.is_some_and(|got| (16..32).contains(&got)), "{words}");
}

#[test]
fn a_test_that_grows_the_function_table_without_end_is_refused_more() {
    let program = "__asm__(\".tabletype __indirect_function_table, funcref\");\n\
                   __attribute__((target(\"reference-types\"))) static int grow(unsigned by) {\n\
                   int first;\n\
                   __asm__ volatile(\"ref.null_func\\n\\tlocal.get %1\\n\\ttable.grow __indirect_function_table\\n\\tlocal.set %0\" : \"=r\"(first) : \"r\"(by));\n\
                   return first; }\n\
                   int main(void) { for (long long all = 0; all < 1 << 24; all += 1 << 16) if (grow(1 << 16) == -1) return 7; return 0; }\n";
    let place = place(program, "exit = 7");
    place.edit(
        "recipes/thing/tests.toml",
        "modules =",
        "inline-assembly = [\"check.c\"]\nlibs = [\"-Wl,--growable-table\"]\nmodules =",
    );
    run(&mut check(&place, &wasmtime())).exits(0);
}

#[test]
fn output_without_end_is_cut_on_either_stream() {
    for stream in ["stdout", "stderr"] {
        let program = format!(
            "#include <stdio.h>\nint main(void) {{ static char b[1 << 16]; for (;;) if (fwrite(b, 1, sizeof b, {stream}) != sizeof b) return 1; }}\n"
        );
        assert_eq!(failure(&program, "")["kind"], "printed", "{stream}");
    }
}

#[test]
fn a_test_that_fills_its_folder_with_bytes_or_with_files_is_ended() {
    let bytes = "#include <stdio.h>\nint main(void) { static char b[1 << 20]; FILE *f = fopen(\"/f\", \"w\");\n\
                 for (int i = 0; i < 4096; i++) if (fwrite(b, 1, sizeof b, f) != sizeof b) return 1; return 0; }\n";
    let files = "#include <stdio.h>\nint main(void) { char n[32]; for (int i = 0; i < 60000; i++) { snprintf(n, sizeof n, \"/%d\", i);\n\
                 FILE *f = fopen(n, \"w\"); if (!f) return 1; fclose(f); } return 0; }\n";
    for (program, kind, limit) in [(bytes, "wrote", 1 << 30), (files, "files", 20_000)] {
        let failure = failure(program, "");
        assert_eq!(
            (failure["kind"].as_str(), failure["limit"].as_u64()),
            (Some(kind), Some(limit)),
            "{failure}"
        );
    }
}

#[test]
fn a_test_can_not_write_outside_its_folder_nor_see_one_that_is_not_given() {
    let program = "#include <stdio.h>\n#include <unistd.h>\nint main(void) { if (!fopen(\"/inside\", \"w\")) return 1; if (fopen(\"/../outside\", \"w\")) return 2; if (fopen(\"/etc/passwd\", \"r\")) return 3;\n\
                   symlink(\"..\", \"up\"); if (fopen(\"/up/outside\", \"w\")) return 4; if (rename(\"/inside\", \"/../outside\") == 0) return 5; return 0; }\n";
    let place = place(program, "");
    run(&mut check(&place, &wasmtime())).exits(0);
    assert!(!place.path("outside").exists());
    // What a test writes goes with it.
    assert!(!place.path("inside").exists());
}

#[test]
fn a_file_that_the_test_needs_and_does_not_get_fails_it_with_its_own_words() {
    let program = "#include <stdio.h>\nint main(void) { if (!fopen(\"/data/input\", \"r\")) { perror(\"/data/input\"); return 1; } return 0; }\n";
    let failure = failure(program, "");
    assert_eq!(failure["kind"], "exit");
    assert!(
        failure["words"]
            .as_str()
            .expect("words")
            .contains("/data/input"),
        "{failure}"
    );
}

#[test]
fn a_program_that_does_not_compile_or_link_is_a_failed_test_with_clangs_words() {
    let compiled = failure("int main(void) { return nothing_of_this_name; }\n", "");
    assert_eq!(compiled["kind"], "compile");
    assert!(
        compiled["words"]
            .as_str()
            .expect("words")
            .contains("nothing_of_this_name")
    );
    let linked = failure(
        "int not_there(void);\nint main(void) { return not_there(); }\n",
        "",
    );
    assert_eq!(linked["kind"], "link");
    assert!(
        linked["words"]
            .as_str()
            .expect("words")
            .contains("not_there")
    );
}

#[test]
fn output_that_differs_is_told_by_its_first_line() {
    let failure = failure(
        "#include <stdio.h>\nint main(void) { puts(\"Do as you don't like.\"); return 0; }\n",
        "stdout = \"LICENSE\"",
    );
    assert_eq!(
        (failure["kind"].as_str(), failure["line"].as_u64()),
        (Some("stdout"), Some(1))
    );
}

#[test]
fn a_missing_runner_and_one_with_other_flags_are_named() {
    let place = place("int main(void) { return 0; }\n", "");
    run(&mut check(&place, &place.path("no-runner")))
        .exits(1)
        .says(&["there is no WASI runtime", "no-runner"]);
    let other = place.write("other", "#!/bin/sh\n[ \"$1\" = --version ] && echo other 1.0 && exit 0\necho unknown option -C >&2\nexit 2\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&other, mode).expect("made executable");
    run(&mut check(&place, &other))
        .exits(1)
        .says(&["can't run a program of one line", "unknown option -C"]);
}

#[test]
fn a_runner_that_runs_nothing_and_ends_well_is_refused() {
    let place = place("int main(void) { return 0; }\n", "");
    run(&mut check(&place, Path::new("true"))).exits(1).says(&[
        "can't run a program of one line",
        "it ended with 0, the program with 7",
    ]);
}

#[test]
fn without_any_runner_and_without_network_it_is_told_where_one_was_looked_for() {
    let place = place("int main(void) { return 0; }\n", "");
    let mut command = place.own(place.command(&["check", "--offline", "--prefix", "out"]));
    command
        .arg("--wasi-sdk")
        .arg(sdk())
        .env("PATH", "")
        .env_remove("HOSTRUNNER");
    run(&mut command).exits(1).says(&[
        "there is no WASI runtime",
        "none is on the PATH or in the store",
        "$HOSTRUNNER",
    ]);
}

#[test]
fn each_value_and_each_level_is_a_test_and_directives_tell_what_it_prints() {
    let program = "#include <stdio.h>\n/* { dg-output \"the answer\\nis 4.\" } */\nint main(void) { puts(\"So the answer\"); puts(N == 2 ? \"is 43\" : \"is 4.2\"); return 0; }\n";
    let place = place(program, "dg-output = true");
    let keys = "each = [\"*.c\"]\nexcept = [\"thing.c\"]\nopt-levels = [\"-O0\", \"-Os\"]\neach-define = { name = \"N\", from = 1, to = 2 }";
    place.edit("recipes/thing/tests.toml", "sources = [\"check.c\"]", keys);
    let suite = run(&mut check(&place, &wasmtime())).exits(1).data("suite");
    let tests = suite["tests"].as_array().expect("tests");
    let passed: Vec<_> = tests
        .iter()
        .map(|test| {
            (
                test["name"].as_str().expect("a name"),
                test["failure"].is_null(),
            )
        })
        .collect();
    // A full stop is one, not any character.
    let expected = [
        ("check.c N=1 -O0", true),
        ("check.c N=1 -Os", true),
        ("check.c N=2 -O0", false),
        ("check.c N=2 -Os", false),
    ];
    assert_eq!(passed, expected);
    assert_eq!(tests[2]["failure"]["text"], "the answer\nis 4.");
}

#[test]
fn a_patch_of_a_test_is_locked_applied_and_reported_and_leaves_the_library_alone() {
    let place = place("int main(void) { return 0; }\n", "");
    place.edit(
        "recipes/thing/tests.toml",
        "[overlay]\n\"check.c\" = \"check.c\"\n",
        "",
    );
    place.edit(
        "recipes/thing/tests.toml",
        "[program.check]\nsources = [\"check.c\"]",
        "[program.check]\nsources = [\"thing.c\"]",
    );
    let patch = "--- a/thing.c\n+++ b/thing.c\n@@ -1 +1 @@\n-int thing(void) { return 42; }\n+int main(void) { return 0; }\n";
    place.write("patches/thing/0001-main.patch", patch);
    let reason = "[[patch]]\nfile = \"0001-main.patch\"\nreason = \"it lacks a main function\"\nupstream = \"not sent: ours\"\n[program.check]";
    place.edit("recipes/thing/tests.toml", "[program.check]", reason);
    let unlocked = run(&mut check(&place, &wasmtime()));
    unlocked
        .exits(3)
        .says(&["0001-main.patch", "nothing of it"]);
    let locked = run(&mut place.own(place.command(&["lock", "thing", "1", "--offline"]))).exits(0);
    assert!(
        locked.stdout.contains("patch of tests 0001-main.patch"),
        "{}",
        locked.stdout
    );
    let suite = run(check(&place, &wasmtime()).arg("--junit").arg("junit.xml"))
        .exits(0)
        .data("suite");
    assert_eq!(suite["patches"][0]["reason"], "it lacks a main function");
    assert!(
        std::fs::read_to_string(place.path("junit.xml"))
            .expect("the file")
            .contains("it lacks a main function")
    );

    place.write("patches/thing/0001-main.patch", patch.replace("42", "41"));
    run(&mut place.own(place.command(&["lock", "thing", "1", "--offline"])))
        .exits(2)
        .says(&["0001-main.patch", "thing.c"]);
}

#[test]
fn a_prefix_that_is_not_what_the_lock_gives_is_not_checked() {
    let place = place("int main(void) { return 0; }\n", "");
    place.edit(
        "recipes/thing/recipe.toml",
        "A source of the tests",
        "Another source of the tests",
    );
    run(&mut check(&place, &wasmtime()))
        .exits(2)
        .says(&["is not what the recipes, the lock and the SDK give now"]);
}

#[test]
fn a_source_without_tests_is_told_of_before_a_runtime_is_looked_for() {
    let place = Place::new();
    place.copy_recipes();
    crate::sources::Own {
        name: "alone",
        requires: &[],
        code: "int alone(void) { return 1; }\n",
    }
    .lock(&place);
    run(&mut place.own(place.build(&["alone", "--prefix", "out"]))).exits(0);
    let check = [
        "check",
        "alone",
        "--prefix",
        "out",
        "--runner",
        "no/such/runtime",
    ];
    let told = run(&mut place.own(place.command(&check))).exits(0).stdout;
    assert_eq!(told, "alone 1 has no tests\n");
}

#[test]
fn fetch_brings_or_finds_the_runtime_if_it_is_asked_to() {
    let place = Place::new();
    let fetch = || {
        let mut command = place.with_archives(&["fetch", "bzip2", "--tools"]);
        command.arg("--wasi-sdk").arg(sdk()).env("PATH", "");
        command
    };
    let found = run(fetch().env("HOSTRUNNER", wasmtime())).exits(0).stdout;
    assert!(found.contains("tests run with: wasmtime 48.0.8"), "{found}");
    run(fetch().env_remove("HOSTRUNNER"))
        .exits(1)
        .says(&["there is no WASI runtime"]);
}

#[test]
fn list_says_which_sources_have_no_tests() {
    let place = place("int main(void) { return 0; }\n", "");
    let list =
        |args: &[&str]| run(&mut place.own(place.command(&[&["list"], args].concat()))).exits(0);
    assert!(!list(&[]).stdout.contains("No tests"));
    Own {
        name: "bare",
        requires: &[],
        code: "int bare(void) { return 0; }\n",
    }
    .lock(&place);
    let told = list(&[]).stdout;
    assert!(told.contains("\nNo tests: bare 1\n"), "{told}");
    let lines = list(&["--message-format", "json"]).json();
    let tests = |name: &str| {
        let source = lines.iter().find(|line| line["data"]["name"] == name);
        source.expect("the source")["data"]["tests"].clone()
    };
    assert_eq!((tests("bare"), tests("thing")), (false.into(), true.into()));
}

/// The page that `check --html` writes.
fn page(place: &Place, code: i32) -> (Value, String) {
    let mut command = check(place, &wasmtime());
    command.arg("--html").arg("page.html");
    let suite = run(&mut command).exits(code).data("suite");
    let page = std::fs::read_to_string(place.path("page.html")).expect("the page");
    (suite, page)
}

#[test]
fn the_page_has_each_test_and_reason_and_what_a_program_writes_is_text_in_it() {
    let program = "#include <stdio.h>\n#include <thing.h>\nint main(int c, char **v) { puts(\"</td><script>alert(1)</script>\\033[2J\"); return c - 1; }\n";
    let place = place(program, "args = [\"one\"]");
    place.edit(
        "recipes/thing/tests.toml",
        "reason = \"WASI has none\"",
        "reason = \"<img src=x onerror=alert(2)>\"\n[[run]]\nprogram = \"check\"",
    );
    Own {
        name: "bare",
        requires: &[],
        code: "int bare(void) { return 0; }\n",
    }
    .lock(&place);
    run(&mut place.own(place.command(&["lock", "thing", "1", "--offline"]))).exits(0);
    let mut build = place.own(place.command(&["build", "--offline", "--prefix", "out"]));
    run(build.arg("--wasi-sdk").arg(sdk())).exits(0);
    let (suite, page) = page(&place, 1);
    let tests = suite["tests"].as_array().expect("tests");
    assert_eq!(tests.len(), 2, "{suite:#}");
    for test in tests {
        let name = test["name"].as_str().expect("a name");
        assert!(
            page.contains(&format!("<th scope=\"row\">{name}</th>")),
            "{name}:\n{page}"
        );
    }
    for text in [
        "1 of 2 passed",
        "<span class=\"failed\">1 test failed.</span>",
        "Without tests: bare 1.",
        "&lt;img src=x onerror=alert(2)&gt;",
        "&lt;/td&gt;&lt;script&gt;alert(1)",
        "prefers-color-scheme: dark",
        "default-src 'none'",
    ] {
        assert!(page.contains(text), "{text}:\n{page}");
    }
    for markup in ["<script", "<img", "\u{1b}", "src=\"", "<link", "@import"] {
        assert!(!page.contains(markup), "{markup}:\n{page}");
    }
}
