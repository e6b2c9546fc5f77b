//! `wasideps diff`.

use std::fmt::Write as _;

use camino::Utf8Path;

use crate::build::Installed;
use crate::cli::args::DiffArgs;
use crate::cli::contents;
use crate::cli::error::{CliError, Failures};
use crate::cli::pages::{self, Changes};
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::model::Lock;
use crate::store::{PARSED_LIMIT, read_text, write_atomically};
use crate::verify::{ArchiveSymbols, Changed, LockChanges, PrefixChanges, SourceChange};

/// So many symbols of an archive are listed for people.
const SHOWN: usize = 8;

pub fn run(args: &DiffArgs, printer: &Printer) -> Result<(), Failures> {
    let (from, to) = (&args.from_state, &args.to_state);
    let differ = match (from.is_dir(), to.is_dir()) {
        (true, true) => prefixes(args, printer)?,
        (false, false) => locks(args, printer)?,
        (from_is_prefix, _) => {
            let (prefix, file) = if from_is_prefix {
                (from, to)
            } else {
                (to, from)
            };
            return Err(CliError::PrefixAndFile {
                prefix: prefix.clone(),
                file: file.clone(),
            }
            .into());
        }
    };
    if args.exit_code && differ {
        return Err(CliError::Differ {
            from: from.clone(),
            to: to.clone(),
        }
        .into());
    }
    Ok(())
}

fn prefixes(args: &DiffArgs, printer: &Printer) -> Result<bool, Failures> {
    let (from, to) = (&args.from_state, &args.to_state);
    let (old, new) = (Installed::open(from)?, Installed::open(to)?);
    let changes = PrefixChanges::between(
        (old.manifest(), &symbols(&old)?),
        (new.manifest(), &symbols(&new)?),
    );
    printer.json("changes", &changes);
    write_page(args, Changes::Prefixes(&changes))?;
    if changes.is_empty() {
        printer.result(&format!("{to} has what {from} has\n"));
        return Ok(false);
    }
    if let Some(toolchain) = &changes.toolchain {
        let text = |side: &Option<String>| side.clone().unwrap_or_default();
        printer.result(&format!(
            "made with {}, and before with {}\n\n",
            text(&toolchain.to),
            text(&toolchain.from)
        ));
    }
    printer.result(&sources(&changes.sources));
    if !changes.files.is_empty() {
        let mut rows = table::table(&["file", "before", "after"]);
        for file in &changes.files {
            rows.add_row([
                file.path.to_string(),
                size(file.size.from),
                size(file.size.to),
            ]);
        }
        printer.result(&format!("{}\n", table::text(&rows)));
    }
    for archive in &changes.symbols {
        printer.result(&format!(
            "{}: {} symbols are new, {} are gone\n{}{}",
            archive.archive,
            archive.new.len(),
            archive.gone.len(),
            listed('+', &archive.new),
            listed('-', &archive.gone)
        ));
    }
    for license in &changes.licenses {
        printer.result(&format!("{license}: another text\n"));
    }
    Ok(true)
}

fn locks(args: &DiffArgs, printer: &Printer) -> Result<bool, Failures> {
    let (from, to) = (&args.from_state, &args.to_state);
    let changes = LockChanges::between(&lock(from)?, &lock(to)?);
    printer.json("changes", &changes);
    write_page(args, Changes::Locks(&changes))?;
    if changes.is_empty() {
        printer.result(&format!("{to} locks what {from} locks\n"));
        return Ok(false);
    }
    printer.result(&sources(&changes.sources));
    for sdk in &changes.sdks {
        printer.result(&format!("SDK {sdk}: another entry\n"));
    }
    Ok(true)
}

/// Writes the page that was asked for.
fn write_page(args: &DiffArgs, changes: Changes<'_>) -> Result<(), CliError> {
    let Some(path) = &args.html else {
        return Ok(());
    };
    let page = pages::changes(args.from_state.as_str(), args.to_state.as_str(), changes);
    write_atomically(path, page.as_bytes()).map_err(|source| CliError::Write {
        path: path.clone(),
        source,
    })
}

fn lock(path: &Utf8Path) -> Result<Lock, CliError> {
    let text = read_text(path, PARSED_LIMIT).map_err(|source| CliError::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(Lock::parse(path.as_str(), &text)?)
}

fn symbols(prefix: &Installed) -> Result<ArchiveSymbols, CliError> {
    let archives = prefix.manifest().archives();
    let symbols = archives.map(|archive| {
        let symbols = contents::symbols(prefix, &archive.path)?;
        Ok((archive.path.clone(), symbols.into_keys().collect()))
    });
    symbols.collect()
}

fn sources(changes: &[SourceChange]) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let mut rows = table::table(&["source", "before", "after", ""]);
    for change in changes {
        let (before, after) = match &change.version {
            Some(Changed { from, to }) => (
                from.as_ref().map_or("-", |version| version.as_str()),
                to.as_ref().map_or("-", |version| version.as_str()),
            ),
            None => ("", ""),
        };
        rows.add_row([change.name.as_str(), before, after, change.note()]);
    }
    format!("{}\n", table::text(&rows))
}

fn size(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "-".to_owned(), table::size)
}

/// The first of them, and how many there are more.
fn listed(sign: char, symbols: &[String]) -> String {
    let mut text = String::new();
    for symbol in symbols.iter().take(SHOWN) {
        let _ = writeln!(text, "  {sign} {symbol}");
    }
    if symbols.len() > SHOWN {
        let _ = writeln!(text, "  {sign} and {} more", symbols.len() - SHOWN);
    }
    text
}
