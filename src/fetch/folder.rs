//! Folders in which archives lie that were brought by hand.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::Sha256;
use crate::store::open_regular;

/// The folders that were looked into, each listed once, each file hashed at most once.
#[derive(Default)]
pub struct Folders {
    listed: Mutex<BTreeMap<Utf8PathBuf, Arc<Vec<FolderFile>>>>,
}

struct FolderFile {
    path: Utf8PathBuf,
    size: u64,
    /// None where it can't be read: it is then as good as not there.
    sha256: OnceLock<Option<Sha256>>,
}

impl Folders {
    /// A file with this digest in `folder` or one folder further down, whatever its name. Files are
    /// hashed only if their size is `size`, or not over `limit` where that is not known.
    ///
    /// # Errors
    /// When `folder` can't be listed.
    pub fn find(
        &self,
        folder: &Utf8Path,
        sha256: &Sha256,
        size: Option<u64>,
        limit: u64,
    ) -> io::Result<Option<Utf8PathBuf>> {
        let candidates = self.list(folder)?;
        let fits = |candidate: &&FolderFile| match size {
            Some(size) => candidate.size == size,
            None => candidate.size <= limit,
        };
        let found = candidates.iter().filter(fits).find(|candidate| {
            let digest = candidate.sha256.get_or_init(|| {
                open_regular(&candidate.path)
                    .and_then(Sha256::of_reader)
                    .map(|(digest, _)| digest)
                    .ok()
            });
            digest.as_ref() == Some(sha256)
        });
        Ok(found.map(|candidate| candidate.path.clone()))
    }

    fn list(&self, folder: &Utf8Path) -> io::Result<Arc<Vec<FolderFile>>> {
        let mut listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(candidates) = listed.get(folder) {
            return Ok(Arc::clone(candidates));
        }
        let mut candidates = Vec::new();
        collect(folder, true, &mut candidates)?;
        candidates.sort_by(|a, b| a.path.cmp(&b.path));
        let candidates = Arc::new(candidates);
        listed.insert(folder.to_owned(), Arc::clone(&candidates));
        Ok(candidates)
    }
}

fn collect(folder: &Utf8Path, descend: bool, candidates: &mut Vec<FolderFile>) -> io::Result<()> {
    for entry in fs_err::read_dir(folder)? {
        let Ok(path) = Utf8PathBuf::try_from(entry?.path()) else {
            continue;
        };
        // Links are followed: a collection of archives may well be one of links.
        let Ok(meta) = fs_err::metadata(&path) else {
            continue;
        };
        if meta.is_file() {
            candidates.push(FolderFile {
                path,
                size: meta.len(),
                sha256: OnceLock::new(),
            });
        } else if meta.is_dir() && descend {
            // A folder inside that can't be read holds nothing for us.
            let _ = collect(&path, false, candidates);
        }
    }
    Ok(())
}
