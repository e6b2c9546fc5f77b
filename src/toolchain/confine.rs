//! Running a program of the SDK's such that it reaches no file but those that it is given, where
//! the kernel can hold it to that.
//!
//! What clang is asked to compile was written by others, and a compiler has many ways to open a
//! file. So the process is confined by Landlock (Linux 5.13 and later,
//! <https://docs.kernel.org/userspace-api/landlock.html>): it reads the SDK, what the dynamic
//! loader needs, and what is named; it writes one folder; it has no network. Elsewhere the lists of
//! what a recipe may say hold alone (docs/decisions/0017).

use std::collections::BTreeSet;
use std::io;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use super::layout::{Layout, Needs};
use crate::process::{self, ProgramOutput};

/// The variables by which programs find a folder for temporary files, on all systems.
const TEMPORARY: [&str; 3] = ["TMPDIR", "TMP", "TEMP"];

/// The files that a command may open, beside those of the SDK and the dynamic loader.
#[derive(Debug, Clone)]
pub struct Reach<'a> {
    /// Files and whole folders to read.
    pub read: Vec<Utf8PathBuf>,
    /// The one folder to write; also for temporary files, and what a crash leaves.
    pub write: &'a Utf8Path,
    /// Whether the SDK's headers and libraries are among what may be read, or only its programs.
    pub sdk: bool,
}

impl Layout {
    /// Runs `command`, one of [`Self::command`], to its end, confined to `reach` where the kernel
    /// can do that. Standard input is empty.
    ///
    /// # Errors
    /// When it can't be started or its output can't be read.
    pub fn run(&self, command: &mut Command, reach: &Reach<'_>) -> io::Result<ProgramOutput> {
        for variable in TEMPORARY {
            command.env(variable, reach.write);
        }
        let output = self.confined(command, reach);
        for variable in TEMPORARY {
            // A folder that is gone tells a user nothing, who is shown the command.
            command.env_remove(variable);
        }
        output
    }

    /// A thread of its own is confined, and the process that it starts inherits that.
    #[cfg(target_os = "linux")]
    fn confined(&self, command: &mut Command, reach: &Reach<'_>) -> io::Result<ProgramOutput> {
        let ruleset = landlock::rules(self, reach).map_err(io::Error::other)?;
        // What the thread logs belongs to what its caller does.
        let span = tracing::Span::current();
        std::thread::scope(|scope| {
            let confined = std::thread::Builder::new().spawn_scoped(scope, move || {
                let _entered = span.enter();
                ruleset.restrict_self().map_err(io::Error::other)?;
                process::output(command)
            });
            confined?
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    #[cfg(not(target_os = "linux"))]
    #[allow(clippy::unused_self)]
    fn confined(&self, command: &mut Command, _: &Reach<'_>) -> io::Result<ProgramOutput> {
        process::output(command)
    }

    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    fn needs(&self) -> &Needs {
        self.needs.get_or_init(|| {
            // Clang, and the linkers by all of their names: Debian's clang calls `wasm-ld-19`, one
            // for components `wasm-component-ld`.
            let beside = self
                .clang
                .parent()
                .and_then(|dir| dir.read_dir_utf8().ok())
                .into_iter()
                .flatten()
                .flatten();
            let linkers = beside
                .filter(|entry| entry.file_name().starts_with("wasm-"))
                .map(camino::Utf8DirEntry::into_path);
            let named: BTreeSet<_> = std::iter::once(self.clang.clone()).chain(linkers).collect();
            let real: BTreeSet<_> = named
                .iter()
                .filter_map(|program| program.canonicalize_utf8().ok())
                .collect();
            let programs: Vec<_> = real
                .iter()
                .filter_map(|program| interpreter(program))
                .chain(real.iter().cloned())
                .collect();
            let mut loaded: Vec<_> = programs
                .iter()
                .flat_map(|program| self.loaded(program))
                .collect();
            if loaded.is_empty() {
                // musl's loader has no such question: the folders that libraries are installed in
                // stand in.
                loaded.extend(
                    ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"]
                        .map(Utf8PathBuf::from),
                );
            }
            loaded.extend(["/etc/ld.so.cache", "/etc/ld.so.preload"].map(Utf8PathBuf::from));
            loaded.extend(self.libraries.iter().cloned());
            let mut linked = Vec::new();
            find_links(&self.root, &self.root, &mut linked);
            Needs {
                programs,
                loaded,
                linked,
            }
        })
    }

    /// The files that the dynamic loader opens to start `program`, as it says itself: with this
    /// variable, glibc's loader names them and starts nothing (ld.so(8)).
    fn loaded(&self, program: &Utf8Path) -> Vec<Utf8PathBuf> {
        let output = process::output(self.command(program).env("LD_TRACE_LOADED_OBJECTS", "1"));
        let Some(output) = output.ok().filter(|output| output.status.success()) else {
            return Vec::new();
        };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let paths = text
            .split_ascii_whitespace()
            .filter(|word| word.starts_with('/'))
            .map(Utf8PathBuf::from);
        paths.filter(|path| path.is_file()).collect()
    }
}

/// The program that runs `script`, where it is one.
fn interpreter(script: &Utf8Path) -> Option<Utf8PathBuf> {
    use io::Read as _;
    let mut start = Vec::new();
    fs_err::File::open(script)
        .ok()?
        .take(256)
        .read_to_end(&mut start)
        .ok()?;
    let line = start
        .strip_prefix(b"#!")?
        .split(|byte| *byte == b'\n')
        .next()?;
    Some(Utf8PathBuf::from(
        std::str::from_utf8(line).ok()?.split_whitespace().next()?,
    ))
}

/// Adds what links below `dir` lead to outside of `root`. A folder that can't be read has nothing
/// that clang could.
fn find_links(root: &Utf8Path, dir: &Utf8Path, found: &mut Vec<Utf8PathBuf>) {
    for entry in dir.read_dir_utf8().into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => find_links(root, entry.path(), found),
            Ok(kind) if kind.is_symlink() => {
                found.extend(
                    entry
                        .path()
                        .canonicalize_utf8()
                        .ok()
                        .filter(|target| !target.starts_with(root)),
                );
            }
            _ => {}
        }
    }
}

#[cfg(target_os = "linux")]
mod landlock {
    use camino::Utf8PathBuf;
    use landlock::{
        ABI, Access as _, AccessFs, AccessNet, BitFlags, Ruleset, RulesetAttr as _, RulesetCreated,
        RulesetCreatedAttr as _, RulesetError, Scope, path_beneath_rules,
    };

    use super::{Layout, Needs, Reach};

    /// The newest that was read; a kernel that is older does what it can of it.
    const LEVEL: ABI = ABI::V6;

    /// What `reach` allows, and nothing else. A path that is not there gives no right.
    pub fn rules(layout: &Layout, reach: &Reach<'_>) -> Result<RulesetCreated, RulesetError> {
        let read: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
        let Needs {
            programs,
            loaded,
            linked,
        } = layout.needs();
        let sdk = reach
            .sdk
            .then(|| std::iter::once(&layout.root).chain(linked))
            .into_iter()
            .flatten();
        Ruleset::default()
            .handle_access(AccessFs::from_all(LEVEL))?
            .handle_access(AccessNet::from_all(LEVEL))?
            .scope(Scope::from_all(LEVEL))?
            .create()?
            .add_rules(path_beneath_rules(
                programs.iter().chain(loaded),
                read | AccessFs::Execute,
            ))?
            .add_rules(path_beneath_rules(
                reach.read.iter().chain(sdk).map(Utf8PathBuf::as_path),
                read,
            ))?
            .add_rules(path_beneath_rules(
                ["/dev/null"],
                AccessFs::ReadFile | AccessFs::WriteFile,
            ))?
            .add_rules(path_beneath_rules(
                [reach.write],
                AccessFs::from_all(LEVEL) & !BitFlags::from(AccessFs::Execute),
            ))
    }
}
