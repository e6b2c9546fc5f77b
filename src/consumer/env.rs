//! The variables that consumers understand, and how each shell is told of them. Pure.

use std::collections::BTreeMap;

use camino::Utf8Path;
use serde_json::{Map, Value};

use crate::build::ProgramFlags;
use crate::model::{ConsumerFlag, Module, Name, link_order};
use crate::toolchain::quote;

/// pkg-config's name of a library, and how CPython's configure calls its variables.
const NAMES: [(&str, &str); 8] = [
    ("bzip2", "BZIP2"),
    ("libffi", "LIBFFI"),
    ("liblzma", "LIBLZMA"),
    ("libmpdec", "LIBMPDEC"),
    ("libzstd", "LIBZSTD"),
    ("sqlite3", "LIBSQLITE3"),
    ("uuid", "LIBUUID"),
    ("zlib", "ZLIB"),
];

/// A pkg-config module of a prefix with all that it requires, as arguments of the compiler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedModule {
    pub name: String,
    pub cflags: Vec<String>,
    pub libs: Vec<String>,
}

impl ResolvedModule {
    /// What pkg-config says of each of `modules`, all those of the prefix at `prefix` (an absolute
    /// path), for a static link: there are no other libraries here. A library comes before those
    /// that it requires.
    #[must_use]
    pub fn all(modules: &BTreeMap<&Name, &Module>, prefix: &Utf8Path) -> Vec<Self> {
        modules
            .keys()
            .map(|name| Self::new(name, modules, prefix))
            .collect()
    }

    fn new(name: &Name, modules: &BTreeMap<&Name, &Module>, prefix: &Utf8Path) -> Self {
        let required = |name| {
            modules.get(name).map_or_else(Vec::new, |module| {
                module
                    .requires
                    .iter()
                    .chain(&module.requires_private)
                    .collect()
            })
        };
        let all: Vec<&Module> = link_order(&[name], &required)
            .into_iter()
            .filter_map(|name| modules.get(name).copied())
            .collect();
        let (include, lib) = (prefix.join("include"), prefix.join("lib"));
        // The variable of our `.pc` files that such flags may name.
        let text = |flag: &ConsumerFlag| flag.as_str().replace("${includedir}", include.as_str());
        let cflags = all
            .iter()
            .flat_map(|module| module.cflags.iter().chain(&module.cflags_private))
            .map(text);
        let libs = all
            .iter()
            .flat_map(|module| module.libs.iter().chain(&module.libs_private))
            .map(ToString::to_string);
        Self {
            name: name.to_string(),
            cflags: std::iter::once(format!("-I{include}"))
                .chain(cflags)
                .collect(),
            libs: std::iter::once(format!("-L{lib}")).chain(libs).collect(),
        }
    }
}

/// A variable and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub name: String,
    pub value: String,
}

/// For whom variables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shell {
    /// POSIX shells, for `eval`.
    #[default]
    Sh,
    /// fish, for `source`.
    Fish,
    /// PowerShell, for `Invoke-Expression`.
    PowerShell,
    /// GitHub Actions, for the file that `$GITHUB_ENV` names.
    Github,
    /// One object.
    Json,
}

/// The variables for `modules` of `prefix`, an absolute path; with `sdk_overlay`, that SDK overlay
/// as well. Sorted by name.
#[must_use]
pub fn variables(
    prefix: &Utf8Path,
    modules: &[ResolvedModule],
    sdk_overlay: Option<&Utf8Path>,
) -> Vec<Variable> {
    let mut variables = vec![
        variable(
            "PKG_CONFIG_LIBDIR",
            prefix.join("lib/pkgconfig").into_string(),
        ),
        // What the machine has for itself must not get in.
        variable("PKG_CONFIG_PATH", String::new()),
        variable("PKG_CONFIG_SYSROOT_DIR", String::new()),
    ];
    for module in modules {
        let Some((_, name)) = NAMES
            .iter()
            .find(|(module_name, _)| *module_name == module.name)
        else {
            continue;
        };
        variables.push(variable(
            &format!("{name}_CFLAGS"),
            arguments(&module.cflags),
        ));
        variables.push(variable(&format!("{name}_LIBS"), arguments(&module.libs)));
    }
    if let Some(overlay) = sdk_overlay {
        variables.push(variable("WASI_SDK_PATH", overlay.to_string()));
    }
    variables.sort_by(|a, b| a.name.cmp(&b.name));
    variables
}

/// The variables by which configure and make know the compiler and its tools: those of the SDK
/// overlay at `overlay`, an absolute path, with `flags` for programs. A build of programs for the
/// machine itself would take them too.
#[must_use]
pub fn cross_variables(overlay: &Utf8Path, flags: &ProgramFlags) -> Vec<Variable> {
    let programs = [
        ("AR", "ar"),
        ("CC", "clang"),
        ("CXX", "clang++"),
        ("NM", "nm"),
        ("RANLIB", "ranlib"),
    ];
    let programs = programs
        .map(|(name, program)| variable(name, overlay.join("bin").join(program).into_string()));
    let compile = [("CFLAGS", &flags.c), ("CXXFLAGS", &flags.cxx)].map(|(name, flags)| {
        let all: Vec<&str> = std::iter::once("-O2")
            .chain(flags.iter().copied())
            .collect();
        variable(name, all.join(" "))
    });
    let link = variable("LDFLAGS", flags.link.join(" "));
    programs.into_iter().chain(compile).chain([link]).collect()
}

/// The text that tells `shell` of `variables`.
#[must_use]
pub fn render(variables: &[Variable], shell: Shell) -> String {
    let lines = |line: fn(&Variable) -> String| variables.iter().map(line).collect::<String>();
    match shell {
        Shell::Sh => lines(|Variable { name, value }| format!("export {name}={}\n", quote(value))),
        Shell::Fish => lines(|Variable { name, value }| {
            format!(
                "set -gx {name} '{}'\n",
                value.replace('\\', r"\\").replace('\'', r"\'")
            )
        }),
        Shell::PowerShell => {
            lines(|Variable { name, value }| format!("$env:{name} = '{}'\n", powershell(value)))
        }
        Shell::Github => lines(github),
        Shell::Json => {
            let object: Map<_, _> = variables
                .iter()
                .map(|v| (v.name.clone(), Value::String(v.value.clone())))
                .collect();
            format!("{:#}\n", Value::Object(object))
        }
    }
}

fn variable(name: &str, value: String) -> Variable {
    Variable {
        name: name.to_owned(),
        value,
    }
}

/// One line of arguments, quoted as pkg-config itself does, and the tilde too, which a shell would
/// take for a home: make and the shell split it again.
fn arguments(args: &[String]) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-+=./:,@%^".contains(c);
    let escape = |arg: &String| {
        arg.chars()
            .flat_map(|c| (!plain(c)).then_some('\\').into_iter().chain([c]))
            .collect::<String>()
    };
    args.iter().map(escape).collect::<Vec<_>>().join(" ")
}

/// Inside single quotes, PowerShell knows only the quote, in any of its forms, which is doubled.
fn powershell(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            "'\u{2018}\u{2019}\u{201a}\u{201b}"
                .contains(c)
                .then_some(c)
                .into_iter()
                .chain([c])
        })
        .collect()
}

/// A value of more than one line needs a delimiter that is none of them.
fn github(Variable { name, value }: &Variable) -> String {
    if !value.contains(['\n', '\r']) {
        return format!("{name}={value}\n");
    }
    let mut end = "END".to_owned();
    while value.lines().any(|line| line == end) {
        end.push('_');
    }
    format!("{name}<<{end}\n{value}\n{end}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zlib() -> ResolvedModule {
        ResolvedModule {
            name: "zlib".into(),
            cflags: vec!["-I/a b/include".into()],
            libs: vec!["-L/a b/lib".into(), "-lz".into()],
        }
    }

    #[test]
    fn configure_gets_its_names_and_the_machines_own_libraries_are_shut_out() {
        let sqlite = ResolvedModule {
            name: "sqlite3".into(),
            cflags: vec![],
            libs: vec!["-lsqlite3".into()],
        };
        let other = ResolvedModule {
            name: "libpng16".into(),
            cflags: vec![],
            libs: vec![],
        };
        let found = variables(
            Utf8Path::new("/p"),
            &[zlib(), sqlite, other],
            Some(Utf8Path::new("/overlay")),
        );
        let expected = [
            ("LIBSQLITE3_CFLAGS", ""),
            ("LIBSQLITE3_LIBS", "-lsqlite3"),
            ("PKG_CONFIG_LIBDIR", "/p/lib/pkgconfig"),
            ("PKG_CONFIG_PATH", ""),
            ("PKG_CONFIG_SYSROOT_DIR", ""),
            ("WASI_SDK_PATH", "/overlay"),
            ("ZLIB_CFLAGS", r"-I/a\ b/include"),
            ("ZLIB_LIBS", r"-L/a\ b/lib -lz"),
        ];
        assert_eq!(
            found,
            expected.map(|(name, value)| variable(name, value.to_owned()))
        );
    }

    #[test]
    fn each_shell_gets_its_own_quotes() {
        let vars = [variable("A", r"it's $1 \ `x`".to_owned())];
        assert_eq!(render(&vars, Shell::Sh), "export A='it'\\''s $1 \\ `x`'\n");
        assert_eq!(
            render(&vars, Shell::Fish),
            "set -gx A 'it\\'s $1 \\\\ `x`'\n"
        );
        assert_eq!(
            render(&vars, Shell::PowerShell),
            "$env:A = 'it''s $1 \\ `x`'\n"
        );
        assert_eq!(render(&vars, Shell::Github), "A=it's $1 \\ `x`\n");
        assert_eq!(
            render(&vars, Shell::Json),
            "{\n  \"A\": \"it's $1 \\\\ `x`\"\n}\n"
        );
        assert_eq!(
            render(&[variable("A", "x\nEND\n".to_owned())], Shell::Github),
            "A<<END_\nx\nEND\n\nEND_\n"
        );
    }

    #[test]
    fn what_a_shell_would_expand_stays_as_it_is() {
        assert_eq!(
            arguments(&["~".into(), "-I~/a".into(), "$HOME".into(), "*".into()]),
            r"\~ -I\~/a \$HOME \*"
        );
    }

    #[cfg(unix)]
    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn a_real_shell_reads_back_what_was_written(value in "[ -~\\n\u{e9}\u{2019}]{0,40}") {
            let script = format!("{}printf '%s' \"$A\"", render(&[variable("A", value.clone())], Shell::Sh));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().expect("a shell");
            prop_assert!(output.stderr.is_empty());
            prop_assert_eq!(String::from_utf8_lossy(&output.stdout), value);
        }

        #[test]
        fn a_shell_splits_arguments_where_they_were_joined(args in proptest::collection::vec("[!-~ ]{1,12}", 1..4)) {
            let script = format!("printf '%s\\n' {}", arguments(&args));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().expect("a shell");
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            prop_assert_eq!(text.lines().map(str::to_owned).collect::<Vec<_>>(), args);
        }
    }
}
