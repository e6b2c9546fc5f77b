//! The page of `check --html`: what that of `--markdown` says, and each test in a row.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::STYLE;
use crate::check::{
    ConfigReport, SuiteReport, TestResult, TestedSource, by_source, only, patches, reasons,
};
use crate::model::printable;
use crate::sbom::html::{counted, frame, wide, written_by};

/// The page of `reports`; `untested` names the sources without tests.
pub fn checks(reports: &[ConfigReport], untested: &BTreeSet<String>) -> String {
    let sources = by_source(reports);
    let failed: usize = sources.iter().map(failures).sum();
    let body = html! {
        header {
            h1 { "Tests of the libraries" }
            @for report in reports {
                p { (report.config) ": " (line(&report.made)) "." }
            }
            p {
                @if failed == 0 { "No test failed." } @else { span.failed { (counted(failed, "test")) " failed." } }
                @if !untested.is_empty() {
                    " Without tests: " (untested.iter().map(String::as_str).collect::<Vec<_>>().join(", ")) "."
                }
            }
        }
        main {
            section { h2 { "Sources" } (wide("Table of sources", &summary(reports, &sources))) }
            @if failed > 0 { section { h2 { "Failed" } (wide("Table of failures", &failed_rows(reports, &sources))) } }
            section { h2 { "Not applicable" } (wide("Table of what is not applicable", &not_applicable(reports, &sources))) }
            (patched(&sources))
            section {
                h2 { "Tests" }
                @for source in &sources { (tests(reports, source)) }
            }
        }
        footer { p { (written_by()) } }
    };
    frame("Tests of the libraries", STYLE, None, &body)
}

/// What a test program wrote may be in it.
fn line(text: &str) -> String {
    printable::line(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

fn failures(source: &TestedSource<'_>) -> usize {
    source.suites().map(SuiteReport::failed).sum()
}

fn anchor(source: &TestedSource<'_>) -> String {
    format!("source-{}-{}", source.name, source.version)
}

fn title(source: &TestedSource<'_>) -> String {
    format!("{} {}", source.name, source.version)
}

fn summary(reports: &[ConfigReport], sources: &[TestedSource<'_>]) -> Markup {
    html! {
        thead {
            tr {
                th scope="col" { "Source" }
                th scope="col" { "Version" }
                @for report in reports { th scope="col" { (report.config) } }
            }
        }
        tbody {
            @for source in sources {
                tr {
                    th scope="row" { a href=(format!("#{}", anchor(source))) { (source.name) } }
                    td data-label="Version" { (source.version) }
                    @for (report, suite) in reports.iter().zip(&source.of) {
                        td data-label=(report.config) { @if let Some(suite) = suite { span { (counts(suite)) } } }
                    }
                }
            }
        }
    }
}

/// `12 of 12 passed, 3 not applicable`.
fn counts(suite: &SuiteReport) -> Markup {
    let class = if suite.failed() > 0 {
        "failed"
    } else {
        "passed"
    };
    html! {
        span class=(class) { (suite.passed()) " of " (suite.tests.len()) " passed" }
        @if !suite.not_applicable.is_empty() { ", " (suite.not_applicable.len()) " not applicable" }
        @if suite.known() > 0 { ", " (suite.known()) " not run again" }
    }
}

fn failed_rows(reports: &[ConfigReport], sources: &[TestedSource<'_>]) -> Markup {
    html! {
        thead { tr { th scope="col" { "Source" } th scope="col" { "Test" } th scope="col" { "For" } th scope="col" { "Why" } } }
        tbody {
            @for source in sources {
                @for (report, suite) in reports.iter().zip(&source.of) {
                    @for test in suite.iter().flat_map(|suite| &suite.tests) {
                        @if let Some(failure) = &test.failure {
                            tr {
                                th scope="row" { (title(source)) }
                                td data-label="Test" { (line(&test.name)) }
                                td data-label="For" { (report.config) }
                                td data-label="Why" { (line(&failure.to_string())) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn not_applicable(reports: &[ConfigReport], sources: &[TestedSource<'_>]) -> Markup {
    html! {
        thead { tr { th scope="col" { "Source" } th scope="col" { "Test" } th scope="col" { "Why" } } }
        tbody {
            @for source in sources {
                @for (name, reason, of) in reasons(source) {
                    tr {
                        th scope="row" { (source.name) }
                        td data-label="Test" {
                            span { (line(name)) @if let Some(names) = only(reports, &of) { " (for " (names) ")" } }
                        }
                        td data-label="Why" { (line(reason)) }
                    }
                }
            }
        }
    }
}

fn patched(sources: &[TestedSource<'_>]) -> Markup {
    let patches = patches(sources);
    let table = html! {
        thead { tr { th scope="col" { "Source" } th scope="col" { "Patch" } th scope="col" { "Why" } th scope="col" { "Upstream" } } }
        tbody {
            @for (source, patch) in &patches {
                tr {
                    th scope="row" { (source) }
                    td data-label="Patch" { (patch.file) }
                    td data-label="Why" { (line(&patch.reason)) }
                    td data-label="Upstream" { (line(&patch.upstream.to_string())) }
                }
            }
        }
    };
    html! {
        @if !patches.is_empty() { section { h2 { "Patched tests" } (wide("Table of patched tests", &table)) } }
    }
}

fn tests(reports: &[ConfigReport], source: &TestedSource<'_>) -> Markup {
    let rows = source.by_name(|suite| &suite.tests, |test| &test.name);
    let table = html! {
        thead { tr { th scope="col" { "Test" } @for report in reports { th scope="col" { (report.config) } } } }
        tbody {
            @for (name, results) in &rows {
                tr {
                    th scope="row" { (line(name)) }
                    @for (report, result) in reports.iter().zip(results) {
                        td data-label=(report.config) { @if let Some(result) = result { (outcome(result)) } }
                    }
                }
            }
        }
    };
    html! {
        h3 id=(anchor(source)) { (title(source)) }
        details open[failures(source) > 0] {
            summary { (counted(rows.len(), "test")) }
            (wide(&format!("Table of the tests of {}", source.name), &table))
        }
    }
}

fn outcome(result: &TestResult) -> Markup {
    html! {
        @match &result.failure {
            None => span.passed { "passed" @if result.known { ", not run again" } },
            Some(failure) => span.failed { "failed: " (line(&failure.to_string())) },
        }
    }
}
