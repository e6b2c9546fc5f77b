//! What is compiled again when something changes: what clang opened or looked for, and nothing
//! else.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::sources::{recipe, tar};
use crate::support::{Place, clang_headers, run, sdk, snapshot, test};

const LIBRARY: &str = "sources = [\"one.c\", \"two.c\", \"asks.c\", \"asks-any.c\"]\ninclude-dirs = [\"first\", \"second\"]\n";

/// What the source is made from, by path.
const FILES: [(&str, &str); 7] = [
    (
        "one.c",
        "#include <stdlib.h>\nint one(void) { return RAND_MAX; }\n",
    ),
    ("two.c", "#include <two.h>\nint two(void) { return TWO; }\n"),
    (
        "asks.c",
        "#if __has_include(<optional.h>)\nint asks = 1;\n#else\nint asks = 0;\n#endif\n",
    ),
    (
        "asks-any.c",
        "#define HAS(x) __has_include(x)\n#if HAS(<any.h>)\nint any = 1;\n#else\nint any = 0;\n#endif\n",
    ),
    ("first/other.h", "#define OTHER 1\n"),
    ("second/two.h", "#define TWO 2\n"),
    ("LICENSE", "Do as you like.\n"),
];

/// Files that change, and those that are compiled again.
type Case = (
    &'static [(&'static str, &'static str)],
    &'static [&'static str],
);

/// A place whose lock has the source with `changed` in it.
pub fn lock(place: &Place, changed: &[(&str, &str)]) {
    let kept = FILES
        .iter()
        .filter(|(path, _)| !changed.iter().any(|(other, _)| other == path));
    let files: Vec<_> = kept
        .chain(changed)
        .map(|(path, text)| (format!("top/{path}"), text.as_bytes().to_vec()))
        .collect();
    let archive = tar(&files);
    place.write(
        "recipes/demo/recipe.toml",
        recipe("demo", &archive, &["**"], LIBRARY, "second/two.h"),
    );
    place.write("brought/demo.tar", archive);
    run(&mut place.own(place.command(&["lock", "demo", "1", "--offline"]))).exits(0);
}

pub fn place() -> Place {
    let place = Place::new();
    place.copy_recipes();
    place
}

/// Builds with the SDK at `sdk`, and returns the files that were compiled, and the manifest.
fn built(place: &Place, sdk: &Path, args: &[&str]) -> (BTreeSet<String>, Value) {
    let args = [
        &["build", "demo", "--replace", "--message-format", "json"],
        args,
    ]
    .concat();
    let mut command = place.own(place.with_archives(&args));
    let done = run(command.arg("--wasi-sdk").arg(sdk)).exits(0);
    let compiled = done
        .json()
        .into_iter()
        .filter(|line| line["reason"] == "compiled" && line["cached"] == false);
    let compiled = compiled
        .map(|line| line["file"].as_str().expect("a file").to_owned())
        .collect();
    (compiled, done.data("built")["manifest"].take())
}

pub fn these(files: &[&str]) -> BTreeSet<String> {
    files.iter().map(ToString::to_string).collect()
}

/// The digest of a member, by the file that it is made from.
fn object(manifest: &Value, file: &str) -> String {
    let text = manifest.to_string();
    let (_, member) = text
        .split_once(&format!("\"source\":\"{file}\""))
        .expect("the member");
    let (_, digest) = member.split_once("\"sha256\":\"").expect("its digest");
    digest[..64].to_owned()
}

#[test]
fn only_what_opened_or_looked_for_a_changed_file_is_compiled_again() {
    let place = place();
    let again = |changed: &[(&str, &str)]| {
        lock(&place, changed);
        built(&place, sdk(), &[])
    };
    let (compiled, first) = again(&[]);
    assert_eq!(compiled, these(&["one.c", "two.c", "asks.c", "asks-any.c"]));
    let cases: [Case; 5] = [
        // A comment in a source; in a header that one of them includes; in one that none does.
        (
            &[(
                "one.c",
                "/* a comment */\n#include <stdlib.h>\nint one(void) { return RAND_MAX; }\n",
            )],
            &["one.c"],
        ),
        (
            &[("second/two.h", "#define TWO 2 /* a comment */\n")],
            &["two.c"],
        ),
        (&[("first/other.h", "#define OTHER 3\n")], &[]),
        // A new file that is found before the one that was opened; whoever may ask for any file is
        // compiled again as well.
        (
            &[("first/two.h", "#define TWO 20\n")],
            &["two.c", "asks-any.c"],
        ),
        // One that was asked for when it was not there.
        (&[("second/optional.h", "")], &["asks.c", "asks-any.c"]),
    ];
    for (changed, expected) in cases {
        let (compiled, manifest) = again(changed);
        assert_eq!(compiled, these(expected), "{changed:?}");
        let shadowed = changed[0].0 == "first/two.h";
        assert_eq!(
            object(&manifest, "two.c") != object(&first, "two.c"),
            shadowed,
            "{changed:?}"
        );
        let asked = changed[0].0 == "second/optional.h";
        assert_eq!(
            object(&manifest, "asks.c") != object(&first, "asks.c"),
            asked,
            "{changed:?}"
        );
    }
    // All that was compiled once is still there.
    let (compiled, last) = again(&[]);
    assert_eq!((compiled, last), (these(&[]), first));
}

/// A copy of the SDK, whose files are links to the first one's.
fn copied(place: &Place) -> PathBuf {
    let copy = place.path("sdk");
    assert!(
        Command::new("cp")
            .arg("-a")
            .arg(sdk())
            .arg(&copy)
            .status()
            .expect("cp")
            .success()
    );
    copy
}

#[test]
fn a_header_of_the_sdk_that_nobody_includes_compiles_nothing_again_and_one_that_is_included_does() {
    let place = place();
    lock(&place, &[]);
    let other = copied(&place);
    let include = other.join("share/wasi-sysroot/include");
    let first = built(&place, &other, &[]).1;
    std::fs::create_dir_all(include.join("c++/v1")).expect("a folder");
    std::fs::write(include.join("c++/v1/vector"), "// new\n").expect("written");
    let (compiled, second) = built(&place, &other, &[]);
    // The name of a new file decides for whoever may ask for any.
    assert_eq!(compiled, these(&["asks-any.c"]));
    assert_ne!(
        first["toolchain"]["digest"], second["toolchain"]["digest"],
        "the SDK is another one"
    );
    std::fs::write(include.join("c++/v1/vector"), "// changed, and longer\n").expect("written");
    assert_eq!(built(&place, &other, &[]).0, these(&[]));
    let header = include.join("wasm32-wasip1/stdlib.h");
    let text = std::fs::read_to_string(&header).expect("the header");
    std::fs::write(&header, text + "/* changed */\n").expect("written");
    assert_eq!(built(&place, &other, &[]).0, these(&["one.c"]));
    // In the folder that clang looks into before that of wasi-libc.
    std::fs::write(
        other.join(clang_headers()).join("stdlib.h"),
        "#define RAND_MAX 5\n",
    )
    .expect("written");
    let (compiled, last) = built(&place, &other, &[]);
    assert!(compiled.contains("one.c"), "{compiled:?}");
    assert_ne!(object(&last, "one.c"), object(&first, "one.c"));
}

#[test]
fn what_two_targets_make_of_equal_files_is_compiled_once() {
    let place = Place::new();
    let build = |target: &str| {
        let done = run(&mut place.build(&[
            "zlib",
            "expat",
            "--target",
            target,
            "--message-format",
            "json",
        ]))
        .exits(0);
        done.data("built")
    };
    let first = build("wasm32-wasip1");
    let second = build("wasm32-wasip2");
    let count = |built: &Value, what: &str| built[what].as_u64().expect("a number");
    assert_eq!(
        (count(&first, "compiled"), count(&first, "from_store")),
        (19, 0)
    );
    assert!(
        count(&second, "from_store") >= 10,
        "{} of 19 were compiled again",
        count(&second, "compiled")
    );
    let archives = |target: &str| {
        snapshot(&place.path("sysroot").join(target).join("lib"))
            .into_iter()
            .filter(|line| line.contains(".a "))
    };
    assert_eq!(
        archives("wasm32-wasip1").collect::<Vec<_>>(),
        archives("wasm32-wasip2").collect::<Vec<_>>()
    );
    // Each trace names the headers of its own target.
    for (target, other) in [
        ("wasm32-wasip1", "wasm32-wasip2"),
        ("wasm32-wasip2", "wasm32-wasip1"),
    ] {
        let trace = std::fs::read_to_string(
            place
                .path("sysroot")
                .join(target)
                .join("share/wasideps/trace.json"),
        )
        .expect("the trace");
        let names = |target: &str| trace.contains(&format!("share/wasi-sysroot/include/{target}/"));
        assert!(
            names(target) && !names(other) && !trace.contains("<target>"),
            "{target}"
        );
    }
    // What is said to be the same is the same when it is compiled anew.
    let verify = [
        "verify",
        "sysroot/wasm32-wasip2",
        "--rebuild",
        "--target",
        "wasm32-wasip2",
    ];
    run(place.with_archives(&verify).arg("--wasi-sdk").arg(sdk())).exits(0);
}

#[test]
fn a_prefix_stays_up_to_date_when_another_recipe_changes() {
    let place = place();
    let first = run(&mut place.build(&["bzip2", "--message-format", "json"]))
        .exits(0)
        .data("built");
    place.edit(
        "recipes/zlib/recipe.toml",
        "\n[[origin]]",
        "\n# a comment\n[[origin]]",
    );
    let again = || {
        run(&mut place.own(place.build(&["bzip2", "--message-format", "json"])))
            .exits(0)
            .data("built")
    };
    let second = again();
    assert_eq!(
        (&second["up_to_date"], &second["manifest_sha256"]),
        (&Value::from(true), &first["manifest_sha256"])
    );
    place.edit(
        "recipes/bzip2/recipe.toml",
        "\n[[origin]]",
        "\n# a comment\n[[origin]]",
    );
    assert_eq!(
        (
            again()["up_to_date"].as_bool(),
            again()["up_to_date"].as_bool()
        ),
        (Some(false), Some(true))
    );
}

#[test]
fn a_plan_says_which_objects_are_in_the_store_as_a_build_finds_them() {
    let place = place();
    let plan = || {
        let mut command =
            place.own(place.with_archives(&["plan", "demo", "--message-format", "json"]));
        let lines = run(command.arg("--wasi-sdk").arg(sdk())).exits(0).json();
        let jobs = lines
            .into_iter()
            .filter(|line| line["reason"] == "job" && line["data"]["in_store"] == true);
        jobs.map(|line| {
            line["data"]["job"]["file"]
                .as_str()
                .expect("a file")
                .to_owned()
        })
        .collect::<BTreeSet<_>>()
    };
    lock(&place, &[]);
    assert_eq!(plan(), these(&[]));
    built(&place, sdk(), &[]);
    assert_eq!(plan(), these(&["one.c", "two.c", "asks.c", "asks-any.c"]));
    std::fs::remove_dir_all(place.path("store/actions")).expect("the results go");
    assert_eq!(plan(), these(&[]));
}
