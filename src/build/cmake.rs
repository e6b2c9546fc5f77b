//! The texts of CMake's files: package configurations, which start from their own folder, so that
//! the prefix can be moved, and the toolchain file. Formats:
//! <https://cmake.org/cmake/help/latest/manual/cmake-packages.7.html> and
//! <https://cmake.org/cmake/help/latest/manual/cmake-toolchains.7.html>.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use camino::Utf8Path;

use super::manifest::ProgramFlags;
use crate::model::{
    BuildConfig, CMakeName, CMakeTarget, CMakeTargets, Feature, Module, Name, Version,
};
use crate::plan::{Plan, PlannedSource};

/// The toolchain file, below an SDK overlay.
pub const TOOLCHAIN_FILE: &str = "share/cmake/wasideps.cmake";

/// The line of a package's configuration that says where the archives are: another folder in a
/// sysroot.
pub const LIBRARY_DIR: &str = "set(_wasideps_libdir \"${_wasideps_prefix}/lib\")";

/// What the packages of a plan need of each other.
pub struct CMakePackages<'a> {
    modules: BTreeMap<&'a Name, &'a Module>,
    /// The first target of each module that has one, with its package.
    targets: BTreeMap<&'a Name, (&'a CMakeName, &'a CMakeTarget)>,
    /// The libraries that there is an archive of.
    archives: BTreeSet<&'a Name>,
}

/// What a target says of itself.
#[derive(Default)]
struct Usage<'a> {
    /// The libraries that it links itself, the module's own first.
    archives: Vec<&'a str>,
    /// Other arguments of the linker for libraries: `-lm`.
    system: Vec<&'a str>,
    options: Vec<&'a str>,
    includes: BTreeSet<String>,
    definitions: BTreeSet<&'a str>,
    /// What it requires that has a target.
    targets: Vec<(&'a CMakeName, &'a CMakeTarget)>,
}

impl<'a> CMakePackages<'a> {
    /// Those of `plan`.
    #[must_use]
    pub fn of(plan: &'a Plan) -> Self {
        let mut packages = Self {
            modules: BTreeMap::new(),
            targets: BTreeMap::new(),
            archives: BTreeSet::new(),
        };
        for (_, source) in plan.sources.entries() {
            packages.modules.extend(&source.modules);
            for (package, targets) in &source.selected.recipe.cmake_packages {
                for (target, module) in targets {
                    packages.targets.entry(module).or_insert((package, target));
                }
            }
            let archived = source.libraries.iter().filter(|l| l.archive.is_some());
            packages
                .archives
                .extend(archived.map(|library| &library.id.library));
        }
        packages
    }

    /// The text of the package `name` of `source`, whose targets are `targets`.
    #[must_use]
    pub fn config(
        &self,
        source: &PlannedSource,
        name: &CMakeName,
        targets: &CMakeTargets,
    ) -> String {
        let title = source.selected.title();
        let mut text = format!(
            "# {title}, made by wasideps.\n\
             get_filename_component(_wasideps_prefix \"${{CMAKE_CURRENT_LIST_DIR}}/../../..\" ABSOLUTE)\n\
             {LIBRARY_DIR}\n"
        );
        let mut needed = BTreeSet::new();
        let mut includes = BTreeSet::new();
        let mut first_targets: BTreeMap<&Name, &CMakeTarget> = BTreeMap::new();
        for (target, module) in targets {
            let usage = self.usage(module);
            needed.extend(usage.targets.iter().map(|(package, _)| *package));
            includes.extend(usage.includes.iter().cloned());
            first_targets.entry(module).or_insert(target);
            imported(&mut text, target, &usage);
        }
        needed.remove(name);
        text += &dependencies(name, &needed);
        variables(
            &mut text,
            name,
            &source.selected.source.version,
            &includes,
            first_targets.values().copied(),
        );
        text += COMPONENTS;
        text
    }

    /// What the target of `module` says: its own, and what it requires that no target stands for.
    fn usage(&self, module: &'a Name) -> Usage<'a> {
        let mut usage = Usage::default();
        let mut seen = BTreeSet::from([module]);
        let mut next = vec![module];
        while let Some(name) = next.pop() {
            let Some(module) = self.modules.get(name) else {
                continue;
            };
            for flag in module.cflags.iter().chain(&module.cflags_private) {
                match (flag.include_folder(), flag.as_str().strip_prefix("-D")) {
                    (Some(folder), _) => {
                        usage
                            .includes
                            .insert(format!("${{_wasideps_prefix}}/include/{folder}"));
                    }
                    (None, Some(definition)) => {
                        usage.definitions.insert(definition);
                    }
                    // A flag for consumers has no other form.
                    (None, None) => {}
                }
            }
            for flag in module.libs.iter().chain(&module.libs_private) {
                let flag = flag.as_str();
                let library = flag.strip_prefix("-l");
                let archive = library.filter(|name| {
                    self.archives
                        .iter()
                        .any(|archive| archive.as_str() == *name)
                });
                let list = match (archive, library) {
                    (Some(_), _) => &mut usage.archives,
                    (None, Some(_)) => &mut usage.system,
                    (None, None) => &mut usage.options,
                };
                let item = archive.unwrap_or(flag);
                if !list.contains(&item) {
                    list.push(item);
                }
            }
            for required in module.requires.iter().chain(&module.requires_private) {
                if !seen.insert(required) {
                    continue;
                }
                match self.targets.get(required) {
                    Some(target) => usage.targets.push(*target),
                    None => next.push(required),
                }
            }
        }
        usage
            .includes
            .insert("${_wasideps_prefix}/include".to_owned());
        usage
    }
}

/// What brings the packages `needed` by the package `name`, of the same prefix. Two packages may need
/// each other: the second time that one is come by, its targets are there.
fn dependencies(name: &CMakeName, needed: &BTreeSet<&CMakeName>) -> String {
    if needed.is_empty() {
        return String::new();
    }
    let lines: String = needed.iter().fold(String::new(), |mut lines, package| {
        let folder = package.folder();
        writeln!(
            lines,
            "  find_dependency({package} CONFIG PATHS \"${{_wasideps_prefix}}/{folder}\" NO_DEFAULT_PATH)"
        )
        .expect("a string takes all text");
        lines
    });
    format!(
        "\ninclude(CMakeFindDependencyMacro)\n\
         if(NOT _wasideps_finding_{name})\n  set(_wasideps_finding_{name} TRUE)\n{lines}  unset(_wasideps_finding_{name})\nendif()\n"
    )
}

/// Adds an imported target.
fn imported(text: &mut String, target: &CMakeTarget, usage: &Usage<'_>) {
    let file = |library: &str| format!("${{_wasideps_libdir}}/lib{library}.a");
    let (kind, own) = match usage.archives.split_first() {
        Some((first, others)) => ("STATIC", Some((file(first), others))),
        None => ("INTERFACE", None),
    };
    let others = own.as_ref().map_or(&[][..], |(_, others)| others);
    let links: Vec<String> = others
        .iter()
        .map(|library| file(library))
        .chain(usage.targets.iter().map(|(_, target)| target.to_string()))
        .chain(usage.system.iter().map(ToString::to_string))
        .collect();
    let properties = [
        (
            "IMPORTED_LOCATION",
            own.map(|(first, _)| first).unwrap_or_default(),
        ),
        (
            "INTERFACE_INCLUDE_DIRECTORIES",
            joined(usage.includes.iter()),
        ),
        (
            "INTERFACE_COMPILE_DEFINITIONS",
            joined(usage.definitions.iter()),
        ),
        ("INTERFACE_LINK_LIBRARIES", links.join(";")),
        ("INTERFACE_LINK_OPTIONS", joined(usage.options.iter())),
    ];
    let mut lines = String::new();
    for (property, value) in properties.iter().filter(|(_, value)| !value.is_empty()) {
        write!(lines, "\n    {property} \"{value}\"").expect("a string takes all text");
    }
    write!(
        text,
        "\nif(NOT TARGET {target})\n  add_library({target} {kind} IMPORTED)\n  set_target_properties({target} PROPERTIES{lines})\nendif()\n"
    )
    .expect("a string takes all text");
}

/// Adds the variables that CMake's own find modules set: projects that do not know the targets use
/// them, under the package's name or that name in capitals.
fn variables<'a>(
    text: &mut String,
    name: &CMakeName,
    version: &Version,
    includes: &BTreeSet<String>,
    targets: impl Iterator<Item = &'a CMakeTarget>,
) {
    let includes = joined(includes.iter());
    let targets = joined(targets.map(CMakeTarget::as_str));
    let capitals = name.as_str().to_ascii_uppercase();
    let names = BTreeSet::from([name.as_str(), &capitals]);
    text.push('\n');
    for name in names {
        let lines = [
            ("FOUND", "TRUE"),
            ("VERSION_STRING", version.as_str()),
            ("INCLUDE_DIR", &includes),
            ("INCLUDE_DIRS", &includes),
            ("LIBRARY", &targets),
            ("LIBRARIES", &targets),
        ];
        for (suffix, value) in lines {
            writeln!(text, "set({name}_{suffix} \"{value}\")").expect("a string takes all text");
        }
    }
}

/// A component is a target of the package.
const COMPONENTS: &str = r#"
foreach(_wasideps_component IN LISTS ${CMAKE_FIND_PACKAGE_NAME}_FIND_COMPONENTS)
  if(TARGET ${CMAKE_FIND_PACKAGE_NAME}::${_wasideps_component})
    set(${CMAKE_FIND_PACKAGE_NAME}_${_wasideps_component}_FOUND TRUE)
  elseif(${CMAKE_FIND_PACKAGE_NAME}_FIND_REQUIRED_${_wasideps_component})
    set(${CMAKE_FIND_PACKAGE_NAME}_FOUND FALSE)
    set(${CMAKE_FIND_PACKAGE_NAME}_NOT_FOUND_MESSAGE "the component ${_wasideps_component} is not built for WASI")
  endif()
endforeach()
"#;

/// The text that says whether a package of `version` will do: for every older version that is asked
/// for, and for 32-bit programs alone.
#[must_use]
pub fn config_version(version: &Version) -> String {
    format!(
        r#"set(PACKAGE_VERSION "{version}")
set(PACKAGE_VERSION_COMPATIBLE TRUE)
if(PACKAGE_FIND_VERSION_RANGE)
  if(PACKAGE_VERSION VERSION_LESS PACKAGE_FIND_VERSION_MIN
     OR (PACKAGE_FIND_VERSION_RANGE_MAX STREQUAL "INCLUDE" AND PACKAGE_VERSION VERSION_GREATER PACKAGE_FIND_VERSION_MAX)
     OR (PACKAGE_FIND_VERSION_RANGE_MAX STREQUAL "EXCLUDE" AND NOT PACKAGE_VERSION VERSION_LESS PACKAGE_FIND_VERSION_MAX))
    set(PACKAGE_VERSION_COMPATIBLE FALSE)
  endif()
elseif(PACKAGE_VERSION VERSION_LESS PACKAGE_FIND_VERSION)
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
elseif(PACKAGE_VERSION VERSION_EQUAL PACKAGE_FIND_VERSION)
  set(PACKAGE_VERSION_EXACT TRUE)
endif()
if(CMAKE_SIZEOF_VOID_P AND NOT CMAKE_SIZEOF_VOID_P EQUAL 4)
  set(PACKAGE_VERSION_UNSUITABLE TRUE)
endif()
"#
    )
}

/// Whose toolchain file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolchainPlace<'a> {
    /// That of the prefix at this absolute path, wherever the file is; the SDK is the user's to name.
    Prefix(&'a Utf8Path),
    /// That of the SDK overlay which it is in.
    SdkOverlay,
}

/// The text of [`TOOLCHAIN_FILE`] for `config`, with `flags` for programs.
#[must_use]
pub fn toolchain_file(
    config: BuildConfig,
    flags: &ProgramFlags,
    place: ToolchainPlace<'_>,
) -> String {
    let (target, variant) = (config.target(), config.variant());
    let sysroot_folder = target.spec().sysroot;
    let (c, cxx) = (flags.c.join(" "), flags.cxx.join(" "));
    let link = flags.link.join(" ");
    let position = if variant.has(Feature::Pic) {
        "set(CMAKE_POSITION_INDEPENDENT_CODE ON)\n"
    } else {
        ""
    };
    let place = match place {
        ToolchainPlace::Prefix(path) => {
            // A bracket argument takes every character for itself.
            format!("set(_wasideps_prefix [==[{path}]==])\n{OF_PREFIX}")
        }
        ToolchainPlace::SdkOverlay => OF_OVERLAY.to_owned(),
    };
    format!(
        r#"# CMake toolchain file for {config}, made by wasideps: cmake -DCMAKE_TOOLCHAIN_FILE=<this file>
{place}
set(CMAKE_SYSTEM_NAME WASI)
set(CMAKE_SYSTEM_VERSION 1)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
# Not every CMake knows the system, and one that does not warns.
file(WRITE "${{CMAKE_BINARY_DIR}}/CMakeFiles/wasideps/Platform/WASI.cmake" "set(WASI 1)\n")
list(APPEND CMAKE_MODULE_PATH "${{CMAKE_BINARY_DIR}}/CMakeFiles/wasideps")

set(CMAKE_C_COMPILER "${{_wasideps_sdk}}/bin/clang")
set(CMAKE_ASM_COMPILER "${{_wasideps_sdk}}/bin/clang")
if(EXISTS "${{_wasideps_sdk}}/bin/clang++")
  set(CMAKE_CXX_COMPILER "${{_wasideps_sdk}}/bin/clang++")
else()
  set(CMAKE_CXX_COMPILER "${{_wasideps_sdk}}/bin/clang" --driver-mode=g++)
endif()
set(CMAKE_AR "${{_wasideps_sdk}}/bin/llvm-ar")
if(EXISTS "${{_wasideps_sdk}}/bin/llvm-ranlib")
  set(CMAKE_RANLIB "${{_wasideps_sdk}}/bin/llvm-ranlib")
else()
  set(CMAKE_RANLIB "${{_wasideps_sdk}}/bin/llvm-ar" s)
endif()
foreach(_wasideps_language C CXX ASM)
  set(CMAKE_${{_wasideps_language}}_COMPILER_TARGET {target})
  set(CMAKE_EXECUTABLE_SUFFIX_${{_wasideps_language}} .wasm)
endforeach()
set(CMAKE_SYSROOT "${{_wasideps_sdk}}/share/wasi-sysroot")
set(CMAKE_C_FLAGS_INIT "{c}")
set(CMAKE_CXX_FLAGS_INIT "{cxx}")
set(CMAKE_EXE_LINKER_FLAGS_INIT "{link}")
{position}
# Libraries, headers and packages are those of the prefix and of the SDK; programs are the machine's.
set(CMAKE_FIND_ROOT_PATH "${{_wasideps_prefix}}")
list(APPEND CMAKE_SYSTEM_PREFIX_PATH "/")
set(CMAKE_LIBRARY_ARCHITECTURE {sysroot_folder})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
# A package's own configuration knows what a static library needs; CMake's find modules do not.
set(CMAKE_FIND_PACKAGE_PREFER_CONFIG TRUE)
set(PKG_CONFIG_USE_CMAKE_PREFIX_PATH FALSE)
set(ENV{{PKG_CONFIG_PATH}} "")
set(ENV{{PKG_CONFIG_LIBDIR}} "${{_wasideps_prefix}}/lib/pkgconfig")
"#
    )
}

const OF_PREFIX: &str = r#"if(NOT WASI_SDK_PATH)
  set(WASI_SDK_PATH "$ENV{WASI_SDK_PATH}")
endif()
if(NOT EXISTS "${WASI_SDK_PATH}/bin/clang")
  message(FATAL_ERROR "WASI_SDK_PATH (`${WASI_SDK_PATH}`) must name the WASI SDK that the prefix was made with; an SDK overlay of wasideps has the prefix in it, and a toolchain file of its own")
endif()
set(_wasideps_sdk "${WASI_SDK_PATH}")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES WASI_SDK_PATH)
set(ENV{PKG_CONFIG_SYSROOT_DIR} "")
"#;

const OF_OVERLAY: &str = r#"get_filename_component(_wasideps_sdk "${CMAKE_CURRENT_LIST_DIR}/../.." ABSOLUTE)
set(_wasideps_prefix "${_wasideps_sdk}/share/wasi-sysroot")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${_wasideps_prefix}")
"#;

/// A list of CMake's.
fn joined<T: AsRef<str>>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<T> = items.collect();
    let texts: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    texts.join(";")
}
