//! A folder of the store with a list of its files and their digests, in which nothing changes once
//! it is there.

use std::io::{ErrorKind, Write as _};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::StoreError;
use crate::model::{RelPath, Sha256};

/// The list of an entry's files, beside them.
const LIST: &str = ".entry.json";

/// A file of an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EntryFile {
    pub path: RelPath,
    pub sha256: Sha256,
    /// In bytes.
    pub size: u64,
}

/// An entry whose files have been checked.
#[derive(Debug, Clone)]
pub struct Entry {
    dir: Utf8PathBuf,
    files: Vec<EntryFile>,
}

/// What was found where an entry is looked for.
pub(super) enum Opened {
    Whole(Entry),
    Absent,
    /// With what is wrong.
    Damaged(String),
}

impl Entry {
    /// The folder that it is in.
    #[must_use]
    pub fn dir(&self) -> &Utf8Path {
        &self.dir
    }

    /// Its files, sorted by path.
    #[must_use]
    pub fn files(&self) -> &[EntryFile] {
        &self.files
    }

    /// The file at `path`.
    #[must_use]
    pub fn file(&self, path: &RelPath) -> Option<&EntryFile> {
        self.files
            .binary_search_by(|file| file.path.cmp(path))
            .ok()
            .map(|index| &self.files[index])
    }

    /// The bytes of the file at `path`, checked against its digest once more: the entry was opened
    /// some time ago.
    ///
    /// # Errors
    /// When it can't be read, or was changed.
    pub fn read(&self, path: &RelPath) -> Result<Vec<u8>, StoreError> {
        let bytes = super::read_below(&self.dir, path)?;
        let found = Sha256::of(&bytes);
        match self.file(path) {
            Some(EntryFile {
                sha256: expected, ..
            }) if *expected != found => Err(StoreError::Changed {
                path: self.dir.join(path.as_str()),
                expected: *expected,
                found,
            }),
            _ => Ok(bytes),
        }
    }

    /// Whether a file at `path` would be taken for an entry's list, also where case does not count.
    pub(super) fn is_list(path: &RelPath) -> bool {
        path.as_str().eq_ignore_ascii_case(LIST)
    }

    /// One whose list was just written.
    pub(super) fn new(dir: Utf8PathBuf, files: Vec<EntryFile>) -> Self {
        Self { dir, files }
    }

    /// The entry at `dir` as its list has it.
    pub(super) fn listed(dir: &Utf8Path) -> Option<Self> {
        let list = dir.join(LIST);
        let bytes = regular(&list).and_then(|()| fs_err::read(&list)).ok()?;
        Some(Self {
            dir: dir.to_owned(),
            files: serde_json::from_slice(&bytes).ok()?,
        })
    }

    /// Opens the entry at `dir` and reads all of it. In a closed one is nothing but what its list
    /// names.
    pub(super) fn open(dir: &Utf8Path, closed: bool) -> Result<Opened, StoreError> {
        // Looked for twice: another process may throw the entry away, or put a whole one there,
        // between two looks at one.
        for _ in 0..2 {
            match fs_err::symlink_metadata(dir) {
                Ok(meta) if meta.is_dir() => {}
                Ok(_) => return Ok(Opened::Damaged("it is not a folder".to_owned())),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Opened::Absent),
                Err(error) => return Trouble::reading(dir, error).into_opened(),
            }
            match Self::check(dir, closed) {
                Ok(files) => {
                    return Ok(Opened::Whole(Self {
                        dir: dir.to_owned(),
                        files,
                    }));
                }
                Err(Trouble::NoList) => {}
                Err(trouble) => return trouble.into_opened(),
            }
        }
        Trouble::NoList.into_opened()
    }

    /// The files of the entry in `dir`, each of them as its list says.
    fn check(dir: &Utf8Path, closed: bool) -> Result<Vec<EntryFile>, Trouble> {
        let damaged = |problem: String| Trouble::Damaged(problem);
        let list = dir.join(LIST);
        let bytes = match regular(&list).and_then(|()| fs_err::read(&list)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(Trouble::NoList),
            read => read.map_err(|error| Trouble::reading(&list, error))?,
        };
        let files: Vec<EntryFile> = serde_json::from_slice(&bytes)
            .map_err(|error| damaged(format!("{LIST} does not parse: {error}")))?;
        // A change that leaves its meaning is a change all the same.
        if serde_json::to_vec(&files).ok().as_deref() != Some(&bytes) {
            return Err(damaged(format!("{LIST} is not as it was written")));
        }
        if closed && let Some(extra) = extra(dir, dir, &files)? {
            return Err(damaged(format!("{extra} is not in {LIST}")));
        }
        for file in &files {
            let path = dir.join(file.path.as_str());
            let read = regular(&path)
                .and_then(|()| fs_err::File::open(&path))
                .and_then(Sha256::of_reader);
            let (sha256, size) = match read {
                Ok(found) => found,
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    return Err(damaged(format!("{} is missing", file.path)));
                }
                Err(error) => return Err(Trouble::reading(&path, error)),
            };
            if sha256 != file.sha256 {
                return Err(damaged(format!(
                    "{} has SHA-256 {sha256}, expected {}",
                    file.path, file.sha256
                )));
            }
            if size != file.size {
                return Err(damaged(format!(
                    "{} has {size} bytes, expected {}",
                    file.path, file.size
                )));
            }
        }
        Ok(files)
    }

    /// Writes the list of `files` into `dir`, where they are, and flushes it to disk: an entry that
    /// can be seen after a power cut is whole, or is found damaged by its digests. Gives them back,
    /// sorted.
    pub(super) fn seal(
        dir: &std::path::Path,
        mut files: Vec<EntryFile>,
    ) -> std::io::Result<Vec<EntryFile>> {
        files.sort();
        let mut list = fs_err::File::create(dir.join(LIST))?;
        list.write_all(&serde_json::to_vec(&files)?)?;
        list.sync_all()?;
        Ok(files)
    }
}

/// Why an entry can't be used.
enum Trouble {
    NoList,
    Damaged(String),
    System(StoreError),
}

impl Trouble {
    /// What can't be read is as good as lost, and can be made again; unless it is this process that
    /// lacks something.
    fn reading(path: &Utf8Path, source: std::io::Error) -> Self {
        if super::is_shortage(&source) {
            Self::System(StoreError::Read {
                path: path.to_owned(),
                source,
            })
        } else {
            Self::Damaged(source.to_string())
        }
    }

    fn into_opened(self) -> Result<Opened, StoreError> {
        match self {
            Self::NoList => Ok(Opened::Damaged(format!("{LIST} is missing"))),
            Self::Damaged(problem) => Ok(Opened::Damaged(problem)),
            Self::System(error) => Err(error),
        }
    }
}

/// A link, a folder or a pipe in a file's place is not opened: it would be followed, or wait for a
/// writer.
pub(super) fn regular(path: &Utf8Path) -> std::io::Result<()> {
    if fs_err::symlink_metadata(path)?.is_file() {
        return Ok(());
    }
    Err(std::io::Error::other(format!(
        "{path} is not a regular file"
    )))
}

/// What is in `dir`, a folder of the entry at `root`, and not in its list: a compiler would find it
/// there. Empty folders are nothing.
fn extra(
    root: &Utf8Path,
    dir: &Utf8Path,
    files: &[EntryFile],
) -> Result<Option<Utf8PathBuf>, Trouble> {
    let read = |error| Trouble::reading(dir, error);
    for entry in dir.read_dir_utf8().map_err(read)? {
        let entry = entry.map_err(read)?;
        let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
        if entry.file_type().map_err(read)?.is_dir() {
            if let Some(found) = extra(root, entry.path(), files)? {
                return Ok(Some(found));
            }
        } else if below != LIST && !is_listed(below, files) {
            return Ok(Some(below.to_owned()));
        }
    }
    Ok(None)
}

fn is_listed(path: &Utf8Path, files: &[EntryFile]) -> bool {
    RelPath::from_native(path)
        .is_ok_and(|path| files.binary_search_by(|file| file.path.cmp(&path)).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bit_of_an_entry_changes_unseen() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(dir.path()).expect("UTF-8");
        let files = ["a.c", "record.json"].map(|name| {
            fs_err::write(root.join(name), format!("of {name}")).expect("written");
            let bytes = fs_err::read(root.join(name)).expect("there");
            EntryFile {
                path: name.parse().expect("a path"),
                sha256: Sha256::of(&bytes),
                size: bytes.len() as u64,
            }
        });
        Entry::seal(dir.path(), files.to_vec()).expect("sealed");
        assert!(matches!(Entry::open(root, true), Ok(Opened::Whole(_))));
        for name in ["a.c", "record.json", LIST] {
            let whole = fs_err::read(root.join(name)).expect("there");
            for bit in 0..whole.len() * 8 {
                let mut bytes = whole.clone();
                bytes[bit / 8] ^= 1 << (bit % 8);
                fs_err::write(root.join(name), bytes).expect("written");
                assert!(
                    matches!(Entry::open(root, true), Ok(Opened::Damaged(_))),
                    "bit {bit} of {name}"
                );
            }
            fs_err::write(root.join(name), whole).expect("written");
        }
    }

    fn path(text: &str) -> RelPath {
        text.parse().expect("a path")
    }

    /// An entry of these files, each with its name as its content.
    fn sealed(dir: &tempfile::TempDir, files: &[&str]) -> Entry {
        let root = Utf8Path::from_path(dir.path()).expect("UTF-8");
        let listed = files.iter().map(|name| {
            fs_err::create_dir_all(root.join(name).parent().expect("a parent")).expect("a folder");
            fs_err::write(root.join(name), name).expect("written");
            EntryFile {
                path: path(name),
                sha256: Sha256::of(name.as_bytes()),
                size: name.len() as u64,
            }
        });
        Entry::new(
            root.to_owned(),
            Entry::seal(dir.path(), listed.collect()).expect("sealed"),
        )
    }

    fn damage(entry: &Entry, closed: bool) -> Option<String> {
        match Entry::open(entry.dir(), closed).expect("it can be read") {
            Opened::Whole(_) => None,
            Opened::Absent => Some("absent".to_owned()),
            Opened::Damaged(problem) => Some(problem),
        }
    }

    #[test]
    fn a_file_or_link_that_is_not_in_the_list_is_damage_at_any_depth() {
        let dir = tempfile::tempdir().expect("a folder");
        let entry = sealed(&dir, &["a.c", "d/b.h"]);
        assert_eq!(damage(&entry, true), None);
        fs_err::create_dir(entry.dir().join("empty")).expect("a folder");
        assert_eq!(damage(&entry, true), None);
        for planted in ["a.h", "d/a.h", "empty/x", ".entry.json2"] {
            fs_err::write(entry.dir().join(planted), "").expect("written");
            assert_eq!(
                damage(&entry, true),
                Some(format!("{planted} is not in .entry.json"))
            );
            // An SDK is not closed.
            assert_eq!(damage(&entry, false), None);
            fs_err::remove_file(entry.dir().join(planted)).expect("it goes");
        }
        #[cfg(unix)]
        {
            fs_err::os::unix::fs::symlink("a.c", entry.dir().join("d/link.h")).expect("a link");
            assert_eq!(
                damage(&entry, true),
                Some("d/link.h is not in .entry.json".to_owned())
            );
        }
    }

    #[test]
    fn bytes_that_were_changed_after_the_entry_was_opened_are_not_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let entry = sealed(&dir, &["a.c"]);
        assert_eq!(entry.read(&path("a.c")).expect("whole"), b"a.c");
        fs_err::write(entry.dir().join("a.c"), "b.c").expect("changed");
        assert!(matches!(
            entry.read(&path("a.c")),
            Err(StoreError::Changed { .. })
        ));
    }

    #[test]
    fn the_name_of_the_list_is_known_at_the_top_alone() {
        assert!(
            Entry::is_list(&path(".entry.json"))
                && Entry::is_list(&path(".ENTRY.json"))
                && !Entry::is_list(&path("d/.entry.json"))
        );
    }
}
