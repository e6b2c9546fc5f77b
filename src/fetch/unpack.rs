//! From an archive to the selected files: one pass that judges every entry, writes the selected ones and hashes them on the way. Nothing else of
//! the archive reaches the disk.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use super::FetchError;
use super::compare::InputFiles;
use super::entry::{self, Picker, Refusal};
use crate::model::{Digesting, Inputs, RelPath, Sha256};
use crate::plan;
use crate::store::{EntryFile, StoreError};

/// Archives may unpack to this many bytes, or to [`MOST_EXPANSION`] times their own size where that is more. Sources compress to a fifth to a
/// twentieth; what is bigger than both is made to fill memory or disk.
pub(super) const EXPANSION_FLOOR: u64 = 1 << 30;
const MOST_EXPANSION: u64 = 64;

/// What xz may use to decode: its strongest preset needs 65 MiB.
const XZ_MEMORY: u64 = 256 << 20;

const BUFFER: usize = 64 << 10;

/// An archive's inputs, in a scratch folder, not yet compared with anything.
pub struct Unpacked {
    pub dir: TempDir,
    /// In the order of the archive.
    pub files: Vec<EntryFile>,
}

impl Unpacked {
    /// The digest of the files as they came.
    pub fn digest(&self) -> Sha256 {
        plan::inputs_digest(self.files.iter().map(|file| (&file.path, &file.sha256)))
    }

    /// Moves the files of `other` into the folder `to`.
    pub fn take(&mut self, other: Unpacked, to: &RelPath) -> Result<(), FetchError> {
        for file in other.files {
            let path: RelPath = format!("{to}/{}", file.path).parse().expect("a relative path below another is one");
            let target = self.dir.path().join(path.as_str());
            let write = |source| StoreError::Write { path: path.as_str().into(), source };
            fs_err::create_dir_all(target.parent().unwrap_or(self.dir.path())).map_err(write)?;
            fs_err::rename(other.dir.path().join(file.path.as_str()), &target).map_err(write)?;
            self.files.push(EntryFile { path, ..file });
        }
        Ok(())
    }

    /// The files with their digests.
    pub fn inputs(&self) -> InputFiles {
        self.files.iter().map(|file| (file.path.clone(), file.sha256)).collect()
    }
}

/// An archive, by what its first bytes say.
pub(super) enum Opened {
    /// The tar stream, decompressed; reading more than so many bytes of it fails.
    Tar(Box<dyn Read>, u64),
    Zip(Box<zip::ZipArchive<BufReader<File>>>),
}

/// Opens the archive at `path`; `origin` is named in errors.
pub(super) fn open(path: &Utf8Path, origin: &str, floor: u64) -> Result<Opened, FetchError> {
    let read = |source| StoreError::Read { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(read)?;
    let size = file.metadata().map_err(read)?.len();
    let mut start = Vec::with_capacity(512);
    (&file).take(512).read_to_end(&mut start).map_err(read)?;
    file.seek(SeekFrom::Start(0)).map_err(read)?;
    let damaged = |error: &dyn std::error::Error| FetchError::Damaged { origin: origin.to_owned(), problem: error.to_string() };
    let file = BufReader::with_capacity(BUFFER, file);
    let stream: Box<dyn Read> = match start.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        [b'B', b'Z', b'h', ..] => Box::new(bzip2::bufread::MultiBzDecoder::new(file)),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
            let decoder = liblzma::stream::Stream::new_stream_decoder(XZ_MEMORY, liblzma::stream::CONCATENATED).map_err(|e| damaged(&e))?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(file, decoder))
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Box::new(zstd::Decoder::with_buffer(file).map_err(|e| damaged(&e))?),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => return Ok(Opened::Zip(Box::new(zip::ZipArchive::new(file).map_err(|e| damaged(&e))?))),
        start if start.get(257..262) == Some(b"ustar") => Box::new(file),
        start => return Err(FetchError::Format { origin: origin.to_owned(), found: describe(start) }),
    };
    let limit = bound(size, floor);
    Ok(Opened::Tar(Box::new(BufReader::with_capacity(BUFFER, Bounded { stream, left: limit })), limit))
}

fn bound(size: u64, floor: u64) -> u64 {
    size.saturating_mul(MOST_EXPANSION).max(floor)
}

fn describe(start: &[u8]) -> String {
    if looks_like_html(start) {
        return "an HTML page".to_owned();
    }
    if start.is_empty() { "an empty file".to_owned() } else { format!("it starts with `{}`", start[..start.len().min(16)].escape_ascii()) }
}

/// Whether a download begins as the pages do that servers send in place of a file.
pub fn looks_like_html(start: &[u8]) -> bool {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    [&b"<!doctype html"[..], b"<html", b"<head", b"<?xml"]
        .iter()
        .any(|tag| text.get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag)))
}

/// Fails once more than its bound has been read.
struct Bounded {
    stream: Box<dyn Read>,
    left: u64,
}

/// Told apart from a decoder's errors by its type.
#[derive(Debug, thiserror::Error)]
#[error("it expands too far")]
struct TooFar;

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| io::Error::other(TooFar))?;
        Ok(read)
    }
}

/// Unpacks what `inputs` selects below `root` of the archive at `path` into `dir`, a scratch folder.
///
/// # Errors
/// When an entry is refused, the archive is damaged or expands too far, or nothing of it is selected; `dir` is then gone.
pub fn unpack(path: &Utf8Path, origin: &str, root: &str, inputs: &Inputs, dir: TempDir) -> Result<Unpacked, FetchError> {
    unpack_within(path, origin, root, inputs, dir, EXPANSION_FLOOR)
}

/// [`unpack`] with another [`EXPANSION_FLOOR`], so that a test need not write a gibibyte.
pub(super) fn unpack_within(
    path: &Utf8Path,
    origin: &str,
    root: &str,
    inputs: &Inputs,
    dir: TempDir,
    floor: u64,
) -> Result<Unpacked, FetchError> {
    let folder = Utf8Path::from_path(dir.path())
        .ok_or_else(|| StoreError::Write { path: "the scratch folder".into(), source: io::ErrorKind::InvalidFilename.into() })?;
    let mut writer = Writer {
        origin,
        limit: inputs.max_size,
        left: inputs.max_size,
        picker: Picker::new(inputs, root),
        folders: HashSet::new(),
        dir: folder.to_owned(),
        buffer: vec![0; BUFFER],
        files: Vec::new(),
    };
    match open(path, origin, floor)? {
        Opened::Tar(stream, limit) => writer.tar(stream, limit)?,
        Opened::Zip(archive) => writer.zip(*archive)?,
    }
    if !writer.picker.seen_root() {
        return Err(FetchError::NoRoot { origin: origin.to_owned(), root: root.to_owned(), found: writer.picker.into_top() });
    }
    if writer.files.is_empty() {
        return Err(FetchError::NothingSelected { origin: origin.to_owned(), root: root.to_owned() });
    }
    Ok(Unpacked { dir, files: writer.files })
}

/// Judges entries and writes the selected ones.
struct Writer<'a> {
    origin: &'a str,
    limit: u64,
    left: u64,
    picker: Picker<'a>,
    /// Those that have been made.
    folders: HashSet<Utf8PathBuf>,
    dir: Utf8PathBuf,
    buffer: Vec<u8>,
    files: Vec<EntryFile>,
}

/// What an entry is, whatever the archive's format.
enum Entry<'a> {
    File,
    Folder,
    /// From the folder that it lies in.
    Symlink(&'a [u8]),
    /// From the archive's top.
    Hardlink(&'a [u8]),
    Other(String),
}

impl Writer<'_> {
    fn tar(&mut self, stream: Box<dyn Read>, limit: u64) -> Result<(), FetchError> {
        let origin = self.origin;
        let failed = |error: &io::Error| {
            if error.get_ref().is_some_and(|inner| inner.is::<TooFar>() || inner.to_string() == TooFar.to_string()) {
                FetchError::Expands { origin: origin.to_owned(), limit }
            } else {
                FetchError::Damaged { origin: origin.to_owned(), problem: error.to_string() }
            }
        };
        let mut archive = tar::Archive::new(stream);
        for entry in archive.entries().map_err(|e| failed(&e))? {
            let mut entry = entry.map_err(|e| failed(&e))?;
            let kind = entry.header().entry_type();
            // git writes the commit into one of these; it is no file.
            if kind.is_pax_global_extensions() {
                continue;
            }
            let name = entry.path_bytes().into_owned();
            let target = entry.link_name_bytes().map(std::borrow::Cow::into_owned).unwrap_or_default();
            let kind = match kind {
                tar::EntryType::Regular | tar::EntryType::Continuous | tar::EntryType::GNUSparse => Entry::File,
                tar::EntryType::Directory => Entry::Folder,
                tar::EntryType::Symlink => Entry::Symlink(&target),
                tar::EntryType::Link => Entry::Hardlink(&target),
                tar::EntryType::Char | tar::EntryType::Block => Entry::Other("a device".to_owned()),
                tar::EntryType::Fifo => Entry::Other("a named pipe".to_owned()),
                other => Entry::Other(format!("of tar's type `{}`", other.as_byte().escape_ascii())),
            };
            if let Some(selected) = self.judge(&name, &kind)? {
                let size = entry.size();
                self.write(&selected, &name, size, &mut entry, &failed)?;
            }
        }
        // To the end of the stream, where its own checksum is.
        io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|e| failed(&e))?;
        Ok(())
    }

    fn zip(&mut self, mut archive: zip::ZipArchive<BufReader<File>>) -> Result<(), FetchError> {
        let origin = self.origin;
        let damaged = |error: &dyn std::error::Error| FetchError::Damaged { origin: origin.to_owned(), problem: error.to_string() };
        if archive.has_duplicate_names() {
            return Err(self.refused(b"(one of the zip's directory)", Refusal::Twice));
        }
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index).map_err(|e| damaged(&e))?;
            let name = entry.name_raw().to_vec();
            // The type is in the upper bits of the Unix mode, where the zip was made on Unix.
            let kind = entry.unix_mode().map_or(0, |mode| mode & 0o170_000);
            let mut target = Vec::new();
            if kind == 0o120_000 {
                entry.by_ref().take(4096).read_to_end(&mut target).map_err(|e| damaged(&e))?;
            }
            let kind = match kind {
                0o120_000 => Entry::Symlink(&target),
                _ if entry.is_dir() => Entry::Folder,
                0 | 0o100_000 => Entry::File,
                other => Entry::Other(format!("of the Unix type {other:o}")),
            };
            if let Some(selected) = self.judge(&name, &kind)? {
                let size = entry.size();
                self.write(&selected, &name, size, &mut entry, &|e| damaged(e))?;
            }
        }
        Ok(())
    }

    fn refused(&self, name: &[u8], refusal: Refusal) -> FetchError {
        FetchError::Entry { origin: self.origin.to_owned(), entry: String::from_utf8_lossy(name).into_owned(), refusal }
    }

    /// The path to write the entry to, where it is a selected file.
    fn judge(&mut self, name: &[u8], kind: &Entry<'_>) -> Result<Option<RelPath>, FetchError> {
        let judged = (|| {
            let parts = entry::parts(name)?;
            let link = match kind {
                Entry::File | Entry::Folder => None,
                Entry::Symlink(target) => Some((parts.split_last().map_or(&[][..], |(_, folder)| folder), *target)),
                Entry::Hardlink(target) => Some((&[][..], *target)),
                Entry::Other(what) => return Err(Refusal::Kind { what: what.clone() }),
            };
            if let Some((folder, target)) = link {
                entry::check_link(folder, target)?;
            }
            let Some(path) = self.picker.pick(&parts)? else { return Ok(None) };
            if let Some((_, target)) = link {
                return Err(Refusal::SelectedLink { target: String::from_utf8_lossy(target).into_owned() });
            }
            if matches!(kind, Entry::Folder) {
                return Ok(None);
            }
            self.picker.take(&path)?;
            Ok(Some(path))
        })();
        judged.map_err(|refusal| self.refused(name, refusal))
    }

    fn write(
        &mut self,
        path: &RelPath,
        name: &[u8],
        size: u64,
        content: &mut dyn Read,
        failed: &dyn Fn(&io::Error) -> FetchError,
    ) -> Result<(), FetchError> {
        let too_large = |this: &Self| this.refused(name, Refusal::TooLarge { limit: this.limit });
        if size > self.left {
            return Err(too_large(self));
        }
        let to = self.dir.join(path.as_str());
        let write = |source| FetchError::from(StoreError::Write { path: to.clone(), source });
        if let Some(folder) = to.parent()
            && self.folders.insert(folder.to_owned())
        {
            fs_err::create_dir_all(folder).map_err(write)?;
        }
        let mut file = Digesting::new(create(&to).map_err(write)?);
        loop {
            let read = match content.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(failed(&error)),
            };
            // The size that the entry states may be less than what it yields.
            self.left = self.left.checked_sub(read as u64).ok_or_else(|| too_large(self))?;
            file.write_all(&self.buffer[..read]).map_err(write)?;
        }
        let size = file.size();
        let (_, sha256) = file.finish();
        self.files.push(EntryFile { path: path.clone(), sha256, size });
        Ok(())
    }
}

/// A new file with plain permissions, whatever the archive says.
pub fn create(path: &Utf8Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o644);
    options.open(path)
}
