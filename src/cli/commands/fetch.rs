//! `wasideps fetch`.

use std::fmt::Write as _;

use serde::Serialize;

use crate::cli::args::{FetchArgs, Global};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::fetch::{FetchClass, FetchError, Fetcher, OriginReport, Verdict};
use crate::model::{Selected, Sha256};
use crate::process::{both, side_by_side};

pub fn run(args: &FetchArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let session = context::session(global, printer)?;
    let selection = session.select(&args.names)?;
    let fetcher = session.fetcher()?;
    if args.all_origins {
        return all_origins(&selection.sources, &fetcher, printer);
    }
    let mut errors: Vec<CliError> = Vec::new();
    let sources = &selection.sources;
    // All at once: they wait for networks, not for processors.
    let (trees, toolchain) = both(
        || side_by_side(sources, sources.len(), |selected| fetcher.source(selected)),
        || session.toolchain(&context::sdk(&args.toolchain), &fetcher),
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
                    Fetched {
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
    Failures::check(errors)
}

#[derive(Serialize)]
struct Fetched<'a> {
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
        let mut agreed = 0;
        let mut differs = false;
        let mut failures = Vec::new();
        for OriginReport { origin, verdict } in reports {
            let (word, text) = match &verdict {
                Verdict::Agrees { files, held } => {
                    agreed += 1;
                    (
                        "agrees",
                        format!(
                            "{files} files agree{}",
                            if *held {
                                " (archive already in the store)"
                            } else {
                                ""
                            }
                        ),
                    )
                }
                Verdict::Differs {
                    found,
                    reference,
                    differences,
                } => {
                    differs = true;
                    for difference in differences {
                        let reference = reference.as_deref().unwrap_or("the lock");
                        let _ = writeln!(
                            differing,
                            "{}: {origin} against {reference}: {difference}",
                            selected.title()
                        );
                    }
                    (
                        "differs",
                        format!("DIFFER: inputs digest {}", found.short()),
                    )
                }
                Verdict::AsListed {
                    files,
                    held,
                    differences,
                } => {
                    agreed += 1;
                    let paths: Vec<_> = differences.iter().map(|(path, _)| path.as_str()).collect();
                    let held = if *held {
                        " (archive already in the store)"
                    } else {
                        ""
                    };
                    (
                        "as-listed",
                        format!(
                            "{files} files, different in {}, as the lock lists{held}",
                            paths.join(", ")
                        ),
                    )
                }
                Verdict::NotAsListed { problems } => {
                    differs = true;
                    for problem in problems {
                        let _ = writeln!(differing, "{}: {origin}: {problem}", selected.title());
                    }
                    (
                        "differs",
                        "DIFFERS in other ways than the lock lists".to_owned(),
                    )
                }
                Verdict::Failed(error) => ("failed", format!("failed: {error}")),
            };
            printer.json(
                "origin",
                serde_json::json!({ "name": recipe.name, "version": source.version, "origin": origin, "verdict": word, "text": text }),
            );
            rows.add_row([selected.title(), origin, text]);
            if let Verdict::Failed(error) = verdict {
                failures.push(error);
            }
        }
        if differs {
            errors.push(CliError::OriginsDiffer {
                name: recipe.name.to_string(),
                version: source.version.to_string(),
            });
        }
        // An origin that was refused is a finding; one that can't be reached is one only where no
        // other served.
        let refused = |error: &FetchError| error.class() != FetchClass::Network;
        errors.extend(
            failures
                .into_iter()
                .filter(|error| agreed == 0 || refused(error))
                .map(CliError::from),
        );
    }
    printer.result(&table::text(&rows));
    printer.result(&differing);
    Failures::check(errors)
}
