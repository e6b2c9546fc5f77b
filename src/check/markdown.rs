//! The report as a page to read: what `docs/verification.md` holds.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::SuiteReport;
use crate::model::printable;

/// The page: a table of sources, then what is not applicable, which tests are patched, and each
/// test. `made` says what was run by what. Times are left out: the page of an unchanged result is
/// unchanged.
#[must_use]
pub fn to_markdown(reports: &[SuiteReport], made: &str) -> String {
    let mut text = format!("# Verification\n\nWritten by `wasideps check --markdown`: {made}.\n\n");
    text.push_str("| source | version | tests | passed | failed | not applicable |\n| --- | --- | ---: | ---: | ---: | ---: |\n");
    for report in reports {
        let SuiteReport {
            name,
            version,
            tests,
            not_applicable,
            ..
        } = report;
        let (all, passed, failed, skipped) = (
            tests.len(),
            report.passed(),
            report.failed(),
            not_applicable.len(),
        );
        let _ = writeln!(
            text,
            "| {name} | {version} | {all} | {passed} | {failed} | {skipped} |"
        );
    }
    text.push_str("\n## Not applicable\n\n| source | test | why |\n| --- | --- | --- |\n");
    for report in reports {
        for skipped in &report.not_applicable {
            let _ = writeln!(
                text,
                "| {} | {} | {} |",
                report.name,
                cell(&skipped.name),
                cell(&skipped.reason)
            );
        }
    }
    if reports.iter().any(|report| !report.patches.is_empty()) {
        text.push_str("\n## Patched tests\n\n| source | patch | why | upstream |\n| --- | --- | --- | --- |\n");
    }
    for report in reports {
        for patch in &report.patches {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} |",
                report.name,
                patch.file,
                cell(&patch.reason),
                cell(&patch.upstream.to_string())
            );
        }
    }
    text.push_str("\n## Tests\n");
    for report in reports {
        let _ = write!(text, "\n### {} {}\n\n", report.name, report.version);
        text.push_str(&folders(report));
        for test in &report.tests {
            let outcome = test.failure.as_ref().map_or_else(
                || "passed".to_owned(),
                |failure| format!("**failed**: {}", cell(&failure.to_string())),
            );
            let _ = writeln!(text, "- {}: {outcome}", test.name);
        }
    }
    text
}

/// How the tests of each folder went, where their files are in more than one.
fn folders(report: &SuiteReport) -> String {
    let folder = |name: &str| {
        Some(
            name.split_whitespace()
                .next()?
                .rsplit_once('/')?
                .0
                .to_owned(),
        )
    };
    let mut folders: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    for test in &report.tests {
        if let Some(folder) = folder(&test.name) {
            folders.entry(folder).or_default()[usize::from(test.failure.is_some())] += 1;
        }
    }
    for skipped in &report.not_applicable {
        if let Some(folder) = folder(&skipped.name) {
            folders.entry(folder).or_default()[2] += 1;
        }
    }
    if folders.len() < 2 {
        return String::new();
    }
    let mut text =
        "| folder | passed | failed | not applicable |\n| --- | ---: | ---: | ---: |\n".to_owned();
    for (folder, [passed, failed, skipped]) in folders {
        let _ = writeln!(text, "| {folder} | {passed} | {failed} | {skipped} |");
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
    use crate::check::{Skipped, TestFailure, TestResult};
    use crate::model::Patch;

    #[test]
    fn the_page_counts_names_and_explains_and_a_bar_breaks_no_table() {
        let test = |name: &str, failure| TestResult {
            subject: "x 1".into(),
            name: name.into(),
            seconds: 1.0,
            failure,
        };
        let mut report = SuiteReport {
            name: "x".into(),
            version: "1".into(),
            tests: vec![
                test("a", None),
                test("b", Some(TestFailure::TimedOut { limit: 3 })),
            ],
            not_applicable: vec![Skipped {
                name: "c".into(),
                reason: "no\nfork | exec\u{1b}[2J".into(),
            }],
            patches: Vec::new(),
        };
        let page = to_markdown(std::slice::from_ref(&report), "run by hand");
        assert!(page.contains("| x | 1 | 2 | 1 | 1 | 1 |"), "{page}");
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

        report.tests.extend([
            test("t/one/a.c -O0", None),
            test("t/one/a.c -O2", None),
            test("t/two/b.c", Some(TestFailure::TimedOut { limit: 3 })),
        ]);
        report.not_applicable.push(Skipped {
            name: "t/two/c.c".into(),
            reason: "threads".into(),
        });
        report.patches.push(Patch {
            file: "0001-b.patch".parse().expect("a path"),
            reason: "a bug".parse().expect("a line"),
            resolves: std::collections::BTreeSet::default(),
            upstream: "not sent: new".parse().expect("a reason"),
        });
        let page = to_markdown(&[report], "run by hand");
        assert!(
            page.contains("| t/one | 2 | 0 | 0 |\n| t/two | 0 | 1 | 1 |\n"),
            "{page}"
        );
        assert!(
            page.contains("| x | 0001-b.patch | a bug | not sent: new |"),
            "{page}"
        );
    }
}
