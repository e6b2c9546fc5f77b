//! Source trees: inputs that have been checked, with patches and overlays, and the record of where
//! each of their files is from.

use std::io::Write as _;

use camino::Utf8Path;
use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::entry::Names;
use super::patch::{self, PatchProblem};
use super::unpack::{self, Unpacked};
use super::{FetchError, Fetcher};
use crate::model::{Content, RelPath, Selected, Sha256, Step, StepProblem};
use crate::plan;
use crate::report::Reporter;
use crate::store::{Entry, EntryFile, Kind, Store, StoreError};

/// A source tree in the store, made from inputs whose digest is the lock's.
#[derive(Debug, Clone)]
pub struct SourceTree {
    entry: Entry,
    key: Sha256,
    record: TreeRecord,
}

/// Where the files of a tree are from. Sorted by path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeRecord(Vec<TreeFile>);

/// A file of a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TreeFile {
    pub path: RelPath,
    /// As it is compiled.
    pub content: Content,
    /// As it came from the source's archive; the same as `content` but for patched files, and
    /// absent for those of ours.
    pub input: Option<Content>,
    /// The patches that changed it, in order.
    pub patches: Vec<RelPath>,
    /// The file of the tree that a step of the recipe made it from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_from: Option<RelPath>,
}

impl TreeRecord {
    /// Its files, sorted by path.
    #[must_use]
    pub fn files(&self) -> &[TreeFile] {
        &self.0
    }
}

impl SourceTree {
    /// Its files: inputs with the patches applied, what is made of them, and the overlays.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The tree's key in the store, [`plan::tree_key`].
    #[must_use]
    pub fn key(&self) -> Sha256 {
        self.key
    }

    /// Where each of its files is from.
    #[must_use]
    pub fn record(&self) -> &TreeRecord {
        &self.record
    }

    /// The tree with this key, where the store has it and its record whole.
    pub(super) fn stored(
        store: &Store,
        key: &Sha256,
        reporter: &dyn Reporter,
    ) -> Result<Option<Self>, StoreError> {
        let Some(record) = store.record(Kind::Tree, &plan::tree_record_key(key), reporter)? else {
            return Ok(None);
        };
        let entry = store.entry(Kind::Tree, key, reporter)?;
        Ok(entry.map(|entry| Self {
            entry,
            key: *key,
            record,
        }))
    }
}

impl Fetcher<'_> {
    /// Makes the tree of inputs that have been checked: patches, then what is made of its files,
    /// then overlays.
    pub(super) fn finish(
        &self,
        selected: &Selected,
        unpacked: Unpacked,
        key: &Sha256,
    ) -> Result<SourceTree, FetchError> {
        let Unpacked { dir, mut files } = unpacked;
        let folder = Utf8Path::from_path(dir.path())
            .ok_or_else(|| StoreError::Write {
                path: "the scratch folder".into(),
                source: std::io::ErrorKind::InvalidFilename.into(),
            })?
            .to_owned();
        let mut record = Vec::new();
        distinct(selected, &files, None)?;
        for EntryFile { path, .. } in &files {
            let bytes =
                fs::read(folder.join(path.as_str())).map_err(|source| StoreError::Read {
                    path: folder.join(path.as_str()),
                    source,
                })?;
            let content = Content::of(&bytes);
            record.push(TreeFile {
                path: path.clone(),
                content,
                input: Some(content),
                patches: Vec::new(),
                made_from: None,
            });
        }
        for (name, text) in &selected.patches {
            let failed = |problem| FetchError::Patch {
                subject: selected.title(),
                patch: name.clone(),
                problem: Box::new(problem),
            };
            let changes = patch::apply(text, |path| read(&folder, &files, path))
                .map_err(|error| error.into_fetch(failed))?;
            for (path, new) in changes {
                files.retain(|file| file.path != path);
                let before = record
                    .iter()
                    .position(|file| file.path == path)
                    .map(|index| record.swap_remove(index));
                let to = folder.join(path.as_str());
                let Some(bytes) = new else {
                    fs::remove_file(&to)
                        .map_err(|source| StoreError::Write { path: to, source })?;
                    continue;
                };
                distinct(selected, &files, Some(&path))?;
                let (input, mut patches) =
                    before.map_or_else(Default::default, |file| (file.input, file.patches));
                patches.push(name.clone());
                record.push(TreeFile {
                    path: path.clone(),
                    content: Content::of(&bytes),
                    input,
                    patches,
                    made_from: None,
                });
                files.push(put(&folder, path, &bytes)?);
            }
        }
        for step in &selected.recipe.steps {
            let Step { from, to, .. } = step;
            let failed = |problem| FetchError::Step {
                subject: selected.title(),
                from: from.clone(),
                to: to.clone(),
                problem: Box::new(problem),
            };
            if files.iter().any(|file| file.path == *to) {
                return Err(failed(StepProblem::There { path: to.clone() }));
            }
            distinct(selected, &files, Some(to))?;
            let text = read(&folder, &files, from).map_err(|error| {
                error.into_fetch(|_| failed(StepProblem::Missing { path: from.clone() }))
            })?;
            let text = text.ok_or_else(|| failed(StepProblem::Missing { path: from.clone() }))?;
            let bytes = step
                .apply(&text, &selected.source.version)
                .map_err(failed)?;
            let made_from = Some(from.clone());
            record.push(TreeFile {
                path: to.clone(),
                content: Content::of(&bytes),
                input: None,
                patches: Vec::new(),
                made_from,
            });
            files.push(put(&folder, to.clone(), &bytes)?);
        }
        for (path, bytes) in &selected.overlays {
            if files.iter().any(|file| file.path == *path) {
                return Err(FetchError::Overlay {
                    subject: selected.title(),
                    path: path.clone(),
                });
            }
            distinct(selected, &files, Some(path))?;
            record.push(TreeFile {
                path: path.clone(),
                content: Content::of(bytes),
                input: None,
                patches: Vec::new(),
                made_from: None,
            });
            files.push(put(&folder, path.clone(), bytes)?);
        }
        record.sort_by(|a, b| a.path.cmp(&b.path));
        let record = TreeRecord(record);
        // Before the tree: who finds the tree finds its record.
        self.store.keep_record(
            Kind::Tree,
            &plan::tree_record_key(key),
            &record,
            self.reporter,
        )?;
        let entry = self
            .store
            .keep_entry(Kind::Tree, key, dir, files, self.reporter)?;
        Ok(SourceTree {
            entry,
            key: *key,
            record,
        })
    }
}

/// Checks that all of `files`, whatever brought them, and the one that comes next can lie in one
/// tree on every system.
fn distinct(
    selected: &Selected,
    files: &[EntryFile],
    next: Option<&RelPath>,
) -> Result<(), FetchError> {
    let mut names = Names::default();
    for path in files.iter().map(|file| &file.path).chain(next) {
        names.add(path).map_err(|refusal| FetchError::Tree {
            subject: selected.title(),
            path: path.clone(),
            refusal,
        })?;
    }
    Ok(())
}

/// What stops a patch.
enum Stopped {
    Patch(PatchProblem),
    Disk(StoreError),
}

impl From<PatchProblem> for Stopped {
    fn from(problem: PatchProblem) -> Self {
        Self::Patch(problem)
    }
}

impl Stopped {
    fn into_fetch(self, patch: impl FnOnce(PatchProblem) -> FetchError) -> FetchError {
        match self {
            Self::Patch(problem) => patch(problem),
            Self::Disk(error) => error.into(),
        }
    }
}

fn read(
    folder: &Utf8Path,
    files: &[EntryFile],
    path: &RelPath,
) -> Result<Option<Vec<u8>>, Stopped> {
    if !files.iter().any(|file| file.path == *path) {
        return Ok(None);
    }
    let path = folder.join(path.as_str());
    fs::read(&path)
        .map(Some)
        .map_err(|source| Stopped::Disk(StoreError::Read { path, source }))
}

/// Writes a file of the tree anew.
fn put(folder: &Utf8Path, path: RelPath, bytes: &[u8]) -> Result<EntryFile, StoreError> {
    let to = folder.join(path.as_str());
    let written = || {
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent)?;
        }
        match fs::remove_file(&to) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        unpack::create(&to)?.write_all(bytes)
    };
    written().map_err(|source| StoreError::Write {
        path: to.clone(),
        source,
    })?;
    Ok(EntryFile {
        path,
        sha256: Sha256::of(bytes),
        size: bytes.len() as u64,
    })
}
