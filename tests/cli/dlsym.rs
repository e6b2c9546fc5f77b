//! What dlsym of libffi finds in a program, and what that costs.

use std::path::PathBuf;
use std::process::Command;

use crate::programs::pkgconf;
use crate::support::{Place, built, project, run, sdk, test, wasmtime};

/// Compiles and links C with what pkg-config says of libffi; the linker may warn of nothing.
fn link(place: &Place, name: &str, source: &str, arguments: &[&str]) -> PathBuf {
    let folder = built().path("out/lib/pkgconfig").display().to_string();
    let program = place.path(&format!("{name}.wasm"));
    let mut command = Command::new(sdk().join("bin/clang"));
    command
        .current_dir(place.path(""))
        .args(["-O2", "-Wl,--fatal-warnings"])
        .arg(place.write(&format!("{name}.c"), source))
        .args(arguments)
        .args(pkgconf(
            &["libffi".into()],
            &[("PKG_CONFIG_LIBDIR", folder)],
        ))
        .arg("-I")
        .arg(project().join("recipes/libffi"))
        .arg("-o")
        .arg(&program);
    run(&mut command).exits(0);
    program
}

fn printed(program: &PathBuf) -> String {
    run(Command::new(wasmtime()).arg("run").arg(program))
        .exits(0)
        .stdout
}

fn size(program: &PathBuf) -> u64 {
    std::fs::metadata(program).expect("a program").len()
}

const LOOKS_UP: &str = r#"
#include <dlfcn.h>
#include <stdio.h>
int main(int count, char **names) {
  const char *name = count > 1 ? names[1] : "Py_GetVersion";
  const char *(*function)(void) = (const char *(*)(void))dlsym(dlopen(NULL, RTLD_NOW), name);
  printf("%s\n", function != NULL ? function() : dlerror());
}
"#;

#[test]
fn dlsym_finds_the_c_library_whether_libdl_is_named_before_libffi_or_not_and_with_lto() {
    let place = Place::new();
    let source = std::fs::read_to_string(project().join("recipes/libffi/check-symbols.c"));
    let expected = std::fs::read_to_string(project().join("recipes/libffi/check-symbols.expected"));
    let (source, expected) = (source.expect("the source"), expected.expect("the output"));
    for (name, arguments) in [
        ("alone", &[][..]),
        ("libdl", &["-ldl"]),
        ("lto", &["-ldl", "-flto"]),
    ] {
        let program = link(&place, name, &source, arguments);
        assert_eq!(printed(&program), expected, "{name}");
    }
}

#[test]
fn dlsym_finds_what_the_program_has_of_cpython_at_its_own_type_with_lto_too() {
    let place = Place::new();
    let python = r#"const char *Py_GetVersion(void) { return "a version"; }"#;
    let called = LOOKS_UP.replace("int main", &format!("{python}\nint main"));
    for (name, arguments) in [("python", &[][..]), ("lto", &["-flto"])] {
        let program = link(&place, name, &called, arguments);
        assert_eq!(printed(&program), "a version\n", "{name}");
    }
    assert_eq!(
        printed(&link(&place, "none", LOOKS_UP, &[])),
        "Py_GetVersion: not in libffi's tables, nor registered by the program (ffi_wasi_dl.h)\n"
    );
}

#[test]
fn the_tables_are_linked_only_where_dlsym_is_called_and_not_where_the_program_refuses_them() {
    let place = Place::new();
    let own = format!("#include <ffi_wasi_dl.h>\nFFI_WASI_ONLY_OWN_SYMBOLS\n{LOOKS_UP}");
    let (all, own) = (
        size(&link(&place, "all", LOOKS_UP, &["-s"])),
        size(&link(&place, "own", &own, &["-s"])),
    );
    assert!(all > 250_000 && own < 30_000, "{all} {own}");

    // A name of the C library for something else, which the tables would ask for as a function.
    let without = "#include <stdio.h>\nint y1 = 7;\nint main(void) { printf(\"%d\\n\", y1); }\n";
    let program = link(&place, "without", without, &["-s"]);
    let plain = place.path("plain.wasm");
    run(Command::new(sdk().join("bin/clang"))
        .args(["-O2", "-s"])
        .arg(place.path("without.c"))
        .args(["-Wl,--growable-table", "-o"])
        .arg(&plain))
    .exits(0);
    let bytes = |program| std::fs::read(program).expect("a program");
    assert!(bytes(&program) == bytes(&plain), "{}", size(&program));
    assert_eq!(printed(&program), "7\n");
}
