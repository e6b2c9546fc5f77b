//! One file to one object, through the store's cache. The one place that starts clang.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Instant;

use camino::{Utf8Path, Utf8PathBuf};
use tracing::{debug, debug_span};

use super::lookup::{Lookup, Made};
use super::{BuildError, Work};
use crate::model::{Dependency, Name, RelPath, Sha256};
use crate::plan::Job;
use crate::report::Event;
use crate::store::{Cache, Entry};
use crate::toolchain::{Reach, Toolchain, quote};

const OBJECT: &str = "object.o";

/// An object in the cache.
#[derive(Clone)]
pub struct Object<'a> {
    cache: &'a dyn Cache,
    dependencies: Vec<Dependency>,
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

/// Where a job's files are: its source's tree, and the header folders of the sources that it
/// depends on.
pub struct Place<'a> {
    /// `zlib 1.3.2`, for messages.
    pub subject: &'a str,
    pub tree: &'a Entry,
    pub dependency_headers: &'a [Headers],
}

impl Place<'_> {
    /// The folder of headers of the source `name` that has the file `path`: each library of a
    /// source has a folder of its own.
    pub(super) fn headers_with(&self, name: &Name, path: &RelPath) -> Option<&Headers> {
        self.dependency_headers
            .iter()
            .find(|headers| headers.name() == name.as_str() && headers.files.contains_key(path))
    }
}

/// A folder of headers, and which of its files were verified.
#[derive(Debug, Clone)]
pub struct Headers {
    pub dir: Utf8PathBuf,
    /// Below the folder, each with its digest.
    pub files: BTreeMap<RelPath, Sha256>,
}

impl Headers {
    /// The name of the folder: that of the source, or `include` for those of a prefix.
    #[must_use]
    pub fn name(&self) -> &str {
        self.dir.file_name().unwrap_or_default()
    }
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
        place: &Place<'_>,
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
        Ok(Some(self.object_of(made)))
    }

    fn object_of(&self, made: Made) -> Object<'a> {
        let located = |file| match file {
            Dependency::Sdk(path) => Dependency::Sdk(self.toolchain.headers().located(&path)),
            file => file,
        };
        let mut dependencies: Vec<_> = made.dependencies.into_iter().map(located).collect();
        dependencies.sort();
        Object {
            cache: self.cache,
            dependencies,
            sha256: made.object,
        }
    }

    /// Runs clang on `job` and keeps the object.
    fn compile(
        &self,
        job: &Job,
        place: &Place<'_>,
        lookup: &Lookup<'_>,
    ) -> Result<Object<'a>, BuildError> {
        let subject = || place.subject.to_owned();
        self.reporter.event(Event::CompileStarted {
            subject: subject(),
            file: job.file.to_string(),
        });
        // Clang has a folder of its own: what it leaves there beside the object goes.
        let scratch = self.store.scratch_dir()?;
        let scratch = Utf8Path::from_path(scratch.path())
            .expect("the store's path is UTF-8, and so are the names that it makes");
        let (object, list) = (scratch.join(OBJECT), scratch.join("dependencies.d"));

        // Plain assembly includes nothing that clang would list: it opens its own file and,
        // confined to that, no other.
        let listed = job.file.language().is_preprocessed();
        let command = || {
            let mut command = self.toolchain.command();
            command.current_dir(place.tree.dir()).args(&job.arguments);
            for headers in place.dependency_headers.iter().filter(|_| listed) {
                let dir = &headers.dir;
                // A header's `__FILE__` must not name this machine's folders.
                command.args([
                    "-isystem",
                    dir.as_str(),
                    &format!("-ffile-prefix-map={dir}={}", headers.name()),
                ]);
            }
            command
        };
        let shown = repeatable(&command(), place.tree.dir(), job.file.path());
        let run = |arguments: &[&str], reach: &Reach<'_>| {
            let mut command = command();
            command.args(arguments);
            if listed {
                command.args(["-MT", "object", "-MF", list.as_str()]);
            }
            command.arg(job.file.path().as_str());
            let output = self.toolchain.run(&mut command, reach);
            let output = output.map_err(|source| BuildError::Start {
                subject: subject(),
                source,
                command: shown.clone(),
            })?;
            let stderr = String::from_utf8_lossy(&output.stderr)
                .trim_end()
                .to_owned();
            if output.status.success() {
                return Ok(stderr);
            }
            let stderr = if stderr.is_empty() {
                format!("nothing; it ended with {}", output.status)
            } else {
                stderr
            };
            let (subject, file, command) = (subject(), job.file.path().clone(), shown.clone());
            // The kernel's words: it let clang open no other file.
            // In the words of the C library: the environment, and with it the language, is ours.
            if ["No space left on device", "Disk quota exceeded"]
                .iter()
                .any(|words| stderr.contains(words))
            {
                return Err(BuildError::Full {
                    store: self.store.root().to_owned(),
                    subject,
                    file,
                });
            }
            Err(if stderr.contains("Permission denied") {
                BuildError::Denied {
                    subject,
                    file,
                    stderr,
                    command,
                }
            } else {
                BuildError::Compile {
                    subject,
                    file,
                    stderr,
                    command,
                }
            })
        };
        let started = Instant::now();
        let read = std::iter::once(place.tree.dir()).chain(
            place
                .dependency_headers
                .iter()
                .map(|headers| headers.dir.as_path()),
        );
        let read = read.map(Utf8Path::to_owned).collect();
        let mut reach = Reach {
            read,
            write: scratch,
            sdk: true,
        };
        let own = || vec![job.file.path().to_string()];
        if job.has_assembly() {
            // What the assembler opens is in no list of clang's. So the preprocessor lists its
            // files first, and then they are all that can be opened.
            let opened = if listed {
                run(&["-M"], &reach)?;
                opened(&list)?
            } else {
                own()
            };
            reach = Reach {
                read: opened
                    .into_iter()
                    .map(|path| place.tree.dir().join(path))
                    .collect(),
                write: scratch,
                sdk: false,
            };
        }
        let list_them: &[&str] = if listed { &["-MD"] } else { &[] };
        let stderr = run(
            &[list_them, &["-c", "-o", object.as_str()]].concat(),
            &reach,
        )?;
        let seconds = started.elapsed().as_secs_f64();
        let (dependencies, indirect) =
            self.traced(if listed { opened(&list)? } else { own() }, job, place)?;

        let bytes = match fs_err::read(&object) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(BuildError::NoObject {
                    subject: subject(),
                    file: job.file.path().clone(),
                    command: shown,
                });
            }
            Err(source) => {
                return Err(BuildError::Read {
                    path: object,
                    source,
                });
            }
        };
        relocatable(&bytes).map_err(|found| BuildError::NotAnObject {
            subject: subject(),
            file: job.file.path().clone(),
            found,
            command: shown.clone(),
        })?;
        let made = Made {
            object: self.cache.put_blob(&bytes)?,
            warnings: stderr,
            seconds,
            dependencies,
        };
        lookup.put(self.cache, &made, &job.arguments, indirect)?;
        self.tell(job, place.subject, &made, false, shown);
        Ok(self.object_of(made))
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
        place: &Place<'_>,
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

/// The files that clang's list names, as it names them.
fn opened(list: &Utf8Path) -> Result<Vec<String>, BuildError> {
    let text = fs_err::read_to_string(list).map_err(|source| BuildError::Read {
        path: list.to_owned(),
        source,
    })?;
    Ok(rule_prerequisites(&text))
}

/// Whether clang made what a member of an archive must be.
///
/// # Errors
/// What it is instead.
fn relocatable(bytes: &[u8]) -> Result<(), String> {
    use object::{Object as _, ObjectSection as _};
    if bytes.starts_with(b"BC\xc0\xde") {
        return Err("LLVM bitcode".to_owned());
    }
    match object::File::parse(bytes) {
        // The custom section that the linker works by; a linked module has none.
        Ok(object::File::Wasm(file))
            if file
                .sections()
                .any(|section| section.name() == Ok("linking")) =>
        {
            Ok(())
        }
        Ok(file) => Err(format!("a file of the format {:?}", file.format())),
        Err(error) => Err(format!("a file that can't be read ({error})")),
    }
}

/// The command as a user can run it in a shell, its output thrown away: what matters is what clang
/// says.
fn repeatable(command: &Command, tree: &Utf8Path, file: &RelPath) -> String {
    format!(
        "cd {} && {} -c {} -o /dev/null",
        quote(tree.as_str()),
        Toolchain::display(command),
        quote(file.as_str())
    )
}

/// The prerequisites of a Makefile rule as clang's `-MD` writes it: a space and a `#` escaped by a
/// backslash, backslashes right before a space doubled, `$` doubled, lines continued by a
/// backslash. Any text is read to its end. Source: clang's `DependencyFile.cpp`, `PrintFilename`.
#[must_use]
pub fn rule_prerequisites(rule: &str) -> Vec<String> {
    let rest = rule.split_once(':').map_or("", |(_, rest)| rest);
    let mut found = Vec::new();
    let mut word = String::new();
    let mut letters = rest.chars().peekable();
    while let Some(letter) = letters.next() {
        match (letter, letters.peek()) {
            ('\\', _) => {
                let mut count = 1;
                while letters.next_if_eq(&'\\').is_some() {
                    count += 1;
                }
                let (kept, escaped) = match letters.peek() {
                    Some('\n' | '\r') => (count - 1, false),
                    Some(' ') => (count / 2, count % 2 == 1),
                    Some('#') => (count - 1, true),
                    _ => (count, false),
                };
                word.extend(std::iter::repeat_n('\\', kept));
                word.extend(letters.next_if(|_| escaped));
            }
            ('$', Some('$')) => word.extend(letters.next()),
            // Only these: a name may hold any other blank of Unicode's.
            (' ' | '\n' | '\r', _) => {
                if !word.is_empty() {
                    found.push(std::mem::take(&mut word));
                }
            }
            (c, _) => word.push(c),
        }
    }
    if !word.is_empty() {
        found.push(word);
    }
    found
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
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_dependency_rule_is_read_with_its_escapes() {
        let rule = "object: a.c \\\n  /sdk/my\\ dir/stdio.h dir/../b.h \\\n  x$$y.h a\u{a0}b.h \\#c.h d\\\\\\ e.h\n";
        assert_eq!(
            rule_prerequisites(rule),
            [
                "a.c",
                "/sdk/my dir/stdio.h",
                "dir/../b.h",
                "x$y.h",
                "a\u{a0}b.h",
                "#c.h",
                "d\\ e.h"
            ]
        );
        assert_eq!(lexically_normal(Utf8Path::new("/t/dir/../b.h")), "/t/b.h");
    }

    #[test]
    fn only_a_relocatable_object_of_webassembly_is_one() {
        const LINKING: &[u8] = b"\0asm\x01\0\0\0\0\x09\x07linking\x02";
        assert_eq!(relocatable(LINKING), Ok(()));
        assert_eq!(
            relocatable(b"BC\xc0\xde\x35\x14").expect_err("bitcode"),
            "LLVM bitcode"
        );
        for other in [&b"\0asm\x01\0\0\0"[..], b"", b"\x7fELF"] {
            assert!(relocatable(other).is_err(), "{other:?}");
        }
    }

    /// As clang's `PrintFilename` does.
    fn printed(name: &str) -> String {
        let mut out = String::new();
        for c in name.chars() {
            match c {
                ' ' => {
                    let before = out.chars().rev().take_while(|c| *c == '\\').count();
                    out.extend(std::iter::repeat_n('\\', before + 1));
                }
                '#' => out.push('\\'),
                '$' => out.push('$'),
                _ => {}
            }
            out.push(c);
        }
        out
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_a_rule_without_a_panic(text in "\\PC*|[a-c:\\\\ #$\n\r\u{a0}]{0,40}") {
            let found = rule_prerequisites(&text);
            prop_assert!(found.iter().all(|name| !name.is_empty()));
        }

        #[test]
        fn names_are_read_back_as_clang_writes_them(names in proptest::collection::vec("[a-c $\u{a0}]{0,3}(\\\\ )?[a-c#\u{85}]", 1..5)) {
            let names: Vec<String> = names.into_iter().filter(|name| !name.contains("\\#")).collect();
            let rule = format!("object: {}\n", names.iter().map(|name| printed(name)).collect::<Vec<_>>().join(" \\\n  "));
            prop_assert_eq!(rule_prerequisites(&rule), names);
        }
    }
}
