//! One run of clang: from a file to an object and the list of what it opened. The one place that
//! compiles.

use std::process::Command;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::job_files::JobFiles;
use super::{BuildError, Work};
use crate::model::RelPath;
use crate::plan::Job;
use crate::toolchain::{Reach, Toolchain, quote};

/// What clang made.
pub struct CompiledFile {
    /// Checked to be a relocatable one.
    pub object: Vec<u8>,
    /// Its own words; empty where it had nothing to say.
    pub warnings: String,
    /// The files that it opened, as it names them.
    pub opened: Vec<String>,
    /// What it had of processors.
    pub cpu: Duration,
}

/// Clang, about to compile a job.
pub struct Clang<'a> {
    work: &'a Work<'a>,
    job: &'a Job,
    place: &'a JobFiles<'a>,
    /// Where it may write.
    scratch: &'a Utf8Path,
    /// Whether it lists the files that it opens. Plain assembly includes nothing that it would
    /// list: it opens its own file and, confined to that, no other.
    listed: bool,
    /// The command as a user can repeat it.
    pub shown: String,
}

impl<'a> Clang<'a> {
    /// Clang for `job`, whose files are in `place`, with the empty folder `scratch` for what it
    /// writes.
    pub fn new(
        work: &'a Work<'a>,
        job: &'a Job,
        place: &'a JobFiles<'a>,
        scratch: &'a Utf8Path,
    ) -> Self {
        let mut clang = Self {
            work,
            job,
            place,
            scratch,
            listed: job.file.language().is_preprocessed(),
            shown: String::new(),
        };
        clang.shown = repeatable(&clang.command(), place.tree.dir(), job.file.path());
        clang
    }

    /// Compiles the file.
    ///
    /// # Errors
    /// When clang can't be started, refuses the source or makes no relocatable object.
    pub fn compile(&self) -> Result<CompiledFile, BuildError> {
        let dirs = self.place.dependency_headers.iter();
        let dirs = dirs.map(|headers| headers.dir.as_path());
        let read = std::iter::once(self.place.tree.dir()).chain(dirs);
        let mut reach = Reach {
            read: read.map(Utf8Path::to_owned).collect(),
            write: self.scratch,
            sdk: true,
        };
        let mut cpu = Duration::ZERO;
        if self.job.has_assembly() {
            // What the assembler opens is in no list of clang's. So the preprocessor lists its
            // files first, and then they are all that can be opened.
            if self.listed {
                cpu += self.run(&["-M"], &reach)?.1;
            }
            let opened = self.opened()?;
            reach = Reach {
                read: opened
                    .into_iter()
                    .map(|path| self.place.tree.dir().join(path))
                    .collect(),
                write: self.scratch,
                sdk: false,
            };
        }
        let object = self.scratch.join("object.o");
        let list_them: &[&str] = if self.listed { &["-MD"] } else { &[] };
        let arguments = [list_them, &["-c", "-o", object.as_str()]].concat();
        let (warnings, compiling) = self.run(&arguments, &reach)?;
        Ok(CompiledFile {
            object: self.object(object)?,
            warnings,
            opened: self.opened()?,
            cpu: cpu + compiling,
        })
    }

    fn list(&self) -> Utf8PathBuf {
        self.scratch.join("dependencies.d")
    }

    /// Without what says which file is compiled, and to what.
    fn command(&self) -> Command {
        let mut command = self.work.toolchain.command();
        command
            .current_dir(self.place.tree.dir())
            .args(&self.job.arguments);
        for headers in self.place.dependency_headers.iter().filter(|_| self.listed) {
            let dir = &headers.dir;
            // A header's `__FILE__` must not name this machine's folders.
            command.args([
                "-isystem",
                dir.as_str(),
                &format!("-ffile-prefix-map={dir}={}", headers.name()),
            ]);
            for folder in &headers.folders {
                command.args(["-isystem", dir.join(folder.as_str()).as_str()]);
            }
        }
        command
    }

    /// Runs it and returns what it says, and what it had of processors.
    fn run(&self, arguments: &[&str], reach: &Reach<'_>) -> Result<(String, Duration), BuildError> {
        let mut command = self.command();
        command.args(arguments);
        if self.listed {
            command.args(["-MT", "object", "-MF", self.list().as_str()]);
        }
        command.arg(self.job.file.path().as_str());
        let output = self.work.toolchain.run(&mut command, reach);
        let output = output.map_err(|source| BuildError::Start {
            subject: self.place.subject.to_owned(),
            source,
            command: self.shown.clone(),
        })?;
        let stderr = String::from_utf8_lossy(&output.stderr)
            .trim_end()
            .to_owned();
        if output.status.success() {
            return Ok((stderr, output.cpu));
        }
        Err(self.refusal(if stderr.is_empty() {
            format!("nothing; it ended with {}", output.status)
        } else {
            stderr
        }))
    }

    /// Why clang ended with an error, by what it says.
    fn refusal(&self, stderr: String) -> BuildError {
        let (subject, file, command) = (
            self.place.subject.to_owned(),
            self.job.file.path().clone(),
            self.shown.clone(),
        );
        // In the words of the C library: the environment, and with it the language, is ours.
        if ["No space left on device", "Disk quota exceeded"]
            .iter()
            .any(|words| stderr.contains(words))
        {
            return BuildError::Full {
                store: self.work.store.root().to_owned(),
                subject,
                file,
            };
        }
        // The kernel's words: it let clang open no other file.
        if stderr.contains("Permission denied") {
            return BuildError::Denied {
                subject,
                file,
                stderr,
                command,
            };
        }
        BuildError::Compile {
            subject,
            file,
            stderr,
            command,
        }
    }

    /// The files that clang opened in its last run, as it names them.
    fn opened(&self) -> Result<Vec<String>, BuildError> {
        if !self.listed {
            return Ok(vec![self.job.file.path().to_string()]);
        }
        let path = self.list();
        let text =
            fs_err::read_to_string(&path).map_err(|source| BuildError::Read { path, source })?;
        Ok(rule_prerequisites(&text))
    }

    /// The bytes of the object at `path`.
    fn object(&self, path: Utf8PathBuf) -> Result<Vec<u8>, BuildError> {
        let subject = || self.place.subject.to_owned();
        let bytes = match fs_err::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(BuildError::NoObject {
                    subject: subject(),
                    file: self.job.file.path().clone(),
                    command: self.shown.clone(),
                });
            }
            Err(source) => return Err(BuildError::Read { path, source }),
        };
        relocatable(&bytes).map_err(|found| BuildError::NotAnObject {
            subject: subject(),
            file: self.job.file.path().clone(),
            found,
            command: self.shown.clone(),
        })?;
        Ok(bytes)
    }
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
