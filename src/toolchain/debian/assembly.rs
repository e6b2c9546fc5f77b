//! How Debian's packages make the twin of a WASI SDK release: a table for each release that has a
//! twin. Another twin is another table here, and what the lock then pins of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::model::{BuildConfig, DebianPackage, Line, Name, RelPath, Sha256, Target, Variant};
use crate::toolchain::ToolchainError;

/// The tables, by the release that their SDK stands in for.
const TABLES: [(&str, &str); 2] = [
    ("25", include_str!("25.toml")),
    ("33", include_str!("33.toml")),
];

/// The version of what this module makes of a table.
const LAYOUT: &str = "1";

/// What stands for the multiarch folder in a table.
const MULTIARCH: &str = "{multiarch}";

/// A table, checked.
#[derive(Debug, Clone)]
pub struct Assembly {
    pub(super) resource_dir: RelPath,
    clang: Name,
    wasi_libc: Name,
    targets: BTreeSet<Target>,
    features: Variant,
    /// What its release has, and it has not; in words.
    pub(super) lacks: BTreeSet<String>,
    /// Each package with the suite that it is taken from.
    pub(super) packages: BTreeMap<Name, Name>,
    places: Vec<AssemblyRule>,
    /// Links, with their targets.
    pub(super) links: BTreeMap<RelPath, String>,
    /// Programs in `bin`, each with that of `llvm/bin` that it starts.
    pub(super) wrappers: BTreeMap<RelPath, RelPath>,
    /// Of the table's text and of what is made of it.
    digest: Sha256,
}

/// A table as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Wire {
    resource_dir: RelPath,
    clang: Name,
    wasi_libc: Name,
    targets: BTreeSet<Target>,
    features: Variant,
    lacks: BTreeSet<String>,
    packages: BTreeMap<Name, Name>,
    place: Vec<AssemblyRule>,
    links: BTreeMap<RelPath, String>,
    wrappers: BTreeMap<RelPath, RelPath>,
}

/// Which files of a folder of the packages are taken, and where to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct AssemblyRule {
    from: String,
    to: RelPath,
    take: Take,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Take {
    All,
    /// These, in the folder itself.
    Programs(BTreeSet<RelPath>),
    /// `libx.so` and `libx.so.1`, in the folder itself. Those that no program needs are left out
    /// later.
    SharedLibraries,
    /// Folders that are called by a target (`wasm32-wasi`), and links to them.
    Targets,
}

impl Assembly {
    /// The table of the SDK that stands in for `release`.
    ///
    /// # Errors
    /// When there is none.
    pub fn of(release: &str) -> Result<Self, ToolchainError> {
        let Some((_, text)) = TABLES.iter().find(|(known, _)| *known == release) else {
            let known = TABLES
                .iter()
                .map(|(known, _)| (*known).to_owned())
                .collect();
            return Err(ToolchainError::NoTwin {
                release: release.to_owned(),
                known,
            });
        };
        Ok(Self::parse(text).expect("the tables are part of the program, and a test reads each"))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let Wire {
            resource_dir,
            clang,
            wasi_libc,
            targets,
            features,
            lacks,
            packages,
            place: places,
            links,
            wrappers,
        } = toml::from_str(text).map_err(|error| error.to_string())?;
        let digest = Sha256::of_fields(
            "wasideps debian assembly 1",
            [LAYOUT.as_bytes(), text.as_bytes()],
        );
        let assembly = Self {
            resource_dir,
            clang,
            wasi_libc,
            targets,
            features,
            lacks,
            packages,
            places,
            links,
            wrappers,
            digest,
        };
        for name in [&assembly.clang, &assembly.wasi_libc] {
            if !assembly.packages.contains_key(name) {
                return Err(format!("{name} is none of the packages"));
            }
        }
        let programs: BTreeSet<RelPath> = assembly.programs().collect();
        let links = assembly.links.keys();
        match assembly.wrappers.values().find(|program| {
            let path = format!("llvm/bin/{program}");
            !programs
                .iter()
                .chain(links.clone())
                .any(|known| known.as_str() == path)
        }) {
            Some(program) => Err(format!(
                "a wrapper starts `{program}`, which is neither a program nor a link in llvm/bin"
            )),
            None => Ok(assembly),
        }
    }

    /// Whether it can build for `config`.
    pub(super) fn builds(&self, config: BuildConfig) -> bool {
        self.targets.contains(&config.target()) && self.features.has_all(config.variant())
    }

    /// Covers all that shapes the SDK, but for the packages' bytes: part of its key in the store.
    pub(super) fn digest(&self) -> &Sha256 {
        &self.digest
    }

    /// The programs that are taken, where they go.
    pub(super) fn programs(&self) -> impl Iterator<Item = RelPath> {
        self.places.iter().flat_map(|place| match &place.take {
            Take::Programs(names) => names
                .iter()
                .filter_map(|name| format!("{}/{name}", place.to).parse().ok())
                .collect(),
            _ => Vec::new(),
        })
    }

    /// Where a file of `package` goes; `None` for what an SDK does not need.
    pub(super) fn place(&self, path: &RelPath, package: &Name, multiarch: &str) -> Option<RelPath> {
        let copyright = format!("share/doc/{package}/copyright");
        if path
            .below("usr")
            .is_some_and(|below| below.as_str() == copyright)
        {
            return copyright.parse().ok();
        }
        self.places.iter().find_map(|place| {
            let below = path.below(&place.from.replace(MULTIARCH, multiarch))?;
            let is_direct = !below.as_str().contains('/');
            let takes = match &place.take {
                Take::All => true,
                Take::Programs(names) => names.contains(&below),
                Take::SharedLibraries => is_direct && below.as_str().contains(".so"),
                Take::Targets => below.as_str().starts_with("wasm32-"),
            };
            takes
                .then(|| format!("{}/{below}", place.to).parse().ok())
                .flatten()
        })
    }

    /// The versions of LLVM and of wasi-libc (its commit) that `packages` hold, by their packages'
    /// version numbers: `1:19.1.7-3~deb12u1` and `0.0~git20241209.574b88d-2`.
    #[must_use]
    pub fn versions(&self, packages: &[DebianPackage]) -> Option<(Line, Line)> {
        let version = |name: &Name| {
            packages
                .iter()
                .find(|package| package.package == *name)
                .map(|package| package.version.as_str())
        };
        let clang = version(&self.clang)?;
        let llvm = clang
            .split_once(':')
            .map_or(clang, |(_, version)| version)
            .split('-')
            .next()?;
        let commit = version(&self.wasi_libc)?
            .rsplit('.')
            .next()?
            .split('-')
            .next()?;
        Some((llvm.parse().ok()?, commit.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_can_be_read_and_a_release_without_one_is_an_error_that_names_those_with_one() {
        for (release, _) in TABLES {
            assert!(
                Assembly::of(release).expect("a table").packages.len() > 5,
                "{release}"
            );
        }
        assert!(
            matches!(Assembly::of("99"), Err(ToolchainError::NoTwin { known, .. }) if known.contains(&"25".to_owned()))
        );
    }

    #[test]
    fn a_table_that_names_what_it_does_not_have_is_refused() {
        let text = TABLES[0].1;
        for (old, new, problem) in [
            (
                "\"clang-cpp\" = \"clang-cpp\"",
                "\"clang-cpp\" = \"cpp\"",
                "a wrapper starts `cpp`",
            ),
            (
                "clang = \"clang-19\"",
                "clang = \"clang-20\"",
                "clang-20 is none of the packages",
            ),
            (
                "take = \"all\"",
                "take = \"most\"",
                "unknown variant `most`",
            ),
            ("to = \"llvm/bin\"", "to = \"../bin\"", "found `../bin`"),
        ] {
            assert!(text.contains(old), "{old}");
            let error = Assembly::parse(&text.replacen(old, new, 1)).expect_err(new);
            assert!(error.contains(problem), "{error}");
        }
    }

    #[test]
    fn a_twin_builds_what_its_packages_are_for() {
        let builds = |release, config: (&str, &str)| {
            let target = config.0.parse().expect("a target");
            let config = BuildConfig::new(target, config.1.parse().expect("a variant"));
            Assembly::of(release)
                .expect("a table")
                .builds(config.expect("one that there is"))
        };
        assert!(builds("33", ("wasm32-wasip2", "pic+eh")));
        assert!(builds("25", ("wasm32-wasip1", "pic+simd")));
        assert!(!builds("25", ("wasm32-wasip1", "eh")));
        assert!(!builds("33", ("wasm32-wasip1-threads", "default")));
    }

    fn placed(path: &str) -> Option<String> {
        let assembly = Assembly::of("25").expect("a table");
        let package = "clang-19".parse().expect("a name");
        assembly
            .place(&path.parse().expect("valid"), &package, "x86_64-linux-gnu")
            .map(|path| path.to_string())
    }

    #[test]
    fn debians_paths_become_those_of_an_sdk() {
        for (from, to) in [
            ("usr/lib/llvm-19/bin/clang", "llvm/bin/clang"),
            (
                "usr/lib/x86_64-linux-gnu/libLLVM.so.19.1",
                "llvm/lib/libLLVM.so.19.1",
            ),
            (
                "lib/x86_64-linux-gnu/libtinfo.so.6.4",
                "llvm/lib/libtinfo.so.6.4",
            ),
            (
                "usr/lib/llvm-19/lib/clang/19/include/stddef.h",
                "lib/clang/19/include/stddef.h",
            ),
            (
                "usr/lib/llvm-19/lib/clang/19/lib/wasi/libclang_rt.builtins-wasm32.a",
                "lib/clang/19/lib/wasi/libclang_rt.builtins-wasm32.a",
            ),
            (
                "usr/include/wasm32-wasi/stdio.h",
                "share/wasi-sysroot/include/wasm32-wasi/stdio.h",
            ),
            (
                "usr/include/wasm32-wasip1",
                "share/wasi-sysroot/include/wasm32-wasip1",
            ),
            (
                "usr/lib/wasm32-wasip2/libc.a",
                "share/wasi-sysroot/lib/wasm32-wasip2/libc.a",
            ),
            (
                "usr/share/doc/clang-19/copyright",
                "share/doc/clang-19/copyright",
            ),
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
