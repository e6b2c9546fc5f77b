//! This program as `wasm-component-ld`, the linker of components that clang starts: releases of the
//! WASI SDK bring it, Debian's packages do not. So an SDK of theirs gets a copy of this program by
//! that name.

use camino::Utf8PathBuf;

use crate::toolchain::ComponentLinker;

const NAME: &str = "wasm-component-ld";

/// The version of the crate that does the work.
const VERSION: &str = "0.5.31";

/// Whether this process was started by the linker's name.
pub fn is_meant() -> bool {
    std::env::args_os()
        .next()
        .map(Utf8PathBuf::try_from)
        .and_then(Result::ok)
        .is_some_and(|program| program.file_stem() == Some(NAME))
}

/// Links as the arguments of the process say.
pub fn main() {
    wasm_component_ld::main();
}

/// This program, for an SDK that lacks the linker; `None` where the system does not say where it is.
pub fn this() -> Option<ComponentLinker> {
    let program = std::env::current_exe().ok()?;
    Some(ComponentLinker {
        program: Utf8PathBuf::try_from(program).ok()?,
        version: VERSION,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_crate() {
        let locked = format!("name = \"{NAME}\"\nversion = \"{VERSION}\"\n");
        assert!(include_str!("../../Cargo.lock").contains(&locked));
    }
}
