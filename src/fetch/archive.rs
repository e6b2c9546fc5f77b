//! Archives: from the store, a folder or an origin, checked against their digest on every way.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::NamedTempFile;
use tracing::debug;
use url::Url;

use super::http::{Ask, Expected};
use super::registry::ReleaseAt;
use super::{FetchError, Fetcher};
use crate::apt;
use crate::model::{Digesting, Name, Origin, Place, Sha256};
use crate::report::Event;
use crate::store::{Kind, StoreError, open_regular};

/// An archive in the store whose digest was checked by this process.
#[derive(Debug, Clone)]
pub struct Fetched {
    path: Utf8PathBuf,
    sha256: Sha256,
    size: u64,
    origin: String,
    held: bool,
}

impl Fetched {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Its digest.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// In bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The place that it was asked for, as in the lock: `crate libz-sys 1.1.31`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether it came from the store or a folder of `--from`, so that its place was not asked.
    #[must_use]
    pub fn was_held(&self) -> bool {
        self.held
    }
}

/// What to bring.
#[derive(Clone, Copy)]
pub(super) struct WantedArchive<'a> {
    pub subject: &'a str,
    pub place: &'a Place,
    /// None only while a lock is being written.
    pub sha256: Option<Sha256>,
    pub size: Option<u64>,
    /// Whether no other origin follows.
    pub last: bool,
}

impl<'a> WantedArchive<'a> {
    pub fn locked(subject: &'a str, origin: &'a Origin, last: bool) -> Self {
        Self {
            subject,
            place: &origin.place,
            sha256: Some(origin.sha256),
            size: origin.size,
            last,
        }
    }

    fn expected(&self) -> Expected {
        Expected {
            sha256: self.sha256,
            size: self.size,
            limit: self.size.unwrap_or(Origin::UNKNOWN_SIZE_LIMIT),
        }
    }
}

impl Fetcher<'_> {
    /// Brings the archive of `origin` into the store, where it is not there yet. `subject` is how
    /// events and messages call it (`zlib 1.3.2`).
    ///
    /// # Errors
    /// When it can't be fetched, or what comes does not have the origin's digest; nothing is stored
    /// then.
    pub fn fetch_archive(&self, subject: &str, origin: &Origin) -> Result<Fetched, FetchError> {
        self.bring(WantedArchive::locked(subject, origin, true))
    }

    /// A file with this digest and size in a folder of `--from`, where there is one.
    ///
    /// # Errors
    /// When a folder can't be listed.
    pub fn by_hand(&self, sha256: &Sha256, size: u64) -> Result<Option<Utf8PathBuf>, FetchError> {
        for folder in &self.settings.from {
            let found = self.folders.find(folder, sha256, Some(size), size);
            if let Some(path) = found.map_err(|source| FetchError::From {
                path: folder.clone(),
                source,
            })? {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// Whether an archive is at hand without a network; it is not checked yet.
    pub(super) fn at_hand(&self, origin: &Origin) -> bool {
        matches!(origin.place, Place::Folder(_))
            || self
                .store
                .entry_path(Kind::Archive, &origin.sha256)
                .is_file()
            || self.settings.from.iter().any(|folder| {
                self.folders
                    .find(folder, &origin.sha256, origin.size, origin.size_limit())
                    .is_ok_and(|found| found.is_some())
            })
    }

    pub(super) fn bring(&self, wanted: WantedArchive<'_>) -> Result<Fetched, FetchError> {
        if let Some(fetched) = self.held(&wanted)? {
            return Ok(fetched);
        }
        // Another process may be downloading the same: then wait for it, and find the archive in
        // the store.
        let _guard = match &wanted.sha256 {
            Some(sha256) => Some(self.store.lock(
                "archive",
                sha256,
                &format!("downloading {}", wanted.subject),
                self.reporter,
            )?),
            None => None,
        };
        if wanted.sha256.is_some()
            && let Some(fetched) = self.stored(&wanted)?
        {
            return Ok(fetched);
        }
        match wanted.place {
            Place::Folder(folder) => {
                self.search_folder(&wanted, &self.settings.lock_dir.join(folder.as_str()))
            }
            Place::Url(url) => self.download(&wanted, url),
            Place::Debian { package, file } => self.pooled(&wanted, package, file),
            Place::Crate { name, version } => {
                let origin = wanted.place.to_string();
                // A local registry needs no network, but only its configuration could tell;
                // archives of --from serve as well.
                self.check_online(&wanted)?;
                let release = self.release(wanted.subject, &origin, name, version, wanted.last)?;
                if let Some(expected) = wanted.sha256.filter(|expected| *expected != release.sha256)
                {
                    return Err(FetchError::IndexChecksum {
                        origin,
                        expected,
                        found: release.sha256,
                    });
                }
                let wanted = WantedArchive {
                    sha256: Some(release.sha256),
                    ..wanted
                };
                if let Some(fetched) = self.stored(&wanted)? {
                    return Ok(fetched);
                }
                match release.at {
                    ReleaseAt::Url(url) => self.download(&wanted, &url),
                    ReleaseAt::File(path) => self
                        .adopt(&wanted, &path)
                        .map_err(|error| error.into_fetch(path, false)),
                }
            }
        }
    }

    /// From the store or a folder of `--from`.
    fn held(&self, wanted: &WantedArchive<'_>) -> Result<Option<Fetched>, FetchError> {
        let Some(sha256) = wanted.sha256.as_ref().filter(|_| !self.settings.ask_anew) else {
            return Ok(None);
        };
        if let Some(fetched) = self.stored(wanted)? {
            return Ok(Some(fetched));
        }
        for folder in &self.settings.from {
            let found = self
                .folders
                .find(folder, sha256, wanted.size, wanted.expected().limit);
            if let Some(path) = found.map_err(|source| FetchError::From {
                path: folder.clone(),
                source,
            })? {
                debug!(%path, "takes the archive from a folder");
                return self
                    .adopt(wanted, &path)
                    .map(Some)
                    .map_err(|error| error.into_fetch(path, true));
            }
        }
        Ok(None)
    }

    fn stored(&self, wanted: &WantedArchive<'_>) -> Result<Option<Fetched>, FetchError> {
        let Some(sha256) = wanted.sha256.filter(|_| !self.settings.ask_anew) else {
            return Ok(None);
        };
        let Some(path) = self.store.archive(&sha256, self.reporter)? else {
            return Ok(None);
        };
        let size = fs_err::metadata(&path)
            .map_err(|source| StoreError::Read {
                path: path.clone(),
                source,
            })?
            .len();
        Ok(Some(Fetched {
            path,
            sha256,
            size,
            origin: wanted.place.to_string(),
            held: true,
        }))
    }

    fn search_folder(
        &self,
        wanted: &WantedArchive<'_>,
        folder: &Utf8Path,
    ) -> Result<Fetched, FetchError> {
        let read = |source| FetchError::Folder {
            path: folder.to_owned(),
            source,
        };
        let Some(sha256) = wanted.sha256 else {
            return Err(FetchError::BadPlace {
                origin: wanted.place.to_string(),
                source:
                    "a folder is searched by digest, so the recipe must give `published-sha256`"
                        .into(),
            });
        };
        match self
            .folders
            .find(folder, &sha256, wanted.size, wanted.expected().limit)
            .map_err(read)?
        {
            Some(path) => {
                debug!(%path, "takes the archive from the origin's folder");
                self.adopt(wanted, &path)
                    .map_err(|error| error.into_fetch(path, false))
            }
            None => Err(FetchError::NotInFolder {
                folder: folder.to_owned(),
                sha256,
            }),
        }
    }

    /// Copies a local file into the store, hashing again: it may have changed since it was looked
    /// at, the store's copy won't.
    fn adopt(&self, wanted: &WantedArchive<'_>, path: &Utf8Path) -> Result<Fetched, Adopting> {
        let expected = wanted.expected();
        let mut from = open_regular(path).map_err(Adopting::Read)?;
        let to = self.store.scratch_file().map_err(FetchError::from)?;
        let mut digesting = Digesting::new(to);
        // Not `io::copy`: it does not tell a file that can't be read from a store that is full.
        let mut bytes = io::Read::take(&mut from, expected.limit + 1);
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = io::Read::read(&mut bytes, &mut buffer).map_err(Adopting::Read)?;
            if read == 0 {
                break;
            }
            let full = |source| StoreError::Write {
                path: self.store.root().to_owned(),
                source,
            };
            io::Write::write_all(&mut digesting, &buffer[..read])
                .map_err(full)
                .map_err(FetchError::from)?;
        }
        let size = digesting.size();
        let (file, sha256) = digesting.finish();
        expected.check(path.as_str(), sha256, size, &[])?;
        Ok(self.keep(wanted, path.to_string(), file, sha256, size, true)?)
    }

    fn check_online(&self, wanted: &WantedArchive<'_>) -> Result<(), FetchError> {
        if !self.settings.offline {
            return Ok(());
        }
        Err(FetchError::Offline {
            subject: wanted.subject.to_owned(),
            origin: wanted.place.to_string(),
            sha256: wanted.sha256,
        })
    }

    /// From the first pool of the machine's mirrors that has the file. What a pool gives and is
    /// refused is not looked for in another: mirrors are copies of each other.
    fn pooled(
        &self,
        wanted: &WantedArchive<'_>,
        package: &Name,
        file: &Name,
    ) -> Result<Fetched, FetchError> {
        self.check_online(wanted)?;
        let urls =
            apt::pool_urls(package.as_str(), file.as_str()).map_err(|source| FetchError::Apt {
                file: file.clone(),
                source,
            })?;
        let mut missing = FetchError::NoMirror { file: file.clone() };
        for url in &urls {
            match self.download(wanted, url) {
                Err(error @ (FetchError::Status { .. } | FetchError::Unreachable { .. })) => {
                    missing = error;
                }
                done => return done,
            }
        }
        Err(missing)
    }

    fn download(&self, wanted: &WantedArchive<'_>, url: &Url) -> Result<Fetched, FetchError> {
        self.check_online(wanted)?;
        let origin = wanted.place.to_string();
        let ask = Ask {
            subject: wanted.subject,
            origin: &origin,
            url,
            last: wanted.last,
        };
        let (file, sha256, size) =
            self.web
                .download(ask, wanted.expected(), self.reporter, || {
                    self.store.scratch_file()
                })?;
        self.keep(wanted, origin.clone(), file, sha256, size, false)
    }

    fn keep(
        &self,
        wanted: &WantedArchive<'_>,
        from: String,
        file: NamedTempFile,
        sha256: Sha256,
        size: u64,
        held: bool,
    ) -> Result<Fetched, FetchError> {
        let path = self.store.keep_archive(file, &sha256, self.reporter)?;
        self.reporter.event(Event::Downloaded {
            subject: wanted.subject.to_owned(),
            origin: from,
            sha256,
            size,
        });
        Ok(Fetched {
            path,
            sha256,
            size,
            origin: wanted.place.to_string(),
            held,
        })
    }
}

/// A local file that can't be taken over.
enum Adopting {
    Read(io::Error),
    Other(FetchError),
}

impl From<FetchError> for Adopting {
    fn from(error: FetchError) -> Self {
        Self::Other(error)
    }
}

impl Adopting {
    fn into_fetch(self, path: Utf8PathBuf, given: bool) -> FetchError {
        match self {
            Self::Read(source) if given => FetchError::From { path, source },
            Self::Read(source) => FetchError::Folder { path, source },
            Self::Other(error) => error,
        }
    }
}
