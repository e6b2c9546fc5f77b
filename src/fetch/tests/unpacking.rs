use std::io::Write as _;

use tar::EntryType::{
    Block, Char, Directory, Fifo, GNULongLink, GNULongName, GNUSparse, Link, Regular, Symlink,
    XGlobalHeader, XHeader,
};

use super::{Bench, EXAMPLE_ORIGIN, Forged, demo_tar, digest_of, gz, recipe, tar_of};
use crate::fetch::entries::{ArchiveWalk, Limits};
use crate::fetch::unpack::{Unpacked, unpack_within};
use crate::fetch::{Excess, FetchError, Refusal};

fn unpack(bench: &Bench, archive: &[u8], root: &str) -> Result<Unpacked, FetchError> {
    let path = bench.write("archive", archive);
    let dir = bench.store.scratch_dir().expect("a folder");
    let folder = dir.path().to_owned();
    let unpacked = unpack_within(
        &path,
        "the origin",
        root,
        &recipe(EXAMPLE_ORIGIN).inputs,
        dir,
        1 << 20,
    );
    assert_eq!(
        unpacked.is_ok(),
        folder.exists(),
        "a refused archive leaves nothing"
    );
    unpacked
}

#[test]
fn entries_that_could_leave_the_tree_or_are_no_files_are_refused_by_name() {
    let out = |target: &str| Refusal::LinkOut {
        target: target.into(),
    };
    let kind = |what: &str| Refusal::Kind { what: what.into() };
    let selected = |target: &str| Refusal::SelectedLink {
        target: target.into(),
    };
    let good: Forged<'_> = (b"demo/a.c", Regular, b"x");
    let table: &[(Forged<'_>, Refusal)] = &[
        ((b"/etc/cron.d/x", Regular, b""), Refusal::Absolute),
        ((b"C:/x", Regular, b""), Refusal::Absolute),
        ((b"demo/../../x", Regular, b""), Refusal::Parent),
        ((b"..\\x", Regular, b""), Refusal::Parent),
        ((b"../", Directory, b""), Refusal::Parent),
        ((b"demo/doc", Symlink, b"/etc"), out("/etc")),
        ((b"demo/doc", Symlink, b"../../x"), out("../../x")),
        ((b"demo/doc", Link, b"../x"), out("../x")),
        ((b"demo/doc", Link, b"/etc/passwd"), out("/etc/passwd")),
        ((b"demo/b.c", Symlink, b"a.c"), selected("a.c")),
        ((b"demo/b.c", Link, b"demo/a.c"), selected("demo/a.c")),
        ((b"demo/null", Char, b""), kind("a device")),
        ((b"demo/sda", Block, b""), kind("a device")),
        ((b"demo/pipe", Fifo, b""), kind("a named pipe")),
        ((b"demo/a.c", Regular, b"y"), Refusal::Twice),
        ((b"./demo//a.c", Regular, b"y"), Refusal::Twice),
        ((b"demo/A.c", Regular, b"y"), Refusal::Twice),
        ((b"demo/\xff.c", Regular, b"y"), Refusal::BadName),
        ((b"demo/a\x01.c", Regular, b"y"), Refusal::BadName),
        (
            (b"demo/big.c", Regular, &[b' '; 1000]),
            Refusal::TooLarge { limit: 1000 },
        ),
    ];
    let bench = Bench::new();
    for (bad, expected) in table {
        let name = String::from_utf8_lossy(bad.0).into_owned();
        match unpack(&bench, &tar_of(&[good, *bad]), "demo").map(|unpacked| unpacked.files) {
            Err(FetchError::Entry { entry, refusal, .. }) => {
                assert_eq!((&entry, &refusal), (&name, expected));
            }
            other => panic!("{name}: expected {expected:?}, found {other:?}"),
        }
    }
}

#[test]
fn a_file_where_another_needs_a_folder_is_refused_in_either_order() {
    let text = super::RECIPE.replace("sub/*.h", "**");
    let recipe = crate::model::Recipe::example(&format!("{text}{EXAMPLE_ORIGIN}"));
    let bench = Bench::new();
    for names in [["demo/Sub", "demo/sub/a.h"], ["demo/sub/a.h", "demo/Sub"]] {
        let entries = names.map(|name| (name.as_bytes(), Regular, &b"x"[..]));
        let path = bench.write("archive", &tar_of(&entries));
        let unpacked = unpack_within(
            &path,
            "o",
            "demo",
            &recipe.inputs,
            bench.store.scratch_dir().expect("a folder"),
            1 << 20,
        );
        let refusal = unpacked
            .map(|unpacked| unpacked.files)
            .expect_err("refused");
        assert!(
            matches!(
                refusal,
                FetchError::Entry {
                    refusal: Refusal::FileAndFolder,
                    ..
                }
            ),
            "{refusal}"
        );
    }
}

#[test]
fn only_selected_files_are_written_and_harmless_oddities_pass() {
    let bench = Bench::new();
    let long = [b"demo/".as_slice(), &[b'l'; 120], b".c"].concat();
    let archive = tar_of(&[
        (
            b"pax_global_header",
            XGlobalHeader,
            b"52 comment=0123456789012345678901234567890123456789\n",
        ),
        (b"demo/", Directory, b""),
        (b"demo/configure", Regular, b"rm -rf /"),
        (b"demo/sub/a.h", Regular, b"h"),
        (b"demo/sub/deep/b.h", Regular, b"not selected"),
        (b"demo/doc", Symlink, b"sub/../man"),
        (b"demo/\xff", Regular, b"not selected"),
        (b"demo/a.c", Regular, b"c"),
        (b"elsewhere/a.c", Regular, b"not below the root"),
        (b"././@LongLink", GNULongName, &long),
        (b"demo/short", Regular, b"l"),
    ]);
    let unpacked = unpack(&bench, &archive, "demo").expect("unpacks");
    let long = format!("{}.c", "l".repeat(120));
    assert_eq!(
        unpacked.digest(),
        digest_of(&[("sub/a.h", "h"), ("a.c", "c"), (&long, "l")])
    );
    let mut found: Vec<_> = walk(unpacked.dir.path());
    found.sort();
    assert_eq!(found, ["a.c", &long, "sub/a.h"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs_err::metadata(unpacked.dir.path().join("a.c"))
            .expect("there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o133, 0, "{mode:o}: the archive says 0777");
    }
}

fn walk(dir: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            found.extend(
                walk(&path)
                    .into_iter()
                    .map(|below| format!("{name}/{below}")),
            );
        } else {
            found.push(name);
        }
    }
    found
}

const FILES: [(&str, &str); 2] = [("a.c", "int a;\n"), ("sub/a.h", "#define A\n")];

fn zip_of(entries: &[(&str, u32, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, mode, text) in entries {
        let options = zip::write::SimpleFileOptions::default().unix_permissions(*mode & 0o777);
        if *mode & 0o170_000 == 0o120_000 {
            writer.add_symlink(*name, *text, options).expect("added");
        } else {
            writer.start_file(*name, options).expect("added");
            writer.write_all(text.as_bytes()).expect("added");
        }
    }
    writer.finish().expect("finished").into_inner()
}

#[test]
fn every_format_gives_the_same_inputs() {
    let tar = demo_tar(&FILES);
    let mut bz = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    bz.write_all(&tar).expect("a vector takes all bytes");
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 6);
    xz.write_all(&tar).expect("a vector takes all bytes");
    let zip = zip_of(&[
        ("demo/a.c", 0o644, FILES[0].1),
        ("demo/x", 0o644, "no"),
        ("demo/sub/a.h", 0o644, FILES[1].1),
    ]);
    let formats = [
        ("tar", tar.clone()),
        ("gz", gz(&tar)),
        (
            "two gz members",
            [gz(&tar[..700]), gz(&tar[700..])].concat(),
        ),
        ("bz2", bz.finish().expect("finished")),
        ("xz", xz.finish().expect("finished")),
        ("zst", zstd::encode_all(tar.as_slice(), 3).expect("encoded")),
        ("zip", zip),
    ];
    let bench = Bench::new();
    for (format, archive) in formats {
        assert_eq!(
            unpack(&bench, &archive, "demo").expect(format).digest(),
            digest_of(&FILES),
            "{format}"
        );
    }
}

#[test]
fn a_zip_is_judged_as_a_tar_is() {
    let bench = Bench::new();
    let good = ("demo/a.c", 0o644, "x");
    let table = [
        (("demo/../../x", 0o644, ""), Refusal::Parent),
        (("/x", 0o644, ""), Refusal::Absolute),
        (("demo/A.c", 0o644, ""), Refusal::Twice),
        (
            ("demo/l", 0o120_777, "../../x"),
            Refusal::LinkOut {
                target: "../../x".into(),
            },
        ),
        (
            ("demo/l.c", 0o120_777, "a.c"),
            Refusal::SelectedLink {
                target: "a.c".into(),
            },
        ),
    ];
    for (bad, expected) in table {
        match unpack(&bench, &zip_of(&[good, bad]), "demo").map(|unpacked| unpacked.files) {
            Err(FetchError::Entry { entry, refusal, .. }) => {
                assert_eq!((entry.as_str(), refusal), (bad.0, expected));
            }
            other => panic!("{}: expected {expected:?}, found {other:?}", bad.0),
        }
    }
    // The same name twice in the directory: the writer refuses to make it, so the second name is
    // forged.
    let mut archive = zip_of(&[good, ("demo/b.c", 0o644, "y")]);
    let places: Vec<_> = archive
        .windows(8)
        .enumerate()
        .filter(|(_, bytes)| bytes == b"demo/b.c")
        .map(|(place, _)| place)
        .collect();
    for place in places {
        archive[place + 5] = b'a';
    }
    assert!(problem(&bench, &archive).contains("have the same name"));
}

/// What is wrong with a damaged archive.
fn problem(bench: &Bench, archive: &[u8]) -> String {
    match unpack(bench, archive, "demo").map(|unpacked| unpacked.files) {
        Err(FetchError::Damaged { source, .. }) => source.to_string(),
        other => panic!("expected that it is damaged, found {other:?}"),
    }
}

fn excess(bench: &Bench, archive: &[u8]) -> Excess {
    match unpack(bench, archive, "demo").map(|unpacked| unpacked.files) {
        Err(FetchError::Excessive { excess, .. }) => excess,
        other => panic!("expected an excess, found {other:?}"),
    }
}

#[test]
fn a_zip_whose_entries_share_bytes_or_are_called_otherwise_at_their_place_is_refused() {
    let bench = Bench::new();
    let mut archive = zip_of(&[("demo/a.c", 0o644, "x"), ("demo/b.c", 0o644, "y")]);
    let renamed = archive
        .windows(8)
        .position(|bytes| bytes == b"demo/b.c")
        .expect("the local header comes first");
    archive[renamed + 5] = b'c';
    assert!(problem(&bench, &archive).contains("its directory has `demo/b.c`"));
    // The directory's second entry, at the place of the first.
    let mut archive = zip_of(&[("demo/a.c", 0o644, "x"), ("demo/b.c", 0o644, "y")]);
    let second = archive
        .windows(4)
        .rposition(|bytes| bytes == b"PK\x01\x02")
        .expect("a directory");
    archive[second + 42..second + 46].fill(0);
    assert!(problem(&bench, &archive).contains("share bytes"));
}

#[test]
fn a_zip_that_says_it_has_millions_of_entries_is_refused_before_memory_is_taken_for_them() {
    let bench = Bench::new();
    let archive = zip_of(&[("demo/a.c", 0o644, "x")]);
    let end = archive.len() - 22;
    let record = |count: u64| {
        let fields: [&[u8]; 9] = [
            b"PK\x06\x06",
            &44_u64.to_le_bytes(),
            &[45, 3, 45, 0],
            &[0; 8],
            &count.to_le_bytes(),
            &count.to_le_bytes(),
            &(u64::MAX >> 8).to_le_bytes(),
            &0_u64.to_le_bytes(),
            b"",
        ];
        fields.concat()
    };
    let locator = |at: u64| {
        [
            &b"PK\x06\x07"[..],
            &[0; 4],
            &at.to_le_bytes(),
            &[1, 0, 0, 0],
        ]
        .concat()
    };
    let forged =
        |record: &[u8], at: u64| [&archive[..end], record, &locator(at), &archive[end..]].concat();
    let limit = Excess::Entries { limit: 1 << 18 };
    assert_eq!(excess(&bench, &forged(&record(1 << 40), end as u64)), limit);
    // A record that lies where it is not looked for.
    let far = [vec![0; 200_000], archive.clone()].concat();
    let stated = |bytes: &[u8]| {
        crate::fetch::entries::stated_entries(&mut std::io::Cursor::new(bytes)).expect("in memory")
    };
    assert_eq!(
        stated(&[&far[..far.len() - 22], &locator(4), &far[far.len() - 22..]].concat()),
        u64::MAX
    );
    assert_eq!(stated(&far), 1);
}

#[test]
fn headers_paths_and_holes_are_bounded_before_they_are_held_in_memory() {
    let bench = Bench::new();
    let long = vec![b'a'; 2 << 20];
    let pax = |key: &str, value: &[u8]| {
        let body = [format!(" {key}=").as_bytes(), value, b"\n"].concat();
        let digits = (body.len() + 7).to_string();
        [
            (body.len() + digits.len()).to_string().as_bytes(),
            body.as_slice(),
        ]
        .concat()
    };
    let headers = Excess::Headers { limit: 1 << 20 };
    for (name, kind, content) in [
        (&b"././@LongLink"[..], GNULongName, long.clone()),
        (b"././@LongLink", GNULongLink, long.clone()),
        (b"PaxHeaders/a.c", XHeader, pax("comment", &long)),
    ] {
        // Compressed, so that its size allows it.
        let archive = gz(&tar_of(&[
            (name, kind, &content),
            (b"demo/a.c", Regular, b"x"),
        ]));
        let path = bench.write("archive", &archive);
        let dir = bench.store.scratch_dir().expect("a folder");
        let unpacked = unpack_within(
            &path,
            "o",
            "demo",
            &recipe(EXAMPLE_ORIGIN).inputs,
            dir,
            1 << 30,
        );
        let error = unpacked
            .map(|unpacked| unpacked.files)
            .expect_err("refused");
        assert!(
            matches!(error, FetchError::Excessive { excess, .. } if excess == headers),
            "{error:?}"
        );
    }
    let path = Excess::Path { limit: 1024 };
    let deep = "d/".repeat(600);
    assert_eq!(
        excess(
            &bench,
            &tar_of(&[
                (b"././@LongLink", GNULongName, deep.as_bytes()),
                (b"demo/x", Regular, b"")
            ])
        ),
        path
    );
    assert_eq!(
        excess(
            &bench,
            &tar_of(&[
                (b"././@LongLink", GNULongLink, deep.as_bytes()),
                (b"demo/x", Symlink, b"y")
            ])
        ),
        path
    );
    let name = format!("demo/{}.c", "n".repeat(300));
    let archive = tar_of(&[
        (b"././@LongLink", GNULongName, name.as_bytes()),
        (b"demo/x", Regular, b"x"),
    ]);
    let error = unpack(&bench, &archive, "demo")
        .map(|unpacked| unpacked.files)
        .expect_err("refused");
    assert!(
        matches!(
            error,
            FetchError::Entry {
                refusal: Refusal::LongName,
                ..
            }
        ),
        "{error:?}"
    );
    // A file that is all hole: 2 GiB in one block.
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..8].copy_from_slice(b"demo/x.o");
    header.set_entry_type(GNUSparse);
    header.set_size(0);
    let gnu = header.as_gnu_mut().expect("GNU");
    gnu.realsize.copy_from_slice(b"20000000000\0");
    gnu.sparse[0].offset.copy_from_slice(b"20000000000\0");
    gnu.sparse[0].numbytes.copy_from_slice(b"00000000000\0");
    header.set_cksum();
    let archive = [header.as_bytes().as_slice(), &demo_tar(&FILES)].concat();
    assert_eq!(excess(&bench, &archive), Excess::Bytes { limit: 1 << 20 });
}

#[test]
fn an_archive_of_too_many_entries_is_refused() {
    let entries: Vec<Forged<'_>> = vec![(b"demo/a", Regular, b""); 5];
    let limits = |entries| Limits {
        bytes: 1 << 20,
        entries,
    };
    let walk = |most: u64| {
        let failed = |error: std::io::Error| Excess::of(&error);
        ArchiveWalk::new(limits(most), &failed, &mut |_| Ok(())).tar(tar_of(&entries).as_slice())
    };
    assert_eq!(
        (walk(5), walk(4)),
        (Ok(()), Err(Some(Excess::Entries { limit: 4 })))
    );
}

#[test]
fn what_follows_the_end_is_refused_unless_it_is_padding() {
    let bench = Bench::new();
    let tar = demo_tar(&FILES);
    let refused = |archive: &[u8], words: &str| {
        assert!(
            problem(&bench, archive).contains(words),
            "{}",
            problem(&bench, archive)
        );
    };
    refused(
        &gz(&[tar.clone(), demo_tar(&[("evil.c", "x")])].concat()),
        "continues after its end mark",
    );
    refused(
        &[gz(&tar), vec![0; 70_000], gz(&tar)].concat(),
        "bytes follow the padding",
    );
    refused(
        &[gz(&tar), b"this is no member of it".to_vec()].concat(),
        "gzip",
    );
    for padding in [1, 512, 70_000] {
        let padded = [gz(&tar), vec![0; padding]].concat();
        assert_eq!(
            unpack(&bench, &padded, "demo")
                .expect("as gzip itself reads it")
                .digest(),
            digest_of(&FILES)
        );
    }
}

#[test]
fn what_expands_without_end_is_refused_whether_selected_or_not() {
    let bench = Bench::new();
    let zeros = vec![0; 8 << 20];
    let archive = gz(&tar_of(&[
        (b"demo/a.c", Regular, b"x"),
        (b"demo/filler", Regular, &zeros),
    ]));
    let error = unpack(&bench, &archive, "demo")
        .map(|unpacked| unpacked.files)
        .expect_err("refused");
    assert!(
        matches!(
            error,
            FetchError::Excessive {
                excess: Excess::Bytes { limit: 1_048_576 },
                ..
            }
        ),
        "{error:?}"
    );
    let trailing = gz(&[demo_tar(&FILES), zeros].concat());
    let error = unpack(&bench, &trailing, "demo")
        .map(|unpacked| unpacked.files)
        .expect_err("refused");
    assert!(
        matches!(
            error,
            FetchError::Excessive {
                excess: Excess::Bytes { .. },
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn what_is_no_archive_is_damaged_or_has_nothing_of_the_recipe_is_told_apart() {
    let bench = Bench::new();
    let fail = |archive: &[u8], root: &str| {
        unpack(&bench, archive, root)
            .map(|unpacked| unpacked.files)
            .expect_err("refused")
    };
    let archive = gz(&demo_tar(&FILES));
    assert!(
        fail(b"<!DOCTYPE html><p>Sign in", "demo")
            .to_string()
            .contains("an HTML page")
    );
    assert!(fail(b"", "demo").to_string().contains("an empty file"));
    assert!(
        matches!(fail(b"MZ\x90", "demo"), FetchError::Format { found, .. } if found.contains("MZ\\x90"))
    );
    assert!(matches!(
        fail(&archive[..archive.len() - 12], "demo"),
        FetchError::Damaged { .. }
    ));
    let mut flipped = archive.clone();
    let crc = flipped.len() - 8;
    flipped[crc] ^= 1;
    assert!(
        matches!(fail(&flipped, "demo"), FetchError::Damaged { .. }),
        "the checksum at its end is read"
    );
    assert!(
        matches!(fail(&archive, "demo-1.0"), FetchError::NoRoot { found, .. } if found == ["demo"])
    );
    let other = demo_tar(&[("README", "x")]);
    assert!(matches!(
        fail(&other, "demo"),
        FetchError::NothingSelected { .. }
    ));
}
