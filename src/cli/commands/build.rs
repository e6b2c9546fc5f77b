//! `wasideps build`.

use std::time::Instant;

use serde::Serialize;

use crate::build::{self, Closure, Manifest, Outcome};
use crate::cli::args::{BuildArgs, Global};
use crate::cli::context;
use crate::cli::error::Failures;
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::plan::Plan;
use crate::sbom::{self, Built, Context};

pub fn run(args: &BuildArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let started = Instant::now();
    let catalog = context::catalog(global)?;
    let lock = context::lock(global)?;
    let created = context::created(&lock)?;
    // Checked before the SDK is looked for: a wrong name costs no download.
    let selection = catalog.select(&lock, &args.names)?;
    let store = context::store(global)?;
    let fetcher = context::fetcher(global, &store, printer);
    let toolchain = context::toolchain(&args.toolchain, global, &lock, &store, &fetcher, printer)?;
    let plan = Plan::new(selection, args.toolchain.target, toolchain.identity().digest, &created);
    let prefix = args.prefix.path(args.toolchain.target);
    let documents = |plan: &Plan, manifest: &Manifest, closure: &Closure| {
        let selected = plan.sources.iter().map(|source| &source.selected).collect();
        let built = Built::new(selected, manifest, closure).expect("the manifest is that of the plan");
        sbom::documents(&built, &Context { created: &created, exclusions: catalog.exclusions() })
    };
    let outcome = build::build(&build::Request {
        work: build::Work {
            plan: &plan,
            toolchain: &toolchain,
            store: &store,
            fetcher: &fetcher,
            reporter: printer,
            workers: args.jobs.workers(),
        },
        prefix: &prefix,
        replace: args.replace,
        begin: &|| printer.expect_jobs(&plan),
        documents: &documents,
    })?;
    printer.finish_bars();
    show(&outcome, prefix.as_str(), started.elapsed().as_secs_f64(), printer);
    Ok(())
}

/// The result, for programs.
#[derive(Serialize)]
struct Report<'a> {
    prefix: &'a str,
    up_to_date: bool,
    seconds: f64,
    compiled: usize,
    from_store: usize,
    manifest: &'a Manifest,
}

fn show(outcome: &Outcome, prefix: &str, seconds: f64, printer: &Printer) {
    let (manifest, up_to_date) = match outcome {
        Outcome::UpToDate(manifest) => (manifest, true),
        Outcome::Built(manifest) => (manifest, false),
    };
    let done = printer.done();
    printer.json("built", Report { prefix, up_to_date, seconds, compiled: done.compiled, from_store: done.cached, manifest });
    if up_to_date {
        printer.result(&format!("{prefix} is up to date: {} files as the manifest says, {}\n", manifest.files.len(), manifest.toolchain));
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
        "\n{prefix} made with {} in {seconds:.1} s: {} compiled, {} from the store\n",
        manifest.toolchain, done.compiled, done.cached
    ));
}
