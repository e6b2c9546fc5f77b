//! Patches, applied exactly: every hunk matches at the lines that it states, with no offset and no
//! fuzz, or the patch is refused. The format is the unified one, with `-p1` paths, plain or as git
//! writes it; diffy reads it, the few lines that apply it are ours because diffy's own search for a
//! place nearby.

use std::collections::BTreeSet;

use diffy::patch_set::{
    FileMode, FileOperation, FilePatch, ParseOptions, PatchKind, PatchSet, PatchSetParseError,
};
use diffy::{Hunk, Line};

use crate::model::RelPath;

/// Why a patch does not apply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchProblem {
    #[error("it does not parse")]
    Syntax { source: PatchSetParseError },
    #[error("it has {headers} hunk headers, but only {read} of them start a hunk of a file")]
    Stray { headers: usize, read: usize },
    #[error("it names the file `{found}`, which is not a path with one leading folder (-p1)")]
    Path { found: String },
    #[error("{path}: it {what}, which is not supported")]
    Unsupported { path: String, what: &'static str },
    #[error("{path}: it changes the file twice")]
    Twice { path: RelPath },
    #[error("{path}: it changes the file, which is not among the inputs")]
    Missing { path: RelPath },
    #[error("{path}: it creates the file, which already exists")]
    Exists { path: RelPath },
    #[error("{path}, hunk {hunk}, line {line}: expected {}, found {}", quoted(Some(expected)), quoted(found.as_deref()))]
    Mismatch {
        path: RelPath,
        hunk: usize,
        line: usize,
        expected: String,
        found: Option<String>,
    },
    #[error(
        "{path}, hunk {hunk}: its header says line {stated} of the new file, but it is line {actual}"
    )]
    Header {
        path: RelPath,
        hunk: usize,
        stated: usize,
        actual: usize,
    },
    #[error("{path}: it deletes the file, but {left} of its lines are left")]
    Left { path: RelPath, left: usize },
}

/// A file's new content; none where the patch deletes it.
pub type FileChange = (RelPath, Option<Vec<u8>>);

fn quoted(line: Option<&str>) -> String {
    line.map_or_else(
        || "the end of the file".to_owned(),
        |line| format!("`{line}`"),
    )
}

/// What `patch` makes of the files that `read` gives (nothing, for one that is not there). Nothing
/// is written: the caller does when all is well.
///
/// # Errors
/// When a part of it does not apply exactly, or `read` fails.
pub fn apply<E: From<PatchProblem>>(
    patch: &[u8],
    mut read: impl FnMut(&RelPath) -> Result<Option<Vec<u8>>, E>,
) -> Result<Vec<FileChange>, E> {
    let mut changes = Vec::new();
    let mut seen = BTreeSet::new();
    let mut hunks = 0;
    for part in PatchSet::parse_bytes(patch, options(patch)) {
        let part = part.map_err(|error| PatchProblem::Syntax { source: error })?;
        let (file, text) = checked(&part)?;
        if !seen.insert(file.clone()) {
            return Err(PatchProblem::Twice { path: file }.into());
        }
        hunks += text.len();
        let old = read(&file)?;
        changes.push(change(file, part.operation(), text, old)?);
    }
    // What the parser takes for text between files would otherwise be a hunk that silently does
    // nothing.
    let headers = lines(patch)
        .filter(|line| line.starts_with(b"@@ -"))
        .count();
    if headers != hunks {
        return Err(PatchProblem::Stray {
            headers,
            read: hunks,
        }
        .into());
    }
    Ok(changes)
}

fn options(patch: &[u8]) -> ParseOptions {
    if lines(patch).any(|line| line.starts_with(b"diff --git ")) {
        ParseOptions::gitdiff()
    } else {
        ParseOptions::unidiff()
    }
}

/// The files that `patch` names, as far as it can be read: those that it changes, creates and
/// deletes.
pub fn named(patch: &[u8]) -> BTreeSet<RelPath> {
    let parts = PatchSet::parse_bytes(patch, options(patch)).filter_map(Result::ok);
    let named = parts.filter_map(|part| checked(&part).ok().map(|(path, _)| path));
    named.collect()
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n')
}

type Hunks<'p> = &'p [Hunk<'p, [u8]>];

/// The path that `file` changes, and its hunks.
fn checked<'p>(file: &'p FilePatch<'_, [u8]>) -> Result<(RelPath, Hunks<'p>), PatchProblem> {
    let (name, other) = match file.operation() {
        FileOperation::Delete(path) | FileOperation::Create(path) => (path, path),
        FileOperation::Modify { original, modified } => (modified, original),
        FileOperation::Rename { to, .. } => return Err(unsupported(to, "renames a file")),
        FileOperation::Copy { to, .. } => return Err(unsupported(to, "copies a file")),
    };
    let path = stripped(name)?;
    if stripped(other)? != path {
        return Err(unsupported(name, "renames a file"));
    }
    if [file.old_mode(), file.new_mode()]
        .into_iter()
        .flatten()
        .any(|mode| matches!(mode, FileMode::Symlink | FileMode::Gitlink))
    {
        return Err(unsupported(name, "makes a link"));
    }
    match file.patch() {
        PatchKind::Text(text) => Ok((path, text.hunks())),
        PatchKind::Binary(_) => Err(unsupported(name, "contains a binary change")),
    }
}

fn unsupported(path: &[u8], what: &'static str) -> PatchProblem {
    PatchProblem::Unsupported {
        path: String::from_utf8_lossy(path).into_owned(),
        what,
    }
}

/// `a/src/x.c` as `src/x.c`.
fn stripped(path: &[u8]) -> Result<RelPath, PatchProblem> {
    let text = String::from_utf8_lossy(path);
    let parsed = std::str::from_utf8(path)
        .ok()
        .and_then(|text| text.split_once('/'))
        .and_then(|(_, rest)| rest.parse().ok());
    parsed.ok_or_else(|| PatchProblem::Path {
        found: text.into_owned(),
    })
}

fn change(
    path: RelPath,
    operation: &FileOperation<'_, [u8]>,
    hunks: &[Hunk<'_, [u8]>],
    old: Option<Vec<u8>>,
) -> Result<FileChange, PatchProblem> {
    let old = match (old, operation.is_create()) {
        (Some(_), true) => return Err(PatchProblem::Exists { path }),
        (None, false) => return Err(PatchProblem::Missing { path }),
        (old, _) => old.unwrap_or_default(),
    };
    let new = patched(&path, &old, hunks)?;
    if !operation.is_delete() {
        return Ok((path, Some(new)));
    }
    match lines(&new).count() {
        0 => Ok((path, None)),
        left => Err(PatchProblem::Left { path, left }),
    }
}

fn patched(path: &RelPath, old: &[u8], hunks: &[Hunk<'_, [u8]>]) -> Result<Vec<u8>, PatchProblem> {
    let old: Vec<&[u8]> = lines(old).collect();
    let mut new: Vec<&[u8]> = Vec::with_capacity(old.len());
    let mut next = 0;
    for (number, hunk) in (1..).zip(hunks) {
        // A range of no lines names the line before it, any other its first line.
        let first = |start: usize, len: usize| {
            if len == 0 {
                start
            } else {
                start.saturating_sub(1)
            }
        };
        let start = first(hunk.old_range().start(), hunk.old_range().len());
        let Some(between) = old.get(next..start) else {
            return Err(mismatch(
                path,
                number,
                old.len() + 1,
                hunk.lines().first().map_or(&b""[..], |line| content(line)),
                None,
            ));
        };
        new.extend_from_slice(between);
        next = start;
        let stated = first(hunk.new_range().start(), hunk.new_range().len());
        if stated != new.len() {
            return Err(PatchProblem::Header {
                path: path.clone(),
                hunk: number,
                stated: stated + 1,
                actual: new.len() + 1,
            });
        }
        for line in hunk.lines() {
            if let Line::Context(text) | Line::Delete(text) = line {
                let found = old.get(next).copied();
                if found != Some(*text) {
                    return Err(mismatch(path, number, next + 1, text, found));
                }
                next += 1;
            }
            if let Line::Context(text) | Line::Insert(text) = line {
                new.push(text);
            }
        }
    }
    new.extend_from_slice(&old[next..]);
    Ok(new.concat())
}

fn content<'a>(line: &Line<'a, [u8]>) -> &'a [u8] {
    match line {
        Line::Context(text) | Line::Delete(text) | Line::Insert(text) => text,
    }
}

fn mismatch(
    path: &RelPath,
    hunk: usize,
    line: usize,
    expected: &[u8],
    found: Option<&[u8]>,
) -> PatchProblem {
    // Escaped: that a line ends in a carriage return, or in nothing, may be the whole difference.
    let shown = |text: &[u8]| {
        text.strip_suffix(b"\n").map_or_else(
            || format!("{}(no line end)", text.escape_ascii()),
            |text| text.escape_ascii().to_string(),
        )
    };
    PatchProblem::Mismatch {
        path: path.clone(),
        hunk,
        line,
        expected: shown(expected),
        found: found.map(shown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "one\ntwo\nthree\nfour\nfive\n";

    fn run(patch: &str) -> Result<Vec<FileChange>, PatchProblem> {
        apply(patch.as_bytes(), |path| {
            Ok((path.as_str() == "dir/f.c").then(|| OLD.as_bytes().to_vec()))
        })
    }

    fn text(changes: &[FileChange]) -> Vec<(&str, Option<&str>)> {
        let text = |bytes: &'_ Vec<u8>| -> &'static str {
            String::from_utf8(bytes.clone()).expect("text").leak()
        };
        changes
            .iter()
            .map(|(path, new)| (path.as_str(), new.as_ref().map(text)))
            .collect()
    }

    #[test]
    fn hunks_at_their_stated_lines_apply() {
        let patch = "why\n\n--- a/dir/f.c\n+++ b/dir/f.c\n@@ -1,2 +1,3 @@\n one\n+new\n two\n@@ -5 +6 @@\n-five\n+FIVE\n";
        assert_eq!(
            text(&run(patch).expect("applies")),
            [("dir/f.c", Some("one\nnew\ntwo\nthree\nfour\nFIVE\n"))]
        );
    }

    #[test]
    fn git_patches_of_many_files_create_change_and_delete() {
        let patch = "diff --git a/dir/f.c b/dir/f.c\ndeleted file mode 100644\n--- a/dir/f.c\n+++ /dev/null\n@@ -1,5 +0,0 @@\n-one\n-two\n-three\n-four\n-five\n\
                     diff --git a/n.h b/n.h\nnew file mode 100644\n--- /dev/null\n+++ b/n.h\n@@ -0,0 +1 @@\n+x\n";
        assert_eq!(
            text(&run(patch).expect("applies")),
            [("dir/f.c", None), ("n.h", Some("x\n"))]
        );
    }

    #[test]
    fn a_patch_that_would_need_an_offset_fuzz_or_another_file_is_refused_with_the_place() {
        let mismatch = |hunk, line, expected: &str, found: Option<&str>| PatchProblem::Mismatch {
            path: "dir/f.c".parse().expect("a path"),
            hunk,
            line,
            expected: expected.into(),
            found: found.map(Into::into),
        };
        let path = |text: &str| text.parse::<RelPath>().expect("a path");
        let table = [
            // The same lines one further down: `patch` would apply it with an offset.
            (
                "--- a/dir/f.c\n+++ b/dir/f.c\n@@ -1,2 +1,1 @@\n two\n-three\n",
                mismatch(1, 1, "two", Some("one")),
            ),
            // One line of context differs: `patch` would apply it with fuzz.
            (
                "--- a/dir/f.c\n+++ b/dir/f.c\n@@ -1,3 +1,2 @@\n ONE\n-two\n three\n",
                mismatch(1, 1, "ONE", Some("one")),
            ),
            (
                "--- a/dir/f.c\n+++ b/dir/f.c\n@@ -5,2 +5,1 @@\n five\n-six\n",
                mismatch(1, 6, "six", None),
            ),
            (
                "--- a/dir/f.c\n+++ b/dir/f.c\n@@ -90 +90 @@\n-x\n+y\n",
                mismatch(1, 6, "x", None),
            ),
            (
                "--- a/dir/f.c\n+++ b/dir/f.c\n@@ -5 +5 @@\n-five\n\\ No newline at end of file\n+5\n",
                mismatch(1, 5, "five(no line end)", Some("five")),
            ),
            (
                "--- a/dir/f.c\n+++ b/dir/f.c\n@@ -2 +3 @@\n-two\n+2\n",
                PatchProblem::Header {
                    path: path("dir/f.c"),
                    hunk: 1,
                    stated: 3,
                    actual: 2,
                },
            ),
            (
                "--- a/dir/g.c\n+++ b/dir/g.c\n@@ -1 +1 @@\n-x\n+y\n",
                PatchProblem::Missing {
                    path: path("dir/g.c"),
                },
            ),
            (
                "--- /dev/null\n+++ b/dir/f.c\n@@ -0,0 +1 @@\n+y\n",
                PatchProblem::Exists {
                    path: path("dir/f.c"),
                },
            ),
            (
                "--- a/dir/f.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-one\n",
                PatchProblem::Left {
                    path: path("dir/f.c"),
                    left: 4,
                },
            ),
            (
                "--- a/../f.c\n+++ b/../f.c\n@@ -1 +1 @@\n-x\n+y\n",
                PatchProblem::Path {
                    found: "b/../f.c".into(),
                },
            ),
            (
                "--- a/dir/f.c\n+++ b/dir/f.c\n@@ -1 +1 @@\n-one\n+1\njunk\n@@ -2 +2 @@\n-two\n+2\n",
                PatchProblem::Stray {
                    headers: 2,
                    read: 1,
                },
            ),
            (
                "--- a/dir/f.c\n+++ b/dir/f.c\n@@ -1 +1 @@\n-one\n+1\n--- a/dir/f.c\n+++ b/dir/f.c\n@@ -1 +1 @@\n-one\n+1\n",
                PatchProblem::Twice {
                    path: path("dir/f.c"),
                },
            ),
            (
                "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+/etc/passwd\n\\ No newline at end of file\n",
                PatchProblem::Unsupported {
                    path: "b/l".into(),
                    what: "makes a link",
                },
            ),
        ];
        for (patch, expected) in table {
            assert_eq!(run(patch).expect_err(patch), expected, "{patch}");
        }
        assert!(matches!(
            run("nothing of a patch\n"),
            Err(PatchProblem::Syntax { .. })
        ));
    }
}
