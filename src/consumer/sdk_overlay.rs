//! An overlay of an SDK: a folder laid out as the SDK is, whose sysroot also has the prefix's
//! headers, archives, `.pc` files and CMake packages. The build driver of CPython takes it as
//! `WASI_SDK_PATH`, and so does whatever else knows the SDK's layout. It has a toolchain file for
//! CMake and a cross file for Meson.
//!
//! What is the SDK's is there by symbolic links; what is the prefix's is copied, so that the
//! overlay stays what it is when the prefix is built anew.

use camino::{Utf8Path, Utf8PathBuf};

use crate::build::{
    BuildError, Installed, LIBRARY_DIR, ManifestFile, ProgramFlags, TOOLCHAIN_FILE, ToolchainPlace,
    toolchain_file,
};
use crate::model::{ErrorClass, RelPath, Sha256, Target};
use crate::report::Reporter;
use crate::store::{Ours, PARSED_LIMIT, Slot, SlotError, read_regular};
use crate::toolchain::{SDK_OVERLAY_MARK, SdkOverlayMark, Toolchain, quote};

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

/// Meson's cross file, below the overlay.
const CROSS_FILE: &str = "share/meson/wasideps.ini";

/// An overlay that can't be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SdkOverlayError {
    #[error(
        "an SDK overlay can't be named `{name}`: CPython's build driver takes a folder whose name starts with `wasi-sdk` for the SDK itself, and names no sysroot"
    )]
    Name { name: String },
    #[error("the overlay has {path}, and so has the SDK {sdk}")]
    Collision { path: String, sdk: Utf8PathBuf },
    #[error(
        "an SDK overlay consists of symbolic links and shell scripts, which this system does not have"
    )]
    Unsupported,
    #[error(transparent)]
    Prefix(#[from] Box<BuildError>),
    #[error(transparent)]
    Slot(#[from] SlotError),
    #[error("{path} can't be read or written")]
    Io {
        path: Utf8PathBuf,
        source: std::io::Error,
    },
}

impl SdkOverlayError {
    /// What kind of failure it is.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Name { .. } => ErrorClass::Usage,
            Self::Prefix(error) => error.class(),
            Self::Slot(error) => error.class(),
            Self::Collision { .. } | Self::Unsupported | Self::Io { .. } => ErrorClass::Failed,
        }
    }
}

fn io(path: impl Into<Utf8PathBuf>) -> impl FnOnce(std::io::Error) -> SdkOverlayError {
    let path = path.into();
    move |source| SdkOverlayError::Io { path, source }
}

/// Makes the overlay `dir` of `toolchain`'s SDK and the headers and libraries of `prefix`; an
/// overlay that is there already is replaced in one step. Whether the prefix was made with this SDK
/// is the caller's to check. Gives the overlay's absolute path.
///
/// # Errors
/// When the name is one that CPython's driver misunderstands, the folder holds what is not ours, a
/// file of the prefix is also one of the SDK or not as it was made, or something can't be written;
/// what was at `dir` is then still there.
pub fn make_sdk_overlay(
    dir: &Utf8Path,
    toolchain: &Toolchain,
    prefix: &Installed,
    reporter: &dyn Reporter,
) -> Result<Utf8PathBuf, SdkOverlayError> {
    if !cfg!(unix) {
        return Err(SdkOverlayError::Unsupported);
    }
    let named_as_sdk = |dir: &Utf8Path| {
        dir.file_name()
            .filter(|name| name.starts_with("wasi-sdk"))
            .map(|name| SdkOverlayError::Name {
                name: name.to_owned(),
            })
    };
    if let Some(error) = named_as_sdk(dir) {
        return Err(error);
    }
    let slot = Slot::hold(dir, reporter)?;
    if let Some(error) = named_as_sdk(slot.path()) {
        return Err(error);
    }
    let old = ours(slot.path())?;
    let stage = slot.stage()?;
    fill(stage.dir(), toolchain, prefix)?;
    let flags = prefix.manifest().program_flags();
    for_build_systems(stage.dir(), slot.path(), toolchain, &flags)?;
    let mut new = Ours::all_of(stage.dir()).map_err(io(stage.dir()))?;
    let files = new.listed().cloned().collect();
    let mark = SdkOverlayMark {
        sdk: toolchain.root().to_owned(),
        config: toolchain.config(),
        identity: toolchain.identity().digest,
        files,
    };
    let text = serde_json::to_vec_pretty(&mark).map_err(|error| io(stage.dir())(error.into()))?;
    fs_err::write(stage.dir().join(SDK_OVERLAY_MARK), &text).map_err(io(stage.dir()))?;
    new.prove(mark_path(), Sha256::of(&text));
    stage.commit(old, new)?;
    Ok(slot.path().to_owned())
}

/// What of the folder `dir` may be replaced: the files of an overlay. Fails where it holds others.
fn ours(dir: &Utf8Path) -> Result<Ours, SdkOverlayError> {
    let mut ours = Ours::default();
    // A mark that can't be read lists nothing.
    if let Ok(text) = read_regular(&dir.join(SDK_OVERLAY_MARK), PARSED_LIMIT)
        && let Ok(mark) = serde_json::from_slice::<SdkOverlayMark>(&text)
    {
        ours.list(mark_path());
        mark.files.into_iter().for_each(|file| ours.list(file));
    }
    match if dir.exists() {
        ours.foreign(dir)
    } else {
        Ok(Vec::new())
    } {
        Ok(files) if files.is_empty() => Ok(ours),
        Ok(files) => Err(SlotError::Foreign {
            path: dir.to_owned(),
            files,
        }
        .into()),
        Err(error) => Err(io(dir)(error)),
    }
}

fn mark_path() -> RelPath {
    SDK_OVERLAY_MARK.parse().expect("a constant that is a path")
}

fn fill(
    overlay: &Utf8Path,
    toolchain: &Toolchain,
    prefix: &Installed,
) -> Result<(), SdkOverlayError> {
    let sdk = toolchain.root();
    let target = toolchain.config().target();
    link_children(
        sdk,
        overlay,
        &["bin", "share", ".entry.json", SDK_OVERLAY_MARK],
    )?;
    programs(&sdk.join("bin"), &overlay.join("bin"), target)?;
    let share = overlay.join("share");
    fs_err::create_dir(&share).map_err(io(&share))?;
    link_children(&sdk.join("share"), &share, &["wasi-sysroot"])?;
    let sysroot = share.join("wasi-sysroot");
    fs_err::create_dir(&sysroot).map_err(io(&sysroot))?;
    link_children(toolchain.sysroot(), &sysroot, &[])?;
    let consumed = |file: &&ManifestFile| {
        ["include", "lib"]
            .iter()
            .any(|folder| file.path.below(folder).is_some())
    };
    for file in prefix.manifest().files.iter().filter(consumed) {
        let to = place(&file.path, target);
        let path = sysroot.join(&to);
        if let Some(parent) = Utf8Path::new(&to).parent() {
            open_up(&sysroot, parent)?;
        }
        if fs_err::symlink_metadata(&path).is_ok() {
            return Err(SdkOverlayError::Collision {
                path: to,
                sdk: sdk.to_owned(),
            });
        }
        let bytes = prefix.read(file).map_err(Box::new)?;
        let text = || String::from_utf8_lossy(&bytes);
        let bytes = match path.extension() {
            Some("pc") => sysroot_relative(&text(), target).into_bytes(),
            Some("cmake") => text()
                .replace(LIBRARY_DIR, &library_dir(target))
                .into_bytes(),
            _ => bytes,
        };
        fs_err::write(&path, bytes).map_err(io(&path))?;
    }
    Ok(())
}

/// Where a file of the prefix goes in the sysroot: archives where the linker looks without being
/// told.
fn place(file: &RelPath, target: Target) -> String {
    match file.below("lib") {
        Some(rest) if !rest.as_str().contains('/') => {
            format!("lib/{}/{rest}", target.spec().sysroot)
        }
        _ => file.to_string(),
    }
}

/// The text of a `.pc` file whose paths start at the sysroot: `PKG_CONFIG_SYSROOT_DIR`, which
/// CPython's driver sets, is put before them.
fn sysroot_relative(text: &str, target: Target) -> String {
    let moved = |line: &str| {
        let (name, _) = line.split_once('=')?;
        match name.trim() {
            name @ ("prefix" | "exec_prefix") => Some(format!("{name}=/\n")),
            "includedir" => Some("includedir=/include\n".to_owned()),
            "libdir" => Some(format!("libdir=/lib/{}\n", target.spec().sysroot)),
            _ => None,
        }
    };
    text.lines()
        .map(|line| moved(line).unwrap_or_else(|| format!("{line}\n")))
        .collect()
}

/// The line of a CMake package that says where the archives are in the sysroot.
fn library_dir(target: Target) -> String {
    LIBRARY_DIR.replace("/lib\"", &format!("/lib/{}\"", target.spec().sysroot))
}

/// Adds what build systems are told of the overlay, which is put together at `stage` and will be at
/// `path`.
fn for_build_systems(
    stage: &Utf8Path,
    path: &Utf8Path,
    toolchain: &Toolchain,
    flags: &ProgramFlags,
) -> Result<(), SdkOverlayError> {
    let config = toolchain.config();
    let cmake = toolchain_file(config, flags, ToolchainPlace::SdkOverlay);
    let cross = cross_file(path, toolchain, flags);
    for (file, text) in [(TOOLCHAIN_FILE, &cmake), (CROSS_FILE, &cross)] {
        let to = stage.join(file);
        if let Some(parent) = Utf8Path::new(file).parent() {
            open_up(stage, parent)?;
        }
        if fs_err::symlink_metadata(&to).is_ok() {
            return Err(SdkOverlayError::Collision {
                path: file.to_owned(),
                sdk: toolchain.root().to_owned(),
            });
        }
        fs_err::write(&to, text).map_err(io(&to))?;
    }
    Ok(())
}

/// The text of Meson's cross file for the overlay at `path`. Format:
/// <https://mesonbuild.com/Machine-files.html>.
fn cross_file(path: &Utf8Path, toolchain: &Toolchain, flags: &ProgramFlags) -> String {
    let config = toolchain.config();
    let text = |text: &str| format!("'{}'", text.replace('\\', r"\\").replace('\'', r"\'"));
    let program = |name: &str| text(path.join("bin").join(name).as_str());
    // Not every SDK has it, and Meson does without.
    let strip = if toolchain.root().join("bin/llvm-strip").exists() {
        format!("strip = {}\n", program("llvm-strip"))
    } else {
        String::new()
    };
    let sysroot = path.join("share/wasi-sysroot");
    let list = |flags: &[&str]| {
        let flags: Vec<String> = flags.iter().map(|flag| text(flag)).collect();
        flags.join(", ")
    };
    format!(
        "# Cross file of Meson for {config}, made by wasideps.\n\
         [binaries]\n\
         c = {}\ncpp = {}\nar = {}\nnm = {}\n{strip}pkg-config = 'pkg-config'\ncmake = 'cmake'\n\n\
         [built-in options]\n\
         c_args = [{}]\ncpp_args = [{}]\nc_link_args = [{}]\ncpp_link_args = [{}]\ndefault_library = 'static'\n\n\
         [properties]\n\
         needs_exe_wrapper = true\nsys_root = {}\npkg_config_libdir = {}\ncmake_toolchain_file = {}\n\n\
         [host_machine]\n\
         system = 'wasi'\ncpu_family = 'wasm32'\ncpu = 'wasm32'\nendian = 'little'\n",
        program("clang"),
        program("clang++"),
        program("llvm-ar"),
        program("nm"),
        list(&flags.c),
        list(&flags.cxx),
        list(&flags.link),
        list(&flags.link),
        text(sysroot.as_str()),
        text(sysroot.join("lib/pkgconfig").as_str()),
        text(path.join(TOOLCHAIN_FILE).as_str()),
    )
}

/// Fills `bin`: compilers are wrappers that add the overlay's own sysroot, for clang finds the
/// SDK's through the real path of its executable.
fn programs(sdk: &Utf8Path, overlay: &Utf8Path, target: Target) -> Result<(), SdkOverlayError> {
    fs_err::create_dir(overlay).map_err(io(overlay))?;
    let mut names = Vec::new();
    for entry in sdk.read_dir_utf8().map_err(io(sdk))? {
        names.push(entry.map_err(io(sdk))?.file_name().to_owned());
    }
    let mut pairs: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), name.as_str()))
        .collect();
    // For those who know a compiler by its target alone, such as the crate cc of Rust.
    let [c, cxx] = ["clang", "clang++"].map(|program| format!("{target}-{program}"));
    let of_target = [(c.as_str(), "clang"), (cxx.as_str(), "clang")];
    pairs.extend(
        PROGRAMS
            .into_iter()
            .chain(of_target)
            .filter(|(name, _)| !names.iter().any(|there| there == name)),
    );
    for (name, program) in pairs {
        let (from, to) = (sdk.join(program), overlay.join(name));
        // A wrapper of a compiler, and a link to anything else. Its configuration file says where
        // the SDK's own sysroot is, from where it lies.
        if is_compiler(name) {
            write_script(&to, &wrapper(&from, name, target)).map_err(io(&to))?;
        } else {
            symlink(&from, &to).map_err(io(&to))?;
        }
    }
    Ok(())
}

/// `clang`, `clang++`, `clang-cpp`, `clang-19`, and each behind a target's name; not `clang-tidy`
/// or `clang.cfg`.
fn is_compiler(name: &str) -> bool {
    let name = name
        .rsplit_once("-clang")
        .map_or_else(|| name.to_owned(), |(_, rest)| format!("clang{rest}"));
    let rest = name.strip_prefix("clang");
    rest.is_some_and(|rest| {
        matches!(rest, "" | "++" | "-cpp")
            || rest
                .strip_prefix('-')
                .is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
    })
}

fn wrapper(program: &Utf8Path, name: &str, target: Target) -> String {
    let dropped = if target.spec().compile.contains(&"-pthread") {
        "-Wl,--start-group|-Wl,--end-group"
    } else {
        "-Wl,--start-group|-Wl,--end-group|-pthread"
    };
    // Where the SDK has no program of this name, clang is told what to be.
    let mode = match (program.file_name() == Some(name), name) {
        (true, _) => "",
        (false, "clang-cpp") => " --driver-mode=cpp",
        (false, name) if name.ends_with("clang++") => " --driver-mode=g++",
        (false, _) => "",
    };
    // A name such as wasm32-wasip2-clang says the target itself.
    let target = if name.starts_with("wasm32-") {
        String::new()
    } else {
        format!(" --target={target}")
    };
    format!(
        r#"#!/bin/sh
# Made by wasideps: the SDK's {name}, with the sysroot of this overlay; your own arguments come later, and win.
self=$0
if [ -L "$self" ]; then self=$(readlink -f -- "$self"); fi
case $self in
/*/bin/*) overlay=${{self%/bin/*}} ;;
*/*) overlay=$(CDPATH= cd -- "${{self%/*}}/.." && pwd) ;;
*) overlay=$(CDPATH= cd .. && pwd) ;;
esac
# Meson puts libraries into groups (mesonbuild/meson#7489), for which wasm-ld has no use and no option; and it takes threads for granted, with which
# nothing can be linked for a target that has none.
for argument do
  shift
  case $argument in {dropped}) ;; *) set -- "$@" "$argument" ;; esac
done
exec {}{mode}{target} --sysroot="$overlay/share/wasi-sysroot" "$@"
"#,
        quote(program.as_str())
    )
}

/// Makes `dir` below `root` a folder of its own: a link to one of the SDK becomes a folder of links
/// to what is in it.
fn open_up(root: &Utf8Path, dir: &Utf8Path) -> Result<(), SdkOverlayError> {
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
fn link_children(from: &Utf8Path, to: &Utf8Path, except: &[&str]) -> Result<(), SdkOverlayError> {
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
    use crate::model::BuildConfig;

    use super::*;

    #[test]
    fn compilers_are_told_from_tools_and_configuration_files() {
        for name in [
            "clang",
            "clang++",
            "clang-cpp",
            "clang-19",
            "wasm32-wasip1-clang",
            "wasm32-wasip2-clang++",
        ] {
            assert!(is_compiler(name), "{name}");
        }
        for name in [
            "clang.cfg",
            "clang++.cfg",
            "clang-tidy",
            "clang-format",
            "llvm-ar",
            "clang-apply-replacements",
        ] {
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
    fn only_an_empty_folder_or_what_the_mark_lists_may_be_replaced() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = Utf8Path::from_path(dir.path()).expect("UTF-8");
        assert_eq!(
            ours(&root.join("new")).expect("nothing is there"),
            Ours::default()
        );
        assert_eq!(ours(root).expect("it is empty"), Ours::default());
        fs_err::write(root.join("clang"), "").expect("written");
        let foreign = |expected: &[&str]| match ours(root) {
            Err(SdkOverlayError::Slot(SlotError::Foreign { files, .. })) => {
                assert_eq!(files, expected);
            }
            other => panic!("{other:?}"),
        };
        foreign(&["clang"]);
        let files = vec!["clang".parse().expect("a path")];
        let mark = SdkOverlayMark {
            sdk: root.to_owned(),
            config: BuildConfig::default(),
            identity: Sha256::of(b""),
            files,
        };
        fs_err::write(
            root.join(SDK_OVERLAY_MARK),
            serde_json::to_vec(&mark).expect("JSON"),
        )
        .expect("written");
        assert!(ours(root).is_ok());
        fs_err::write(root.join("mine"), "").expect("written");
        foreign(&["mine"]);
    }
}
