//! A page for people: one HTML file that asks no network for anything. Works without script but for
//! the search. `maud` escapes all text.

mod frame;
mod graph;
mod library;
mod words;

use std::collections::BTreeMap;

use maud::{Markup, html};

pub use frame::{frame, wide, written_by};
pub use words::{counted, grouped};

use super::names;
use super::{BuiltPrefix, Context};
use crate::build::{ManifestArchive, ManifestSource};
use crate::model::{Name, RelPath, Selected};
use words::anchor;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What a page is of.
pub struct Page<'a> {
    sources: Vec<&'a Selected>,
    /// Absent where nothing is built yet: the page then tells of the lock alone.
    built: Option<&'a BuiltPrefix<'a>>,
    /// What each source's licence says: title, and whole text.
    licenses: BTreeMap<Name, Vec<(String, String)>>,
}

impl<'a> Page<'a> {
    /// A page of sources of which nothing is built: the licences' texts are those of SPDX's list.
    #[must_use]
    pub fn of_sources(sources: Vec<&'a Selected>) -> Self {
        let licenses = sources.iter().map(|selected| {
            let texts = selected.recipe.license.expression.texts();
            let texts =
                texts.map(|(name, text)| (format!("{name}, as SPDX has it"), text.to_owned()));
            (selected.recipe.name.clone(), texts.collect())
        });
        Self {
            licenses: licenses.collect(),
            built: None,
            sources,
        }
    }

    /// The page of a prefix, with the licences as they are installed there: `read` gives the text
    /// of a file.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn of_prefix<E>(
        built: &'a BuiltPrefix<'a>,
        read: impl Fn(&RelPath) -> Result<String, E>,
    ) -> Result<Self, E> {
        let mut licenses: BTreeMap<Name, Vec<_>> = BTreeMap::new();
        for file in &built.manifest.files {
            let Some(source) = &file.source else { continue };
            if let Some(title) = file
                .path
                .as_str()
                .strip_prefix(&format!("share/licenses/{source}/"))
            {
                licenses
                    .entry(source.clone())
                    .or_default()
                    .push((title.to_owned(), read(&file.path)?));
            }
        }
        Ok(Self {
            sources: built.sources().map(|(selected, _)| selected).collect(),
            built: Some(built),
            licenses,
        })
    }

    /// The page.
    #[must_use]
    pub fn html(&self, context: &Context<'_>) -> String {
        let title = self.built.map_or_else(
            || "Sources of the lock".to_owned(),
            |built| format!("Libraries for {}", built.manifest.config()),
        );
        let body = html! {
            header {
                h1 { (title) }
                (self.summary(context))
                @if self.built.is_some() { (search()) }
            }
            nav aria-label="Sections" { (self.contents()) }
            main {
                section #libraries { h2 { "Libraries" } (self.libraries()) }
                @if let Some(built) = self.built {
                    section #graph { h2 { "What made what" } (graph::overview(built)) (legend()) }
                }
                @for (selected, installed) in self.rows() {
                    (library::section(self, selected, installed))
                }
                @if let Some(built) = self.built { (toolchain(built)) }
                section #excluded { h2 { "Excluded on purpose" } (excluded(context)) }
            }
            footer { (self.footer()) }
        };
        frame(&title, STYLE, self.built.map(|_| SCRIPT), &body)
    }

    /// The sources, each with the prefix and what is installed of it, where something is built.
    fn rows(
        &self,
    ) -> impl Iterator<
        Item = (
            &'a Selected,
            Option<(&'a BuiltPrefix<'a>, &'a ManifestSource)>,
        ),
    > {
        let installed = |index: usize| {
            let built = self.built?;
            Some((built, built.manifest.sources.get(index)?))
        };
        let sources = self.sources.iter().enumerate();
        sources.map(move |(index, selected)| (*selected, installed(index)))
    }

    fn summary(&self, context: &Context<'_>) -> Markup {
        let day = context.created.date();
        html! {
            p {
                @match self.built {
                    Some(built) => {
                        (counted(self.sources.len(), "source")) ", "
                        (counted(built.trace.members.len(), "object")) " and "
                        (counted(built.manifest.files.len(), "installed file")) ", made with " (built.manifest.toolchain) ". "
                    }
                    None => { (counted(self.sources.len(), "source")) "; nothing is built yet. " }
                }
                "As of " time datetime=(day) { (day) } "."
            }
        }
    }

    fn contents(&self) -> Markup {
        html! {
            ul {
                li { a href="#libraries" { "Libraries" } }
                @if self.built.is_some() { li { a href="#graph" { "Graph" } } }
                @for selected in &self.sources { li { a href=(format!("#{}", anchor(&selected.recipe.name))) { (selected.recipe.name) } } }
                @if self.built.is_some() { li { a href="#sdk" { "SDK" } } }
                li { a href="#excluded" { "Excluded" } }
            }
        }
    }

    fn libraries(&self) -> Markup {
        html! {
            div.wide tabindex="0" role="region" aria-label="Table of libraries, can be scrolled" {
                table {
                    thead {
                        tr {
                            th scope="col" { "Source" }
                            th scope="col" { "Version" }
                            th scope="col" { "Licence" }
                            @if self.built.is_some() { th scope="col" { "Library" } th.number scope="col" { "Bytes" } th.number scope="col" { "Objects" } }
                            th.number scope="col" { "Origins" }
                            th.number scope="col" { "Patches" }
                        }
                    }
                    tbody {
                        @for (selected, installed) in self.rows() {
                            tr {
                                th scope="row" { a href=(format!("#{}", anchor(&selected.recipe.name))) { (selected.recipe.name) } }
                                td data-label="Version" { (selected.source.version) }
                                td data-label="Licence" { (selected.recipe.license.expression) }
                                @if let Some((built, installed)) = installed { (archives(built, installed)) }
                                td.number data-label="Origins" { (selected.source.origins.len()) }
                                td.number data-label="Patches" { (selected.recipe.patches.len()) }
                            }
                        }
                    }
                }
            }
        }
    }

    fn footer(&self) -> Markup {
        html! {
            p {
                (written_by())
                @if let Some(built) = self.built {
                    " For programs, the prefix has the same in " code { "share/wasideps/" } "; the key of its build is "
                    code.digest { (built.manifest.key) } "."
                }
            }
        }
    }
}

/// Shown by the script, without which it can do nothing.
fn search() -> Markup {
    html! {
        form #search role="search" hidden {
            label for="query" { "Find a file, an object or a digest" }
            input #query type="search" autocomplete="off" spellcheck="false" placeholder="lzma_encoder, zconf.h, 3cd9721d…";
            p #found role="status" {}
            ol #hits {}
        }
    }
}

fn archives(built: &BuiltPrefix<'_>, installed: &ManifestSource) -> Markup {
    let archives: Vec<_> = installed.archives().collect();
    let size = |archive: &ManifestArchive| {
        built
            .manifest
            .files
            .iter()
            .find(|file| file.path == archive.path)
            .map(|file| file.size)
    };
    html! {
        td data-label="Library" { @for archive in &archives { (archive.path) " " } }
        td.number data-label="Bytes" { (grouped(archives.iter().filter_map(|archive| size(archive)).sum())) }
        td.number data-label="Objects" { (archives.iter().map(|archive| archive.members.len()).sum::<usize>()) }
    }
}

fn legend() -> Markup {
    html! {
        p.legend {
            span.key.origin { "origin" } span.key.file { "as upstream wrote it" } span.key.patched { "patched" } span.key.overlay { "of the recipe" }
            span.key.sdk { "of the SDK" } span.key.object { "object" } span.key.archive { "archive" } span.key.module { "for consumers" }
        }
    }
}

fn toolchain(built: &BuiltPrefix<'_>) -> Markup {
    let sdk: Vec<_> = built
        .trace
        .files
        .iter()
        .filter(|file| file.source.is_none())
        .collect();
    html! {
        section #sdk {
            h2 { "SDK and tools" }
            div.wide tabindex="0" role="region" aria-label="Table of tools, can be scrolled" {
                table {
                    thead { tr { th scope="col" { "Tool" } th scope="col" { "Version" } th scope="col" { "Licence" } th scope="col" { "What else is known" } } }
                    tbody {
                        @for tool in names::tools(built.manifest) {
                            tr {
                                th scope="row" { a href=(tool.homepage) { (tool.name) } }
                                td data-label="Version" { (tool.version) }
                                td data-label="Licence" { (tool.license) }
                                td { (tool.note) }
                            }
                        }
                    }
                }
            }
            details {
                summary { (counted(sdk.len(), "header")) " of the SDK that clang opened" }
                (library::files(&sdk, built, "SDK"))
            }
        }
    }
}

fn excluded(context: &Context<'_>) -> Markup {
    html! {
        dl {
            @for excluded in context.exclusions.iter() {
                dt { (excluded.name) }
                dd {
                    (excluded.reason) ". The same is true of: "
                    (excluded.aliases.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")) "."
                }
            }
        }
    }
}
