//! `wasideps outdated`, with a registry and a repository on the loopback.

use std::process::Command;

use serde_json::{Value, json};
use wasideps::model::Sha256;

use crate::apt::{SOURCES, apt_configuration, apt_suite};
use crate::server::{Reply, Server};
use crate::sources::{gz, tar};
use crate::support::{Place, run, system, test};

/// What git itself answers of a repository with these tags.
pub fn references(place: &Place, tags: &[&str]) -> Vec<u8> {
    let git = |args: &[&str]| {
        let mut command = system("git");
        for (key, value) in [("NAME", "The tests"), ("EMAIL", "tests@example.org")] {
            command
                .env(format!("GIT_AUTHOR_{key}"), value)
                .env(format!("GIT_COMMITTER_{key}"), value);
        }
        let output = command
            .current_dir(place.path("repository"))
            .args(args)
            .output()
            .expect("git starts");
        assert!(
            output.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    };
    std::fs::create_dir_all(place.path("repository")).expect("a folder");
    git(&["init", "--quiet"]);
    git(&["commit", "--quiet", "--allow-empty", "-m", "a commit"]);
    for tag in tags {
        git(&["tag", "-a", "-m", tag, tag]);
    }
    [
        b"001e# service=git-upload-pack\n0000".to_vec(),
        git(&["upload-pack", "--http-backend-info-refs", "."]),
    ]
    .concat()
}

/// bzip2 alone, from a crate and a repository on `server`.
fn place(server: &Server) -> Place {
    let place = Place::new();
    place.copy_recipes();
    place.edit(
        "recipes/bzip2/recipe.toml",
        "https://sourceware.org/git/bzip2.git",
        &server.url("/bzip2.git"),
    );
    place.edit_lock(|lock| {
        lock["sources"]
            .as_object_mut()
            .expect("sources")
            .retain(|name, _| name == "bzip2");
        lock["sources"]["bzip2"]["origins"]
            .as_array_mut()
            .expect("origins")
            .retain(|origin| origin["crate"].is_string());
    });
    let text = format!(
        "[source.crates-io]\nreplace-with = 'here'\n[source.here]\nregistry = 'sparse+{}/'\n",
        server.url("")
    );
    place.write("cargo-home/config.toml", text);
    place
}

fn release(version: &str, yanked: bool) -> String {
    format!(
        r#"{{"name":"bzip2-sys","vers":"{version}","deps":[],"cksum":"{}","features":{{}},"yanked":{yanked}}}"#,
        "0".repeat(64)
    )
}

/// A server with a registry of these releases, and a repository with these tags.
fn server(releases: &[String], references: Option<Vec<u8>>) -> Server {
    let index = releases.join("\n").into_bytes();
    Server::start(move |path, _| match path {
        "/config.json" => Reply::Body(br#"{"dl":"http://127.0.0.1:1/"}"#.to_vec()),
        "/bz/ip/bzip2-sys" => Reply::Body(index.clone()),
        "/bzip2.git/info/refs?service=git-upload-pack" => {
            references.clone().map_or(Reply::Status(404), Reply::Body)
        }
        _ => Reply::Status(404),
    })
}

/// `wasideps outdated ARGS`, on a machine whose apt knows an index of sources with bzip2 in these
/// versions, and no other.
fn outdated(place: &Place, debian: &[&str], args: &[&str]) -> Command {
    let source = |version: &&str| {
        let sum = "0".repeat(64);
        format!(
            "Package: bzip2\nBinary: bzip2\nVersion: {version}\nMaintainer: A <a@example.org>\nArchitecture: any\nFormat: 3.0 (quilt)\n\
             Directory: pool\nFiles:\n {} 1 bzip2_{version}.dsc\nChecksums-Sha256:\n {sum} 1 bzip2_{version}.dsc\n\n",
            "0".repeat(32)
        )
    };
    let index: String = debian.iter().map(source).collect();
    let mut command = place.own(place.command(&[&["outdated"], args].concat()));
    let apt = if debian.is_empty() {
        apt_configuration(place, "apt/sources.d")
    } else {
        apt_suite(place, "sid", SOURCES, &index)
    };
    command.env("APT_CONFIG", apt);
    command
}

fn offers(place: &Place, code: i32) -> Vec<Value> {
    let done = run(&mut outdated(
        place,
        &["1.0.8-6", "1.0.9-1"],
        &["--message-format", "json"],
    ))
    .exits(code);
    done.json()
        .into_iter()
        .filter(|line| line["reason"] == "offer")
        .map(|mut line| line["data"].take())
        .collect()
}

#[test]
fn what_registry_and_repository_have_is_compared_with_the_lock_and_nothing_changes() {
    let scratch = Place::new();
    let references = references(
        &scratch,
        &["bzip2-1.0.8", "bzip2-1.0.10", "bzip2-1.1.0-rc1", "start"],
    );
    let releases = [
        release("0.1.13+1.0.8", false),
        release("0.1.14+1.0.9", false),
        release("0.1.15+1.0.99", true),
    ];
    let place = place(&server(&releases, Some(references)));
    let before = std::fs::read(place.path("lockfile.json")).expect("the lock");
    let offers = offers(&place, 0);
    let seen: Vec<_> = offers
        .iter()
        .map(|offer| {
            json!([
                offer["locked"],
                offer["newest"],
                offer["holds"],
                offer["state"]
            ])
        })
        .collect();
    assert_eq!(
        seen,
        [
            json!(["bzip2-1.0.8", "bzip2-1.0.10", "1.0.10", "newer"]),
            json!(["0.1.13+1.0.8", "0.1.14+1.0.9", "1.0.9", "newer"]),
            json!([null, "1.0.9-1", "1.0.9", "newer"]),
        ],
        "a yanked release and a release candidate are none"
    );
    assert_eq!(
        std::fs::read(place.path("lockfile.json")).expect("the lock"),
        before
    );
    let shown = run(&mut outdated(&place, &["1.0.9-1"], &["--exit-code"]))
        .exits(1)
        .says(&["something newer than bzip2 1.0.8"])
        .stdout;
    assert!(
        shown.lines().all(|line| line.chars().count() <= 80),
        "{shown}"
    );
    assert!(
        shown.contains("NEWER") && shown.contains("there is something newer than bzip2 1.0.8"),
        "{shown}"
    );
}

#[test]
fn what_is_the_locked_version_is_current_and_what_is_not_reached_is_said_to_be_so() {
    let place = place(&server(&[release("0.1.13+1.0.8", false)], None));
    let offers = offers(&place, 0);
    let states: Vec<_> = offers.iter().map(|offer| offer["state"].clone()).collect();
    assert_eq!(states, ["not-reached", "current", "newer"]);
    let shown = run(&mut outdated(&place, &["1.0.8-6"], &["--exit-code"]))
        .exits(0)
        .stdout;
    assert!(
        shown.contains("nothing newer is known") && shown.contains("bzip2 1.0.8, repository: "),
        "{shown}"
    );
    assert!(
        shown.lines().all(|line| line.chars().count() <= 100),
        "errors are shortened: {shown}"
    );
    assert!(
        offers[0]["newest"].is_null()
            && offers[0]["note"]
                .as_str()
                .is_some_and(|note| note.contains("404")),
        "{offers:#?}"
    );
}

#[test]
fn offline_and_out_of_reach_are_exit_4() {
    let nobody = Server::with([]);
    let place = place(&nobody);
    run(&mut outdated(&place, &[], &["--offline"]))
        .exits(4)
        .says(&["needs the network, and `--offline` forbids it"]);
    assert_eq!(nobody.requests(), [""; 0]);
    let done = run(&mut outdated(&place, &[], &[]))
        .exits(4)
        .says(&["no origin could be asked"]);
    assert_eq!(
        done.stdout.matches("not reached").count(),
        3,
        "{}",
        done.stdout
    );
}

#[test]
fn a_crate_whose_number_tells_nothing_is_opened_where_the_recipe_says_in_which_file() {
    let header = "/* a comment */\n#define BZ_VERSION   \"1.0.9, 1-Jan-2026\"\n";
    let files = [(
        "bzip2-sys-0.2.0/bzip2-1.0.8/bzlib_private.h".to_owned(),
        header.as_bytes().to_vec(),
    )];
    let krate = gz(&tar(&files));
    let release = format!(
        r#"{{"name":"bzip2-sys","vers":"0.2.0","deps":[],"cksum":"{}","features":{{}},"yanked":false}}"#,
        Sha256::of(&krate)
    );
    let downloads = Server::with([("/bzip2-sys-0.2.0.crate", krate)]);
    let config = format!(
        r#"{{"dl":"{}"}}"#,
        downloads.url("/{crate}-{version}.crate")
    );
    let place = place(&Server::with([
        ("/config.json", config.into_bytes()),
        ("/bz/ip/bzip2-sys", release.into_bytes()),
    ]));
    let crate_offer = || {
        offers(&place, 0)
            .into_iter()
            .find(|offer| offer["origin"] == "crate bzip2-sys")
            .expect("an offer")
    };
    let offer = crate_offer();
    assert_eq!(
        (&offer["newest"], &offer["state"]),
        (&json!("0.2.0"), &json!("unknown")),
        "{offer:#}"
    );
    assert_eq!(downloads.requests(), [""; 0], "nothing is brought in vain");
    let carries = "crate = \"bzip2-sys\"\ncarries = { file = \"bzip2-*/bzlib_private.h\", after = [\"#define BZ_VERSION \"] }";
    place.edit(
        "recipes/bzip2/recipe.toml",
        "crate = \"bzip2-sys\"",
        carries,
    );
    let offer = crate_offer();
    assert_eq!(
        (&offer["holds"], &offer["state"]),
        (&json!("1.0.9"), &json!("newer")),
        "{offer:#}"
    );
    place.edit(
        "recipes/bzip2/recipe.toml",
        "#define BZ_VERSION ",
        "#define OTHER ",
    );
    assert_eq!(crate_offer()["state"], "unknown");
}

#[test]
fn lock_latest_takes_the_newest_that_an_origin_offers_if_a_recipe_is_written_for_it() {
    let place = place(&server(
        &[
            release("0.1.13+1.0.8", false),
            release("0.1.14+1.0.9", false),
        ],
        None,
    ));
    let before = std::fs::read(place.path("lockfile.json")).expect("the lock");
    let latest = |debian: &[&str], name: &str| {
        let mut command = outdated(&place, debian, &[]);
        let apt = command
            .get_envs()
            .find_map(|(key, value)| (key == "APT_CONFIG").then(|| value.map(ToOwned::to_owned)))
            .flatten();
        command = place.own(place.command(&["lock", name, "--latest"]));
        command.env("APT_CONFIG", apt.expect("apt's configuration"));
        run(&mut command)
    };
    latest(&["1.0.8-6"], "bzip2")
        .exits(2)
        .says(&["bzip2", "1.0.9", "1.0.8"]);
    latest(&[], "zlib").exits(2).says(&["zlib"]);
    for args in [
        &["lock", "bzip2"][..],
        &["lock", "--latest"],
        &["lock", "bzip2", "1.0.8", "--latest"],
    ] {
        run(&mut place.own(place.command(args))).exits(2);
    }
    assert_eq!(
        std::fs::read(place.path("lockfile.json")).expect("the lock"),
        before
    );
}
