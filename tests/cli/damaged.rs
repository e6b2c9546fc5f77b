//! A damaged prefix: what `verify` finds, `build` puts right, or says why it does not.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use wasideps::build::MANIFEST;

use crate::support::{Place, run, snapshot, test};
use crate::swaps::{Change, build, warm};
use crate::verify::{found, read, verify, write};

#[test]
fn each_kind_of_damage_is_found_by_verify_put_right_by_build_and_then_found_no_more() {
    let (place, clean) = warm();
    let out = place.path("warm");
    let edit = |file: &str, old: &str, new: &str| {
        let text = String::from_utf8(read(&out, file)).expect("text");
        assert!(text.contains(old), "{file} has no {old}");
        write(&out, file, text.replacen(old, new, 1));
    };
    let damages: [(&str, Change); 8] = [
        ("mode", |out| {
            std::fs::set_permissions(
                out.join("lib/libbz2.a"),
                std::fs::Permissions::from_mode(0o777),
            )
            .expect("set");
        }),
        ("mode of a folder", |out| {
            std::fs::set_permissions(out.join("lib"), std::fs::Permissions::from_mode(0o777))
                .expect("set");
        }),
        ("link to the same bytes", |out| {
            let aside = out.with_file_name("aside.a");
            std::fs::copy(out.join("lib/libbz2.a"), &aside).expect("copied");
            std::fs::remove_file(out.join("lib/libbz2.a")).expect("removed");
            symlink(aside, out.join("lib/libbz2.a")).expect("linked");
        }),
        ("empty folder in a file's place", |out| {
            std::fs::remove_file(out.join("include/bzlib.h")).expect("removed");
            std::fs::create_dir(out.join("include/bzlib.h")).expect("made");
        }),
        ("pipe in a file's place", |out| {
            std::fs::remove_file(out.join("include/bzlib.h")).expect("removed");
            run(Command::new("mkfifo").arg(out.join("include/bzlib.h"))).exits(0);
        }),
        ("folder gone", |out| {
            std::fs::remove_dir_all(out.join("share/licenses")).expect("removed");
        }),
        ("bytes", |out| write(out, "lib/libbz2.a", "!<arch>\n")),
        ("empty file", |out| {
            write(out, "share/wasideps/trace.json", "");
        }),
    ];
    let check = |what: &str, replace: &[&str]| {
        let damaged = verify(&out, &[]).exits(3);
        assert_ne!(found(&damaged), [], "{what}");
        let built = run(&mut build(
            &place,
            &[&["warm", "--message-format", "json"], replace].concat(),
        ))
        .exits(0)
        .data("built");
        assert_eq!(built["up_to_date"], false, "{what}");
        verify(
            &out,
            &[
                "--manifest-sha256",
                built["manifest_sha256"].as_str().expect("a digest"),
            ],
        )
        .exits(0);
        assert_eq!(snapshot(&out), clean, "{what}");
        assert_eq!(
            run(&mut build(&place, &["warm", "--message-format", "json"]))
                .exits(0)
                .data("built")["up_to_date"],
            true,
            "{what}"
        );
    };
    for (what, damage) in damages {
        damage(&out);
        check(what, &[]);
    }
    // The manifest itself, in all of its parts: a digit of the stamp, blanks, a digest, an entry of
    // a document.
    edit(MANIFEST, "\"llvm\": \"2", "\"llvm\": \"3");
    check("stamp", &[]);
    edit(MANIFEST, "\"wasideps\": ", "\"wasideps\":  ");
    check("blank", &[]);
    edit(
        MANIFEST,
        "\"sha1\": \"",
        "\"sha1\": \"0000000000000000000000000000000000000000\", \"was\": \"",
    );
    check_unreadable(&place, &out, &clean);
    let text = String::from_utf8(read(&out, MANIFEST)).expect("text");
    let digit = text.find("\"size\": ").expect("a size") + 8;
    write(
        &out,
        MANIFEST,
        format!("{}1{}", &text[..digit], &text[digit..]),
    );
    check("size", &[]);
    // A build trace and a document that both the manifest calls whole.
    for file in ["share/wasideps/trace.json", "share/wasideps/sbom.cdx.json"] {
        let (old, text) = (
            read(&out, file),
            String::from_utf8(read(&out, file)).expect("text"),
        );
        let new = text.replacen("bzlib.h", "bzlib.H", 1).into_bytes();
        assert_ne!(old, new);
        write(&out, file, &new);
        let digest = |bytes: &[u8]| wasideps::model::Content::of(bytes);
        let (was, is) = (digest(&old), digest(&new));
        edit(MANIFEST, &was.sha256.to_string(), &is.sha256.to_string());
        edit(MANIFEST, &was.sha1.to_string(), &is.sha1.to_string());
        check(file, &[]);
    }
}

/// A prefix whose manifest can't be read: refused with the way out, which then works.
#[track_caller]
fn check_unreadable(place: &Place, out: &Path, clean: &[String]) {
    verify(out, &[]).exits(3);
    run(Command::new(env!("CARGO_BIN_EXE_wasideps"))
        .arg("verify")
        .arg(out))
    .exits(3)
    .says(&["`wasideps build --replace` rebuilds"]);
    let before = snapshot(out);
    run(&mut build(place, &["warm"]))
        .exits(2)
        .says(&["manifest.json", "--replace"]);
    assert_eq!(snapshot(out), before);
    run(&mut build(place, &["warm", "--replace"])).exits(0);
    verify(out, &[]).exits(0);
    assert_eq!(snapshot(out), clean);
}

#[test]
fn a_prefix_without_a_manifest_that_can_be_read_is_replaced_where_all_of_it_is_proved_to_be_ours() {
    let (place, clean) = warm();
    let out = place.path("warm");
    let manifest = read(&out, MANIFEST);
    let text = String::from_utf8(manifest.clone()).expect("text");
    let older = text.replacen("\"version\": 3", "\"version\": 2", 1);
    assert_ne!(older, text);
    for damaged in [
        Some(&manifest[..manifest.len() / 2]),
        Some(b""),
        Some(b"[]"),
        Some(older.as_bytes()),
        None,
    ] {
        match damaged {
            Some(bytes) => write(&out, MANIFEST, bytes),
            None => std::fs::remove_file(out.join(MANIFEST)).expect("it is there"),
        }
        check_unreadable(&place, &out, &clean);
    }
    // Its version is named.
    write(&out, MANIFEST, &older);
    run(&mut build(&place, &["warm"])).exits(2).says(&[
        "it has version 2, written by wasideps",
        "this program reads version 3",
    ]);
    // What nothing proves is named, and stays: beside a cut manifest a changed library, a user's
    // file, a folder.
    for (path, bytes) in [("lib/libbz2.a", "!<arch>\n"), ("lib/mine.a", "mine")] {
        let was = std::fs::read(out.join(path)).ok();
        write(&out, MANIFEST, "{");
        write(&out, path, bytes);
        let before = snapshot(&out);
        run(&mut build(&place, &["warm", "--replace"]))
            .exits(2)
            .says(&["did not put there", path]);
        assert_eq!(snapshot(&out), before);
        match was {
            Some(bytes) => write(&out, path, bytes),
            None => std::fs::remove_file(out.join(path)).expect("it is there"),
        }
    }
    // With the SBOM gone as well, only the very files that are built now are ours.
    std::fs::remove_dir_all(out.join("share/wasideps")).expect("it goes");
    run(&mut build(&place, &["warm", "--replace"]))
        .exits(2)
        .says(&["did not put there"]);
    std::fs::create_dir(out.join("share/wasideps")).expect("made");
    run(&mut build(&place, &["warm", "--replace"])).exits(0);
    assert_eq!(snapshot(&out), clean);
}
