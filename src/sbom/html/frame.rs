//! What all pages for people have: one file that asks no network for anything, and their style. It
//! follows the system's light or dark theme, and fits a screen of 400 pixels.

use base64::Engine as _;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::Digest as _;

const STYLE: &str = include_str!("frame.css");

/// A page with `title`, in its tab, and `body`. `style` is what it has beside the common style, and
/// `script` the one script that may run.
#[must_use]
pub fn frame(title: &str, style: &str, script: Option<&str>, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(policy(script));
                title { (title) " – wasideps" }
                style { (PreEscaped(style)) (PreEscaped(STYLE)) }
            }
            body {
                (body)
                @if let Some(script) = script { script { (PreEscaped(script)) } }
            }
        }
    };
    let mut text = page.into_string();
    text.push('\n');
    text
}

/// A table that is one of blocks where there is no room for columns; `name` says of what.
#[must_use]
pub fn wide(name: &str, table: &Markup) -> Markup {
    let label = format!("{name}, can be scrolled");
    html! {
        div.wide tabindex="0" role="region" aria-label=(label) { table { (table) } }
    }
}

/// Who wrote a page.
#[must_use]
pub fn written_by() -> Markup {
    html! {
        "Written by " a href=(env!("CARGO_PKG_REPOSITORY")) { "wasideps" } " " (env!("CARGO_PKG_VERSION")) "."
    }
}

/// Nothing is loaded from anywhere, and no script runs but the page's own. Source:
/// <https://www.w3.org/TR/CSP3/>.
fn policy(script: Option<&str>) -> String {
    let script = script.map_or_else(
        || "'none'".to_owned(),
        |script| {
            let digest =
                base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(script));
            format!("'sha256-{digest}'")
        },
    );
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src {script}; base-uri 'none'; form-action 'none'"
    )
}
