//! Tables that fit the terminal.

use comfy_table::{ContentArrangement, Table, presets};

use crate::model::printable;

/// Rows of cells, each of which is shown in one line or folded: what is in a cell can't look like a
/// row.
pub struct Rows(Table);

impl Rows {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a row.
    pub fn add_row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.0.add_row(
            cells
                .into_iter()
                .map(|cell| printable::line(cell.as_ref()).into_owned()),
        );
    }
}

/// A table with these headings; without borders, so that it can be read, copied and cut.
#[must_use]
pub fn table(headings: &[&str]) -> Rows {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(headings.to_vec());
    Rows(table)
}

/// The text of a table, without the blanks that pad its right edge.
#[must_use]
pub fn text(rows: &Rows) -> String {
    let lines = rows.0.lines().map(|line| {
        line.trim_end()
            .strip_prefix(' ')
            .unwrap_or(line.trim_end())
            .to_owned()
            + "\n"
    });
    lines.collect()
}

/// `text` with at most `most` characters, the last of them `…` where some were left out.
#[must_use]
pub fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text
            .chars()
            .take(most.saturating_sub(1))
            .chain(['…'])
            .collect(),
    }
}

/// `text` with the first twelve digits of each digest: enough to compare by eye, and a table fits.
#[must_use]
pub fn with_short_digests(text: &str) -> String {
    const SHOWN: usize = 12;
    const SHORTEST: usize = 40;
    let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_digit) {
        let (before, digits) = rest.split_at(start);
        let (run, after) = digits.split_at(digits.find(|c| !is_digit(c)).unwrap_or(digits.len()));
        out.push_str(before);
        if run.len() < SHORTEST {
            out.push_str(run);
        } else {
            out.push_str(&run[..SHOWN]);
            out.push('…');
        }
        rest = after;
    }
    out + rest
}

/// A size for people: `810 kB`, `1.4 MB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let value = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.0} kB", value / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", value / 1e6),
        _ => format!("{:.1} GB", value / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_shortened_and_other_words_are_not() {
        let digest = "4bdee79f786673d59cee631f3ea65348fff64a37056909a3d3ecedff39d0975f";
        assert_eq!(
            with_short_digests(&format!("size 12, sha256 {digest}, é {digest}")),
            "size 12, sha256 4bdee79f7866…, é 4bdee79f7866…"
        );
        for text in ["", "0001-a.patch", "face of 1.3.2"] {
            assert_eq!(with_short_digests(text), text);
        }
        assert_eq!(
            (shortened("äbcd", 3), shortened("äbc", 3)),
            ("äb…".to_owned(), "äbc".to_owned())
        );
    }
}
