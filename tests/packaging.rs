//! What is published: the crate holds all that it is built from, the parts of a release go by one
//! name, and what CI runs is pinned.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

fn files(dir: &str, found: &mut BTreeSet<String>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(dir);
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = format!("{dir}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            files(&path, found);
        } else {
            found.insert(path);
        }
    }
}

#[test]
fn the_crate_has_what_it_is_built_from_with_the_licences_and_nothing_else() {
    let listed = Command::new(env!("CARGO"))
        .args([
            "package",
            "--list",
            "--allow-dirty",
            "--locked",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo starts");
    let text = String::from_utf8_lossy(&listed.stdout).replace('\\', "/");
    assert!(
        listed.status.success(),
        "{}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let packed: BTreeSet<String> = text.lines().map(str::to_owned).collect();
    let mut needed = BTreeSet::new();
    for folder in ["src", "recipes", "patches"] {
        files(folder, &mut needed);
    }
    let beside = "Cargo.toml Cargo.lock build.rs lockfile.json LICENSE-APACHE LICENSE-MIT README.md CHANGELOG.md";
    needed.extend(beside.split(' ').map(str::to_owned));
    let missing: Vec<_> = needed.difference(&packed).collect();
    assert!(missing.is_empty(), "the crate lacks {missing:?}");
    // What Cargo itself adds.
    let own = ["Cargo.toml.orig", ".cargo_vcs_info.json"];
    let more: Vec<_> = packed
        .difference(&needed)
        .filter(|file| !own.contains(&file.as_str()))
        .collect();
    assert!(more.is_empty(), "the crate also has {more:?}");
}

#[test]
fn binstall_looks_for_the_archives_that_a_release_has() {
    let cargo: toml::Table = read("Cargo.toml").parse().expect("TOML");
    let binstall = &cargo["package"]["metadata"]["binstall"];
    let workflow = read(".github/workflows/release.yml");
    let targets: Vec<&str> = workflow
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- { target: ")?.split_once(','))
        .map(|(target, _)| target)
        .collect();
    assert_eq!(targets.len(), 5, "{targets:?}");
    for target in &targets {
        let of = binstall["overrides"].get(target).unwrap_or(binstall);
        let url = of["pkg-url"].as_str().expect("a text");
        let (suffix, format) = if target.contains("windows") {
            ("zip", "zip")
        } else {
            ("tar.gz", "tgz")
        };
        let named = format!("/releases/download/v{{ version }}/{{ name }}-{{ target }}.{suffix}");
        assert!(url.ends_with(&named), "{target}: {url}");
        assert_eq!(of["pkg-fmt"].as_str(), Some(format), "{target}");
    }
    for other in binstall["overrides"].as_table().expect("a table").keys() {
        assert!(targets.contains(&other.as_str()), "{other}");
    }
}

#[test]
fn wheels_are_made_by_one_maturin() {
    let project: toml::Table = read("pyproject.toml").parse().expect("TOML");
    let wanted = project["build-system"]["requires"][0].as_str().expect("it");
    let pinned = read("acceptance/wheel/maturin.txt");
    let pinned = pinned.lines().find(|line| line.starts_with("maturin=="));
    assert_eq!(pinned, Some(&*format!("{wanted} \\")));
    assert_eq!(
        project["project"]["license"].as_str(),
        Some("MIT OR Apache-2.0")
    );
}

#[test]
fn each_action_of_others_is_pinned_by_a_commit_and_each_by_one() {
    let mut commits: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let workflows = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/workflows");
    let workflows = std::fs::read_dir(workflows).expect("a folder");
    let names = workflows.map(|entry| entry.expect("an entry").file_name());
    let mut texts: Vec<_> = names
        .map(|name| read(&format!(".github/workflows/{}", name.to_string_lossy())))
        .collect();
    texts.push(read("action.yml"));
    for line in texts.iter().flat_map(|text| text.lines()) {
        let line = line.trim().trim_start_matches("- ");
        let Some(used) = line
            .strip_prefix("uses: ")
            .filter(|used| !used.starts_with("./"))
        else {
            continue;
        };
        let (action, at) = used.split_once('@').expect("a revision");
        let (commit, version) = at.split_once(" # v").expect("a version as a comment");
        assert!(
            commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{used}"
        );
        let pin = format!("{commit} {version}");
        commits.entry(action.to_owned()).or_default().insert(pin);
    }
    assert!(commits.len() >= 8, "{commits:?}");
    for (action, pins) in commits {
        assert_eq!(pins.len(), 1, "{action}: {pins:?}");
    }
}
