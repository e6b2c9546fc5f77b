//! The entries of an archive one after the other, whatever its format, with the bounds on what an
//! archive may make its reader do. They hold before memory is taken: an archive is judged while its
//! digest may not be known yet. The figures are in `docs/limits.md`.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use camino::Utf8Path;

/// Archives may unpack to this many bytes, or to `RATIO_LIMIT` times their own size where that is
/// more. Sources compress to a fifth to a twentieth; what is bigger than both is made to fill
/// memory or disk.
pub const EXPANSION_LIMIT: u64 = 1 << 30;
const RATIO_LIMIT: u64 = 64;

/// The files and folders that an archive may hold, those that are only named on the way to others
/// among them. Linux has 100,000.
pub const ENTRIES_LIMIT: u64 = 1 << 18;

/// The bytes of a tar's headers before one entry: long names, pax records, maps of sparse files.
/// The tar crate holds them in memory.
const HEADERS_LIMIT: u64 = 1 << 20;

/// The bytes of an entry's path, and of a link's target. Longer paths can't be written on every
/// system.
const PATH_LIMIT: usize = 1024;

/// Where a zip's end record is looked for: a comment has at most 64 KiB.
const ZIP_END_LIMIT: u64 = 1 << 17;

/// What an archive asks too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    #[error("unpacks to more than {limit} bytes")]
    Bytes { limit: u64 },
    #[error("has more than {limit} files and folders")]
    Entries { limit: u64 },
    #[error("has more than {limit} bytes of headers before one entry")]
    Headers { limit: u64 },
    #[error("has an entry whose path or link target has more than {limit} bytes")]
    Path { limit: usize },
}

impl Excess {
    /// The excess that made a reader fail, where it was one.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error.get_ref()?);
        while let Some(error) = cause {
            if let Some(excess) = error.downcast_ref() {
                return Some(*excess);
            }
            // An `io::Error` passes over what it holds when it is asked for its source.
            let inner = error
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref);
            cause = inner.map(|inner| inner as _).or_else(|| error.source());
        }
        None
    }
}

/// What one archive may have.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of all its entries together.
    pub bytes: u64,
    pub entries: u64,
}

impl Limits {
    /// For an archive of `size` bytes; `floor` is [`EXPANSION_LIMIT`] but in tests.
    #[must_use]
    pub fn of(size: u64, floor: u64) -> Self {
        Self {
            bytes: size.saturating_mul(RATIO_LIMIT).max(floor),
            entries: ENTRIES_LIMIT,
        }
    }
}

/// What an entry is, whatever the archive's format.
pub enum EntryKind {
    File,
    Folder,
    /// To this, from the folder that it lies in.
    Symlink(Vec<u8>),
    /// To this, from the archive's top.
    Hardlink(Vec<u8>),
    /// With what it is.
    Other(String),
}

/// An entry.
pub struct ArchiveEntry<'a> {
    pub name: Vec<u8>,
    pub kind: EntryKind,
    pub executable: bool,
    /// As the archive says; its content may have more.
    pub size: u64,
    pub content: Metered<'a>,
}

/// Reads no more than is left.
pub struct Metered<'a> {
    stream: &'a mut dyn Read,
    left: &'a Cell<u64>,
    excess: Excess,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.stream.read(buffer)?;
        self.left.set(
            self.left
                .get()
                .checked_sub(read as u64)
                .ok_or_else(|| io::Error::other(self.excess))?,
        );
        Ok(read)
    }
}

/// Goes through an archive. `failed` makes an error of what is wrong with the archive itself;
/// `visit` is called with each entry.
pub struct ArchiveWalk<'a, E> {
    limits: Limits,
    left: Cell<u64>,
    entries: u64,
    failed: &'a dyn Fn(io::Error) -> E,
    visit: &'a mut dyn FnMut(&mut ArchiveEntry<'_>) -> Result<(), E>,
}

impl<'a, E> ArchiveWalk<'a, E> {
    pub fn new(
        limits: Limits,
        failed: &'a dyn Fn(io::Error) -> E,
        visit: &'a mut dyn FnMut(&mut ArchiveEntry<'_>) -> Result<(), E>,
    ) -> Self {
        Self {
            limits,
            left: Cell::new(limits.bytes),
            entries: 0,
            failed,
            visit,
        }
    }

    fn fail<T>(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Result<T, E> {
        Err((self.failed)(io::Error::other(error)))
    }

    /// All entries of a tar.
    ///
    /// # Errors
    /// When it is damaged, asks too much, or goes on after its end.
    pub fn tar(mut self, mut stream: impl Read) -> Result<(), E> {
        let limits = self.limits;
        // What is read of the stream, content or not: an archive may be made of headers alone.
        let all = Cell::new(limits.bytes);
        let mut stream = Metered {
            stream: &mut stream,
            left: &all,
            excess: Excess::Bytes {
                limit: limits.bytes,
            },
        };
        let headers = Cell::new(HEADERS_LIMIT);
        let mut archive = tar::Archive::new(Metered {
            stream: &mut stream,
            left: &headers,
            excess: Excess::Headers {
                limit: HEADERS_LIMIT,
            },
        });
        let mut entries = archive.entries().map_err(self.failed)?;
        loop {
            headers.set(HEADERS_LIMIT);
            let Some(entry) = entries.next() else { break };
            let mut entry = entry.map_err(self.failed)?;
            headers.set(u64::MAX);
            let (kind, executable) = (
                tar_kind(&entry),
                entry.header().mode().is_ok_and(|mode| mode & 0o111 != 0),
            );
            let (name, size) = (entry.path_bytes().into_owned(), entry.size());
            match kind {
                // git writes the commit into such a record; it is no file.
                None => drop(io::copy(&mut entry, &mut io::sink()).map_err(self.failed)?),
                Some(kind) => self.entry(name, kind, executable, size, &mut entry, true)?,
            }
        }
        // To the end of the stream, where the checksum of its compression is. Some readers would go
        // on after the end mark, others not.
        headers.set(u64::MAX);
        let mut rest = archive.into_inner();
        let mut buffer = [0; 1 << 13];
        loop {
            match rest.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) if buffer[..read].iter().any(|byte| *byte != 0) => {
                    return self.fail("it continues after its end mark");
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err((self.failed)(error)),
            }
        }
    }

    /// All entries of a zip; contents that `visit` does not read are not unpacked.
    ///
    /// # Errors
    /// When it is damaged or asks too much, or what its directory says differs from what lies at
    /// the entries: others read those.
    pub fn zip(mut self, path: &Utf8Path) -> Result<(), E> {
        let failed = self.failed;
        let open = || -> io::Result<_> {
            let mut file = File::open(path)?;
            if stated_entries(&mut file)? > self.limits.entries {
                return Err(io::Error::other(Excess::Entries {
                    limit: self.limits.entries,
                }));
            }
            Ok((
                zip::ZipArchive::new(BufReader::new(file))?,
                BufReader::new(File::open(path)?),
            ))
        };
        let (mut archive, mut local) = open().map_err(failed)?;
        if archive.has_duplicate_names() {
            return self.fail("two entries of its directory have the same name");
        }
        if archive
            .has_overlapping_entries()
            .map_err(|error| failed(error.into()))?
        {
            return self.fail("two of its entries share bytes");
        }
        for index in 0..archive.len() {
            let mut entry = archive
                .by_index(index)
                .map_err(|error| failed(error.into()))?;
            let name = entry.name_raw().to_vec();
            if local_name(&mut local, entry.header_start()).map_err(failed)? != name {
                return self.fail(format!(
                    "its directory has `{}` where the entry has another name",
                    name.escape_ascii()
                ));
            }
            let (mode, size) = (entry.unix_mode().unwrap_or_default(), entry.size());
            // The type is in the upper bits of the Unix mode, where the zip was made on Unix.
            let kind = match mode & 0o170_000 {
                0o120_000 => {
                    let mut target = Vec::new();
                    let read = entry
                        .by_ref()
                        .take(PATH_LIMIT as u64 + 1)
                        .read_to_end(&mut target);
                    read.map_err(failed)?;
                    EntryKind::Symlink(target)
                }
                _ if entry.is_dir() => EntryKind::Folder,
                0 | 0o100_000 => EntryKind::File,
                other => EntryKind::Other(format!("of the Unix type {other:o}")),
            };
            self.entry(name, kind, mode & 0o111 != 0, size, &mut entry, false)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        name: Vec<u8>,
        kind: EntryKind,
        executable: bool,
        size: u64,
        stream: &mut dyn Read,
        drain: bool,
    ) -> Result<(), E> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return self.fail(Excess::Entries {
                limit: self.limits.entries,
            });
        }
        let target = match &kind {
            EntryKind::Symlink(target) | EntryKind::Hardlink(target) => target.len(),
            EntryKind::File | EntryKind::Folder | EntryKind::Other(_) => 0,
        };
        if name.len().max(target) > PATH_LIMIT {
            return self.fail(Excess::Path { limit: PATH_LIMIT });
        }
        let excess = Excess::Bytes {
            limit: self.limits.bytes,
        };
        // Before any of it is unpacked.
        if size > self.left.get() {
            return self.fail(excess);
        }
        let mut entry = ArchiveEntry {
            name,
            kind,
            executable,
            size,
            content: Metered {
                stream,
                left: &self.left,
                excess,
            },
        };
        (self.visit)(&mut entry)?;
        if drain {
            io::copy(&mut entry.content, &mut io::sink()).map_err(self.failed)?;
        }
        Ok(())
    }
}

/// None for a record that is about the archive.
fn tar_kind(entry: &tar::Entry<'_, impl Read>) -> Option<EntryKind> {
    let target = || {
        entry
            .link_name_bytes()
            .map(std::borrow::Cow::into_owned)
            .unwrap_or_default()
    };
    Some(match entry.header().entry_type() {
        tar::EntryType::XGlobalHeader => return None,
        tar::EntryType::Regular | tar::EntryType::Continuous | tar::EntryType::GNUSparse => {
            EntryKind::File
        }
        tar::EntryType::Directory => EntryKind::Folder,
        tar::EntryType::Symlink => EntryKind::Symlink(target()),
        tar::EntryType::Link => EntryKind::Hardlink(target()),
        tar::EntryType::Char | tar::EntryType::Block => EntryKind::Other("a device".to_owned()),
        tar::EntryType::Fifo => EntryKind::Other("a named pipe".to_owned()),
        other => EntryKind::Other(format!(
            "of tar's type `{}`",
            other.as_byte().escape_ascii()
        )),
    })
}

/// The name in the local header at `start`. Source:
/// <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>, 4.3.7.
fn local_name(file: &mut (impl Read + Seek), start: u64) -> io::Result<Vec<u8>> {
    let mut header = [0; 30];
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut header)?;
    let mut name = vec![0; usize::from(u16::from_le_bytes([header[26], header[27]]))];
    file.read_exact(&mut name)?;
    Ok(name)
}

/// How many entries a zip says that it has: the most that any record near its end says, as readers
/// differ in which they take. The zip crate takes memory for so many before it reads one. Source:
/// <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>, 4.3.14 to 4.3.16.
///
/// # Errors
/// Those of `file`; it is at its start again when this returns.
pub fn stated_entries(file: &mut (impl Read + Seek)) -> io::Result<u64> {
    let size = file.seek(SeekFrom::End(0))?;
    let from = size.saturating_sub(ZIP_END_LIMIT);
    file.seek(SeekFrom::Start(from))?;
    let mut end = Vec::new();
    file.take(ZIP_END_LIMIT).read_to_end(&mut end)?;
    file.seek(SeekFrom::Start(0))?;
    let mut most = 0;
    for place in memchr_all(&end, b"PK") {
        let number = |at: usize| {
            end.get(place + at..place + at + 8)
                .and_then(|bytes| bytes.try_into().ok())
                .map(u64::from_le_bytes)
        };
        let stated = match end.get(place + 2..place + 4) {
            Some([5, 6]) => number(10).map(|bytes| bytes & 0xffff).or(Some(0)),
            Some([6, 6]) => number(32),
            // Where the record with the 64-bit count is: it must be one of those seen here.
            Some([6, 7]) => number(8).map(|at| if at < from { u64::MAX } else { 0 }),
            _ => continue,
        };
        most = most.max(stated.unwrap_or(u64::MAX));
    }
    Ok(most)
}

fn memchr_all<'b>(bytes: &'b [u8], wanted: &'b [u8]) -> impl Iterator<Item = usize> + 'b {
    bytes
        .windows(wanted.len())
        .enumerate()
        .filter(move |(_, window)| *window == wanted)
        .map(|(place, _)| place)
}
