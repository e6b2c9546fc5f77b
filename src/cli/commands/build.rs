//! `wasideps build`.

use camino::Utf8PathBuf;
use serde::Serialize;

use crate::build::{Manifest, Outcome, Prefix};
use crate::cli::args::{BuildArgs, Global};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::cli::timings::Clock;
use crate::model::{BuildConfig, Matrix, Sha256, printable};
use crate::session::{BuildPart, Building, SdkChoice, build_all};

pub fn run(args: &BuildArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    // Takes the events that the printer takes.
    let clock = Clock::new(printer);
    let wanted = wanted(args)?;
    let session = context::session(global, &clock)?;
    session.created()?;
    // Checked before the SDK is looked for: a wrong name costs no download.
    let names = args.sources.of(&session)?;
    let selections: Vec<_> = wanted
        .iter()
        .map(|wanted| session.select(&names, wanted.config))
        .collect::<Result<_, _>>()?;
    // Before the SDK as well: a folder that no prefix can be in costs nothing else.
    let prefixes: Vec<Prefix<'_>> = wanted
        .iter()
        .map(|wanted| Prefix::hold(&wanted.path, &clock))
        .collect::<Result<_, _>>()?;
    let sdks = wanted.iter().map(|wanted| wanted.sdk.clone());
    let prepared = session.prepare_all(selections.into_iter().zip(sdks).collect())?;
    let parts = wanted.iter().zip(&prefixes).zip(&prepared);
    let parts: Vec<BuildPart<'_>> = parts
        .map(|((wanted, prefix), prepared)| BuildPart {
            prepared,
            prefix,
            called: wanted.called.as_deref(),
        })
        .collect();
    let built = build_all(
        &parts,
        Building {
            workers: args.jobs.workers(),
            replace: args.replace,
            begin: &|subjects| printer.expect_jobs(subjects),
        },
    );
    printer.finish_bars();
    let timings = clock.timings(args.jobs.workers());
    let written = timings.write(&args.timings);
    let made: Vec<BuildResult<'_>> = wanted
        .iter()
        .zip(&built.outcomes)
        .filter_map(|(wanted, outcome)| {
            let prefix = wanted.path.as_str();
            Some(BuildResult::new(prefix, outcome.as_ref()?, timings.seconds))
        })
        .collect();
    for made in &made {
        printer.json("built", made);
    }
    match (&*args.matrix, &*made) {
        (_, []) => {}
        ([], [made]) => show(made, printer),
        _ => show_all(&made, timings.seconds, printer),
    }
    Failures::check(built.errors.into_iter().map(CliError::from).collect())?;
    Ok(written?)
}

/// A prefix that is asked for.
struct WantedPrefix {
    config: BuildConfig,
    sdk: SdkChoice,
    path: Utf8PathBuf,
    /// In messages, where there are several.
    called: Option<String>,
}

/// What the arguments ask for, each once. By their paths: two commands that want the same must not
/// each hold what the other waits for.
fn wanted(args: &BuildArgs) -> Result<Vec<WantedPrefix>, CliError> {
    let config = args.toolchain.config();
    let sdk = context::sdk(&args.toolchain);
    if args.matrix.is_empty() {
        let path = args.prefix.path(config);
        return Ok(vec![WantedPrefix {
            config,
            sdk,
            path,
            called: None,
        }]);
    }
    let cells = args.matrix.iter().flat_map(Matrix::cells);
    let mut wanted = Vec::new();
    for cell in cells {
        if cell.sdk.is_some() && args.toolchain.is_given() {
            return Err(CliError::TwoSdks);
        }
        let release = cell.sdk.clone().or_else(|| sdk.release.clone());
        wanted.push(WantedPrefix {
            config: cell.config,
            sdk: SdkChoice {
                release,
                ..sdk.clone()
            },
            path: args.prefix.path_in(cell),
            called: Some(cell.to_string()),
        });
    }
    wanted.sort_by(|one, other| one.path.cmp(&other.path));
    wanted.dedup_by(|one, other| one.path == other.path);
    Ok(wanted)
}

/// A prefix that was asked for, and is there: the result, for programs.
#[derive(Serialize)]
struct BuildResult<'a> {
    prefix: &'a str,
    up_to_date: bool,
    /// Of the whole command.
    seconds: f64,
    compiled: usize,
    from_store: usize,
    /// Of the manifest's text: what `verify --manifest-sha256` takes.
    manifest_sha256: Sha256,
    manifest: &'a Manifest,
}

impl<'a> BuildResult<'a> {
    fn new(prefix: &'a str, outcome: &'a Outcome, seconds: f64) -> Self {
        let (up_to_date, compiled, from_store) = match outcome {
            Outcome::UpToDate(_) => (true, 0, 0),
            Outcome::Built {
                compiled, cached, ..
            } => (false, *compiled, *cached),
        };
        let manifest = outcome.manifest();
        Self {
            prefix,
            up_to_date,
            seconds,
            compiled,
            from_store,
            manifest_sha256: Sha256::of(manifest.to_text().as_bytes()),
            manifest,
        }
    }
}

fn show(made: &BuildResult<'_>, printer: &Printer) {
    let BuildResult {
        prefix,
        seconds,
        compiled,
        from_store,
        manifest,
        manifest_sha256,
        ..
    } = made;
    if made.up_to_date {
        printer.result(&format!(
            "{prefix} is up to date: {} files as the manifest says, {}\n",
            manifest.files.len(),
            printable::line(&manifest.toolchain.to_string())
        ));
        printer.result(&format!("manifest: SHA-256 {manifest_sha256}\n"));
        return;
    }
    let mut rows = table::table(&["library", "version", "archive", "size", "pkg-config"]);
    for source in &manifest.sources {
        for archive in source.archives() {
            let size = manifest
                .files
                .iter()
                .find(|file| file.path == archive.path)
                .map_or(0, |file| file.size);
            let modules = source
                .modules
                .keys()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ");
            rows.add_row([
                source.name.to_string(),
                source.version.to_string(),
                archive.path.to_string(),
                table::size(size),
                modules,
            ]);
        }
    }
    printer.result(&table::text(&rows));
    printer.result(&format!(
        "\n{prefix} made with {} in {seconds:.1} s: {compiled} compiled, {from_store} from the store\nmanifest: SHA-256 {manifest_sha256}\n",
        manifest.toolchain
    ));
}

/// Several, a row each.
fn show_all(made: &[BuildResult<'_>], seconds: f64, printer: &Printer) {
    let mut rows = table::table(&["prefix", "made with", "compiled", "from store", "manifest"]);
    for made in made {
        let (compiled, from_store) = if made.up_to_date {
            ("up to date".to_owned(), String::new())
        } else {
            (made.compiled.to_string(), made.from_store.to_string())
        };
        rows.add_row([
            made.prefix,
            &made.manifest.toolchain.to_string(),
            &compiled,
            &from_store,
            &made.manifest_sha256.to_string(),
        ]);
    }
    printer.result(&table::text(&rows));
    let compiled: usize = made.iter().map(|made| made.compiled).sum();
    let from_store: usize = made.iter().map(|made| made.from_store).sum();
    let prefixes = match made.len() {
        1 => "1 prefix".to_owned(),
        count => format!("{count} prefixes"),
    };
    printer.result(&format!(
        "\n{prefixes} in {seconds:.1} s: {compiled} compiled, {from_store} from the store\n"
    ));
}
