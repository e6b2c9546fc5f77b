//! `wasideps build`.

use std::time::Instant;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use crate::build::{self, Closure, Manifest, Outcome, Prefix};
use crate::cli::args::{BuildArgs, Global};
use crate::cli::context;
use crate::cli::error::Failures;
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::model::{Catalog, RelPath, Sha256, Timestamp, printable};
use crate::plan::Plan;
use crate::sbom::{self, Built, Context};
use crate::store::{Kind, Store};
use crate::verify::{fingerprint, verify};

pub fn run(args: &BuildArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let started = Instant::now();
    let catalog = context::catalog(global)?;
    let lock = context::lock(global)?;
    let created = context::created(&lock)?;
    // Checked before the SDK is looked for: a wrong name costs no download.
    let selection = catalog.select(&lock, &args.names)?;
    // Before the SDK as well: a folder that no prefix can be in costs nothing else.
    let path = args.prefix.path(args.toolchain.config());
    let prefix = Prefix::hold(&path, printer)?;
    let store = context::store(global)?;
    let fetcher = context::fetcher(global, &store, printer);
    let cache = store.cache(printer);
    let toolchain = context::toolchain(&args.toolchain, global, &lock, &store, &fetcher, printer)?;
    let plan = Plan::new(selection, toolchain.identity(), created);
    let known = Known { plan: &plan, store: &store, printer };
    let outcome = build::build(&build::Request {
        work: build::Work {
            plan: &plan,
            toolchain: &toolchain,
            store: &store,
            cache: &cache,
            fetcher: &fetcher,
            reporter: printer,
            workers: args.jobs.workers(),
        },
        prefix: &prefix,
        replace: args.replace,
        is_intact: &|at| known.is_intact(at, &Context { created, exclusions: catalog.exclusions() }),
        begin: &|| printer.expect_jobs(&plan),
        documents: &documents_of(&catalog, created),
    })?;
    if matches!(outcome, Outcome::Built(_))
        && let Some(fingerprint) = fingerprint(prefix.path())
    {
        known.remember(fingerprint);
    }
    printer.finish_bars();
    show(&outcome, path.as_str(), started.elapsed().as_secs_f64(), printer);
    Ok(())
}

/// The prefixes that the store knows to be what the plan gives.
struct Known<'a> {
    plan: &'a Plan,
    store: &'a Store,
    printer: &'a Printer,
}

/// What is remembered of a prefix.
#[derive(Serialize, Deserialize)]
struct Intact {
    fingerprint: Sha256,
}

impl Known<'_> {
    /// Whether `wasideps verify` would find nothing in the prefix at `at`, which by its manifest was made from the plan: what one command calls up to
    /// date must not be damaged to the other. A prefix that is as it was when this was asked the last time is not verified again.
    fn is_intact(&self, at: &Utf8Path, context: &Context<'_>) -> bool {
        let Some(fingerprint) = fingerprint(at) else { return false };
        let record = self.store.record(Kind::Prefix, &self.key(fingerprint), self.printer);
        // A store that can't be read says nothing; verifying does.
        if record.ok().flatten().is_some_and(|intact: Intact| intact.fingerprint == fingerprint) {
            return true;
        }
        let is_intact = verifies(at, self.plan, context);
        if is_intact {
            // What it was before it was verified: damage since then has another fingerprint.
            self.remember(fingerprint);
        }
        is_intact
    }

    /// Remembers a prefix that was just made or verified.
    fn remember(&self, fingerprint: Sha256) {
        // A store that can't be written costs the next build some time, and nothing else.
        let _ = self.store.keep_record(Kind::Prefix, &self.key(fingerprint), &Intact { fingerprint }, self.printer);
    }

    fn key(&self, fingerprint: Sha256) -> Sha256 {
        Sha256::of_fields("wasideps intact 1", [self.plan.key.as_bytes().as_slice(), fingerprint.as_bytes()])
    }
}

fn verifies(at: &Utf8Path, plan: &Plan, context: &Context<'_>) -> bool {
    let Ok(mut verified) = verify(at, None) else { return false };
    let (Some(manifest), Some(closure), []) = (&verified.manifest, verified.closure(), verified.findings()) else { return false };
    let manifest = manifest.without_documents();
    let selected = plan.sources.iter().map(|source| &source.selected).collect();
    let Some(built) = Built::new(selected, &manifest, closure) else { return false };
    let documents = sbom::documents(&built, context);
    verified.against_plan(plan, &documents);
    verified.findings().is_empty()
}

/// What makes the documents of a prefix.
pub fn documents_of(catalog: &Catalog, created: Timestamp) -> impl Fn(&Plan, &Manifest, &Closure) -> Vec<(RelPath, String)> {
    move |plan, manifest, closure| {
        let selected = plan.sources.iter().map(|source| &source.selected).collect();
        let built = Built::new(selected, manifest, closure).expect("the manifest is that of the plan");
        sbom::documents(&built, &Context { created, exclusions: catalog.exclusions() })
    }
}

/// The result, for programs.
#[derive(Serialize)]
struct Report<'a> {
    prefix: &'a str,
    up_to_date: bool,
    seconds: f64,
    compiled: usize,
    from_store: usize,
    /// Of the manifest's text: what `verify --manifest-sha256` takes.
    manifest_sha256: Sha256,
    manifest: &'a Manifest,
}

fn show(outcome: &Outcome, prefix: &str, seconds: f64, printer: &Printer) {
    let (manifest, up_to_date) = match outcome {
        Outcome::UpToDate(manifest) => (manifest, true),
        Outcome::Built(manifest) => (manifest, false),
    };
    let done = printer.done();
    let manifest_sha256 = Sha256::of(manifest.to_text().as_bytes());
    let (compiled, from_store) = (done.compiled, done.cached);
    printer.json("built", Report { prefix, up_to_date, seconds, compiled, from_store, manifest_sha256, manifest });
    if up_to_date {
        printer.result(&format!(
            "{prefix} is up to date: {} files as the manifest says, {}\n",
            manifest.files.len(),
            printable::line(&manifest.toolchain.to_string())
        ));
        printer.result(&format!("manifest: SHA-256 {manifest_sha256}\n"));
        return;
    }
    let mut rows = table::table(&["library", "version", "archive", "size", "pkg-config"]);
    for source in &manifest.sources {
        for archive in &source.archives {
            let size = manifest.files.iter().find(|file| file.path == archive.path).map_or(0, |file| file.size);
            let modules = source.modules.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            rows.add_row([source.name.to_string(), source.version.to_string(), archive.path.to_string(), table::size(size), modules]);
        }
    }
    printer.result(&table::text(&rows));
    printer.result(&format!(
        "\n{prefix} made with {} in {seconds:.1} s: {compiled} compiled, {from_store} from the store\nmanifest: SHA-256 {manifest_sha256}\n",
        manifest.toolchain
    ));
}
