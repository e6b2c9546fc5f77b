//! Source trees: an archive's inputs, checked, patched and overlaid.

use camino::Utf8Path;
use fs_err as fs;
use std::io::Write as _;

use super::archive::Wanted;
use super::compare::{Difference, InputFiles, differences};
use super::patch::{self, PatchProblem};
use super::unpack::{self, Unpacked};
use super::{FetchError, Fetched, Fetcher, SourceError};
use crate::model::{Extra, Inputs, Origin, Place, RelPath, Selected, Sha256};
use crate::plan;
use crate::report::Event;
use crate::store::{Entry, EntryFile, Kind, StoreError};

/// A source tree in the store, made from inputs whose digest is the lock's.
#[derive(Debug, Clone)]
pub struct SourceTree {
    entry: Entry,
    key: Sha256,
}

impl SourceTree {
    /// Its files: inputs with the patches applied, and the overlays.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The tree's key in the store, [`plan::tree_key`].
    #[must_use]
    pub fn key(&self) -> Sha256 {
        self.key
    }
}

/// What came of one origin when all were asked.
#[derive(Debug)]
pub struct OriginReport {
    /// As in the lock.
    pub origin: String,
    pub verdict: Verdict,
}

/// Whether an origin holds the lock's inputs.
#[derive(Debug)]
pub enum Verdict {
    /// It does. `held`: its archive was in the store or a folder of `--from`, checked by its digest, so that the place itself was not asked.
    Agrees { files: usize, held: bool },
    /// Its archive is the lock's, but holds other inputs. `differences` are against those of `reference`, another origin; the agreeing ones come
    /// first in that choice. Without a second origin there is nothing to compare with.
    Differs { found: Sha256, reference: Option<String>, differences: Vec<Difference> },
    /// It could not be had, or was refused.
    Failed(FetchError),
}

impl Fetcher<'_> {
    /// The tree of `selected`: from the store, else from the first of its origins that can be had and holds the lock's inputs. Origins are tried in
    /// the lock's order, but those that need no network first.
    ///
    /// # Errors
    /// When no origin serves, with what each failed with; or at once for what no other origin could better: a patch that does not apply, a store
    /// that can't be written.
    pub fn source(&self, selected: &Selected) -> Result<SourceTree, SourceError> {
        let subject = selected.title();
        let key = plan::tree_key(selected);
        let stored = self.store.entry(Kind::Tree, &key, self.reporter);
        if let Some(entry) = stored.map_err(|error| SourceError::one(subject.clone(), error))? {
            self.reporter.event(Event::SourceReady { subject, origin: None, files: entry.files().len(), cached: true });
            return Ok(SourceTree { entry, key });
        }
        let (held, others): (Vec<_>, Vec<_>) = selected.source.origins.iter().partition(|origin| self.at_hand(origin));
        let mut order = held.into_iter().chain(others).peekable();
        let mut errors = Vec::new();
        while let Some(origin) = order.next() {
            let place = origin.place.to_string();
            match self.tree_from(selected, &subject, origin, &key, order.peek().is_none()) {
                Ok(entry) => {
                    let files = entry.files().len();
                    self.reporter.event(Event::SourceReady { subject, origin: Some(place), files, cached: false });
                    return Ok(SourceTree { entry, key });
                }
                Err(error) if error.is_final() => return Err(SourceError::one(subject, error)),
                Err(error) => {
                    self.reporter.event(Event::OriginFailed { subject: subject.clone(), origin: place, error: error.to_string() });
                    errors.push(error);
                }
            }
        }
        Err(SourceError { subject, errors })
    }

    /// Brings every origin of `selected` and compares its inputs with the lock's.
    #[must_use]
    pub fn all_origins(&self, selected: &Selected) -> Vec<OriginReport> {
        let subject = selected.title();
        let expected = selected.source.inputs;
        let brought: Vec<_> = selected
            .source
            .origins
            .iter()
            .map(|origin| {
                let opened = self.bring(Wanted::locked(&subject, origin, false)).and_then(|fetched| {
                    let inputs = self.unpack(&fetched, &archive_root(&origin.place, &origin.root), &selected.recipe.inputs)?.inputs();
                    Ok((fetched.was_held(), plan::inputs_digest(&inputs), inputs))
                });
                (origin.place.to_string(), opened)
            })
            .collect();
        let agreeing = reference(&brought, |digest| *digest == expected);
        let any = reference(&brought, |_| true);
        let verdicts: Vec<_> = brought
            .iter()
            .map(|(origin, opened)| {
                let (held, found, inputs) = opened.as_ref().ok()?;
                if *found == expected {
                    return Some(Verdict::Agrees { files: inputs.len(), held: *held });
                }
                let reference = agreeing.or(any).filter(|(other, _)| other != origin);
                let differences = reference.map(|(_, others)| differences(others, inputs)).unwrap_or_default();
                Some(Verdict::Differs { found: *found, reference: reference.map(|(origin, _)| origin.to_owned()), differences })
            })
            .collect();
        let reports = brought.into_iter().zip(verdicts).filter_map(|((origin, opened), verdict)| {
            let verdict = match (verdict, opened) {
                (Some(verdict), _) => verdict,
                (None, Err(error)) => {
                    let event = Event::OriginFailed { subject: subject.clone(), origin: origin.clone(), error: error.to_string() };
                    self.reporter.event(event);
                    Verdict::Failed(error)
                }
                (None, Ok(_)) => return None,
            };
            Some(OriginReport { origin, verdict })
        });
        reports.collect()
    }

    fn tree_from(&self, selected: &Selected, subject: &str, origin: &Origin, key: &Sha256, last: bool) -> Result<Entry, FetchError> {
        let fetched = self.bring(Wanted::locked(subject, origin, last))?;
        let unpacked = self.unpack(&fetched, &archive_root(&origin.place, &origin.root), &selected.recipe.inputs)?;
        let unpacked = self.with_extras(unpacked, subject, &selected.recipe.extras)?;
        let (expected, found) = (selected.source.inputs, unpacked.digest());
        if found != expected {
            return Err(FetchError::Inputs { origin: origin.place.to_string(), expected, found });
        }
        self.finish(selected, unpacked, key)
    }

    /// Unpacks an archive's inputs into a scratch folder.
    pub(super) fn unpack(&self, fetched: &Fetched, root: &str, inputs: &Inputs) -> Result<Unpacked, FetchError> {
        unpack::unpack(fetched.path(), fetched.origin(), root, inputs, self.store.scratch_dir()?)
    }

    /// Puts the files of `extras` beside those of the source, each from the first of its origins that serves.
    pub(super) fn with_extras(&self, mut unpacked: Unpacked, subject: &str, extras: &[Extra]) -> Result<Unpacked, FetchError> {
        for extra in extras {
            let mut failure = FetchError::NoneReached { subject: subject.to_owned() };
            let brought = extra.origins.iter().find_map(|origin| match self.bring(Wanted::locked(subject, origin, false)) {
                Ok(fetched) => Some((fetched, origin)),
                Err(error) => {
                    failure = error;
                    None
                }
            });
            let Some((fetched, origin)) = brought else { return Err(failure) };
            let other = self.unpack(&fetched, &archive_root(&origin.place, &origin.root), &extra.inputs)?;
            unpacked.take(other, &extra.to)?;
        }
        Ok(unpacked)
    }

    /// Makes the tree of inputs that have been checked: patches, then overlays.
    pub(super) fn finish(&self, selected: &Selected, unpacked: Unpacked, key: &Sha256) -> Result<Entry, FetchError> {
        let Unpacked { dir, mut files } = unpacked;
        let folder = Utf8Path::from_path(dir.path())
            .ok_or_else(|| StoreError::Write { path: "the scratch folder".into(), source: std::io::ErrorKind::InvalidFilename.into() })?
            .to_owned();
        for (name, text) in &selected.patches {
            let failed = |problem| FetchError::Patch { subject: selected.title(), patch: name.clone(), problem: Box::new(problem) };
            let changes = patch::apply(text, |path| read(&folder, &files, path)).map_err(|error| error.into_fetch(failed))?;
            for (path, new) in changes {
                files.retain(|file| file.path != path);
                let to = folder.join(path.as_str());
                match new {
                    Some(bytes) => files.push(put(&folder, path, &bytes)?),
                    None => fs::remove_file(&to).map_err(|source| StoreError::Write { path: to, source })?,
                }
            }
        }
        for (path, bytes) in &selected.overlays {
            let lower = path.as_str().to_lowercase();
            if files.iter().any(|file| file.path.as_str().to_lowercase() == lower) {
                return Err(FetchError::Overlay { subject: selected.title(), path: path.clone() });
            }
            files.push(put(&folder, path.clone(), bytes)?);
        }
        Ok(self.store.keep_entry(Kind::Tree, key, dir, files)?)
    }
}

/// The folder of the archive that an origin's inputs are below. A crate's `root` is told from the crate's own folder, which has the release in its
/// name and is at the top of every crate's archive.
pub(super) fn archive_root(place: &Place, root: &str) -> String {
    match place {
        Place::Crate { name, version } => format!("{name}-{version}/{root}"),
        Place::Url(_) | Place::Debian { .. } | Place::Folder(_) => root.to_owned(),
    }
}

type Brought = (String, Result<(bool, Sha256, InputFiles), FetchError>);

fn reference(brought: &[Brought], fits: impl Fn(&Sha256) -> bool) -> Option<(&str, &InputFiles)> {
    brought.iter().find_map(|(origin, opened)| match opened {
        Ok((_, digest, inputs)) if fits(digest) => Some((origin.as_str(), inputs)),
        _ => None,
    })
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

fn read(folder: &Utf8Path, files: &[EntryFile], path: &RelPath) -> Result<Option<Vec<u8>>, Stopped> {
    if !files.iter().any(|file| file.path == *path) {
        return Ok(None);
    }
    let path = folder.join(path.as_str());
    fs::read(&path).map(Some).map_err(|source| Stopped::Disk(StoreError::Read { path, source }))
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
    written().map_err(|source| StoreError::Write { path: to.clone(), source })?;
    Ok(EntryFile { path, sha256: Sha256::of(bytes), size: bytes.len() as u64 })
}
