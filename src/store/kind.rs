//! The kinds of what a store holds.

/// A kind of what a store holds, each in a folder of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Verified downloads; the key is the archive's own digest.
    Archive,
    /// Selected, patched and overlaid sources.
    Tree,
    /// Compiled objects with what the compiler said of them.
    Object,
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
    pub const ALL: [Self; 7] = [Self::Archive, Self::Tree, Self::Object, Self::Sdk, Self::Identity, Self::Runner, Self::Prefix];

    /// The folder below the store's root.
    #[must_use]
    pub fn folder(self) -> &'static str {
        match self {
            Self::Archive => "archives",
            Self::Tree => "trees",
            Self::Object => "objects",
            Self::Sdk => "sdks",
            Self::Identity => "identities",
            Self::Runner => "runners",
            Self::Prefix => "prefixes",
        }
    }
}
