//! What an archive is as a whole, for those who know it by other names than its SHA-256: SHA-512,
//! and the identifier that Software Heritage has for its unpacked tree. Only what writes or checks
//! a lock asks for it: all of the archive is read for that.

use camino::Utf8Path;

use super::entries::{ArchiveEntry, ENTRIES_LIMIT, EXPANSION_LIMIT, EntryKind, Excess};
use super::{FetchError, Fetched, Refusal, entry, format};
use crate::model::{Cause, Origin, Sha1, Sha512, SwhDir, SwhNode, SwhTree};
use crate::store::StoreError;

/// The names of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveNames {
    pub sha512: Sha512,
    /// Of the folder that is all that the archive holds, or of all that it holds.
    pub swhid: SwhDir,
}

/// The names of `fetched`.
///
/// # Errors
/// When it can't be read, or holds what no file system could.
pub fn identify(fetched: &Fetched) -> Result<ArchiveNames, FetchError> {
    let read = |source| StoreError::Read {
        path: fetched.path().to_owned(),
        source,
    };
    let file = fs_err::File::open(fetched.path()).map_err(read)?;
    let sha512 = Sha512::of_reader(file).map_err(read)?;
    let tree = tree(fetched.path(), fetched.origin())?;
    Ok(ArchiveNames {
        sha512,
        swhid: tree.below_top().swhid(),
    })
}

/// Checks that `fetched` has the names that the lock has for it.
///
/// # Errors
/// When it has others.
pub fn check_names(origin: &Origin, fetched: &Fetched) -> Result<(), FetchError> {
    let Origin { sha512, swhid, .. } = origin;
    if sha512.is_none() && swhid.is_none() {
        return Ok(());
    }
    let found = identify(fetched)?;
    let other = |what, expected: String, found: String| FetchError::Name {
        origin: origin.place.to_string(),
        what,
        expected,
        found,
    };
    if let Some(expected) = sha512.filter(|expected| *expected != found.sha512) {
        return Err(other(
            "SHA-512",
            expected.to_string(),
            found.sha512.to_string(),
        ));
    }
    if let Some(expected) = swhid.filter(|expected| *expected != found.swhid) {
        return Err(other(
            "SWHID",
            expected.to_string(),
            found.swhid.to_string(),
        ));
    }
    Ok(())
}

/// The tree of the archive at `path`, with every file, folder and link of it.
fn tree(path: &Utf8Path, origin: &str) -> Result<SwhTree, FetchError> {
    let mut tree = SwhTree::default();
    let mut nodes = 0;
    let entry = |entry: &mut ArchiveEntry<'_>| {
        let damaged = |source: Cause| FetchError::Damaged {
            origin: origin.to_owned(),
            source,
        };
        let refused = |refusal| FetchError::Entry {
            origin: origin.to_owned(),
            entry: String::from_utf8_lossy(&entry.name).into_owned(),
            refusal,
        };
        let parts = entry::parts(&entry.name).map_err(refused)?;
        let node = match &entry.kind {
            EntryKind::Folder => SwhNode::Folder(SwhTree::default()),
            EntryKind::Symlink(target) => SwhNode::Link(Sha1::of(
                &[format!("blob {}\0", target.len()).as_bytes(), target].concat(),
            )),
            // Another name of a file that came before.
            EntryKind::Hardlink(target) => {
                match tree.get(&entry::parts(target).map_err(refused)?) {
                    Some(node @ (SwhNode::File { .. } | SwhNode::Link(_))) => node.clone(),
                    _ => {
                        return Err(damaged(
                            "it has a link to something that is not an earlier file".into(),
                        ));
                    }
                }
            }
            EntryKind::File => {
                let id = Sha1::of_blob(entry.size, &mut entry.content)
                    .map_err(|error| format::broken(origin, error))?;
                SwhNode::File {
                    executable: entry.executable,
                    id,
                }
            }
            EntryKind::Other(what) => return Err(refused(Refusal::Kind { what: what.clone() })),
        };
        nodes += tree
            .put(&parts, node)
            .map_err(|error| damaged(error.into()))? as u64;
        if nodes > ENTRIES_LIMIT {
            return Err(FetchError::Excessive {
                origin: origin.to_owned(),
                excess: Excess::Entries {
                    limit: ENTRIES_LIMIT,
                },
            });
        }
        Ok(())
    };
    let mut entry = entry;
    format::each_entry(path, origin, EXPANSION_LIMIT, &mut entry)?;
    Ok(tree)
}
