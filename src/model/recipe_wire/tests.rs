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
