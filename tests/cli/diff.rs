//! `wasideps diff`: what changed from one prefix, or lock, to another.

use serde_json::Value;

use crate::sources::Own;
use crate::support::{Place, built, project, run, sdk, test};

fn changes(place: &Place, from: &str, to: &str) -> Value {
    run(&mut place.command(&["diff", from, to, "--message-format", "json"]))
        .exits(0)
        .data("changes")
}

fn named<'a>(changes: &'a Value, list: &str, key: &str, name: &str) -> &'a Value {
    let list = changes[list].as_array().expect("a list");
    let found = list.iter().find(|change| change[key] == name);
    found.unwrap_or_else(|| panic!("no {name} in {list:?}"))
}

#[test]
fn two_prefixes_differ_in_sources_files_symbols_and_toolchain() {
    let place = Place::new();
    run(&mut place.build(&["bzip2", "--prefix", "one"])).exits(0);
    run(&mut place.build(&["bzip2", "zlib", "--prefix", "two"])).exits(0);
    run(&mut place.build(&["bzip2", "--prefix", "small", "--variant", "small"])).exits(0);
    let more = changes(&place, "one", "two");
    let zlib = named(&more, "sources", "name", "zlib");
    assert_eq!(
        (
            zlib["version"]["from"].as_str(),
            zlib["version"]["to"].as_str()
        ),
        (None, Some("1.3.2"))
    );
    assert_eq!(more["sources"].as_array().map(Vec::len), Some(1));
    let size = std::fs::metadata(place.path("two/lib/libz.a"))
        .expect("the archive")
        .len();
    assert_eq!(named(&more, "files", "path", "lib/libz.a")["to"], size);
    let symbols = named(&more, "symbols", "archive", "lib/libz.a");
    assert!(
        symbols["new"]
            .as_array()
            .expect("symbols")
            .contains(&"deflateInit_".into())
    );
    assert_eq!(symbols["gone"].as_array().map(Vec::len), Some(0));
    assert_eq!(more["licenses"][0], "share/licenses/zlib/LICENSE");
    assert!(more["toolchain"].is_null());
    // The other way round.
    let less = changes(&place, "two", "one");
    assert_eq!(
        named(&less, "sources", "name", "zlib")["version"]["from"],
        "1.3.2"
    );
    assert_eq!(named(&less, "files", "path", "lib/libz.a")["from"], size);

    let small = changes(&place, "one", "small");
    assert!(
        small["toolchain"]["to"]
            .as_str()
            .expect("a stamp")
            .contains("small")
    );
    assert_eq!(small["sources"].as_array().map(Vec::len), Some(0));
    let archive = named(&small, "files", "path", "lib/libbz2.a");
    assert!(archive["to"].as_u64() < archive["from"].as_u64());

    let told = run(&mut place.command(&["diff", "one", "two", "--exit-code"]))
        .exits(1)
        .says(&["two is not what one is"])
        .stdout;
    for text in ["zlib", "lib/libz.a", "  + ", " more\n", "symbols are new"] {
        assert!(told.contains(text), "{text}: {told}");
    }
    run(&mut place.command(&["diff", "one", "one", "--exit-code"])).exits(0);
}

#[test]
fn two_locks_differ_in_versions_and_a_lock_is_no_prefix() {
    let place = Place::new();
    place.copy_recipes();
    let old = project().join("tests/fixtures/zlib-1.3.1.lock.json");
    let old = old.to_str().expect("UTF-8");
    let changes = changes(&place, old, "lockfile.json");
    let zlib = named(&changes, "sources", "name", "zlib");
    assert_eq!(
        (
            zlib["version"]["from"].as_str(),
            zlib["version"]["to"].as_str()
        ),
        (Some("1.3.1"), Some("1.3.2"))
    );
    assert!(named(&changes, "sources", "name", "sqlite")["version"]["from"].is_null());
    run(&mut place.command(&["diff", "lockfile.json", "lockfile.json", "--exit-code"])).exits(0);
    run(&mut built().command(&["diff", "out", old]))
        .exits(2)
        .says(&["out is a folder"]);
    run(&mut place.command(&["diff", "lockfile.json", "nothing"]))
        .exits(2)
        .says(&["nothing"]);
}

/// The page of what changed, and the same as JSON.
fn page(place: &Place, from: &str, to: &str) -> (Value, String) {
    let args = [
        "diff",
        from,
        to,
        "--html",
        "page.html",
        "--message-format",
        "json",
    ];
    let changes = run(&mut place.command(&args)).exits(0).data("changes");
    let page = std::fs::read_to_string(place.path("page.html")).expect("the page");
    for markup in ["<script", "src=\"", "<link", "@import"] {
        assert!(!page.contains(markup), "{markup}:\n{page}");
    }
    (changes, page)
}

/// Asserts that the page has each text in the data, whatever it is called there.
fn has_all(page: &str, data: &Value) {
    match data {
        Value::String(text) => assert!(page.contains(text.as_str()), "{text}:\n{page}"),
        Value::Array(items) => items.iter().for_each(|item| has_all(page, item)),
        Value::Object(keys) => keys.values().for_each(|item| has_all(page, item)),
        Value::Number(number) => {
            let digits: String = page.chars().filter(|c| *c != '\u{202f}').collect();
            assert!(digits.contains(&format!(">{number}<")), "{number}:\n{page}");
        }
        Value::Bool(_) | Value::Null => {}
    }
}

#[test]
fn the_page_has_all_that_the_json_has() {
    let place = Place::new();
    run(&mut place.build(&["bzip2", "--prefix", "one"])).exits(0);
    run(&mut place.build(&["bzip2", "zlib", "--prefix", "two", "--variant", "small"])).exits(0);
    for (from, to) in [("one", "two"), ("two", "one")] {
        let (changes, page) = page(&place, from, to);
        for list in ["sources", "files", "licenses", "symbols"] {
            assert!(
                !changes[list].as_array().expect("a list").is_empty(),
                "{list}"
            );
        }
        has_all(&page, &changes);
    }
    let (changes, same) = page(&place, "one", "one");
    assert_eq!(changes["files"].as_array().map(Vec::len), Some(0));
    assert!(same.contains("Nothing differs."));

    place.copy_recipes();
    let old = project().join("tests/fixtures/zlib-1.3.1.lock.json");
    let (changes, page) = page(&place, old.to_str().expect("UTF-8"), "lockfile.json");
    has_all(&page, &changes);
    assert!(changes["sources"].as_array().expect("a list").len() > 5);
}

#[test]
fn a_symbol_is_text_in_the_page_whatever_it_is_called() {
    let place = Place::new();
    place.write("lockfile.json", {
        let mut lock = crate::support::lock();
        lock["sources"] = serde_json::json!({});
        lock.to_string()
    });
    let build = |code: &str, prefix: &str| {
        Own {
            name: "thing",
            requires: &[],
            code,
        }
        .lock(&place);
        let mut build = place.own(place.command(&["build", "--offline", "--prefix", prefix]));
        run(build.arg("--wasi-sdk").arg(sdk())).exits(0);
    };
    build("int thing(void) { return 1; }\n", "one");
    build(
        "int other(void) __asm__(\"<script>alert(1)</script>\\033[2J\");\nint other(void) { return 2; }\nint thing(void) { return other(); }\n",
        "two",
    );
    let (changes, page) = page(&place, "one", "two");
    let new = &changes["symbols"][0]["new"][0];
    assert!(new.as_str().expect("a symbol").contains("<script>alert(1)"));
    assert!(
        page.contains("&lt;script&gt;alert(1)") && !page.contains('\u{1b}'),
        "{page}"
    );
}
