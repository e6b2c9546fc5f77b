//! What most commands start with: catalog, lock, store, fetcher, toolchain.

use camino::{Utf8Path, Utf8PathBuf};

use super::args::{Global, ToolchainArgs};
use super::error::{CliError, Failures};
use super::printer::Printer;
use super::values::variable;
use crate::embedded;
use crate::fetch::{Fetcher, Settings};
use crate::model::{Catalog, Files, Lock, NameError, Policy, Timestamp};
use crate::store::{Store, TEXT_LIMIT, read_regular, read_text};
use crate::toolchain::{Locator, Request, Toolchain};

/// The recipes' folder that the options name, or the embedded one.
pub fn catalog(global: &Global) -> Result<Catalog, Failures> {
    let exclusions = embedded::exclusions()?;
    let (recipes, patches) = match &global.recipes {
        None => (embedded::recipes(), embedded::patches()),
        Some(dir) => {
            let patches = dir.join("../patches");
            (read_dir(dir)?, if patches.is_dir() { read_dir(&patches)? } else { Files::new() })
        }
    };
    Ok(Catalog::load(recipes, patches, exclusions)?)
}

/// The audit's policy: that of the recipes' folder that the options name, if it has one, else the embedded one.
pub fn policy(global: &Global) -> Result<Policy, Failures> {
    let own = global.recipes.as_ref().map(|dir| dir.join("policy.toml")).filter(|path| path.exists());
    let Some(path) = own else { return Ok(embedded::policy()?) };
    let text = read_text(&path, TEXT_LIMIT).map_err(|source| CliError::Read { path: path.clone(), source })?;
    Ok(Policy::parse(path.as_str(), &text)?)
}

/// The lock that the options name, or the embedded one.
pub fn lock(global: &Global) -> Result<Lock, Failures> {
    match &global.lockfile {
        None => Ok(Lock::parse("lockfile.json", embedded::LOCKFILE)?),
        Some(path) => {
            let text = read_text(path, TEXT_LIMIT).map_err(|source| match source.kind() {
                std::io::ErrorKind::NotFound => CliError::NoLock { path: path.clone() },
                _ => CliError::Read { path: path.clone(), source },
            })?;
            Ok(Lock::parse(path.as_str(), &text)?)
        }
    }
}

/// The store that the options name, `$WASIDEPS_HOME`, or one in the platform's cache folder.
pub fn store(global: &Global) -> Result<Store, Failures> {
    let root = match (&global.store, variable("WASIDEPS_HOME")?) {
        (Some(named), _) => named.clone(),
        (None, Some(home)) => home.into(),
        (None, None) => cache_dir()?.ok_or(CliError::NoStore)?,
    };
    Ok(Store::open(&root)?)
}

/// `$XDG_CACHE_HOME/wasideps` or `~/.cache/wasideps`, on macOS `~/Library/Caches/wasideps`, on Windows `%LOCALAPPDATA%\wasideps`.
fn cache_dir() -> Result<Option<Utf8PathBuf>, CliError> {
    let home = || Ok::<_, CliError>(variable("HOME")?.map(Utf8PathBuf::from));
    let base = if cfg!(windows) {
        variable("LOCALAPPDATA")?.map(Into::into)
    } else if cfg!(target_os = "macos") {
        home()?.map(|home| home.join("Library/Caches"))
    } else {
        let cache = variable("XDG_CACHE_HOME")?.map(Utf8PathBuf::from).filter(|path| path.is_absolute());
        if cache.is_some() { cache } else { home()?.map(|home| home.join(".cache")) }
    };
    Ok(base.map(|base| base.join("wasideps")))
}

/// A fetcher with the options' settings.
pub fn fetcher<'a>(global: &Global, store: &'a Store, printer: &'a Printer) -> Fetcher<'a> {
    Fetcher::new(settings(global), store, printer)
}

/// One that asks each origin, though the store has its archive.
pub fn fetcher_that_asks<'a>(global: &Global, store: &'a Store, printer: &'a Printer) -> Fetcher<'a> {
    Fetcher::new(Settings { ask_anew: true, ..settings(global) }, store, printer)
}

fn settings(global: &Global) -> Settings {
    let lock_dir = global.lockfile.as_ref().and_then(|path| path.parent()).filter(|dir| !dir.as_str().is_empty());
    Settings {
        offline: global.offline,
        from: global.from.clone(),
        lock_dir: lock_dir.unwrap_or(Utf8Path::new(".")).to_owned(),
        ..Settings::default()
    }
}

/// The toolchain that the options ask for.
pub fn toolchain(
    args: &ToolchainArgs,
    global: &Global,
    lock: &Lock,
    store: &Store,
    fetcher: &Fetcher<'_>,
    printer: &Printer,
) -> Result<Toolchain, Failures> {
    let request = Request {
        wasi_sdk: args.wasi_sdk.clone(),
        env_sdk: variable("WASI_SDK_PATH")?.map(Into::into),
        release: args.sdk.clone(),
        python: args.python.clone(),
        config: args.config(),
        search: vec!["/opt".into()],
        offline: global.offline,
    };
    Ok(Locator { sdks: &lock.sdks, store, fetcher, reporter: printer }.locate(&request)?)
}

/// When documents say that they were made: `$SOURCE_DATE_EPOCH`, else the lock's date at midnight (UTC).
/// Source: <https://reproducible-builds.org/specs/source-date-epoch/>.
pub fn created(lock: &Lock) -> Result<Timestamp, Failures> {
    Ok(source_date()?.unwrap_or_else(|| Timestamp::midnight(lock.date)))
}

/// The time after which there is nothing yet: `$SOURCE_DATE_EPOCH`, else now.
pub fn now() -> Result<Timestamp, Failures> {
    Ok(source_date()?.unwrap_or_else(Timestamp::now))
}

fn source_date() -> Result<Option<Timestamp>, Failures> {
    let Some(text) = variable("SOURCE_DATE_EPOCH")? else { return Ok(None) };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let time = digits.then(|| text.parse().ok().and_then(Timestamp::from_unix_seconds)).flatten();
    Ok(Some(time.ok_or(CliError::SourceDateEpoch { found: text })?))
}

/// The files and folders that a folder of recipes or patches may have, and the bytes in them: links may lead around in it, or to all of the disk.
const RECIPES_LIMIT: usize = 100_000;
const RECIPES_SIZE_LIMIT: u64 = 1 << 30;

fn read_dir(root: &Utf8Path) -> Result<Files, Failures> {
    let mut reading = Reading { files: Files::new(), entries: 0, bytes: 0 };
    reading.below(root, "")?;
    Ok(reading.files)
}

struct Reading {
    files: Files,
    entries: usize,
    bytes: u64,
}

impl Reading {
    fn below(&mut self, dir: &Utf8Path, below: &str) -> Result<(), CliError> {
        let read = |source| CliError::Read { path: dir.to_owned(), source };
        for entry in dir.read_dir_utf8().map_err(read)? {
            let entry = entry.map_err(read)?;
            let path = if below.is_empty() { entry.file_name().to_owned() } else { format!("{below}/{}", entry.file_name()) };
            let bad = |problem: String| CliError::RecipesPath { path: entry.path().to_string(), problem };
            self.entries += 1;
            if self.entries > RECIPES_LIMIT {
                return Err(bad(format!("it is one of more than {RECIPES_LIMIT} files and folders")));
            }
            if entry.path().is_dir() {
                self.below(entry.path(), &path)?;
            } else {
                let bytes = read_regular(entry.path(), TEXT_LIMIT);
                let bytes = bytes.map_err(|source| CliError::Read { path: entry.path().to_owned(), source })?;
                self.bytes += bytes.len() as u64;
                if self.bytes > RECIPES_SIZE_LIMIT {
                    return Err(bad(format!("with it, the files have more than {RECIPES_SIZE_LIMIT} bytes")));
                }
                self.files.insert(path.parse().map_err(|error: NameError| bad(error.to_string()))?, bytes);
            }
        }
        Ok(())
    }
}
