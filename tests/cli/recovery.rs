//! What is damaged in the store, in whatever way, is noticed, thrown away and made again, with the
//! same bytes in the prefix.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::sharing::hold_all_objects;
use crate::support::{Place, clang_headers, names, run, sdk, snapshot, test, tool};

/// A store with what bzip2 needs, and its prefix; with the SDK's record made in this store.
fn place() -> (Place, Vec<String>) {
    let place = Place::new();
    sdk();
    std::fs::remove_dir_all(place.path("store/identities")).expect("the records go");
    build(&place);
    let expected = snapshot(&place.path("out"));
    (place, expected)
}

/// Builds bzip2 anew, and gives what is said on stderr.
fn build(place: &Place) -> String {
    run(&mut anew(place)).exits(0).stderr
}

/// The command that builds bzip2, with no prefix there.
fn anew(place: &Place) -> Command {
    let _ = std::fs::remove_dir_all(place.path("out"));
    place.build(&["bzip2", "--prefix", "out"])
}

/// What a store holds: how it is called here, the entry (or the file that is one), a file in it,
/// and the kinds that must go for it to be looked at.
struct Target {
    name: String,
    entry: PathBuf,
    file: PathBuf,
    goes: &'static [&'static str],
}

fn targets(place: &Place) -> Vec<Target> {
    let entry = |kind: &str, with: &str| {
        let folder = place.path("store").join(kind);
        let found = names(&folder)
            .into_iter()
            .map(|name| folder.join(name))
            .find(|entry| entry.join(with).is_file());
        found.unwrap_or_else(|| panic!("no {kind} has {with}"))
    };
    let mut targets = Vec::new();
    for (kind, with, files) in [
        ("trees", "huffman.c", &["huffman.c", ".entry.json"][..]),
        ("trees", "record.json", &["record.json", ".entry.json"]),
        ("identities", "record.json", &["record.json", ".entry.json"]),
    ] {
        let entry = entry(kind, with);
        targets.extend(files.iter().map(|file| Target {
            name: format!("{kind}/…/{file}"),
            file: entry.join(file),
            entry: entry.clone(),
            goes: &[],
        }));
    }
    for (kind, number, goes) in [
        ("archives", 0, &["trees"][..]),
        ("objects", 0, &[]),
        ("actions", 0, &[]),
        ("actions", 13, &[]),
    ] {
        let folder = place.path("store").join(kind);
        let file = folder.join(&names(&folder)[number]);
        targets.push(Target {
            name: format!("{kind}/…"),
            entry: file.clone(),
            file,
            goes,
        });
    }
    targets
}

fn remove(path: &Path) {
    let is_folder = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir());
    if is_folder {
        std::fs::remove_dir_all(path)
    } else {
        std::fs::remove_file(path)
    }
    .expect("it can be removed");
}

fn link(to: &Path, path: &Path) {
    std::os::unix::fs::symlink(to, path).expect("a link can be made");
}

/// A damage: its name, and what does it to a file or an entry; the third is a place aside.
type Damage = (&'static str, fn(&Path, &Path));

const OF_A_FILE: [Damage; 8] = [
    ("a bit flipped", |path, _| {
        let mut bytes = std::fs::read(path).expect("the file");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x10;
        std::fs::write(path, bytes).expect("written");
    }),
    ("cut", |path, _| {
        let bytes = std::fs::read(path).expect("the file");
        std::fs::write(path, &bytes[..bytes.len() / 2]).expect("written");
    }),
    ("emptied", |path, _| {
        std::fs::write(path, "").expect("written");
    }),
    ("a folder in its place", |path, _| {
        remove(path);
        std::fs::create_dir_all(path.join("a folder/with more")).expect("made");
    }),
    ("a link to the same bytes in its place", |path, aside| {
        std::fs::rename(path, aside).expect("moved");
        link(aside, path);
    }),
    ("a link to nothing in its place", |path, _| {
        remove(path);
        link(Path::new("nowhere"), path);
    }),
    ("a link to itself in its place", |path, _| {
        remove(path);
        link(path, path);
    }),
    ("a pipe in its place", |path, _| {
        remove(path);
        assert!(
            Command::new("mkfifo")
                .arg(path)
                .status()
                .expect("mkfifo")
                .success()
        );
    }),
];

const OF_AN_ENTRY: [Damage; 5] = [
    ("an empty folder in its place", |path, _| {
        remove(path);
        std::fs::create_dir(path).expect("made");
    }),
    ("a file in its place", |path, _| {
        remove(path);
        std::fs::write(path, "x").expect("written");
    }),
    ("a link to the same in its place", |path, aside| {
        std::fs::rename(path, aside).expect("moved");
        link(aside, path);
    }),
    ("a link to nothing in its place", |path, _| {
        remove(path);
        link(Path::new("nowhere"), path);
    }),
    ("a link to another folder in its place", |path, _| {
        remove(path);
        link(Path::new("/"), path);
    }),
];

/// Kinds, rights, names and contents of a file or a folder; links are not followed.
fn seen(path: &Path) -> String {
    let mut find = Command::new("find");
    find.arg(path)
        .args(["-printf", "%y %m %P %l\n", "-type", "f"]);
    let listed = run(find.args(["-exec", "sha256sum", "{}", "+"]));
    listed.exits(0).stdout
}

#[test]
fn every_kind_of_thing_with_every_kind_of_damage_is_noticed_and_made_again_with_the_same_bytes() {
    let (place, expected) = place();
    let aside = place.path("aside");
    let mut tried = 0;
    for target in targets(&place) {
        let of_a_file = OF_A_FILE.iter().map(|damage| (damage, &target.file));
        let of_an_entry = OF_AN_ENTRY.iter().map(|damage| (damage, &target.entry));
        let list = target.file.ends_with(".entry.json") || target.entry == target.file;
        // Each entry is damaged as a whole once: with its list.
        for ((damage, act), path) in of_a_file.chain(of_an_entry.filter(|_| list)) {
            let whole = seen(&target.entry);
            act(path, &aside);
            for kind in target.goes {
                std::fs::remove_dir_all(place.path("store").join(kind)).expect("the folder goes");
            }
            let what = format!("{}: {damage}", target.name);
            let said = build(&place);
            assert!(
                said.contains("was damaged and is made again"),
                "{what}:\n{said}"
            );
            assert_eq!(snapshot(&place.path("out")), expected, "{what}");
            // A build would tell no more of an entry that is what it was.
            if whole != seen(&target.entry) {
                let again = build(&place);
                assert!(
                    !again.contains("damaged"),
                    "{what}: it is not whole again:\n{again}"
                );
            }
            if std::fs::symlink_metadata(&aside).is_ok() {
                remove(&aside);
            }
            tried += 1;
        }
    }
    assert_eq!(tried, 10 * 8 + 7 * 5);
}

#[test]
fn what_the_disk_does_not_give_back_is_made_again_with_the_same_bytes() {
    let (place, expected) = place();
    let strace = tool("WASIDEPS_TEST_STRACE");
    for target in targets(&place) {
        for kind in target.goes {
            std::fs::remove_dir_all(place.path("store").join(kind)).expect("the folder goes");
        }
        let plain = anew(&place);
        let mut traced = Command::new(&strace);
        traced
            .args([
                "-f",
                "--seccomp-bpf",
                "-qq",
                "-o",
                "/dev/null",
                "-e",
                "trace=openat",
                "-e",
                "inject=openat:error=EIO",
                "-P",
            ])
            .arg(&target.file);
        traced
            .arg(plain.get_program())
            .args(plain.get_args())
            .current_dir(place.path("."));
        // What is made in its place has the same name and can't be read either: whether this
        // command goes on without is not asked here.
        let said = run(&mut traced).stderr;
        assert!(
            said.contains("was damaged and is made again") && said.contains("Input/output error"),
            "{}:\n{said}",
            target.name
        );
        let said = build(&place);
        assert!(
            !said.contains("damaged"),
            "{}: what can't be read was kept:\n{said}",
            target.name
        );
        assert_eq!(snapshot(&place.path("out")), expected, "{}", target.name);
    }
}

#[test]
fn a_record_of_an_sdk_with_any_changed_byte_gives_the_same_manifest() {
    let (place, expected) = place();
    for target in targets(&place)
        .into_iter()
        .filter(|target| target.name.starts_with("identities"))
    {
        let whole = std::fs::read(&target.file).expect("the file");
        // Digits, letters, quotes and brackets, all over the file; the store's own tests try every
        // bit of an entry.
        for position in (0..whole.len()).step_by(whole.len() / 16) {
            let mut bytes = std::fs::read(&target.file).expect("the file");
            bytes[position] ^= 1;
            std::fs::write(&target.file, bytes).expect("written");
            let said = build(&place);
            assert!(
                said.contains("was damaged and is made again"),
                "{} at {position}:\n{said}",
                target.name
            );
            assert_eq!(
                snapshot(&place.path("out")),
                expected,
                "{} at {position}",
                target.name
            );
        }
    }
}

#[test]
fn an_sdk_of_the_store_is_made_again_whichever_of_its_files_is_changed() {
    let place = Place::new();
    let own = place.path("store/sdks");
    std::fs::create_dir_all(&own).expect("made");
    assert!(
        Command::new("cp")
            .arg("-a")
            .arg(sdk())
            .arg(&own)
            .status()
            .expect("cp")
            .success()
    );
    let root = own.join(sdk().file_name().expect("a name"));
    let fetch = || {
        run(&mut place.with_archives(&[
            "fetch",
            "bzip2",
            "--sdk",
            "debian",
            "--message-format",
            "json",
        ]))
        .exits(0)
    };
    let first = fetch().data("toolchain");
    assert_eq!(first["root"].as_str().map(Path::new), Some(root.as_path()));
    // A wrapper, which no identity covers; the compiler's header; the list.
    for file in [
        "bin/llvm-nm",
        &format!("{}/stddef.h", clang_headers()),
        ".entry.json",
    ] {
        let path = root.join(file);
        let mut bytes = std::fs::read(&path).expect("the file");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).expect("written");
        let again = fetch();
        let lines = again.json();
        assert!(
            lines.iter().any(|line| line["reason"] == "store-repaired"),
            "{file}: {lines:#?}"
        );
        assert_eq!(again.data("toolchain"), first, "{file}");
    }
}

/// The folder below `dir` that holds `file`.
fn folder_of(dir: &Path, file: &str) -> Option<PathBuf> {
    if dir.join(file).is_file() {
        return Some(dir.to_owned());
    }
    names(dir)
        .into_iter()
        .map(|name| dir.join(name))
        .filter(|path| path.is_dir())
        .find_map(|path| folder_of(&path, file))
}

#[test]
fn an_object_that_includes_what_somebody_put_among_the_sources_is_not_kept_and_the_next_build_heals()
 {
    let place = Place::new();
    let build = || place.build(&["libuuid", "--prefix", "out"]);
    run(&mut build()).exits(0);
    let expected = snapshot(&place.path("out"));
    for kind in ["store/objects", "out"] {
        std::fs::remove_dir_all(place.path(kind)).expect("it goes");
    }
    // All compilers wait for the test, when the sources have been checked already.
    let held = hold_all_objects(&place);
    let mut child = build().stderr(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stderr.take().expect("piped"))
        .lines()
        .map(|line| line.expect("a line"));
    assert!(lines.any(|line| line.contains("Waiting")));
    // Clang finds it before the one of `include/`.
    let beside = folder_of(&place.path("store/trees"), "gen_uuid.c").expect("libuuid's tree");
    std::fs::write(
        beside.join("c.h"),
        "#include \"../../include/c.h\"\n#define PLANTED 1\n",
    )
    .expect("planted");
    drop(held);
    let said: Vec<_> = lines.collect();
    assert_eq!(child.wait().expect("it ends").code(), Some(1), "{said:#?}");
    assert!(
        said.iter()
            .any(|line| line.contains("is beside the verified files")),
        "{said:#?}"
    );
    run(&mut build())
        .exits(0)
        .says(&["was damaged and is made again", "c.h is not in"]);
    assert_eq!(snapshot(&place.path("out")), expected);
}

#[test]
fn a_link_that_leads_nowhere_in_an_sdk_is_named() {
    let place = Place::new();
    let copy = place.path("sdk");
    assert!(
        Command::new("cp")
            .arg("-as")
            .arg(sdk())
            .arg(&copy)
            .status()
            .expect("cp")
            .success()
    );
    // A link to a folder became one into the SDK that all tests share: what is put there would be
    // put into that.
    let of_target = copy.join("share/wasi-sysroot/lib/wasm32-wasip1");
    remove(&of_target);
    link(Path::new("wasm32-wasi"), &of_target);
    for file in [
        &*format!("{}/gone.h", clang_headers()),
        "share/wasi-sysroot/lib/wasm32-wasip1/libgone.a",
    ] {
        let path = copy.join(file);
        link(Path::new("nowhere"), &path);
        assert!(sdk().join(file).symlink_metadata().is_err(), "{file}");
        let mut command = place.command(&["plan", "zlib"]);
        run(command.arg("--wasi-sdk").arg(&copy))
            .exits(5)
            .says(&[file, "it is a link to nowhere, which does not exist"]);
        remove(&path);
    }
}
