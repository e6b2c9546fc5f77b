//! CMake packages: what `find_package` calls a source, and which imported targets it then has.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::Serialize;

use super::Name;
use super::name::{NameError, text_type};

/// What `find_package` calls a package: `ZLIB`, `libxml2`, `zlib-ng`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct CMakeName(String);

reads_text!(CMakeName);

text_type!(
    CMakeName,
    "a CMake package",
    "letters, digits, `_` and `-`, starting with a letter",
    "^[A-Za-z][A-Za-z0-9_-]*$",
    |text| {
        text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
    }
);

impl CMakeName {
    /// Where the package is below the prefix: `lib/cmake/zlib`. A package called in small letters
    /// is found however its name is written.
    #[must_use]
    pub fn folder(&self) -> String {
        format!("lib/cmake/{}", self.lowercase())
    }

    /// The file that `find_package` includes, below the prefix.
    #[must_use]
    pub fn config_file(&self) -> String {
        format!("{}/{}-config.cmake", self.folder(), self.lowercase())
    }

    /// The file that `find_package` asks whether the version will do, below the prefix.
    #[must_use]
    pub fn version_file(&self) -> String {
        format!(
            "{}/{}-config-version.cmake",
            self.folder(),
            self.lowercase()
        )
    }

    fn lowercase(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// The name of an imported target: `ZLIB::ZLIB`, `yaml`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct CMakeTarget(String);

reads_text!(CMakeTarget);

text_type!(
    CMakeTarget,
    "a CMake target",
    "letters, digits, `_`, `+`, `.` and `-`, in one or more parts with `::` between them",
    "^[A-Za-z0-9_+.-]+(::[A-Za-z0-9_+.-]+)*$",
    |text| {
        text.split("::").all(|part| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "_+.-".contains(c))
        })
    }
);

/// The targets of a package, each with the pkg-config module whose libraries and flags it has.
pub type CMakeTargets = BTreeMap<CMakeTarget, Name>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_cmake_takes_for_what_they_are() {
        for name in ["ZLIB", "zlib-ng", "LibXml2", "unofficial_x"] {
            assert!(name.parse::<CMakeName>().is_ok(), "{name}");
        }
        for name in ["", "1a", "a/b", "..", "a b", "a;b", "${a}"] {
            assert!(name.parse::<CMakeName>().is_err(), "{name}");
        }
        for target in [
            "ZLIB::ZLIB",
            "yaml",
            "PCRE2::8BIT",
            "a::b::c",
            "libpng16.static",
        ] {
            assert!(target.parse::<CMakeTarget>().is_ok(), "{target}");
        }
        for target in ["", "a:b", "::a", "a::", "a;b", "a b", "$<a>", "a\"b"] {
            assert!(target.parse::<CMakeTarget>().is_err(), "{target}");
        }
    }

    #[test]
    fn files_have_the_form_of_the_name_that_every_spelling_finds() {
        let name: CMakeName = "LibXml2".parse().expect("a name");
        assert_eq!(name.config_file(), "lib/cmake/libxml2/libxml2-config.cmake");
        assert_eq!(
            name.version_file(),
            "lib/cmake/libxml2/libxml2-config-version.cmake"
        );
    }
}
