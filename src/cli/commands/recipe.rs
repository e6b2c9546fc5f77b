//! `wasideps recipe check`.

use crate::build::{Unused, Work, unused_inputs};
use crate::cli::args::{Global, RecipeCheckArgs};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::plan::Plan;

pub fn check(args: &RecipeCheckArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let catalog = context::catalog(global)?;
    let lock = context::lock(global)?;
    let created = context::created(&lock)?;
    let selection = catalog.select(&lock, &args.names)?;
    let store = context::store(global)?;
    let fetcher = context::fetcher(global, &store, printer);
    let cache = store.cache(printer);
    let toolchain = context::toolchain(&args.toolchain, global, &lock, &store, &fetcher, printer)?;
    let plan = Plan::new(selection, toolchain.identity(), created);
    printer.expect_jobs(&plan);
    let work = Work {
        plan: &plan,
        toolchain: &toolchain,
        store: &store,
        cache: &cache,
        fetcher: &fetcher,
        reporter: printer,
        workers: args.jobs.workers(),
    };
    let checked = unused_inputs(&work)?;
    printer.finish_bars();
    let mut rows = table::table(&["source", "version", "files that take no part"]);
    let mut errors: Vec<CliError> = Vec::new();
    for unused in checked {
        printer.json("recipe", &unused);
        let Unused { source, version, files } = unused;
        let shown = if files.is_empty() { "none".to_owned() } else { files.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ") };
        rows.add_row([source.to_string(), version.to_string(), shown]);
        if !files.is_empty() {
            errors.push(CliError::UnusedInputs { name: source, count: files.len() });
        }
    }
    printer.result(&table::text(&rows));
    Failures::check(errors)
}
