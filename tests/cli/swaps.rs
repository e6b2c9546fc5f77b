//! A prefix that is replaced while others are at it: builds from two stores and by two names,
//! readers, users who put files in.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::store::mounting;
use crate::support::{Place, Run, copy_tree, finished, names, run, sdk, snapshot, test};
use crate::verify::{read, verify, write};

pub fn build(place: &Place, args: &[&str]) -> Command {
    place.build(&[&["bzip2", "--prefix"], args].concat())
}

fn start(mut command: Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}

/// A place whose store has all objects of bzip2, and a snapshot of the prefix that they make.
pub fn warm() -> (Place, Vec<String>) {
    let place = Place::new();
    run(&mut build(&place, &["warm"])).exits(0);
    let clean = snapshot(&place.path("warm"));
    (place, clean)
}

/// Asserts that nothing of a build lies beside the prefixes in `dir`.
#[track_caller]
fn nothing_is_left(dir: &Path) {
    let hidden: Vec<_> = names(dir)
        .into_iter()
        .filter(|name| name.contains(".wasideps-"))
        .collect();
    assert_eq!(hidden, [""; 0]);
}

#[test]
fn two_builds_of_one_prefix_from_two_stores_leave_a_good_one() {
    let (place, clean) = warm();
    copy_tree(&place.path("store"), &place.path("second"));
    let prefix = place.path("out");
    for round in 0..20u64 {
        let _ = std::fs::remove_dir_all(&prefix);
        let first = start(build(&place, &["out", "-q"]));
        std::thread::sleep(Duration::from_millis(round * 17 % 120));
        let inner = build(&place, &["out", "-q"]);
        let mut second = Command::new(inner.get_program());
        second.current_dir(place.path(""));
        let second_store = |arg: &std::ffi::OsStr| {
            if arg == place.path("store") {
                place.path("second").into()
            } else {
                arg.to_owned()
            }
        };
        second.args(inner.get_args().map(second_store));
        let second = start(second);
        for child in [first, second] {
            let output = child.wait_with_output().expect("it ends");
            assert!(
                output.status.success(),
                "round {round}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        verify(&prefix, &[]).exits(0);
        assert_eq!(snapshot(&prefix), clean, "round {round}");
        nothing_is_left(&place.path(""));
    }
}

#[test]
fn builds_of_one_prefix_by_its_three_names_leave_a_good_one() {
    let (place, clean) = warm();
    std::fs::create_dir_all(place.path("real/inner")).expect("folders");
    symlink(place.path("real"), place.path("link")).expect("a link");
    for round in 0..10u64 {
        let _ = std::fs::remove_dir_all(place.path("real/q"));
        let children = ["real/q", "link/q", "real/inner/../q"].map(|name| {
            std::thread::sleep(Duration::from_millis(round * 13 % 90));
            start(build(&place, &[name, "-q"]))
        });
        for child in children {
            let output = child.wait_with_output().expect("it ends");
            assert!(
                output.status.success(),
                "round {round}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        verify(&place.path("real/q"), &[]).exits(0);
        assert_eq!(snapshot(&place.path("real/q")), clean, "round {round}");
        nothing_is_left(&place.path("real"));
    }
}

/// Starts `command`, waits until it says `text`, lets go of `lock`, and gives what came of it.
fn waits(command: Command, text: &str, lock: std::fs::File) -> Run {
    use std::io::Read as _;
    let mut child = start(command);
    let mut stderr = child.stderr.take().expect("piped");
    let mut said = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&said).contains(text) {
        assert_eq!(
            stderr.read(&mut byte).expect("it speaks"),
            1,
            "it ended: {}",
            String::from_utf8_lossy(&said)
        );
        said.push(byte[0]);
    }
    assert!(
        child.try_wait().expect("asked").is_none(),
        "it did not wait"
    );
    drop(lock);
    let output = child.wait_with_output().expect("it ends");
    finished(output)
}

#[test]
fn who_waits_says_for_what() {
    let (place, clean) = warm();
    // The lock of another build, whoever's it is.
    let lock = std::fs::File::create(place.path(".out.wasideps-lock")).expect("made");
    lock.lock().expect("locked");
    waits(build(&place, &["out"]), "works on", lock).exits(0);
    assert_eq!(snapshot(&place.path("out")), clean);
    nothing_is_left(&place.path(""));
    // A reader is waited for as well, and only when there is something to swap.
    let reading = std::fs::File::open(place.path("out")).expect("opened");
    reading.lock_shared().expect("locked");
    run(&mut build(&place, &["out/../out"])).exits(0);
    place.edit("out/include/bzlib.h", "BZ_MAX_UNUSED", "BZ_MAX_UNUSE");
    waits(build(&place, &["out"]), "that read", reading).exits(0);
    assert_eq!(snapshot(&place.path("out")), clean);
}

#[test]
fn readers_beside_swaps_see_one_prefix_or_the_other() {
    let (place, _) = warm();
    run(&mut place.build(&["zlib", "--prefix", "other"])).exits(0);
    run(&mut build(&place, &["out"])).exits(0);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Also when a reader fails: else the swaps would go on for ever.
        let ends = Stops(&stop);
        let swaps = scope.spawn(|| {
            let mut swaps = 0;
            while !stop.load(Ordering::Relaxed) {
                run(&mut place.build(&[["zlib", "bzip2"][swaps % 2], "--prefix", "out", "-q"]))
                    .exits(0);
                swaps += 1;
            }
            swaps
        });
        let sdk = sdk().to_str().expect("UTF-8");
        let commands: [(&[&str], i32); 6] = [
            (&["verify", "out"], 0),
            (&["sdk", "overlay", "--prefix", "out", "--wasi-sdk", sdk], 0),
            (&["sbom", "--prefix", "out"], 0),
            // Nothing is called that.
            (&["sbom", "explain", "include/none.h", "--prefix", "out"], 2),
            (&["env", "--prefix", "out"], 0),
            (&["audit", "--prefix", "out"], 0),
        ];
        for _ in 0..5 {
            for (args, code) in commands {
                run(&mut place.command(args)).exits(code);
            }
        }
        drop(ends);
        assert!(
            swaps.join().expect("no panic") > 5,
            "hardly anything was swapped"
        );
    });
    nothing_is_left(&place.path(""));
}

/// Sets what it holds when it goes.
struct Stops<'a>(&'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does something to a prefix.
pub type Change = fn(&Path);

/// A build of bzip2 that has looked at what is at `out`, and is at its first compile job: its store
/// is empty. `injects` is for [`meddled`].
fn begun(place: &Place, injects: &[&str]) -> Child {
    let command = build(place, &["out", "--replace"]);
    let child = start(if injects.is_empty() {
        command
    } else {
        meddled(place, &command, injects)
    });
    let is_stage = |name: &String| name.starts_with(".out.wasideps-") && !name.ends_with("lock");
    for _ in 0..30_000 {
        if names(&place.path("")).iter().any(is_stage) {
            return child;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!(
        "it made no stage: {}",
        String::from_utf8_lossy(&child.wait_with_output().expect("it ends").stderr)
    );
}

#[test]
fn what_a_user_puts_into_the_prefix_while_it_is_built_stays_and_fails_the_build() {
    let changes: [(&str, Change); 4] = [
        ("lib/mine.a", |prefix| {
            std::fs::write(prefix.join("lib/mine.a"), "mine").expect("written");
        }),
        ("a/b/", |prefix| {
            std::fs::create_dir_all(prefix.join("a/b")).expect("made");
        }),
        ("lib/link.a", |prefix| {
            symlink("nowhere", prefix.join("lib/link.a")).expect("linked");
        }),
        ("include/zlib.h", |prefix| {
            std::fs::write(prefix.join("include/zlib.h"), "mine").expect("written");
        }),
    ];
    for (named, change) in changes {
        let place = Place::new();
        run(&mut place.build(&["expat", "--prefix", "out"])).exits(0);
        let child = begun(&place, &[]);
        change(&place.path("out"));
        let before = snapshot_with_links(&place.path("out"));
        finished(child.wait_with_output().expect("it ends"))
            .exits(2)
            .says(&["did not put there", named]);
        assert_eq!(snapshot_with_links(&place.path("out")), before, "{named}");
        nothing_is_left(&place.path(""));
    }
}

#[test]
fn a_folder_that_comes_where_a_prefix_is_built_stays() {
    let place = Place::new();
    let child = begun(&place, &[]);
    place.write("out/thesis.txt", "mine");
    finished(child.wait_with_output().expect("it ends"))
        .exits(2)
        .says(&["thesis.txt"]);
    assert_eq!(names(&place.path("out")), ["thesis.txt"]);
    nothing_is_left(&place.path(""));
}

/// Paths, kinds and contents; links are not followed.
fn snapshot_with_links(dir: &Path) -> Vec<String> {
    let listed = run(Command::new("find")
        .arg(dir)
        .args(["-printf", "%y %m %P %l %s\\n"]))
    .exits(0)
    .stdout;
    let mut lines: Vec<_> = listed.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// Makes an SDK overlay of the prefix `warm`.
fn overlay(place: &Place) -> Run {
    run(&mut place.command(&[
        "sdk",
        "overlay",
        "--prefix",
        "warm",
        "--wasi-sdk",
        sdk().to_str().expect("UTF-8"),
    ]))
}

#[test]
fn what_a_user_has_put_into_an_sdk_view_stays() {
    let (place, _) = warm();
    overlay(&place).exits(0);
    let before = snapshot_with_links(&place.path("overlay"));
    overlay(&place).exits(0);
    assert_eq!(snapshot_with_links(&place.path("overlay")), before);
    for mine in [
        "overlay/mine.txt",
        "overlay/share/wasi-sysroot/include/mine.h",
        "overlay/notes/today",
    ] {
        place.write(mine, "mine");
        overlay(&place)
            .exits(2)
            .says(&["did not put there", mine.trim_start_matches("overlay/")]);
        assert_eq!(
            std::fs::read_to_string(place.path(mine)).expect("it is there"),
            "mine"
        );
        std::fs::remove_file(place.path(mine)).expect("it goes");
    }
    std::fs::remove_dir(place.path("overlay/notes")).expect("it is empty");
    overlay(&place).exits(0);
}

#[test]
fn an_sdk_overlay_of_a_damaged_prefix_is_refused_and_the_file_named() {
    let (place, _) = warm();
    for file in ["lib/libbz2.a", "include/bzlib.h", "lib/pkgconfig/bzip2.pc"] {
        let mut bytes = read(&place.path("warm"), file);
        bytes[20] ^= 1;
        write(&place.path("warm"), file, &bytes);
        overlay(&place).exits(3).says(&[file, "has SHA-256"]);
        assert!(!place.path("overlay").exists());
        bytes[20] ^= 1;
        write(&place.path("warm"), file, &bytes);
    }
    nothing_is_left(&place.path(""));
}

#[test]
fn a_path_where_no_prefix_can_be_is_refused_before_anything_is_compiled() {
    let place = Place::new();
    place.write("file", "mine");
    std::fs::create_dir(place.path("inner")).expect("a folder");
    symlink("nowhere/at/all", place.path("dangling")).expect("a link");
    run(Command::new("mkfifo").arg(place.path("fifo"))).exits(0);
    let cases = [
        ("", "a path can't be empty"),
        ("/", "the root of the file system"),
        (".", "the command runs in it"),
        ("inner/..", "the command runs in it"),
        ("file", "it is not a folder"),
        ("fifo", "it is not a folder"),
        ("/dev/null", "it is not a folder"),
        ("file/below", "is not a folder"),
        ("dangling", "nowhere/at/all"),
        ("/proc", "mount point"),
    ];
    for (prefix, says) in cases {
        run(&mut place.with_archives(&["build", "bzip2", "--prefix", prefix]))
            .exits(2)
            .says(&[says]);
    }
    assert_eq!(place.stored("objects"), [""; 0]);
    assert_eq!(
        std::fs::read_link(place.path("dangling")).expect("still a link"),
        PathBuf::from("nowhere/at/all")
    );
    assert_eq!(
        std::fs::read_to_string(place.path("file")).expect("still a file"),
        "mine"
    );
    nothing_is_left(&place.path(""));
}

#[test]
fn a_mount_point_is_refused_before_anything_is_compiled_and_a_folder_in_it_is_built() {
    let place = Place::new();
    std::fs::create_dir(place.path("volume")).expect("a folder");
    for mount in ["mount -t tmpfs none volume", "mount --bind volume volume"] {
        let script = format!("{mount}; \"$@\"");
        let refused = run(&mut mounting(&build(&place, &["volume"]), &script)).exits(2);
        refused.says(&["it is a mount point", "name a folder in it"]);
        assert_eq!(place.stored("objects"), [""; 0]);
    }
    run(&mut mounting(
        &build(&place, &["volume/sysroot"]),
        "mount -t tmpfs none volume; \"$@\"; ls -A volume",
    ))
    .exits(0);
}

#[test]
fn a_folder_that_cannot_be_written_is_told_before_anything_is_compiled_and_can_be_up_to_date() {
    let (place, _) = warm();
    std::fs::create_dir(place.path("disk")).expect("a folder");
    run(&mut build(&place, &["disk/out"])).exits(0);
    let read_only = "mount --bind disk disk; mount -o remount,ro,bind disk; \"$@\"";
    run(&mut mounting(&build(&place, &["disk/out"]), read_only)).exits(0);
    std::fs::remove_dir_all(place.path("store/objects")).expect("it goes");
    run(&mut mounting(&build(&place, &["disk/new"]), read_only))
        .exits(1)
        .says(&["Read-only file system"]);
    assert_eq!(place.stored("objects"), [""; 0]);
}

#[test]
fn a_name_as_long_as_the_file_system_takes_is_built_and_a_longer_one_refused() {
    let (place, clean) = warm();
    for length in [200, 201, 240, 241, 255] {
        let name = "p".repeat(length);
        run(&mut build(&place, &[&name])).exits(0);
        assert_eq!(snapshot(&place.path(&name)), clean, "{length}");
    }
    nothing_is_left(&place.path(""));
    run(&mut build(&place, &[&"p".repeat(256)]))
        .exits(1)
        .says(&["File name too long"]);
}

#[test]
fn a_private_prefix_stays_private() {
    let (place, clean) = warm();
    run(&mut build(&place, &["out"])).exits(0);
    std::fs::set_permissions(place.path("out"), std::fs::Permissions::from_mode(0o700))
        .expect("set");
    run(&mut place.build(&["zlib", "--prefix", "out"])).exits(0);
    let mode = |path: &Path| {
        std::fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o7777
    };
    assert_eq!(mode(&place.path("out")), 0o700);
    // One that everybody may change is no wish of a user's.
    std::fs::set_permissions(place.path("out"), std::fs::Permissions::from_mode(0o777))
        .expect("set");
    run(&mut build(&place, &["out"])).exits(0);
    assert_eq!(mode(&place.path("out")), 0o755);
    assert_eq!(snapshot(&place.path("out")), clean);
}

#[test]
fn a_swap_that_was_killed_in_its_midst_is_finished_and_what_a_user_put_in_is_kept() {
    let (place, clean) = warm();
    run(&mut place.build(&["zlib", "--prefix", "out"])).exits(0);
    // Killed when it is about to exchange the two folders; and then as if it was killed right
    // after.
    let killed = run(&mut meddled(
        &place,
        &build(&place, &["out", "-q"]),
        &["renameat2:signal=KILL:when=1"],
    ));
    assert_ne!(killed.code, 0);
    let holder = names(&place.path(""))
        .into_iter()
        .find(|name| name.starts_with(".out.wasideps-") && !name.ends_with("lock"));
    let holder = place.path(&holder.expect("the killed build left its stage"));
    assert!(holder.join("swap.json").exists() && place.path("out/lib/libz.a").exists());
    let old = holder.join("new");
    renameat_with(CWD, &old, CWD, place.path("out"), RenameFlags::EXCHANGE).expect("exchanged");
    std::fs::write(old.join("lib/mine.a"), "mine").expect("written");
    for _ in 0..2 {
        run(&mut build(&place, &["out"]))
            .exits(0)
            .says(&["are kept in", "lib/mine.a"]);
        assert_eq!(snapshot(&place.path("out")), clean);
        assert_eq!(names(&old), ["lib"]);
        assert_eq!(
            std::fs::read_to_string(old.join("lib/mine.a")).expect("kept"),
            "mine"
        );
    }
    std::fs::remove_file(old.join("lib/mine.a")).expect("moved away");
    run(&mut build(&place, &["out"])).exits(0);
    assert_eq!(snapshot(&place.path("out")), clean);
    nothing_is_left(&place.path(""));
}

/// `command` under strace, which meddles with its system calls: `inject` as strace takes it.
fn meddled(place: &Place, command: &Command, injects: &[&str]) -> Command {
    let mut strace = Command::new(crate::support::tool("WASIDEPS_TEST_STRACE"));
    strace.args(["-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"]);
    for inject in injects {
        strace.arg("-e").arg(format!("inject={inject}"));
    }
    strace
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(place.path(""));
    strace
}

#[test]
fn where_two_names_cannot_be_exchanged_a_kill_between_the_renames_is_made_good() {
    let (place, clean) = warm();
    let no_exchange = "renameat2:error=EINVAL";
    let mut absent = 0;
    for call in 1..8 {
        let _ = std::fs::remove_dir_all(place.path("out"));
        run(&mut place.build(&["zlib", "--prefix", "out"])).exits(0);
        let old = snapshot(&place.path("out"));
        let kill = format!("rename:signal=KILL:when={call}");
        let ended = run(&mut meddled(
            &place,
            &build(&place, &["out", "-q"]),
            &[no_exchange, &kill],
        ));
        if place.path("out").exists() {
            let found = snapshot(&place.path("out"));
            assert!(
                found == old || found == clean,
                "after the kill at rename {call}: {found:#?}"
            );
        } else {
            absent += 1;
        }
        // What is there when another program fails is the old prefix, which was put back.
        run(&mut place.build(&["zlib", "--prefix", "out", "-q"])).exits(0);
        assert_eq!(
            snapshot(&place.path("out")),
            old,
            "after the kill at rename {call}"
        );
        nothing_is_left(&place.path(""));
        if ended.code == 0 {
            break;
        }
    }
    assert_eq!(absent, 1, "the moment between the two renames was not met");
    run(&mut meddled(
        &place,
        &build(&place, &["out"]),
        &[no_exchange],
    ))
    .exits(0);
    assert_eq!(snapshot(&place.path("out")), clean);
    nothing_is_left(&place.path(""));
}

#[test]
fn an_old_prefix_that_cannot_be_removed_is_told_and_the_new_one_is_there() {
    let (place, clean) = warm();
    run(&mut place.build(&["zlib", "--prefix", "out"])).exits(0);
    let injects = ["unlink:error=EIO", "rmdir:error=EIO", "unlinkat:error=EIO"];
    let built = run(&mut meddled(&place, &build(&place, &["out"]), &injects)).exits(0);
    built.says(&[
        "out is new; what was there before can't be removed",
        "Input/output error",
    ]);
    assert_eq!(snapshot(&place.path("out")), clean);
    run(&mut build(&place, &["out"])).exits(0);
    nothing_is_left(&place.path(""));
}

#[test]
fn a_folder_that_cannot_be_put_back_is_named_and_nothing_in_it_is_lost() {
    let place = Place::new();
    run(&mut place.build(&["expat", "--prefix", "out"])).exits(0);
    // The second exchange would undo the first one.
    let child = begun(&place, &["renameat2:error=EIO:when=2"]);
    place.write("out/lib/mine.a", "mine");
    finished(child.wait_with_output().expect("it ends"))
        .exits(1)
        .says(&["can't be put back", "Input/output error"]);
    let again = run(&mut place.build(&["expat", "--prefix", "out", "--replace"]))
        .exits(0)
        .says(&["are kept in", "lib/mine.a"]);
    let holder = names(&place.path(""))
        .into_iter()
        .find(|name| name.starts_with(".out.wasideps-"))
        .expect("it is named");
    assert!(again.stderr.contains(&holder), "{}", again.stderr);
    assert_eq!(
        std::fs::read_to_string(place.path(&holder).join("new/lib/mine.a")).expect("kept"),
        "mine"
    );
    verify(&place.path("out"), &[]).exits(0);
}
