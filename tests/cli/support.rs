//! What the tests of the command line share: the binary in a folder of its own, the tools that `tests/run` brought, the real SDK.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// The project's folder.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A tool that `tests/run` brings, by the variable that names it.
pub fn tool(variable: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(path) => path.into(),
        None => panic!("${variable} is not set: run the tests with `bash tests/run`, which brings the tools that they need"),
    }
}

/// Wasmtime.
pub fn wasmtime() -> PathBuf {
    tool("WASIDEPS_TEST_WASMTIME")
}

/// The store that all tests share for what is expensive and never changes: downloads and the SDK. Tests that look at a store have one of their own.
pub fn shared_store() -> PathBuf {
    tool("WASIDEPS_TEST_STORE")
}

/// The SDK that the tests build with, fetched once for all of them.
pub fn sdk() -> &'static Path {
    static SDK: OnceLock<PathBuf> = OnceLock::new();
    SDK.get_or_init(|| {
        let output = raw().args(["fetch", "--sdk", "debian", "--message-format", "json", "--store"]).arg(shared_store()).output();
        let output = output.expect("wasideps starts");
        assert!(output.status.success(), "the SDK can't be fetched:\n{}", String::from_utf8_lossy(&output.stderr));
        let toolchain = json_lines(&output).into_iter().find(|line| line["reason"] == "toolchain").expect("a line about the toolchain");
        let root = PathBuf::from(toolchain["data"]["root"].as_str().expect("the SDK's folder"));
        // It has a record as one that is named, too, which is how the tests use it.
        let named = raw().args(["plan", "bzip2", "--wasi-sdk"]).arg(&root).arg("--store").arg(shared_store()).output();
        assert!(named.expect("wasideps starts").status.success(), "the SDK can't be used by name");
        root
    })
}

/// A folder with all archives that the embedded lock needs, as a machine without network would have it; of bzip2 from each origin that is reached.
pub fn archives() -> PathBuf {
    static BROUGHT: OnceLock<()> = OnceLock::new();
    BROUGHT.get_or_init(|| {
        sdk();
        let output = raw().args(["fetch", "bzip2", "--all-origins", "--store"]).arg(shared_store()).output().expect("wasideps starts");
        assert!(output.status.success(), "bzip2 can't be fetched:\n{}", String::from_utf8_lossy(&output.stderr));
    });
    shared_store().join("archives")
}

/// The binary in an environment without the settings of whoever runs the tests.
pub fn raw() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wasideps"));
    for variable in ["WASI_SDK_PATH", "WASIDEPS_HOME", "SOURCE_DATE_EPOCH", "NO_COLOR"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    command
}

/// The four libraries, built once for all tests that only look at what a build makes: two jobs at once, in a store that was empty.
pub fn built() -> &'static Place {
    static BUILT: OnceLock<Place> = OnceLock::new();
    BUILT.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("built");
        let _ = std::fs::remove_dir_all(&root);
        std::fs::create_dir_all(&root).expect("a folder in the target folder");
        let place = Place { root, _dir: None };
        run(&mut place.build(&["-j2", "--prefix", "out"])).exits(0);
        place
    })
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
        sdk();
        copy_tree(&shared_store().join("identities"), &dir.path().join("store/identities"));
        std::fs::copy(shared_store().join("format"), dir.path().join("store/format")).expect("the mark of a store");
        Self { root: dir.path().to_owned(), _dir: Some(dir) }
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

    /// `wasideps ARGS` in this folder, with its own store, without ambient SDK, proxies or configuration of Cargo's.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = raw();
        for variable in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
            command.env_remove(variable).env_remove(variable.to_lowercase());
        }
        command.current_dir(&self.root).args(args).arg("--store").arg(self.path("store"));
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
        let mut command = self.with_archives(&[&["build"], args].concat());
        command.arg("--wasi-sdk").arg(sdk());
        command
    }

    /// Copies the project's recipes, patches and lock here, to be changed; [`Self::own`] names them.
    pub fn copy_recipes(&self) {
        for folder in ["recipes", "patches"] {
            copy_tree(&project().join(folder), &self.path(folder));
        }
        std::fs::copy(project().join("lockfile.json"), self.path("lockfile.json")).expect("the lock can be copied");
    }

    /// Adds the options that name the copied recipes and lock.
    pub fn own(&self, mut command: Command) -> Command {
        command.arg("--recipes").arg(self.path("recipes")).arg("--lockfile").arg(self.path("lockfile.json"));
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
        let mut lock: Value = serde_json::from_slice(&std::fs::read(&path).expect("the lock")).expect("JSON");
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
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
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
    finished(command.output().unwrap_or_else(|error| panic!("{command:?} can't be started: {error}")))
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
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that stderr has each of `texts`.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        // Long lines are folded by the report; blanks make no difference here.
        let folded = |text: &str| text.split_whitespace().filter(|word| !matches!(*word, "│" | "·")).collect::<Vec<_>>().join(" ");
        let stderr = folded(&self.stderr);
        for text in texts {
            assert!(stderr.contains(&folded(text)), "`{text}` is not in stderr:\n{}", self.stderr);
        }
        self
    }

    /// The `data` of the one JSON object with this reason.
    #[track_caller]
    pub fn data(&self, reason: &str) -> Value {
        let found = self.json().into_iter().find(|line| line["reason"] == reason);
        found.unwrap_or_else(|| panic!("no `{reason}` in\n{}\n{}", self.stdout, self.stderr))["data"].take()
    }

    /// The objects of `--message-format json`.
    pub fn json(&self) -> Vec<Value> {
        json_lines(&self.output)
    }
}

fn json_lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON: {error}: {line}"))).collect()
}

/// Every file below `dir` with its digest and mode, sorted: what must be equal for two prefixes to be equal.
pub fn snapshot(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    walk(dir, dir, &mut found);
    found.sort();
    assert!(!found.is_empty(), "{} is empty", dir.display());
    found
}

fn walk(root: &Path, dir: &Path, found: &mut Vec<String>) {
    use std::os::unix::fs::PermissionsExt as _;
    for entry in std::fs::read_dir(dir).unwrap_or_else(|error| panic!("{}: {error}", dir.display())) {
        let path = entry.expect("an entry").path();
        let meta = std::fs::symlink_metadata(&path).expect("metadata");
        let below = path.strip_prefix(root).expect("below").display().to_string();
        if meta.is_dir() {
            found.push(format!("{below}/ {:o}", meta.permissions().mode()));
            walk(root, &path, found);
        } else {
            let digest = wasideps::model::Sha256::of(&std::fs::read(&path).expect("a file"));
            found.push(format!("{below} {:o} {digest}", meta.permissions().mode()));
        }
    }
}
