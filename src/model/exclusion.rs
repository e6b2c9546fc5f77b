//! What is excluded on purpose, as data: `recipes/excluded.toml`. It is part of the program, whatever recipes a user brings.

use serde::Deserialize;

use super::{Name, SyntaxError};

/// A family of projects that no recipe, lock entry or dependency may name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Excluded {
    pub name: Name,
    /// Other projects and library names of the same family.
    pub aliases: Vec<Name>,
    /// Why, in a sentence that can be shown to a user.
    pub reason: String,
}

/// All that is excluded.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusions {
    excluded: Vec<Excluded>,
}

impl Exclusions {
    /// Reads `text`, the content of `file` (used in messages only).
    ///
    /// # Errors
    /// When it does not parse.
    pub fn parse(file: &str, text: &str) -> Result<Self, Box<SyntaxError>> {
        toml::from_str(text).map_err(|error| Box::new(SyntaxError::from_toml(file, text, &error)))
    }

    /// The exclusion that `name` falls under, if any. Case, a leading `lib` and a trailing `-sys` or `-src` make no difference: `OpenSSL`,
    /// `libressl` and the crate `openssl-sys` are all found.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Excluded> {
        let wanted = normal(name);
        self.excluded
            .iter()
            .find(|excluded| std::iter::once(&excluded.name).chain(&excluded.aliases).any(|alias| normal(alias.as_str()) == wanted))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Excluded> {
        self.excluded.iter()
    }
}

fn normal(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix("-sys").or_else(|| name.strip_suffix("-src")).unwrap_or(&name);
    name.strip_prefix("lib").unwrap_or(name).to_owned()
}
