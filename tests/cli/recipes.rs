//! Recipes and locks that can't be used: each says where, what and what to do, with the exit code
//! that the README gives.

use serde_json::{Value, json};
use wasideps::model::Sha256;

use crate::sources::Own;
use crate::support::{Place, Run, run, sdk, test};

fn place() -> Place {
    let place = Place::new();
    place.copy_recipes();
    place
}

/// `wasideps ARGS` with the copied recipes and lock.
fn own(place: &Place, args: &[&str]) -> Run {
    run(&mut place.own(place.command(args)))
}

/// Where `text` is in a recipe, as messages call it.
fn at(place: &Place, recipe: &str, text: &str) -> String {
    let recipes = std::fs::read_to_string(place.path("recipes").join(recipe)).expect("the recipe");
    let line = recipes
        .lines()
        .position(|line| line.starts_with(text))
        .expect("the text is there");
    format!("{recipe}:{}", line + 1)
}

/// Has the copied lock say what a file beside the recipes is now.
fn relock(place: &Place, name: &str, kind: &str, file: &str, below: &str) {
    let digest = Sha256::of(&std::fs::read(place.path(below)).expect("the file"));
    place.edit_lock(|lock| lock["sources"][name][kind][file] = json!(digest));
}

#[test]
fn an_unknown_key_of_a_recipe_is_told_with_its_line_and_what_was_meant() {
    let place = place();
    place.edit("recipes/bzip2/recipe.toml", "flags = ", "flag = ");
    let at = at(&place, "bzip2/recipe.toml", "flag = ");
    own(&place, &["list"])
        .exits(2)
        .says(&[&at, "unknown field `flag`", "did you mean `flags`?"]);
}

#[test]
fn values_of_the_wrong_form_are_told_with_their_place_all_at_once() {
    let place = place();
    place.edit(
        "recipes/bzip2/recipe.toml",
        "license = {",
        "inputs = { max-size = \"much\" }\nlicense = {",
    );
    place.edit(
        "recipes/xz/recipe.toml",
        "versions = [\"5.8.4\"]",
        "versions = []",
    );
    let at = at(&place, "bzip2/recipe.toml", "inputs");
    own(&place, &["list"]).exits(2).says(&[
        &at,
        "invalid type: string",
        "xz/recipe.toml",
        "`versions` is empty",
    ]);
}

#[test]
fn what_a_recipe_may_not_say_is_refused() {
    for (old, new, words) in [
        (
            "flags = [\"-std=gnu11\"]",
            "flags = [\"-fplugin=/tmp/evil.so\"]",
            "`-fplugin=/tmp/evil.so` is not allowed",
        ),
        (
            "flags = [\"-std=gnu11\"]",
            "flags = [\"-Wl,--undefined\"]",
            "`-Wl,--undefined` is not allowed",
        ),
        (
            "\"blocksort.c\", \"huffman.c\"",
            "\"../../evil.c\", \"huffman.c\"",
            "../../evil.c",
        ),
        (
            "\"blocksort.c\", \"huffman.c\"",
            "\"configure.sh\", \"huffman.c\"",
            "`configure.sh` is in no language that is compiled",
        ),
        (
            "expression = \"bzip2-1.0.6\"",
            "expression = \"as you like\"",
            "expected an SPDX licence expression",
        ),
        (
            "https://sourceware.org/pub",
            "http://sourceware.org/pub",
            "expected `https`",
        ),
    ] {
        let place = place();
        place.edit("recipes/bzip2/recipe.toml", old, new);
        own(&place, &["list"])
            .exits(2)
            .says(&["bzip2/recipe.toml", words]);
    }
}

#[test]
fn a_source_that_the_archive_does_not_have_is_named() {
    let place = place();
    place.edit(
        "recipes/bzip2/recipe.toml",
        "\"bzlib.c\"]",
        "\"bzlib.c\", \"nosuch.c\"]",
    );
    run(&mut place.own(place.build(&["bzip2"])))
        .exits(1)
        .says(&["bzip2 1.0.8: `sources` of the recipe names nosuch.c"]);
    assert!(!place.path("sysroot/wasm32-wasip1").exists());
    run(&mut place.own(place.with_archives(&["lock", "bzip2", "1.0.8"])))
        .exits(2)
        .says(&["bzip2/recipe.toml names what no origin of bzip2 1.0.8 contains: nosuch.c"]);
}

#[test]
fn a_recipe_that_names_another_file_is_locked_before_it_is_built() {
    let place = place();
    place.edit(
        "recipes/bzip2/recipe.toml",
        "\"bzlib.c\"]",
        "\"bzlib.c\", \"spewG.c\"]",
    );
    run(&mut place.own(place.build(&["bzip2"])))
        .exits(3)
        .says(&["contains other inputs", "`wasideps lock NAME VERSION`"]);
    run(&mut place.own(place.with_archives(&["lock", "bzip2", "1.0.8"]))).exits(0);
    run(&mut place.own(place.build(&["bzip2"]))).exits(0);
}

#[test]
fn a_header_that_the_archive_does_not_have_is_named() {
    let place = place();
    place.edit(
        "recipes/bzip2/recipe.toml",
        "\"bzlib.h\" = \"bzlib.h\"",
        "\"bzlib.h\" = \"bzlib.h\"\n\"bzlib2.h\" = \"bzlib2.h\"",
    );
    run(&mut place.own(place.build(&["bzip2"])))
        .exits(1)
        .says(&["bzip2 1.0.8: `headers` of the recipe names bzlib2.h"]);
    assert!(!place.path("sysroot/wasm32-wasip1").exists());
}

#[test]
fn a_header_a_library_or_a_module_of_two_recipes_is_told_with_both() {
    // No other recipe requires libuuid's library.
    for (recipe, edits, who, path) in [
        (
            "bzip2",
            &[("\"bzlib.h\" = \"bzlib.h\"", "\"bzlib.h\" = \"ZLIB.h\"")][..],
            "bzip2 and zlib",
            "include/zlib.h",
        ),
        (
            "libuuid",
            &[
                ("[library.uuid", "[library.z"),
                ("libraries = [\"uuid\"]", "libraries = [\"z\"]"),
            ],
            "zlib and libuuid",
            "lib/libz.a",
        ),
        (
            "bzip2",
            &[
                ("[pkg-config.bzip2]", "[pkg-config.zlib]"),
                (
                    "\"BZip2::BZip2\" = \"bzip2\"",
                    "\"BZip2::BZip2\" = \"zlib\"",
                ),
            ],
            "bzip2 and zlib",
            "lib/pkgconfig/zlib.pc",
        ),
        (
            "bzip2",
            &[("[cmake.BZip2]", "[cmake.zlib]")],
            "bzip2 and zlib",
            "lib/cmake/zlib/zlib-config.cmake",
        ),
    ] {
        let place = place();
        for (old, new) in edits {
            place.edit(&format!("recipes/{recipe}/recipe.toml"), old, new);
        }
        own(&place, &["list"])
            .exits(2)
            .says(&[&format!("{who} both install {path}")]);
        own(
            &place,
            &["plan", recipe, "--wasi-sdk", &sdk().to_string_lossy()],
        )
        .exits(0);
    }
}

#[test]
fn two_recipe_files_for_one_version_are_refused() {
    let place = place();
    let text = std::fs::read_to_string(place.path("recipes/zlib/recipe.toml")).expect("a text");
    place.write("recipes/zlib/old.toml", text);
    own(&place, &["list"])
        .exits(2)
        .says(&["zlib/old.toml and zlib/recipe.toml are both written for zlib 1.3.2"]);
}

#[test]
fn a_version_that_no_recipe_is_written_for_is_refused_with_those_that_are() {
    let place = place();
    place.edit_lock(|lock| lock["sources"]["zlib"]["version"] = json!("1.2.11"));
    own(&place, &["list"])
        .exits(2)
        .says(&["no recipe is written for zlib 1.2.11", "1.3.2, 1.3.1"]);
}

#[test]
fn a_circle_of_libraries_and_one_that_is_not_there_are_told_with_the_line() {
    let bzip2 = |key: &str, on: &str| {
        let place = place();
        place.edit(
            "recipes/bzip2/recipe.toml",
            "sources = [",
            &format!("{key} = [\"{on}\"]\nsources = ["),
        );
        place
    };
    let place = bzip2("requires", "zlib/z");
    place.edit(
        "recipes/zlib/recipe.toml",
        "flags = [\"-std=gnu11\"]",
        "flags = [\"-std=gnu11\"]\nrequires-private = [\"bzip2/bz2\"]",
    );
    let at = at(&place, "zlib/recipe.toml", "requires-private");
    own(&place, &["list"])
        .exits(2)
        .says(&[&at, "in a circle: bzip2/bz2 -> zlib/z -> bzip2/bz2"]);
    for (on, words) in [
        ("lz9/lz9", "there is no recipe `lz9`"),
        ("zlib/zz", "the recipe zlib makes no library `zz`"),
        (
            "bz3",
            "`[library.bz2]` requires `bz3`, which the recipe does not make",
        ),
        ("bz2", "`[library.bz2]` requires itself"),
        ("a/b/c", "a/b/c"),
    ] {
        for key in ["requires", "requires-private"] {
            let place = bzip2(key, on);
            let at = self::at(&place, "bzip2/recipe.toml", key);
            own(&place, &["list"]).exits(2).says(&[&at, words]);
        }
    }
    let place = bzip2("requires", "zlib/z");
    place.edit_lock(|lock| {
        drop(
            lock["sources"]
                .as_object_mut()
                .expect("sources")
                .remove("zlib"),
        );
    });
    let at = self::at(&place, "bzip2/recipe.toml", "requires");
    own(&place, &["list"])
        .exits(2)
        .says(&[&at, "`zlib` is not in the lock"]);
}

#[test]
fn a_patch_that_would_need_an_offset_or_other_context_stops_the_build_at_its_hunk() {
    const PATCH: &str = "0001-zconf.h-answers-of-configure-1.3.2.patch";
    let path = format!("patches/zlib/{PATCH}");
    for (old, new) in [
        ("@@ -443,11 +443,11 @@", "@@ -444,11 +444,11 @@"),
        (" #  define Z_HAVE_UNISTD_H", " #  define Z_HAVE_UNISTD_X"),
    ] {
        let place = place();
        place.edit(&path, old, new);
        relock(&place, "zlib", "patches", PATCH, &path);
        run(&mut place.own(place.build(&["zlib"]))).exits(2).says(&[
            "zlib 1.3.2",
            PATCH,
            "zconf.h, hunk 1",
            "expected",
        ]);
        assert_eq!(place.stored("trees"), [""; 0]);
        assert!(!place.path("sysroot/wasm32-wasip1").exists());
    }
}

#[test]
fn a_patch_or_overlay_that_is_not_the_locked_one_is_exit_3_with_both_digests() {
    let place = place();
    place.edit("recipes/xz/config.h", "\n", "\n\n");
    let digest =
        Sha256::of(&std::fs::read(place.path("recipes/xz/config.h")).expect("the overlay"))
            .to_string();
    own(&place, &["list"]).exits(3).says(&[
        "xz: the overlay `config.h`",
        &digest,
        "wasideps lock xz VERSION",
    ]);
    let place = self::place();
    place.edit(
        "patches/zlib/0001-zconf.h-answers-of-configure-1.3.2.patch",
        "consumers",
        "customers",
    );
    own(&place, &["list"])
        .exits(3)
        .says(&["zlib: the patch `0001-zconf.h-answers-of-configure-1.3.2.patch`"]);
}

#[test]
fn openssl_and_its_like_are_exit_6_with_the_reason_wherever_they_are_named() {
    const RECIPE: &str = "recipes/bzip2/recipe.toml";
    let refused = |place: &Place, args: &[&str], name: &str| {
        own(place, args)
            .exits(6)
            .says(&[&format!("`{name}`"), "openssl", "constant-time"]);
    };
    for name in ["openssl", "libressl"] {
        let place = place();
        Own {
            name,
            requires: &[],
            code: "",
        }
        .write(&place);
        refused(&place, &["list"], name);
    }
    let place = self::place();
    place.edit(RECIPE, "crate = \"bzip2-sys\"", "crate = \"openssl-sys\"");
    refused(&place, &["list"], "openssl-sys");
    let place = self::place();
    place.edit(
        RECIPE,
        "sources = [",
        "requires = [\"libcrypto/crypto\"]\nsources = [",
    );
    refused(&place, &["list"], "libcrypto");
    let place = self::place();
    place.edit_lock(|lock| lock["sources"]["OpenSSL"] = lock["sources"]["bzip2"].clone());
    refused(&place, &["list"], "OpenSSL");
    let place = self::place();
    let krate = |lock: &mut Value, name: &str| {
        let origins = lock["sources"]["bzip2"]["origins"]
            .as_array_mut()
            .expect("origins");
        origins
            .iter_mut()
            .find(|origin| origin["crate"].is_string())
            .expect("a crate")["crate"] = json!(name);
    };
    place.edit_lock(|lock| krate(lock, "openssl-src"));
    refused(&place, &["list"], "openssl-src");
    for args in [
        ["build", "openssl"],
        ["fetch", "boringssl"],
        ["plan", "LibreSSL"],
    ] {
        refused(&self::place(), &args, args[1]);
    }
    refused(&self::place(), &["lock", "openssl", "3.5.0"], "openssl");
}

#[test]
fn an_unknown_source_is_exit_2_with_those_that_are_known() {
    own(&place(), &["build", "zlob"]).exits(2).says(&[
        "no source `zlob`",
        "it has: brotli, ",
        "zlib-ng-compat",
    ]);
}

#[test]
fn a_lock_with_an_unknown_key_another_version_or_a_bad_digest_is_told_with_its_line() {
    let place = place();
    place.edit_lock(|lock| lock["sources"]["bzip2"]["origin"] = json!([]));
    own(&place, &["list"]).exits(2).says(&[
        "lockfile.json:",
        "unknown field `origin`",
        "did you mean `origins`?",
    ]);
    let place = self::place();
    place.edit_lock(|lock| lock["sources"]["bzip2"]["origins"][0]["crate"] = json!("bzip2-sys"));
    own(&place, &["list"])
        .exits(2)
        .says(&["`crate` needs `crate-version`"]);
    let place = self::place();
    place.edit_lock(|lock| lock["version"] = json!(4));
    own(&place, &["list"])
        .exits(2)
        .says(&["has lock version 4; this program reads version 3"]);
    let place = self::place();
    place.edit_lock(|lock| lock["sources"]["bzip2"]["inputs"] = json!("7ffb"));
    own(&place, &["list"])
        .exits(2)
        .says(&["lockfile.json:", "7ffb"]);
    let place = self::place();
    place.edit("lockfile.json", "\"date\"", "date");
    own(&place, &["list"]).exits(2).says(&["lockfile.json:3"]);
    let place = self::place();
    place.edit_lock(|lock| {
        lock["sources"]["bzip2"]["origins"][0]["url"] = json!("http://example.org/bzip2.tar");
    });
    own(&place, &["list"])
        .exits(2)
        .says(&["expected `https`", "http://example.org"]);
}

#[test]
fn a_source_is_built_with_what_it_depends_on_and_finds_its_headers() {
    let place = place();
    let code = "#include <zlib.h>\n#include \"demo.h\"\nint demo(void) { return (int)zlibCompileFlags() + Z_BEST_SPEED; }\n";
    Own {
        name: "demo",
        requires: &["zlib/z"],
        code,
    }
    .lock(&place);
    let built = run(&mut place.own(place.build(&["demo", "--message-format", "json"])))
        .exits(0)
        .data("built");
    let sources = built["manifest"]["sources"].as_array().expect("sources");
    assert_eq!(
        sources
            .iter()
            .map(|source| source["name"].as_str().expect("a name"))
            .collect::<Vec<_>>(),
        ["zlib", "demo"]
    );
    for path in [
        "lib/libdemo.a",
        "lib/libz.a",
        "include/demo.h",
        "include/zlib.h",
        "lib/pkgconfig/demo.pc",
    ] {
        assert!(
            place.path("sysroot/wasm32-wasip1").join(path).is_file(),
            "{path} is missing"
        );
    }
    // Without the dependency its header is nowhere to be found.
    let place = self::place();
    Own {
        name: "demo",
        requires: &[],
        code,
    }
    .lock(&place);
    run(&mut place.own(place.build(&["demo"])))
        .exits(1)
        .says(&["demo 1: demo.c does not compile", "'zlib.h' file not found"]);
}

#[test]
fn an_overlay_that_is_installed_and_that_nothing_includes_is_used() {
    let place = place();
    let recipe = "recipes/bzip2/recipe.toml";
    let overlay = "[overlay]\n\"ours.h\" = \"ours.h\"\n\n[library.bz2]";
    place.edit(recipe, "[library.bz2]", overlay);
    let header = "\"bzlib.h\" = \"bzlib.h\"";
    let headers = format!("{header}\n\"ours.h\" = \"bz2/ours.h\"");
    place.edit(recipe, header, &headers);
    let ours = "recipes/bzip2/ours.h";
    place.write(ours, "extern int ours;\n");
    relock(&place, "bzip2", "overlays", "ours.h", ours);
    let check = || {
        let mut check = place.own(place.with_archives(&["recipe", "check", "bzip2"]));
        run(check.arg("--wasi-sdk").arg(sdk()))
    };
    check().exits(0);
    place.edit(recipe, &headers, header);
    check()
        .exits(1)
        .says(&["the recipe of bzip2 selects 1 files"]);
}
