//! `wasideps outdated`.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use crate::audit::changelog;
use crate::audit::freshness::{AskedOrigin, Debian, Freshness, Offer, none_reached, offers};
use crate::cli::args::{Global, OutdatedArgs};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::model::{Name, Place, Selected, with_causes};
use crate::process::side_by_side;
use crate::report::{Event, Reporter as _};
use crate::session::Session;
use crate::store::Store;
use crate::toolchain::debian;

/// So many characters of an error are in the table's notes.
const NOTE: usize = 60;

pub fn run(args: &OutdatedArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let session = context::session(global, printer)?;
    let sources = session.overview(&session.requested(&args.names)?)?;
    if global.offline {
        return Err(CliError::NeedsNetwork {
            command: "outdated",
        }
        .into());
    }
    let offers = asked(&sources, &session, printer)?;
    show(&offers, printer);
    let mut newer: Vec<_> = offers
        .iter()
        .filter(|offer| offer.state == Freshness::Newer)
        .map(|offer| offer.subject.clone())
        .collect();
    newer.dedup();
    printer.json(
        "outdated",
        serde_json::json!({ "sources": sources.len(), "newer": newer }),
    );
    let told = if newer.is_empty() {
        "nothing newer is known".to_owned()
    } else {
        format!("there is something newer than {}", newer.join(", "))
    };
    printer.result(&format!("\n{told}\n"));
    if none_reached(&offers) {
        return Err(CliError::NothingReached.into());
    }
    if args.exit_code && !newer.is_empty() {
        Err(CliError::Outdated { sources: newer }.into())
    } else {
        Ok(())
    }
}

/// What the origins of `sources` offer.
pub fn asked(
    sources: &[Selected],
    session: &Session<'_>,
    printer: &Printer,
) -> Result<Vec<Offer>, Failures> {
    let fetcher = session.fetcher()?;
    let debian = newest_of_debian(sources, session.store()?, printer);
    // All at once: they wait for networks.
    let offers = side_by_side(sources, sources.len(), |selected| {
        offers(selected, &fetcher, &debian)
    });
    printer.finish_bars();
    Ok(offers.into_iter().flatten().collect())
}

/// A table for 80 columns: JSON has the origins' own numbers and each error in full.
fn show(offers: &[Offer], printer: &Printer) {
    let mut rows = table::table(&["source", "asked", "newest", ""]);
    let mut notes = Vec::new();
    for offer in offers {
        printer.json("offer", offer);
        let asked = match &offer.origin {
            AskedOrigin::Repository(_) => "repository".to_owned(),
            other => other.to_string(),
        };
        let newest = offer
            .holds
            .as_ref()
            .or(offer.newest.as_ref())
            .map_or("-", |version| version.as_str());
        rows.add_row([&offer.subject, &asked, newest, offer.state.shown()]);
        if let Some(note) = &offer.note {
            notes.push(format!(
                "{}, {asked}: {}",
                offer.subject,
                table::shortened(note, NOTE)
            ));
        }
    }
    printer.result(&table::text(&rows));
    if !notes.is_empty() {
        printer.result(&format!("\n{}\n", notes.join("\n")));
    }
}

/// What Debian's archive offers of the source packages that are origins.
fn newest_of_debian(sources: &[Selected], store: &Store, printer: &Printer) -> Debian {
    let mut packages: Vec<_> = sources
        .iter()
        .flat_map(|selected| {
            let of_lock = selected
                .source
                .origins
                .iter()
                .filter_map(|origin| match &origin.place {
                    Place::Debian { package, .. } => Some(package.as_str()),
                    _ => None,
                });
            of_lock.chain(selected.recipe.debian().map(Name::as_str))
        })
        .collect();
    packages.sort_unstable();
    packages.dedup();
    if packages.is_empty() {
        return Ok(BTreeMap::new());
    }
    printer.event(Event::StepStarted {
        subject: "Debian".into(),
        step: "reading the indices of sources".into(),
    });
    let scratch = store.scratch_dir().map_err(|error| with_causes(&error))?;
    let dir = Utf8PathBuf::from(scratch.path().to_string_lossy().into_owned());
    let versions = debian::source_versions(&packages, &dir).map_err(|error| with_causes(&error))?;
    let mut newest: BTreeMap<String, String> = BTreeMap::new();
    for (package, version) in versions {
        let before = newest
            .get(&package)
            .cloned()
            .unwrap_or_else(|| version.clone());
        let greater = changelog::newest([before.as_str(), version.as_str()].into_iter())
            .unwrap_or(&before)
            .to_owned();
        newest.insert(package, greater);
    }
    Ok(newest)
}
