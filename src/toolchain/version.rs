//! The `VERSION` file of an SDK, in the form that wasi-sdk's `version.py dump` writes: the release
//! on the first line, then `key: value`.

use std::collections::BTreeMap;

/// Put behind the release by an SDK of Debian's packages, as wasi-sdk's own `+m` marks one whose
/// sources were changed.
pub(super) const DEBIAN_MARK: &str = "+debian";

/// What an SDK says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SdkVersion {
    /// The first line (`25.0`); empty where there is no file.
    pub text: String,
    /// The abbreviated commit of wasi-libc.
    pub wasi_libc: Option<String>,
    /// The version of LLVM.
    pub llvm: Option<String>,
}

impl SdkVersion {
    /// Reads the text of a `VERSION` file.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut lines = text.lines().map(str::trim);
        let first = lines.next().unwrap_or_default().to_owned();
        let mut fields: BTreeMap<&str, &str> =
            lines.filter_map(|line| line.split_once(": ")).collect();
        let mut take = |key| fields.remove(key).map(str::to_owned);
        Self {
            text: first,
            wasi_libc: take("wasi-libc"),
            llvm: take("llvm-version"),
        }
    }

    /// The text of a `VERSION` file that says the same.
    #[must_use]
    pub fn to_text(&self) -> String {
        let line = |key: &str, value: &Option<String>| {
            value
                .as_ref()
                .map(|value| format!("{key}: {value}\n"))
                .unwrap_or_default()
        };
        format!(
            "{}\n{}{}",
            self.text,
            line("wasi-libc", &self.wasi_libc),
            line("llvm-version", &self.llvm)
        )
    }

    /// The number of the release that it is, unchanged (`25` of `25.0`).
    #[must_use]
    pub fn release(&self) -> Option<&str> {
        let (major, minor) = self.text.split_once('.')?;
        (minor == "0" && is_number(major)).then_some(major)
    }

    /// The number of the release whose parts it has, where it was put together from Debian's
    /// packages.
    #[must_use]
    pub fn debian(&self) -> Option<&str> {
        self.text
            .strip_suffix(DEBIAN_MARK)?
            .split_once('.')
            .map(|(major, _)| major)
    }

    /// For ordering: a later release is greater, one without a number least.
    pub(super) fn order(&self) -> u32 {
        self.text
            .split('.')
            .next()
            .and_then(|major| major.parse().ok())
            .unwrap_or(0)
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASE_25: &str = "25.0\nwasi-libc: 574b88da4815\nllvm: ab4b5a2db582\nllvm-version: 19.1.5\nconfig: 528ef39d33ec\n";

    #[test]
    fn a_releases_file_tells_its_number_and_the_parts_it_is_made_of() {
        let version = SdkVersion::parse(RELEASE_25);
        assert_eq!(version.release(), Some("25"));
        assert_eq!(version.debian(), None);
        assert_eq!(version.wasi_libc.as_deref(), Some("574b88da4815"));
        assert_eq!(version.llvm.as_deref(), Some("19.1.5"));
    }

    #[test]
    fn a_changed_or_unnumbered_sdk_is_no_release() {
        for text in [
            "",
            "25.0+m",
            "25.3g317548590b40",
            "twenty-five.0",
            "25.0+debian",
        ] {
            assert_eq!(SdkVersion::parse(text).release(), None, "{text}");
        }
    }

    #[test]
    fn the_mark_of_debians_sdk_survives_the_file() {
        let version = SdkVersion {
            text: format!("25.0{DEBIAN_MARK}"),
            wasi_libc: Some("574b88da4815".into()),
            llvm: Some("19.1.7".into()),
        };
        let read = SdkVersion::parse(&version.to_text());
        assert_eq!(read, version);
        assert_eq!(read.debian(), Some("25"));
    }

    #[test]
    fn releases_are_ordered_by_number_not_by_text() {
        assert!(SdkVersion::parse("9.0").order() < SdkVersion::parse("25.0").order());
    }
}
