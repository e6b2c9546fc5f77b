//! `wasideps outdated`.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::audit::freshness::{Debian, State, offers};
use crate::audit::order::Order;
use crate::cli::args::{Global, OutdatedArgs};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::model::{Place, Selected};
use crate::process::side_by_side;
use crate::report::{Event, Reporter as _};
use crate::store::Store;
use crate::toolchain::debian;

pub fn run(args: &OutdatedArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let catalog = context::catalog(global)?;
    let lock = context::lock(global)?;
    let selection = catalog.select(&lock, &args.names)?;
    if global.offline {
        return Err(CliError::OutdatedOffline.into());
    }
    let store = context::store(global)?;
    let fetcher = context::fetcher(global, &store, printer);
    let debian = newest_of_debian(&selection.sources, &store, printer);
    // All at once: they wait for networks.
    let sources = &selection.sources;
    let offers: Vec<_> =
        side_by_side(sources, sources.len(), |selected| offers(selected, &fetcher, &debian)).into_iter().flatten().collect();
    printer.finish_bars();
    let mut rows = table::table(&["source", "origin", "locked", "newest", "holds", "", ""]);
    let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
    for offer in &offers {
        printer.json("offer", offer);
        let note = offer.note.clone().unwrap_or_default();
        let holds = offer.holds.clone().unwrap_or_else(|| "unknown".into());
        rows.add_row([&offer.subject, &offer.origin, &shown(&offer.locked), &shown(&offer.newest), &holds, offer.state.shown(), &note]);
    }
    printer.result(&table::text(&rows));
    let mut newer: Vec<_> = offers.iter().filter(|offer| offer.state == State::Newer).map(|offer| offer.subject.as_str()).collect();
    newer.dedup();
    printer.json("outdated", serde_json::json!({ "sources": selection.sources.len(), "newer": newer }));
    let told =
        if newer.is_empty() { "nothing newer is known".to_owned() } else { format!("there is something newer than {}", newer.join(", ")) };
    printer.result(&format!("\n{told}\n"));
    if offers.iter().all(|offer| offer.state == State::NotReached) { Err(CliError::NothingReached.into()) } else { Ok(()) }
}

/// What Debian's archive offers of the source packages that are origins.
fn newest_of_debian(sources: &[Selected], store: &Store, printer: &Printer) -> Debian {
    let mut packages: Vec<_> = sources
        .iter()
        .flat_map(|selected| &selected.source.origins)
        .filter_map(|origin| match &origin.place {
            Place::Debian { package, .. } => Some(package.as_str()),
            _ => None,
        })
        .collect();
    packages.sort_unstable();
    packages.dedup();
    if packages.is_empty() {
        return Ok(BTreeMap::new());
    }
    printer.event(Event::StepStarted { subject: "Debian".into(), step: "reading the indices of sources".into() });
    let scratch = store.scratch_dir().map_err(|error| error.to_string())?;
    let dir = Utf8PathBuf::from(scratch.path().to_string_lossy().into_owned());
    let versions = debian::source_versions(&packages, &dir).map_err(|error| error.to_string())?;
    let mut newest: BTreeMap<String, String> = BTreeMap::new();
    let order = |version: &str| Order::parse(version.split_once(':').map_or(version, |(_, rest)| rest));
    for (package, version) in versions {
        let greater = newest.get(&package).is_none_or(|other| order(other) < order(&version));
        if greater {
            newest.insert(package, version);
        }
    }
    Ok(newest)
}
