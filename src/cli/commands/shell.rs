//! `wasideps completions` and `wasideps man`.

use clap::CommandFactory as _;

use crate::cli::args::{Cli, CompletionsArgs, ManArgs};
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;

pub fn completions(args: &CompletionsArgs, printer: &Printer) -> Result<(), Failures> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "wasideps", &mut script);
    printer.document(&String::from_utf8_lossy(&script));
    Ok(())
}

pub fn man(args: &ManArgs, printer: &Printer) -> Result<(), Failures> {
    let write = |source| CliError::Write {
        path: args.dir.clone(),
        source,
    };
    fs_err::create_dir_all(&args.dir).map_err(write)?;
    clap_mangen::generate_to(Cli::command(), &args.dir).map_err(write)?;
    let pages = args
        .dir
        .read_dir_utf8()
        .map_err(write)?
        .map(|entry| Ok(entry.map_err(write)?.into_path()));
    let mut pages = pages.collect::<Result<Vec<_>, CliError>>()?;
    pages.retain(|page| {
        page.file_name()
            .is_some_and(|name| name.starts_with("wasideps") && name.ends_with(".1"))
    });
    pages.sort();
    for page in pages {
        printer.result(&format!("{page}\n"));
        printer.json("man-page", page);
    }
    Ok(())
}
