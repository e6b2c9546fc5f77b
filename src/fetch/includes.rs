//! What the files of a source include: found in their text, without a compiler.
//!
//! A compiler answers for one target and one variant, and the lock holds for all of them. So every
//! `#include` counts, whatever `#if` it stands in, and the file that it means is looked for as a
//! compiler does: beside the file that names it, then in the folders of headers in their order.
//! What an `#include` names by a macro is not found; a recipe selects that in `[inputs]`.

use std::collections::BTreeSet;

use crate::model::{RelPath, TreeDir};

/// A file as another one names it to the preprocessor.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Directive<'t> {
    /// Whether it is looked for beside the file that names it.
    quoted: bool,
    path: &'t str,
}

/// A file to begin with, and the folders in which what it includes is looked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Root<'r> {
    pub folders: &'r [TreeDir],
    pub file: &'r RelPath,
}

/// The files of `known` that `roots` include, directly or through others. `read` gives the text of
/// a file, or nothing where it can't be read yet; the file itself then counts, and what it includes
/// does not.
///
/// # Errors
/// Those of `read`.
pub fn included<E>(
    roots: &BTreeSet<Root<'_>>,
    known: &BTreeSet<RelPath>,
    mut read: impl FnMut(&RelPath) -> Result<Option<Vec<u8>>, E>,
) -> Result<BTreeSet<RelPath>, E> {
    let mut found = BTreeSet::new();
    let mut seen: BTreeSet<(&[TreeDir], RelPath)> = BTreeSet::new();
    let mut next: Vec<(&[TreeDir], RelPath)> = roots
        .iter()
        .map(|root| (root.folders, root.file.clone()))
        .collect();
    while let Some((folders, file)) = next.pop() {
        if !seen.insert((folders, file.clone())) {
            continue;
        }
        let Some(text) = read(&file)? else {
            continue;
        };
        for directive in directives(&text) {
            if let Some(path) = resolve(&directive, &file, folders, known) {
                found.insert(path.clone());
                next.push((folders, path));
            }
        }
    }
    Ok(found)
}

/// The first file of `known` that `directive` in `file` may mean.
fn resolve(
    directive: &Directive<'_>,
    file: &RelPath,
    folders: &[TreeDir],
    known: &BTreeSet<RelPath>,
) -> Option<RelPath> {
    let beside = directive.quoted.then_some(file.folder());
    let folders = beside
        .into_iter()
        .chain(folders.iter().map(TreeDir::as_str));
    folders
        .filter_map(|folder| joined(folder, directive.path))
        .find(|path| known.contains(path))
}

/// `path`, from the folder `folder` of the tree; none where that is out of the tree.
fn joined(folder: &str, path: &str) -> Option<RelPath> {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    parts.join("/").parse().ok()
}

/// What the lines of a C, C++ or assembly file name: `#include`, `#include_next`, `#import`, and
/// `__has_include`, by which a file decides whether to include one.
fn directives(text: &[u8]) -> Vec<Directive<'_>> {
    let mut found = Vec::new();
    for line in text.split(|byte| *byte == b'\n') {
        let Ok(line) = std::str::from_utf8(line) else {
            continue;
        };
        let Some(rest) = line.trim_start().strip_prefix('#') else {
            continue;
        };
        let rest = rest.trim_start();
        for keyword in ["include_next", "include", "import"] {
            if let Some(named) = rest.strip_prefix(keyword) {
                found.extend(named_file(named));
                break;
            }
        }
        let asked = rest.split("__has_include").skip(1);
        found.extend(asked.filter_map(|rest| {
            let rest = rest.strip_prefix("_next").unwrap_or(rest).trim_start();
            named_file(rest.strip_prefix('(')?)
        }));
    }
    found
}

/// `<x.h>` or `"x.h"` at the start of `text`, past blanks.
fn named_file(text: &str) -> Option<Directive<'_>> {
    let text = text.trim_start();
    let (quoted, end) = match text.as_bytes().first()? {
        b'"' => (true, '"'),
        b'<' => (false, '>'),
        _ => return None,
    };
    let (path, _) = text[1..].split_once(end)?;
    Some(Directive { quoted, path })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    use super::*;

    fn path(text: &str) -> RelPath {
        text.parse().expect("a path")
    }

    /// What `roots` include of `files`, by name.
    fn found(files: &[(&str, &str)], folders: &[&str], roots: &[&str]) -> Vec<String> {
        let files: BTreeMap<RelPath, &str> = files
            .iter()
            .map(|(file, text)| (path(file), *text))
            .collect();
        let known = files.keys().cloned().collect();
        let folders: Vec<TreeDir> = folders
            .iter()
            .map(|folder| folder.parse().expect("a folder"))
            .collect();
        let names: Vec<RelPath> = roots.iter().map(|root| path(root)).collect();
        let roots = names.iter().map(|file| Root {
            folders: &folders,
            file,
        });
        let read = |file: &RelPath| {
            Ok::<_, Infallible>(files.get(file).map(|text| text.as_bytes().to_vec()))
        };
        let found = included(&roots.collect(), &known, read).unwrap_or_else(|never| match never {});
        found.into_iter().map(String::from).collect()
    }

    #[test]
    fn a_quoted_name_is_looked_for_beside_its_file_and_then_in_the_folders_in_their_order() {
        let files = [
            (
                "src/a.c",
                "#include \"x.h\"\n#include <y.h>\n#include <stdio.h>\n",
            ),
            ("src/x.h", ""),
            ("src/y.h", ""),
            ("one/x.h", ""),
            ("two/y.h", ""),
            ("one/y.h", ""),
        ];
        assert_eq!(
            found(&files, &["one", "two"], &["src/a.c"]),
            ["one/y.h", "src/x.h"]
        );
        assert_eq!(found(&files, &["."], &["src/a.c"]), ["src/x.h"]);
    }

    #[test]
    fn every_way_to_name_a_file_counts_in_whatever_condition_and_through_others() {
        let files = [
            (
                "a.c",
                "#if 0\n  #  include\t\"b.h\"\n#endif\n#if defined(X) && __has_include(\"c.h\")\n\
                 #import <d.h>\n#include_next <e.h>\n#include MACRO\n\"f.h\"\n// #include \"f.h\"\n",
            ),
            ("b.h", "#include \"sub/../g.h\"\n#include \"a.c\"\n"),
            ("c.h", "\u{fffd}"),
            (
                "d.h",
                "#include \"../out.h\"\n#include \"/etc/passwd\"\n#include \"\n",
            ),
            ("e.h", ""),
            ("f.h", ""),
            ("g.h", ""),
        ];
        assert_eq!(
            found(&files, &["."], &["a.c"]),
            ["a.c", "b.h", "c.h", "d.h", "e.h", "g.h"]
        );
    }

    #[test]
    fn a_file_is_read_again_for_other_folders_because_it_then_includes_others() {
        let files = [
            ("a.c", "#include \"h/x.h\"\n"),
            ("b.c", "#include \"h/x.h\"\n"),
            ("h/x.h", "#include <k.h>\n"),
            ("one/k.h", ""),
            ("two/k.h", ""),
        ];
        let known: BTreeSet<RelPath> = files.iter().map(|(file, _)| path(file)).collect();
        let (one, two): (Vec<TreeDir>, Vec<TreeDir>) = (
            vec!["one".parse().expect("a folder")],
            vec!["two".parse().expect("a folder")],
        );
        let (a, b) = (path("a.c"), path("b.c"));
        let roots = BTreeSet::from([
            Root {
                folders: &one,
                file: &a,
            },
            Root {
                folders: &two,
                file: &b,
            },
        ]);
        let read = |file: &RelPath| {
            let text = files.iter().find(|(name, _)| *name == file.as_str());
            Ok::<_, Infallible>(text.map(|(_, text)| text.as_bytes().to_vec()))
        };
        let found = included(&roots, &known, read).unwrap_or_else(|never| match never {});
        assert_eq!(found, ["h/x.h", "one/k.h", "two/k.h"].map(path).into());
    }
}
