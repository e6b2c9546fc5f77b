//! Small texts of the page.

use crate::model::Name;

/// The element that is about a source. No source's name can be that of another part of the page.
pub fn anchor(name: &Name) -> String {
    format!("source-{name}")
}

/// `1 file`, `2 files`, `2 patches`.
#[must_use]
pub fn counted(number: usize, what: &str) -> String {
    let ending = match number {
        1 => "",
        _ if what.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{number} {what}{ending}")
}

/// `1 697 432`, with spaces at which a line is not broken.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(String::from_utf8_lossy)
        .collect();
    groups.join("\u{202f}")
}
