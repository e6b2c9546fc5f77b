//! What changed from one prefix, or one lock, to another.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::build::ManifestContents;
use crate::model::{Lock, LockedSource, Name, RelPath, Sha256, Version};

/// The folder of the licences' texts, below a prefix.
const LICENSES: &str = "share/licenses/";

/// One thing before and after: at least one of them is there, and they differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(bound = "T: Serialize")]
pub struct Changed<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<T>,
}

impl<T: PartialEq> Changed<T> {
    fn of(from: Option<T>, to: Option<T>) -> Option<Self> {
        (from != to).then_some(Self { from, to })
    }
}

/// A source that is not what it was.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct SourceChange {
    pub name: Name,
    /// Absent where only its files changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Changed<Version>>,
    /// Of its verified files, as they come from upstream; absent where they are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Changed<Sha256>>,
    /// Whether patches or overlays changed.
    pub patched: bool,
}

impl SourceChange {
    /// What the versions do not say.
    #[must_use]
    pub fn note(&self) -> &'static str {
        match (&self.version, self.patched) {
            (Some(Changed { from: None, .. }), _) => "new",
            (Some(Changed { to: None, .. }), _) => "gone",
            (Some(_), _) => "",
            (None, true) => "other patches or overlays",
            (None, false) => "other files of the same version",
        }
    }
}

/// A file that is not what it was; sizes are in bytes.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct FileSizes {
    pub path: RelPath,
    #[serde(flatten)]
    pub size: Changed<u64>,
}

/// What an archive defines, as it was and is.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct SymbolChange {
    pub archive: RelPath,
    /// Sorted.
    pub gone: Vec<String>,
    /// Sorted.
    pub new: Vec<String>,
}

/// From one prefix to another.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct PrefixChanges {
    /// SDK, target and variant, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toolchain: Option<Changed<String>>,
    pub sources: Vec<SourceChange>,
    /// Without licences and what is about the whole prefix.
    pub files: Vec<FileSizes>,
    /// Texts of licences that are new, gone or different.
    pub licenses: Vec<RelPath>,
    pub symbols: Vec<SymbolChange>,
}

/// From one lock to another.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct LockChanges {
    pub sources: Vec<SourceChange>,
    /// Releases of the SDK, and twins, whose entries are new, gone or different.
    pub sdks: Vec<String>,
}

/// The symbols that each archive of a prefix defines.
pub type ArchiveSymbols = BTreeMap<RelPath, BTreeSet<String>>;

impl PrefixChanges {
    /// From the prefix of `old` to that of `new`.
    #[must_use]
    pub fn between(
        (old, old_symbols): (&ManifestContents, &ArchiveSymbols),
        (new, new_symbols): (&ManifestContents, &ArchiveSymbols),
    ) -> Self {
        let sources = |manifest: &ManifestContents| {
            let facts = manifest.sources.iter().map(|source| {
                let facts = SourceFacts {
                    version: source.version.clone(),
                    inputs: source.inputs,
                    tree: source.tree,
                };
                (source.name.clone(), facts)
            });
            facts.collect()
        };
        let (licenses, files) = changed_files(old, new)
            .into_iter()
            .partition::<Vec<_>, _>(|file| file.path.as_str().starts_with(LICENSES));
        Self {
            toolchain: Changed::of(Some(stamp(old)), Some(stamp(new))),
            sources: changed_sources(&sources(old), &sources(new)),
            files,
            licenses: licenses.into_iter().map(|file| file.path).collect(),
            symbols: changed_symbols(old_symbols, new_symbols),
        }
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl LockChanges {
    /// From `old` to `new`.
    #[must_use]
    pub fn between(old: &Lock, new: &Lock) -> Self {
        let sources = |lock: &Lock| {
            let facts = lock.sources.iter().map(|(name, source)| {
                let LockedSource {
                    version,
                    inputs,
                    patches,
                    overlays,
                    ..
                } = source;
                let facts = SourceFacts {
                    version: version.clone(),
                    inputs: *inputs,
                    tree: (patches.clone(), overlays.clone()),
                };
                (name.clone(), facts)
            });
            facts.collect()
        };
        let releases = differing(&old.sdks.releases, &new.sdks.releases);
        let twins = differing(&old.sdks.debian, &new.sdks.debian);
        let releases = releases.map(|(release, ..)| release.clone());
        let twins = twins.map(|(twin, ..)| format!("debian-{twin}"));
        Self {
            sources: changed_sources(&sources(old), &sources(new)),
            sdks: releases.chain(twins).collect(),
        }
    }

    /// Whether nothing changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// SDK, target and variant.
fn stamp(manifest: &ManifestContents) -> String {
    format!("{} for {}", manifest.toolchain, manifest.config())
}

/// What tells one state of a source from another.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SourceFacts<T> {
    version: Version,
    inputs: Sha256,
    /// What tells the patched and overlaid files.
    tree: T,
}

fn changed_sources<T: PartialEq>(
    old: &BTreeMap<Name, SourceFacts<T>>,
    new: &BTreeMap<Name, SourceFacts<T>>,
) -> Vec<SourceChange> {
    let changed = differing(old, new).map(|(name, from, to)| {
        let version = |facts: Option<&SourceFacts<T>>| facts.map(|facts| facts.version.clone());
        let inputs = Changed::of(from.map(|facts| facts.inputs), to.map(|facts| facts.inputs));
        SourceChange {
            name: name.clone(),
            version: Changed::of(version(from), version(to)),
            patched: inputs.is_none(),
            inputs,
        }
    });
    changed.collect()
}

fn changed_files(old: &ManifestContents, new: &ManifestContents) -> Vec<FileSizes> {
    // Digest and size. What is about the whole prefix changes with anything.
    let of = |manifest: &ManifestContents| -> BTreeMap<RelPath, (Sha256, u64)> {
        let files = manifest.files.iter().filter(|file| file.source.is_some());
        let facts = files.map(|file| (file.path.clone(), (file.sha256, file.size)));
        facts.collect()
    };
    let (old, new) = (of(old), of(new));
    let changed = differing(&old, &new).map(|(path, from, to)| FileSizes {
        path: path.clone(),
        size: Changed {
            from: from.map(|(_, size)| *size),
            to: to.map(|(_, size)| *size),
        },
    });
    changed.collect()
}

fn changed_symbols(old: &ArchiveSymbols, new: &ArchiveSymbols) -> Vec<SymbolChange> {
    let none = BTreeSet::new();
    let changed = differing(old, new).filter_map(|(archive, from, to)| {
        let (from, to) = (from.unwrap_or(&none), to.unwrap_or(&none));
        (from != to).then(|| SymbolChange {
            archive: archive.clone(),
            gone: from.difference(to).cloned().collect(),
            new: to.difference(from).cloned().collect(),
        })
    });
    changed.collect()
}

/// The keys whose values are not the same, sorted, with both values.
fn differing<'m, K: Ord, V: PartialEq>(
    old: &'m BTreeMap<K, V>,
    new: &'m BTreeMap<K, V>,
) -> impl Iterator<Item = (&'m K, Option<&'m V>, Option<&'m V>)> {
    let keys: BTreeSet<&K> = old.keys().chain(new.keys()).collect();
    let all = keys
        .into_iter()
        .map(|key| (key, old.get(key), new.get(key)));
    all.filter(|(_, from, to)| from != to)
}
