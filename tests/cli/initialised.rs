//! Programs with libffi that `wasmtime wizer` initialises in advance: docs/libffi.md.

use std::path::PathBuf;
use std::process::{Command, Output};

use crate::programs::pkgconf;
use crate::support::{Place, built, project, run, sdk, test, wasmtime};

/// Links `tests/libffi/initialised.c` with what pkg-config says of libffi.
fn linked(place: &Place, defines: &[&str]) -> PathBuf {
    let program = place.path("program.wasm");
    let libdir = built().path("out/lib/pkgconfig").display().to_string();
    let mut clang = Command::new(sdk().join("bin/clang"));
    clang
        .args(["-O1", "-Wall", "-Werror"])
        .args(defines)
        .arg(project().join("tests/libffi/initialised.c"))
        .args(pkgconf(
            &["libffi".to_owned()],
            &[("PKG_CONFIG_LIBDIR", libdir)],
        ))
        .arg("-o")
        .arg(&program);
    run(&mut clang).exits(0);
    program
}

fn wizer(place: &Place, program: &PathBuf) -> Output {
    Command::new(wasmtime())
        .args(["wizer", "-S", "cli"])
        .arg(program)
        .arg("-o")
        .arg(place.path("initialised.wasm"))
        .output()
        .expect("wasmtime starts")
}

fn prints(program: PathBuf) -> String {
    run(Command::new(wasmtime()).arg("run").arg(program))
        .exits(0)
        .stdout
}

#[test]
fn calls_and_closures_of_libffi_that_were_made_before_work_in_the_initialised_program() {
    for (closure, expected) in [
        ("-DCLOSURE=NONE", "call: 4.5\n"),
        (
            "-DCLOSURE=OWN",
            "call: 4.5\nclosure: 4.75\nanother: 16.25\n",
        ),
    ] {
        let place = Place::new();
        let program = linked(&place, &[closure]);
        let done = wizer(&place, &program);
        assert!(done.status.success(), "{closure}: {done:?}");
        assert_eq!(
            prints(place.path("initialised.wasm")),
            format!("made before\n{expected}")
        );
        assert_eq!(prints(program), format!("made now\n{expected}"));
    }
}

#[test]
fn a_program_with_ffi_closure_alloc_is_initialised_only_without_the_instructions_for_the_table() {
    let place = Place::new();
    let program = linked(&place, &["-DCLOSURE=SLOT"]);
    assert_eq!(
        prints(program.clone()),
        "made now\ncall: 4.5\nclosure: 4.75\nanother: 16.25\n"
    );
    let refused = wizer(&place, &program);
    assert!(!refused.status.success(), "{refused:?}");
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("unsupported"),
        "{refused:?}"
    );

    // Without them, only the closure can't be made: Wizer runs the program, which ends with 3.
    let program = linked(&place, &["-DCLOSURE=SLOT", "-DNO_TABLE"]);
    let ended = run(Command::new(wasmtime()).arg("run").arg(&program)).exits(3);
    assert!(
        ended.stderr.contains("FFI_WASI_NO_TABLE"),
        "{}",
        ended.stderr
    );
    let refused = wizer(&place, &program);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!said.contains("unsupported"), "{said}");
    let program = linked(&place, &["-DCLOSURE=NONE", "-DNO_TABLE"]);
    assert!(wizer(&place, &program).status.success());
}
