//! `wasideps completions` and `wasideps man`.

use clap::builder::PossibleValuesParser;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::args::{Cli, CompletionsArgs, ManArgs};
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::embedded;
use crate::model::{Feature, Lock, Target};

pub fn completions(args: &CompletionsArgs, printer: &Printer) -> Result<(), Failures> {
    let lock = Lock::parse("lockfile.json", embedded::LOCKFILE)?;
    let mut command = with_known_values(Cli::command(), &lock);
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "wasideps", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    if args.shell == Shell::Fish {
        script += &fish_sources(&command);
    }
    printer.document(&script);
    Ok(())
}

/// What fish is told of the sources that commands take: the generator writes nothing of arguments
/// without a name.
fn fish_sources(command: &Command) -> String {
    let sources: Vec<&str> = embedded::names().collect();
    let takes_sources = |sub: &&Command| {
        sub.get_positionals()
            .any(|arg| ["names", "name"].contains(&arg.get_id().as_str()))
    };
    let commands = command.get_subcommands().filter(takes_sources);
    let lines = commands.map(|sub| {
        let (name, sources) = (sub.get_name(), sources.join(" "));
        format!("complete -c wasideps -n \"__fish_wasideps_using_subcommand {name}\" -f -a \"{sources}\"\n")
    });
    lines.collect::<Vec<_>>().concat()
}

/// `command` for a script alone: arguments whose values are those of the lock or of a list here name
/// them, so that a shell does not offer the files of the folder. Any other value is taken as before.
fn with_known_values(command: Command, lock: &Lock) -> Command {
    let is_new = command.get_name() == "new";
    let command = command.mut_args(|arg| {
        let values: Vec<String> = match arg.get_id().as_str() {
            "names" | "linked" | "source" => embedded::names().map(str::to_owned).collect(),
            "name" if !is_new => embedded::names().map(str::to_owned).collect(),
            "target" => Target::ALL.map(|target| target.to_string()).into(),
            "variant" => Feature::ALL
                .map(|feature| feature.as_str().to_owned())
                .into(),
            "sdk" => {
                let twins = lock
                    .sdks
                    .debian
                    .keys()
                    .map(|release| format!("debian-{release}"));
                let releases = lock.sdks.releases.keys().cloned();
                releases.chain(["debian".to_owned()]).chain(twins).collect()
            }
            "python" => lock.sdks.python.keys().cloned().collect(),
            _ => return arg,
        };
        arg.value_parser(PossibleValuesParser::new(values))
    });
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |sub| with_known_values(sub, lock))
    })
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
