//! One file to one object, through the store's cache.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use tracing::{debug, debug_span};

use super::clang::Clang;
use super::job_files::{Headers, JobFiles};
use super::lookup::{Lookup, Made};
use super::{BuildError, Work};
use crate::model::{Dependency, RelPath, Sha256};
use crate::plan::Job;
use crate::report::Event;
use crate::store::Cache;

/// An object in the cache.
#[derive(Clone)]
pub struct Object<'a> {
    cache: &'a dyn Cache,
    dependencies: Vec<Dependency>,
    /// Whether the cache had it.
    pub cached: bool,
    /// Of the object's bytes.
    pub sha256: Sha256,
}

impl Object<'_> {
    /// The object's bytes.
    ///
    /// # Errors
    /// When they can't be read, or are not there any more.
    pub fn read(&self) -> Result<Vec<u8>, BuildError> {
        self.cache.get_blob(&self.sha256)?.ok_or(BuildError::Gone {
            object: self.sha256,
        })
    }

    /// The files that clang opened, from its own dependency output. Sorted.
    #[must_use]
    pub fn dependencies(&self) -> &[Dependency] {
        &self.dependencies
    }
}

/// What to do where another process is compiling the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Busy {
    /// Leave it to it, for now.
    Leave,
    /// Wait for it.
    Wait,
}

impl<'a> Work<'a> {
    /// The object of `job`: from the cache, where it is there and whole, with its warnings told
    /// again; else compiled and kept there. Of several processes that want it one compiles it. None
    /// where another one does, and that is to be left alone.
    ///
    /// # Errors
    /// When clang can't be started or refuses the source, when the source includes a file from
    /// elsewhere, when the store can't be written.
    pub fn object(
        &self,
        job: &Job,
        place: &JobFiles<'_>,
        busy: Busy,
    ) -> Result<Option<Object<'a>>, BuildError> {
        const SCOPE: &str = "object";
        let _span = debug_span!(
            "object",
            source = place.subject,
            file = job.file.path().as_str()
        )
        .entered();
        let lookup = Lookup::new(self.toolchain, job, place);
        if let Some(object) = self.cached(job, place.subject, &lookup)? {
            return Ok(Some(object));
        }
        let _guard = match busy {
            Busy::Wait => self.store.lock(
                SCOPE,
                &lookup.key,
                &format!("compiling {} of {}", job.file, place.subject),
                self.reporter,
            )?,
            Busy::Leave => match self.store.try_lock(SCOPE, &lookup.key)? {
                Some(guard) => guard,
                None => return Ok(None),
            },
        };
        // Whoever held the key before may have made it.
        if let Some(object) = self.cached(job, place.subject, &lookup)? {
            return Ok(Some(object));
        }
        debug!(asked = %lookup.key.short(), "the cache has no object of the files that are there");
        self.compile(job, place, &lookup).map(Some)
    }

    fn cached(
        &self,
        job: &Job,
        subject: &str,
        lookup: &Lookup<'_>,
    ) -> Result<Option<Object<'a>>, BuildError> {
        let Some(made) = lookup.get(self.cache)? else {
            return Ok(None);
        };
        // Checked now: what is damaged is compiled again, and not found out when the archive is
        // made.
        if self.cache.get_blob(&made.object)?.is_none() {
            return Ok(None);
        }
        debug!(object = %made.object.short(), "the cache has the object");
        self.tell(job, subject, &made, true, String::new());
        Ok(Some(self.object_of(made, true)))
    }

    fn object_of(&self, made: Made, cached: bool) -> Object<'a> {
        let located = |file| match file {
            Dependency::Sdk(path) => Dependency::Sdk(self.toolchain.headers().located(&path)),
            file => file,
        };
        let mut dependencies: Vec<_> = made.dependencies.into_iter().map(located).collect();
        dependencies.sort();
        Object {
            cache: self.cache,
            dependencies,
            cached,
            sha256: made.object,
        }
    }

    /// Runs clang on `job` and keeps the object.
    fn compile(
        &self,
        job: &Job,
        place: &JobFiles<'_>,
        lookup: &Lookup<'_>,
    ) -> Result<Object<'a>, BuildError> {
        self.reporter.event(Event::CompileStarted {
            subject: place.subject.to_owned(),
            file: job.file.to_string(),
        });
        // Clang has a folder of its own: what it leaves there beside the object goes.
        let scratch = self.store.scratch_dir()?;
        let scratch = Utf8Path::from_path(scratch.path())
            .expect("the store's path is UTF-8, and so are the names that it makes");
        let clang = Clang::new(self, job, place, scratch);
        let compiled = clang.compile()?;
        let (dependencies, indirect) = self.traced(compiled.opened, job, place)?;
        let made = Made {
            object: self.cache.put_blob(&compiled.object)?,
            warnings: compiled.warnings,
            seconds: compiled.cpu.as_secs_f64(),
            dependencies,
        };
        lookup.put(self.cache, &made, &job.arguments, indirect)?;
        self.tell(job, place.subject, &made, false, clang.shown);
        Ok(self.object_of(made, false))
    }

    fn tell(&self, job: &Job, subject: &str, made: &Made, cached: bool, command: String) {
        self.reporter.event(Event::Compiled {
            subject: subject.to_owned(),
            file: job.file.to_string(),
            cached,
            seconds: made.seconds,
            warnings: made.warnings.clone(),
            command,
        });
    }

    /// The files that clang opened, each named by where it belongs. One that belongs nowhere would
    /// go untraced, and is refused; so is one that lies among the verified files and is none of
    /// them: an object that has it must not be kept. And whether clang reached one by a path with
    /// `..` in it.
    fn traced(
        &self,
        opened: Vec<String>,
        job: &Job,
        place: &JobFiles<'_>,
    ) -> Result<(Vec<Dependency>, bool), BuildError> {
        let mut traced = BTreeSet::new();
        let mut indirect = false;
        for found in opened {
            indirect |= found.split('/').any(|part| part == "..");
            let path = lexically_normal(&place.tree.dir().join(&found));
            let below = |root: &Utf8Path| RelPath::from_native(path.strip_prefix(root).ok()?).ok();
            let own = below(place.tree.dir())
                .map(|path| (place.tree.file(&path).is_some(), Dependency::Own(path)));
            let header = |headers: &Headers| {
                let (name, path) = (headers.name().parse().ok()?, below(&headers.dir)?);
                Some((
                    headers.files.contains_key(&path),
                    Dependency::Header(name, path),
                ))
            };
            let header = || place.dependency_headers.iter().find_map(header);
            let sdk = || {
                below(self.toolchain.root()).map(|path| {
                    (
                        true,
                        Dependency::Sdk(self.toolchain.headers().portable(&path)),
                    )
                })
            };
            let (subject, file, found) = (
                place.subject.to_owned(),
                job.file.path().clone(),
                path.to_string(),
            );
            match own.or_else(sdk).or_else(header) {
                Some((true, named)) => {
                    traced.insert(named);
                }
                Some((false, _)) => {
                    return Err(BuildError::Unverified {
                        subject,
                        file,
                        found,
                    });
                }
                None => {
                    return Err(BuildError::ForeignDependency {
                        subject,
                        file,
                        found,
                    });
                }
            }
        }
        Ok((traced.into_iter().collect(), indirect))
    }
}

/// `a/../b` is `b`: clang names a header by the way in which it was reached. No link is followed;
/// trees hold none.
fn lexically_normal(path: &Utf8Path) -> Utf8PathBuf {
    let mut normal = Utf8PathBuf::new();
    for part in path.components() {
        match part {
            camino::Utf8Component::ParentDir => {
                normal.pop();
            }
            camino::Utf8Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_folder_in_a_path_is_resolved_by_its_text() {
        assert_eq!(lexically_normal(Utf8Path::new("/t/dir/../b.h")), "/t/b.h");
    }
}
