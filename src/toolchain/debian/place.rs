//! How Debian's files make an SDK.
//!
//! The programs lie in `llvm/bin` with every shared library they need in `llvm/lib`; wasideps starts them there itself, with all arguments said. Other
//! people get `bin/`: wrappers that pass what an SDK's clang has built in, before the caller's own arguments, of which the last ones win.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use object::Endianness;
use object::elf;
use object::read::elf::{Dyn as _, ElfFile64, FileHeader as _};

use crate::model::{RelPath, Sha256};
use crate::store::EntryFile;
use crate::toolchain::ToolchainError;
use crate::toolchain::unpack::{self, Link};

/// The version of [`place`]; the tables and wrappers below count by themselves.
const LAYOUT: &str = "1";

/// Where LLVM's packages have their own tree.
const LLVM: &str = "usr/lib/llvm-19";

/// The programs that are taken.
const PROGRAMS: [&str; 6] = ["clang", "lld", "llvm-ar", "llvm-nm", "llvm-objcopy", "llvm-readobj"];

/// Other names of programs, beside them.
const ALIASES: [(&str, &str); 8] = [
    ("clang++", "clang"),
    ("clang-cpp", "clang"),
    ("wasm-ld", "lld"),
    // The name that Debian's clang starts: without it, one of the machine would be taken.
    ("wasm-ld-19", "lld"),
    ("llvm-ranlib", "llvm-ar"),
    ("llvm-strip", "llvm-objcopy"),
    ("llvm-readelf", "llvm-readobj"),
    ("ld.lld", "lld"),
];

/// The wrappers in `bin`, each with the program that it starts.
const WRAPPERS: [(&str, &str); 16] = [
    ("clang", "clang"),
    ("clang++", "clang++"),
    ("clang-cpp", "clang-cpp"),
    ("wasm-ld", "wasm-ld"),
    ("llvm-ar", "llvm-ar"),
    ("ar", "llvm-ar"),
    ("llvm-ranlib", "llvm-ranlib"),
    ("ranlib", "llvm-ranlib"),
    ("llvm-nm", "llvm-nm"),
    ("nm", "llvm-nm"),
    ("llvm-objcopy", "llvm-objcopy"),
    ("objcopy", "llvm-objcopy"),
    ("llvm-strip", "llvm-strip"),
    ("strip", "llvm-strip"),
    ("llvm-readobj", "llvm-readobj"),
    ("llvm-readelf", "llvm-readelf"),
];

/// Links between folders. Debian's wasi-libc knows both names of the first target, its run-time library only the old one.
const LINKS: [(&str, &str); 2] = [("lib/clang/19/lib/wasip1", "wasi"), ("lib/clang/19/lib/wasip2", "wasi")];

/// What every machine has that Rust can link on: glibc's and gcc's own libraries.
const OF_THE_MACHINE: [&str; 9] =
    ["libc.so", "libm.so", "libdl.so", "libpthread.so", "librt.so", "libgcc_s.so", "libstdc++.so", "ld-linux", "libresolv.so"];

/// Over everything here that shapes an SDK: part of its key in the store.
pub(super) fn layout() -> Sha256 {
    let mut texts = vec![LAYOUT.to_owned(), LLVM.to_owned(), wrapper("clang"), wrapper("llvm-ar")];
    texts.extend(PROGRAMS.map(str::to_owned));
    texts.extend(ALIASES.iter().chain(&LINKS).chain(&WRAPPERS).map(|(name, target)| format!("{name} {target}")));
    Sha256::of_fields("wasideps debian layout 1", texts.iter().map(String::as_bytes))
}

/// Where a file of `package` goes; `None` for what an SDK does not need.
pub(super) fn place(path: &RelPath, package: &str, multiarch: &str) -> Option<RelPath> {
    let path = path.as_str();
    let below = |folder: &str, to: &str| path.strip_prefix(folder)?.strip_prefix('/').map(|rest| format!("{to}/{rest}"));
    let program = || {
        let name = path.strip_prefix(LLVM)?.strip_prefix("/bin/")?;
        PROGRAMS.contains(&name).then(|| format!("llvm/bin/{name}"))
    };
    let library = || {
        let name = path.strip_prefix("usr/").unwrap_or(path).strip_prefix("lib/")?.strip_prefix(multiarch)?.strip_prefix('/')?;
        (name.contains(".so") && !name.contains('/')).then(|| format!("llvm/lib/{name}"))
    };
    let copyright = || (path == format!("usr/share/doc/{package}/copyright")).then(|| format!("share/doc/{package}/copyright"));
    program()
        .or_else(library)
        .or_else(|| below(&format!("{LLVM}/lib/clang/19"), "lib/clang/19"))
        .or_else(|| below("usr/include", "share/wasi-sysroot/include").filter(|to| to.contains("/wasm32-")))
        .or_else(|| below("usr/lib", "share/wasi-sysroot/lib").filter(|to| to.contains("/wasm32-")))
        .or_else(|| below("usr/share", "share/wasi-sysroot/share").filter(|to| to.contains("/wasm32-")))
        .or_else(copyright)?
        .parse()
        .ok()
}

/// Adds what makes an SDK of the unpacked files: links, wrappers, `VERSION`; drops libraries that no program needs.
pub(super) fn finish(dir: &Utf8Path, files: &mut Vec<EntryFile>, mut links: Vec<Link>, version: &str) -> Result<(), ToolchainError> {
    let refuse = |problem: String| ToolchainError::Unpack { archive: "Debian's packages".to_owned(), problem };
    drop_unneeded(dir, files, &mut links)?;
    let path = |text: &str| text.parse::<RelPath>().map_err(|error| refuse(error.to_string()));
    for (name, target) in ALIASES {
        links.push(Link { path: path(&format!("llvm/bin/{name}"))?, target: target.to_owned() });
    }
    for (name, target) in LINKS {
        links.push(Link { path: path(name)?, target: target.to_owned() });
    }
    unpack::make_links(dir, &links).map_err(refuse)?;
    for (name, program) in WRAPPERS {
        files.push(write(dir, path(&format!("bin/{name}"))?, &wrapper(program), true)?);
    }
    files.push(write(dir, path("VERSION")?, version, false)?);
    Ok(())
}

/// A program in `bin` that starts `program` of `llvm/bin`: through any symbolic link, wherever the SDK was moved.
fn wrapper(program: &str) -> String {
    let args = if program.starts_with("clang") {
        r#" --target=wasm32-wasip1 -resource-dir "$sdk/lib/clang/19" --sysroot="$sdk/share/wasi-sysroot""#
    } else {
        ""
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

fn write(dir: &Utf8Path, path: RelPath, text: &str, executable: bool) -> Result<EntryFile, ToolchainError> {
    let to = dir.join(path.as_str());
    let io = || -> std::io::Result<()> {
        unpack::parents(&to)?;
        fs_err::write(&to, text)?;
        unpack::set_executable(&fs_err::File::open(&to)?, executable)
    };
    io().map_err(ToolchainError::io(&to))?;
    Ok(EntryFile { path, sha256: Sha256::of(text.as_bytes()), size: text.len() as u64 })
}

/// Follows what the programs need, library by library: what is not needed goes, and what is needed and not there is an error now rather than on
/// a machine that lacks it.
fn drop_unneeded(dir: &Utf8Path, files: &mut Vec<EntryFile>, links: &mut Vec<Link>) -> Result<(), ToolchainError> {
    let targets: BTreeMap<String, String> =
        links.iter().filter_map(|link| Some((link.path.below("llvm/lib")?.to_string(), link.target.clone()))).collect();
    let libraries: BTreeSet<String> = files.iter().filter_map(|file| Some(file.path.below("llvm/lib")?.to_string())).collect();
    // Names by which they are needed, and the files behind them.
    let (mut names, mut seen) = (BTreeSet::new(), BTreeSet::new());
    let mut next: Vec<String> = PROGRAMS.iter().map(|program| format!("llvm/bin/{program}")).collect();
    while let Some(path) = next.pop() {
        for library in needed(&dir.join(&path)).map_err(|problem| ToolchainError::Unpack { archive: path.clone(), problem })? {
            if OF_THE_MACHINE.iter().any(|name| library.starts_with(name)) {
                continue;
            }
            // A name may be that of a link; a chain of them has an end unless it is a circle.
            let mut name = &library;
            for _ in 0..8 {
                names.insert(name.clone());
                let Some(target) = targets.get(name) else { break };
                name = target;
            }
            if !libraries.contains(name) {
                return Err(ToolchainError::Incomplete { library, needed_by: path });
            }
            if seen.insert(name.clone()) {
                next.push(format!("llvm/lib/{name}"));
            }
        }
    }
    links.retain(|link| link.path.below("llvm/lib").is_none_or(|name| names.contains(name.as_str())));
    let (keep, drop): (Vec<_>, Vec<_>) =
        std::mem::take(files).into_iter().partition(|file| file.path.below("llvm/lib").is_none_or(|name| names.contains(name.as_str())));
    *files = keep;
    for file in drop {
        let path = dir.join(file.path.as_str());
        fs_err::remove_file(&path).map_err(ToolchainError::io(&path))?;
    }
    Ok(())
}

/// The libraries that an ELF file names as needed.
fn needed(path: &Utf8Path) -> Result<Vec<String>, String> {
    let bytes = fs_err::read(path).map_err(|error| error.to_string())?;
    let read = || -> object::Result<Vec<String>> {
        let file = ElfFile64::<Endianness>::parse(&*bytes)?;
        let (endian, header) = (file.endian(), file.elf_header());
        let sections = header.sections(endian, &*bytes)?;
        let Some((dynamic, link)) = sections.dynamic(endian, &*bytes)? else { return Ok(Vec::new()) };
        let strings = sections.strings(endian, &*bytes, link)?;
        let needed = dynamic.iter().filter(|entry| entry.tag(endian) == elf::DT_NEEDED);
        needed.map(|entry| Ok(String::from_utf8_lossy(entry.string(endian, strings)?).into_owned())).collect()
    };
    read().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(path: &str) -> Option<String> {
        place(&path.parse().expect("valid"), "clang-19", "x86_64-linux-gnu").map(|path| path.to_string())
    }

    #[test]
    fn debians_paths_become_those_of_an_sdk() {
        for (from, to) in [
            ("usr/lib/llvm-19/bin/clang", "llvm/bin/clang"),
            ("usr/lib/x86_64-linux-gnu/libLLVM.so.19.1", "llvm/lib/libLLVM.so.19.1"),
            ("lib/x86_64-linux-gnu/libtinfo.so.6.4", "llvm/lib/libtinfo.so.6.4"),
            ("usr/lib/llvm-19/lib/clang/19/include/stddef.h", "lib/clang/19/include/stddef.h"),
            ("usr/lib/llvm-19/lib/clang/19/lib/wasi/libclang_rt.builtins-wasm32.a", "lib/clang/19/lib/wasi/libclang_rt.builtins-wasm32.a"),
            ("usr/include/wasm32-wasi/stdio.h", "share/wasi-sysroot/include/wasm32-wasi/stdio.h"),
            ("usr/lib/wasm32-wasip2/libc.a", "share/wasi-sysroot/lib/wasm32-wasip2/libc.a"),
            ("usr/share/doc/clang-19/copyright", "share/doc/clang-19/copyright"),
        ] {
            assert_eq!(placed(from).as_deref(), Some(to));
        }
    }

    #[test]
    fn what_an_sdk_does_not_need_is_left_out() {
        for path in [
            "usr/lib/llvm-19/bin/opt",
            "usr/bin/clang-19",
            "usr/lib/aarch64-linux-gnu/libz.so.1",
            "usr/lib/x86_64-linux-gnu/icu/x.so",
            "usr/include/clang/19",
            "usr/share/doc/clang-19/changelog.gz",
        ] {
            assert_eq!(placed(path), None, "{path}");
        }
    }
}
