//! `wasideps lock`: the one command that writes the lock.

use camino::{Utf8Path, Utf8PathBuf};

use super::outdated::asked;
use crate::audit::freshness;
use crate::cli::args::{Global, LockArgs};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::fetch::Moved;
use crate::model::{Catalog, DebianPackage, Lock, Name, Timestamp, Version, with_causes};
use crate::report::{Event, Reporter as _};
use crate::session::Session;
use crate::store::{Store, write_atomically};
use crate::toolchain::debian;

/// Debian's architectures that an SDK is pinned for: those that WASI SDK has Linux releases for.
const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

pub fn run(args: &LockArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let path = global.lockfile.as_ref().ok_or(CliError::EmbeddedLock)?;
    let session = context::session_with_all_recipes(global, printer)?;
    let catalog = session.catalog();
    let mut lock = session.lock().clone();
    let before = complaints(catalog, &lock);
    let (what, moved) = match (&args.name, &args.version) {
        (Some(name), Some(version)) => (
            format!("{name} {version}"),
            move_source(name, version, &session, &mut lock)?,
        ),
        (Some(name), None) => {
            let version = newest(name, &session, &lock, printer)?;
            (
                format!("{name} {version}"),
                move_source(name, &version, &session, &mut lock)?,
            )
        }
        (None, _) => {
            let releases = twins(args.sdk.as_deref().unwrap_or_default(), &lock)?;
            let mut moved = Vec::new();
            for release in &releases {
                moved.extend(move_twin(release, &mut lock, session.store()?, printer)?);
            }
            (
                format!("SDK {} of Debian's packages", releases.join(" and ")),
                moved,
            )
        }
    };
    printer.finish_bars();
    for moved in &moved {
        printer.json("moved", moved);
    }
    printer.json("locked", serde_json::json!({ "what": what, "moved": moved.len(), "written": !moved.is_empty() && !args.dry_run }));
    if moved.is_empty() {
        printer.result(&format!("{what} is already locked; nothing moves\n"));
        return Ok(());
    }
    printer.result(&moves(&moved));
    lock.date = Timestamp::now().date();
    holds_together(catalog, &lock, &before, printer)?;
    if args.dry_run {
        printer.result(&format!("\n{path} is unchanged (--dry-run)\n"));
        return Ok(());
    }
    write(path, &lock)?;
    printer.result(&format!("\n{path} now has {what}\n"));
    Ok(())
}

/// What moves, as a table with short digests.
pub fn moves(moved: &[Moved]) -> String {
    let mut rows = table::table(&["what moves", "from", "to"]);
    let shown = |value: &Option<String>| {
        value
            .as_deref()
            .map_or_else(|| "-".into(), table::with_short_digests)
    };
    for moved in moved {
        rows.add_row([
            table::with_short_digests(&moved.field),
            shown(&moved.old),
            shown(&moved.new),
        ]);
    }
    table::text(&rows)
}

/// Checks a lock as a whole before it is written: what is written here, `build` takes. Only what was
/// wrong with other sources before, `before`, is let pass with a warning: where two recipes have
/// changed, one has to be first.
pub fn holds_together(
    catalog: &Catalog,
    lock: &Lock,
    before: &[String],
    printer: &Printer,
) -> Result<(), Failures> {
    let Err(errors) = catalog.overview(lock, &[]) else {
        return Ok(());
    };
    let (known, new): (Vec<_>, Vec<_>) = errors
        .into_iter()
        .partition(|error| before.contains(&with_causes(error)));
    if !new.is_empty() {
        return Err(new.into());
    }
    for error in known {
        printer.event(Event::Warning {
            text: format!("not locked yet: {}", with_causes(&error)),
        });
    }
    Ok(())
}

/// What is wrong with a lock.
pub fn complaints(catalog: &Catalog, lock: &Lock) -> Vec<String> {
    catalog
        .overview(lock, &[])
        .err()
        .into_iter()
        .flatten()
        .map(|error| with_causes(&error))
        .collect()
}

pub fn write(path: &Utf8Path, lock: &Lock) -> Result<(), Failures> {
    let write = |source| CliError::Write {
        path: path.to_owned(),
        source,
    };
    Ok(write_atomically(path, lock.to_text().as_bytes()).map_err(write)?)
}

fn move_source(
    name: &Name,
    version: &Version,
    session: &Session<'_>,
    lock: &mut Lock,
) -> Result<Vec<Moved>, Failures> {
    session.catalog().check_request(name)?;
    let relocked =
        session
            .fetcher()?
            .relock(session.catalog(), name, version, lock.sources.get(name))?;
    lock.sources.insert(name.clone(), relocked.source);
    Ok(relocked.moved)
}

/// The newest version of a source that one of its origins offers, or the locked one.
fn newest(
    name: &Name,
    session: &Session<'_>,
    lock: &Lock,
    printer: &Printer,
) -> Result<Version, Failures> {
    let sources = session.overview(std::slice::from_ref(name))?;
    let offers = asked(&sources, session, printer)?;
    if freshness::none_reached(&offers) {
        let reasons = offers.into_iter().filter_map(|offer| offer.note);
        return Err(CliError::NoOffer {
            name: name.clone(),
            reasons: reasons.collect(),
        }
        .into());
    }
    let newer = freshness::newest(&offers).and_then(|version| version.parse().ok());
    let locked = || lock.sources.get(name).map(|source| source.version.clone());
    Ok(newer
        .or_else(locked)
        .expect("the overview has only sources of the lock"))
}

/// The releases whose twins `sdk` names: `debian` all, `debian-33` one.
fn twins(sdk: &str, lock: &Lock) -> Result<Vec<String>, CliError> {
    let known: Vec<_> = lock.sdks.debian.keys().cloned().collect();
    let named: Vec<_> = match debian::asked(sdk) {
        Some(None) => known.clone(),
        Some(Some(one)) if known.iter().any(|release| release == one) => vec![one.to_owned()],
        _ => Vec::new(),
    };
    if named.is_empty() {
        return Err(CliError::NoSuchTwin {
            found: sdk.to_owned(),
            known,
        });
    }
    Ok(named)
}

fn move_twin(
    release: &str,
    lock: &mut Lock,
    store: &Store,
    printer: &Printer,
) -> Result<Vec<Moved>, Failures> {
    printer.event(Event::StepStarted {
        subject: format!("WASI SDK {release} (Debian)"),
        step: "reading Debian's indices".into(),
    });
    let scratch = store.scratch_dir()?;
    let dir = Utf8PathBuf::from(scratch.path().to_string_lossy().into_owned());
    let assembly = debian::Assembly::of(release)?;
    let current = debian::current(&ARCHITECTURES, release, &assembly, &dir)?;
    let Some(twin) = lock.sdks.debian.get_mut(release) else {
        return Ok(Vec::new());
    };
    let mut moved = Vec::new();
    for (architecture, packages) in &current {
        let old = twin.hosts.get(architecture).map_or(&[][..], Vec::as_slice);
        for package in packages {
            let shown = |package: &DebianPackage| format!("{} {}", package.version, package.sha256);
            let before = old.iter().find(|old| old.package == package.package);
            if before != Some(package) {
                let field = format!("{} ({architecture}, {})", package.package, package.suite);
                moved.push(Moved {
                    field,
                    old: before.map(shown),
                    new: Some(shown(package)),
                });
            }
        }
    }
    if let Some((llvm, wasi_libc)) = current
        .values()
        .next()
        .and_then(|packages| assembly.versions(packages))
    {
        twin.llvm = llvm;
        // Debian abbreviates the commit more than the release does.
        if !twin.wasi_libc.starts_with(&*wasi_libc) {
            twin.wasi_libc = wasi_libc;
        }
    }
    twin.hosts = current;
    Ok(moved)
}
