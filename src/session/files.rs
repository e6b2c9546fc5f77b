//! Reading a folder of recipes, a lock, a policy.

use camino::Utf8Path;

use super::error::{all, one};
use super::{Options, SessionError};
use crate::embedded;
use crate::model::{Catalog, CatalogError, Cause, Files, Lock, Name, NameError, Policy};
use crate::store::{TEXT_LIMIT, read_regular, read_text};

/// All recipes of the folder that the options name, or the embedded ones.
pub(super) fn catalog(options: &Options) -> Result<Catalog, Vec<SessionError>> {
    let exclusions = embedded::exclusions().map_err(one)?;
    let (recipes, patches) = match &options.recipes {
        None => (embedded::recipes(), embedded::patches()),
        Some(dir) => {
            let patches = dir.join("../patches");
            (
                read_dir(dir).map_err(one)?,
                if patches.is_dir() {
                    read_dir(&patches).map_err(one)?
                } else {
                    Files::new()
                },
            )
        }
    };
    Catalog::load(recipes, patches, exclusions).map_err(all)
}

/// The recipes that `lock` names, from the same folder. What else is there is not read, so that a
/// command costs what it uses; only the names of all its folders are compared with what is
/// excluded.
pub(super) fn catalog_of(options: &Options, lock: &Lock) -> Result<Catalog, Vec<SessionError>> {
    let exclusions = embedded::exclusions().map_err(one)?;
    let folders = match &options.recipes {
        None => embedded::names().map(str::to_owned).collect(),
        Some(dir) => names_in(dir).map_err(one)?,
    };
    let excluded = |name: &String| {
        let excluded = exclusions.find(name)?;
        let (place, reason) = (
            format!("the folder `{name}` of recipes"),
            excluded.reason.clone(),
        );
        Some(
            CatalogError::Excluded {
                place,
                found: name.clone(),
                excluded: excluded.name.clone(),
                reason,
            }
            .into(),
        )
    };
    let errors: Vec<SessionError> = folders.iter().filter_map(excluded).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let (mut recipes, mut patches) = (Files::new(), Files::new());
    let mut reading = FolderReader::default();
    for name in lock.sources.keys() {
        let (mut files, mut its_patches) = match &options.recipes {
            None => embedded::of(name),
            Some(dir) => (
                reading.folder(dir, name).map_err(one)?,
                reading.folder(&dir.join("../patches"), name).map_err(one)?,
            ),
        };
        recipes.append(&mut files);
        patches.append(&mut its_patches);
    }
    // Errors cover all recipes: what one of these requires may exist and not be in the lock.
    Catalog::load(recipes, patches, exclusions).or_else(|_| catalog(options))
}

/// The names of what is in `dir`.
fn names_in(dir: &Utf8Path) -> Result<Vec<String>, SessionError> {
    let read = |source| SessionError::Read {
        path: dir.to_owned(),
        source,
    };
    let mut names = Vec::new();
    for entry in dir.read_dir_utf8().map_err(read)? {
        let entry = entry.map_err(read)?;
        if names.len() == RECIPES_LIMIT {
            let problem = format!("it is one of more than {RECIPES_LIMIT} files and folders");
            return Err(SessionError::RecipesPath {
                path: entry.path().to_string(),
                source: problem.into(),
            });
        }
        names.push(entry.file_name().to_owned());
    }
    names.sort();
    Ok(names)
}

/// The lock that the options name, or the embedded one.
pub(super) fn lock(options: &Options) -> Result<Lock, SessionError> {
    match &options.lockfile {
        None => Ok(Lock::parse("lockfile.json", embedded::LOCKFILE)?),
        Some(path) => {
            let text = read_text(path, TEXT_LIMIT).map_err(|source| match source.kind() {
                std::io::ErrorKind::NotFound => SessionError::NoLock { path: path.clone() },
                _ => SessionError::Read {
                    path: path.clone(),
                    source,
                },
            })?;
            Ok(Lock::parse(path.as_str(), &text)?)
        }
    }
}

/// The audit's policy: that of the recipes' folder that the options name, if it has one, else the
/// embedded one.
///
/// # Errors
/// When it can't be read, or is none.
pub fn policy(options: &Options) -> Result<Policy, SessionError> {
    let own = options
        .recipes
        .as_ref()
        .map(|dir| dir.join("policy.toml"))
        .filter(|path| path.exists());
    let Some(path) = own else {
        return Ok(embedded::policy()?);
    };
    let text = read_text(&path, TEXT_LIMIT).map_err(|source| SessionError::Read {
        path: path.clone(),
        source,
    })?;
    Ok(Policy::parse(path.as_str(), &text)?)
}

/// The files and folders that a folder of recipes or patches may have, and the bytes in them: links
/// may lead around in it, or to all of the disk.
const RECIPES_LIMIT: usize = 100_000;
const RECIPES_SIZE_LIMIT: u64 = 1 << 30;

fn read_dir(root: &Utf8Path) -> Result<Files, SessionError> {
    let mut reading = FolderReader::default();
    reading.below(root, "")?;
    Ok(reading.files)
}

#[derive(Default)]
struct FolderReader {
    files: Files,
    entries: usize,
    bytes: u64,
}

impl FolderReader {
    /// The files of the folder `name` in `dir`, by their paths from `dir`; none where it is not
    /// there.
    fn folder(&mut self, dir: &Utf8Path, name: &Name) -> Result<Files, SessionError> {
        let folder = dir.join(name.as_str());
        if folder.is_dir() {
            self.below(&folder, name.as_str())?;
        }
        Ok(std::mem::take(&mut self.files))
    }

    fn below(&mut self, dir: &Utf8Path, below: &str) -> Result<(), SessionError> {
        let read = |source| SessionError::Read {
            path: dir.to_owned(),
            source,
        };
        for entry in dir.read_dir_utf8().map_err(read)? {
            let entry = entry.map_err(read)?;
            let path = if below.is_empty() {
                entry.file_name().to_owned()
            } else {
                format!("{below}/{}", entry.file_name())
            };
            let bad = |source: Cause| SessionError::RecipesPath {
                path: entry.path().to_string(),
                source,
            };
            self.entries += 1;
            if self.entries > RECIPES_LIMIT {
                return Err(bad(format!(
                    "it is one of more than {RECIPES_LIMIT} files and folders"
                )
                .into()));
            }
            if entry.path().is_dir() {
                self.below(entry.path(), &path)?;
            } else {
                let bytes = read_regular(entry.path(), TEXT_LIMIT);
                let bytes = bytes.map_err(|source| SessionError::Read {
                    path: entry.path().to_owned(),
                    source,
                })?;
                self.bytes += bytes.len() as u64;
                if self.bytes > RECIPES_SIZE_LIMIT {
                    return Err(bad(format!(
                        "with it, the files have more than {RECIPES_SIZE_LIMIT} bytes"
                    )
                    .into()));
                }
                self.files.insert(
                    path.parse().map_err(|error: NameError| bad(error.into()))?,
                    bytes,
                );
            }
        }
        Ok(())
    }
}
