//! The layers of `src/lib.rs` import one way: each only those before it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Upper layers last, as `src/lib.rs` lists them; `embedded` is data for the last two.
const LAYERS: [&str; 19] = [
    "model",
    "report",
    "process",
    "plan",
    "store",
    "remote",
    "apt",
    "fetch",
    "toolchain",
    "build",
    "consumer",
    "pack",
    "check",
    "sbom",
    "verify",
    "embedded",
    "audit",
    "session",
    "cli",
];

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The layers that a file names: `crate::plan::Plan`, and those of `crate::{model, store::Store}`.
fn imported(text: &str) -> Vec<String> {
    let mut layers = Vec::new();
    for rest in text.split("crate::").skip(1) {
        let names = match rest.strip_prefix('{') {
            Some(list) => list
                .split(['}', ';'])
                .next()
                .unwrap_or_default()
                .split(',')
                .collect(),
            None => vec![rest],
        };
        for name in names {
            layers.push(
                name.trim()
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect(),
            );
        }
    }
    layers
}

#[test]
fn each_layer_imports_only_those_before_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut edges = 0;
    for (rank, layer) in LAYERS.iter().enumerate() {
        let mut files = Vec::new();
        let dir = src.join(layer);
        if dir.is_dir() {
            rust_files(&dir, &mut files);
        } else {
            files.push(dir.with_extension("rs"));
        }
        for file in files {
            let text = std::fs::read_to_string(&file).expect("a source file");
            for name in imported(&text) {
                let Some(other) = LAYERS.iter().position(|layer| *layer == name) else {
                    continue;
                };
                edges += 1;
                if other > rank {
                    wrong.push(format!("{}: {layer} imports {name}", file.display()));
                }
            }
        }
    }
    assert!(
        edges > 50,
        "only {edges} imports were found: the test does not see them"
    );
    assert_eq!(wrong, Vec::<String>::new());
}

/// The names in `text` that stand right behind `super::`: modules beside its own, and what the
/// module above has. Unit tests may use more.
fn beside(text: &str) -> Vec<String> {
    let code = text.split("#[cfg(test)]\nmod tests").next();
    code.unwrap_or_default()
        .split("super::")
        .skip(1)
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        })
        .collect()
}

#[test]
fn no_two_modules_of_one_folder_use_each_other() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut uses = BTreeSet::new();
    for file in &files {
        let text = std::fs::read_to_string(file).expect("a source file");
        let module = match file.file_stem() {
            Some(stem) if stem == "mod" => continue,
            stem => stem.expect("a name").to_string_lossy().into_owned(),
        };
        let folder = file.parent().expect("a folder").to_owned();
        for other in beside(&text) {
            uses.insert((folder.clone(), module.clone(), other));
        }
    }
    assert!(uses.len() > 200, "only {} uses were found", uses.len());
    let back = |(folder, one, other): &(PathBuf, String, String)| {
        one < other && uses.contains(&(folder.clone(), other.clone(), one.clone()))
    };
    let circles: Vec<_> = uses.iter().filter(|used| back(used)).collect();
    assert_eq!(circles, Vec::<&(PathBuf, String, String)>::new());
}

/// A reader who meets a type's name knows which type it is. What is read of a format before it is
/// checked is a private `Wire`.
#[test]
fn no_two_types_have_one_name() {
    const EXCEPTIONS: [&str; 1] = ["Wire"];
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut types: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source file");
        for line in text.lines() {
            let line = line.trim_start();
            let line = line.strip_prefix("pub").map_or(line, |rest| {
                // `pub(super)`
                let scope = rest.split_once(") ").filter(|_| rest.starts_with('('));
                scope.map_or(rest, |(_, rest)| rest).trim_start()
            });
            let words: Vec<_> = line
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .collect();
            if let ["struct" | "enum" | "trait", name, ..] = words[..]
                && !EXCEPTIONS.contains(&name)
            {
                types.entry(name.to_owned()).or_default().push(file.clone());
            }
        }
    }
    assert!(types.len() > 300, "only {} types were found", types.len());
    types.retain(|_, files| files.len() > 1);
    assert_eq!(types, BTreeMap::new());
}

#[test]
fn programs_are_started_in_one_place_and_no_thread_in_a_way_that_panics() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source file");
        let tests = text.find("#[cfg(test)]").unwrap_or(text.len());
        let is_process = file == src.join("process.rs");
        // `std::process::Command`'s own ways, and std's threads that panic where the system allows
        // no more.
        for way in [
            ".output()",
            "command.status()",
            "command.spawn()",
            "thread::spawn(",
            "scope.spawn(",
        ] {
            let found = text[..tests].contains(way);
            seen += usize::from(found);
            if found && !is_process && !file.components().any(|part| part.as_os_str() == "tests") {
                wrong.push(format!("{}: {way}", file.display()));
            }
        }
    }
    assert!(seen > 0, "the test does not see how programs are started");
    assert_eq!(
        wrong,
        Vec::<String>::new(),
        "src/process.rs has `output`, `Program`, `side_by_side` and `both`"
    );
}

#[test]
fn a_test_of_the_command_line_can_be_left_out_where_its_tool_is_missing() {
    let mut files = Vec::new();
    rust_files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli"),
        &mut files,
    );
    let mut seen = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source file");
        if text.contains("\n#[test]\n") {
            seen += 1;
            let imported = text
                .split("use crate::support::")
                .nth(1)
                .and_then(|rest| rest.split(';').next())
                .unwrap_or_default();
            let names: Vec<_> = imported.split(['{', '}', ',']).map(str::trim).collect();
            assert!(
                names.contains(&"test"),
                "{} must import `test` from crate::support: see tests/README.md",
                file.display()
            );
        }
    }
    assert!(seen > 20, "only {seen} files with tests were found");
}

#[test]
fn every_module_of_the_library_is_a_layer() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"))
        .expect("lib.rs");
    let modules: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    let mut layers = LAYERS.to_vec();
    layers.sort_unstable();
    assert_eq!(modules, layers);
}

#[test]
fn the_picture_shows_the_layers_in_their_order() {
    let picture = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.svg"),
    )
    .expect("the picture");
    let (_, layers) = picture.split_once(">Layers<").expect("its part on layers");
    let shown: Vec<_> = layers
        .split(r#"<text class="b""#)
        .skip(1)
        .filter_map(|text| text.split(['>', '<']).nth(1))
        .collect();
    assert_eq!(shown, LAYERS);
}

/// The C files of a recipe may be copied alone into another project, so each names its licence, and
/// then says what it is.
#[test]
fn each_c_file_of_a_recipe_names_its_licence_and_says_what_it_is() {
    let recipes = Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes");
    let mut wrong = Vec::new();
    let mut seen = 0;
    for recipe in std::fs::read_dir(&recipes).expect("the recipes") {
        let recipe = recipe.expect("an entry").path();
        let Ok(files) = std::fs::read_dir(&recipe) else {
            continue;
        };
        let text = std::fs::read_to_string(recipe.join("recipe.toml")).expect("a recipe");
        let declared = text
            .split_once("expression = \"")
            .and_then(|(_, rest)| rest.split_once('"'))
            .expect("an expression")
            .0
            .to_owned();
        for path in files.map(|file| file.expect("an entry").path()) {
            if !path
                .extension()
                .is_some_and(|extension| extension == "c" || extension == "h")
            {
                continue;
            }
            seen += 1;
            let text = std::fs::read_to_string(&path).expect("a source file");
            let mut lines = text.lines();
            let licence = lines.next().and_then(|line| {
                line.strip_prefix("/* SPDX-License-Identifier: ")?
                    .strip_suffix(" */")
            });
            let says = lines.next().is_some_and(|line| {
                line.strip_prefix("/* ")
                    .is_some_and(|words| words.split(' ').count() > 3)
            });
            // What is compiled into the library is under the licence that the library has.
            let is_of_tests = path
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("check-"));
            let fits = is_of_tests || licence.is_some_and(|licence| declared.contains(licence));
            if !fits
                || !says
                || licence.is_none_or(|licence| spdx::Expression::parse(licence).is_err())
            {
                wrong.push(
                    path.strip_prefix(&recipes)
                        .expect("below")
                        .display()
                        .to_string(),
                );
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "no licence of the library's in the first line, or no sentence in the second: {wrong:?}"
    );
    assert!(seen > 50, "the test sees the files");
}

/// The string literals of a source text that are not of its tests, each with its line; comments are
/// left out. Lines that a literal continues with `\` are one.
fn literals(text: &str) -> Vec<(usize, String)> {
    let end = text.find("#[cfg(test)]").unwrap_or(text.len());
    let mut found = Vec::new();
    let mut rest = text[..end].char_indices().peekable();
    let mut line = 1;
    while let Some((at, c)) = rest.next() {
        match c {
            '\n' => line += 1,
            '/' if text[at..].starts_with("//") => {
                while rest.next_if(|(_, c)| *c != '\n').is_some() {}
            }
            // `'"'` is no literal's start.
            '\'' if text[at..].starts_with("'\"'") => {
                rest.nth(1);
            }
            '"' => {
                let (start, mut literal) = (line, String::new());
                while let Some((_, c)) = rest.next() {
                    match c {
                        '"' => break,
                        '\\' => literal.extend(rest.next().map(|(_, c)| c)),
                        c => literal.push(c),
                    }
                    line += usize::from(c == '\n');
                }
                found.push((start, literal));
            }
            _ => {}
        }
    }
    found
}

/// What is wrong is the lower layers' to say, with facts; what to type is the command line's.
#[test]
fn no_layer_below_the_command_line_names_its_options_or_commands() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    // A document that names the command that wrote it, git's patches, and options of other
    // programs.
    let of_others = [
        "--sysroot=",
        "--driver-mode=",
        "--target=",
        "check --markdown",
        "diff --git ",
        "--version",
    ];
    let is_command = |literal: &str| {
        literal.match_indices("`wasideps ").any(|(at, start)| {
            literal[at + start.len()..].starts_with(|c: char| c.is_ascii_lowercase())
        })
    };
    // An option in a sentence: others are arguments of clang, apt and cargo, one a literal.
    let is_option = |literal: &str| {
        literal.trim().contains(' ')
            && literal.split([' ', '`', '(']).any(|word| {
                word.strip_prefix("--")
                    .is_some_and(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
            })
    };
    let (mut wrong, mut seen, mut above) = (Vec::new(), 0, 0);
    for file in files {
        let below = !file.starts_with(src.join("cli"));
        let is_test = file.components().any(|part| part.as_os_str() == "tests");
        let text = std::fs::read_to_string(&file).expect("a source file");
        for (line, literal) in literals(&text) {
            let names = is_command(&literal) || is_option(&literal);
            if !below {
                above += usize::from(names);
            } else if !is_test {
                seen += 1;
                if names && !of_others.iter().any(|other| literal.contains(other)) {
                    wrong.push(format!("{}:{line}: {literal}", file.display()));
                }
            }
        }
    }
    assert!(
        seen > 500 && above > 20,
        "the test sees {seen} and {above} literals"
    );
    assert_eq!(
        wrong,
        Vec::<String>::new(),
        "src/cli/help.rs says what to do"
    );
}

/// A cause is an error, which `with_causes` tells once: no text, and not in the sentence as well.
#[test]
fn the_causes_of_errors_are_errors() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a source file");
        for error in text.split("thiserror::Error").skip(1) {
            let Some(end) = error.find("\n}") else {
                continue;
            };
            seen += 1;
            let error = &error[..end];
            for bad in [
                "source: String",
                "problem: String",
                "cause: String",
                "error: String",
                "{source}",
                "{problem}\"",
            ] {
                if error.contains(bad) {
                    wrong.push(format!("{}: {bad}", file.display()));
                }
            }
        }
    }
    assert!(seen > 25, "only {seen} errors were found");
    assert_eq!(wrong, Vec::<String>::new());
}
