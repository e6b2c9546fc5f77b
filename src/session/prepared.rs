//! A plan with all that it takes to carry it out.

use camino::{Utf8Path, Utf8PathBuf};

use super::error::{all, one};
use super::known::KnownPrefixes;
use super::{Session, SessionError, documents};
use crate::build::{self, BuildTrace, Outcome, Prefix, TracedManifest, Work};
use crate::fetch::Fetcher;
use crate::model::RelPath;
use crate::plan::Plan;
use crate::sbom::Context;
use crate::store::{Kind, Store};
use crate::toolchain::Toolchain;
use crate::verify::fingerprint;

/// What keeps what a session compiles.
#[cfg(feature = "remote")]
pub(super) type SessionCache<'s> = crate::remote::Layered<'s>;
#[cfg(not(feature = "remote"))]
pub(super) type SessionCache<'s> = crate::store::LocalCache<'s>;

/// A plan, and the SDK and the store to carry it out with.
pub struct Prepared<'s> {
    pub(super) session: &'s Session<'s>,
    pub(super) plan: Plan,
    pub(super) toolchain: Toolchain,
    pub(super) cache: SessionCache<'s>,
    pub(super) fetcher: Fetcher<'s>,
}

/// How a prefix is built.
#[derive(Clone, Copy)]
pub struct Building<'a> {
    /// Compile jobs at once; at least one.
    pub workers: usize,
    /// Whether a prefix of another toolchain or build configuration, or one whose manifest can't be
    /// read, may be replaced.
    pub replace: bool,
    /// Called when there is something to do, before it is done.
    pub begin: &'a dyn Fn(),
}

impl Prepared<'_> {
    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The SDK.
    #[must_use]
    pub fn toolchain(&self) -> &Toolchain {
        &self.toolchain
    }

    /// The plan's work, done by so many `workers` at once.
    ///
    /// # Errors
    /// When the store can't be opened.
    pub fn work(&self, workers: usize) -> Result<Work<'_>, SessionError> {
        let (plan, toolchain, store, fetcher) = (
            &self.plan,
            &self.toolchain,
            self.session.store()?,
            &self.fetcher,
        );
        Ok(Work {
            plan,
            toolchain,
            store,
            cache: &self.cache,
            fetcher,
            reporter: self.session.reporter,
            workers,
        })
    }

    /// Makes `prefix` what the plan says, with manifest and documents. One that is that already is
    /// left as it is.
    ///
    /// # Errors
    /// All that went wrong; the prefix is then as it was.
    pub fn build(
        &self,
        prefix: &Prefix<'_>,
        building: Building<'_>,
    ) -> Result<Outcome, Vec<SessionError>> {
        let context = self.session.context().map_err(one)?;
        let work = self.work(building.workers).map_err(one)?;
        let known = KnownPrefixes {
            plan: &self.plan,
            store: work.store,
            reporter: work.reporter,
        };
        let outcome = build::build(&build::BuildRequest {
            work,
            prefix,
            replace: building.replace,
            is_intact: &|at| known.is_intact(at, &context),
            begin: building.begin,
            documents: &documents_with(&context),
        });
        // What was compiled before a failure is sent, too.
        #[cfg(feature = "remote")]
        self.cache.finish();
        let outcome = outcome.map_err(all)?;
        if matches!(outcome, Outcome::Built(_))
            && let Some(fingerprint) = fingerprint(prefix.path())
        {
            known.remember(fingerprint);
        }
        Ok(outcome)
    }
}

fn documents_with(
    context: &Context<'_>,
) -> impl Fn(&Plan, &TracedManifest, &BuildTrace) -> Vec<(RelPath, String)> {
    move |plan, manifest, trace| {
        documents(plan, manifest, trace, context).expect("the manifest is that of the plan")
    }
}

/// A prefix in a folder that goes with this.
#[derive(Debug)]
pub struct Apart {
    _scratch: tempfile::TempDir,
    path: Utf8PathBuf,
}

impl Apart {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }
}

impl Session<'_> {
    /// Builds `plan` in a folder that goes afterwards, with a store of its own: archives are taken
    /// from the one at hand, as from a folder, but no tree and no object is. All of it is made now.
    ///
    /// # Errors
    /// All that went wrong.
    pub fn build_apart(
        &self,
        plan: &Plan,
        toolchain: &Toolchain,
        building: Building<'_>,
    ) -> Result<Apart, Vec<SessionError>> {
        let context = self.context().map_err(one)?;
        let store = self.store().map_err(one)?;
        let scratch = store.scratch_dir().map_err(one)?;
        let root = Utf8PathBuf::from(scratch.path().to_string_lossy().into_owned());
        let fresh = Store::open(&root.join("store")).map_err(one)?;
        let mut settings = self.settings();
        settings
            .from
            .push(store.root().join(Kind::Archive.folder()));
        let fetcher = Fetcher::new(settings, &fresh, self.reporter);
        let path = root.join("prefix");
        let prefix = Prefix::hold(&path, self.reporter).map_err(one)?;
        let Building {
            workers,
            replace,
            begin,
        } = building;
        let built = build::build(&build::BuildRequest {
            work: Work {
                plan,
                toolchain,
                store: &fresh,
                cache: &fresh.cache(self.reporter),
                fetcher: &fetcher,
                reporter: self.reporter,
                workers,
            },
            prefix: &prefix,
            replace,
            is_intact: &|_| false,
            begin,
            documents: &documents_with(&context),
        });
        built.map_err(all)?;
        drop(prefix);
        Ok(Apart {
            _scratch: scratch,
            path,
        })
    }
}
