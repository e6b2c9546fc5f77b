//! The folder of a running test, which is all of the disk that it can fill. WASI knows no quota:
//! what is in the folder is looked at while the test runs.

use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

/// The bytes that a test may have on disk, as its file system counts them: holes are free.
pub const FOLDER_LIMIT: u64 = 1 << 30;

/// The files and folders that a test may have.
pub const FOLDER_FILES_LIMIT: u64 = 20_000;

/// How often it is looked: in between, a test writes as fast as the disk takes it.
const PERIOD: Duration = Duration::from_millis(100);

/// What a folder has too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    Bytes,
    Files,
}

/// Looks at a folder now and then.
pub struct FolderWatch {
    folder: Utf8PathBuf,
    next: Instant,
    fill: Option<Fill>,
}

impl FolderWatch {
    pub fn new(folder: &Utf8Path) -> Self {
        Self {
            folder: folder.to_owned(),
            next: Instant::now() + PERIOD,
            fill: None,
        }
    }

    /// Whether the folder has too much, by the last look.
    pub fn is_over(&mut self) -> bool {
        if self.fill.is_none() && Instant::now() >= self.next {
            self.fill = fill(&self.folder, FOLDER_LIMIT, FOLDER_FILES_LIMIT);
            // A look at many files takes its time.
            self.next = Instant::now() + PERIOD;
        }
        self.fill.is_some()
    }

    /// What it has too much of, looked at once more.
    pub fn last(mut self) -> Option<Fill> {
        self.next = Instant::now();
        self.is_over();
        self.fill
    }
}

/// What `folder` has more of than these.
fn fill(folder: &Utf8Path, bytes: u64, files: u64) -> Option<Fill> {
    let (mut left, mut entries) = (bytes, 0);
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        // The test may take away what was just there.
        let Ok(listed) = folder.read_dir_utf8() else {
            continue;
        };
        for entry in listed.flatten() {
            entries += 1;
            if entries > files {
                return Some(Fill::Files);
            }
            let Ok(meta) = entry.path().symlink_metadata() else {
                continue;
            };
            if meta.is_dir() {
                folders.push(entry.into_path());
            }
            let Some(rest) = left.checked_sub(on_disk(&meta)) else {
                return Some(Fill::Bytes);
            };
            left = rest;
        }
    }
    None
}

#[cfg(unix)]
fn on_disk(meta: &std::fs::Metadata) -> u64 {
    // In units of 512 bytes whatever the file system's own are (stat(2)).
    std::os::unix::fs::MetadataExt::blocks(meta).saturating_mul(512)
}

#[cfg(not(unix))]
fn on_disk(meta: &std::fs::Metadata) -> u64 {
    meta.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_over_by_bytes_on_disk_or_by_files_and_holes_are_free() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(dir.path()).expect("UTF-8");
        fs_err::create_dir_all(root.join("a/b")).expect("made");
        fs_err::write(root.join("a/b/file"), vec![1; 100_000]).expect("written");
        assert_eq!(fill(root, 50_000, 10), Some(Fill::Bytes));
        assert_eq!(fill(root, 1 << 20, 2), Some(Fill::Files));
        fs_err::File::create(root.join("hole"))
            .and_then(|file| file.set_len(1 << 40))
            .expect("made");
        assert_eq!(fill(root, 1 << 20, 4), None);
    }
}
