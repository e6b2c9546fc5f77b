//! `wasideps completions` and `wasideps man`.

use std::collections::BTreeSet;

use clap::builder::PossibleValuesParser;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::args::{Cli, CompletionsArgs, ManArgs};
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::embedded;
use crate::model::{Catalog, Feature, Lock, RecipeFile, Target};

pub fn completions(args: &CompletionsArgs, printer: &Printer) -> Result<(), Failures> {
    let lock = Lock::parse("lockfile.json", embedded::LOCKFILE)?;
    let known = KnownValues {
        groups: groups()?,
        lock,
    };
    let mut command = with_known_values(Cli::command(), &known);
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "wasideps", &mut script);
    let mut script = String::from_utf8_lossy(&script).into_owned();
    match args.shell {
        Shell::Fish => script += &fish_sources(&command, &known),
        // Else the shell takes what is behind `@` for a word of its own.
        Shell::Bash => script += "COMP_WORDBREAKS=${COMP_WORDBREAKS//@/}\n",
        _ => {}
    }
    printer.document(&script);
    Ok(())
}

/// What arguments may be.
struct KnownValues {
    lock: Lock,
    /// As they are asked for: `@images`.
    groups: BTreeSet<String>,
}

/// The groups of the embedded recipes.
fn groups() -> Result<BTreeSet<String>, Failures> {
    let catalog = Catalog::load(
        embedded::recipes(),
        embedded::patches(),
        embedded::exclusions()?,
    )?;
    let files = catalog.recipes().flat_map(|(_, files)| files);
    let recipes = files.flat_map(RecipeFile::recipes);
    let groups = recipes.flat_map(|recipe| recipe.groups.iter().map(|group| format!("@{group}")));
    Ok(groups.collect())
}

/// The sources, and where an argument takes them the groups.
fn sources<'k>(argument: &str, known: &'k KnownValues) -> Option<Vec<&'k str>> {
    let groups = match argument {
        "names" => Some(&known.groups),
        "name" | "linked" | "source" => None,
        _ => return None,
    };
    let mut sources: Vec<&str> = embedded::names().collect();
    sources.extend(groups.into_iter().flatten().map(String::as_str));
    Some(sources)
}

/// What fish is told of the sources that commands take: the generator writes nothing of arguments
/// without a name.
fn fish_sources(command: &Command, known: &KnownValues) -> String {
    let lines = command.get_subcommands().filter_map(|sub| {
        let mut positionals = sub.get_positionals();
        let sources = positionals.find_map(|arg| sources(arg.get_id().as_str(), known))?;
        let (name, sources) = (sub.get_name(), sources.join(" "));
        Some(format!("complete -c wasideps -n \"__fish_wasideps_using_subcommand {name}\" -f -a \"{sources}\"\n"))
    });
    lines.collect::<Vec<_>>().concat()
}

/// `command` for a script alone: arguments whose values are those of the lock or of a list here name
/// them, so that a shell does not offer the files of the folder. Any other value is taken as before.
fn with_known_values(command: Command, known: &KnownValues) -> Command {
    let is_new = command.get_name() == "new";
    let sdks = &known.lock.sdks;
    let command = command.mut_args(|arg| {
        let id = arg.get_id().as_str();
        let values: Vec<String> = match id {
            "target" => Target::ALL.map(|target| target.to_string()).into(),
            "variant" => Feature::ALL
                .map(|feature| feature.as_str().to_owned())
                .into(),
            "sdk" => {
                let twins = sdks
                    .debian
                    .keys()
                    .map(|release| format!("debian-{release}"));
                let releases = sdks.releases.keys().cloned();
                releases.chain(["debian".to_owned()]).chain(twins).collect()
            }
            "python" => sdks.python.keys().cloned().collect(),
            "name" if is_new => return arg,
            _ => match sources(id, known) {
                Some(sources) => sources.into_iter().map(str::to_owned).collect(),
                None => return arg,
            },
        };
        arg.value_parser(PossibleValuesParser::new(values))
    });
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    names.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |sub| with_known_values(sub, known))
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
