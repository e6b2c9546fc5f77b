//! Finding out what an SDK is, by content.

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::ToolchainError;
use super::layout::Layout;
use crate::model::{BuildConfig, Identity, Sha256, Target};
use crate::report::Reporter;
use crate::store::{Kind, Store, StoreError, open_regular};

/// The digests of an [`Identity`].
pub(super) struct IdentityDigests {
    pub all: Sha256,
    pub compiler: Sha256,
    pub libc: Sha256,
}

/// What is known of an SDK once its files are hashed and its compiler was tried. It is an entry of
/// the store, so that no byte of it changes unseen.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct SdkRecord {
    pub identity: Identity,
    /// Whether programs can be linked.
    pub links: bool,
    /// Of what clang defines before it reads a file, in C and in C++.
    pub macros: Sha256,
}

/// Which files of an SDK are looked at to see that it has not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SdkWatch {
    /// Those that can change an object or a program: of an SDK that is somebody's own.
    Parts,
    /// All of them: of an SDK in the store, which is wasideps's own.
    All,
}

/// The files that an identity covers, and what was seen of them without reading them.
pub(super) struct SdkFiles {
    /// Role and path.
    files: Vec<(String, Utf8PathBuf)>,
    /// Of sizes, times and inode numbers: while it stays, the files are taken to be the same.
    fingerprint: Sha256,
}

impl SdkFiles {
    /// Lists the parts of `layout` that can change an object or a program for `target`. What is
    /// watched follows from the SDK alone.
    pub fn list(layout: &Layout, target: Target, watch: SdkWatch) -> Result<Self, ToolchainError> {
        let mut files = vec![
            ("clang".to_owned(), layout.clang.clone()),
            ("wasm-ld".to_owned(), layout.linker.clone()),
        ];
        files.extend(layout.libraries.iter().map(|path| {
            (
                format!("lib/{}", path.file_name().unwrap_or_default()),
                path.clone(),
            )
        }));
        let mut watched: Vec<_> = files.iter().map(|(_, path)| path.clone()).collect();
        // A link that goes, or a library that comes before another, shows in their folders.
        let mut folders: Vec<_> = watched
            .iter()
            .filter_map(|path| path.parent())
            .map(Utf8Path::to_owned)
            .collect();
        folders.dedup();
        watched.append(&mut folders);
        let version = layout.root.join("VERSION");
        if version.is_file() {
            watched.push(version);
        }
        let sysroot = &layout.sysroot;
        for (role, dir) in [
            (
                "resource/include".to_owned(),
                layout.resource_dir.join("include"),
            ),
            ("resource/lib".to_owned(), layout.resource_dir.join("lib")),
            ("sysroot/include".to_owned(), sysroot.join("include")),
            (
                format!("sysroot/lib/{}", target.spec().sysroot),
                sysroot.join("lib").join(target.spec().sysroot),
            ),
        ] {
            if dir.is_dir() {
                walk(&dir, &role, target, &mut files, &mut watched)?;
            }
        }
        files.sort();
        watched.sort();
        let mut all = Vec::new();
        if watch == SdkWatch::All {
            list_all(&layout.root, &mut all)?;
            all.sort();
        }
        Ok(Self {
            files,
            fingerprint: fingerprint(&watched, &all)?,
        })
    }

    /// Where the headers are that clang may find.
    pub fn headers(&self) -> impl Iterator<Item = Utf8PathBuf> {
        let is_header = |role: &str| {
            role.starts_with("resource/include/") || role.starts_with("sysroot/include/")
        };
        self.files
            .iter()
            .filter(move |(role, _)| is_header(role))
            .map(|(_, path)| path.clone())
    }

    /// The digests over roles and contents. `known` gives a file's digest where it was just
    /// computed.
    pub fn digest(
        &self,
        known: impl Fn(&Utf8Path) -> Option<Sha256> + Sync,
    ) -> Result<IdentityDigests, ToolchainError> {
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
            let parts = self
                .files
                .iter()
                .map(|(role, _)| role)
                .zip(&digests)
                .filter(|(role, _)| part(role));
            Sha256::of_fields(
                "wasideps toolchain 1",
                parts.flat_map(|(role, digest)| [role.as_bytes(), digest.as_bytes().as_slice()]),
            )
        };
        Ok(IdentityDigests {
            all: over(|_| true),
            compiler: over(|role| !role.starts_with("sysroot/")),
            libc: over(|role| role.starts_with("sysroot/")),
        })
    }
}

impl SdkRecord {
    /// What the store remembers of the SDK at `root`, whose `parts` are as they were then.
    pub fn load(
        store: &Store,
        root: &Utf8Path,
        config: BuildConfig,
        parts: &SdkFiles,
        reporter: &dyn Reporter,
    ) -> Result<Option<Self>, StoreError> {
        store.record(Kind::Identity, &key(root, config, parts), reporter)
    }

    /// Has the store remember it.
    pub fn save(
        &self,
        store: &Store,
        root: &Utf8Path,
        parts: &SdkFiles,
        reporter: &dyn Reporter,
    ) -> Result<(), StoreError> {
        store.keep_record(
            Kind::Identity,
            &key(root, self.identity.config, parts),
            self,
            reporter,
        )
    }
}

/// It covers the fingerprint: an SDK that has changed has another record, and none is ever
/// overwritten.
fn key(root: &Utf8Path, config: BuildConfig, parts: &SdkFiles) -> Sha256 {
    let config = config.to_string();
    let fields = [
        root.as_str().as_bytes(),
        config.as_bytes(),
        parts.fingerprint.as_bytes(),
    ];
    Sha256::of_fields("wasideps identity 5", fields)
}

/// Adds the files below `dir`. Those of other targets do not count; C++'s headers, thousands, are
/// watched by their folders alone.
fn walk(
    dir: &Utf8Path,
    role: &str,
    target: Target,
    files: &mut Vec<(String, Utf8PathBuf)>,
    watched: &mut Vec<Utf8PathBuf>,
) -> Result<(), ToolchainError> {
    watched.push(dir.to_owned());
    for entry in dir.read_dir_utf8().map_err(ToolchainError::io(dir))? {
        let entry = entry.map_err(ToolchainError::io(dir))?;
        let name = entry.file_name();
        if role == "sysroot/include" && name.starts_with("wasm32-") && name != target.spec().sysroot
        {
            continue;
        }
        let role = format!("{role}/{name}");
        if is_folder(&entry)? {
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

/// Whether a part is a folder; if not, it is a file. Links are followed: a target's folder may be
/// another name of one.
fn is_folder(entry: &camino::Utf8DirEntry) -> Result<bool, ToolchainError> {
    let path = entry.path();
    let refuse = |problem: String| {
        Err(ToolchainError::Part {
            path: path.to_owned(),
            source: problem.into(),
        })
    };
    let kind = entry.file_type().map_err(ToolchainError::io(path))?;
    if kind.is_dir() || kind.is_file() {
        return Ok(kind.is_dir());
    }
    if !kind.is_symlink() {
        return refuse("it is neither a file nor a folder".to_owned());
    }
    let target = path.read_link_utf8().map_err(ToolchainError::io(path))?;
    let folder = path.parent().unwrap_or(path);
    match (path.canonicalize_utf8(), folder.canonicalize_utf8()) {
        (Ok(real), _) if real.is_file() => Ok(false),
        (Ok(real), Ok(folder)) if real.is_dir() && folder.starts_with(&real) => refuse(format!(
            "it is a link to {target}, a folder that it is in itself"
        )),
        (Ok(real), _) if real.is_dir() => Ok(true),
        (Ok(_), _) => refuse(format!(
            "it is a link to {target}, which is neither a file nor a folder"
        )),
        (Err(error), _) if error.kind() == std::io::ErrorKind::NotFound => {
            refuse(format!("it is a link to {target}, which does not exist"))
        }
        (Err(error), _) => refuse(format!("it is a link to {target}: {error}")),
    }
}

/// Everything below `dir`, and `dir` itself; links are not followed.
fn list_all(dir: &Utf8Path, all: &mut Vec<Utf8PathBuf>) -> Result<(), ToolchainError> {
    all.push(dir.to_owned());
    for entry in dir.read_dir_utf8().map_err(ToolchainError::io(dir))? {
        let entry = entry.map_err(ToolchainError::io(dir))?;
        if entry
            .file_type()
            .map_err(ToolchainError::io(entry.path()))?
            .is_dir()
        {
            list_all(entry.path(), all)?;
        } else {
            all.push(entry.into_path());
        }
    }
    Ok(())
}

/// Of what `watched` leads to, and of `all` themselves.
fn fingerprint(watched: &[Utf8PathBuf], all: &[Utf8PathBuf]) -> Result<Sha256, ToolchainError> {
    let followed = watched.iter().map(|path| {
        fs_err::metadata(path)
            .and_then(|meta| words(&meta))
            .map_err(ToolchainError::io(path))
    });
    let themselves = all.iter().map(|path| {
        fs_err::symlink_metadata(path)
            .and_then(|meta| words(&meta))
            .map_err(ToolchainError::io(path))
    });
    let stats = followed.chain(themselves).collect::<Result<Vec<_>, _>>()?;
    let bytes: Vec<u8> = stats
        .into_iter()
        .flatten()
        .flat_map(u64::to_le_bytes)
        .collect();
    Ok(Sha256::of_fields(
        "wasideps fingerprint 1",
        [bytes.as_slice()],
    ))
}

#[cfg(unix)]
fn words(meta: &std::fs::Metadata) -> std::io::Result<[u64; 6]> {
    use std::os::unix::fs::MetadataExt as _;
    // The time of change is the kernel's own: unlike that of modification, no program sets it back.
    let times = [meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec()].map(i64::cast_unsigned);
    Ok([
        meta.dev(),
        meta.ino(),
        meta.size(),
        times[0],
        times[1],
        times[2],
    ])
}

#[cfg(not(unix))]
fn words(meta: &std::fs::Metadata) -> std::io::Result<[u64; 6]> {
    let time = meta
        .modified()?
        .duration_since(std::time::UNIX_EPOCH)
        .map_err(std::io::Error::other)?;
    Ok([
        meta.len(),
        time.as_secs(),
        u64::from(time.subsec_nanos()),
        0,
        0,
        0,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::with_causes;

    #[test]
    fn an_edit_a_new_file_and_a_removal_each_change_the_fingerprint() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(dir.path()).expect("UTF-8");
        fs_err::write(root.join("a.h"), "1").expect("written");
        let watched = [root.to_owned(), root.join("a.h")];
        let found = || fingerprint(&watched, &[]).expect("all are there");
        let first = found();
        assert_eq!(found(), first);
        fs_err::write(root.join("a.h"), "22").expect("written");
        let edited = found();
        assert_ne!(edited, first);
        fs_err::write(root.join("b.h"), "").expect("written");
        assert_ne!(found(), edited);
        fs_err::remove_file(root.join("a.h")).expect("removed");
        let error = fingerprint(&watched, &[]).expect_err("one is gone");
        assert!(error.to_string().contains("a.h"), "{error}");
    }

    #[test]
    #[cfg(unix)]
    fn links_that_lead_nowhere_round_in_circles_or_to_no_file_are_named_with_what_they_are() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(dir.path()).expect("UTF-8");
        let walked = |target: &str| {
            let link = root.join("sub/link");
            fs_err::create_dir_all(root.join("sub")).expect("made");
            let _ = fs_err::remove_file(&link);
            fs_err::os::unix::fs::symlink(target, &link).expect("made");
            walk(
                root,
                "resource/include",
                Target::Wasip1,
                &mut Vec::new(),
                &mut Vec::new(),
            )
            .map_err(|error| with_causes(&error))
        };
        fs_err::write(root.join("file"), "").expect("written");
        for (target, problem) in [
            ("gone", "gone, which does not exist"),
            ("..", "folder that it is in"),
            ("link", "link: "),
            ("/dev/null", "neither a file nor"),
        ] {
            let error = walked(target).expect_err("refused");
            assert!(
                error.contains("sub/link") && error.contains(problem),
                "{error}"
            );
        }
        walked("../file").expect("a link to a file is one");
    }
}
