//! A C program for each library, compiled with what pkg-config says of the prefix and run under
//! wasmtime: through the prefix itself, through the SDK overlay with the variables that CPython's
//! build driver sets, and through the variables that `wasideps env` prints.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{Place, Run, built, built_all, project, run, sdk, test, tool, wasmtime};

/// Each source of `prefix` with its pkg-config modules; each has a program.
pub fn programs(prefix: &Path) -> Vec<(String, Vec<String>)> {
    let manifest =
        std::fs::read(prefix.join("share/wasideps/manifest.json")).expect("the manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let modules = |source: &Value| {
        source["modules"]
            .as_object()
            .expect("modules")
            .keys()
            .cloned()
            .collect()
    };
    let sources = manifest["sources"].as_array().expect("sources").iter();
    let programs: Vec<_> = sources
        .map(|source| {
            (
                source["name"].as_str().expect("a name").to_owned(),
                modules(source),
            )
        })
        .collect();
    assert!(programs.len() >= 4, "{programs:?}");
    programs
}

/// What pkgconf says, told where to look by `variables` alone.
pub fn pkgconf(modules: &[String], variables: &[(&str, String)]) -> Vec<String> {
    let mut command = Command::new(tool("WASIDEPS_TEST_PKGCONF"));
    for variable in [
        "PKG_CONFIG_PATH",
        "PKG_CONFIG_LIBDIR",
        "PKG_CONFIG_SYSROOT_DIR",
    ] {
        command.env_remove(variable);
    }
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    let said = run(command
        .args(["--cflags", "--libs", "--static"])
        .args(modules))
    .exits(0);
    said.stdout.split_whitespace().map(str::to_owned).collect()
}

/// Compiles and links `tests/programs/<name>.c`, or `.cpp`, into `place`.
pub fn compile(place: &Place, clang: &Path, name: &str, arguments: &[String]) -> PathBuf {
    let program = place.path(&format!("{name}.wasm"));
    let mut source = project().join(format!("tests/programs/{name}.c"));
    let mut command = Command::new(clang);
    if !source.is_file() {
        source.set_extension("cpp");
        command.args(["-std=c++17", "-fno-exceptions"]);
    }
    let text = std::fs::read_to_string(&source).expect("the program");
    if text.contains("<setjmp.h>") {
        for flag in ["-wasm-enable-sjlj", "-wasm-use-legacy-eh=false"] {
            command.args(["-mllvm", flag]);
        }
    }
    command
        .current_dir(place.path(""))
        .args(["-O1", "-Wall", "-Werror"])
        .arg(source)
        .args(arguments)
        .arg("-o")
        .arg(&program);
    run(&mut command).exits(0);
    program
}

/// Runs a program in a folder of its own, and compares what it prints on stdout.
pub fn runs(place: &Place, program: &Path, expected: &str) -> Run {
    let folder = program.with_extension("folder");
    std::fs::create_dir(&folder).expect("a folder");
    let mut command = Command::new(wasmtime());
    command
        .current_dir(place.path(""))
        .arg("run")
        .arg("--dir")
        .arg(format!("{}::/work", folder.display()));
    let done = run(command.arg(program).arg("/work")).exits(0);
    let expected = std::fs::read_to_string(project().join("tests/programs").join(expected))
        .expect("the expected output");
    assert_eq!(done.stdout, expected, "{}", program.display());
    std::fs::remove_dir_all(folder).expect("it goes");
    done
}

fn clang() -> PathBuf {
    sdk().join("bin/clang")
}

fn prefix() -> PathBuf {
    built().path("out")
}

#[test]
fn programs_that_use_the_prefix_through_pkg_config_do_what_they_should() {
    let (place, prefix) = (Place::new(), built_all());
    for (name, modules) in programs(&prefix) {
        let libdir = prefix.join("lib/pkgconfig").display().to_string();
        let arguments = pkgconf(&modules, &[("PKG_CONFIG_LIBDIR", libdir)]);
        let program = compile(&place, &clang(), &name, &arguments);
        runs(&place, &program, &format!("{name}.expected"));
    }
}

#[test]
fn a_prefix_that_was_moved_is_found_where_it_is() {
    let place = Place::new();
    crate::support::copy_tree(&prefix(), &place.path("some where/else"));
    let libdir = place.path("some where/else/lib/pkgconfig");
    let mut command = Command::new(tool("WASIDEPS_TEST_PKGCONF"));
    let said = run(command
        .env("PKG_CONFIG_LIBDIR", libdir)
        .args(["--libs-only-L", "zlib"]))
    .exits(0)
    .stdout;
    let folder = said
        .trim()
        .strip_prefix("-L")
        .expect("a folder")
        .replace("\\ ", " ");
    assert!(Path::new(&folder).join("libz.a").is_file(), "{said}");
    assert!(
        folder.starts_with(&*place.path("some where").to_string_lossy()),
        "{said}"
    );
}

/// An SDK overlay of the prefix.
fn overlay(place: &Place) -> PathBuf {
    let mut command = built().command(&["sdk", "--prefix", "out"]);
    run(command.arg(place.path("sdk")).arg("--wasi-sdk").arg(sdk())).exits(0);
    place.path("sdk")
}

#[test]
fn programs_that_use_the_sdk_view_as_cpythons_driver_does_do_what_they_should() {
    let place = Place::new();
    let overlay = overlay(&place);
    // As Tools/wasm/wasi/__main__.py of CPython sets them.
    let sysroot = overlay.join("share/wasi-sysroot");
    let libdir = ["lib/pkgconfig", "share/pkgconfig"]
        .map(|below| sysroot.join(below).display().to_string())
        .join(":");
    let variables = [
        ("PKG_CONFIG_PATH", String::new()),
        ("PKG_CONFIG_LIBDIR", libdir),
        ("PKG_CONFIG_SYSROOT_DIR", sysroot.display().to_string()),
    ];
    for (name, modules) in programs(&prefix()) {
        let arguments = pkgconf(&modules, &variables);
        let program = compile(&place, &overlay.join("bin/clang"), &name, &arguments);
        runs(&place, &program, &format!("{name}.expected"));
    }
}

#[test]
fn the_sdk_views_own_folders_are_searched_without_pkg_config() {
    let place = Place::new();
    let overlay = overlay(&place);
    compile(
        &place,
        &overlay.join("bin/clang"),
        "zlib",
        &["-lz".to_owned()],
    );
    let nothing = run(Command::new(clang())
        .arg(project().join("tests/programs/zlib.c"))
        .args(["-fsyntax-only"]));
    assert!(
        nothing.code != 0 && nothing.stderr.contains("'zlib.h' file not found"),
        "the SDK itself has zlib: {}",
        nothing.stderr
    );
}

#[test]
fn an_overlay_is_never_called_like_an_sdk_and_replaces_no_foreign_folder() {
    let place = Place::new();
    let make = |dir: &str| {
        let mut command = built().command(&["sdk", "--prefix", "out"]);
        run(command.arg(place.path(dir)).arg("--wasi-sdk").arg(sdk()))
    };
    make("wasi-sdk-25")
        .exits(2)
        .says(&["can't be named `wasi-sdk-25`"]);
    place.write("mine/file", "x");
    make("mine").exits(2).says(&["did not put there"]);
    assert_eq!(
        std::fs::read_to_string(place.path("mine/file")).expect("it is still there"),
        "x"
    );
}

#[test]
fn programs_that_use_the_variables_of_env_do_what_they_should() {
    let place = Place::new();
    let mut command = built().command(&["env", "--shell", "sh", "--prefix", "out"]);
    let script = place.write("env.sh", run(&mut command).exits(0).stdout);
    // As CPython's configure calls them; expat it has no variables for.
    let variables = [
        ("bzip2", "BZIP2"),
        ("libffi", "LIBFFI"),
        ("libuuid", "LIBUUID"),
        ("mpdecimal", "LIBMPDEC"),
        ("sqlite", "LIBSQLITE3"),
        ("xz", "LIBLZMA"),
        ("zlib", "ZLIB"),
        ("zstd", "LIBZSTD"),
    ];
    let programs = programs(&prefix());
    for (name, variable) in variables
        .iter()
        .filter(|(name, _)| programs.iter().any(|(other, _)| other == name))
    {
        let program = place.path(&format!("{name}.wasm"));
        let source = project().join(format!("tests/programs/{name}.c"));
        let text = format!(
            ". \"$1\" && \"$2\" -O1 ${{{variable}_CFLAGS:?}} \"$3\" ${{{variable}_LIBS:?}} -o \"$4\""
        );
        let mut shell = Command::new("sh");
        shell
            .args(["-euc", &text, "sh"])
            .args([script.as_path(), &clang(), &source, &program]);
        run(&mut shell).exits(0);
        runs(&place, &program, &format!("{name}.expected"));
    }
}
