//! What is excluded on purpose, as data: `recipes/excluded.toml`. It is part of the program,
//! whatever recipes a user brings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Globs, Name, SyntaxError};

/// A family of projects that no recipe, lock entry or dependency may name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Excluded {
    pub name: Name,
    /// Other projects and library names of the same family.
    pub aliases: Vec<Name>,
    /// Why, in a sentence that can be shown to a user.
    pub reason: String,
    /// Paths of its headers, as they are included and installed.
    headers: Globs,
    /// Names of its functions and data.
    symbols: Globs,
    /// SPDX identifiers of licences that only its code has.
    licenses: Vec<String>,
    /// Words that are in its licence texts and in no others.
    license_phrases: Vec<String>,
}

/// All that is excluded.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusions {
    excluded: Vec<Excluded>,
}

/// What a thing is that may betray an excluded project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trace {
    /// The name of a source in the lock, or of a crate or package that is one of its origins.
    Lock,
    /// The name of a recipe, of one of its dependencies or of a library that it makes.
    Recipe,
    /// The path of a file that takes part.
    Input,
    /// The path of an installed header, below `include/`.
    Header,
    /// A symbol that an archive member defines or wants.
    Symbol,
    /// A licence identifier.
    License,
    /// The text of an installed licence.
    LicenseText,
}

impl Trace {
    /// How many of them are counted: `3 symbols`.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::Lock => "names of the lock",
            Self::Recipe => "names of recipes",
            Self::Input => "inputs",
            Self::Header => "headers",
            Self::Symbol => "symbols",
            Self::License => "licences",
            Self::LicenseText => "licence texts",
        }
    }
}

/// Something of an excluded project, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExcludedFound {
    pub trace: Trace,
    /// Where: a lock, a recipe, a file of a prefix.
    pub place: String,
    /// What was found there.
    pub found: String,
    /// The family that it belongs to.
    pub excluded: Name,
    pub reason: String,
}

/// That nothing excluded was found, or what was: machine-readable, for reports and SBOMs. Made by
/// [`Exclusions::search`].
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExclusionStatement {
    pub excluded: Vec<ExcludedNames>,
    /// How many things of each kind were looked at; a kind that is not here was not looked at.
    pub checked: BTreeMap<Trace, usize>,
    /// Empty is what the statement is for.
    pub found: Vec<ExcludedFound>,
}

/// A family as the statement tells it.
#[derive(Debug, Clone, Serialize)]
pub struct ExcludedNames {
    pub name: Name,
    pub aliases: Vec<Name>,
    pub reason: String,
}

impl Exclusions {
    /// Reads `text`, the content of `file` (used in messages only).
    ///
    /// # Errors
    /// When it does not parse.
    pub fn parse(file: &str, text: &str) -> Result<Self, Box<SyntaxError>> {
        toml::from_str(text).map_err(|error| Box::new(SyntaxError::from_toml(file, text, &error)))
    }

    /// The exclusion that `name` falls under, if any. Case, a leading `lib` and a trailing `-sys`
    /// or `-src` make no difference: `OpenSSL`, `libressl` and the crate `openssl-sys` are all
    /// found.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Excluded> {
        let wanted = normal(name);
        self.excluded.iter().find(|excluded| {
            std::iter::once(&excluded.name)
                .chain(&excluded.aliases)
                .any(|alias| normal(alias.as_str()) == wanted)
        })
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Excluded> {
        self.excluded.iter()
    }

    /// The exclusion that a thing falls under, if any. `text` is of the form that [`Trace`] tells.
    #[must_use]
    pub fn find_trace(&self, trace: Trace, text: &str) -> Option<&Excluded> {
        let any =
            |fits: &dyn Fn(&Excluded) -> bool| self.excluded.iter().find(|excluded| fits(excluded));
        let header = |path: &str| any(&|excluded| excluded.headers.selects_text(path));
        match trace {
            Trace::Lock | Trace::Recipe => self.find(text),
            // A copy of an excluded project lies in a folder of its name, or its headers do in one
            // of theirs.
            Trace::Input => {
                let mut folders = text.split('/').rev().skip(1);
                folders.find_map(|folder| self.find(folder)).or_else(|| {
                    let starts =
                        std::iter::once(0).chain(text.match_indices('/').map(|(at, _)| at + 1));
                    starts.into_iter().find_map(|start| header(&text[start..]))
                })
            }
            Trace::Header => header(text),
            Trace::Symbol => any(&|excluded| excluded.symbols.selects_text(text)),
            Trace::License => {
                any(&|excluded| excluded.licenses.iter().any(|license| license == text))
            }
            Trace::LicenseText => any(&|excluded| {
                excluded
                    .license_phrases
                    .iter()
                    .any(|phrase| text.contains(phrase.as_str()))
            }),
        }
    }

    /// Looks at everything of `things`: its kind, where it is, and the text to judge.
    #[must_use]
    pub fn search<'t>(
        &self,
        things: impl IntoIterator<Item = (Trace, &'t str, &'t str)>,
    ) -> ExclusionStatement {
        let names = |excluded: &Excluded| ExcludedNames {
            name: excluded.name.clone(),
            aliases: excluded.aliases.clone(),
            reason: excluded.reason.clone(),
        };
        let mut statement = ExclusionStatement {
            excluded: self.excluded.iter().map(names).collect(),
            ..ExclusionStatement::default()
        };
        for (trace, place, text) in things {
            *statement.checked.entry(trace).or_default() += 1;
            if let Some(excluded) = self.find_trace(trace, text) {
                // The whole text of a licence says less than its name.
                let found = if trace == Trace::LicenseText {
                    "its licence text"
                } else {
                    text
                };
                let found = ExcludedFound {
                    trace,
                    place: place.to_owned(),
                    found: found.to_owned(),
                    excluded: excluded.name.clone(),
                    reason: excluded.reason.clone(),
                };
                if !statement.found.contains(&found) {
                    statement.found.push(found);
                }
            }
        }
        statement
    }
}

impl ExclusionStatement {
    /// Adds what another search found.
    pub fn extend(&mut self, other: Self) {
        if self.excluded.is_empty() {
            self.excluded = other.excluded;
        }
        for (trace, count) in other.checked {
            *self.checked.entry(trace).or_default() += count;
        }
        self.found.extend(other.found);
    }
}

fn normal(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let name = name
        .strip_suffix("-sys")
        .or_else(|| name.strip_suffix("-src"))
        .unwrap_or(&name);
    name.strip_prefix("lib").unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exclusions() -> Exclusions {
        Exclusions::parse("excluded.toml", include_str!("../../recipes/excluded.toml"))
            .expect("the project's own")
    }

    #[test]
    fn each_kind_of_trace_is_found_and_what_only_looks_like_one_is_not() {
        let table = [
            (Trace::Lock, "openssl-sys", true),
            (Trace::Lock, "zlib", false),
            (Trace::Recipe, "mbedtls", true),
            (Trace::Input, "deps/openssl/ssl/ssl_lib.c", true),
            (Trace::Input, "openssl/ssl.h", true),
            (Trace::Input, "src/include/openssl/evp.h", true),
            (Trace::Input, "src/liblzma/check/sha256.c", false),
            (Trace::Input, "lib/siphash.h", false),
            (Trace::Header, "openssl/ssl.h", true),
            (Trace::Header, "gnutls/gnutls.h", true),
            (Trace::Header, "zlib.h", false),
            (Trace::Symbol, "SSL_CTX_new", true),
            (Trace::Symbol, "EVP_DigestInit_ex", true),
            (Trace::Symbol, "mbedtls_ssl_init", true),
            (Trace::Symbol, "lzma_sha256_init", false),
            (Trace::Symbol, "sqlite3_open", false),
            (Trace::License, "OpenSSL", true),
            (Trace::License, "MIT", false),
            (
                Trace::LicenseText,
                "This product includes software developed by the OpenSSL Project",
                true,
            ),
            (
                Trace::LicenseText,
                "Permission is hereby granted, free of charge",
                false,
            ),
        ];
        for (trace, text, excluded) in table {
            assert_eq!(
                exclusions().find_trace(trace, text).is_some(),
                excluded,
                "{trace:?} {text}"
            );
        }
    }

    #[test]
    fn a_statement_counts_what_was_looked_at_and_names_what_was_found_once() {
        let things = [
            (Trace::Symbol, "lib/libz.a", "inflate"),
            (Trace::Symbol, "lib/libz.a", "SSL_new"),
            (Trace::Symbol, "lib/libz.a", "SSL_new"),
        ];
        let mut statement = exclusions().search(things);
        statement.extend(exclusions().search([(Trace::Lock, "the lock", "zlib")]));
        assert_eq!(
            statement.checked,
            BTreeMap::from([(Trace::Lock, 1), (Trace::Symbol, 3)])
        );
        assert_eq!(statement.found.len(), 1);
        assert_eq!(
            (statement.found[0].found.as_str(), statement.excluded.len()),
            ("SSL_new", 2)
        );
    }
}
