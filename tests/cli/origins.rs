//! Origins over a real connection, to servers on the loopback: what is used, what is passed over
//! and why, what a refused one leaves behind.

use crate::server::{Reply, Server};
use crate::sources::{Archive, gz, krate, tar};
use crate::support::{CPYTHON, Place, Run, run, sdk, test};

/// A place that knows bzip2 alone, from these paths of `server`; the digest and size are those of
/// the real archive.
fn place(server: &Server, paths: &[&str]) -> Place {
    let place = Place::new();
    place.copy_recipes();
    place.only(
        "bzip2",
        paths
            .iter()
            .map(|path| krate("bzip2").at(&server.url(path)))
            .collect(),
    );
    place
}

fn fetch(place: &Place, args: &[&str]) -> Run {
    let mut command = place.own(place.command(&["fetch"]));
    run(command.args(args).arg("--wasi-sdk").arg(sdk()))
}

fn right() -> Vec<u8> {
    krate("bzip2").bytes
}

/// Other bytes of the right size.
fn wrong(seed: u8) -> Vec<u8> {
    vec![seed; right().len()]
}

fn nothing_is_stored(place: &Place) {
    assert_eq!(place.stored("archives"), [""; 0]);
    assert_eq!(place.stored("trees"), [""; 0]);
    assert_eq!(place.stored("tmp"), [""; 0]);
}

#[test]
fn an_origin_with_the_locked_bytes_is_used_and_those_after_it_are_not_asked() {
    let server = Server::with([("/a", right()), ("/b", right())]);
    let place = place(&server, &["/a", "/b"]);
    let done = fetch(&place, &["--message-format", "json"]).exits(0);
    assert_eq!(server.requests(), ["/a"]);
    let ready = done
        .json()
        .into_iter()
        .find(|line| line["reason"] == "source-ready")
        .expect("a line about the source");
    assert_eq!(ready["origin"], server.url("/a"));
    assert_eq!(place.stored("archives"), [krate("bzip2").sha256()]);
    // The second time, nobody is asked.
    fetch(&place, &["--offline"]).exits(0);
    assert_eq!(server.requests(), ["/a"]);
}

#[test]
fn an_origin_with_a_wrong_digest_is_named_with_both_digests_and_the_next_is_used() {
    let server = Server::with([("/a", wrong(1)), ("/b", right())]);
    let place = place(&server, &["/a", "/b"]);
    let found = Archive {
        bytes: wrong(1),
        root: String::new(),
    }
    .sha256();
    fetch(&place, &[])
        .exits(0)
        .says(&[&server.url("/a"), &found, &krate("bzip2").sha256()]);
    assert_eq!(place.stored("archives"), [krate("bzip2").sha256()]);
}

#[test]
fn wrong_digests_from_all_origins_are_exit_3_with_each_digest_and_nothing_stored() {
    let server = Server::with([("/a", wrong(1)), ("/b", wrong(2))]);
    let place = place(&server, &["/a", "/b"]);
    let found = [1, 2].map(|seed| {
        Archive {
            bytes: wrong(seed),
            root: String::new(),
        }
        .sha256()
    });
    fetch(&place, &[]).exits(3).says(&[
        &server.url("/a"),
        &server.url("/b"),
        &found[0],
        &found[1],
        &krate("bzip2").sha256(),
    ]);
    nothing_is_stored(&place);
}

#[test]
fn a_file_shorter_than_the_lock_says_is_refused_with_both_sizes() {
    let server = Server::with([("/a", right()[..5000].to_vec())]);
    let place = place(&server, &["/a"]);
    fetch(&place, &[]).exits(3).says(&[&format!(
        "has 5000 bytes, but the lock says {}",
        right().len()
    )]);
    nothing_is_stored(&place);
}

#[test]
fn a_connection_that_is_cut_is_tried_again_and_the_whole_file_is_taken() {
    let server = Server::start(|_, before| match before {
        0 => Reply::Cut {
            announced: right().len(),
            bytes: right()[..5000].to_vec(),
        },
        _ => Reply::Body(right()),
    });
    let place = place(&server, &["/a"]);
    fetch(&place, &[]).exits(0).says(&["Retrying"]);
    assert_eq!(server.requests(), ["/a", "/a"]);
}

#[test]
fn a_file_that_is_announced_too_large_is_refused_before_it_comes() {
    let server = Server::start(|_, _| Reply::Cut {
        announced: 1 << 40,
        bytes: right(),
    });
    let place = place(&server, &["/a"]);
    fetch(&place, &[]).exits(3).says(&[
        &format!("more than the allowed {} bytes", right().len()),
        "another file",
    ]);
    assert_eq!(
        server.requests(),
        ["/a"],
        "a refusal is no reason to ask again"
    );
    nothing_is_stored(&place);
}

#[test]
fn an_endless_download_is_cut_off_at_the_locked_size() {
    let server = Server::start(|_, _| Reply::Endless);
    let place = place(&server, &["/a"]);
    fetch(&place, &[])
        .exits(3)
        .says(&[&format!("more than the allowed {} bytes", right().len())]);
    // What both systems buffer for a connection is sent beyond it, no more.
    assert!(
        server.sent() < right().len() as u64 + (32 << 20),
        "{} bytes were sent",
        server.sent()
    );
    nothing_is_stored(&place);
}

#[test]
fn an_html_page_in_place_of_an_archive_is_called_so() {
    let page = b"<!DOCTYPE html>\n<title>Please log in</title>".to_vec();
    let server = Server::with([("/a", page)]);
    let place = place(&server, &["/a"]);
    fetch(&place, &[])
        .exits(3)
        .says(&[&server.url("/a"), "it is an HTML page, not an archive"]);
    nothing_is_stored(&place);
}

#[test]
fn an_origin_without_the_file_is_asked_once_and_the_next_is_used() {
    let server = Server::with([("/b", right())]);
    let place = place(&server, &["/a", "/b"]);
    fetch(&place, &[])
        .exits(0)
        .says(&[&server.url("/a"), "status 404"]);
    assert_eq!(server.requests(), ["/a", "/b"]);
}

#[test]
fn no_origin_with_the_file_is_exit_4() {
    let server = Server::with([]);
    fetch(&place(&server, &["/a", "/b"]), &[]).exits(4).says(&[
        &server.url("/a"),
        &server.url("/b"),
        "status 404",
    ]);
}

#[test]
fn a_server_in_trouble_is_asked_again() {
    let server = Server::start(|_, before| {
        if before == 0 {
            Reply::Status(500)
        } else {
            Reply::Body(right())
        }
    });
    fetch(&place(&server, &["/a", "/b"]), &[])
        .exits(0)
        .says(&["Retrying", "status 500"]);
    assert_eq!(server.requests(), ["/a", "/a"]);
}

#[test]
fn offline_with_something_missing_is_exit_4_with_all_that_is_missing_and_asks_nobody() {
    let server = Server::with([("/a", right())]);
    let place = Place::new();
    place.copy_recipes();
    let mut digests = Vec::new();
    place.edit_lock(|lock| {
        for (name, source) in lock["sources"].as_object_mut().expect("sources") {
            let origin = Archive {
                bytes: name.clone().into_bytes(),
                root: "top".into(),
            };
            if CPYTHON.contains(&name.as_str()) {
                digests.push(origin.sha256());
            }
            source["origins"] = serde_json::json!([origin.at(&server.url("/a"))]);
        }
    });
    let failed = fetch(&place, &["--offline"]).exits(4).says(&[
        "bzip2 1.0.8",
        "sqlite 3.54.1",
        "xz 5.8.4",
        "zlib 1.3.2",
    ]);
    failed.says(&digests.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(server.requests(), [""; 0]);
}

#[test]
fn an_archive_brought_by_hand_serves_under_any_name_and_no_server_is_asked() {
    let server = Server::with([("/a", right())]);
    let place = place(&server, &["/a"]);
    place.write("brought/1/holiday.jpg", right());
    place.write("brought/other", wrong(1));
    fetch(&place, &["--from", "brought"]).exits(0);
    assert_eq!(server.requests(), [""; 0]);
    assert_eq!(place.stored("trees").len(), 2, "the tree and its record");
}

#[test]
fn a_folder_beside_the_lock_is_an_origin_and_one_without_the_file_is_passed_over() {
    let server = Server::with([("/b", right())]);
    let place = place(&server, &["/b"]);
    let folder = krate("bzip2").brought(&place);
    place.only("bzip2", vec![folder.clone()]);
    let mut elsewhere = place.own(place.command(&["fetch", "--offline"]));
    run(elsewhere.current_dir("/").arg("--wasi-sdk").arg(sdk())).exits(0);
    let place = self::place(&server, &["/b"]);
    place.write("brought/other", "x");
    place.only("bzip2", vec![folder, krate("bzip2").at(&server.url("/b"))]);
    fetch(&place, &[])
        .exits(0)
        .says(&["brought has no file with SHA-256"]);
    assert_eq!(server.requests(), ["/b"]);
}

/// The real inputs in another archive, under another name, one of them changed or none.
fn repacked(change: bool) -> Archive {
    let mut files = krate("bzip2").files();
    for (path, bytes) in &mut files {
        if change && path == "huffman.c" {
            bytes.extend(b"/* as if nothing had been done */\n");
        }
        path.insert_str(0, "mirror/");
    }
    Archive {
        bytes: gz(&tar(&files)),
        root: "mirror".into(),
    }
}

#[test]
fn all_origins_of_one_release_agree_though_their_archives_differ() {
    let server = Server::with([("/a", right()), ("/b", repacked(false).bytes)]);
    let place = place(&server, &[]);
    place.only(
        "bzip2",
        vec![
            krate("bzip2").at(&server.url("/a")),
            repacked(false).at(&server.url("/b")),
        ],
    );
    let done = fetch(&place, &["--all-origins"]).exits(0);
    assert_eq!(
        done.stdout.matches("10 files agree").count(),
        2,
        "{}",
        done.stdout
    );
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn other_names_of_an_archive_than_the_locks_are_exit_3_though_its_sha256_is_the_locks() {
    let archive = krate("bzip2");
    let place = Place::new();
    place.copy_recipes();
    for (field, name, wrong) in [
        ("sha512", "SHA-512", "0".repeat(128)),
        ("swhid", "SWHID", format!("swh:1:dir:{}", "0".repeat(40))),
    ] {
        let mut origin = archive.brought(&place);
        origin[field] = wrong.as_str().into();
        place.only("bzip2", vec![origin]);
        fetch(&place, &["--all-origins"])
            .exits(3)
            .says(&[&format!("its {name} is"), &wrong]);
    }
}

#[test]
fn all_origins_with_one_changed_file_are_exit_3_and_the_file_is_named() {
    let server = Server::with([("/a", right()), ("/b", repacked(true).bytes)]);
    let place = place(&server, &[]);
    place.only(
        "bzip2",
        vec![
            repacked(true).at(&server.url("/b")),
            krate("bzip2").at(&server.url("/a")),
        ],
    );
    let done = fetch(&place, &["--all-origins"]).exits(3);
    assert!(
        done.stdout.contains(&format!(
            "{} against {}: huffman.c (other content)",
            server.url("/b"),
            server.url("/a")
        )),
        "{}",
        done.stdout
    );
    assert!(!done.stdout.contains("bzlib.c"), "{}", done.stdout);
    // A plain fetch refuses that origin too, and takes the other.
    fetch(&place, &[])
        .exits(0)
        .says(&[&server.url("/b"), "other inputs than the lock says"]);
}

#[test]
fn a_proxy_is_used_and_no_proxy_is_honoured() {
    let proxy = Server::start(|_, _| Reply::Body(right()));
    let server = Server::with([("/a", right())]);
    let place = place(&server, &["/a"]);
    let through = |no_proxy: &str| {
        let mut command = place.own(place.command(&["fetch"]));
        command
            .env("http_proxy", proxy.url(""))
            .env("no_proxy", no_proxy)
            .arg("--wasi-sdk")
            .arg(sdk());
        run(&mut command).exits(0);
    };
    through("");
    // A proxy is asked with the whole URL.
    assert_eq!(
        (proxy.requests(), server.requests()),
        (vec![server.url("/a")], vec![])
    );
    std::fs::remove_dir_all(place.path("store")).expect("the store goes");
    through("127.0.0.1");
    assert_eq!(
        (proxy.requests().len(), server.requests()),
        (1, vec!["/a".to_owned()])
    );
}

#[test]
fn a_crate_comes_from_the_registry_that_cargo_is_configured_for_and_one_whose_index_says_another_digest_is_refused()
 {
    let downloads = Server::with([("/bzip2-sys-0.1.13+1.0.8.crate", right())]);
    let config = format!(
        r#"{{"dl":"{}"}}"#,
        downloads.url("/{crate}-{version}.crate")
    );
    let index = |sha256: &str| {
        format!(
            r#"{{"name":"bzip2-sys","vers":"0.1.13+1.0.8","deps":[],"cksum":"{sha256}","features":{{}},"yanked":false}}"#
        )
    };
    let registry = |sha256: &str| {
        Server::with([
            ("/config.json", config.clone().into_bytes()),
            ("/bz/ip/bzip2-sys", index(sha256).into()),
        ])
    };
    let place = Place::new();
    place.copy_recipes();
    place.edit_lock(|lock| {
        lock["sources"]
            .as_object_mut()
            .expect("sources")
            .retain(|name, _| name == "bzip2");
        let origins = lock["sources"]["bzip2"]["origins"]
            .as_array_mut()
            .expect("origins");
        origins.retain(|origin| origin["crate"].is_string());
    });
    let use_registry = |registry: &Server| {
        let text = format!(
            "[source.crates-io]\nreplace-with = 'here'\n[source.here]\nregistry = 'sparse+{}/'\n",
            registry.url("")
        );
        place.write("cargo-home/config.toml", text);
    };
    let changed = registry(&"0".repeat(64));
    use_registry(&changed);
    fetch(&place, &[]).exits(3).says(&[
        "index has SHA-256 0000000000",
        "crate bzip2-sys 0.1.13+1.0.8",
    ]);
    assert_eq!(downloads.requests(), [""; 0]);
    nothing_is_stored(&place);
    let honest = registry(&krate("bzip2").sha256());
    use_registry(&honest);
    fetch(&place, &[]).exits(0);
    assert_eq!(downloads.requests().len(), 1);
}
