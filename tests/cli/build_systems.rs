//! What CMake, Meson and the crate cc of Rust find and link, told nothing but where the SDK overlay
//! or the prefix is: each library's program is built by each of them, and run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::programs::{programs, runs};
use crate::support::{Place, built, built_all, project, run, sdk, test, tool};

/// An overlay of the SDK with all libraries, made once.
fn overlay() -> PathBuf {
    static OVERLAY: OnceLock<PathBuf> = OnceLock::new();
    let make = || {
        let overlay = built().path("sdk-of-all");
        let mut command = built().command(&["sdk"]);
        command.arg(&overlay).arg("--prefix").arg(built_all());
        run(command.arg("--wasi-sdk").arg(sdk())).exits(0);
        overlay
    };
    OVERLAY.get_or_init(make).clone()
}

/// A build system in the folder `version` of its wheels.
fn wheels(version: &str) -> PathBuf {
    tool("WASIDEPS_TEST_BUILD_SYSTEMS").join(version)
}

fn cmake(version: &str) -> Command {
    let mut command = Command::new(wheels(version).join("cmake/data/bin/cmake"));
    command.env_remove("WASI_SDK_PATH");
    command
}

fn ninja() -> PathBuf {
    wheels("newest").join("bin/ninja")
}

/// The tables `[cmake.…]` of a recipe: package, then target and module.
fn packages(source: &str) -> Vec<(String, Vec<(String, String)>)> {
    let text = std::fs::read_to_string(project().join("recipes").join(source).join("recipe.toml"))
        .expect("the recipe");
    let recipe: toml::Table = toml::from_str(&text).expect("TOML");
    let Some(packages) = recipe.get("cmake") else {
        return Vec::new();
    };
    let packages = packages.as_table().expect("packages").iter();
    let targets = |targets: &toml::Value| {
        let targets = targets.as_table().expect("targets").iter();
        targets
            .map(|(target, module)| (target.clone(), module.as_str().expect("a name").to_owned()))
            .collect()
    };
    packages
        .map(|(package, of)| (package.clone(), targets(of)))
        .collect()
}

/// The program of `tests/programs`. Some call `setjmp`: its flags are the toolchain's.
fn program(name: &str) -> PathBuf {
    let mut file = project().join(format!("tests/programs/{name}.c"));
    if !file.is_file() {
        file.set_extension("cpp");
    }
    file
}

/// The C++ library of the SDK has none without the variant `eh`.
const NO_EXCEPTIONS: &str = "-fno-exceptions";

/// A project that builds the program of each library: through every target of the packages of its
/// source, one after another, or with what pkg-config says where there is no package.
fn cmake_project(place: &Place, sources: &[(String, Vec<String>)]) -> Vec<(String, String)> {
    let mut text = "cmake_minimum_required(VERSION 3.15)\nproject(consumers C CXX)\nfind_package(PkgConfig REQUIRED)\n".to_owned();
    let mut built = Vec::new();
    for (source, modules) in sources {
        let file = program(source);
        let packages = packages(source);
        // One target for each module, in as many ways as the module with the most has.
        let mut by_module: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
        for (package, targets) in &packages {
            writeln!(text, "find_package({package} REQUIRED)").expect("text");
            for (target, module) in targets {
                by_module.entry(module).or_default().push(target);
            }
        }
        let count = by_module.values().map(Vec::len).max().unwrap_or_default();
        let way = |number: usize| {
            let targets = by_module.values();
            let targets = targets.map(|of| of[number.min(of.len() - 1)].clone());
            targets.collect::<Vec<_>>()
        };
        let mut ways: Vec<Vec<String>> = (0..count).map(way).collect();
        if ways.is_empty() {
            let name = source.replace('-', "_");
            writeln!(
                text,
                "pkg_check_modules({name} REQUIRED IMPORTED_TARGET {})",
                modules.join(" ")
            )
            .expect("text");
            ways.push(vec![format!("PkgConfig::{name}")]);
        }
        for (number, way) in ways.iter().enumerate() {
            let executable = format!("{source}-{number}");
            writeln!(
                text,
                "add_executable({executable} {})\ntarget_link_libraries({executable} PRIVATE {})",
                file.display(),
                way.join(" ")
            )
            .expect("text");
            if file.extension().is_some_and(|end| end == "cpp") {
                writeln!(
                    text,
                    "target_compile_options({executable} PRIVATE {NO_EXCEPTIONS})"
                )
                .expect("text");
            }
            built.push((executable, source.clone()));
        }
    }
    place.write("CMakeLists.txt", text);
    built
}

/// Configures and builds the project in `place`, and runs what it makes.
fn cmake_builds(place: &Place, version: &str, toolchain: &Path, sdk: Option<&Path>) {
    let sources = programs(&built_all());
    let executables = cmake_project(place, &sources);
    assert!(executables.len() > sources.len(), "{executables:?}");
    let mut configure = cmake(version);
    configure
        .current_dir(place.path(""))
        .args([
            "-S",
            ".",
            "-B",
            "build",
            "-G",
            "Ninja",
            "-DCMAKE_BUILD_TYPE=MinSizeRel",
        ])
        .arg(format!("-DCMAKE_TOOLCHAIN_FILE={}", toolchain.display()))
        .arg(format!("-DCMAKE_MAKE_PROGRAM={}", ninja().display()));
    if let Some(sdk) = sdk {
        configure.env("WASI_SDK_PATH", sdk);
    }
    let said = run(&mut configure).exits(0);
    assert!(!said.stderr.contains("CMake Warning"), "{}", said.stderr);
    // No package, library or header of the machine is found in silence.
    let cache = std::fs::read_to_string(place.path("build/CMakeCache.txt")).expect("the cache");
    for line in cache
        .lines()
        .filter(|line| line.contains("_DIR:PATH=") && !line.ends_with("-NOTFOUND"))
    {
        let (name, found) = line.split_once('=').expect("a value");
        let ours = [built_all(), overlay()]
            .iter()
            .any(|root| Path::new(found).starts_with(root));
        assert!(
            ours || name.starts_with("CMAKE_") || name.contains("consumers_"),
            "{line}"
        );
    }
    run(cmake(version).args(["--build"]).arg(place.path("build"))).exits(0);
    for (executable, source) in executables {
        let file = place.path(&format!("build/{executable}.wasm"));
        runs(place, &file, &format!("{source}.expected"));
    }
}

/// The toolchain file that `env` prints for the prefix.
fn toolchain_of_prefix(place: &Place) -> PathBuf {
    let mut command = built().command(&["env", "--cmake"]);
    command.arg("--prefix").arg(built_all());
    place.write("toolchain.cmake", run(&mut command).exits(0).stdout)
}

const TOOLCHAIN: &str = "share/cmake/wasideps.cmake";

#[test]
fn the_newest_cmake_links_each_target_of_each_package_of_the_sdk_overlay() {
    cmake_builds(&Place::new(), "newest", &overlay().join(TOOLCHAIN), None);
}

#[test]
fn the_oldest_cmake_links_each_target_of_each_package_of_a_prefix() {
    let place = Place::new();
    let toolchain = toolchain_of_prefix(&place);
    cmake_builds(&place, "oldest", &toolchain, Some(sdk()));
}

#[test]
fn cmakes_own_modules_find_the_libraries_and_nothing_of_the_machine() {
    for version in ["oldest", "newest"] {
        let place = Place::new();
        place.write(
            "CMakeLists.txt",
            "cmake_minimum_required(VERSION 3.15)\nproject(consumers C)\nset(CMAKE_FIND_PACKAGE_PREFER_CONFIG OFF)\n\
             foreach(package ZLIB BZip2 LibLZMA SQLite3 EXPAT PNG JPEG Freetype LibXml2 LibXslt)\n\
               find_package(${package} MODULE)\n\
               message(STATUS \"${package}: ${${package}_FOUND}\")\n\
             endforeach()\n\
             find_package(CURL)\nfind_path(not_here NAMES linux/limits.h)\nmessage(STATUS \"curl: ${CURL_FOUND}; of the machine: ${not_here}\")\n\
             find_package(ZLIB 99 CONFIG QUIET)\nmessage(STATUS \"99: ${ZLIB_FOUND}\")\n\
             find_package(WebP CONFIG COMPONENTS webp nothing QUIET)\nmessage(STATUS \"component: ${WebP_webp_FOUND} ${WebP_nothing_FOUND}\")\n",
        );
        let mut configure = cmake(version);
        configure
            .current_dir(place.path(""))
            .args(["-S", ".", "-B", "build", "-G", "Ninja"])
            .arg(format!(
                "-DCMAKE_TOOLCHAIN_FILE={}",
                overlay().join(TOOLCHAIN).display()
            ))
            .arg(format!("-DCMAKE_MAKE_PROGRAM={}", ninja().display()));
        let said = run(&mut configure).exits(0).stdout;
        for package in [
            "ZLIB", "BZip2", "LibLZMA", "SQLite3", "EXPAT", "PNG", "JPEG", "Freetype", "LibXml2",
            "LibXslt",
        ] {
            let found = said
                .lines()
                .any(|line| line.eq_ignore_ascii_case(&format!("-- {package}: TRUE")));
            assert!(found, "{package} in {said}");
        }
        assert!(said.contains("of the machine: not_here-NOTFOUND"), "{said}");
        assert!(
            said.contains("-- 99: 0") || said.contains("-- 99: FALSE"),
            "{said}"
        );
        assert!(said.contains("-- component: TRUE \n"), "{said}");
    }
}

#[test]
fn a_toolchain_file_of_a_prefix_asks_for_the_sdk() {
    let place = Place::new();
    place.write(
        "CMakeLists.txt",
        "cmake_minimum_required(VERSION 3.15)\nproject(consumers C)\n",
    );
    let mut configure = cmake("newest");
    configure
        .current_dir(place.path(""))
        .args(["-S", ".", "-B", "build", "-G", "Ninja"])
        .arg(format!(
            "-DCMAKE_TOOLCHAIN_FILE={}",
            toolchain_of_prefix(&place).display()
        ))
        .arg(format!("-DCMAKE_MAKE_PROGRAM={}", ninja().display()));
    run(&mut configure)
        .exits(1)
        .says(&["must name the WASI SDK that the prefix was made with"]);
}

#[test]
fn meson_links_each_library_of_the_sdk_overlay() {
    let place = Place::new();
    let sources = programs(&built_all());
    // Meson takes threads for granted: many projects ask for them and can do without.
    let mut text = "project('consumers', 'c', 'cpp')\n".to_owned();
    for (source, modules) in &sources {
        let file = program(source);
        let extension = file.extension().expect("an end").to_string_lossy();
        let copy = format!("{source}.{extension}");
        std::fs::copy(&file, place.path(&copy)).expect("copied");
        let dependencies: Vec<String> = modules
            .iter()
            .map(|module| format!("dependency('{module}', static: true)"))
            .collect();
        writeln!(
            text,
            "executable('{source}', '{copy}', name_suffix: 'wasm', cpp_args: ['{NO_EXCEPTIONS}'], dependencies: [dependency('threads'), {}])",
            dependencies.join(", ")
        )
        .expect("text");
    }
    place.write("meson.build", text);
    let python = tool("WASIDEPS_TEST_VALIDATORS").join("bin/python3");
    let mut setup = Command::new(python);
    setup
        .current_dir(place.path(""))
        .env("PYTHONPATH", wheels("newest"))
        .env("NINJA", ninja())
        .args([
            "-m",
            "mesonbuild.mesonmain",
            "setup",
            "build",
            "--cross-file",
        ])
        .arg(overlay().join("share/meson/wasideps.ini"));
    let said = run(&mut setup).exits(0);
    assert!(!said.stdout.contains("WARNING"), "{}", said.stdout);
    run(Command::new(ninja()).arg("-C").arg(place.path("build"))).exits(0);
    for (source, _) in &sources {
        let file = place.path(&format!("build/{source}.wasm"));
        runs(&place, &file, &format!("{source}.expected"));
    }
}

#[test]
fn the_crate_cc_finds_the_compiler_and_the_headers_of_the_sdk_overlay() {
    let place = Place::new();
    let out = place.path("out");
    std::fs::create_dir(&out).expect("a folder");
    // What Cargo says to a build script, and the one variable of its user's.
    cc::Build::new()
        .target("wasm32-wasip1")
        .host("x86_64-unknown-linux-gnu")
        .opt_level(2)
        .debug(false)
        .cargo_metadata(false)
        .out_dir(&out)
        .env("WASI_SDK_PATH", overlay())
        .file(project().join("tests/programs/zlib.c"))
        .try_compile("consumer")
        .expect("it compiles");
    let archive = out.join("libconsumer.a");
    let program = place.path("zlib.wasm");
    let mut link = Command::new(overlay().join("bin/wasm32-wasip1-clang"));
    run(link
        .arg("-Wl,--whole-archive")
        .arg(&archive)
        .args(["-Wl,--no-whole-archive", "-lz", "-o"])
        .arg(&program))
    .exits(0);
    runs(&place, &program, "zlib.expected");
}

#[test]
fn variables_for_configure_name_programs_that_compile_and_link() {
    let place = Place::new();
    let mut command = built().command(&["env", "--shell", "sh", "--cross"]);
    command.arg("--prefix");
    let said = run(command.arg(built_all()).arg("--sdk-overlay").arg(overlay())).exits(0);
    let script = place.write("env.sh", said.stdout);
    let program = project().join("tests/programs/zlib.c");
    // As the rules that make has of its own use them.
    let text = ". \"$1\" && $CC $CFLAGS $ZLIB_CFLAGS -c \"$2\" -o zlib.o && $AR rc libx.a zlib.o && $RANLIB libx.a && \
                $NM libx.a | grep -q ' T .*main' && $CC zlib.o $ZLIB_LIBS -o zlib.wasm && \
                printf 'int main() {}' > x.cc && $CXX $CXXFLAGS x.cc -o x.wasm";
    let mut shell = Command::new("sh");
    shell
        .current_dir(place.path(""))
        .args(["-euc", text, "sh"])
        .args([&script, &program]);
    run(&mut shell).exits(0);
    runs(&place, &place.path("zlib.wasm"), "zlib.expected");
    let mut alone = built().command(&["env", "--cross", "--prefix", "out"]);
    run(&mut alone).exits(2).says(&["--sdk-overlay"]);
}
