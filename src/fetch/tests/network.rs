use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use mockito::Server;

use super::{Bench, demo_tar, digest_of, gz, selected, url_origin};
use crate::fetch::{FetchError, Fetcher, Patience, Settings};
use crate::model::{ErrorClass, Origin, Place, Sha256, with_causes};
use crate::report::Event;

const FILES: [(&str, &str); 1] = [("a.c", "int a;\n")];

fn archive() -> Vec<u8> {
    gz(&demo_tar(&FILES))
}

/// Serves `bad` first and the true archive second, and gives what the fetcher said of the first.
fn passed_over(bad: impl FnOnce(mockito::Mock) -> mockito::Mock) -> String {
    let bench = Bench::new();
    let mut server = Server::new();
    let first = bad(server.mock("GET", "/bad").expect(1)).create();
    let second = server
        .mock("GET", "/good")
        .with_body(archive())
        .expect(1)
        .create();
    let origins =
        ["bad", "good"].map(|name| url_origin(&format!("{}/{name}", server.url()), &archive()));
    bench
        .fetcher()
        .source(&selected(digest_of(&FILES), origins.to_vec()))
        .expect("the second origin serves");
    first.assert();
    second.assert();
    assert_eq!(bench.memory.retries(), 0, "a refusal is not tried again");
    let failed = bench.memory.failed();
    assert_eq!(failed.len(), 1);
    assert!(failed[0].0.ends_with("/bad"), "{failed:?}");
    failed[0].1.clone()
}

#[test]
fn a_wrong_digest_is_named_and_the_next_origin_is_tried() {
    let mut wrong = archive();
    wrong[20] ^= 1;
    let said = passed_over(|mock| mock.with_body(&wrong));
    assert!(
        said.contains(&Sha256::of(&wrong).to_string())
            && said.contains(&Sha256::of(&archive()).to_string()),
        "{said}"
    );
}

#[test]
fn a_server_that_drips_is_left_for_the_next_origin() {
    let bench = Bench::new();
    let mut server = Server::new();
    let drip = |writer: &mut dyn std::io::Write| {
        // It ends when the client has had enough and goes.
        while writer.write_all(b"x").and_then(|()| writer.flush()).is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    };
    let first = server
        .mock("GET", "/bad")
        .with_chunked_body(drip)
        .expect(1)
        .create();
    let second = server.mock("GET", "/good").with_body(archive()).create();
    let origins = ["bad", "good"].map(|name| {
        let origin = url_origin(&format!("{}/{name}", server.url()), &archive());
        Origin {
            size: None,
            ..origin
        }
    });
    let patience = Patience {
        slow: Duration::from_millis(400),
        ..bench.settings().patience
    };
    let settings = Settings {
        patience,
        ..bench.settings()
    };
    let fetcher = Fetcher::new(settings, &bench.store, &bench.memory);
    fetcher
        .source(&selected(digest_of(&FILES), origins.to_vec()))
        .expect("the second origin serves");
    first.assert();
    second.assert();
    assert!(
        bench.memory.failed()[0].1.contains("it is too slow"),
        "{:?}",
        bench.memory.failed()
    );
}

#[test]
fn a_redirection_does_not_say_from_where_it_comes() {
    let bench = Bench::new();
    let mut server = Server::new();
    let first = server
        .mock("GET", "/one")
        .with_status(302)
        .with_header("location", "/two")
        .create();
    let second = server
        .mock("GET", "/two")
        .match_header("referer", mockito::Matcher::Missing)
        .with_body(archive())
        .create();
    bench
        .fetcher()
        .fetch_archive(
            "demo",
            &url_origin(&format!("{}/one", server.url()), &archive()),
        )
        .expect("it is followed");
    first.assert();
    second.assert();
}

#[test]
fn a_truncated_archive_is_named_and_the_next_origin_is_tried() {
    let said = passed_over(|mock| mock.with_body(&archive()[..50]));
    assert!(said.contains("has 50 bytes"), "{said}");
}

#[test]
fn an_html_page_is_named_and_the_next_origin_is_tried() {
    let said = passed_over(|mock| {
        mock.with_body("\n<!doctype HTML><title>Sign in to the hotel's network</title>")
    });
    assert!(
        said.contains("it is an HTML page, not an archive"),
        "{said}"
    );
}

#[test]
fn an_oversized_archive_is_refused_by_its_header_and_the_next_origin_is_tried() {
    let said = passed_over(|mock| mock.with_body([archive(), vec![0; 1 << 20]].concat()));
    assert!(said.contains("more than"), "{said}");
    let bench = Bench::new();
    let mut server = Server::new();
    let _large = server
        .mock("GET", "/x")
        .with_body(vec![0; 1 << 20])
        .create();
    let origin = url_origin(&format!("{}/x", server.url()), &archive());
    bench
        .fetcher()
        .fetch_archive("demo", &origin)
        .expect_err("refused");
    assert_eq!(
        bench
            .memory
            .count(|event| matches!(event, Event::DownloadStarted { .. })),
        0,
        "not a byte of it is read"
    );
}

#[test]
fn an_endless_download_is_cut_off_and_the_next_origin_is_tried() {
    let said = passed_over(|mock| {
        mock.with_chunked_body(|writer| {
            loop {
                writer.write_all(&[7; 4096])?;
            }
        })
    });
    assert!(said.contains("more than"), "{said}");
}

#[test]
fn a_missing_archive_is_asked_for_once_and_the_next_origin_is_tried() {
    let said = passed_over(|mock| mock.with_status(404));
    assert!(said.contains("status 404"), "{said}");
}

#[test]
fn a_server_that_asks_for_an_hour_is_not_waited_for() {
    let said = passed_over(|mock| mock.with_status(429).with_header("retry-after", "3600"));
    assert!(said.contains("3600 s"), "{said}");
}

#[test]
fn wrong_digests_everywhere_are_a_failed_verification_and_nothing_is_stored() {
    let bench = Bench::new();
    let mut server = Server::new();
    let _wrong = server
        .mock("GET", mockito::Matcher::Any)
        .with_body(vec![b'x'; archive().len()])
        .create();
    let origins =
        ["a", "b"].map(|name| url_origin(&format!("{}/{name}", server.url()), &archive()));
    let error = bench
        .fetcher()
        .source(&selected(digest_of(&FILES), origins.to_vec()))
        .expect_err("refused");
    assert_eq!(
        (error.errors.len(), error.class()),
        (2, ErrorClass::Verification)
    );
    assert!(
        error
            .errors
            .iter()
            .all(|error| matches!(error, FetchError::Digest { .. }))
    );
    assert_eq!(bench.stored(), 0);
}

#[test]
fn a_server_error_is_tried_again_and_then_given_up() {
    let bench = Bench::new();
    let mut server = Server::new();
    let bad = server.mock("GET", "/x").with_status(500).expect(1).create();
    let good = server
        .mock("GET", "/x")
        .with_body(archive())
        .expect(1)
        .create();
    let down = server
        .mock("GET", "/down")
        .with_status(503)
        .expect(4)
        .create();
    let fetched = bench
        .fetcher()
        .fetch_archive(
            "demo",
            &url_origin(&format!("{}/x", server.url()), &archive()),
        )
        .expect("comes");
    assert_eq!(
        (fetched.sha256(), fetched.size(), fetched.was_held()),
        (Sha256::of(&archive()), archive().len() as u64, false)
    );
    assert_eq!(bench.memory.retries(), 1);
    let error = bench
        .fetcher()
        .fetch_archive(
            "demo",
            &url_origin(&format!("{}/down", server.url()), b"other"),
        )
        .expect_err("down");
    assert!(matches!(error, FetchError::Status { status: 503, .. }));
    bad.assert();
    good.assert();
    down.assert();
}

#[test]
fn a_connection_that_breaks_off_is_tried_again_from_the_start() {
    let bench = Bench::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/x", listener.local_addr().expect("an address"));
    let body = archive();
    let server = std::thread::spawn(move || {
        for sent in [40, body.len()] {
            let (mut stream, _) = listener.accept().expect("a connection");
            let _ = stream.read(&mut [0; 4096]);
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream
                .write_all(head.as_bytes())
                .and_then(|()| stream.write_all(&body[..sent]))
                .expect("sent");
        }
    });
    bench
        .fetcher()
        .fetch_archive("demo", &url_origin(&url, &archive()))
        .expect("the second try serves");
    server.join().expect("served");
    assert_eq!(bench.memory.retries(), 1);
}

#[test]
fn a_server_that_falls_silent_is_timed_out() {
    let bench = Bench::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/x", listener.local_addr().expect("an address"));
    let mut settings = bench.settings();
    settings.patience.idle = Duration::from_millis(100);
    settings.patience.retries = 0;
    let start = Instant::now();
    let fetcher = Fetcher::new(settings, &bench.store, &bench.memory);
    let error = fetcher
        .fetch_archive("demo", &url_origin(&url, b"x"))
        .expect_err("silent");
    assert!(matches!(error, FetchError::Unreachable { .. }), "{error}");
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_refused_connection_falls_through_at_once() {
    let bench = Bench::new();
    let free = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address");
    let error = bench
        .fetcher()
        .fetch_archive("demo", &url_origin(&format!("http://{free}/x"), b"x"))
        .expect_err("refused");
    assert_eq!(error.class(), ErrorClass::Network);
    assert_eq!(bench.memory.retries(), 0);
}

#[test]
fn offline_names_what_is_missing_and_asks_nobody() {
    let bench = Bench::new();
    let mut server = Server::new();
    let never = server.mock("GET", mockito::Matcher::Any).expect(0).create();
    let fetcher = Fetcher::new(
        Settings {
            offline: true,
            ..bench.settings()
        },
        &bench.store,
        &bench.memory,
    );
    let krate = Origin {
        place: Place::Crate {
            name: "demo-sys".parse().expect("a name"),
            version: "1.0.0".parse().expect("a version"),
        },
        ..url_origin("http://127.0.0.1/", b"crate")
    };
    let origins = vec![
        url_origin(&format!("{}/x", server.url()), &archive()),
        krate,
    ];
    let error = fetcher
        .source(&selected(digest_of(&FILES), origins))
        .expect_err("missing");
    assert!(
        error
            .errors
            .iter()
            .all(|error| matches!(error, FetchError::Offline { .. })),
        "{error:?}"
    );
    assert_eq!(
        (error.errors.len(), error.class()),
        (2, ErrorClass::Network)
    );
    assert!(
        error.errors[0]
            .to_string()
            .contains(&Sha256::of(&archive()).to_string())
    );
    never.assert();
}

#[test]
fn two_that_want_the_same_archive_download_it_once() {
    let bench = Bench::new();
    let mut server = Server::new();
    let once = server
        .mock("GET", "/x")
        .with_body(archive())
        .expect(1)
        .create();
    let origin = url_origin(&format!("{}/x", server.url()), &archive());
    let fetcher = bench.fetcher();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| fetcher.fetch_archive("demo", &origin).expect("comes"));
        }
    });
    once.assert();
    assert_eq!(
        bench
            .memory
            .count(|event| matches!(event, Event::Downloaded { .. })),
        1
    );
}

/// A registry with one release of `demo-sys`, whose index says `checksum`.
fn registry(server: &mut Server, checksum: Sha256) -> Vec<mockito::Mock> {
    let config = format!(
        r#"{{"dl":"{}/dl/{{crate}}-{{version}}.crate"}}"#,
        server.url()
    );
    let line = format!(
        r#"{{"name":"demo-sys","vers":"1.0.0+1.0","deps":[],"cksum":"{checksum}","features":{{}},"yanked":false}}"#
    );
    vec![
        server
            .mock("GET", "/index/config.json")
            .with_body(config)
            .expect(1)
            .create(),
        server
            .mock("GET", "/index/de/mo/demo-sys")
            .with_body(line)
            .create(),
        server
            .mock("GET", "/dl/demo-sys-1.0.0+1.0.crate")
            .with_body(krate())
            .create(),
    ]
}

fn krate() -> Vec<u8> {
    gz(&super::tar_of(&[(
        b"demo-sys-1.0.0+1.0/demo/a.c",
        tar::EntryType::Regular,
        FILES[0].1.as_bytes(),
    )]))
}

fn crate_origin(version: &str) -> Origin {
    let place = Place::Crate {
        name: "demo-sys".parse().expect("a name"),
        version: version.parse().expect("a version"),
    };
    Origin {
        place,
        ..url_origin("http://127.0.0.1/", &krate())
    }
}

fn replace_registry(bench: &Bench, source: &str) {
    let text =
        format!("[source.crates-io]\nreplace-with = \"mirror\"\n[source.mirror]\n{source}\n");
    bench.write("project/.cargo/config.toml", text.as_bytes());
}

#[test]
fn a_crate_comes_from_the_registry_that_cargo_is_configured_for_and_its_root_is_below_its_own_folder()
 {
    let bench = Bench::new();
    let mut server = Server::new();
    let mocks = registry(&mut server, Sha256::of(&krate()));
    replace_registry(
        &bench,
        &format!("registry = \"sparse+{}/index/\"", server.url()),
    );
    let fetcher = bench.fetcher();
    fetcher
        .source(&selected(
            digest_of(&FILES),
            vec![crate_origin("1.0.0+1.0")],
        ))
        .expect("the crate serves");
    let error = fetcher
        .fetch_archive(
            "demo",
            &Origin {
                sha256: Sha256::of(b""),
                ..crate_origin("2.0.0")
            },
        )
        .expect_err("no such release");
    assert!(matches!(error, FetchError::NoRelease { .. }), "{error}");
    mocks[0].assert();
}

#[test]
fn a_crate_whose_checksum_in_the_index_is_not_the_locks_is_refused_before_it_is_downloaded() {
    let bench = Bench::new();
    let mut server = Server::new();
    let mut mocks = registry(&mut server, Sha256::of(b"another"));
    let never = mocks.pop().expect("three").expect(0).create();
    replace_registry(
        &bench,
        &format!("registry = \"sparse+{}/index/\"", server.url()),
    );
    let error = bench
        .fetcher()
        .fetch_archive("demo", &crate_origin("1.0.0+1.0"))
        .expect_err("refused");
    assert!(matches!(error, FetchError::IndexChecksum { .. }), "{error}");
    never.assert();
}

#[test]
fn a_local_registry_serves_and_a_git_one_is_refused_with_what_to_do() {
    let bench = Bench::new();
    let line = format!(
        r#"{{"name":"demo-sys","vers":"1.0.0","deps":[],"cksum":"{}","features":{{}},"yanked":false}}"#,
        Sha256::of(&krate())
    );
    bench.write("project/mirror/index/de/mo/demo-sys", line.as_bytes());
    bench.write("project/mirror/demo-sys-1.0.0.crate", &krate());
    replace_registry(&bench, "local-registry = \"mirror\"");
    bench
        .fetcher()
        .fetch_archive("demo", &crate_origin("1.0.0"))
        .expect("the local registry serves");

    let bench = Bench::new();
    replace_registry(&bench, "registry = \"https://git.example.org/index.git\"");
    let error = bench
        .fetcher()
        .fetch_archive("demo", &crate_origin("1.0.0"))
        .expect_err("refused");
    assert!(
        with_causes(&error).contains("only sparse ones are read"),
        "{error}"
    );
}
