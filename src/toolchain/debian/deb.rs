//! `.deb` files (deb(5)): an `ar` archive whose member `data.tar`, compressed, holds the files.

use std::io::Read;

use camino::Utf8Path;
use object::read::archive::ArchiveFile;

use crate::fetch::format::{GzMembers, xz};
use crate::model::{Cause, RelPath};
use crate::toolchain::unpack::{self, UnpackedSdk};

/// Writes the files of `deb` below `dir`, each where `place` says; `None` leaves it out.
pub(super) fn unpack(
    deb: &Utf8Path,
    dir: &Utf8Path,
    place: impl Fn(&RelPath) -> Option<RelPath>,
) -> Result<UnpackedSdk, Cause> {
    let bytes = fs_err::read(deb)?;
    let (compression, data) = data(&bytes)?;
    let reader: Box<dyn Read> = match compression {
        "" => Box::new(data),
        ".gz" => Box::new(GzMembers::new(data)),
        ".xz" => Box::new(xz(data)?),
        ".zst" => Box::new(zstd::stream::read::Decoder::with_buffer(data)?),
        other => {
            return Err(
                format!("its data is compressed as `{other}`, which is not known here").into(),
            );
        }
    };
    unpack::unpack(reader, dir, place)
}

/// The compression's suffix, and the bytes, of the member that holds the files.
fn data(bytes: &[u8]) -> Result<(&str, &[u8]), Cause> {
    let archive = ArchiveFile::parse(bytes)?;
    for member in archive.members() {
        let member = member?;
        let name = std::str::from_utf8(member.name()).unwrap_or_default();
        if let Some(suffix) = name.strip_prefix("data.tar") {
            return Ok((suffix, member.data(bytes)?));
        }
    }
    Err("it has no member `data.tar`".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deb(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = b"!<arch>\n".to_vec();
        for (name, data) in members {
            bytes.extend(
                format!(
                    "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n",
                    0,
                    0,
                    0,
                    100_644,
                    data.len()
                )
                .bytes(),
            );
            bytes.extend(*data);
            if data.len() % 2 == 1 {
                bytes.push(b'\n');
            }
        }
        bytes
    }

    #[test]
    fn the_data_is_found_behind_members_of_odd_length() {
        let bytes = deb(&[
            ("debian-binary", b"2.0\n"),
            ("control.tar.xz", b"odd"),
            ("data.tar.zst", b"here"),
        ]);
        assert_eq!(data(&bytes).expect("found"), (".zst", b"here".as_slice()));
    }

    #[test]
    fn an_archive_without_data_or_one_cut_short_is_refused() {
        assert!(data(&deb(&[("debian-binary", b"2.0\n")])).is_err());
        let bytes = deb(&[("data.tar.xz", b"here")]);
        assert!(data(&bytes[..bytes.len() - 2]).is_err());
        assert!(data(b"<html>").is_err());
    }
}
