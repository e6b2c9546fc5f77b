//! Files whose digest nobody knows before they come, databases of vulnerabilities and indices of
//! packed prefixes: only the way that they come is checked.

use tempfile::NamedTempFile;
use url::Url;

use super::http::{Ask, Expected};
use super::{FetchError, Fetcher};
use crate::model::{Sha256, check_url, shown_url};

impl Fetcher<'_> {
    /// Brings the file at `url` into a scratch file, with its digest and size. `subject` is how
    /// events and messages call it.
    ///
    /// # Errors
    /// When `url` is plain and not of this machine, or it can't be downloaded whole, or it is
    /// larger than `limit` bytes.
    pub fn unpinned(
        &self,
        subject: &str,
        url: &Url,
        limit: u64,
    ) -> Result<(NamedTempFile, Sha256, u64), FetchError> {
        let origin = shown_url(url);
        let origin = origin.as_str();
        if self.settings.offline {
            return Err(FetchError::Offline {
                subject: subject.to_owned(),
                origin: origin.to_owned(),
                sha256: None,
            });
        }
        check_url(url.as_str()).map_err(|problem| FetchError::BadPlace {
            origin: origin.to_owned(),
            source: problem.into(),
        })?;
        let expected = Expected {
            sha256: None,
            size: None,
            limit,
        };
        let ask = Ask {
            subject,
            origin,
            url,
            last: true,
        };
        self.web
            .download(ask, expected, self.reporter, || self.store.scratch_file())
    }
}
