//! What an archive asks of the program that it is linked into: nothing but the C library, and no
//! more stack than docs/prefix.md says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::programs::{compile, pkgconf, programs, runs};
use crate::support::{Place, built, built_all, project, run, sdk, test, wasmtime};

/// Each library: the source's name, which is its program's, and its archive and its pkg-config
/// module.
const LIBRARIES: [(&str, &str, &str); 9] = [
    ("bzip2", "libbz2.a", "bzip2"),
    ("expat", "libexpat.a", "expat"),
    ("libffi", "libffi.a", "libffi"),
    ("libuuid", "libuuid.a", "uuid"),
    ("mpdecimal", "libmpdec.a", "libmpdec"),
    ("sqlite", "libsqlite3.a", "sqlite3"),
    ("xz", "liblzma.a", "liblzma"),
    ("zlib", "libz.a", "zlib"),
    ("zstd", "libzstd.a", "libzstd"),
];

fn prefix() -> PathBuf {
    built().path("out")
}

fn clang() -> PathBuf {
    sdk().join("bin/clang")
}

fn said(module: &str) -> Vec<String> {
    pkgconf(
        &[module.to_owned()],
        &[(
            "PKG_CONFIG_LIBDIR",
            prefix().join("lib/pkgconfig").display().to_string(),
        )],
    )
}

#[test]
fn every_archive_of_the_prefix_is_looked_at() {
    let mut found: Vec<String> = std::fs::read_dir(prefix().join("lib"))
        .expect("lib/")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .filter(|name| name.ends_with(".a"))
        .collect();
    found.sort();
    let mut expected = LIBRARIES.map(|(_, archive, _)| archive).to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn each_archive_links_whole_with_the_c_library_alone_and_does_what_it_should() {
    let place = Place::new();
    for (name, archive, module) in LIBRARIES {
        let mut arguments: Vec<String> = said(module)
            .into_iter()
            .filter(|argument| argument.starts_with("-I"))
            .collect();
        arguments.extend([
            "-Wl,--whole-archive".into(),
            prefix().join("lib").join(archive).display().to_string(),
            "-Wl,--no-whole-archive".into(),
        ]);
        let program = compile(&place, &clang(), name, &arguments);
        runs(&place, &program, &format!("{name}.expected"));
    }
}

/// Questions about machine, process and user that wasi-libc answers with an error, with a constant,
/// or through an emulation library, or not at all.
const ANSWERED_WRONGLY: [&str; 34] = [
    "alarm",
    "chmod",
    "chown",
    "clock",
    "dup",
    "fchmod",
    "fchown",
    "flock",
    "fork",
    "getegid",
    "geteuid",
    "getgid",
    "gethostname",
    "getloadavg",
    "getpagesize",
    "getpid",
    "getppid",
    "getrlimit",
    "getrusage",
    "getuid",
    "isatty",
    "mkstemp",
    "mmap",
    "pthread_create",
    "signal",
    "sigaction",
    "statvfs",
    "sysconf",
    "sysinfo",
    "times",
    "tmpfile",
    "ttyname",
    "umask",
    "uname",
];

#[test]
fn no_archive_asks_the_system_what_wasi_libc_answers_wrongly() {
    let place = Place::new();
    let mut asked = Vec::new();
    for (name, archive, _) in LIBRARIES {
        let mut command = Command::new(sdk().join("bin/llvm-nm"));
        let listed = run(command
            .args(["--undefined-only", "--quiet", "-A"])
            .arg(prefix().join("lib").join(archive)))
        .exits(0);
        let symbols = listed
            .stdout
            .lines()
            // The table of all that the C library has: dlsym finds it, and calls nothing.
            .filter(|line| !line.contains("libc_symbols.o"))
            .filter_map(|line| line.split_whitespace().last());
        asked.extend(
            symbols
                .filter(|symbol| ANSWERED_WRONGLY.contains(symbol))
                .map(|symbol| format!("{name}: {symbol}")),
        );
    }
    // SQLite asks for the size of a page, and of no more than that: which is right, as this program
    // sees it.
    assert_eq!(asked, ["sqlite: sysconf"]);
    let tree = std::fs::read_to_string(sqlite_source()).expect("sqlite3.c");
    let asks: Vec<_> = tree
        .lines()
        .filter(|line| line.contains("sysconf("))
        .map(str::trim)
        .collect();
    assert_eq!(asks, ["return (int)sysconf(_SC_PAGESIZE);"]);
    let source = place.write(
        "page.c",
        "#include <unistd.h>\nint main(void) { return sysconf(_SC_PAGESIZE) != 65536; }\n",
    );
    let program = place.path("page.wasm");
    run(Command::new(clang()).arg(source).arg("-o").arg(&program)).exits(0);
    run(Command::new(wasmtime()).arg("run").arg(program)).exits(0);
}

/// `sqlite3.c` as it was compiled.
fn sqlite_source() -> PathBuf {
    let trees = std::fs::read_dir(built().path("store/trees")).expect("the store's trees");
    let mut files = trees.map(|entry| entry.expect("an entry").path().join("sqlite3.c"));
    files
        .find(|file| file.is_file())
        .expect("a tree with sqlite3.c")
}

/// Of the stack of a program that `measure.c` is linked into: the bytes used, and those that there
/// were.
fn told(name: &str, stderr: &str) -> (u32, u32) {
    let told = stderr.lines().last().and_then(|line| {
        let (used, all) = line.split_once(" of ")?;
        Some((used.parse().ok()?, all.parse().ok()?))
    });
    told.unwrap_or_else(|| panic!("{name}: {stderr}"))
}

/// Compiles a file of tests/stack/ with what measures the stack and what pkg-config says of
/// `module`, runs it, and returns the bytes used, and those that there were.
fn measured(place: &Place, name: &str, module: &str, more: &[&str]) -> (u32, u32) {
    let program = place.path(&format!("{name}-stack.wasm"));
    let folder = project().join("tests/stack");
    let mut command = Command::new(clang());
    command
        .args(["-O1", "-Wall", "-Werror"])
        .args([folder.join("measure.c"), folder.join(format!("{name}.c"))])
        .args(said(module));
    run(command.args(more).arg("-o").arg(&program)).exits(0);
    told(
        name,
        &run(Command::new(wasmtime()).arg("run").arg(&program))
            .exits(0)
            .stderr,
    )
}

/// The rows of the tables in docs/prefix.md: for each library, how many KiB of stack it uses.
fn documented() -> BTreeMap<String, u32> {
    let page = std::fs::read_to_string(project().join("docs/prefix.md")).expect("docs/prefix.md");
    let rows = page.lines().filter_map(|line| {
        let mut columns = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ");
        let (name, figure) = (columns.next()?, columns.next()?);
        Some((name.to_owned(), figure.strip_suffix(" KiB")?.parse().ok()?))
    });
    rows.collect()
}

/// How what was measured differs from what the page says; a compiler's next version may use a
/// little less.
fn differs(name: &str, used: u32, documented: &BTreeMap<String, u32>) -> Option<String> {
    let used = used.div_ceil(1 << 10);
    match documented.get(name) {
        Some(figure) if (used..=used + 2).contains(figure) => None,
        Some(figure) => Some(format!(
            "{name} uses {used} KiB, and docs/prefix.md says {figure}"
        )),
        None => Some(format!("| {name} | {used} KiB |")),
    }
}

const DEFAULT_STACK: u32 = 64 << 10;

#[test]
fn each_library_gets_by_with_the_default_stack_and_uses_what_the_documentation_says() {
    let place = Place::new();
    let documented = documented();
    let mut wrong = Vec::new();
    for (name, _, module) in LIBRARIES {
        // Should it not get by, it traps, and overwrites nothing.
        let (used, all) = measured(&place, name, module, &["-Wl,--stack-first"]);
        assert_eq!(all, DEFAULT_STACK, "{name}");
        wrong.extend(differs(name, used, &documented));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_program_of_each_other_library_uses_the_stack_that_the_documentation_says() {
    let (place, prefix) = (Place::new(), built_all());
    let measure = place.path("measure.o");
    let source = project().join("tests/stack/measure.c");
    run(Command::new(clang())
        .args(["-O1", "-Wall", "-Werror", "-c"])
        .arg(source)
        .arg("-o")
        .arg(&measure))
    .exits(0);
    let documented = documented();
    let mut wrong = Vec::new();
    for (name, modules) in programs(&prefix) {
        if LIBRARIES.iter().any(|(known, ..)| *known == name) {
            continue;
        }
        let libdir = prefix.join("lib/pkgconfig").display().to_string();
        let mut arguments = pkgconf(&modules, &[("PKG_CONFIG_LIBDIR", libdir)]);
        arguments.extend([measure.display().to_string(), "-Wl,--stack-first".into()]);
        let program = compile(&place, &clang(), &name, &arguments);
        let done = runs(&place, &program, &format!("{name}.expected"));
        let (used, all) = told(&name, &done.stderr);
        assert_eq!(all, DEFAULT_STACK, "{name}");
        wrong.extend(differs(&name, used, &documented));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn with_a_stack_of_192_kib_sqlite_answers_all_that_its_limits_allow() {
    let place = Place::new();
    let (used, all) = measured(
        &place,
        "sqlite",
        "sqlite3",
        &["-DANSWERED", "-Wl,-z,stack-size=196608"],
    );
    assert!(all == 192 << 10 && used > 64 << 10, "{used} of {all}");
}

#[test]
fn sqlite_alone_is_linked_so_that_an_overflow_of_the_stack_traps() {
    let place = Place::new();
    let source = place.write(
        "overflow.c",
        "#include <sqlite3.h>\n#include <stdio.h>\n#include <string.h>\nstatic char data[1 << 20];\n\
         static int deeper(int n) { volatile char room[1000]; room[n % 1000] = 1; return n ? deeper(n - 1) + room[n % 7] : room[0]; }\n\
         int main(void) { printf(\"%s\\n\", sqlite3_libversion()); memset(data, 1, sizeof data); int n = deeper(500);\n\
         for (unsigned i = 0; i < sizeof data; i++) if (data[i] != 1) return 1; return n < 0; }\n",
    );
    let program = place.path("overflow.wasm");
    run(Command::new(clang())
        .arg("-O0")
        .arg(source)
        .args(said("sqlite3"))
        .arg("-o")
        .arg(&program))
    .exits(0);
    let done = run(Command::new(wasmtime()).arg("run").arg(program));
    assert!(
        done.code != 0 && done.code != 1 && done.stderr.contains("out of bounds memory access"),
        "{}: {}",
        done.code,
        done.stderr
    );
}

/// tests/stack/ has nothing but what the tests here compile.
#[test]
fn every_program_of_the_stack_is_of_a_library() {
    let names: Vec<_> = std::fs::read_dir(project().join("tests/stack"))
        .expect("tests/stack")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    let of_a_library = |path: &Path| {
        LIBRARIES
            .iter()
            .any(|(name, ..)| path.file_stem().is_some_and(|stem| stem == *name))
    };
    let others: Vec<_> = names
        .iter()
        .filter(|path| !of_a_library(path))
        .filter_map(|path| path.file_name())
        .collect();
    assert_eq!(others.len(), 2, "{others:?}");
}

#[test]
fn libmpdecs_own_trap_handler_raises_sigfpe_where_the_program_has_signals_and_ends_it_where_it_has_none()
 {
    let place = Place::new();
    let source = place.write(
        "trap.c",
        "#define _WASI_EMULATED_SIGNAL\n#include <mpdecimal.h>\n#include <signal.h>\n#include <stdio.h>\n\
         #ifdef SIGNALS\nstatic void handle(int number) { printf(\"signal %s\\n\", number == SIGFPE ? \"SIGFPE\" : \"?\"); }\n#endif\n\
         int main(void) { mpd_context_t c; mpd_defaultcontext(&c); mpd_qsettraps(&c, MPD_Division_by_zero);\n\
         #ifdef SIGNALS\nsignal(SIGFPE, handle);\n#endif\n\
         mpd_t *r = mpd_new(&c), *one = mpd_new(&c), *zero = mpd_new(&c); mpd_set_i32(one, 1, &c); mpd_set_i32(zero, 0, &c);\n\
         puts(\"before\"); fflush(stdout); mpd_div(r, one, zero, &c); puts(\"after\"); return 0; }\n",
    );
    let run_with = |more: &[&str]| {
        let program = place.path("trap.wasm");
        run(Command::new(clang())
            .arg("-O1")
            .arg(&source)
            .args(said("libmpdec"))
            .args(more)
            .arg("-o")
            .arg(&program))
        .exits(0);
        run(Command::new(wasmtime()).arg("run").arg(&program))
    };
    assert_eq!(
        run_with(&["-DSIGNALS", "-lwasi-emulated-signal"])
            .exits(0)
            .stdout,
        "before\nsignal SIGFPE\nafter\n"
    );
    let done = run_with(&[]);
    assert!(
        done.code != 0 && done.stdout == "before\n",
        "{}: {}",
        done.code,
        done.stdout
    );
}
