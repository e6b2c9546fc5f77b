//! `wasideps build`.

use serde::Serialize;

use crate::build::{Manifest, Outcome, Prefix};
use crate::cli::args::{BuildArgs, Global};
use crate::cli::context;
use crate::cli::error::Failures;
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::cli::timings::Clock;
use crate::model::{Sha256, printable};
use crate::session::Building;

pub fn run(args: &BuildArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    // Takes the events that the printer takes.
    let clock = Clock::new(printer);
    let session = context::session(global, &clock)?;
    session.created()?;
    // Checked before the SDK is looked for: a wrong name costs no download.
    let selection = session.select(&args.sources.of(&session)?, args.toolchain.config())?;
    // Before the SDK as well: a folder that no prefix can be in costs nothing else.
    let path = args.prefix.path(args.toolchain.config());
    let prefix = Prefix::hold(&path, &clock)?;
    let prepared = session.prepare(selection, &context::sdk(&args.toolchain))?;
    let begin = || printer.expect_jobs(prepared.plan());
    let outcome = prepared.build(
        &prefix,
        Building {
            workers: args.jobs.workers(),
            replace: args.replace,
            begin: &begin,
        },
    );
    printer.finish_bars();
    let timings = clock.timings(args.jobs.workers());
    let written = timings.write(&args.timings);
    let outcome = outcome?;
    written?;
    show(&outcome, path.as_str(), timings.seconds, printer);
    Ok(())
}

/// The result, for programs.
#[derive(Serialize)]
struct BuildResult<'a> {
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
    printer.json(
        "built",
        BuildResult {
            prefix,
            up_to_date,
            seconds,
            compiled,
            from_store,
            manifest_sha256,
            manifest,
        },
    );
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
        for archive in source.archives() {
            let size = manifest
                .files
                .iter()
                .find(|file| file.path == archive.path)
                .map_or(0, |file| file.size);
            let modules = source
                .modules
                .keys()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ");
            rows.add_row([
                source.name.to_string(),
                source.version.to_string(),
                archive.path.to_string(),
                table::size(size),
                modules,
            ]);
        }
    }
    printer.result(&table::text(&rows));
    printer.result(&format!(
        "\n{prefix} made with {} in {seconds:.1} s: {compiled} compiled, {from_store} from the store\nmanifest: SHA-256 {manifest_sha256}\n",
        manifest.toolchain
    ));
}
