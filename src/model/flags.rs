//! The flags that recipes and suites may give to clang, to the linker and to pkg-config: lists of
//! what is known to be harmless, each in all of its forms. A flag that is not here is refused, so
//! that a new one of clang's can do no harm before someone has read what it does.
//!
//! Source: <https://clang.llvm.org/docs/ClangCommandLineReference.html> and `wasm-ld --help`. None
//! here takes the argument that follows it, names a file, loads code, or makes another output than
//! the object.

use std::fmt::Write as _;
use std::str::FromStr;

use serde::Serialize;

use super::name::text_type;
use super::printable::line;
use super::{Macro, Name, RelPath};

/// What may follow the fixed start of a flag.
#[derive(Debug, Clone, Copy)]
enum Rest {
    Nothing,
    /// One of these words.
    One(&'static str),
    /// One of these words, or `no-` and one of them.
    Switch(&'static str),
    /// At most nine decimal digits.
    Number,
    /// The name of a warning or a group of them, in lower case, with its level where it has one.
    Warning,
    /// A C identifier.
    Symbol,
    /// What `-l` takes: letters, digits and `+-_.`, no path and no `:`.
    Library,
    /// `NAME` or `NAME=VALUE`; the value is a number, a word or a version.
    Define,
    /// A folder below.
    Folder,
}

/// A flag's fixed start, and what may follow it.
type Form = (&'static str, Rest);

const COMPILE: &[Form] = &[
    (
        "-std=",
        Rest::One(
            "c89 c90 c99 c11 c17 c18 c23 c2x gnu89 gnu90 gnu99 gnu11 gnu17 gnu18 gnu23 gnu2x c++11 c++14 c++17 c++20 c++23 gnu++11 gnu++14 \
         gnu++17 gnu++20 gnu++23",
        ),
    ),
    // What the language is, and what the optimiser may take for granted.
    (
        "-f",
        Rest::Switch(
            "aligned-allocation associative-math asynchronous-unwind-tables builtin char8_t common cxx-exceptions data-sections \
         delete-null-pointer-checks dollars-in-identifiers exceptions fast-math finite-math-only function-sections gnu-keywords \
         gnu89-inline honor-infinities honor-nans inline inline-functions jump-tables math-errno merge-all-constants omit-frame-pointer \
         optimize-sibling-calls reciprocal-math rounding-math rtti short-enums short-wchar signed-char signed-zeros sized-deallocation \
         slp-vectorize strict-aliasing strict-enums strict-overflow strict-return strict-vtable-pointers threadsafe-statics \
         trapping-math trapv tree-vectorize unroll-loops unsafe-math-optimizations unsigned-char unwind-tables vectorize \
         visibility-inlines-hidden wasm-exceptions wrapv wrapv-pointer zero-initialized-in-bss",
        ),
    ),
    ("-f", Rest::One("PIC pic freestanding hosted")),
    (
        "-fvisibility=",
        Rest::One("default hidden internal protected"),
    ),
    ("-ffp-contract=", Rest::One("fast off on")),
    ("-ffp-model=", Rest::One("fast precise strict")),
    ("-flax-vector-conversions=", Rest::One("all integer none")),
    ("-fstrict-flex-arrays=", Rest::One("0 1 2 3")),
    (
        "-ftrivial-auto-var-init=",
        Rest::One("pattern uninitialized zero"),
    ),
    ("-fbracket-depth=", Rest::Number),
    ("-fconstexpr-steps=", Rest::Number),
    ("-ftemplate-depth=", Rest::Number),
    // WebAssembly's features.
    (
        "-m",
        Rest::Switch(
            "atomics bulk-memory bulk-memory-opt call-indirect-overlong exception-handling extended-const fp16 multivalue mutable-globals \
         nontrapping-fptoint reference-types relaxed-simd sign-ext simd128 tail-call wide-arithmetic",
        ),
    ),
    ("-mcpu=", Rest::One("bleeding-edge generic lime1 mvp")),
    ("-W", Rest::Warning),
];

const LINK: &[Form] = &[
    ("-l", Rest::Library),
    ("-Wl,-z,stack-size=", Rest::Number),
    ("-Wl,--initial-memory=", Rest::Number),
    ("-Wl,--max-memory=", Rest::Number),
    ("-Wl,--stack-first", Rest::Nothing),
    ("-Wl,--growable-table", Rest::Nothing),
    ("-Wl,--export-table", Rest::Nothing),
    ("-Wl,--export=", Rest::Symbol),
    ("-Wl,--export-if-defined=", Rest::Symbol),
    ("-Wl,--undefined=", Rest::Symbol),
    ("-Wl,--wrap=", Rest::Symbol),
];

const CONSUMER: &[Form] = &[("-D", Rest::Define), ("-I${includedir}/", Rest::Folder)];

/// Why some flags that are asked for, or would do harm, are in none of the lists. Looked for by how
/// a flag starts; the first counts.
const REFUSED: &[(&str, &str)] = &[
    (
        "-flto",
        "it makes LLVM bitcode, and a member of a library is a WebAssembly object",
    ),
    (
        "-fthinlto",
        "it makes LLVM bitcode, and a member of a library is a WebAssembly object",
    ),
    ("-fplugin", "it runs code that the flag names"),
    ("-fpass-plugin", "it runs code that the flag names"),
    ("-fuse-ld", "it runs a program that the flag names"),
    ("-Wl,-mllvm", "LLVM's own options load code and write files"),
    ("-mllvm", "LLVM's own options load code and write files"),
    (
        "-Wl,",
        "what is passed on to the linker may read and write files",
    ),
    (
        "-Wa,",
        "it passes something on to the assembler, which reads files",
    ),
    (
        "-Wp,",
        "it passes something on to the preprocessor, which writes files",
    ),
    ("-fprofile", "it reads or writes a profile"),
    ("-fsyntax-only", "it makes no object"),
    ("-mcpu=help", "it makes no object"),
    (
        "-fgnu-inline-asm",
        "the recipe names the files that need it in `inline-assembly`",
    ),
    ("-pthread", "the target wasm32-wasip1-threads sets it"),
];

/// A flag that is in no list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} `{}` is not allowed{}; allowed are {allowed}", line(found), why.map(|why| format!(": {why}")).unwrap_or_default())]
pub struct FlagError {
    what: &'static str,
    found: String,
    why: Option<&'static str>,
    allowed: String,
}

impl Rest {
    fn admits(self, text: &str) -> bool {
        match self {
            Self::Nothing => text.is_empty(),
            Self::One(words) => words.split(' ').any(|word| word == text),
            Self::Switch(words) => {
                Self::One(words).admits(text.strip_prefix("no-").unwrap_or(text))
            }
            Self::Number => {
                (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
            }
            Self::Warning => {
                let text = text.strip_prefix("no-").unwrap_or(text);
                let text = text.strip_prefix("error=").unwrap_or(text);
                let (name, level) = text
                    .split_once('=')
                    .map_or((text, None), |(name, level)| (name, Some(level)));
                let word =
                    |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-".contains(c);
                // The clock is kept out of the bytes, and this warning says where a source asks for
                // it. `-Wl`, `-Wa` and `-Wp` pass on what follows them.
                name.len() > 1
                    && name.starts_with(|c: char| c.is_ascii_lowercase())
                    && name.chars().all(word)
                    && !name.ends_with("date-time")
                    && level.is_none_or(|level| Self::Number.admits(level))
            }
            Self::Symbol => text.parse::<Macro>().is_ok(),
            Self::Library => text.parse::<Name>().is_ok(),
            Self::Define => {
                let (name, value) = text.split_once('=').unwrap_or((text, ""));
                name.parse::<Macro>().is_ok()
                    && value
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "_.+-".contains(c))
            }
            Self::Folder => {
                text.parse::<RelPath>().is_ok()
                    && text
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "_.+-/".contains(c))
            }
        }
    }

    /// As a regular expression of ECMA-262, for the schema: it admits no less than
    /// [`Self::admits`].
    fn pattern(self) -> String {
        let words = |words: &str| words.replace('+', r"\+").replace(' ', "|");
        match self {
            Self::Nothing => String::new(),
            Self::One(list) => format!("({})", words(list)),
            Self::Switch(list) => format!("(no-)?({})", words(list)),
            Self::Number => "[0-9]{1,9}".to_owned(),
            Self::Warning => "(no-)?(error=)?[a-z][a-z0-9+-]*(=[0-9]{1,9})?".to_owned(),
            Self::Symbol => "[A-Za-z_][A-Za-z0-9_]*".to_owned(),
            Self::Library => "[A-Za-z0-9][A-Za-z0-9+._-]*".to_owned(),
            Self::Define => "[A-Za-z_][A-Za-z0-9_]*(=[A-Za-z0-9_.+-]*)?".to_owned(),
            Self::Folder => "[A-Za-z0-9_.+-]+(/[A-Za-z0-9_.+-]+)*".to_owned(),
        }
    }

    /// For people, after the start.
    fn shown(self, start: &str) -> String {
        match self {
            Self::Nothing => start.to_owned(),
            Self::One(words) => format!("{start}{{{}}}", words.replace(' ', ",")),
            Self::Switch(words) => format!("{start}[no-]{{{}}}", words.replace(' ', ",")),
            Self::Number => format!("{start}NUMBER"),
            Self::Warning => format!("{start}[no-][error=]WARNING (not date-time)"),
            Self::Symbol => format!("{start}SYMBOL"),
            Self::Library => format!("{start}LIBRARY"),
            Self::Define => format!("{start}NAME[=VALUE]"),
            Self::Folder => format!("{start}FOLDER"),
        }
    }
}

fn admits(forms: &[Form], text: &str) -> bool {
    forms.iter().any(|(start, rest)| {
        text.strip_prefix(start)
            .is_some_and(|text| rest.admits(text))
    })
}

fn refuse(what: &'static str, forms: &[Form], text: &str) -> FlagError {
    let why = REFUSED
        .iter()
        .find(|(start, _)| text.starts_with(start))
        .map(|(_, why)| *why);
    // Those of the same letter: all of them would be a page.
    let alike = |form: &&Form| {
        text.get(..2)
            .is_some_and(|letter| form.0.starts_with(letter))
    };
    let shown: Vec<_> = if forms.iter().any(|form| alike(&form)) {
        forms
            .iter()
            .filter(alike)
            .map(|(start, rest)| rest.shown(start))
            .collect()
    } else {
        forms.iter().map(|(start, _)| format!("{start}…")).collect()
    };
    FlagError {
        what,
        found: text.to_owned(),
        why,
        allowed: shown.join(", "),
    }
}

fn pattern(forms: &[Form]) -> String {
    let mut pattern = String::from("^(");
    for (index, (start, rest)) in forms.iter().enumerate() {
        let start = start
            .replace('$', r"\$")
            .replace('{', r"\{")
            .replace('}', r"\}");
        write!(
            pattern,
            "{}{start}{}",
            if index == 0 { "" } else { "|" },
            rest.pattern()
        )
        .expect("a string takes all text");
    }
    pattern + ")$"
}

/// Implements parsing, printing, serde and schema of a newtype over `String` that holds a flag of
/// one list.
macro_rules! flag_type {
    ($type:ident, $what:literal, $forms:expr) => {
        impl FromStr for $type {
            type Err = FlagError;

            fn from_str(text: &str) -> Result<Self, FlagError> {
                if admits($forms, text) { Ok(Self(text.to_owned())) } else { Err(refuse($what, $forms, text)) }
            }
        }

        text_type!(@text $type);

        text_schema!($type, { "pattern": pattern($forms), "description": concat!($what, ", of a list: docs/recipes.md") });
    };
}

/// A flag of clang's that changes how code is compiled, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct CompileFlag(String);

reads_text!(CompileFlag);

flag_type!(CompileFlag, "the flag", COMPILE);

impl CompileFlag {
    /// Whether C++ that is compiled with it may throw and catch.
    #[must_use]
    pub fn asks_to_throw(&self) -> bool {
        ["-fexceptions", "-fcxx-exceptions", "-fwasm-exceptions"].contains(&self.as_str())
    }
}

/// An argument of the linker: a library by its name, or what changes the memory, the stack, the
/// table and the symbols of a program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct LinkFlag(String);

reads_text!(LinkFlag);

flag_type!(LinkFlag, "the linker's argument", LINK);

/// What a consumer of a library is compiled with: macros, and folders below the prefix's headers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct ConsumerFlag(String);

reads_text!(ConsumerFlag);

flag_type!(ConsumerFlag, "the flag for consumers", CONSUMER);

impl ConsumerFlag {
    /// The folder below the prefix's headers that it adds to the compiler's search.
    #[must_use]
    pub fn include_folder(&self) -> Option<RelPath> {
        self.0.strip_prefix("-I${includedir}/")?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What did harm, or would: it loads code, reads or writes a file, takes the next argument, or
    /// makes no object.
    const HARMFUL: &str = "-fplugin=x.so -fpass-plugin=x.so -fplugin-arg-x-y -mllvm -Wl,-z -Wa,-I -Wp,-MD,x -fuse-ld=x -flto -flto=thin -ffat-lto-objects \
         -fsyntax-only -mcpu=help -foptimization-record-file=x -fsave-optimization-record -fproc-stat-report -fproc-stat-report=x \
         -ftime-trace -ftime-trace=x -ftime-report -fdepfile-entry=x -filelist -framework -force_load -module-dependency-dir -fmodules \
         -fmodules-cache-path=x -fmodule-file=x -fmodule-map-file=x -fcrash-diagnostics-dir=x -fcrash-diagnostics=all -fprofile-use=x \
         -fprofile-generate -fprofile-instr-use=x -fcs-profile-generate -fprofile-list=x -fsanitize-ignorelist=x -fsanitize=address \
         -fxray-attr-list=x -fthinlto-index=x -fembed-bitcode -fembed-offload-object=x -fdebug-prefix-map=a=b -ffile-prefix-map=a=b \
         -fmacro-prefix-map=a=b -fbuild-session-file=x -frandomize-layout-seed-file=x -fgnu-inline-asm -fasm-blocks -fms-compatibility \
         -fno-integrated-as -fno-integrated-cc1 -fintegrated-as -femit-all-decls -fdiagnostics-color=always -finput-charset=x \
         -fworking-directory -Wno-date-time -Wno-error=date-time -Werror=date-time -Wdate-time -Wl -W -f -m -std= -std=c++98/x -O3 \
         -I/usr/include -include -imacros -iquote -isystem -x -o -c -E -S -emit-llvm -save-temps --config=x @x -Xclang -Xlinker -B/x \
         -specs=x -v -### -print-prog-name=x -pthread -mthread-model -mexec-model=reactor -march=native -target";

    const HARMFUL_LINK: &str = "-Wl,-mllvm,-load=/x.so -Wl,-mllvm -fuse-ld=/x -Wl,-Map=x -Wl,-Map,x -Wl,--reproduce=x -Wl,/etc/passwd -Wl,@x -Wl,-o,x -Wl,-L/x \
         -Wl,-T,x -Wl,--allow-undefined-file=x -Wl,--print-gc-sections -Wl,--lto-O3 -Wl,--thinlto-cache-dir=x -Wl,--save-temps \
         -Wl,--why-extract=x -Wl,--error-limit=0 -Wl,--version -Wl,--help -Wl,-z -Wl,-z,x -Wl,-z,stack-size= -Wl,-z,stack-size=0x10 \
         -Wl,-z,stack-size=1,-Map=x -Wl,--wrap=a,--wrap=b -Wl,--wrap= -Wl,--stack-first=x -l -l:x.a -l/x -l../x -L/x -L${libdir}/x x.a \
         /x.a @x --sysroot=/x -Xlinker -rpath";

    const HARMFUL_CONSUMER: &str = "-I/usr/include -I.. -I${includedir} -I${includedir}/ -I${includedir}/../x -I${libdir}/x -I${includedir}/$(x) -D -D1 -DA=$(x) \
         -DA=`x` -DA=# -DA=\"x\" -include -fplugin=x @x";

    fn check<T: FromStr<Err = FlagError> + AsRef<str>>(harmless: &str, harmful: &str) {
        for flag in harmless.split(' ') {
            assert_eq!(
                flag.parse::<T>()
                    .map(|flag| flag.as_ref().to_owned())
                    .expect(flag),
                flag
            );
        }
        let odd = [
            "",
            "-Wno-x\n",
            "-W a",
            "-Wl,--undefined=a b",
            "-lm\n-lx",
            "-DA=a b",
            "-DA\n",
            "-f\u{a0}wrapv",
        ];
        for flag in harmful.split(' ').chain(odd) {
            let Err(error) = flag.parse::<T>() else {
                panic!("{flag} is taken")
            };
            let error = error.to_string();
            assert!(
                error.contains(&format!("`{}`", line(flag))) && error.contains("allowed are -"),
                "{error}"
            );
        }
    }

    #[test]
    fn flags_that_do_more_than_change_how_code_is_compiled_are_refused_by_name() {
        let harmless = "-std=gnu11 -std=c++20 -fno-strict-aliasing -fwrapv -fvisibility=hidden -msimd128 -mno-bulk-memory -mcpu=lime1 -Wall \
             -Wno-unused -Werror=implicit-function-declaration -Wno-error=deprecated -Wno-c++11-extensions -Wformat=2 -fPIC \
             -ffp-contract=off";
        check::<CompileFlag>(harmless, HARMFUL);
        let link = "-lm -lwasi-emulated-signal -Wl,-z,stack-size=1048576 -Wl,--stack-first -Wl,--growable-table -Wl,--wrap=open";
        check::<LinkFlag>(link, HARMFUL_LINK);
        check::<ConsumerFlag>("-DA -DA=1.2 -I${includedir}/uuid", HARMFUL_CONSUMER);
    }

    #[test]
    fn a_folder_of_headers_is_told_from_a_macro() {
        let folder = |flag: &str| flag.parse::<ConsumerFlag>().expect(flag).include_folder();
        assert_eq!(folder("-I${includedir}/a/b"), "a/b".parse().ok());
        assert_eq!(folder("-DA=1"), None);
    }

    #[test]
    fn link_time_optimisation_is_refused_with_the_reason_and_a_flag_with_those_of_its_letter() {
        let refused = |flag: &str| flag.parse::<CompileFlag>().expect_err(flag).to_string();
        assert!(refused("-flto=thin").contains("makes LLVM bitcode"));
        assert!(refused("-Wno-date-time").contains("not date-time"));
        let alike = refused("-msimd");
        assert!(
            alike.contains("simd128") && alike.contains("-mcpu={") && !alike.contains("-std="),
            "{alike}"
        );
    }

    proptest! {
        #[test]
        fn no_flag_of_any_list_is_a_path_a_response_file_or_two_arguments(
            start in prop::sample::select([COMPILE, LINK, CONSUMER].concat()), rest in "[ -~\u{a0}\n]{0,12}"
        ) {
            let text = format!("{}{rest}", start.0);
            let taken = text.parse::<CompileFlag>().is_ok() || text.parse::<LinkFlag>().is_ok();
            if taken || text.parse::<ConsumerFlag>().is_ok() {
                prop_assert!(text.starts_with('-') && !text.contains(char::is_whitespace) && !text.contains(['@', '\\', '`', '#']));
                prop_assert!(!taken || !text.contains('/'));
            }
        }

        #[test]
        fn the_schemas_patterns_take_what_the_types_take(
            form in prop::sample::select([COMPILE, LINK, CONSUMER].concat()), rest in "(no-)?[a-z0-9=+-]{0,10}"
        ) {
            let admits = |pattern: &str, text: &str| {
                let schema = serde_json::json!({ "type": "string", "pattern": pattern });
                jsonschema::is_valid(&schema, &serde_json::json!(text))
            };
            let text = format!("{}{rest}", form.0);
            for forms in [COMPILE, LINK, CONSUMER] {
                prop_assert!(!super::admits(forms, &text) || admits(&pattern(forms), &text), "{text}");
            }
        }
    }
}
