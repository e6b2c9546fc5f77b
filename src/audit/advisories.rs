//! The databases of vulnerabilities that `wasideps audit --update` brings into the store: OSV's
//! public export, and Debian's changelogs of the same sources. Each is a zip beside an index that
//! says where it came from and when; the index is replaced last, so that it never names what is not
//! there whole.

use std::collections::BTreeMap;
use std::io::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use url::Url;
use zip::write::SimpleFileOptions;

use super::database::{Database, DatabaseError, DatabaseOrigin};
use super::record::Record;
use crate::fetch::{FetchError, Fetcher};
use crate::model::{Cause, ErrorClass, Sha256, Timestamp};
use crate::report::Silent;
use crate::store::{Guard, Store, StoreError, TEXT_LIMIT, read_text, write_atomically};
use crate::toolchain::{ToolchainError, debian};

/// The most bytes of a database; the largest export of OSV's that is asked for has some hundred
/// mebibytes.
const DATABASE_LIMIT: u64 = 2 << 30;

/// Where OSV publishes its export: `<ECOSYSTEM>/all.zip` below it. Source:
/// <https://google.github.io/osv.dev/data/#data-dumps>.
pub const OSV: &str = "https://osv-vulnerabilities.storage.googleapis.com/";

/// The parts of the export that speak of C libraries: CVEs with the repositories that they concern,
/// and what OSS-Fuzz found.
pub const ECOSYSTEMS: [&str; 2] = ["GIT", "OSS-Fuzz"];

/// How the index calls Debian's changelogs.
const DEBIAN: &str = "Debian's changelogs";

const VERSION: u32 = 1;

/// Databases that can't be brought or used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdvisoryError {
    #[error("the vulnerability databases in the store are damaged: {path}")]
    Damaged { path: Utf8PathBuf, source: Cause },
    #[error("{path} can't be written")]
    Write {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
    #[error("{what} was not downloaded")]
    Fetch {
        what: String,
        source: Box<FetchError>,
    },
    #[error("{what} was not downloaded")]
    Apt {
        what: String,
        source: Box<ToolchainError>,
    },
    #[error("{what} was not downloaded: the answer is not a database")]
    NoDatabase {
        what: String,
        source: Box<DatabaseError>,
    },
    #[error("Debian's changelogs were not downloaded: its index has none of {}", packages.join(", "))]
    NoChangelogs { packages: Vec<String> },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AdvisoryError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Damaged { .. } => ErrorClass::Verification,
            Self::Write { .. } => ErrorClass::Failed,
            Self::Fetch { .. }
            | Self::Apt { .. }
            | Self::NoDatabase { .. }
            | Self::NoChangelogs { .. } => ErrorClass::Network,
            Self::Store(error) => error.class(),
        }
    }
}

/// The index, as it is on disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    version: u32,
    databases: BTreeMap<String, Held>,
}

/// A database in the store.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Held {
    from: String,
    at: Timestamp,
    sha256: Sha256,
}

/// The store's databases.
pub struct Advisories<'s> {
    store: &'s Store,
    dir: Utf8PathBuf,
}

impl<'s> Advisories<'s> {
    /// Those of `store`; nothing is read yet.
    #[must_use]
    pub fn new(store: &'s Store) -> Self {
        Self {
            store,
            dir: store.root().join("advisories"),
        }
    }

    /// Reads all of them, as [`Database::read`] does.
    ///
    /// # Errors
    /// When one is not as it was brought.
    pub fn read(
        &self,
        now: Timestamp,
        keep: &(dyn Fn(&Record) -> bool + Sync),
    ) -> Result<Vec<Database>, AdvisoryError> {
        // An update removes what it replaces.
        let _guard = self.hold()?;
        let mut databases = Vec::new();
        for held in self.index()?.databases.into_values() {
            let path = self.path(&held.sha256);
            let damaged = |source: Cause| AdvisoryError::Damaged {
                path: path.clone(),
                source,
            };
            let mut database =
                Database::read(&path, now, keep).map_err(|error| damaged(error.into()))?;
            if database.sha256 != held.sha256 {
                return Err(damaged(
                    format!(
                        "expected a file with SHA-256 {}, found {}",
                        held.sha256, database.sha256
                    )
                    .into(),
                ));
            }
            database.brought = Some(DatabaseOrigin {
                from: held.from,
                at: held.at,
            });
            databases.push(database);
        }
        Ok(databases)
    }

    /// What `--update` would bring and the store does not have.
    ///
    /// # Errors
    /// When the index is damaged.
    pub fn absent(&self) -> Result<Vec<String>, AdvisoryError> {
        let held = self.index()?.databases;
        let all = ECOSYSTEMS
            .iter()
            .map(|ecosystem| osv_name(ecosystem))
            .chain([DEBIAN.to_owned()]);
        Ok(all.filter(|name| !held.contains_key(name)).collect())
    }

    /// Brings `ecosystem` of the OSV export below `base`.
    ///
    /// # Errors
    /// When it can't be downloaded whole, or holds no record; what was there before stays.
    pub fn bring_osv(
        &self,
        fetcher: &Fetcher<'_>,
        base: &Url,
        ecosystem: &str,
        now: Timestamp,
    ) -> Result<(), AdvisoryError> {
        let what = format!("OSV's export of {ecosystem}");
        let fetch = |source| AdvisoryError::Fetch {
            what: what.clone(),
            source: Box::new(source),
        };
        let text = format!(
            "{}/{ecosystem}/all.zip",
            base.as_str().trim_end_matches('/')
        );
        let bad = |error: url::ParseError| {
            fetch(FetchError::BadPlace {
                origin: text.clone(),
                source: error.into(),
            })
        };
        let url: Url = text.parse().map_err(bad)?;
        let (file, sha256, _) = fetcher
            .unpinned(&what, &url, DATABASE_LIMIT)
            .map_err(fetch)?;
        self.keep(
            &osv_name(ecosystem),
            &what,
            format!("{what} at {url}"),
            file,
            sha256,
            now,
        )
    }

    /// Brings the changelogs of `packages`, source packages, from Debian's archive.
    ///
    /// # Errors
    /// When apt is not there or reaches no archive, or it has none of them; what was there before
    /// stays.
    pub fn bring_debian(&self, packages: &[&str], now: Timestamp) -> Result<(), AdvisoryError> {
        let what = "Debian's changelogs";
        let apt = |source| AdvisoryError::Apt {
            what: what.to_owned(),
            source: Box::new(source),
        };
        let scratch = self.store.scratch_dir()?;
        let dir = Utf8PathBuf::from(scratch.path().to_string_lossy().into_owned());
        let changelogs = debian::changelogs(packages, &dir).map_err(apt)?;
        if changelogs.is_empty() {
            return Err(AdvisoryError::NoChangelogs {
                packages: packages.iter().map(|&package| package.to_owned()).collect(),
            });
        }
        let file = self.store.scratch_file()?;
        let path = Utf8PathBuf::from(file.path().to_string_lossy().into_owned());
        let written = pack(file.as_file(), &changelogs)
            .and_then(|()| fs_err::File::open(&path))
            .and_then(Sha256::of_reader);
        let (sha256, _) = written.map_err(|source| AdvisoryError::Write { path, source })?;
        let missing = packages.len() - changelogs.len();
        let missing = if missing == 0 {
            String::new()
        } else {
            format!(" ({missing} of the sources are not in it)")
        };
        self.keep(
            DEBIAN,
            what,
            format!(
                "Debian's changelogs of {} source packages in sid{missing}",
                changelogs.len()
            ),
            file,
            sha256,
            now,
        )
    }

    /// Takes `file` in under `name`, once it is seen to be a database.
    fn keep(
        &self,
        name: &str,
        what: &str,
        from: String,
        file: NamedTempFile,
        sha256: Sha256,
        at: Timestamp,
    ) -> Result<(), AdvisoryError> {
        let scratch = Utf8PathBuf::from(file.path().to_string_lossy().into_owned());
        let checked = Database::read(&scratch, at, &|_| false);
        checked.map_err(|source| AdvisoryError::NoDatabase {
            what: what.to_owned(),
            source: Box::new(source),
        })?;
        let _guard = self.hold()?;
        let write = |path: &Utf8Path, source| AdvisoryError::Write {
            path: path.to_owned(),
            source,
        };
        fs_err::create_dir_all(&self.dir).map_err(|source| write(&self.dir, source))?;
        let path = self.path(&sha256);
        file.as_file()
            .sync_all()
            .map_err(|source| write(&path, source))?;
        file.persist(&path)
            .map_err(|error| write(&path, error.error))?;
        // One that can't be read is made anew: what it named is brought by the same command.
        let mut index = self.index().unwrap_or(Index {
            version: VERSION,
            databases: BTreeMap::new(),
        });
        index
            .databases
            .insert(name.to_owned(), Held { from, at, sha256 });
        let index_path = self.dir.join("index.json");
        let text = serde_json::to_string_pretty(&index)
            .map_err(|error| write(&index_path, error.into()))?;
        write_atomically(&index_path, format!("{text}\n").as_bytes())
            .map_err(|source| write(&index_path, source))?;
        self.sweep(&index)
            .map_err(|source| write(&self.dir, source))
    }

    fn hold(&self) -> Result<Guard, StoreError> {
        self.store.lock(
            "advisories",
            &Sha256::of(b"advisories"),
            "using the databases of vulnerabilities",
            &Silent,
        )
    }

    /// Removes what the index does not name.
    fn sweep(&self, index: &Index) -> std::io::Result<()> {
        let named: Vec<_> = index
            .databases
            .values()
            .map(|held| self.path(&held.sha256))
            .collect();
        for entry in self.dir.read_dir_utf8()? {
            let path = entry?.into_path();
            if path.extension() == Some("zip") && !named.contains(&path) {
                fs_err::remove_file(path)?;
            }
        }
        Ok(())
    }

    fn index(&self) -> Result<Index, AdvisoryError> {
        let path = self.dir.join("index.json");
        let damaged = |source: Cause| AdvisoryError::Damaged {
            path: path.clone(),
            source,
        };
        let text = match read_text(&path, TEXT_LIMIT) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Index {
                    version: VERSION,
                    databases: BTreeMap::new(),
                });
            }
            Err(error) => return Err(damaged(error.into())),
        };
        let index: Index = serde_json::from_str(&text).map_err(|error| damaged(error.into()))?;
        if index.version == VERSION {
            Ok(index)
        } else {
            Err(damaged(
                format!("expected version {VERSION}, found {}", index.version).into(),
            ))
        }
    }

    fn path(&self, sha256: &Sha256) -> Utf8PathBuf {
        self.dir.join(format!("{sha256}.zip"))
    }
}

/// How the index calls a part of OSV's export.
fn osv_name(ecosystem: &str) -> String {
    format!("OSV {ecosystem}")
}

/// Writes the changelogs as a zip: the same ones give the same bytes.
fn pack(file: &std::fs::File, changelogs: &[debian::Changelog]) -> std::io::Result<()> {
    let mut zip = zip::ZipWriter::new(file);
    for changelog in changelogs {
        // Windows has no `:` in names, should somebody unpack it.
        let name = format!(
            "{}_{}.changelog",
            changelog.source,
            changelog.version.replace(':', "%3a")
        );
        zip.start_file(name, SimpleFileOptions::default())
            .map_err(std::io::Error::other)?;
        zip.write_all(changelog.text.as_bytes())?;
    }
    zip.finish().map(|_| ()).map_err(std::io::Error::other)
}
