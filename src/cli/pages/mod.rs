//! Pages for people, in the style of the SBOM's. `maud` escapes all text; what a terminal would obey
//! is not in it.

mod changes;
mod checks;

pub use changes::{Changes, changes};
pub use checks::checks;

/// What only these pages have. A cell with a label has one element: a small screen puts the label
/// beside it.
const STYLE: &str = include_str!("page.css");
