//! What a user asks for by name: a source, or a group of them.

use std::str::FromStr;

use super::{Name, NameError};

/// A source, or all sources of a group: `zlib`, `@images`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    Source(Name),
    /// All locked sources whose recipes name this group.
    Group(Name),
}

impl FromStr for Request {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.strip_prefix('@') {
            None => Ok(Self::Source(text.parse()?)),
            Some(group) => Ok(Self::Group(group.parse()?)),
        }
    }
}

impl Request {
    /// The group that stands for no name at all, where a lock has it: what CPython itself links.
    pub const DEFAULT_GROUP: &str = "cpython";
}
