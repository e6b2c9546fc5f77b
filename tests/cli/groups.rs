//! Groups of sources, and recipes that take another's place.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::programs::{compile, pkgconf, runs};
use crate::support::{CPYTHON, Place, built, lock, run, sdk, test};

/// The sources that `plan` with these arguments has jobs for.
fn planned(arguments: &[&str]) -> BTreeSet<String> {
    let mut command = built().command(&["plan", "--message-format", "json"]);
    let said = run(command.args(arguments).arg("--wasi-sdk").arg(sdk())).exits(0);
    let lines = said.json().into_iter();
    let jobs = lines.filter(|line| line["reason"] == "job");
    jobs.map(|job| job["data"]["source"].as_str().expect("a name").to_owned())
        .collect()
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn without_a_name_what_cpython_links_is_planned_and_all_is_everything_but_what_takes_a_place() {
    let nine = names(&CPYTHON);
    assert_eq!(planned(&[]), nine);
    assert_eq!(planned(&["@cpython"]), nine);
    let lock = lock();
    let locked = lock["sources"].as_object().expect("sources").keys();
    let mut all: BTreeSet<String> = locked.cloned().collect();
    assert!(all.remove("zlib-ng-compat"));
    assert_eq!(planned(&["--all"]), all);
}

#[test]
fn a_group_comes_with_what_its_sources_require_and_an_unknown_one_is_refused_with_those_there_are()
{
    let images = planned(&["@images"]);
    assert!(
        images.is_superset(&names(&["libpng", "zlib"])),
        "{images:?}"
    );
    assert!(!images.contains("sqlite"), "{images:?}");
    let both = planned(&["@images", "lz4"]);
    assert_eq!(both, images.into_iter().chain(["lz4".to_owned()]).collect());
    let mut command = built().command(&["plan", "@sounds"]);
    run(command.arg("--wasi-sdk").arg(sdk())).exits(2).says(&[
        "in the group `sounds`",
        "@cpython",
        "@images",
    ]);
}

#[test]
fn a_recipe_that_takes_zlibs_place_is_what_others_are_linked_with() {
    let place = Place::new();
    let with = ["libpng", "--with", "zlib=zlib-ng-compat", "--prefix", "out"];
    run(&mut place.build(&with)).exits(0);
    let manifest = std::fs::read(place.path("out/share/wasideps/manifest.json")).expect("it");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let sources = manifest["sources"].as_array().expect("sources").iter();
    let built: Vec<_> = sources.map(|source| &source["name"]).collect();
    assert_eq!(built, ["zlib-ng-compat", "libpng"]);
    let mut verify = place.with_archives(&["verify", "out", "--rebuild"]);
    run(verify.arg("--wasi-sdk").arg(sdk())).exits(0);

    let libdir = place.path("out/lib/pkgconfig").display().to_string();
    let arguments = pkgconf(&["libpng".to_owned()], &[("PKG_CONFIG_LIBDIR", libdir)]);
    let program = compile(&place, &sdk().join("bin/clang"), "libpng", &arguments);
    runs(&place, &program, "libpng.expected");

    for (wrong, says) in [
        ("zlib=lz4", "what can is: zlib-ng-compat"),
        (
            "lz4=zlib-ng-compat",
            "no recipe of the lock has `replaces = \"lz4\"`",
        ),
        ("zlib", "NAME=RECIPE"),
    ] {
        let mut command = place.command(&["build", "libpng", "--prefix", "other", "--with", wrong]);
        run(&mut command).exits(2).says(&[says]);
    }
}
