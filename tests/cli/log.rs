//! The log of `-v`.

use crate::server::Server;
use crate::sources::krate;
use crate::support::{Place, run, sdk, test};

/// The lines of the log that have `text`.
fn lines<'a>(log: &'a str, text: &str) -> Vec<&'a str> {
    log.lines().filter(|line| line.contains(text)).collect()
}

#[test]
fn without_the_option_nothing_is_logged_and_with_it_each_step_says_why() {
    let place = Place::new();
    let build = |args: &[&str]| {
        run(&mut place.build(&[&["bzip2", "--prefix", "out"], args].concat())).exits(0)
    };

    let cold = build(&["-v", "--message-format", "json"]);
    // Standard output is what it is without the option.
    assert!(cold.json().iter().any(|line| line["reason"] == "built"));
    let log = &cold.stderr;
    assert_eq!(
        lines(log, "takes the archive from a folder").len(),
        1,
        "{log}"
    );
    assert_eq!(
        lines(log, "the cache has no object of the files that are there").len(),
        7,
        "{log}"
    );
    let started = lines(
        log,
        "object{source=\"bzip2 1.0.8\" file=\"huffman.c\"}: wasideps::process: a program starts",
    );
    assert!(
        matches!(started.as_slice(), [line] if line.contains("bin/clang")),
        "{log}"
    );
    assert!(
        !log.contains("TRACE") && !log.contains("-fdebug-prefix-map"),
        "{log}"
    );

    place.write("out/lib/libbz2.a", "damaged");
    let warm = build(&["-vv"]).stderr;
    assert_eq!(lines(&warm, "the prefix is damaged").len(), 1, "{warm}");
    assert_eq!(lines(&warm, "the cache has the object").len(), 7, "{warm}");
    assert!(
        lines(&warm, "a program starts").is_empty() && warm.contains("TRACE"),
        "{warm}"
    );

    let silent = build(&[]).stderr;
    assert!(
        !silent.contains("DEBUG") && !silent.contains("wasideps::"),
        "{silent}"
    );
    run(&mut place.build(&["-q", "-v"])).exits(2);
}

#[test]
fn the_log_names_each_address_that_is_asked_and_what_it_answers() {
    let place = Place::new();
    place.copy_recipes();
    let archive = krate("bzip2");
    let server = Server::with([("/bzip2.crate", archive.bytes.clone())]);
    place.only(
        "bzip2",
        vec![
            archive.at(&server.url("/missing")),
            archive.at(&server.url("/bzip2.crate")),
        ],
    );
    let log = run(place
        .own(place.command(&["fetch", "-v"]))
        .arg("--wasi-sdk")
        .arg(sdk()))
    .exits(0)
    .stderr;
    let asked = lines(&log, ": asks url=");
    let answered = lines(&log, ": an answer url=");
    assert!(
        matches!(asked.as_slice(), [first, second] if first.contains("/missing") && second.contains("/bzip2.crate")),
        "{log}"
    );
    assert!(
        matches!(answered.as_slice(), [first, second] if first.contains("status=404") && second.contains("status=200")),
        "{log}"
    );
    assert_eq!(lines(&log, "the origin failed origin=").len(), 1, "{log}");
    assert!(
        asked
            .iter()
            .all(|line| line.contains("source{source=\"bzip2 1.0.8\"}")),
        "{log}"
    );
}
