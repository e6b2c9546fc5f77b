//! One file a command, or a few that belong together.

mod build;
mod check;
mod consumers;
mod fetch;
mod lock;
mod look;
mod recipe;
mod sbom;
mod shell;

use super::args::{Cli, Command, RecipeCommand};
use super::error::Failures;
use super::printer::Printer;

/// Runs the command of `cli`.
///
/// # Errors
/// All that went wrong.
pub fn run(cli: &Cli, printer: &Printer) -> Result<(), Failures> {
    let global = &cli.global;
    match &cli.command {
        Command::Fetch(args) => fetch::run(args, global, printer),
        Command::Build(args) => build::run(args, global, printer),
        Command::Check(args) => check::run(args, global, printer),
        Command::Sdk(args) => consumers::sdk(args, global, printer),
        Command::Env(args) => consumers::env(args, printer),
        Command::Sbom(args) => sbom::run(args, global, printer),
        Command::Lock(args) => lock::run(args, global, printer),
        Command::List => look::list(global, printer),
        Command::Plan(args) => look::plan(args, global, printer),
        Command::Recipe(RecipeCommand::Check(args)) => recipe::check(args, global, printer),
        Command::Clean(args) => look::clean(args, global, printer),
        Command::Schema(args) => look::schema(args, printer),
        Command::Completions(args) => shell::completions(args, printer),
        Command::Man(args) => shell::man(args, printer),
    }
}
