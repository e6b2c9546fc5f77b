//! A cache on another machine: real servers, and one that does all that a server should not.

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::lookup::{lock, place, these};
use crate::reapi::{Manner, Reapi, Relayed, relay, silence};
use crate::support::{Place, Run, archives, run, sdk, snapshot, system, test, tool};

/// `wasideps build ARGS` with the SDK and all archives at hand, and a remote cache.
fn build(place: &Place, remote: &str, args: &[&str]) -> Command {
    let mut command = place.command(&[&["build"], args].concat());
    command.args(["--remote-cache", remote, "--message-format", "json"]);
    command.arg("--from").arg(archives());
    command.arg("--wasi-sdk").arg(sdk());
    command
}

const WRITES: [&str; 2] = ["--remote-cache-mode", "read-write"];

/// The same of the source `demo` in a place of `lookup`.
fn demo(place: &Place, remote: &str, args: &[&str]) -> Command {
    place.own(build(
        place,
        remote,
        &[&["demo", "--prefix", "out"], args].concat(),
    ))
}

/// A place with the source `demo`, of which these files are changed.
fn demo_place(changed: &[(&str, &str)]) -> Place {
    let place = place();
    lock(&place, changed);
    place
}

/// A server that has all of `demo`.
fn filled(args: &[&str]) -> Reapi {
    let server = Reapi::start(Manner::Honest);
    let args = [&WRITES, args].concat();
    let done = run(&mut demo(&demo_place(&[]), &server.url(), &args)).exits(0);
    assert_eq!(figure(&done, "sent"), 4, "{}", done.stderr);
    assert_eq!(compiled(&done).len(), 4);
    server
}

/// The files that were compiled.
fn compiled(run: &Run) -> BTreeSet<String> {
    let lines = run.json().into_iter();
    let compiled = lines.filter(|line| line["reason"] == "compiled" && line["cached"] == false);
    compiled
        .map(|line| line["file"].as_str().expect("a file").to_owned())
        .collect()
}

/// What the line about the remote cache says.
fn remote(run: &Run) -> Value {
    let mut lines = run.json().into_iter();
    let line = lines.find(|line| line["reason"] == "remote-cache");
    line.unwrap_or_else(|| panic!("no line about the remote cache:\n{}", run.stdout))
}

fn figure(run: &Run, name: &str) -> u64 {
    remote(run)[name].as_u64().expect("a number")
}

/// The warnings that name the remote cache.
fn warnings(run: &Run) -> Vec<String> {
    let lines = run.json().into_iter();
    let warnings = lines.filter(|line| line["reason"] == "warning");
    let texts = warnings.map(|line| line["text"].as_str().expect("a text").to_owned());
    texts.filter(|text| text.contains("remote cache")).collect()
}

fn free_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address")
}

/// A server's process; it ends when this goes.
struct Daemon {
    child: Child,
    address: SocketAddr,
}

impl Daemon {
    fn start(command: &mut Command, address: SocketAddr) -> Self {
        let command = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().expect("it starts");
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "{command:?} does not listen"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        Self { child, address }
    }

    /// buildbox-casd with its files in `dir`.
    fn casd(dir: &Path) -> Self {
        let address = free_port();
        let mut command = Command::new(tool("WASIDEPS_TEST_CASD"));
        Self::start(command.arg(format!("--bind={address}")).arg(dir), address)
    }

    /// nginx that serves `dir` by WebDAV.
    fn nginx(dir: &Path) -> Self {
        let address = free_port();
        for folder in ["", "files", "tmp"] {
            std::fs::create_dir_all(dir.join(folder)).expect("a folder");
        }
        let at = dir.display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {at}/tmp/{name};"))
            .concat();
        let config = format!(
            "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log; events {{}}\n\
             http {{ access_log {at}/access.log; {temporary} server {{ listen {address}; root {at}/files;\n\
             location / {{ dav_methods PUT DELETE; create_full_put_path on; client_max_body_size 0; }} }} }}\n"
        );
        let file = dir.join("nginx.conf");
        std::fs::write(&file, config).expect("written");
        let mut command = Command::new(tool("WASIDEPS_TEST_NGINX"));
        Self::start(command.arg("-c").arg(file).arg("-p").arg(dir), address)
    }

    fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `command` under strace; the programs that it started are those of the returned file.
fn traced(command: &Command, place: &Place) -> (Command, PathBuf) {
    let trace = place.path("trace");
    let mut strace = Command::new(tool("WASIDEPS_TEST_STRACE"));
    strace
        .args(["-f", "-qq", "-e", "trace=execve", "-o"])
        .arg(&trace);
    strace.arg(command.get_program()).args(command.get_args());
    strace.current_dir(place.path(""));
    (strace, trace)
}

#[test]
fn another_machine_takes_the_nine_from_the_cache_without_starting_clang() {
    let first = Place::new();
    let server = Daemon::casd(&first.path("casd"));
    let url = format!("grpc://{}", server.address);
    let args = &["-j2", "--prefix", "out"][..];
    let done = run(&mut build(&first, &url, &[args, &WRITES].concat())).exits(0);
    let objects = figure(&done, "sent");
    assert!(
        objects > 200 && figure(&done, "not_sent") == 0,
        "{}",
        remote(&done)
    );
    assert_eq!(figure(&done, "hits"), 0);
    // Nothing waits longer for the server than it is worth: on a machine without a free core an
    // answer may come too late, and its file is compiled. So a machine has three tries.
    let mut tries = 1;
    let (second, done, trace) = loop {
        let second = Place::new();
        let (mut command, trace) = traced(&build(&second, &url, args), &second);
        let done = run(&mut command).exits(0);
        let (hits, misses) = (figure(&done, "hits"), figure(&done, "misses"));
        assert_eq!(hits + misses, objects);
        if misses == 0 {
            break (second, done, trace);
        }
        assert!(tries < 3, "the server answered late three times");
        tries += 1;
    };
    assert!(remote(&done)["seconds_saved"].as_f64().expect("seconds") > 10.0);
    assert_eq!(figure(&done, "bytes_up"), 0);
    assert_eq!(warnings(&done), [""; 0]);
    let trace = std::fs::read_to_string(trace).expect("a trace");
    let started: Vec<_> = trace
        .lines()
        .filter(|line| line.contains("execve("))
        .collect();
    // The first is the program itself.
    assert_eq!(started.len(), 1, "{started:?}");
    assert_eq!(snapshot(&first.path("out")), snapshot(&second.path("out")));
}

#[test]
fn another_machine_compiles_only_what_includes_a_changed_header() {
    let server = filled(&[]);
    let place = demo_place(&[("second/two.h", "#define TWO 3\n")]);
    let done = run(&mut demo(&place, &server.url(), &[])).exits(0);
    assert_eq!(compiled(&done), these(&["two.c"]));
    assert_eq!((figure(&done, "hits"), figure(&done, "misses")), (3, 1));
    assert_eq!(figure(&done, "sent"), 0);
}

#[test]
fn what_several_send_for_one_question_is_kept_side_by_side() {
    let server = Reapi::start(Manner::Honest);
    let variants: [&[(&str, &str)]; 2] = [&[], &[("first/two.h", "#define TWO 20\n")]];
    let writers = variants.map(|changed| {
        let place = demo_place(changed);
        let mut command = demo(&place, &server.url(), &WRITES);
        (
            command.stdout(Stdio::piped()).spawn().expect("it starts"),
            place,
        )
    });
    for (mut child, _place) in writers {
        assert!(child.wait().expect("it ends").success());
    }
    for changed in variants {
        let done = run(&mut demo(&demo_place(changed), &server.url(), &[])).exits(0);
        assert_eq!(compiled(&done), these(&[]), "{changed:?}");
    }
}

#[test]
fn what_is_only_read_is_not_written() {
    let server = Reapi::start(Manner::Honest);
    run(&mut demo(&demo_place(&[]), &server.url(), &[])).exits(0);
    assert_eq!(server.count(), (0, 0));
    // Nor is anything asked where nothing has to be compiled.
    let place = demo_place(&[]);
    run(&mut demo(&place, &server.url(), &[])).exits(0);
    let asked = server.kept.asked.load(Ordering::SeqCst);
    let again = run(&mut demo(&place, &server.url(), &[])).exits(0);
    assert_eq!(server.kept.asked.load(Ordering::SeqCst), asked);
    assert!(!again.stdout.contains("remote-cache"), "{}", again.stdout);
}

#[test]
fn objects_larger_than_a_batch_are_streamed() {
    let server = Reapi::start(Manner::Honest);
    let (first, second) = (Place::new(), Place::new());
    let args = &["expat", "--prefix", "out"][..];
    run(&mut build(&first, &server.url(), &[args, &WRITES].concat())).exits(0);
    let done = run(&mut build(&second, &server.url(), args)).exits(0);
    assert_eq!(compiled(&done), these(&[]));
    assert!(server.kept.streamed.load(Ordering::SeqCst) > 0);
    assert_eq!(snapshot(&first.path("out")), snapshot(&second.path("out")));
}

#[test]
fn a_wrong_answer_is_told_and_compiled_instead() {
    let plain = demo_place(&[]);
    run(&mut demo(&plain, "grpc://127.0.0.1:1", &[])).exits(0);
    let expected = snapshot(&plain.path("out"));
    for (manner, told) in [
        (Manner::OtherBytes, "other bytes for the object"),
        (Manner::OtherAction, "it is of another action"),
    ] {
        let server = filled(&[]);
        server.behave(manner);
        let place = demo_place(&[]);
        let done = run(&mut demo(&place, &server.url(), &[])).exits(0);
        assert_eq!(compiled(&done).len(), 4, "{manner:?}");
        let warnings = warnings(&done);
        assert!(
            warnings.len() == 1
                && warnings[0].contains(told)
                && warnings[0].contains(&server.url()),
            "{manner:?}: {warnings:?}"
        );
        assert_eq!(snapshot(&place.path("out")), expected, "{manner:?}");
    }
    let server = filled(&[]);
    server.edit_results(|record| record.truncate(record.len() / 2));
    let place = demo_place(&[]);
    let done = run(&mut demo(&place, &server.url(), &[])).exits(0);
    assert_eq!((compiled(&done).len(), warnings(&done).len()), (4, 1));
    assert_eq!(snapshot(&place.path("out")), expected);
}

#[test]
fn a_server_that_is_broken_full_or_silent_fails_no_build_and_is_told_once() {
    let plain = demo_place(&[]);
    let done = run(&mut demo(&plain, "grpc://127.0.0.1:1", &WRITES)).exits(0);
    assert_eq!(warnings(&done).len(), 1, "{:?}", warnings(&done));
    let expected = snapshot(&plain.path("out"));
    let server = |manner| Reapi::start(manner).url();
    let cut = |bytes| {
        let server = filled(&[]);
        format!("grpc://{}", relay(server.address, Relayed::Cut(bytes)))
    };
    let full = Reapi::start(Manner::Full).url();
    for (what, url, warned) in [
        ("silent", format!("grpc://{}", silence()), true),
        ("silent later", server(Manner::Silent), true),
        ("fails", server(Manner::Fails), true),
        ("full", full.clone(), true),
        ("cut at once", cut(1), true),
        ("cut early", cut(200), false),
        ("cut later", cut(2000), false),
        ("no such host", "grpc://nowhere.invalid:1".to_owned(), true),
        ("no folder", format!("http://{}/x", silence()), false),
    ] {
        let place = demo_place(&[]);
        let started = Instant::now();
        let done = run(&mut demo(&place, &url, &WRITES)).exits(0);
        let took = started.elapsed();
        assert!(took < Duration::from_secs(20), "{what}: {took:?}");
        let warnings = warnings(&done);
        assert!(
            warnings.len() <= 1 && warnings.len() >= usize::from(warned),
            "{what}: {warnings:?}"
        );
        assert!(
            warnings.iter().all(|text| text.contains(&url)),
            "{what}: {warnings:?}"
        );
        assert_eq!(snapshot(&place.path("out")), expected, "{what}");
    }
}

#[test]
fn a_slow_server_that_has_everything_is_still_worth_it() {
    let server = filled(&[]);
    let late = relay(server.address, Relayed::Late(Duration::from_millis(20)));
    let done = run(&mut demo(&demo_place(&[]), &format!("grpc://{late}"), &[])).exits(0);
    assert_eq!(compiled(&done), these(&[]), "{}", remote(&done));
}

/// A pair of keys: the private one's file, and the public one's.
fn key(place: &Place, name: &str) -> (String, String) {
    let path = place.path(name);
    let mut keygen = system("ssh-keygen");
    run(keygen
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&path))
    .exits(0);
    let path = path.to_str().expect("UTF-8").to_owned();
    let public = format!("{path}.pub");
    (path, public)
}

#[test]
fn who_pins_keys_takes_only_what_one_of_them_signed() {
    let keys = Place::new();
    let (ours, theirs) = (key(&keys, "ours"), key(&keys, "theirs"));
    let line = std::fs::read_to_string(&ours.1).expect("the key");
    let word = line.split(' ').nth(1).expect("a word");
    let with = |server: &Reapi, args: &[&str]| {
        run(&mut demo(&demo_place(&[]), &server.url(), args)).exits(0)
    };
    let server = filled(&["--remote-cache-key", &ours.0]);
    for trust in [&*ours.1, word, line.trim()] {
        let done = with(&server, &["--remote-cache-trust", trust]);
        assert_eq!(compiled(&done), these(&[]), "{trust}");
    }
    let both = [
        "--remote-cache-trust",
        &*theirs.1,
        "--remote-cache-trust",
        &*ours.1,
    ];
    assert_eq!(compiled(&with(&server, &both)), these(&[]));
    // Without pins the server's writers are trusted.
    assert_eq!(compiled(&with(&server, &[])), these(&[]));
    // Another's, and nobody's, is passed over: there may be many writers.
    let done = with(&server, &["--remote-cache-trust", &theirs.1]);
    assert_eq!((compiled(&done).len(), warnings(&done)), (4, vec![]));
    let done = with(&filled(&[]), &["--remote-cache-trust", &ours.1]);
    assert_eq!((compiled(&done).len(), warnings(&done)), (4, vec![]));
    // What was changed after it was signed is a lie.
    server.edit_results(|record| {
        let text = zstd::decode_all(&record[..]).expect("a record");
        let text = String::from_utf8(text).expect("UTF-8");
        let changed = text.replace("\"milliseconds\":", "\"milliseconds\":1");
        assert_ne!(changed, text);
        *record = zstd::encode_all(changed.as_bytes(), 3).expect("compressed");
    });
    let done = with(&server, &["--remote-cache-trust", &ours.1]);
    let warnings = warnings(&done);
    assert!(
        warnings.len() == 1 && warnings[0].contains("signature"),
        "{warnings:?}"
    );
    assert_eq!(compiled(&done).len(), 4);
}

#[test]
fn nginx_keeps_the_cache_by_webdav() {
    let place = Place::new();
    let server = Daemon::nginx(&place.path("nginx"));
    let url = format!("http://{}/cache", server.address);
    let done = run(&mut demo(&demo_place(&[]), &url, &WRITES)).exits(0);
    assert_eq!(figure(&done, "sent"), 4, "{}", remote(&done));
    let second = demo_place(&[]);
    let done = run(&mut demo(&second, &url, &[])).exits(0);
    assert_eq!(compiled(&done), these(&[]), "{:?}", warnings(&done));
    assert_eq!((figure(&done, "hits"), figure(&done, "misses")), (4, 0));
    // Bytes that rot there are found out.
    let files = place.path("nginx/files/cache");
    for entry in std::fs::read_dir(files).expect("the files") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "zst") {
            let mut bytes = std::fs::read(&path).expect("it");
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(&path, bytes).expect("written");
        }
    }
    let third = demo_place(&[]);
    let done = run(&mut demo(&third, &url, &[])).exits(0);
    assert_eq!((compiled(&done).len(), warnings(&done).len()), (4, 1));
    assert_eq!(snapshot(&second.path("out")), snapshot(&third.path("out")));
}

#[test]
fn no_secret_is_shown_or_sent_for_all_to_read() {
    let place = demo_place(&[]);
    let show = |url: &str, token: Option<&str>| {
        let mut command = demo(&place, url, &["-vv"]);
        token.map(|token| command.env("WASIDEPS_REMOTE_CACHE_TOKEN", token));
        let done = run(&mut command);
        let all = format!("{}{}", done.stdout, done.stderr);
        assert!(!all.contains("s3cret"), "{all}");
        done
    };
    show("http://user:s3cret@cache.example/dav", None)
        .exits(2)
        .says(&["is not encrypted"]);
    show("grpc://cache.example:80", Some("s3cret"))
        .exits(2)
        .says(&["is not encrypted"]);
    show("ftp://user:s3cret@cache.example/", None)
        .exits(2)
        .says(&["is not the address of a remote cache"]);
    show("https://user:s3cret@cache.example/?a=b", None).exits(2);
    let url = format!("http://user:s3cret@{}/dav", free_port());
    show(&url, None).exits(0);
    show(&format!("grpc://{}", free_port()), Some("s3cret")).exits(0);
}

#[test]
fn a_wrong_option_is_told_before_anything_is_fetched() {
    let place = Place::new();
    place.write("text", "no key\n");
    place.write("empty.pub", "");
    let (private, _) = key(&place, "key");
    let url = "grpc://127.0.0.1:1";
    for (args, told) in [
        (
            &["--remote-cache-key", private.as_str()][..],
            "nothing is written",
        ),
        (
            &["--remote-cache-key", "text", WRITES[0], WRITES[1]],
            "is not a private key",
        ),
        (
            &["--remote-cache-key", "absent", WRITES[0], WRITES[1]],
            "can't be read",
        ),
        (&["--remote-cache-trust", "text"], "is neither a public key"),
        (
            &["--remote-cache-trust", "empty.pub"],
            "is neither a public key",
        ),
        (&["--remote-cache-trust", "AAAA"], "is neither a public key"),
        (&["--remote-cache-mode", "write"], "`read` or `read-write`"),
    ] {
        let args = [&["bzip2", "--prefix", "out"], args].concat();
        run(&mut build(&place, url, &args)).exits(2).says(&[told]);
    }
    // The same by the environment.
    let mut command = place.with_archives(&["build", "bzip2", "--prefix", "out"]);
    command.env("WASIDEPS_REMOTE_CACHE", "nonsense");
    run(command.arg("--wasi-sdk").arg(sdk()))
        .exits(2)
        .says(&["is not the address"]);
    // Without a network there is none.
    let mut command = place.with_archives(&["build", "bzip2", "--prefix", "out"]);
    command.env("WASIDEPS_REMOTE_CACHE", url);
    run(command.arg("--wasi-sdk").arg(sdk()))
        .exits(0)
        .says(&["is not used"]);
}

/// How often the server is killed; `WASIDEPS_TEST_KILLS` says another number.
fn kills() -> u64 {
    let set = std::env::var("WASIDEPS_TEST_KILLS").ok();
    set.map_or(10, |text| text.parse().expect("a number"))
}

#[test]
fn a_server_that_is_killed_at_any_moment_fails_no_build() {
    let place = Place::new();
    let args = &["bzip2", "--prefix", "out"][..];
    let started = Instant::now();
    run(&mut build(&place, "grpc://127.0.0.1:1", args)).exits(0);
    let took = started.elapsed();
    let expected = snapshot(&place.path("out"));
    let (mut hits, mut alone) = (0, 0);
    for kill in 0..kills() {
        let mut server = Daemon::casd(&place.path("casd"));
        let url = format!("grpc://{}", server.address);
        let machine = Place::new();
        let mut command = build(&machine, &url, &[args, &WRITES].concat());
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        // Moments all over the build, none of them the same.
        let moment = took * u32::try_from(kill * 37 % 100).expect("small") / 100;
        std::thread::sleep(moment);
        server.kill();
        let done = crate::support::finished(child.wait_with_output().expect("it ends")).exits(0);
        assert_eq!(
            snapshot(&machine.path("out")),
            expected,
            "killed after {moment:?}"
        );
        hits += figure(&done, "hits");
        alone += u64::from(!warnings(&done).is_empty());
    }
    println!(
        "{} kills: {hits} objects came, {alone} builds went on alone",
        kills()
    );
    assert!(alone > 0, "no kill met a build");
}
