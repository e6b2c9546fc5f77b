//! `wasideps externals`: the trees that are compiled, in a folder.

use serde_json::Value;

use crate::support::{Place, built, lock, names, run, snapshot, test};

#[test]
fn source_trees_are_laid_out_once_and_never_over_something_else() {
    let place = Place::new();
    let externals = || run(&mut place.with_archives(&["externals", "ext", "zlib", "xz"]));
    let told = externals().exits(0).stdout;
    assert!(told.contains("ext/zlib-1.3.2"), "{told}");
    assert_eq!(
        names(&place.path("ext")),
        [
            "dependencies.toml",
            "externals.spdx.json",
            "xz-5.8.4",
            "zlib-1.3.2"
        ]
    );
    // As CPython's driver for Emscripten reads them.
    let text = std::fs::read_to_string(place.path("ext/dependencies.toml")).expect("the tables");
    let tables: toml::Table = text.parse().expect("TOML");
    let zlib = &tables["dependencies"]["zlib"];
    let of = |key: &str| zlib[key].as_str().expect("a text");
    let url = of("url").replace("{version}", of("version"));
    let origins = lock()["sources"]["zlib"]["origins"].take();
    let upstream = &origins.as_array().expect("origins")[0];
    assert_ne!(of("url"), url, "no version in {url}");
    assert_eq!(
        (upstream["url"].as_str(), upstream["sha256"].as_str()),
        (Some(url.as_str()), Some(of("shasum")))
    );
    // As it is compiled: the patch is applied.
    let read = |path| std::fs::read_to_string(path).expect("a header");
    assert_eq!(
        read(place.path("ext/zlib-1.3.2/zconf.h")),
        read(built().path("out/include/zconf.h"))
    );
    let document = std::fs::read(place.path("ext/externals.spdx.json")).expect("the document");
    let document: Value = serde_json::from_slice(&document).expect("JSON");
    let packages = document["packages"].as_array().expect("packages");
    assert_eq!(packages.len(), 2, "{packages:?}");
    let before = snapshot(&place.path("ext"));
    externals().exits(0);
    assert_eq!(snapshot(&place.path("ext")), before);
    for change in ["ext/zlib-1.3.2/mine.c", "ext/zlib-1.3.2/zlib.h"] {
        place.write(change, "changed");
        externals()
            .exits(2)
            .says(&["ext/zlib-1.3.2 already exists"]);
        assert_eq!(
            std::fs::read_to_string(place.path(change)).expect("it stays"),
            "changed"
        );
    }
}
