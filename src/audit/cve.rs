//! Records of the CVE Record Format 5.0 to 5.2, as the CVE list publishes them;
//! <https://cveproject.github.io/cve-schema/schema/docs/>. Containers of all publishers count: that
//! of the CNA and those that were added. What is absent or unknown is passed over.

use std::ops::Bound;

use serde::Deserialize;

use super::names::{KnownName, cpe, product, purl, repository};
use super::order::{Interval, Order};
use super::record::{Affected, Claim, Commits, Record, Statement};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    data_version: Option<String>,
    cve_metadata: MetadataWire,
    #[serde(default)]
    containers: ContainersWire,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetadataWire {
    cve_id: String,
    state: Option<String>,
    date_updated: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ContainersWire {
    cna: ContainerWire,
    adp: Vec<ContainerWire>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ContainerWire {
    title: Option<String>,
    descriptions: Vec<DescriptionWire>,
    affected: Vec<CveAffected>,
    cpe_applicability: Vec<ApplicabilityWire>,
}

#[derive(Deserialize)]
struct DescriptionWire {
    value: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CveAffected {
    vendor: Option<String>,
    product: Option<String>,
    #[serde(rename = "collectionURL")]
    collection_url: Option<String>,
    package_name: Option<String>,
    #[serde(rename = "packageURL")]
    package_url: Option<String>,
    repo: Option<String>,
    cpes: Vec<String>,
    program_files: Vec<String>,
    default_status: Option<String>,
    versions: Vec<VersionWire>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct VersionWire {
    version: Option<String>,
    status: Option<String>,
    less_than: Option<String>,
    less_than_or_equal: Option<String>,
    version_type: Option<String>,
    changes: Vec<ChangeWire>,
}

#[derive(Deserialize)]
struct ChangeWire {
    at: Option<String>,
    status: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ApplicabilityWire {
    nodes: Vec<NodeWire>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NodeWire {
    negate: bool,
    cpe_match: Vec<CpeMatchWire>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CpeMatchWire {
    vulnerable: bool,
    criteria: String,
    version_start_including: Option<String>,
    version_start_excluding: Option<String>,
    version_end_including: Option<String>,
    version_end_excluding: Option<String>,
}

/// Reads a record.
///
/// # Errors
/// When it is no JSON, or lacks what every record has.
pub fn parse(file: &str, bytes: &[u8]) -> Result<Record, serde_json::Error> {
    let Wire {
        data_version,
        cve_metadata,
        containers: ContainersWire { cna, adp },
    } = serde_json::from_slice(bytes)?;
    let described = cna
        .descriptions
        .iter()
        .find_map(|description| description.value.clone());
    let summary = cna
        .title
        .clone()
        .or_else(|| described.map(|text| first_sentence(&text)))
        .unwrap_or_default();
    let mut affected = Vec::new();
    for container in std::iter::once(cna).chain(adp) {
        affected.extend(container.affected.into_iter().map(CveAffected::read));
        let nodes = container
            .cpe_applicability
            .into_iter()
            .flat_map(|applicability| applicability.nodes);
        affected.extend(nodes.flat_map(NodeWire::read));
    }
    Ok(Record {
        id: cve_metadata.cve_id,
        aliases: Vec::new(),
        summary,
        withdrawn: cve_metadata
            .state
            .is_some_and(|state| state.eq_ignore_ascii_case("rejected")),
        affected,
        schema: data_version,
        modified: cve_metadata.date_updated,
        file: file.to_owned(),
    })
}

fn first_sentence(text: &str) -> String {
    text.split_inclusive(". ")
        .next()
        .unwrap_or(text)
        .trim()
        .to_owned()
}

fn claim(status: Option<&str>) -> Claim {
    match status {
        Some("affected") => Claim::Affected,
        Some("unaffected") => Claim::Unaffected,
        _ => Claim::Unknown,
    }
}

impl CveAffected {
    fn read(self) -> Affected {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let collection = text(&self.collection_url);
        // A collection may be the repository itself, or the place in which the package is a
        // repository.
        let within = format!(
            "{}/{}",
            collection.trim_end_matches('/'),
            text(&self.package_name)
        );
        let repositories = [text(&self.repo), collection, within];
        let mut names: Vec<_> = repositories
            .iter()
            .filter_map(|url| repository(url))
            .map(KnownName::Repository)
            .collect();
        names.extend(
            self.package_url
                .as_deref()
                .and_then(purl)
                .map(KnownName::Purl),
        );
        names.extend(product(&text(&self.vendor), &text(&self.product)).map(KnownName::Product));
        names.extend(self.cpes.iter().filter_map(|text| cpe(text)));
        let by_default = self.default_status.as_deref() == Some("affected");
        let mut affected = Affected {
            names,
            by_default,
            files: self.program_files,
            ..Affected::default()
        };
        for version in self.versions {
            version.read(&mut affected);
        }
        affected
    }
}

impl VersionWire {
    fn read(self, affected: &mut Affected) {
        let version = self.version.unwrap_or_default();
        let status = claim(self.status.as_deref());
        let until = self
            .less_than
            .as_ref()
            .map(|text| ("<", text))
            .or(self.less_than_or_equal.as_ref().map(|text| ("<=", text)));
        let told = match until {
            Some((sign, until)) if version == "0" => format!("{sign} {until}"),
            Some((sign, until)) => format!(">= {version}, {sign} {until}"),
            None => version.clone(),
        };
        if self.version_type.as_deref() == Some("git") {
            if status == Claim::Affected {
                affected.commits.push(Commits { told, open: false });
            }
            return;
        }
        let interval = match until {
            None => Interval::parse(&version),
            Some((sign, until)) => bounds(&version, sign, until),
        };
        let Some(interval) = interval else {
            // That something unreadable is not affected changes nothing.
            if status != Claim::Unaffected {
                affected.unreadable.push(told);
            }
            return;
        };
        // From each change on, the range has another status.
        let mut changes: Vec<_> = self
            .changes
            .iter()
            .filter_map(|change| {
                Some((
                    Order::parse(change.at.as_deref()?)?,
                    claim(change.status.as_deref()),
                ))
            })
            .collect();
        changes.sort_by(|(one, _), (other, _)| one.cmp(other));
        let mut low = interval.low;
        let mut now = status;
        for (at, next) in changes {
            let part = Interval {
                low,
                high: Bound::Excluded(at.clone()),
            };
            affected.statements.push(Statement {
                interval: part,
                claim: now,
                told: told.clone(),
            });
            (low, now) = (Bound::Included(at), next);
        }
        affected.statements.push(Statement {
            interval: Interval {
                low,
                high: interval.high,
            },
            claim: now,
            told,
        });
    }
}

fn bounds(from: &str, sign: &str, until: &str) -> Option<Interval> {
    let low = if matches!(from, "0" | "*" | "" | "unspecified" | "n/a") {
        Bound::Unbounded
    } else {
        Bound::Included(Order::parse(from)?)
    };
    let high = match (until, sign) {
        ("*", _) => Bound::Unbounded,
        (until, "<") => Bound::Excluded(Order::parse(until)?),
        (until, _) => Bound::Included(Order::parse(until)?),
    };
    Some(Interval { low, high })
}

impl NodeWire {
    /// Each CPE by itself: that another product must be there too makes no difference to whether
    /// the code is.
    fn read(self) -> Vec<Affected> {
        let negated = self.negate;
        self.cpe_match
            .into_iter()
            .filter(|one| one.vulnerable)
            .map(|one| one.read(negated))
            .collect()
    }
}

impl CpeMatchWire {
    fn read(self, negated: bool) -> Affected {
        let mut affected = Affected {
            names: cpe(&self.criteria).into_iter().collect(),
            ..Affected::default()
        };
        let low = [
            (">=", &self.version_start_including),
            (">", &self.version_start_excluding),
        ];
        let high = [
            ("<=", &self.version_end_including),
            ("<", &self.version_end_excluding),
        ];
        let told: Vec<_> = low
            .iter()
            .chain(&high)
            .filter_map(|(sign, version)| Some(format!("{sign} {}", version.as_ref()?)))
            .collect();
        let told = if told.is_empty() {
            "*".to_owned()
        } else {
            told.join(", ")
        };
        match Interval::parse(&told) {
            Some(interval) if !negated => affected.statements.push(Statement {
                interval,
                claim: Claim::Affected,
                told,
            }),
            _ => affected
                .unreadable
                .push(if negated { format!("not {told}") } else { told }),
        }
        affected
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(affected: &Value) -> Affected {
        let record = json!({ "cveMetadata": { "cveId": "CVE-1" }, "containers": { "cna": { "affected": [affected] } } });
        let mut record = parse("x.json", record.to_string().as_bytes()).expect("a record");
        record.affected.remove(0)
    }

    fn claimed(affected: &Affected, version: &str) -> Option<Claim> {
        let order = Order::parse(version).expect("a version");
        affected
            .statements
            .iter()
            .find(|statement| statement.interval.contains(&order))
            .map(|statement| statement.claim)
    }

    #[test]
    fn ranges_end_before_or_with_their_end_and_statuses_change_within() {
        let affected = read(&json!({ "versions": [
            { "version": "0", "lessThan": "1.2", "status": "affected", "versionType": "semver" },
            { "version": "2.0", "lessThanOrEqual": "2.5", "status": "affected", "changes": [{ "at": "2.3", "status": "unaffected" }] },
            { "version": "3.1", "status": "affected" },
            { "version": "4.0", "lessThan": "*", "status": "unaffected" },
        ] }));
        let table = [
            ("0.5", Some(Claim::Affected)),
            ("1.2", None),
            ("2.2.9", Some(Claim::Affected)),
            ("2.3", Some(Claim::Unaffected)),
            ("2.5", Some(Claim::Unaffected)),
            ("2.6", None),
            ("3.1.0", Some(Claim::Affected)),
            ("3.1.1", None),
            ("99", Some(Claim::Unaffected)),
        ];
        for (version, expected) in table {
            assert_eq!(claimed(&affected, version), expected, "{version}");
        }
    }

    #[test]
    fn prose_is_kept_as_unreadable_and_commits_apart() {
        let affected = read(&json!({ "versions": [
            { "version": "Fixed in gzip 1.12", "status": "affected" },
            { "version": "n/a", "status": "unaffected" },
            { "version": "1da177e4c3f4", "lessThan": "610a81ecf959", "status": "affected", "versionType": "git" },
        ] }));
        assert_eq!(affected.unreadable, ["Fixed in gzip 1.12"]);
        assert_eq!(affected.commits.len(), 1);
        assert!(affected.statements.is_empty());
    }

    #[test]
    fn a_repository_is_known_by_each_of_the_ways_in_which_records_name_it() {
        let zlib = KnownName::Repository("github.com/madler/zlib".into());
        for entry in [
            json!({ "repo": "https://github.com/madler/zlib" }),
            json!({ "collectionURL": "https://github.com/madler/zlib/", "packageName": "zlib" }),
            json!({ "collectionURL": "https://github.com", "packageName": "madler/zlib" }),
        ] {
            assert!(read(&entry).names.contains(&zlib), "{entry}");
        }
    }
}
