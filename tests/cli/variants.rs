//! Targets and variants: what is in the objects, where the prefix goes, what is refused.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::sources::Own;
use crate::support::{Place, Run, run, sdk, snapshot, test, wasmtime};

/// A place with a source of its own: something to vectorise, a variable with an address, a jump
/// where there are any.
const CODE: &str = "\
static float table[1024];
float *demo_table(void) { return table; }
void demo_add(float *restrict to, const float *restrict from) { for (int i = 0; i < 1024; i++) to[i] += from[i]; }
#ifdef __wasm_exception_handling__
#include <setjmp.h>
static jmp_buf place;
static void jump(void) { longjmp(place, 7); }
int demo(void) { int caught = setjmp(place); if (caught == 0) jump(); return caught; }
#else
int demo(void) { demo_add(demo_table(), demo_table() + 512); return 7; }
#endif
";

fn place() -> Place {
    let place = Place::new();
    place.copy_recipes();
    Own {
        name: "demo",
        requires: &[],
        code: CODE,
    }
    .lock(&place);
    place
}

/// Builds the variant, of `demo` alone, and returns what the build said of it.
fn built(place: &Place, variant: &str) -> Value {
    let mut command =
        place.own(place.build(&["demo", "--variant", variant, "--message-format", "json"]));
    run(&mut command).exits(0).data("built")
}

/// Links all of an archive as a shared library: what it takes from wasi-libc is imported.
fn shared(place: &Place, archive: &str) -> Run {
    let mut command = Command::new(sdk().join("bin/clang"));
    command.args([
        "--target=wasm32-wasip1",
        "-nostdlib",
        "-shared",
        "-Wl,--no-entry",
        "-Wl,--no-gc-sections",
        "-Wl,--export-all",
    ]);
    command
        .args([
            "-Wl,--unresolved-symbols=import-dynamic",
            "-Wl,--whole-archive",
        ])
        .arg(place.path(archive));
    run(command.arg("-o").arg(place.path("shared.so")))
}

/// Links a program with the archive, and runs it by a wasmtime that knows no vectors.
fn without_vectors(place: &Place, prefix: &str) -> Run {
    let program = place.path("program.wasm");
    let code = "int demo(void);\nvoid demo_add(float *, const float *);\nstatic float a[2048];\nint main(void) { demo_add(a, a + 1024); return demo(); }\n";
    let source = place.write("program.c", code);
    let mut command = Command::new(sdk().join("bin/clang"));
    command
        .arg("--target=wasm32-wasip1")
        .arg(source)
        .arg(place.path(prefix).join("lib/libdemo.a"));
    run(command.arg("-o").arg(&program)).exits(0);
    run(Command::new(wasmtime())
        .args(["run", "-W", "simd=n", "-W", "relaxed-simd=n"])
        .arg(program))
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .len()
}

#[test]
fn only_position_independent_code_is_linked_into_a_shared_library() {
    let place = place();
    let manifest = built(&place, "pic")["manifest"].take();
    assert_eq!(
        manifest["toolchain"]["config"],
        json!({ "target": "wasm32-wasip1", "variant": ["pic"] })
    );
    shared(&place, "sysroot/wasm32-wasip1+pic/lib/libdemo.a").exits(0);
    // The dynamic linker's own section, which no other module has.
    let library = std::fs::read(place.path("shared.so")).expect("the library");
    assert!(library.windows(8).any(|bytes| bytes == b"dylink.0"));
    built(&place, "default");
    shared(&place, "sysroot/wasm32-wasip1/lib/libdemo.a")
        .exits(1)
        .says(&["recompile with -fPIC"]);
}

#[test]
fn a_variant_of_vectors_has_their_instructions_and_the_default_has_none() {
    let place = place();
    built(&place, "default");
    without_vectors(&place, "sysroot/wasm32-wasip1").exits(7);
    built(&place, "simd");
    without_vectors(&place, "sysroot/wasm32-wasip1+simd")
        .exits(1)
        .says(&["SIMD support is not enabled"]);
}

#[test]
fn a_small_variant_of_zlib_is_smaller() {
    let place = Place::new();
    for variant in ["default", "small"] {
        run(&mut place.build(&["zlib", "--variant", variant])).exits(0);
    }
    let [default, small] = ["wasm32-wasip1", "wasm32-wasip1+small"]
        .map(|name| size(&place.path("sysroot").join(name).join("lib/libz.a")));
    assert!(
        small * 10 < default * 9,
        "{small} bytes in place of {default}"
    );
}

#[test]
fn setjmp_compiles_and_links_in_the_variant_with_exceptions_alone() {
    use object::{Object as _, ObjectSymbol as _};
    let place = place();
    built(&place, "eh");
    let prefix = place.path("sysroot/wasm32-wasip1+eh");
    let bytes = std::fs::read(prefix.join("lib/libdemo.a")).expect("the archive");
    let archive = object::read::archive::ArchiveFile::parse(&*bytes).expect("an archive");
    let member = archive.members().next().expect("a member").expect("whole");
    let object = object::File::parse(member.data(&*bytes).expect("its bytes")).expect("an object");
    let names: Vec<_> = object
        .symbols()
        .filter_map(|symbol| symbol.name().ok())
        .collect();
    assert!(
        ["__wasm_setjmp", "__wasm_longjmp"]
            .iter()
            .all(|wanted| names.contains(wanted)),
        "{names:?}"
    );
    let code = "int demo(void);\nint main(void) { return demo(); }\n";
    let mut command = Command::new(sdk().join("bin/clang"));
    command
        .arg("--target=wasm32-wasip1")
        .arg(place.write("program.c", code))
        .arg(prefix.join("lib/libdemo.a"));
    run(command
        .arg("-lsetjmp")
        .arg("-o")
        .arg(place.path("program.wasm")))
    .exits(0);
    // A source that asks for it without the variant is told what to do by wasi-libc itself.
    let place = self::place();
    let code =
        "#include <setjmp.h>\njmp_buf demo_place;\nint demo(void) { return setjmp(demo_place); }\n";
    Own {
        name: "demo",
        requires: &[],
        code,
    }
    .lock(&place);
    run(&mut place.own(place.build(&["demo"])))
        .exits(1)
        .says(&["Setjmp/longjmp support requires Exception handling support"]);
}

#[test]
fn variants_lie_side_by_side_and_one_is_not_built_over_another_unasked() {
    let place = place();
    for variant in ["default", "simd+pic"] {
        built(&place, variant);
    }
    let before = snapshot(&place.path("sysroot/wasm32-wasip1"));
    assert_eq!(
        crate::support::names(&place.path("sysroot")),
        ["wasm32-wasip1", "wasm32-wasip1+pic+simd"]
    );
    let over = |args: &[&str]| {
        let args = [
            &[
                "demo",
                "--variant",
                "small",
                "--prefix",
                "sysroot/wasm32-wasip1",
            ],
            args,
        ]
        .concat();
        run(&mut place.own(place.build(&args)))
    };
    over(&[])
        .exits(5)
        .says(&["for wasm32-wasip1", "for wasm32-wasip1+small", "--replace"]);
    assert_eq!(snapshot(&place.path("sysroot/wasm32-wasip1")), before);
    over(&["--replace"]).exits(0);
    let verify =
        |prefix: &str| run(&mut place.own(place.with_archives(&["verify", prefix]))).exits(0);
    let said = verify("sysroot/wasm32-wasip1+pic+simd");
    assert!(
        said.stdout.contains("for wasm32-wasip1+pic+simd"),
        "{}",
        said.stdout
    );
}

#[test]
fn what_an_sdk_lacks_and_what_makes_no_sense_is_refused_in_one_sentence() {
    let place = Place::new();
    for (target, first) in [("wasm32-wasip3", 34), ("wasm32-wasip1-threads", 22)] {
        let sentence = format!(
            "has no {target}, which WASI SDK {first} and each later release has: its sysroot has wasm32-wasi, wasm32-wasip1, wasm32-wasip2"
        );
        run(&mut place.build(&["zlib", "--target", target]))
            .exits(5)
            .says(&[&sentence]);
    }
    let usage = |args: &[&str], words: &[&str]| {
        run(&mut place.build(args)).exits(2).says(words);
    };
    usage(
        &["--target", "wasm32-wasi"],
        &["a target must be one of `wasm32-wasip1`, `wasm32-wasip2`"],
    );
    usage(&["--variant", "lto"], &["found `lto`", "LLVM bitcode"]);
    usage(
        &["--variant", "pic", "--target", "wasm32-wasip1-threads"],
        &["wasm32-wasip1-threads has no variant `pic`"],
    );
    assert!(
        crate::support::names(&place.path("sysroot"))
            .iter()
            .all(|name| name.starts_with('.'))
    );
}
