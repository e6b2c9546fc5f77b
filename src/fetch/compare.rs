//! Where two origins' inputs differ, file by file.

use std::collections::BTreeMap;
use std::fmt;

use crate::model::{RelPath, Sha256};

/// The selected files of an archive with their digests, before patches and overlays.
pub type InputFiles = BTreeMap<RelPath, Sha256>;

/// A file in which two origins differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub path: RelPath,
    pub how: How,
}

/// In what way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Only the first has it.
    OnlyFirst,
    /// Only the second has it.
    OnlySecond,
    /// Both have it, with different contents.
    Content,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.how {
            How::OnlyFirst => write!(f, "{} (only in the first)", self.path),
            How::OnlySecond => write!(f, "{} (only in the second)", self.path),
            How::Content => write!(f, "{} (other content)", self.path),
        }
    }
}

/// Where `first` and `second` differ, sorted by path.
#[must_use]
pub fn differences(first: &InputFiles, second: &InputFiles) -> Vec<Difference> {
    let of_first = first
        .iter()
        .filter_map(|(path, digest)| match second.get(path) {
            None => Some((path, How::OnlyFirst)),
            Some(other) if other != digest => Some((path, How::Content)),
            Some(_) => None,
        });
    let of_second = second
        .keys()
        .filter(|path| !first.contains_key(*path))
        .map(|path| (path, How::OnlySecond));
    let mut found: Vec<_> = of_first
        .chain(of_second)
        .map(|(path, how)| Difference {
            path: path.clone(),
            how,
        })
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_differ_is_told_once_and_equal_files_are_not() {
        let files = |list: &[(&str, &str)]| -> InputFiles {
            list.iter()
                .map(|(path, text)| (path.parse().expect("a path"), Sha256::of(text.as_bytes())))
                .collect()
        };
        let first = files(&[("same.c", "x"), ("a.c", "1"), ("gone.c", "x")]);
        let second = files(&[("same.c", "x"), ("a.c", "2"), ("new.c", "x")]);
        let found: Vec<String> = differences(&first, &second)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            found,
            [
                "a.c (other content)",
                "gone.c (only in the first)",
                "new.c (only in the second)"
            ]
        );
        assert!(differences(&first, &first).is_empty());
    }
}
