//! The build trace against a trace of the kernel's: what clang really opened.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::{archives_of, built, run, sdk, test, tool};
use crate::tampering::Chance;

/// Where the files are that `explain` names.
fn named(file: &Value, tree: &Path) -> PathBuf {
    let root = if file["of"] == "sdk" { sdk() } else { tree };
    root.join(file["path"].as_str().expect("a path"))
        .canonicalize()
        .expect("what was opened is there")
}

/// The regular files below `roots` that a command opened, by a trace of its system calls with the
/// kernel's own names of what they gave. Left out are programs and shared libraries, which are the
/// compiler and not what it compiled.
fn opened(trace: &str, roots: &[PathBuf]) -> BTreeSet<PathBuf> {
    let paths = trace.lines().filter_map(|line| {
        let (_, result) = line.rsplit_once(" = ")?;
        let (_, path) = result.strip_suffix('>')?.split_once('<')?;
        Some(PathBuf::from(path))
    });
    let is_program = |path: &PathBuf| {
        std::fs::read(path)
            .is_ok_and(|bytes| bytes.starts_with(b"\x7fELF") || bytes.starts_with(b"#!"))
    };
    let below = |path: &PathBuf| roots.iter().any(|root| path.starts_with(root)) && path.is_file();
    paths
        .filter(below)
        .filter(|path| !is_program(path))
        .collect()
}

#[test]
fn the_build_trace_of_members_picked_at_random_names_exactly_the_files_that_clang_is_seen_to_open()
{
    const PICKED: usize = 12;
    let prefix = built().path("out");
    let manifest: Value = serde_json::from_slice(
        &std::fs::read(prefix.join("share/wasideps/manifest.json")).expect("a manifest"),
    )
    .expect("JSON");
    let mut members = Vec::new();
    for source in manifest["sources"].as_array().expect("sources") {
        for archive in archives_of(source) {
            let names = archive["members"]
                .as_array()
                .expect("members")
                .iter()
                .map(|member| member["name"].as_str().expect("a name"));
            let path = archive["path"].as_str().expect("a path");
            members.extend(names.map(|name| {
                (
                    source["tree"].as_str().expect("a key"),
                    format!("{path}:{name}"),
                )
            }));
        }
    }
    let mut chance = Chance::new(0x0DDB_A115);
    for _ in 0..PICKED {
        let (tree, place) = chance.of(&members);
        let tree = built()
            .path("store/trees")
            .join(tree)
            .canonicalize()
            .expect("the tree is in the store");
        let explain = &[
            "sbom",
            "explain",
            place,
            "--prefix",
            "out",
            "--message-format",
            "json",
        ];
        let member = run(&mut built().command(explain))
            .exits(0)
            .data("explained")["member"]
            .take();
        let mut expected = BTreeSet::from([named(&member["source"], &tree)]);
        expected.extend(
            member["headers"]
                .as_array()
                .expect("headers")
                .iter()
                .map(|header| named(header, &tree)),
        );
        assert!(
            expected.len() > 1,
            "{place} has no header: nothing to compare"
        );

        let scratch = tempfile::tempdir().expect("a folder");
        let (trace, object) = (
            scratch.path().join("trace"),
            scratch.path().join("object.o"),
        );
        let root = sdk().canonicalize().expect("the SDK");
        let command = member["command"]
            .as_str()
            .expect("a command")
            .replace("<sdk>", &root.to_string_lossy());
        let arguments = command.strip_prefix("clang ").expect("a command of clang");
        let line = format!(
            "exec \"$1\" -f -y -e trace=open,openat,openat2 -o \"$2\" \"$3\" {arguments} -o \"$4\""
        );
        let mut traced = Command::new("sh");
        traced
            .args(["-c", &line, "sh"])
            .arg(tool("WASIDEPS_TEST_STRACE"))
            .arg(&trace)
            .arg(root.join("bin/clang"))
            .arg(&object);
        run(traced
            .current_dir(&tree)
            .env_clear()
            .env("PATH", "/usr/bin:/bin"))
        .exits(0);
        // It is the very compilation that made the member.
        let made =
            wasideps::model::Sha256::of(&std::fs::read(&object).expect("an object")).to_string();
        assert_eq!(member["sha256"], made.as_str(), "{place}");

        let seen = opened(
            &std::fs::read_to_string(&trace).expect("a trace"),
            &[tree, root],
        );
        let only = |one: &BTreeSet<PathBuf>, other: &BTreeSet<PathBuf>| {
            one.difference(other).cloned().collect::<Vec<_>>()
        };
        assert_eq!(
            (only(&seen, &expected), only(&expected, &seen)),
            (vec![], vec![]),
            "{place}: only seen, only in the build trace"
        );
    }
}
