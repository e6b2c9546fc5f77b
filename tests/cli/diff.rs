//! `wasideps diff`: what changed from one prefix, or lock, to another.

use serde_json::Value;

use crate::support::{Place, built, project, run, test};

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
