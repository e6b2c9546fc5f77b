//! Patterns of paths.

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RelPath;

/// Globs of paths; never empty. `*` and `?` stop at `/`, `**` does not; `[…]` and `{a,b}` work; `\`
/// is no escape.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Globs {
    patterns: Vec<String>,
    set: GlobSet,
}

/// Patterns that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum GlobsError {
    #[error("the list of patterns is empty: nothing would be selected")]
    Empty,
    #[error(transparent)]
    Bad(#[from] globset::Error),
}

impl Globs {
    /// Whether one of the patterns selects `path`.
    #[must_use]
    pub fn selects(&self, path: &RelPath) -> bool {
        self.set.is_match(path.as_str())
    }

    /// Whether one of the patterns selects `text`, which need not be a path.
    #[must_use]
    pub fn selects_text(&self, text: &str) -> bool {
        self.set.is_match(text)
    }

    /// Whether one of the patterns could select a path that ends in `path`: for a path that may be
    /// told from further down than the patterns are. A pattern that can't be taken apart counts as
    /// one that could.
    #[must_use]
    pub fn may_select_ending(&self, path: &str) -> bool {
        self.patterns.iter().any(|pattern| {
            let parts = std::iter::once(0).chain(pattern.match_indices('/').map(|(at, _)| at + 1));
            parts
                .map(|start| compiled(&pattern[start..]))
                .any(|glob| glob.is_none_or(|glob| glob.compile_matcher().is_match(path)))
        })
    }

    /// The patterns that select none of `paths`.
    #[must_use]
    pub fn without_match<'p>(&self, paths: impl IntoIterator<Item = &'p RelPath>) -> Vec<&str> {
        let mut matched = vec![false; self.patterns.len()];
        for path in paths {
            for index in self.set.matches(path.as_str()) {
                matched[index] = true;
            }
        }
        self.patterns
            .iter()
            .zip(matched)
            .filter(|(_, matched)| !matched)
            .map(|(pattern, _)| pattern.as_str())
            .collect()
    }

    /// The patterns of both.
    ///
    /// # Errors
    /// When together they are too many for one automaton.
    pub fn union(&self, other: &Self) -> Result<Self, GlobsError> {
        [self.patterns.as_slice(), other.patterns.as_slice()]
            .concat()
            .try_into()
    }
}

impl TryFrom<Vec<String>> for Globs {
    type Error = GlobsError;

    fn try_from(patterns: Vec<String>) -> Result<Self, GlobsError> {
        if patterns.is_empty() {
            return Err(GlobsError::Empty);
        }
        let mut builder = GlobSetBuilder::new();
        for pattern in &patterns {
            builder.add(glob(pattern)?);
        }
        Ok(Self {
            set: builder.build()?,
            patterns,
        })
    }
}

fn glob(pattern: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .backslash_escape(false)
        .build()
}

/// A part of a pattern, where it is a pattern.
fn compiled(part: &str) -> Option<Glob> {
    glob(part).ok()
}

impl From<Globs> for Vec<String> {
    fn from(globs: Globs) -> Self {
        globs.patterns
    }
}

impl JsonSchema for Globs {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Globs".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "array", "items": { "type": "string" }, "minItems": 1, "description": "globs: * and ? stop at /, ** does not" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(patterns: &[&str]) -> Result<Globs, GlobsError> {
        patterns
            .iter()
            .map(|&pattern| pattern.to_owned())
            .collect::<Vec<_>>()
            .try_into()
    }

    fn path(text: &str) -> RelPath {
        text.parse().expect("valid")
    }

    #[test]
    fn a_star_stops_at_a_folder_and_two_do_not() {
        let globs = globs(&["*.c", "lib/**/*.h"]).expect("valid");
        assert!(globs.selects(&path("a.c")) && globs.selects(&path("lib/x/y/a.h")));
        assert!(!globs.selects(&path("lib/a.c")) && !globs.selects(&path("a.h")));
    }

    #[test]
    fn a_path_told_from_further_down_may_be_selected_and_one_beside_is_not() {
        let globs = globs(&["*.c", "src/liblzma/**/*.h", "lib/xml{parse,tok}.c"]).expect("valid");
        for path in [
            "inflate.c",
            "check/check.h",
            "check.h",
            "liblzma/check/check.h",
            "xmlparse.c",
            "lib/xmltok.c",
        ] {
            assert!(globs.may_select_ending(path), "{path}");
        }
        for path in ["contrib/minizip/zip.c", "src/xz/args.c", "zip.py"] {
            assert!(!globs.may_select_ending(path), "{path}");
        }
    }

    #[test]
    fn a_pattern_that_selects_nothing_is_named_and_an_empty_list_is_refused() {
        let found = globs(&["*.c", "*.h"]).expect("valid");
        assert_eq!(found.without_match([&path("a.c")]), ["*.h"]);
        assert!(matches!(globs(&[]), Err(GlobsError::Empty)));
        assert!(matches!(globs(&["a{b"]), Err(GlobsError::Bad(_))));
    }
}
