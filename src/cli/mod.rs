//! Arguments, terminal, exit codes; the one layer that prints.

mod args;
mod commands;
mod context;
mod error;
mod printer;
mod table;
mod values;

use std::process::ExitCode;

use clap::Parser as _;

pub use args::{Cli, Command, Global};
pub use error::{CliError, Exit, Failures};

use crate::process::end_programs_on_signals;
use printer::Printer;

/// Runs the program on the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout and are a success; a wrong command line is exit code 2, as for every usage error.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(Exit::Usage as u8) } else { ExitCode::SUCCESS };
        }
    };
    let printer = Printer::new(&cli.global);
    let result = prepare(&printer).and_then(|()| commands::run(&cli, &printer));
    printer.finish_bars();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failures) => {
            printer.failures(&failures);
            ExitCode::from(failures.exit() as u8)
        }
    }
}

/// What must hold before anything is started: a signal ends what runs, and there are threads to compute with.
fn prepare(printer: &Printer) -> Result<(), Failures> {
    end_programs_on_signals(printer.last()).map_err(|source| CliError::Threads { source })?;
    Ok(rayon::ThreadPoolBuilder::new().build_global().map_err(|error| CliError::Threads { source: std::io::Error::other(error) })?)
}
