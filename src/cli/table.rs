//! Tables that fit the terminal.

use comfy_table::{ContentArrangement, Table, presets};

/// A table with these headings; without borders, so that it can be read, copied and cut.
#[must_use]
pub fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_header(headings.to_vec());
    table
}

/// The text of a table, without the blanks that pad its right edge.
#[must_use]
pub fn text(table: &Table) -> String {
    let lines = table.lines().map(|line| line.trim_end().strip_prefix(' ').unwrap_or(line.trim_end()).to_owned() + "\n");
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
