//! Input that was made to fill memory or to hang its reader: each is bounded or refused. Memory is
//! what is asserted here, not time; that nothing hangs is a matter of a deadline that no honest run
//! comes near.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tar::EntryType;

use crate::sources::{Archive, gz, header};
use crate::support::{Place, Run, built, copy_tree, finished, run, sdk, test};

/// A process that is still there after so long waits for something that never comes.
const DEADLINE: Duration = Duration::from_secs(300);

/// Runs `command` to its end, and returns the most memory that it had resident, in MiB.
fn peak(command: &mut Command) -> (Run, u64) {
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let status = format!("/proc/{}/status", child.id());
    let started = Instant::now();
    let mut most = 0;
    let ended = loop {
        if let Ok(text) = std::fs::read_to_string(&status)
            && let Some(line) = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))
        {
            let kib: u64 = line
                .trim()
                .trim_end_matches(" kB")
                .parse()
                .expect("a number of KiB");
            most = most.max(kib >> 10);
        }
        if child.try_wait().expect("it is ours").is_some() {
            break child.wait_with_output().expect("it is over");
        }
        if started.elapsed() > DEADLINE {
            child.kill().expect("it is ours");
            let _ = child.wait();
            panic!("{command:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    (finished(ended), most)
}

/// Fetches bzip2 from an archive of these bytes.
fn fetch(bytes: Vec<u8>) -> (Run, u64) {
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
    let mut command = place.own(place.command(&["fetch", "--offline"]));
    peak(command.arg("--wasi-sdk").arg(sdk()))
}

/// A tar of one entry of `size` bytes, `byte` each, compressed to nearly nothing.
fn bomb(name: &[u8], kind: EntryType, size: u64, byte: u8) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).expect("an encoder");
    encoder
        .write_all(header(name, kind, size, b"").as_bytes())
        .expect("in memory");
    let piece = vec![byte; 1 << 20];
    for _ in 0..size / piece.len() as u64 {
        encoder.write_all(&piece).expect("in memory");
    }
    encoder
        .write_all(header(b"top/x", EntryType::Regular, 0, b"").as_bytes())
        .expect("in memory");
    encoder.write_all(&[0; 1024]).expect("in memory");
    encoder.finish().expect("in memory")
}

#[test]
fn headers_of_hundreds_of_megabytes_are_refused_and_never_held() {
    for kind in [
        EntryType::GNULongName,
        EntryType::GNULongLink,
        EntryType::XHeader,
    ] {
        let (failed, mib) = fetch(bomb(b"long", kind, 512 << 20, b'a'));
        failed
            .exits(3)
            .says(&["has more than 1048576 bytes of headers before one entry"]);
        assert!(mib < 150, "{kind:?}: {mib} MiB");
    }
}

#[test]
fn a_million_entries_are_refused_before_they_are_many() {
    let mut tar = Vec::new();
    for number in 0..300_000 {
        tar.extend(
            header(
                format!("other/{number}").as_bytes(),
                EntryType::Regular,
                0,
                b"",
            )
            .as_bytes(),
        );
    }
    let (failed, mib) = fetch(gz(&tar));
    failed
        .exits(3)
        .says(&["has more than 262144 files and folders"]);
    assert!(mib < 150, "{mib} MiB");
}

/// A copy of a built prefix.
fn prefix(place: &Place) -> std::path::PathBuf {
    let to = place.path("prefix");
    copy_tree(&built().path("out"), &to);
    to
}

#[test]
fn a_prefix_of_files_full_of_holes_is_verified_in_little_memory() {
    let place = Place::new();
    let prefix = prefix(&place);
    for library in ["libz.a", "libbz2.a", "libexpat.a", "liblzma.a"] {
        let path = prefix.join("lib").join(library);
        assert!(path.exists(), "{library}");
        std::fs::OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|file| file.set_len(200 << 20))
            .expect("it can grow");
    }
    let (failed, mib) = peak(
        place
            .command(&["verify", "prefix"])
            .arg("--wasi-sdk")
            .arg(sdk()),
    );
    failed.exits(3);
    assert!(mib < 500, "{mib} MiB, where 800 were to be read");
}

#[test]
fn a_database_of_large_records_is_read_in_little_memory() {
    let place = Place::new();
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let record =
        json!({ "id": "X-1", "modified": "2026-01-01T00:00:00Z", "affected": [] }).to_string();
    let blanks = vec![b' '; 1 << 20];
    for number in 0..50 {
        writer
            .start_file(
                format!("{number}.json"),
                zip::write::SimpleFileOptions::default(),
            )
            .expect("in memory");
        writer.write_all(record.as_bytes()).expect("in memory");
        for _ in 0..6 {
            writer.write_all(&blanks).expect("in memory");
        }
    }
    place.write("all.zip", writer.finish().expect("in memory").into_inner());
    let (done, mib) =
        peak(&mut place.command(&["audit", "--database", "all.zip", "--message-format", "json"]));
    assert_eq!(done.data("database")["records"], 50, "{}", done.stderr);
    assert!(mib < 150, "{mib} MiB, of a database of 300");
}

/// What is no regular file, in place of a file.
fn put(kind: &str, path: &Path) {
    let _ = std::fs::remove_file(path);
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("the folder can be made");
    match kind {
        "a pipe" => {
            let made = rustix::fs::mknodat(
                rustix::fs::CWD,
                path,
                rustix::fs::FileType::Fifo,
                0o600.into(),
                0,
            );
            made.expect("a pipe can be made");
        }
        "a link to a pipe" => {
            put("a pipe", &path.with_extension("pipe"));
            std::os::unix::fs::symlink(path.with_extension("pipe"), path)
                .expect("a link can be made");
        }
        "a device without end" => {
            std::os::unix::fs::symlink("/dev/zero", path).expect("a link can be made");
        }
        "a folder" => std::fs::create_dir(path).expect("it can be made"),
        // One byte more than any file of text may have, and no block on disk.
        _ => std::fs::File::create(path)
            .and_then(|file| file.set_len((256 << 20) + 1))
            .expect("it can be made"),
    }
}

#[test]
fn a_command_that_is_given_what_is_no_file_says_so_at_once() {
    let place = Place::new();
    place.copy_recipes();
    let whole = prefix(&place);
    let trace = whole.join("share/wasideps/trace.json");
    let manifest = whole.join("share/wasideps/manifest.json");
    let text = std::fs::read(&manifest).expect("the manifest");
    let recipe = place.path("own/recipes/zlib/recipe.toml");
    let patch = place.path("own/patches/zlib/0001-x.patch");
    copy_tree(&place.path("recipes"), &place.path("own/recipes"));
    let of = |place: &Place, args: &[&str]| place.command(args);
    for kind in [
        "a pipe",
        "a link to a pipe",
        "a device without end",
        "a folder",
        "a file that is too large",
    ] {
        let table: [(&Path, &[&str]); 12] = [
            (&manifest, &["audit", "--prefix", "prefix"]),
            (&manifest, &["env", "--prefix", "prefix"]),
            (&manifest, &["sbom", "--prefix", "prefix"]),
            (
                &manifest,
                &["sbom", "explain", "libz.a", "--prefix", "prefix"],
            ),
            (&trace, &["sbom", "explain", "libz.a", "--prefix", "prefix"]),
            (
                &trace,
                &["sbom", "--prefix", "prefix", "--html", "page.html"],
            ),
            (&place.path("file"), &["audit", "--database", "file"]),
            (
                &place.path("lock.json"),
                &["list", "--lockfile", "lock.json"],
            ),
            (
                &place.path("v.json"),
                &["audit", "--database", "audit.json", "--vex", "v.json"],
            ),
            (&recipe, &["list", "--recipes", "own/recipes"]),
            (&patch, &["list", "--recipes", "own/recipes"]),
            (
                &place.path("own/recipes/policy.toml"),
                &["audit", "--recipes", "own/recipes"],
            ),
        ];
        place.write(
            "audit.json",
            json!({ "id": "X-1", "modified": "2026-01-01T00:00:00Z" }).to_string(),
        );
        for (path, args) in table {
            let before = std::fs::read(path).ok();
            put(kind, path);
            let (failed, mib) = peak(&mut of(&place, args));
            // A folder holds records, or is one of the recipes' folders.
            if kind != "a folder" || path.starts_with(&whole) {
                assert!(
                    [1, 2, 3, 6].contains(&failed.code),
                    "{kind}: {args:?}: {}\n{}",
                    failed.code,
                    failed.stderr
                );
                let words = ["not a regular file", "a folder", "more than"];
                assert!(
                    words.iter().any(|words| failed.stderr.contains(words)),
                    "{kind}: {args:?}: {}",
                    failed.stderr
                );
            }
            assert!(mib < 400, "{kind}: {args:?}: {mib} MiB");
            let _ = std::fs::remove_file(path).or_else(|_| std::fs::remove_dir(path));
            if let Some(bytes) = before {
                std::fs::write(path, bytes).expect("it can be put back");
            }
        }
        assert_eq!(std::fs::read(&manifest).expect("the manifest"), text);
    }
    run(&mut place.command(&["env", "--prefix", "prefix"])).exits(0);
}

/// What a terminal obeys: controls, and marks that turn the direction of text around.
fn obeyed(text: &str) -> Vec<char> {
    let marks = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\t')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(|c| marks(*c)).collect()
}

const EVIL: &str = "\u{1b}]0;evil\u{7}\u{1b}[2J\u{9b}31m\u{202e}\u{2066}\nsqlite  affected  forged";

#[test]
fn nothing_of_others_reaches_the_terminal_but_what_it_shows() {
    let place = Place::new();
    place.copy_recipes();
    let name = format!("top/{}", EVIL.replace('\n', "_"));
    let mut tar = crate::sources::tar(&[("top/bzlib.h".to_owned(), Vec::new())]);
    tar.truncate(tar.len() - 1024);
    tar.extend(header(name.as_bytes(), EntryType::Fifo, 0, b"").as_bytes());
    tar.extend([0; 1024]);
    place.only(
        "bzip2",
        vec![
            Archive {
                bytes: tar,
                root: "top".into(),
            }
            .brought(&place),
        ],
    );
    let record = json!({
        "id": format!("X-1{EVIL}"), "modified": "2026-01-01T00:00:00Z", "summary": EVIL,
        "affected": [{ "package": { "ecosystem": "OSS-Fuzz", "name": "bzip2", "purl": "pkg:generic/bzip2" },
                       "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }] }] }],
    });
    place.write("osv.json", record.to_string());
    let prefix = prefix(&place);
    std::fs::write(prefix.join(format!("include/{EVIL}")), "").expect("a file may be called so");
    std::os::unix::fs::symlink(EVIL, prefix.join("include/link")).expect("a link may lead there");
    let fetch = |more: &[&str]| {
        let mut command = place.own(place.command(&[&["fetch", "--offline"], more].concat()));
        run(command.arg("--wasi-sdk").arg(sdk()))
    };
    let audit = |more: &[&str]| {
        run(&mut place.own(place.command(&[&["audit", "--database", "osv.json"], more].concat())))
    };
    let verify = |more: &[&str]| {
        run(place
            .command(&[&["verify", "prefix"], more].concat())
            .arg("--wasi-sdk")
            .arg(sdk()))
    };
    let json = ["--message-format", "json"];
    let runs = [
        ("an archive's entry", fetch(&[]), 3),
        ("an archive's entry, JSON", fetch(&json), 3),
        ("a record", audit(&[]), 6),
        ("a record, JSON", audit(&json), 6),
        ("a record, SARIF", audit(&["--message-format", "sarif"]), 6),
        ("a file's name", verify(&[]), 3),
        ("a file's name, JSON", verify(&json), 3),
        ("an argument", run(&mut place.command(&["list", EVIL])), 2),
    ];
    for (what, done, code) in runs {
        assert_eq!(done.code, code, "{what}: {}", done.stderr);
        let all = format!("{}{}", done.stdout, done.stderr);
        assert_eq!(
            obeyed(&all),
            [] as [char; 0],
            "{what}:\n{}",
            all.escape_debug()
        );
        assert!(all.contains("forged"), "{what} is shown:\n{all}");
        if what != "an argument" {
            assert!(
                !all.lines()
                    .any(|line| line.trim_start().starts_with("sqlite  affected")),
                "{what} forges a row:\n{all}"
            );
        }
    }
}

#[test]
fn a_password_of_a_lock_or_of_cargos_configuration_is_nowhere_to_be_read() {
    let place = Place::new();
    place.copy_recipes();
    let origin =
        |url: &str| json!({ "url": url, "root": "top", "sha256": "0".repeat(64), "size": 1 });
    for url in [
        "https://user:hunter2@example.org/e.tar.gz",
        "https://example.org/e.tar.gz?token=hunter2",
    ] {
        place.only("bzip2", vec![origin(url)]);
        for args in [
            &["list"][..],
            &["list", "--message-format", "json"],
            &["sbom"],
            &["fetch"],
        ] {
            let failed = run(&mut place.own(place.command(args))).exits(2);
            assert!(!failed.stdout.contains("hunter2"), "{}", failed.stdout);
            assert!(failed.stderr.contains("***"), "{}", failed.stderr);
        }
    }
    place.copy_recipes();
    place.write(
        "cargo-home/config.toml",
        "[source.crates-io]\nreplace-with = \"mine\"\n[source.mine]\nregistry = \"sparse+http://user:hunter2@127.0.0.1:1/\"\n",
    );
    place.only("bzip2", vec![json!({ "crate": "bzip2-sys", "crate-version": "0.1.0", "root": "x", "sha256": "0".repeat(64), "size": 1 })]);
    let failed = run(place
        .own(place.command(&["fetch"]))
        .arg("--wasi-sdk")
        .arg(sdk()));
    let all = format!("{}{}", failed.stdout, failed.stderr);
    assert!(all.contains("***") && !all.contains("hunter2"), "{all}");
}
