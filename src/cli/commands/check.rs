//! `wasideps check`.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::time::SystemTime;

use camino::Utf8Path;

use crate::build::Installed;
use crate::check::{
    self, ConfigReport, PassRecord, Reuse, Sample, SuiteReport, TestResult, to_junit, to_markdown,
};
use crate::cli::args::{CheckArgs, Global};
use crate::cli::context;
use crate::cli::error::{CliError, Failures};
use crate::cli::pages;
use crate::cli::printer::Printer;
use crate::cli::table;
use crate::model::{BuildConfig, SelectionError, printable};
use crate::session::Session;
use crate::store::{PARSED_LIMIT, read_text, write_atomically};

pub fn run(args: &CheckArgs, global: &Global, printer: &Printer) -> Result<(), Failures> {
    let session = context::session(global, printer)?;
    session.created()?;
    let mut configs = vec![args.toolchain.config()];
    for config in &args.also {
        if !configs.contains(config) {
            configs.push(*config);
        }
    }
    let mut record = args.record.as_deref().map(read_record).transpose()?;
    let recorded = record.as_ref().map(PassRecord::keys).unwrap_or_default();
    let sample = sample(args);
    let reuse = if args.fresh {
        Reuse::Nothing
    } else {
        Reuse::Passed {
            recorded: &recorded,
            sample: sample.as_ref(),
        }
    };
    let mut reports = Vec::new();
    let mut untested = BTreeSet::new();
    for config in configs {
        reports.extend(checked(
            args,
            global,
            printer,
            &session,
            (config, reuse),
            &mut untested,
        )?);
    }
    if let (Some(path), Some(record)) = (&args.record, &mut record) {
        for report in &reports {
            record.update(report, args.names.is_empty());
        }
        let text = record.to_text();
        write_atomically(path, text.as_bytes()).map_err(|source| CliError::Write {
            path: path.clone(),
            source,
        })?;
    }
    write_pages(args, &reports, &untested)?;
    for report in &reports {
        if reports.len() > 1 {
            printer.result(&format!("{}\n", report.config));
        }
        show(report, printer);
        if reports.len() > 1 {
            printer.result("\n");
        }
    }
    if let Some(Sample { percent, seed }) = &sample {
        printer.result(&format!(
            "\nOf the tests that passed before, {percent} of a hundred were drawn by the seed {seed}\n"
        ));
    }
    let suites = reports.iter().flat_map(|report| &report.suites);
    let failed: usize = suites.map(SuiteReport::failed).sum();
    Failures::check(if failed == 0 {
        Vec::new()
    } else {
        vec![CliError::TestsFailed { failed }]
    })
}

/// Writes the results as the files that were asked for.
fn write_pages(
    args: &CheckArgs,
    reports: &[ConfigReport],
    untested: &BTreeSet<String>,
) -> Result<(), CliError> {
    let write = |path: &Utf8Path, text: String| {
        fs_err::write(path, text).map_err(|source| CliError::Write {
            path: path.to_owned(),
            source,
        })
    };
    if let Some(path) = &args.junit {
        let text = to_junit(reports).map_err(|error| CliError::Junit {
            path: path.clone(),
            source: error.into(),
        })?;
        write(path, text)?;
    }
    if let Some(path) = &args.markdown {
        write(path, to_markdown(reports))?;
    }
    if let Some(path) = &args.html {
        write(path, pages::checks(reports, untested))?;
    }
    Ok(())
}

/// The record at `path`; an empty one where there is no file.
fn read_record(path: &Utf8Path) -> Result<PassRecord, CliError> {
    let text = match read_text(path, PARSED_LIMIT) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(PassRecord::default()),
        Err(source) => {
            let path = path.to_owned();
            return Err(CliError::Read { path, source });
        }
    };
    PassRecord::parse(&text).map_err(|source| CliError::PassRecord {
        path: path.to_owned(),
        source,
    })
}

/// What `--sample` and `--seed` ask for.
fn sample(args: &CheckArgs) -> Option<Sample> {
    let seed = || {
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        format!("{:x}", time.unwrap_or_default().as_nanos())
    };
    Some(Sample {
        percent: args.sample?,
        seed: args.seed.clone().unwrap_or_else(seed),
    })
}

/// What came of the tests for one build configuration; nothing where no source has any. First it
/// names each source without tests, unless `untested` has it already, and adds it there.
fn checked(
    args: &CheckArgs,
    global: &Global,
    printer: &Printer,
    session: &Session<'_>,
    (config, reuse): (BuildConfig, Reuse<'_>),
    untested: &mut BTreeSet<String>,
) -> Result<Option<ConfigReport>, Failures> {
    let prefix = args.prefix.path(config);
    // Held until the tests have run: they are linked with it.
    let opened = Installed::open(&prefix)?;
    let manifest = opened.manifest();
    let prefix = camino::absolute_utf8(&prefix).map_err(|source| CliError::Read {
        path: prefix.clone(),
        source,
    })?;

    // What is in the prefix is what is checked; names narrow it down.
    let installed: Vec<_> = manifest
        .sources
        .iter()
        .map(|source| source.name.clone())
        .collect();
    let selection = session.select(&installed, config)?;
    let names = session.requested(&args.names)?;
    let mut errors: Vec<CliError> = Vec::new();
    for name in names.iter().filter(|name| !installed.contains(name)) {
        let known = installed.iter().map(ToString::to_string).collect();
        errors.push(
            SelectionError::Unknown {
                name: name.clone(),
                known,
            }
            .into(),
        );
    }
    let mut tests = Vec::new();
    for selected in selection
        .sources
        .iter()
        .filter(|source| names.is_empty() || names.contains(&source.recipe.name))
    {
        match session.catalog().select_tests(selected, config) {
            Ok(Some(found)) => tests.push(found),
            Ok(None) => {
                let title = selected.title();
                if !untested.contains(&title) {
                    printer.json("untested", &title);
                    printer.result(&format!("{title} has no tests\n"));
                    untested.insert(title);
                }
            }
            Err(problems) => errors.extend(problems.into_iter().map(CliError::from)),
        }
    }
    Failures::check(errors)?;
    if tests.is_empty() {
        return Ok(None);
    }

    let prepared = session.prepare(selection, &context::sdk(&args.toolchain))?;
    if manifest.key != prepared.plan().key {
        return Err(CliError::OtherPlan { prefix }.into());
    }
    let runner = context::runner(args.runner.as_deref(), config, global, session, printer)?;
    let work = prepared.work(args.jobs.workers())?;
    let tested = |result: &TestResult, all: usize| printer.tested(result, all);
    let suites = check::check(&check::CheckRequest {
        work,
        prefix: &prefix,
        manifest,
        tests: &tests,
        runner: &runner,
        reuse,
        tested: &tested,
    })?;
    printer.finish_bars();
    let made = format!(
        "run by {} on what {} made",
        runner.version(),
        manifest.toolchain
    );
    let report = ConfigReport {
        config,
        made,
        suites,
    };
    Ok(Some(report))
}

fn show(report: &ConfigReport, printer: &Printer) {
    let ConfigReport {
        made,
        suites: reports,
        ..
    } = report;
    let mut rows = table::table(&[
        "source",
        "version",
        "tests",
        "passed",
        "failed",
        "not run again",
        "not applicable",
        "time",
    ]);
    for report in reports {
        printer.json("suite", report);
        rows.add_row([
            report.name.clone(),
            report.version.clone(),
            report.tests.len().to_string(),
            report.passed().to_string(),
            report.failed().to_string(),
            report.known().to_string(),
            report.not_applicable.len().to_string(),
            format!("{:.1} s", report.seconds()),
        ]);
    }
    printer.result(&table::text(&rows));
    let reasons: Vec<_> = reports
        .iter()
        .flat_map(|report| {
            report
                .not_applicable
                .iter()
                .map(move |skipped| (report, skipped))
        })
        .collect();
    if !reasons.is_empty() {
        printer.result("\nNot applicable:\n");
    }
    for (report, skipped) in reasons {
        printer.result(&format!(
            "  {} {}: {}\n",
            report.name,
            printable::line(&skipped.name),
            printable::line(&skipped.reason)
        ));
    }
    for (report, patch) in reports
        .iter()
        .flat_map(|report| report.patches.iter().map(move |patch| (report, patch)))
    {
        printer.result(&format!(
            "\n{} with {}: {}\n",
            report.name, patch.file, patch.reason
        ));
    }
    printer.result(&format!("\n{made}\n"));
}
