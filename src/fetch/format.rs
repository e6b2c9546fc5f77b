//! The formats of archives, told by their first bytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use camino::Utf8Path;

use super::FetchError;
use super::entries::{ArchiveEntry, ArchiveWalk, Excess, Limits};
use crate::store::StoreError;

/// What xz may use to decode: its strongest preset needs 65 MiB.
const XZ_MEMORY_LIMIT: u64 = 256 << 20;

const BUFFER: usize = 64 << 10;

/// Calls `visit` with each entry of the archive at `path`; `origin` is named in errors, `floor` is
/// [`EXPANSION_LIMIT`](super::entries::EXPANSION_LIMIT) but in tests.
///
/// # Errors
/// When it is no archive, is damaged or asks too much; those of `visit`.
pub(super) fn each_entry(
    path: &Utf8Path,
    origin: &str,
    floor: u64,
    visit: &mut dyn FnMut(&mut ArchiveEntry<'_>) -> Result<(), FetchError>,
) -> Result<(), FetchError> {
    let read = |source| StoreError::Read {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(read)?;
    let limits = Limits::of(file.metadata().map_err(read)?.len(), floor);
    let mut start = Vec::with_capacity(512);
    (&file).take(512).read_to_end(&mut start).map_err(read)?;
    file.seek(SeekFrom::Start(0)).map_err(read)?;
    let failed = |error| broken(origin, error);
    let walk = ArchiveWalk::new(limits, &failed, visit);
    let file = BufReader::with_capacity(BUFFER, file);
    match start.as_slice() {
        [0x1f, 0x8b, ..] => walk.tar(GzMembers::new(file)),
        [b'B', b'Z', b'h', ..] => walk.tar(bzip2::bufread::MultiBzDecoder::new(file)),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => walk.tar(xz(file).map_err(failed)?),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => walk.tar(zstd::Decoder::with_buffer(file).map_err(failed)?),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => walk.zip(path),
        start if start.get(257..262) == Some(b"ustar") => walk.tar(file),
        start => Err(FetchError::Format {
            origin: origin.to_owned(),
            found: describe(start),
        }),
    }
}

/// What made reading the archive of `origin` fail.
pub(super) fn broken(origin: &str, error: io::Error) -> FetchError {
    match Excess::of(&error) {
        Some(excess) => FetchError::Excessive {
            origin: origin.to_owned(),
            excess,
        },
        None => FetchError::Damaged {
            origin: origin.to_owned(),
            source: error.into(),
        },
    }
}

/// Decodes xz, of one stream or several, with a bound on its memory.
///
/// # Errors
/// When liblzma takes no memory for it.
pub fn xz<R: BufRead>(from: R) -> io::Result<impl Read> {
    let decoder = liblzma::stream::Stream::new_stream_decoder(
        XZ_MEMORY_LIMIT,
        liblzma::stream::CONCATENATED,
    )?;
    Ok(liblzma::bufread::XzDecoder::new_stream(from, decoder))
}

/// Decodes gzip's members one after the other, and passes over zeros after the last, as gzip itself
/// does: tapes are padded.
pub struct GzMembers<R>(Option<flate2::bufread::GzDecoder<R>>);

impl<R: BufRead> GzMembers<R> {
    pub fn new(from: R) -> Self {
        Self(Some(flate2::bufread::GzDecoder::new(from)))
    }
}

impl<R: BufRead> Read for GzMembers<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let from = member.get_mut();
            let mut padded = false;
            let more = loop {
                match from.fill_buf()? {
                    [] => break false,
                    [0, rest @ ..] => {
                        let zeros = 1 + rest.iter().take_while(|byte| **byte == 0).count();
                        from.consume(zeros);
                        padded = true;
                    }
                    _ => break true,
                }
            };
            if more && padded {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "bytes follow the padding after its gzip stream",
                ));
            }
            // What is no member is refused when its header is read.
            self.0 = self
                .0
                .take()
                .filter(|_| more)
                .map(|member| flate2::bufread::GzDecoder::new(member.into_inner()));
        }
        Ok(0)
    }
}

fn describe(start: &[u8]) -> String {
    if looks_like_html(start) {
        return "an HTML page".to_owned();
    }
    if start.is_empty() {
        "an empty file".to_owned()
    } else {
        format!(
            "it starts with `{}`",
            start[..start.len().min(16)].escape_ascii()
        )
    }
}

/// Whether a download begins as the pages do that servers send in place of a file.
pub fn looks_like_html(start: &[u8]) -> bool {
    let text = start
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(start)
        .trim_ascii_start();
    [&b"<!doctype html"[..], b"<html", b"<head", b"<?xml"]
        .iter()
        .any(|tag| {
            text.get(..tag.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(tag))
        })
}
