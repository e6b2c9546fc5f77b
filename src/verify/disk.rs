//! What is on disk below a prefix: types, modes and bytes. No link is followed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;

use super::{Discrepancy, DiscrepancyKind};
use crate::build::{MANIFEST, ManifestFile};
use crate::model::{Content, Sha256};
use crate::store::{PARSED_LIMIT, open_regular, read_regular};

/// A file that is larger is not read: nothing that is built here comes near. Holes cost nothing on
/// disk, but time.
const FILE_LIMIT: u64 = 1 << 30;

/// The bytes of all files together; the nine libraries have 0.02 GiB.
const PREFIX_LIMIT: u64 = 16 << 30;

/// An entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
enum FolderEntry {
    File {
        size: u64,
        /// Zero where the system has none.
        mode: u32,
    },
    Folder {
        mode: u32,
    },
    /// With what it is.
    Other(String),
}

/// The files of a prefix by their path, with all names of their contents. Their bytes are read
/// again, file by file, where they are parsed.
#[derive(Default)]
pub struct PrefixFiles {
    prefix: Utf8PathBuf,
    contents: BTreeMap<String, Content>,
}

impl PrefixFiles {
    /// What the file at `path` has, where there is one.
    pub fn get(&self, path: &str) -> Option<&Content> {
        self.contents.get(path)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Content)> {
        self.contents
            .iter()
            .map(|(path, content)| (path.as_str(), content))
    }

    pub fn len(&self) -> usize {
        self.contents.len()
    }

    /// The bytes of the file at `path`, where there is one; a finding where they can't be read, or
    /// are others than before.
    pub fn bytes(&self, path: &str) -> Option<Result<Vec<u8>, Box<Discrepancy>>> {
        let content = self.get(path)?;
        let failed = |problem: String| {
            Box::new(Discrepancy::new(path, DiscrepancyKind::Unreadable, problem))
        };
        Some(match read_regular(&self.prefix.join(path), PARSED_LIMIT) {
            Ok(bytes) if Sha256::of(&bytes) == content.sha256 => Ok(bytes),
            Ok(_) => Err(failed("it was changed while it was read".to_owned())),
            Err(error) => Err(failed(format!("it can't be read: {error}"))),
        })
    }
}

/// All entries below a prefix by their path.
pub struct Disk<'a> {
    prefix: &'a Utf8Path,
    entries: BTreeMap<String, FolderEntry>,
}

impl<'a> Disk<'a> {
    /// Looks at everything below `prefix`; what can't be listed is a finding.
    pub fn walk(prefix: &'a Utf8Path, findings: &mut Vec<Discrepancy>) -> Self {
        let mut disk = Self {
            prefix,
            entries: BTreeMap::new(),
        };
        disk.list("", findings);
        disk
    }

    fn list(&mut self, below: &str, findings: &mut Vec<Discrepancy>) {
        let dir = self.prefix.join(below);
        let failed = |path: &str, error: &std::io::Error| {
            let path = if path.is_empty() { "." } else { path };
            Discrepancy::new(
                path,
                DiscrepancyKind::Unreadable,
                format!("it can't be listed: {error}"),
            )
        };
        let entries = match fs_err::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) => return findings.push(failed(below, &error)),
        };
        for entry in entries {
            let found = entry.and_then(|entry| {
                Ok((
                    entry.file_name().to_string_lossy().into_owned(),
                    fs_err::symlink_metadata(entry.path())?,
                ))
            });
            let (name, meta) = match found {
                Ok(found) => found,
                Err(error) => {
                    findings.push(failed(below, &error));
                    continue;
                }
            };
            let path = if below.is_empty() {
                name
            } else {
                format!("{below}/{name}")
            };
            let entry = self.entry(&path, &meta);
            let is_folder = matches!(entry, FolderEntry::Folder { .. });
            self.entries.insert(path.clone(), entry);
            if is_folder {
                self.list(&path, findings);
            }
        }
    }

    fn entry(&self, path: &str, meta: &std::fs::Metadata) -> FolderEntry {
        let kind = meta.file_type();
        if kind.is_file() {
            FolderEntry::File {
                size: meta.len(),
                mode: mode(meta),
            }
        } else if kind.is_dir() {
            FolderEntry::Folder { mode: mode(meta) }
        } else if kind.is_symlink() {
            let target = fs_err::read_link(self.prefix.join(path))
                .map(|target| target.display().to_string());
            FolderEntry::Other(target.map_or_else(
                |_| "a link".to_owned(),
                |target| format!("a link to {target}"),
            ))
        } else {
            FolderEntry::Other("a special file".to_owned())
        }
    }

    /// The size of the file at `path`, where there is one that is looked into; else a finding.
    fn size(&self, path: &str) -> Result<u64, Box<Discrepancy>> {
        let wrong = |expected: &str, at: &str, found: &str| {
            Box::new(
                Discrepancy::new(at, DiscrepancyKind::Type, "it is of another type")
                    .expected(expected, found),
            )
        };
        let failed = |kind: DiscrepancyKind, problem: String| {
            Err(Box::new(Discrepancy::new(path, kind, problem)))
        };
        // Something else than a folder on the way is what is wrong, and not the file behind it.
        for (end, _) in path.match_indices('/') {
            match self.entries.get(&path[..end]) {
                Some(FolderEntry::Folder { .. }) => {}
                Some(FolderEntry::File { .. }) => {
                    return Err(wrong("a folder", &path[..end], "a file"));
                }
                Some(FolderEntry::Other(what)) => {
                    return Err(wrong("a folder", &path[..end], what));
                }
                None => return failed(DiscrepancyKind::Missing, "it is missing".to_owned()),
            }
        }
        match self.entries.get(path) {
            Some(FolderEntry::File { size, .. }) if *size > FILE_LIMIT => failed(
                DiscrepancyKind::Content,
                format!("it has {size} bytes, which is not looked into"),
            ),
            Some(FolderEntry::File { size, .. }) => Ok(*size),
            Some(FolderEntry::Folder { .. }) => Err(wrong("a file", path, "a folder")),
            Some(FolderEntry::Other(what)) => Err(wrong("a file", path, what)),
            None => failed(DiscrepancyKind::Missing, "it is missing".to_owned()),
        }
    }

    /// A digest over everything that is there: each path with its rights and, of a file, its bytes.
    /// None where something is neither a file nor a folder, is too large, or can't be read.
    pub fn fingerprint(&self) -> Option<Sha256> {
        let read = |(path, entry): (&String, &FolderEntry)| {
            let (mode, digest) = match entry {
                FolderEntry::Folder { mode } => (*mode, None),
                FolderEntry::File { size, mode } if *size <= FILE_LIMIT => {
                    let (digest, _) = open_regular(&self.prefix.join(path))
                        .and_then(Sha256::of_reader)
                        .ok()?;
                    (*mode, Some(digest))
                }
                FolderEntry::File { .. } | FolderEntry::Other(_) => return None,
            };
            Some((path.clone(), mode.to_le_bytes(), digest))
        };
        let entries: Vec<_> = self.entries.par_iter().map(read).collect::<Option<_>>()?;
        let fields = entries.iter().flat_map(|(path, mode, digest)| {
            [
                path.as_bytes(),
                mode.as_slice(),
                digest
                    .as_ref()
                    .map_or(&[][..], |digest| digest.as_bytes().as_slice()),
            ]
        });
        Some(Sha256::of_fields("wasideps fingerprint 1", fields))
    }

    /// The bytes of the file at `path`, which is small enough to be parsed; a finding where there
    /// is none.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, Box<Discrepancy>> {
        self.size(path)?;
        read_regular(&self.prefix.join(path), PARSED_LIMIT)
            .map_err(|error| Box::new(unreadable(path, &error)))
    }

    /// Hashes all of `files`; those that can't be read are findings.
    pub fn hash_all(&self, files: &[ManifestFile], findings: &mut Vec<Discrepancy>) -> PrefixFiles {
        let left = AtomicU64::new(PREFIX_LIMIT);
        let read = |file: &ManifestFile| {
            let path = file.path.as_str();
            let content = self.size(path).and_then(|size| {
                if left
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                        left.checked_sub(size)
                    })
                    .is_err()
                {
                    let problem = format!(
                        "it is not looked into: the prefix has more than {PREFIX_LIMIT} bytes"
                    );
                    return Err(Box::new(Discrepancy::new(
                        path,
                        DiscrepancyKind::Content,
                        problem,
                    )));
                }
                let content = open_regular(&self.prefix.join(path))
                    .and_then(|open| Content::of_reader(size, open));
                content.map_err(|error| Box::new(unreadable(path, &error)))
            });
            (path.to_owned(), content)
        };
        let mut found = PrefixFiles {
            prefix: self.prefix.to_owned(),
            contents: BTreeMap::new(),
        };
        for (path, content) in files.par_iter().map(read).collect::<Vec<_>>() {
            match content {
                Ok(content) => drop(found.contents.insert(path, content)),
                Err(finding) => findings.push(*finding),
            }
        }
        found
    }

    /// What is there beside `files` and the manifest, and what of it is a program or can be written
    /// by others. Fewer rights than a build gives are no finding: copies have them. Neither is a
    /// file system without rights, on which every file is a program.
    pub fn unexpected_files(&self, files: &[ManifestFile], findings: &mut Vec<Discrepancy>) {
        let known: BTreeSet<&str> = files
            .iter()
            .map(|file| file.path.as_str())
            .chain([MANIFEST])
            .collect();
        let folders: BTreeSet<&str> = known
            .iter()
            .flat_map(|path| path.match_indices('/').map(|(end, _)| &path[..end]))
            .collect();
        let mut modes = Vec::new();
        let mut plain = 0;
        for (path, entry) in &self.entries {
            let path = path.as_str();
            // A file or link in the place of a folder is told of when the files below it are looked
            // for.
            let expected = known.contains(path) || folders.contains(path);
            match entry {
                _ if !expected => {
                    let what = match entry {
                        FolderEntry::File { .. } => "a file",
                        FolderEntry::Folder { .. } => "a folder",
                        FolderEntry::Other(what) => what,
                    };
                    findings.push(Discrepancy::new(
                        path,
                        DiscrepancyKind::Extra,
                        format!("nothing lists it; it is {what}"),
                    ));
                }
                FolderEntry::File { mode, .. } if mode & 0o7133 != 0 => {
                    modes.push(open(path, *mode, 0o644));
                }
                // A folder's group may be set to be that of what is made in it.
                FolderEntry::Folder { mode } if mode & 0o5022 != 0 => {
                    modes.push(open(path, *mode, 0o755));
                }
                FolderEntry::File { .. } => plain += 1,
                _ => {}
            }
        }
        if plain > 0 {
            findings.append(&mut modes);
        }
    }
}

fn unreadable(path: &str, error: &std::io::Error) -> Discrepancy {
    Discrepancy::new(
        path,
        DiscrepancyKind::Unreadable,
        format!("it can't be read: {error}"),
    )
}

fn open(path: &str, mode: u32, expected: u32) -> Discrepancy {
    Discrepancy::new(
        path,
        DiscrepancyKind::Mode,
        "its rights are wider than a build gives",
    )
    .expected(format!("{expected:o}"), format!("{mode:o}"))
}

#[cfg(unix)]
fn mode(meta: &std::fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o7777
}

#[cfg(not(unix))]
fn mode(_: &std::fs::Metadata) -> u32 {
    0
}
