//! `wasideps recipe check`.

use crate::build::{Unused, unused_inputs};
use crate::cli::args::{Global, RecipeCheckArgs};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::cli::table;

pub fn check(args: &RecipeCheckArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let session = context::session_with_all_recipes(global, printer)?;
    session.created()?;
    let selection = session.select(&args.names, args.toolchain.config())?;
    let prepared = session.prepare(selection, &context::sdk(&args.toolchain))?;
    printer.expect_jobs(prepared.plan());
    let work = prepared.work(args.jobs.workers())?;
    let checked = unused_inputs(&work)?;
    printer.finish_bars();
    let mut rows = table::table(&["source", "version", "unused files"]);
    let mut errors: Vec<CliError> = Vec::new();
    for unused in checked {
        printer.json("recipe", &unused);
        let Unused {
            source,
            version,
            files,
        } = unused;
        let shown = if files.is_empty() {
            "none".to_owned()
        } else {
            files
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
        };
        rows.add_row([source.to_string(), version.to_string(), shown]);
        if !files.is_empty() {
            errors.push(CliError::UnusedInputs {
                name: source,
                count: files.len(),
            });
        }
    }
    printer.result(&table::text(&rows));
    Failures::check(errors)
}
