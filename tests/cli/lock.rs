//! The lock: what moves it, what it tells, what never touches it; and an old version built beside
//! the new one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::programs::{compile, pkgconf, runs};
use crate::server::Server;
use crate::sources::{Own, gz, tar};
use crate::support::{
    Place, archives, lock, names, project, raw, run, sdk, shared_store, snapshot, system, test,
};

/// The lock of the tests that has zlib 1.3.1 and nothing else. It was made by `wasideps lock zlib
/// 1.3.1` from one without sources.
fn old_lock() -> PathBuf {
    project().join("tests/fixtures/zlib-1.3.1.lock.json")
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("the file")).expect("JSON")
}

/// The crate that holds zlib 1.3.1, from the registry that Cargo uses, once.
pub fn old_crate() -> Vec<u8> {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = BYTES.get_or_init(|| {
        let origins = json(&old_lock())["sources"]["zlib"]["origins"].take();
        let origin = origins
            .as_array()
            .expect("origins")
            .iter()
            .find(|origin| origin["crate"].is_string())
            .expect("a crate");
        let path = archives().join(origin["sha256"].as_str().expect("a digest"));
        if !path.is_file() {
            let mut command = raw();
            command
                .args(["fetch", "--all-origins", "--lockfile"])
                .arg(old_lock())
                .arg("--store")
                .arg(shared_store());
            run(&mut command).exits(0);
        }
        std::fs::read(path).expect("it was fetched")
    });
    bytes.clone()
}

#[test]
fn an_old_lock_builds_the_old_version_beside_the_new_one() {
    old_crate();
    let place = Place::new();
    run(&mut place.build(&["zlib", "--prefix", "new"])).exits(0);
    let new = snapshot(&place.path("new"));
    run(place
        .build(&["--prefix", "old"])
        .arg("--lockfile")
        .arg(old_lock()))
    .exits(0);
    assert_eq!(snapshot(&place.path("new")), new);
    for (prefix, version, expected) in [
        ("old", "1.3.1", "zlib-1.3.1.expected"),
        ("new", "1.3.2", "zlib.expected"),
    ] {
        let libdir = [(
            "PKG_CONFIG_LIBDIR",
            place
                .path(prefix)
                .join("lib/pkgconfig")
                .display()
                .to_string(),
        )];
        let manifest = json(&place.path(prefix).join("share/wasideps/manifest.json"));
        assert_eq!(manifest["sources"][0]["version"], version);
        let program = compile(
            &place,
            &sdk().join("bin/clang"),
            "zlib",
            &pkgconf(&["zlib".to_owned()], &libdir),
        );
        runs(&place, &program, expected);
    }
}

/// The project's recipes and lock, its URLs on a server that has nothing, its crates in a registry
/// that has the one of zlib 1.3.1.
pub fn place_with_registry() -> (Place, Server) {
    let place = Place::new();
    place.copy_recipes();
    let sha256 = wasideps::model::Sha256::of(&old_crate());
    let downloads = Server::with([("/libz-sys-1.1.24.crate", old_crate())]);
    let config = format!(
        r#"{{"dl":"{}"}}"#,
        downloads.url("/{crate}-{version}.crate")
    );
    let index = format!(
        r#"{{"name":"libz-sys","vers":"1.1.24","deps":[],"cksum":"{sha256}","features":{{}},"yanked":false}}"#
    );
    let registry = Server::with([
        ("/config.json", config.into_bytes()),
        ("/li/bz/libz-sys", index.into()),
    ]);
    let text = format!(
        "[source.crates-io]\nreplace-with = 'here'\n[source.here]\nregistry = 'sparse+{}/'\n",
        registry.url("")
    );
    place.write("cargo-home/config.toml", text);
    for host in ["https://github.com", "https://zlib.net"] {
        place.edit(
            "recipes/zlib/recipe.toml",
            &format!("url = \"{host}"),
            &format!("url = \"{}", downloads.url("")),
        );
    }
    (place, downloads)
}

/// What must not change: the bytes, and whether they were written again.
fn state(path: &Path) -> (Vec<u8>, std::time::SystemTime) {
    let modified = std::fs::metadata(path)
        .and_then(|meta| meta.modified())
        .expect("a file with a time");
    (std::fs::read(path).expect("the file"), modified)
}

#[test]
fn lock_moves_one_source_shows_what_moves_and_changes_nothing_else() {
    let (place, _downloads) = place_with_registry();
    let path = place.path("lockfile.json");
    let before = json(&path);
    let lock = |args: &[&str]| {
        run(&mut place.own(place.command(&[&["lock", "zlib", "1.3.1"], args].concat())))
    };

    let untouched = state(&path);
    let shown = lock(&["--dry-run"]).exits(0);
    let expected = json(&old_lock())["sources"]["zlib"].take();
    let inputs = expected["inputs"].as_str().expect("a digest");
    for words in [
        "1.3.2",
        "1.3.1",
        &inputs[..12],
        "crate libz-sys 1.1.24",
        "crate libz-sys 1.1.31",
    ] {
        assert!(
            shown.stdout.contains(words),
            "`{words}` is not in\n{}",
            shown.stdout
        );
    }
    assert!(
        !shown.stdout.contains(inputs),
        "digests are shortened in the table, and whole in JSON"
    );
    let moved = lock(&["--dry-run", "--message-format", "json"])
        .exits(0)
        .json();
    assert!(
        moved
            .iter()
            .any(|line| line["reason"] == "moved" && line["data"]["new"] == inputs),
        "{moved:#?}"
    );
    assert_eq!(state(&path), untouched, "--dry-run writes");

    lock(&[]).exits(0);
    let mut after = json(&path);
    for key in ["version", "inputs", "patches"] {
        assert_eq!(after["sources"]["zlib"][key], expected[key], "{key}");
    }
    // Places that were not reached are kept with the digest that is published for them; the crate
    // comes with its size.
    let digests = |source: &Value| -> Vec<(Value, Value)> {
        let origins = source["origins"].as_array().expect("origins").iter();
        origins
            .map(|origin| (origin["sha256"].clone(), origin["size"].clone()))
            .collect()
    };
    assert_eq!(digests(&after["sources"]["zlib"]), digests(&expected));
    // Nothing else moved but the date.
    after["sources"]["zlib"] = before["sources"]["zlib"].clone();
    after["date"] = before["date"].clone();
    assert_eq!(after, before);

    let untouched = state(&path);
    let again = lock(&[]).exits(0);
    assert!(again.stdout.contains("nothing moves"), "{}", again.stdout);
    assert_eq!(state(&path), untouched);
    // And what was locked builds.
    run(&mut place.own(place.build(&["zlib"]))).exits(0);
}

#[test]
fn fetch_build_plan_and_list_never_write_the_lock() {
    let place = Place::new();
    place.copy_recipes();
    let untouched = state(&place.path("lockfile.json"));
    let sdk = sdk().to_string_lossy();
    for args in [
        &["fetch", "bzip2", "--wasi-sdk", &sdk][..],
        &["build", "bzip2", "--wasi-sdk", &sdk],
        &["plan", "--wasi-sdk", &sdk],
        &["list"],
    ] {
        run(&mut place.own(place.with_archives(args))).exits(0);
        assert_eq!(state(&place.path("lockfile.json")), untouched, "{args:?}");
    }
}

#[test]
fn origins_that_disagree_are_not_locked_and_the_file_is_named() {
    let place = Place::new();
    place.copy_recipes();
    let own = Own {
        name: "demo",
        requires: &[],
        code: "int demo(void) { return 0; }\n",
    };
    own.write(&place);
    let other = [
        ("demo.c", "int demo(void) { return 1; }\n"),
        ("demo.h", "int demo(void);\n"),
        ("LICENSE", "Do as you like.\n"),
    ];
    let other = other.map(|(path, text)| (format!("other/{path}"), text.as_bytes().to_vec()));
    let server = Server::with([("/demo-1.tar.gz", gz(&tar(&other)))]);
    let origin = format!(
        "[[origin]]\nurl = \"{}\"\nroot = \"other\"\n\n[inputs]",
        server.url("/demo-{version}.tar.gz")
    );
    place.edit("recipes/demo/recipe.toml", "[inputs]", &origin);
    let untouched = state(&place.path("lockfile.json"));
    run(&mut place.own(place.command(&["lock", "demo", "1"])))
        .exits(3)
        .says(&["contain different inputs: demo.c (other content)"]);
    assert_eq!(state(&place.path("lockfile.json")), untouched);
}

#[test]
fn bytes_that_are_not_the_published_ones_are_not_locked() {
    let (place, _) = place_with_registry();
    let server = Server::start(|_, _| crate::server::Reply::Body(gz(b"something else")));
    place.edit(
        "recipes/zlib/recipe.toml",
        "url = \"http://",
        &format!("url = \"{}/", server.url("")),
    );
    let untouched = state(&place.path("lockfile.json"));
    let published = "9a93b2b7dfdac77ceba5a558a580e74667dd6fede4585b91eefb60f03b72df23";
    run(&mut place.own(place.command(&["lock", "zlib", "1.3.1"])))
        .exits(3)
        .says(&[&server.url(""), published]);
    assert_eq!(state(&place.path("lockfile.json")), untouched);
}

#[test]
fn the_embedded_lock_a_version_without_recipe_and_half_a_request_are_refused() {
    let place = Place::new();
    place.copy_recipes();
    let untouched = state(&place.path("lockfile.json"));
    run(&mut place.command(&["lock", "zlib", "1.3.1"]))
        .exits(2)
        .says(&["the embedded lock can't be written", "--lockfile FILE"]);
    run(&mut place.own(place.command(&["lock", "zlib", "9.9"])))
        .exits(2)
        .says(&[
            "no recipe is written for zlib 9.9",
            "1.3.2, 1.3.1; add 9.9 to `versions` of its recipe",
        ]);
    run(&mut place.own(place.command(&["lock", "zlib"])))
        .exits(2)
        .says(&["VERSION"]);
    assert_eq!(state(&place.path("lockfile.json")), untouched);
}

#[test]
fn a_written_lock_can_be_read_by_others() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    place.copy_recipes();
    Own {
        name: "demo",
        requires: &[],
        code: "int demo(void) { return 0; }\n",
    }
    .lock(&place);
    let fresh = std::fs::metadata(place.write("fresh", ""))
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(
        std::fs::metadata(place.path("lockfile.json"))
            .expect("the lock")
            .permissions()
            .mode(),
        fresh
    );
}

/// What git calls the tree of the archive at `path` below its top folder; nothing where it holds
/// empty folders, which git does not keep.
fn git_tree(place: &Place, path: &Path) -> Option<String> {
    let dir = place.path("unpacked");
    let shell = |line: &str, below: &Path| {
        run(Command::new("sh")
            .args(["-c", line, "sh"])
            .arg(path)
            .current_dir(below))
        .exits(0)
        .stdout
    };
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir(&dir).expect("a folder");
    shell("tar xpf \"$1\"", &dir);
    let tops = names(&dir);
    assert_eq!(tops.len(), 1, "{tops:?}");
    let top = dir.join(&tops[0]);
    let empty = shell("find . -type d -empty", &top);
    // No attribute of the source's own may change what is hashed; the repository is elsewhere, so
    // that it is no part of the tree. What is large for git goes into one pack, and not into a file
    // of its own each.
    let tree = "export GIT_DIR=../../git GIT_WORK_TREE=. && rm -rf $GIT_DIR && git init -q && mkdir -p $GIT_DIR/info &&
        echo '* -text -ident -filter' >$GIT_DIR/info/attributes && git -c core.bigFileThreshold=1 add -Af . && git write-tree";
    empty
        .is_empty()
        .then(|| shell(tree, &top).trim().to_owned())
}

#[test]
fn the_locks_other_names_of_archives_are_those_that_sha512sum_and_git_give() {
    let place = Place::new();
    let lock = lock();
    let origins: Vec<&Value> = lock["sources"]
        .as_object()
        .expect("sources")
        .values()
        .flat_map(|source| source["origins"].as_array().expect("origins"))
        .collect();
    let mut checked = BTreeSet::new();
    let mut trees = 0;
    for origin in origins {
        let sha256 = origin["sha256"].as_str().expect("a digest");
        let path = archives().join(sha256);
        // A place that is reached here may have been out of reach when it was locked.
        if origin["sha512"].is_null() || !path.is_file() || !checked.insert(sha256) {
            continue;
        }
        let sha512 = run(system("sha512sum").arg(&path)).exits(0).stdout;
        assert_eq!(
            origin["sha512"].as_str(),
            sha512.split(' ').next(),
            "{origin}"
        );
        if let Some(tree) = git_tree(&place, &path) {
            assert_eq!(origin["swhid"], format!("swh:1:dir:{tree}"), "{origin}");
            trees += 1;
        }
    }
    assert!(
        trees > 3,
        "{trees} of {} archives could be compared",
        checked.len()
    );
}
