//! Debian's changelogs as advisories: which vulnerabilities a package's maintainers say that a
//! version fixes. The form is that of deb-changelog(5); versions are ordered as in deb-version(7).
//!
//! An entry names what was fixed, not which versions had it: from it follows that an earlier
//! version may be affected, and no more.

use std::collections::BTreeMap;

use debversion::Version as DebianVersion;

use super::downstream::Downstream;
use super::names::KnownName;
use super::record::{Affected, Record};
use crate::model::VulnerabilityId;

/// The greatest of `versions`, Debian's, by Debian's rules; what is no version is passed over.
#[must_use]
pub fn newest<'v>(versions: impl Iterator<Item = &'v str>) -> Option<&'v str> {
    versions
        .filter_map(|text| Some((text.parse::<DebianVersion>().ok()?, text)))
        .max()
        .map(|(_, text)| text)
}

/// Upstream's version in a version of Debian's, without epoch, revision and the marks of a repacked
/// or reverted archive: `1:1.3.dfsg+really1.3.2-4` is 1.3.2, `1.5.7+dfsg-4` is 1.5.7. Source:
/// Debian Policy 5.6.12, Developer's Reference 6.7.8.
#[must_use]
pub fn upstream(version: &str) -> &str {
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    let version = version
        .rsplit_once('-')
        .map_or(version, |(upstream, _)| upstream);
    let version = version
        .split_once("+really")
        .map_or(version, |(_, really)| really);
    let end = ["+dfsg", ".dfsg", "~dfsg", "+ds", ".ds", "~ds", "+repack"]
        .iter()
        .filter_map(|mark| version.find(mark))
        .min();
    &version[..end.unwrap_or(version.len())]
}

/// An entry of a changelog.
#[derive(Debug, PartialEq, Eq)]
struct ChangelogEntry<'t> {
    source: &'t str,
    version: &'t str,
    suite: &'t str,
    date: &'t str,
    /// The text of each change, its lines joined.
    items: Vec<String>,
}

/// The entries of `text`, newest first as they are written. What stands before the first heading is
/// passed over.
fn entries(text: &str) -> Vec<ChangelogEntry<'_>> {
    let mut entries: Vec<ChangelogEntry<'_>> = Vec::new();
    for line in text.lines() {
        if let Some((source, version, suite)) = heading(line) {
            entries.push(ChangelogEntry {
                source,
                version,
                suite,
                date: "",
                items: Vec::new(),
            });
            continue;
        }
        let Some(entry) = entries.last_mut() else {
            continue;
        };
        let words = line.trim();
        if words.is_empty() {
            continue;
        }
        if let Some(trailer) = line.strip_prefix(" -- ") {
            // `Sun, 25 Oct 2026 22:40:02 +0000`: the day is enough.
            let date = trailer
                .rsplit_once("  ")
                .map_or("", |(_, date)| date.trim());
            entry.date = date
                .split_once(", ")
                .and_then(|(_, rest)| rest.get(..rest.find(':')?.checked_sub(3)?))
                .unwrap_or(date);
        } else if words.starts_with(['*', '-', '+', '[']) || entry.items.is_empty() {
            entry
                .items
                .push(words.trim_start_matches(['*', '-', '+', ' ']).to_owned());
        } else if let Some(item) = entry.items.last_mut() {
            *item = format!("{item} {words}");
        }
    }
    entries
}

/// `zlib (1:1.3.dfsg+really1.3.2-4) unstable; urgency=low`.
fn heading(line: &str) -> Option<(&str, &str, &str)> {
    if !line.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()) {
        return None;
    }
    let (source, rest) = line.split_once(" (")?;
    let (version, rest) = rest.split_once(')')?;
    let (suites, _) = rest.split_once(';')?;
    (!source.contains(' ') && version.parse::<DebianVersion>().is_ok())
        .then(|| (source, version, suites.trim()))
}

/// The vulnerabilities that `text` names, each once.
fn named(text: &str) -> Vec<VulnerabilityId> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let mut ids: Vec<VulnerabilityId> = words
        .filter(|word| word.starts_with("CVE-") || word.starts_with("GHSA-"))
        .filter_map(|word| word.parse().ok())
        .collect();
    ids.sort();
    ids.dedup();
    ids
}

/// Whether a change says that Debian's own patch makes it, and does not only drop one that upstream
/// has now.
fn is_patch(item: &str) -> bool {
    let text = item.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    has(&["backport", "patch", "cherry"]) && !has(&["drop", "remov", "refresh", "obsolete"])
}

/// The source package of the changelog `text`, and its records, one a vulnerability; `file` is how
/// messages call it. `None` where it is no changelog.
#[must_use]
pub fn parse(file: &str, text: &str) -> Option<(String, Vec<Record>)> {
    let entries = entries(text);
    let source = entries.first()?.source.to_owned();
    let mut records: BTreeMap<VulnerabilityId, (String, Vec<Downstream>)> = BTreeMap::new();
    for (number, entry) in entries.iter().enumerate() {
        let of = upstream(entry.version);
        // The oldest entry of a changelog that was cut off tells nothing of what was before it.
        let first = entries
            .get(number + 1)
            .is_some_and(|before| upstream(before.version) != of);
        for item in &entry.items {
            for id in named(item) {
                let fixed = Downstream {
                    version: entry.version.to_owned(),
                    upstream: of.to_owned(),
                    suite: entry.suite.to_owned(),
                    date: entry.date.to_owned(),
                    in_release: first && !is_patch(item),
                };
                records
                    .entry(id)
                    .or_insert_with(|| (item.clone(), Vec::new()))
                    .1
                    .push(fixed);
            }
        }
    }
    let record =
        |(id, (summary, downstream)): (VulnerabilityId, (String, Vec<Downstream>))| Record {
            id: id.to_string(),
            aliases: Vec::new(),
            summary,
            withdrawn: false,
            affected: vec![Affected {
                names: vec![KnownName::Debian(source.clone())],
                downstream,
                ..Affected::default()
            }],
            schema: None,
            modified: None,
            file: file.to_owned(),
        };
    let records = records.into_iter().map(record).collect();
    Some((source, records))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// In the forms that real ones have: sub-items, several names in a line, a trailer without a
    /// blank line before it, an entry of several people.
    const TEXT: &str = "\
lib (1:1.3.dfsg+really1.3.2-4) unstable; urgency=low

  * Take upstream's patch for a write past the end
    (CVE-2026-0004) (Closes: #1).
  * Take a look at CVE-2026-0004 again.

 -- A Person <a@example.org>  Sun, 25 Oct 2026 22:40:02 +0000

lib (1:1.3.dfsg+really1.3.2-1) unstable; urgency=high

  [ Another Person ]
  * New upstream release:
    - fixes CVE-2026-0002 and CVE-2026-0003: a loop that
      does not end,
    - Backport a fix for GHSA-5qpq-xqfv-j9pg
  * Drop the patch for CVE-2026-0005, which is in the release.
 -- A Person <a@example.org>  Wed, 01 Apr 2026 00:00:00 +0000

lib (1:1.3.1-1) unstable; urgency=medium

  * Backport a fix of CVE-2026-0001.

 -- A Person <a@example.org>  Thu, 01 Jan 2026 00:00:00 +0000
";

    fn found(ours: &str) -> Vec<String> {
        let (_, records) = parse("lib.changelog", TEXT).expect("a changelog");
        let after = |record: &&Record| {
            record.affected[0]
                .downstream
                .iter()
                .any(|fixed| fixed.is_after(ours))
        };
        records
            .iter()
            .filter(after)
            .map(|record| record.id.clone())
            .collect()
    }

    #[test]
    fn what_is_fixed_in_a_later_release_or_by_a_patch_on_ours_concerns_ours() {
        assert_eq!(found("1.3.2"), ["CVE-2026-0004", "GHSA-5qpq-xqfv-j9pg"]);
        assert_eq!(
            found("1.3.1"),
            [
                "CVE-2026-0001",
                "CVE-2026-0002",
                "CVE-2026-0003",
                "CVE-2026-0004",
                "CVE-2026-0005",
                "GHSA-5qpq-xqfv-j9pg"
            ]
        );
        assert_eq!(found("1.3.10"), [""; 0], "versions are no texts");
        let (source, records) = parse("lib.changelog", TEXT).expect("a changelog");
        assert_eq!(source, "lib");
        let two = &records[1];
        assert_eq!(
            (two.id.as_str(), two.summary.as_str()),
            (
                "CVE-2026-0002",
                "fixes CVE-2026-0002 and CVE-2026-0003: a loop that does not end,"
            )
        );
        let fixed = &two.affected[0].downstream[0];
        assert_eq!(
            (fixed.version.as_str(), fixed.suite.as_str()),
            ("1:1.3.dfsg+really1.3.2-1", "unstable")
        );
        assert_eq!(fixed.date, "01 Apr 2026");
        assert_eq!(two.affected[0].names, [KnownName::Debian("lib".into())]);
    }

    #[test]
    fn upstreams_version_is_found_in_debians() {
        for (debian, expected) in [
            ("2.9.0-1", "2.9.0"),
            ("1:1.3.dfsg+really1.3.2-4", "1.3.2"),
            ("1.5.7+dfsg-4", "1.5.7"),
            ("2.41.5-0+deb13u1", "2.41.5"),
            ("5.6.1+really5.4.5-1", "5.4.5"),
            ("2.42~rc1-1", "2.42~rc1"),
            ("3.46.1", "3.46.1"),
        ] {
            assert_eq!(upstream(debian), expected, "{debian}");
        }
        assert_eq!(
            newest(["1:1.0-1", "2.0-1", "1:1.0~rc1-1", "no version!"].into_iter()),
            Some("1:1.0-1")
        );
        assert!(
            Downstream {
                upstream: "2.42~rc1".into(),
                in_release: true,
                ..fixed_in("2.42~rc1")
            }
            .is_after("2.41.5")
        );
        assert!(
            !Downstream {
                upstream: "2.42~rc1".into(),
                in_release: true,
                ..fixed_in("2.42~rc1")
            }
            .is_after("2.42")
        );
    }

    fn fixed_in(upstream: &str) -> Downstream {
        let (suite, date) = (String::new(), String::new());
        Downstream {
            version: format!("{upstream}-1"),
            upstream: upstream.into(),
            suite,
            date,
            in_release: false,
        }
    }

    #[test]
    fn a_text_without_a_heading_is_no_changelog_and_one_without_vulnerabilities_has_no_records() {
        for text in [
            "",
            "{\"id\": \"X-1\"}",
            "Version 2.9 (2026)\n  * CVE-2026-0001\n",
            "lib 1.0 unstable; urgency=low\n",
        ] {
            assert_eq!(parse("x", text), None, "{text}");
        }
        assert_eq!(
            parse(
                "x",
                "lib (1.0-1) unstable; urgency=low\n\n  * CVE-26-1, a CVE.\n"
            ),
            Some(("lib".to_owned(), Vec::new()))
        );
    }

    proptest! {
        #[test]
        fn any_text_can_be_tried(text: String, tail in "[a-z]* \\(.*\\) .*; .*\n.*") {
            let _ = parse("x", &text);
            let _ = parse("x", &tail);
        }
    }
}
