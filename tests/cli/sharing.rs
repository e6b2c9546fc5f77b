//! One store, several processes: what one makes the others take; and several users.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::support::{Place, leave_out, names, run, sdk, snapshot, system, test};

fn start(place: &Place, prefix: &str) -> Child {
    let mut command = place.build(&[
        "zlib",
        "bzip2",
        "--prefix",
        prefix,
        "--message-format",
        "json",
    ]);
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}

/// How often each file was compiled by `children`, which all succeed.
fn compiled(children: Vec<Child>) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            if line["reason"] == "compiled" && line["cached"] == false {
                *times
                    .entry(format!("{}: {}", line["subject"], line["file"]))
                    .or_default() += 1;
            }
        }
    }
    times
}

#[test]
fn builds_at_once_compile_each_file_once() {
    for _ in 0..3 {
        let place = Place::new();
        let times = compiled(
            ["one", "two", "three"]
                .map(|prefix| start(&place, prefix))
                .into(),
        );
        assert_eq!(times.len(), 22, "{times:#?}");
        assert!(times.values().all(|times| *times == 1), "{times:#?}");
        assert_eq!(snapshot(&place.path("one")), snapshot(&place.path("two")));
        let locks = place.stored("locks");
        assert!(
            locks.iter().all(|name| name.ends_with(".lock")),
            "{locks:?}"
        );
    }
}

#[test]
fn what_a_killed_build_was_compiling_is_compiled_by_the_one_that_waits() {
    let place = Place::new();
    let mut first = start(&place, "one");
    let mut lines = BufReader::new(first.stdout.take().expect("piped")).lines();
    // All of its compilers are at work.
    let started = lines
        .by_ref()
        .filter(|line| line.as_ref().expect("a line").contains("compile-started"));
    assert!(started.take(1).count() == 1);
    let second = start(&place, "two");
    first.kill().expect("it can be killed");
    first.wait().expect("it ends");
    let times = compiled(vec![second]);
    assert!(times.len() >= 20, "{times:#?}");
}

/// Holds the keys of all objects, as builds that compile them do; they go with what is returned.
pub fn hold_all_objects(place: &Place) -> Vec<std::fs::File> {
    let locks = place.path("store/locks");
    std::fs::create_dir_all(&locks).expect("a folder");
    let hold = |number| {
        let file =
            std::fs::File::create(locks.join(format!("object-{number:02x}.lock"))).expect("made");
        file.lock().expect("locked");
        file
    };
    (0..=255).map(hold).collect()
}

#[test]
fn who_waits_for_another_process_says_for_what() {
    let place = Place::new();
    // A build holds the key of each file that it compiles; here the test does, of all.
    let held = hold_all_objects(&place);
    let mut child = place
        .build(&["bzip2", "--prefix", "out"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let lines = BufReader::new(child.stderr.take().expect("piped")).lines();
    let waiting = lines
        .map(|line| line.expect("a line"))
        .find(|line| line.contains("Waiting"));
    let waiting = waiting.expect("a line that says so");
    assert!(
        waiting.contains("for another process that is compiling") && waiting.contains("bzip2"),
        "{waiting}"
    );
    drop(held);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_reader_that_holds_every_lock_file_of_the_sweep_holds_nobody_up() {
    let place = Place::new();
    let tmp = place.path("store/tmp");
    std::fs::create_dir_all(&tmp).expect("a folder");
    let held: Vec<_> = ["sweep.lock", "pAbCdEf.lock"]
        .iter()
        .map(|name| {
            std::fs::write(tmp.join(name), "").expect("written");
            let file = std::fs::File::open(tmp.join(name)).expect("opened for reading");
            file.lock().expect("locked");
            file
        })
        .collect();
    run(&mut place.build(&["bzip2", "--prefix", "out"])).exits(0);
    drop(held);
    run(&mut place.command(&["clean"])).exits(0);
    assert_eq!(names(&tmp), [""; 0]);
}

#[test]
fn a_store_whose_path_clang_can_not_leave_out_of_its_bytes_is_refused() {
    let place = Place::new();
    let mut command = crate::support::raw();
    run(command.arg("clean").arg("--store").arg(place.path("a=b")))
        .exits(2)
        .says(&["its path has a `=`", "--store DIR"]);
    assert!(!place.path("a=b").exists());
}

#[test]
fn a_folder_that_is_no_store_is_refused_and_nothing_in_it_is_made_or_removed() {
    let place = Place::new();
    for (file, text) in [
        ("work/tmp/mine/data", "precious"),
        ("work/tmp/mine.lock", ""),
        ("work/objects/my.o", "mine"),
    ] {
        place.write(file, text);
    }
    let work = place.path("work");
    let before = snapshot(&work);
    let clean = |args: &[&str], home: Option<&str>| {
        let mut command = crate::support::raw();
        command
            .current_dir(&work)
            .env("XDG_CACHE_HOME", place.path("cache"))
            .args([&["clean"], args].concat());
        home.map(|home| command.env("WASIDEPS_HOME", home));
        run(&mut command)
    };
    for args in [
        &[][..],
        &["--remove", "objects"],
        &[
            "--remove",
            "archives,trees,objects,actions,sdks,identities,runners,prefixes",
        ],
    ] {
        clean(&[args, &["--store", "."]].concat(), None)
            .exits(2)
            .says(&["is not a store of wasideps", "objects"]);
        clean(args, Some("."))
            .exits(2)
            .says(&["is not a store of wasideps"]);
        // Empty is unset: the store is the one of the cache folder.
        let shown = clean(args, Some("")).exits(0);
        assert!(shown.stdout.contains("cache/wasideps"), "{}", shown.stdout);
        clean(&[args, &["--store", ""]].concat(), None)
            .exits(2)
            .says(&["can't be empty"]);
    }
    assert_eq!(snapshot(&work), before);
}

#[test]
fn a_store_of_another_version_is_left_as_it_is() {
    let place = Place::new();
    place.write("store/format", "wasideps store 99\n");
    place.write("store/tmp/pDead.lock", "");
    place.write("store/tmp/pDead/file", "");
    let before = snapshot(&place.path("store"));
    for args in [
        &["clean"][..],
        &["clean", "--remove", "objects"],
        &["plan", "bzip2"],
    ] {
        run(&mut place.command(args))
            .exits(2)
            .says(&["says `wasideps store 99`"]);
    }
    assert_eq!(snapshot(&place.path("store")), before);
}

/// A store that all users may write, with the SDK and the program where all users can reach them.
struct Shared {
    place: Place,
    program: PathBuf,
    sdk: PathBuf,
}

/// A user and group that nobody else here has.
const OTHER: &str = "54321";

impl Shared {
    fn new() -> Self {
        let place = Place::new();
        let program = place.path("wasideps");
        std::fs::copy(env!("CARGO_BIN_EXE_wasideps"), &program).expect("the program can be copied");
        let sdk_copy = place.path("sdk");
        for (from, to) in [
            (sdk(), &sdk_copy),
            (&crate::support::archives(), &place.path("archives")),
        ] {
            assert!(
                Command::new("cp")
                    .arg("-a")
                    .arg(from)
                    .arg(to)
                    .status()
                    .expect("cp")
                    .success()
            );
        }
        Self {
            program,
            sdk: sdk_copy,
            place,
        }
    }

    /// Opens everything to everybody: what an administrator does once for a store of all.
    fn open(&self) {
        assert!(
            Command::new("chmod")
                .args(["-R", "a+rwX"])
                .arg(self.place.path("."))
                .status()
                .expect("chmod")
                .success()
        );
    }

    /// `wasideps ARGS` as root or as the other user, with a umask that lets all users write, as for
    /// any folder that is shared.
    fn command(&self, as_other: bool, args: &[&str]) -> Command {
        let mut command = system(if as_other { "setpriv" } else { "env" });
        if as_other {
            command.args(["--reuid", OTHER, "--regid", OTHER, "--clear-groups"]);
        }
        command
            .args(["sh", "-c", "umask 0; exec \"$@\"", "sh"])
            .arg(&self.program)
            .args(args)
            .current_dir(self.place.path("."));
        command
            .arg("--store")
            .arg(self.place.path("store"))
            .env_remove("WASIDEPS_HOME")
            .env_remove("WASI_SDK_PATH");
        command.stdin(Stdio::null());
        command
    }

    fn build(&self, as_other: bool, prefix: &str) -> Command {
        let mut command = self.command(
            as_other,
            &[
                "build",
                "bzip2",
                "--offline",
                "--prefix",
                prefix,
                "--from",
                "archives",
            ],
        );
        command.arg("--wasi-sdk").arg(&self.sdk);
        command
    }
}

/// Only root may act for another user.
fn needs_root() {
    if !rustix::process::geteuid().is_root() {
        leave_out("being root");
    }
}

#[test]
fn users_share_a_store_whoever_came_first_runs_or_was_killed() {
    needs_root();
    let shared = Shared::new();
    shared.open();
    // Root's build runs, and is then killed: its folder, lock file and keys are root's.
    let mut of_root = shared
        .build(false, "of-root")
        .stdout(Stdio::piped())
        .arg("--message-format")
        .arg("json")
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(of_root.stdout.take().expect("piped")).lines();
    assert!(lines.any(|line| line.expect("a line").contains("compile-started")));
    run(&mut shared.command(true, &["clean"])).exits(0);
    of_root.kill().expect("it can be killed");
    of_root.wait().expect("it ends");
    run(&mut shared.build(true, "of-other")).exits(0);
    // What the other user made serves root; damaged, each recovers from it.
    run(&mut shared.build(false, "of-root")).exits(0);
    assert_eq!(
        snapshot(&shared.place.path("of-root")),
        snapshot(&shared.place.path("of-other"))
    );
    for as_other in [true, false] {
        let objects = shared.place.path("store/objects");
        for name in names(&objects) {
            std::fs::write(objects.join(name), "damaged").expect("written");
        }
        let prefix = format!("again-{as_other}");
        run(&mut shared.build(as_other, &prefix))
            .exits(0)
            .says(&["was damaged and is made again"]);
        assert_eq!(
            snapshot(&shared.place.path(&prefix)),
            snapshot(&shared.place.path("of-other"))
        );
    }
    run(&mut shared.command(true, &["clean", "--remove", "objects,trees,identities"])).exits(0);
    run(&mut shared.command(false, &["clean"])).exits(0);
    assert_eq!(shared.place.stored("tmp"), [""; 0]);
}

#[test]
fn a_store_that_can_only_be_read_serves_a_build_that_finds_all_in_it() {
    needs_root();
    let shared = Shared::new();
    shared.open();
    run(&mut shared.build(false, "out")).exits(0);
    assert!(
        Command::new("chmod")
            .args(["-R", "go-w"])
            .arg(shared.place.path("store"))
            .status()
            .expect("chmod")
            .success()
    );
    let said = run(&mut shared.build(true, "out")).exits(0);
    assert!(said.stdout.contains("up to date"), "{}", said.stdout);
    run(&mut shared.command(true, &["clean"])).exits(0);
    // What must be made can't be kept: that is said.
    std::fs::remove_dir_all(shared.place.path("store/objects")).expect("the objects go");
    std::fs::create_dir(shared.place.path("store/objects")).expect("made");
    run(&mut shared.build(true, "other"))
        .exits(1)
        .says(&["Permission denied", "name another with `--store DIR`"]);
}
