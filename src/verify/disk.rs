//! What is on disk below a prefix: types, modes and bytes. No link is followed.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use rayon::prelude::*;

use super::{Finding, Kind};
use crate::build::{MANIFEST, ManifestFile};
use crate::model::Content;

/// A file that is larger is not read: nothing that is built here comes near.
const LARGEST: u64 = 1 << 30;

/// An entry of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
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

/// A file's bytes with all their names.
pub struct Bytes {
    pub bytes: Vec<u8>,
    pub content: Content,
}

/// All entries below a prefix by their path.
pub struct Disk<'a> {
    prefix: &'a Utf8Path,
    entries: BTreeMap<String, Entry>,
}

impl<'a> Disk<'a> {
    /// Looks at everything below `prefix`; what can't be listed is a finding.
    pub fn walk(prefix: &'a Utf8Path, findings: &mut Vec<Finding>) -> Self {
        let mut disk = Self { prefix, entries: BTreeMap::new() };
        disk.list("", findings);
        disk
    }

    fn list(&mut self, below: &str, findings: &mut Vec<Finding>) {
        let dir = self.prefix.join(below);
        let failed = |path: &str, error: &std::io::Error| {
            let path = if path.is_empty() { "." } else { path };
            Finding::new(path, Kind::Unreadable, format!("it can't be listed: {error}"))
        };
        let entries = match fs_err::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) => return findings.push(failed(below, &error)),
        };
        for entry in entries {
            let found =
                entry.and_then(|entry| Ok((entry.file_name().to_string_lossy().into_owned(), fs_err::symlink_metadata(entry.path())?)));
            let (name, meta) = match found {
                Ok(found) => found,
                Err(error) => {
                    findings.push(failed(below, &error));
                    continue;
                }
            };
            let path = if below.is_empty() { name } else { format!("{below}/{name}") };
            let entry = self.entry(&path, &meta);
            let is_folder = matches!(entry, Entry::Folder { .. });
            self.entries.insert(path.clone(), entry);
            if is_folder {
                self.list(&path, findings);
            }
        }
    }

    fn entry(&self, path: &str, meta: &std::fs::Metadata) -> Entry {
        let kind = meta.file_type();
        if kind.is_file() {
            Entry::File { size: meta.len(), mode: mode(meta) }
        } else if kind.is_dir() {
            Entry::Folder { mode: mode(meta) }
        } else if kind.is_symlink() {
            let target = fs_err::read_link(self.prefix.join(path)).map(|target| target.display().to_string());
            Entry::Other(target.map_or_else(|_| "a link".to_owned(), |target| format!("a link to {target}")))
        } else {
            Entry::Other("a special file".to_owned())
        }
    }

    /// The bytes of the file at `path`, where there is one; a finding where there is none, or it can't be read.
    pub fn read(&self, path: &str) -> Result<Bytes, Box<Finding>> {
        let wrong = |expected: &str, at: &str, found: &str| {
            Box::new(Finding::new(at, Kind::Type, "it is of another type").expected(expected, found))
        };
        let failed = |kind: Kind, problem: String| Err(Box::new(Finding::new(path, kind, problem)));
        // Something else than a folder on the way is what is wrong, and not the file behind it.
        for (end, _) in path.match_indices('/') {
            match self.entries.get(&path[..end]) {
                Some(Entry::Folder { .. }) => {}
                Some(Entry::File { .. }) => return Err(wrong("a folder", &path[..end], "a file")),
                Some(Entry::Other(what)) => return Err(wrong("a folder", &path[..end], what)),
                None => return failed(Kind::Missing, "it is missing".to_owned()),
            }
        }
        match self.entries.get(path) {
            Some(Entry::File { size, .. }) if *size > LARGEST => {
                failed(Kind::Content, format!("it has {size} bytes, which is not looked into"))
            }
            Some(Entry::File { .. }) => match fs_err::read(self.prefix.join(path)) {
                Ok(bytes) => Ok(Bytes { content: Content::of(&bytes), bytes }),
                Err(error) => failed(Kind::Unreadable, format!("it can't be read: {error}")),
            },
            Some(Entry::Folder { .. }) => Err(wrong("a file", path, "a folder")),
            Some(Entry::Other(what)) => Err(wrong("a file", path, what)),
            None => failed(Kind::Missing, "it is missing".to_owned()),
        }
    }

    /// Reads all of `files`; those that can't be had are findings.
    pub fn read_all(&self, files: &[ManifestFile], findings: &mut Vec<Finding>) -> BTreeMap<String, Bytes> {
        let read: Vec<_> = files.par_iter().map(|file| (file.path.to_string(), self.read(file.path.as_str()))).collect();
        let mut found = BTreeMap::new();
        for (path, bytes) in read {
            match bytes {
                Ok(bytes) => drop(found.insert(path, bytes)),
                Err(finding) => findings.push(*finding),
            }
        }
        found
    }

    /// What is there beside `files` and the manifest, and what of it is a program or can be written by others. Fewer rights than a build gives are
    /// no finding: copies have them. Neither is a file system without rights, on which every file is a program.
    pub fn strangers(&self, files: &[ManifestFile], findings: &mut Vec<Finding>) {
        let known: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).chain([MANIFEST]).collect();
        let folders: BTreeSet<&str> = known.iter().flat_map(|path| path.match_indices('/').map(|(end, _)| &path[..end])).collect();
        let mut modes = Vec::new();
        let mut plain = 0;
        for (path, entry) in &self.entries {
            let path = path.as_str();
            // A file or link in the place of a folder is told of when the files below it are looked for.
            let expected = known.contains(path) || folders.contains(path);
            match entry {
                _ if !expected => {
                    let what = match entry {
                        Entry::File { .. } => "a file",
                        Entry::Folder { .. } => "a folder",
                        Entry::Other(what) => what,
                    };
                    findings.push(Finding::new(path, Kind::Extra, format!("nothing lists it; it is {what}")));
                }
                Entry::File { mode, .. } if mode & 0o7133 != 0 => modes.push(open(path, *mode, 0o644)),
                // A folder's group may be set to be that of what is made in it.
                Entry::Folder { mode } if mode & 0o5022 != 0 => modes.push(open(path, *mode, 0o755)),
                Entry::File { .. } => plain += 1,
                _ => {}
            }
        }
        if plain > 0 {
            findings.append(&mut modes);
        }
    }
}

fn open(path: &str, mode: u32, expected: u32) -> Finding {
    Finding::new(path, Kind::Mode, "its rights are wider than a build gives").expected(format!("{expected:o}"), format!("{mode:o}"))
}

#[cfg(unix)]
fn mode(meta: &std::fs::Metadata) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&meta.permissions()) & 0o7777
}

#[cfg(not(unix))]
fn mode(_: &std::fs::Metadata) -> u32 {
    0
}
