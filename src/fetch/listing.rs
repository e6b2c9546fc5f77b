//! What is in an archive that no recipe describes yet.

use std::collections::{BTreeMap, BTreeSet};

use super::archive::WantedArchive;
use super::relock::place_at;
use super::source::archive_root;
use super::{FetchError, Fetcher, unpack};
use crate::model::{Inputs, PlaceTemplate, RelPath, Sha256, Version};

/// An archive, looked into.
#[derive(Debug)]
pub struct Listing {
    pub sha256: Sha256,
    /// All regular files; of a crate those below the crate's own folder.
    pub files: BTreeSet<RelPath>,
    /// The texts of those that were asked for, as far as they are UTF-8.
    pub texts: BTreeMap<RelPath, String>,
}

impl Fetcher<'_> {
    /// Brings the archive of `version` at `place`, whatever its digest, and looks into it. `wanted`
    /// says of which files the text is wanted.
    ///
    /// # Errors
    /// When there is none of that version, or it can't be fetched, is damaged, or holds what no
    /// archive should.
    pub fn listing(
        &self,
        subject: &str,
        place: &PlaceTemplate,
        version: &Version,
        wanted: impl Fn(&RelPath) -> bool,
    ) -> Result<Listing, FetchError> {
        let place = place_at(place, version)?.ok_or_else(|| FetchError::NoneReached {
            subject: subject.to_owned(),
        })?;
        let fetched = self.bring(WantedArchive {
            subject,
            place: &place,
            sha256: None,
            size: None,
            last: true,
        })?;
        let root = archive_root(&place, "");
        let files = unpack::list(fetched.path(), fetched.origin(), &root)?;
        let wanted: BTreeSet<RelPath> = files.iter().filter(|path| wanted(path)).cloned().collect();
        let mut texts = BTreeMap::new();
        if !wanted.is_empty() {
            let inputs = Inputs {
                files: wanted,
                ..Inputs::default()
            };
            let unpacked = self.unpack(&fetched, &root, &inputs)?;
            for file in &unpacked.files {
                let path = unpacked.dir.path().join(file.path.as_str());
                if let Ok(text) = std::fs::read_to_string(path) {
                    texts.insert(file.path.clone(), text);
                }
            }
        }
        Ok(Listing {
            sha256: fetched.sha256(),
            files,
            texts,
        })
    }
}
