//! `wasideps sbom explain`: what a file of a prefix was made from.

use serde_json::Value;
use wasideps::model::Sha256;

use crate::support::{Place, Run, built, names, run, sdk, test};

fn explain(file: &str) -> Run {
    run(&mut built().command(&["sbom", "explain", file, "--prefix", "out"]))
}

fn explained(file: &str) -> Value {
    run(&mut built().command(&[
        "sbom",
        "explain",
        file,
        "--prefix",
        "out",
        "--message-format",
        "json",
    ]))
    .exits(0)
    .data("explained")
}

#[test]
fn every_member_of_every_archive_is_explained_and_the_sdks_files_have_the_digests_that_are_on_disk()
{
    let mut archives = 0;
    for name in names(&built().path("out/lib"))
        .iter()
        .filter(|name| name.ends_with(".a"))
    {
        archives += 1;
        for member in explained(&format!("lib/{name}"))["members"]
            .as_array()
            .expect("members")
        {
            let files = member["headers"]
                .as_array()
                .expect("headers")
                .iter()
                .chain([&member["source"]]);
            for file in files.filter(|file| file["of"] == "sdk") {
                let bytes = std::fs::read(sdk().join(file["path"].as_str().expect("a path")))
                    .expect("a file of the SDK");
                assert_eq!(
                    file["sha256"],
                    Sha256::of(&bytes).to_string(),
                    "{name}:{}: {file}",
                    member["name"]
                );
            }
            let source = member["source"]["path"].as_str().expect("a path");
            assert!(
                [".c", ".s", ".S"].iter().any(|end| source.ends_with(end)),
                "{member}"
            );
        }
    }
    assert_eq!(archives, 9);
}

#[test]
fn a_member_is_explained_by_its_source_the_headers_of_library_and_sdk_and_the_command() {
    let member = explained("lib/libz.a:crc32.o")["member"].take();
    assert_eq!(member["source"]["path"], "crc32.c");
    let headers = member["headers"].as_array().expect("headers");
    let find = |of: &str, path: &str| {
        headers.iter().find(|file| {
            file["of"] == of && file["path"].as_str().is_some_and(|p| p.ends_with(path))
        })
    };
    let zconf = find("zlib", "zconf.h").expect("the header");
    assert_eq!(
        zconf["patches"][0],
        "0001-zconf.h-answers-of-configure-1.3.2.patch"
    );
    assert_ne!(zconf["unpatched"], zconf["sha256"]);
    assert!(
        find("zlib", "crc32.h")
            .is_some_and(|file| file["origin"] == "input" && file["unpatched"].is_null())
    );
    assert!(find("sdk", "/stddef.h").is_some_and(|file| file["origin"] == "sdk"));
    assert!(
        find("zlib", "inftrees.h").is_none(),
        "crc32.c includes no inftrees.h"
    );
    let command = member["command"].as_str().expect("a command");
    assert!(
        command.contains("-DHAVE_HIDDEN=1")
            && command.ends_with("-c crc32.c")
            && command.contains("<sdk>"),
        "{command}"
    );
    assert!(
        !command.contains(sdk().to_str().expect("UTF-8")),
        "{command}"
    );
    let told = explain("lib/libz.a:crc32.o").exits(0).stdout;
    assert!(
        ["crc32.c", "zconf.h (patched by 0001-", "stddef.h"]
            .iter()
            .all(|text| told.contains(text)),
        "{told}"
    );
}

#[test]
fn headers_overlays_and_what_is_made_are_told_apart() {
    let zconf = explained("./include/zconf.h");
    assert_eq!(
        (zconf["kind"].as_str(), zconf["file"]["path"].as_str()),
        (Some("copy"), Some("zconf.h"))
    );
    assert_eq!(zconf["sha256"], zconf["file"]["sha256"]);
    assert_eq!(explained("lib/pkgconfig/zlib.pc")["kind"], "made");
    assert_eq!(explained("share/wasideps/sbom.spdx.json")["kind"], "about");
    let told = explain("lib/liblzma.a:common.o").exits(0).stdout;
    assert!(told.contains("config.h (of the recipe)"), "{told}");
}

#[test]
fn a_symbol_is_explained_by_the_object_that_defines_it() {
    let deflate = explained("deflateInit_");
    assert_eq!(deflate["kind"], "member");
    assert_eq!(
        (
            deflate["path"].as_str(),
            deflate["member"]["source"]["path"].as_str()
        ),
        (Some("lib/libz.a"), Some("deflate.c"))
    );
    // That `malloc` is wanted does not make it ours.
    explain("malloc").exits(2).says(&["has no malloc"]);
}

#[test]
fn what_the_prefix_does_not_have_is_exit_2_with_what_it_has() {
    explain("lib/libq.a")
        .exits(2)
        .says(&["out has no lib/libq.a", "lib/libz.a"]);
    explain("lib/libz.a:crc23.o")
        .exits(2)
        .says(&["has no lib/libz.a:crc23.o", "lib/libz.a:crc32.o"]);
    explain("include/zlib.h:crc32.o")
        .exits(2)
        .says(&["has no include/zlib.h:crc32.o"]);
    run(&mut Place::new().command(&["sbom", "explain", "lib/libz.a"]))
        .exits(2)
        .says(&["no prefix at sysroot/wasm32-wasip1"]);
}

#[test]
fn a_build_trace_that_is_not_the_installed_one_explains_nothing() {
    let place = Place::new();
    run(&mut place.build(&["bzip2", "--prefix", "out"])).exits(0);
    place.edit("out/share/wasideps/trace.json", "bzlib.h", "bzlib.x");
    run(&mut place.command(&["sbom", "explain", "lib/libbz2.a", "--prefix", "out"]))
        .exits(3)
        .says(&["trace.json is damaged"]);
}
