//! The report as a page to read: what `docs/verification.md` holds.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::by_source::{TestedSource, by_source, only, patches, reasons};
use super::{ConfigReport, SuiteReport, TestResult};
use crate::model::{BuildConfig, printable};

/// The page: a table of sources with a column for each build configuration, then what is not
/// applicable, which tests are patched, and each test. Times are left out: the page of an unchanged
/// result is unchanged.
#[must_use]
pub fn to_markdown(reports: &[ConfigReport]) -> String {
    let mut text = "# Verification\n\nWritten by `wasideps check --markdown`".to_owned();
    match reports {
        [only] => {
            let _ = write!(text, ": {}.\n\n", only.made);
        }
        _ => {
            text.push_str(":\n\n");
            for report in reports {
                let _ = writeln!(text, "- {}: {}", report.config, report.made);
            }
            text.push('\n');
        }
    }
    let sources = by_source(reports);
    text.push_str(
        "Of each source, how many of the tests passed, and how many of upstream's are not applicable.\n\n",
    );
    let columns = reports.iter().map(|report| report.config.to_string());
    text.push_str(&row(["source".to_owned(), "version".to_owned()]
        .into_iter()
        .chain(columns)));
    text.push_str(&row(["---", "---"]
        .into_iter()
        .chain(reports.iter().map(|_| "---:"))
        .map(str::to_owned)));
    for source in &sources {
        let cells = source
            .of
            .iter()
            .map(|suite| suite.map_or_else(String::new, counts));
        text.push_str(&row([source.name.to_owned(), source.version.to_owned()]
            .into_iter()
            .chain(cells)));
    }
    not_applicable(&mut text, reports, &sources);
    patched(&mut text, &sources);
    text.push_str("\n## Tests\n");
    for source in &sources {
        let _ = write!(text, "\n### {} {}\n\n", source.name, source.version);
        text.push_str(&folders(reports, source));
        for (name, results) in source.by_name(|suite| &suite.tests, |test| &test.name) {
            let _ = writeln!(text, "- {name}: {}", outcome(reports, &results));
        }
    }
    text
}

fn row(cells: impl IntoIterator<Item = String>) -> String {
    let cells: Vec<String> = cells.into_iter().collect();
    format!("| {} |\n", cells.join(" | "))
}

/// `12 of 12`, and in bold where one failed.
fn counts(suite: &SuiteReport) -> String {
    let mut text = format!("{} of {}", suite.passed(), suite.tests.len());
    if suite.failed() > 0 {
        text = format!("**{text}**");
    }
    match suite.not_applicable.len() {
        0 => text,
        skipped => format!("{text}; {skipped} n/a"),
    }
}

fn not_applicable(text: &mut String, reports: &[ConfigReport], sources: &[TestedSource<'_>]) {
    text.push_str("\n## Not applicable\n\n| source | test | why |\n| --- | --- | --- |\n");
    for source in sources {
        for (name, reason, of) in reasons(source) {
            let only = only(reports, &of);
            let only = only.map_or_else(String::new, |names| format!(" (for {names})"));
            text.push_str(&row([
                source.name.to_owned(),
                format!("{}{only}", cell(name)),
                cell(reason),
            ]));
        }
    }
}

fn patched(text: &mut String, sources: &[TestedSource<'_>]) {
    let patches = patches(sources);
    if patches.is_empty() {
        return;
    }
    text.push_str(
        "\n## Patched tests\n\n| source | patch | why | upstream |\n| --- | --- | --- | --- |\n",
    );
    for (source, patch) in patches {
        text.push_str(&row([
            source.to_owned(),
            patch.file.to_string(),
            cell(&patch.reason),
            cell(&patch.upstream.to_string()),
        ]));
    }
}

/// What came of one test: once where it is the same for all configurations.
fn outcome(reports: &[ConfigReport], results: &[Option<&TestResult>]) -> String {
    let of = |result: &TestResult| {
        result.failure.as_ref().map_or_else(
            || "passed".to_owned(),
            |failure| format!("**failed**: {}", cell(&failure.to_string())),
        )
    };
    let each: Vec<(BuildConfig, String)> = reports
        .iter()
        .zip(results)
        .filter_map(|(report, result)| Some((report.config, of((*result)?))))
        .collect();
    let same = each.iter().all(|(_, outcome)| *outcome == each[0].1);
    match only(reports, results) {
        None if same => each[0].1.clone(),
        Some(names) if same => format!("{} (only {names})", each[0].1),
        _ => {
            let each = each
                .iter()
                .map(|(config, outcome)| format!("{config} {outcome}"));
            each.collect::<Vec<_>>().join("; ")
        }
    }
}

/// How the tests of each folder went, where their files are in more than one.
fn folders(reports: &[ConfigReport], source: &TestedSource<'_>) -> String {
    let folder = |name: &str| {
        Some(
            name.split_whitespace()
                .next()?
                .rsplit_once('/')?
                .0
                .to_owned(),
        )
    };
    // Passed, all, and what is not applicable.
    let mut folders: BTreeMap<String, Vec<[usize; 3]>> = BTreeMap::new();
    let mut add = |index: usize, name: &str, counts: [usize; 3]| {
        let Some(folder) = folder(name) else { return };
        let known = folders
            .entry(folder)
            .or_insert_with(|| vec![[0; 3]; reports.len()]);
        for (known, more) in known[index].iter_mut().zip(counts) {
            *known += more;
        }
    };
    for (index, suite) in source.of.iter().enumerate() {
        let Some(suite) = suite else { continue };
        for test in &suite.tests {
            add(
                index,
                &test.name,
                [usize::from(test.failure.is_none()), 1, 0],
            );
        }
        for skipped in &suite.not_applicable {
            add(index, &skipped.name, [0, 0, 1]);
        }
    }
    if folders.len() < 2 {
        return String::new();
    }
    let columns = reports.iter().map(|report| report.config.to_string());
    let mut text = row(std::iter::once("folder".to_owned()).chain(columns));
    text.push_str(&row(std::iter::once("---")
        .chain(reports.iter().map(|_| "---:"))
        .map(str::to_owned)));
    for (folder, counts) in folders {
        let cells = counts.iter().map(|[passed, all, skipped]| match skipped {
            0 => format!("{passed} of {all}"),
            _ => format!("{passed} of {all}; {skipped} n/a"),
        });
        text.push_str(&row(std::iter::once(folder).chain(cells)));
    }
    text + "\n"
}

/// The output of a test program may be in `text`: whoever shows the page in a terminal is not to
/// obey it.
fn cell(text: &str) -> String {
    printable::line(&text.split_whitespace().collect::<Vec<_>>().join(" ")).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Skipped, TestFailure};
    use crate::model::{Patch, Sha256, Target};

    fn test(name: &str, failure: Option<TestFailure>) -> TestResult {
        TestResult {
            subject: "x 1".into(),
            name: name.into(),
            key: Sha256::of(b""),
            known: false,
            seconds: 1.0,
            failure,
        }
    }

    fn skipped(name: &str, reason: &str) -> Skipped {
        Skipped {
            name: name.into(),
            reason: reason.into(),
        }
    }

    fn report(target: Target, suite: SuiteReport) -> ConfigReport {
        ConfigReport {
            config: target.into(),
            made: "run by hand".into(),
            suites: vec![suite],
        }
    }

    fn suite(tests: Vec<TestResult>, not_applicable: Vec<Skipped>) -> SuiteReport {
        SuiteReport {
            name: "x".into(),
            version: "1".into(),
            config: BuildConfig::default(),
            tests,
            not_applicable,
            patches: Vec::new(),
        }
    }

    const LATE: TestFailure = TestFailure::TimedOut { limit: 3 };

    #[test]
    fn the_page_counts_names_and_explains_and_a_bar_breaks_no_table() {
        let mut of_x = suite(
            vec![test("a", None), test("b", Some(LATE))],
            vec![skipped("c", "no\nfork | exec\u{1b}[2J")],
        );
        let page = to_markdown(&[report(
            Target::Wasip1,
            suite(
                vec![test("a", None), test("b", Some(LATE))],
                vec![skipped("c", "no\nfork | exec\u{1b}[2J")],
            ),
        )]);
        assert!(page.contains("| x | 1 | **1 of 2**; 1 n/a |"), "{page}");
        assert!(
            page.contains("| x | c | no fork \\| exec\\u{1b}[2J |"),
            "{page}"
        );
        assert!(
            page.contains("- b: **failed**: it ran longer than 3 s"),
            "{page}"
        );
        assert!(
            !page.contains("| folder |") && !page.contains("Patched"),
            "{page}"
        );

        of_x.tests.extend([
            test("t/one/a.c -O0", None),
            test("t/one/a.c -O2", None),
            test("t/two/b.c", Some(LATE)),
        ]);
        of_x.not_applicable.push(skipped("t/two/c.c", "threads"));
        of_x.patches.push(Patch {
            file: "0001-b.patch".parse().expect("a path"),
            reason: "a bug".parse().expect("a line"),
            resolves: std::collections::BTreeSet::default(),
            upstream: "not sent: new".parse().expect("a reason"),
        });
        let page = to_markdown(&[report(Target::Wasip1, of_x)]);
        assert!(
            page.contains("| t/one | 2 of 2 |\n| t/two | 0 of 1; 1 n/a |\n"),
            "{page}"
        );
        assert!(
            page.contains("| x | 0001-b.patch | a bug | not sent: new |"),
            "{page}"
        );
    }

    #[test]
    fn a_page_of_two_targets_has_a_column_for_each_and_says_where_they_differ() {
        let one = suite(
            vec![test("a", None), test("b", None), test("c", None)],
            vec![skipped("n", "no fork"), skipped("o", "no sockets")],
        );
        let two = suite(
            vec![test("a", None), test("b", Some(LATE)), test("d", None)],
            vec![
                skipped("n", "no fork"),
                skipped("o", "no sockets there either"),
            ],
        );
        let page = to_markdown(&[report(Target::Wasip1, one), report(Target::Wasip2, two)]);
        for line in [
            "- wasm32-wasip1: run by hand\n- wasm32-wasip2: run by hand\n",
            "| source | version | wasm32-wasip1 | wasm32-wasip2 |\n",
            "| x | 1 | 3 of 3; 2 n/a | **2 of 3**; 2 n/a |\n",
            "| x | n | no fork |\n",
            "| x | o (for wasm32-wasip1) | no sockets |\n",
            "| x | o (for wasm32-wasip2) | no sockets there either |\n",
            "- a: passed\n",
            "- b: wasm32-wasip1 passed; wasm32-wasip2 **failed**: it ran longer than 3 s\n",
            "- c: passed (only wasm32-wasip1)\n",
            "- d: passed (only wasm32-wasip2)\n",
        ] {
            assert!(page.contains(line), "{line}\n{page}");
        }
    }
}
