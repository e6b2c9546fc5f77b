use std::collections::BTreeMap;

use mockito::Server;

use super::{Bench, RECIPE, demo_tar, digest_of, gz};
use crate::fetch::{FetchError, Relocked};
use crate::model::{Catalog, Exclusions, Files, LockedSource, RelPath, Sha256};
use crate::report::Event;
use crate::store::Kind;

const FILES: [(&str, &str); 2] = [("a.c", "one\n"), ("sub/a.h", "h\n")];

fn relock(
    bench: &Bench,
    origins: &str,
    extra: &str,
    old: Option<&LockedSource>,
) -> Result<Relocked, Vec<FetchError>> {
    relock_text(bench, &format!("{RECIPE}{extra}{origins}"), old)
}

fn relock_text(
    bench: &Bench,
    text: &str,
    old: Option<&LockedSource>,
) -> Result<Relocked, Vec<FetchError>> {
    let files: Files = [("demo/recipe.toml", text), ("demo/config.h", "ours\n")]
        .into_iter()
        .map(|(path, text)| (path.parse().expect("a path"), text.as_bytes().to_vec()))
        .collect();
    let patch = "--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-one\n+ONE\n";
    let second = "--- a/a.c\n+++ b/a.c\n@@ -1 +1,2 @@\n+#include \"two.h\"\n one\n--- a/two.h\n+++ b/two.h\n@@ -1 +1 @@\n-2\n+#include \"three.h\"\n";
    let patches: Files = [("demo/1.patch", patch), ("demo/2.patch", second)]
        .into_iter()
        .map(|(path, text)| (path.parse().expect("a path"), text.as_bytes().to_vec()))
        .collect();
    let exclusions = Exclusions::parse("e", "excluded = []").expect("exclusions");
    let catalog = Catalog::load(files, patches, exclusions).expect("a catalog");
    bench.fetcher().relock(
        &catalog,
        &"demo".parse().expect("a name"),
        &"1.0".parse().expect("a version"),
        old,
    )
}

fn origin(url: &str, published: Option<&Sha256>) -> String {
    let published = published
        .map(|sha256| format!("published-sha256 = {{ \"1.0\" = \"{sha256}\" }}\n"))
        .unwrap_or_default();
    format!("[[origin]]\nurl = \"{url}\"\nroot = \"demo\"\n{published}")
}

#[test]
fn agreeing_origins_are_locked_and_unreached_ones_kept_by_their_published_digest_only() {
    let bench = Bench::new();
    let mut server = Server::new();
    let (first, second) = (gz(&demo_tar(&FILES)), demo_tar(&FILES));
    let _mocks = [("/1", &first), ("/2", &second)]
        .map(|(path, body)| server.mock("GET", path).with_body(body).create());
    let url = server.url();
    let elsewhere = Sha256::of(b"elsewhere");
    let origins = [
        origin(&format!("{url}/1"), Some(&Sha256::of(&first))),
        origin(&format!("{url}/2"), None),
        origin(&format!("{url}/gone"), Some(&elsewhere)),
        origin(&format!("{url}/gone-too"), None),
    ];
    let extra = "overlay = { \"config.h\" = \"config.h\" }\npatch = [{ file = \"1.patch\", reason = \"r\", upstream = \"not sent: x\" }]\n";
    let Relocked { source, moved } =
        relock(&bench, &origins.concat(), extra, None).expect("locked");
    assert_eq!(source.inputs, digest_of(&FILES));
    let locked: Vec<_> = source
        .origins
        .iter()
        .map(|origin| (origin.sha256, origin.size))
        .collect();
    let size = |bytes: &[u8]| Some(bytes.len() as u64);
    assert_eq!(
        locked,
        [
            (Sha256::of(&first), size(&first)),
            (Sha256::of(&second), size(&second)),
            (elsewhere, None)
        ]
    );
    assert_eq!(
        source.overlays.values().collect::<Vec<_>>(),
        [&Sha256::of(b"ours\n")]
    );
    assert_eq!(
        bench
            .memory
            .count(|event| matches!(event, Event::Warning { .. })),
        2
    );
    // The archives differ, their trees do not; of what was not had nothing but its published digest
    // is known.
    let names: Vec<_> = source
        .origins
        .iter()
        .map(|origin| (origin.sha512, origin.swhid))
        .collect();
    assert!(
        names[0].0.is_some() && names[0].0 != names[1].0,
        "{names:?}"
    );
    assert!(
        names[0].1.is_some() && names[0].1 == names[1].1,
        "{names:?}"
    );
    assert_eq!(names[2], (None, None));
    assert_eq!(moved.len(), 2 + 3 + 2 * 2 + 2, "{moved:?}");
    let again = relock(&bench, &origins.concat(), extra, Some(&source)).expect("locked");
    assert!(
        again.source == source && again.moved.is_empty(),
        "{again:?}"
    );
}

#[test]
fn origins_that_disagree_are_not_locked_and_the_files_are_named() {
    let bench = Bench::new();
    let mut server = Server::new();
    let other = demo_tar(&[("a.c", "evil\n"), ("sub/a.h", "h\n")]);
    let _mocks = [("/1", demo_tar(&FILES)), ("/2", other)]
        .map(|(path, body)| server.mock("GET", path).with_body(body).create());
    let origins = ["1", "2"].map(|path| origin(&format!("{}/{path}", server.url()), None));
    let errors = relock(&bench, &origins.concat(), "", None).expect_err("refused");
    assert!(
        errors.len() == 1 && errors[0].to_string().ends_with("a.c (other content)"),
        "{errors:?}"
    );
}

#[test]
fn bytes_that_are_not_the_published_ones_are_an_error_even_if_another_origin_serves() {
    let bench = Bench::new();
    let mut server = Server::new();
    let _mock = server
        .mock("GET", mockito::Matcher::Any)
        .with_body(demo_tar(&FILES))
        .create();
    let origins = [
        origin(
            &format!("{}/1", server.url()),
            Some(&Sha256::of(b"published")),
        ),
        origin(&format!("{}/2", server.url()), None),
    ];
    let errors = relock(&bench, &origins.concat(), "", None).expect_err("refused");
    assert!(
        matches!(errors[..], [FetchError::Digest { .. }]),
        "{errors:?}"
    );
}

#[test]
fn nothing_is_locked_when_no_origin_is_reached_or_no_recipe_is_written() {
    let bench = Bench::new();
    let server = Server::new();
    let origins = origin(
        &format!("{}/gone", server.url()),
        Some(&Sha256::of(b"published")),
    );
    let errors = relock(&bench, &origins, "", None).expect_err("unreached");
    assert!(
        matches!(errors[..], [FetchError::NoneReached { .. }]),
        "{errors:?}"
    );
}

#[test]
fn a_patch_that_does_not_apply_to_the_new_version_is_not_locked() {
    let bench = Bench::new();
    let mut server = Server::new();
    let _mock = server
        .mock("GET", "/1")
        .with_body(demo_tar(&[("a.c", "changed upstream\n")]))
        .create();
    let extra = "patch = [{ file = \"1.patch\", reason = \"r\", upstream = \"not sent: x\" }]\n";
    let errors = relock(
        &bench,
        &origin(&format!("{}/1", server.url()), None),
        extra,
        None,
    )
    .expect_err("refused");
    assert!(
        matches!(errors[..], [FetchError::Patch { .. }]),
        "{errors:?}"
    );
}

/// A recipe that says nothing of its inputs.
fn derived(extra: &str, origins: &[String]) -> String {
    let inputs = "inputs = { include = [\"*.c\", \"sub/*.h\"], max-size = 1000 }\n";
    assert!(RECIPE.contains(inputs));
    format!("{}{extra}{}", RECIPE.replace(inputs, ""), origins.concat())
}

#[test]
fn inputs_are_what_the_recipe_names_and_what_that_includes_if_all_origins_have_it() {
    let bench = Bench::new();
    let mut server = Server::new();
    let shared = [
        ("a.c", "one\n#include \"sub/a.h\"\n#include \"config.h\"\n"),
        (
            "sub/a.h",
            "#if 0\n#include \"b.h\"\n#endif\n#include \"only.h\"\n",
        ),
        ("sub/b.h", "b\n"),
        ("b.h", "of another file\n"),
        // An overlay stands in for it, and a patch has the source include it.
        ("config.h", "upstream's\n"),
        ("p.h", "p\n"),
    ];
    let first = demo_tar(&[&shared[..], &[("sub/only.h", "only here\n")]].concat());
    let second = demo_tar(&[&shared[..], &[("other", "not here\n")]].concat());
    let _mocks = [("/1", first), ("/2", second)]
        .map(|(path, body)| server.mock("GET", path).with_body(body).create());
    let origins = ["1", "2"].map(|path| origin(&format!("{}/{path}", server.url()), None));
    let extra = "overlay = { \"config.h\" = \"config.h\" }\npatch = [{ file = \"1.patch\", reason = \"r\", upstream = \"not sent: x\" }]\n";
    let text = derived(extra, &origins);
    let Relocked { source, .. } = relock_text(&bench, &text, None).expect("locked");
    let included: Vec<&str> = source.includes.iter().map(RelPath::as_str).collect();
    assert_eq!(included, ["sub/a.h", "sub/b.h"]);
    let inputs: Vec<_> = [shared[0], shared[1], shared[2]].into();
    assert_eq!(source.inputs, digest_of(&inputs));
    assert_eq!(
        bench
            .memory
            .count(|event| matches!(event, Event::Note { text } if text.contains("sub/only.h"))),
        1
    );
}

#[test]
fn what_only_a_patch_includes_is_an_input_too() {
    let bench = Bench::new();
    let mut server = Server::new();
    let files = [("a.c", "one\n"), ("two.h", "2\n"), ("three.h", "3\n")];
    let _mock = server
        .mock("GET", mockito::Matcher::Any)
        .with_body(demo_tar(&files))
        .create();
    let origins = [origin(&format!("{}/1", server.url()), None)];
    let extra = "patch = [{ file = \"2.patch\", reason = \"r\", upstream = \"not sent: x\" }]\n";
    let Relocked { source, .. } =
        relock_text(&bench, &derived(extra, &origins), None).expect("locked");
    let included: Vec<&str> = source.includes.iter().map(RelPath::as_str).collect();
    assert_eq!(included, ["three.h", "two.h"]);
}

#[test]
fn a_file_that_a_recipe_names_and_no_origin_has_is_named() {
    let bench = Bench::new();
    let mut server = Server::new();
    let _mock = server
        .mock("GET", mockito::Matcher::Any)
        .with_body(demo_tar(&FILES))
        .create();
    let origins = [origin(&format!("{}/1", server.url()), None)];
    let text = derived("", &origins).replace("[\"a.c\"] } }", "[\"a.c\", \"no.c\"] } }");
    let errors = relock_text(&bench, &text, None).expect_err("refused");
    assert_eq!(
        errors[0].to_string(),
        "demo/recipe.toml names what no origin of demo 1.0 contains: no.c"
    );
}

const WHENS: &str = r#"when = [
    { variant = "simd", patch = [{ file = "1.patch", reason = "r", upstream = "not sent: x" }] },
    { target = "wasm32-wasip2", overlay = { "config.h" = "config.h" } },
]
"#;

#[test]
fn files_of_all_configurations_are_locked_and_their_trees_made() {
    let bench = Bench::new();
    let mut server = Server::new();
    let _mock = server
        .mock("GET", "/1")
        .with_body(demo_tar(&FILES))
        .create();
    let origin = origin(&format!("{}/1", server.url()), None);
    let Relocked { source, .. } = relock(&bench, &origin, WHENS, None).expect("locked");
    let names = |files: &BTreeMap<RelPath, Sha256>| files.keys().map(RelPath::to_string).collect();
    let found: [Vec<_>; 2] = [names(&source.patches), names(&source.overlays)];
    assert_eq!(found, [["1.patch"], ["config.h"]]);
    // With the patch or not, with the overlay or not; each tree has a record.
    let usage = bench.store.usage().expect("the store");
    let trees = usage.into_iter().find(|(kind, ..)| *kind == Kind::Tree);
    assert_eq!(trees.map(|(_, entries, _)| entries), Some(2 * 4));
}

#[test]
fn a_patch_of_another_configuration_that_does_not_apply_is_not_locked() {
    let bench = Bench::new();
    let mut server = Server::new();
    let changed = demo_tar(&[("a.c", "changed upstream\n")]);
    let _mock = server.mock("GET", "/1").with_body(changed).create();
    let origin = origin(&format!("{}/1", server.url()), None);
    let errors = relock(&bench, &origin, WHENS, None).expect_err("refused");
    assert!(
        matches!(errors[..], [FetchError::Patch { .. }]),
        "{errors:?}"
    );
}

#[test]
fn an_origin_has_the_versions_that_its_tables_name() {
    let bench = Bench::new();
    let mut server = Server::new();
    let other = demo_tar(&[("a.c", "two\n")]);
    let _mocks = [("/one", demo_tar(&FILES)), ("/two", other)]
        .map(|(path, body)| server.mock("GET", path).with_body(body).create());
    let url = server.url();
    let origins = format!(
        "[[origin]]\nurl = {{ \"1.0\" = \"{url}/one\", \"2.0\" = \"{url}/two\" }}\nroot = \"demo\"\n\
         [[origin]]\nurl = {{ \"2.0\" = \"{url}/two\" }}\nroot = {{ \"2.0\" = \"demo\" }}\n"
    );
    let Relocked { source, .. } = relock(&bench, &origins, "", None).expect("locked");
    let places = source.origins.iter().map(|origin| origin.place.to_string());
    assert_eq!(places.collect::<Vec<_>>(), [format!("{url}/one")]);
    let left_out = |event: &Event| matches!(event, Event::Note { text } if text == "demo 1.0: the recipe has a URL for other versions alone; that origin is left out");
    assert_eq!(bench.memory.count(left_out), 1);
}
