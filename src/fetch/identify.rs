//! What an archive is as a whole, for those who know it by other names than its SHA-256: SHA-512, and the identifier that Software Heritage has for
//! its unpacked tree. Only what writes or checks a lock asks for it: all of the archive is read for that.

use std::io::{self, Read};

use camino::Utf8Path;

use super::unpack::{self, Opened};
use super::{FetchError, Fetched, entry};
use crate::model::{NotAFolder, Origin, Sha1, Sha512, SwhDir, SwhNode, SwhTree};
use crate::store::StoreError;

/// The names of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names {
    pub sha512: Sha512,
    /// Of the folder that is all that the archive holds, or of all that it holds.
    pub swhid: SwhDir,
}

/// The names of `fetched`.
///
/// # Errors
/// When it can't be read, or holds what no file system could.
pub fn identify(fetched: &Fetched) -> Result<Names, FetchError> {
    let read = |source| StoreError::Read { path: fetched.path().to_owned(), source };
    let file = fs_err::File::open(fetched.path()).map_err(read)?;
    let sha512 = Sha512::of_reader(file).map_err(read)?;
    let tree = tree(fetched.path(), fetched.origin())?;
    Ok(Names { sha512, swhid: tree.below_top().swhid() })
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
    let other = |what, expected: String, found: String| FetchError::Name { origin: origin.place.to_string(), what, expected, found };
    if let Some(expected) = sha512.filter(|expected| *expected != found.sha512) {
        return Err(other("SHA-512", expected.to_string(), found.sha512.to_string()));
    }
    if let Some(expected) = swhid.filter(|expected| *expected != found.swhid) {
        return Err(other("SWHID", expected.to_string(), found.swhid.to_string()));
    }
    Ok(())
}

/// The tree of the archive at `path`, with every file, folder and link of it.
fn tree(path: &Utf8Path, origin: &str) -> Result<SwhTree, FetchError> {
    let damaged = |error: &dyn std::fmt::Display| FetchError::Damaged { origin: origin.to_owned(), problem: error.to_string() };
    let tree = match unpack::open(path, origin, unpack::EXPANSION_FLOOR)? {
        Opened::Tar(stream, _) => tar_tree(stream),
        Opened::Zip(archive) => zip_tree(*archive),
    };
    tree.map_err(|error| damaged(&error))
}

fn tar_tree(stream: Box<dyn Read>) -> io::Result<SwhTree> {
    let mut tree = SwhTree::default();
    let mut archive = tar::Archive::new(stream);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        if kind.is_pax_global_extensions() {
            continue;
        }
        let name = entry.path_bytes().into_owned();
        let parts = entry::parts(&name).map_err(io::Error::other)?;
        let target = entry.link_name_bytes().map(std::borrow::Cow::into_owned).unwrap_or_default();
        let node = match kind {
            tar::EntryType::Directory => SwhNode::Folder(SwhTree::default()),
            tar::EntryType::Symlink => SwhNode::Link(Sha1::of_blob(target.len() as u64, target.as_slice())?),
            // Another name of what came before.
            tar::EntryType::Link => {
                let target = entry::parts(&target).map_err(io::Error::other)?;
                tree.get(&target).cloned().ok_or_else(|| io::Error::other("a link to what is not there"))?
            }
            _ => SwhNode::File { executable: entry.header().mode()? & 0o111 != 0, id: Sha1::of_blob(entry.size(), &mut entry)? },
        };
        put(&mut tree, &parts, node)?;
    }
    Ok(tree)
}

fn zip_tree<R: Read + io::Seek>(mut archive: zip::ZipArchive<R>) -> io::Result<SwhTree> {
    let mut tree = SwhTree::default();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(io::Error::other)?;
        let name = entry.name_raw().to_vec();
        let parts = entry::parts(&name).map_err(io::Error::other)?;
        let mode = entry.unix_mode().unwrap_or_default();
        let node = if entry.is_dir() {
            SwhNode::Folder(SwhTree::default())
        } else {
            let id = Sha1::of_blob(entry.size(), &mut entry)?;
            if mode & 0o170_000 == 0o120_000 { SwhNode::Link(id) } else { SwhNode::File { executable: mode & 0o111 != 0, id } }
        };
        put(&mut tree, &parts, node)?;
    }
    Ok(tree)
}

fn put(tree: &mut SwhTree, parts: &[&[u8]], node: SwhNode) -> io::Result<()> {
    tree.put(parts, node).map_err(|error: NotAFolder| io::Error::other(error))
}
