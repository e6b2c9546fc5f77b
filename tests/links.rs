//! Links between the project's pages: each leads to a file that is there, and to a heading of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn pages(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        if path.is_dir() && !name.starts_with('.') && name != "target" && name != "sysroot" {
            pages(&path, found);
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
}

/// A page's lines outside of code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence && !line.starts_with("    ")
    })
}

/// The names by which GitHub and mdBook link to a page's headings.
fn headings(text: &str) -> BTreeSet<String> {
    let titles = prose(text).filter(|line| line.starts_with('#'));
    titles
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter_map(|character| match character {
                ' ' => Some('-'),
                '-' | '_' => Some(character),
                _ => character.is_alphanumeric().then_some(character),
            });
            kept.collect()
        })
        .collect()
}

/// The targets of `[…](…)` in a line, but for those in backticks.
fn links(line: &str) -> Vec<&str> {
    let outside = line.split('`').step_by(2);
    let links = outside.flat_map(|part| part.split("](").skip(1));
    links
        .filter_map(|rest| Some(rest.split_once(')')?.0))
        .collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    pages(root, &mut all);
    let (mut tried, mut broken) = (0, Vec::new());
    for page in &all {
        let text = std::fs::read_to_string(page).expect("UTF-8");
        for link in prose(&text).flat_map(links) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            tried += 1;
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => page.clone(),
                file => page.parent().expect("a folder").join(file),
            };
            let known = target.exists()
                && (heading.is_empty()
                    || std::fs::read_to_string(&target)
                        .is_ok_and(|text| headings(&text).contains(heading)));
            if !known {
                let page = page.strip_prefix(root).expect("below").display();
                broken.push(format!("{page}: {link}"));
            }
        }
    }
    assert!(tried > 100, "only {tried} links were found");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_page_of_docs_is_in_the_list_of_docs_readme_and_in_the_books_contents() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut all = Vec::new();
    pages(&docs, &mut all);
    for list in ["README.md", "SUMMARY.md"] {
        let text = std::fs::read_to_string(docs.join(list)).expect(list);
        let named: BTreeSet<&str> = text.lines().flat_map(links).collect();
        for page in &all {
            let page = page.strip_prefix(&docs).expect("below");
            let page = page.to_str().expect("UTF-8");
            assert!(
                ["README.md", "SUMMARY.md", "introduction.md"].contains(&page)
                    || named.contains(page),
                "docs/{list} does not name {page}"
            );
        }
    }
}
