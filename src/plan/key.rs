//! The digests that name inputs, trees, objects and whole prefixes. Each covers everything that can
//! change what it names, and nothing else: no absolute path, clock, user or host.

use std::collections::BTreeMap;

use super::Plan;
use crate::model::{LockedSource, RelPath, Selected, Selection, Sha256, SourceFile, Timestamp};

/// The inputs digest: SHA-256 over the selected files' paths (the origin's root stripped) and
/// contents, sorted by path. Modes and times do not count, so that independent origins of the same
/// release agree. The byte form is described in `docs/lockfile.md`.
#[must_use]
pub fn inputs_digest<'a>(files: impl IntoIterator<Item = (&'a RelPath, &'a Sha256)>) -> Sha256 {
    let mut files: Vec<_> = files.into_iter().collect();
    files.sort();
    Sha256::of_fields(
        "wasideps inputs 1",
        files
            .iter()
            .flat_map(|(path, digest)| [path.as_str().as_bytes(), digest.as_bytes().as_slice()]),
    )
}

/// The key of a source tree: its inputs, then the patches in order, then the overlays, then what is
/// made of its files.
#[must_use]
pub fn tree_key(selected: &Selected) -> Sha256 {
    let patches = selected
        .patches
        .iter()
        .map(|(name, bytes)| ("patch", name, Sha256::of(bytes)));
    let overlays = selected
        .overlays
        .iter()
        .map(|(to, bytes)| ("overlay", to, Sha256::of(bytes)));
    let version = &selected.source.version;
    let steps = selected
        .recipe
        .steps
        .iter()
        .map(|step| ("step", &step.to, step.digest(version)));
    let ours: Vec<_> = patches.chain(overlays).chain(steps).collect();
    let fields = ours.iter().flat_map(|(what, path, digest)| {
        [
            what.as_bytes(),
            path.as_str().as_bytes(),
            digest.as_bytes().as_slice(),
        ]
    });
    Sha256::of_fields(
        "wasideps tree 1",
        std::iter::once(selected.source.inputs.as_bytes().as_slice()).chain(fields),
    )
}

/// The key of what is known of a source tree's files: `TreeRecord` of the layer `fetch`.
#[must_use]
pub fn tree_record_key(tree: &Sha256) -> Sha256 {
    Sha256::of_fields("wasideps tree record 1", [tree.as_bytes().as_slice()])
}

/// The key of a library's headers, laid out as they are installed: its source's tree, and what is
/// installed as what.
#[must_use]
pub fn headers_key(tree: &Sha256, headers: &BTreeMap<RelPath, RelPath>) -> Sha256 {
    let names = headers
        .iter()
        .flat_map(|(from, to)| [from.as_str().as_bytes(), to.as_str().as_bytes()]);
    Sha256::of_fields(
        "wasideps headers 1",
        std::iter::once(tree.as_bytes().as_slice()).chain(names),
    )
}

/// The key of a job: the source's path (it is `__FILE__`) and every flag. What is in the file, what
/// it includes and which compiler it is make the keys of the object, which are the cache's
/// (`build`, `lookup`).
pub(super) fn job_key(file: &SourceFile, arguments: &[String]) -> Sha256 {
    let fields = std::iter::once(file.path().as_str().as_bytes())
        .chain(arguments.iter().map(String::as_bytes));
    Sha256::of_fields("wasideps job 1", fields)
}

/// The key of a prefix: what compiles, every tree and every job, what each recipe says of headers,
/// licences and modules, what the SBOM says about origins, the SBOM's date, and what of this
/// program writes `.pc` files, manifest and documents (`build.rs`). Another recipe, and what only
/// looks or fetches, makes no other prefix.
pub(super) fn prefix_key(plan: &Plan, created: Timestamp) -> Sha256 {
    let mut fields = this_program().to_vec();
    fields.extend([
        plan.config().to_string().into(),
        plan.toolchain.digest.as_bytes().into(),
        created.to_string().into(),
    ]);
    fields.extend(
        plan.jobs
            .iter()
            .map(|planned| planned.job.key.as_bytes().to_vec()),
    );
    for source in &plan.sources {
        fields.extend(source_fields(&source.selected, &source.tree_key));
    }
    Sha256::of_fields("wasideps prefix 5", fields.iter().map(Vec::as_slice))
}

/// The key of what a build of `selection` leaves in a store, with the SDK that `sdk` is a digest
/// of: for caches that keep a store. It is known before any SDK is there: what recipes, their flags
/// among them, are compiled to follows from the recipes' digests, the configuration and this
/// program. The SBOM's date does not count, for few of the store's bytes depend on it.
#[must_use]
pub fn store_key(selection: &Selection, sdk: &Sha256) -> Sha256 {
    let mut fields = this_program().to_vec();
    fields.push(selection.config().to_string().into());
    fields.push(sdk.as_bytes().into());
    for selected in &selection.sources {
        fields.extend(source_fields(selected, &tree_key(selected)));
    }
    Sha256::of_fields("wasideps store key 1", fields.iter().map(Vec::as_slice))
}

/// This build of wasideps, by what of it writes prefixes.
fn this_program() -> [Vec<u8>; 2] {
    [
        env!("CARGO_PKG_VERSION").into(),
        env!("WASIDEPS_WRITER_SHA256").into(),
    ]
}

/// A source whose tree has this key: the tree, the recipe, and its entry in the lock without what
/// only tests need.
fn source_fields(selected: &Selected, tree: &Sha256) -> [Vec<u8>; 3] {
    let locked = LockedSource {
        tests: None,
        compared: Vec::new(),
        ..selected.source.clone()
    };
    [
        tree.as_bytes().into(),
        selected.recipe.digest.as_bytes().into(),
        serde_json::to_vec(&locked).expect("a lock entry has only string keys"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelPath {
        text.parse().expect("valid")
    }

    #[test]
    fn the_inputs_digest_does_not_depend_on_the_order_of_the_files() {
        let (a, b) = (
            (path("a.c"), Sha256::of(b"a")),
            (path("b.c"), Sha256::of(b"b")),
        );
        assert_eq!(
            inputs_digest([(&a.0, &a.1), (&b.0, &b.1)]),
            inputs_digest([(&b.0, &b.1), (&a.0, &a.1)])
        );
        assert_ne!(inputs_digest([(&a.0, &a.1)]), inputs_digest([(&a.0, &b.1)]));
    }

    #[test]
    fn the_file_and_each_argument_make_another_job() {
        let source = |file: &str| file.parse().expect("a source");
        let key = |file: &str, words: &str| {
            job_key(
                &source(file),
                &words.split(' ').map(str::to_owned).collect::<Vec<_>>(),
            )
        };
        let keys = [
            key("a.c", "-O2 -DA=1"),
            key("b.c", "-O2 -DA=1"),
            key("a.c", "-O2 -DA=2"),
            key("a.c", "-O2"),
        ];
        assert_eq!(
            keys.iter().collect::<std::collections::BTreeSet<_>>().len(),
            keys.len()
        );
    }
}
