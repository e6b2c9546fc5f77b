//! What recipes, suites and archives that mean harm get clang, the linker and pkg-config to do:
//! nothing.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use wasideps::model::Sha256;

use crate::prefix::own_sdk;
use crate::sources::{Own, tar};
use crate::support::{Place, Run, leave_out, names, run, sdk, test, tool, wasmtime};

/// A source `evil` whose archive has these files, and whose recipe is the plain one with these
/// changes.
fn evil(files: &[(&str, &str)], edits: &[(&str, &str)]) -> Place {
    let place = Place::new();
    let mut all = vec![
        ("LICENSE", "Do as you like.\n"),
        ("evil.h", "int evil(void);\n"),
        ("evil.c", "int evil(void) { return 1; }\n"),
    ];
    all.retain(|(path, _)| !files.iter().any(|(other, _)| other == path));
    let entries = all
        .iter()
        .chain(files)
        .map(|(path, text)| (format!("top/{path}"), text.as_bytes().to_vec()));
    let archive = tar(&entries.collect::<Vec<_>>());
    let recipe = Own {
        name: "evil",
        requires: &[],
        code: "",
    }
    .recipe();
    let published = format!(
        "published-sha256 = {{ \"1\" = \"{}\" }}",
        Sha256::of(&archive)
    );
    let lines = recipe.lines().map(|line| {
        if line.starts_with("published-sha256") {
            published.as_str()
        } else {
            line
        }
    });
    let recipe = edits.iter().fold(
        lines.collect::<Vec<_>>().join("\n"),
        |recipe, (old, new)| {
            assert!(recipe.contains(old), "the recipe has no `{old}`");
            recipe.replace(old, new)
        },
    );
    place.write("recipes/evil/recipe.toml", recipe + "\n");
    place.write("brought/evil.tar", archive);
    let mut lock: Value = serde_json::from_str(include_str!("../../lockfile.json")).expect("JSON");
    lock["sources"] = serde_json::json!({});
    place.write("lockfile.json", lock.to_string());
    place
}

fn lock(place: &Place) -> Run {
    run(&mut place.own(place.command(&["lock", "evil", "1", "--offline"])))
}

fn build(place: &Place, prefix: &str) -> Run {
    let mut command = place.own(place.command(&["build", "--offline", "--prefix", prefix]));
    run(command.arg("--wasi-sdk").arg(sdk()))
}

/// Locks and builds it.
fn built(files: &[(&str, &str)], edits: &[(&str, &str)]) -> (Place, Run) {
    let place = evil(files, edits);
    lock(&place).exits(0);
    let done = build(&place, "out");
    (place, done)
}

/// Asserts that the kernel of this machine can confine a process.
fn needs_landlock() {
    use landlock::{
        ABI, Access as _, AccessFs, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _,
    };
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1));
    if ruleset.and_then(Ruleset::create).is_err() {
        leave_out("a Linux kernel with Landlock (5.13 or later)");
    }
}

const ASSEMBLY: (&str, &str) = (
    "sources = [\"evil.c\"]",
    "sources = [\"evil.c\"]\ninline-assembly = [\"evil.c\"]",
);

fn incbin(path: &str) -> String {
    format!(
        "__asm__(\".section .custom_section.leak,\\\"\\\",@\\n.incbin \\\"{path}\\\"\\n\");\nint evil(void) {{ return 1; }}\n"
    )
}

#[test]
fn a_file_of_an_archive_that_clang_would_take_for_an_option_or_a_response_file_is_refused_by_name()
{
    for name in ["@r.c", "-fplugin=.c", "@d/r.c"] {
        let place = evil(
            &[(name, "evil.c -fplugin=./p.c\n"), ("p.c", "")],
            &[("\"*.c\"", "\"**/*.c\"")],
        );
        lock(&place)
            .exits(3)
            .says(&[&format!("top/{name}"), "its path starts with `-` or `@`"]);
        assert_eq!(place.stored("trees"), [""; 0]);
    }
    // Named by the recipe, it is refused before anything is fetched.
    for (old, new) in [
        ("sources = [\"evil.c\"]", "sources = [\"@r.c\"]"),
        ("sources = [\"evil.c\"]", "sources = [\"-fplugin=p.c\"]"),
        (
            "sources = [\"evil.c\"]",
            "sources = [\"evil.c\"]\ninclude-dirs = [\"@d\"]",
        ),
        ("\"evil.h\" = \"evil.h\"", "\"@evil.h\" = \"evil.h\""),
        ("files = [\"LICENSE\"]", "files = [\"-LICENSE\"]"),
        ("root = \"top\"", "root = \"@top\""),
    ] {
        let place = evil(&[], &[(old, new)]);
        run(&mut place.own(place.command(&["recipe", "check"])))
            .exits(2)
            .says(&["start with `-` or `@`"]);
    }
}

#[test]
fn a_response_file_further_down_is_a_c_file_like_any_other_and_runs_nothing() {
    let edits = [
        ("\"*.c\"", "\"**/*.c\""),
        ("sources = [\"evil.c\"]", "sources = [\"d/@r.c\"]"),
    ];
    let (place, done) = built(&[("d/@r.c", "-fplugin=./p.c evil.c\n")], &edits);
    done.exits(1)
        .says(&["d/@r.c does not compile", "expected external declaration"]);
    assert!(!place.path("out").exists());
}

#[test]
fn inline_assembly_is_refused_where_the_recipe_does_not_name_the_file() {
    for code in [
        incbin("/etc/passwd"),
        "int evil(void) { __asm__(\"nop\"); return 1; }\n".to_owned(),
    ] {
        let (_, done) = built(&[("evil.c", &code)], &[]);
        done.exits(1)
            .says(&["evil.c:1:", "GNU-style inline assembly is disabled"]);
    }
    // What makes no code is no way in: barriers for the compiler, and other names for functions.
    let code = "int other(void) __asm__(\"evil2\");\nint other(void) { __asm__ volatile(\"\" ::: \"memory\"); return 1; }\n";
    built(&[("evil.c", code)], &[]).1.exits(0);
    let place = evil(
        &[],
        &[(
            "sources = [\"evil.c\"]",
            "sources = [\"evil.c\"]\ninline-assembly = [\"other.c\"]",
        )],
    );
    run(&mut place.own(place.command(&["recipe", "check"])))
        .exits(2)
        .says(&["`other.c` in `inline-assembly`, which is not among its `sources`"]);
}

#[test]
fn what_the_assembler_opens_is_in_the_trace_or_can_not_be_opened() {
    needs_landlock();
    built(
        &[("evil.c", "int evil(void) { __asm__(\"nop\"); return 1; }\n")],
        &[ASSEMBLY],
    )
    .1
    .exits(0);
    let header = sdk().join("share/wasi-sysroot/include/wasm32-wasip1/stdio.h");
    for path in [
        "/etc/passwd",
        "/proc/self/environ",
        "../../../lockfile.json",
        "LICENSE",
        header.to_str().expect("UTF-8"),
    ] {
        for code in [incbin(path), incbin(path).replace("incbin", "include")] {
            let (place, done) = built(&[("evil.c", &code)], &[ASSEMBLY]);
            done.exits(1)
                .says(&["evil.c does not compile", "Could not find in"]);
            assert!(!place.path("out").exists() && place.stored("objects").is_empty());
        }
    }
    // What was included is in the trace, so that it can be opened again.
    let code = format!("#include \"evil.h\"\n{}", incbin("evil.h"));
    built(&[("evil.c", &code)], &[ASSEMBLY]).1.exits(0);
}

#[test]
fn flags_of_recipes_and_suites_that_do_more_than_change_code_are_refused_with_their_names() {
    let recipe = |old: &str, new: &str, words: &[&str]| {
        let place = evil(&[], &[(old, new)]);
        run(&mut place.own(place.command(&["recipe", "check"])))
            .exits(2)
            .says(&["recipe.toml:"])
            .says(words);
    };
    for flag in [
        "-fplugin=./p.so",
        "-ftime-trace=LICENSE",
        "-foptimization-record-file=evil.h",
        "-fproc-stat-report=LICENSE",
        "-fdepfile-entry=LICENSE",
        "-filelist",
        "-force_load",
        "-fmodules-cache-path=x",
        "-fcrash-diagnostics-dir=x",
        "-fsyntax-only",
        "-mcpu=help",
        "-Wno-date-time",
        "-fprofile-use=x",
        "-Wl,-z",
        "-mllvm",
        "-O3",
        "-fgnu-inline-asm",
    ] {
        let sources = format!("sources = [\"evil.c\"]\nflags = [\"{flag}\"]");
        recipe(
            "sources = [\"evil.c\"]",
            &sources,
            &[
                &format!("the flag `{flag}` is not allowed"),
                "allowed are -",
            ],
        );
    }
    recipe(
        "sources = [\"evil.c\"]",
        "sources = [\"evil.c\"]\nflags = [\"-flto\"]",
        &["`-flto` is not allowed: it makes LLVM bitcode"],
    );
    for key in ["libs", "libs-private"] {
        for flag in [
            "-fuse-ld=/abs/ld.sh",
            "-Wl,-Map=/abs/F",
            "-Wl,--reproduce=/abs/F",
            "-Wl,-mllvm,-load=/abs/pl.so",
            "-Wl,/etc/passwd",
            "-L/x",
        ] {
            let libraries = format!("libraries = [\"evil\"]\n{key} = [\"{flag}\"]");
            recipe(
                "libraries = [\"evil\"]",
                &libraries,
                &[&format!("`{flag}` is not allowed"), "allowed are -"],
            );
        }
    }
    for key in ["cflags", "cflags-private"] {
        for flag in ["-I/usr/include", "-fplugin=x", "-DA=$(x)", "-include"] {
            let libraries = format!("libraries = [\"evil\"]\n{key} = [\"{flag}\"]");
            recipe(
                "libraries = [\"evil\"]",
                &libraries,
                &[&format!("`{flag}` is not allowed"), "allowed are -"],
            );
        }
    }
    for (key, value) in [
        ("libs", "-Wl,-mllvm,-load=/abs/pl.so"),
        ("libs", "-Wl,-Map=/abs/F"),
        ("libs", "-Wl,--reproduce=/abs/F"),
        ("libs", "-Wl,/etc/passwd"),
        ("libs", "-l/x"),
        ("flags", "-fplugin=x"),
        ("with", "@r.c"),
        ("sources", "@r.c"),
        ("include-dirs", "-x"),
    ] {
        let place = evil(&[], &[]);
        let suite = format!(
            "versions = [\"1\"]\n[program.p]\n{key} = [\"{value}\"]\nmodules = []\n[[run]]\nprogram = \"p\"\n"
        );
        place.write("recipes/evil/tests.toml", suite);
        run(&mut place.own(place.command(&["recipe", "check"])))
            .exits(2)
            .says(&["tests.toml:3", &format!("`{value}`")]);
    }
}

#[test]
fn a_suites_globs_do_not_pick_a_response_file_out_of_an_archive() {
    let place = evil(
        &[
            ("tests/a.c", "int main(void) { return 0; }\n"),
            ("tests/@r.c", "@x\n"),
            ("@r.c", "a.c -fplugin=./p.c\n"),
        ],
        &[("\"*.c\"", "\"evil.c\"")],
    );
    let suite = "versions = [\"1\"]\n[inputs]\ninclude = [\"**/*.c\"]\nmax-size = 1000\n[program.p]\neach = [\"**/*.c\"]\nmodules = []\n[[run]]\nprogram = \"p\"\n";
    place.write("recipes/evil/tests.toml", suite);
    lock(&place)
        .exits(3)
        .says(&["top/@r.c", "its path starts with `-` or `@`"]);
}

#[test]
fn no_bytes_depend_on_the_clock_or_on_a_files_time_whatever_the_source_does_about_the_warning() {
    let code = "#pragma clang diagnostic ignored \"-Wdate-time\"\nconst char evil_day[] = \"[\" __DATE__ \"]\", evil_time[] = \"[\" __TIME__ \"]\",\n\
                evil_file[] = \"[\" __TIMESTAMP__ \"]\";\nint evil(void) { return 1; }\n";
    let (place, done) = built(&[("evil.c", code)], &[]);
    done.exits(0);
    let archive = std::fs::read(place.path("out/lib/libevil.a")).expect("the archive");
    let text = String::from_utf8_lossy(&archive);
    for fixed in ["[Jan  1 1970]", "[00:00:00]", "[Thu Jan  1 00:00:00 1970]"] {
        assert!(text.contains(fixed), "{fixed} is not in the archive");
    }
    // Without the pragma the warning says where the source asks.
    let (_, done) = built(
        &[("evil.c", "const char *evil_file = __TIMESTAMP__;\n")],
        &[],
    );
    done.exits(1).says(&["evil.c:1:", "-Wdate-time"]);
}

#[test]
fn a_recipe_is_not_called_as_the_sdk_is_in_the_trace() {
    let place = Place::new();
    place.copy_recipes();
    Own {
        name: "sdk",
        requires: &[],
        code: "",
    }
    .write(&place);
    run(&mut place.own(place.command(&["recipe", "check"])))
        .exits(2)
        .says(&["`name` is `sdk`"]);
}

#[test]
fn a_header_with_a_blank_of_unicodes_in_its_name_is_one_file_in_the_trace() {
    let files = [
        ("a.h\u{a0}b.h", "#define ANSWER 42\n"),
        ("a.h", ""),
        ("b.h", ""),
        (
            "evil.c",
            "#include \"a.h\u{a0}b.h\"\nint evil(void) { return ANSWER; }\n",
        ),
    ];
    let (place, done) = built(&files, &[]);
    done.exits(0);
    let explain = [
        "sbom",
        "explain",
        "lib/libevil.a:evil.o",
        "--prefix",
        "out",
        "--message-format",
        "json",
    ];
    let member = run(&mut place.command(&explain)).exits(0).data("explained")["member"].take();
    let headers: Vec<_> = member["headers"]
        .as_array()
        .expect("headers")
        .iter()
        .map(|header| header["path"].as_str().expect("a path"))
        .collect();
    assert_eq!(headers, ["a.h\u{a0}b.h"]);
}

#[test]
fn the_name_of_the_stores_own_list_is_no_input_overlay_or_header() {
    let place = evil(
        &[(".entry.json", "[]")],
        &[("\"*.h\"", "\"*.h\", \".entry.json\"")],
    );
    lock(&place)
        .exits(1)
        .says(&["`.entry.json` is the name of the list that the store keeps"]);
    let place = evil(
        &[],
        &[(
            "[library.evil]",
            "[overlay]\n\"made.json\" = \".entry.json\"\n\n[library.evil]",
        )],
    );
    place.write("recipes/evil/made.json", "[]");
    lock(&place)
        .exits(1)
        .says(&["`.entry.json` is the name of the list that the store keeps"]);
}

#[test]
fn no_text_of_a_recipe_or_suite_ends_a_line_or_turns_it_around() {
    let forged = |text: &str, words: &[&str]| {
        for (old, new) in [
            ("summary = \"A source", "summary = \"A{}source"),
            ("originator = \"The", "originator = \"The{}"),
            ("copyright = \"NONE", "copyright = \"NONE{}"),
            ("description = \"A", "description = \"A{}"),
            ("root = \"top", "root = \"top{}"),
            (
                "libraries = [\"evil\"]",
                "libraries = [\"evil\"]\nlibs = [\"-lm{}\"]",
            ),
            (
                "sources = [\"evil.c\"]",
                "sources = [\"evil.c\"]\ndefines = { A = \"1{}\" }",
            ),
        ] {
            let place = evil(&[], &[(old, &new.replace("{}", text))]);
            let said = run(&mut place.own(place.command(&["recipe", "check"]))).exits(2);
            assert!(
                words.iter().any(|word| said.stderr.contains(word)),
                "{new}: {}",
                said.stderr
            );
        }
    };
    forged(
        "\\nLibs: -L/evil $(touch X)",
        &["control characters", "one line", "is not allowed"],
    );
    forged(
        "\\u001b]0;x\\u0007",
        &["control characters", "one line", "is not allowed"],
    );
    forged(
        "\\u202Ex",
        &["control characters", "one line", "is not allowed"],
    );
    for text in ["$(touch x)", "`touch x`", "${prefix}", "a # b"] {
        let place = evil(
            &[],
            &[(
                "description = \"A source",
                &format!("description = \"{text}"),
            )],
        );
        run(&mut place.own(place.command(&["recipe", "check"])))
            .exits(2)
            .says(&["a description must be one line without"]);
        let place = evil(
            &[],
            &[(
                "https://example.org/",
                &format!("https://example.org/?{}", text.replace(' ', "%20")),
            )],
        );
        run(&mut place.own(place.command(&["recipe", "check"])))
            .exits(2)
            .says(&["`homepage` has a"]);
    }
    let place = evil(&[], &[]);
    let reason = "versions = [\"1\"]\n[program.p]\nsources = [\"evil.c\"]\nmodules = []\n[[run]]\nprogram = \"p\"\nname = \"a\\nb\"\n";
    place.write("recipes/evil/tests.toml", reason);
    run(&mut place.own(place.command(&["recipe", "check"])))
        .exits(2)
        .says(&["tests.toml:7", "a text of one line must be"]);
}

#[test]
fn a_file_that_an_entry_of_the_store_has_beside_its_list_is_damage() {
    let (place, done) = built(
        &[(
            "evil.c",
            "#if __has_include(\"planted.h\")\n#error planted\n#endif\nint evil(void) { return 1; }\n",
        )],
        &[],
    );
    done.exits(0);
    let trees = place.stored("trees");
    let tree = trees
        .iter()
        .find(|tree| {
            place
                .path("store/trees")
                .join(tree)
                .join("evil.c")
                .is_file()
        })
        .expect("the tree");
    place.write(&format!("store/trees/{tree}/planted.h"), "");
    std::fs::remove_dir_all(place.path("store/objects")).expect("the objects go");
    build(&place, "other")
        .exits(0)
        .says(&["planted.h is not in .entry.json"]);
}

#[test]
fn a_crash_of_clang_leaves_nothing_behind() {
    let name = format!("crash{}", std::process::id());
    let edits = [(
        "sources = [\"evil.c\"]",
        &*format!("sources = [\"{name}.c\"]"),
    )];
    let (place, done) = built(
        &[(&format!("{name}.c"), "#pragma clang __debug crash\n")],
        &edits,
    );
    done.exits(1).says(&[&format!("{name}.c does not compile")]);
    let left = names(&std::env::temp_dir())
        .into_iter()
        .filter(|file| file.starts_with(&name));
    assert_eq!(left.collect::<Vec<_>>(), [""; 0]);
    assert_eq!(
        place
            .stored("tmp")
            .iter()
            .filter(|file| !file.ends_with(".lock"))
            .count(),
        0
    );
}

#[test]
fn a_program_of_the_sdk_reads_and_writes_nothing_but_its_own() {
    needs_landlock();
    let place = Place::new();
    let (own, secret) = (own_sdk(&place), place.write("secret", "the secret\n"));
    let script = format!(
        "read line <{secret} && echo \"$line\" >&2\necho x >{written} || echo 'could not write' >&2\necho y >here && read y <here && echo wrote $y >&2\nexit 1",
        secret = secret.display(),
        written = place.path("written").display()
    );
    replace_clang(&own, &script);
    let mut command = place.with_archives(&["build", "bzip2", "--prefix", "out"]);
    let done = run(command.arg("--wasi-sdk").arg(&own)).exits(5).says(&[
        "Permission denied",
        "could not write",
        "wrote y",
    ]);
    assert!(
        !done.stderr.contains("the secret") && !place.path("written").exists(),
        "{}",
        done.stderr
    );
}

#[test]
fn a_clang_that_takes_the_time_from_the_clock_is_refused_before_it_compiles_anything() {
    let place = Place::new();
    let own = own_sdk(&place);
    let program = own.join("llvm/bin/clang");
    // A name that linkers have may be started too.
    std::fs::rename(&program, program.with_file_name("wasm-clang")).expect("it is there");
    replace_clang(
        &own,
        "unset SOURCE_DATE_EPOCH\nexec \"${0%/*}/wasm-clang\" \"$@\"",
    );
    let mut command = place.with_archives(&["build", "bzip2", "--prefix", "out"]);
    run(command.arg("--wasi-sdk").arg(&own)).exits(5).says(&[
        "can't compile a trivial program",
        "clang 16 and later obey it",
    ]);
}

/// Puts a shell script in the place of an SDK's clang.
fn replace_clang(sdk: &Path, script: &str) {
    let program = sdk.join("llvm/bin/clang");
    let _ = std::fs::remove_file(&program);
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("it can be written");
    run(Command::new("chmod").arg("755").arg(&program)).exits(0);
}

/// What clang opened in a build, by the kernel's own account: every successful open of every
/// process that became clang or its linker.
fn opened_by_clang(trace: &str) -> (Vec<String>, Vec<String>) {
    let mut clang = std::collections::BTreeSet::new();
    let (mut opened, mut refused) = (Vec::new(), Vec::new());
    let mut unfinished = std::collections::BTreeMap::new();
    for line in trace.lines() {
        let Some((pid, call)) = line.split_once(' ') else {
            continue;
        };
        // A call that another process's calls came between is in two lines.
        if let Some(start) = call.strip_suffix("<unfinished ...>") {
            unfinished.insert(pid, start);
            continue;
        }
        let start = call
            .split_once(" resumed>")
            .and_then(|(_, rest)| Some(format!("{}{rest}", unfinished.remove(pid)?)));
        let call = start.as_deref().unwrap_or(call).trim();
        if call.starts_with("execve(") {
            if call.contains("llvm/bin/") && call.ends_with(" = 0") {
                clang.insert(pid.to_owned());
            }
        } else if clang.contains(pid) {
            match call.rsplit_once(" = ") {
                Some((_, result)) if result.ends_with('>') => {
                    opened.extend(
                        result
                            .split_once('<')
                            .map(|(_, path)| path.trim_end_matches('>').to_owned()),
                    );
                }
                Some((call, result)) if result.contains("EACCES") => refused.push(call.to_owned()),
                _ => {}
            }
        }
    }
    (opened, refused)
}

#[test]
fn a_builds_clang_and_linker_open_no_file_outside_of_sources_sdk_scratch_and_the_loaders_libraries()
{
    let place = Place::new();
    place.copy_recipes();
    let code = "#include <zlib.h>\n#include \"demo.h\"\nint demo(void) { return (int)zlibCompileFlags(); }\n";
    Own {
        name: "demo",
        requires: &["zlib/z"],
        code,
    }
    .write(&place);
    place.write(
        "recipes/demo/check.c",
        "#include <demo.h>\nint main(void) { return demo() == 0; }\n",
    );
    let suite = "versions = [\"1\"]\n[overlay]\n\"check.c\" = \"check.c\"\n[program.p]\nsources = [\"check.c\"]\nmodules = [\"demo\", \"zlib\"]\n[[run]]\nprogram = \"p\"\n";
    place.write("recipes/demo/tests.toml", suite);
    run(&mut place.own(place.command(&["lock", "demo", "1", "--offline"]))).exits(0);
    let (store, root) = (
        place.path("store").canonicalize().expect("the store"),
        sdk().canonicalize().expect("the SDK"),
    );
    let prefix = place.path("out");
    let mut seen = 0;
    let traced = |arguments: &[&str]| {
        let trace = place.path("trace");
        let wasideps = place.own(place.with_archives(arguments));
        let mut strace = Command::new(tool("WASIDEPS_TEST_STRACE"));
        strace
            .args(["-f", "--seccomp-bpf", "-y", "-e"])
            .args(["trace=execve,open,openat,openat2", "-o"])
            .arg(&trace);
        strace
            .arg(wasideps.get_program())
            .args(wasideps.get_args())
            .arg("--wasi-sdk")
            .arg(sdk())
            .current_dir(place.path(""));
        run(&mut strace).exits(0);
        opened_by_clang(&std::fs::read_to_string(&trace).expect("a trace"))
    };
    let runner = wasmtime();
    for arguments in [
        &["build", "demo", "libffi", "--prefix", "out"][..],
        &[
            "check",
            "demo",
            "--prefix",
            "out",
            "--runner",
            runner.to_str().expect("UTF-8"),
        ][..],
    ] {
        let (opened, refused) = traced(arguments);
        seen += opened.len();
        let foreign = opened.iter().filter(|path| {
            let path = std::path::Path::new(path);
            let loader = path.starts_with("/etc/ld.so.cache")
                || std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF"));
            let ours = ["trees", "tmp"]
                .iter()
                .any(|folder| path.starts_with(store.join(folder)));
            !(ours
                || path.starts_with(&root)
                || path.starts_with(&prefix)
                || loader
                || path == std::path::Path::new("/dev/null"))
        });
        assert_eq!(
            foreign.collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "{arguments:?}"
        );
        assert_eq!(refused, Vec::<String>::new(), "{arguments:?}");
    }
    assert!(
        seen > 200,
        "only {seen} opens were seen: the trace misses clang's"
    );
}
