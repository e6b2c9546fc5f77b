//! The digests that name inputs, trees, objects and whole prefixes. Each covers everything that can change what it names, and nothing else: no
//! absolute path, clock, user or host.

use super::Plan;
use crate::model::{Identity, LockedSource, RelPath, Selected, Sha256, Timestamp};

/// The inputs digest: SHA-256 over the selected files' paths (the origin's root stripped) and contents, sorted by path. Modes and times do not
/// count, so that independent origins of the same release agree. The byte form is told in `docs/lockfile.md`.
#[must_use]
pub fn inputs_digest<'a>(files: impl IntoIterator<Item = (&'a RelPath, &'a Sha256)>) -> Sha256 {
    let mut files: Vec<_> = files.into_iter().collect();
    files.sort();
    Sha256::of_fields("wasideps inputs 1", files.iter().flat_map(|(path, digest)| [path.as_str().as_bytes(), digest.as_bytes().as_slice()]))
}

/// The key of a source tree: its inputs, then the patches in order, then the overlays.
#[must_use]
pub fn tree_key(selected: &Selected) -> Sha256 {
    let patches = selected.patches.iter().map(|(name, bytes)| ("patch", name, Sha256::of(bytes)));
    let overlays = selected.overlays.iter().map(|(to, bytes)| ("overlay", to, Sha256::of(bytes)));
    let ours: Vec<_> = patches.chain(overlays).collect();
    let fields = ours.iter().flat_map(|(what, path, digest)| [what.as_bytes(), path.as_str().as_bytes(), digest.as_bytes().as_slice()]);
    Sha256::of_fields("wasideps tree 1", std::iter::once(selected.source.inputs.as_bytes().as_slice()).chain(fields))
}

/// The key of what is known of a source tree's files: `TreeRecord` of the layer `fetch`.
#[must_use]
pub fn tree_record_key(tree: &Sha256) -> Sha256 {
    Sha256::of_fields("wasideps tree record 1", [tree.as_bytes().as_slice()])
}

/// The key of a source's headers, laid out as they are installed: its tree, and what is installed as what.
#[must_use]
pub fn headers_key(selected: &Selected) -> Sha256 {
    let tree = tree_key(selected);
    let names = selected.recipe.headers.iter().flat_map(|(from, to)| [from.as_str().as_bytes(), to.as_str().as_bytes()]);
    Sha256::of_fields("wasideps headers 1", std::iter::once(tree.as_bytes().as_slice()).chain(names))
}

/// The key of an object: compiler, target, the whole patched and overlaid tree (any of its files may be included), the headers of others that it may
/// include, the source's path (it is `__FILE__`), every flag.
pub(super) fn object_key(toolchain: &Identity, tree: &Sha256, dependencies: &[Sha256], file: &RelPath, arguments: &[String]) -> Sha256 {
    // What a variant changes is in the arguments.
    let target = toolchain.config.target().as_str();
    let count = (dependencies.len() as u64).to_le_bytes();
    let fixed = [toolchain.digest.as_bytes().as_slice(), target.as_bytes(), tree.as_bytes(), count.as_slice()];
    let fields = fixed
        .into_iter()
        .chain(dependencies.iter().map(|headers| headers.as_bytes().as_slice()))
        .chain(std::iter::once(file.as_str().as_bytes()))
        .chain(arguments.iter().map(String::as_bytes));
    Sha256::of_fields("wasideps object 2", fields)
}

/// The key of a prefix: every object, what each recipe says of headers, licences and modules, what the SBOM tells of origins, the SBOM's date,
/// and what this program is made from (`build.rs`): it writes `.pc` files, manifest and documents, and is named in them by that.
pub(super) fn prefix_key(plan: &Plan, created: Timestamp) -> Sha256 {
    let mut fields: Vec<Vec<u8>> = vec![
        env!("WASIDEPS_SOURCES_SHA256").into(),
        plan.config().to_string().into(),
        plan.toolchain.digest.as_bytes().into(),
        created.to_string().into(),
    ];
    fields.extend(plan.jobs.iter().map(|job| job.key.as_bytes().to_vec()));
    for source in &plan.sources {
        fields.push(source.selected.recipe.digest.as_bytes().to_vec());
        // What only tests need makes no other prefix.
        let locked = LockedSource { tests: None, compared: Vec::new(), ..source.selected.source.clone() };
        fields.push(serde_json::to_vec(&locked).expect("a lock entry has only string keys"));
    }
    Sha256::of_fields("wasideps prefix 4", fields.iter().map(Vec::as_slice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Target;

    fn path(text: &str) -> RelPath {
        text.parse().expect("valid")
    }

    #[test]
    fn the_inputs_digest_does_not_depend_on_the_order_of_the_files() {
        let (a, b) = ((path("a.c"), Sha256::of(b"a")), (path("b.c"), Sha256::of(b"b")));
        assert_eq!(inputs_digest([(&a.0, &a.1), (&b.0, &b.1)]), inputs_digest([(&b.0, &b.1), (&a.0, &a.1)]));
        assert_ne!(inputs_digest([(&a.0, &a.1)]), inputs_digest([(&a.0, &b.1)]));
    }

    #[test]
    fn every_part_of_an_objects_key_changes_it() {
        let [one, other] = [Sha256::of(b"1"), Sha256::of(b"2")];
        let sdk = |digest, target: Target| Identity::example(digest, target.into());
        let arguments = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let key = |sdk: &Identity, tree, headers: &[Sha256], file: &str, words: &str| {
            object_key(sdk, tree, headers, &path(file), &arguments(words))
        };
        let p1 = sdk(one, Target::Wasip1);
        let base = key(&p1, &one, &[one], "a.c", "-O2 -DA=1");
        let others = [
            key(&sdk(other, Target::Wasip1), &one, &[one], "a.c", "-O2 -DA=1"),
            key(&sdk(one, Target::Wasip2), &one, &[one], "a.c", "-O2 -DA=1"),
            key(&p1, &other, &[one], "a.c", "-O2 -DA=1"),
            key(&p1, &one, &[other], "a.c", "-O2 -DA=1"),
            key(&p1, &one, &[], "a.c", "-O2 -DA=1"),
            key(&p1, &one, &[one], "b.c", "-O2 -DA=1"),
            key(&p1, &one, &[one], "a.c", "-O2 -DA=2"),
            key(&p1, &one, &[one], "a.c", "-O2"),
        ];
        for (number, key) in others.iter().enumerate() {
            assert_ne!(*key, base, "variant {number}");
        }
    }
}
