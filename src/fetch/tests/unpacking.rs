use std::io::Write as _;

use tar::EntryType::{Block, Char, Directory, Fifo, GNULongName, Link, Regular, Symlink, XGlobalHeader};

use super::{Bench, EXAMPLE_ORIGIN, Forged, demo_tar, digest_of, gz, recipe, tar_of};
use crate::fetch::unpack::{Unpacked, unpack_within};
use crate::fetch::{FetchError, Refusal};

fn unpack(bench: &Bench, archive: &[u8], root: &str) -> Result<Unpacked, FetchError> {
    let path = bench.write("archive", archive);
    let dir = bench.store.scratch_dir().expect("a folder");
    let folder = dir.path().to_owned();
    let unpacked = unpack_within(&path, "the origin", root, &recipe(EXAMPLE_ORIGIN).inputs, dir, 1 << 20);
    assert_eq!(unpacked.is_ok(), folder.exists(), "a refused archive leaves nothing");
    unpacked
}

#[test]
fn entries_that_could_leave_the_tree_or_are_no_files_are_refused_by_name() {
    let out = |target: &str| Refusal::LinkOut { target: target.into() };
    let kind = |what: &str| Refusal::Kind { what: what.into() };
    let selected = |target: &str| Refusal::SelectedLink { target: target.into() };
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
        ((b"demo/big.c", Regular, &[b' '; 1000]), Refusal::TooLarge { limit: 1000 }),
    ];
    let bench = Bench::new();
    for (bad, expected) in table {
        let name = String::from_utf8_lossy(bad.0).into_owned();
        match unpack(&bench, &tar_of(&[good, *bad]), "demo").map(|unpacked| unpacked.files) {
            Err(FetchError::Entry { entry, refusal, .. }) => assert_eq!((&entry, &refusal), (&name, expected)),
            other => panic!("{name}: expected {expected:?}, found {other:?}"),
        }
    }
}

#[test]
fn a_file_where_another_needs_a_folder_is_refused_in_either_order() {
    let text = super::RECIPE.replace("sub/*.h", "**");
    let recipe = crate::model::Recipe::parse("r", &format!("{text}{EXAMPLE_ORIGIN}")).expect("a recipe");
    let bench = Bench::new();
    for names in [["demo/Sub", "demo/sub/a.h"], ["demo/sub/a.h", "demo/Sub"]] {
        let entries = names.map(|name| (name.as_bytes(), Regular, &b"x"[..]));
        let path = bench.write("archive", &tar_of(&entries));
        let unpacked = unpack_within(&path, "o", "demo", &recipe.inputs, bench.store.scratch_dir().expect("a folder"), 1 << 20);
        let refusal = unpacked.map(|unpacked| unpacked.files).expect_err("refused");
        assert!(matches!(refusal, FetchError::Entry { refusal: Refusal::FileAndFolder, .. }), "{refusal}");
    }
}

#[test]
fn only_selected_files_are_written_and_harmless_oddities_pass() {
    let bench = Bench::new();
    let long = [b"demo/".as_slice(), &[b'l'; 120], b".c"].concat();
    let archive = tar_of(&[
        (b"pax_global_header", XGlobalHeader, b"52 comment=0123456789012345678901234567890123456789\n"),
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
    assert_eq!(unpacked.digest(), digest_of(&[("sub/a.h", "h"), ("a.c", "c"), (&long, "l")]));
    let mut found: Vec<_> = walk(unpacked.dir.path());
    found.sort();
    assert_eq!(found, ["a.c", &long, "sub/a.h"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs_err::metadata(unpacked.dir.path().join("a.c")).expect("there").permissions().mode();
        assert_eq!(mode & 0o133, 0, "{mode:o}: the archive says 0777");
    }
}

fn walk(dir: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(walk(&path).into_iter().map(|below| format!("{name}/{below}")));
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
    let zip = zip_of(&[("demo/a.c", 0o644, FILES[0].1), ("demo/x", 0o644, "no"), ("demo/sub/a.h", 0o644, FILES[1].1)]);
    let formats = [
        ("tar", tar.clone()),
        ("gz", gz(&tar)),
        ("two gz members", [gz(&tar[..700]), gz(&tar[700..])].concat()),
        ("bz2", bz.finish().expect("finished")),
        ("xz", xz.finish().expect("finished")),
        ("zst", zstd::encode_all(tar.as_slice(), 3).expect("encoded")),
        ("zip", zip),
    ];
    let bench = Bench::new();
    for (format, archive) in formats {
        assert_eq!(unpack(&bench, &archive, "demo").expect(format).digest(), digest_of(&FILES), "{format}");
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
        (("demo/l", 0o120_777, "../../x"), Refusal::LinkOut { target: "../../x".into() }),
        (("demo/l.c", 0o120_777, "a.c"), Refusal::SelectedLink { target: "a.c".into() }),
    ];
    for (bad, expected) in table {
        match unpack(&bench, &zip_of(&[good, bad]), "demo").map(|unpacked| unpacked.files) {
            Err(FetchError::Entry { entry, refusal, .. }) => assert_eq!((entry.as_str(), refusal), (bad.0, expected)),
            other => panic!("{}: expected {expected:?}, found {other:?}", bad.0),
        }
    }
    // The same name twice in the directory: the writer refuses to make it, so the second name is forged.
    let mut archive = zip_of(&[good, ("demo/b.c", 0o644, "y")]);
    let places: Vec<_> = archive.windows(8).enumerate().filter(|(_, bytes)| bytes == b"demo/b.c").map(|(place, _)| place).collect();
    for place in places {
        archive[place + 5] = b'a';
    }
    let refusal = unpack(&bench, &archive, "demo").map(|unpacked| unpacked.files).expect_err("refused");
    assert!(matches!(refusal, FetchError::Entry { refusal: Refusal::Twice, .. }), "{refusal}");
}

#[test]
fn what_expands_without_end_is_refused_whether_selected_or_not() {
    let bench = Bench::new();
    let zeros = vec![0; 8 << 20];
    let archive = gz(&tar_of(&[(b"demo/a.c", Regular, b"x"), (b"demo/filler", Regular, &zeros)]));
    let error = unpack(&bench, &archive, "demo").map(|unpacked| unpacked.files).expect_err("refused");
    assert!(matches!(error, FetchError::Expands { limit: 1_048_576, .. }), "{error:?}");
    let trailing = gz(&[demo_tar(&FILES), zeros].concat());
    let error = unpack(&bench, &trailing, "demo").map(|unpacked| unpacked.files).expect_err("refused");
    assert!(matches!(error, FetchError::Expands { .. }), "{error:?}");
}

#[test]
fn what_is_no_archive_is_damaged_or_has_nothing_of_the_recipe_is_told_apart() {
    let bench = Bench::new();
    let fail = |archive: &[u8], root: &str| unpack(&bench, archive, root).map(|unpacked| unpacked.files).expect_err("refused");
    let archive = gz(&demo_tar(&FILES));
    assert!(fail(b"<!DOCTYPE html><p>Sign in", "demo").to_string().contains("an HTML page"));
    assert!(fail(b"", "demo").to_string().contains("an empty file"));
    assert!(matches!(fail(b"MZ\x90", "demo"), FetchError::Format { found, .. } if found.contains("MZ\\x90")));
    assert!(matches!(fail(&archive[..archive.len() - 12], "demo"), FetchError::Damaged { .. }));
    let mut flipped = archive.clone();
    let crc = flipped.len() - 8;
    flipped[crc] ^= 1;
    assert!(matches!(fail(&flipped, "demo"), FetchError::Damaged { .. }), "the checksum at its end is read");
    assert!(matches!(fail(&archive, "demo-1.0"), FetchError::NoRoot { found, .. } if found == ["demo"]));
    let other = demo_tar(&[("README", "x")]);
    assert!(matches!(fail(&other, "demo"), FetchError::NothingSelected { .. }));
}
