//! Standard output that is full, that nobody reads, and failures as programs read them.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::CommandFactory as _;

use crate::server::Server;
use crate::sources::tar;
use crate::support::{Place, Run, finished, raw, run, sdk, test, wasmtime};

/// In an argument: a name that nothing has yet.
const NEW: &str = "{new}";

/// Where a source without a recipe is.
fn url() -> String {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let files = [
        ("x-1/LICENSE", ""),
        ("x-1/x.c", "int x;\n"),
        ("x-1/x.h", ""),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
    SERVER
        .get_or_init(|| Server::with([("/x-1.tar", tar(&files))]))
        .url("/x-{version}.tar")
}

/// Each subcommand with arguments by which it prints something: all those that there are, as the
/// tests below assert.
fn commands() -> Vec<(&'static str, Vec<String>)> {
    let sdk = sdk().to_str().expect("UTF-8").to_owned();
    let with_sdk = |args: &[&str]| {
        [
            args.iter().map(ToString::to_string).collect(),
            vec!["--wasi-sdk".to_owned(), sdk.clone()],
        ]
        .concat()
    };
    let plain = |args: &[&str]| args.iter().map(ToString::to_string).collect::<Vec<_>>();
    let runner = wasmtime().to_str().expect("UTF-8").to_owned();
    vec![
        ("fetch", with_sdk(&["fetch", "--offline"])),
        ("init", plain(&["init", NEW])),
        (
            "recipe new",
            plain(&[
                "recipe",
                "new",
                NEW,
                "1",
                "--license",
                "MIT",
                "--homepage",
                "https://example.org/",
                "--url",
                &url(),
            ]),
        ),
        (
            "build",
            with_sdk(&["build", "--offline", "--prefix", "out"]),
        ),
        (
            "check",
            with_sdk(&["check", "--offline", "--prefix", "out", "--runner", &runner]),
        ),
        ("sdk", with_sdk(&["sdk", "overlay", "--prefix", "out"])),
        ("env", plain(&["env", "--prefix", "out"])),
        ("externals", plain(&["externals", NEW, "--offline"])),
        ("pack", plain(&["pack", NEW, "--prefix", "out"])),
        ("install", plain(&["install", "packed", "--prefix", NEW])),
        ("sbom", plain(&["sbom", "--prefix", "out"])),
        (
            "sbom explain",
            plain(&["sbom", "explain", "lib/libthing.a", "--prefix", "out"]),
        ),
        ("audit", plain(&["audit"])),
        ("outdated", plain(&["outdated"])),
        ("diff", plain(&["diff", "out", "out"])),
        ("verify", plain(&["verify", "out"])),
        (
            "lock",
            plain(&["lock", "thing", "1", "--dry-run", "--offline"]),
        ),
        ("update", plain(&["update", "thing", "--dry-run"])),
        ("list", plain(&["list"])),
        ("plan", with_sdk(&["plan"])),
        ("recipe check", with_sdk(&["recipe", "check", "--offline"])),
        ("clean", plain(&["clean"])),
        ("schema", plain(&["schema", "recipe"])),
        ("completions", plain(&["completions", "bash"])),
        ("man", plain(&["man", "pages"])),
    ]
}

/// All subcommands that do something, by their names.
fn leaves(command: &clap::Command, name: &str, found: &mut BTreeSet<String>) {
    for inner in command.get_subcommands() {
        leaves(inner, format!("{name} {}", inner.get_name()).trim(), found);
    }
    // One that can't be called without another of its own is none.
    if !name.is_empty() && !command.is_subcommand_required_set() {
        found.insert(name.to_owned());
    }
}

fn place() -> Place {
    let place = crate::check::place(
        "#include <thing.h>\nint main(void) { return thing() - 42; }\n",
        "exit = 0",
    );
    run(&mut place.command(&["pack", "packed", "--prefix", "out"])).exits(0);
    place
}

fn full() -> std::fs::File {
    OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("a system with /dev/full")
}

/// Runs `args` with its standard output in `stdout`.
fn into(place: &Place, args: &[String], stdout: impl Into<std::process::Stdio>) -> Run {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let new = format!("new-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let args: Vec<String> = args.iter().map(|arg| arg.replace(NEW, &new)).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let child = place
        .own(place.command(&args))
        .stdout(stdout)
        .stderr(std::process::Stdio::piped())
        .spawn();
    finished(
        child
            .expect("it starts")
            .wait_with_output()
            .expect("it ends"),
    )
}

#[test]
fn every_command_is_tried() {
    let mut all = BTreeSet::new();
    leaves(&wasideps::cli::Cli::command(), "", &mut all);
    let tried: BTreeSet<String> = commands()
        .into_iter()
        .map(|(name, _)| name.to_owned())
        .collect();
    assert_eq!(tried, all);
}

#[test]
fn output_that_is_lost_is_exit_1_and_output_that_nobody_reads_is_none_of_ours() {
    let place = place();
    for (name, args) in commands() {
        let json = [
            args.clone(),
            vec!["--message-format".to_owned(), "json".to_owned()],
        ]
        .concat();
        for args in [&args, &json] {
            let whole = into(&place, args, std::process::Stdio::piped());
            assert!(
                !whole.stdout.is_empty(),
                "{name} prints nothing: {}",
                whole.stderr
            );
            let lost = into(&place, args, full())
                .says(&["standard output can't be written: No space left on device"]);
            assert_eq!(
                lost.code,
                if whole.code == 0 { 1 } else { whole.code },
                "{name}: {}",
                lost.stderr
            );
            let (reader, writer) = std::io::pipe().expect("a pipe");
            drop(reader);
            let unread = into(&place, args, writer);
            assert_eq!(unread.code, whole.code, "{name}: {}", unread.stderr);
            assert!(
                !unread.stderr.contains("standard output") && !unread.stderr.contains("pipe"),
                "{name}: {}",
                unread.stderr
            );
        }
    }
}

#[test]
fn help_and_version_that_are_lost_are_exit_1() {
    for args in [
        &["--help"][..],
        &["-h"],
        &["--version"],
        &["help"],
        &["help", "build"],
        &["build", "--help"],
    ] {
        let run = |stdout: std::process::Stdio| {
            let child = raw()
                .args(args)
                .stdout(stdout)
                .stderr(std::process::Stdio::piped())
                .spawn();
            finished(
                child
                    .expect("it starts")
                    .wait_with_output()
                    .expect("it ends"),
            )
        };
        run(full().into())
            .exits(1)
            .says(&["standard output can't be written: No space left on device"]);
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        assert_eq!(run(writer.into()).exits(0).stderr, "");
        assert!(!run(std::process::Stdio::piped()).exits(0).stdout.is_empty());
    }
}

#[test]
fn a_document_that_a_disk_cuts_is_exit_1() {
    let place = Place::new();
    let script = "mkdir disk; mount -t tmpfs -o size=16k none disk; \"$@\" >disk/sbom.json";
    let command = place.command(&["sbom"]);
    run(&mut crate::store::mounting(&command, script))
        .exits(1)
        .says(&[
            "standard output can't be written",
            "No space left on device",
        ]);
}

/// A disk that is full for a moment only.
#[test]
fn where_output_was_cut_programs_find_an_error_on_a_line_of_its_own() {
    let place = Place::new();
    let strace = crate::support::tool("WASIDEPS_TEST_STRACE");
    let inner = place.command(&["list", "--message-format", "json"]);
    let mut command = Command::new(strace);
    // The second write to standard output fails.
    command
        .args(["-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"])
        .args(["-e", "trace=write", "-P"])
        .arg(place.path("out.json"));
    command
        .args(["-e", "inject=write:error=ENOSPC:when=2"])
        .arg(inner.get_program())
        .args(inner.get_args())
        .current_dir(place.path(""));
    let file = std::fs::File::create(place.path("out.json")).expect("made");
    let child = command
        .stdout(file)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    finished(child.wait_with_output().expect("it ends"))
        .exits(1)
        .says(&["standard output can't be written"]);
    let text = std::fs::read_to_string(place.path("out.json")).expect("read");
    let last: serde_json::Value =
        serde_json::from_str(text.lines().last().expect("a line")).expect("JSON");
    assert_eq!(
        (last["reason"].as_str(), last["exit_code"].as_u64()),
        (Some("error"), Some(1)),
        "{last}"
    );
    assert!(
        text.lines().count() < 5,
        "the result went on after its second line was lost:\n{text}"
    );
}

#[test]
fn a_wrong_command_line_is_an_error_object_as_well_where_json_is_asked_for() {
    for args in [
        &["--message-format", "json", "build", "--no-such"][..],
        &["list", "--message-format=json", "extra"],
        &["--message-format", "json"],
    ] {
        let lines = run(raw().args(args)).exits(2).json();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!(
            (lines[0]["reason"].as_str(), lines[0]["exit_code"].as_u64()),
            (Some("error"), Some(2)),
            "{lines:?}"
        );
    }
    assert_eq!(run(raw().args(["build", "--no-such"])).exits(2).stdout, "");
}

#[test]
fn a_cause_is_told_once() {
    let place = Place::new();
    let failed = run(&mut place.command(&["list", "--recipes", "nowhere"]));
    assert_eq!(
        failed.stderr.matches("No such file or directory").count(),
        1,
        "{}",
        failed.stderr
    );
}
