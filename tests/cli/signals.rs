//! What a signal, or a system that allows no more processes, leaves behind: nothing that runs.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, geteuid, kill_process};

use crate::support::{Place, run, system, test};

/// The command lines of the processes that have `text` in theirs.
fn running(text: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").expect("/proc").flatten();
    let lines = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(text))
        .collect()
}

/// A build of `source` that has started to compile `file`, which takes a while; `shell` starts it.
fn compiling(place: &Place, (source, file): (&str, &str), shell: &str) -> Child {
    let build = place.build(&[source, "--prefix", "out", "--message-format", "json"]);
    let mut command = Command::new("sh");
    command
        .args(["-c", shell, "sh"])
        .arg(build.get_program())
        .args(build.get_args())
        .current_dir(place.path("."));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped"))
        .lines()
        .map(|line| line.expect("a line"));
    assert!(lines.any(|line| line.contains("compile-started") && line.contains(file)));
    // Its output is not read any more, as by a terminal that hangs.
    std::mem::forget(lines);
    child
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("a signal can be sent");
}

/// Waits for a state that comes soon.
#[track_caller]
fn soon(what: &str, is_so: impl Fn() -> bool) {
    within(Duration::from_secs(60), what, is_so);
}

#[track_caller]
fn within(patience: Duration, what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + patience;
    while !is_so() {
        assert!(Instant::now() < end, "{what}: not within {patience:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_signal_to_the_process_alone_ends_its_compilers_and_the_status_is_the_signals() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT] {
        let place = Place::new();
        let store = place.path("store").display().to_string();
        // Whoever started the tests may ignore signals, as shells do in the background.
        let shell = "exec env --default-signal=HUP,INT,QUIT,TERM \"$@\"";
        let mut child = compiling(&place, ("sqlite", "sqlite3.c"), shell);
        soon("clang runs", || {
            running(&store).iter().any(|line| line.contains("/clang "))
        });
        send(&child, signal);
        assert_eq!(
            child.wait().expect("it ends").signal(),
            Some(signal.as_raw()),
            "{signal:?}"
        );
        // sqlite3.c takes clang longer than that, on any machine that is as busy.
        within(Duration::from_secs(10), "its compilers end", || {
            running(&store).is_empty()
        });
        assert!(!place.path("out").exists());
        // The next process takes away what was left.
        run(&mut place.command(&["clean"])).exits(0);
        assert_eq!(place.stored("tmp"), [""; 0]);
    }
}

#[test]
fn a_signal_takes_the_progress_bars_off_the_terminal() {
    let place = Place::new();
    let build = place.build(&["sqlite", "--prefix", "out"]);
    // script(1) gives it a terminal, and writes what reaches it.
    let mut command = Command::new("script");
    command.args([
        "--quiet",
        "--flush",
        "--return",
        "--command",
        "echo $$ >pid; exec \"$PROGRAM\" $ARGUMENTS",
        "shown",
    ]);
    let arguments = build
        .get_args()
        .map(|argument| argument.to_str().expect("UTF-8"))
        .collect::<Vec<_>>()
        .join(" ");
    command
        .env("PROGRAM", build.get_program())
        .env("ARGUMENTS", arguments)
        .env("SHELL", "/bin/sh")
        .env("TERM", "xterm");
    let mut child = command
        .current_dir(place.path("."))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("script starts");
    let shown = || {
        std::fs::read(place.path("shown"))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    };
    soon("a bar shows what is compiled", || {
        shown().contains("sqlite3.c")
    });
    let pid = std::fs::read_to_string(place.path("pid"))
        .expect("written first")
        .trim()
        .parse()
        .expect("a number");
    kill_process(Pid::from_raw(pid).expect("a process"), Signal::TERM)
        .expect("a signal can be sent");
    assert!(!child.wait().expect("it ends").success());
    let shown = shown();
    // What was drawn last was cleared, and nothing after it.
    let (_, left) = shown.rsplit_once("\u{1b}[2K").expect("lines are cleared");
    assert!(!left.contains("Compiling"), "{}", shown.escape_debug());
}

#[test]
fn a_signal_that_was_ignored_stays_ignored_and_a_build_that_is_stopped_goes_on_with_its_compilers()
{
    let place = Place::new();
    let store = place.path("store").display().to_string();
    // The longest files of zstd come last.
    let child = &mut compiling(&place, ("zstd", "zstd_opt.c"), "trap '' HUP; exec \"$@\"");
    let states = || -> Vec<char> {
        let mut states = Vec::new();
        for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
            let line = String::from_utf8_lossy(
                &std::fs::read(entry.path().join("cmdline")).unwrap_or_default(),
            )
            .into_owned();
            let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
            if line.contains(&store)
                && let Some(state) = stat
                    .rsplit(')')
                    .next()
                    .and_then(|rest| rest.trim().chars().next())
            {
                states.push(state);
            }
        }
        states
    };
    soon("clang runs", || {
        running(&store).iter().any(|line| line.contains("/clang "))
    });
    send(child, Signal::HUP);
    send(child, Signal::TSTP);
    soon("all are stopped", || {
        states().iter().all(|state| *state == 'T')
    });
    assert!(states().len() >= 2);
    send(child, Signal::CONT);
    assert!(child.wait().expect("it ends").success());
    assert!(place.path("out/lib/libzstd.a").is_file());
}

#[test]
fn a_limit_of_processes_is_an_error_or_slower_but_no_panic() {
    let mut failed = 0;
    for limit in (1..10).chain([20, 40]) {
        let place = Place::new();
        let program = place.path("wasideps");
        std::fs::copy(env!("CARGO_BIN_EXE_wasideps"), &program).expect("the program can be copied");
        assert!(
            Command::new("chmod")
                .args(["-R", "a+rwX"])
                .arg(place.path("."))
                .status()
                .expect("chmod")
                .success()
        );
        // Root is not held to it; another user is, who has no other processes.
        let mut command = system(if geteuid().is_root() {
            "setpriv"
        } else {
            "env"
        });
        if geteuid().is_root() {
            command.args(["--reuid", "54322", "--regid", "54322", "--clear-groups"]);
        }
        system("prlimit");
        command
            .arg("prlimit")
            .arg(format!("--nproc={limit}"))
            .arg(&program)
            .args(["fetch", "bzip2", "zlib", "xz", "--offline", "--store"]);
        command
            .arg(place.path("store"))
            .arg("--from")
            .arg(place.path("none"))
            .current_dir(place.path("."));
        let ended = run(&mut command);
        assert!(
            ended.stderr.contains("error:")
                && !ended.stderr.contains("panicked")
                && (1..=5).contains(&ended.code),
            "{limit} processes: {}\n{}",
            ended.code,
            ended.stderr
        );
        failed += usize::from(ended.stderr.contains("the system allows no more threads"));
    }
    assert!(failed > 0, "no limit was low enough");
}
