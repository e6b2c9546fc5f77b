//! Upstream's own archives of the SDK.

use super::{Locator, ToolchainError, unpack};
use crate::model::ErrorClass;
use crate::model::{Cause, Origin, Place, SdkDownload, Sha256};
use crate::store::Kind;

/// Brings the release's archive and unpacks it whole into the store; its key there is the archive's
/// digest.
pub(super) fn fetch(
    locator: &Locator<'_>,
    number: &str,
    download: &SdkDownload,
) -> Result<Sha256, ToolchainError> {
    let subject = format!("WASI SDK {number}");
    let origin = Origin::new(
        Place::Url(download.url.clone()),
        String::new(),
        download.sha256,
        download.size,
    );
    let archive = locator
        .fetcher
        .fetch_archive(&subject, &origin)
        .map_err(|error| {
            let release = number.to_owned();
            if error.class() == ErrorClass::Network {
                ToolchainError::Unreachable {
                    release,
                    exact: false,
                    download: Box::new(error),
                    debian: None,
                }
            } else {
                ToolchainError::Refused {
                    release,
                    source: Box::new(error),
                }
            }
        })?;
    let key = download.sha256;
    let _guard = locator.store.lock(
        "sdk",
        &key,
        &format!("unpacking {subject}"),
        locator.reporter,
    )?;
    // Another process may have had the same wish.
    if locator
        .store
        .entry(Kind::Sdk, &key, locator.reporter)?
        .is_some()
    {
        return Ok(key);
    }
    locator.step(&subject, "unpacking", true);
    let scratch = locator.store.scratch_dir()?;
    let dir = unpack::utf8(&scratch)?;
    let file = fs_err::File::open(archive.path()).map_err(ToolchainError::io(archive.path()))?;
    let refuse = |source: Cause| ToolchainError::Unpack {
        archive: format!("{subject} ({})", download.url),
        source,
    };
    let reader =
        flate2::read::MultiGzDecoder::new(std::io::BufReader::with_capacity(1 << 17, file));
    let unpacked = unpack::unpack(reader, &dir, unpack::without_top_folder).map_err(refuse)?;
    unpack::make_links(&dir, &unpacked.links).map_err(refuse)?;
    super::layout::Layout::open(&dir)
        .map_err(|missing| refuse(format!("{missing} is missing").into()))?;
    locator
        .store
        .keep_entry(Kind::Sdk, &key, scratch, unpacked.files, locator.reporter)?;
    locator.step(&subject, "unpacking", false);
    Ok(key)
}
