//! What the tests of the command line share: the binary in a folder of its own, the tools, the real
//! SDK.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;
/// In place of Rust's own: a test that calls [`leave_out`] is left out.
pub use wasideps_test_attribute::test;

/// The project's folder.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a test that is left out unwinds with.
struct Wanted(String);

/// Ends the test, which can't run without `what`. It is left out and listed; where `tests/run`
/// brought the tools, it fails.
pub fn leave_out(what: &str) -> ! {
    assert!(
        std::env::var_os("WASIDEPS_TEST_ALL").is_none(),
        "{what} is missing, and $WASIDEPS_TEST_ALL lets no test be left out"
    );
    resume_unwind(Box::new(Wanted(what.to_owned())))
}

/// Runs a test's body: what the attribute [`test`] makes of it.
pub fn trial(body: impl FnOnce()) {
    let Err(payload) = catch_unwind(AssertUnwindSafe(body)) else {
        return;
    };
    match payload.downcast::<Wanted>() {
        Ok(wanted) => record_left_out(&wanted.0),
        Err(payload) => resume_unwind(payload as Box<dyn Any + Send>),
    }
}

/// For `tests/left_out.rs`, which the same process of cargo starts later.
fn record_left_out(what: &str) {
    let name = std::thread::current().name().unwrap_or("a test").to_owned();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("left-out-{}", std::os::unix::process::parent_id()));
    let mut file = std::fs::File::options()
        .create(true)
        .append(true)
        .open(&path)
        .expect("a file in the target folder");
    file.write_all(format!("{what}\t{name}\n").as_bytes())
        .expect("it can be written");
}

/// The folder that `tests/run` installs tools into: `$tools` of `tests/tools.sh`.
fn tools() -> Option<PathBuf> {
    let folder = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    folder("WASIDEPS_TEST_TOOLS").or_else(|| {
        let cache = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")))?;
        Some(cache.join("wasideps-test-tools"))
    })
}

/// A tool, by the variable that names it: set, or noted by `tests/run` the last time.
fn found_tool(variable: &str) -> Option<PathBuf> {
    static NOTED: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    if let Some(path) = std::env::var_os(variable) {
        return Some(path.into());
    }
    let noted = NOTED.get_or_init(|| {
        let text = tools()
            .and_then(|tools| std::fs::read_to_string(tools.join("found")).ok())
            .unwrap_or_default();
        text.lines()
            .filter_map(|line| line.split_once('='))
            .map(|(name, path)| (name.to_owned(), path.into()))
            .collect()
    });
    noted.get(variable).filter(|path| path.exists()).cloned()
}

/// A tool that `tests/run` brings, by the variable that names it.
pub fn tool(variable: &str) -> PathBuf {
    found_tool(variable).unwrap_or_else(|| {
        let name = variable.strip_prefix("WASIDEPS_TEST_").unwrap_or(variable);
        on_path(&name.to_lowercase())
            .filter(|_| ["PKGCONF", "STRACE"].contains(&name))
            .unwrap_or_else(|| leave_out(&name.to_lowercase()))
    })
}

fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(program))
        .find(|file| file.is_file())
}

/// A command of the system that is not on every machine.
pub fn system(name: &str) -> Command {
    Command::new(on_path(name).unwrap_or_else(|| leave_out(name)))
}

/// Wasmtime.
pub fn wasmtime() -> PathBuf {
    tool("WASIDEPS_TEST_WASMTIME")
}

/// The store that all tests share for what is expensive and never changes: downloads and the SDK.
/// Tests that look at a store have one of their own.
pub fn shared_store() -> PathBuf {
    tool("WASIDEPS_TEST_STORE")
}

/// `wasideps fetch` into the shared store. Only under `tests/run` may it take what is missing from
/// the network.
fn fetch(args: &[&str]) -> Result<Output, String> {
    let Some(store) = found_tool("WASIDEPS_TEST_STORE") else {
        return Err("a store with a WASI SDK".to_owned());
    };
    let mut command = raw();
    command.arg("fetch").args(args).arg("--store").arg(store);
    let may_download = std::env::var_os("WASIDEPS_TEST_ALL").is_some();
    let output = if may_download {
        command.output()
    } else {
        command.arg("--offline").output()
    }
    .expect("wasideps starts");
    // What is not there is not there; any other failure is one of the tests.
    if !may_download && output.status.code() == Some(4) {
        return Err(format!(
            "what `wasideps fetch {}` downloads",
            args.join(" ")
        ));
    }
    assert!(
        output.status.success(),
        "{args:?} can't be fetched:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output)
}

fn find_sdk() -> Result<&'static Path, &'static str> {
    static SDK: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let sdk = SDK.get_or_init(|| {
        let output = fetch(&["--all", "--sdk", "debian", "--message-format", "json"])?;
        let toolchain = json_lines(&output)
            .into_iter()
            .find(|line| line["reason"] == "toolchain")
            .expect("a line about the toolchain");
        let root = PathBuf::from(
            toolchain["data"]["root"]
                .as_str()
                .expect("the SDK's folder"),
        );
        // It has a record as one that is named, too, which is how the tests use it.
        let named = raw()
            .args(["plan", "bzip2", "--wasi-sdk"])
            .arg(&root)
            .arg("--store")
            .arg(shared_store())
            .output();
        assert!(
            named.expect("wasideps starts").status.success(),
            "the SDK can't be used by name"
        );
        Ok(root)
    });
    sdk.as_deref().map_err(String::as_str)
}

/// The SDK that the tests build with, fetched once for all of them.
pub fn sdk() -> &'static Path {
    find_sdk().unwrap_or_else(|want| leave_out(want))
}

/// The folder of clang's own headers in [`sdk`], below it: `lib/clang/22/include`.
pub fn clang_headers() -> String {
    let versions = names(&sdk().join("lib/clang"));
    assert_eq!(versions.len(), 1, "{versions:?}");
    format!("lib/clang/{}/include", versions[0])
}

/// The patches and overlays of a recipe that a target or a variant brings: no prefix of
/// `wasm32-wasip1` has them.
pub fn conditional(recipe: &str) -> BTreeSet<String> {
    let path = project().join(format!("recipes/{recipe}/recipe.toml"));
    let text = std::fs::read_to_string(path).expect("the recipe");
    let recipe: toml::Table = text.parse().expect("TOML");
    let conditions = recipe.get("when").and_then(toml::Value::as_array);
    let mut files = BTreeSet::new();
    let of_another = |condition: &&toml::Value| {
        condition.get("target").is_some() || condition.get("variant").is_some()
    };
    for condition in conditions.into_iter().flatten().filter(of_another) {
        let patches = condition.get("patch").and_then(toml::Value::as_array);
        let named = patches.into_iter().flatten().map(|patch| &patch["file"]);
        let overlays = condition.get("overlay").and_then(toml::Value::as_table);
        let laid = overlays.into_iter().flat_map(toml::Table::values);
        files.extend(
            named
                .chain(laid)
                .filter_map(|file| Some(file.as_str()?.to_owned())),
        );
    }
    files
}

/// A folder with all archives that the embedded lock needs, as a machine without network would have
/// it; of bzip2 from each origin that is reached.
pub fn archives() -> PathBuf {
    static BROUGHT: OnceLock<Result<(), String>> = OnceLock::new();
    sdk();
    let brought = BROUGHT.get_or_init(|| {
        fetch(&["bzip2", "--all-origins"])?;
        // The other SDK of Debian's packages.
        fetch(&["bzip2", "--sdk", "debian-25"]).map(drop)
    });
    if let Err(want) = brought {
        leave_out(want);
    }
    shared_store().join("archives")
}

/// The binary in an environment without the settings of whoever runs the tests.
pub fn raw() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wasideps"));
    for variable in [
        "WASI_SDK_PATH",
        "WASIDEPS_HOME",
        "SOURCE_DATE_EPOCH",
        "NO_COLOR",
        "WASIDEPS_REMOTE_CACHE",
        "WASIDEPS_REMOTE_CACHE_MODE",
        "WASIDEPS_REMOTE_CACHE_KEY",
        "WASIDEPS_REMOTE_CACHE_TRUST",
        "WASIDEPS_REMOTE_CACHE_TOKEN",
    ] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    command
}

/// What CPython links, built once for all tests that only look at what a build makes: two jobs at
/// once, in a store that was empty.
pub fn built() -> &'static Place {
    static BUILT: OnceLock<Place> = OnceLock::new();
    BUILT.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("built");
        // Another run of the tests may still look at it: its lock goes with its process.
        let lock = std::fs::File::create(root.with_extension("lock")).expect("a lock's file");
        lock.lock().expect("the lock");
        std::mem::forget(lock);
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(&root).expect("a folder in the target folder");
        let place = Place { root, _dir: None };
        run(&mut place.build(&["-j2", "--prefix", "out"])).exits(0);
        place
    })
}

/// What CPython links: the sources of [`built`].
pub const CPYTHON: [&str; 9] = [
    "bzip2",
    "expat",
    "libffi",
    "libuuid",
    "mpdecimal",
    "sqlite",
    "xz",
    "zlib",
    "zstd",
];

/// The project's lock.
pub fn lock() -> Value {
    let text = std::fs::read(project().join("lockfile.json")).expect("the lock");
    serde_json::from_slice(&text).expect("JSON")
}

/// How many sources the lock has.
pub fn locked() -> usize {
    lock()["sources"].as_object().expect("sources").len()
}

/// What the lock has of the sources of [`built_all`]: of all but those that are only built in
/// another's place.
pub fn locked_of_all() -> serde_json::Map<String, Value> {
    let mut sources = lock()["sources"].as_object().expect("sources").clone();
    sources.retain(|name, _| {
        let recipe = project().join(format!("recipes/{name}/recipe.toml"));
        let text = std::fs::read_to_string(recipe).expect("the recipe");
        !text.lines().any(|line| line.starts_with("replaces = "))
    });
    sources
}

/// The prefix of all libraries that there are, built once, with objects of the shared store: those
/// of [`built`] are compiled anew in each run, and these when something changes.
pub fn built_all() -> PathBuf {
    static PREFIX: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        // Brings what is built from.
        archives();
        let prefix = built().path("all");
        let mut build = raw();
        build
            .args(["build", "--all", "-j2", "--offline", "--replace", "--store"])
            .arg(shared_store())
            .arg("--wasi-sdk")
            .arg(sdk())
            .arg("--prefix")
            .arg(&prefix);
        run(&mut build).exits(0);
        prefix
    };
    PREFIX.get_or_init(build).clone()
}

/// A folder with a store of its own, in which commands run.
pub struct Place {
    root: PathBuf,
    _dir: Option<TempDir>,
}

impl Place {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        // What is known of the SDK is copied, so that not every test hashes it and tries it anew.
        if find_sdk().is_ok() {
            copy_tree(
                &shared_store().join("identities"),
                &dir.path().join("store/identities"),
            );
            std::fs::copy(
                shared_store().join("format"),
                dir.path().join("store/format"),
            )
            .expect("the mark of a store");
        }
        Self {
            root: dir.path().to_owned(),
            _dir: Some(dir),
        }
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// Writes a file, making its folders.
    pub fn write(&self, below: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("the folder can be made");
        std::fs::write(&path, content).expect("the file can be written");
        path
    }

    /// `wasideps ARGS` in this folder, with its own store, without ambient SDK, proxies or
    /// configuration of Cargo's.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = raw();
        for variable in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
            command
                .env_remove(variable)
                .env_remove(variable.to_lowercase());
        }
        command
            .current_dir(&self.root)
            .args(args)
            .arg("--store")
            .arg(self.path("store"));
        command.env("CARGO_HOME", self.path("cargo-home"));
        command
    }

    /// [`Self::command`] with the archives of the embedded lock at hand.
    pub fn with_archives(&self, args: &[&str]) -> Command {
        let mut command = self.command(args);
        command.arg("--from").arg(archives()).arg("--offline");
        command
    }

    /// `wasideps build ARGS` with the real SDK and all archives at hand.
    pub fn build(&self, args: &[&str]) -> Command {
        self.build_with(sdk(), args)
    }

    /// [`Self::build`] with another SDK.
    pub fn build_with(&self, sdk: &Path, args: &[&str]) -> Command {
        let mut command = self.with_archives(&[&["build"], args].concat());
        command.arg("--wasi-sdk").arg(sdk);
        command
    }

    /// Copies the project's recipes, patches and lock here, to be changed; [`Self::own`] names
    /// them.
    pub fn copy_recipes(&self) {
        for folder in ["recipes", "patches"] {
            copy_tree(&project().join(folder), &self.path(folder));
        }
        std::fs::copy(project().join("lockfile.json"), self.path("lockfile.json"))
            .expect("the lock can be copied");
    }

    /// Adds the options that name the copied recipes and lock.
    pub fn own(&self, mut command: Command) -> Command {
        command
            .arg("--recipes")
            .arg(self.path("recipes"))
            .arg("--lockfile")
            .arg(self.path("lockfile.json"));
        command
    }

    /// Leaves only the source `name` in the copied lock, with these origins.
    pub fn only(&self, name: &str, origins: Vec<Value>) {
        self.edit_lock(|lock| {
            let sources = lock["sources"].as_object_mut().expect("sources");
            sources.retain(|key, _| key == name);
            sources[name]["origins"] = Value::Array(origins);
        });
    }

    /// The names below a folder of the store; none where it is not there.
    pub fn stored(&self, kind: &str) -> Vec<String> {
        names(&self.path("store").join(kind))
    }

    /// Changes the copied lock.
    pub fn edit_lock(&self, edit: impl FnOnce(&mut Value)) {
        let path = self.path("lockfile.json");
        let mut lock: Value =
            serde_json::from_slice(&std::fs::read(&path).expect("the lock")).expect("JSON");
        edit(&mut lock);
        std::fs::write(&path, format!("{lock:#}")).expect("the lock can be written");
    }

    /// Replaces `old`, which must be there, in a file.
    pub fn edit(&self, below: &str, old: &str, new: &str) {
        let path = self.path(below);
        let text = std::fs::read_to_string(&path).expect("the file");
        assert!(text.contains(old), "{below} has no `{old}`");
        std::fs::write(&path, text.replace(old, new)).expect("the file can be written");
    }
}

/// The names in a folder, sorted; none where it is not there.
pub fn names(dir: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

pub fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder can be made");
    for entry in std::fs::read_dir(from).expect("the folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("the file can be copied");
        }
    }
}

/// What a command gave.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    output: Output,
}

/// Runs `command` to its end.
pub fn run(command: &mut Command) -> Run {
    finished(
        command
            .output()
            .unwrap_or_else(|error| panic!("{command:?} can't be started: {error}")),
    )
}

/// What a process gave that is over.
pub fn finished(output: Output) -> Run {
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        output,
    }
}

impl Run {
    /// Asserts the exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// Asserts that stderr has each of `texts`.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        // Long lines are folded by the report; blanks make no difference here.
        let folded = |text: &str| {
            text.split_whitespace()
                .filter(|word| !matches!(*word, "│" | "·"))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let stderr = folded(&self.stderr);
        for text in texts {
            assert!(
                stderr.contains(&folded(text)),
                "`{text}` is not in stderr:\n{}",
                self.stderr
            );
        }
        self
    }

    /// The `data` of the one JSON object with this reason.
    #[track_caller]
    pub fn data(&self, reason: &str) -> Value {
        let found = self
            .json()
            .into_iter()
            .find(|line| line["reason"] == reason);
        found.unwrap_or_else(|| panic!("no `{reason}` in\n{}\n{}", self.stdout, self.stderr))["data"].take()
    }

    /// The objects of `--message-format json`.
    pub fn json(&self) -> Vec<Value> {
        json_lines(&self.output)
    }
}

fn json_lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON: {error}: {line}"))
        })
        .collect()
}

/// The archives of a source of a manifest.
pub fn archives_of(source: &Value) -> Vec<&Value> {
    let libraries = source["libraries"].as_array().expect("libraries");
    libraries
        .iter()
        .filter_map(|library| library.get("archive"))
        .collect()
}

/// Every file below `dir` with its digest and mode, sorted: what must be equal for two prefixes to
/// be equal.
pub fn snapshot(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    walk(dir, dir, &mut found);
    found.sort();
    assert!(!found.is_empty(), "{} is empty", dir.display());
    found
}

fn walk(root: &Path, dir: &Path, found: &mut Vec<String>) {
    use std::os::unix::fs::PermissionsExt as _;
    for entry in std::fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display()))
    {
        let path = entry.expect("an entry").path();
        let meta = std::fs::symlink_metadata(&path).expect("metadata");
        let below = path
            .strip_prefix(root)
            .expect("below")
            .display()
            .to_string();
        if meta.is_dir() {
            found.push(format!("{below}/ {:o}", meta.permissions().mode()));
            walk(root, &path, found);
        } else {
            let digest = wasideps::model::Sha256::of(&std::fs::read(&path).expect("a file"));
            found.push(format!("{below} {:o} {digest}", meta.permissions().mode()));
        }
    }
}
