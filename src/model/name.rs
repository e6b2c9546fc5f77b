//! Names, versions, relative paths: each a type of its own, made only by parsing. Those of which a
//! recipe has thousands share their text with their clones.

use std::str::FromStr;
use std::sync::Arc;

use camino::{Utf8Component, Utf8Path};
use serde::Serialize;

use super::printable::{is_plain, line};

/// A text that is not what its place asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {rule}, found `{}`", line(found))]
pub struct NameError {
    pub(super) what: &'static str,
    pub(super) rule: &'static str,
    pub(super) found: String,
}

/// Implements the parsing, printing, serde and schema of a newtype over `String` whose whole rule
/// is a predicate.
macro_rules! text_type {
    (@text $type:ident) => {
        by_text!($type);

        impl $type {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
    ($type:ident, $what:literal, $rule:literal, $pattern:literal, $valid:expr) => {
        impl FromStr for $type {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(NameError { what: $what, rule: $rule, found: text.to_owned() })
                }
            }
        }

        text_type!(@text $type);

        text_schema!($type, { "pattern": $pattern, "description": concat!($what, ": ", $rule) });
    };
}

pub(super) use text_type;

/// The name of a recipe, a library or a pkg-config module: `zlib`, `sqlite3`, `libffi`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Name(Arc<str>);

reads_text!(Name);

text_type!(
    Name,
    "a name",
    "letters, digits, `+`, `-`, `_` and `.`, starting with a letter or digit",
    "^[A-Za-z0-9][A-Za-z0-9+._-]*$",
    |text| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-_.".contains(c))
    }
);

/// An upstream version, as upstream writes it. Compared for equality only: upstreams order theirs
/// in many ways.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Version(Arc<str>);

reads_text!(Version);

text_type!(
    Version,
    "a version",
    "letters, digits, `+`, `-`, `_` and `.`, starting with a digit",
    "^[0-9][A-Za-z0-9+._-]*$",
    |text| {
        text.starts_with(|c: char| c.is_ascii_digit())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-_.".contains(c))
    }
);

/// The name of a vulnerability in a public database: `CVE-2026-85091`, `GHSA-5qpq-xqfv-j9pg`, or
/// another in the form `<DB>-<ENTRYID>` of the OSV schema,
/// <https://ossf.github.io/osv-schema/#id-modified-fields>: `OSV-2022-110`, `DSA-5000-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct VulnerabilityId(String);

reads_text!(VulnerabilityId);

text_type!(
    VulnerabilityId,
    "a vulnerability",
    "`CVE-<year>-<four digits or more>`, `GHSA-xxxx-xxxx-xxxx`, or another identifier of OSV's form",
    "^(CVE-[0-9]{4}-[0-9]{4,}|GHSA(-[23456789cfghjmpqrvwx]{4}){3}|(?!CVE-|GHSA-)[A-Z][A-Za-z0-9]*(-[A-Za-z0-9:.]+)+)$",
    |text| {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let mut parts = text.split('-');
        let database = parts.next().unwrap_or_default();
        let parts: Vec<_> = parts.collect();
        match (database, &*parts) {
            ("CVE", [year, number]) => {
                year.len() == 4 && digits(year) && number.len() >= 4 && digits(number)
            }
            ("GHSA", [_, _, _]) => parts.iter().all(|part| {
                part.len() == 4 && part.chars().all(|c| "23456789cfghjmpqrvwx".contains(c))
            }),
            ("CVE" | "GHSA", _) | (_, []) => false,
            _ => {
                database.starts_with(|c: char| c.is_ascii_uppercase())
                    && database.chars().all(|c| c.is_ascii_alphanumeric())
                    && parts.iter().all(|part| {
                        !part.is_empty()
                            && part
                                .chars()
                                .all(|c| c.is_ascii_alphanumeric() || ":.".contains(c))
                    })
            }
        }
    }
);

/// A relative path with `/` between its parts, none of them empty, `.` or `..`: it can't leave the
/// folder that it is joined to, on any system. Nor does it start as an option (`-`) or a response
/// file (`@`) does, so that it is a path wherever a command line has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct RelPath(Arc<str>);

reads_text!(RelPath);

text_type!(
    RelPath,
    "a path",
    "relative, with `/` between parts that are not empty, `.` or `..`, without `\\`, `:` or control characters, and not start with `-` or `@`",
    r"^[^/\\:@-][^/\\:]*(/[^/\\:]+)*$",
    |text| {
        !text.starts_with(['-', '@'])
            && !text.contains(['\\', ':'])
            && text.chars().all(is_plain)
            && text.split('/').all(|part| !matches!(part, "" | "." | ".."))
    }
);

impl RelPath {
    /// The relative path `path`, written as this system writes paths: on Windows, `a\b` is `a/b`.
    ///
    /// # Errors
    /// When it is absolute, has a part `.` or `..`, or a name that [`RelPath`] does not allow.
    pub fn from_native(path: &Utf8Path) -> Result<Self, NameError> {
        let normal = |part: Utf8Component<'_>| matches!(part, Utf8Component::Normal(_));
        // What is not made of plain names alone stays as it is, and is refused with its text.
        if path.components().all(normal) {
            path.components()
                .map(|part| part.as_str())
                .collect::<Vec<_>>()
                .join("/")
                .parse()
        } else {
            path.as_str().parse()
        }
    }

    /// The last part.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The same in lower case: for systems where case makes no other file.
    #[must_use]
    pub fn caseless_file_name(&self) -> String {
        self.file_name().to_ascii_lowercase()
    }

    /// The folder that it is in; empty for the top.
    #[must_use]
    pub fn folder(&self) -> &str {
        self.0.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Whether its last parts are `end`: `a/b/c` ends in `b/c`, and not in `/c`.
    #[must_use]
    pub fn ends_in(&self, end: &str) -> bool {
        let before = self.0.strip_suffix(end);
        before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
    }

    /// The path below `root`, where it is below it: `a/b/c` below `a` is `b/c`. The empty root is
    /// the top.
    #[must_use]
    pub fn below(&self, root: &str) -> Option<RelPath> {
        let rest = if root.is_empty() {
            &self.0
        } else {
            self.0.strip_prefix(root)?.strip_prefix('/')?
        };
        rest.parse().ok()
    }
}

/// A folder of the source tree: a relative path, or `.` for its top.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct TreeDir(Arc<str>);

reads_text!(TreeDir);

text_type!(
    TreeDir,
    "a folder of the source tree",
    "`.`, or a relative path with `/` between its parts that does not start with `-` or `@`",
    r"^(\.|[^/\\:@-][^/\\:]*(/[^/\\:]+)*)$",
    |text| { text == "." || text.parse::<RelPath>().is_ok() }
);

/// The name of a C macro.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Macro(Arc<str>);

reads_text!(Macro);

text_type!(
    Macro,
    "a macro",
    "a C identifier",
    "^[A-Za-z_][A-Za-z0-9_]*$",
    |text| {
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    }
);

/// A text of one line, which shows as what it is: [`is_plain`] in all its characters. It may be
/// empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(into = "String")]
pub struct Line(Arc<str>);

reads_text!(Line);

text_type!(
    Line,
    "a text of one line",
    "without line ends, control characters and marks of direction",
    r"^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$",
    |text| text.chars().all(is_plain)
);

impl From<u32> for Line {
    fn from(number: u32) -> Self {
        Self(number.to_string().into())
    }
}

impl std::ops::Deref for Line {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// What a `.pc` file says of a module. The characters that mean something there are not in it: `#`
/// starts a comment, `$` and `` ` `` stand before what is replaced, `\` before what is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct Description(String);

reads_text!(Description);

text_type!(
    Description,
    "a description",
    "one line without `#`, `$`, `` ` `` and `\\`, and without control characters and marks of direction",
    r"^[^#$`\\\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$",
    is_literal_in_pc
);

/// Whether pkg-config takes all of `text`, a value of a `.pc` file, for what it is.
#[must_use]
pub fn is_literal_in_pc(text: &str) -> bool {
    text.chars().all(is_plain) && !text.contains(['#', '$', '`', '\\'])
}

/// A text in which `{version}` stands for the locked version; no other braces are allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct Template(String);

reads_text!(Template);

text_type!(
    Template,
    "a template",
    "one line whose only braces are those of `{version}`, `{version_}`, `{major}` and `{major.minor}`",
    r"^([^{}]|\{(version_?|major(\.minor)?)\})*$",
    |text| text.chars().all(is_plain) && !Template::filled(text, "").contains(['{', '}'])
);

impl Template {
    /// The text for `version`.
    #[must_use]
    pub fn at(&self, version: &Version) -> String {
        Self::filled(&self.0, version.as_str())
    }

    /// `{version_}` is the version with `_` for `.`, as tags have it; `{major}` and `{major.minor}`
    /// are what comes before its first and second dot.
    fn filled(text: &str, version: &str) -> String {
        let before = |dot: usize| {
            version
                .match_indices('.')
                .nth(dot)
                .map_or(version, |(at, _)| &version[..at])
        };
        text.replace("{version}", version)
            .replace("{version_}", &version.replace('.', "_"))
            .replace("{major}", before(0))
            .replace("{major.minor}", before(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_that_could_leave_their_folder_are_refused() {
        for text in [
            "",
            "/etc/passwd",
            "../x",
            "a/../b",
            "a//b",
            "./a",
            "a/.",
            "a\\b",
            "C:x",
            "a/",
            "nul\0",
            "-c.c",
            "@r.c",
            "@d/r.c",
        ] {
            assert!(text.parse::<RelPath>().is_err(), "{text:?}");
        }
        for text in ["a", "a/b.c", "..a/b..", "a b/c+d", "a@-/@-b"] {
            assert_eq!(text.parse::<RelPath>().expect(text).as_str(), text);
        }
    }

    #[test]
    fn a_path_of_this_system_has_slashes_and_one_that_leaves_its_folder_is_refused() {
        let separator = std::path::MAIN_SEPARATOR_STR;
        let native = ["include", "sys", "a b.h"].join(separator);
        assert_eq!(
            RelPath::from_native(Utf8Path::new(&native))
                .expect("relative")
                .as_str(),
            "include/sys/a b.h"
        );
        let outside = ["a", "..", "b"].join(separator);
        for text in [outside.as_str(), "..", "/a", "", "-c", "a:b"] {
            assert!(
                RelPath::from_native(Utf8Path::new(text)).is_err(),
                "{text:?}"
            );
        }
    }

    #[test]
    fn vulnerabilities_have_names_of_the_forms_that_databases_give() {
        for text in [
            "CVE-2026-85091",
            "CVE-2026-1026330",
            "GHSA-5qpq-xqfv-j9pg",
            "OSV-2022-110",
            "DSA-5000-1",
            "RUSTSEC-2024-0001",
            "RHSA-2024:1",
        ] {
            assert_eq!(text.parse::<VulnerabilityId>().expect(text).as_str(), text);
        }
        for text in [
            "",
            "CVE",
            "CVE-2026",
            "CVE-26-85091",
            "CVE-2026-850",
            "CVE-2026-8509l",
            "cve-2026-85091",
            " CVE-2026-85091",
            "GHSA-5qpq-xqfv",
        ]
        .into_iter()
        .chain([
            "GHSA-5QPQ-XQFV-J9PG",
            "GHSA-aaaa-xqfv-j9pg",
            "OSV-",
            "OSV--1",
            "OSV 1",
            "-1",
            "https://example.org/CVE-2026-85091",
        ]) {
            assert!(text.parse::<VulnerabilityId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_path_below_a_root_loses_the_root_and_only_a_whole_part() {
        let path: RelPath = "src/zlib/zlib.h".parse().expect("valid");
        assert_eq!(path.below("src/zlib").expect("below").as_str(), "zlib.h");
        assert_eq!(path.below("").expect("below").as_str(), "src/zlib/zlib.h");
        assert_eq!((path.folder(), path.file_name()), ("src/zlib", "zlib.h"));
        let ends = ["src/zlib/zlib.h", "zlib/zlib.h", "zlib.h"];
        assert!(ends.iter().all(|end| path.ends_in(end)));
        let others = ["lib.h", "lib/zlib.h", "x/src/zlib/zlib.h", "zlib"];
        assert!(!others.iter().any(|end| path.ends_in(end)));
        assert_eq!(path.below("src/zl"), None);
        assert_eq!(path.below("src/zlib/zlib.h"), None);
    }

    #[test]
    fn a_template_takes_the_version_and_no_other_braces() {
        let version: Version = "1.3.2".parse().expect("valid");
        assert_eq!(
            "v{version}/z-{version}"
                .parse::<Template>()
                .expect("valid")
                .at(&version),
            "v1.3.2/z-1.3.2"
        );
        for text in [
            "{name}",
            "{version",
            "{minor}",
            "{version.}",
            "{major_minor}",
        ] {
            assert!(text.parse::<Template>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_template_takes_parts_of_the_version() {
        let at = |template: &str, version: &str| {
            template
                .parse::<Template>()
                .expect("valid")
                .at(&version.parse().expect("valid"))
        };
        assert_eq!(
            at("v{major.minor}/util-linux-{version}", "2.42.4"),
            "v2.42/util-linux-2.42.4"
        );
        assert_eq!(at("R_{version_}", "2.9.0"), "R_2_9_0");
        assert_eq!(at("{major}/{major.minor}", "7"), "7/7");
        assert_eq!(at("{major}/{major.minor}", "7.1"), "7/7.1");
    }

    #[test]
    fn what_ends_a_line_or_turns_its_direction_is_in_no_text_of_one_line() {
        for c in "\n\r\t\0\u{1b}\u{7f}\u{85}\u{9b}\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}"
            .chars()
        {
            let text = format!("a{c}b");
            assert!(
                text.parse::<Line>().is_err()
                    && text.parse::<RelPath>().is_err()
                    && text.parse::<Template>().is_err(),
                "{text:?}"
            );
            let error = text
                .parse::<Description>()
                .expect_err("refused")
                .to_string();
            assert!(error.chars().all(is_plain), "{error:?}");
        }
        for text in ["", "Théodore Ts'o", "\u{a0}\u{200b}", "#$`\\ {}"] {
            assert_eq!(text.parse::<Line>().expect(text).as_str(), text);
        }
    }

    #[test]
    fn a_description_has_nothing_that_a_pc_file_replaces() {
        for text in ["$(touch x)", "${prefix}", "`x`", "a # b", "a \\"] {
            assert!(text.parse::<Description>().is_err(), "{text}");
        }
        assert!(
            "Library (static): a, b; 100% + \"c\""
                .parse::<Description>()
                .is_ok()
        );
    }

    proptest! {
        #[test]
        fn a_relative_path_joined_to_a_folder_stays_below_it_and_is_no_option(text in "[a-c./\\\\:@-]{0,12}") {
            if let Ok(path) = text.parse::<RelPath>() {
                prop_assert!(!path.as_str().starts_with(['-', '@']));
                let joined = std::path::Path::new("root").join(path.as_str());
                prop_assert!(joined.components().all(|part| matches!(part, std::path::Component::Normal(_))));
            }
        }
    }
}
