//! Reading a folder of recipes, a lock, a policy.

use camino::Utf8Path;

use super::{Options, SessionError};
use crate::embedded;
use crate::model::{Catalog, Files, Lock, NameError, Policy};
use crate::store::{TEXT_LIMIT, read_regular, read_text};

/// The recipes of the folder that the options name, or the embedded ones.
pub(super) fn catalog(options: &Options) -> Result<Catalog, Vec<SessionError>> {
    let one = |error| vec![error];
    let exclusions = embedded::exclusions().map_err(|error| one(error.into()))?;
    let (recipes, patches) = match &options.recipes {
        None => (embedded::recipes(), embedded::patches()),
        Some(dir) => {
            let patches = dir.join("../patches");
            (read_dir(dir).map_err(one)?, if patches.is_dir() { read_dir(&patches).map_err(one)? } else { Files::new() })
        }
    };
    Catalog::load(recipes, patches, exclusions).map_err(|errors| errors.into_iter().map(Into::into).collect())
}

/// The lock that the options name, or the embedded one.
pub(super) fn lock(options: &Options) -> Result<Lock, SessionError> {
    match &options.lockfile {
        None => Ok(Lock::parse("lockfile.json", embedded::LOCKFILE)?),
        Some(path) => {
            let text = read_text(path, TEXT_LIMIT).map_err(|source| match source.kind() {
                std::io::ErrorKind::NotFound => SessionError::NoLock { path: path.clone() },
                _ => SessionError::Read { path: path.clone(), source },
            })?;
            Ok(Lock::parse(path.as_str(), &text)?)
        }
    }
}

/// The audit's policy: that of the recipes' folder that the options name, if it has one, else the embedded one.
///
/// # Errors
/// When it can't be read, or is none.
pub fn policy(options: &Options) -> Result<Policy, SessionError> {
    let own = options.recipes.as_ref().map(|dir| dir.join("policy.toml")).filter(|path| path.exists());
    let Some(path) = own else { return Ok(embedded::policy()?) };
    let text = read_text(&path, TEXT_LIMIT).map_err(|source| SessionError::Read { path: path.clone(), source })?;
    Ok(Policy::parse(path.as_str(), &text)?)
}

/// The files and folders that a folder of recipes or patches may have, and the bytes in them: links may lead around in it, or to all of the disk.
const RECIPES_LIMIT: usize = 100_000;
const RECIPES_SIZE_LIMIT: u64 = 1 << 30;

fn read_dir(root: &Utf8Path) -> Result<Files, SessionError> {
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
    fn below(&mut self, dir: &Utf8Path, below: &str) -> Result<(), SessionError> {
        let read = |source| SessionError::Read { path: dir.to_owned(), source };
        for entry in dir.read_dir_utf8().map_err(read)? {
            let entry = entry.map_err(read)?;
            let path = if below.is_empty() { entry.file_name().to_owned() } else { format!("{below}/{}", entry.file_name()) };
            let bad = |problem: String| SessionError::RecipesPath { path: entry.path().to_string(), problem };
            self.entries += 1;
            if self.entries > RECIPES_LIMIT {
                return Err(bad(format!("it is one of more than {RECIPES_LIMIT} files and folders")));
            }
            if entry.path().is_dir() {
                self.below(entry.path(), &path)?;
            } else {
                let bytes = read_regular(entry.path(), TEXT_LIMIT);
                let bytes = bytes.map_err(|source| SessionError::Read { path: entry.path().to_owned(), source })?;
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
