//! The programs and threads that this process starts.
//!
//! No program outlives it: each has a process group of its own, with all that it starts in turn,
//! and before this process ends by a signal it ends them. Only SIGKILL gives it no time for that.
//!
//! Where the system allows no more threads (`ulimit -u`), fewer do the work.

use std::io::{self, Read};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{Builder, ScopedJoinHandle};
use std::time::Duration;

use tracing::{debug, trace};
use wait4::Wait4;

/// The programs that run now.
static RUNNING: Mutex<Running> = Mutex::new(Running {
    groups: Vec::new(),
    ending: false,
});

struct Running {
    /// The process groups: each has the number of its first process.
    groups: Vec<u32>,
    /// Whether this process is about to end by a signal. What its programs come to is of no
    /// interest then.
    ending: bool,
}

/// Where no program is started any more, nor waited for, this thread stops for good: the process
/// ends in a moment.
fn running() -> MutexGuard<'static, Running> {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if running.ending {
        drop(running);
        loop {
            std::thread::park();
        }
    }
    running
}

/// A program that runs. It is ended when this goes.
#[derive(Debug)]
pub struct RunningProgram {
    child: Child,
    ended: Option<ProgramEnd>,
}

/// How a program ended.
#[derive(Debug, Clone, Copy)]
pub struct ProgramEnd {
    pub status: ExitStatus,
    /// What it and the programs that it waited for had of processors, as user and as system.
    pub cpu: Duration,
}

/// What a program wrote, and how it ended.
#[derive(Debug)]
pub struct ProgramOutput {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// See [`ProgramEnd::cpu`].
    pub cpu: Duration,
}

impl RunningProgram {
    /// Starts `command`.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        // Held meanwhile: a signal must not come between the start and the list.
        let mut running = running();
        let child = command.spawn();
        if let Ok(child) = &child {
            running.groups.push(child.id());
        }
        drop(running);
        let (program, folder) = (
            command.get_program(),
            command.get_current_dir().map(std::path::Path::display),
        );
        match child {
            Ok(child) => {
                debug!(
                    ?program,
                    folder = folder.map(display),
                    process = child.id(),
                    "a program starts"
                );
                trace!(process = child.id(), arguments = ?command.get_args().collect::<Vec<_>>(), "its arguments");
                Ok(Self { child, ended: None })
            }
            Err(error) => {
                debug!(?program, folder = folder.map(display), %error, "a program can't be started");
                Err(error)
            }
        }
    }

    /// Its standard input, where that is a pipe and was not taken before.
    pub fn stdin(&mut self) -> Option<ChildStdin> {
        self.child.stdin.take()
    }

    /// Its standard output, where that is a pipe and was not taken before.
    pub fn stdout(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Its standard error, where that is a pipe and was not taken before.
    pub fn stderr(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    /// How it ended, if it did.
    ///
    /// # Errors
    /// When the system can't say.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.has_ended(false)? {
            self.reap().map(|ended| Some(ended.status))
        } else {
            Ok(None)
        }
    }

    /// How it ended, once it did.
    ///
    /// # Errors
    /// When the system can't say.
    pub fn wait(&mut self) -> io::Result<ProgramEnd> {
        self.has_ended(true)?;
        self.reap()
    }

    /// Ends it, with all that it started.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn end(&mut self) -> io::Result<()> {
        if self.ended.is_none() {
            // What it started may outlive it, so the whole group is ended even where the program
            // itself is not there any more.
            #[cfg(unix)]
            signal(self.child.id(), rustix::process::Signal::KILL);
            #[cfg(not(unix))]
            self.child.kill()?;
            self.reap()?;
        }
        Ok(())
    }

    /// Its number is free for another process once it is waited for, and must not be in the list
    /// any more by then.
    fn reap(&mut self) -> io::Result<ProgramEnd> {
        if let Some(ended) = self.ended {
            return Ok(ended);
        }
        let id = self.child.id();
        running().groups.retain(|group| *group != id);
        let used = self.child.wait4()?;
        let ended = ProgramEnd {
            status: used.status,
            cpu: used.rusage.utime + used.rusage.stime,
        };
        self.ended = Some(ended);
        debug!(process = id, status = %ended.status, cpu = ?ended.cpu, "a program has ended");
        Ok(ended)
    }

    /// Whether it has ended; it is not waited for yet.
    #[cfg(unix)]
    fn has_ended(&mut self, block: bool) -> io::Result<bool> {
        use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
        if self.ended.is_some() {
            return Ok(true);
        }
        let pid = Pid::from_child(&self.child);
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let options = if block {
            options
        } else {
            options | WaitIdOptions::NOHANG
        };
        loop {
            match waitid(WaitId::Pid(pid), options) {
                Err(rustix::io::Errno::INTR) => {}
                status => return Ok(status?.is_some()),
            }
        }
    }

    #[cfg(not(unix))]
    fn has_ended(&mut self, block: bool) -> io::Result<bool> {
        // To wait for it is to reap it there.
        Ok(block || self.ended.is_some() || self.child.try_wait()?.is_some())
    }
}

impl Drop for RunningProgram {
    fn drop(&mut self) {
        // A program that can't be ended is one that has ended.
        let _ = self.end();
    }
}

/// Runs `command` to its end, without standard input, and gives all that it writes.
///
/// # Errors
/// When it can't be started, or its output can't be read.
pub fn output(command: &mut Command) -> io::Result<ProgramOutput> {
    let mut program = RunningProgram::start(
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
    )?;
    let (stdout, stderr) = (program.stdout(), program.stderr());
    let (stdout, stderr) = std::thread::scope(|scope| {
        let stderr = Builder::new().spawn_scoped(scope, || read_all(stderr))?;
        let stdout = read_all(stdout);
        Ok::<_, io::Error>((stdout?, joined(stderr)?))
    })?;
    let ProgramEnd { status, cpu } = program.wait()?;
    Ok(ProgramOutput {
        status,
        stdout,
        stderr,
        cpu,
    })
}

fn read_all(stream: Option<impl Read>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        stream.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// A panic of another thread is a bug, which goes on here.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// What `each` gives for every one of `items`, in their order: up to `limit` at once, or as many as
/// there can be threads. One of them is the caller's.
pub fn side_by_side<T: Sync, R: Send + Sync>(
    items: &[T],
    limit: usize,
    each: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let results: Vec<OnceLock<R>> = items.iter().map(|_| OnceLock::new()).collect();
    let work = || {
        while let Some((item, result)) = items
            .iter()
            .zip(&results)
            .nth(next.fetch_add(1, Ordering::Relaxed))
        {
            result.get_or_init(|| each(item));
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..limit.min(items.len()) {
            if Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    results
        .into_iter()
        .map(|result| {
            result
                .into_inner()
                .expect("each item was taken by a thread, and the scope waited for it")
        })
        .collect()
}

/// What `one` and `other` give: at once, or one after the other where there can be no thread.
/// `other` is the caller's own.
pub fn both<A: Send, B>(one: impl Fn() -> A + Sync, other: impl Fn() -> B) -> (A, B) {
    std::thread::scope(|scope| match Builder::new().spawn_scoped(scope, &one) {
        Ok(thread) => {
            let other = other();
            (joined(thread), other)
        }
        Err(_) => (one(), other()),
    })
}

/// A pool for computing with `workers` threads, or with one where there can't be that many.
///
/// # Errors
/// When there can't be one.
pub fn pool(workers: usize) -> Result<rayon::ThreadPool, rayon::ThreadPoolBuildError> {
    let pool = |workers| rayon::ThreadPoolBuilder::new().num_threads(workers).build();
    pool(workers).or_else(|_| pool(1))
}

/// Has this process end its programs before SIGINT, SIGTERM, SIGHUP or SIGQUIT ends it, and stop
/// them as long as SIGTSTP stops it. `last` is called before the end, for what a terminal still
/// shows. A signal that was ignored when the process was started stays ignored: nohup(1) means it
/// so.
///
/// # Errors
/// When there can be no thread to wait for signals.
#[cfg(unix)]
pub fn end_programs_on_signals(last: impl Fn() + Send + 'static) -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
    use signal_hook::iterator::Signals;

    let ignored = ignored_signals();
    let wanted = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP]
        .into_iter()
        .filter(move |signal| ignored & (1 << (signal - 1)) == 0);
    let (ready, is_ready) = std::sync::mpsc::channel();
    // The thread comes first: a signal that is registered and that nobody waits for would be lost.
    Builder::new().name("signals".to_owned()).spawn(move || {
        let mut signals = match Signals::new(wanted) {
            Ok(signals) => signals,
            Err(error) => return drop(ready.send(Err(error))),
        };
        // The other side waits for just this message.
        let _ = ready.send(Ok(()));
        let mut last = Some(last);
        for signal in signals.forever() {
            if signal == SIGTSTP {
                signal_all(rustix::process::Signal::STOP);
                let _ = signal_hook::low_level::emulate_default_handler(signal);
                signal_all(rustix::process::Signal::CONT);
            } else {
                RUNNING
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .ending = true;
                signal_all(rustix::process::Signal::KILL);
                if let Some(last) = last.take() {
                    in_a_moment(last);
                }
                // It does not come back.
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        }
    })?;
    is_ready
        .recv()
        .unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// Where signals are not Unix's, the system ends what is on the same console.
#[cfg(not(unix))]
pub fn end_programs_on_signals(_: impl Fn() + Send + 'static) -> io::Result<()> {
    Ok(())
}

/// Calls `last` and waits for it, but not if it hangs, as it may where nobody reads what is
/// written.
#[cfg(unix)]
fn in_a_moment(last: impl Fn() + Send + 'static) {
    let (done, is_done) = std::sync::mpsc::channel();
    let started = Builder::new().spawn(move || {
        last();
        done.send(())
    });
    if started.is_ok() {
        let _ = is_done.recv_timeout(std::time::Duration::from_millis(200));
    }
}

#[cfg(unix)]
fn signal_all(kind: rustix::process::Signal) {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    for group in &running.groups {
        signal(*group, kind);
    }
}

#[cfg(unix)]
fn signal(group: u32, kind: rustix::process::Signal) {
    // A group that is not there any more needs no signal.
    if let Some(group) = group
        .try_into()
        .ok()
        .and_then(rustix::process::Pid::from_raw)
    {
        let _ = rustix::process::kill_process_group(group, kind);
    }
}

/// The signals that are ignored, a bit each from signal 1 on; where the system has no such file
/// (proc_pid_status(5)), none is known to be.
#[cfg(unix)]
fn ignored_signals() -> u64 {
    let status = fs_err::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .map(str::trim);
    mask.and_then(|mask| u64::from_str_radix(mask, 16).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_is_done_once_and_the_results_are_in_order() {
        let items: Vec<usize> = (0..100).collect();
        for limit in [1, 3, 200] {
            assert_eq!(
                side_by_side(&items, limit, |item| item * 2),
                items.iter().map(|item| item * 2).collect::<Vec<_>>()
            );
        }
        assert_eq!(side_by_side(&[], 8, |item: &usize| *item), [0; 0]);
        assert_eq!(both(|| 1, || 2), (1, 2));
    }

    #[test]
    #[cfg(unix)]
    fn both_streams_are_read_to_their_ends_and_the_status_is_the_programs() {
        let script = "head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2; exit 7";
        let output = output(Command::new("sh").args(["-c", script])).expect("a shell");
        assert_eq!(
            (
                output.status.code(),
                output.stdout.len(),
                output.stderr.len()
            ),
            (Some(7), 300_000, 300_000)
        );
        assert!(super::output(&mut Command::new("/nonexistent/program")).is_err());
    }

    #[test]
    #[cfg(unix)]
    fn a_program_that_is_dropped_is_ended_with_what_it_started() {
        let mut shell = Command::new("sh");
        let mut program = RunningProgram::start(
            shell
                .args(["-c", "sleep 1000 & echo $!; wait"])
                .stdout(Stdio::piped()),
        )
        .expect("a shell");
        let mut line = String::new();
        std::io::BufRead::read_line(
            &mut std::io::BufReader::new(program.stdout().expect("piped")),
            &mut line,
        )
        .expect("a line");
        assert_eq!(program.try_wait().expect("asked"), None);
        drop(program);
        let pid = rustix::process::Pid::from_raw(line.trim().parse().expect("a number"))
            .expect("a number");
        // It may be a zombie until whoever adopted it has waited for it.
        let is_running = || {
            let stat = fs_err::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid()))
                .unwrap_or_default();
            stat.rsplit(')')
                .next()
                .is_some_and(|rest| !rest.trim().is_empty() && !rest.trim().starts_with(['Z', 'X']))
        };
        for _ in 0..500 {
            if !is_running() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("{pid:?} still runs");
    }
}
