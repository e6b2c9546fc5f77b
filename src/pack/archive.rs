//! Archives with nothing in them of the machine and the time: files sorted by path, one time, one
//! owner, one mode.

use std::io::{self, Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{ArchiveFormat, Packed};

/// The oldest time that a zip can have, 1980-01-01, in seconds since 1970.
const TIME: u64 = 315_532_800;

const MODE: u32 = 0o644;

/// zstd's level: the best that needs no more memory to unpack than the default.
const ZSTD_LEVEL: i32 = 19;

/// The bytes of an archive of `files`, sorted by path, below a folder `top`.
pub(super) fn archive(format: ArchiveFormat, top: &str, files: &[&Packed]) -> io::Result<Vec<u8>> {
    let files = files
        .iter()
        .map(|file| (format!("{top}/{}", file.path), file.bytes.as_slice()));
    match format {
        ArchiveFormat::TarZst => tar_zst(files),
        ArchiveFormat::Zip => zip(files),
    }
}

fn tar_zst<'a>(files: impl Iterator<Item = (String, &'a [u8])>) -> io::Result<Vec<u8>> {
    let mut encoder = zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
    encoder.include_checksum(true)?;
    let mut tar = tar::Builder::new(encoder);
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(MODE);
        header.set_mtime(TIME);
        header.set_uid(0);
        header.set_gid(0);
        tar.append_data(&mut header, path, bytes)?;
    }
    tar.into_inner()?.finish()
}

/// The bytes of a zip of `files`, in this order.
pub(super) fn zip<'a>(files: impl Iterator<Item = (String, &'a [u8])>) -> io::Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(MODE);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in files {
        zip.start_file(path, options)?;
        zip.write_all(bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}
