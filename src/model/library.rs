//! What a recipe makes: libraries, the files that each is compiled from, and what one library
//! requires of another.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CompileFlag, Line, Macro, Name, NameError, RelPath, TreeDir};

/// A library of a recipe, named so that no other one has its name. Written as `zlib/z`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct LibraryId {
    pub recipe: Name,
    /// `z` for `lib/libz.a`.
    pub library: Name,
}

reads_text!(LibraryId);

impl fmt::Display for LibraryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.recipe, self.library)
    }
}

impl FromStr for LibraryId {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (recipe, library) = text.split_once('/').unwrap_or((text, ""));
        Ok(Self {
            recipe: recipe.parse()?,
            library: library.parse()?,
        })
    }
}

by_text!(LibraryId);

/// A library as a recipe names it: `png` is one of the recipe's own, `zlib/z` one of another
/// recipe.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LibraryRef {
    recipe: Option<Name>,
    library: Name,
}

reads_text!(LibraryRef);

impl LibraryRef {
    /// The library that this means in the recipe `own`.
    #[must_use]
    pub fn in_recipe(self, own: &Name) -> LibraryId {
        LibraryId {
            recipe: self.recipe.unwrap_or_else(|| own.clone()),
            library: self.library,
        }
    }
}

impl TryFrom<String> for LibraryRef {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Ok(match text.split_once('/') {
            Some((recipe, library)) => Self {
                recipe: Some(recipe.parse()?),
                library: library.parse()?,
            },
            None => Self {
                recipe: None,
                library: text.parse()?,
            },
        })
    }
}

text_schema!(LibraryRef, {
    "pattern": "^([A-Za-z0-9][A-Za-z0-9+._-]*/)?[A-Za-z0-9][A-Za-z0-9+._-]*$",
    "description": "a library of this recipe, or `RECIPE/LIBRARY`"
});

/// What a library requires of another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    pub to: LibraryId,
    pub visibility: Visibility,
    /// Where the recipe names it, in bytes of its text.
    pub span: Range<usize>,
}

/// Whether those who use a library see what it requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Visibility {
    /// Its headers include headers of the other: whoever compiles against it needs both, and links
    /// both.
    Public,
    /// Its sources alone include them: whoever uses it links both.
    Private,
}

/// One library.
#[derive(Debug, Clone)]
pub struct Library {
    /// `z` for `lib/libz.a`.
    pub name: Name,
    pub kind: LibraryKind,
    /// Path in the tree to path below `include/`.
    pub headers: BTreeMap<RelPath, RelPath>,
    /// What it requires; each library once.
    pub requires: Vec<Edge>,
}

/// What a library is to those who link it.
#[derive(Debug, Clone)]
pub enum LibraryKind {
    /// An archive of these objects, in member order; never empty, and no two members have one name.
    Static(Vec<Unit>),
    /// Headers alone; the library has some.
    HeaderOnly,
}

impl Library {
    /// What is compiled, in member order; empty for headers alone.
    #[must_use]
    pub fn units(&self) -> &[Unit] {
        match &self.kind {
            LibraryKind::Static(units) => units,
            LibraryKind::HeaderOnly => &[],
        }
    }

    /// The path of its archive below the prefix, where it has one.
    #[must_use]
    pub fn archive(&self) -> Option<RelPath> {
        match self.kind {
            LibraryKind::Static(_) => Some(
                format!("lib/lib{}.a", self.name)
                    .parse()
                    .expect("a name is a path's part"),
            ),
            LibraryKind::HeaderOnly => None,
        }
    }
}

/// One file, compiled in one way to one member of an archive.
#[derive(Debug, Clone)]
pub struct Unit {
    pub source: SourceFile,
    /// `adler32.o`.
    pub member: String,
    pub options: Arc<CompileOptions>,
    /// Whether the file has inline assembly; everywhere else clang refuses it.
    pub inline_assembly: bool,
}

/// The language of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// `.c`.
    C,
    /// `.cc`, `.cpp`, `.cxx`.
    Cxx,
    /// `.s`.
    Assembly,
    /// `.S`: the C preprocessor reads it before the assembler does.
    PreprocessedAssembly,
}

impl Language {
    /// By the end of the file's name, as clang tells it.
    pub(super) fn of(path: &RelPath) -> Option<Self> {
        match path.file_name().rsplit_once('.')?.1 {
            "c" => Some(Self::C),
            "cc" | "cpp" | "cxx" => Some(Self::Cxx),
            "s" => Some(Self::Assembly),
            "S" => Some(Self::PreprocessedAssembly),
            _ => None,
        }
    }

    /// Whether a file in this language is compiled with `flag`: a library may have files of several
    /// languages, and `-std=` is of one.
    #[must_use]
    pub fn takes(self, flag: &CompileFlag) -> bool {
        let standard = flag.as_str().strip_prefix("-std=");
        match self {
            Self::C => standard.is_none_or(|standard| !standard.contains("++")),
            Self::Cxx => standard.is_none_or(|standard| standard.contains("++")),
            // The rest is for the compiler: the assembler warns of it.
            Self::Assembly => flag.as_str().starts_with("-m"),
            Self::PreprocessedAssembly => standard.is_none(),
        }
    }

    /// Whether the assembler reads the file, which opens others that no list of clang's names.
    #[must_use]
    pub fn is_assembly(self) -> bool {
        matches!(self, Self::Assembly | Self::PreprocessedAssembly)
    }

    /// Whether the preprocessor reads the file: it takes macros and folders of headers.
    #[must_use]
    pub fn is_preprocessed(self) -> bool {
        self != Self::Assembly
    }
}

/// A file that can be compiled: its name says in which language it is. Written as its path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "RelPath")]
pub struct SourceFile {
    path: RelPath,
    language: Language,
}

reads_text!(SourceFile);

impl SourceFile {
    /// Where it is in the source tree.
    #[must_use]
    pub fn path(&self) -> &RelPath {
        &self.path
    }

    /// Its language.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// The file's name without the end that says its language: `adler32`.
    #[must_use]
    pub fn stem(&self) -> &str {
        let name = self.path.file_name();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
}

impl fmt::Display for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

impl FromStr for SourceFile {
    type Err = SourceFileError;

    fn from_str(text: &str) -> Result<Self, SourceFileError> {
        text.parse::<RelPath>()?.try_into()
    }
}

impl TryFrom<RelPath> for SourceFile {
    type Error = SourceFileError;

    fn try_from(path: RelPath) -> Result<Self, SourceFileError> {
        match Language::of(&path) {
            Some(language) => Ok(Self { path, language }),
            None => Err(SourceFileError::Language { path }),
        }
    }
}

impl TryFrom<String> for SourceFile {
    type Error = SourceFileError;

    fn try_from(text: String) -> Result<Self, SourceFileError> {
        text.parse()
    }
}

impl From<SourceFile> for RelPath {
    fn from(file: SourceFile) -> Self {
        file.path
    }
}

text_schema!(SourceFile, {
    "pattern": r"^[^/\\:@-][^/\\:]*(/[^/\\:]+)*$",
    "description": "a file to compile: C (.c), C++ (.cc, .cpp, .cxx) or assembly (.s, .S)"
});

/// A name that no file to compile has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceFileError {
    #[error(transparent)]
    Path(#[from] NameError),
    #[error(
        "`{path}` is in no language that is compiled: C (`.c`), C++ (`.cc`, `.cpp`, `.cxx`) and assembly (`.s`, `.S`) are"
    )]
    Language { path: RelPath },
}

/// How much clang optimises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
pub enum OptLevel {
    #[serde(rename = "-O0")]
    O0,
    #[serde(rename = "-O1")]
    O1,
    /// As upstream's release builds are.
    #[default]
    #[serde(rename = "-O2")]
    O2,
    #[serde(rename = "-O3")]
    O3,
    #[serde(rename = "-Os")]
    Os,
    #[serde(rename = "-Oz")]
    Oz,
}

impl OptLevel {
    /// Clang's flag.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::O0 => "-O0",
            Self::O1 => "-O1",
            Self::O2 => "-O2",
            Self::O3 => "-O3",
            Self::Os => "-Os",
            Self::Oz => "-Oz",
        }
    }
}

/// How files are compiled.
#[derive(Debug, Clone, Default)]
pub struct CompileOptions {
    /// A library is compiled at the default.
    pub opt_level: OptLevel,
    /// Macro to value.
    pub defines: BTreeMap<Macro, Line>,
    pub include_dirs: Vec<TreeDir>,
    pub flags: Vec<CompileFlag>,
    /// Whether `setjmp` and `longjmp` are compiled, also in a variant without `eh`.
    pub setjmp: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_files_name_says_its_language_and_other_files_are_refused() {
        let language = |text: &str| text.parse::<SourceFile>().map(|file| file.language());
        for (text, expected) in [
            ("a.c", Language::C),
            ("d/a.b.cc", Language::Cxx),
            ("a.cpp", Language::Cxx),
            ("a.cxx", Language::Cxx),
            ("a.s", Language::Assembly),
            ("a.S", Language::PreprocessedAssembly),
        ] {
            assert_eq!(language(text), Ok(expected), "{text}");
        }
        for text in [
            "a.h",
            "configure",
            "a.C",
            "a.asm",
            "a.f",
            "c",
            "a.c/b",
            "../a.c",
        ] {
            assert!(language(text).is_err(), "{text}");
        }
        assert_eq!(
            "d/a.b.cc".parse::<SourceFile>().expect("a source").stem(),
            "a.b"
        );
    }

    #[test]
    fn a_standard_is_passed_to_its_own_language_and_the_assembler_gets_the_machine_alone() {
        let all = [
            Language::C,
            Language::Cxx,
            Language::Assembly,
            Language::PreprocessedAssembly,
        ];
        for (flag, expected) in [
            ("-std=gnu11", [true, false, false, false]),
            ("-std=c++20", [false, true, false, false]),
            ("-fwrapv", [true, true, false, true]),
            ("-msimd128", [true, true, true, true]),
        ] {
            let flag = flag.parse().expect(flag);
            assert_eq!(
                all.map(|language| language.takes(&flag)),
                expected,
                "{flag}"
            );
        }
    }

    #[test]
    fn a_library_is_named_with_its_recipe_or_is_the_recipes_own() {
        let own: Name = "png".parse().expect("a name");
        let named = |text: &str| {
            LibraryRef::try_from(text.to_owned()).map(|library| library.in_recipe(&own).to_string())
        };
        assert_eq!(named("zlib/z").as_deref(), Ok("zlib/z"));
        assert_eq!(named("png16").as_deref(), Ok("png/png16"));
        for text in ["", "/", "zlib/", "/z", "a/b/c", "a b"] {
            assert!(named(text).is_err(), "{text}");
        }
        assert!(LibraryId::try_from("z".to_owned()).is_err());
    }
}
