//! A plan with all that it takes to carry it out.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::error::{all, one};
use super::known::KnownPrefixes;
use super::{Session, SessionError, documents};
use crate::build::{self, Begin, BuildTrace, Outcome, Prefix, TracedManifest, Work};
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
    pub(super) means: Arc<Means<'s>>,
}

/// What carries plans out, one or several.
pub(super) struct Means<'s> {
    pub cache: SessionCache<'s>,
    pub fetcher: Fetcher<'s>,
}

/// How a prefix is built.
#[derive(Clone, Copy)]
pub struct Building<'a> {
    /// Compile jobs at once; at least one.
    pub workers: usize,
    /// Whether a prefix of another toolchain or build configuration, or one whose manifest can't be
    /// read, may be replaced.
    pub replace: bool,
    /// Called with what messages call the source of each compile job, when there is something to
    /// do, before it is done.
    pub begin: Begin<'a>,
}

/// One of several builds.
pub struct BuildPart<'a> {
    pub prepared: &'a Prepared<'a>,
    pub prefix: &'a Prefix<'a>,
    /// What it is called in messages, where there are others.
    pub called: Option<&'a str>,
}

/// What several builds came to.
#[derive(Debug)]
pub struct BuiltParts {
    /// In the order of the parts; none where something failed: the prefix is then as it was.
    pub outcomes: Vec<Option<Outcome>>,
    /// All that went wrong.
    pub errors: Vec<SessionError>,
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
        Ok(Work {
            plan: &self.plan,
            toolchain: &self.toolchain,
            store: self.session.store()?,
            cache: &self.means.cache,
            fetcher: &self.means.fetcher,
            reporter: self.session.reporter,
            workers,
            called: None,
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
        let part = BuildPart {
            prepared: self,
            prefix,
            called: None,
        };
        let BuiltParts {
            mut outcomes,
            errors,
        } = build_all(&[part], building);
        outcomes.pop().flatten().ok_or(errors)
    }
}

/// Makes the prefixes of all `parts`, which one call prepared, what their plans say. Those that are
/// that already are left as they are. All compile jobs are one list, in which each object is made
/// once.
#[must_use]
pub fn build_all(parts: &[BuildPart<'_>], building: Building<'_>) -> BuiltParts {
    let built = try_build_all(parts, building);
    // What was compiled before a failure is sent, too.
    #[cfg(feature = "remote")]
    if let Some(part) = parts.first() {
        part.prepared.means.cache.finish();
    }
    built.unwrap_or_else(|error| BuiltParts {
        outcomes: parts.iter().map(|_| None).collect(),
        errors: vec![error],
    })
}

fn try_build_all(
    parts: &[BuildPart<'_>],
    building: Building<'_>,
) -> Result<BuiltParts, SessionError> {
    let contexts: Vec<Context<'_>> = parts
        .iter()
        .map(|part| part.prepared.session.context())
        .collect::<Result<_, _>>()?;
    let known: Vec<KnownPrefixes<'_>> = parts
        .iter()
        .map(|part| {
            let session = part.prepared.session;
            Ok(KnownPrefixes {
                plan: &part.prepared.plan,
                store: session.store()?,
                reporter: session.reporter,
            })
        })
        .collect::<Result<_, SessionError>>()?;
    let is_intact: Vec<_> = known
        .iter()
        .zip(&contexts)
        .map(|(known, context)| move |at: &Utf8Path| known.is_intact(at, context))
        .collect();
    let documents: Vec<_> = contexts.iter().map(documents_with).collect();
    let mut requests = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        requests.push(build::BuildRequest {
            work: Work {
                called: part.called,
                ..part.prepared.work(building.workers)?
            },
            prefix: part.prefix,
            replace: building.replace,
            is_intact: &is_intact[index],
            documents: &documents[index],
        });
    }
    let build::Built { outcomes, errors } = build::build_all(&requests, building.begin);
    for ((part, known), outcome) in parts.iter().zip(&known).zip(&outcomes) {
        if matches!(outcome, Some(Outcome::Built { .. }))
            && let Some(fingerprint) = fingerprint(part.prefix.path())
        {
            known.remember(fingerprint);
        }
    }
    Ok(BuiltParts {
        outcomes,
        errors: all(errors),
    })
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
        let request = build::BuildRequest {
            work: Work {
                plan,
                toolchain,
                store: &fresh,
                cache: &fresh.cache(self.reporter),
                fetcher: &fetcher,
                reporter: self.reporter,
                workers,
                called: None,
            },
            prefix: &prefix,
            replace,
            is_intact: &|_| false,
            documents: &documents_with(&context),
        };
        build::build(&request, begin).map_err(all)?;
        drop(prefix);
        Ok(Apart {
            _scratch: scratch,
            path,
        })
    }
}
