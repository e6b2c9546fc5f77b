//! One file a command, or a few that belong together.

mod audit;
mod build;
mod check;
mod consumers;
mod diff;
mod externals;
mod fetch;
mod init;
mod lock;
mod look;
mod outdated;
mod pack;
mod recipe;
mod sbom;
mod shell;
mod update;
mod verify;

use super::args::{Cli, Command, MessageFormat, RecipeCommand};
use super::error::{CliError, Failures};
use super::printer::Printer;

/// Runs the command of `cli`.
///
/// # Errors
/// All that went wrong.
pub fn run(cli: &Cli, printer: &Printer) -> Result<(), Failures> {
    let global = &cli.global;
    if global.message_format == MessageFormat::Sarif && !matches!(cli.command, Command::Audit(_)) {
        return Err(CliError::NoSarif.into());
    }
    match &cli.command {
        Command::Fetch(args) => fetch::run(args, global, printer),
        Command::Init(args) => init::run(args, printer),
        Command::Build(args) => build::run(args, global, printer),
        Command::Check(args) => check::run(args, global, printer),
        Command::Sdk(args) => consumers::sdk(args, global, printer),
        Command::Env(args) => consumers::env(args, printer),
        Command::Externals(args) => externals::run(args, global, printer),
        Command::Pack(args) => pack::pack(args, printer),
        Command::Install(args) => pack::install(args, global, printer),
        Command::Audit(args) => audit::run(args, global, printer),
        Command::Outdated(args) => outdated::run(args, global, printer),
        Command::Sbom(args) => sbom::run(args, global, printer),
        Command::Diff(args) => diff::run(args, printer),
        Command::Verify(args) => verify::run(args, global, printer),
        Command::Lock(args) => lock::run(args, global, printer),
        Command::Update(args) => update::run(args, global, printer),
        Command::List => look::list(global, printer),
        Command::Plan(args) => look::plan(args, global, printer),
        Command::Recipe(RecipeCommand::Check(args)) => recipe::check(args, global, printer),
        Command::Recipe(RecipeCommand::New(args)) => recipe::new(args, global, printer),
        Command::Clean(args) => look::clean(args, global, printer),
        Command::Schema(args) => look::schema(args, printer),
        Command::Completions(args) => shell::completions(args, printer),
        Command::Man(args) => shell::man(args, printer),
    }
}
