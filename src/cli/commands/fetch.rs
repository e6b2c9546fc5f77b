//! `wasideps fetch`.

use std::fmt::Write as _;

use serde::Serialize;

use crate::cli::args::{FetchArgs, Global};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::fetch::{Fetcher, OriginReport, Verdict};
use crate::model::{ErrorClass, Selected, Sha256, with_causes};
use crate::process::{both, side_by_side};

pub fn run(args: &FetchArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let session = context::session(global, printer)?;
    let selection = session.select(&args.sources.of(&session)?, args.toolchain.config())?;
    let fetcher = session.fetcher()?;
    if args.all_origins {
        return all_origins(&selection.sources, &fetcher, printer);
    }
    let mut errors: Vec<CliError> = Vec::new();
    let sources = &selection.sources;
    // All at once: they wait for networks, not for processors.
    let (trees, toolchain) = both(
        || side_by_side(sources, sources.len(), |selected| fetcher.source(selected)),
        || session.toolchain(&context::sdk(&args.toolchain), selection.config(), &fetcher),
    );
    printer.finish_bars();
    let mut rows = table::table(&["source", "version", "files", "inputs digest"]);
    for (selected, tree) in sources.iter().zip(trees) {
        match tree {
            Ok(tree) => {
                let files = tree.entry().files().len();
                let Selected { recipe, source, .. } = selected;
                rows.add_row([
                    recipe.name.to_string(),
                    source.version.to_string(),
                    files.to_string(),
                    source.inputs.short(),
                ]);
                printer.json(
                    "fetched",
                    FetchedRow {
                        name: recipe.name.as_str(),
                        version: source.version.as_str(),
                        files,
                        inputs: source.inputs,
                    },
                );
            }
            Err(error) => errors.push(error.into()),
        }
    }
    match toolchain {
        Ok(toolchain) => {
            printer.json(
                "toolchain",
                serde_json::json!({ "identity": toolchain.identity(), "root": toolchain.root() }),
            );
            printer.result(&table::text(&rows));
            printer.result(&format!("\nSDK: {}\n", toolchain.identity()));
        }
        Err(error) => errors.push(error.into()),
    }
    if args.tools {
        match context::runner(None, args.toolchain.config(), global, &session, printer) {
            Ok(runner) => {
                printer.json("runner", serde_json::json!({ "version": runner.version() }));
                printer.result(&format!("tests run with: {}\n", runner.version()));
            }
            Err(error) => errors.push(error),
        }
    }
    Failures::check(errors)
}

#[derive(Serialize)]
struct FetchedRow<'a> {
    name: &'a str,
    version: &'a str,
    files: usize,
    inputs: Sha256,
}

/// Brings every origin of every source, and shows where they differ.
fn all_origins(
    sources: &[Selected],
    fetcher: &Fetcher<'_>,
    printer: &Printer,
) -> Result<(), Failures> {
    let reports = side_by_side(sources, sources.len(), |selected| {
        fetcher.all_origins(selected)
    });
    printer.finish_bars();
    let mut errors: Vec<CliError> = Vec::new();
    let mut rows = table::table(&["source", "origin", "inputs"]);
    let mut differing = String::new();
    for (selected, reports) in sources.iter().zip(reports) {
        let Selected { recipe, source, .. } = selected;
        for OriginReport { origin, verdict } in &reports {
            let (word, text) = in_words(verdict);
            printer.json(
                "origin",
                serde_json::json!({ "name": recipe.name, "version": source.version, "origin": origin, "verdict": word, "text": text }),
            );
            rows.add_row([selected.title(), origin.clone(), text]);
            for difference in differences(verdict) {
                let _ = writeln!(differing, "{}: {origin}{difference}", selected.title());
            }
        }
        errors.extend(failures_of(selected, reports));
    }
    printer.result(&table::text(&rows));
    printer.result(&differing);
    Failures::check(errors)
}

/// A verdict as JSON has it, and as the table does.
fn in_words(verdict: &Verdict) -> (&'static str, String) {
    let stored = |held: &bool| {
        if *held {
            " (archive already in the store)"
        } else {
            ""
        }
    };
    match verdict {
        Verdict::Agrees { files, held } => {
            ("agrees", format!("{files} files agree{}", stored(held)))
        }
        Verdict::Differs { found, .. } => (
            "differs",
            format!("DIFFER: inputs digest {}", found.short()),
        ),
        Verdict::AsListed {
            files,
            held,
            differences,
        } => {
            let paths: Vec<_> = differences.iter().map(|(path, _)| path.as_str()).collect();
            (
                "as-listed",
                format!(
                    "{files} files, different in {}, as the lock lists{}",
                    paths.join(", "),
                    stored(held)
                ),
            )
        }
        Verdict::NotAsListed { .. } => (
            "differs",
            "DIFFERS in other ways than the lock lists".to_owned(),
        ),
        Verdict::Failed(error) => ("failed", format!("failed: {}", with_causes(error))),
    }
}

/// What an origin has other than it should, a line each, as it follows the origin's name.
fn differences(verdict: &Verdict) -> Vec<String> {
    match verdict {
        Verdict::Differs {
            reference,
            differences,
            ..
        } => {
            let reference = reference.as_deref().unwrap_or("the lock");
            differences
                .iter()
                .map(|difference| format!(" against {reference}: {difference}"))
                .collect()
        }
        Verdict::NotAsListed { problems } => problems
            .iter()
            .map(|problem| format!(": {problem}"))
            .collect(),
        Verdict::Agrees { .. } | Verdict::AsListed { .. } | Verdict::Failed(_) => Vec::new(),
    }
}

/// What the reports on one source's origins make the command fail with. An origin that was refused
/// is a finding; one that can't be reached is one only where no other served.
fn failures_of(selected: &Selected, reports: Vec<OriginReport>) -> Vec<CliError> {
    let agrees =
        |verdict: &Verdict| matches!(verdict, Verdict::Agrees { .. } | Verdict::AsListed { .. });
    let differs = |verdict: &Verdict| {
        matches!(
            verdict,
            Verdict::Differs { .. } | Verdict::NotAsListed { .. }
        )
    };
    let served = reports.iter().any(|report| agrees(&report.verdict));
    let mut errors = Vec::new();
    if reports.iter().any(|report| differs(&report.verdict)) {
        errors.push(CliError::OriginsDiffer {
            name: selected.recipe.name.to_string(),
            version: selected.source.version.to_string(),
        });
    }
    errors.extend(
        reports
            .into_iter()
            .filter_map(|report| match report.verdict {
                Verdict::Failed(error) if !served || error.class() != ErrorClass::Network => {
                    Some(error.into())
                }
                _ => None,
            }),
    );
    errors
}
