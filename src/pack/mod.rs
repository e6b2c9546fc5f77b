//! A prefix as files to publish, archives with an index or a wheel, and a prefix made from such an
//! index elsewhere.
//!
//! Everything that is written is determined by the prefix: names, order, times, rights, bytes.

mod archive;
mod error;
mod index;
mod install;
mod wheel;

use std::fmt::Write as _;

use camino::Utf8Path;
use rayon::prelude::*;

pub use error::PackError;
pub use index::{ArchiveFormat, INDEX, PackIndex, PackedArchive, PackedSource};
pub use install::{IndexPlace, PackedPrefix};
pub use wheel::{WheelVersion, write_wheel};

use crate::build::{Installed, MANIFEST};
use crate::model::{Identity, Name, RelPath, SdkKind, Sha256};
use crate::store::{PARSED_LIMIT, read_regular, write_atomically};

/// The digests of all archives and of the index, in the form of `sha256sum`.
const SUMS: &str = "SHA256SUMS";

/// A file on the way into an archive.
struct Packed {
    path: String,
    bytes: Vec<u8>,
}

/// Writes `prefix` into the folder `dir`: one archive of the whole, one of each library, each in
/// both formats, the index, and the digests.
///
/// # Errors
/// When a file of the prefix is not as it was installed, or something can't be written.
pub fn pack(prefix: &Installed, dir: &Utf8Path) -> Result<PackIndex, PackError> {
    let manifest = prefix.manifest();
    let files = contents(prefix)?;
    let whole = (None, stem("wasideps", &manifest.toolchain));
    let sources = manifest.sources.iter().map(|source| {
        let name = format!("{}-{}", source.name, source.version);
        let packed = PackedSource {
            name: source.name.clone(),
            version: source.version.clone(),
        };
        (Some(packed), stem(&name, &manifest.toolchain))
    });
    let wanted: Vec<_> = std::iter::once(whole)
        .chain(sources)
        .flat_map(|(source, stem)| {
            ArchiveFormat::ALL.map(|format| (source.clone(), stem.clone(), format))
        })
        .collect();
    fs_err::create_dir_all(dir).map_err(PackError::write(dir))?;
    let archives = wanted.into_par_iter().map(|(source, stem, format)| {
        let chosen: Vec<&Packed> = files
            .iter()
            .filter(|(owner, packed)| match &source {
                None => true,
                Some(source) => {
                    owner.as_ref() == Some(&source.name) || is_document_of(packed, &source.name)
                }
            })
            .map(|(_, packed)| packed)
            .collect();
        let file = format!("{stem}.{}", format.extension());
        let path = dir.join(&file);
        let bytes = archive::archive(format, &stem, &chosen).map_err(PackError::write(&path))?;
        write_atomically(&path, &bytes).map_err(PackError::write(&path))?;
        Ok(PackedArchive {
            file: file
                .parse()
                .expect("names, versions and targets make a path"),
            format,
            sha256: Sha256::of(&bytes),
            size: bytes.len() as u64,
            source,
        })
    });
    let archives = archives.collect::<Result<Vec<_>, PackError>>()?;
    let index = PackIndex::new(
        manifest.toolchain.clone(),
        Sha256::of(manifest.to_text().as_bytes()),
        archives,
    );
    let text = index.to_text();
    let index_sum = (Sha256::of(text.as_bytes()), INDEX);
    let archives = index.archives.iter();
    let archives = archives.map(|archive| (archive.sha256, archive.file.as_str()));
    let mut sums = String::new();
    for (digest, file) in archives.chain([index_sum]) {
        writeln!(sums, "{digest}  {file}").expect("a string takes all text");
    }
    for (file, text) in [(SUMS, &sums), (INDEX, &text)] {
        let path = dir.join(file);
        write_atomically(&path, text.as_bytes()).map_err(PackError::write(&path))?;
    }
    Ok(index)
}

/// All files of a prefix, sorted by path, each with the source that it is of.
fn contents(prefix: &Installed) -> Result<Vec<(Option<Name>, Packed)>, PackError> {
    let manifest = prefix.manifest();
    let mut files = manifest
        .files
        .iter()
        .map(|file| {
            let packed = Packed {
                path: file.path.to_string(),
                bytes: prefix.read(file).map_err(Box::new)?,
            };
            Ok((file.source.clone(), packed))
        })
        .collect::<Result<Vec<_>, PackError>>()?;
    let path = prefix.path().join(MANIFEST);
    let bytes = read_regular(&path, PARSED_LIMIT).map_err(PackError::read(&path))?;
    if bytes != manifest.to_text().as_bytes() {
        return Err(PackError::Manifest { path });
    }
    files.push((
        None,
        Packed {
            path: MANIFEST.to_owned(),
            bytes,
        },
    ));
    files.sort_by(|(_, a), (_, b)| a.path.cmp(&b.path));
    Ok(files)
}

/// Whether a file about the prefix is about this source alone.
fn is_document_of(packed: &Packed, source: &Name) -> bool {
    packed.path == format!("share/wasideps/sbom/{source}.spdx.json")
}

/// `zlib-1.3.2-wasm32-wasip1-sdk33`: what an archive unpacks to, and its name without the format.
fn stem(what: &str, toolchain: &Identity) -> String {
    let config = toolchain.config.to_string().replace('+', "-");
    let kind = match toolchain.kind {
        SdkKind::Release => format!("sdk{}", toolchain.version),
        SdkKind::Debian => format!("sdk{}-debian", toolchain.version),
        SdkKind::Custom => format!("sdk-{}", toolchain.digest.short()),
    };
    format!("{what}-{config}-{kind}")
}

/// What of `path` is below the folder `stem`.
fn below(path: &str, stem: &str) -> Option<RelPath> {
    path.strip_prefix(stem)?.strip_prefix('/')?.parse().ok()
}
