//! What was found out about something, kept as an entry of one JSON file.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{EntryFile, Kind, Store, StoreError};
use crate::model::{RelPath, Sha256};
use crate::report::Reporter;

impl Store {
    /// The record of `kind` with this key, where the store has it whole. An entry that holds
    /// something else is thrown away.
    ///
    /// # Errors
    /// When the entry is damaged and can't be removed.
    pub fn record<T: DeserializeOwned>(
        &self,
        kind: Kind,
        key: &Sha256,
        reporter: &dyn Reporter,
    ) -> Result<Option<T>, StoreError> {
        let Some(entry) = self.entry(kind, key, reporter)? else {
            return Ok(None);
        };
        let record = entry
            .read(&path())
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if record.is_none() {
            self.reject(kind, key, "it contains no record of its kind", reporter)?;
        }
        Ok(record)
    }

    /// Keeps `record`, whose maps have only string keys.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn keep_record(
        &self,
        kind: Kind,
        key: &Sha256,
        record: &impl Serialize,
        reporter: &dyn Reporter,
    ) -> Result<(), StoreError> {
        let text = serde_json::to_vec(record).expect("a record has only string keys");
        let dir = self.scratch_dir()?;
        let path = path();
        let to = dir.path().join(path.as_str());
        fs_err::write(&to, &text).map_err(|source| StoreError::Write {
            path: to.to_string_lossy().into_owned().into(),
            source,
        })?;
        let file = EntryFile {
            path,
            sha256: Sha256::of(&text),
            size: text.len() as u64,
        };
        self.keep_entry(kind, key, dir, vec![file], reporter)
            .map(drop)
    }
}

fn path() -> RelPath {
    "record.json".parse().expect("a constant that is a path")
}
