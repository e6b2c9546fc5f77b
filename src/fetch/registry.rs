//! Cargo's registry: which one Cargo is configured for, what its index says of a release, where the
//! crate's archive is. The format is described in
//! <https://doc.rust-lang.org/cargo/reference/registry-index.html>; tame-index knows it, the bytes
//! come through our own client.

use std::sync::{Arc, Mutex, PoisonError};

use camino::Utf8PathBuf;
use tame_index::index::{IndexConfig, IndexUrl};
use tame_index::{IndexKrate, KrateName};
use url::Url;

use super::http::Ask;
use super::{FetchError, Fetcher};
use crate::model::{Name, Sha256, Version, shown_url};
use crate::store::read_regular;

/// The index has a line a release; those of the largest crates are about a mebibyte together.
const INDEX_LIMIT: u64 = 32 << 20;
const CONFIG_LIMIT: u64 = 1 << 20;

/// Every Cargo that can build this program speaks the sparse protocol. Told, so that no cargo is
/// started to ask.
const CARGO: &str = "1.89.0";

/// The registry, once it has been found.
#[derive(Default)]
pub struct Cell(Mutex<Option<Arc<Registry>>>);

/// Where crates come from.
enum Registry {
    /// With the index's URL, which ends in `/`.
    Sparse { index: String, config: IndexConfig },
    /// A folder of `.crate` files with an index.
    Local(Utf8PathBuf),
}

/// What the index says of a release.
pub struct Release {
    pub sha256: Sha256,
    pub at: ReleaseAt,
}

/// Where its archive is.
pub enum ReleaseAt {
    Url(Url),
    File(Utf8PathBuf),
}

impl Fetcher<'_> {
    /// Looks a crate's release up.
    ///
    /// # Errors
    /// When the registry can't be asked, or does not have it.
    pub(super) fn release(
        &self,
        subject: &str,
        origin: &str,
        name: &Name,
        version: &Version,
        last: bool,
    ) -> Result<Release, FetchError> {
        let registry = self.registry(subject, origin, last)?;
        let missing = || FetchError::NoRelease {
            krate: name.clone(),
            version: version.clone(),
        };
        let releases = self
            .releases_of(&registry, subject, origin, name, last)?
            .ok_or_else(missing)?;
        let release = releases
            .versions
            .iter()
            .find(|release| release.version == version.as_str())
            .ok_or_else(missing)?;
        let at = match &*registry {
            Registry::Sparse { index, config } => ReleaseAt::Url(parse(
                index,
                &config.download_url(krate_name(&registry, name)?, version.as_str()),
            )?),
            Registry::Local(folder) => {
                ReleaseAt::File(folder.join(format!("{name}-{version}.crate")))
            }
        };
        Ok(Release {
            sha256: (*release.checksum()).into(),
            at,
        })
    }

    /// The releases of a crate that are not yanked, in the index's order.
    ///
    /// # Errors
    /// When the registry can't be asked, or knows no such crate.
    pub fn releases(&self, subject: &str, name: &Name) -> Result<Vec<String>, FetchError> {
        let origin = format!("crate {name}");
        if self.settings.offline {
            return Err(FetchError::Offline {
                subject: subject.to_owned(),
                origin,
                sha256: None,
            });
        }
        let registry = self.registry(subject, &origin, false)?;
        let missing = || FetchError::Registry {
            index: registry.name(),
            source: format!("it has no crate {name}").into(),
        };
        let releases = self
            .releases_of(&registry, subject, &origin, name, false)?
            .ok_or_else(missing)?;
        Ok(releases
            .versions
            .iter()
            .filter(|release| !release.is_yanked())
            .map(|release| release.version.to_string())
            .collect())
    }

    fn releases_of(
        &self,
        registry: &Registry,
        subject: &str,
        origin: &str,
        name: &Name,
        last: bool,
    ) -> Result<Option<IndexKrate>, FetchError> {
        let krate = krate_name(registry, name)?;
        let bytes = match registry {
            Registry::Sparse { index, .. } => {
                let url = parse(index, &format!("{index}{}", krate.relative_path(Some('/'))))?;
                self.ask(subject, origin, &url, INDEX_LIMIT, last)?
            }
            Registry::Local(folder) => {
                let path = folder.join("index").join(krate.relative_path(None));
                match read_regular(&path, INDEX_LIMIT) {
                    Ok(bytes) => Some(bytes),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                    Err(source) => return Err(FetchError::Folder { path, source }),
                }
            }
        };
        let parsed = bytes.map(|bytes| IndexKrate::from_slice(&bytes));
        parsed.transpose().map_err(|error| FetchError::Registry {
            index: registry.name(),
            source: error.into(),
        })
    }

    fn registry(
        &self,
        subject: &str,
        origin: &str,
        last: bool,
    ) -> Result<Arc<Registry>, FetchError> {
        // Held while asking: the first to need it asks, the others wait for the answer.
        let mut cell = self
            .registry
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(registry) = &*cell {
            return Ok(Arc::clone(registry));
        }
        let configured = IndexUrl::crates_io(self.settings.cargo_root.clone(), None, Some(CARGO));
        let registry = match configured.map_err(|error| FetchError::CargoConfig {
            source: error.into(),
        })? {
            IndexUrl::Local(folder) => Registry::Local(folder.into_owned()),
            // Asked for by its git URL, it is still the same registry, and its sparse index says
            // the same.
            IndexUrl::CratesIoSparse | IndexUrl::CratesIoGit => {
                self.sparse(subject, origin, IndexUrl::CratesIoSparse.as_str(), last)?
            }
            IndexUrl::NonCratesIo(index) => self.sparse(subject, origin, &index, last)?,
        };
        let registry = Arc::new(registry);
        *cell = Some(Arc::clone(&registry));
        Ok(registry)
    }

    fn sparse(
        &self,
        subject: &str,
        origin: &str,
        index: &str,
        last: bool,
    ) -> Result<Registry, FetchError> {
        let bad = |problem: &str| FetchError::Registry {
            index: shown_index(index),
            source: problem.into(),
        };
        let base = index
            .strip_prefix("sparse+")
            .ok_or_else(|| bad("it is a git index, and only sparse ones are read"))?;
        let base = format!("{}/", base.trim_end_matches('/'));
        let url = parse(index, &format!("{base}config.json"))?;
        let bytes = self
            .ask(subject, origin, &url, CONFIG_LIMIT, last)?
            .ok_or_else(|| bad("it has no config.json"))?;
        let config: IndexConfig = serde_json::from_slice(&bytes)
            .map_err(|error| bad(&format!("its config.json does not parse: {error}")))?;
        if config.auth_required {
            return Err(bad("it asks for a login, which is not supported"));
        }
        Ok(Registry::Sparse {
            index: base,
            config,
        })
    }

    fn ask(
        &self,
        subject: &str,
        origin: &str,
        url: &Url,
        limit: u64,
        last: bool,
    ) -> Result<Option<Vec<u8>>, FetchError> {
        self.web.text(
            Ask {
                subject,
                origin,
                url,
                last,
            },
            limit,
            self.reporter,
        )
    }
}

impl Registry {
    fn name(&self) -> String {
        match self {
            Self::Sparse { index, .. } => shown_index(index),
            Self::Local(folder) => folder.to_string(),
        }
    }
}

/// An address of Cargo's configuration, as it is shown: Cargo lets it have a password.
fn shown_index(index: &str) -> String {
    index.parse().map_or_else(
        |_| {
            if index.contains('@') {
                "(no URL)".to_owned()
            } else {
                index.to_owned()
            }
        },
        |url| shown_url(&url),
    )
}

fn krate_name<'n>(registry: &Registry, name: &'n Name) -> Result<KrateName<'n>, FetchError> {
    KrateName::crates_io(name.as_str()).map_err(|error| FetchError::Registry {
        index: registry.name(),
        source: error.into(),
    })
}

fn parse(index: &str, url: &str) -> Result<Url, FetchError> {
    url.parse().map_err(|error| FetchError::Registry {
        index: shown_index(index),
        source: format!("`{}` is not a URL: {error}", shown_index(url)).into(),
    })
}
