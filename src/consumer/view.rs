//! A view of an SDK: a folder laid out as the SDK is, whose sysroot also has the prefix's headers, archives and `.pc` files. The build driver
//! of CPython takes it as `WASI_SDK_PATH`, and so does whatever else knows the SDK's layout.
//!
//! What is the SDK's is there by symbolic links; what is the prefix's is copied, so that the view stays what it is when the prefix is built anew.

use camino::{Utf8Path, Utf8PathBuf};
use miette::Diagnostic;

use crate::model::{RelPath, Sha256, Target};
use crate::report::Silent;
use crate::store::{Store, StoreError, TEXT_LIMIT, mend, read_text, swap_in};
use crate::toolchain::{Toolchain, VIEW_MARK, ViewMark, quote};

/// The programs that consumers call, each with one that does the same where the SDK lacks it.
const PROGRAMS: [(&str, &str); 9] = [
    ("clang", "clang"),
    ("clang++", "clang"),
    ("clang-cpp", "clang"),
    ("wasm-ld", "wasm-ld"),
    ("llvm-ar", "llvm-ar"),
    ("llvm-ranlib", "llvm-ar"),
    ("ar", "llvm-ar"),
    ("ranlib", "llvm-ranlib"),
    ("nm", "llvm-nm"),
];

/// A view that can't be made.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ViewError {
    #[error(
        "an SDK view can't be called `{name}`: CPython's build driver takes a folder whose name starts with `wasi-sdk` for the SDK itself, and leaves out --sysroot"
    )]
    #[diagnostic(help("another name serves, such as `sdk-view`"))]
    Name { name: String },
    #[error("{dir} has files in it that wasideps did not make")]
    #[diagnostic(help("name a folder that is not there yet, is empty, or is an SDK view"))]
    Foreign { dir: Utf8PathBuf },
    #[error("{path} is in the prefix and in the sysroot of the SDK {sdk}")]
    Collision { path: String, sdk: Utf8PathBuf },
    #[error("an SDK view is made of symbolic links and shell scripts, which this system does not have")]
    #[diagnostic(help("`wasideps env` prints the variables that consumers understand"))]
    Unsupported,
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
    #[error("{path}: {source}")]
    Io { path: Utf8PathBuf, source: std::io::Error },
}

fn io(path: impl Into<Utf8PathBuf>) -> impl FnOnce(std::io::Error) -> ViewError {
    let path = path.into();
    move |source| ViewError::Io { path, source }
}

/// Makes the view `dir` of `toolchain`'s SDK and `files`, those of the prefix `prefix`; a view that is there already is replaced in one step.
/// Whether the prefix was made with this SDK is the caller's to check. Gives the view's absolute path.
///
/// # Errors
/// When the name is one that CPython's driver misunderstands, the folder is somebody else's, a file of the prefix is also one of the SDK, or
/// something can't be written; what was at `dir` is then still there.
pub fn make_view(
    dir: &Utf8Path,
    toolchain: &Toolchain,
    prefix: &Utf8Path,
    files: &[RelPath],
    store: &Store,
) -> Result<Utf8PathBuf, ViewError> {
    if !cfg!(unix) {
        return Err(ViewError::Unsupported);
    }
    let dir = camino::absolute_utf8(dir).map_err(io(dir))?;
    let (Some(name), Some(parent)) = (dir.file_name(), dir.parent()) else { return Err(ViewError::Foreign { dir }) };
    if name.starts_with("wasi-sdk") {
        return Err(ViewError::Name { name: name.to_owned() });
    }
    fs_err::create_dir_all(parent).map_err(io(parent))?;
    let _guard = store.lock("view", &Sha256::of(dir.as_str().as_bytes()), "making this view", &Silent)?;
    mend(&dir).map_err(io(&dir))?;
    if !is_ours(&dir)? {
        return Err(ViewError::Foreign { dir });
    }
    // A fixed name: what a killed process left is removed by the next one, under the lock.
    let staging = parent.join(format!(".{name}.wasideps-new"));
    remove(&staging)?;
    let made = fill(&staging, toolchain, prefix, files).and_then(|()| swap_in(&staging, &dir).map_err(io(&dir)));
    let removed = remove(&staging);
    made?;
    removed?;
    Ok(dir)
}

/// Whether `dir` may be replaced: not there, empty, or a view.
fn is_ours(dir: &Utf8Path) -> Result<bool, ViewError> {
    match fs_err::read_dir(dir) {
        Ok(mut entries) => Ok(dir.join(VIEW_MARK).is_file() || entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(fs_err::symlink_metadata(dir).is_err()),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(io(dir)(error)),
    }
}

fn remove(dir: &Utf8Path) -> Result<(), ViewError> {
    match fs_err::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io(dir)(error)),
        _ => Ok(()),
    }
}

fn fill(view: &Utf8Path, toolchain: &Toolchain, prefix: &Utf8Path, files: &[RelPath]) -> Result<(), ViewError> {
    let sdk = toolchain.root();
    let target = toolchain.target();
    fs_err::create_dir(view).map_err(io(view))?;
    link_children(sdk, view, &["bin", "share", ".entry.json", VIEW_MARK])?;
    programs(&sdk.join("bin"), &view.join("bin"), target)?;
    let share = view.join("share");
    fs_err::create_dir(&share).map_err(io(&share))?;
    link_children(&sdk.join("share"), &share, &["wasi-sysroot"])?;
    let sysroot = share.join("wasi-sysroot");
    fs_err::create_dir(&sysroot).map_err(io(&sysroot))?;
    link_children(toolchain.sysroot(), &sysroot, &[])?;
    for file in files {
        let from = prefix.join(file.as_str());
        let to = place(file, target);
        let path = sysroot.join(&to);
        if let Some(parent) = Utf8Path::new(&to).parent() {
            open_up(&sysroot, parent)?;
        }
        if fs_err::symlink_metadata(&path).is_ok() {
            return Err(ViewError::Collision { path: to, sdk: sdk.to_owned() });
        }
        if path.extension() == Some("pc") {
            let text = read_text(&from, TEXT_LIMIT).map_err(io(&from))?;
            fs_err::write(&path, sysroot_relative(&text, target)).map_err(io(&path))?;
        } else {
            fs_err::copy(&from, &path).map_err(io(&path))?;
        }
    }
    let mark = ViewMark { sdk: sdk.to_owned(), target, identity: toolchain.identity().digest };
    let text = serde_json::to_vec_pretty(&mark).map_err(|error| io(view)(error.into()))?;
    fs_err::write(view.join(VIEW_MARK), text).map_err(io(view))
}

/// Where a file of the prefix goes in the sysroot: archives where the linker looks without being told.
fn place(file: &RelPath, target: Target) -> String {
    match file.below("lib") {
        Some(rest) if !rest.as_str().contains('/') => format!("lib/{target}/{rest}"),
        _ => file.to_string(),
    }
}

/// The text of a `.pc` file whose paths start at the sysroot: `PKG_CONFIG_SYSROOT_DIR`, which CPython's driver sets, is put before them.
fn sysroot_relative(text: &str, target: Target) -> String {
    let moved = |line: &str| {
        let (name, _) = line.split_once('=')?;
        match name.trim() {
            name @ ("prefix" | "exec_prefix") => Some(format!("{name}=/\n")),
            "includedir" => Some("includedir=/include\n".to_owned()),
            "libdir" => Some(format!("libdir=/lib/{target}\n")),
            _ => None,
        }
    };
    text.lines().map(|line| moved(line).unwrap_or_else(|| format!("{line}\n"))).collect()
}

/// Fills `bin`: compilers are wrappers that add the view's own sysroot, for clang finds the SDK's through the real path of its executable.
fn programs(sdk: &Utf8Path, view: &Utf8Path, target: Target) -> Result<(), ViewError> {
    fs_err::create_dir(view).map_err(io(view))?;
    let mut names = Vec::new();
    for entry in sdk.read_dir_utf8().map_err(io(sdk))? {
        names.push(entry.map_err(io(sdk))?.file_name().to_owned());
    }
    let mut pairs: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
    pairs.extend(PROGRAMS.iter().copied().filter(|(name, _)| !names.iter().any(|there| there == name)));
    for (name, program) in pairs {
        let (from, to) = (sdk.join(program), view.join(name));
        // A wrapper of a compiler, and a link to anything else. Its configuration file says where the SDK's own sysroot is, from where it lies.
        if is_compiler(name) {
            write_script(&to, &wrapper(&from, name, target)).map_err(io(&to))?;
        } else {
            symlink(&from, &to).map_err(io(&to))?;
        }
    }
    Ok(())
}

/// `clang`, `clang++`, `clang-cpp`, `clang-19`, and each behind a target's name; not `clang-tidy` or `clang.cfg`.
fn is_compiler(name: &str) -> bool {
    let name = name.rsplit_once("-clang").map_or_else(|| name.to_owned(), |(_, rest)| format!("clang{rest}"));
    let rest = name.strip_prefix("clang");
    rest.is_some_and(|rest| {
        matches!(rest, "" | "++" | "-cpp") || rest.strip_prefix('-').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
    })
}

fn wrapper(program: &Utf8Path, name: &str, target: Target) -> String {
    // Where the SDK has no program of this name, clang is told what to be.
    let mode = match (program.file_name() == Some(name), name) {
        (false, "clang++") => " --driver-mode=g++",
        (false, "clang-cpp") => " --driver-mode=cpp",
        _ => "",
    };
    // A name such as wasm32-wasip2-clang says the target itself.
    let target = if name.starts_with("wasm32-") { String::new() } else { format!(" --target={target}") };
    format!(
        r#"#!/bin/sh
# Made by wasideps: the SDK's {name}, with the sysroot of this view; your own arguments come later, and win.
self=$0
if [ -L "$self" ]; then self=$(readlink -f -- "$self"); fi
case $self in
/*/bin/*) view=${{self%/bin/*}} ;;
*/*) view=$(CDPATH= cd -- "${{self%/*}}/.." && pwd) ;;
*) view=$(CDPATH= cd .. && pwd) ;;
esac
exec {}{mode}{target} --sysroot="$view/share/wasi-sysroot" "$@"
"#,
        quote(program.as_str())
    )
}

/// Makes `dir` below `root` a folder of its own: a link to one of the SDK becomes a folder of links to what is in it.
fn open_up(root: &Utf8Path, dir: &Utf8Path) -> Result<(), ViewError> {
    let mut path = root.to_owned();
    for part in dir.components() {
        path.push(part.as_str());
        match fs_err::symlink_metadata(&path) {
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => {
                let behind = path.canonicalize_utf8().map_err(io(&path))?;
                fs_err::remove_file(&path).map_err(io(&path))?;
                fs_err::create_dir(&path).map_err(io(&path))?;
                link_children(&behind, &path, &[])?;
            }
            Err(_) => fs_err::create_dir(&path).map_err(io(&path))?,
        }
    }
    Ok(())
}

/// Links in `to` to everything in `from` but `except`.
fn link_children(from: &Utf8Path, to: &Utf8Path, except: &[&str]) -> Result<(), ViewError> {
    for entry in from.read_dir_utf8().map_err(io(from))? {
        let entry = entry.map_err(io(from))?;
        if !except.contains(&entry.file_name()) {
            let link = to.join(entry.file_name());
            symlink(entry.path(), &link).map_err(io(&link))?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn symlink(target: &Utf8Path, link: &Utf8Path) -> std::io::Result<()> {
    fs_err::os::unix::fs::symlink(target, link)
}

#[cfg(not(unix))]
fn symlink(_: &Utf8Path, _: &Utf8Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(unix)]
fn write_script(path: &Utf8Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs_err::write(path, text)?;
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn write_script(_: &Utf8Path, _: &str) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compilers_are_told_from_tools_and_configuration_files() {
        for name in ["clang", "clang++", "clang-cpp", "clang-19", "wasm32-wasip1-clang", "wasm32-wasip2-clang++"] {
            assert!(is_compiler(name), "{name}");
        }
        for name in ["clang.cfg", "clang++.cfg", "clang-tidy", "clang-format", "llvm-ar", "clang-apply-replacements"] {
            assert!(!is_compiler(name), "{name}");
        }
    }

    #[test]
    fn a_pc_file_loses_its_place_and_keeps_the_rest() {
        let text = "prefix=${pcfiledir}/../..\nlibdir=${prefix}/lib\nincludedir=${prefix}/include\n\nName: x\nCflags: -I${includedir}/x -DA=1\nLibs: -L${libdir} -lx\n";
        assert_eq!(
            sysroot_relative(text, Target::Wasip1),
            "prefix=/\nlibdir=/lib/wasm32-wasip1\nincludedir=/include\n\nName: x\nCflags: -I${includedir}/x -DA=1\nLibs: -L${libdir} -lx\n"
        );
    }

    #[test]
    fn only_archives_move_to_the_targets_folder() {
        let placed = |path: &str| place(&path.parse().expect("valid"), Target::Wasip2);
        assert_eq!(placed("lib/libz.a"), "lib/wasm32-wasip2/libz.a");
        assert_eq!(placed("lib/pkgconfig/zlib.pc"), "lib/pkgconfig/zlib.pc");
        assert_eq!(placed("include/zlib.h"), "include/zlib.h");
    }

    #[test]
    fn somebody_elses_folder_and_file_are_left_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(dir.path()).expect("UTF-8");
        assert!(is_ours(&root.join("new")).expect("looked"));
        assert!(is_ours(root).expect("looked"));
        fs_err::write(root.join("file"), "").expect("written");
        assert!(!is_ours(root).expect("looked"));
        assert!(!is_ours(&root.join("file")).expect("looked"));
        fs_err::write(root.join(VIEW_MARK), "").expect("written");
        assert!(is_ours(root).expect("looked"));
    }
}
