//! The prefix and the SDK that it was made with: what is refused, what is made again, what is left
//! alone. And what clang has to say.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::sources::Own;
use crate::support::{Place, Run, copy_tree, names, run, sdk, snapshot, test, tool};

/// An SDK that is the real one but for what the test changes: `llvm/bin` and the sysroot's headers
/// are its own, all else are links.
pub fn own_sdk(place: &Place) -> PathBuf {
    let dir = place.path("own-sdk");
    let links = |below: &str, except: &[&str]| {
        std::fs::create_dir_all(dir.join(below)).expect("a folder");
        for name in names(&sdk().join(below))
            .iter()
            .filter(|name| !except.contains(&name.as_str()))
        {
            symlink(sdk().join(below).join(name), dir.join(below).join(name)).expect("a link");
        }
    };
    links("", &["share", "llvm", ".entry.json"]);
    links("llvm", &["bin"]);
    links("llvm/bin", &[]);
    links("share", &["wasi-sysroot"]);
    links("share/wasi-sysroot", &["include"]);
    copy_tree(
        &sdk().join("share/wasi-sysroot/include"),
        &dir.join("share/wasi-sysroot/include"),
    );
    dir
}

/// Puts a shell script in the place of a program of `sdk`.
fn script(sdk: &Path, program: &str, text: &str) {
    let path = sdk.join("llvm/bin").join(program);
    std::fs::remove_file(&path).expect("it is there");
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("it can be written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
        .expect("it can be made a program");
}

fn build_with(place: &Place, sdk: &Path, args: &[&str]) -> Run {
    let mut command = place.with_archives(&[&["build", "bzip2", "--prefix", "out"], args].concat());
    run(command.arg("--wasi-sdk").arg(sdk))
}

#[test]
fn a_prefix_made_with_another_sdk_stays_unless_it_is_replaced_as_a_whole() {
    let place = Place::new();
    build_with(&place, sdk(), &[]).exits(0);
    let before = snapshot(&place.path("out"));
    let other = own_sdk(&place);
    let header = other.join("share/wasi-sysroot/include/wasm32-wasip1/stdio.h");
    let text = std::fs::read_to_string(&header).expect("the header");
    std::fs::write(&header, text + "/* changed */\n").expect("it can be changed");
    let refused = build_with(&place, &other, &["--message-format", "json"]).exits(5);
    let refused = refused
        .json()
        .into_iter()
        .find(|line| line["reason"] == "error")
        .expect("an error");
    let message = refused["message"].as_str().expect("a text");
    let (found, wanted) = message
        .split_once(" was made with ")
        .and_then(|(_, rest)| rest.split_once("; this build uses "))
        .expect("both SDKs");
    assert_ne!(found, wanted, "two SDKs of one version can't be told apart");
    assert!(
        refused["help"]
            .as_str()
            .expect("a help")
            .contains("--replace"),
        "{refused}"
    );
    assert_eq!(snapshot(&place.path("out")), before);
    let built = build_with(&place, &other, &["--replace", "--message-format", "json"])
        .exits(0)
        .data("built");
    let trace: Value = serde_json::from_slice(
        &std::fs::read(place.path("out/share/wasideps/trace.json")).expect("the trace"),
    )
    .expect("JSON");
    let stdio = trace["files"]
        .as_array()
        .expect("files")
        .iter()
        .position(|file| file["path"].to_string().ends_with("/stdio.h\""))
        .expect("it is there");
    let members = trace["members"].as_array().expect("members").iter();
    let with_it = members
        .filter(|member| {
            member["headers"]
                .as_array()
                .expect("headers")
                .contains(&stdio.into())
        })
        .count();
    assert!(with_it > 0);
    let compiled = (built["up_to_date"].as_bool(), built["compiled"].as_u64());
    assert_eq!(
        compiled,
        (Some(false), Some(with_it as u64)),
        "objects of another SDK were used"
    );
    assert_ne!(snapshot(&place.path("out")), before);
    // Now it is the first SDK that is another.
    build_with(&place, sdk(), &[]).exits(5);
    build_with(&place, sdk(), &["--replace"]).exits(0);
    assert_eq!(snapshot(&place.path("out")), before);
}

#[test]
fn files_that_are_not_ours_are_never_removed() {
    let place = Place::new();
    build_with(&place, sdk(), &[]).exits(0);
    place.write("out/lib/mine.a", "mine");
    let before = snapshot(&place.path("out"));
    for args in [&[][..], &["--replace"], &["zlib"]] {
        build_with(&place, sdk(), args)
            .exits(2)
            .says(&["lib/mine.a", "did not put there"]);
        assert_eq!(snapshot(&place.path("out")), before);
    }
    // Nor is a folder taken over that never was a prefix.
    let place = Place::new();
    place.write("out/thesis.txt", "mine");
    build_with(&place, sdk(), &["--replace"])
        .exits(2)
        .says(&["thesis.txt"]);
    assert_eq!(names(&place.path("out")), ["thesis.txt"]);
}

#[test]
fn a_damaged_or_missing_file_of_the_prefix_is_made_again() {
    let place = Place::new();
    build_with(&place, sdk(), &[]).exits(0);
    let before = snapshot(&place.path("out"));
    let up_to_date = || {
        build_with(&place, sdk(), &["--message-format", "json"])
            .exits(0)
            .data("built")["up_to_date"]
            .take()
    };
    assert_eq!(up_to_date(), true);
    place.edit("out/include/bzlib.h", "BZ_MAX_UNUSED", "BZ_MAX_UNUSE");
    assert_eq!(up_to_date(), false);
    assert_eq!(snapshot(&place.path("out")), before);
    std::fs::remove_file(place.path("out/lib/libbz2.a")).expect("it goes");
    assert_eq!(up_to_date(), false);
    assert_eq!(snapshot(&place.path("out")), before);
    place.write("out/share/wasideps/manifest.json", "{");
    build_with(&place, sdk(), &[])
        .exits(2)
        .says(&["manifest.json is not a manifest"]);
}

#[test]
fn up_to_date_is_told_without_starting_a_process() {
    let place = Place::new();
    let trace = place.path("trace");
    // Builds, and counts by the kernel's account how often a program was started.
    let build = || {
        let wasideps = place.with_archives(&["build", "bzip2", "--prefix", "out"]);
        let mut traced = Command::new(tool("WASIDEPS_TEST_STRACE"));
        traced
            .args(["-f", "--seccomp-bpf", "-e", "trace=execve", "-o"])
            .arg(&trace)
            .arg(wasideps.get_program())
            .args(wasideps.get_args());
        let done = run(traced
            .arg("--wasi-sdk")
            .arg(sdk())
            .current_dir(place.path("")))
        .exits(0);
        let started = std::fs::read_to_string(&trace).expect("a trace");
        // The first is the program itself.
        (
            done,
            started
                .lines()
                .filter(|line| line.contains("execve("))
                .count()
                - 1,
        )
    };
    let (_, first) = build();
    assert!(
        first >= 7,
        "clang was started {first} times for seven files"
    );
    let (done, again) = build();
    assert!(done.stdout.contains("out is up to date"), "{}", done.stdout);
    assert_eq!(again, 0);
    // Objects of the store need no compiler either.
    std::fs::remove_dir_all(place.path("out")).expect("the prefix goes");
    assert_eq!(build().1, 0);
}

#[test]
fn a_build_of_some_sources_leaves_these_and_no_others_in_the_prefix() {
    let place = Place::new();
    run(&mut place.build(&["zlib", "bzip2"])).exits(0);
    let libraries = || names(&place.path("sysroot/wasm32-wasip1/lib"));
    assert_eq!(libraries(), ["cmake", "libbz2.a", "libz.a", "pkgconfig"]);
    run(&mut place.build(&["zlib"])).exits(0);
    assert_eq!(libraries(), ["cmake", "libz.a", "pkgconfig"]);
    assert_eq!(
        names(&place.path("sysroot/wasm32-wasip1/lib/cmake")),
        ["zlib"]
    );
    assert_eq!(
        names(&place.path("sysroot/wasm32-wasip1/share/licenses")),
        ["zlib"]
    );
}

#[test]
fn a_folder_that_is_no_sdk_is_exit_5() {
    let place = Place::new();
    std::fs::create_dir(place.path("empty")).expect("a folder");
    build_with(&place, &place.path("empty"), &[])
        .exits(5)
        .says(&["is not a WASI SDK", "is missing"]);
    build_with(&place, &place.path("nowhere"), &[])
        .exits(5)
        .says(&["is not a WASI SDK"]);
    let mut command = place.with_archives(&["build", "bzip2"]);
    run(command.env("WASI_SDK_PATH", place.path("empty")))
        .exits(5)
        .says(&["$WASI_SDK_PATH"]);
    assert!(!place.path("sysroot").join("wasm32-wasip1").exists());
}

#[test]
fn an_sdk_that_does_not_work_is_exit_5_with_its_own_words() {
    for (program, words) in [
        ("clang", "error: out of order"),
        ("wasm-ld", "wasm-ld: error: no way to link"),
    ] {
        let place = Place::new();
        let own = own_sdk(&place);
        // Debian's clang calls its linker by the name with the version.
        for name in names(&own.join("llvm/bin"))
            .iter()
            .filter(|name| *name == program || name.starts_with(&format!("{program}-2")))
        {
            script(&own, name, &format!("echo '{words}' >&2; exit 1"));
        }
        build_with(&place, &own, &[]).exits(5).says(&[
            words,
            "the command was",
            &own.to_string_lossy(),
        ]);
        assert!(!place.path("out").exists());
    }
    let place = Place::new();
    let own = own_sdk(&place);
    script(&own, "clang", "echo 'gcc (Debian) 12'");
    build_with(&place, &own, &[])
        .exits(5)
        .says(&["this is not clang: gcc (Debian) 12"]);
}

#[test]
fn an_sdk_that_is_changed_is_looked_at_anew() {
    let place = Place::new();
    let own = own_sdk(&place);
    build_with(&place, &own, &[]).exits(0);
    script(&own, "clang", "echo 'error: I have changed' >&2; exit 1");
    build_with(&place, &own, &[])
        .exits(5)
        .says(&["error: I have changed"]);
}

/// Runs the command that stands after `To repeat it: `, as a user would.
fn repeat(message: &str) -> Run {
    let command = message
        .split("To repeat it: ")
        .nth(1)
        .expect("a command")
        .lines()
        .next()
        .expect("a line");
    run(Command::new("sh")
        .args(["-c", command])
        .current_dir("/")
        .env("CPATH", "/nowhere")
        .env("C_INCLUDE_PATH", "/nowhere"))
}

fn own_source(code: &str) -> Place {
    let place = Place::new();
    place.copy_recipes();
    Own {
        name: "demo",
        requires: &["zlib/z"],
        code,
    }
    .lock(&place);
    place
}

#[test]
fn an_error_of_the_compiler_comes_with_library_file_and_a_command_that_repeats_it() {
    let place =
        own_source("#include <zlib.h>\nint demo(void) { return Z_BEST_SPEED + nothing; }\n");
    let failed = run(&mut place.own(place.build(&["demo", "--prefix", "out"]))).exits(1);
    failed.says(&[
        "demo 1: demo.c does not compile",
        "demo.c:2:",
        "use of undeclared identifier 'nothing'",
    ]);
    assert!(!place.path("out").exists());
    let lines = run(&mut place.own(place.build(&["demo", "--message-format", "json"])))
        .exits(1)
        .json();
    let message = lines
        .iter()
        .find(|line| line["reason"] == "error")
        .expect("an error")["message"]
        .as_str()
        .expect("a text")
        .to_owned();
    let again = repeat(&message);
    assert_ne!(again.code, 0);
    assert!(
        message.contains(again.stderr.trim()),
        "told:\n{message}\nrepeated:\n{}",
        again.stderr
    );
    assert!(again.stderr.contains("'nothing'"), "{}", again.stderr);
}

#[test]
fn a_warning_of_the_compiler_comes_with_library_file_and_a_command_that_repeats_it_and_again_from_the_store()
 {
    let place = own_source(
        "#include <zlib.h>\n#warning look here\nint demo(void) { return Z_BEST_SPEED; }\n",
    );
    let built = run(&mut place.own(place.build(&["demo", "--prefix", "out"])))
        .exits(0)
        .says(&["demo 1: demo.c", "look here"]);
    let again = repeat(&built.stderr);
    assert_eq!(again.code, 0);
    // The lines of a warning after its first are indented.
    assert!(
        built
            .stderr
            .replace("\n    ", "\n")
            .contains(again.stderr.trim())
            && again.stderr.contains("look here"),
        "repeated:\n{}",
        again.stderr
    );
    run(&mut place.own(place.build(&["demo", "--prefix", "other"])))
        .exits(0)
        .says(&["demo 1: demo.c", "look here"]);
}

#[test]
fn a_file_from_outside_of_source_and_sdk_is_refused() {
    let place = Place::new();
    place.copy_recipes();
    let header = place.write("outside.h", "#define OUTSIDE 1\n");
    let code = format!(
        "#include \"{}\"\nint demo(void) {{ return OUTSIDE; }}\n",
        header.display()
    );
    Own {
        name: "demo",
        requires: &[],
        code: &code,
    }
    .lock(&place);
    run(&mut place.own(place.build(&["demo", "--prefix", "out"])))
        .exits(1)
        .says(&[
            "demo.c needs a file",
            "outside.h",
            "neither in its source tree",
        ]);
    assert!(!place.path("out").exists());
}

#[test]
fn a_source_that_asks_for_the_time_of_day_is_refused() {
    let place = Place::new();
    place.copy_recipes();
    Own {
        name: "demo",
        requires: &[],
        code: "const char *demo_time = __TIME__;\nint demo(void) { return 0; }\n",
    }
    .lock(&place);
    run(&mut place.own(place.build(&["demo"])))
        .exits(1)
        .says(&["demo.c:1:", "-Wdate-time"]);
}
