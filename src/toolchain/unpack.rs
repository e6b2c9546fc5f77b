//! Unpacking SDKs: unlike sources, their archives have symbolic links and programs.

use std::collections::BTreeSet;
use std::io::Read;

use camino::{Utf8Path, Utf8PathBuf};

use crate::fetch::Excess;
use crate::fetch::entries::{ArchiveEntry, ArchiveWalk, ENTRIES_LIMIT, EntryKind, Limits};
use crate::model::{Cause, Digesting, RelPath};
use crate::store::EntryFile;

/// The bytes that an SDK may unpack to: a release has less than 1 GiB.
const SDK_LIMIT: u64 = 4 << 30;

/// A symbolic link in an archive. Links are made after all files, so that no file is ever written
/// through one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Link {
    pub path: RelPath,
    pub target: String,
}

/// What came out of an archive.
#[derive(Debug, Default)]
pub(super) struct UnpackedSdk {
    pub files: Vec<EntryFile>,
    pub links: Vec<Link>,
}

/// Writes the files of the tar archive `reader` below `dir`, each where `place` says; `None` leaves
/// it out. Links are returned, not made.
pub(super) fn unpack(
    reader: impl Read,
    dir: &Utf8Path,
    place: impl Fn(&RelPath) -> Option<RelPath>,
) -> Result<UnpackedSdk, Cause> {
    let mut unpacked = UnpackedSdk::default();
    let mut seen = BTreeSet::new();
    let failed = |error: std::io::Error| -> Cause {
        match Excess::of(&error) {
            Some(excess) => format!("it {excess}").into(),
            None => error.into(),
        }
    };
    let mut visit = |entry: &mut ArchiveEntry<'_>| -> Result<(), Cause> {
        let name = String::from_utf8_lossy(&entry.name).into_owned();
        let name = name
            .strip_prefix("./")
            .unwrap_or(&name)
            .trim_end_matches('/')
            .to_owned();
        if matches!(entry.kind, EntryKind::Folder) || name.is_empty() || name == "." {
            return Ok(());
        }
        let path: RelPath = name
            .parse()
            .map_err(|error| format!("entry `{name}`: {error}"))?;
        let Some(to) = place(&path) else {
            return Ok(());
        };
        if !seen.insert(to.clone()) {
            return Err(format!("entry `{path}` is there twice").into());
        }
        match &entry.kind {
            EntryKind::File => {
                let written = write(&mut entry.content, dir, to, entry.executable);
                unpacked
                    .files
                    .push(written.map_err(|error| format!("entry `{path}`: {}", failed(error)))?);
            }
            EntryKind::Symlink(target) => unpacked.links.push(Link {
                target: String::from_utf8_lossy(target).into_owned(),
                path: to,
            }),
            // A second name of a file that is there already.
            EntryKind::Hardlink(target) => {
                let target = String::from_utf8_lossy(target);
                let target = target.strip_prefix("./").unwrap_or(&target);
                let first = target.parse().ok().and_then(|target| place(&target));
                let Some(first) = first.and_then(|first| {
                    unpacked
                        .files
                        .iter()
                        .find(|file| file.path == first)
                        .cloned()
                }) else {
                    return Err(format!(
                        "entry `{path}` is a link to `{target}`, which is not an earlier file"
                    )
                    .into());
                };
                let new = dir.join(to.as_str());
                parents(&new).and_then(|()| fs_err::copy(dir.join(first.path.as_str()), &new))?;
                unpacked.files.push(EntryFile { path: to, ..first });
            }
            EntryKind::Other(what) => {
                return Err(format!("entry `{path}` is {what}, which an SDK does not have").into());
            }
            EntryKind::Folder => {}
        }
        Ok(())
    };
    ArchiveWalk::new(
        Limits {
            bytes: SDK_LIMIT,
            entries: ENTRIES_LIMIT,
        },
        &failed,
        &mut visit,
    )
    .tar(reader)?;
    Ok(unpacked)
}

/// Makes `links` below `dir`. Each must stay inside: relative, with `..` only at its start, and not
/// so many that they lead out; none lies below another.
pub(super) fn make_links(dir: &Utf8Path, links: &[Link]) -> Result<(), Cause> {
    let names: BTreeSet<_> = links.iter().map(|link| link.path.as_str()).collect();
    for Link { path, target } in links {
        let refuse = |why: &str| Err(format!("link `{path}` to `{target}` {why}").into());
        if Utf8Path::new(path.as_str())
            .ancestors()
            .skip(1)
            .any(|parent| names.contains(parent.as_str()))
        {
            return refuse("is below another link");
        }
        if !stays_inside(path, target) {
            return refuse("leads out of the archive");
        }
        let to = dir.join(path.as_str());
        parents(&to)
            .and_then(|()| symlink(target, &to))
            .map_err(|error| format!("link `{path}`: {error}"))?;
    }
    Ok(())
}

/// `..` is followed only from folders that are no links themselves, so that counting the parts
/// tells where it leads.
fn stays_inside(path: &RelPath, target: &str) -> bool {
    let depth = path.as_str().matches('/').count();
    let mut parts = target.split('/').peekable();
    let mut up = 0;
    while parts.next_if(|part| *part == "..").is_some() {
        up += 1;
    }
    up <= depth
        && !target.is_empty()
        && parts.all(|part| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':']))
}

/// Writes what `reader` gives to `to`, below `dir`, where nothing is yet.
pub(super) fn write(
    reader: &mut impl Read,
    dir: &Utf8Path,
    to: RelPath,
    executable: bool,
) -> std::io::Result<EntryFile> {
    let path = dir.join(to.as_str());
    parents(&path)?;
    let mut file = Digesting::new(fs_err::File::create_new(&path)?);
    std::io::copy(reader, &mut file)?;
    let size = file.size();
    let (file, sha256) = file.finish();
    set_executable(&file, executable)?;
    Ok(EntryFile {
        path: to,
        sha256,
        size,
    })
}

pub(super) fn parents(path: &Utf8Path) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), fs_err::create_dir_all)
}

#[cfg(unix)]
pub(super) fn set_executable(file: &fs_err::File, executable: bool) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(if executable {
        0o755
    } else {
        0o644
    }))
}

#[cfg(not(unix))]
pub(super) fn set_executable(_: &fs_err::File, _: bool) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn symlink(target: &str, to: &Utf8Path) -> std::io::Result<()> {
    fs_err::os::unix::fs::symlink(target, to)
}

/// Making links takes a privilege on Windows; a copy serves where the target is a file.
#[cfg(not(unix))]
fn symlink(target: &str, to: &Utf8Path) -> std::io::Result<()> {
    let from = to
        .parent()
        .map(|parent| parent.join(target))
        .unwrap_or_default();
    fs_err::copy(from, to).map(drop)
}

/// Where a file of a release goes: its archive has one folder around everything. Names that the
/// store or an SDK overlay gives a meaning are left out.
pub(super) fn without_top_folder(path: &RelPath) -> Option<RelPath> {
    let (_, rest) = path.as_str().split_once('/')?;
    if [".entry.json", super::SDK_OVERLAY_MARK].contains(&rest) {
        None
    } else {
        rest.parse().ok()
    }
}

/// The folder of a `TempDir`, as UTF-8.
pub(super) fn utf8(dir: &tempfile::TempDir) -> Result<Utf8PathBuf, super::ToolchainError> {
    Utf8PathBuf::from_path_buf(dir.path().to_owned()).map_err(|path| super::ToolchainError::Io {
        path: path.to_string_lossy().into_owned().into(),
        source: std::io::Error::other("its name is not UTF-8"),
    })
}

#[cfg(test)]
mod tests {
    use tar::EntryType;

    use super::*;

    fn tar_of(build: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        build(&mut builder);
        builder.into_inner().expect("a vector takes all bytes")
    }

    fn header(kind: EntryType, name: &str, mode: u32, size: u64) -> tar::Header {
        let mut header = tar::Header::new_gnu();
        header.as_gnu_mut().expect("GNU").name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(size);
        header.set_cksum();
        header
    }

    fn unpacked(bytes: &[u8]) -> Result<(tempfile::TempDir, UnpackedSdk), Cause> {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(dir.path()).expect("UTF-8");
        let unpacked = unpack(bytes, root, without_top_folder)?;
        make_links(root, &unpacked.links)?;
        Ok((dir, unpacked))
    }

    #[test]
    #[cfg(unix)]
    fn the_top_folder_goes_and_modes_and_links_inside_stay() {
        use std::os::unix::fs::PermissionsExt as _;
        let bytes = tar_of(|tar| {
            // The link comes before its target, as it may.
            tar.append_link(
                &mut header(EntryType::Symlink, "", 0o777, 0),
                "sdk/bin/clang",
                "clang-19",
            )
            .expect("appended");
            tar.append(
                &header(EntryType::Regular, "sdk/bin/clang-19", 0o755, 2),
                b"hi".as_slice(),
            )
            .expect("appended");
            tar.append(
                &header(EntryType::Regular, "sdk/VERSION", 0o644, 0),
                b"".as_slice(),
            )
            .expect("appended");
            tar.append_link(
                &mut header(EntryType::Symlink, "", 0o777, 0),
                "sdk/share/x/bin",
                "../../bin",
            )
            .expect("appended");
        });
        let (dir, unpacked) = unpacked(&bytes).expect("whole");
        assert_eq!(unpacked.files.len(), 2);
        let clang = dir.path().join("share/x/bin/clang");
        assert_eq!(fs_err::read(&clang).expect("through both links"), b"hi");
        assert_eq!(
            fs_err::metadata(clang).expect("there").permissions().mode() & 0o777,
            0o755
        );
    }

    #[test]
    fn entries_and_links_that_lead_out_are_refused_by_name() {
        let file = |name: &str| {
            tar_of(|tar| {
                tar.append(&header(EntryType::Regular, name, 0o644, 0), b"".as_slice())
                    .expect("appended");
            })
        };
        let link = |target: &str| {
            tar_of(|tar| {
                tar.append_link(
                    &mut header(EntryType::Symlink, "", 0o777, 0),
                    "sdk/d/link",
                    target,
                )
                .expect("appended");
            })
        };
        for bytes in [
            file("sdk/../../out"),
            file("/etc/out"),
            link("/etc"),
            link("../../out"),
            link("x/../../../out"),
            tar_of(|tar| {
                tar.append(
                    &header(EntryType::Char, "sdk/dev", 0o644, 0),
                    b"".as_slice(),
                )
                .expect("appended");
            }),
        ] {
            let error = unpacked(&bytes)
                .map(|(_, unpacked)| unpacked)
                .expect_err("refused")
                .to_string();
            assert!(
                error.contains("out") || error.contains("etc") || error.contains("dev"),
                "{error}"
            );
        }
    }

    #[test]
    fn nothing_is_written_through_a_link() {
        let bytes = tar_of(|tar| {
            tar.append_link(&mut header(EntryType::Symlink, "", 0o777, 0), "sdk/a", "b")
                .expect("appended");
            tar.append_link(
                &mut header(EntryType::Symlink, "", 0o777, 0),
                "sdk/a/c",
                "../x",
            )
            .expect("appended");
        });
        assert!(
            unpacked(&bytes)
                .expect_err("refused")
                .to_string()
                .contains("below another link")
        );
    }
}
