//! `wasideps pack` and `wasideps install`: what is published is the same each time, and what is
//! installed is the prefix that was packed, or nothing.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};
use wasideps::model::Sha256;

use crate::server::{Reply, Server};
use crate::sources::header;
use crate::support::{Place, Run, built, copy_tree, names, run, snapshot, test, tool};

/// What `pack` makes of the prefix of [`built`], once.
fn packed() -> PathBuf {
    static PACKED: OnceLock<PathBuf> = OnceLock::new();
    let pack = || {
        pack_into("dist");
        built().path("dist")
    };
    PACKED.get_or_init(pack).clone()
}

fn pack_into(dir: &str) -> Run {
    let pack = [
        "pack",
        dir,
        "--prefix",
        "out",
        "--wheel",
        "2026.11.27",
        "--message-format",
        "json",
    ];
    run(&mut built().command(&pack)).exits(0)
}

fn index() -> Value {
    serde_json::from_slice(&std::fs::read(packed().join("index.json")).expect("the index"))
        .expect("JSON")
}

fn digest(path: &Path) -> String {
    Sha256::of(&std::fs::read(path).expect("a file")).to_string()
}

/// The archive of the whole prefix.
fn whole() -> String {
    let index = index();
    let archives = index["archives"].as_array().expect("archives").iter();
    let mut whole = archives
        .filter(|archive| archive.get("source").is_none() && archive["format"] == "tar.zst");
    whole.next().expect("one")["file"]
        .as_str()
        .expect("a name")
        .to_owned()
}

fn install(place: &Place, from: &Path, args: &[&str]) -> Run {
    let mut command = place.command(&["install"]);
    run(command.arg(from).args(["--prefix", "installed"]).args(args))
}

#[test]
fn a_prefix_is_packed_into_the_same_bytes_each_time_and_each_library_into_an_archive() {
    let first = packed();
    let told = pack_into("dist-again").data("packed");
    assert_eq!(snapshot(&first), snapshot(&built().path("dist-again")));
    assert_eq!(told["sha256"], json!(digest(&first.join("index.json"))));
    run(Command::new("sha256sum")
        .current_dir(&first)
        .args(["--check", "--strict", "SHA256SUMS"]))
    .exits(0);
    let index = index();
    for archive in index["archives"].as_array().expect("archives") {
        let file = first.join(archive["file"].as_str().expect("a name"));
        assert_eq!(archive["sha256"], json!(digest(&file)), "{archive}");
    }
    // Each library, in both formats, with its licence and its SBOM; nothing of the others.
    let zlib = names(&first)
        .into_iter()
        .filter(|name| name.starts_with("zlib-"))
        .collect::<Vec<_>>();
    assert_eq!(zlib.len(), 2, "{zlib:?}");
    let file = std::fs::File::open(first.join(&zlib[0])).expect("the archive");
    let mut tar = tar::Archive::new(zstd::Decoder::new(file).expect("zstd"));
    let mut paths = Vec::new();
    for entry in tar.entries().expect("entries") {
        let entry = entry.expect("an entry");
        let header = entry.header();
        assert_eq!(
            (
                header.mode().expect("a mode"),
                header.uid().expect("an owner"),
                header.mtime().expect("a time")
            ),
            (0o644, 0, 315_532_800)
        );
        paths.push(entry.path().expect("a path").display().to_string());
    }
    for path in [
        "lib/libz.a",
        "include/zlib.h",
        "lib/pkgconfig/zlib.pc",
        "lib/cmake/zlib/zlib-config.cmake",
        "share/licenses/zlib/LICENSE",
        "share/wasideps/sbom/zlib.spdx.json",
    ] {
        assert!(
            paths.iter().any(|found| found.ends_with(path)),
            "{path} in {paths:?}"
        );
    }
    assert!(
        !paths.iter().any(|path| path.contains("bzip2")),
        "{paths:?}"
    );
}

#[test]
fn what_is_installed_is_the_prefix_that_was_packed() {
    let place = Place::new();
    let pinned = digest(&packed().join("index.json"));
    install(&place, &packed(), &["--index-sha256", &pinned]).exits(0);
    assert_eq!(
        snapshot(&place.path("installed")),
        snapshot(&built().path("out"))
    );
    let verify = |at: &Path| {
        run(built().command(&["verify"]).arg(at))
            .exits(0)
            .stdout
            .lines()
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        verify(&place.path("installed")),
        verify(&built().path("out"))
    );
    // It replaces a prefix of ours, and nothing else.
    let again = install(&place, &packed(), &[]).exits(0);
    assert!(again.stdout.contains("(not pinned)"), "{}", again.stdout);
    place.write("mine/file", "x");
    let mut foreign = place.command(&["install"]);
    run(foreign.arg(packed()).args(["--prefix", "mine"]))
        .exits(2)
        .says(&["did not put there"]);
}

#[test]
fn an_index_of_a_server_is_pinned_the_first_time_and_no_other_is_taken_later() {
    let place = Place::new();
    let (index, archive) = (
        std::fs::read(packed().join("index.json")).expect("the index"),
        std::fs::read(packed().join(whole())).expect("the archive"),
    );
    let other = {
        let mut index: Value = serde_json::from_slice(&index).expect("JSON");
        index["archives"].as_array_mut().expect("archives").pop();
        serde_json::to_vec(&index).expect("JSON")
    };
    let (name, right) = (format!("/v1/{}", whole()), index.clone());
    let server = Server::start(move |path, before| match path {
        "/v1/index.json" if before == 1 => Reply::Body(other.clone()),
        "/v1/index.json" => Reply::Body(right.clone()),
        path if path == name => Reply::Body(archive.clone()),
        _ => Reply::Status(404),
    });
    let url = server.url("/v1/index.json");
    let install = |args: &[&str]| {
        run(place
            .command(&["install", "--pin", "pin.json", "--prefix", "installed"])
            .args(args))
    };
    install(&[])
        .exits(2)
        .says(&["no index is named, and pin.json does not exist"]);
    install(&[&url]).exits(0);
    let pin: Value =
        serde_json::from_slice(&std::fs::read(place.path("pin.json")).expect("the pin"))
            .expect("JSON");
    assert_eq!(
        pin,
        json!({ "index": url, "sha256": Sha256::of(&index).to_string() })
    );
    let before = snapshot(&place.path("installed"));
    install(&[]).exits(3).says(&["not "]);
    assert_eq!(snapshot(&place.path("installed")), before);
    install(&[]).exits(0);
    // The archive came once: it is in the store.
    assert_eq!(
        server
            .requests()
            .iter()
            .filter(|path| path.ends_with(".tar.zst"))
            .count(),
        1
    );
}

#[test]
fn archives_that_are_not_what_the_index_says_are_refused_and_install_nothing() {
    let damaged = |change: &dyn Fn(&mut Vec<u8>)| {
        let place = Place::new();
        copy_tree(&packed(), &place.path("dist"));
        let path = place.path("dist").join(whole());
        let mut bytes = std::fs::read(&path).expect("the archive");
        change(&mut bytes);
        std::fs::write(&path, bytes).expect("written");
        let done = install(&place, &place.path("dist"), &[]);
        assert!(!place.path("installed").exists());
        done
    };
    damaged(&|bytes| bytes[100] ^= 1)
        .exits(3)
        .says(&["the index says"]);
    damaged(&|bytes| bytes.truncate(1000))
        .exits(3)
        .says(&["and 1000 bytes"]);
    let place = Place::new();
    copy_tree(&packed(), &place.path("dist"));
    std::fs::remove_file(place.path("dist").join(whole())).expect("it is there");
    install(&place, &place.path("dist"), &[])
        .exits(2)
        .says(&["can't be read"]);
}

/// A tar of these files, also of paths that no writer of the tar crate takes.
fn tar(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, bytes) in files {
        let size = bytes.len() as u64;
        if path.len() > 100 {
            let mut header = tar::Header::new_gnu();
            header.set_size(size);
            header.set_mode(0o644);
            tar.append_data(&mut header, path, &bytes[..])
                .expect("a tar");
        } else {
            let header = header(path.as_bytes(), tar::EntryType::Regular, size, b"");
            tar.append(&header, &bytes[..]).expect("a tar");
        }
    }
    tar.into_inner().expect("a tar")
}

/// An index of one archive, whose digest is right, of these files.
fn made(files: &[(String, Vec<u8>)]) -> (Place, PathBuf) {
    let place = Place::new();
    let bytes = zstd::encode_all(&*tar(files), 1).expect("zstd");
    let mut index = index();
    let mut entry = index["archives"]
        .as_array()
        .expect("archives")
        .iter()
        .find(|archive| archive["file"] == json!(whole()))
        .expect("it")
        .clone();
    entry["sha256"] = json!(Sha256::of(&bytes).to_string());
    entry["size"] = json!(bytes.len());
    index["archives"] = json!([entry]);
    place.write(&format!("dist/{}", whole()), bytes);
    let path = place.write("dist/index.json", index.to_string());
    (place, path)
}

#[test]
fn an_index_that_lies_with_right_digests_of_its_archive_makes_no_prefix() {
    let stem = whole()
        .strip_suffix(".tar.zst")
        .expect("its end")
        .to_owned();
    let out = built().path("out");
    let manifest = (
        "share/wasideps/manifest.json",
        std::fs::read(out.join("share/wasideps/manifest.json")).expect("the manifest"),
    );
    let file = |(path, bytes): (&str, Vec<u8>)| (format!("{stem}/{path}"), bytes);
    let all: Vec<_> = {
        let parsed: Value = serde_json::from_slice(&manifest.1).expect("JSON");
        let files = parsed["files"]
            .as_array()
            .expect("files")
            .iter()
            .map(|file| file["path"].as_str().expect("a path").to_owned());
        files
            .map(|path| {
                (
                    format!("{stem}/{path}"),
                    std::fs::read(out.join(&path)).expect("a file"),
                )
            })
            .chain([file(manifest.clone())])
            .collect()
    };
    let without = |end: &str| {
        all.iter()
            .filter(|(path, _)| !path.ends_with(end))
            .cloned()
            .collect::<Vec<_>>()
    };
    let with = |path: String, bytes: &[u8]| {
        all.iter()
            .cloned()
            .chain([(path, bytes.to_vec())])
            .collect::<Vec<_>>()
    };
    let cases = [
        (
            without("manifest.json"),
            "it has no share/wasideps/manifest.json",
        ),
        (without("libz.a"), "lib/libz.a is missing"),
        (
            with(format!("{stem}/bin/sh"), b"x"),
            "the manifest does not list bin/sh",
        ),
        (with("../outside".to_owned(), b"x"), "is no file below"),
        (with(format!("{stem}/../outside"), b"x"), "is no file below"),
        (with("other/file".to_owned(), b"x"), "is no file below"),
        (with(format!("{stem}/lib/libz.a"), b"x"), "is there twice"),
        (
            without("libz.a")
                .into_iter()
                .chain([(format!("{stem}/lib/libz.a"), b"x".to_vec())])
                .collect(),
            "the manifest says",
        ),
        (
            without("manifest.json")
                .into_iter()
                .chain([file((manifest.0, b"{}".to_vec()))])
                .collect(),
            "its manifest has SHA-256",
        ),
    ];
    for (files, says) in cases {
        let (place, index) = made(&files);
        install(&place, &index, &[]).exits(3).says(&[says]);
        assert!(
            !place.path("installed").exists() && !place.path("outside").exists(),
            "{says}"
        );
    }
    // The same files in the right form are taken: what was refused was refused for its reason.
    let (place, index) = made(&all);
    install(&place, &index, &[]).exits(0);
    for (text, says) in [
        ("{", "is not an index"),
        (
            r#"{"version":2}"#,
            "version 2; this program reads version 1",
        ),
    ] {
        let place = Place::new();
        let index = place.write("index.json", text);
        install(&place, &index, &[]).exits(2).says(&[says]);
    }
}

#[test]
fn a_wheel_is_installed_by_pip_and_says_where_the_prefix_is() {
    let place = Place::new();
    let python = tool("WASIDEPS_TEST_VALIDATORS").join("bin/python3");
    let wheel = packed().join("wasideps_sysroot_wasm32_wasip1-2026.11.27-py3-none-any.whl");
    let mut pip = Command::new(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--no-compile",
        "--disable-pip-version-check",
        "--target",
    ]);
    run(pip.arg(place.path("site")).arg(&wheel)).exits(0);
    let mut asked = Command::new(&python);
    let prefix = run(asked.env("PYTHONPATH", place.path("site")).args([
        "-B",
        "-m",
        "wasideps_sysroot_wasm32_wasip1",
    ]))
    .exits(0);
    let prefix = PathBuf::from(prefix.stdout.trim());
    assert_eq!(snapshot(&prefix), snapshot(&built().path("out")));
    run(built().command(&["verify"]).arg(&prefix)).exits(0);
    let info = place.path("site/wasideps_sysroot_wasm32_wasip1-2026.11.27.dist-info");
    let metadata = std::fs::read_to_string(info.join("METADATA")).expect("the metadata");
    assert!(
        metadata.contains("License-File: zlib/LICENSE"),
        "{metadata}"
    );
    assert!(info.join("licenses/zlib/LICENSE").is_file());
    for sbom in ["wasideps.cdx.json", "wasideps.spdx.json"] {
        assert!(info.join("sboms").join(sbom).is_file(), "{sbom}");
    }
    let mut bad = built().command(&["pack", "nowhere", "--prefix", "out", "--wheel", "1.0-x"]);
    run(&mut bad).exits(2).says(&["expected numbers with dots"]);
}
