//! A whole build: what it makes, that it is the same everywhere, that it is not made twice.

use crate::support::{CPYTHON, Place, built, run, snapshot, test};

#[test]
fn a_build_installs_every_library_with_headers_modules_licences_manifest_and_sbom() {
    let again = run(&mut built().build(&["--prefix", "out", "--message-format", "json"]))
        .exits(0)
        .data("built");
    assert_eq!(
        (again["up_to_date"].as_bool(), again["compiled"].as_u64()),
        (Some(true), Some(0))
    );
    let sources = again["manifest"]["sources"].as_array().expect("sources");
    let mut names: Vec<_> = sources
        .iter()
        .map(|source| source["name"].as_str().expect("a name"))
        .collect();
    names.sort_unstable();
    assert_eq!(names, CPYTHON);
    for path in [
        "include/zlib.h",
        "include/lzma/lzma12.h",
        "lib/libz.a",
        "lib/libbz2.a",
        "lib/liblzma.a",
        "lib/libsqlite3.a",
        "lib/pkgconfig/bzip2.pc",
        "share/licenses/sqlite/LICENSE",
        "share/wasideps/manifest.json",
        "share/wasideps/sbom.spdx.json",
    ] {
        assert!(
            built().path("out").join(path).is_file(),
            "{path} is missing"
        );
    }
}

#[test]
fn builds_in_other_folders_with_other_jobs_cold_and_from_cache_are_byte_identical() {
    // The first was made with two jobs at once, in an empty store.
    let first = snapshot(&built().path("out"));
    let other = Place::new();
    let cold = run(&mut other.build(&[
        "-j1",
        "--prefix",
        "a/deep folder/out",
        "--message-format",
        "json",
    ]))
    .exits(0)
    .data("built");
    assert_eq!(cold["from_store"], 0);
    assert_eq!(first, snapshot(&other.path("a/deep folder/out")));
    // From the cache, into a third place, by a user with another umask.
    let build = other.build(&["--prefix", "c", "--message-format", "json"]);
    let mut masked = std::process::Command::new("sh");
    masked
        .args(["-c", "umask 077; exec \"$0\" \"$@\""])
        .arg(build.get_program())
        .args(build.get_args());
    masked.current_dir(other.path(""));
    let cached = run(&mut masked).exits(0).data("built");
    assert_eq!(
        (cached["compiled"].as_u64(), cached["up_to_date"].as_bool()),
        (Some(0), Some(false))
    );
    assert_eq!(first, snapshot(&other.path("c")));
}

#[test]
fn timings_tell_of_each_file_that_was_compiled_and_of_those_that_the_store_had() {
    let place = Place::new();
    let build = |prefix: &str| {
        let args = [
            "bzip2",
            "-j1",
            "--prefix",
            prefix,
            "--timings",
            "timings.json",
            "--timings",
            "timings.html",
            "--message-format",
            "json",
        ];
        let built = run(&mut place.build(&args)).exits(0).data("built");
        let text = std::fs::read_to_string(place.path("timings.json")).expect("the data");
        let timings: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let page = std::fs::read_to_string(place.path("timings.html")).expect("the page");
        (built, timings, page)
    };
    let (built, timings, page) = build("one");
    let spans = timings["spans"].as_array().expect("spans");
    let compiles: Vec<_> = spans
        .iter()
        .filter(|span| span["phase"] == "compile")
        .collect();
    assert_eq!(built["compiled"], compiles.len());
    assert!(compiles.len() >= 7 && spans.iter().any(|span| span["phase"] == "unpack"));
    let number = |value: &serde_json::Value| value.as_f64().expect("a number");
    let mut end = 0.0;
    for span in compiles {
        let (start, cpu) = (number(&span["start"]), number(&span["cpu_seconds"]));
        assert!(start >= end, "two files at once with one job: {span}");
        end = number(&span["end"]);
        assert!(cpu > 0.0 && cpu <= end - start, "{span}");
        let file = span["what"].as_str().expect("a file");
        assert!(page.contains(&format!("bzip2 1.0.8: {file}")), "{file}");
    }
    assert!(end <= number(&timings["seconds"]));
    let (built, timings, page) = build("two");
    assert_eq!(timings["from_store"]["bzip2 1.0.8"], built["from_store"]);
    assert_eq!(timings["compile_cpu_seconds"], 0.0);
    assert!(!page.contains("The longest files"));
}

#[test]
fn timings_go_to_a_page_or_data_and_to_nothing_else() {
    let place = Place::new();
    run(&mut place.command(&["build", "--timings", "timings.svg"]))
        .exits(2)
        .says(&["timings.svg", ".html", ".json"]);
}
