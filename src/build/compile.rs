//! One C file to one object, through the store's cache. The one place that starts clang.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};

use super::{BuildError, Work};
use crate::model::{RelPath, Sha256};
use crate::plan::Job;
use crate::process::output;
use crate::report::Event;
use crate::store::{Entry, EntryFile, Kind, ObjectRecord};
use crate::toolchain::{Toolchain, quote};

const OBJECT: &str = "object.o";
const RECORD: &str = "record.json";

/// An object of the store, its digest checked.
#[derive(Debug, Clone)]
pub struct Object {
    entry: Entry,
    record: ObjectRecord,
    /// Of the object's bytes.
    pub sha256: Sha256,
}

impl Object {
    /// The object's bytes.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn read(&self) -> Result<Vec<u8>, BuildError> {
        Ok(self.entry.read(&name(OBJECT))?)
    }

    /// The files that clang opened: [`ObjectRecord::dependencies`].
    #[must_use]
    pub fn dependencies(&self) -> &[String] {
        &self.record.dependencies
    }

    fn from_entry(entry: Entry) -> Option<Self> {
        let sha256 = entry.file(&name(OBJECT))?.sha256;
        let record = serde_json::from_slice(&entry.read(&name(RECORD)).ok()?).ok()?;
        Some(Self { entry, record, sha256 })
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

/// Where a job's files are: its source's tree, and the header folders of the sources that it depends on.
pub struct Place<'a> {
    /// `zlib 1.3.2`, for messages.
    pub subject: &'a str,
    pub tree: &'a Utf8Path,
    pub dependency_headers: &'a [Utf8PathBuf],
}

impl Work<'_> {
    /// The object of `job`: from the store, where it is there and whole, with its warnings told again; else compiled and kept there. Of several
    /// processes that want it one compiles it. None where another one does, and that is to be left alone.
    ///
    /// # Errors
    /// When clang can't be started or refuses the source, when the source includes a file from elsewhere, when the store can't be written.
    pub fn object(&self, job: &Job, place: &Place<'_>, busy: Busy) -> Result<Option<Object>, BuildError> {
        const SCOPE: &str = "object";
        if let Some(object) = self.cached(job, place.subject)? {
            return Ok(Some(object));
        }
        let _guard = match busy {
            Busy::Wait => self.store.lock(SCOPE, &job.key, &format!("compiling {} of {}", job.file, place.subject), self.reporter)?,
            Busy::Leave => match self.store.try_lock(SCOPE, &job.key)? {
                Some(guard) => guard,
                None => return Ok(None),
            },
        };
        // Whoever held the key before may have made it.
        if let Some(object) = self.cached(job, place.subject)? {
            return Ok(Some(object));
        }
        self.compile(job, place).map(Some)
    }

    fn cached(&self, job: &Job, subject: &str) -> Result<Option<Object>, BuildError> {
        let Some(entry) = self.store.entry(Kind::Object, &job.key, self.reporter)? else { return Ok(None) };
        let Some(object) = Object::from_entry(entry) else {
            self.store.reject(Kind::Object, &job.key, "it holds no object with its record", self.reporter)?;
            return Ok(None);
        };
        self.tell(job, subject, &object.record, true, String::new());
        Ok(Some(object))
    }

    /// Runs clang on `job` and keeps the object.
    fn compile(&self, job: &Job, place: &Place<'_>) -> Result<Object, BuildError> {
        let subject = || place.subject.to_owned();
        self.reporter.event(Event::CompileStarted { subject: subject(), file: job.file.to_string() });
        let scratch = self.store.scratch_dir()?;
        let in_scratch = |name: &str| Utf8PathBuf::from(scratch.path().join(name).to_string_lossy().into_owned());
        let (object, dependencies) = (in_scratch(OBJECT), in_scratch("dependencies.d"));

        let mut command = self.toolchain.command();
        command.current_dir(place.tree).args(&job.arguments);
        for dir in place.dependency_headers {
            // A header's `__FILE__` must not name this machine's folders.
            command.args(["-isystem", dir.as_str(), &format!("-ffile-prefix-map={dir}={}", dir.file_name().unwrap_or_default())]);
        }
        let shown = repeatable(&command, place.tree, &job.file);
        command.args(["-MD", "-MT", "object", "-MF", dependencies.as_str(), "-c", job.file.as_str(), "-o", object.as_str()]);
        let started = Instant::now();
        let output = output(&mut command).map_err(|source| BuildError::Start { subject: subject(), source, command: shown.clone() })?;
        let seconds = started.elapsed().as_secs_f64();
        let stderr = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
        if !output.status.success() {
            let stderr = if stderr.is_empty() { format!("nothing; it ended with {}", output.status) } else { stderr };
            return Err(BuildError::Compile { subject: subject(), file: job.file.clone(), stderr, command: shown });
        }

        let dependencies = self.traced(&dependencies, job, place)?;
        let record = ObjectRecord { warnings: stderr, seconds, dependencies };
        let record_text = serde_json::to_vec_pretty(&record).expect("a record has only string keys");
        let path = in_scratch(RECORD);
        fs_err::write(&path, &record_text).map_err(|source| BuildError::Write { path, source })?;
        let bytes = fs_err::read(&object).map_err(|source| BuildError::Read { path: object, source })?;
        let sha256 = Sha256::of(&bytes);
        let files = vec![
            EntryFile { path: name(OBJECT), sha256, size: bytes.len() as u64 },
            EntryFile { path: name(RECORD), sha256: Sha256::of(&record_text), size: record_text.len() as u64 },
        ];
        let path = in_scratch("dependencies.d");
        fs_err::remove_file(&path).map_err(|source| BuildError::Write { path, source })?;
        let entry = self.store.keep_entry(Kind::Object, &job.key, scratch, files, self.reporter)?;
        self.tell(job, place.subject, &record, false, shown);
        Ok(Object { entry, record, sha256 })
    }

    fn tell(&self, job: &Job, subject: &str, record: &ObjectRecord, cached: bool, command: String) {
        self.reporter.event(Event::Compiled {
            subject: subject.to_owned(),
            file: job.file.to_string(),
            cached,
            seconds: record.seconds,
            warnings: record.warnings.clone(),
            command,
        });
    }

    /// The files that clang opened, each named by where it belongs. One that belongs nowhere would go untraced, and is refused.
    fn traced(&self, list: &Utf8Path, job: &Job, place: &Place<'_>) -> Result<Vec<String>, BuildError> {
        let text = fs_err::read_to_string(list).map_err(|source| BuildError::Read { path: list.to_owned(), source })?;
        let roots = std::iter::once((place.tree, String::new()))
            .chain(std::iter::once((self.toolchain.root(), "sdk:".to_owned())))
            .chain(place.dependency_headers.iter().map(|dir| (dir.as_path(), format!("{}:", dir.file_name().unwrap_or_default()))));
        let roots: Vec<_> = roots.collect();
        let mut traced = BTreeSet::new();
        for found in rule_prerequisites(&text) {
            let path = lexically_normal(&place.tree.join(&found));
            let named = roots.iter().find_map(|(root, prefix)| Some(format!("{prefix}{}", path.strip_prefix(root).ok()?)));
            let foreign =
                || BuildError::ForeignDependency { subject: place.subject.to_owned(), file: job.file.clone(), found: path.to_string() };
            traced.insert(named.ok_or_else(foreign)?);
        }
        Ok(traced.into_iter().collect())
    }
}

/// The command as a user can run it in a shell, its output thrown away: what matters is what clang says.
fn repeatable(command: &Command, tree: &Utf8Path, file: &RelPath) -> String {
    format!("cd {} && {} -c {} -o /dev/null", quote(tree.as_str()), Toolchain::display(command), quote(file.as_str()))
}

/// The prerequisites of a Makefile rule as clang's `-MD` writes it: spaces escaped by a backslash, `$` doubled, lines continued by a backslash.
/// Source: clang's `DependencyFile.cpp`, `PrintFilename`.
fn rule_prerequisites(rule: &str) -> Vec<String> {
    let rest = rule.split_once(':').map_or("", |(_, rest)| rest);
    let mut found = Vec::new();
    let mut word = String::new();
    let mut letters = rest.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('\\', Some('\n')) => {}
            ('\\', Some(' ' | '#')) => word.extend(letters.next()),
            ('$', Some('$')) => word.extend(letters.next()),
            (c, _) if c.is_whitespace() => {
                if !word.is_empty() {
                    found.push(std::mem::take(&mut word));
                }
            }
            (c, _) => word.push(c),
        }
    }
    found
}

/// `a/../b` is `b`: clang names a header by the way in which it was reached. No link is followed; trees hold none.
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

fn name(text: &str) -> RelPath {
    text.parse().expect("a constant that is a path")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_rule_is_read_with_its_escapes() {
        let rule = "object: a.c \\\n  /sdk/my\\ dir/stdio.h dir/../b.h \\\n  x$$y.h\n";
        assert_eq!(rule_prerequisites(rule), ["a.c", "/sdk/my dir/stdio.h", "dir/../b.h", "x$y.h"]);
        assert_eq!(lexically_normal(Utf8Path::new("/t/dir/../b.h")), "/t/b.h");
    }
}
