//! The key of `plan --key`, by which CI keeps a store.

use std::process::Command;

use crate::support::{Place, names, run, sdk, system, test};

/// The key that `plan ARGS --key` prints in this folder, with its recipes and lock. Any program
/// that it starts ends it: no SDK is tried, no apt asked.
fn key(place: &Place, args: &[&str]) -> String {
    key_by(place, place.command(&[&["plan", "--key"], args].concat()))
}

fn key_by(place: &Place, command: Command) -> String {
    let printed = run(&mut place.own(command)).exits(0);
    assert_eq!(printed.stderr, "");
    let key = printed.stdout.strip_suffix('\n').expect("a line");
    assert!(
        key.len() == 64 && key.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{key}"
    );
    key.to_owned()
}

fn place() -> Place {
    let place = Place::new();
    place.copy_recipes();
    place
}

#[test]
fn it_is_the_same_in_every_folder_with_any_store_and_without_a_network_or_an_sdk() {
    let (place, other) = (place(), place());
    let first = key(&place, &["bzip2"]);
    assert_eq!(key(&other, &["bzip2"]), first);
    // Neither was anything fetched for it.
    for kind in ["archives", "trees", "objects", "sdks"] {
        assert!(names(&place.path("store").join(kind)).is_empty(), "{kind}");
    }
    let mut fetch = place.own(place.with_archives(&["build", "bzip2", "--prefix", "out"]));
    run(&mut fetch).exits(0);
    assert!(!place.stored("sdks").is_empty() && !place.stored("objects").is_empty());
    assert_eq!(key(&place, &["bzip2"]), first);
    // When documents say that they were made is no matter of the store's.
    let mut dated = place.command(&["plan", "--key", "bzip2"]);
    dated.env("SOURCE_DATE_EPOCH", "1000000000");
    assert_eq!(key_by(&place, dated), first);
    let json = place.own(place.command(&["plan", "--key", "bzip2", "--message-format", "json"]));
    let (mut json, mut alone) = (json, system("unshare"));
    alone
        .arg("--net")
        .arg(json.get_program())
        .args(json.get_args());
    alone.current_dir(place.path(""));
    for command in [&mut json, &mut alone] {
        let printed = run(command).exits(0);
        assert_eq!(printed.json().len(), 1);
        let data = printed.data("store-key");
        assert_eq!(
            (data["key"].as_str(), data["config"]["target"].as_str()),
            (Some(&*first), Some("wasm32-wasip1"))
        );
    }
}

#[test]
fn it_follows_what_is_asked_for() {
    let place = place();
    let sdk = sdk().to_str().expect("UTF-8");
    let asked = [
        &["bzip2"][..],
        &["zlib"],
        &["bzip2", "zlib"],
        &[],
        &["bzip2", "--target", "wasm32-wasip2"],
        &["bzip2", "--variant", "pic"],
        &["bzip2", "--variant", "small"],
        &["bzip2", "--sdk", "25"],
        &["bzip2", "--sdk", "debian"],
        &["bzip2", "--sdk", "debian-25"],
        &["bzip2", "--wasi-sdk", sdk],
    ];
    let keys = asked.map(|args| key(&place, args));
    for (at, first) in keys.iter().enumerate() {
        for (other, second) in keys.iter().enumerate().skip(at + 1) {
            assert_ne!(first, second, "{:?} and {:?}", asked[at], asked[other]);
        }
    }
    assert_eq!(key(&place, &["@cpython"]), key(&place, &[]));
}

#[test]
fn it_changes_with_a_flag_a_patch_an_overlay_the_locks_archives_and_sdks_of_what_is_built_alone() {
    let changes: [(&str, &str, &str, &str); 4] = [
        // Source, file, what it says, what it says then.
        (
            "bzip2",
            "recipes/bzip2/recipe.toml",
            "flags = [\"-std=gnu11\"]",
            "flags = [\"-std=gnu11\", \"-fwrapv\"]",
        ),
        ("libffi", "patches/libffi", "", ""),
        ("libffi", "recipes/libffi", "", ""),
        ("bzip2", "lockfile.json", "", ""),
    ];
    for (source, file, old, new) in changes {
        let place = place();
        let (before, other) = (key(&place, &[source]), key(&place, &["xz"]));
        match (file, old) {
            ("lockfile.json", _) => place.edit_lock(|lock| {
                lock["sources"][source]["origins"][0]["sha256"] = "0".repeat(64).into();
            }),
            (folder, "") => {
                let files = names(&place.path(folder));
                let file = files
                    .iter()
                    .find(|file| file.ends_with(".patch") || file.ends_with(".c"))
                    .expect("one of ours");
                let file = format!("{folder}/{file}");
                let text = std::fs::read_to_string(place.path(&file)).expect("it");
                let text = format!("{text}\n");
                place.write(&file, &text);
                // The lock has the digests of both.
                let digest = wasideps::model::Sha256::of(text.as_bytes()).to_string();
                let name = file.rsplit('/').next().expect("a name").to_owned();
                place.edit_lock(|lock| {
                    let source = &mut lock["sources"][source];
                    let kind = if name.ends_with(".patch") {
                        "patches"
                    } else {
                        "overlays"
                    };
                    let digests = source[kind].as_object_mut().expect("digests").iter_mut();
                    let mut of = digests.filter(|(of, _)| of.ends_with(&name));
                    *of.next().expect("it is locked").1 = digest.into();
                });
            }
            _ => place.edit(file, old, new),
        }
        assert_ne!(key(&place, &[source]), before, "{file}");
        assert_eq!(key(&place, &["xz"]), other, "{file}");
    }
    let place = place();
    let before = key(&place, &["bzip2"]);
    place.edit_lock(|lock| {
        for host in lock["sdks"]["releases"]["33"]["hosts"]
            .as_object_mut()
            .expect("hosts")
            .values_mut()
        {
            host["sha256"] = "0".repeat(64).into();
        }
    });
    assert_ne!(key(&place, &["bzip2"]), before);
}
