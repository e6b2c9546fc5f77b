//! Source trees: inputs that have been checked, with patches and overlays, and the record of where
//! each of their files is from.

use std::io::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::entry::PortableNames;
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
        let draft = Draft::of(selected, unpacked)?;
        let Draft {
            dir,
            files,
            mut record,
            ..
        } = draft;
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

/// A tree that is being made.
pub(super) struct Draft<'a> {
    selected: &'a Selected,
    dir: TempDir,
    folder: Utf8PathBuf,
    /// Those in the folder.
    files: Vec<EntryFile>,
    /// Of the same files.
    record: Vec<TreeFile>,
}

impl<'a> Draft<'a> {
    /// Everything that the tree of `selected` will have.
    ///
    /// # Errors
    /// When a patch, a step or an overlay does not fit, or the disk fails.
    pub fn of(selected: &'a Selected, unpacked: Unpacked) -> Result<Self, FetchError> {
        let Unpacked { dir, files } = unpacked;
        let mut draft = Self::new(selected, dir, files)?;
        for (name, text) in &selected.patches {
            draft.patch(name, text)?;
        }
        for step in &selected.recipe.steps {
            draft.take_step(step)?;
        }
        for (path, bytes) in &selected.overlays {
            draft.overlay(path, bytes)?;
        }
        Ok(draft)
    }

    /// Its files.
    pub fn paths(&self) -> impl Iterator<Item = &RelPath> {
        self.files.iter().map(|file| &file.path)
    }

    /// The content of a file; none where it has no such file.
    pub fn read(&self, path: &RelPath) -> Result<Option<Vec<u8>>, StoreError> {
        read(&self.folder, &self.files, path)
    }

    /// The tree of the inputs alone, which are in `dir`.
    fn new(
        selected: &'a Selected,
        dir: TempDir,
        files: Vec<EntryFile>,
    ) -> Result<Self, FetchError> {
        let folder = Utf8Path::from_path(dir.path())
            .ok_or_else(|| StoreError::Write {
                path: "the scratch folder".into(),
                source: std::io::ErrorKind::InvalidFilename.into(),
            })?
            .to_owned();
        distinct(selected, &files, None)?;
        let record = files.iter().map(|EntryFile { path, .. }| {
            let from = folder.join(path.as_str());
            let bytes =
                fs::read(&from).map_err(|source| StoreError::Read { path: from, source })?;
            let content = Content::of(&bytes);
            Ok(TreeFile {
                path: path.clone(),
                content,
                input: Some(content),
                patches: Vec::new(),
                made_from: None,
            })
        });
        let record = record.collect::<Result<_, StoreError>>()?;
        Ok(Self {
            selected,
            dir,
            folder,
            files,
            record,
        })
    }

    /// Applies the patch `name`, whose text is `text`.
    fn patch(&mut self, name: &RelPath, text: &[u8]) -> Result<(), FetchError> {
        let failed = |problem| FetchError::Patch {
            subject: self.selected.title(),
            patch: name.clone(),
            source: Box::new(problem),
        };
        let changes = patch::apply(text, |path| self.read(path).map_err(Stopped::Disk))
            .map_err(|error| error.into_fetch(failed))?;
        for (path, new) in changes {
            self.files.retain(|file| file.path != path);
            let before = self
                .record
                .iter()
                .position(|file| file.path == path)
                .map(|index| self.record.swap_remove(index));
            let Some(bytes) = new else {
                let from = self.folder.join(path.as_str());
                fs::remove_file(&from)
                    .map_err(|source| StoreError::Write { path: from, source })?;
                continue;
            };
            let (input, mut patches) =
                before.map_or_else(Default::default, |file| (file.input, file.patches));
            patches.push(name.clone());
            let file = TreeFile {
                path,
                content: Content::of(&bytes),
                input,
                patches,
                made_from: None,
            };
            self.put(file, &bytes)?;
        }
        Ok(())
    }

    /// Makes the file that `step` makes.
    fn take_step(&mut self, step: &Step) -> Result<(), FetchError> {
        let Step { from, to, .. } = step;
        let failed = |problem| FetchError::Step {
            subject: self.selected.title(),
            from: from.clone(),
            to: to.clone(),
            source: Box::new(problem),
        };
        if self.has(to) {
            return Err(failed(StepProblem::There { path: to.clone() }));
        }
        let missing = || failed(StepProblem::Missing { path: from.clone() });
        let text = self.read(from)?.ok_or_else(missing)?;
        let bytes = step
            .apply(&text, &self.selected.source.version)
            .map_err(failed)?;
        let file = TreeFile {
            path: to.clone(),
            content: Content::of(&bytes),
            input: None,
            patches: Vec::new(),
            made_from: Some(from.clone()),
        };
        self.put(file, &bytes)
    }

    /// Adds a file that the recipe brings.
    fn overlay(&mut self, path: &RelPath, bytes: &[u8]) -> Result<(), FetchError> {
        if self.has(path) {
            return Err(FetchError::Overlay {
                subject: self.selected.title(),
                path: path.clone(),
            });
        }
        let file = TreeFile {
            path: path.clone(),
            content: Content::of(bytes),
            input: None,
            patches: Vec::new(),
            made_from: None,
        };
        self.put(file, bytes)
    }

    fn has(&self, path: &RelPath) -> bool {
        self.files.iter().any(|file| file.path == *path)
    }

    /// Writes a file that the tree does not have.
    fn put(&mut self, file: TreeFile, bytes: &[u8]) -> Result<(), FetchError> {
        distinct(self.selected, &self.files, Some(&file.path))?;
        self.files
            .push(put(&self.folder, file.path.clone(), bytes)?);
        self.record.push(file);
        Ok(())
    }
}

/// Checks that all of `files`, whatever brought them, and the one that comes next can lie in one
/// tree on every system.
fn distinct(
    selected: &Selected,
    files: &[EntryFile],
    next: Option<&RelPath>,
) -> Result<(), FetchError> {
    let mut names = PortableNames::default();
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
) -> Result<Option<Vec<u8>>, StoreError> {
    if !files.iter().any(|file| file.path == *path) {
        return Ok(None);
    }
    let path = folder.join(path.as_str());
    fs::read(&path)
        .map(Some)
        .map_err(|source| StoreError::Read { path, source })
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
