//! A project of one's own: `init`, a drafted recipe, a lock whose inputs nobody listed, and a
//! program that runs.

use std::process::Command;

use crate::programs::pkgconf;
use crate::server::Server;
use crate::sources::{gz, tar};
use crate::support::{Place, Run, project, run, sdk, snapshot, test, wasmtime};

/// Asserts that stdout has each of `texts`.
#[track_caller]
fn prints(run: &Run, texts: &[&str]) {
    for text in texts {
        assert!(
            run.stdout.contains(text),
            "`{text}` is not in stdout:\n{}",
            run.stdout
        );
    }
}

/// An archive of a library that no recipe describes.
fn archive() -> Vec<u8> {
    let files = [
        ("LICENSE", "Copyright (C) 2026 The demo authors\n"),
        ("include/demo.h", "int demo(void);\n"),
        (
            "lib/demo.c",
            "#include <demo.h>\n#include \"inner.h\"\nint demo(void) { return INNER; }\n",
        ),
        // Named nowhere but in an `#include`.
        ("lib/inner.h", "#include \"deep/deeper.h\"\n"),
        ("lib/deep/deeper.h", "#define INNER 42\n"),
        ("lib/unused.h", "#error it takes no part\n"),
        ("lib/demo.pc.in", "Name: demo\n"),
        ("tests/test.c", "int main(void) { return 1; }\n"),
    ];
    let files = files.map(|(path, text)| (format!("demo-1.2/{path}"), text.as_bytes().to_vec()));
    gz(&tar(&files))
}

#[test]
fn a_source_without_a_recipe_is_drafted_locked_built_and_linked() {
    let place = Place::new();
    let server = Server::with([("/v1.2/demo-1.2.tar.gz", archive())]);
    let done = run(&mut place.command(&["init", "p"])).exits(0);
    prints(&done, &["p/lockfile.json has 0 sources"]);
    let url = server.url("/v{version}/demo-{version}.tar.gz");
    let draft = [
        "--project",
        "p",
        "recipe",
        "new",
        "demo",
        "1.2",
        "--license",
        "MIT",
        "--homepage",
        "https://example.org/demo",
        "--url",
        &url,
    ];
    let done = run(&mut place.command(&draft)).exits(0);
    prints(&done, &["p/recipes/demo/recipe.toml is written"]);
    run(&mut place.command(&draft))
        .exits(2)
        .says(&["p/recipes/demo/recipe.toml already exists"]);
    let done = run(&mut place.command(&["--project", "p", "lock", "demo", "1.2"])).exits(0);
    prints(&done, &["lib/deep/deeper.h, lib/inner.h"]);
    let mut build = place.command(&["--project", "p", "build", "--prefix", "out"]);
    run(build.arg("--wasi-sdk").arg(sdk())).exits(0);
    let trees = place.stored("trees");
    let inputs = trees
        .iter()
        .flat_map(|tree| snapshot(&place.path(&format!("store/trees/{tree}"))));
    assert!(
        !inputs.collect::<String>().contains("unused.h"),
        "only what is included is unpacked"
    );
    let checked = ["--project", "p", "recipe", "check"];
    let done = run(place.command(&checked).arg("--wasi-sdk").arg(sdk())).exits(0);
    prints(&done, &["none"]);

    place.write(
        "main.c",
        "#include <demo.h>\nint main(void) { return demo() - 42; }\n",
    );
    let modules = place.path("out/lib/pkgconfig").display().to_string();
    let arguments = pkgconf(&["demo".to_owned()], &[("PKG_CONFIG_LIBDIR", modules)]);
    let mut link = Command::new(sdk().join("bin/clang"));
    link.current_dir(place.path(""))
        .arg("main.c")
        .args(arguments);
    run(link.args(["-o", "main.wasm"])).exits(0);
    run(Command::new(wasmtime())
        .arg("run")
        .arg(place.path("main.wasm")))
    .exits(0);
}

#[test]
fn a_project_is_begun_once_empty_or_with_all_that_is_embedded() {
    let place = Place::new();
    run(&mut place.command(&["init", "copy", "--copy"])).exits(0);
    for folder in ["recipes", "patches"] {
        let embedded = snapshot(&project().join(folder));
        assert_eq!(snapshot(&place.path(&format!("copy/{folder}"))), embedded);
    }
    assert_eq!(
        std::fs::read(place.path("copy/lockfile.json")).expect("the lock"),
        std::fs::read(project().join("lockfile.json")).expect("the lock")
    );
    let done = run(&mut place.command(&["--project", "copy", "list"])).exits(0);
    prints(&done, &["zlib", "sqlite"]);
    run(&mut place.command(&["init", "copy"]))
        .exits(2)
        .says(&["copy/recipes already exists"]);
    // An empty folder may be there already.
    std::fs::create_dir_all(place.path("empty/recipes")).expect("a folder");
    run(&mut place.command(&["init", "empty"])).exits(0);
    run(&mut place.command(&["--project", "empty", "list"])).exits(0);
    run(&mut place.command(&["--project", "no", "list"]))
        .exits(2)
        .says(&[
            "there is no lock at no/lockfile.json",
            "`wasideps init DIR`",
        ]);
}

#[test]
fn a_draft_needs_a_project_an_origin_that_answers_and_a_name_that_is_not_excluded() {
    let place = Place::new();
    let server = Server::with([]);
    let url = server.url("/x-{version}.tar.gz");
    let draft = |name: &str, project: &[&str]| {
        let options = [
            "--license",
            "MIT",
            "--homepage",
            "https://example.org/",
            "--url",
            &url,
        ];
        place.command(&[project, &["recipe", "new", name, "1"], &options].concat())
    };
    run(&mut draft("demo", &[]))
        .exits(2)
        .says(&["the embedded recipes can't be written", "--project DIR"]);
    run(&mut place.command(&["init", "p"])).exits(0);
    run(&mut draft("openssl", &["--project", "p"]))
        .exits(6)
        .says(&["openssl", "excludes"]);
    run(&mut draft("demo", &["--project", "p"]))
        .exits(4)
        .says(&["no origin of demo 1 could be reached"]);
    assert!(!place.path("p/recipes/demo").exists());
    let both = ["--project", "p", "--recipes", "p/recipes", "list"];
    run(&mut place.command(&both)).exits(2).says(&["--recipes"]);
}
