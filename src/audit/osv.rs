//! Records of the OSV format, <https://ossf.github.io/osv-schema/>, 1.0 to 1.7. What is absent or
//! unknown is passed over.

use std::ops::Bound;

use serde::Deserialize;
use serde_json::Value;

use super::names::{KnownName, purl, repository};
use super::order::{Interval, Order};
use super::record::{Affected, Claim, Commits, Record, Statement};

#[derive(Deserialize)]
struct Wire {
    id: String,
    modified: Option<String>,
    withdrawn: Option<String>,
    schema_version: Option<String>,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    affected: Vec<OsvAffected>,
}

#[derive(Deserialize)]
struct OsvAffected {
    package: Option<PackageWire>,
    #[serde(default)]
    ranges: Vec<RangeWire>,
    #[serde(default)]
    versions: Vec<String>,
}

#[derive(Deserialize)]
struct PackageWire {
    ecosystem: Option<String>,
    name: Option<String>,
    purl: Option<String>,
}

#[derive(Deserialize)]
struct RangeWire {
    r#type: Option<String>,
    repo: Option<String>,
    #[serde(default)]
    events: Vec<EventWire>,
    #[serde(default)]
    database_specific: Value,
}

#[derive(Deserialize)]
struct EventWire {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
}

/// Reads a record.
///
/// # Errors
/// When it is no JSON, or lacks what every record has.
pub fn parse(file: &str, bytes: &[u8]) -> Result<Record, serde_json::Error> {
    let wire: Wire = serde_json::from_slice(bytes)?;
    Ok(Record {
        id: wire.id,
        aliases: wire.aliases,
        summary: wire.summary,
        withdrawn: wire.withdrawn.is_some(),
        affected: wire.affected.into_iter().map(OsvAffected::read).collect(),
        schema: wire.schema_version,
        modified: wire.modified,
        file: file.to_owned(),
    })
}

impl OsvAffected {
    fn read(self) -> Affected {
        let mut affected = Affected {
            listed: self.versions,
            ..Affected::default()
        };
        if let Some(package) = self.package {
            affected
                .names
                .extend(package.purl.as_deref().and_then(purl).map(KnownName::Purl));
            // The ecosystem of Rust's crates is called after their registry.
            let of_crates = package
                .ecosystem
                .as_deref()
                .is_some_and(|name| name.split_once('.') == Some(("crates", "io")));
            if let Some(name) = package.name.filter(|_| of_crates) {
                affected
                    .names
                    .extend(purl(&format!("pkg:cargo/{name}")).map(KnownName::Purl));
            }
        }
        for range in self.ranges {
            if range.r#type.as_deref() == Some("GIT") {
                affected.names.extend(
                    range
                        .repo
                        .as_deref()
                        .and_then(repository)
                        .map(KnownName::Repository),
                );
                // The converter of CVEs keeps what it made commits of: versions in the form of
                // events.
                for key in ["versions", "extracted_events"] {
                    let events: Option<Vec<EventWire>> = range
                        .database_specific
                        .get(key)
                        .cloned()
                        .and_then(|events| serde_json::from_value(events).ok());
                    statements(&events.unwrap_or_default(), &mut affected);
                }
                affected.commits.push(commits(&range.events));
            } else {
                statements(&range.events, &mut affected);
            }
        }
        affected
    }
}

fn commits(events: &[EventWire]) -> Commits {
    let short = |commit: &String| commit.chars().take(12).collect::<String>();
    let told = events.iter().flat_map(|event| {
        let one = |word: &str, commit: &Option<String>| {
            commit
                .as_ref()
                .map(|commit| format!("{word} {}", short(commit)))
        };
        [
            one("introduced", &event.introduced),
            one("fixed", &event.fixed),
            one("last affected", &event.last_affected),
        ]
    });
    let told = told.flatten().collect::<Vec<_>>().join(", ");
    Commits {
        told,
        open: !events
            .iter()
            .any(|event| event.fixed.is_some() || event.last_affected.is_some()),
    }
}

/// What happens at a version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum OsvEvent {
    /// Before a fix in the same version, as the specification sorts them.
    Introduced,
    Fixed,
    LastAffected,
}

/// The ranges of `events`, which may come in any order: each begins where the vulnerability is
/// introduced and ends at the next fix, or after the last affected version. Source:
/// <https://ossf.github.io/osv-schema/#evaluation>.
fn statements(events: &[EventWire], affected: &mut Affected) {
    let mut changes = Vec::new();
    for event in events {
        for (change, text) in [
            (OsvEvent::Introduced, &event.introduced),
            (OsvEvent::Fixed, &event.fixed),
            (OsvEvent::LastAffected, &event.last_affected),
        ] {
            let Some(text) = text else { continue };
            // "0" is before all versions.
            let order = if change == OsvEvent::Introduced && text == "0" {
                None
            } else {
                Order::parse(text)
            };
            if order.is_none() && text != "0" {
                affected.unreadable.push(text.clone());
            } else {
                changes.push((order, change, text));
            }
        }
    }
    changes.sort();
    let mut begun: Option<(Bound<Order>, &str)> = None;
    let mut state = |low: &(Bound<Order>, &str), high: Bound<Order>, told: String| {
        let told = if low.1 == "0" {
            told
        } else {
            format!(
                ">= {}{}{told}",
                low.1,
                if told.is_empty() { "" } else { ", " }
            )
        };
        let told = if told.is_empty() {
            "all versions".to_owned()
        } else {
            told
        };
        affected.statements.push(Statement {
            interval: Interval {
                low: low.0.clone(),
                high,
            },
            claim: Claim::Affected,
            told,
        });
    };
    for (order, change, text) in changes {
        match (change, &begun, order) {
            (OsvEvent::Introduced, None, order) => {
                begun = Some((order.map_or(Bound::Unbounded, Bound::Included), text));
            }
            (OsvEvent::Fixed, Some(low), Some(order)) => {
                state(low, Bound::Excluded(order), format!("< {text}"));
                begun = None;
            }
            (OsvEvent::LastAffected, Some(low), Some(order)) => {
                state(low, Bound::Included(order), format!("<= {text}"));
                begun = None;
            }
            _ => {}
        }
    }
    if let Some(low) = begun {
        state(&low, Bound::Unbounded, String::new());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(affected: &Value) -> Affected {
        let record =
            json!({ "id": "X-1", "modified": "2026-01-01T00:00:00Z", "affected": [affected] });
        let mut record = parse("x.json", record.to_string().as_bytes()).expect("a record");
        record.affected.remove(0)
    }

    #[test]
    fn events_become_ranges_whatever_their_order() {
        let events = json!([{ "fixed": "1.2" }, { "introduced": "2.0" }, { "introduced": "0" }, { "last_affected": "2.5" }, { "introduced": "3" }]);
        let affected = read(&json!({ "ranges": [{ "type": "ECOSYSTEM", "events": events }] }));
        let told: Vec<_> = affected
            .statements
            .iter()
            .map(|statement| statement.told.as_str())
            .collect();
        assert_eq!(told, ["< 1.2", ">= 2.0, <= 2.5", ">= 3"]);
        let inside = |version: &str| {
            let order = Order::parse(version).expect("a version");
            affected
                .statements
                .iter()
                .any(|statement| statement.interval.contains(&order))
        };
        for (version, expected) in [
            ("0.1", true),
            ("1.1.9", true),
            ("1.2", false),
            ("2.0", true),
            ("2.5", true),
            ("2.5.1", false),
            ("3.0.1", true),
        ] {
            assert_eq!(inside(version), expected, "{version}");
        }
    }

    #[test]
    fn a_range_of_commits_keeps_its_repository_and_the_versions_that_it_was_made_of() {
        let range = json!({
            "type": "GIT", "repo": "https://github.com/madler/zlib",
            "events": [{ "introduced": "0" }, { "fixed": "da607da739fa6047df13e66a2af6b8bec7c2a498" }],
            "database_specific": { "versions": [{ "introduced": "0" }, { "fixed": "1.3.2" }] },
        });
        let affected = read(&json!({ "ranges": [range] }));
        assert_eq!(
            affected.names,
            [KnownName::Repository("github.com/madler/zlib".into())]
        );
        assert_eq!(affected.statements[0].told, "< 1.3.2");
        assert_eq!(
            affected.commits,
            [Commits {
                told: "introduced 0, fixed da607da739fa".into(),
                open: false
            }]
        );
    }

    #[test]
    fn a_packages_names_are_its_purl_and_for_crates_the_ecosystems() {
        let crates = ["crates", "io"].join(".");
        let affected =
            read(&json!({ "package": { "ecosystem": crates, "name": "libsqlite3-sys" } }));
        assert_eq!(
            affected.names,
            [KnownName::Purl("pkg:cargo/libsqlite3-sys".into())]
        );
        let affected = read(
            &json!({ "package": { "ecosystem": "OSS-Fuzz", "name": "zstd", "purl": "pkg:generic/zstd" } }),
        );
        assert_eq!(affected.names, [KnownName::Purl("pkg:generic/zstd".into())]);
        // A distribution's package of the same name has versions of its own.
        assert!(
            read(&json!({ "package": { "ecosystem": "Ubuntu:24.04:LTS", "name": "expat" } }))
                .names
                .is_empty()
        );
    }
}
