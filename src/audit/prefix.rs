//! The rules on an installed prefix. Its folder is looked at as it is: a file that the manifest
//! does not know counts too.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use object::read::archive::ArchiveFile;
use object::{Object as _, ObjectSymbol as _};

use super::finding::{Finding, Rule};
use crate::build::{BuildError, Installed, Manifest};
use crate::model::{ErrorClass, ExclusionStatement, Exclusions, Lock, Selected, Trace};
use crate::plan::tree_key;
use crate::store::{PARSED_LIMIT, read_regular};

/// A prefix that can't be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrefixError {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error("{path} can't be read")]
    Read {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("{path} is not an archive of WebAssembly objects")]
    Archive {
        path: Utf8PathBuf,
        source: object::Error,
    },
}

impl PrefixError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Build(error) => error.class(),
            Self::Read { .. } => ErrorClass::Usage,
            Self::Archive { .. } => ErrorClass::Verification,
        }
    }
}

/// The prefix at `dir` with the files that are in it.
pub struct AuditedPrefix {
    installed: Installed,
    /// Relative to `dir`, sorted.
    files: Vec<String>,
}

impl AuditedPrefix {
    /// Opens the prefix at `dir`.
    ///
    /// # Errors
    /// When there is none, or it can't be read.
    pub fn open(dir: &Utf8Path) -> Result<Self, PrefixError> {
        let installed = Installed::open(dir)?;
        let manifest = installed.manifest();
        let mut files = manifest
            .ours()
            .foreign(dir)
            .map_err(|source| PrefixError::Read {
                path: dir.to_owned(),
                source,
            })?;
        files.retain(|path| !path.ends_with('/'));
        // One that is missing is for `verify` to tell; here it holds nothing.
        files.extend(
            manifest
                .files
                .iter()
                .map(|file| file.path.to_string())
                .filter(|path| dir.join(path).is_file()),
        );
        files.sort();
        Ok(Self { installed, files })
    }

    /// What it holds by its own manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.installed.manifest()
    }

    /// Searches headers, symbols and licence texts for what is excluded.
    ///
    /// # Errors
    /// When a file can't be read, or an archive holds other than objects.
    pub fn excluded(&self, exclusions: &Exclusions) -> Result<ExclusionStatement, PrefixError> {
        let mut statement = ExclusionStatement::default();
        let headers = self
            .below("include")
            .map(|(file, path)| (Trace::Header, file, path));
        statement.extend(exclusions.search(headers));
        for (file, _) in self.below("share/licenses") {
            let text = self.read(file)?;
            statement.extend(exclusions.search([(
                Trace::LicenseText,
                file,
                String::from_utf8_lossy(&text).as_ref(),
            )]));
        }
        for (file, _) in self.below("lib").filter(|(file, _)| file.ends_with(".a")) {
            let symbols = symbols(&self.read(file)?);
            let symbols = symbols.map_err(|source| PrefixError::Archive {
                path: self.installed.path().join(file),
                source,
            })?;
            statement.extend(
                exclusions.search(
                    symbols
                        .iter()
                        .map(|symbol| (Trace::Symbol, file, symbol.as_str())),
                ),
            );
        }
        Ok(statement)
    }

    /// The rules that compare the prefix with `lock` and with `sources`, which are selected from
    /// it, and ask for licence texts.
    #[must_use]
    pub fn findings(&self, lock: &Lock, sources: &[Selected]) -> Vec<Finding> {
        let mut found = Vec::new();
        for built in &self.manifest().sources {
            let title = format!("{} {}", built.name, built.version);
            match lock.sources.get(&built.name) {
                None => found.push(Finding::violation(
                    Rule::PrefixDiffers,
                    &title,
                    "it is in the prefix, but not in the lock",
                )),
                Some(locked) if locked.version != built.version => {
                    let message = format!(
                        "the prefix has {}, the lock {}",
                        built.version, locked.version
                    );
                    found.push(Finding::violation(Rule::PrefixDiffers, &title, message));
                }
                Some(locked) if locked.inputs != built.inputs => {
                    let message = format!(
                        "it was built from inputs with digest {}, the lock says {}",
                        built.inputs, locked.inputs
                    );
                    found.push(Finding::violation(Rule::PrefixDiffers, &title, message));
                }
                // What a patch fixes is fixed in the prefix only if it was built with that patch.
                Some(_)
                    if sources.iter().any(|selected| {
                        selected.recipe.name == built.name && tree_key(selected) != built.tree
                    }) =>
                {
                    let message = "it was built with other patches or overlays than the recipe has";
                    found.push(Finding::violation(Rule::PrefixDiffers, &title, message));
                }
                Some(_) => {}
            }
            let folder = format!("share/licenses/{}", built.name);
            let size = |file: &str| {
                fs_err::metadata(self.installed.path().join(file)).map_or(0, |meta| meta.len())
            };
            if !self.below(&folder).any(|(file, _)| size(file) > 0) {
                found.push(
                    Finding::violation(
                        Rule::LicenseMissing,
                        &title,
                        format!("there is no licence text in {folder}"),
                    )
                    .within(folder),
                );
            }
        }
        found
    }

    /// The files below `folder`, with their paths below it.
    fn below<'s>(&'s self, folder: &str) -> impl Iterator<Item = (&'s str, &'s str)> {
        let folder = folder.to_owned();
        self.files.iter().filter_map(move |file| {
            Some((
                file.as_str(),
                file.strip_prefix(folder.as_str())?.strip_prefix('/')?,
            ))
        })
    }

    fn read(&self, file: &str) -> Result<Vec<u8>, PrefixError> {
        let path = self.installed.path().join(file);
        read_regular(&path, PARSED_LIMIT).map_err(|source| PrefixError::Read { path, source })
    }
}

/// The names of all symbols that the members of an archive define or want.
fn symbols(archive: &[u8]) -> Result<BTreeSet<String>, object::Error> {
    let mut names = BTreeSet::new();
    for member in ArchiveFile::parse(archive)?.members() {
        let object = member
            .and_then(|member| member.data(archive))
            .and_then(object::File::parse)?;
        names.extend(
            object
                .symbols()
                .filter_map(|symbol| symbol.name().ok())
                .filter(|name| !name.is_empty())
                .map(str::to_owned),
        );
    }
    Ok(names)
}
