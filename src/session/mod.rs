//! A session: recipes, lock, store, network and SDK as the user's options and environment name
//! them, and what can be done with them. The command line and users of the library begin here.

mod environment;
mod error;
mod files;
mod known;
mod prepared;
#[cfg(feature = "remote")]
mod remote;

use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};

pub use environment::{now, variable};
pub use error::SessionError;
use error::one;
pub use files::policy;
pub use prepared::{Apart, BuildPart, Building, BuiltParts, Prepared, build_all};
#[cfg(feature = "remote")]
pub use remote::{RemoteMode, RemoteOptions};

use crate::build::{BuildTrace, Manifest, TracedManifest};
use crate::fetch::{Fetcher, Settings};
use crate::model::{
    BuildConfig, Catalog, Lock, Name, RelPath, Request, Selected, Selection, SelectionError,
    Sha256, Timestamp, with_causes,
};
use crate::plan::{Plan, store_key};
use crate::report::Reporter;
use crate::sbom::{self, BuiltPrefix, Context};
use crate::store::Store;
use crate::toolchain::{ComponentLinker, Locator, SdkRequest, Toolchain};
use crate::verify::{DiscrepancyKind, Verified};
use prepared::{Means, SessionCache};

/// What a session uses. The default is what is embedded in the program, with the store and the
/// network of this machine.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// A folder of recipes in place of the embedded ones; its patches are in the folder `patches`
    /// beside it.
    pub recipes: Option<Utf8PathBuf>,
    /// A lock in place of the embedded one.
    pub lockfile: Option<Utf8PathBuf>,
    /// The store's folder; else `$WASIDEPS_HOME`, else one in the platform's cache folder.
    pub store: Option<Utf8PathBuf>,
    /// Never use the network.
    pub offline: bool,
    /// Folders with archives: a file in them serves if its digest does.
    pub from: Vec<Utf8PathBuf>,
    /// A program that an SDK of Debian's packages gets to link components with.
    pub component_linker: Option<ComponentLinker>,
    /// A cache on another machine, behind the store.
    #[cfg(feature = "remote")]
    pub remote: RemoteOptions,
}

/// Which WASI SDK is wanted. By default the one that `$WASI_SDK_PATH` names, else an installed one,
/// else the lock's.
#[derive(Debug, Clone, Default)]
pub struct SdkChoice {
    /// The one in this folder.
    pub path: Option<Utf8PathBuf>,
    /// The number of a release in the lock, this one or its twin of Debian's packages; `debian`
    /// for an SDK of Debian's packages, `debian-25` for just this one.
    pub release: Option<String>,
    /// A branch of CPython, whose release is preferred.
    pub python: Option<String>,
}

/// An open session. The store is opened when it is needed.
pub struct Session<'r> {
    options: Options,
    catalog: Catalog,
    lock: Lock,
    store: OnceLock<Store>,
    reporter: &'r dyn Reporter,
}

impl<'r> Session<'r> {
    /// Reads the lock and the recipes that it names. `reporter` gets all that happens from then on.
    ///
    /// # Errors
    /// When they can't be read or are not valid: all that is wrong with the recipes, or what is
    /// wrong with the lock.
    pub fn open(options: Options, reporter: &'r dyn Reporter) -> Result<Self, Vec<SessionError>> {
        let lock = files::lock(&options).map_err(one)?;
        let catalog = files::catalog_of(&options, &lock)?;
        Ok(Self {
            options,
            catalog,
            lock,
            store: OnceLock::new(),
            reporter,
        })
    }

    /// The same with all recipes that there are: for what adds to the lock, or checks recipes.
    ///
    /// # Errors
    /// As of [`Self::open`], for all recipes.
    pub fn open_with_all_recipes(
        options: Options,
        reporter: &'r dyn Reporter,
    ) -> Result<Self, Vec<SessionError>> {
        let catalog = files::catalog(&options)?;
        let lock = files::lock(&options).map_err(one)?;
        Ok(Self {
            options,
            catalog,
            lock,
            store: OnceLock::new(),
            reporter,
        })
    }

    /// The recipes.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The lock.
    #[must_use]
    pub fn lock(&self) -> &Lock {
        &self.lock
    }

    /// The locked sources that are built where none is asked for: what CPython itself links. None
    /// stands for all, where the lock has no such group.
    #[must_use]
    pub fn by_default(&self) -> Vec<Name> {
        self.catalog.by_default(&self.lock)
    }

    /// The names of the locked sources that are asked for; none where nothing is.
    ///
    /// # Errors
    /// All groups that no source of the lock is in.
    pub fn requested(&self, requests: &[Request]) -> Result<Vec<Name>, Vec<SelectionError>> {
        self.catalog.requested(&self.lock, requests)
    }

    /// `names`, where none stands for all, with each recipe of `with` that is built in place of
    /// another: the other's name, then its own.
    ///
    /// # Errors
    /// All of `with` that are not written to take that place.
    pub fn with(
        &self,
        names: Vec<Name>,
        with: &[(Name, Name)],
    ) -> Result<Vec<Name>, Vec<SelectionError>> {
        self.catalog.with(&self.lock, names, with)
    }

    /// The locked sources of these names with all that they depend on, as they are built for
    /// `config`; no name stands for all of the lock.
    ///
    /// # Errors
    /// All that keeps recipes and lock from going together.
    pub fn select(
        &self,
        names: &[Name],
        config: BuildConfig,
    ) -> Result<Selection, Vec<SelectionError>> {
        self.catalog.select(&self.lock, names, config)
    }

    /// The same sources with all that some configuration uses of them: for what looks at versions
    /// and builds none.
    ///
    /// # Errors
    /// As of [`Self::select`].
    pub fn overview(&self, names: &[Name]) -> Result<Vec<Selected>, Vec<SelectionError>> {
        self.catalog.overview(&self.lock, names)
    }

    /// When documents say that they were made: `$SOURCE_DATE_EPOCH`, else the lock's date at
    /// midnight (UTC).
    ///
    /// # Errors
    /// When the variable is no number of seconds since 1970.
    pub fn created(&self) -> Result<Timestamp, SessionError> {
        Ok(environment::source_date()?.unwrap_or_else(|| Timestamp::midnight(self.lock.date)))
    }

    /// What documents are written with.
    ///
    /// # Errors
    /// As of [`Self::created`].
    pub fn context(&self) -> Result<Context<'_>, SessionError> {
        Ok(Context {
            created: self.created()?,
            exclusions: self.catalog.exclusions(),
        })
    }

    /// The store.
    ///
    /// # Errors
    /// When it has no place, or can't be opened.
    pub fn store(&self) -> Result<&Store, SessionError> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let store = open_store(&self.options)?;
        Ok(self.store.get_or_init(|| store))
    }

    /// What brings archives into the store.
    ///
    /// # Errors
    /// As of [`Self::store`].
    pub fn fetcher(&self) -> Result<Fetcher<'_>, SessionError> {
        Ok(Fetcher::new(self.settings(), self.store()?, self.reporter))
    }

    /// One that asks each origin, though the store has its archive.
    ///
    /// # Errors
    /// As of [`Self::store`].
    pub fn fetcher_that_asks(&self) -> Result<Fetcher<'_>, SessionError> {
        Ok(Fetcher::new(
            Settings {
                ask_anew: true,
                ..self.settings()
            },
            self.store()?,
            self.reporter,
        ))
    }

    fn settings(&self) -> Settings {
        let lock_dir = self
            .options
            .lockfile
            .as_ref()
            .and_then(|path| path.parent())
            .filter(|dir| !dir.as_str().is_empty());
        Settings {
            offline: self.options.offline,
            from: self.options.from.clone(),
            lock_dir: lock_dir.unwrap_or(Utf8Path::new(".")).to_owned(),
            ..Settings::default()
        }
    }

    /// The SDK that is wanted, for `config`: found, or fetched.
    ///
    /// # Errors
    /// When none is found and none can be downloaded, or the one that is found does not work.
    pub fn toolchain(
        &self,
        choice: &SdkChoice,
        config: BuildConfig,
        fetcher: &Fetcher<'_>,
    ) -> Result<Toolchain, SessionError> {
        let request = self.sdk_request(choice, config)?;
        Ok(self.locator(fetcher)?.locate(&request)?)
    }

    fn sdk_request(
        &self,
        choice: &SdkChoice,
        config: BuildConfig,
    ) -> Result<SdkRequest, SessionError> {
        Ok(SdkRequest {
            wasi_sdk: choice.path.clone(),
            env_sdk: variable("WASI_SDK_PATH")?.map(Into::into),
            release: choice.release.clone(),
            python: choice.python.clone(),
            config,
            search: vec!["/opt".into()],
            offline: self.options.offline,
        })
    }

    fn locator<'a>(&'a self, fetcher: &'a Fetcher<'_>) -> Result<Locator<'a>, SessionError> {
        Ok(Locator {
            sdks: &self.lock.sdks,
            store: self.store()?,
            fetcher,
            component_linker: self.options.component_linker.as_ref(),
            reporter: self.reporter,
        })
    }

    /// A key for a cache that keeps the store of builds of `selection`: equal keys mean that the
    /// store has all that such a build takes from one. Nothing is fetched for it.
    ///
    /// # Errors
    /// As of [`Self::store`], and when an SDK that is named does not work or none serves.
    pub fn store_key(
        &self,
        selection: &Selection,
        choice: &SdkChoice,
    ) -> Result<Sha256, SessionError> {
        let fetcher = self.fetcher()?;
        let request = self.sdk_request(choice, selection.config())?;
        let sdk = self.locator(&fetcher)?.pinned(&request)?;
        Ok(store_key(selection, &sdk))
    }

    /// The plan of `selection` with the SDK that is wanted, ready to be carried out.
    ///
    /// # Errors
    /// As of [`Self::store`] and [`Self::toolchain`].
    pub fn prepare(
        &self,
        selection: Selection,
        choice: &SdkChoice,
    ) -> Result<Prepared<'_>, SessionError> {
        let created = self.created()?;
        self.prepare_with(&self.means()?, selection, choice, created)
    }

    /// The plan of each selection with the SDK that is wanted for it, to be carried out together.
    ///
    /// # Errors
    /// As of [`Self::prepare`], for the first that can't be prepared.
    pub fn prepare_all(
        &self,
        wanted: Vec<(Selection, SdkChoice)>,
    ) -> Result<Vec<Prepared<'_>>, SessionError> {
        let created = self.created()?;
        let means = self.means()?;
        let prepare = |(selection, choice)| self.prepare_with(&means, selection, &choice, created);
        wanted.into_iter().map(prepare).collect()
    }

    fn prepare_with<'s>(
        &'s self,
        means: &Arc<Means<'s>>,
        selection: Selection,
        choice: &SdkChoice,
        created: Timestamp,
    ) -> Result<Prepared<'s>, SessionError> {
        let toolchain = self.toolchain(choice, selection.config(), &means.fetcher)?;
        let plan = Plan::new(selection, toolchain.identity(), created);
        Ok(Prepared {
            session: self,
            plan,
            toolchain,
            means: Arc::clone(means),
        })
    }

    fn means(&self) -> Result<Arc<Means<'_>>, SessionError> {
        Ok(Arc::new(Means {
            // Before anything is fetched: a wrong address costs nothing else.
            cache: self.cache()?,
            fetcher: self.fetcher()?,
        }))
    }

    #[cfg(feature = "remote")]
    fn cache(&self) -> Result<SessionCache<'_>, SessionError> {
        let settings = remote::settings(&self.options, self.reporter)?;
        let local = self.store()?.cache(self.reporter);
        Ok(SessionCache::new(local, settings, self.reporter))
    }

    #[cfg(not(feature = "remote"))]
    fn cache(&self) -> Result<SessionCache<'_>, SessionError> {
        Ok(self.store()?.cache(self.reporter))
    }

    /// The plan that the prefix with this manifest was made from, where recipes and lock give it;
    /// else why not. Its toolchain is the manifest's: no SDK is needed.
    ///
    /// # Errors
    /// As of [`Self::created`].
    pub fn plan_of(&self, manifest: &Manifest) -> Result<Result<Plan, String>, SessionError> {
        let created = self.created()?;
        let names: Vec<_> = manifest
            .sources
            .iter()
            .map(|source| source.name.clone())
            .collect();
        let selection = match self.select(&names, manifest.toolchain.config) {
            Ok(selection) => selection,
            Err(errors) => {
                return Ok(Err(errors
                    .iter()
                    .map(|error| with_causes(error))
                    .collect::<Vec<_>>()
                    .join("; ")));
            }
        };
        let plan = Plan::new(selection, &manifest.toolchain, created);
        let other = "it was made from other recipes, another lock, with another date, or by another wasideps";
        Ok(if plan.key == manifest.key {
            Ok(plan)
        } else {
            Err(other.to_owned())
        })
    }
}

/// The documents of a prefix that is made by `plan`.
pub(super) fn documents(
    plan: &Plan,
    manifest: &TracedManifest,
    trace: &BuildTrace,
    context: &Context<'_>,
) -> Option<Vec<(RelPath, String)>> {
    let selected = plan.sources.iter().map(|source| &source.selected).collect();
    Some(sbom::documents(
        &BuiltPrefix::new(selected, manifest, trace)?,
        context,
    ))
}

/// The documents that a prefix would have if it was made now, by `plan`, from its own manifest and
/// build trace; else why there are none.
///
/// # Errors
/// What keeps them from being made, in words.
pub fn documents_again(
    plan: &Plan,
    verified: &Verified,
    context: &Context<'_>,
) -> Result<Vec<(RelPath, String)>, String> {
    let contradictory = verified
        .findings()
        .iter()
        .any(|finding| finding.kind == DiscrepancyKind::Record);
    let (Some(manifest), Some(trace), false) =
        (&verified.manifest, verified.trace(), contradictory)
    else {
        return Err("manifest and build trace can't both be right".to_owned());
    };
    documents(plan, &manifest.traced(), trace, context)
        .ok_or_else(|| "its sources are not those of the lock".to_owned())
}

/// The store that `options` name: for those who need no more of a session.
///
/// # Errors
/// When it has no place, or can't be opened.
pub fn open_store(options: &Options) -> Result<Store, SessionError> {
    let root = match &options.store {
        Some(named) => named.clone(),
        None => environment::store()?,
    };
    Ok(Store::open(&root)?)
}
