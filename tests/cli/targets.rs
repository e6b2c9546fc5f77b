//! What is built for each target and variant is linked through its `.pc` and run: components, C++,
//! `setjmp`, shared libraries. And it is the same bytes whoever builds it.

use std::path::{Path, PathBuf};
use std::process::Command;

use wasideps::model::BuildConfig;

use crate::programs::pkgconf;
use crate::sources::{Own, recipe, tar};
use crate::support::{Place, run, sdk, snapshot, test, wasmtime};

/// What WASI SDK 33 and its twin build for.
const CONFIGS: [&str; 10] = [
    "wasm32-wasip1",
    "wasm32-wasip1+pic",
    "wasm32-wasip1+small",
    "wasm32-wasip1+simd",
    "wasm32-wasip1+eh",
    "wasm32-wasip2",
    "wasm32-wasip2+pic",
    "wasm32-wasip2+small",
    "wasm32-wasip2+simd",
    "wasm32-wasip2+eh",
];

fn config(text: &str) -> BuildConfig {
    text.parse().expect(text)
}

/// A vector of strings behind an interface of C, with a destructor that has to run.
const WORDS: &str = "\
#include \"words.h\"
#include <string>
#include <vector>
static int open_lists;
struct List {
    std::vector<std::string> all;
    List() { open_lists++; }
    ~List() { open_lists--; }
};
static std::vector<std::string> kept{\"kept by a constructor that runs before main\"};
extern \"C\" int words(int count) {
    int letters = 0;
    {
        List list;
        for (int i = 0; i < count; i++) list.all.push_back(\"a word that does not fit in place: \" + std::to_string(i));
        for (const std::string &word : list.all) letters += static_cast<int>(word.size());
    }
    return letters + 1000 * open_lists + static_cast<int>(kept[0].size());
}
";
const WORDS_HEADER: &str = "\
#ifdef __cplusplus
extern \"C\"
#endif
int words(int count);
";

/// Jumps out of a function that calls back.
const JUMP: &str = "\
#ifdef __wasm_exception_handling__
#include <setjmp.h>
static jmp_buf place;
static void leave(int depth) { if (depth == 0) longjmp(place, 7); leave(depth - 1); }
int jump(void) { volatile int seen = 1; int caught = setjmp(place); if (caught == 0) { seen = 2; leave(5); } return seen * 10 + caught; }
#else
int jump(void) { return 27; }
#endif
";

/// A place with a source in C++, `words`, and one in C, `jump`.
fn place() -> Place {
    let place = Place::new();
    place.copy_recipes();
    let words = tar(&[
        ("top/words.cc".to_owned(), WORDS.into()),
        ("top/words.h".to_owned(), WORDS_HEADER.into()),
        ("top/LICENSE".to_owned(), b"Do as you like.\n".to_vec()),
    ]);
    place.write("brought/words.tar", &words);
    let sources = "sources = [\"words.cc\"]\nflags = [\"-std=c++17\"]\n";
    let text = recipe(
        "words",
        &words,
        &["*.cc", "*.h", "LICENSE"],
        sources,
        "words.h",
    );
    place.write("recipes/words/recipe.toml", text);
    run(&mut place.own(place.command(&["lock", "words", "1", "--offline"]))).exits(0);
    Own {
        name: "jump",
        requires: &[],
        code: JUMP,
    }
    .lock(&place);
    place
}

/// Builds `names` for `config`, into the folder of that name.
fn build(place: &Place, names: &[&str], config: BuildConfig, jobs: &str) -> PathBuf {
    let (target, variant) = (config.target().to_string(), config.variant().to_string());
    let folder = config.to_string();
    let args = [
        names,
        &[
            "--target",
            &target,
            "--variant",
            &variant,
            "--prefix",
            &folder,
            jobs,
        ],
    ]
    .concat();
    run(&mut place.own(place.build_with(sdk(), &args))).exits(0);
    place.path(&folder)
}

/// A program in C, linked with the modules of the prefix through pkg-config, as C.
fn link(place: &Place, config: BuildConfig, modules: &[&str], code: &str) -> PathBuf {
    let folder = place.path(&config.to_string()).join("lib/pkgconfig");
    let modules: Vec<String> = modules.iter().map(ToString::to_string).collect();
    let flags = pkgconf(
        &modules,
        &[("PKG_CONFIG_LIBDIR", folder.display().to_string())],
    );
    let program = place.path(&format!("{config}.wasm"));
    let mut command = Command::new(sdk().join("bin/clang"));
    command
        .arg(format!("--target={}", config.target()))
        .args(["-O1", "-Wall", "-Werror"])
        .arg(place.write("program.c", code))
        .args(flags)
        .args(config.variant().link_flags());
    run(command.arg("-o").arg(&program)).exits(0);
    program
}

/// What a program prints under wasmtime, with the flags that its target and variant need.
fn printed(program: &Path, config: BuildConfig) -> String {
    let mut command = Command::new(wasmtime());
    command.arg("run").args(config.wasmtime()).arg(program);
    run(&mut command).exits(0).stdout
}

/// The layer in the binary format's header: a module or a component.
fn is_component(program: &Path) -> bool {
    let bytes = std::fs::read(program).expect("the program");
    assert_eq!(&bytes[..4], b"\0asm");
    bytes[6] == 1
}

#[test]
fn a_component_that_is_linked_with_zlib_prints_its_version() {
    let place = Place::new();
    place.copy_recipes();
    let code = "#include <stdio.h>\n#include <zlib.h>\nint main(void) { return puts(zlibVersion()) == EOF; }\n";
    for (name, component) in [("wasm32-wasip1", false), ("wasm32-wasip2", true)] {
        let config = config(name);
        build(&place, &["zlib"], config, "-j2");
        let program = link(&place, config, &["zlib"], code);
        assert_eq!(is_component(&program), component, "{name}");
        assert_eq!(printed(&program, config), "1.3.2\n", "{name}");
    }
}

#[test]
fn a_vector_and_a_string_are_linked_by_a_c_compiler_and_run_on_each_target_and_variant() {
    let place = place();
    let code = "#include <stdio.h>\n#include <words.h>\nint main(void) { return printf(\"%d\\n\", words(100)) < 0; }\n";
    for name in CONFIGS.into_iter().filter(|name| !name.contains("pic")) {
        let config = config(name);
        build(&place, &["words"], config, "-j2");
        let program = link(&place, config, &["words"], code);
        // 35 letters and a number of each word; 43 of the constant.
        assert_eq!(printed(&program, config), "3733\n", "{name}");
    }
}

#[test]
fn a_jump_out_of_five_calls_lands_where_it_was_set_on_each_target() {
    let place = place();
    let code = "#include <stdio.h>\n#include <jump.h>\nint main(void) { return printf(\"%d\\n\", jump()) < 0; }\n";
    for name in ["wasm32-wasip1+eh", "wasm32-wasip2+eh"] {
        let config = config(name);
        let prefix = build(&place, &["jump"], config, "-j2");
        let archive = std::fs::read(prefix.join("lib/libjump.a")).expect("the archive");
        let has = |name: &[u8]| archive.windows(name.len()).any(|bytes| bytes == name);
        assert!(has(b"__wasm_longjmp"), "{name} jumps without exceptions");
        let program = link(&place, config, &["jump"], code);
        assert_eq!(printed(&program, config), "27\n", "{name}");
    }
}

/// A library that throws says so; it can't be had without the variant.
#[test]
fn a_library_that_throws_is_compiled_with_exceptions_in_the_variant_alone() {
    let place = Place::new();
    place.copy_recipes();
    let code = "#include <stdexcept>\nextern \"C\" int thrower(int n) { try { if (n) throw std::runtime_error(\"n\"); return 0; } catch (const std::exception &) { return 7; } }\n";
    let thrower = tar(&[
        ("top/thrower.cc".to_owned(), code.into()),
        ("top/thrower.h".to_owned(), b"int thrower(int);\n".to_vec()),
        ("top/LICENSE".to_owned(), b"Do as you like.\n".to_vec()),
    ]);
    place.write("brought/thrower.tar", &thrower);
    let sources = "sources = [\"thrower.cc\"]\nflags = [\"-fexceptions\"]\n";
    let text = recipe(
        "thrower",
        &thrower,
        &["*.cc", "*.h", "LICENSE"],
        sources,
        "thrower.h",
    );
    place.write("recipes/thrower/recipe.toml", text);
    run(&mut place.own(place.command(&["lock", "thrower", "1", "--offline"]))).exits(0);
    run(&mut place.own(place.build_with(sdk(), &["thrower"])))
        .exits(1)
        .says(&["cannot use 'try' with exceptions disabled"]);
    let prefix = build(&place, &["thrower"], config("wasm32-wasip1+eh"), "-j2");
    let archive = std::fs::read(prefix.join("lib/libthrower.a")).expect("the archive");
    let has = |name: &[u8]| archive.windows(name.len()).any(|bytes| bytes == name);
    assert!(has(b"__cxa_throw") && has(b"__cpp_exception"));
}

/// A module that gives a shared library what a dynamic linker would: memory, a table, and where in
/// them the library is placed. In the binary format, `(module (memory (export "memory") 4) (table
/// (export "__indirect_function_table") 64 funcref) (global (export "__memory_base") i32 (i32.const
/// 65536)) (global (export "__table_base") i32 (i32.const 1)) (global (export "__stack_pointer")
/// (mut i32) (i32.const 65536)))`.
fn dynamic_linker() -> Vec<u8> {
    fn number(mut value: u32, to: &mut Vec<u8>) {
        loop {
            let low = (value & 0x7f) as u8;
            value >>= 7;
            to.push(if value == 0 { low } else { low | 0x80 });
            if value == 0 {
                break;
            }
        }
    }
    let mut exports = vec![5];
    for (name, kind, index) in [
        ("memory", 2, 0),
        ("__indirect_function_table", 1, 0),
        ("__memory_base", 3, 0),
        ("__table_base", 3, 1),
        ("__stack_pointer", 3, 2),
    ] {
        number(u32::try_from(name.len()).expect("short"), &mut exports);
        exports.extend(name.bytes());
        exports.extend([kind, index]);
    }
    // 65536 as a signed number of three bytes.
    let base = [0x41, 0x80, 0x80, 0x04, 0x0b];
    let mut globals = vec![3, 0x7f, 0];
    globals.extend(base);
    globals.extend([0x7f, 0, 0x41, 1, 0x0b, 0x7f, 1]);
    globals.extend(base);
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    for (id, content) in [
        (4, vec![1, 0x70, 0, 64]),
        (5, vec![1, 0, 4]),
        (6, globals),
        (7, exports),
    ] {
        module.push(id);
        number(u32::try_from(content.len()).expect("short"), &mut module);
        module.extend(content);
    }
    module
}

#[test]
fn a_shared_library_is_linked_from_an_archive_of_pic_and_its_functions_run() {
    let place = Place::new();
    place.copy_recipes();
    let config = config("wasm32-wasip1+pic");
    let prefix = build(&place, &["zlib"], config, "-j2");
    let archive = prefix.join("lib/libz.a");
    // What it takes from wasi-libc is imported: libc.a of the twins is not position-independent.
    let link = |name: &str, arguments: &[&str]| {
        let library = place.path(name);
        let mut command = Command::new(sdk().join("bin/clang"));
        command
            .args([
                "--target=wasm32-wasip1",
                "-shared",
                "-nostdlib",
                "-Wl,--no-entry",
            ])
            .arg("-Wl,--unresolved-symbols=import-dynamic")
            .args(arguments)
            .arg(&archive);
        run(command.arg("-o").arg(&library)).exits(0);
        library
    };
    let whole = link("libz.so", &["-Wl,--export-all", "-Wl,--whole-archive"]);
    let bytes = std::fs::read(whole).expect("the library");
    // The dynamic linker's own section comes first: its kind, its size and its name.
    assert_eq!((bytes[8], &bytes[10..19]), (0, &b"\x08dylink.0"[..]));
    // The whole asks for the address of errno, which only a C library has.
    let library = link("sums.so", &["-Wl,--export=adler32", "-Wl,--export=crc32"]);
    let linker = place.write("linker.wasm", dynamic_linker());
    let call = |function: &str, arguments: &[&str]| {
        let mut command = Command::new(wasmtime());
        command
            .args(["run", "-W", "unknown-imports-trap=y", "--preload"])
            .arg(format!("env={}", linker.display()))
            .args(["--invoke", function])
            .arg(&library)
            .args(arguments);
        run(&mut command).exits(0).stdout.trim().to_owned()
    };
    // Of 1000 zeros in memory that nothing has written: RFC 1950, 1 + 1000 * 65536.
    assert_eq!(call("adler32", &["1", "200000", "1000"]), "65536001");
    // It reads its tables, which are placed where the linker says: RFC 1952.
    assert_eq!(call("crc32", &["0", "200000", "4"]), "558161692");
}

#[test]
fn two_folders_and_one_or_two_jobs_give_the_same_bytes_for_each_target_and_variant() {
    let (one, other) = (place(), place());
    let names = ["words", "jump", "libuuid"];
    for name in CONFIGS {
        let config = config(name);
        let one = snapshot(&build(&one, &names, config, "-j1"));
        let other = snapshot(&build(&other, &names, config, "-j2"));
        assert_eq!(one, other, "{name}");
    }
}
