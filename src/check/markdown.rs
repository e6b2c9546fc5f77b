//! The report as a page to read: what `docs/verification.md` holds.

use std::fmt::Write as _;

use super::SuiteReport;

/// The page: a table of sources, then what is not applicable, then what failed. `made` says what was run by what. Times are left out: the page of
/// an unchanged result is unchanged.
#[must_use]
pub fn to_markdown(reports: &[SuiteReport], made: &str) -> String {
    let mut text = format!("# Verification\n\nWritten by `wasideps check --markdown`: {made}.\n\n");
    text.push_str("| source | version | tests | passed | failed | not applicable |\n| --- | --- | ---: | ---: | ---: | ---: |\n");
    for report in reports {
        let SuiteReport { name, version, tests, not_applicable } = report;
        let (all, passed, failed, skipped) = (tests.len(), report.passed(), report.failed(), not_applicable.len());
        let _ = writeln!(text, "| {name} | {version} | {all} | {passed} | {failed} | {skipped} |");
    }
    text.push_str("\n## Not applicable\n\n| source | test | why |\n| --- | --- | --- |\n");
    for report in reports {
        for skipped in &report.not_applicable {
            let _ = writeln!(text, "| {} | {} | {} |", report.name, cell(&skipped.name), cell(&skipped.reason));
        }
    }
    text.push_str("\n## Tests\n");
    for report in reports {
        let _ = write!(text, "\n### {} {}\n\n", report.name, report.version);
        for test in &report.tests {
            let outcome =
                test.failure.as_ref().map_or_else(|| "passed".to_owned(), |failure| format!("**failed**: {}", cell(&failure.to_string())));
            let _ = writeln!(text, "- {}: {outcome}", test.name);
        }
    }
    text
}

fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Failure, Skipped, TestResult};

    #[test]
    fn the_page_counts_names_and_explains_and_a_bar_breaks_no_table() {
        let test = |name: &str, failure| TestResult { subject: "x 1".into(), name: name.into(), seconds: 1.0, failure };
        let report = SuiteReport {
            name: "x".into(),
            version: "1".into(),
            tests: vec![test("a", None), test("b", Some(Failure::TimedOut { limit: 3 }))],
            not_applicable: vec![Skipped { name: "c".into(), reason: "no\nfork | exec".into() }],
        };
        let page = to_markdown(&[report], "run by hand");
        assert!(page.contains("| x | 1 | 2 | 1 | 1 | 1 |"), "{page}");
        assert!(page.contains("| x | c | no fork \\| exec |"), "{page}");
        assert!(page.contains("- b: **failed**: it ran longer than 3 s"), "{page}");
    }
}
