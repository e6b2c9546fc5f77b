//! Recipes that contradict themselves.

use super::*;

const RECIPE: &str = r#"name = "demo"
versions = ["1.0"]
summary = "Demo"
homepage = "https://example.org/"
originator = "Demo"
license = { expression = "Zlib", files = ["LICENSE"], copyright = "NONE" }
identifiers = { cpe = "a:b", purl = "pkg:generic/demo" }
inputs = { include = ["*"], max-size = 1000 }
[[origin]]
url = "https://example.org/demo.tar"
root = "demo"
[overlay]
"a.h" = "x.h"
[library.demo]
sources = ["a.c", "b.c"]
[library.demo.headers]
"a.h" = "a.h"
[pkg-config.demo]
description = "demo"
libraries = ["demo"]
"#;

fn errors(old: &str, new: &str) -> Vec<SyntaxError> {
    assert!(RECIPE.contains(old), "{old}");
    RecipeFile::parse("demo/recipe.toml", &RECIPE.replace(old, new)).expect_err(new)
}

/// Each replacement in [`RECIPE`] makes an error at its line, with these words.
fn assert_errors(cases: &[(&str, &str, usize, &str)]) {
    for &(old, new, line, words) in cases {
        let found = errors(old, new);
        let shown = found
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n");
        assert!(
            found
                .iter()
                .any(|error| error.line == line && error.message.contains(words)),
            "{new}: line {line}, {words}\n{shown}"
        );
    }
}

#[test]
fn a_heading_that_contradicts_itself_is_told_with_its_line() {
    RecipeFile::parse("demo/recipe.toml", RECIPE).expect("a recipe");
    assert_errors(&[
        (
            "\"demo\"\nversions",
            "\"sdk\"\nversions",
            1,
            "`name` is `sdk`",
        ),
        ("[\"1.0\"]", "[]", 2, "`versions` is empty"),
        (
            "https://example.org/\"\n",
            "https://example.org/#x\"\n",
            4,
            "`homepage` has a `#`",
        ),
        ("\"Zlib\"", "\"as you like\"", 6, "SPDX licence expression"),
        (
            ", files = [\"LICENSE\"]",
            "",
            6,
            "takes either `files` or `comment-of`",
        ),
    ]);
}

#[test]
fn an_origin_that_contradicts_itself_is_told_with_its_line() {
    assert_errors(&[
        ("root = \"demo\"", "root = \"../demo\"", 11, "a bad `root`"),
        (
            "root = \"demo\"",
            "root = \"demo\"\ncrate = \"demo\"",
            9,
            "takes one of `url`",
        ),
        (
            "root = \"demo\"",
            "root = \"demo\"\nreleases = { \"2\" = \"1.0.0\" }",
            12,
            "names version 2",
        ),
        (
            "root = \"demo\"",
            "root = \"demo\"\nfile = \"x\"",
            9,
            "takes `debian` and `file` together",
        ),
        (
            "root = \"demo\"",
            "root = { \"2.0\" = \"demo\" }",
            11,
            "names version 2.0",
        ),
        (
            "root = \"demo\"",
            "root = { \"2.0\" = \"demo\" }",
            11,
            "no `root` for version 1.0",
        ),
        ("root = \"demo\"", "root = {}", 11, "is empty"),
        (
            "\"https://example.org/demo.tar\"",
            "{ \"1.0\" = \"ftp://example.org/demo.tar\" }",
            10,
            "a bad `url`",
        ),
    ]);
}

#[test]
fn libraries_and_modules_that_contradict_themselves_are_told_with_their_line() {
    assert_errors(&[
        (
            "\"a.h\" = \"x.h\"",
            "\"a.h\" = \"x.h\"\n\"b.h\" = \"x.h\"",
            14,
            "are put at `x.h`",
        ),
        (
            "\"a.c\", \"b.c\"",
            "\"a.c\",\n\"a.c\"",
            16,
            "names `a.c` twice",
        ),
        (
            "\"a.c\", \"b.c\"",
            "\"a.c\",\n\"a.y\"",
            16,
            "`a.y` is in no language",
        ),
        (
            "\"a.c\", \"b.c\"",
            "\"a.c\",\n\"d/a.c\",\n\"d_a.c\"",
            17,
            "two members called `d_a.o`",
        ),
        (
            "\"a.c\", \"b.c\"]",
            "\"a.c\"]\n[library.demo.group.x]\nsources = []",
            16,
            "has no `sources`",
        ),
        (
            "sources = [\"a.c\", \"b.c\"]",
            "kind = \"header-only\"\nsources = [\"a.c\"]",
            14,
            "says how something is compiled",
        ),
        (
            "sources = [\"a.c\", \"b.c\"]",
            "sources = [\"a.c\"]\ninline-assembly = [\"b.c\"]",
            16,
            "not among its `sources`",
        ),
        (
            "sources = [\"a.c\", \"b.c\"]",
            "sources = [\"a.c\"]\nrequires = [\"z/z\"]\nrequires-private = [\"z/z\"]",
            17,
            "requires `z/z` twice",
        ),
        (
            "\"a.h\" = \"a.h\"",
            "\"a.h\" = \"a.h\"\n\"b.h\" = \"a.h\"",
            18,
            "installed as `include/a.h`",
        ),
        (
            "libraries = [\"demo\"]",
            "libraries = [\"demi\"]",
            20,
            "the library `demi`, which the recipe does not make",
        ),
    ]);
}

#[test]
fn all_that_is_wrong_is_told_in_the_order_of_the_text() {
    let text = RECIPE
        .replace("[\"1.0\"]", "[]")
        .replace("\"LICENSE\"]", "\"LICENSE\"], comment-of = \"a.h\"")
        .replace("libraries = [\"demo\"]", "libraries = [\"q\"]");
    let found = RecipeFile::parse("demo/recipe.toml", &text).expect_err("three mistakes");
    assert_eq!(
        found.iter().map(|error| error.line).collect::<Vec<_>>(),
        [2, 6, 20]
    );
}

#[test]
fn a_credential_is_not_in_the_line_that_is_shown() {
    for (old, new, line) in [
        (
            "https://example.org/demo.tar",
            "https://me:secret@example.org/demo.tar",
            10,
        ),
        (
            "https://example.org/demo.tar",
            "https://example.org/demo.tar?token=secret",
            10,
        ),
        (
            "https://example.org/\"\n",
            "https://me:secret@example.org/\"\n",
            4,
        ),
    ] {
        for error in errors(old, new) {
            assert_eq!(error.line, line, "{error}");
            let shown = error.text.lines().nth(line - 1).expect("the line");
            assert!(
                !shown.contains("secret") && shown.contains("***"),
                "{shown}"
            );
        }
    }
}

const TABLE: &str = r#"sources = ["a.c", "b.c"]
[library.demo.members.part]
type = { d = { DOUBLE = "1" }, s = {} }
trans = { n = {}, t = { TRANS = "1" } }
c = { "" = {}, cblas_ = { CBLAS = "1" } }
[library.demo.members.defines]
CNAME = "{member}"
CHAR_NAME = '"{member}_"'
[library.demo.members.of]
"gemv_{trans}.c" = { "{type}gemv_{trans}" = {}, "x{type}gemv_{trans}" = { XCONJ = "1" } }
"axpy.c" = { "{c}{type}axpy" = {} }
"#;

/// The members of the recipe with that table: name, source and macros.
fn table(text: &str) -> Vec<(String, String, String)> {
    let text = RECIPE.replace("sources = [\"a.c\", \"b.c\"]\n", text);
    let recipe = Recipe::example(&text);
    let units = recipe.libraries[0].units().iter();
    let shown = units.map(|unit| {
        let defines = unit.options.defines.iter();
        let defines: Vec<_> = defines
            .filter(|(name, _)| !name.to_string().ends_with("NAME"))
            .map(|(name, value)| format!("{name}={}", &**value))
            .collect();
        (
            unit.member.clone(),
            unit.source.to_string(),
            defines.join(" "),
        )
    });
    shown.collect()
}

#[test]
fn a_table_of_members_is_each_choice_of_the_parts_of_their_names() {
    let shown: Vec<String> = table(TABLE)
        .into_iter()
        .map(|(member, source, defines)| format!("{member} {source} {defines}"))
        .collect();
    assert_eq!(
        shown,
        [
            "a.o a.c ",
            "b.o b.c ",
            "daxpy.o axpy.c DOUBLE=1",
            "saxpy.o axpy.c ",
            "cblas_daxpy.o axpy.c CBLAS=1 DOUBLE=1",
            "cblas_saxpy.o axpy.c CBLAS=1",
            "xdgemv_n.o gemv_n.c DOUBLE=1 XCONJ=1",
            "xsgemv_n.o gemv_n.c XCONJ=1",
            "xdgemv_t.o gemv_t.c DOUBLE=1 TRANS=1 XCONJ=1",
            "xsgemv_t.o gemv_t.c TRANS=1 XCONJ=1",
            "dgemv_n.o gemv_n.c DOUBLE=1",
            "sgemv_n.o gemv_n.c ",
            "dgemv_t.o gemv_t.c DOUBLE=1 TRANS=1",
            "sgemv_t.o gemv_t.c TRANS=1",
        ]
    );
    let text = RECIPE.replace("sources = [\"a.c\", \"b.c\"]\n", TABLE);
    for unit in Recipe::example(&text).libraries[0].units().iter().skip(2) {
        let value = |name: &str| {
            let name: Macro = name.parse().expect("a macro");
            unit.options.defines[&name].to_string()
        };
        assert_eq!(format!("{}.o", value("CNAME")), unit.member);
        assert_eq!(value("CHAR_NAME"), format!("\"{}_\"", value("CNAME")));
    }
}

#[test]
fn a_table_of_members_that_contradicts_itself_is_told_with_its_line() {
    let old = "sources = [\"a.c\", \"b.c\"]\n";
    for (was, is, line, words) in [
        ("{type}axpy", "{kind}axpy", 25, "has no `kind`, which"),
        (
            "axpy.c\" =",
            "axpy_{trans}.c\" =",
            25,
            "has the part `trans`, and its member",
        ),
        ("axpy.c\" =", "axpy.f\" =", 25, "is in no language"),
        (
            "axpy.c\" = { \"{c}{type}axpy\" = {} }",
            "axpy.c\" = {}",
            25,
            "no member of `axpy.c`",
        ),
        (
            "{c}{type}axpy\" = {}",
            "{c}{type}axpy\" = { DOUBLE = \"1\" }",
            25,
            "is defined by `d`",
        ),
        (
            "{c}{type}axpy\" = {}",
            "{c}{type}axpy\" = { CNAME = \"1\" }",
            25,
            "once for all members",
        ),
        (
            "{c}{type}axpy\" = {}",
            "{c}{type}axpy\" = {}, \"saxpy\" = {}",
            25,
            "two members called `saxpy.o`",
        ),
        ("{c}{type}axpy", "{c}{type}axpy/x", 25, "a name must be"),
        (
            "{c}{type}axpy",
            "{c}{type}axpy}",
            25,
            "has a `}` without a `{`",
        ),
        ("{c}{type}axpy", "{c}{type", 25, "has a `{` without a `}`"),
        (
            "{c}{type}axpy",
            "{}{type}axpy",
            25,
            "is not the name of a part",
        ),
        ("{c}{type}axpy", "{type}axpy", 19, "has the part `c`"),
        (
            "s = {} }",
            "s = {}, \"a b\" = {} }",
            17,
            "can't be in the name of a member",
        ),
        (
            "c = { \"\" = {}, cblas_ = { CBLAS = \"1\" } }",
            "c = {}",
            19,
            "has no text to choose",
        ),
        ("trans = {", "member = {", 18, "a part is called `member`"),
        (
            "\"{member}\"",
            "\"{type}\"",
            21,
            "may have `{member}` alone",
        ),
        (
            "\"{member}\"",
            "\"1\"",
            21,
            "one of the library's `defines`",
        ),
    ] {
        assert!(TABLE.contains(was), "{was}");
        let table = TABLE.replacen(was, is, 1);
        assert_errors(&[(old, &table, line, words)]);
    }
}

#[test]
fn a_library_of_a_table_without_files_has_nothing_to_compile() {
    assert_errors(&[(
        "sources = [\"a.c\", \"b.c\"]\n",
        "[library.demo.members]\nof = {}\n",
        14,
        "has no `sources`",
    )]);
}

#[test]
fn parts_that_stand_for_too_many_members_are_refused_before_they_are_made() {
    let texts = (0..100).map(|n| format!("t{n} = {{}}"));
    let texts = texts.collect::<Vec<_>>().join(", ");
    let parts: String = ["a", "b", "c", "d", "e", "f", "g", "h"]
        .map(|part| format!("{part} = {{ {texts} }}\n"))
        .concat();
    let of = |names: &str| {
        let table =
            format!("[library.demo.members.part]\n{parts}[library.demo.members.of]\n{names}");
        errors("sources = [\"a.c\", \"b.c\"]\n", &table)
    };
    for names in [
        "\"x.c\" = { \"{a}{b}{c}{d}{e}{f}{g}{h}\" = {} }\n",
        "\"x.c\" = { \"{a}-{b}{c}\" = {}, \"{d}{e}{f}{g}{h}\" = {} }\n",
    ] {
        let found = of(names);
        assert!(
            found
                .iter()
                .any(|error| error.line == 25 && error.message.contains("more than 8192 members")),
            "{found:?}"
        );
    }
}

proptest::proptest! {
    #[test]
    fn a_name_stands_for_the_product_of_its_parts_and_each_member_has_the_macros_of_all(
        sizes in proptest::collection::vec(1..5_usize, 1..5),
    ) {
        let names = (0..sizes.len()).map(|part| format!("{{p{part}}}"));
        let names = names.collect::<Vec<_>>().concat();
        let parts = sizes
            .iter()
            .enumerate()
            .map(|(part, size)| {
                let texts: Vec<_> = (0..*size)
                    .map(|text| format!("t{text} = {{ P{part} = \"{text}\" }}"))
                    .collect();
                format!("p{part} = {{ {} }}\n", texts.join(", "))
            })
            .collect::<Vec<_>>()
            .concat();
        let members = table(&format!(
            "[library.demo.members.part]\n{parts}[library.demo.members.of]\n\"x.c\" = {{ \"{names}\" = {{}} }}\n"
        ));
        proptest::prop_assert_eq!(members.len(), sizes.iter().product::<usize>());
        for (member, source, defines) in members {
            let texts = member.trim_end_matches(".o").split('t').skip(1);
            let expected: Vec<_> = texts
                .enumerate()
                .map(|(part, text)| format!("P{part}={text}"))
                .collect();
            proptest::prop_assert_eq!(source, "x.c");
            proptest::prop_assert_eq!(defines, expected.join(" "));
        }
    }
}
