//! What of a folder is ours: all else is neither removed nor replaced.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use crate::model::{RelPath, Sha256};
use crate::store::input::open_regular;

/// The files of a folder that may be removed with it. The folders on the way to them are ours too,
/// and no others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ours {
    /// Whatever is there, but for a folder with something in it: a list of ours has these paths,
    /// and a damaged file is still ours.
    listed: BTreeSet<RelPath>,
    /// Files that are ours when they have one of these contents.
    proven: BTreeMap<RelPath, BTreeSet<Sha256>>,
}

/// What stands at a path.
enum FoundAt {
    Ours,
    /// With more below it.
    Folder,
    Foreign,
}

impl Ours {
    /// All that is in the folder `dir`, which the caller has just made.
    ///
    /// # Errors
    /// When something can't be read, or has a name that no list can hold.
    pub fn all_of(dir: &Utf8Path) -> io::Result<Self> {
        let mut ours = Self::default();
        for path in ours.foreign(dir)? {
            ours.list(path.parse().map_err(io::Error::other)?);
        }
        Ok(ours)
    }

    /// The paths that a list of ours has, sorted.
    pub fn listed(&self) -> impl Iterator<Item = &RelPath> {
        self.listed.iter()
    }

    /// Adds a path that a list of ours has.
    pub fn list(&mut self, path: RelPath) {
        self.listed.insert(path);
    }

    /// Adds a file that is ours if it has the content `sha256`.
    pub fn prove(&mut self, path: RelPath, sha256: Sha256) {
        self.proven.entry(path).or_default().insert(sha256);
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: Self) {
        self.listed.extend(other.listed);
        for (path, contents) in other.proven {
            self.proven.entry(path).or_default().extend(contents);
        }
    }

    /// What is in the folder `dir` and not ours: files, links and the like by their path below it,
    /// folders with a `/` at the end. Sorted.
    ///
    /// # Errors
    /// When something can't be read.
    pub fn foreign(&self, dir: &Utf8Path) -> io::Result<Vec<String>> {
        let mut foreign = Vec::new();
        self.walk(dir, "", &self.folders(), &mut foreign, &mut |_| Ok(()))?;
        foreign.sort();
        Ok(foreign)
    }

    /// The files of ours that are not in the folder `dir`.
    pub(super) fn missing(&self, dir: &Utf8Path) -> Vec<String> {
        let all = self
            .listed
            .iter()
            .chain(self.proven.keys())
            .map(RelPath::as_str);
        all.filter(|path| fs_err::symlink_metadata(dir.join(path)).is_err())
            .map(str::to_owned)
            .collect()
    }

    /// Removes what is ours from the folder `dir`, and the folder itself where nothing else is in
    /// it; gives what was kept, as [`Self::foreign`] does.
    ///
    /// # Errors
    /// When something can't be read or removed.
    pub(super) fn remove(&self, dir: &Utf8Path) -> io::Result<Vec<String>> {
        let mut foreign = Vec::new();
        self.walk(dir, "", &self.folders(), &mut foreign, &mut remove)?;
        remove(dir)?;
        // What came after the walk is still there, and was not looked at.
        if foreign.is_empty() && dir.exists() {
            return self.foreign(dir);
        }
        foreign.sort();
        Ok(foreign)
    }

    /// All folders on the way to a file of ours.
    fn folders(&self) -> BTreeSet<String> {
        let parents = |path: &RelPath| {
            let path = path.as_str();
            path.match_indices('/')
                .map(|(end, _)| path[..end].to_owned())
                .collect::<Vec<_>>()
        };
        self.listed
            .iter()
            .chain(self.proven.keys())
            .flat_map(parents)
            .collect()
    }

    /// Adds to `foreign` what is not ours below a folder of `root`, and calls `ours` with the rest,
    /// a folder after what is in it.
    fn walk(
        &self,
        root: &Utf8Path,
        below: &str,
        folders: &BTreeSet<String>,
        foreign: &mut Vec<String>,
        ours: &mut dyn FnMut(&Utf8Path) -> io::Result<()>,
    ) -> io::Result<()> {
        for entry in fs_err::read_dir(root.join(below))? {
            let name = entry?.file_name();
            let Some(known) = name.to_str() else {
                foreign.push(join(below, &name.to_string_lossy()));
                continue;
            };
            let path = join(below, known);
            match self.found(root, &path, folders)? {
                FoundAt::Ours => ours(&root.join(&path))?,
                FoundAt::Folder => {
                    self.walk(root, &path, folders, foreign, ours)?;
                    ours(&root.join(&path))?;
                }
                FoundAt::Foreign => {
                    let before = foreign.len();
                    let is_folder = fs_err::symlink_metadata(root.join(&path))?.is_dir();
                    if is_folder {
                        Self::default().walk(
                            root,
                            &path,
                            &BTreeSet::new(),
                            foreign,
                            &mut |_| Ok(()),
                        )?;
                    }
                    if foreign.len() == before {
                        foreign.push(if is_folder { format!("{path}/") } else { path });
                    }
                }
            }
        }
        Ok(())
    }

    fn found(
        &self,
        root: &Utf8Path,
        path: &str,
        folders: &BTreeSet<String>,
    ) -> io::Result<FoundAt> {
        let at = root.join(path);
        let meta = fs_err::symlink_metadata(&at)?;
        if meta.is_dir() && folders.contains(path) {
            return Ok(FoundAt::Folder);
        }
        let Ok(known) = path.parse::<RelPath>() else {
            return Ok(FoundAt::Foreign);
        };
        let ours = if self.listed.contains(&known) {
            !meta.is_dir() || fs_err::read_dir(&at)?.next().is_none()
        } else {
            match self.proven.get(&known) {
                Some(contents) if meta.is_file() => {
                    contents.contains(&Sha256::of_reader(open_regular(&at)?)?.0)
                }
                _ => false,
            }
        };
        Ok(if ours {
            FoundAt::Ours
        } else {
            FoundAt::Foreign
        })
    }
}

/// Removes a file, a link, or a folder where nothing is in it.
fn remove(path: &Utf8Path) -> io::Result<()> {
    if !fs_err::symlink_metadata(path)?.is_dir() {
        return fs_err::remove_file(path);
    }
    match fs_err::remove_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
        removed => removed,
    }
}

fn join(below: &str, name: &str) -> String {
    if below.is_empty() {
        name.to_owned()
    } else {
        format!("{below}/{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(listed: &[&str], proven: &[(&str, &str)]) -> Ours {
        let mut ours = Ours::default();
        for path in listed {
            ours.list(path.parse().expect("a path"));
        }
        for (path, content) in proven {
            ours.prove(
                path.parse().expect("a path"),
                Sha256::of(content.as_bytes()),
            );
        }
        ours
    }

    #[test]
    fn a_path_that_is_listed_is_ours_whatever_it_holds_and_one_that_is_proven_only_with_its_content()
     {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(dir.path()).expect("UTF-8");
        for folder in ["lib/mine", "empty/er", "include/z.h", "include/w.h"] {
            fs_err::create_dir_all(root.join(folder)).expect("made");
        }
        for (file, content) in [
            ("lib/z.a", "flipped"),
            ("lib/b.a", "b"),
            ("lib/c.a", "other"),
            ("lib/mine/x", ""),
            ("include/w.h/x", ""),
        ] {
            fs_err::write(root.join(file), content).expect("written");
        }
        let ours = ours(
            &["lib/z.a", "include/z.h", "include/w.h"],
            &[("lib/b.a", "b"), ("lib/c.a", "c")],
        );
        let foreign = ["empty/er/", "include/w.h/x", "lib/c.a", "lib/mine/x"];
        assert_eq!(ours.foreign(root).expect("read"), foreign);
        assert_eq!(ours.remove(root).expect("removed"), foreign);
        assert!(
            !root.join("lib/z.a").exists()
                && !root.join("lib/b.a").exists()
                && !root.join("include/z.h").exists()
        );
        assert!(root.join("lib/mine/x").exists() && root.join("empty/er").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_a_files_place_is_ours_and_one_in_a_folders_place_is_not() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(dir.path()).expect("UTF-8");
        let (place, elsewhere) = (root.join("place"), root.join("elsewhere"));
        fs_err::create_dir(&place).expect("made");
        fs_err::create_dir(&elsewhere).expect("made");
        fs_err::write(elsewhere.join("z.a"), "z").expect("written");
        fs_err::os::unix::fs::symlink(elsewhere.join("z.a"), place.join("z.a")).expect("linked");
        fs_err::os::unix::fs::symlink(&elsewhere, place.join("lib")).expect("linked");
        let ours = ours(&["z.a", "lib/z.a"], &[]);
        assert_eq!(ours.remove(&place).expect("removed"), ["lib"]);
        assert!(elsewhere.join("z.a").exists() && place.join("lib/z.a").exists());
        fs_err::remove_file(place.join("lib")).expect("removed");
        assert_eq!(ours.remove(&place).expect("removed"), [""; 0]);
        assert!(!place.exists());
    }
}
