//! `[[when]]` in the example recipes: what is so for a variant or a target is built, linked, run and
//! traced there, is in every document, and is nowhere else.

use std::sync::OnceLock;

use serde_json::Value;

use crate::examples::locked;
use crate::sboms::{list, parsed, text};
use crate::support::{Place, archives_of, run, sdk, test, wasmtime};

const DOCUMENTS: [&str; 4] = [
    "sbom.spdx.json",
    "sbom.spdx3.json",
    "sbom.cdx.json",
    "trace.json",
];

const PATCH: &str = "0001-drum.c-a-rest-after-the-beats.patch";

/// The examples, built into `default`, into `simd` for the variant, and into `wasip2` for the
/// target.
fn place() -> &'static Place {
    static BUILT: OnceLock<Place> = OnceLock::new();
    BUILT.get_or_init(|| {
        let place = locked();
        for (prefix, args) in [
            ("default", &[][..]),
            ("simd", &["--variant", "simd"]),
            ("wasip2", &["--target", "wasm32-wasip2"]),
        ] {
            let all = [&["build", "--offline", "--prefix", prefix], args].concat();
            let mut build = place.own(place.command(&all));
            run(build.arg("--wasi-sdk").arg(sdk())).exits(0);
        }
        place
    })
}

fn document(prefix: &str, name: &str) -> Value {
    parsed(&place().path(&format!("{prefix}/share/wasideps/{name}")))
}

/// `file` of a prefix, as `sbom explain` has it.
fn explained(prefix: &str, file: &str) -> Value {
    let args = ["--prefix", prefix, "--message-format", "json"];
    let mut command = place().command(&[&["sbom", "explain", file][..], &args].concat());
    run(&mut command).exits(0).data("explained")["member"].take()
}

/// The members of the library of drums.
fn members(prefix: &str) -> Vec<String> {
    let manifest = document(prefix, "manifest.json");
    let archives = list(&manifest, "sources").iter().flat_map(archives_of);
    let drum = archives
        .into_iter()
        .find(|archive| text(archive, "path") == "lib/libdrum.a");
    let members = list(drum.expect("the library"), "members").iter();
    members
        .map(|member| text(member, "name").to_owned())
        .collect()
}

#[test]
fn a_source_and_an_overlay_of_a_variant_are_in_that_variant_alone() {
    assert_eq!(members("default"), ["drum.o"]);
    assert_eq!(members("wasip2"), ["drum.o"]);
    assert_eq!(members("simd"), ["drum.o", "roll.o"]);
    let roll = explained("simd", "lib/libdrum.a:roll.o");
    assert!(text(&roll, "command").contains("-DDRUM_ROLL=2 "), "{roll}");
    assert_eq!(roll["source"]["path"], "roll.c");
    let opened = |prefix| {
        let drum = explained(prefix, "lib/libdrum.a:drum.o");
        let files = list(&drum, "headers")
            .iter()
            .filter(|file| file["of"] != "sdk");
        let files = files.map(|file| format!("{} {}", text(file, "path"), text(file, "origin")));
        files.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(opened("default"), "drum.h input");
    assert_eq!(opened("simd"), "drum.h input, roll.h overlay");
    // The source is an input of the version, whatever it is built for; the overlay is none.
    for name in DOCUMENTS {
        let has = |prefix| document(prefix, name).to_string().contains("roll.h");
        let found = ["default", "simd", "wasip2"].map(has);
        assert_eq!(found, [false, true, false], "{name}");
    }
}

#[test]
fn a_program_links_with_what_a_variant_adds_and_a_test_may_be_of_a_variant() {
    for (prefix, args, tests) in [
        ("default", &[][..], "1"),
        ("simd", &["--variant", "simd"], "2"),
    ] {
        let all = [&["check", "--offline", "--prefix", prefix], args].concat();
        let mut check = place().own(place().command(&all));
        let check = check
            .arg("--runner")
            .arg(wasmtime())
            .arg("--wasi-sdk")
            .arg(sdk());
        let shown = run(check).exits(0).stdout;
        let row = shown.lines().find(|line| line.starts_with("song"));
        let words: Vec<_> = row.expect("a row").split_whitespace().collect();
        assert_eq!(words[..5], ["song", "1.0", tests, tests, "0"], "{shown}");
    }
}

#[test]
fn a_patch_a_define_and_an_answer_of_a_target_are_in_that_target_alone() {
    for (prefix, quiet, define, is_patched) in [
        ("default", "TONE_QUIET 0\n", false, false),
        ("simd", "TONE_QUIET 0\n", false, false),
        ("wasip2", "TONE_QUIET 1\n", true, true),
    ] {
        let header = place().path(&format!("{prefix}/include/tone_version.h"));
        let header = std::fs::read_to_string(header).expect("the header");
        assert!(header.contains(quiet), "{prefix}: {header}");
        let drum = explained(prefix, "lib/libdrum.a:drum.o");
        let command = text(&drum, "command");
        assert_eq!(command.contains("-DDRUM_BEATS=6 "), define, "{command}");
        for name in DOCUMENTS.into_iter().chain(["sbom/tone.spdx.json"]) {
            let document = document(prefix, name).to_string();
            assert_eq!(document.contains(PATCH), is_patched, "{prefix} {name}");
        }
    }
}

#[test]
fn a_lock_and_its_documents_have_what_any_configuration_has() {
    let place = place();
    let locked = &parsed(&place.path("lockfile.json"))["sources"]["tone"];
    assert!(locked["patches"][PATCH].is_string(), "{locked}");
    assert!(locked["overlays"]["roll.h"].is_string(), "{locked}");
    let sbom = run(&mut place.own(place.command(&["sbom"])))
        .exits(0)
        .stdout;
    assert!(sbom.contains(PATCH));
    // A changed file concerns those that use it.
    place.write("other/recipes/tone/roll.h", "int drum_roll(void);\n");
    for (from, to) in [("recipes", "other/recipes"), ("patches", "other/patches")] {
        for file in [
            "tone/recipe.toml",
            "song/recipe.toml",
            "song/tests.toml",
            "song/check.c",
        ] {
            if let Ok(bytes) = std::fs::read(place.path(&format!("{from}/{file}"))) {
                place.write(&format!("{to}/{file}"), bytes);
            }
        }
    }
    let patch = std::fs::read(place.path(&format!("patches/tone/{PATCH}"))).expect("the patch");
    place.write(&format!("other/patches/tone/{PATCH}"), patch);
    let other = |args: &[&str]| {
        let mut command = place.command(args);
        command.arg("--recipes").arg(place.path("other/recipes"));
        run(command.arg("--lockfile").arg(place.path("lockfile.json")))
    };
    let changed = "tone: the overlay `roll.h` has SHA-256";
    let sdk = sdk().to_string_lossy().into_owned();
    let plan = ["plan", "--wasi-sdk", &sdk];
    other(&plan).exits(0);
    other(&[&plan[..], &["--variant", "simd"]].concat())
        .exits(3)
        .says(&[changed]);
    other(&["list"]).exits(3).says(&[changed]);
}

#[test]
fn a_prefix_verifies_in_its_own_configuration_and_nothing_of_another_is_unused() {
    let place = place();
    for prefix in ["default", "simd", "wasip2"] {
        run(&mut place.own(place.command(&["verify", "--offline", prefix]))).exits(0);
    }
    for args in [&[][..], &["--variant", "simd"]] {
        let all = [&["recipe", "check", "tone", "--offline"], args].concat();
        let mut check = place.own(place.command(&all));
        let shown = run(check.arg("--wasi-sdk").arg(sdk())).stdout;
        assert!(!shown.contains("roll."), "{shown}");
    }
}
