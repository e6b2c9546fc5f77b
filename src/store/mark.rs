//! The mark by which a folder is known as a store. It is the first file of a store: a folder
//! without it that holds anything is somebody's own.

use std::io::{ErrorKind, Write as _};

use camino::Utf8Path;

use super::StoreError;

/// The mark's file.
const MARK: &str = "format";

/// The version of the layout; a store of another version is left alone.
const FORMAT: &str = "wasideps store 1\n";

/// How many of a foreign folder's names are shown.
const SHOWN: usize = 5;

/// Makes `root` a store where it is absent or empty. A folder that is already one is left as it is;
/// so is everything else, with an error.
pub(super) fn claim(root: &Utf8Path) -> Result<(), StoreError> {
    let fail = |source| StoreError::Open {
        root: root.to_owned(),
        source,
    };
    // Listed before the mark is read: another process that makes the store at this moment writes
    // the mark first.
    let mut others = match fs_err::read_dir(root) {
        Ok(entries) => {
            let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
            names.collect::<std::io::Result<Vec<_>>>().map_err(fail)?
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(fail(error)),
    };
    others.retain(|name| name != MARK);
    let mark = root.join(MARK);
    let found = match fs_err::read(&mark) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(fail(error)),
        Err(_) if others.is_empty() => String::new(),
        Err(_) => {
            others.sort();
            others.truncate(SHOWN);
            return Err(StoreError::Foreign {
                root: root.to_owned(),
                found: others,
            });
        }
    };
    if found == FORMAT {
        return Ok(());
    }
    // The start of the mark and nothing else: a process that made the store was killed, or is not
    // done. All write the same bytes to the same place.
    if !FORMAT.starts_with(&found) || !others.is_empty() {
        return Err(StoreError::Format {
            root: root.to_owned(),
            found: found.trim().to_owned(),
        });
    }
    fs_err::create_dir_all(root).map_err(fail)?;
    let mut file = fs_err::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(mark)
        .map_err(fail)?;
    file.write_all(FORMAT.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(fail)
}

/// The file by which programs that make backups know a folder of what can be made again. Source:
/// <https://bford.info/cachedir/>.
const CACHE_TAG: &str = "CACHEDIR.TAG";
const CACHE_TAG_TEXT: &str = "Signature: 8a477f597d28d172789f06886806bc55
# This file marks a cache of wasideps, which backups can leave out: https://bford.info/cachedir/
";

/// Tags the store at `root` as a cache, where it is not yet. A store that can't be written goes
/// without.
pub(super) fn tag_as_cache(root: &Utf8Path) {
    let tag = root.join(CACHE_TAG);
    if !tag.exists() {
        let _ = fs_err::write(tag, CACHE_TAG_TEXT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root_with(dir: &tempfile::TempDir, files: &[(&str, &str)]) -> camino::Utf8PathBuf {
        let root = Utf8Path::from_path(dir.path()).expect("UTF-8").join("root");
        for (name, text) in files {
            fs_err::create_dir_all(&root).expect("made");
            fs_err::write(root.join(name), text).expect("written");
        }
        root
    }

    fn listed(root: &Utf8Path) -> Vec<(String, Vec<u8>)> {
        let entries = root
            .read_dir_utf8()
            .expect("listed")
            .map(|entry| entry.expect("an entry"));
        let mut listed: Vec<_> = entries
            .map(|entry| {
                (
                    entry.file_name().to_owned(),
                    fs_err::read(entry.path()).unwrap_or_default(),
                )
            })
            .collect();
        listed.sort();
        listed
    }

    #[test]
    fn a_folder_that_is_absent_empty_or_half_marked_becomes_a_store_once() {
        for files in [
            &[][..],
            &[("format", "")],
            &[("format", "wasideps st")],
            &[("format", FORMAT), ("objects", "")],
        ] {
            let dir = tempfile::tempdir().expect("a folder");
            let root = root_with(&dir, files);
            for _ in 0..2 {
                claim(&root).expect("claimed");
                assert_eq!(
                    fs_err::read_to_string(root.join(MARK)).expect("there"),
                    FORMAT
                );
            }
        }
    }

    #[test]
    fn a_folder_of_somebody_elses_or_a_store_of_another_version_is_refused_and_stays_as_it_is() {
        for files in [
            &[("precious", "1")][..],
            &[("objects", "1"), ("tmp", "2")],
            &[("format", "wasideps store 2\n"), ("objects", "")],
            &[("format", "text/plain")],
            &[("format", ""), ("objects", "1")],
        ] {
            let dir = tempfile::tempdir().expect("a folder");
            let root = root_with(&dir, files);
            let before = listed(&root);
            let error = claim(&root).expect_err("refused");
            assert!(
                matches!(
                    error,
                    StoreError::Foreign { .. } | StoreError::Format { .. }
                ),
                "{error}"
            );
            assert_eq!(listed(&root), before);
        }
    }

    #[test]
    fn processes_that_claim_a_new_folder_at_once_all_succeed() {
        for _ in 0..50 {
            let dir = tempfile::tempdir().expect("a folder");
            let root = root_with(&dir, &[]);
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        claim(&root).expect("claimed");
                        fs_err::create_dir_all(root.join("objects")).expect("made");
                    });
                }
            });
        }
    }
}
