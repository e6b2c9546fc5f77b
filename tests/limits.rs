//! `docs/limits.md` has every limit of the code with its figure, and no other.

use std::collections::BTreeMap;
use std::path::Path;

use wasideps::model::{InputsSize, MemoryLimit, Origin, TimeLimit};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(dir: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(dir).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(
                path.strip_prefix(root())
                    .expect("it is below")
                    .to_str()
                    .expect("UTF-8")
                    .to_owned(),
            );
        }
    }
}

/// The value of `1 << 30`, `256 << 20`, `20_000` or `Duration::from_secs(60)`.
fn value(expression: &str) -> u64 {
    let number = |text: &str| {
        text.trim()
            .replace('_', "")
            .parse::<u64>()
            .unwrap_or_else(|_| panic!("`{expression}` is not understood here"))
    };
    let expression = expression.trim();
    if let Some(seconds) = expression
        .strip_prefix("Duration::from_secs(")
        .and_then(|rest| rest.strip_suffix(')'))
    {
        return number(seconds);
    }
    expression.split_once("<<").map_or_else(
        || number(expression),
        |(left, right)| number(left) << number(right),
    )
}

/// All constants that are called limits: `src/fetch/entries.rs` `PATH_LIMIT`, with their values.
fn limits() -> BTreeMap<(String, String), u64> {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut found = BTreeMap::new();
    for file in files {
        let text = std::fs::read_to_string(root().join(&file)).expect("a source file");
        for line in text.lines() {
            let declared = line
                .trim_start()
                .trim_start_matches("pub ")
                .trim_start_matches("pub(crate) ")
                .trim_start_matches("pub(super) ");
            let Some((name, rest)) = declared
                .strip_prefix("const ")
                .and_then(|rest| rest.split_once(": "))
            else {
                continue;
            };
            let Some((_, expression)) = rest.split_once(" = ").filter(|_| name.ends_with("_LIMIT"))
            else {
                continue;
            };
            found.insert(
                (file.clone(), name.to_owned()),
                value(expression.trim_end_matches(';')),
            );
        }
    }
    found
}

/// A figure as the page writes it: `1 GiB`, `262,144`, `60 s`, `64 × its size` (of which only the
/// number counts).
fn figure(text: &str) -> u64 {
    let (number, unit) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    let number: u64 = number
        .replace(',', "")
        .parse()
        .unwrap_or_else(|_| panic!("`{text}` is no figure"));
    match unit.split(' ').next().unwrap_or_default() {
        "KiB" => number << 10,
        "MiB" => number << 20,
        "GiB" => number << 30,
        _ => number,
    }
}

#[test]
fn the_page_of_limits_has_each_limit_of_the_code_with_its_figure() {
    let page = std::fs::read_to_string(root().join("docs/limits.md")).expect("the page");
    let mut told = BTreeMap::new();
    for line in page
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains("`src/"))
    {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let [_, limit, _, place] = cells.as_slice() else {
            panic!("four cells: {line}")
        };
        let names: Vec<&str> = place.split('`').skip(1).step_by(2).collect();
        let [file, name] = names.as_slice() else {
            panic!("a file and a name: {place}")
        };
        assert!(
            told.insert(((*file).to_owned(), (*name).to_owned()), figure(limit))
                .is_none(),
            "twice: {place}"
        );
    }
    let typed = [
        (
            "src/model/suite.rs",
            "TimeLimit",
            TimeLimit::clamped(u64::MAX).get(),
        ),
        (
            "src/model/suite.rs",
            "MemoryLimit",
            MemoryLimit::clamped(u64::MAX).get() << 20,
        ),
        (
            "src/model/inputs.rs",
            "InputsSize",
            InputsSize::clamped(u64::MAX).get(),
        ),
    ];
    let mut coded = limits();
    assert_eq!(
        coded.get(&("src/model/lock.rs".into(), "SIZE_LIMIT".into())),
        Some(&Origin::SIZE_LIMIT),
        "the code is not read as it is"
    );
    coded.extend(typed.map(|(file, name, value)| ((file.to_owned(), name.to_owned()), value)));
    assert_eq!(told, coded);
}
