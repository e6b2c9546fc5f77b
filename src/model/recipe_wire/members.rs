//! `members` and `parts` of a library: files that are compiled many times, each time to a member
//! whose name says how.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use crate::model::problems::Problems;
use crate::model::{Line, Macro, Name, SourceFile};

/// The most members that the table of a library stands for: two parts of a name too many make
/// millions.
const MEMBERS_LIMIT: usize = 8_192;

/// What stands in a value for the member's name.
const MEMBER: &str = "member";

/// A text with names in braces in it: `{type}gemv_{trans}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    /// As it is written.
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Text(String),
    Part(Name),
}

reads_text!(Pattern);

text_schema!(Pattern, {
    "pattern": r"^([^{}]|\{[A-Za-z0-9][A-Za-z0-9+._-]*\})+$",
    "description": "a text with the names of parts in braces: `{type}gemv_{trans}`"
});

impl Pattern {
    /// The parts that it names, each once.
    fn parts(&self) -> BTreeSet<&Name> {
        let parts = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Part(part) => Some(part),
            Piece::Text(_) => None,
        });
        parts.collect()
    }

    /// The text with what `chosen` has for each of its parts.
    fn fill(&self, chosen: impl Fn(&Name) -> Option<String>) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Part(part) => chosen(part).unwrap_or_default(),
        });
        pieces.collect()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            let (part, after) = after
                .split_once('}')
                .ok_or_else(|| format!("`{text}` has a `{{` without a `}}`"))?;
            pieces.push(Piece::Text(before.to_owned()));
            let part = Name::from_str(part)
                .map_err(|_| format!("`{{{part}}}` of `{text}` is not the name of a part"))?;
            pieces.push(Piece::Part(part));
            rest = after;
        }
        pieces.push(Piece::Text(rest.to_owned()));
        let closes = |piece: &Piece| matches!(piece, Piece::Text(text) if text.contains('}'));
        if pieces.iter().any(closes) {
            return Err(format!("`{text}` has a `}}` without a `{{`"));
        }
        Ok(Self { text, pieces })
    }
}

/// A text that a part of a member's name may have; it may be empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PartText(String);

reads_text!(PartText);

text_schema!(PartText, {
    "pattern": "^[A-Za-z0-9+._-]*$",
    "description": "what stands in a member's name"
});

impl TryFrom<String> for PartText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "+-_.".contains(c);
        if text.chars().all(allowed) {
            Ok(Self(text))
        } else {
            Err(format!(
                "`{text}` can't be in the name of a member: letters, digits, `+`, `-`, `_` and `.` can"
            ))
        }
    }
}

/// Macros and their values.
type Defines = BTreeMap<Macro, Line>;

/// Members of a library whose names say how they are compiled.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MembersWire {
    /// By its name: what a part of the members' names may be, and the macros that each choice
    /// defines.
    #[serde(default)]
    #[schemars(with = "BTreeMap<Name, BTreeMap<PartText, Defines>>")]
    part: BTreeMap<Spanned<Name>, BTreeMap<PartText, Defines>>,
    /// Macros of all of them; `{member}` stands for the member's name.
    #[serde(default)]
    #[schemars(with = "BTreeMap<Macro, Pattern>")]
    defines: BTreeMap<Macro, Spanned<Pattern>>,
    /// By source: the names of its members, and the macros that each defines itself.
    #[schemars(with = "BTreeMap<Pattern, BTreeMap<Pattern, Defines>>")]
    of: BTreeMap<Spanned<Pattern>, BTreeMap<Spanned<Pattern>, Defines>>,
}

/// A member of the table.
#[derive(Debug, PartialEq, Eq)]
pub struct TableMember {
    pub source: SourceFile,
    /// Its name without `.o`.
    pub name: Name,
    /// Beside those of the library.
    pub defines: Defines,
}

impl MembersWire {
    /// Whether it names no file.
    pub fn is_empty(&self) -> bool {
        self.of.is_empty()
    }

    /// The members, by source and name as they are written, then by the texts of their parts; each
    /// with its place.
    pub fn check(&self, library: &Name, problems: &mut Problems<'_>) -> Vec<Spanned<TableMember>> {
        self.check_parts(library, problems);
        let mut members = Vec::new();
        for (source, names) in &self.of {
            if names.is_empty() {
                problems.at(
                    source,
                    format!(
                        "`[library.{library}.members]` has no member of `{}`",
                        source.get_ref()
                    ),
                );
            }
            for (name, own) in names {
                let Some(choices) = self.choices(source.get_ref(), name, library, problems) else {
                    continue;
                };
                if members.len().saturating_add(choices.len()) > MEMBERS_LIMIT {
                    problems.at(
                        name,
                        format!("`[library.{library}.members]` stands for more than {MEMBERS_LIMIT} members"),
                    );
                    return members;
                }
                for choice in choices {
                    match self.member(source.get_ref(), name.get_ref(), own, &choice) {
                        Ok(member) => members.push(Spanned::new(name.span(), member)),
                        Err(wrong) => problems.at(name, wrong),
                    }
                }
            }
        }
        members
    }

    /// What is wrong with the parts and macros by themselves.
    fn check_parts(&self, library: &Name, problems: &mut Problems<'_>) {
        let used: BTreeSet<&Name> = self
            .of
            .values()
            .flat_map(BTreeMap::keys)
            .flat_map(|name| name.get_ref().parts())
            .collect();
        for (part, texts) in &self.part {
            let name = part.get_ref();
            if name.as_str() == MEMBER {
                problems.at(
                    part,
                    "a part is called `member`, which is the whole name of a member",
                );
            } else if texts.is_empty() {
                problems.at(part, format!("the part `{name}` has no text to choose"));
            } else if !used.contains(name) {
                problems.at(
                    part,
                    format!("no member of `[library.{library}.members]` has the part `{name}`"),
                );
            }
        }
        for (name, value) in &self.defines {
            let parts = value.get_ref().parts();
            if let Some(other) = parts.iter().find(|part| part.as_str() != MEMBER) {
                problems.at(
                    value,
                    format!("`{name}` has `{{{other}}}`: a value may have `{{member}}` alone"),
                );
            } else if parts.is_empty() {
                problems.at(
                    value,
                    format!("`{name}` has no `{{member}}`: it is one of the library's `defines`"),
                );
            }
        }
    }

    /// All choices of texts for the parts of `name`, in order; none where a part is not there.
    fn choices<'a>(
        &'a self,
        source: &Pattern,
        name: &'a Spanned<Pattern>,
        library: &Name,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<Choice<'a>>> {
        let parts = name.get_ref().parts();
        if let Some(part) = source.parts().iter().find(|part| !parts.contains(*part)) {
            problems.at(
                name,
                format!(
                    "`{source}` has the part `{part}`, and its member `{}` has not",
                    name.get_ref()
                ),
            );
            return None;
        }
        let mut choices: Vec<Choice<'a>> = vec![BTreeMap::new()];
        for part in parts {
            let Some((_, texts)) = self.part.iter().find(|(known, _)| known.get_ref() == part)
            else {
                problems.at(
                    name,
                    format!(
                        "`[library.{library}.members.part]` has no `{part}`, which `{}` names",
                        name.get_ref()
                    ),
                );
                return None;
            };
            if choices.len().saturating_mul(texts.len()) > MEMBERS_LIMIT {
                problems.at(
                    name,
                    format!(
                        "`{}` stands for more than {MEMBERS_LIMIT} members",
                        name.get_ref()
                    ),
                );
                return None;
            }
            choices = choices
                .into_iter()
                .flat_map(|choice| {
                    texts.iter().map(move |(text, defines)| {
                        let mut more = choice.clone();
                        more.insert(part, (text.0.as_str(), defines));
                        more
                    })
                })
                .collect();
        }
        Some(choices)
    }

    /// The member of `source` that is called `name` with the texts of `choice`.
    fn member(
        &self,
        source: &Pattern,
        name: &Pattern,
        own: &Defines,
        choice: &Choice<'_>,
    ) -> Result<TableMember, String> {
        let chosen = |part: &Name| choice.get(part).map(|(text, _)| (*text).to_owned());
        let called: Name = name.fill(chosen).parse().map_err(shown)?;
        let source = source.fill(chosen).parse().map_err(shown)?;
        let mut defines = own.clone();
        for (text, more) in choice.values() {
            for (key, value) in *more {
                if defines.insert(key.clone(), value.clone()).is_some() {
                    return Err(format!(
                        "`{key}` of the member `{called}` is defined by `{text}` and by something else"
                    ));
                }
            }
        }
        for (key, value) in &self.defines {
            let value = value.get_ref().fill(|_| Some(called.to_string()));
            let value = value.parse().map_err(shown)?;
            if defines.insert(key.clone(), value).is_some() {
                return Err(format!(
                    "`{key}` of the member `{called}` is defined twice, once for all members"
                ));
            }
        }
        Ok(TableMember {
            source,
            name: called,
            defines,
        })
    }
}

/// By part: its text, and the macros that come with it.
type Choice<'a> = BTreeMap<&'a Name, (&'a str, &'a Defines)>;

fn shown(error: impl fmt::Display) -> String {
    error.to_string()
}
