//! `wasideps audit`.

use std::collections::BTreeSet;

use crate::audit::advisories::{Advisories, AdvisoryError, ECOSYSTEMS};
use crate::audit::coverage::{self, AuditPart, Gap, Spoken};
use crate::audit::database::Database;
use crate::audit::finding::{Finding, Level, Rule};
use crate::audit::judge::vulnerabilities;
use crate::audit::names::Subject;
use crate::audit::prefix::AuditedPrefix;
use crate::audit::record::Record;
use crate::audit::report::Report;
use crate::audit::vex::{self, Opinions};
use crate::audit::{origins, policy, resolves, sarif};
use crate::cli::args::{AuditArgs, Global};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::help;
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::fetch::{FetchError, Fetcher, Verdict};
use crate::model::{
    Catalog, CatalogError, ErrorClass, Name, Policy, RecipeFile, RelPath, Selected, SelectionError,
    Timestamp, with_causes,
};
use crate::plan;
use crate::process::side_by_side;
use crate::report::{Event, Reporter as _, Silent};
use crate::session::{self, Session};
use crate::store::{Kind, Store, write_atomically};

pub fn run(args: &AuditArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let rules = session::policy(&context::options(global))?;
    let mut report = Report::default();
    let mut errors = Vec::new();
    match chosen(args, global, printer) {
        Ok(chosen) => audit(
            args,
            global,
            printer,
            &chosen,
            &rules,
            &mut report,
            &mut errors,
        )?,
        // What the loader refuses as excluded is what the first rule is for: it is reported in
        // every format.
        Err(failures) => {
            let (found, others): (Vec<_>, Vec<_>) = failures
                .into_vec()
                .into_iter()
                .partition(|error| as_excluded(error).is_some());
            report.findings.extend(found.iter().filter_map(as_excluded));
            errors.extend(others);
        }
    }
    report.sort();
    show(&report, printer);
    let violations = report
        .findings
        .into_iter()
        .filter(|finding| finding.level == Level::Violation)
        .map(CliError::Violation);
    Failures::check(violations.chain(errors).collect())
}

/// What is audited.
struct Chosen<'p> {
    session: Session<'p>,
    prefix: Option<AuditedPrefix>,
    sources: Vec<Selected>,
}

fn chosen<'p>(
    args: &AuditArgs,
    global: &Global,
    printer: &'p Printer,
) -> Result<Chosen<'p>, Failures> {
    let session = context::session_with_all_recipes(global, printer)?;
    let prefix = args
        .prefix
        .as_ref()
        .map(|dir| AuditedPrefix::open(dir))
        .transpose()?;
    let names = match &prefix {
        Some(prefix) if args.names.is_empty() => {
            let built = prefix.manifest().sources.iter().map(|source| &source.name);
            // What is in the prefix and not in the lock is a finding, no request.
            built
                .filter(|name| session.lock().sources.contains_key(*name))
                .cloned()
                .collect::<Vec<Name>>()
        }
        _ => session.requested(&args.names)?,
    };
    // A prefix is of one configuration; without one, all that there are count.
    let sources = match &prefix {
        Some(prefix) => {
            let config = prefix.manifest().toolchain.config;
            session.select(&names, config)?.sources
        }
        None => session.overview(&names)?,
    };
    Ok(Chosen {
        session,
        prefix,
        sources,
    })
}

fn as_excluded(error: &CliError) -> Option<Finding> {
    match error {
        CliError::Catalog(CatalogError::Excluded { place, .. })
        | CliError::Selection(SelectionError::Excluded { place, .. }) => Some(Finding::violation(
            Rule::Excluded,
            place,
            with_causes(error),
        )),
        _ => None,
    }
}

fn audit(
    args: &AuditArgs,
    global: &Global,
    printer: &Printer,
    chosen: &Chosen<'_>,
    rules: &Policy,
    report: &mut Report,
    errors: &mut Vec<CliError>,
) -> Result<(), Failures> {
    let Chosen {
        session,
        prefix,
        sources,
    } = chosen;
    let (catalog, store) = (session.catalog(), session.store()?);
    report.sources = sources.iter().map(Selected::title).collect();
    let inputs: Vec<_> = sources
        .iter()
        .map(|selected| unpacked(selected, catalog, store))
        .collect();
    let lockfile = global
        .lockfile
        .as_ref()
        .map_or("lockfile.json", |path| path.as_str());
    let subjects = policy::Subjects {
        sources,
        inputs: &inputs,
        lockfile,
    };
    report.excluded = policy::excluded(&subjects, catalog.exclusions());
    report.findings.extend(policy::findings(&subjects, rules));
    if let Some(prefix) = prefix {
        report
            .excluded
            .extend(prefix.excluded(catalog.exclusions())?);
        report
            .findings
            .extend(prefix.findings(session.lock(), sources));
    }
    report
        .findings
        .extend(policy::of_statement(&report.excluded));
    if args.origins {
        compare(sources, &session.fetcher_that_asks()?, report, errors);
    } else {
        report.gaps.push(coverage::no_origins());
    }
    search(args, global, printer, chosen, rules, report)?;
    report
        .findings
        .extend(coverage::missing(&args.require, &report.gaps));
    Ok(())
}

/// The paths of a source's inputs, where a tree of it is at hand; with what is added in the trees
/// that are.
fn unpacked(selected: &Selected, catalog: &Catalog, store: &Store) -> Option<Vec<RelPath>> {
    let trees = catalog.each(selected).into_iter().filter_map(|selected| {
        store
            .entry(Kind::Tree, &plan::tree_key(&selected), &Silent)
            .ok()?
    });
    let paths = trees.flat_map(|tree| {
        let paths = tree.files().iter().map(|file| file.path.clone());
        paths.collect::<Vec<_>>()
    });
    let paths: BTreeSet<_> = paths.collect();
    (!paths.is_empty()).then(|| paths.into_iter().collect())
}

/// Brings every origin of every source, the sources beside each other.
fn compare(
    sources: &[Selected],
    fetcher: &Fetcher<'_>,
    report: &mut Report,
    errors: &mut Vec<CliError>,
) {
    let reports = side_by_side(sources, sources.len(), |selected| {
        fetcher.all_origins(selected)
    });
    for (selected, reports) in sources.iter().zip(reports) {
        let (compared, findings) = origins::compare(selected, &reports);
        report.origins.extend(compared);
        report.findings.extend(findings);
        let unreached = |error: &FetchError| error.class() == ErrorClass::Network;
        if reports
            .iter()
            .all(|report| matches!(&report.verdict, Verdict::Failed(error) if unreached(error)))
        {
            let failed = reports
                .into_iter()
                .filter_map(|report| match report.verdict {
                    Verdict::Failed(error) => Some(CliError::Fetch(error)),
                    _ => None,
                });
            errors.extend(failed);
        }
    }
}

/// Looks the sources up in the databases, and writes the VEX document that was asked for.
fn search(
    args: &AuditArgs,
    global: &Global,
    printer: &Printer,
    chosen: &Chosen<'_>,
    rules: &Policy,
    report: &mut Report,
) -> Result<(), Failures> {
    let Chosen {
        session, sources, ..
    } = chosen;
    let mut opinions = Opinions::default();
    for path in &args.vex {
        opinions.read(path)?;
    }
    let now = session::now()?;
    let subjects: Vec<_> = sources.iter().map(Subject::new).collect();
    let spoken = Spoken::new(&subjects);
    let patched: BTreeSet<_> = sources
        .iter()
        .flat_map(|source| &source.recipe.patches)
        .flat_map(|patch| &patch.resolves)
        .collect();
    let keep = |record: &Record| {
        spoken.count(record);
        // A record that does not concern the version is kept where another one, or a patch, may say
        // otherwise.
        subjects.iter().any(|subject| record.names(subject))
            || patched.iter().any(|id| record.has_name(id.as_str()))
    };
    let advisories = Advisories::new(session.store()?);
    if args.update {
        report
            .gaps
            .extend(update(args, global, printer, session, &advisories)?);
    }
    let mut databases = Vec::new();
    for path in &args.database {
        databases.push(Database::read(path, now, &keep)?);
    }
    if args.database.is_empty() {
        databases = advisories.read(now, &keep)?;
        // What an update could not bring was told above.
        let absent = if args.update || databases.is_empty() {
            Vec::new()
        } else {
            advisories.absent()?
        };
        report.gaps.extend(absent.iter().map(|name| Gap {
            part: AuditPart::Vulnerabilities,
            whole: false,
            message: format!(
                "vulnerabilities of {name}: it was never downloaded; `--update` tries to"
            ),
        }));
    }
    let records: Vec<_> = databases
        .iter()
        .flat_map(|database| &database.kept)
        .collect();
    report.vulnerabilities = vulnerabilities(&subjects, &records, &opinions);
    let (fixed, needless) = resolves::unconfirmed(&subjects, &records, &report.vulnerabilities);
    report.vulnerabilities.extend(fixed);
    report
        .vulnerabilities
        .sort_by(|a, b| (&a.subject, &a.id).cmp(&(&b.subject, &b.id)));
    report.findings.extend(needless);
    report.findings.extend(
        report
            .vulnerabilities
            .iter()
            .map(|vulnerability| Finding::of(vulnerability, rules)),
    );
    report.gaps.extend(spoken.gaps(&databases, now));
    report.add_databases(databases);
    if let Some(path) = &args.write_vex {
        let text = vex::document(&report.vulnerabilities, session.created()?);
        write_atomically(path, text.as_bytes()).map_err(|source| CliError::Write {
            path: path.clone(),
            source,
        })?;
    }
    Ok(())
}

/// Brings every database that can be reached, for all sources that there are recipes of. What can't
/// be reached is reported; nothing at all is an error.
fn update(
    args: &AuditArgs,
    global: &Global,
    printer: &Printer,
    session: &Session<'_>,
    advisories: &Advisories<'_>,
) -> Result<Vec<Gap>, Failures> {
    let now = Timestamp::now();
    let fetcher = session.fetcher()?;
    let mut failed = Vec::new();
    for ecosystem in ECOSYSTEMS {
        failed.extend(
            advisories
                .bring_osv(&fetcher, &args.osv, ecosystem, now)
                .err(),
        );
    }
    let mut packages: Vec<_> = session
        .catalog()
        .recipes()
        .flat_map(|(_, files)| files)
        .flat_map(RecipeFile::recipes)
        .filter_map(|recipe| recipe.debian())
        .map(Name::as_str)
        .collect();
    packages.sort_unstable();
    packages.dedup();
    if global.offline {
        return Err(failed.into());
    }
    printer.event(Event::StepStarted {
        subject: "Debian".into(),
        step: "reading its changelogs".into(),
    });
    failed.extend(advisories.bring_debian(&packages, now).err());
    if failed.len() > ECOSYSTEMS.len() {
        return Err(failed.into());
    }
    let gap = |error: &AdvisoryError| Gap {
        part: AuditPart::Vulnerabilities,
        whole: false,
        message: format!(
            "vulnerabilities of a database that can't be reached: {}",
            with_causes(error)
        ),
    };
    Ok(failed.iter().map(gap).collect())
}

fn show(report: &Report, printer: &Printer) {
    printer.finish_bars();
    if printer.is_sarif() {
        printer.document(&sarif::document(report, help::of_rule));
        return;
    }
    show_origins(report, printer);
    show_vulnerabilities(report, printer);
    for finding in &report.findings {
        printer.json("finding", finding);
    }
    let mut rows = table::table(&["rule", "level", "subject", "message"]);
    for finding in report
        .findings
        .iter()
        .filter(|finding| finding.level != Level::Suppressed)
    {
        let level = if finding.level == Level::Violation {
            "VIOLATION"
        } else {
            "warning"
        };
        rows.add_row([
            finding.rule.name(),
            level,
            &finding.subject,
            &finding.message,
        ]);
    }
    if !rows.is_empty() {
        printer.result(&format!("{}\n", table::text(&rows)));
    }
    printer.json("excluded", &report.excluded);
    let looked_at: Vec<_> = report
        .excluded
        .checked
        .iter()
        .map(|(trace, count)| format!("{count} {}", trace.plural()))
        .collect();
    if report.excluded.found.is_empty() && !looked_at.is_empty() {
        printer.result(&format!("nothing excluded in {}\n", looked_at.join(", ")));
    }
    for gap in &report.gaps {
        printer.json("not-looked-at", gap);
        printer.result(&format!(
            "not looked at: {}{}\n",
            gap.message,
            help::of_gap(gap)
        ));
    }
    let counts = report.counts();
    printer.json("audit", serde_json::json!({ "sources": report.sources, "counts": counts, "not-looked-at": report.gaps }));
    printer.result(&format!(
        "{} sources: {} violations, {} warnings, {} suppressed\n",
        report.sources.len(),
        counts.violations,
        counts.warnings,
        counts.suppressed
    ));
}

fn show_origins(report: &Report, printer: &Printer) {
    let mut rows = table::table(&["source", "origin", "inputs", ""]);
    for compared in &report.origins {
        printer.json("origin", compared);
        rows.add_row([
            &compared.subject,
            &compared.origin,
            compared.verdict.shown(),
            &compared.text,
        ]);
    }
    if !rows.is_empty() {
        printer.result(&format!("{}\n", table::text(&rows)));
    }
}

fn show_vulnerabilities(report: &Report, printer: &Printer) {
    for database in &report.databases {
        printer.json("database", database);
        let name = database.brought.as_ref().map_or_else(
            || database.path.to_string(),
            |brought| format!("{} of {}", brought.from, brought.at.date()),
        );
        printer.result(&format!(
            "database {name} (SHA-256 {}): {} records, {} of them withdrawn; {} files skipped\n",
            database.sha256,
            database.records,
            database.withdrawn,
            database.broken.len()
        ));
    }
    if report.databases.is_empty() && report.vulnerabilities.is_empty() {
        return;
    }
    let mut rows = table::table(&["vulnerability", "source", "status", "why"]);
    for vulnerability in &report.vulnerabilities {
        printer.json("vulnerability", vulnerability);
        rows.add_row([
            vulnerability.id.as_str(),
            &vulnerability.subject,
            vulnerability.verdict.shown(),
            &vulnerability.why(),
        ]);
    }
    let text = if rows.is_empty() {
        "no known vulnerability concerns the sources\n".to_owned()
    } else {
        table::text(&rows)
    };
    printer.result(&format!("\n{text}\n"));
}
