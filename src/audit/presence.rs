//! Whether the files that a record names can be in what is compiled: the rule that calls a
//! vulnerability absent.
//!
//! It does so only where all that is named is certainly left out. Files are named in many ways:
//! from the repository's top, from further down, by the last part alone, or not as files at all.
//! Whatever may mean one of the inputs counts as one.

use crate::model::{RelPath, Selected};

/// Endings of source files; what has another one (a program, a library, a function) can't be looked
/// for among them.
const SOURCES: [&str; 14] = [
    "c", "h", "cc", "cpp", "cxx", "hh", "hpp", "inc", "S", "s", "asm", "y", "l", "in",
];

/// The named files, if `selected` takes none of them; none if it may.
#[must_use]
pub fn absent<'f>(selected: &Selected, files: &'f [String]) -> Option<&'f [String]> {
    let recipe = &selected.recipe;
    // What is in a file that upstream joins from others, no name tells.
    if files.is_empty() || !selected.inputs.amalgamated.is_empty() {
        return None;
    }
    let may_be_in = |file: &String| {
        let Some(path) = source_path(file) else {
            return true;
        };
        let overlays = selected.overlays.iter().map(|(path, _)| path);
        let made = recipe.steps.iter().map(|step| &step.to);
        let mut known = selected.inputs.files.iter().chain(overlays).chain(made);
        selected.inputs.may_select_ending(path.as_str())
            || selected
                .inputs
                .may_select_ending(below_top(&path, selected))
            || known.any(|own| own.ends_in(path.as_str()) || path.ends_in(own.as_str()))
    };
    (!files.iter().any(may_be_in)).then_some(files)
}

/// The path of a source file, without what may stand before it.
fn source_path(file: &str) -> Option<RelPath> {
    let path: RelPath = file
        .trim()
        .trim_start_matches("./")
        .trim_start_matches('/')
        .parse()
        .ok()?;
    let (_, ending) = path.file_name().rsplit_once('.')?;
    (SOURCES.contains(&ending) && !file.contains(char::is_whitespace)).then_some(path)
}

/// `path` from below the source's own top folder, which some name with it: `expat/lib/xmlparse.c`,
/// `zlib-1.3.2/inflate.c`.
fn below_top<'p>(path: &'p RelPath, selected: &Selected) -> &'p str {
    let Some((first, rest)) = path.as_str().split_once('/') else {
        return path.as_str();
    };
    let name = selected.recipe.name.as_str();
    let roots = selected
        .source
        .origins
        .iter()
        .filter_map(|origin| origin.root.rsplit('/').next());
    let is_top = first.starts_with(name) || roots.into_iter().any(|root| root == first);
    if is_top { rest } else { path.as_str() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::tests::selected;

    #[test]
    fn files_are_absent_only_if_none_of_them_may_be_an_input() {
        let table: [(&str, &[&str], bool); 17] = [
            ("zlib", &["contrib/minizip/zip.c"], true),
            (
                "zlib",
                &["contrib/untgz/untgz.c", "contrib/minizip/zip.h"],
                true,
            ),
            ("zlib", &["zlib-1.3.2/contrib/minizip/zip.c"], true),
            ("zlib", &["inflate.c"], false),
            ("zlib", &["contrib/minizip/zip.c", "inflate.c"], false),
            ("zlib", &["zlib/inflate.c"], false),
            // Wherever it is: no input has that name.
            ("zlib", &["zip.c"], true),
            ("zlib", &["zutil.h"], false),
            ("xz", &["check.c"], false),
            // Neither is a source file.
            ("zlib", &["bin/minizip"], false),
            ("zlib", &["make alltest Handler"], false),
            ("zlib", &[], false),
            ("expat", &["expat/xmlwf/xmlfile.c"], true),
            ("expat", &["expat/lib/xmlparse.c"], false),
            ("expat", &["xmlparse.c"], false),
            ("xz", &["src/scripts/xzgrep.in"], true),
            // The amalgamation has it, under another name.
            ("sqlite", &["expr.c"], false),
        ];
        for (name, files, expected) in table {
            let files: Vec<String> = files.iter().map(|&file| file.to_owned()).collect();
            assert_eq!(
                absent(&selected(name), &files).is_some(),
                expected,
                "{name} {files:?}"
            );
        }
    }
}
