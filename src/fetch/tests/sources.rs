use mockito::Server;

use super::{Bench, demo_tar, digest_of, gz, selected, url_origin};
use crate::fetch::{FetchError, Fetcher, How, Settings, Verdict};
use crate::model::{Origin, Place, RelPath, Sha256, with_causes};
use crate::report::Event;
use crate::store::Kind;

const FILES: [(&str, &str); 2] = [("a.c", "one\ntwo\n"), ("sub/a.h", "h\n")];

/// An origin whose archive lies in a folder beside the lock.
fn folder_origin(bench: &Bench, folder: &str, files: &[(&str, &str)]) -> Origin {
    let archive = gz(&demo_tar(files));
    bench.write(&format!("{folder}/demo.tar.gz"), &archive);
    Origin {
        place: Place::Folder(folder.parse().expect("a line")),
        ..url_origin("http://127.0.0.1/", &archive)
    }
}

#[test]
fn patches_and_overlays_make_the_tree_and_the_next_time_it_is_there() {
    let bench = Bench::new();
    let mut wanted = selected(
        digest_of(&FILES),
        vec![folder_origin(&bench, "vendor", &FILES)],
    );
    let patch = "--- a/a.c\n+++ b/a.c\n@@ -2 +2 @@\n-two\n+TWO\n--- /dev/null\n+++ b/new/n.h\n@@ -0,0 +1 @@\n+n\n\
                 --- a/sub/a.h\n+++ /dev/null\n@@ -1 +0,0 @@\n-h\n";
    wanted.patches = vec![("1.patch".parse().expect("a path"), patch.into())];
    wanted.overlays = vec![("config.h".parse().expect("a path"), b"ours\n".to_vec())];
    let tree = bench.fetcher().source(&wanted).expect("made");
    let files: Vec<_> = tree
        .entry()
        .files()
        .iter()
        .map(|file| {
            (
                file.path.as_str(),
                tree.entry().read(&file.path).expect("read"),
            )
        })
        .collect();
    assert_eq!(
        files,
        [
            ("a.c", b"one\nTWO\n".to_vec()),
            ("config.h", b"ours\n".to_vec()),
            ("new/n.h", b"n\n".to_vec())
        ]
    );
    // Read back whole: the list's digests are those of the files as they are now.
    assert!(
        bench
            .store
            .entry(Kind::Tree, &tree.key(), &bench.memory)
            .expect("readable")
            .is_some()
    );
    fs_err::remove_dir_all(bench.path("vendor")).expect("removed");
    bench.store.clear(Kind::Archive, None).expect("cleared");
    bench.fetcher().source(&wanted).expect("from the store");
    assert_eq!(
        bench
            .memory
            .count(|event| matches!(event, Event::SourceReady { cached: true, .. })),
        1
    );
}

#[test]
fn a_patch_that_does_not_apply_stops_at_once_and_leaves_no_tree() {
    let bench = Bench::new();
    let mut server = Server::new();
    let never = server.mock("GET", mockito::Matcher::Any).expect(0).create();
    let origins = vec![
        folder_origin(&bench, "vendor", &FILES),
        url_origin(&format!("{}/x", server.url()), b"other"),
    ];
    let mut wanted = selected(digest_of(&FILES), origins);
    wanted.patches = vec![(
        "1.patch".parse().expect("a path"),
        b"--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-two\n+TWO\n".to_vec(),
    )];
    let error = bench.fetcher().source(&wanted).expect_err("refused");
    let said = with_causes(&error);
    assert!(
        said.contains("1.patch does not apply: a.c, hunk 1, line 1: expected `two`, found `one`"),
        "{said}"
    );
    assert_eq!(
        bench
            .store
            .usage()
            .expect("readable")
            .iter()
            .find(|(kind, ..)| *kind == Kind::Tree)
            .map(|(_, entries, _)| *entries),
        Some(0)
    );
    never.assert();
}

#[test]
fn an_overlay_over_a_file_of_the_source_is_refused_also_in_another_case() {
    let bench = Bench::new();
    let mut wanted = selected(
        digest_of(&FILES),
        vec![folder_origin(&bench, "vendor", &FILES)],
    );
    wanted.overlays = vec![("A.c".parse().expect("a path"), Vec::new())];
    let error = bench.fetcher().source(&wanted).expect_err("refused");
    assert!(
        matches!(error.errors[0], FetchError::Tree { .. }),
        "{error}"
    );
}

#[test]
fn twins_of_an_input_are_refused_whoever_brings_them() {
    let bench = Bench::new();
    let files = [("\u{e9}.c", "x\n"), ("sub/a.h", "#define A\n")];
    let origins = vec![folder_origin(&bench, "vendor", &files)];
    for (twin, fine) in [
        ("e\u{301}.c", false),
        ("SUB/a.h", false),
        ("sub", false),
        ("\u{e9}.c/x", false),
        ("SUB/b.h", true),
    ] {
        let made = format!("--- /dev/null\n+++ b/{twin}\n@@ -0,0 +1 @@\n+x\n");
        let path: RelPath = twin.parse().expect("a path");
        let mut by_patch = selected(digest_of(&files), origins.clone());
        by_patch.patches = vec![("0001.patch".parse().expect("a path"), made.into_bytes())];
        let mut by_overlay = selected(digest_of(&files), origins.clone());
        by_overlay.overlays = vec![(path, b"x\n".to_vec())];
        for wanted in [by_patch, by_overlay] {
            let found = bench.fetcher().source(&wanted).map(drop);
            let errors = found.map_err(|error| error.errors);
            let refused = matches!(
                errors.as_ref().map_err(Vec::as_slice),
                Err([FetchError::Tree { .. }])
            );
            assert!(
                if fine { errors.is_ok() } else { refused },
                "{twin}: {errors:?}"
            );
        }
    }
}

#[test]
fn an_origin_with_other_inputs_is_named_and_the_next_one_serves() {
    let bench = Bench::new();
    let other = [("a.c", "one\nTWO\n"), ("sub/b.h", "h\n")];
    let origins = vec![
        folder_origin(&bench, "other", &other),
        folder_origin(&bench, "vendor", &FILES),
    ];
    let wanted = selected(digest_of(&FILES), origins);
    bench
        .fetcher()
        .source(&wanted)
        .expect("the second origin serves");
    let failed = bench.memory.failed();
    assert_eq!(failed.len(), 1);
    assert!(
        failed[0].0 == "folder other" && failed[0].1.contains(&digest_of(&other).to_string()),
        "{failed:?}"
    );
}

#[test]
fn all_origins_tells_file_by_file_where_one_differs() {
    let bench = Bench::new();
    let other = [("a.c", "one\nTWO\n"), ("b.c", "new\n")];
    let mut missing = folder_origin(&bench, "other", &other);
    missing.sha256 = Sha256::of(b"nothing has this");
    let origins = vec![
        folder_origin(&bench, "other", &other),
        folder_origin(&bench, "vendor", &FILES),
        missing,
    ];
    let reports = bench
        .fetcher()
        .all_origins(&selected(digest_of(&FILES), origins));
    let [first, second, third] = reports.as_slice() else {
        panic!("{reports:?}")
    };
    let Verdict::Differs {
        found,
        reference,
        differences,
    } = &first.verdict
    else {
        panic!("{first:?}")
    };
    let differences: Vec<_> = differences
        .iter()
        .map(|difference| (difference.path.as_str(), difference.how))
        .collect();
    assert_eq!(
        differences,
        [
            ("a.c", How::Content),
            ("b.c", How::OnlySecond),
            ("sub/a.h", How::OnlyFirst)
        ]
    );
    assert_eq!(
        (*found, reference.as_deref()),
        (digest_of(&other), Some("folder vendor"))
    );
    assert!(
        matches!(second.verdict, Verdict::Agrees { files: 2, .. }),
        "{second:?}"
    );
    assert!(
        matches!(
            third.verdict,
            Verdict::Failed(FetchError::NotInFolder { .. })
        ),
        "{third:?}"
    );
}

#[test]
fn a_file_brought_by_hand_serves_whatever_its_name_and_no_server_is_asked() {
    let bench = Bench::new();
    let mut server = Server::new();
    let never = server.mock("GET", mockito::Matcher::Any).expect(0).create();
    let archive = gz(&demo_tar(&FILES));
    bench.write("usb/stick/some.bin", &archive);
    bench.write("usb/wrong.bin", &vec![0; archive.len()]);
    // The one at hand is the lock's second: it is still taken before a server is asked for the
    // first.
    let origins = vec![
        url_origin(&format!("{}/1", server.url()), b"first"),
        url_origin(&format!("{}/2", server.url()), &archive),
    ];
    let settings = Settings {
        from: vec![bench.path("usb")],
        ..bench.settings()
    };
    Fetcher::new(settings, &bench.store, &bench.memory)
        .source(&selected(digest_of(&FILES), origins.clone()))
        .expect("by hand");
    // It was copied: the folder may go.
    fs_err::remove_dir_all(bench.path("usb")).expect("removed");
    let settings = Settings {
        offline: true,
        ..bench.settings()
    };
    let fetched = Fetcher::new(settings, &bench.store, &bench.memory)
        .fetch_archive("demo", &origins[1])
        .expect("stored");
    assert!(fetched.was_held());
    never.assert();
}

#[test]
fn a_folder_of_from_that_is_not_there_is_an_error_and_not_passed_over() {
    let bench = Bench::new();
    let settings = Settings {
        from: vec![bench.path("typo")],
        ..bench.settings()
    };
    let wanted = selected(
        digest_of(&FILES),
        vec![folder_origin(&bench, "vendor", &FILES)],
    );
    let error = Fetcher::new(settings, &bench.store, &bench.memory)
        .source(&wanted)
        .expect_err("refused");
    assert!(
        matches!(&error.errors[..], [FetchError::From { .. }]),
        "{error:?}"
    );
}

#[test]
fn a_damaged_archive_of_the_store_is_brought_again() {
    let bench = Bench::new();
    let origin = folder_origin(&bench, "vendor", &FILES);
    let fetched = bench
        .fetcher()
        .fetch_archive("demo", &origin)
        .expect("brought");
    let mut bytes = fs_err::read(fetched.path()).expect("read");
    bytes[30] ^= 1;
    fs_err::write(fetched.path(), bytes).expect("written");
    bench
        .fetcher()
        .source(&selected(digest_of(&FILES), vec![origin]))
        .expect("brought again");
    assert_eq!(
        bench
            .memory
            .count(|event| matches!(event, Event::StoreRepaired { .. })),
        1
    );
}
