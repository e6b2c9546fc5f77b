//! What an archive's entries may be called and point at. Every entry is judged, also those that are
//! never written: an archive that tries to leave its folder anywhere is not one to take anything
//! from.

use std::collections::HashSet;

use icu_normalizer::DecomposingNormalizer;

use super::entries::ENTRIES_LIMIT;
use crate::model::{Inputs, RelPath};

/// The bytes of a file's or folder's name; what common file systems take.
const NAME_LIMIT: usize = 255;

/// Why an entry is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("its path is absolute")]
    Absolute,
    #[error("its path contains `..`")]
    Parent,
    #[error("it is a link to `{target}`, out of the archive's own tree")]
    LinkOut { target: String },
    #[error("it is {what}; only files, folders and links are accepted")]
    Kind { what: String },
    #[error("it is selected as an input, but is a link to `{target}`; inputs are regular files")]
    SelectedLink { target: String },
    #[error(
        "it appears twice (or differs from another only in case, or in how its characters are composed)"
    )]
    Twice,
    #[error("it is a file where another entry needs a folder")]
    FileAndFolder,
    #[error("it is selected as an input, but its name can't be written on every system")]
    BadName,
    #[error("it is selected as an input, but a part of its path has more than {NAME_LIMIT} bytes")]
    LongName,
    #[error("with it the selected files are in more than {limit} folders")]
    TooManyFolders { limit: u64 },
    #[error(
        "it is selected as an input, but its path starts with `-` or `@`: compilers take that for an option, or for a file with options"
    )]
    Option,
    #[error(
        "with it the selected files have more than the {limit} bytes that the recipe's `inputs.max-size` allows"
    )]
    TooLarge { limit: u64 },
}

/// An entry's path in parts, without `.`; empty for the archive's top.
pub type EntryParts<'a> = Vec<&'a [u8]>;

/// The parts of an entry's path.
///
/// # Errors
/// When it is absolute or has a `..`, on any system: `\` separates on some of them, and `C:` is a
/// drive there.
pub fn parts(path: &[u8]) -> Result<EntryParts<'_>, Refusal> {
    let drive = path.len() >= 2 && path[0].is_ascii_alphabetic() && path[1] == b':';
    if path.starts_with(b"/") || path.starts_with(b"\\") || drive {
        return Err(Refusal::Absolute);
    }
    if path
        .split(|byte| matches!(byte, b'/' | b'\\'))
        .any(|part| part == b"..")
    {
        return Err(Refusal::Parent);
    }
    Ok(path
        .split(|byte| *byte == b'/')
        .filter(|part| !matches!(*part, b"" | b"."))
        .collect())
}

/// The names of the folder `root`, as an origin names it; none for the archive's top.
pub fn root_parts(root: &str) -> Vec<&[u8]> {
    let parts = root.as_bytes().split(|byte| *byte == b'/');
    parts.filter(|part| !part.is_empty()).collect()
}

/// Checks that the link in `folder` to `target` stays in the archive's tree.
///
/// # Errors
/// When it leaves it, even if only on the way.
pub fn check_link(folder: &[&[u8]], target: &[u8]) -> Result<(), Refusal> {
    let out = || Refusal::LinkOut {
        target: String::from_utf8_lossy(target).into_owned(),
    };
    let drive = target.len() >= 2 && target[0].is_ascii_alphabetic() && target[1] == b':';
    if target.starts_with(b"/") || target.starts_with(b"\\") || drive {
        return Err(out());
    }
    let mut depth = folder.len();
    for part in target.split(|byte| matches!(byte, b'/' | b'\\')) {
        match part {
            b"" | b"." => {}
            b".." => depth = depth.checked_sub(1).ok_or_else(out)?,
            _ => depth += 1,
        }
    }
    Ok(())
}

/// The files of a tree, as far as they can be told apart on every system.
#[derive(Default)]
pub struct PortableNames {
    files: HashSet<String>,
    folders: HashSet<String>,
}

impl PortableNames {
    /// Adds `path`.
    ///
    /// # Errors
    /// When it is there already, or a file stands where a folder must be, for a file system that
    /// does not tell `A.c` from `a.c`, or `é` of one character from `é` of two.
    pub fn add(&mut self, path: &RelPath) -> Result<(), Refusal> {
        let nfd = DecomposingNormalizer::new_nfd();
        let folded = nfd
            .normalize(&nfd.normalize(path.as_str()).to_lowercase())
            .into_owned();
        for (end, _) in folded.match_indices('/') {
            let folder = &folded[..end];
            if self.files.contains(folder) {
                return Err(Refusal::FileAndFolder);
            }
            if !self.folders.contains(folder) {
                if self.folders.len() as u64 == ENTRIES_LIMIT {
                    return Err(Refusal::TooManyFolders {
                        limit: ENTRIES_LIMIT,
                    });
                }
                self.folders.insert(folder.to_owned());
            }
        }
        if self.folders.contains(&folded) {
            return Err(Refusal::FileAndFolder);
        }
        if self.files.insert(folded) {
            Ok(())
        } else {
            Err(Refusal::Twice)
        }
    }
}

/// Picks the inputs among an archive's entries, and holds what was seen of it.
pub struct Picker<'a> {
    inputs: &'a Inputs,
    root: Vec<&'a [u8]>,
    names: PortableNames,
    top: Vec<String>,
    seen_root: bool,
}

impl<'a> Picker<'a> {
    /// For the inputs below `root`, a folder of the archive; the empty one is its top.
    pub fn new(inputs: &'a Inputs, root: &'a str) -> Self {
        Self {
            inputs,
            root: root_parts(root),
            names: PortableNames::default(),
            top: Vec::new(),
            seen_root: false,
        }
    }

    /// The path below the root, where the entry is selected. It may still be a link or a folder.
    ///
    /// # Errors
    /// When it would be selected but for characters that no path may have.
    pub fn pick(&mut self, parts: &[&[u8]]) -> Result<Option<RelPath>, Refusal> {
        const SHOWN: usize = 12;
        if let Some(first) = parts.first()
            && self.top.len() < SHOWN
        {
            let first = String::from_utf8_lossy(first).into_owned();
            if !self.top.contains(&first) {
                self.top.push(first);
            }
        }
        let Some(below) = parts.strip_prefix(self.root.as_slice()) else {
            return Ok(None);
        };
        self.seen_root = true;
        if below.is_empty() {
            return Ok(None);
        }
        let bytes = below.join(&b'/');
        if let Some(path) = std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| text.parse::<RelPath>().ok())
        {
            return Ok(self.inputs.selects(&path).then_some(path));
        }
        let selected = self.inputs.matches(&String::from_utf8_lossy(&bytes));
        match bytes.first() {
            _ if !selected => Ok(None),
            Some(b'-' | b'@') => Err(Refusal::Option),
            _ => Err(Refusal::BadName),
        }
    }

    /// Takes `path` as a file that will be written.
    ///
    /// # Errors
    /// When it was taken before, a file stands where a folder must be, or no file can have such a
    /// name.
    pub fn take(&mut self, path: &RelPath) -> Result<(), Refusal> {
        if path.as_str().split('/').any(|part| part.len() > NAME_LIMIT) {
            return Err(Refusal::LongName);
        }
        self.names.add(path)
    }

    /// Whether an entry was at or below the root.
    pub fn seen_root(&self) -> bool {
        self.seen_root
    }

    /// The first names at the archive's top.
    pub fn into_top(self) -> Vec<String> {
        self.top
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_out_of_the_tree_are_refused_and_harmless_ones_are_cleaned() {
        for path in ["/etc/passwd", "\\x", "C:x", "c:/x", "\\\\host\\x"] {
            assert_eq!(parts(path.as_bytes()), Err(Refusal::Absolute), "{path}");
        }
        for path in ["..", "../x", "a/../b", "a/..", "a\\..\\b", "./../x"] {
            assert_eq!(parts(path.as_bytes()), Err(Refusal::Parent), "{path}");
        }
        for (path, clean) in [
            ("./a//b/", "a/b"),
            ("a..b/..c", "a..b/..c"),
            ("./", ""),
            ("a/./b", "a/b"),
        ] {
            assert_eq!(
                parts(path.as_bytes()).expect(path).join(&b'/'),
                clean.as_bytes(),
                "{path}"
            );
        }
    }

    #[test]
    fn files_that_a_file_system_may_take_for_one_are_refused_and_others_are_not() {
        let second = |first: &str, second: &str| {
            let mut names = PortableNames::default();
            names
                .add(&first.parse().expect("a path"))
                .expect("the first");
            names.add(&second.parse().expect("a path"))
        };
        for (one, other) in [
            ("a.c", "A.C"),
            ("d/\u{e9}.c", "d/e\u{301}.c"),
            ("\u{c9}", "e\u{301}"),
            ("\u{212b}", "\u{e5}"),
        ] {
            assert_eq!(second(one, other), Err(Refusal::Twice), "{one} {other}");
        }
        for (one, other) in [("\u{e9}", "e\u{301}/x"), ("X/y", "x")] {
            assert_eq!(
                second(one, other),
                Err(Refusal::FileAndFolder),
                "{one} {other}"
            );
        }
        for (one, other) in [("stra\u{df}e", "strasse"), ("a", "a.c"), ("d/x", "D/y")] {
            assert_eq!(second(one, other), Ok(()), "{one} {other}");
        }
    }

    #[test]
    fn links_may_point_around_in_the_tree_but_not_out_of_it() {
        let folder: [&[u8]; 2] = [b"top", b"src"];
        for target in ["x.c", "../x.c", "../../other/x", "./a/../b", "../.."] {
            assert_eq!(check_link(&folder, target.as_bytes()), Ok(()), "{target}");
        }
        for target in [
            "/etc/passwd",
            "../../../x",
            "../../../top/src/x",
            "..\\..\\..\\x",
            "C:\\x",
        ] {
            assert!(
                matches!(
                    check_link(&folder, target.as_bytes()),
                    Err(Refusal::LinkOut { .. })
                ),
                "{target}"
            );
        }
    }
}
