//! The order of upstream versions, which are seldom Semantic Versioning: `3.53.2`, `1.0.8`,
//! `1.3.1.2`, `5.3.3alpha`, `1.3.2-rc1`, `1.0.2k`.
//!
//! A version is a run of numbers, then words with runs of numbers behind them. Runs are compared
//! number by number, as if the shorter one went on with zeros. Words for what comes before a
//! release (`alpha`, `rc`) are less than nothing; all others, single letters too, are more, in the
//! alphabet's order. Build metadata (from `+`) and separators do not count.

use std::ops::{Bound, RangeBounds as _};

/// A version as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order(Vec<(VersionWord, Vec<u64>)>);

/// What stands before a run of numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum VersionWord {
    /// Before the release.
    Pre(u8),
    /// The version's end.
    End,
    /// The first run has the empty one.
    Post(String),
}

impl Order {
    /// `text` as it is compared; none where it is no version: a name, a sentence, a range.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        if !text.starts_with(|c: char| c.is_ascii_digit())
            || !text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-_.~".contains(c))
        {
            return None;
        }
        let text = text.split('+').next().unwrap_or(text).to_ascii_lowercase();
        let mut parts = vec![(VersionWord::Post(String::new()), Vec::new())];
        let mut rest = text.as_str();
        while let Some(first) = rest.chars().next() {
            let end =
                |fits: fn(&char) -> bool| rest.find(|c: char| !fits(&c)).unwrap_or(rest.len());
            let (token, after) = if first.is_ascii_digit() {
                rest.split_at(end(char::is_ascii_digit))
            } else if first.is_ascii_alphabetic() {
                rest.split_at(end(char::is_ascii_alphabetic))
            } else {
                rest = &rest[1..];
                continue;
            };
            rest = after;
            if first.is_ascii_alphabetic() {
                parts.push((word(token), Vec::new()));
            } else if let Some((_, numbers)) = parts.last_mut() {
                numbers.push(token.parse().unwrap_or(u64::MAX));
            }
        }
        for (_, numbers) in &mut parts {
            while numbers.last() == Some(&0) {
                numbers.pop();
            }
        }
        parts.push((VersionWord::End, Vec::new()));
        Some(Self(parts))
    }

    /// Whether it comes before a release.
    #[must_use]
    pub fn is_pre_release(&self) -> bool {
        self.0
            .iter()
            .any(|(word, _)| matches!(word, VersionWord::Pre(_)))
    }
}

fn word(text: &str) -> VersionWord {
    match text {
        "dev" => VersionWord::Pre(0),
        "alpha" => VersionWord::Pre(1),
        "beta" => VersionWord::Pre(2),
        "pre" | "preview" => VersionWord::Pre(3),
        "rc" => VersionWord::Pre(4),
        other => VersionWord::Post(other.to_owned()),
    }
}

/// The versions between two bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    pub low: Bound<Order>,
    pub high: Bound<Order>,
}

impl Interval {
    /// All versions.
    #[must_use]
    pub fn all() -> Self {
        Self {
            low: Bound::Unbounded,
            high: Bound::Unbounded,
        }
    }

    /// Exactly `version`.
    #[must_use]
    pub fn exactly(version: Order) -> Self {
        Self {
            low: Bound::Included(version.clone()),
            high: Bound::Included(version),
        }
    }

    /// Whether `version` is in it.
    #[must_use]
    pub fn contains(&self, version: &Order) -> bool {
        (self.low.as_ref(), self.high.as_ref()).contains(version)
    }

    /// What records write where a version is asked for: a version, `>= 5.3.3alpha, < 5.8.1`, `<
    /// 1.2`, `3.49.1 < 3.50`, `*`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "*" {
            return Some(Self::all());
        }
        if let Some(version) = Order::parse(text) {
            return Some(Self::exactly(version));
        }
        let mut interval = Self::all();
        for part in text.split(',') {
            let part = part.trim();
            let at = part.find(['<', '>', '='])?;
            let (before, rest) = part.split_at(at);
            let version = rest.trim_start_matches(['<', '>', '=']);
            let sign = &rest[..rest.len() - version.len()];
            let version = Order::parse(version)?;
            if !before.trim().is_empty() {
                // `A < B` is what A begins and B ends.
                if !sign.starts_with('<') {
                    return None;
                }
                interval.low = Bound::Included(Order::parse(before)?);
            }
            match sign {
                "<" => interval.high = Bound::Excluded(version),
                "<=" => interval.high = Bound::Included(version),
                ">" => interval.low = Bound::Excluded(version),
                ">=" => interval.low = Bound::Included(version),
                "=" | "==" => interval = Self::exactly(version),
                _ => return None,
            }
        }
        Some(interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn order(text: &str) -> Order {
        Order::parse(text).unwrap_or_else(|| panic!("{text} is a version"))
    }

    #[test]
    fn versions_are_ordered_as_their_upstreams_order_them() {
        let ascending = [
            "0.9",
            "1.0",
            "1.0.1",
            "1.0.2a",
            "1.0.2k",
            "1.0.8",
            "1.2.4-pre1",
            "1.2.4",
            "1.2.4.1",
            "1.2.10",
            "1.2.13",
            "1.3",
            "1.3.1",
            "1.3.1.2",
            "1.3.2-rc1",
            "1.3.2-rc2",
            "1.3.2",
            "2.41.5",
            "3.9",
            "3.39.2",
            "3.50.2",
            "3.53.2",
            "5.3.3alpha",
            "5.3.3beta",
            "5.3.3",
            "5.8.3",
        ];
        for pair in ascending.windows(2) {
            assert!(order(pair[0]) < order(pair[1]), "{} < {}", pair[0], pair[1]);
        }
    }

    #[test]
    fn what_is_written_otherwise_may_be_the_same_version_and_what_is_none_is_refused() {
        for (one, other) in [
            ("1.0", "1"),
            ("1.0.0", "1"),
            ("v1.3.2", "1.3.2"),
            ("1.3.2rc1", "1.3.2-rc.1"),
            ("0.1.13+1.0.8", "0.1.13"),
            ("2_8_3", "2.8.3"),
        ] {
            assert_eq!(order(one), order(other), "{one} {other}");
        }
        for text in [
            "",
            "n/a",
            "unspecified",
            "Fixed in gzip 1.12",
            "through 1.3",
            "< 1.2",
            "1.2 and later",
            "*",
        ] {
            assert_eq!(Order::parse(text), None, "{text}");
        }
        assert!(order("1.3.2-rc1").is_pre_release() && !order("1.0.2k").is_pre_release());
    }

    #[test]
    fn ranges_in_words_hold_what_they_say() {
        let table = [
            (
                ">= 5.3.3alpha, < 5.8.1",
                &["5.3.3alpha", "5.8.0"][..],
                &["5.3.2", "5.8.1"][..],
            ),
            ("< 1.2", &["0", "1.1.9"], &["1.2", "1.2.0"]),
            ("<= 1.3", &["1.3", "1.3.0"], &["1.3.1"]),
            ("3.49.1 < 3.50", &["3.49.1", "3.49.2"], &["3.49", "3.50"]),
            ("= 2.0", &["2"], &["2.0.1"]),
            ("> 1, <= 2", &["1.0.1", "2"], &["1"]),
            ("1.2.11", &["1.2.11"], &["1.2.12"]),
            ("*", &["0", "99"], &[]),
        ];
        for (text, inside, outside) in table {
            let interval = Interval::parse(text).unwrap_or_else(|| panic!("{text} is a range"));
            for version in inside {
                assert!(interval.contains(&order(version)), "{version} in {text}");
            }
            for version in outside {
                assert!(
                    !interval.contains(&order(version)),
                    "{version} not in {text}"
                );
            }
        }
        for text in [
            "n/a",
            "before 2.7",
            "1.0 > 2",
            "<",
            "< x",
            "Fixed in 1.2, 1.3",
        ] {
            assert_eq!(Interval::parse(text), None, "{text}");
        }
    }

    fn version() -> impl Strategy<Value = String> {
        "[0-9]{1,2}(\\.[0-9]{1,2}){0,3}(-?(rc|alpha|beta|pre|a|k)[0-9]{0,2}){0,2}"
    }

    proptest! {
        #[test]
        fn the_order_is_total(a in version(), b in version(), c in version()) {
            let [a, b, c] = [order(&a), order(&b), order(&c)];
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
        }

        #[test]
        fn a_further_number_is_a_later_version_and_a_further_zero_the_same(version in "[0-9]{1,3}(\\.[0-9]{1,3}){0,3}", more in 1u32..99) {
            let (later, same, before) = (format!("{version}.{more}"), format!("{version}.0"), format!("{version}rc{more}"));
            prop_assert!(order(&later) > order(&version));
            prop_assert_eq!(order(&same), order(&version));
            prop_assert!(order(&before) < order(&version));
        }

        #[test]
        fn any_text_can_be_tried(text in ".*") {
            let _ = (Order::parse(&text), Interval::parse(&text));
        }
    }
}
