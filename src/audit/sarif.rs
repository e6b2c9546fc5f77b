//! Findings as SARIF 2.1.0, <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>,
//! which code hosts show beside the code.

use serde_json::{Value, json};

use super::finding::{Finding, Level, Rule};
use super::report::Report;
use crate::model::{Sha256, printable};

/// Where a finding is shown that is in no file of its own: what it speaks of is in the lock.
const LOCKFILE: &str = "lockfile.json";

/// The log of a report; `help` is what to do where a rule is broken. Deterministic: no time, no
/// machine.
#[must_use]
pub fn document(report: &Report, help: impl Fn(Rule) -> &'static str) -> String {
    let rules: Vec<_> = Rule::ALL
        .iter()
        .map(|rule| json!({ "id": rule.name(), "shortDescription": { "text": rule.asks() }, "help": { "text": help(*rule) } }))
        .collect();
    let results: Vec<_> = report.findings.iter().map(result).collect();
    let databases: Vec<_> = report
        .databases
        .iter()
        .map(|database| json!({ "path": database.path, "sha256": database.sha256, "records": database.records }))
        .collect();
    // What was not looked at is no result, but a reader that sees no result must know of it.
    let notes: Vec<_> = report
        .gaps
        .iter()
        .map(|gap| {
            let level = if gap.whole { "warning" } else { "note" };
            let descriptor = json!({ "id": Rule::NotLookedAt.name() });
            json!({ "level": level, "descriptor": descriptor, "message": { "text": format!("not looked at: {}", gap.message) } })
        })
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "wasideps",
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules,
                "notifications": [{ "id": Rule::NotLookedAt.name(), "shortDescription": { "text": Rule::NotLookedAt.asks() } }],
            } },
            "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notes }],
            "results": results,
            "properties": { "databases": databases, "excluded": report.excluded },
        }],
    });
    format!("{}\n", printable::json(&format!("{log:#}")))
}

fn result(finding: &Finding) -> Value {
    let index = Rule::ALL.iter().position(|rule| *rule == finding.rule);
    let file = finding.file.as_deref().unwrap_or(LOCKFILE);
    let text = format!("{}: {}", finding.subject, finding.message);
    let mut result = json!({
        "ruleId": finding.rule.name(),
        "ruleIndex": index,
        "level": if finding.level == Level::Warning { "warning" } else { "error" },
        "message": { "text": text },
        "locations": [{
            "physicalLocation": { "artifactLocation": { "uri": uri(file) } },
            "logicalLocations": [{ "name": finding.subject }],
        }],
        // A result is the same one as long as rule, subject and message are.
        "partialFingerprints": { "wasideps/1": Sha256::of_fields("wasideps finding 1", [finding.rule.name().as_bytes(), text.as_bytes()]) },
    });
    if finding.level == Level::Suppressed {
        result["suppressions"] = json!([{ "kind": "external", "justification": finding.message }]);
    }
    result
}

/// A path as a relative reference (RFC 3986): what may not stand in one is escaped.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~+@".contains(&byte);
    path.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_path_becomes_a_reference_that_no_parser_takes_apart() {
        assert_eq!(
            super::uri("recipes/zlib/recipe.toml"),
            "recipes/zlib/recipe.toml"
        );
        assert_eq!(super::uri("a b/ü:%"), "a%20b/%C3%BC%3A%25");
    }
}
