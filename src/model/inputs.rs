//! The selection of a source's files that may take part.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Globs, GlobsError, RelPath, Within};

/// The bytes that the selected files of a source may have together: at most 1 GiB.
pub type InputsSize = Within<0, { 1 << 30 }>;

/// The files of a source that may take part; everything else is never unpacked.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Inputs {
    /// Those that are known by name: what a recipe compiles, installs or makes others of, and what
    /// the lock says that they include.
    #[serde(skip)]
    pub files: BTreeSet<RelPath>,
    /// Further files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include: Option<Globs>,
    /// The most bytes that the selected files may have together; 8 MiB where it is not given.
    #[serde(default = "default_size")]
    pub max_size: InputsSize,
    /// Those of the files that upstream joins from many others: their names tell nothing of what is
    /// in them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amalgamated: Vec<RelPath>,
}

/// More than all of the files that most libraries are compiled from.
fn default_size() -> InputsSize {
    InputsSize::clamped(8 << 20)
}

impl Default for Inputs {
    fn default() -> Self {
        Self {
            files: BTreeSet::new(),
            include: None,
            max_size: default_size(),
            amalgamated: Vec::new(),
        }
    }
}

impl Inputs {
    /// Whether the file at `path`, below the origin's root, takes part.
    #[must_use]
    pub fn selects(&self, path: &RelPath) -> bool {
        self.files.contains(path) || self.matches(path.as_str())
    }

    /// Whether one of the patterns selects `text`, which need not be a path.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let include = self.include.as_ref();
        include.is_some_and(|globs| globs.selects_text(text))
    }

    /// Whether a path that ends in `path` may be selected: for a path that may be told from further
    /// down than the inputs are.
    #[must_use]
    pub fn may_select_ending(&self, path: &str) -> bool {
        let include = self.include.as_ref();
        self.files.iter().any(|file| file.ends_in(path))
            || include.is_some_and(|globs| globs.may_select_ending(path))
    }

    /// The names and patterns that select none of `paths`.
    #[must_use]
    pub fn without_match(&self, paths: &BTreeSet<&RelPath>) -> Vec<&str> {
        let names = self.files.iter().filter(|file| !paths.contains(file));
        let patterns = self.include.iter();
        let patterns = patterns.flat_map(|globs| globs.without_match(paths.iter().copied()));
        names.map(RelPath::as_str).chain(patterns).collect()
    }

    /// These inputs with `files` beside them.
    #[must_use]
    pub fn with<'p>(&self, files: impl IntoIterator<Item = &'p RelPath>) -> Self {
        let mut inputs = self.clone();
        inputs.files.extend(files.into_iter().cloned());
        inputs
    }

    /// The inputs of a source and those of its tests together. None of the tests' files stands for
    /// others.
    ///
    /// # Errors
    /// When the patterns of both are too many for one automaton.
    pub fn union(&self, tests: &Self) -> Result<Self, GlobsError> {
        let include = match (&self.include, &tests.include) {
            (Some(ours), Some(theirs)) => Some(ours.union(theirs)?),
            (ours, theirs) => ours.as_ref().or(theirs.as_ref()).cloned(),
        };
        Ok(Self {
            files: self.files.union(&tests.files).cloned().collect(),
            include,
            max_size: InputsSize::clamped(self.max_size.get() + tests.max_size.get()),
            amalgamated: self.amalgamated.clone(),
        })
    }
}
