//! Which upstream version a crate's release carries, by what its own files say.

use super::archive::WantedArchive;
use super::source::archive_root;
use super::{FetchError, Fetcher};
use crate::model::{Cause, Globs, Inputs, Name, Place, Version, VersionIn};
use crate::store::{TEXT_LIMIT, read_text};

impl Fetcher<'_> {
    /// Brings the release `version` of the crate `name` and reads which version its source says
    /// that it is; `None` where its file does not say.
    ///
    /// # Errors
    /// When the crate can't be fetched, is not what the registry's index says, or does not have the
    /// file.
    pub fn carried(
        &self,
        subject: &str,
        name: &Name,
        version: &Version,
        carries: &VersionIn,
    ) -> Result<Option<Version>, FetchError> {
        let place = Place::Crate {
            name: name.clone(),
            version: version.clone(),
        };
        let bad = |source: Cause| FetchError::BadPlace {
            origin: place.to_string(),
            source,
        };
        let include =
            Globs::try_from(vec![carries.file.to_string()]).map_err(|error| bad(error.into()))?;
        let max_size = TEXT_LIMIT
            .try_into()
            .map_err(|error: crate::model::OutOfBounds| bad(error.into()))?;
        let inputs = Inputs {
            include: Some(include),
            max_size,
            ..Inputs::default()
        };
        let fetched = self.bring(WantedArchive {
            subject,
            place: &place,
            sha256: None,
            size: None,
            last: true,
        })?;
        let unpacked = self.unpack(&fetched, &archive_root(&place, ""), &inputs)?;
        let dir = camino::Utf8Path::from_path(unpacked.dir.path())
            .ok_or_else(|| bad("the scratch folder is not UTF-8".into()))?;
        let Some(file) = unpacked.files.first() else {
            return Ok(None);
        };
        let text = read_text(&dir.join(file.path.as_str()), TEXT_LIMIT)
            .map_err(|error| bad(error.into()))?;
        Ok(carries.read(&text))
    }
}
