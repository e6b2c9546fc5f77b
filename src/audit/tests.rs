//! The project's own recipes and lock, for the tests of this layer.

use crate::embedded;
use crate::model::{Catalog, Lock, Selected};

/// The source `name` as the embedded lock has it.
pub fn selected(name: &str) -> Selected {
    let exclusions = embedded::exclusions().expect("the project's own");
    let catalog = Catalog::load(embedded::recipes(), embedded::patches(), exclusions)
        .expect("the project's own");
    let lock = Lock::parse("lockfile.json", embedded::LOCKFILE).expect("the project's own");
    let sources = catalog
        .overview(&lock, &[name.parse().expect("a name")])
        .expect("a selection");
    sources
        .into_iter()
        .find(|selected| selected.recipe.name.as_str() == name)
        .expect("it is selected")
}
