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
