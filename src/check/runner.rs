//! The WASI runtime that tests run under: wasmtime's command, found or brought, with bounds on
//! time, memory and output.

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

use super::CheckError;
use super::folder::{Fill, FolderWatch};
use crate::model::{
    BuildConfig, Cause, Feature, Line, MemoryLimit, ProgramForm, RelPath, Sha256, TimeLimit,
};
use crate::process::{RunningProgram, output};
use crate::report::{Event, Reporter};
use crate::store::{EntryFile, Kind, Store, StoreError};
use crate::toolchain::quote;

/// The crate and version that is brought where no wasmtime is found.
const CRATE: &str = "wasmtime-cli";
const VERSION: &str = "48.0.8";
/// What it is built with: components, and what exceptions take, beside what runs modules.
const FEATURES: &str = "run,cranelift,cache,parallel-compilation,component-model,gc,gc-drc";
/// The file that says where [`Runner::cache`] is.
const CACHE_CONFIG: &str = "config.toml";
/// What one test may print, on each of its streams.
const OUTPUT_LIMIT: u64 = 64 << 20;
/// wasmtime's exit status when a program traps: that of an abort.
const TRAP_STATUS: i32 = 134;
/// What one test's tables may have, in elements: a test that puts functions into them without end
/// takes the machine's memory as well.
const TABLE_LIMIT: u32 = 1 << 20;
/// Half the time to compile, for code that is slower. Not every version that tests can be run with
/// has them.
const QUICK: [&str; 4] = ["-O", "opt-level=0", "-O", "regalloc-algorithm=single-pass"];
/// Ends with [`TRIED_STATUS`], in the binary format: `(module (import "wasi_snapshot_preview1"
/// "proc_exit" (func (param i32))) (memory (export "memory") 1) (func (export "_start") (call 0
/// (i32.const 7))))`.
const TRIED: &[u8] =
    b"\0asm\x01\0\0\0\x01\x08\x02\x60\x01\x7f\0\x60\0\0\x02\x24\x01\x16wasi_snapshot_preview1\x09proc_exit\0\0\x03\x02\x01\x01\
    \x05\x03\x01\0\x01\x07\x13\x02\x06memory\x02\0\x06_start\0\x01\x0a\x08\x01\x06\0\x41\x07\x10\0\x0b";
const TRIED_STATUS: i32 = 7;
/// Throws, catches and traps, by the exceptions of the standard: `(module (tag) (func (export
/// "_start") (block (try_table (catch_all 0) (throw 0))) unreachable))`.
const TRIED_EXCEPTIONS: &[u8] =
    b"\0asm\x01\0\0\0\x01\x04\x01`\0\0\x03\x02\x01\0\x0d\x03\x01\0\0\x07\x0a\x01\x06_start\0\0\
    \x0a\x10\x01\x0e\0\x02@\x1f@\x01\x02\0\x08\0\x0b\x0b\0\x0b";
/// A component whose `run` traps: a status of its own would be the one that wasmtime ends with when
/// it runs no components. `(component (core module (func (export "run") (result i32) unreachable))
/// (core instance (instantiate 0)) (func (result (result)) (canon lift (core func 0 "run")))
/// (instance (export "run" (func 0))) (export "wasi:cli/run@0.2.0" (instance 0)))`.
const TRIED_COMPONENT: &[u8] =
    b"\0asm\x0d\0\x01\0\x01#\0asm\x01\0\0\0\x01\x05\x01`\0\x01\x7f\x03\x02\x01\0\x07\x07\x01\
    \x03run\0\0\x0a\x05\x01\x03\0\0\x0b\x02\x04\x01\0\0\0\x07\x08\x02j\0\0@\0\0\0\x06\x09\
    \x01\0\0\x01\0\x03run\x08\x06\x01\0\0\0\0\x01\x05\x0a\x01\x01\x01\0\x03run\x01\0\x0b\x18\
    \x01\0\x12wasi:cli/run@0.2.0\x05\0\0";
/// The same, whose `run` throws and catches before.
const TRIED_COMPONENT_EXCEPTIONS: &[u8] =
    b"\0asm\x0d\0\x01\0\x016\0asm\x01\0\0\0\x01\x08\x02`\0\0`\0\x01\x7f\x03\x02\x01\x01\x0d\
    \x03\x01\0\0\x07\x07\x01\x03run\0\0\x0a\x10\x01\x0e\0\x02@\x1f@\x01\x02\0\x08\0\x0b\x0b\
    \0\x0b\x02\x04\x01\0\0\0\x07\x08\x02j\0\0@\0\0\0\x06\x09\x01\0\0\x01\0\x03run\x08\x06\
    \x01\0\0\0\0\x01\x05\x0a\x01\x01\x01\0\x03run\x01\0\x0b\x18\x01\0\x12wasi:cli/run@0.2.0\
    \x05\0\0";

/// The program that is tried, and the status that it ends with.
fn tried(form: ProgramForm, exceptions: bool) -> (&'static [u8], i32) {
    match (form, exceptions) {
        (ProgramForm::Module, false) => (TRIED, TRIED_STATUS),
        (ProgramForm::Module, true) => (TRIED_EXCEPTIONS, TRAP_STATUS),
        (ProgramForm::Component, false) => (TRIED_COMPONENT, TRAP_STATUS),
        (ProgramForm::Component, true) => (TRIED_COMPONENT_EXCEPTIONS, TRAP_STATUS),
    }
}

/// Where to look for a runtime.
#[derive(Debug, Clone, Default)]
pub struct RunnerRequest {
    /// `--runner`.
    pub runner: Option<Utf8PathBuf>,
    /// `$HOSTRUNNER`: CPython's name for it; its first word is the program.
    pub host_runner: Option<String>,
    /// Never use the network.
    pub offline: bool,
    /// What the programs are built for.
    pub config: BuildConfig,
}

/// A wasmtime that was tried.
#[derive(Debug)]
pub struct Runner {
    program: Utf8PathBuf,
    version: String,
    config: BuildConfig,
    /// Whether it knows [`QUICK`].
    quick: bool,
    /// Compiled modules are kept here as long as the process lives: a program that is run on a
    /// hundred files is compiled once. wasmtime runs what it finds there unchecked, so that nothing
    /// is taken from an earlier run.
    cache: tempfile::TempDir,
}

/// One run.
pub struct ProgramRun<'a> {
    pub wasm: &'a Utf8Path,
    /// The only folder that the program sees, under each of these names.
    pub folder: &'a Utf8Path,
    pub folders: &'a [Line],
    pub args: &'a [String],
    pub env: &'a [(&'a str, &'a str)],
    pub stdin: Option<Utf8PathBuf>,
    pub time_limit: TimeLimit,
    pub memory_limit: MemoryLimit,
    /// Ask for [`QUICK`].
    pub quick_start: bool,
}

/// How a run ended.
pub enum Ended {
    Exit {
        status: i32,
        stdout: Vec<u8>,
        stderr: Vec<u8>,
    },
    Trap {
        stderr: Vec<u8>,
    },
    TimedOut,
    /// More than `limit` bytes.
    Printed {
        limit: u64,
    },
    /// Its folder had more than it may.
    Filled(Fill),
}

impl Runner {
    /// The runtime that `request` names, else the one on the PATH, else the one that cargo installs
    /// into the store, once.
    ///
    /// # Errors
    /// When there is none, or it does not run a program of one line with the flags that tests are
    /// run with.
    pub fn find(
        request: &RunnerRequest,
        store: &Store,
        reporter: &dyn Reporter,
    ) -> Result<Self, CheckError> {
        let named = request.runner.clone().or_else(|| {
            let first = request.host_runner.as_deref()?.split_whitespace().next()?;
            Some(Utf8PathBuf::from(first))
        });
        let program = match named {
            Some(program) => program,
            None if version("wasmtime".into()).is_ok() => "wasmtime".into(),
            None => bring(request.offline, store, reporter)?,
        };
        let version = version(&program).map_err(|reason| CheckError::NoRunner {
            source: reason.into(),
        })?;
        let cache = store.scratch_dir()?;
        let folder = Utf8Path::from_path(cache.path()).ok_or(CheckError::NotUtf8)?;
        let config = format!(
            "[cache]\ndirectory = {}\n",
            toml::Value::String(folder.join("modules").to_string())
        );
        let path = folder.join(CACHE_CONFIG);
        fs_err::write(&path, config).map_err(|source| StoreError::Write { path, source })?;
        let runner = Self {
            program,
            version,
            config: request.config,
            quick: true,
            cache,
        };
        if runner.try_out(store, true).is_ok() {
            return Ok(runner);
        }
        let runner = Self {
            quick: false,
            ..runner
        };
        runner.try_out(store, false)?;
        Ok(runner)
    }

    /// What it says of its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What it is given whatever the test is, but for paths.
    pub(super) fn flags(&self) -> String {
        let quick = if self.quick { &QUICK[..] } else { &[] };
        let flags = self.config.wasmtime().chain(quick.iter().copied());
        flags.collect::<Vec<_>>().join(" ")
    }

    /// The status that the runtime ends with where a program exits with `status`.
    #[must_use]
    pub(super) fn exit_status(&self, status: i32) -> i32 {
        self.config.target().spec().exit_status(status)
    }

    /// The flags of another runtime or of an old version would fail each test in a way that looks
    /// like the test's.
    fn try_out(&self, store: &Store, quick_start: bool) -> Result<(), CheckError> {
        let scratch = store.scratch_dir()?;
        let folder = Utf8Path::from_path(scratch.path()).ok_or(CheckError::NotUtf8)?;
        let wasm = folder.join("tried.wasm");
        let spec = self.config.target().spec();
        let (program, wanted) = tried(spec.form, self.config.variant().has(Feature::Eh));
        fs_err::write(&wasm, program).map_err(|source| StoreError::Write {
            path: wasm.clone(),
            source,
        })?;
        let (time_limit, memory_limit) = (TimeLimit::clamped(60), MemoryLimit::clamped(64));
        let folders = &["/".parse().expect("a constant of one line")];
        let job = ProgramRun {
            wasm: &wasm,
            folder,
            folders,
            args: &[],
            env: &[("A", "b")],
            stdin: None,
            time_limit,
            memory_limit,
            quick_start,
        };
        let bad = |words: String| CheckError::BadRunner {
            runner: self.program.clone(),
            words,
            command: displayed(&self.command(&job)),
        };
        match self.run(&job) {
            Ok((Ended::Exit { status, .. }, _)) if status == wanted => Ok(()),
            Ok((Ended::Trap { .. }, _)) if wanted == TRAP_STATUS => Ok(()),
            // What ignores its arguments and ends well would pass nearly every test.
            Ok((Ended::Exit { status, stderr, .. }, _)) if stderr.is_empty() => Err(bad(format!(
                "nothing; it ended with {status}, the program with {wanted}"
            ))),
            Ok((Ended::Exit { stderr, .. } | Ended::Trap { stderr }, _)) => {
                Err(bad(String::from_utf8_lossy(&stderr).trim().to_owned()))
            }
            Ok(_) => Err(bad("nothing in a minute".into())),
            Err(error) => Err(bad(error.to_string())),
        }
    }

    fn command(&self, job: &ProgramRun<'_>) -> Command {
        let mut command = Command::new(&self.program);
        command.args([
            "run",
            "-C",
            "cache=y",
            "-C",
            &format!(
                "cache-config={}",
                self.cache.path().join(CACHE_CONFIG).display()
            ),
        ]);
        command.args([
            "-W",
            &format!("max-memory-size={}", job.memory_limit.get() << 20),
            "-W",
            "max-wasm-stack=8388608",
        ]);
        command.args(self.config.wasmtime());
        if self.quick && job.quick_start {
            command.args(QUICK);
        }
        command.args(["-W", &format!("max-table-elements={TABLE_LIMIT}")]);
        command.args(
            job.folders
                .iter()
                .flat_map(|name| ["--dir".to_owned(), format!("{}::{name}", job.folder)]),
        );
        command.args(
            job.env
                .iter()
                .flat_map(|(name, value)| ["--env".to_owned(), format!("{name}={value}")]),
        );
        command.arg(job.wasm).args(job.args);
        command
    }

    /// Runs `job` to its end, or to one of its bounds; and how long that took, in seconds of wall
    /// time.
    ///
    /// # Errors
    /// When the runtime can't be started or its output can't be read.
    pub fn run(&self, job: &ProgramRun<'_>) -> std::io::Result<(Ended, f64)> {
        let mut command = self.command(job);
        let mut input = job.stdin.as_ref().map(fs_err::File::open).transpose()?;
        let stdin = if input.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        };
        let started = Instant::now();
        let mut program = RunningProgram::start(
            command
                .stdin(stdin)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped()),
        )?;
        let full = Arc::new(AtomicBool::new(false));
        let stdout = reading(program.stdout(), &full)?;
        let stderr = reading(program.stderr(), &full)?;
        // Through a pipe, as a shell would: a program must not be able to seek in it. One that does
        // not read it all is its own affair.
        if let (Some(mut input), Some(mut pipe)) = (input.take(), program.stdin()) {
            std::thread::Builder::new().spawn(move || std::io::copy(&mut input, &mut pipe))?;
        }
        let limit = Duration::from_secs(job.time_limit.get());
        let mut watch = FolderWatch::new(job.folder);
        let status = wait(&mut program, || {
            started.elapsed() > limit || full.load(Ordering::Relaxed) || watch.is_over()
        })?;
        let seconds = started.elapsed().as_secs_f64();
        let read = |thread: StreamReader| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        let (stdout, stderr) = (read(stdout)?, read(stderr)?);
        // Looked at once more: it may have been quick.
        let fill = watch.last();
        let ended = match (status, fill) {
            _ if full.load(Ordering::Relaxed) => Ended::Printed {
                limit: OUTPUT_LIMIT,
            },
            (_, Some(fill)) => Ended::Filled(fill),
            (None, None) => Ended::TimedOut,
            (Some(TRAP_STATUS), None) => Ended::Trap { stderr },
            (Some(status), None) => Ended::Exit {
                status,
                stdout,
                stderr,
            },
        };
        Ok((ended, seconds))
    }
}

/// Waits for the end of `program`, or ends it as soon as `over` says so; none where it was ended.
fn wait(
    program: &mut RunningProgram,
    mut over: impl FnMut() -> bool,
) -> std::io::Result<Option<i32>> {
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = program.try_wait()? {
            // Ended by a signal from outside: as good as a trap.
            return Ok(Some(status.code().unwrap_or(TRAP_STATUS)));
        }
        if over() {
            program.end()?;
            return Ok(None);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// A thread that reads a stream.
type StreamReader = std::thread::JoinHandle<std::io::Result<Vec<u8>>>;

/// Reads a stream on a thread of its own up to the limit, and sets `full` if there is more.
fn reading(
    stream: Option<impl Read + Send + 'static>,
    full: &Arc<AtomicBool>,
) -> std::io::Result<StreamReader> {
    let full = Arc::clone(full);
    std::thread::Builder::new().spawn(move || {
        let mut bytes = Vec::new();
        let Some(mut stream) = stream else {
            return Ok(bytes);
        };
        stream.by_ref().take(OUTPUT_LIMIT).read_to_end(&mut bytes)?;
        if bytes.len() as u64 == OUTPUT_LIMIT && stream.read(&mut [0])? > 0 {
            full.store(true, Ordering::Relaxed);
        }
        Ok(bytes)
    })
}

/// The version of `program`, or why there is none.
fn version(program: &Utf8Path) -> Result<String, String> {
    let output = output(Command::new(program).arg("--version"));
    match output {
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        Ok(output) => Err(format!(
            "`{program} --version` ended with {}",
            output.status
        )),
        Err(error) => Err(format!("`{program}` does not start: {error}")),
    }
}

/// Has cargo install wasmtime into the store.
fn bring(offline: bool, store: &Store, reporter: &dyn Reporter) -> Result<Utf8PathBuf, CheckError> {
    let name: RelPath = format!("wasmtime{}", std::env::consts::EXE_SUFFIX)
        .parse()
        .expect("a constant that is a path");
    let key = Sha256::of_fields(
        "wasideps runner 2",
        [
            CRATE,
            VERSION,
            FEATURES,
            std::env::consts::ARCH,
            std::env::consts::OS,
        ]
        .map(str::as_bytes),
    );
    let _guard = store.lock(
        "runner",
        &key,
        &format!("installing {CRATE} {VERSION}"),
        reporter,
    )?;
    if let Some(entry) = store.entry(Kind::Runner, &key, reporter)? {
        return Ok(entry.dir().join(name.as_str()));
    }
    let none = |source: Cause| CheckError::NoRunner { source };
    if offline {
        return Err(none(
            "none is named, none is on the PATH or in the store, and none is installed offline"
                .into(),
        ));
    }
    let step = |started| {
        let (subject, step) = (
            format!("{CRATE} {VERSION}"),
            "installing it with cargo, once; this takes some minutes".to_owned(),
        );
        reporter.event(if started {
            Event::StepStarted { subject, step }
        } else {
            Event::StepFinished { subject, step }
        });
    };
    step(true);
    let mut command = Command::new("cargo");
    let root = store.scratch_dir()?;
    command
        .args([
            "install",
            CRATE,
            "--version",
            VERSION,
            "--locked",
            "--no-default-features",
            "--root",
        ])
        .arg(root.path());
    command.args(["--features", FEATURES]);
    let output = output(&mut command)
        .map_err(|error| none(format!("none is named or on the PATH, and cargo, which would install one, does not start: {error}").into()))?;
    if !output.status.success() {
        return Err(none(
            format!(
                "cargo can't install one:\n{}",
                String::from_utf8_lossy(&output.stderr).trim()
            )
            .into(),
        ));
    }
    let installed = root.path().join("bin").join(name.as_str());
    let (sha256, size) = fs_err::File::open(&installed)
        .and_then(Sha256::of_reader)
        .map_err(|error| none(error.into()))?;
    let dir = store.scratch_dir()?;
    fs_err::rename(&installed, dir.path().join(name.as_str()))
        .map_err(|error| none(error.into()))?;
    let entry = store.keep_entry(
        Kind::Runner,
        &key,
        dir,
        vec![EntryFile {
            path: name.clone(),
            sha256,
            size,
        }],
        reporter,
    )?;
    step(false);
    Ok(entry.dir().join(name.as_str()))
}

fn displayed(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| quote(&word.to_string_lossy()))
        .collect::<Vec<_>>()
        .join(" ")
}
