//! `wasideps check` survives and names whatever a test does, and whatever a runner is.

use std::path::Path;

use serde_json::Value;

use crate::sources::Own;
use crate::support::{Place, run, sdk, wasmtime};

const CODE: &str = "int thing(void) { return 42; }\n";

/// A source with one test program, `program`, whose run has the keys `keys`; built into `out`.
fn place(program: &str, keys: &str) -> Place {
    let place = Place::new();
    Own { name: "thing", dependencies: &[], code: CODE }.write(&place);
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
    let tests: Vec<Value> = checked.json().into_iter().filter(|line| line["reason"] == "test").collect();
    assert_eq!(tests.len(), 1);
    tests[0]["data"]["failure"].clone()
}

fn check(place: &Place, runner: &Path) -> std::process::Command {
    let mut command = place.own(place.command(&["check", "--offline", "--prefix", "out", "--message-format", "json"]));
    command.arg("--runner").arg(runner).arg("--wasi-sdk").arg(sdk());
    command
}

#[test]
fn a_test_that_gives_what_it_must_passes_and_the_report_has_what_is_not_applicable() {
    let program = "#include <stdio.h>\n#include <thing.h>\nint main(int c, char **v) { printf(\"%s %d\\n\", v[1], thing()); return 3; }\n";
    let place = place(program, "args = [\"the answer is\"]\nexit = 3\nstdout-contains = [\"the answer is 42\"]");
    let mut command = check(&place, &wasmtime());
    let checked = run(command.arg("--junit").arg("junit.xml")).exits(0);
    let suite = checked.data("suite");
    assert_eq!(suite["tests"][0]["failure"], Value::Null);
    assert_eq!(suite["not_applicable"][0]["reason"], "WASI has none");
    let junit = std::fs::read_to_string(place.path("junit.xml")).expect("the file");
    assert!(junit.contains("tests=\"2\" skipped=\"1\" failures=\"0\""), "{junit}");
}

#[test]
fn a_trap_is_told_as_one() {
    assert_eq!(failure("int main(void) { __builtin_trap(); }\n", "")["kind"], "trap");
}

#[test]
fn a_test_that_hangs_is_ended_at_its_time_limit() {
    let failure = failure("int main(void) { for (volatile int i = 0;; i++) {} }\n", "time-limit = 1");
    assert_eq!((failure["kind"].as_str(), failure["limit"].as_u64()), (Some("timed-out"), Some(1)));
}

#[test]
fn memory_beyond_the_limit_is_refused_to_the_test() {
    let program = "#include <stdlib.h>\nint main(void) { for (int i = 0; i < 64; i++) { volatile char *p = malloc(1 << 20); if (!p) return 7; p[i] = 1; } return 0; }\n";
    let place = place(program, "memory-limit = 16\nexit = 7");
    run(&mut check(&place, &wasmtime())).exits(0);
}

#[test]
fn output_without_end_is_cut() {
    let program = "#include <stdio.h>\nint main(void) { static char b[1 << 16]; for (;;) if (fwrite(b, 1, sizeof b, stdout) != sizeof b) return 1; }\n";
    assert_eq!(failure(program, "")["kind"], "printed");
}

#[test]
fn a_test_can_not_write_outside_its_folder_nor_see_one_that_is_not_given() {
    let program = "#include <stdio.h>\nint main(void) { if (!fopen(\"/inside\", \"w\")) return 1; if (fopen(\"/../outside\", \"w\")) return 2; if (fopen(\"/etc/passwd\", \"r\")) return 3; return 0; }\n";
    let place = place(program, "");
    run(&mut check(&place, &wasmtime())).exits(0);
    assert!(!place.path("outside").exists());
    // What a test writes goes with it.
    assert!(!place.path("inside").exists());
}

#[test]
fn a_file_that_the_test_needs_and_does_not_get_fails_it_with_its_own_words() {
    let program =
        "#include <stdio.h>\nint main(void) { if (!fopen(\"/data/input\", \"r\")) { perror(\"/data/input\"); return 1; } return 0; }\n";
    let failure = failure(program, "");
    assert_eq!(failure["kind"], "exit");
    assert!(failure["words"].as_str().expect("words").contains("/data/input"), "{failure}");
}

#[test]
fn a_program_that_does_not_compile_or_link_is_a_failed_test_with_clangs_words() {
    let compiled = failure("int main(void) { return nothing_of_this_name; }\n", "");
    assert_eq!(compiled["kind"], "compile");
    assert!(compiled["words"].as_str().expect("words").contains("nothing_of_this_name"));
    let linked = failure("int not_there(void);\nint main(void) { return not_there(); }\n", "");
    assert_eq!(linked["kind"], "link");
    assert!(linked["words"].as_str().expect("words").contains("not_there"));
}

#[test]
fn output_that_differs_is_told_by_its_first_line() {
    let failure = failure("#include <stdio.h>\nint main(void) { puts(\"Do as you don't like.\"); return 0; }\n", "stdout = \"LICENSE\"");
    assert_eq!((failure["kind"].as_str(), failure["line"].as_u64()), (Some("stdout"), Some(1)));
}

#[test]
fn a_missing_runner_and_one_with_other_flags_are_named() {
    let place = place("int main(void) { return 0; }\n", "");
    run(&mut check(&place, &place.path("no-runner"))).exits(1).says(&["there is no WASI runtime", "no-runner"]);
    let other = place.write("other", "#!/bin/sh\n[ \"$1\" = --version ] && echo other 1.0 && exit 0\necho unknown option -C >&2\nexit 2\n");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&other, mode).expect("made executable");
    run(&mut check(&place, &other)).exits(1).says(&["can't run a program of one line", "unknown option -C"]);
}

#[test]
fn a_prefix_that_is_not_what_the_lock_gives_is_not_checked() {
    let place = place("int main(void) { return 0; }\n", "");
    place.edit("recipes/thing/recipe.toml", "A source of the tests", "Another source of the tests");
    run(&mut check(&place, &wasmtime())).exits(2).says(&["is not what the recipes, the lock and the SDK give now"]);
}
