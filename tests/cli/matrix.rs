//! Several targets, variants and SDKs in one build.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::sources::Own;
use crate::support::{
    Place, Run, archives, archives_of, names, raw, run, sdk, shared_store, snapshot, test,
};

const FOUR: [&str; 4] = [
    "wasm32-wasip1",
    "wasm32-wasip1+eh",
    "wasm32-wasip2",
    "wasm32-wasip2+eh",
];
const AXES: &str = "targets=wasm32-wasip1,wasm32-wasip2,variants=default,eh";

/// What is said of each prefix that was built, by its folder's name.
fn built(done: &Run) -> BTreeMap<String, Value> {
    let lines = done.json().into_iter();
    let built = lines.filter(|line| line["reason"] == "built");
    built
        .map(|mut line| {
            let prefix = line["data"]["prefix"].as_str().expect("a path").to_owned();
            let folder = prefix.rsplit('/').next().unwrap_or_default().to_owned();
            (folder, line["data"].take())
        })
        .collect()
}

fn sum(built: &BTreeMap<String, Value>, of: &str) -> u64 {
    let counts = built.values().map(|built| built[of].as_u64());
    counts.map(|count| count.expect("a number")).sum()
}

#[test]
fn a_matrix_makes_the_prefixes_that_single_builds_make_and_compiles_each_object_once() {
    let place = Place::new();
    let json = ["--message-format", "json"];
    let matrix = ["bzip2", "zlib", "--prefix", "all", "--matrix", AXES];
    let first = run(&mut place.build(&[&matrix[..], &json].concat())).exits(0);
    let prefixes = built(&first);
    assert_eq!(prefixes.keys().collect::<Vec<_>>(), FOUR.each_ref());

    // Each object of each prefix is one that was compiled once: of files that ask for no target the
    // two targets have the same.
    let lines = first.json();
    let compiled = lines.iter().filter(|line| line["reason"] == "compiled");
    let (anew, known): (Vec<_>, Vec<_>) = compiled.partition(|line| line["cached"] == false);
    assert_eq!(anew.len() as u64, sum(&prefixes, "compiled"));
    assert_eq!(known.len() as u64, sum(&prefixes, "from_store"));
    let members = |manifest: &Value| -> Vec<String> {
        let sources = manifest["sources"].as_array().expect("sources");
        let archives = sources.iter().flat_map(archives_of);
        let members = archives.flat_map(|archive| archive["members"].as_array().expect("members"));
        members.map(|member| member["sha256"].to_string()).collect()
    };
    let all: Vec<_> = prefixes
        .values()
        .flat_map(|built| members(&built["manifest"]))
        .collect();
    assert_eq!(all.len(), anew.len() + known.len());
    let different: BTreeSet<_> = all.iter().collect();
    assert!(anew.len() < all.len(), "nothing is shared");
    assert!(different.len() <= anew.len());
    // Messages say for which prefix something is.
    let subjects: BTreeSet<_> = anew
        .iter()
        .chain(&known)
        .filter_map(|line| line["subject"].as_str())
        .collect();
    assert_eq!(subjects.len(), 8, "{subjects:?}");
    assert!(subjects.contains("zlib 1.3.2 for wasm32-wasip2+eh"));
    // A source that all of them want is unpacked once.
    let ready = |line: &&Value| line["reason"] == "source-ready" && line["subject"] == "zlib 1.3.2";
    assert_eq!(lines.iter().filter(ready).count(), 1);

    let other = Place::new();
    for folder in FOUR {
        let (target, variant) = folder.split_once('+').unwrap_or((folder, "default"));
        let single = ["bzip2", "zlib", "--prefix", folder, "--target", target];
        let single = [&single[..], &["--variant", variant]].concat();
        run(&mut other.build(&single)).exits(0);
        assert_eq!(
            snapshot(&place.path(&format!("all/{folder}"))),
            snapshot(&other.path(folder)),
            "{folder}"
        );
    }

    // Again: nothing to do, but for the one that is damaged.
    place.write("all/wasm32-wasip2/lib/libz.a", "damaged");
    let again = run(&mut place.build(&[&matrix[..], &json].concat())).exits(0);
    for (folder, built) in built(&again) {
        let damaged = folder == "wasm32-wasip2";
        assert_eq!(built["up_to_date"], !damaged, "{folder}");
        assert_eq!(built["compiled"], 0, "{folder}");
    }
    let shown = run(&mut place.build(&matrix)).exits(0).stdout;
    assert_eq!(shown.matches("up to date").count(), 4, "{shown}");
    assert!(shown.contains("4 prefixes in "), "{shown}");
}

#[test]
fn a_file_that_one_of_the_prefixes_can_not_have_keeps_none_of_the_others_from_being_made() {
    let place = Place::new();
    place.copy_recipes();
    Own {
        name: "picky",
        requires: &[],
        code: "#ifdef __wasm_simd128__\n#error no vectors\n#endif\nint picky(void) { return 1; }\n",
    }
    .lock(&place);
    let build = |matrix: &[&str]| {
        let args = [&["picky", "bzip2"], matrix].concat();
        run(&mut place.own(place.build_with(sdk(), &args)))
    };
    let failed = build(&["--matrix", "variants=default,simd,small"])
        .exits(1)
        .says(&["picky 1 for wasm32-wasip1+simd", "no vectors"]);
    assert!(
        failed.stdout.contains("2 prefixes in "),
        "{}",
        failed.stdout
    );
    let made = names(&place.path("sysroot"));
    let made: Vec<_> = made
        .iter()
        .filter(|name| name.starts_with("wasm32"))
        .collect();
    assert_eq!(made, ["wasm32-wasip1", "wasm32-wasip1+small"]);
    for folder in made {
        let mut verify = place.own(place.command(&["verify"]));
        run(verify.arg(place.path("sysroot").join(folder))).exits(0);
    }

    // One that may not be replaced is said before anything is done.
    let other = build(&["--prefix", "sysroot/wasm32-wasip2+simd", "--variant", "eh"]);
    other.exits(0);
    let refused = build(&["--matrix", "targets=wasm32-wasip2,variants=default,simd"]).exits(5);
    assert!(!refused.stderr.contains("Compiled"), "{}", refused.stderr);
    assert!(!place.path("sysroot/wasm32-wasip2").exists());
}

#[test]
fn a_matrix_of_sdks_makes_a_prefix_with_each() {
    let place = Place::new();
    // Brings both.
    archives();
    let mut build = raw();
    build
        .args(["build", "bzip2", "--offline", "--message-format", "json"])
        .args(["--matrix", "sdks=debian,debian-25", "--prefix"])
        .arg(place.path("out"))
        .arg("--store")
        .arg(shared_store());
    let done = run(&mut build).exits(0);
    let prefixes = built(&done);
    let folders = ["wasm32-wasip1-debian", "wasm32-wasip1-debian-25"];
    assert_eq!(prefixes.keys().collect::<Vec<_>>(), folders.each_ref());
    let made_with = prefixes.values().map(|built| {
        let manifest = &built["manifest"];
        manifest["toolchain"]["version"].to_string()
    });
    let made_with: BTreeSet<_> = made_with.collect();
    assert_eq!(made_with.len(), 2, "{made_with:?}");
}

#[test]
fn a_matrix_that_contradicts_itself_or_other_options_is_a_wrong_command_line() {
    let place = Place::new();
    for (args, says) in [
        (
            &["--matrix", "targets=wasm32-wasi"][..],
            "a target must be one of",
        ),
        (&["--matrix", "wasm32-wasip1"], "a matrix is made of"),
        (
            &["--matrix", AXES, "--target", "wasm32-wasip2"],
            "cannot be used with",
        ),
        (
            &["--matrix", AXES, "--variant", "eh"],
            "cannot be used with",
        ),
        (
            &["--matrix", "sdks=33", "--sdk", "33"],
            "the matrix names SDKs, and so does an option",
        ),
        (
            &["--matrix", "sdks=33", "--python", "3.13"],
            "the matrix names SDKs, and so does an option",
        ),
        (&["--matrix", "sdks=1"], "1"),
    ] {
        let args = [&["build", "bzip2", "--offline"], args].concat();
        let done = run(&mut place.command(&args));
        assert_ne!(done.code, 0, "{args:?}");
        done.says(&[says]);
        assert!(!place.path("sysroot/wasm32-wasip1").exists(), "{args:?}");
    }
}
