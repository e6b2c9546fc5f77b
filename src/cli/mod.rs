//! Arguments, terminal, exit codes; the one layer that prints.

mod args;
mod commands;
mod component_linker;
mod contents;
mod context;
mod error;
mod excerpt;
mod help;
mod log;
mod output;
mod pages;
mod printer;
mod shown;
mod table;
mod timings;
mod told;
mod values;

use std::process::ExitCode;

use clap::Parser as _;

pub use args::{Cli, Command, Global};
pub use error::{CliError, Failures};

use crate::process::end_programs_on_signals;
use printer::Printer;

/// Runs the program on the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    if component_linker::is_meant() {
        component_linker::main();
        return ExitCode::SUCCESS;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => Cli {
            global: cli.global.resolved(),
            ..cli
        },
        Err(error) => return ExitCode::from(told::command_line(&error)),
    };
    let printer = Printer::new(&cli.global);
    log::start(cli.global.verbose, &printer);
    let result = prepare(&printer).and_then(|()| commands::run(&cli, &printer));
    printer.finish_bars();
    let result = match printer.lost_output() {
        Some(lost) => Err(Failures::and(result, lost)),
        None => result,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failures) => {
            printer.failures(&failures);
            ExitCode::from(failures.exit_code())
        }
    }
}

/// What must hold before anything is started: a signal ends what runs, and there are threads to
/// compute with.
fn prepare(printer: &Printer) -> Result<(), Failures> {
    end_programs_on_signals(printer.last()).map_err(|source| CliError::Threads { source })?;
    Ok(rayon::ThreadPoolBuilder::new()
        .build_global()
        .map_err(|error| CliError::Threads {
            source: std::io::Error::other(error),
        })?)
}

/// A failure as it is printed: for the fuzz targets.
#[doc(hidden)]
#[must_use]
pub fn drawn(failure: impl Into<CliError>) -> String {
    shown::Shown::of(&failure.into()).drawn(false)
}
