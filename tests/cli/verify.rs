//! `wasideps verify`: a clean prefix passes, and what makes it another is named. Random tamperings
//! are in `tampering`.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use wasideps::build::MANIFEST;
use wasideps::model::Sha256;

use crate::prefix::own_sdk;
use crate::support::{
    Place, Run, archives_of, built, copy_tree, names, project, raw, run, sdk, test,
};

/// Three libraries, built once.
pub fn three() -> &'static Path {
    static THREE: OnceLock<PathBuf> = OnceLock::new();
    THREE.get_or_init(|| {
        run(&mut built().build(&["zlib", "bzip2", "expat", "--prefix", "three"])).exits(0);
        built().path("three")
    })
}

pub fn verify(prefix: &Path, args: &[&str]) -> Run {
    run(raw()
        .arg("verify")
        .arg(prefix)
        .args(args)
        .args(["--message-format", "json"]))
}

/// What was found: places (`lib/libz.a:adler32.o`) with the kind of what is wrong there.
pub fn found(run: &Run) -> Vec<(String, String)> {
    let data = run.data("verified");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let place = |finding: &Value| match finding["member"].as_str() {
        Some(member) => format!("{}:{member}", text(&finding["path"])),
        None => text(&finding["path"]),
    };
    data["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|finding| (place(finding), text(&finding["kind"])))
        .collect()
}

/// Of a file below a prefix.
pub fn read(prefix: &Path, below: &str) -> Vec<u8> {
    std::fs::read(prefix.join(below)).unwrap_or_else(|error| panic!("{below}: {error}"))
}

pub fn write(prefix: &Path, below: &str, bytes: impl AsRef<[u8]>) {
    std::fs::write(prefix.join(below), bytes).unwrap_or_else(|error| panic!("{below}: {error}"));
}

/// All files of a prefix, below it, sorted.
pub fn files(prefix: &Path) -> Vec<String> {
    fn walk(root: &Path, below: &str, found: &mut Vec<String>) {
        for name in names(&root.join(below)) {
            let path = if below.is_empty() {
                name
            } else {
                format!("{below}/{name}")
            };
            if root.join(&path).is_dir() {
                walk(root, &path, found);
            } else {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(prefix, "", &mut found);
    found.sort();
    found
}

#[test]
fn a_clean_prefix_passes_wherever_it_is_and_all_of_it_is_counted() {
    let prefix = built().path("out");
    let data = verify(&prefix, &[]).exits(0).data("verified");
    let manifest: Value = serde_json::from_slice(&read(&prefix, MANIFEST)).expect("JSON");
    let sources = manifest["sources"].as_array().expect("sources");
    let archives: Vec<_> = sources.iter().flat_map(archives_of).collect();
    let members: usize = archives
        .iter()
        .map(|archive| archive["members"].as_array().expect("members").len())
        .sum();
    assert_eq!(data["checked"]["files"], files(&prefix).len());
    assert_eq!(data["checked"]["members"], members);
    assert!(
        data["checked"]["documents"].as_u64() > Some(sources.len() as u64),
        "{data}"
    );
    // In the document of the prefix one for each library, in those of the sources one for each
    // library and one for the source.
    assert_eq!(data["checked"]["codes"], 2 * archives.len() + sources.len());
    assert_eq!(data["not_compared"], Value::Null);
    let digest = data["manifest_sha256"].as_str().expect("a digest");
    assert_eq!(digest, Sha256::of(&read(&prefix, MANIFEST)).to_string());
    let again = run(&mut built().build(&["--prefix", "out", "--message-format", "json"]))
        .exits(0)
        .data("built");
    assert_eq!(again["manifest_sha256"], digest);

    // Copied by a user who shares nothing, and looked at through a link.
    let place = Place::new();
    run(Command::new("sh")
        .args(["-c", "umask 077; cp -r \"$0\" \"$1\""])
        .arg(three())
        .arg(place.path("moved")))
    .exits(0);
    symlink(place.path("moved"), place.path("link")).expect("a link");
    let people = run(raw().arg("verify").arg(place.path("link")))
        .exits(0)
        .stdout;
    assert!(
        people.contains("verification codes") && people.contains("recipes and lock: the same"),
        "{people}"
    );
}

#[test]
fn the_manifest_must_have_the_digest_that_is_asked_for() {
    let digest = Sha256::of(&read(three(), MANIFEST)).to_string();
    verify(three(), &["--manifest-sha256", &digest]).exits(0);
    let other = verify(
        three(),
        &["--manifest-sha256", &Sha256::of(b"").to_string()],
    )
    .exits(3);
    assert_eq!(found(&other), [(MANIFEST.to_owned(), "content".to_owned())]);
    verify(three(), &["--manifest-sha256", "short"]).exits(2);
}

#[test]
fn what_is_no_prefix_is_exit_2_and_what_was_one_is_exit_3() {
    let place = Place::new();
    verify(&place.path("nowhere"), &[]).exits(2);
    run(raw().arg("verify").arg(place.path("nowhere")))
        .exits(2)
        .says(&["no prefix at"]);
    place.write("thesis/chapter.txt", "mine");
    verify(&place.path("thesis"), &[]).exits(2);
    copy_tree(three(), &place.path("was"));
    std::fs::remove_file(place.path("was").join(MANIFEST)).expect("it is there");
    assert_eq!(
        found(&verify(&place.path("was"), &[]).exits(3)),
        [(MANIFEST.to_owned(), "missing".to_owned())]
    );
    write(&place.path("was"), MANIFEST, "{\n");
    assert_eq!(
        found(&verify(&place.path("was"), &[]).exits(3)),
        [(MANIFEST.to_owned(), "record".to_owned())]
    );
}

#[test]
fn another_lock_and_another_date_are_told_and_are_no_difference() {
    let lock = project().join("tests/fixtures/zlib-1.3.1.lock.json");
    let data = verify(three(), &["--lockfile", &lock.to_string_lossy()])
        .exits(0)
        .data("verified");
    assert!(
        data["not_compared"]
            .as_str()
            .is_some_and(|why| why.contains("expat")),
        "{data}"
    );
    let dated = run(raw()
        .arg("verify")
        .arg(three())
        .env("SOURCE_DATE_EPOCH", "1000000000"))
    .exits(0)
    .stdout;
    assert!(
        dated.contains(
            "not compared; it was made from other recipes, another lock, with another date"
        ),
        "{dated}"
    );
}

#[test]
fn another_sdk_than_the_manifests_is_found_with_each_of_its_headers_that_was_opened_and_differs() {
    let place = Place::new();
    verify(three(), &["--wasi-sdk", &sdk().to_string_lossy()]).exits(0);
    let other = own_sdk(&place);
    let header = other.join("share/wasi-sysroot/include/wasm32-wasip1/stdio.h");
    let text = std::fs::read_to_string(&header).expect("the header");
    std::fs::write(&header, text + "/* changed */\n").expect("it can be changed");
    let other = other.to_string_lossy();
    let run = run(place
        .command(&["verify", "--message-format", "json", "--wasi-sdk", &other])
        .arg(three()))
    .exits(3);
    assert!(
        found(&run).iter().all(|(_, kind)| kind == "stamp"),
        "{}",
        run.stdout
    );
    let problems: Vec<_> = run.data("verified")["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|f| f["problem"].to_string())
        .collect();
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("another SDK")),
        "{problems:?}"
    );
    assert_eq!(
        problems
            .iter()
            .filter(|problem| problem.contains("stdio.h"))
            .count(),
        1,
        "{problems:?}"
    );
    assert_eq!(problems.len(), 2, "{problems:?}");
    // It can't build what another made.
    let mut again = place.with_archives(&["verify", "--rebuild", "--wasi-sdk", &other]);
    crate::support::run(again.arg(three()))
        .exits(5)
        .says(&["was made with", "this build uses"]);
}

#[test]
fn a_second_build_finds_what_the_first_took_from_a_store_that_lied() {
    let place = Place::new();
    run(&mut place.build(&["bzip2", "--prefix", "out"])).exits(0);
    let rebuild = |prefix: &str| {
        let mut command =
            place.with_archives(&["verify", prefix, "--rebuild", "--message-format", "json"]);
        run(command.arg("--wasi-sdk").arg(sdk()))
    };
    let clean = rebuild("out").exits(0).data("verified");
    assert_eq!(
        (
            &clean["rebuilt"],
            clean["findings"].as_array().map(Vec::len)
        ),
        (&Value::from(7), Some(0)),
        "objects of the store were used"
    );

    // One object in the place of another, in results that are whole: the store finds nothing wrong
    // with them, nor does a prefix made of it.
    let manifest: Value =
        serde_json::from_slice(&read(&place.path("out"), MANIFEST)).expect("JSON");
    let members = archives_of(&manifest["sources"][0])[0]["members"]
        .as_array()
        .expect("members");
    let digest = |member: usize| members[member]["sha256"].as_str().expect("a digest");
    let actions = place.path("store/actions");
    for name in names(&actions) {
        let text = String::from_utf8(read(&actions, &name)).expect("UTF-8");
        let (_, result) = text.split_once('\n').expect("a line with its digest");
        let result = result.replace(digest(4), digest(1));
        write(
            &actions,
            &name,
            format!("{}\n{result}", Sha256::of(result.as_bytes())),
        );
    }
    run(&mut place.build(&["bzip2", "--prefix", "lied"])).exits(0);
    verify(&place.path("lied"), &[]).exits(0);
    let lied = rebuild("lied").exits(3);
    let name = members[4]["name"].as_str().expect("a name");
    assert!(
        found(&lied).contains(&(format!("lib/libbz2.a:{name}"), "rebuilt".to_owned())),
        "{}",
        lied.stdout
    );
    let headers = found(&lied)
        .iter()
        .any(|(path, _)| path.starts_with("include/"));
    assert!(!headers, "what is the same is listed: {}", lied.stdout);
}
