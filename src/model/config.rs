//! What a library is built for: a target, and a variant of how it is compiled for it. One value,
//! [`BuildConfig`], that plan, toolchain, manifest and overlay share.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Language;
use super::printable::line;

/// A text or a combination that is no build configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No target has this name.
    #[error("a target must be one of {}, found `{}`", names(&Target::ALL.map(Target::as_str)), line(found))]
    Target { found: String },
    /// No feature has this name; `why` where it is one that is asked for elsewhere.
    #[error(
        "a variant must be `default`, or features joined by `+`, of {}; found `{}`{}",
        names(&Feature::ALL.map(Feature::as_str)),
        line(found),
        why.map(|why| format!(": {why}")).unwrap_or_default()
    )]
    Feature {
        found: String,
        why: Option<&'static str>,
    },
    /// A feature stands twice.
    #[error("a variant names each of its features once, found `{feature}` twice")]
    Twice { feature: Feature },
    /// No target, or one with something behind it that is not joined to it by `+`.
    #[error(
        "what to build for must be a target, or a target and the features of a variant joined by `+`, found `{}`",
        line(found)
    )]
    Form { found: String },
    /// The target has no such variant.
    #[error("{target} has no variant `{feature}`: {why}")]
    Refused {
        target: Target,
        feature: Feature,
        why: &'static str,
    },
}

fn names(words: &[&str]) -> String {
    words
        .iter()
        .map(|word| format!("`{word}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// A WASI target triple, as clang and CPython name it. The old name `wasm32-wasi` is none: WASI SDK
/// 34 removed it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
pub enum Target {
    /// WASI 0.1, CPython's tier 2 target.
    #[default]
    #[serde(rename = "wasm32-wasip1")]
    Wasip1,
    /// WASI 0.2: the same objects as 0.1 where a source asks for no socket; programs become
    /// components.
    #[serde(rename = "wasm32-wasip2")]
    Wasip2,
    /// WASI 0.1 with the threads of the wasi-threads proposal:
    /// <https://github.com/WebAssembly/wasi-threads>.
    #[serde(rename = "wasm32-wasip1-threads")]
    Wasip1Threads,
    /// WASI 0.3: components whose functions may be asynchronous.
    #[serde(rename = "wasm32-wasip3")]
    Wasip3,
}

/// What the linker makes of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramForm {
    /// A module of core WebAssembly.
    Module,
    /// A component, which takes `wasm-component-ld`.
    Component,
}

/// All that is particular to a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TargetSpec {
    /// What clang's `--target` takes.
    pub triple: &'static str,
    /// The folder of its headers and libraries, below the sysroot's `include` and `lib`.
    pub sysroot: &'static str,
    /// What clang is given whenever it compiles or links.
    pub compile: &'static [&'static str],
    /// What clang is given beside that when it links a program.
    pub link: &'static [&'static str],
    pub form: ProgramForm,
    /// What `wasmtime run` is given to run a program.
    pub wasmtime: &'static [&'static str],
    /// The SDKs that have it, as a sentence names them. Source: the notes of the releases 22 and 34,
    /// <https://github.com/WebAssembly/wasi-sdk/releases>.
    pub sdks: &'static str,
    /// The features that it can't have, each with why.
    pub lacks: &'static [(Feature, &'static str)],
}

const WASIP1: TargetSpec = TargetSpec {
    triple: "wasm32-wasip1",
    sysroot: "wasm32-wasip1",
    compile: &[],
    link: &[],
    form: ProgramForm::Module,
    wasmtime: &[],
    sdks: "WASI SDK 22 and each later release",
    lacks: &[],
};

const WASIP2: TargetSpec = TargetSpec {
    triple: "wasm32-wasip2",
    sysroot: "wasm32-wasip2",
    form: ProgramForm::Component,
    sdks: "WASI SDK 22 and each later release",
    ..WASIP1
};

/// Each thread is an instance of the module, and imports the one memory:
/// <https://github.com/WebAssembly/wasi-threads>. wasmtime up to 46 runs it; 47 removed that:
/// <https://github.com/bytecodealliance/wasmtime/pull/13558>.
const WASIP1_THREADS: TargetSpec = TargetSpec {
    triple: "wasm32-wasip1-threads",
    sysroot: "wasm32-wasip1-threads",
    compile: &["-pthread"],
    link: &[
        "-Wl,--import-memory",
        "-Wl,--export-memory",
        "-Wl,--max-memory=4294967296",
    ],
    wasmtime: &["-W", "threads=y", "-S", "threads=y"],
    sdks: "WASI SDK 22 and each later release",
    lacks: &[(
        Feature::Pic,
        "its wasi-libc places thread-local variables when a program is linked, so that it is in no shared library",
    )],
    ..WASIP1
};

const WASIP3: TargetSpec = TargetSpec {
    triple: "wasm32-wasip3",
    sysroot: "wasm32-wasip3",
    form: ProgramForm::Component,
    wasmtime: &["-W", "component-model-async=y", "-S", "p3=y"],
    sdks: "WASI SDK 34 and each later release",
    ..WASIP1
};

impl TargetSpec {
    /// The status that the runtime ends with where a program exits with `status`: a component says
    /// no more than whether it succeeded. Source: `exit` of the WASI 0.2 interface `wasi:cli/exit`.
    #[must_use]
    pub fn exit_status(&self, status: i32) -> i32 {
        match self.form {
            ProgramForm::Module => status,
            ProgramForm::Component => i32::from(status != 0),
        }
    }
}

impl Target {
    /// All of them, the default first.
    pub const ALL: [Self; 4] = [
        Self::Wasip1,
        Self::Wasip2,
        Self::Wasip1Threads,
        Self::Wasip3,
    ];

    /// Its row of the table of targets.
    #[must_use]
    pub fn spec(self) -> &'static TargetSpec {
        match self {
            Self::Wasip1 => &WASIP1,
            Self::Wasip2 => &WASIP2,
            Self::Wasip1Threads => &WASIP1_THREADS,
            Self::Wasip3 => &WASIP3,
        }
    }

    /// The triple.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.spec().triple
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Target {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        Self::ALL
            .into_iter()
            .find(|target| target.as_str() == text)
            .ok_or_else(|| ConfigError::Target {
                found: text.to_owned(),
            })
    }
}

/// One way in which a variant differs from the default.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// Position-independent code: what a shared library is linked from.
    Pic,
    /// Optimised for size in place of speed.
    Small,
    /// The 128-bit vector instructions of WebAssembly: <https://webassembly.github.io/spec/core/>,
    /// `v128`.
    Simd,
    /// WebAssembly's exceptions, and with them `setjmp` and `longjmp`.
    Eh,
}

/// Why a name that some know from elsewhere is no feature.
const NO_FEATURES: &[(&str, &str)] = &[
    (
        "lto",
        "it makes LLVM bitcode, which an older linker than its clang does not read, and a member of a library is a WebAssembly object",
    ),
    ("speed", "the default is optimised for speed"),
    ("threads", "threads are a target, `wasm32-wasip1-threads`"),
];

/// What `setjmp` and `longjmp` call, as an argument of the linker.
pub const SETJMP_LIBRARY: &str = "-lsetjmp";

/// The release of LLVM from which on clang writes the exceptions of the WebAssembly standard. Older
/// ones know their first draft alone. Source: <https://github.com/WebAssembly/wasi-sdk/pull/523>,
/// and clang 19's refusal of the option.
const STANDARD_EXCEPTIONS: u32 = 20;

impl Feature {
    /// All of them, in the order in which a variant's name has them.
    pub const ALL: [Self; 4] = [Self::Pic, Self::Small, Self::Simd, Self::Eh];

    /// Its short name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pic => "pic",
            Self::Small => "small",
            Self::Simd => "simd",
            Self::Eh => "eh",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Feature {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let why = || {
            NO_FEATURES
                .iter()
                .find(|(name, _)| *name == text)
                .map(|(_, why)| *why)
        };
        let found = Self::ALL
            .into_iter()
            .find(|feature| feature.as_str() == text);
        found.ok_or_else(|| ConfigError::Feature {
            found: text.to_owned(),
            why: why(),
        })
    }
}

/// How code is compiled for a target: a set of features, empty by default. Its name has them in the
/// order of [`Feature::ALL`], joined by `+`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(try_from = "Vec<Feature>", into = "Vec<Feature>")]
pub struct Variant(u8);

impl Variant {
    /// Whether it has `feature`.
    #[must_use]
    pub fn has(self, feature: Feature) -> bool {
        self.0 & feature.bit() != 0
    }

    /// Whether it has each feature of `other`.
    #[must_use]
    pub fn has_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Its features, in the order of [`Feature::ALL`].
    pub fn features(self) -> impl Iterator<Item = Feature> {
        Feature::ALL
            .into_iter()
            .filter(move |&feature| self.has(feature))
    }

    /// Whether it has no feature.
    #[must_use]
    pub fn is_default(self) -> bool {
        self.0 == 0
    }

    /// What clang, of this release of LLVM, is given to compile code of this variant; without the
    /// level of optimisation, which [`Self::has`] of [`Feature::Small`] decides. The assembler gets
    /// only the flags about instructions.
    #[must_use]
    pub fn compile_flags(self, llvm_major: u32, language: Language) -> Vec<&'static str> {
        let mut flags = Vec::new();
        for feature in self.features() {
            match feature {
                Feature::Pic | Feature::Eh if language.is_assembly() => {}
                Feature::Pic => flags.push("-fPIC"),
                Feature::Small => {}
                // The other two are in the default of clang 20 and later. Every runtime that has
                // vectors has them: they are older.
                Feature::Simd => {
                    flags.extend(["-msimd128", "-mbulk-memory", "-mnontrapping-fptoint"]);
                }
                Feature::Eh => {
                    flags.push("-fwasm-exceptions");
                    flags.extend(Self::setjmp_flags(llvm_major));
                }
            }
        }
        flags
    }

    /// What clang, of this release of LLVM, is given to compile `setjmp` and `longjmp` in code of
    /// any variant; [`Self::compile_flags`] of one with [`Feature::Eh`] has it. Such a program is
    /// linked with `-lsetjmp`.
    #[must_use]
    pub fn setjmp_flags(llvm_major: u32) -> &'static [&'static str] {
        if llvm_major >= STANDARD_EXCEPTIONS {
            &[
                "-mllvm",
                "-wasm-enable-sjlj",
                "-mllvm",
                "-wasm-use-legacy-eh=false",
            ]
        } else {
            &["-mllvm", "-wasm-enable-sjlj"]
        }
    }

    /// What clang is given at the end of the command that links a program with code of this
    /// variant.
    #[must_use]
    pub fn link_flags(self) -> &'static [&'static str] {
        if self.has(Feature::Eh) {
            &["-fwasm-exceptions", SETJMP_LIBRARY]
        } else {
            &[]
        }
    }

    /// What `wasmtime run` is given to run a program with code of this variant.
    #[must_use]
    pub fn wasmtime(self) -> &'static [&'static str] {
        if self.has(Feature::Eh) {
            &["-W", "exceptions=y"]
        } else {
            &[]
        }
    }
}

impl FromIterator<Feature> for Variant {
    fn from_iter<I: IntoIterator<Item = Feature>>(features: I) -> Self {
        Self(
            features
                .into_iter()
                .fold(0, |bits, feature| bits | feature.bit()),
        )
    }
}

impl TryFrom<Vec<Feature>> for Variant {
    type Error = ConfigError;

    fn try_from(features: Vec<Feature>) -> Result<Self, ConfigError> {
        let mut variant = Self::default();
        for feature in features {
            if variant.has(feature) {
                return Err(ConfigError::Twice { feature });
            }
            variant.0 |= feature.bit();
        }
        Ok(variant)
    }
}

impl From<Variant> for Vec<Feature> {
    fn from(variant: Variant) -> Self {
        variant.features().collect()
    }
}

/// The name: `default`, or `pic+simd`.
impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_default() {
            return f.pad("default");
        }
        f.pad(
            &self
                .features()
                .map(Feature::as_str)
                .collect::<Vec<_>>()
                .join("+"),
        )
    }
}

/// In any order; the name puts them in theirs.
impl FromStr for Variant {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        if text == "default" {
            return Ok(Self::default());
        }
        text.split('+')
            .map(str::parse)
            .collect::<Result<Vec<Feature>, _>>()?
            .try_into()
    }
}

/// A target and a variant that it has. Made only by [`BuildConfig::new`], so that a combination
/// that makes no sense is none.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct BuildConfig {
    target: Target,
    variant: Variant,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    target: Target,
    variant: Variant,
}

impl TryFrom<Wire> for BuildConfig {
    type Error = ConfigError;

    fn try_from(Wire { target, variant }: Wire) -> Result<Self, ConfigError> {
        Self::new(target, variant)
    }
}

impl From<BuildConfig> for Wire {
    fn from(BuildConfig { target, variant }: BuildConfig) -> Self {
        Self { target, variant }
    }
}

impl BuildConfig {
    /// All that there are, the default first.
    pub fn all() -> impl Iterator<Item = Self> {
        Target::ALL.into_iter().flat_map(|target| {
            let variants = (0..1 << Feature::ALL.len()).map(Variant);
            variants.filter_map(move |variant| Self::new(target, variant).ok())
        })
    }

    /// `variant` for `target`.
    ///
    /// # Errors
    /// When the target can't have one of the variant's features.
    pub fn new(target: Target, variant: Variant) -> Result<Self, ConfigError> {
        match target
            .spec()
            .lacks
            .iter()
            .find(|(feature, _)| variant.has(*feature))
        {
            Some(&(feature, why)) => Err(ConfigError::Refused {
                target,
                feature,
                why,
            }),
            None => Ok(Self { target, variant }),
        }
    }

    /// What `wasmtime run` is given to run a program of it.
    pub fn wasmtime(self) -> impl Iterator<Item = &'static str> {
        let of_target = self.target.spec().wasmtime.iter();
        of_target.chain(self.variant.wasmtime()).copied()
    }

    /// What it is built for.
    #[must_use]
    pub fn target(self) -> Target {
        self.target
    }

    /// How it is compiled.
    #[must_use]
    pub fn variant(self) -> Variant {
        self.variant
    }
}

/// The default variant of a target.
impl From<Target> for BuildConfig {
    fn from(target: Target) -> Self {
        Self {
            target,
            variant: Variant::default(),
        }
    }
}

/// The name, which is also that of the folder of a prefix: `wasm32-wasip1`, or
/// `wasm32-wasip1+pic+simd`.
impl fmt::Display for BuildConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.variant.is_default() {
            return f.pad(self.target.as_str());
        }
        f.pad(&format!("{}+{}", self.target, self.variant))
    }
}

/// From its name.
impl FromStr for BuildConfig {
    type Err = ConfigError;

    fn from_str(text: &str) -> Result<Self, ConfigError> {
        // Of two targets one may begin with the other.
        let split = Target::ALL.into_iter().find_map(|target| {
            match text.strip_prefix(target.as_str())? {
                "" => Some((target, "default")),
                rest => Some((target, rest.strip_prefix('+')?)),
            }
        });
        let (target, variant) = split.ok_or_else(|| ConfigError::Form {
            found: text.to_owned(),
        })?;
        Self::new(target, variant.parse()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variant(text: &str) -> Variant {
        text.parse().expect(text)
    }

    #[test]
    fn the_old_triple_is_no_target() {
        assert!("wasm32-wasi".parse::<Target>().is_err());
        for target in Target::ALL {
            assert_eq!(target.as_str().parse(), Ok(target));
            assert_eq!(
                serde_json::to_value(target).expect("a string"),
                target.as_str()
            );
        }
    }

    #[test]
    fn every_set_of_features_has_one_name_and_is_read_from_it() {
        let mut names = std::collections::BTreeSet::new();
        for bits in 0..1 << Feature::ALL.len() {
            let set: Variant = Feature::ALL
                .into_iter()
                .filter(|feature| bits & feature.bit() != 0)
                .collect();
            assert_eq!(variant(&set.to_string()), set);
            let json = serde_json::to_string(&set).expect("written");
            assert_eq!(serde_json::from_str::<Variant>(&json).expect("read"), set);
            names.insert(set.to_string());
        }
        assert_eq!(names.len(), 16);
        assert_eq!(variant("simd+pic").to_string(), "pic+simd");
        let named = BuildConfig::new(Target::Wasip2, variant("eh+small")).expect("a combination");
        for config in BuildConfig::all() {
            assert_eq!(config.to_string().parse(), Ok(config));
        }
        for text in [
            "wasm32-wasip",
            "wasm32-wasip1-",
            "wasm32-wasip1simd",
            "+pic",
        ] {
            let error = text.parse::<BuildConfig>().expect_err(text).to_string();
            assert!(error.contains("must be a target"), "{text}: {error}");
        }
        assert_eq!(
            (named.to_string(), BuildConfig::default().to_string()),
            ("wasm32-wasip2+small+eh".into(), "wasm32-wasip1".into())
        );
    }

    #[test]
    fn what_is_no_variant_or_makes_no_sense_is_refused_with_why() {
        for (text, why) in [
            ("lto", "LLVM bitcode"),
            ("speed", "is optimised for speed"),
            ("threads", "are a target"),
            ("pic+pic", "`pic` twice"),
            ("pic,simd", "joined by `+`"),
            ("", "found ``"),
            ("PIC", "found `PIC`"),
            ("default+pic", "found `default`"),
        ] {
            let error = text.parse::<Variant>().expect_err(text).to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        let error = BuildConfig::new(Target::Wasip1Threads, variant("pic"))
            .expect_err("refused")
            .to_string();
        assert!(
            error.contains("wasm32-wasip1-threads has no variant `pic`"),
            "{error}"
        );
        let json = r#"{"target":"wasm32-wasip1-threads","variant":["simd","pic"]}"#;
        assert!(serde_json::from_str::<BuildConfig>(json).is_err());
        assert!(serde_json::from_str::<BuildConfig>(&json.replace(",\"pic\"", "")).is_ok());
    }

    #[test]
    fn a_component_says_only_whether_it_succeeded() {
        let statuses = |target: Target| [0, 1, 2].map(|status| target.spec().exit_status(status));
        assert_eq!(statuses(Target::Wasip1), [0, 1, 2]);
        assert_eq!(statuses(Target::Wasip2), [0, 1, 1]);
    }

    #[test]
    fn only_a_clang_that_can_is_asked_for_the_standards_exceptions() {
        assert!(
            !variant("eh")
                .compile_flags(19, Language::C)
                .iter()
                .any(|flag| flag.contains("legacy"))
        );
        assert!(
            variant("eh")
                .compile_flags(20, Language::C)
                .contains(&"-wasm-use-legacy-eh=false")
        );
        assert_eq!(
            variant("pic+small+simd").compile_flags(19, Language::C),
            [
                "-fPIC",
                "-msimd128",
                "-mbulk-memory",
                "-mnontrapping-fptoint"
            ]
        );
        assert!(
            Variant::default().compile_flags(20, Language::C).is_empty()
                && Variant::default().link_flags().is_empty()
        );
    }
}
