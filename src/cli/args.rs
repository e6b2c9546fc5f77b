//! The command line as data.

mod audit;
mod config;
#[cfg(feature = "remote")]
mod remote;
mod sbom;

use std::num::NonZeroUsize;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use url::Url;

pub use audit::{AuditArgs, OutdatedArgs};
pub use config::ConfigArgs;

use super::timings::TimingsFile;
use super::values::{age, crate_release, debian_file, path, replacement};
use crate::consumer::env::Shell;
use crate::model::{
    BuildConfig, LicenseExpression, Matrix, MatrixCell, Name, Request, SelectionError, Sha256,
    Template, Version,
};
use crate::pack::WheelVersion;
use crate::session::Session;

pub use sbom::{ExplainArgs, SbomArgs, SbomCommand, SbomFormat, SbomProfile};

const EXAMPLES: &str = "\
Examples:
  wasideps build                        fetch, verify and build everything into sysroot/wasm32-wasip1
  wasideps build zlib xz --prefix out   only these two, into out/
  wasideps build --python 3.13          with the SDK that CPython 3.13 is built with
  wasideps build --matrix targets=wasm32-wasip1,wasm32-wasip2,variants=default,eh
  wasideps sdk build/sdk                an SDK overlay for CPython: WASI_SDK_PATH=build/sdk
  wasideps fetch && wasideps build --offline

Exit codes: 0 done, 1 a build or check failed or output was lost, 2 usage, 3 verification failed, 4 network, 5 toolchain, 6 policy";

/// Fetches, verifies and cross-compiles the C libraries that CPython needs on WASI.
#[derive(Debug, Parser)]
#[command(name = "wasideps", version, about, after_help = EXAMPLES, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub global: Global,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Use this folder of recipes instead of the embedded one; its patches are in the folder
    /// `patches` beside it
    #[arg(long, global = true, value_parser = path, value_name = "DIR")]
    pub recipes: Option<Utf8PathBuf>,
    /// Use the recipes, patches and lock of this folder, as `wasideps init` lays them out
    #[arg(long, global = true, value_parser = path, value_name = "DIR", conflicts_with_all = ["recipes", "lockfile"])]
    pub project: Option<Utf8PathBuf>,
    /// Use this lock file instead of the embedded one
    #[arg(long, global = true, value_parser = path, value_name = "FILE")]
    pub lockfile: Option<Utf8PathBuf>,
    /// Store for downloads, sources, objects and SDKs [default: $WASIDEPS_HOME or the platform's
    /// cache folder]
    #[arg(long, global = true, value_parser = path, value_name = "DIR")]
    pub store: Option<Utf8PathBuf>,
    /// Do not use the network; list what is missing
    #[arg(long, global = true)]
    pub offline: bool,
    /// Look for archives in this folder, by digest, for a machine without a network (repeatable)
    #[arg(long, global = true, value_parser = path, value_name = "DIR")]
    pub from: Vec<Utf8PathBuf>,
    #[cfg(feature = "remote")]
    #[command(flatten)]
    pub remote: remote::RemoteArgs,
    /// Output for people, as one JSON object a line on stdout, or as SARIF (`audit` only)
    #[arg(long, global = true, value_name = "FORMAT", default_value = "human")]
    pub message_format: MessageFormat,
    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// Print only results and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Log to stderr what is looked at, found, fetched and started, and why; twice (`-vv`), in more
    /// detail
    #[arg(long, short, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
}

impl Global {
    /// The same with the recipes and the lock of the project, if one is named.
    #[must_use]
    pub fn resolved(mut self) -> Self {
        if let Some(project) = self.project.take() {
            self.recipes = Some(project.join(RECIPES));
            self.lockfile = Some(project.join(LOCKFILE));
        }
        self
    }
}

/// The recipes of a project, and its lock.
pub const RECIPES: &str = "recipes";
pub const LOCKFILE: &str = "lockfile.json";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MessageFormat {
    Human,
    Json,
    /// One SARIF log on stdout; only `audit` writes one
    Sarif,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    Auto,
    Always,
    Never,
}

/// Which WASI SDK to use.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Toolchain")]
pub struct ToolchainArgs {
    /// WASI SDK to use [default: $WASI_SDK_PATH, /opt/wasi-sdk*, the store, the one pinned in the
    /// lock]
    #[arg(long, value_parser = path, value_name = "DIR")]
    pub wasi_sdk: Option<Utf8PathBuf>,
    /// Use this release of the lock (`33`) or, where it can't be fetched, its twin assembled from
    /// Debian's packages; `debian` for such a twin in any case, `debian-25` for just that one
    #[arg(long, value_name = "RELEASE", conflicts_with = "wasi_sdk")]
    pub sdk: Option<String>,
    /// Use the SDK that this CPython branch is built with (3.11 to 3.15, main), or the nearest that
    /// is available; with --wasi-sdk, check that the branch is built with that SDK
    #[arg(long, value_name = "BRANCH", conflicts_with = "sdk")]
    pub python: Option<String>,
    #[command(flatten)]
    config: ConfigArgs,
}

impl ToolchainArgs {
    /// What to build for.
    #[must_use]
    pub fn config(&self) -> BuildConfig {
        self.config.config
    }

    /// Whether an SDK is asked for by name.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.wasi_sdk.is_some() || self.sdk.is_some() || self.python.is_some()
    }
}

#[derive(Debug, Args)]
pub struct PrefixArgs {
    /// Where the libraries go.
    #[arg(
        long,
        value_parser = path,
        value_name = "DIR",
        help = "Where the libraries go [default: sysroot/<target>, for a variant sysroot/<target>+<variant>]"
    )]
    pub prefix: Option<Utf8PathBuf>,
}

impl PrefixArgs {
    /// The prefix for `config`.
    #[must_use]
    pub fn path(&self, config: BuildConfig) -> Utf8PathBuf {
        self.prefix
            .clone()
            .unwrap_or_else(|| default_prefix(config))
    }

    /// The prefix of one of several combinations.
    #[must_use]
    pub fn path_in(&self, cell: &MatrixCell) -> Utf8PathBuf {
        let folder = self.prefix.as_deref();
        folder
            .unwrap_or(Utf8Path::new(PREFIXES))
            .join(cell.to_string())
    }
}

/// Where the libraries for `config` go, unless another folder is named.
#[must_use]
pub fn default_prefix(config: BuildConfig) -> Utf8PathBuf {
    Utf8Path::new(PREFIXES).join(config.to_string())
}

/// Where prefixes go, each in a folder of its own.
const PREFIXES: &str = "sysroot";

#[derive(Debug, Clone, Args)]
pub struct JobsArgs {
    /// Number of compile jobs (or tests) at once [default: the number of processors]
    #[arg(long, short, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

impl JobsArgs {
    /// How many.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.jobs
            .or_else(|| std::thread::available_parallelism().ok())
            .map_or(1, Into::into)
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Download and verify sources and SDK into the store; afterwards nothing needs the network
    Fetch(FetchArgs),
    /// Begin a project of your own: recipes, patches and a lock
    Init(InitArgs),
    /// Fetch what is missing, compile, and install into the prefix with manifest and SBOM
    Build(BuildArgs),
    /// Compile each source's tests against the prefix and run them under a WASI runtime
    Check(CheckArgs),
    /// Make an SDK overlay that CPython's build driver accepts as WASI_SDK_PATH
    Sdk(SdkArgs),
    /// Print the environment variables that configure scripts need
    Env(EnvArgs),
    /// Lay out the verified source trees in a folder, as get_externals.bat does for CPython on Windows
    Externals(ExternalsArgs),
    /// Write a prefix as archives with an index, or as a wheel
    Pack(PackArgs),
    /// Make a prefix from the index and the archives that `pack` wrote
    Install(InstallArgs),
    /// Print, write or check the SBOM of the locked sources or of a prefix
    Sbom(SbomArgs),
    /// Check policy, licences, independent origins and known vulnerabilities; a violation is exit
    /// code 6
    #[command(after_help = audit::EXAMPLES)]
    Audit(AuditArgs),
    /// Compare the lock with what origins offer now, and change nothing
    #[command(after_help = audit::OUTDATED_EXAMPLES)]
    Outdated(OutdatedArgs),
    /// Show what changed from one prefix to another, or from one lock to another
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(DiffArgs),
    /// Recompute every digest of a prefix, and list each difference
    Verify(VerifyArgs),
    /// Move one source to another version
    Lock(LockArgs),
    /// Move sources to the newest version that their origins offer: their recipes, their tests and
    /// the lock, all or nothing
    #[command(after_help = UPDATE_EXAMPLES)]
    Update(UpdateArgs),
    /// List the sources of the lock
    List,
    /// Show what a build would do
    Plan(PlanArgs),
    /// Work on recipes
    #[command(subcommand)]
    Recipe(RecipeCommand),
    /// Show or empty the store
    Clean(CleanArgs),
    /// Print the JSON schema of recipes, tests or the lock
    Schema(SchemaArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Write the man pages into a folder
    Man(ManArgs),
}

/// Which sources of the lock.
#[derive(Debug, Args)]
pub struct SourcesArgs {
    /// Sources, or groups of them (`@images`), with what they depend on [default: @cpython, what
    /// CPython itself links; all of a lock that has no such group]
    #[arg(value_name = "NAME")]
    pub names: Vec<Request>,
    /// All sources of the lock
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
    /// Build a recipe that is written to take another's place: `zlib=zlib-ng-compat` (repeatable)
    #[arg(long, value_name = "NAME=RECIPE", value_parser = replacement)]
    pub with: Vec<(Name, Name)>,
}

impl SourcesArgs {
    /// Their names; none stands for all.
    ///
    /// # Errors
    /// As of [`Session::requested`].
    pub fn of(&self, session: &Session<'_>) -> Result<Vec<Name>, Vec<SelectionError>> {
        let names = match (self.all, &*self.names) {
            (true, _) => Vec::new(),
            (false, []) => session.by_default(),
            (false, names) => session.requested(names)?,
        };
        session.with(names, &self.with)
    }
}

#[derive(Debug, Args)]
pub struct FetchArgs {
    #[command(flatten)]
    pub sources: SourcesArgs,
    /// Download every origin of each source, and compare them file by file
    #[arg(long)]
    pub all_origins: bool,
    /// Also bring what `check` runs tests with: a wasmtime that cargo installs into the store, if
    /// there is none on the PATH
    #[arg(long, conflicts_with = "all_origins")]
    pub tools: bool,
    #[command(flatten)]
    pub toolchain: ToolchainArgs,
}

#[derive(Debug, Args)]
pub struct BuildArgs {
    #[command(flatten)]
    pub sources: SourcesArgs,
    #[command(flatten)]
    pub jobs: JobsArgs,
    /// Replace a prefix that was made with another SDK, for another target or as another variant,
    /// or whose manifest can't be read
    #[arg(long)]
    pub replace: bool,
    /// Write where the time went: a page with a picture, or its data (`.json`); also of a build
    /// that fails (repeatable)
    #[arg(long, value_name = "FILE.html|FILE.json")]
    pub timings: Vec<TimingsFile>,
    /// Build every combination of some targets, variants and SDKs as one list of compile jobs:
    /// `targets=wasm32-wasip1,wasm32-wasip2,variants=default,eh,sdks=33,debian-25`; each goes into a
    /// folder of its own in that of `--prefix` [default there: sysroot] (repeatable)
    #[arg(long, value_name = "AXES", conflicts_with_all = ["target", "variant"])]
    pub matrix: Vec<Matrix>,
    #[command(flatten)]
    pub prefix: PrefixArgs,
    #[command(flatten)]
    pub toolchain: ToolchainArgs,
}

const DIFF_EXAMPLES: &str = "\
Examples:
  wasideps diff sysroot.old sysroot/wasm32-wasip1
  wasideps diff --exit-code a/lockfile.json b/lockfile.json
  wasideps diff a/lockfile.json b/lockfile.json --html changes.html

Exit codes: 0 they were compared, 1 they differ, with --exit-code; 2 one of them can't be read";

#[derive(Debug, Args)]
pub struct DiffArgs {
    /// Prefix or lock to compare from
    #[arg(value_parser = path, value_name = "FROM")]
    pub from_state: Utf8PathBuf,
    /// Prefix or lock to compare with it
    #[arg(value_parser = path, value_name = "TO")]
    pub to_state: Utf8PathBuf,
    /// End with exit code 1 if they differ
    #[arg(long)]
    pub exit_code: bool,
    /// Also write what changed as a page that needs no network and no script
    #[arg(long, value_parser = path, value_name = "FILE")]
    pub html: Option<Utf8PathBuf>,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Sources of the prefix to check, or groups of them (`@images`) [default: all of the prefix]
    #[arg(value_name = "NAME")]
    pub names: Vec<Request>,
    /// wasmtime to run tests with [default: $HOSTRUNNER, the one on the PATH, one that cargo
    /// installs into the store]
    #[arg(long, value_parser = path, value_name = "PROGRAM")]
    pub runner: Option<Utf8PathBuf>,
    /// Also check the prefix for this target, or this target and variant (`wasm32-wasip2`,
    /// `wasm32-wasip1+eh`), each in its default folder; the page of `--markdown` has a column for
    /// each (repeatable)
    #[arg(long, value_name = "TRIPLE[+FEATURES]", conflicts_with = "prefix")]
    pub also: Vec<BuildConfig>,
    /// Run all tests, also those that passed before with the same library, program, data, runtime
    /// and SDK
    #[arg(long)]
    pub fresh: bool,
    /// Take the tests that this file names as passed, if their keys are the same; then write the
    /// keys of those that passed into it. It is created if it does not exist
    #[arg(long, value_parser = path, value_name = "FILE")]
    pub record: Option<Utf8PathBuf>,
    /// Of the tests that passed before, run so many of a hundred all the same, by chance
    #[arg(long, value_name = "PERCENT", conflicts_with = "fresh", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub sample: Option<u8>,
    /// What the chance depends on, to draw the same tests again [default: the time]
    #[arg(long, value_name = "TEXT", requires = "sample")]
    pub seed: Option<String>,
    /// Also write the results as JUnit XML
    #[arg(long, value_parser = path, value_name = "FILE")]
    pub junit: Option<Utf8PathBuf>,
    /// Also write the results as a Markdown page
    #[arg(long, value_parser = path, value_name = "FILE")]
    pub markdown: Option<Utf8PathBuf>,
    /// Also write the results as an HTML page that needs no network and no script
    #[arg(long, value_parser = path, value_name = "FILE")]
    pub html: Option<Utf8PathBuf>,
    #[command(flatten)]
    pub jobs: JobsArgs,
    #[command(flatten)]
    pub prefix: PrefixArgs,
    #[command(flatten)]
    pub toolchain: ToolchainArgs,
}

#[derive(Debug, Args)]
pub struct SdkArgs {
    /// Folder to make; its name must not start with `wasi-sdk`
    #[arg(value_parser = path, value_name = "DIR")]
    pub dir: Utf8PathBuf,
    #[command(flatten)]
    pub prefix: PrefixArgs,
    #[command(flatten)]
    pub toolchain: ToolchainArgs,
}

#[derive(Debug, Args)]
pub struct ExternalsArgs {
    /// Folder to write into: one folder a source, `zlib-1.3.2`, `externals.spdx.json`, and
    /// `dependencies.toml`, tables for the `config.toml` of CPython's build drivers
    #[arg(value_parser = path, value_name = "DIR")]
    pub dir: Utf8PathBuf,
    #[command(flatten)]
    pub sources: SourcesArgs,
    #[command(flatten)]
    pub config: ConfigArgs,
}

const PACK_EXAMPLES: &str = "\
Examples:
  wasideps pack dist                           archives of sysroot/wasm32-wasip1 and of each library, and dist/index.json
  wasideps pack dist --wheel 2026.11.27        also a wheel for pip
  wasideps pack dist --prefix out              those of another prefix";

#[derive(Debug, Args)]
#[command(after_help = PACK_EXAMPLES)]
pub struct PackArgs {
    /// Folder to write into
    #[arg(value_parser = path, value_name = "DIR")]
    pub dir: Utf8PathBuf,
    /// Also write a wheel of Python with this version
    #[arg(long, value_name = "VERSION")]
    pub wheel: Option<WheelVersion>,
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub prefix: PrefixArgs,
}

const INSTALL_EXAMPLES: &str = "\
Examples:
  wasideps install dist --index-sha256 HEX     the prefix that `pack` wrote into dist
  wasideps install https://example.org/index.json --pin wasideps-index.json
                                               the first time this writes the index's digest into the file
  wasideps install --pin wasideps-index.json   later: the same index or an error

Exit codes: 3 something is not what the index or the pinned digest says";

#[derive(Debug, Args)]
#[command(after_help = INSTALL_EXAMPLES)]
pub struct InstallArgs {
    /// The index: its URL, its file, or the folder that it is in
    #[arg(value_name = "INDEX", required_unless_present = "pin")]
    pub index: Option<String>,
    /// Require this SHA-256 of the index, as `pack` prints it
    #[arg(long, value_name = "HEX", conflicts_with = "pin")]
    pub index_sha256: Option<Sha256>,
    /// Require the index that this file names, with its digest; if the file does not exist, write it
    #[arg(long, value_parser = path, value_name = "FILE")]
    pub pin: Option<Utf8PathBuf>,
    /// Folder to install into [default: sysroot/ and the target that the index says]
    #[arg(long, value_parser = path, value_name = "DIR")]
    pub prefix: Option<Utf8PathBuf>,
    /// Replace a prefix that was made with another SDK, for another target or as another variant,
    /// or whose manifest can't be read
    #[arg(long)]
    pub replace: bool,
}

#[derive(Debug, Args)]
pub struct EnvArgs {
    /// Syntax of the output
    #[arg(long, value_name = "SHELL", default_value = "sh")]
    pub shell: Shell,
    /// Print this SDK overlay, which `wasideps sdk` made, as WASI_SDK_PATH
    #[arg(long, value_parser = path, value_name = "DIR")]
    pub sdk_overlay: Option<Utf8PathBuf>,
    /// Also print CC, CXX, AR, NM, RANLIB, CFLAGS and CXXFLAGS, with the programs of the SDK overlay, for configure and make
    #[arg(long, requires = "sdk_overlay")]
    pub cross: bool,
    /// Print a toolchain file of CMake for the prefix in place of variables; WASI_SDK_PATH names the SDK for it
    #[arg(long, conflicts_with_all = ["shell", "sdk_overlay"])]
    pub cmake: bool,
    #[command(flatten)]
    pub config: ConfigArgs,
    #[command(flatten)]
    pub prefix: PrefixArgs,
}

const VERIFY_EXAMPLES: &str = "\
Examples:
  wasideps verify                              compare sysroot/wasm32-wasip1 with its own records
  wasideps verify out --manifest-sha256 HEX    also compare with the digest that `build` printed
  wasideps verify out --wasi-sdk /opt/wasi-sdk also check that this SDK made it
  wasideps verify out --rebuild                compare with a second build, byte by byte

Exit codes: 0 nothing differs, 2 there is no prefix, 3 something differs: each difference is listed";

#[derive(Debug, Args)]
#[command(after_help = VERIFY_EXAMPLES)]
pub struct VerifyArgs {
    /// Prefix to verify [default: that of `build`]
    #[arg(value_parser = path, value_name = "PREFIX")]
    pub prefix: Option<Utf8PathBuf>,
    /// Require this SHA-256 of the manifest, as `build` and `verify` print it
    #[arg(long, value_name = "HEX")]
    pub manifest_sha256: Option<Sha256>,
    /// Build again from the lock, without objects from the store, and compare byte by byte
    #[arg(long)]
    pub rebuild: bool,
    #[command(flatten)]
    pub jobs: JobsArgs,
    #[command(flatten)]
    pub toolchain: ToolchainArgs,
}

#[derive(Debug, Args)]
pub struct LockArgs {
    /// The source to move
    #[arg(value_name = "NAME", requires = "to", required_unless_present = "sdk")]
    pub name: Option<Name>,
    /// The version to move it to; a recipe must be written for it
    #[arg(value_name = "VERSION", group = "to")]
    pub version: Option<Version>,
    /// Move it to the newest version that one of its origins offers now
    #[arg(long, group = "to", requires = "name")]
    pub latest: bool,
    /// Pin the versions that Debian offers now of the packages for its SDKs: `debian`, or one of
    /// them (`debian-33`)
    #[arg(long, value_name = "SDK", conflicts_with = "name")]
    pub sdk: Option<String>,
    /// Show what would move, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

const UPDATE_EXAMPLES: &str = "\
Examples:
  wasideps --project . update                  all sources of the lock
  wasideps --project . update zlib --dry-run   show what would change, and write nothing
  wasideps --project . update zlib --check     then build it, and run its tests

Exit codes: 0 done, or nothing is newer; 1 a test failed, with --check; 2 a person has to write something; 3 origins differ, or are
not what is published; 4 no origin could be asked or reached";

#[derive(Debug, Args)]
pub struct UpdateArgs {
    /// Sources to move, or groups of them (`@images`) [default: all of the lock]
    #[arg(value_name = "NAME")]
    pub names: Vec<Request>,
    /// Show what would move, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Afterwards build the sources that moved into a temporary prefix, and run their tests
    #[arg(long, conflicts_with = "dry_run")]
    pub check: bool,
    /// With --check: wasmtime to run tests with [default: as for `check`]
    #[arg(long, value_parser = path, value_name = "PROGRAM", requires = "check")]
    pub runner: Option<Utf8PathBuf>,
    #[command(flatten)]
    pub jobs: JobsArgs,
    #[command(flatten)]
    pub toolchain: ToolchainArgs,
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// The project's folder; it is created if it does not exist
    #[arg(value_name = "DIR", value_parser = path, default_value = ".")]
    pub dir: Utf8PathBuf,
    /// Begin with all embedded recipes, patches and locked versions, to change them [default: with
    /// no recipe, and the SDKs of the embedded lock]
    #[arg(long)]
    pub copy: bool,
}

const PLAN_EXAMPLES: &str = "\
Examples:
  wasideps plan                                each file that is compiled, and whether the store has its object
  wasideps plan --key --variant pic            a key for a CI cache of the store";

#[derive(Debug, Args)]
#[command(after_help = PLAN_EXAMPLES)]
pub struct PlanArgs {
    /// Print only a key for a cache of the store: it changes when what a build leaves there would.
    /// It needs neither network nor SDK nor a filled store
    #[arg(long)]
    pub key: bool,
    #[command(flatten)]
    pub sources: SourcesArgs,
    #[command(flatten)]
    pub toolchain: ToolchainArgs,
}

#[derive(Debug, Subcommand)]
pub enum RecipeCommand {
    /// Check that recipes select no unused file: each must be compiled, included, installed or a
    /// licence
    Check(RecipeCheckArgs),
    /// Write a first recipe for a source, from what its archives show
    New(Box<RecipeNewArgs>),
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("origin").required(true).multiple(true).args(["url", "krate", "debian"]))]
pub struct RecipeNewArgs {
    /// What to call it
    #[arg(value_name = "NAME")]
    pub name: Name,
    /// The version to begin with
    #[arg(value_name = "VERSION")]
    pub version: Version,
    /// The SPDX licence expression of the files that are compiled
    #[arg(long, value_name = "EXPRESSION")]
    pub license: LicenseExpression,
    /// The project's page
    #[arg(long, value_name = "URL")]
    pub homepage: Url,
    /// An archive of upstream's, with `{version}` or its parts (repeatable)
    #[arg(long, value_name = "TEMPLATE")]
    pub url: Vec<Template>,
    /// A crate that contains the source (repeatable)
    #[arg(long = "crate", id = "krate", value_name = "NAME@RELEASE", value_parser = crate_release)]
    pub krate: Vec<(Name, Version)>,
    /// A source package of Debian and its upstream archive (repeatable):
    /// `lz4/lz4_{version}.orig.tar.gz`
    #[arg(long, value_name = "PACKAGE/FILE", value_parser = debian_file)]
    pub debian: Vec<(Name, Template)>,
}

#[derive(Debug, Args)]
pub struct RecipeCheckArgs {
    /// Sources whose recipes to check, or groups of them (`@images`), with what they depend on
    /// [default: all of the lock]
    #[arg(value_name = "NAME")]
    pub names: Vec<Request>,
    #[command(flatten)]
    pub jobs: JobsArgs,
    #[command(flatten)]
    pub toolchain: ToolchainArgs,
}

#[derive(Debug, Args)]
pub struct CleanArgs {
    /// What to remove from the store [default: nothing, only show its size]
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    pub remove: Vec<StoreKind>,
    /// Remove only what was put into the store longer ago than this: `90m`, `36h`, `30d`
    #[arg(long, value_name = "AGE", value_parser = age, requires = "remove")]
    pub older_than: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StoreKind {
    Archives,
    Trees,
    Objects,
    Actions,
    Sdks,
    Identities,
    Runners,
    Prefixes,
}

#[derive(Debug, Args)]
pub struct SchemaArgs {
    pub of: SchemaOf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaOf {
    Recipe,
    Tests,
    Lockfile,
}

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub struct ManArgs {
    /// Folder to write to
    #[arg(value_parser = path, value_name = "DIR")]
    pub dir: Utf8PathBuf,
}
