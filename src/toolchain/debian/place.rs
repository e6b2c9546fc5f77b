//! What is added to Debian's files, and left out of them, so that they are an SDK.
//!
//! The programs lie in `llvm/bin` with every shared library they need in `llvm/lib`; wasideps
//! starts them there itself, with all arguments said. Other people get `bin/`: wrappers that pass
//! what an SDK's clang has built in, before the caller's own arguments, of which the last ones win.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use object::Endianness;
use object::elf;
use object::read::elf::{Dyn as _, ElfFile64, FileHeader as _};

use super::assembly::Assembly;
use crate::model::{Cause, RelPath};
use crate::store::EntryFile;
use crate::toolchain::ToolchainError;
use crate::toolchain::unpack::{self, Link};

/// What every machine has that Rust can link on: glibc's and gcc's own libraries.
const OF_THE_MACHINE: [&str; 9] = [
    "libc.so",
    "libm.so",
    "libdl.so",
    "libpthread.so",
    "librt.so",
    "libgcc_s.so",
    "libstdc++.so",
    "ld-linux",
    "libresolv.so",
];

/// What clang starts to link a component; it starts `wasm-ld` in turn.
const COMPONENT_LINKER: &str = "wasm-component-ld";

/// The texts of all wrappers: part of the SDK's key in the store.
pub(super) fn wrappers(assembly: &Assembly) -> String {
    assembly
        .wrappers
        .values()
        .map(|program| wrapper(program, &assembly.resource_dir))
        .collect()
}

/// Adds what makes an SDK of the unpacked files: links, wrappers, `VERSION`; drops libraries that
/// no program needs.
pub(super) fn finish(
    assembly: &Assembly,
    dir: &Utf8Path,
    files: &mut Vec<EntryFile>,
    mut links: Vec<Link>,
    version: &str,
    component_linker: Option<&Utf8Path>,
) -> Result<(), ToolchainError> {
    let refuse = |source: Cause| ToolchainError::Unpack {
        archive: "Debian's packages".to_owned(),
        source,
    };
    drop_unneeded(assembly, dir, files, &mut links)?;
    let path = |text: &str| {
        text.parse::<RelPath>()
            .map_err(|error| refuse(error.into()))
    };
    links.extend(assembly.links.iter().map(|(path, target)| Link {
        path: path.clone(),
        target: target.clone(),
    }));
    unpack::make_links(dir, &links).map_err(refuse)?;
    for (name, program) in &assembly.wrappers {
        files.push(write(
            dir,
            path(&format!("bin/{name}"))?,
            &wrapper(program, &assembly.resource_dir),
            true,
        )?);
    }
    if let Some(program) = component_linker {
        let name = path(COMPONENT_LINKER)?;
        files.push(copy(dir, path(&format!("llvm/bin/{name}"))?, program)?);
        files.push(write(
            dir,
            path(&format!("bin/{name}"))?,
            &wrapper(&name, &assembly.resource_dir),
            true,
        )?);
    }
    files.push(write(dir, path("VERSION")?, version, false)?);
    Ok(())
}

/// A program in `bin` that starts `program` of `llvm/bin`: through any symbolic link, wherever the
/// SDK was moved.
fn wrapper(program: &RelPath, resource_dir: &RelPath) -> String {
    let args = if program.as_str().starts_with("clang") {
        format!(
            r#" --target=wasm32-wasip1 -resource-dir "$sdk/{resource_dir}" --sysroot="$sdk/share/wasi-sysroot""#
        )
    } else {
        String::new()
    };
    format!(
        r#"#!/bin/sh
# Made by wasideps. Debian's {program}, as the WASI SDK has it; your own arguments come later, and win.
self=$0
if [ -L "$self" ]; then self=$(readlink -f -- "$self"); fi
case $self in
/*/bin/*) sdk=${{self%/bin/*}} ;;
*/*) sdk=$(CDPATH= cd -- "${{self%/*}}/.." && pwd) ;;
*) sdk=$(CDPATH= cd .. && pwd) ;;
esac
LD_LIBRARY_PATH=$sdk/llvm/lib${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}
export LD_LIBRARY_PATH
exec "$sdk/llvm/bin/{program}"{args} "$@"
"#
    )
}

fn write(
    dir: &Utf8Path,
    path: RelPath,
    text: &str,
    executable: bool,
) -> Result<EntryFile, ToolchainError> {
    let to = dir.join(path.as_str());
    unpack::write(&mut text.as_bytes(), dir, path, executable).map_err(ToolchainError::io(to))
}

/// `program`, of this machine, as one of the SDK's.
fn copy(dir: &Utf8Path, path: RelPath, program: &Utf8Path) -> Result<EntryFile, ToolchainError> {
    let mut from = fs_err::File::open(program).map_err(ToolchainError::io(program))?;
    let to = dir.join(path.as_str());
    unpack::write(&mut from, dir, path, true).map_err(ToolchainError::io(to))
}

/// Follows what the programs need, library by library: what is not needed goes, and what is needed
/// and not there is an error now rather than on a machine that lacks it.
fn drop_unneeded(
    assembly: &Assembly,
    dir: &Utf8Path,
    files: &mut Vec<EntryFile>,
    links: &mut Vec<Link>,
) -> Result<(), ToolchainError> {
    let targets: BTreeMap<String, String> = links
        .iter()
        .filter_map(|link| {
            Some((
                link.path.below("llvm/lib")?.to_string(),
                link.target.clone(),
            ))
        })
        .collect();
    let libraries: BTreeSet<String> = files
        .iter()
        .filter_map(|file| Some(file.path.below("llvm/lib")?.to_string()))
        .collect();
    // Names by which they are needed, and the files behind them.
    let (mut names, mut seen) = (BTreeSet::new(), BTreeSet::new());
    let mut next: Vec<String> = assembly
        .programs()
        .map(|program| program.to_string())
        .collect();
    while let Some(path) = next.pop() {
        for library in needed(&dir.join(&path)).map_err(|source| ToolchainError::Unpack {
            archive: path.clone(),
            source,
        })? {
            if OF_THE_MACHINE.iter().any(|name| library.starts_with(name)) {
                continue;
            }
            // A name may be that of a link; a chain of them has an end unless it is a circle.
            let mut name = &library;
            for _ in 0..8 {
                names.insert(name.clone());
                let Some(target) = targets.get(name) else {
                    break;
                };
                name = target;
            }
            if !libraries.contains(name) {
                return Err(ToolchainError::Incomplete {
                    library,
                    needed_by: path,
                });
            }
            if seen.insert(name.clone()) {
                next.push(format!("llvm/lib/{name}"));
            }
        }
    }
    links.retain(|link| {
        link.path
            .below("llvm/lib")
            .is_none_or(|name| names.contains(name.as_str()))
    });
    let (keep, drop): (Vec<_>, Vec<_>) = std::mem::take(files).into_iter().partition(|file| {
        file.path
            .below("llvm/lib")
            .is_none_or(|name| names.contains(name.as_str()))
    });
    *files = keep;
    for file in drop {
        let path = dir.join(file.path.as_str());
        fs_err::remove_file(&path).map_err(ToolchainError::io(&path))?;
    }
    Ok(())
}

/// The libraries that an ELF file names as needed.
fn needed(path: &Utf8Path) -> Result<Vec<String>, Cause> {
    let bytes = fs_err::read(path)?;
    let read = || -> object::Result<Vec<String>> {
        let file = ElfFile64::<Endianness>::parse(&*bytes)?;
        let (endian, header) = (file.endian(), file.elf_header());
        let sections = header.sections(endian, &*bytes)?;
        let Some((dynamic, link)) = sections.dynamic(endian, &*bytes)? else {
            return Ok(Vec::new());
        };
        let strings = sections.strings(endian, &*bytes, link)?;
        let needed = dynamic
            .iter()
            .filter(|entry| entry.tag(endian) == elf::DT_NEEDED);
        needed
            .map(|entry| Ok(String::from_utf8_lossy(entry.string(endian, strings)?).into_owned()))
            .collect()
    };
    Ok(read()?)
}
