//! What changes in the lock when a source is locked anew.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::model::{LockedSource, Origin, RelPath, Sha256};

/// A field of the lock that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// `version`, `inputs`, `origin https://…`, `patch 0001-….patch`, `overlay config.h`.
    pub field: String,
    /// Absent for what is new.
    pub old: Option<String>,
    /// Absent for what goes.
    pub new: Option<String>,
}

/// What a move takes from a source's safety, unasked: origins that stood for each other, and tests.
pub(super) fn lost(old: Option<&LockedSource>, new: &LockedSource) -> Vec<String> {
    let before = old.map_or(0, |old| old.origins.len());
    let mut lost = Vec::new();
    if let [only] = &new.origins[..] {
        let before = if before > 1 {
            format!(" of {before}")
        } else {
            String::new()
        };
        lost.push(format!(
            "only one origin is left{before}: {}; nothing can replace it, and nothing confirms it",
            only.place
        ));
    }
    if new.tests.is_none() && old.is_some_and(|old| old.tests.is_some()) {
        lost.push("the lock had its tests, and no suite is written for this version: add it to `versions` in tests.toml".to_owned());
    }
    lost
}

/// What differs between `old` and `new`, in the lock's order.
pub(super) fn moved(old: Option<&LockedSource>, new: &LockedSource) -> Vec<Moved> {
    let fields = |source: &LockedSource| -> Vec<(String, String)> {
        let origin = |origin: &Origin| {
            let size = origin
                .size
                .map_or_else(|| "unknown size".to_owned(), |size| format!("{size} bytes"));
            (
                format!("origin {}", origin.place),
                format!("{} ({size}), inputs below `{}`", origin.sha256, origin.root),
            )
        };
        let file = |what: &str, (path, sha256): (&RelPath, &Sha256)| {
            (format!("{what} {path}"), sha256.to_string())
        };
        let mut fields = vec![
            ("version".to_owned(), source.version.to_string()),
            ("inputs".to_owned(), source.inputs.to_string()),
        ];
        let includes = |includes: &BTreeSet<RelPath>| {
            let paths: Vec<&str> = includes.iter().map(RelPath::as_str).collect();
            paths.join(", ")
        };
        if !source.includes.is_empty() {
            fields.push(("includes".to_owned(), includes(&source.includes)));
        }
        for locked in &source.origins {
            fields.push(origin(locked));
            fields.extend(
                locked
                    .sha512
                    .map(|digest| (format!("SHA-512 of {}", locked.place), digest.to_string())),
            );
            fields.extend(
                locked
                    .swhid
                    .map(|id| (format!("SWHID of {}", locked.place), id.to_string())),
            );
        }
        fields.extend(source.patches.iter().map(|entry| file("patch", entry)));
        fields.extend(source.overlays.iter().map(|entry| file("overlay", entry)));
        for compared in &source.compared {
            let paths: Vec<_> = compared.differences.keys().map(RelPath::as_str).collect();
            let text = format!("{}, other in {}", compared.origin.sha256, paths.join(", "));
            fields.push((format!("compared with {}", compared.origin.place), text));
        }
        if let Some(tests) = &source.tests {
            fields.push(("inputs of tests".to_owned(), tests.inputs.to_string()));
            if !tests.includes.is_empty() {
                fields.push(("includes of tests".to_owned(), includes(&tests.includes)));
            }
            fields.extend(tests.origins.iter().map(|origin| {
                (
                    format!("origin of tests {}", origin.place),
                    origin.sha256.to_string(),
                )
            }));
            fields.extend(
                tests
                    .patches
                    .iter()
                    .map(|entry| file("patch of tests", entry)),
            );
            fields.extend(
                tests
                    .overlays
                    .iter()
                    .map(|entry| file("overlay of tests", entry)),
            );
        }
        fields
    };
    let before = old.map(fields).unwrap_or_default();
    let after = fields(new);
    let value = |fields: &[(String, String)], field: &str| {
        fields
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, value)| value.clone())
    };
    let gone = before
        .iter()
        .filter(|(field, _)| value(&after, field).is_none());
    let gone = gone.map(|(field, old)| Moved {
        field: field.clone(),
        old: Some(old.clone()),
        new: None,
    });
    let changed = after
        .iter()
        .filter(|(field, new)| value(&before, field).as_ref() != Some(new));
    let changed = changed.map(|(field, new)| Moved {
        field: field.clone(),
        old: value(&before, field),
        new: Some(new.clone()),
    });
    changed.chain(gone).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::model::{LockedTests, Place};

    fn source(version: &str, url: &str, text: &str) -> LockedSource {
        let origin = Origin::new(
            Place::Url(url.parse().expect("a URL")),
            "r".into(),
            Sha256::of(text.as_bytes()),
            Some(3),
        );
        LockedSource {
            version: version.parse().expect("a version"),
            inputs: Sha256::of(text.as_bytes()),
            includes: BTreeSet::new(),
            origins: vec![origin],
            patches: BTreeMap::new(),
            tests: None,
            compared: Vec::new(),
            overlays: BTreeMap::new(),
        }
    }

    #[test]
    fn a_move_that_loses_origins_or_tests_says_so() {
        let one = source("2", "https://example.org/2", "a");
        let mut two = one.clone();
        two.origins
            .extend(source("2", "https://example.net/2", "a").origins);
        two.tests = Some(LockedTests {
            inputs: one.inputs,
            includes: BTreeSet::new(),
            origins: one.origins.clone(),
            patches: BTreeMap::new(),
            overlays: BTreeMap::new(),
        });
        assert!(
            lost(None, &two).is_empty()
                && lost(Some(&one), &two).is_empty()
                && lost(Some(&two), &two).is_empty()
        );
        assert_eq!(lost(Some(&two), &one).len(), 2);
        assert!(
            lost(Some(&two), &one)[0]
                .contains("only one origin is left of 2: https://example.org/2"),
            "{:?}",
            lost(Some(&two), &one)
        );
        assert_eq!(lost(None, &one).len(), 1);
    }

    #[test]
    fn what_moved_names_changed_new_and_gone_fields_and_no_others() {
        let old = source("1", "https://example.org/1", "a");
        let new = source("2", "https://example.org/2", "a");
        let fields: Vec<_> = moved(Some(&old), &new)
            .into_iter()
            .map(|m| (m.field, m.old.is_some(), m.new.is_some()))
            .collect();
        let expected = [
            ("version", true, true),
            ("origin https://example.org/2", false, true),
            ("origin https://example.org/1", true, false),
        ];
        assert_eq!(
            fields,
            expected.map(|(field, old, new)| (field.to_owned(), old, new))
        );
        assert!(moved(Some(&old), &old).is_empty());
    }
}
