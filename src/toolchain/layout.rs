//! Where the parts of an SDK are.

use std::process::Command;
use std::sync::OnceLock;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::version::SdkVersion;
use crate::model::{BuildConfig, RelPath, Sha256, Target};
use crate::store::{TEXT_LIMIT, read_regular, read_text};

/// The file by which an SDK overlay is known: it leads to the SDK behind it, so that a build never
/// takes its own output for a part of the SDK.
pub const SDK_OVERLAY_MARK: &str = ".wasideps-sdk-overlay.json";

/// What an overlay's mark says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SdkOverlayMark {
    /// The SDK behind it.
    pub sdk: Utf8PathBuf,
    /// What the libraries in it were built for.
    pub config: BuildConfig,
    /// The SDK's identity when the overlay was made.
    pub identity: Sha256,
    /// All files and links of the overlay but this mark. An overlay of a version that did not list
    /// them is not replaced.
    #[serde(default)]
    pub files: Vec<RelPath>,
}

/// The parts of an SDK, all absolute paths that exist.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// With symbolic links resolved.
    pub root: Utf8PathBuf,
    /// The compiler itself, never a wrapper of ours.
    pub clang: Utf8PathBuf,
    pub linker: Utf8PathBuf,
    pub ar: Utf8PathBuf,
    /// Shared libraries of the programs, where they find them only when told.
    pub library_path: Option<Utf8PathBuf>,
    /// Shared libraries of the programs.
    pub libraries: Vec<Utf8PathBuf>,
    pub resource_dir: Utf8PathBuf,
    pub sysroot: Utf8PathBuf,
    pub version: SdkVersion,
    /// Of the layer's own: [`Layout::run`].
    pub needs: OnceLock<Needs>,
}

/// What the SDK's programs need to start and to work; found once.
#[derive(Debug, Clone)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
pub(super) struct Needs {
    /// The programs, and where one is a script, what runs it.
    pub programs: Vec<Utf8PathBuf>,
    /// What the dynamic loader opens to start them.
    pub loaded: Vec<Utf8PathBuf>,
    /// Where links lead from the SDK's folder to elsewhere.
    pub linked: Vec<Utf8PathBuf>,
}

impl Layout {
    /// The SDK at `path`, or what is missing there.
    pub fn open(path: &Utf8Path) -> Result<Self, String> {
        let mut root = path
            .canonicalize_utf8()
            .map_err(|_| "the folder itself".to_owned())?;
        if let Ok(mark) = read_regular(&root.join(SDK_OVERLAY_MARK), TEXT_LIMIT) {
            let mark: SdkOverlayMark = serde_json::from_slice(&mark)
                .map_err(|_| format!("a readable {SDK_OVERLAY_MARK}"))?;
            root = mark
                .sdk
                .canonicalize_utf8()
                .map_err(|_| format!("the SDK {} behind the overlay", mark.sdk))?;
        }
        // The folder into which Debian's programs are put together, with wrappers for other people
        // in `bin`.
        let inner = root.join("llvm");
        let (programs, library_path) = if inner.join("bin/clang").is_file() {
            (inner.join("bin"), Some(inner.join("lib")))
        } else {
            (root.join("bin"), None)
        };
        let program = |name: &str| {
            let path = programs.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
            if path.is_file() {
                Ok(path)
            } else {
                Err(format!("bin/{name}"))
            }
        };
        let sysroot = root.join("share/wasi-sysroot");
        if !sysroot.is_dir() {
            return Err("share/wasi-sysroot".to_owned());
        }
        let resource_dir =
            resource_dir(&root.join("lib/clang")).ok_or("lib/clang/VERSION/include/stddef.h")?;
        let libraries = libraries(library_path.as_deref().unwrap_or(&root.join("lib")));
        let version = read_text(&root.join("VERSION"), TEXT_LIMIT)
            .map(|text| SdkVersion::parse(&text))
            .unwrap_or_default();
        Ok(Self {
            clang: program("clang")?,
            linker: program("wasm-ld")?,
            ar: program("llvm-ar")?,
            library_path,
            libraries,
            resource_dir,
            sysroot,
            version,
            root,
            needs: OnceLock::new(),
        })
    }

    /// `program` of this SDK, with an environment that holds nothing but what it needs to start.
    pub fn command(&self, program: &Utf8Path) -> Command {
        let mut command = Command::new(program);
        // The clock of `__DATE__`, `__TIME__` and `__TIMESTAMP__`, whatever a source does about the
        // warning that forbids them (clang 16 and later).
        command.env_clear().env("SOURCE_DATE_EPOCH", "0");
        if let Some(path) = &self.library_path {
            command.env("LD_LIBRARY_PATH", path);
        }
        // Without it, Windows can't load its own libraries.
        if cfg!(windows)
            && let Some(root) = std::env::var_os("SystemRoot")
        {
            command.env("SystemRoot", root);
        }
        command
    }

    /// The targets that the sysroot has.
    pub fn targets(&self) -> Vec<String> {
        let Ok(entries) = self.sysroot.join("lib").read_dir_utf8() else {
            return Vec::new();
        };
        let mut names: Vec<_> = entries
            .flatten()
            .map(|entry| entry.file_name().to_owned())
            .filter(|name| name.starts_with("wasm32-"))
            .collect();
        names.sort();
        names
    }

    pub fn has_target(&self, target: Target) -> bool {
        ["include", "lib"]
            .iter()
            .all(|part| self.sysroot.join(part).join(target.spec().sysroot).is_dir())
    }
}

/// The resource folder below `lib/clang`: one in a release, the greatest where there are more.
fn resource_dir(versions: &Utf8Path) -> Option<Utf8PathBuf> {
    let dirs = versions
        .read_dir_utf8()
        .ok()?
        .flatten()
        .map(camino::Utf8DirEntry::into_path);
    let number = |path: &Utf8PathBuf| {
        path.file_name()
            .and_then(|name| name.split('.').next()?.parse::<u32>().ok())
            .unwrap_or(0)
    };
    dirs.filter(|path| path.join("include/stddef.h").is_file())
        .max_by_key(number)
}

/// LLVM's and clang's own shared libraries, and what was put beside them; a debugger's do not
/// count.
fn libraries(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let Ok(entries) = folder.read_dir_utf8() else {
        return Vec::new();
    };
    let shared =
        |name: &str| name.contains(".so") || Utf8Path::new(name).extension() == Some("dylib");
    let mut paths: Vec<_> = entries
        .flatten()
        .filter(|entry| shared(entry.file_name()) && !entry.file_name().starts_with("liblldb"))
        // Symbolic links are other names of files that are there too.
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(camino::Utf8DirEntry::into_path)
        .collect();
    paths.sort();
    paths
}
