//! The report as JUnit XML, which CI systems show. Format: <https://llg.cubic.org/docs/junit/>.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::ConfigReport;
use crate::model::printable;

/// The text of the XML file.
///
/// # Errors
/// When it can't be written out, which no report of ours should bring about.
pub fn to_junit(reports: &[ConfigReport]) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("wasideps check");
    for source in reports.iter().flat_map(|report| &report.suites) {
        let mut name = format!("{} {}", source.name, source.version);
        if reports.len() > 1 {
            name = format!("{name} {}", source.config);
        }
        let mut suite = TestSuite::new(name);
        for patch in &source.patches {
            suite.add_property((patch.file.to_string(), patch.reason.to_string()));
        }
        for test in &source.tests {
            let status = match &test.failure {
                None => TestCaseStatus::success(),
                Some(failure) => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    status.set_message(printable::lines(&failure.to_string()).into_owned());
                    status
                }
            };
            let mut case = TestCase::new(test.name.clone(), status);
            case.set_time(Duration::from_secs_f64(test.seconds));
            suite.add_test_case(case);
        }
        for skipped in &source.not_applicable {
            let mut status = TestCaseStatus::skipped();
            status.set_message(skipped.reason.clone());
            suite.add_test_case(TestCase::new(skipped.name.clone(), status));
        }
        report.add_test_suite(suite);
    }
    report.to_string()
}
