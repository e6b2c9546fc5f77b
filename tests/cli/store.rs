//! The store and the prefix when things go wrong: killed processes, two at once, flipped bits, full
//! and read-only disks.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{Place, leave_out, names, run, snapshot, test};

fn build(place: &Place, args: &[&str]) -> Command {
    place.build(&[args, &["--prefix", "out"]].concat())
}

/// Bzip2's prefix, as an undisturbed build makes it.
fn clean() -> Vec<String> {
    let place = Place::new();
    run(&mut build(&place, &["bzip2"])).exits(0);
    snapshot(&place.path("out"))
}

/// Asserts that nobody's temporary files are left: neither in the store nor beside the prefix.
#[track_caller]
fn nothing_is_left(place: &Place) {
    assert_eq!(place.stored("tmp"), [""; 0]);
    let beside: Vec<_> = names(&place.path(""))
        .into_iter()
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(beside, [""; 0]);
}

/// Kills the process without giving it time to tidy up, its compilers with it as a machine that
/// stops would.
fn kill(mut child: Child) {
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
}

#[test]
fn after_a_kill_at_any_step_the_prefix_is_the_old_or_the_new_one_and_the_same_command_makes_the_new_one()
 {
    let new = clean();
    // The number of the line of its report after which a build is killed, and how long after it:
    // from the first line on to the last one, when all is compiled and the prefix is put together
    // and swapped. A count of lines that is not reached means that the build has ended.
    let moments = [
        (0, 0),
        (1, 0),
        (2, 2),
        (4, 20),
        (9, 50),
        (14, 10),
        (16, 0),
        (16, 1),
        (16, 2),
        (16, 4),
        (16, 8),
        (17, 0),
    ];
    let mut unfinished = 0;
    for (lines, milliseconds) in moments {
        let place = Place::new();
        // There is an older prefix: a folder with a manifest, made from a store of its own.
        let old = old_prefix(&place);
        let mut child = build(&place, &["bzip2", "--message-format", "json"]);
        let mut child = child
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let reader = BufReader::new(child.stdout.take().expect("piped"));
        let mut reader = reader.lines();
        let seen = reader.by_ref().take(lines).count();
        std::thread::sleep(Duration::from_millis(milliseconds));
        kill(child);
        let moment = format!("{milliseconds} ms after line {seen}");
        let found = if place.path("out").exists() {
            snapshot(&place.path("out"))
        } else {
            Vec::new()
        };
        // Without the exchange of two names in one step, which not every file system has, there may
        // be none for a moment.
        let aside = || {
            names(&place.path("")).iter().any(|name| {
                place
                    .path(name)
                    .join("old/share/wasideps/manifest.json")
                    .exists()
            })
        };
        assert!(
            found == old || found == new || (found.is_empty() && aside()),
            "{moment}: {found:#?}"
        );
        unfinished += usize::from(found != new);
        run(&mut build(&place, &["bzip2"])).exits(0);
        assert_eq!(snapshot(&place.path("out")), new, "{moment}");
        nothing_is_left(&place);
    }
    assert!(
        unfinished >= 6,
        "only {unfinished} builds were killed in time"
    );
}

/// A prefix of ours with less in it.
fn old_prefix(place: &Place) -> Vec<String> {
    static OLD: std::sync::OnceLock<Place> = std::sync::OnceLock::new();
    let old = OLD.get_or_init(|| {
        let old = Place::new();
        run(&mut build(&old, &["zlib"])).exits(0);
        old
    });
    crate::support::copy_tree(&old.path("out"), &place.path("out"));
    snapshot(&old.path("out"))
}

#[test]
fn builds_at_once_on_one_store_all_succeed_with_the_same_bytes() {
    let place = Place::new();
    let start = |prefix: &str| {
        let mut command = place.build(&["bzip2", "--prefix", prefix]);
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts")
    };
    let children = ["same", "same", "other", "third"].map(start);
    for child in children {
        let output = child.wait_with_output().expect("it ends");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let clean = clean();
    for prefix in ["same", "other", "third"] {
        assert_eq!(snapshot(&place.path(prefix)), clean, "{prefix}");
    }
    nothing_is_left(&place);
}

#[test]
fn a_store_of_another_format_is_left_alone() {
    let place = Place::new();
    place.write("store/format", "wasideps store 99\n");
    run(&mut build(&place, &["bzip2"]))
        .exits(2)
        .says(&["says `wasideps store 99`"]);
    assert_eq!(place.stored("objects"), [""; 0]);
}

/// A command that runs `script` (its positional parameters: wasideps and its arguments) where it
/// may mount file systems that nobody else sees: as root with mounts of its own, else as root of a
/// user namespace. What is mounted goes with the command.
pub fn mounting(command: &Command, script: &str) -> Command {
    let mut inner = Command::new("unshare");
    let probe = |args: &[&str]| {
        let tried = Command::new("unshare")
            .args(args)
            .args(["mount", "-t", "tmpfs", "none", "/mnt"])
            .output();
        tried.is_ok_and(|output| output.status.success())
    };
    let args = [&["--mount"][..], &["--user", "--map-root-user", "--mount"]]
        .into_iter()
        .find(|args| probe(args));
    let args = args.unwrap_or_else(|| {
        leave_out("`unshare --mount` that may mount a tmpfs, as root or in a user namespace")
    });
    inner
        .args(args)
        .args(["sh", "-euc", script, "sh"])
        .arg(command.get_program())
        .args(command.get_args());
    inner.current_dir(command.get_current_dir().expect("a folder"));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => inner.env(name, value),
            None => inner.env_remove(name),
        };
    }
    inner
}

#[test]
fn a_full_disk_under_the_store_is_told_and_the_prefix_stays() {
    let place = Place::new();
    let old = old_prefix(&place);
    // There is room for the archive, but not for all that follows: some of it is written here, some
    // by clang, whose last words nobody wants.
    for size in [860, 920, 960, 1000] {
        let script = format!("mkdir -p store; mount -t tmpfs -o size={size}k none store; \"$@\"");
        let failed = run(&mut mounting(&build(&place, &["bzip2"]), &script))
            .exits(1)
            .says(&["the store's disk is full"]);
        assert!(
            !failed.stderr.contains("PLEASE submit a bug report"),
            "{}",
            failed.stderr
        );
        assert_eq!(snapshot(&place.path("out")), old);
    }
    // With room, the same command works.
    run(&mut build(&place, &["bzip2"])).exits(0);
}

#[test]
fn a_full_disk_under_the_prefix_is_told_and_the_prefix_stays() {
    let place = Place::new();
    let old = old_prefix(&place);
    // Half of the new prefix finds room beside the old one.
    let script = "mkdir disk; mount -t tmpfs -o size=1400k none disk; cp -a out disk/out; \
                  status=0; \"$@\" || status=$?; diff -r out disk/out; ls -A disk; exit $status";
    let command = place.build(&["bzip2", "zlib", "--prefix", "disk/out"]);
    let failed = run(&mut mounting(&command, script))
        .exits(1)
        .says(&["No space left on device", "the prefix is unchanged"]);
    assert_eq!(
        failed.stdout, "out\n",
        "something else is left beside the prefix, or it has changed"
    );
    assert_eq!(snapshot(&place.path("out")), old);
}

#[test]
fn a_read_only_store_is_told_and_the_prefix_stays() {
    let place = Place::new();
    let old = old_prefix(&place);
    let script = "mount --bind store store; mount -o remount,ro,bind store; \"$@\"";
    run(&mut mounting(&build(&place, &["bzip2"]), script))
        .exits(1)
        .says(&["Read-only file system", "--store DIR"]);
    assert_eq!(snapshot(&place.path("out")), old);
}

#[test]
fn a_read_only_folder_around_the_prefix_is_told_and_the_prefix_stays() {
    let place = Place::new();
    std::fs::create_dir(place.path("disk")).expect("a folder");
    let command = place.build(&["bzip2", "--prefix", "disk/out"]);
    let script = "mount --bind disk disk; mount -o remount,ro,bind disk; \"$@\"";
    run(&mut mounting(&command, script))
        .exits(1)
        .says(&["Read-only file system", "disk"]);
    assert_eq!(names(&place.path("disk")), [""; 0]);
}
