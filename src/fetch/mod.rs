//! From the lock's origins to verified source trees. What is handed out can only be made by the
//! check that it is named after: [`Fetched`] by that of the archive's digest, [`SourceTree`] by
//! that of the inputs digest.
//!
//! An archive is taken from the store, else from a folder of `--from`, else from its own place: a
//! URL, a crate of the registry that Cargo is configured for, or a folder beside the lock. The
//! network's client is made when the first byte of it is needed, so that what is cached costs
//! nothing of it.

mod archive;
mod carried;
mod compare;
mod compared;
mod derive;
pub mod entries;
mod entry;
mod error;
mod folder;
pub(crate) mod format;
mod http;
mod identify;
mod includes;
mod listing;
mod moved;
mod ours;
mod patch;
mod registry;
mod relock;
mod source;
mod tags;
mod tree;
mod unpack;
mod unpinned;

#[cfg(test)]
mod tests;

use camino::Utf8PathBuf;

pub use archive::Fetched;
pub use compare::{Difference, How, InputFiles, differences};
pub use entries::Excess;
pub use entry::Refusal;
pub use error::{FetchError, SourceError};
pub use http::Patience;
pub use listing::Listing;
pub use moved::Moved;
pub use patch::{FileChange, PatchProblem, apply as apply_patch};
pub use relock::Relocked;
pub use source::{OriginReport, Verdict};
pub use tree::{SourceTree, TreeFile, TreeRecord};

use crate::report::Reporter;
use crate::store::Store;

/// What a [`Fetcher`] may do, and where it looks.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Ask no server. Folders are still looked into.
    pub offline: bool,
    /// Ask each place for its archive, though the store or a folder of `--from` has it: what is
    /// held says nothing of what a place gives now.
    pub ask_anew: bool,
    /// Folders with archives that were brought by hand (`--from`): each file in them, or one folder
    /// further down, serves if its digest does.
    pub from: Vec<Utf8PathBuf>,
    /// The lock file's folder, which folder origins are relative to.
    pub lock_dir: Utf8PathBuf,
    /// Where Cargo's configuration is looked for from, upwards; the current folder where it is not
    /// given, as Cargo does.
    pub cargo_root: Option<Utf8PathBuf>,
    /// Time-outs and retries.
    pub patience: Patience,
}

/// Brings archives and source trees into a store. Any number of threads may use one.
pub struct Fetcher<'a> {
    settings: Settings,
    store: &'a Store,
    reporter: &'a dyn Reporter,
    web: http::Web,
    registry: registry::Cell,
    folders: folder::Folders,
}

impl<'a> Fetcher<'a> {
    /// Looks at nothing and connects to nothing yet.
    #[must_use]
    pub fn new(settings: Settings, store: &'a Store, reporter: &'a dyn Reporter) -> Self {
        let web = http::Web::new(settings.patience.clone());
        Self {
            settings,
            store,
            reporter,
            web,
            registry: registry::Cell::default(),
            folders: folder::Folders::default(),
        }
    }
}
