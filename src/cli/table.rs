//! Tables that fit the terminal.

use comfy_table::{ContentArrangement, Table, presets};

use crate::model::printable;

/// Rows of cells, each of which is shown in one line or folded: what is in a cell can't look like a row.
pub struct Rows(Table);

impl Rows {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a row.
    pub fn add_row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.0.add_row(cells.into_iter().map(|cell| printable::line(cell.as_ref()).into_owned()));
    }
}

/// A table with these headings; without borders, so that it can be read, copied and cut.
#[must_use]
pub fn table(headings: &[&str]) -> Rows {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(headings.to_vec());
    Rows(table)
}

/// The text of a table, without the blanks that pad its right edge.
#[must_use]
pub fn text(rows: &Rows) -> String {
    let lines = rows.0.lines().map(|line| line.trim_end().strip_prefix(' ').unwrap_or(line.trim_end()).to_owned() + "\n");
    lines.collect()
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
