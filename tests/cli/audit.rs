//! `wasideps audit`: the rules on recipes, lock and prefix, and the comparison of origins.

use std::process::Command;

use serde_json::{Value, json};
use wasideps::model::Sha256;

use crate::server::Server;
use crate::sources::{Archive, gz, krate, tar};
use crate::support::{Place, Run, built, copy_tree, locked, run, sdk, test};

/// `wasideps audit ARGS` on copied recipes and lock.
fn audit(place: &Place, args: &[&str]) -> Run {
    run(&mut place.own(place.command(&[&["audit"], args].concat())))
}

/// A place whose recipes and lock can be changed.
fn place() -> Place {
    let place = Place::new();
    place.copy_recipes();
    place
}

/// The rules that are violated, with their subjects, by the JSON lines.
fn violations(done: &Run) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let lines = done
        .json()
        .into_iter()
        .filter(|line| line["reason"] == "finding" && line["data"]["level"] == "violation");
    lines
        .map(|line| (text(&line["data"]["rule"]), text(&line["data"]["subject"])))
        .collect()
}

/// Fails as rule `rule` of `subject` alone, with exit code 6; says so for people, for programs, and
/// in SARIF.
#[track_caller]
fn violates(place: &Place, args: &[&str], rule: &str, subject: &str, words: &[&str]) {
    audit(place, args)
        .exits(6)
        .says(&[&format!("rule {rule}: {subject}")])
        .says(words);
    let done = audit(place, &[args, &["--message-format", "json"]].concat()).exits(6);
    assert_eq!(
        violations(&done),
        [(rule.to_owned(), subject.to_owned())],
        "{}",
        done.stdout
    );
    let log: Value = serde_json::from_str(
        &audit(place, &[args, &["--message-format", "sarif"]].concat())
            .exits(6)
            .stdout,
    )
    .expect("SARIF");
    let results = log["runs"][0]["results"].as_array().expect("results");
    let errors: Vec<_> = results
        .iter()
        .filter(|result| result["level"] == "error" && result["suppressions"].is_null())
        .collect();
    assert_eq!(errors.len(), 1, "{log:#}");
    let index = usize::try_from(errors[0]["ruleIndex"].as_u64().expect("an index")).expect("small");
    assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][index]["id"], rule);
    assert_eq!(errors[0]["ruleId"], rule);
}

#[test]
fn the_projects_own_lock_and_recipes_violate_no_rule_and_need_no_network_and_no_prefix() {
    let place = Place::new();
    let done = run(&mut place.command(&["audit", "--offline"])).exits(0);
    assert!(
        done.stdout.contains("nothing excluded in"),
        "{}",
        done.stdout
    );
    let all = format!("{} sources: 0 violations, 0 warnings, ", locked());
    assert!(done.stdout.contains(&all), "{}", done.stdout);
    let done = run(&mut place.command(&["audit", "zlib", "--message-format", "json"])).exits(0);
    assert_eq!(done.data("audit")["sources"], json!(["zlib 1.3.2"]));
    let statement = done.data("excluded");
    assert_eq!(
        (&statement["excluded"][0]["name"], &statement["found"]),
        (&json!("openssl"), &json!([]))
    );
    for kind in ["lock", "recipe", "input", "license"] {
        assert!(
            statement["checked"][kind]
                .as_u64()
                .is_some_and(|count| count > 0),
            "{kind}: {statement:#}"
        );
    }
    assert!(
        statement["checked"].get("symbol").is_none(),
        "without a prefix no symbol is looked at: {statement:#}"
    );
}

#[test]
fn a_built_prefix_violates_no_rule_and_its_headers_symbols_and_licences_are_looked_at() {
    let done = run(&mut built().command(&["audit", "--prefix", "out", "--message-format", "json"]))
        .exits(0);
    let checked = done.data("excluded")["checked"].take();
    for (kind, least) in [("header", 10), ("symbol", 1000), ("license-text", 9)] {
        assert!(
            checked[kind].as_u64().is_some_and(|count| count >= least),
            "{kind}: {checked:#}"
        );
    }
    run(&mut Place::new().command(&["audit", "--prefix", "nowhere"]))
        .exits(2)
        .says(&["no prefix at nowhere"]);
}

#[test]
fn an_excluded_name_in_a_recipe_the_lock_or_a_request_is_exit_6_with_the_rule_and_the_reason() {
    let place = place();
    place.edit(
        "recipes/zlib/recipe.toml",
        "[library.z] # upstream's OBJZ, then OBJG",
        "[library.z]\nrequires = [\"mbedtls/mbedtls\"]",
    );
    violates(
        &place,
        &[],
        "excluded",
        "zlib/recipe.toml",
        &["`mbedtls`", "constant-time"],
    );
    let place = self::place();
    place.edit_lock(|lock| {
        let zlib = lock["sources"]["zlib"].clone();
        lock["sources"]["openssl"] = zlib;
    });
    violates(
        &place,
        &[],
        "excluded",
        "the lock",
        &["`openssl`", "constant-time"],
    );
    violates(
        &self::place(),
        &["openssl"],
        "excluded",
        "the request",
        &["`openssl`", "constant-time"],
    );
}

#[test]
fn an_excluded_package_or_file_that_the_loader_does_not_look_at_is_found_too() {
    let place = place();
    place.edit_lock(|lock| {
        let origin = json!({ "debian": "gnutls", "file": "gnutls_1.orig.tar.gz", "root": "x", "sha256": "0".repeat(64) });
        lock["sources"]["bzip2"]["origins"].as_array_mut().expect("origins").push(origin);
    });
    let lock = place.path("lockfile.json").display().to_string();
    violates(&place, &["bzip2"], "excluded", &lock, &["`gnutls`"]);
    let place = self::place();
    place.edit(
        "recipes/bzip2/recipe.toml",
        "\"bzlib.h\" = \"bzlib.h\"",
        "\"bzlib.h\" = \"bzlib.h\"\n\"openssl/ssl.h\" = \"ssl.h\"",
    );
    violates(
        &place,
        &["bzip2"],
        "excluded",
        "bzip2 1.0.8",
        &["`openssl/ssl.h`"],
    );
}

#[test]
fn a_licence_that_the_policy_does_not_allow_is_exit_6_and_one_that_is_none_exit_2() {
    let place = place();
    place.edit("recipes/policy.toml", "\"Zlib\"", "\"ISC\"");
    violates(
        &place,
        &["zlib"],
        "license-not-allowed",
        "zlib 1.3.2",
        &["`Zlib`", "licenses.allow"],
    );
    // GPL-2.0-only is one of two that can be chosen of zstd's.
    let place = self::place();
    place.edit(
        "recipes/zstd/recipe.toml",
        "(BSD-3-Clause OR GPL-2.0-only) AND MIT",
        "BSD-3-Clause AND GPL-2.0-only",
    );
    violates(
        &place,
        &["zstd"],
        "license-not-allowed",
        "zstd 1.5.7",
        &["not allowed: GPL-2.0-only"],
    );
    for (expression, problem) in [("MIT AND", "`MIT AND`"), ("NoSuch-1.0", "`NoSuch-1.0`")] {
        let place = self::place();
        place.edit(
            "recipes/zlib/recipe.toml",
            "expression = \"Zlib\"",
            &format!("expression = \"{expression}\""),
        );
        audit(&place, &[]).exits(2).says(&[
            "zlib/recipe.toml",
            "expected an SPDX licence expression",
            problem,
        ]);
    }
    let place = self::place();
    place.edit("recipes/policy.toml", "\"Zlib\"", "\"NoSuch-1.0\"");
    audit(&place, &[]).exits(2).says(&[
        "policy.toml:26",
        "expected an SPDX licence expression",
        "NoSuch-1.0",
    ]);
}

#[test]
fn a_patch_without_a_reason_is_exit_6_and_one_without_a_reference_to_upstream_is_exit_2() {
    let place = place();
    place.edit(
        "recipes/expat/recipe.toml",
        "reason = \"the answers of",
        "reason = \"\"\n# \"the answers of",
    );
    violates(
        &place,
        &[],
        "patch-reason",
        "expat 2.8.3",
        &["0001-expat_config.h-answers-for-WASI.patch has no reason"],
    );
    for text in ["not sent", "not sent: ", "see the list"] {
        let place = self::place();
        place.edit(
            "recipes/expat/recipe.toml",
            "not sent: this is what upstream's CMake build does",
            text,
        );
        audit(&place, &["expat"]).exits(2).says(&[
            "expat/recipe.toml",
            "expected the URL where upstream has the patch, or `not sent: ` and why",
        ]);
    }
    let place = self::place();
    place.edit(
        "recipes/expat/recipe.toml",
        "not sent: this is what upstream's CMake build does",
        "https://example.org/pull/1",
    );
    audit(&place, &["expat"]).exits(0);
}

#[test]
fn a_policy_that_does_not_allow_the_locks_digests_is_violated() {
    let place = place();
    place.edit(
        "recipes/policy.toml",
        "[\"SHA-256\"]",
        "[\"SHA-512\", \"SHA3-256\"]",
    );
    violates(
        &place,
        &[],
        "digest-algorithm",
        "the lock",
        &["SHA-256", "SHA-512, SHA3-256"],
    );
}

/// A copy of the built prefix, to be changed.
fn copied() -> Place {
    let place = Place::new();
    copy_tree(&built().path("out"), &place.path("out"));
    place
}

fn audit_prefix(place: &Place) -> Run {
    run(&mut place.command(&["audit", "--prefix", "out", "--message-format", "json"]))
}

#[test]
fn an_excluded_header_symbol_or_licence_text_in_a_prefix_is_found_wherever_it_came_from() {
    let place = copied();
    place.write("out/include/openssl/ssl.h", "int SSL_new(void);\n");
    place.write(
        "out/share/licenses/zlib/OTHER",
        "This product includes software developed by the OpenSSL Project.\n",
    );
    let code = place.write(
        "ssl.c",
        "int SSL_read(void) { return 0; }\nint other(void) { return 0; }\n",
    );
    let clang = || Command::new(sdk().join("bin/clang"));
    run(clang()
        .arg("--target=wasm32-wasip1")
        .args(["-c", "-o"])
        .arg(place.path("ssl.o"))
        .arg(code))
    .exits(0);
    run(Command::new(sdk().join("bin/llvm-ar"))
        .arg("rcs")
        .arg(place.path("out/lib/libextra.a"))
        .arg(place.path("ssl.o")))
    .exits(0);
    let done = audit_prefix(&place).exits(6);
    let expected = [
        "include/openssl/ssl.h",
        "lib/libextra.a",
        "share/licenses/zlib/OTHER",
    ];
    let expected: Vec<_> = expected
        .map(|file| ("excluded".to_owned(), file.to_owned()))
        .into();
    assert_eq!(violations(&done), expected, "{}", done.stdout);
    let found = done.data("excluded")["found"].take();
    let found: Vec<_> = found
        .as_array()
        .expect("an array")
        .iter()
        .map(|one| one["found"].clone())
        .collect();
    assert_eq!(
        found,
        ["openssl/ssl.h", "its licence text", "SSL_read"],
        "of two functions, one is theirs"
    );
}

#[test]
fn a_prefix_without_a_licence_text_or_of_another_lock_is_exit_6() {
    let place = copied();
    std::fs::remove_dir_all(place.path("out/share/licenses/xz")).expect("its licences");
    for file in std::fs::read_dir(place.path("out/share/licenses/zlib"))
        .expect("licences")
        .flatten()
    {
        std::fs::write(file.path(), "").expect("it is emptied");
    }
    let missing = ["xz 5.8.4", "zlib 1.3.2"]
        .map(|subject| ("license-missing".to_owned(), subject.to_owned()));
    assert_eq!(violations(&audit_prefix(&place).exits(6)), missing);
    let place = copied();
    place.copy_recipes();
    place.edit_lock(|lock| {
        lock["sources"]["bzip2"]["inputs"] = json!("0".repeat(64));
        lock["sources"]
            .as_object_mut()
            .expect("sources")
            .remove("xz");
    });
    // What a patch fixes is not fixed in a prefix that was built with another.
    let patch = "0001-zconf.h-answers-of-configure-1.3.2.patch";
    let text = format!(
        "{}\n",
        std::fs::read_to_string(place.path(&format!("patches/zlib/{patch}"))).expect("the patch")
    );
    place.write(&format!("patches/zlib/{patch}"), &text);
    place.edit_lock(|lock| {
        lock["sources"]["zlib"]["patches"][patch] = json!(Sha256::of(text.as_bytes()).to_string());
    });
    let done = audit(&place, &["--prefix", "out", "--message-format", "json"]).exits(6);
    let differing = ["bzip2 1.0.8", "xz 5.8.4", "zlib 1.3.2"]
        .map(|subject| ("prefix-differs".to_owned(), subject.to_owned()));
    assert_eq!(violations(&done), differing, "{}", done.stdout);
    place.write("out/lib/libz.a", "!<arch>\nnot an archive");
    audit(&place, &["--prefix", "out"])
        .exits(3)
        .says(&["libz.a", "not an archive of WebAssembly objects"]);
}

/// bzip2's real inputs in another archive: with `changed` files other than upstream's, and without
/// `removed`.
fn repacked(changed: &[&str], removed: &[&str]) -> Archive {
    let mut files = krate("bzip2").files();
    files.retain(|(path, _)| !removed.contains(&path.as_str()));
    for (path, bytes) in &mut files {
        if changed.contains(&path.as_str()) {
            bytes.extend(b"/* as if nothing had been done */\n");
        }
        path.insert_str(0, "mirror/");
    }
    Archive {
        bytes: gz(&tar(&files)),
        root: "mirror".into(),
    }
}

/// bzip2 alone, from these archives of a server.
fn origins(archives: &[Archive]) -> (Place, Server) {
    let bodies: Vec<Vec<u8>> = archives
        .iter()
        .map(|archive| archive.bytes.clone())
        .collect();
    let server = Server::start(move |path, _| {
        let body = path
            .trim_start_matches('/')
            .parse::<usize>()
            .ok()
            .and_then(|index| bodies.get(index));
        body.map_or(crate::server::Reply::Status(404), |body| {
            crate::server::Reply::Body(body.clone())
        })
    });
    let place = place();
    let entries = archives
        .iter()
        .enumerate()
        .map(|(index, archive)| archive.at(&server.url(&format!("/{index}"))));
    place.only("bzip2", entries.collect());
    (place, server)
}

/// The verdicts on the origins, in the lock's order.
fn verdicts(done: &Run) -> Vec<String> {
    let lines = done
        .json()
        .into_iter()
        .filter(|line| line["reason"] == "origin");
    lines
        .map(|line| line["data"]["verdict"].as_str().expect("a word").to_owned())
        .collect()
}

#[test]
fn origins_that_agree_pass_and_without_the_option_nobody_is_asked() {
    let (place, server) = origins(&[krate("bzip2"), repacked(&[], &[])]);
    audit(&place, &[]).exits(0);
    assert_eq!(server.requests(), [""; 0]);
    let done = audit(&place, &["--origins", "--message-format", "json"]).exits(0);
    assert_eq!(verdicts(&done), ["agrees", "agrees"]);
    assert_eq!(server.requests().len(), 2);
    // Now both are in the store, and are asked all the same.
    audit(&place, &["--origins"]).exits(0);
    assert_eq!(server.requests().len(), 4);
    audit(&place, &["--origins", "--offline"])
        .exits(4)
        .says(&["is not asked offline"]);
}

#[test]
fn an_origin_with_another_file_is_exit_6_and_the_file_is_named() {
    let (place, _server) = origins(&[krate("bzip2"), repacked(&["huffman.c"], &["randtable.c"])]);
    let files = [
        "huffman.c (other content)",
        "randtable.c (only in the first)",
    ];
    violates(
        &place,
        &["--origins"],
        "origin-differs",
        "bzip2 1.0.8",
        &files,
    );
    assert_eq!(
        verdicts(&audit(&place, &["--origins", "--message-format", "json"]).exits(6)),
        ["agrees", "differs"]
    );
}

#[test]
fn an_origin_that_gives_other_bytes_than_are_locked_is_refused_with_exit_6() {
    let (place, _server) = origins(&[krate("bzip2"), repacked(&[], &[])]);
    place.edit_lock(|lock| {
        let origin = &mut lock["sources"]["bzip2"]["origins"][1];
        origin["sha256"] = json!("1".repeat(64));
    });
    violates(
        &place,
        &["--origins"],
        "origin-refused",
        "bzip2 1.0.8",
        &[&"1".repeat(64)],
    );
    let done = audit(&place, &["--origins"]).exits(6);
    assert!(
        done.stdout.contains("one origin is left of 2"),
        "{}",
        done.stdout
    );
}

#[test]
fn an_origin_that_is_not_reached_is_shown_so_and_counts_as_nothing() {
    let (place, server) = origins(&[krate("bzip2"), repacked(&[], &[])]);
    // The same archive as the first, which is in the store by then: that tells nothing of this
    // origin.
    place.edit_lock(|lock| {
        lock["sources"]["bzip2"]["origins"][1] = krate("bzip2").at(&server.url("/nowhere"));
    });
    let done = audit(&place, &["--origins", "--message-format", "json"]).exits(0);
    assert_eq!(verdicts(&done), ["agrees", "not-reached"]);
    let warnings: Vec<_> = done
        .json()
        .into_iter()
        .filter(|line| line["data"]["level"] == "warning")
        .collect();
    let rules: Vec<_> = warnings
        .iter()
        .map(|line| line["data"]["rule"].clone())
        .collect();
    assert_eq!(
        rules,
        ["origin-alone", "origin-not-reached"],
        "one that is alone agrees with nobody: {}",
        done.stdout
    );
    let message = warnings[0]["data"]["message"].as_str().expect("a message");
    assert!(
        message.starts_with(&format!("one origin is left of 2: {}", server.url("/"))),
        "{message}"
    );
    place.edit_lock(|lock| {
        lock["sources"]["bzip2"]["origins"]
            .as_array_mut()
            .expect("origins")
            .remove(0);
    });
    audit(&place, &["--origins"]).exits(4).says(&["status 404"]);
}

/// The lock's list of an archive that is only compared, with these differences.
fn compared(archive: &Archive, url: &str, paths: &[&str]) -> Value {
    let digest = |files: &[(String, Vec<u8>)], path: &str| {
        files
            .iter()
            .find(|(name, _)| name == path)
            .map(|(_, bytes)| wasideps::model::Sha256::of(bytes).to_string())
    };
    let (ours, theirs) = (krate("bzip2").files(), archive.files());
    let differences: serde_json::Map<_, _> = paths
        .iter()
        .map(|path| {
            let mut difference = json!({ "reason": "a comment, for this test" });
            for (key, files) in [("ours", &ours), ("theirs", &theirs)] {
                if let Some(digest) = digest(files, path) {
                    difference[key] = json!(digest);
                }
            }
            ((*path).to_owned(), difference)
        })
        .collect();
    json!([{ "origin": archive.at(url), "differences": differences }])
}

#[test]
fn a_listed_difference_passes_exactly_as_it_is_listed_and_is_never_built_from() {
    let other = repacked(&["huffman.c"], &["randtable.c"]);
    let (place, server) = origins(&[krate("bzip2"), other.clone()]);
    let list = |paths: &[&str]| {
        place.edit_lock(|lock| {
            lock["sources"]["bzip2"]["origins"]
                .as_array_mut()
                .expect("origins")
                .truncate(1);
            lock["sources"]["bzip2"]["compared"] = compared(&other, &server.url("/1"), paths);
        });
    };
    list(&["huffman.c", "randtable.c"]);
    let done = audit(&place, &["--origins", "--message-format", "json"]).exits(0);
    assert_eq!(verdicts(&done), ["agrees", "as-listed"]);
    let shown = audit(&place, &["--origins"]).exits(0).stdout;
    assert!(
        shown.contains("differs as listed") && shown.contains("a comment, for this test"),
        "{shown}"
    );
    let fetched = run(&mut place.own(place.command(&["fetch", "--all-origins"]))).exits(0);
    assert!(
        fetched.stdout.contains("as the lock lists"),
        "{}",
        fetched.stdout
    );
    // A difference that is not listed is none that is known.
    list(&["huffman.c"]);
    violates(
        &place,
        &["--origins"],
        "origin-differs",
        "bzip2 1.0.8",
        &["files that are not listed"],
    );
    // Nor may the file differ otherwise than is listed.
    list(&["huffman.c", "randtable.c"]);
    place.edit_lock(|lock| {
        lock["sources"]["bzip2"]["compared"][0]["differences"]["huffman.c"]["theirs"] =
            json!("0".repeat(64));
    });
    violates(
        &place,
        &["--origins"],
        "origin-differs",
        "bzip2 1.0.8",
        &["huffman.c: the lock lists SHA-256 0000"],
    );
    // Alone, it is no place to build from.
    let fresh = Place::new();
    fresh.copy_recipes();
    std::fs::copy(place.path("lockfile.json"), fresh.path("lockfile.json")).expect("the lock");
    fresh.edit_lock(|lock| {
        lock["sources"]["bzip2"]["origins"][0] = krate("bzip2").at(&server.url("/nowhere"));
    });
    run(fresh
        .own(fresh.command(&["fetch", "bzip2"]))
        .arg("--wasi-sdk")
        .arg(sdk()))
    .exits(4);
    assert!(
        !server
            .requests()
            .iter()
            .skip_while(|path| *path != "/nowhere")
            .any(|path| path == "/1"),
        "{:?}",
        server.requests()
    );
}

#[test]
fn a_difference_without_a_reason_makes_no_lock() {
    let other = repacked(&["huffman.c"], &[]);
    let (place, server) = origins(&[krate("bzip2"), other.clone()]);
    place.edit_lock(|lock| {
        lock["sources"]["bzip2"]["compared"] = compared(&other, &server.url("/1"), &["huffman.c"]);
    });
    place.edit_lock(|lock| {
        lock["sources"]["bzip2"]["compared"][0]["differences"]["huffman.c"]["reason"] = json!(" ");
    });
    audit(&place, &[])
        .exits(2)
        .says(&["differs in huffman.c, but gives no reason"]);
    place.edit_lock(|lock| lock["sources"]["bzip2"]["compared"][0]["differences"] = json!({}));
    audit(&place, &[]).exits(2).says(&["lists no difference"]);
}

#[test]
fn lock_writes_the_differences_that_the_recipe_has_a_reason_for_and_stops_at_others() {
    let other = repacked(&["huffman.c"], &[]);
    let (place, server) = origins(&[krate("bzip2"), other.clone()]);
    let recipe =
        std::fs::read_to_string(place.path("recipes/bzip2/recipe.toml")).expect("the recipe");
    let start = recipe.find("[[origin]]").expect("origins");
    let end = recipe.find("[library.bz2]").expect("the library");
    let own = krate("bzip2");
    let write = |differs: &str| {
        let origins = format!(
            "[[origin]]\nurl = \"{}\"\nroot = \"{}\"\npublished-sha256 = {{ \"1.0.8\" = \"{}\" }}\n\n\
             [[compared]]\ndiffers = {{ \"{differs}\" = \"a comment, for this test\" }}\norigin = {{ url = \"{}\", root = \"mirror\", \
             published-sha256 = {{ \"1.0.8\" = \"{}\" }} }}\n\n",
            server.url("/0"),
            own.root,
            own.sha256(),
            server.url("/1"),
            other.sha256()
        );
        place.write(
            "recipes/bzip2/recipe.toml",
            format!("{}{origins}{}", &recipe[..start], &recipe[end..]),
        );
    };
    let lock = || run(&mut place.own(place.command(&["lock", "bzip2", "1.0.8"])));
    std::fs::remove_file(place.path("recipes/bzip2/tests.toml"))
        .expect("the crate alone has not all that its tests need");
    write("bzlib.c");
    lock().exits(3).says(&["huffman.c (other content)"]);
    write("huffman.c");
    let done = lock().exits(0);
    assert!(
        done.stdout.contains("compared with http"),
        "{}",
        done.stdout
    );
    let locked: Value =
        serde_json::from_slice(&std::fs::read(place.path("lockfile.json")).expect("the lock"))
            .expect("JSON");
    let mut locked = locked["sources"]["bzip2"]["compared"].clone();
    for name in ["sha512", "swhid"] {
        assert!(
            locked[0]["origin"]
                .as_object_mut()
                .expect("an origin")
                .remove(name)
                .is_some(),
            "{name}"
        );
    }
    assert_eq!(locked, compared(&other, &server.url("/1"), &["huffman.c"]));
    audit(&place, &["--origins"]).exits(0);
}

#[test]
fn sarif_is_refused_where_there_is_nothing_that_it_can_tell() {
    run(&mut Place::new().command(&["list", "--message-format", "sarif"]))
        .exits(2)
        .says(&["only `wasideps audit`"]);
}
