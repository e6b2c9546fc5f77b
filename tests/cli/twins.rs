//! The SDKs of Debian's packages: each by name, the next where the packages of one can't be had, and
//! what CPython's branches have to do with it.

use serde_json::{Value, json};

use crate::apt::{BINARIES, apt_suite};
use crate::support::{Place, archives, run, sdk, test};

/// A place with a lock of its own in which the twin of SDK 33 wants a wasi-libc that nobody has.
fn gone() -> Place {
    let place = Place::new();
    place.copy_recipes();
    place.edit_lock(|lock| {
        for packages in lock["sdks"]["debian"]["33"]["hosts"]
            .as_object_mut()
            .expect("hosts")
            .values_mut()
        {
            let wanted = packages
                .as_array_mut()
                .expect("packages")
                .iter_mut()
                .find(|package| package["package"] == "wasi-libc")
                .expect("it is one of them");
            wanted["sha256"] = json!("0".repeat(64));
            wanted["version"] = json!("0.0~git20260423.161b319-9");
        }
    });
    place
}

fn version(toolchain: &Value) -> &str {
    toolchain["identity"]["version"]
        .as_str()
        .expect("a version")
}

#[test]
fn each_is_put_together_from_packages_in_a_folder_and_makes_a_library() {
    for release in ["25", "33"] {
        let place = Place::new();
        let sdk = format!("debian-{release}");
        run(&mut place.with_archives(&["build", "bzip2", "--sdk", &sdk, "--prefix", "out"]))
            .exits(0);
        let manifest = place.path("out/share/wasideps/manifest.json");
        let manifest: Value =
            serde_json::from_slice(&std::fs::read(manifest).expect("there")).expect("JSON");
        assert_eq!(manifest["toolchain"]["version"], release);
    }
}

#[test]
fn where_packages_are_gone_the_next_takes_their_place_and_what_is_lost_by_that_is_said() {
    let place = gone();
    let fetch = |args: &[&str]| {
        run(&mut place.own(place.with_archives(&[&["fetch", "bzip2"], args].concat())))
    };
    for args in [&[][..], &["--sdk", "debian"], &["--python", "3.15"]] {
        fetch(args).exits(0).says(&[
            "the packages that stand in for WASI SDK 33 can't be had",
            "missing: wasi-libc 0.0~git20260423.161b319-9",
            "those for WASI SDK 25 are used, without C++, setjmp and longjmp",
        ]);
    }
    // Asked for by name, it is replaced by nothing.
    fetch(&["--sdk", "debian-33"])
        .exits(4)
        .says(&["missing: wasi-libc"]);
    fetch(&["--sdk", "33"])
        .exits(4)
        .says(&["WASI SDK 33 can't be fetched", "missing: wasi-libc"]);
}

#[test]
fn a_package_that_left_its_archive_is_named_with_what_is_there_now_and_the_command_that_pins_it() {
    let place = gone();
    let offered = format!(
        "Package: wasi-libc\nVersion: 0.0~git20270101.aaaaaaa-1\nArchitecture: all\nFilename: pool/w.deb\nSize: 1\nSHA256: {}\n\n",
        "1".repeat(64)
    );
    let apt = apt_suite(&place, "forky", BINARIES, &offered);
    let mut command = place.own(place.command(&["fetch", "bzip2", "--sdk", "debian-33"]));
    command.arg("--from").arg(archives());
    run(command.env("APT_CONFIG", apt)).exits(4).says(&[
        "the lock pins wasi-libc 0.0~git20260423.161b319-9 of forky, but apt offers 0.0~git20270101.aaaaaaa-1",
        "`wasideps lock --sdk debian-33` pins what is offered now",
        "--from DIR",
    ]);
}

#[test]
fn a_branch_of_cpython_and_an_sdk_that_is_named_must_fit() {
    let place = Place::new();
    let plan = |branch: &str| {
        let mut command = place.command(&["plan", "bzip2", "--python", branch]);
        run(command.arg("--wasi-sdk").arg(sdk()))
    };
    let fits = plan("3.15").exits(0);
    assert!(!fits.stderr.contains("warning"), "{}", fits.stderr);
    for (branch, release) in [
        ("3.11", "21"),
        ("3.13", "24"),
        ("main", "34"),
        ("3.16", "34"),
    ] {
        plan(branch).exits(2).says(&[
            &format!("CPython {branch} is built with WASI SDK {release}"),
            "leave out `--python`",
        ]);
    }
    plan("2.7").exits(2).says(&["3.16"]);
    // Where no SDK is named, the nearest is taken, and that is said.
    for (branch, nearest) in [
        ("3.11", "25"),
        ("3.14", "25"),
        ("3.15", "33"),
        ("3.16", "33"),
    ] {
        let place = Place::new();
        let fetched = run(&mut place.with_archives(&[
            "fetch",
            "bzip2",
            "--python",
            branch,
            "--message-format",
            "json",
        ]))
        .exits(0);
        assert_eq!(version(&fetched.data("toolchain")), nearest, "{branch}");
        let warned = fetched.stderr.contains("wasi-libc promises no ABI")
            || fetched.stdout.contains("wasi-libc promises no ABI");
        assert_eq!(warned, branch != "3.15", "{branch}");
    }
}

#[test]
fn what_an_sdk_has_no_target_for_is_refused_with_who_has_it() {
    let place = Place::new();
    run(&mut place.with_archives(&["plan", "bzip2", "--sdk", "33", "--target", "wasm32-wasip3"]))
        .exits(2)
        .says(&["WASI SDK 33 has no wasm32-wasip3", "WASI SDK 34 has it"]);
    run(&mut place.with_archives(&["plan", "bzip2", "--target", "wasm32-wasip1-threads"]))
        .exits(4)
        .says(&[
            "WASI SDK 33 can't be fetched",
            "no SDK of Debian's packages that may be taken here builds for wasm32-wasip1-threads",
        ]);
    let mut named = place.command(&["plan", "bzip2", "--target", "wasm32-wasip3"]);
    run(named.arg("--wasi-sdk").arg(sdk())).exits(5).says(&[
        "has no wasm32-wasip3, which WASI SDK 34 and each later release has: its sysroot has wasm32-wasi, wasm32-wasip1, wasm32-wasip2",
        "WASI SDK 34 has it",
    ]);
}
