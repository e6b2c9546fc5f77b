//! Trying a compiler before it is used.

use std::process::Command;

use camino::Utf8Path;

use super::layout::Layout;
use super::{Reach, Toolchain, ToolchainError};
use crate::model::{BuildConfig, Feature, Language, ProgramForm, Sha256, llvm_major};

/// How the macros begin that name the target (`__wasip1__`), which clang 22 defines.
pub const TARGET_MACRO: &str = "__wasip";

/// Uses a header of clang's own, one of wasi-libc, and a function of its library. Clang before 16
/// does not know `SOURCE_DATE_EPOCH`, which every command of ours sets to 0: what it makes would
/// depend on the clock.
const PROGRAM: &str = r#"#include <stddef.h>
#include <stdio.h>
_Static_assert(__builtin_strcmp(__DATE__ __TIME__, "Jan  1 197000:00:00") == 0, "SOURCE_DATE_EPOCH is ignored; clang 16 and later obey it");
int main(void) { return puts("ok") == EOF ? 1 : (int)(size_t)0; }
"#;

/// The same with what the variant `eh` brings.
const EH_PROGRAM: &str = "#include <setjmp.h>\nstatic jmp_buf place;\nint main(void) { if (setjmp(place) == 0) longjmp(place, 1); return 0; }\n";

/// What the compiler was found to be.
pub(super) struct Probed {
    /// The first line of `clang --version`.
    pub clang: String,
    /// The version in it.
    pub llvm: String,
    /// Whether programs can be linked; where they are components, that takes `wasm-component-ld`,
    /// which not every SDK has.
    pub links: bool,
    /// Of what clang defines before it reads a file, in C and in C++, but for the target's name.
    pub macros: Sha256,
}

/// Asks clang for its version, compiles a small program and links it, all below `scratch`, an empty
/// folder.
pub(super) fn probe(
    layout: &Layout,
    base_args: &[String],
    config: BuildConfig,
    scratch: &Utf8Path,
) -> Result<Probed, ToolchainError> {
    let run = |step, args: &[&str]| {
        let mut command = layout.command(&layout.clang);
        command.args(base_args).args(args).current_dir(scratch);
        run(layout, step, &mut command, scratch)
    };
    let said = run("start its clang", &["--version"])?;
    let clang = said.lines().next().unwrap_or_default().trim().to_owned();
    let Some(llvm) = clang_version(&clang) else {
        return Err(ToolchainError::Broken {
            root: layout.root.clone(),
            step: "start its clang",
            command: format!("{} --version", layout.clang),
            words: format!("this is not clang: {clang}"),
        });
    };
    let source = scratch.join("probe.c");
    let variant = config.variant();
    let program = if variant.has(Feature::Eh) {
        EH_PROGRAM
    } else {
        PROGRAM
    };
    fs_err::write(&source, program).map_err(ToolchainError::io(source))?;
    let mut compile = variant.compile_flags(llvm_major(&llvm), Language::C);
    compile.extend(["-c", "probe.c", "-o", "probe.o"]);
    run("compile a trivial program", &compile)?;
    let spec = config.target().spec();
    let linker = || {
        layout
            .clang
            .with_file_name(format!("wasm-component-ld{}", std::env::consts::EXE_SUFFIX))
    };
    let links = spec.form == ProgramForm::Module || linker().is_file();
    if links {
        run(
            "link a trivial program",
            &[
                spec.link,
                &["probe.o", "-o", "probe.wasm"],
                variant.link_flags(),
            ]
            .concat(),
        )?;
    }
    let empty = scratch.join("empty.c");
    fs_err::write(&empty, "").map_err(ToolchainError::io(empty))?;
    let defined = |language| -> Result<String, ToolchainError> {
        let all = run(
            "list what its clang defines",
            &["-x", language, "-dM", "-E", "empty.c"],
        )?;
        let others = all.lines().filter(|line| !line.contains(TARGET_MACRO));
        Ok(others.collect::<Vec<_>>().join("\n"))
    };
    let macros = Sha256::of_fields(
        "wasideps macros 2",
        [defined("c")?.as_bytes(), defined("c++")?.as_bytes()],
    );
    Ok(Probed {
        clang,
        llvm,
        links,
        macros,
    })
}

/// `19.1.7` of `Debian clang version 19.1.7 (3~deb12u1)`.
fn clang_version(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("clang version ")?;
    let version: String = rest
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    (!version.is_empty()).then_some(version)
}

/// Confined as every other command will be, so that an SDK that can't work so is found out here.
fn run(
    layout: &Layout,
    step: &'static str,
    command: &mut Command,
    scratch: &Utf8Path,
) -> Result<String, ToolchainError> {
    let broken = |command: &Command, words| ToolchainError::Broken {
        root: layout.root.clone(),
        step,
        command: Toolchain::display(command),
        words,
    };
    match layout.run(
        command,
        &Reach {
            read: Vec::new(),
            write: scratch,
            sdk: true,
        },
    ) {
        Err(error) => Err(broken(command, format!("it does not start: {error}"))),
        Ok(output) if output.status.success() => {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Ok(output) => {
            let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(broken(
                command,
                if words.is_empty() {
                    format!("it said nothing, and ended with {}", output.status)
                } else {
                    words
                },
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clang_is_known_by_its_version_line_whoever_built_it() {
        assert_eq!(
            clang_version("Debian clang version 19.1.7 (3~deb12u1)").as_deref(),
            Some("19.1.7")
        );
        assert_eq!(
            clang_version("clang version 19.1.5-wasi-sdk (https://example.org/llvm ab4b5a2db582)")
                .as_deref(),
            Some("19.1.5")
        );
        assert_eq!(clang_version("gcc (Debian 12.2.0-14) 12.2.0"), None);
    }
}
