//! What an SDK is, by content: stamped into each prefix, and part of each object's key.

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::ToolchainError;
use super::layout::Layout;
use crate::model::{Sha256, Target};
use crate::store::{Store, open_regular};

/// Where an SDK is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SdkKind {
    /// It says that it is an unchanged release.
    Release,
    /// Put together from Debian's packages.
    Debian,
    /// Anything else.
    Custom,
}

/// An SDK's identity. Two SDKs with one digest make the same objects and programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Identity {
    pub kind: SdkKind,
    /// The release's number; for one of Debian's packages that of the release whose parts it has; else what its `VERSION` says, or nothing.
    pub version: String,
    /// The first line of `clang --version`.
    pub clang: String,
    /// The version of clang alone.
    pub llvm: String,
    /// The abbreviated commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wasi_libc: Option<String>,
    pub target: Target,
    /// Over the programs, clang's own headers and run-time library, and the target's part of the sysroot: relative names and contents.
    pub digest: Sha256,
    /// The same over clang, the linker, their libraries, and clang's own headers and run-time library alone.
    pub compiler: Sha256,
    /// The same over the target's part of the sysroot alone.
    pub libc: Sha256,
}

/// The digests of an [`Identity`].
pub(super) struct Digests {
    pub all: Sha256,
    pub compiler: Sha256,
    pub libc: Sha256,
}

impl Identity {
    /// What tells it from every other: two SDKs of one version may differ, and one may be for another target.
    #[must_use]
    pub fn stamp(&self) -> String {
        format!("{self}, identity {}, for {}", self.digest.short(), self.target)
    }

    /// One line for people: `WASI SDK 25 (Debian: clang 19.1.7, wasi-libc 574b88d)`.
    #[must_use]
    pub fn title(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            SdkKind::Release => write!(f, "WASI SDK {} (", self.version)?,
            SdkKind::Debian => write!(f, "WASI SDK {} (Debian: ", self.version)?,
            SdkKind::Custom if self.version.is_empty() => f.write_str("a WASI SDK without a version (")?,
            SdkKind::Custom => write!(f, "WASI SDK {}, changed (", self.version)?,
        }
        write!(f, "clang {}", self.llvm)?;
        if let Some(commit) = &self.wasi_libc {
            write!(f, ", wasi-libc {}", commit.get(..7).unwrap_or(commit))?;
        }
        f.write_str(")")
    }
}

/// What is known of an SDK once its files are hashed and its compiler was tried.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Record {
    /// What was looked at, absolute; what a fingerprint is taken of.
    watched: Vec<Utf8PathBuf>,
    /// Of sizes, times and inode numbers: while it stays, the files are taken to be the same.
    fingerprint: Sha256,
    pub identity: Identity,
    /// Whether programs can be linked.
    pub links: bool,
}

/// The files that an identity covers, and what is watched to see that they have not changed.
pub(super) struct Parts {
    /// Role and path.
    files: Vec<(String, Utf8PathBuf)>,
    watched: Vec<Utf8PathBuf>,
    fingerprint: Sha256,
}

impl Parts {
    /// Lists the parts of `layout` that can change an object or a program for `target`.
    pub fn list(layout: &Layout, target: Target) -> Result<Self, ToolchainError> {
        let mut files = vec![("clang".to_owned(), layout.clang.clone()), ("wasm-ld".to_owned(), layout.linker.clone())];
        files.extend(layout.libraries.iter().map(|path| (format!("lib/{}", path.file_name().unwrap_or_default()), path.clone())));
        let mut watched: Vec<_> = files.iter().map(|(_, path)| path.clone()).collect();
        // A link that goes, or a library that comes before another, shows in their folders.
        let mut folders: Vec<_> = watched.iter().filter_map(|path| path.parent()).map(Utf8Path::to_owned).collect();
        folders.dedup();
        watched.append(&mut folders);
        let version = layout.root.join("VERSION");
        if version.is_file() {
            watched.push(version);
        }
        let sysroot = &layout.sysroot;
        for (role, dir) in [
            ("resource/include".to_owned(), layout.resource_dir.join("include")),
            ("resource/lib".to_owned(), layout.resource_dir.join("lib")),
            ("sysroot/include".to_owned(), sysroot.join("include")),
            (format!("sysroot/lib/{target}"), sysroot.join("lib").join(target.as_str())),
        ] {
            if dir.is_dir() {
                walk(&dir, &role, target, &mut files, &mut watched).map_err(ToolchainError::io(dir))?;
            }
        }
        files.sort();
        let fingerprint = fingerprint(&watched).ok_or_else(|| ToolchainError::Io {
            path: layout.root.clone(),
            source: std::io::Error::other("its files change while they are looked at"),
        })?;
        Ok(Self { files, watched, fingerprint })
    }

    /// The digests over roles and contents. `known` gives a file's digest where it was just computed.
    pub fn digest(&self, known: impl Fn(&Utf8Path) -> Option<Sha256> + Sync) -> Result<Digests, ToolchainError> {
        let digests: Vec<Sha256> = self
            .files
            .par_iter()
            // One at a time: the sizes differ by a factor of a million.
            .with_max_len(1)
            .map(|(_, path)| {
                if let Some(digest) = known(path) {
                    return Ok(digest);
                }
                let file = open_regular(path).map_err(ToolchainError::io(path))?;
                Ok(Sha256::of_reader(file).map_err(ToolchainError::io(path))?.0)
            })
            .collect::<Result<_, ToolchainError>>()?;
        let over = |part: fn(&str) -> bool| {
            let parts = self.files.iter().map(|(role, _)| role).zip(&digests).filter(|(role, _)| part(role));
            Sha256::of_fields("wasideps toolchain 1", parts.flat_map(|(role, digest)| [role.as_bytes(), digest.as_bytes().as_slice()]))
        };
        Ok(Digests {
            all: over(|_| true),
            compiler: over(|role| !role.starts_with("sysroot/")),
            libc: over(|role| role.starts_with("sysroot/")),
        })
    }

    /// What is written down once the rest is known.
    pub fn record(self, identity: Identity, links: bool) -> Record {
        Record { watched: self.watched, fingerprint: self.fingerprint, identity, links }
    }
}

impl Record {
    /// What the store remembers of the SDK at `root`, where none of its files changed since.
    pub fn load(store: &Store, root: &Utf8Path, target: Target) -> Option<Self> {
        let record: Self = serde_json::from_slice(&fs_err::read(place(store, root, target)).ok()?).ok()?;
        (fingerprint(&record.watched)? == record.fingerprint).then_some(record)
    }

    /// Has the store remember it. A failure costs only time, at the next start.
    pub fn save(&self, store: &Store, root: &Utf8Path) {
        let place = place(store, root, self.identity.target);
        let Some(folder) = place.parent() else { return };
        if let Ok(text) = serde_json::to_vec(self)
            && fs_err::create_dir_all(folder).is_ok()
        {
            let _ = crate::store::write_atomically(&place, &text);
        }
    }
}

fn place(store: &Store, root: &Utf8Path, target: Target) -> Utf8PathBuf {
    let key = Sha256::of_fields("wasideps identity 1", [root.as_str().as_bytes(), target.as_str().as_bytes()]);
    store.root().join("identities").join(format!("{key}.json"))
}

/// Adds the files below `dir`. Those of other targets do not count; C++'s headers, thousands, are watched by their folders alone.
fn walk(
    dir: &Utf8Path,
    role: &str,
    target: Target,
    files: &mut Vec<(String, Utf8PathBuf)>,
    watched: &mut Vec<Utf8PathBuf>,
) -> std::io::Result<()> {
    watched.push(dir.to_owned());
    for entry in dir.read_dir_utf8()? {
        let entry = entry?;
        let name = entry.file_name();
        if role == "sysroot/include" && name.starts_with("wasm32-") && name != target.as_str() {
            continue;
        }
        let role = format!("{role}/{name}");
        // Through links: a target's folder may be another name of one.
        if entry.path().is_dir() {
            walk(entry.path(), &role, target, files, watched)?;
        } else {
            if !role.contains("/c++/") {
                watched.push(entry.path().to_owned());
            }
            files.push((role, entry.into_path()));
        }
    }
    Ok(())
}

/// Nothing where one of them is gone.
fn fingerprint(watched: &[Utf8PathBuf]) -> Option<Sha256> {
    let stats: Option<Vec<[u8; 48]>> = watched.iter().map(|path| stat(path)).collect();
    Some(Sha256::of_fields("wasideps fingerprint 1", stats?.iter().map(<[u8; 48]>::as_slice)))
}

#[cfg(unix)]
fn stat(path: &Utf8Path) -> Option<[u8; 48]> {
    use std::os::unix::fs::MetadataExt as _;
    let meta = fs_err::metadata(path).ok()?;
    // The time of change is the kernel's own: unlike that of modification, no program sets it back.
    Some(words([
        meta.dev(),
        meta.ino(),
        meta.size(),
        meta.mtime_nsec().cast_unsigned(),
        meta.ctime().cast_unsigned(),
        meta.ctime_nsec().cast_unsigned(),
    ]))
}

#[cfg(not(unix))]
fn stat(path: &Utf8Path) -> Option<[u8; 48]> {
    let meta = fs_err::metadata(path).ok()?;
    let time = meta.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(words([meta.len(), time.as_secs(), u64::from(time.subsec_nanos()), 0, 0, 0]))
}

fn words(words: [u64; 6]) -> [u8; 48] {
    let mut bytes = [0; 48];
    for (bytes, word) in bytes.chunks_exact_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(kind: SdkKind, version: &str, wasi_libc: Option<&str>) -> Identity {
        Identity {
            kind,
            version: version.into(),
            clang: "clang version 19.1.7".into(),
            llvm: "19.1.7".into(),
            wasi_libc: wasi_libc.map(str::to_owned),
            target: Target::Wasip1,
            digest: Sha256::of(b""),
            compiler: Sha256::of(b""),
            libc: Sha256::of(b""),
        }
    }

    #[test]
    fn a_title_tells_debians_parts_from_a_release() {
        assert_eq!(identity(SdkKind::Debian, "25", Some("574b88da4815")).title(), "WASI SDK 25 (Debian: clang 19.1.7, wasi-libc 574b88d)");
        assert_eq!(identity(SdkKind::Release, "25", Some("574b88da4815")).title(), "WASI SDK 25 (clang 19.1.7, wasi-libc 574b88d)");
        assert_eq!(identity(SdkKind::Custom, "", None).title(), "a WASI SDK without a version (clang 19.1.7)");
    }

    #[test]
    fn an_edit_a_new_file_and_a_removal_each_change_the_fingerprint() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(dir.path()).expect("UTF-8");
        fs_err::write(root.join("a.h"), "1").expect("written");
        let watched = [root.to_owned(), root.join("a.h")];
        let first = fingerprint(&watched);
        assert_eq!(fingerprint(&watched), first);
        fs_err::write(root.join("a.h"), "22").expect("written");
        let edited = fingerprint(&watched);
        assert_ne!(edited, first);
        fs_err::write(root.join("b.h"), "").expect("written");
        assert_ne!(fingerprint(&watched), edited);
        fs_err::remove_file(root.join("a.h")).expect("removed");
        assert_eq!(fingerprint(&watched), None);
    }
}
