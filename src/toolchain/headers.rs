//! The headers of an SDK that clang may find, and what is in them.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, OnceLock, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};

use crate::model::{RelPath, Sha256, Target};
use crate::store::open_regular;

/// What stands for the target's own folder of headers in a portable path: two targets may have the
/// same ones.
const TARGET: &str = "<target>";

/// The headers of an SDK. A digest is computed when it is first asked for.
#[derive(Debug)]
pub struct SdkHeaders {
    root: Utf8PathBuf,
    /// The folder of the target's headers, below the root, with a `/` at its end; and its portable
    /// form.
    folder: String,
    portable: String,
    /// Portable, sorted.
    paths: Vec<RelPath>,
    /// Indices into `paths` by the last part of each, without regard to case. Made when it is first
    /// asked for: a build with nothing to do never asks.
    named: OnceLock<HashMap<String, Vec<usize>>>,
    digests: Mutex<HashMap<RelPath, Sha256>>,
}

impl SdkHeaders {
    /// Those at `files`, of the SDK at `root` with the sysroot `sysroot`, for `target`.
    pub(super) fn new(
        root: &Utf8Path,
        sysroot: &Utf8Path,
        target: Target,
        files: impl Iterator<Item = Utf8PathBuf>,
    ) -> Self {
        let include = sysroot.join("include");
        let include = include.strip_prefix(root).unwrap_or(&include);
        let (folder, portable) = (
            format!("{include}/{}/", target.spec().sysroot),
            format!("{include}/{TARGET}/"),
        );
        let mut headers = Self {
            root: root.to_owned(),
            folder,
            portable,
            paths: Vec::new(),
            named: OnceLock::new(),
            digests: Mutex::default(),
        };
        let below = files.filter_map(|path| path.strip_prefix(root).ok()?.as_str().parse().ok());
        headers.paths = below.map(|path: RelPath| headers.portable(&path)).collect();
        headers.paths.sort();
        headers
    }

    /// All of them, sorted, in the form that [`Self::portable`] gives.
    #[must_use]
    pub fn paths(&self) -> &[RelPath] {
        &self.paths
    }

    /// Those of them whose last part is one of `names`, which are in lower case. In the order of
    /// [`Self::paths`].
    pub fn named(&self, names: &BTreeSet<String>) -> impl Iterator<Item = &RelPath> {
        let named = self.named.get_or_init(|| {
            let mut named: HashMap<String, Vec<usize>> = HashMap::new();
            for (index, path) in self.paths.iter().enumerate() {
                let places = named.entry(path.caseless_file_name()).or_default();
                places.push(index);
            }
            named
        });
        let places = names.iter().filter_map(|name| named.get(name));
        let mut places: Vec<usize> = places.flatten().copied().collect();
        places.sort_unstable();
        places.into_iter().map(|index| &self.paths[index])
    }

    /// The path of a file below the SDK's folder, with `<target>` for the target's own folder of
    /// headers.
    #[must_use]
    pub fn portable(&self, path: &RelPath) -> RelPath {
        moved(path, &self.folder, &self.portable)
    }

    /// The path for which [`Self::portable`] gives `path`.
    #[must_use]
    pub fn located(&self, path: &RelPath) -> RelPath {
        moved(path, &self.portable, &self.folder)
    }

    /// The digest of the file at a portable path; none where it can't be read.
    #[must_use]
    pub fn digest(&self, path: &RelPath) -> Option<Sha256> {
        let known = || self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(digest) = known().get(path) {
            return Some(*digest);
        }
        let file = open_regular(&self.place(path)).ok()?;
        let (digest, _) = Sha256::of_reader(file).ok()?;
        known().insert(path.clone(), digest);
        Some(digest)
    }

    /// Where the file with this portable path is.
    #[must_use]
    pub fn place(&self, path: &RelPath) -> Utf8PathBuf {
        self.root.join(self.located(path).as_str())
    }
}

/// `path` with `to` for `from` at its start.
fn moved(path: &RelPath, from: &str, to: &str) -> RelPath {
    let moved = path
        .as_str()
        .strip_prefix(from)
        .and_then(|rest| format!("{to}{rest}").parse().ok());
    moved.unwrap_or_else(|| path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_header_of_two_targets_has_one_portable_path_and_each_its_place() {
        let root = Utf8Path::new("/sdk");
        let sysroot = root.join("share/wasi-sysroot");
        let headers = |target: Target| {
            let files = [
                "share/wasi-sysroot/include/c++/v1/vector".to_owned(),
                format!("share/wasi-sysroot/include/{target}/stdio.h"),
            ];
            SdkHeaders::new(
                root,
                &sysroot,
                target,
                files.into_iter().map(|file| root.join(file)),
            )
        };
        let (one, other) = (headers(Target::Wasip1), headers(Target::Wasip2));
        assert_eq!(one.paths(), other.paths());
        let [stdio, vector] = one.paths() else {
            panic!("{one:?}")
        };
        assert_eq!(
            stdio.as_str(),
            "share/wasi-sysroot/include/<target>/stdio.h"
        );
        assert_eq!(
            other.place(stdio),
            "/sdk/share/wasi-sysroot/include/wasm32-wasip2/stdio.h"
        );
        assert_eq!(
            (one.located(vector), one.portable(&one.located(stdio))),
            (vector.clone(), stdio.clone())
        );
    }
}
