//! How fast wasideps is, side by side with what it is compared with: `cargo run --release --example
//! bench [-- [--runs N] a b c d e f g]`.
//!
//! Whole processes are timed from outside, as a user would see them, in turn with what they are
//! compared with; the table has medians. The first run downloads sources and SDK into a store of
//! its own (`target/bench`); (b) also downloads upstream's sources with their build systems.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

/// Runs of the long measurements, unless `--runs` says otherwise.
const RUNS: usize = 3;
/// Those of the short ones.
const SHORT_RUNS: usize = 15;

const USAGE: &str = "\
Usage: cargo run --release --example bench [-- [--runs N] [a] [b] [c] [d] [e] [f] [g]]

  a  a cold build, against the same clang processes       d  a wiped prefix, objects in the store
  b  a cold build, against upstream's build systems       e  verifying and unpacking, against sha256sum and tar
  c  nothing to do                                        f  what build trace and documents cost
  g  `list`, `plan` and nothing to do, with 1,000 recipes that nobody uses, against 10 recipes
  --runs N  of a, b and f [default: 3]";

fn main() {
    let mut chosen: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = chosen.iter().find(|word| {
        !["a", "b", "c", "d", "e", "f", "g", "--runs"].contains(&word.as_str())
            && word.parse::<usize>().is_err()
    }) {
        let help = ["--help", "-h"].contains(&unknown.as_str());
        println!("{USAGE}");
        std::process::exit(if help { 0 } else { 2 });
    }
    let mut runs = RUNS;
    if let Some(at) = chosen.iter().position(|word| word == "--runs") {
        runs = chosen
            .get(at + 1)
            .and_then(|runs| runs.parse().ok())
            .expect("--runs takes a number");
        chosen.drain(at..=at + 1);
    }
    let wanted = |name: &str| chosen.is_empty() || chosen.iter().any(|chosen| chosen == name);
    let bench = Bench::new();
    println!("| | measured | compared with | ratio | aim |");
    println!("| --- | --- | --- | --- | --- |");
    if wanted("a") {
        bench.cold_build(runs);
    }
    if wanted("b") {
        bench.upstream(runs);
    }
    if wanted("c") {
        bench.nothing_to_do();
    }
    if wanted("d") {
        bench.warm_objects();
    }
    if wanted("e") {
        bench.verify_and_unpack();
    }
    if wanted("f") {
        bench.documents(runs);
    }
    if wanted("g") {
        bench.many_recipes();
    }
}

struct Bench {
    wasideps: PathBuf,
    dir: PathBuf,
    sdk: PathBuf,
    cores: u32,
}

impl Bench {
    fn new() -> Self {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
        let status = Command::new(env!("CARGO"))
            .args(["build", "--release", "--quiet", "--bin", "wasideps"])
            .status()
            .expect("cargo runs");
        assert!(status.success(), "wasideps does not build");
        let mut bench = Self {
            wasideps: target.join("release/wasideps"),
            dir: target.join("bench"),
            sdk: PathBuf::new(),
            cores: std::thread::available_parallelism()
                .map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX)),
        };
        let lines = bench.json(&["fetch"]);
        let toolchain = lines
            .iter()
            .find(|line| line["reason"] == "toolchain")
            .expect("a line about the toolchain");
        bench.sdk = toolchain["data"]["root"]
            .as_str()
            .expect("the SDK's folder")
            .into();
        eprintln!(
            "{} cores, {}",
            bench.cores,
            toolchain["data"]["identity"]["clang"]
                .as_str()
                .unwrap_or_default()
        );
        bench
    }

    /// `wasideps ARGS` on the benchmark's own store.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.without_sdk(args);
        if !self.sdk.as_os_str().is_empty() {
            command.arg("--wasi-sdk").arg(&self.sdk);
        }
        command
    }

    fn json(&self, args: &[&str]) -> Vec<Value> {
        let output = self
            .command(args)
            .args(["--message-format", "json"])
            .output()
            .expect("wasideps starts");
        assert!(
            output.status.success(),
            "wasideps {args:?}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    fn clean(&self, kinds: &str) {
        let status = Command::new(&self.wasideps)
            .args(["clean", "--quiet", "--remove", kinds, "--store"])
            .arg(self.dir.join("store"))
            .stdout(Stdio::null())
            .status();
        assert!(
            status.expect("wasideps starts").success(),
            "the store can't be cleaned"
        );
    }

    fn wipe_prefix(&self) -> String {
        let prefix = self.dir.join("prefix");
        if prefix.exists() {
            std::fs::remove_dir_all(&prefix).expect("the prefix can be removed");
        }
        prefix.to_string_lossy().into_owned()
    }

    /// A cold build of `names` (all, where that is empty) with warm downloads; seconds, and the
    /// time of each clang.
    fn cold(&self, jobs: &str, names: &[String]) -> (f64, Vec<f64>) {
        self.clean("objects,trees");
        let prefix = self.wipe_prefix();
        let started = Instant::now();
        let mut args = vec!["build", "--offline", "--prefix", &prefix, "-j", jobs];
        args.extend(names.iter().map(String::as_str));
        let lines = self.json(&args);
        let seconds = started.elapsed().as_secs_f64();
        let clangs = lines
            .iter()
            .filter(|line| line["reason"] == "compiled")
            .map(|line| line["seconds"].as_f64().expect("seconds"));
        (seconds, clangs.collect())
    }

    fn cold_build(&self, runs: usize) {
        let mut seconds = Vec::new();
        let mut ratios = Vec::new();
        let mut bounds = Vec::new();
        for _ in 0..runs {
            // The same processes one at a time tell what the work is; in turn with the real build,
            // since machines drift.
            let (_, alone) = self.cold("1", &[]);
            let bound = f64::max(
                alone.iter().sum::<f64>() / f64::from(self.cores),
                alone.iter().copied().fold(0.0, f64::max),
            );
            let (built, _) = self.cold(&self.cores.to_string(), &[]);
            seconds.push(built);
            bounds.push(bound);
            ratios.push(built / bound);
        }
        let [built, bound, ratio] = [seconds, bounds, ratios].map(median);
        println!(
            "| (a) cold build, warm downloads | {built:.2} s | {bound:.2} s: the larger of all clang processes divided by {} cores, and the longest one | {ratio:.2} | 1.08 |",
            self.cores
        );
    }

    fn upstream(&self, runs: usize) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/upstream/build.sh");
        let sources = self.dir.join("upstream-sources");
        let out = self.dir.join("upstream-out");
        let run = |args: &[&std::ffi::OsStr]| {
            let output = Command::new("bash")
                .arg(&script)
                .args(args)
                .env("WASI_SDK_PATH", &self.sdk)
                .stderr(Stdio::inherit())
                .output()
                .expect("bash starts");
            assert!(
                output.status.success(),
                "{} {args:?} failed",
                script.display()
            );
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        if !sources.exists() {
            run(&["fetch".as_ref(), sources.as_os_str()]);
        }
        let jobs = format!("-j{}", self.cores);
        let mut ratios = Vec::new();
        let mut theirs = Vec::new();
        let mut ours = Vec::new();
        let mut parts = String::new();
        for _ in 0..runs {
            let printed = run(&[
                "build".as_ref(),
                sources.as_os_str(),
                out.as_os_str(),
                jobs.as_ref(),
            ]);
            let times: Vec<(String, f64)> = printed
                .lines()
                .filter_map(|line| {
                    let (name, seconds) = line.split_once(' ')?;
                    Some((name.to_owned(), seconds.trim().parse().ok()?))
                })
                .collect();
            let sum: f64 = times.iter().map(|(_, seconds)| seconds).sum();
            parts = times
                .iter()
                .map(|(name, seconds)| format!("{name} {seconds:.1}"))
                .collect::<Vec<_>>()
                .join(", ");
            let names: Vec<String> = times.iter().map(|(name, _)| name.clone()).collect();
            let (built, _) = self.cold(&self.cores.to_string(), &names);
            ratios.push(built / sum);
            theirs.push(sum);
            ours.push(built);
        }
        let [ours, theirs, ratio] = [ours, theirs, ratios].map(median);
        println!(
            "| (b) cold build, warm downloads | {ours:.2} s | {theirs:.2} s: upstream's own build systems one after another, `make {jobs}` ({parts}) | {ratio:.2} | 0.4 |"
        );
    }

    fn nothing_to_do(&self) {
        let prefix = self.dir.join("prefix").to_string_lossy().into_owned();
        self.json(&["build", "--offline", "--prefix", &prefix]);
        // What has to be done for it: nothing is believed that was not hashed.
        let manifest = std::fs::read(Path::new(&prefix).join("share/wasideps/manifest.json"));
        let manifest: Value =
            serde_json::from_slice(&manifest.expect("the manifest")).expect("JSON");
        let files = manifest["files"].as_array().expect("files").iter();
        let files: Vec<&str> = files
            .map(|file| file["path"].as_str().expect("a path"))
            .collect();
        let ours = || {
            let started = Instant::now();
            let output = self
                .command(&["build", "--offline", "--quiet", "--prefix", &prefix])
                .output()
                .expect("wasideps starts");
            let seconds = started.elapsed().as_secs_f64();
            assert!(
                String::from_utf8_lossy(&output.stdout).contains("up to date"),
                "there was something to do"
            );
            seconds
        };
        let theirs = || {
            let started = Instant::now();
            let status = Command::new("sha256sum")
                .args(&files)
                .current_dir(&prefix)
                .stdout(Stdio::null())
                .status();
            assert!(
                status.expect("sha256sum starts").success(),
                "sha256sum failed"
            );
            started.elapsed().as_secs_f64()
        };
        let [ours, theirs, ratio] = in_turn(ours, theirs);
        println!(
            "| (c) nothing to do | {:.1} ms | {:.1} ms: `sha256sum` of the prefix's files | {ratio:.2} | 1.0 |",
            ours * 1e3,
            theirs * 1e3
        );
    }

    fn warm_objects(&self) {
        println!(
            "| (d) wiped prefix, warm object cache | {:.2} s | | | 1 s |",
            self.warm()
        );
    }

    /// Seconds of a build that compiles nothing and installs everything.
    fn warm(&self) -> f64 {
        self.json(&[
            "build",
            "--offline",
            "--prefix",
            &self.dir.join("prefix").to_string_lossy(),
        ]);
        let times = (0..SHORT_RUNS).map(|_| {
            let prefix = self.wipe_prefix();
            let started = Instant::now();
            let status = self
                .command(&["build", "--offline", "--quiet", "--prefix", &prefix])
                .stdout(Stdio::null())
                .status();
            assert!(
                status.expect("wasideps starts").success(),
                "the build failed"
            );
            started.elapsed().as_secs_f64()
        });
        median(times.collect())
    }

    /// What the documents cost at most: a build that has nothing to do but to install, and to write
    /// build trace, manifest and all documents.
    fn documents(&self, runs: usize) {
        let cold = median(
            (0..runs)
                .map(|_| self.cold(&self.cores.to_string(), &[]).0)
                .collect(),
        );
        let warm = self.warm();
        println!(
            "| (f) installing, with build trace and all documents | {warm:.2} s | {cold:.2} s: (a), of which it is a part | {:.3} | 0.05 |",
            warm / cold
        );
    }

    /// What commands cost with so many recipes in the folder, of which the lock has the real ones.
    fn many_recipes(&self) {
        const FEW: usize = 10;
        const MANY: usize = 1000;
        let (few, many) = (self.recipes(FEW), self.recipes(MANY));
        let prefix = self.dir.join("prefix").to_string_lossy().into_owned();
        let build = ["build", "--offline", "--quiet", "--prefix", &prefix];
        for (what, args, aim) in [
            ("`list`", &["list"][..], ""),
            ("`plan`", &["plan", "--quiet"], ""),
            ("nothing to do", &build, "1.5"),
        ] {
            let time = |recipes: &Path| {
                let mut command = if args[0] == "list" {
                    self.without_sdk(args)
                } else {
                    self.command(args)
                };
                command.arg("--recipes").arg(recipes).stdout(Stdio::null());
                let started = Instant::now();
                assert!(
                    command.status().expect("wasideps starts").success(),
                    "{command:?} failed"
                );
                started.elapsed().as_secs_f64()
            };
            // The first makes what later ones find; then in turn, since machines drift.
            time(&few);
            time(&many);
            let (few, many): (Vec<f64>, Vec<f64>) =
                (0..SHORT_RUNS).map(|_| (time(&few), time(&many))).unzip();
            let [few, many] = [few, many].map(median);
            println!(
                "| (g) {what}, {MANY} recipes | {:.1} ms | {:.1} ms: {FEW} recipes | {:.2} | {aim} |",
                many * 1e3,
                few * 1e3,
                many / few
            );
        }
    }

    /// A folder with the project's recipes and as many more as it takes to be `count`.
    fn recipes(&self, count: usize) -> PathBuf {
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        let top = self.dir.join(format!("recipes-{count}"));
        let _ = std::fs::remove_dir_all(&top);
        copy(&project.join("recipes"), &top.join("recipes"));
        copy(&project.join("patches"), &top.join("patches"));
        let text =
            std::fs::read_to_string(project.join("recipes/bzip2/recipe.toml")).expect("a recipe");
        let real = std::fs::read_dir(project.join("recipes"))
            .expect("recipes")
            .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.path().is_dir()));
        for number in real.count()..count {
            let dir = top.join(format!("recipes/bzip2-{number}"));
            std::fs::create_dir_all(&dir).expect("a folder");
            let text = text.replace("name = \"bzip2\"", &format!("name = \"bzip2-{number}\""));
            std::fs::write(dir.join("recipe.toml"), text).expect("written");
        }
        top.join("recipes")
    }

    /// `wasideps ARGS` for a command that takes no SDK.
    fn without_sdk(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.wasideps);
        command
            .args(args)
            .arg("--store")
            .arg(self.dir.join("store"))
            .stdin(Stdio::null());
        command
    }

    fn verify_and_unpack(&self) {
        // A source has several origins, whose archives differ: the one in the store was fetched.
        let lock: Value = serde_json::from_str(wasideps::embedded::LOCKFILE).expect("the lock");
        let store = self.dir.join("store/archives");
        let fetched = self.json(&["fetch", "--offline"]);
        let fetched = fetched.iter().filter(|line| line["reason"] == "fetched");
        let archives: BTreeSet<PathBuf> = fetched
            .map(|line| {
                let name = line["data"]["name"].as_str().expect("a source's name");
                let origins = &lock["sources"][name]["origins"];
                let origins = origins.as_array().expect("origins");
                origins
                    .iter()
                    .map(|origin| store.join(origin["sha256"].as_str().expect("a digest")))
                    .find(|path| path.is_file())
                    .unwrap_or_else(|| panic!("no archive of {name} is in the store"))
            })
            .collect();
        let ours = || {
            self.clean("trees");
            let started = Instant::now();
            let status = self
                .command(&["fetch", "--offline", "--quiet"])
                .stdout(Stdio::null())
                .status();
            assert!(status.expect("wasideps starts").success(), "fetch failed");
            started.elapsed().as_secs_f64()
        };
        let [ours, theirs, ratio] = in_turn(ours, || by_hand(&self.dir, &archives));
        println!(
            "| (e) verify and unpack | {:.0} ms | {:.0} ms: `sha256sum` and `tar x` of the same archives | {ratio:.2} | 1.0 |",
            ours * 1e3,
            theirs * 1e3
        );
    }
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("copied");
        }
    }
}

/// `sha256sum` of all archives, then `tar x` of each; seconds.
fn by_hand(dir: &Path, archives: &BTreeSet<PathBuf>) -> f64 {
    let out = tempfile::tempdir_in(dir).expect("a temporary folder");
    let started = Instant::now();
    let status = Command::new("sha256sum")
        .args(archives)
        .stdout(Stdio::null())
        .status();
    assert!(
        status.expect("sha256sum starts").success(),
        "sha256sum failed"
    );
    for archive in archives {
        let status = Command::new("tar")
            .arg("-xf")
            .arg(archive)
            .arg("-C")
            .arg(out.path())
            .status();
        assert!(status.expect("tar starts").success(), "tar failed");
    }
    started.elapsed().as_secs_f64()
}

/// Times both in turn, since machines drift: the medians in seconds, and that of the ratios.
fn in_turn(ours: impl Fn() -> f64, theirs: impl Fn() -> f64) -> [f64; 3] {
    let pairs: Vec<(f64, f64)> = (0..SHORT_RUNS).map(|_| (ours(), theirs())).collect();
    let ratios = pairs.iter().map(|(ours, theirs)| ours / theirs).collect();
    let (ours, theirs) = pairs.into_iter().unzip();
    [ours, theirs, ratios].map(median)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
