//! The kinds of what a store holds.

/// A kind of what a store holds, each in a folder of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Verified downloads; the key is the archive's own digest.
    Archive,
    /// Selected, patched and overlaid sources.
    Tree,
    /// Compiled objects; the key is the object's own digest.
    Object,
    /// What compiling gave: which object, and what the compiler said and opened. And which tests
    /// passed.
    Action,
    /// WASI SDKs, downloaded or assembled.
    Sdk,
    /// What was found out of SDKs.
    Identity,
    /// WASI runtimes that were installed because the machine has none.
    Runner,
    /// Prefixes in which nothing was found to be wrong.
    Prefix,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Archive,
        Self::Tree,
        Self::Object,
        Self::Action,
        Self::Sdk,
        Self::Identity,
        Self::Runner,
        Self::Prefix,
    ];

    /// The folder below the store's root.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::Archive => "archives",
            Self::Tree => "trees",
            Self::Object => "objects",
            Self::Action => "actions",
            Self::Sdk => "sdks",
            Self::Identity => "identities",
            Self::Runner => "runners",
            Self::Prefix => "prefixes",
        }
    }
}
