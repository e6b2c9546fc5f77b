//! What a build makes against what upstream's own builds make, and the archives against the SDK's
//! own archiver.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use wasideps::model::Sha256;

use crate::support::{Place, archives_of, built, built_all, project, run, sdk, test};

/// Each source of the prefix with its archives.
fn libraries() -> Vec<(String, Vec<PathBuf>)> {
    let manifest =
        std::fs::read(built_all().join("share/wasideps/manifest.json")).expect("the manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let array = |value: &Value| value.as_array().expect("an array").clone();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let archives = |source: &Value| {
        archives_of(source)
            .into_iter()
            .map(|archive| built_all().join(text(&archive["path"])))
            .collect()
    };
    let libraries: Vec<_> = array(&manifest["sources"])
        .iter()
        .map(|source| (text(&source["name"]), archives(source)))
        .collect();
    assert!(libraries.len() >= 4, "{libraries:?}");
    libraries
}

fn list(name: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(project().join("tests/upstream/lists").join(name))
        .expect("the list");
    text.lines().map(str::to_owned).collect()
}

/// The first words of a list whose lines say why; empty where there is no list.
fn reasoned(name: &str) -> BTreeSet<String> {
    let path = project().join("tests/upstream/lists").join(name);
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().map(|line| {
        let (name, reason) = line.split_once(' ').expect("a name and a reason");
        assert!(!reason.trim().is_empty(), "{name} has no reason");
        name.to_owned()
    });
    lines.collect()
}

fn llvm(program: &str) -> Command {
    Command::new(sdk().join("bin").join(program))
}

#[test]
fn each_archive_has_the_symbols_that_upstreams_own_build_gives_it() {
    for (name, archives) in libraries() {
        let said = run(llvm("llvm-nm")
            .args(["--defined-only", "--extern-only"])
            .args(archives))
        .exits(0);
        let symbol = |line: &str| line.split_whitespace().nth(2).map(str::to_owned);
        // Those that C++ mangles differ between standard libraries and sizes of `long`.
        let is_c = |name: &String| !name.starts_with("_Z");
        let found = said.stdout.lines().filter_map(symbol).filter(is_c);
        let found: BTreeSet<String> = found.collect();
        let expected = list(&format!("{name}.symbols"));
        let (missing, more): (Vec<_>, Vec<_>) = (
            expected.difference(&found).collect(),
            found.difference(&expected).collect(),
        );
        assert!(
            missing.is_empty() && more.is_empty(),
            "{name}: missing {missing:?}, more {more:?}"
        );
    }
}

#[test]
fn the_installed_headers_are_those_of_upstreams_own_builds_byte_for_byte() {
    let (mut expected, mut differing) = (BTreeSet::new(), BTreeSet::new());
    for (name, _) in libraries() {
        expected.append(&mut list(&format!("{name}.headers")));
        differing.append(&mut reasoned(&format!("{name}.differs")));
    }
    let include = built_all().join("include");
    let mut found = BTreeSet::new();
    let mut folders = vec![include.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let digest = Sha256::of(&std::fs::read(&path).expect("a header"));
                let path = path.strip_prefix(&include).expect("below").display();
                if !differing.contains(&path.to_string()) {
                    found.insert(format!("{digest}  {path}"));
                }
            }
        }
    }
    assert_eq!(found, expected);
}

#[test]
fn archives_are_those_that_the_sdks_own_archiver_makes_of_the_same_members() {
    for ours in libraries().into_iter().flat_map(|(_, archives)| archives) {
        let place = Place::new();
        let theirs = place.path("theirs.a");
        let at = |command: &mut Command| {
            command
                .current_dir(place.path(""))
                .output()
                .expect("llvm-ar starts")
        };
        let names = at(llvm("llvm-ar").arg("t").arg(&ours));
        let names = String::from_utf8(names.stdout).expect("names");
        assert!(at(llvm("llvm-ar").arg("x").arg(&ours)).status.success());
        assert!(
            at(llvm("llvm-ar").arg("rcsD").arg(&theirs).args(names.lines()))
                .status
                .success()
        );
        assert!(
            same(&theirs, &ours),
            "{} is not what llvm-ar makes of {names}",
            ours.display()
        );
    }
}

/// The functions of closures in a program, by their names in `pools.S`: the result as a capital,
/// the parameters, and three octal digits.
fn closures(symbols: &str) -> Vec<&str> {
    let of_closure = |name: &&str| {
        name.len() >= 4 && name.is_ascii() && {
            let (signature, number) = name.split_at(name.len() - 3);
            signature.starts_with(['D', 'F', 'I', 'L', 'V'])
                && signature[1..].chars().all(|letter| "dfil".contains(letter))
                && number.chars().all(|digit| digit.is_digit(8))
        }
    };
    names(symbols).filter(of_closure).collect()
}

/// The thunks of calls.
fn thunks(symbols: &str) -> Vec<&str> {
    names(symbols)
        .filter(|name| {
            name.strip_prefix("call_")
                .is_some_and(|letters| letters.chars().all(|letter| "dfil".contains(letter)))
        })
        .collect()
}

fn names(symbols: &str) -> impl Iterator<Item = &str> {
    symbols
        .lines()
        .filter_map(|line| line.split_whitespace().last())
}

/// The symbols of a program that is linked with libffi.
fn with_libffi(place: &Place, sources: &[PathBuf]) -> String {
    let program = place.path("program.wasm");
    let mut clang = llvm("clang");
    clang.arg("-O2").args(sources).arg("-o").arg(&program);
    clang
        .arg("-I")
        .arg(built().path("out/include"))
        .arg("-L")
        .arg(built().path("out/lib"));
    run(clang.args(["-lffi", "-Wl,--growable-table"])).exits(0);
    run(llvm("llvm-nm").arg(&program)).exits(0).stdout
}

#[test]
fn a_program_that_only_calls_has_no_closures_of_libffi_and_the_other_way_round() {
    let place = Place::new();
    let recipe = project().join("recipes/libffi");
    let calls = with_libffi(&place, &[recipe.join("check-structs.c")]);
    assert!(thunks(&calls).len() > 100 && closures(&calls).is_empty());
    let made = with_libffi(&place, &[recipe.join("check-qsort.c")]);
    assert!(closures(&made).len() > 14 * 512 && thunks(&made).is_empty());
}

/// Of doubles, floats and 64-bit integers, a program has the closures for the types that it uses.
#[test]
fn closures_of_libffi_are_linked_where_their_types_are_used() {
    let place = Place::new();
    let used = place.path("used.c");
    let mut all = 0;
    for (types, letters) in [
        ("&ffi_type_sint", "i"),
        ("&ffi_type_double", "di"),
        ("&ffi_type_uint64, &ffi_type_float", "fil"),
        (
            "&ffi_type_sint64, &ffi_type_double, &ffi_type_float",
            "dfil",
        ),
    ] {
        std::fs::write(
            &used,
            format!("#include <ffi.h>\nffi_type *used[] = {{{types}}};\n"),
        )
        .expect("a file");
        let qsort = project().join("recipes/libffi/check-qsort.c");
        let symbols = with_libffi(&place, &[qsort, used.clone()]);
        let found: BTreeSet<char> = closures(&symbols)
            .iter()
            .flat_map(|name| name[..name.len() - 3].chars())
            .map(|letter| letter.to_ascii_lowercase())
            .filter(|letter| *letter != 'v')
            .collect();
        assert_eq!(String::from_iter(found), letters, "{types}");
        all = closures(&symbols).len();
    }
    assert!(all > 40_000, "{all}");
}

/// Clang hides every symbol of a WebAssembly object unless told otherwise, as for a shared library;
/// the files of the VFS must hide what only they share even then.
#[test]
fn what_the_files_of_sqlites_vfs_share_stays_hidden_where_symbols_are_visible() {
    let place = Place::new();
    let object = place.path("object.o");
    let mut shared = BTreeSet::from(["sqlite3_wasi_init".to_owned()]);
    for part in ["vfs", "node", "lock", "folder", "memory", "clock"] {
        let source = project().join(format!("recipes/sqlite/wasi_{part}.c"));
        let mut clang = llvm("clang");
        clang
            .args(["-c", "-O1", "-fvisibility=default", "-I"])
            .arg(built().path("out/include"))
            .arg(source)
            .arg("-o")
            .arg(&object);
        run(&mut clang).exits(0);
        let said = run(llvm("llvm-readobj").arg("--symbols").arg(&object))
            .exits(0)
            .stdout;
        for symbol in said
            .split("Symbol {")
            .skip(1)
            .filter(|symbol| !symbol.contains("UNDEFINED") && !symbol.contains("BINDING_LOCAL"))
        {
            let name = symbol
                .split("Name: ")
                .nth(1)
                .and_then(|rest| rest.lines().next())
                .expect("a name");
            assert_eq!(
                symbol.contains("VISIBILITY_HIDDEN"),
                name != "sqlite3_wasi_init",
                "wasi_{part}.c: {symbol}"
            );
            shared.insert(name.to_owned());
        }
    }
    assert_eq!(shared, list("sqlite.added"));
}

fn same(one: &Path, other: &Path) -> bool {
    std::fs::read(one).expect("an archive") == std::fs::read(other).expect("an archive")
}
