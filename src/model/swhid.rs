//! The identifier that Software Heritage has for a folder with all that is in it (ISO/IEC 18670):
//! git's tree object. Source: <https://swhid.org/specification/v1.1/5.Core_identifiers>, 5.2.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::Sha1;

const PREFIX: &str = "swh:1:dir:";

/// `swh:1:dir:…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct SwhDir(Sha1);

reads_text!(SwhDir);

/// A text that is no identifier of a folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected `{PREFIX}` and 40 lower-case hexadecimal digits, found `{0}`")]
pub struct SwhDirError(String);

impl fmt::Display for SwhDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0)
    }
}

impl FromStr for SwhDir {
    type Err = SwhDirError;

    fn from_str(text: &str) -> Result<Self, SwhDirError> {
        let digest = text
            .strip_prefix(PREFIX)
            .and_then(|digest| digest.parse().ok());
        digest.map(Self).ok_or_else(|| SwhDirError(text.to_owned()))
    }
}

by_text!(SwhDir);

text_schema!(SwhDir, {
    "pattern": "^swh:1:dir:[0-9a-f]{40}$",
    "description": "Software Heritage identifier of a folder (ISO/IEC 18670)"
});

/// A folder, by what counts for its identifier: names, contents, which files are programs. Names
/// are any bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree(BTreeMap<Vec<u8>, Node>);

/// What a folder holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// By git's blob object of its content.
    File {
        executable: bool,
        id: Sha1,
    },
    /// By git's blob object of its target.
    Link(Sha1),
    Folder(Tree),
}

impl Tree {
    /// Puts `node` at `path`, making the folders on the way. What is there already gives way, but
    /// for a folder that stays one. Returns how many nodes are new.
    ///
    /// # Errors
    /// When a file is on the way.
    pub fn put(&mut self, path: &[&[u8]], node: Node) -> Result<usize, NotAFolder> {
        let [name, rest @ ..] = path else {
            return Ok(0);
        };
        let new = usize::from(!self.0.contains_key(*name));
        if rest.is_empty() {
            match (self.0.get(*name), &node) {
                (Some(Node::Folder(_)), Node::Folder(_)) => {}
                _ => drop(self.0.insert(name.to_vec(), node)),
            }
            return Ok(new);
        }
        match self
            .0
            .entry(name.to_vec())
            .or_insert_with(|| Node::Folder(Self::default()))
        {
            Node::Folder(folder) => Ok(new + folder.put(rest, node)?),
            _ => Err(NotAFolder),
        }
    }

    /// What is at `path`.
    #[must_use]
    pub fn get(&self, path: &[&[u8]]) -> Option<&Node> {
        let (name, rest) = path.split_first()?;
        match self.0.get(*name)? {
            node if rest.is_empty() => Some(node),
            Node::Folder(folder) => folder.get(rest),
            _ => None,
        }
    }

    /// The folder that is all that is here, where it is; else this one.
    #[must_use]
    pub fn below_top(self) -> Self {
        let mut nodes = self.0.iter();
        match (nodes.next(), nodes.next()) {
            (Some((_, Node::Folder(folder))), None) => folder.clone(),
            _ => self,
        }
    }

    /// Its identifier.
    #[must_use]
    pub fn swhid(&self) -> SwhDir {
        SwhDir(self.id())
    }

    fn id(&self) -> Sha1 {
        let mut entries: Vec<(Vec<u8>, &[u8], &str, Sha1)> = self
            .0
            .iter()
            .map(|(name, node)| {
                let (mode, id) = match node {
                    Node::File {
                        executable: false,
                        id,
                    } => ("100644", *id),
                    Node::File {
                        executable: true,
                        id,
                    } => ("100755", *id),
                    Node::Link(id) => ("120000", *id),
                    Node::Folder(tree) => ("40000", tree.id()),
                };
                // Folders are sorted as if their names ended in a slash.
                let mut key = name.clone();
                if matches!(node, Node::Folder(_)) {
                    key.push(b'/');
                }
                (key, name.as_slice(), mode, id)
            })
            .collect();
        entries.sort();
        let mut body = Vec::new();
        for (_, name, mode, id) in entries {
            body.extend([mode.as_bytes(), b" ", name, b"\0", id.as_bytes()].concat());
        }
        Sha1::of(&[format!("tree {}\0", body.len()).as_bytes(), &body].concat())
    }
}

/// A path leads through something that is no folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a path leads through something that is not a folder")]
pub struct NotAFolder;

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Node {
        Node::File {
            executable: false,
            id: Sha1::of_blob(text.len() as u64, text.as_bytes()).expect("a slice is read"),
        }
    }

    #[test]
    fn a_tree_has_the_name_that_git_gives_it() {
        let mut tree = Tree::default();
        // Git's own empty tree.
        assert_eq!(
            tree.swhid().to_string(),
            "swh:1:dir:4b825dc642cb6eb9a060e54bf8d69288fbee4904"
        );
        let link = Node::Link(Sha1::of_blob(3, &b"a.c"[..]).expect("a slice is read"));
        let Node::File { id, .. } = file("#!/bin/sh\n") else {
            unreachable!("it is a file")
        };
        // Put in an order that is not git's: `a.c` comes before the folder `a`, which is sorted as
        // `a/`, and that before `a0`.
        let entries = [
            (&[&b"a0"[..]][..], file("zero\n")),
            (&[b"a", b"b.c"], file("b\n")),
            (
                &[b"run"],
                Node::File {
                    executable: true,
                    id,
                },
            ),
            (&[b"a.c"], file("a\n")),
            (&[b"link"], link),
        ];
        for (path, node) in entries {
            tree.put(path, node).expect("no file is on the way");
        }
        // `git write-tree` of such files.
        assert_eq!(
            tree.swhid().to_string(),
            "swh:1:dir:87a6834392b80a2bf6466c413854adf0e959865a"
        );
        // The same with an empty folder, which only `git mktree` can write.
        tree.put(&[b"a", b"empty"], Node::Folder(Tree::default()))
            .expect("no file is on the way");
        assert_eq!(
            tree.swhid().to_string(),
            "swh:1:dir:5ad764d1f28aca1cf72fbf5d48737b901c223143"
        );
    }

    #[test]
    fn the_top_folder_is_left_out_only_where_it_is_all_there_is() {
        let mut tree = Tree::default();
        tree.put(&[b"top", b"a.c"], file("a\n"))
            .expect("no file is on the way");
        let mut inner = Tree::default();
        inner
            .put(&[b"a.c"], file("a\n"))
            .expect("no file is on the way");
        assert_eq!(tree.clone().below_top(), inner);
        assert_eq!(inner.clone().below_top(), inner);
        tree.put(&[b"b.c"], file("b\n"))
            .expect("no file is on the way");
        assert_eq!(tree.clone().below_top(), tree);
        assert_eq!(tree.put(&[b"b.c", b"x"], file("")), Err(NotAFolder));
    }

    #[test]
    fn only_identifiers_of_folders_parse() {
        let text = "swh:1:dir:4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        assert_eq!(
            text.parse::<SwhDir>().map(|id| id.to_string()),
            Ok(text.to_owned())
        );
        for text in [
            "swh:1:cnt:4b825dc642cb6eb9a060e54bf8d69288fbee4904",
            "swh:1:dir:4b825dc6",
            "swh:1:dir:4B825DC642CB6EB9A060E54BF8D69288FBEE4904",
        ] {
            assert!(text.parse::<SwhDir>().is_err(), "{text}");
        }
    }
}
