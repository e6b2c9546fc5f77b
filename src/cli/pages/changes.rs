//! The page of `diff --html`: all that its JSON has.

use maud::{Markup, html};

use super::STYLE;
use crate::model::{RelPath, printable};
use crate::sbom::html::{counted, frame, grouped, wide, written_by};
use crate::verify::{Changed, LockChanges, PrefixChanges, SourceChange, SymbolChange};

/// What is compared.
#[derive(Clone, Copy)]
pub enum Changes<'a> {
    Prefixes(&'a PrefixChanges),
    Locks(&'a LockChanges),
}

/// The page of what changed from `from` to `to`.
pub fn changes(from: &str, to: &str, changes: Changes<'_>) -> String {
    let (is_empty, parts) = match changes {
        Changes::Prefixes(changes) => (changes.is_empty(), prefixes(changes)),
        Changes::Locks(changes) => (changes.is_empty(), locks(changes)),
    };
    let body = html! {
        header {
            h1 { "What changed" }
            p { "From " code { (from) } " to " code { (to) } "." }
        }
        main {
            @if is_empty { p { "Nothing differs." } }
            (parts)
        }
        footer { p { (written_by()) } }
    };
    frame("What changed", STYLE, None, &body)
}

fn prefixes(changes: &PrefixChanges) -> Markup {
    html! {
        @if let Some(Changed { from, to }) = &changes.toolchain {
            section {
                h2 { "Made with" }
                dl.facts {
                    dt { "Before" } dd { (from.as_deref().unwrap_or("-")) }
                    dt { "After" } dd { (to.as_deref().unwrap_or("-")) }
                }
            }
        }
        (sources(&changes.sources))
        @if !changes.files.is_empty() {
            section {
                h2 { "Files" }
                (wide("Table of files", &files(changes)))
            }
        }
        @if !changes.symbols.is_empty() {
            section {
                h2 { "Symbols" }
                @for archive in &changes.symbols { (symbols(archive)) }
            }
        }
        @if !changes.licenses.is_empty() {
            section {
                h2 { "Texts of licences" }
                ul { @for path in &changes.licenses { li { (path) } } }
            }
        }
    }
}

fn locks(changes: &LockChanges) -> Markup {
    html! {
        (sources(&changes.sources))
        @if !changes.sdks.is_empty() {
            section {
                h2 { "SDKs" }
                ul { @for sdk in &changes.sdks { li { (sdk) ": another entry" } } }
            }
        }
    }
}

fn sources(changes: &[SourceChange]) -> Markup {
    fn either<T: ToString>(side: Option<&T>) -> String {
        side.map_or_else(|| "-".to_owned(), T::to_string)
    }
    let rows = html! {
        thead { tr { th scope="col" { "Source" } th scope="col" { "Before" } th scope="col" { "After" } th scope="col" { "" } th scope="col" { "Inputs before, after" } } }
        tbody {
            @for change in changes {
                tr {
                    th scope="row" { (change.name) }
                    td data-label="Before" { @if let Some(version) = &change.version { (either(version.from.as_ref())) } }
                    td data-label="After" { @if let Some(version) = &change.version { (either(version.to.as_ref())) } }
                    td { (change.note()) }
                    td data-label="Inputs" {
                        @if let Some(Changed { from, to }) = &change.inputs {
                            span { code.digest { (either(from.as_ref())) } " " code.digest { (either(to.as_ref())) } }
                        }
                    }
                }
            }
        }
    };
    html! {
        @if !changes.is_empty() {
            section { h2 { "Sources" } (wide("Table of sources", &rows)) }
        }
    }
}

fn files(changes: &PrefixChanges) -> Markup {
    let size = |bytes: Option<u64>| bytes.map_or_else(|| "-".to_owned(), grouped);
    html! {
        thead { tr { th scope="col" { "File" } th.number scope="col" { "Bytes before" } th.number scope="col" { "after" } th.number scope="col" { "difference" } } }
        tbody {
            @for file in &changes.files {
                tr {
                    th scope="row" { (file.path) }
                    td.number data-label="Before" { (size(file.size.from)) }
                    td.number data-label="After" { (size(file.size.to)) }
                    td.number data-label="Difference" { (difference(file.size.from, file.size.to)) }
                }
            }
        }
    }
}

/// `+1 024`, `−12`; nothing where the sizes are the same.
fn difference(from: Option<u64>, to: Option<u64>) -> String {
    let (from, to) = (from.unwrap_or(0), to.unwrap_or(0));
    match from.abs_diff(to) {
        0 => String::new(),
        more if to > from => format!("+{}", grouped(more)),
        less => format!("\u{2212}{}", grouped(less)),
    }
}

fn symbols(change: &SymbolChange) -> Markup {
    let SymbolChange { archive, gone, new } = change;
    let list = |class: &str, symbols: &[String]| {
        html! {
            @if !symbols.is_empty() {
                ul.list { @for symbol in symbols { li { code class=(class) { (printable::line(symbol)) } } } }
            }
        }
    };
    html! {
        (title(archive))
        details open[new.len() + gone.len() <= 40] {
            summary { (counted(new.len(), "symbol")) " new, " (gone.len()) " gone" }
            (list("new", new))
            (list("gone", gone))
        }
    }
}

fn title(archive: &RelPath) -> Markup {
    html! { h3 { (archive) } }
}
