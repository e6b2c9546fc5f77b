//! The recipes, patches, exclusions and lock that are part of the program.

use include_dir::{Dir, include_dir};

use crate::model::{Exclusions, Files, Name, Policy, SyntaxError};

static RECIPES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/recipes");
static PATCHES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/patches");

/// The text of `lockfile.json`.
pub const LOCKFILE: &str = include_str!("../lockfile.json");

/// The recipes' folder.
#[must_use]
pub fn recipes() -> Files {
    let mut files = Files::new();
    collect(&RECIPES, &mut files);
    files
}

/// The folder of patches beside it.
#[must_use]
pub fn patches() -> Files {
    let mut files = Files::new();
    collect(&PATCHES, &mut files);
    files
}

/// The names of the folders of [`recipes`].
pub fn names() -> impl Iterator<Item = &'static str> {
    RECIPES.dirs().filter_map(|dir| dir.path().to_str())
}

/// What [`recipes`] and [`patches`] have in the folder `name`.
#[must_use]
pub fn of(name: &Name) -> (Files, Files) {
    let of = |dir: &'static Dir<'static>| {
        let mut files = Files::new();
        if let Some(dir) = dir.get_dir(name.as_str()) {
            collect(dir, &mut files);
        }
        files
    };
    (of(&RECIPES), of(&PATCHES))
}

/// What is excluded, whichever recipes are used.
///
/// # Errors
/// When `recipes/excluded.toml` does not parse, which a test rules out.
pub fn exclusions() -> Result<Exclusions, Box<SyntaxError>> {
    Exclusions::parse(
        "recipes/excluded.toml",
        include_str!("../recipes/excluded.toml"),
    )
}

/// The audit's policy, where a recipes' folder has none of its own.
///
/// # Errors
/// When `recipes/policy.toml` does not parse, which a test rules out.
pub fn policy() -> Result<Policy, Box<SyntaxError>> {
    Policy::parse(
        "recipes/policy.toml",
        include_str!("../recipes/policy.toml"),
    )
}

fn collect(dir: &Dir<'_>, files: &mut Files) {
    for file in dir.files() {
        if let Some(path) = file
            .path()
            .to_str()
            .and_then(|path| path.replace('\\', "/").parse().ok())
        {
            files.insert(path, file.contents().to_vec());
        }
    }
    for dir in dir.dirs() {
        collect(dir, files);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BuildConfig, Catalog, Lock};

    #[test]
    fn the_lock_has_the_digest_of_every_file_of_ours_in_sources_and_in_their_tests() {
        let catalog = Catalog::load(recipes(), patches(), exclusions().expect("parses"))
            .expect("recipes are whole");
        let lock = Lock::parse("lockfile.json", LOCKFILE).expect("parses");
        let sources = catalog
            .overview(&lock, &[])
            .expect("the lock goes with the recipes");
        for selected in sources.iter().flat_map(|overall| catalog.each(overall)) {
            let tests = catalog
                .select_tests(&selected, BuildConfig::default())
                .expect("the lock goes with the tests");
            assert!(tests.is_some(), "{} has no tests", selected.title());
        }
    }
}
