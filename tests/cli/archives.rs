//! Archives that were made to do harm, or packed in another way: their digests are in the lock, so
//! that only the unpacking can refuse them.

use std::io::Write as _;

use tar::EntryType;

use crate::sources::{Archive, gz, header, krate, tar, zip};
use crate::support::{Place, Run, run, sdk, test};

/// Fetches bzip2 from an archive of these bytes, with its inputs below `top`.
fn fetch(bytes: Vec<u8>) -> (Place, Run) {
    let place = Place::new();
    place.copy_recipes();
    place.only(
        "bzip2",
        vec![
            Archive {
                bytes,
                root: "top".into(),
            }
            .brought(&place),
        ],
    );
    let mut command = place.own(place.command(&["fetch", "--offline", "--message-format", "json"]));
    let done = run(command.arg("--wasi-sdk").arg(sdk()));
    (place, done)
}

/// Bzip2's real files below `top`.
fn real() -> Vec<(String, Vec<u8>)> {
    let below = |(path, bytes)| (format!("top/{path}"), bytes);
    krate("bzip2").files().into_iter().map(below).collect()
}

/// Asserts that an archive of these bytes is refused with exit code 3 and these words, and that
/// nothing was written but the archive.
#[track_caller]
fn refused(bytes: Vec<u8>, words: &[&str]) {
    let (place, failed) = fetch(bytes);
    failed.exits(3).says(words);
    assert_eq!(place.stored("trees"), [""; 0], "{words:?}");
    assert_eq!(place.stored("tmp"), [""; 0], "{words:?}");
    let evil = |name: &String| name.contains("evil");
    assert_eq!(
        crate::support::names(&place.path(""))
            .iter()
            .find(|name| evil(name)),
        None
    );
}

/// The real files, then one more entry.
fn with(entry: &tar::Header, bytes: &[u8]) -> Vec<u8> {
    let mut archive = tar(&real());
    // Before the two empty blocks at the end.
    archive.truncate(archive.len() - 1024);
    archive.extend(entry.as_bytes());
    archive.extend(bytes);
    archive.resize(archive.len().next_multiple_of(512) + 1024, 0);
    archive
}

#[test]
fn entries_that_leave_the_archives_tree_or_are_no_files_are_refused_by_name() {
    let symlink = |path: &str, target: &str| {
        header(path.as_bytes(), EntryType::Symlink, 0, target.as_bytes())
    };
    let table = [
        (
            header(b"/tmp/evil.c", EntryType::Regular, 0, b""),
            "/tmp/evil.c",
            "its path is absolute",
        ),
        (
            header(b"C:evil.c", EntryType::Regular, 0, b""),
            "C:evil.c",
            "its path is absolute",
        ),
        (
            header(b"top/../../evil.c", EntryType::Regular, 0, b""),
            "top/../../evil.c",
            "contains `..`",
        ),
        (
            header(b"top\\..\\..\\evil.c", EntryType::Regular, 0, b""),
            "top\\..\\..\\evil.c",
            "contains `..`",
        ),
        (
            symlink("top/docs/evil", "../../../evil"),
            "top/docs/evil",
            "a link to `../../../evil`",
        ),
        (
            symlink("top/evil", "/etc/passwd"),
            "top/evil",
            "a link to `/etc/passwd`",
        ),
        (
            header(b"top/evil", EntryType::Link, 0, b"../evil"),
            "top/evil",
            "a link to `../evil`",
        ),
        (
            header(b"top/evil", EntryType::Char, 0, b""),
            "top/evil",
            "a device",
        ),
        (
            header(b"top/evil", EntryType::Block, 0, b""),
            "top/evil",
            "a device",
        ),
        (
            header(b"top/evil", EntryType::Fifo, 0, b""),
            "top/evil",
            "a named pipe",
        ),
        (
            header(b"top/bzlib.h", EntryType::Regular, 0, b""),
            "top/bzlib.h",
            "appears twice",
        ),
        (
            header(b"top/./bzlib.h", EntryType::Regular, 0, b""),
            "top/./bzlib.h",
            "appears twice",
        ),
    ];
    for (entry, name, words) in table {
        refused(with(&entry, b""), &[&format!("the entry `{name}`"), words]);
    }
}

#[test]
fn an_input_that_is_a_link_is_refused_even_within_the_tree() {
    let mut files = real();
    files.retain(|(path, _)| path != "top/bzlib.h");
    let mut archive = tar(&files);
    archive.truncate(archive.len() - 1024);
    archive.extend(header(b"top/bzlib.h", EntryType::Symlink, 0, b"bzlib_private.h").as_bytes());
    archive.extend([0; 1024]);
    refused(
        archive,
        &["the entry `top/bzlib.h`", "inputs are regular files"],
    );
}

#[test]
fn what_leaves_a_zips_tree_is_refused_by_name() {
    for (name, words) in [
        ("../evil.c", "contains `..`"),
        ("/tmp/evil.c", "its path is absolute"),
    ] {
        let mut files = real();
        files.push((name.to_owned(), Vec::new()));
        refused(zip(&files), &[&format!("the entry `{name}`"), words]);
    }
}

#[test]
fn inputs_beyond_the_recipes_limit_are_refused_by_name_and_limit() {
    let mut files = real();
    files
        .iter_mut()
        .find(|(path, _)| path == "top/huffman.c")
        .expect("it is there")
        .1
        .resize(9 << 20, b' ');
    refused(
        gz(&tar(&files)),
        &[
            "the entry `top/huffman.c`",
            "more than the 8388608 bytes",
            "inputs.max-size",
        ],
    );
}

#[test]
fn an_archive_that_expands_without_measure_is_refused_though_none_of_it_is_selected() {
    let size: u64 = 1100 << 20;
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("an encoder");
    let mut archive = tar(&real());
    archive.truncate(archive.len() - 1024);
    encoder.write_all(&archive).expect("in memory");
    encoder
        .write_all(header(b"top/evil", EntryType::Regular, size, b"").as_bytes())
        .expect("in memory");
    let zeros = vec![0; 1 << 20];
    for _ in 0..size / zeros.len() as u64 {
        encoder.write_all(&zeros).expect("in memory");
    }
    let bytes = encoder.finish().expect("in memory");
    assert!(
        bytes.len() < 1 << 20,
        "{} bytes would be allowed to expand so far",
        bytes.len()
    );
    refused(bytes, &["unpacks to more than 1073741824 bytes"]);
}

#[test]
fn what_is_no_archive_or_a_damaged_one_is_called_so() {
    refused(
        b"not what you think".to_vec(),
        &["not an archive of a known format"],
    );
    refused(b"<html>".to_vec(), &["an HTML page"]);
    let mut cut = gz(&tar(&real()));
    cut.truncate(cut.len() / 2);
    refused(cut, &["can't be unpacked"]);
    refused(
        tar(&[("other/bzlib.h".into(), Vec::new())]),
        &["has nothing below `top`", "other"],
    );
}

#[test]
fn every_format_gives_the_locked_inputs() {
    let plain = tar(&real());
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(&plain).expect("in memory");
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(&plain).expect("in memory");
    let formats = [
        ("tar.gz", gz(&plain)),
        ("tar.bz2", bzip2.finish().expect("in memory")),
        ("tar.xz", xz.finish().expect("in memory")),
        (
            "tar.zst",
            zstd::encode_all(plain.as_slice(), 1).expect("in memory"),
        ),
        ("zip", zip(&real())),
        ("tar", plain),
    ];
    for (format, bytes) in formats {
        let (_, done) = fetch(bytes);
        assert_eq!(done.code, 0, "{format}: {}", done.stderr);
        assert_eq!(done.data("fetched")["files"], 10, "{format}");
    }
}
