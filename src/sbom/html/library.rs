//! The part of the page about one source.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::words::{anchor, counted, grouped};
use super::{Page, graph};
use crate::build::{FileOrigin, ManifestSource, TracedFile, TracedMember};
use crate::model::{Line, Name, Place, Selected};
use crate::sbom::explain::command;
use crate::sbom::{BuiltPrefix, names};

/// All about the source `selected` of `page`; `installed` is the prefix and what is installed of
/// the source, where something is built.
pub fn section(
    page: &Page<'_>,
    selected: &Selected,
    installed: Option<(&BuiltPrefix<'_>, &ManifestSource)>,
) -> Markup {
    let recipe = &selected.recipe;
    html! {
        section id=(anchor(&recipe.name)) {
            h2 { (recipe.name) " " span.version { (selected.source.version) } }
            p { (recipe.summary) "." }
            (identity(selected))
            @if let Some((built, installed)) = installed {
                h3 { "What made it" }
                (graph::of_source(built, selected, installed))
                (objects(built, installed))
                @let files: Vec<_> = built.trace.files_of(&installed.name).collect();
                details {
                    summary { (counted(files.len(), "file")) " of the source that take part" }
                    (self::files(&files, built, recipe.name.as_str()))
                }
                (installed_files(built, installed))
            }
            (ours(selected))
            @for (title, text) in page.licenses.get(&recipe.name).into_iter().flatten() {
                details { summary { "Licence: " (title) } pre.text tabindex="0" { (text) } }
            }
        }
    }
}

/// A link where it leads to a page; recipes may name others (`javascript:`).
fn link(url: &url::Url) -> Markup {
    html! { @if matches!(url.scheme(), "https" | "http") { a href=(url) { (url) } } @else { (url) } }
}

fn identity(selected: &Selected) -> Markup {
    let Selected { recipe, source, .. } = selected;
    html! {
        dl.facts {
            dt { "Licence" }
            dd {
                (recipe.license.expression)
                @if let Some(declared) = &recipe.license.declared { " (of the whole source: " (declared) ")" }
            }
            dt { "Copyright" } dd { (recipe.license.copyright.notice().map_or("none", Line::as_str)) }
            dt { "By" } dd { (recipe.originator) ", " (link(&recipe.homepage)) }
            dt { "Origins" }
            dd {
                ul {
                    @for origin in &source.origins {
                        li {
                            @match &origin.place {
                                Place::Url(url) => { (link(url)) }
                                place => { (place) }
                            }
                            br;
                            code.digest { (origin.sha256) }
                        }
                    }
                }
            }
            dt { "Inputs digest" } dd { code.digest { (source.inputs) } }
            dt { "CPE" } dd { code { (names::cpe(recipe, &source.version)) } }
            dt { "Package URLs" } dd { ul { @for purl in names::purls(recipe, source) { li { code { (purl) } } } } }
        }
    }
}

/// The patches, with their texts, and the recipe's own files.
fn ours(selected: &Selected) -> Markup {
    let Selected { recipe, source, .. } = selected;
    html! {
        @for patch in &recipe.patches {
            details {
                summary { "Patch " (patch.file) }
                p { (patch.reason) ". Upstream: " (patch.upstream) "." (patch.resolves_sentence()) }
                @for (_, text) in selected.patches.iter().filter(|(name, _)| *name == patch.file) {
                    pre.text tabindex="0" { (String::from_utf8_lossy(text)) }
                }
            }
        }
        @if !source.overlays.is_empty() {
            details {
                summary { (counted(source.overlays.len(), "file")) " of the recipe" }
                ul { @for (file, digest) in &source.overlays { li { (file) br; code.digest { (digest) } } } }
            }
        }
    }
}

fn objects(built: &BuiltPrefix<'_>, installed: &ManifestSource) -> Markup {
    html! {
        @for archive in installed.archives() {
            @let members: Vec<_> = built.trace.members_of(archive.path.as_str()).collect();
            details {
                summary { (counted(members.len(), "object")) " in " (archive.path) }
                @for (command, count) in commands(built, &members) {
                    p { @if count == members.len() { "Each was made by" } @else { (count) " were made by" } }
                    pre.text tabindex="0" { (command) }
                }
                div.wide tabindex="0" role="region" aria-label="Table of objects, can be scrolled" {
                    table.objects {
                        thead { tr { th scope="col" { "Object" } th scope="col" { "From" } th scope="col" { "Headers" } th scope="col" { "SHA-256" } } }
                        tbody {
                            @for member in &members {
                                tr data-of=(archive.path) {
                                    th scope="row" { (member.name) }
                                    td { (file(&built.trace.files[member.source])) }
                                    td { (headers(built, member)) }
                                    td { code.digest { (member.content.sha256) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Each command, with `FILE` for the source, and how many objects were made by it.
fn commands(built: &BuiltPrefix<'_>, members: &[&TracedMember]) -> BTreeMap<String, usize> {
    let mut commands = BTreeMap::new();
    for member in members {
        let source = built.trace.files[member.source].path.as_str();
        let command = command(built.trace, member);
        let command = command
            .strip_suffix(source)
            .map_or(command.clone(), |rest| format!("{rest}FILE"));
        *commands.entry(command).or_insert(0) += 1;
    }
    commands
}

/// What clang opened, by folder.
fn headers(built: &BuiltPrefix<'_>, member: &TracedMember) -> Markup {
    let mut folders: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for &index in &member.headers {
        let file = &built.trace.files[index];
        let of = file.source.as_ref().map_or("SDK", Name::as_str);
        folders
            .entry((of, file.path.folder()))
            .or_default()
            .push(file.path.file_name());
    }
    html! {
        details {
            summary { (member.headers.len()) }
            ul {
                @for ((of, folder), names) in folders {
                    li { b { (of) @if !folder.is_empty() { ": " (folder) } } " " (names.join(" ")) }
                }
            }
        }
    }
}

fn file(file: &TracedFile) -> Markup {
    html! {
        (file.path)
        @match file.origin {
            FileOrigin::Overlay => { " " span.key.overlay { "of the recipe" } }
            FileOrigin::Made => { " " span.key.overlay { "made from " @if let Some(from) = &file.made_from { (from) } } }
            _ if file.unpatched.is_some() => { " " span.key.patched { "patched" } }
            _ => {}
        }
    }
}

/// Files of the tree of one source, or of the SDK.
pub fn files(files: &[&TracedFile], built: &BuiltPrefix<'_>, of: &str) -> Markup {
    let mut used = vec![0_usize; built.trace.files.len()];
    for member in &built.trace.members {
        member
            .headers
            .iter()
            .chain([&member.source])
            .for_each(|&index| used[index] += 1);
    }
    let index = |file: &TracedFile| {
        built
            .trace
            .files
            .iter()
            .position(|known| std::ptr::eq(known, file))
            .map_or(0, |index| used[index])
    };
    html! {
        div.wide tabindex="0" role="region" aria-label="Table of files, can be scrolled" {
            table {
                thead { tr { th scope="col" { "File" } th.number scope="col" { "Objects" } th scope="col" { "SHA-256, SWHID" } } }
                tbody {
                    @for of_tree in files {
                        tr data-of=(of) {
                            th scope="row" { (file(of_tree)) }
                            td.number { (index(of_tree)) }
                            td { code.digest { (of_tree.content.sha256) } br; code.digest { (of_tree.content.swhid()) } }
                        }
                    }
                }
            }
        }
    }
}

fn installed_files(built: &BuiltPrefix<'_>, installed: &ManifestSource) -> Markup {
    let files: Vec<_> = built
        .manifest
        .files
        .iter()
        .filter(|file| file.source.as_ref() == Some(&installed.name))
        .collect();
    html! {
        details {
            summary { (counted(files.len(), "installed file")) }
            div.wide tabindex="0" role="region" aria-label="Table of installed files, can be scrolled" {
                table {
                    thead { tr { th scope="col" { "File" } th scope="col" { "Copy of" } th.number scope="col" { "Bytes" } th scope="col" { "SHA-256" } } }
                    tbody {
                        @for file in files {
                            tr data-of="prefix" {
                                th scope="row" { (file.path) }
                                td { @if let Some(from) = &file.copy_of { (from) } }
                                td.number { (grouped(file.size)) }
                                td { code.digest { (file.sha256) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
