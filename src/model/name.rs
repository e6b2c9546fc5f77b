//! Names, versions, relative paths, targets: each a type of its own, made only by parsing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not what its place asks for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {rule}, found `{found}`")]
pub struct NameError {
    what: &'static str,
    rule: &'static str,
    found: String,
}

/// Implements the parsing, printing, serde and schema of a newtype over `String` whose whole rule is a predicate.
macro_rules! text_type {
    ($type:ident, $what:literal, $rule:literal, $pattern:literal, $valid:expr) => {
        impl FromStr for $type {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NameError { what: $what, rule: $rule, found: text.to_owned() })
                }
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.0
            }
        }

        impl $type {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern, "description": concat!($what, ": ", $rule) })
            }
        }
    };
}

/// The name of a recipe, a library or a pkg-config module: `zlib`, `sqlite3`, `libffi`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

text_type!(
    Name,
    "a name",
    "letters, digits, `+`, `-`, `_` and `.`, starting with a letter or digit",
    "^[A-Za-z0-9][A-Za-z0-9+._-]*$",
    |text| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-_.".contains(c))
    }
);

/// An upstream version, as upstream writes it. Compared for equality only: upstreams order theirs in many ways.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version(String);

text_type!(Version, "a version", "letters, digits, `+`, `-`, `_` and `.`, starting with a digit", "^[0-9][A-Za-z0-9+._-]*$", |text| {
    text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-_.".contains(c))
});

/// The name of a vulnerability in a public database: `CVE-2026-85091`, `GHSA-5qpq-xqfv-j9pg`, or another in the form `<DB>-<ENTRYID>` of the OSV
/// schema, <https://ossf.github.io/osv-schema/#id-modified-fields>: `OSV-2022-110`, `DSA-5000-1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VulnerabilityId(String);

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
            ("CVE", [year, number]) => year.len() == 4 && digits(year) && number.len() >= 4 && digits(number),
            ("GHSA", [_, _, _]) => parts.iter().all(|part| part.len() == 4 && part.chars().all(|c| "23456789cfghjmpqrvwx".contains(c))),
            ("CVE" | "GHSA", _) | (_, []) => false,
            _ => {
                database.starts_with(|c: char| c.is_ascii_uppercase())
                    && database.chars().all(|c| c.is_ascii_alphanumeric())
                    && parts.iter().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || ":.".contains(c)))
            }
        }
    }
);

/// A relative path with `/` between its parts, none of them empty, `.` or `..`: it can't leave the folder that it is joined to, on any system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RelPath(String);

text_type!(
    RelPath,
    "a path",
    "relative, with `/` between parts that are not empty, `.` or `..`, and without `\\`, `:` or control characters",
    r"^[^/\\:]+(/[^/\\:]+)*$",
    |text| {
        !text.is_empty()
            && !text.contains(['\\', ':'])
            && !text.chars().any(char::is_control)
            && text.split('/').all(|part| !matches!(part, "" | "." | ".."))
    }
);

impl RelPath {
    /// The last part.
    #[must_use]
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The path below `root`, where it is below it: `a/b/c` below `a` is `b/c`. The empty root is the top.
    #[must_use]
    pub fn below(&self, root: &str) -> Option<RelPath> {
        let rest = if root.is_empty() { &self.0 } else { self.0.strip_prefix(root)?.strip_prefix('/')? };
        rest.parse().ok()
    }
}

/// A folder of the source tree: a relative path, or `.` for its top.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TreeDir(String);

text_type!(
    TreeDir,
    "a folder of the source tree",
    "`.`, or a relative path with `/` between its parts",
    r"^(\.|[^/\\:]+(/[^/\\:]+)*)$",
    |text| { text == "." || text.parse::<RelPath>().is_ok() }
);

/// The name of a C macro.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Macro(String);

text_type!(Macro, "a macro", "a C identifier", "^[A-Za-z_][A-Za-z0-9_]*$", |text| {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
});

/// A flag of clang's that changes how code is compiled, never what runs or which files are read: no plugins, no paths, nothing passed on to
/// another program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CompileFlag(String);

text_type!(
    CompileFlag,
    "a flag",
    "one of -f…, -m…, -std=… and -W…, and none that names a path or a plugin, or passes something on (-Wl, -Wa, -Wp, -mllvm)",
    r"^-(f|m|std=|W)[^/\\\s]+$",
    |text| {
        let known = ["-f", "-m", "-std=", "-W"].iter().any(|prefix| text.starts_with(prefix) && text.len() > prefix.len());
        let foreign = ["-Wl,", "-Wa,", "-Wp,", "-fplugin", "-fpass-plugin", "-fuse-ld", "-mllvm"];
        known
            && !foreign.iter().any(|prefix| text.starts_with(prefix))
            && !text.contains(['/', '\\'])
            && !text.contains(char::is_whitespace)
    }
);

/// A text in which `{version}` stands for the locked version; no other braces are allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template(String);

text_type!(Template, "a template", "a text whose only braces are those of `{version}`", r"^([^{}]|\{version\})*$", |text| {
    !text.replace("{version}", "").contains(['{', '}'])
});

impl Template {
    /// The text for `version`.
    #[must_use]
    pub fn at(&self, version: &Version) -> String {
        self.0.replace("{version}", version.as_str())
    }
}

/// A WASI target triple, as clang and CPython name it. The old name `wasm32-wasi` is none: WASI SDK 34 removed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Target {
    /// WASI 0.1, CPython's tier 2 target.
    #[default]
    #[serde(rename = "wasm32-wasip1")]
    Wasip1,
    /// WASI 0.2: the same objects as 0.1 but for wasi-libc's own; programs become components.
    #[serde(rename = "wasm32-wasip2")]
    Wasip2,
}

impl Target {
    /// All of them, the default first.
    pub const ALL: [Self; 2] = [Self::Wasip1, Self::Wasip2];

    /// The triple.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Wasip1 => "wasm32-wasip1",
            Self::Wasip2 => "wasm32-wasip2",
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Target {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::ALL.into_iter().find(|target| target.as_str() == text).ok_or_else(|| NameError {
            what: "a target",
            rule: "`wasm32-wasip1` or `wasm32-wasip2`",
            found: text.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_that_could_leave_their_folder_are_refused() {
        for text in ["", "/etc/passwd", "../x", "a/../b", "a//b", "./a", "a/.", "a\\b", "C:x", "a/", "nul\0"] {
            assert!(text.parse::<RelPath>().is_err(), "{text:?}");
        }
        for text in ["a", "a/b.c", "..a/b..", "a b/c+d"] {
            assert_eq!(text.parse::<RelPath>().expect(text).as_str(), text);
        }
    }

    #[test]
    fn vulnerabilities_have_names_of_the_forms_that_databases_give() {
        for text in
            ["CVE-2026-85091", "CVE-2026-1026330", "GHSA-5qpq-xqfv-j9pg", "OSV-2022-110", "DSA-5000-1", "RUSTSEC-2024-0001", "RHSA-2024:1"]
        {
            assert_eq!(text.parse::<VulnerabilityId>().expect(text).as_str(), text);
        }
        for text in
            ["", "CVE", "CVE-2026", "CVE-26-85091", "CVE-2026-850", "CVE-2026-8509l", "cve-2026-85091", " CVE-2026-85091", "GHSA-5qpq-xqfv"]
                .into_iter()
                .chain([
                    "GHSA-5QPQ-XQFV-J9PG",
                    "GHSA-aaaa-xqfv-j9pg",
                    "OSV-",
                    "OSV--1",
                    "OSV 1",
                    "-1",
                    "https://example.org/CVE-2026-85091",
                ])
        {
            assert!(text.parse::<VulnerabilityId>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_path_below_a_root_loses_the_root_and_only_a_whole_part() {
        let path: RelPath = "src/zlib/zlib.h".parse().expect("valid");
        assert_eq!(path.below("src/zlib").expect("below").as_str(), "zlib.h");
        assert_eq!(path.below("").expect("below").as_str(), "src/zlib/zlib.h");
        assert_eq!(path.below("src/zl"), None);
        assert_eq!(path.below("src/zlib/zlib.h"), None);
    }

    #[test]
    fn a_template_takes_the_version_and_no_other_braces() {
        let version: Version = "1.3.2".parse().expect("valid");
        assert_eq!("v{version}/z-{version}".parse::<Template>().expect("valid").at(&version), "v1.3.2/z-1.3.2");
        assert!("{name}".parse::<Template>().is_err());
        assert!("{version".parse::<Template>().is_err());
    }

    #[test]
    fn only_flags_that_change_how_code_is_compiled_are_taken() {
        for flag in ["-std=gnu11", "-fno-strict-aliasing", "-msimd128", "-Wno-unused"] {
            assert!(flag.parse::<CompileFlag>().is_ok(), "{flag}");
        }
        for flag in ["-O3", "-I/usr/include", "-fplugin=x.so", "-Wl,-z", "-mllvm", "-f", "-include", "-fprofile-use=/tmp/x", "-W a"] {
            assert!(flag.parse::<CompileFlag>().is_err(), "{flag}");
        }
    }

    #[test]
    fn the_old_triple_is_no_target() {
        assert!("wasm32-wasi".parse::<Target>().is_err());
        assert_eq!("wasm32-wasip2".parse::<Target>(), Ok(Target::Wasip2));
    }

    proptest! {
        #[test]
        fn a_relative_path_joined_to_a_folder_stays_below_it(text in "[a-c./\\\\:]{0,12}") {
            if let Ok(path) = text.parse::<RelPath>() {
                let joined = std::path::Path::new("root").join(path.as_str());
                prop_assert!(joined.components().all(|part| matches!(part, std::path::Component::Normal(_))));
            }
        }
    }
}
