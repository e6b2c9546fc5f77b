//! SQLite's VFS between processes (docs/sqlite-vfs.md): wasmtime processes that share a database,
//! are killed, stopped and woken.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::support::{built, names, project, run, sdk, test, wasmtime};

/// How long the tests that hammer go on, in seconds.
fn seconds() -> u64 {
    match std::env::var("WASIDEPS_TEST_SQLITE_SECONDS") {
        Ok(text) => text
            .parse()
            .expect("$WASIDEPS_TEST_SQLITE_SECONDS is a number"),
        Err(_) => 5,
    }
}

/// `session` and `hammer`, linked with the library once, and the cache in which wasmtime keeps what
/// it makes of them.
fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let prefix = built().path("out");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sqlite");
        std::fs::create_dir_all(folder.join("cache")).expect("a folder in the target folder");
        let cache = format!(
            "[cache]\ndirectory = '{}'\n",
            folder.join("cache").display()
        );
        std::fs::write(folder.join("cache.toml"), cache).expect("it can be written");
        for name in ["session", "hammer"] {
            let mut command = Command::new(sdk().join("bin/clang"));
            command
                .args([
                    "-O1",
                    "-Wall",
                    "-Wextra",
                    "-Werror",
                    "-Wl,-z,stack-size=1048576",
                    "-I",
                ])
                .arg(prefix.join("include"));
            command
                .arg(project().join(format!("tests/sqlite/{name}.c")))
                .arg(project().join("recipes/sqlite/check-support.c"))
                .arg("-L")
                .arg(prefix.join("lib"))
                .arg("-lsqlite3");
            run(command.arg("-o").arg(folder.join(format!("{name}.wasm")))).exits(0);
        }
        folder
    })
}

/// A folder with a database `d.db`, which processes share.
struct Database {
    folder: TempDir,
}

impl Database {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    /// With a table `t` of one row, 1, and the process that made it.
    fn with_table() -> (Self, Session) {
        let database = Self::new();
        let mut a = database.session();
        a.must("CREATE TABLE t(x); INSERT INTO t VALUES(1)");
        (database, a)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// The entries of the folder of locks.
    fn locks(&self) -> Vec<String> {
        names(&self.path("d.db-lock"))
    }

    /// What is left of a database that nobody has open.
    #[track_caller]
    fn is_clean(&self) {
        assert_eq!(names(self.folder.path()), ["d.db"]);
    }

    /// A program on the database. The lease is the shortest that there is.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(wasmtime());
        command.args(["run", "-C", "cache=y", "-C"]).arg(format!(
            "cache-config={}",
            programs().join("cache.toml").display()
        ));
        command
            .args(["--env", "SQLITE_WASI_LEASE=5", "--dir"])
            .arg(format!("{}::/", self.folder.path().display()));
        command.arg(programs().join(format!("{name}.wasm")));
        command
    }

    fn session(&self) -> Session {
        self.session_on("d.db")
    }

    fn session_on(&self, file: &str) -> Session {
        let mut command = self.program("session");
        let mut child = command
            .args(["it", file])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("wasmtime starts");
        let mut session = Session {
            to: child.stdin.take(),
            lines: lines(&mut child),
            child,
            last: String::new(),
        };
        session.hear();
        session
    }

    /// One that writes the database, with a pause of so many milliseconds after each commit.
    fn hammer(&self, worker: u32, seconds: u64, pause: u32) -> Hammer {
        let mut command = self.program("hammer");
        command.args([
            "d.db",
            &worker.to_string(),
            &seconds.to_string(),
            &pause.to_string(),
        ]);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("wasmtime starts");
        Hammer {
            worker,
            lines: lines(&mut child),
            child,
            heard: Vec::new(),
        }
    }

    /// Asserts that the database is whole and has each worker's acknowledged commits: `expected`
    /// has their number, and how many more there may be.
    #[track_caller]
    fn holds(&self, expected: &[(u32, u64, u64)]) {
        let said = run(self.program("hammer").args(["d.db", "0", "0", "verify"]))
            .exits(0)
            .stdout;
        for text in ["integrity_check = ok\n", "account = 500\n", "n<>m = 0\n"] {
            assert!(said.contains(text), "{said}");
        }
        let rows = said
            .lines()
            .find_map(|line| line.split_once("GROUP BY worker = "))
            .expect("a line of counts")
            .1;
        let counts = rows.split(" ; ").map(|row| {
            row.split('|')
                .map(|n| n.parse().expect("a number"))
                .collect::<Vec<u64>>()
        });
        let counts: HashMap<u64, u64> = counts.map(|row| (row[0], row[1])).collect();
        for &(worker, acknowledged, more) in expected {
            let there = counts.get(&worker.into()).copied().unwrap_or(0);
            assert!(
                (acknowledged..=acknowledged + more).contains(&there),
                "worker {worker}: {acknowledged} acknowledged, {there} there"
            );
        }
    }
}

/// The lines that a child prints, as they come.
fn lines(child: &mut Child) -> Receiver<String> {
    let (sender, receiver) = channel();
    let stdout = BufReader::new(child.stdout.take().expect("piped"));
    std::thread::spawn(move || {
        stdout
            .lines()
            .map_while(Result::ok)
            .try_for_each(|line| sender.send(line))
    });
    receiver
}

/// A process with a connection, told what to do line by line (tests/sqlite/session.c).
struct Session {
    child: Child,
    to: Option<ChildStdin>,
    lines: Receiver<String>,
    last: String,
}

impl Session {
    fn tell(&mut self, line: &str) {
        line.clone_into(&mut self.last);
        writeln!(self.to.as_mut().expect("it runs"), "{line}").expect("it listens");
    }

    /// What it says until it is ready again.
    #[track_caller]
    fn hear(&mut self) -> String {
        let mut said = String::new();
        loop {
            match self.lines.recv_timeout(Duration::from_secs(120)) {
                Ok(line) if line == "it ready" => return said,
                Ok(line) => said.extend([line.as_str(), "\n"]),
                Err(error) => panic!(
                    "told `{}`, it said `{said}` and no more: {error}",
                    self.last
                ),
            }
        }
    }

    #[track_caller]
    fn say(&mut self, line: &str) -> String {
        self.tell(line);
        self.hear()
    }

    /// Runs SQL that must not fail.
    #[track_caller]
    fn must(&mut self, sql: &str) -> String {
        let said = self.say(sql);
        assert!(!said.contains("->"), "{said}");
        said
    }

    /// Says `line` and asserts that the answer has all of `texts`.
    #[track_caller]
    fn gives(&mut self, line: &str, texts: &[&str]) {
        let said = self.say(line);
        assert!(
            texts.iter().all(|text| said.contains(text)),
            "told `{line}`, it must say {texts:?}, and said:\n{said}"
        );
    }

    /// Runs SQL that must fail with one of these codes of SQLite's.
    #[track_caller]
    fn fails(&mut self, sql: &str, codes: &[&str]) {
        let said = self.say(sql);
        assert!(
            codes
                .iter()
                .any(|code| said.contains(&format!("-> {code} "))),
            "`{sql}` must fail with one of {codes:?}: {said}"
        );
    }

    /// Closes the connection and ends.
    #[track_caller]
    fn stop(mut self) {
        self.tell(".close");
        assert!(self.child.wait().expect("it ends").success());
    }

    fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process that commits again and again (tests/sqlite/hammer.c).
struct Hammer {
    worker: u32,
    child: Child,
    lines: Receiver<String>,
    heard: Vec<String>,
}

/// What a hammering process did.
#[derive(Default)]
struct Hammered {
    acknowledged: u64,
    takeovers: usize,
    /// What it logged that is neither.
    log: Vec<String>,
    done: Option<String>,
}

impl Hammer {
    /// Waits until it committed something.
    #[track_caller]
    fn commits(&mut self) {
        while !self
            .heard
            .last()
            .is_some_and(|line| line.starts_with("acked"))
        {
            match self.lines.recv_timeout(Duration::from_secs(120)) {
                Ok(line) => self.heard.push(line),
                Err(error) => panic!(
                    "worker {} commits nothing ({error}): {:?}",
                    self.worker, self.heard
                ),
            }
        }
    }

    /// Waits for its end, which must be a good one.
    #[track_caller]
    fn finish(mut self) -> Hammered {
        let status = self.child.wait().expect("it ends");
        let worker = self.worker;
        let hammered = self.said();
        assert!(
            status.success() && hammered.done.is_some(),
            "worker {worker}: {status}: {:?}",
            hammered.log
        );
        hammered
    }

    fn kill(mut self) -> Hammered {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
        self.said()
    }

    fn said(&mut self) -> Hammered {
        let mut hammered = Hammered::default();
        for line in self.heard.drain(..).chain(&self.lines) {
            if let Some(rest) = line.strip_prefix(&format!("acked {} ", self.worker)) {
                hammered.acknowledged = rest.parse().expect("a number");
            } else if line.contains("left behind") {
                hammered.takeovers += 1;
            } else if line.starts_with("done") {
                hammered.done = Some(line);
            } else {
                hammered.log.push(line);
            }
        }
        hammered
    }
}

impl Drop for Hammer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// On a folder that promises what POSIX does and no more, which no real one here is: Linux lists a
/// small folder at once.
#[test]
fn claims_exclude_each_other_where_a_list_of_the_folder_misses_what_changes_meanwhile() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = folder.path().join("interleave");
    let mut command = Command::new("cc");
    command.args(["-std=gnu11", "-O2", "-I"]);
    command.arg(project().join("recipes/sqlite")).arg("-o");
    command.arg(&program);
    run(command.arg(project().join("tests/sqlite/interleave.c"))).exits(0);
    run(Command::new(&program).args(["1", "150"])).exits(0);
    run(Command::new(&program).args(["1", "50", "nolinks"])).exits(0);
}

#[test]
fn processes_read_together_and_write_one_at_a_time() {
    let (database, mut a) = Database::with_table();
    let mut b = database.session();
    a.gives(".step SELECT x FROM t", &["row 1"]);
    b.gives("SELECT x FROM t", &["= 1"]);
    b.must("BEGIN IMMEDIATE; INSERT INTO t VALUES(2)");
    b.fails("COMMIT", &["5"]);
    a.say(".finish");
    b.must("COMMIT");
    a.gives("SELECT count(*) FROM t", &["= 2"]);
    a.must("BEGIN IMMEDIATE");
    b.fails("BEGIN IMMEDIATE", &["5"]);
    b.gives("SELECT count(*) FROM t", &["= 2"]);
    a.must("ROLLBACK");
    a.must("BEGIN EXCLUSIVE");
    b.fails("SELECT count(*) FROM t", &["5"]);
    a.must("COMMIT");
    b.gives("SELECT count(*) FROM t", &["= 2"]);
    a.stop();
    b.stop();
    database.is_clean();
}

/// A process that is alone keeps SHARED announced between many short reads.
#[test]
fn a_process_that_lingers_gives_way_idle_or_reading_on() {
    let (database, mut a) = Database::with_table();
    let lingers = |database: &Database| database.locks().iter().any(|name| name.starts_with("L-"));
    a.say(".reads 100");
    assert!(lingers(&database));
    let mut b = database.session();
    b.must("INSERT INTO t VALUES(10)");
    a.gives("SELECT sum(x) FROM t", &["= 11"]);
    b.stop();
    a.say(".reads 100");
    assert!(lingers(&database));
    let mut b = database.session(); // which is not there for a until its first lock
    b.say(".timeout 20000");
    a.tell(".reads 5000000");
    b.must("INSERT INTO t VALUES(100)");
    b.must("INSERT INTO t VALUES(1000)");
    let said = a.hear();
    assert!(said.contains(" 1111"), "{said}");
    a.stop();
    b.stop();
    database.is_clean();
}

#[test]
fn a_wal_database_that_another_process_has_open_is_refused_and_says_so() {
    let (database, mut a) = Database::with_table();
    a.must("PRAGMA journal_mode=WAL; INSERT INTO t VALUES(2)");
    let mut b = database.session();
    b.gives("SELECT count(*) FROM t", &["in WAL mode", "-> 5 "]);
    a.gives("INSERT INTO t VALUES(3); SELECT count(*) FROM t", &["= 3"]);
    a.stop();
    b.gives("SELECT count(*) FROM t", &["= 3"]);
    b.gives("PRAGMA journal_mode", &["wal"]);
    b.stop();
    database.is_clean();
}

#[test]
fn of_two_processes_that_open_a_wal_database_at_once_one_gets_it() {
    let (database, mut a) = Database::with_table();
    a.must("PRAGMA journal_mode=WAL");
    a.stop();
    let rounds = 5;
    let mut won = 0;
    for _ in 0..rounds {
        let mut both = [database.session(), database.session()];
        for session in &mut both {
            session.say(".timeout 100");
        }
        for session in &mut both {
            session.tell("INSERT INTO t VALUES(7)");
        }
        for session in &mut both {
            let said = session.hear();
            won += usize::from(!said.contains("->"));
            assert!(
                !said.contains("->") || said.contains("-> 5 ") || said.contains("-> 14 "),
                "{said}"
            );
        }
        both.into_iter().for_each(Session::stop);
    }
    assert!(won >= rounds, "{won} of {rounds} rounds");
    let mut a = database.session();
    a.gives(
        "SELECT count(*)-1 FROM t; PRAGMA integrity_check",
        &[&format!("= {won} ; ok")],
    );
    a.stop();
    database.is_clean();
}

#[test]
fn a_log_that_a_killed_process_left_is_recovered() {
    let (database, mut a) = Database::with_table();
    a.must("PRAGMA journal_mode=WAL; INSERT INTO t VALUES(2)");
    a.must("BEGIN; INSERT INTO t VALUES(3)");
    a.kill();
    assert!(
        std::fs::metadata(database.path("d.db-wal"))
            .expect("a log")
            .len()
            > 0
    );
    let mut b = database.session();
    b.say(".timeout 60000");
    b.gives("SELECT count(*) FROM t", &["left behind", "= 2"]);
    b.gives("PRAGMA integrity_check", &["ok"]);
    b.stop();
    database.is_clean();
}

#[test]
fn a_transaction_that_a_killed_process_left_is_rolled_back_when_its_lease_is_over() {
    let (database, mut a) = Database::with_table();
    let rows = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<200) SELECT i, hex(randomblob(400)) AS y FROM c";
    a.must(&format!(
        "PRAGMA cache_size=1; PRAGMA cache_spill=1; CREATE TABLE u AS {rows}"
    ));
    a.must("BEGIN; UPDATE u SET y=hex(randomblob(500))");
    assert!(
        std::fs::metadata(database.path("d.db-journal"))
            .expect("a journal")
            .len()
            > 0
    );
    a.kill();
    let mut b = database.session();
    let whole = "SELECT count(*) FROM u WHERE length(y)=800";
    b.fails(whole, &["5"]);
    b.say(".timeout 60000");
    b.gives(whole, &["left behind", "= 200"]);
    b.gives("PRAGMA integrity_check", &["ok"]);
    b.stop();
    database.is_clean();
}

#[test]
fn a_writer_that_was_stopped_until_its_lease_was_over_writes_nothing_when_it_wakes() {
    let (database, mut a) = Database::with_table();
    a.must("BEGIN IMMEDIATE; INSERT INTO t VALUES(2)");
    a.signal(Signal::STOP);
    let mut b = database.session();
    b.say(".timeout 60000");
    b.gives("INSERT INTO t VALUES(30)", &["left behind"]);
    b.gives("INSERT INTO t VALUES(31); SELECT count(*) FROM t", &["= 3"]);
    a.signal(Signal::CONT);
    let said = a.say("COMMIT");
    assert!(
        said.contains("-> ") && said.contains("disk I/O error"),
        "{said}"
    );
    b.gives("SELECT group_concat(x) FROM t", &["= 1,30,31"]);
    a.say("ROLLBACK");
    a.gives("SELECT group_concat(x) FROM t", &["= 1,30,31"]);
    a.gives(
        "INSERT INTO t VALUES(4); SELECT count(*) FROM t; PRAGMA integrity_check",
        &["= 4 ; ok"],
    );
    a.stop();
    b.stop();
    database.is_clean();
}

#[test]
fn a_reader_that_was_stopped_until_its_lease_was_over_is_told_and_sees_no_page_of_the_next_writer()
{
    let (database, mut a) = Database::with_table();
    let rows = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<400) INSERT INTO t SELECT printf('%d%01000d', i%5, i) FROM c";
    a.must(&format!("DELETE FROM t; {rows}"));
    a.stop();
    let mut a = database.session();
    a.gives(".step SELECT substr(x,1,1) FROM t", &["row 1"]);
    a.signal(Signal::STOP);
    let mut b = database.session();
    b.say(".timeout 60000");
    b.gives("UPDATE t SET x=9||x", &["left behind"]);
    a.signal(Signal::CONT);
    let told = (0..400).any(|_| {
        let said = a.say(".step");
        assert!(!said.contains("row 9"), "it saw what b wrote");
        said.contains("step 3850")
    });
    assert!(told);
    a.say(".finish");
    a.gives("SELECT count(*) FROM t WHERE x LIKE '9%'", &["= 400"]);
    a.stop();
    b.stop();
    database.is_clean();
}

#[test]
fn a_process_that_was_stopped_and_lost_its_wal_database_writes_nothing_until_it_opens_it_again() {
    let (database, mut a) = Database::with_table();
    a.must("PRAGMA journal_mode=WAL; INSERT INTO t VALUES(2)");
    a.signal(Signal::STOP);
    let mut b = database.session();
    b.say(".timeout 60000");
    b.gives(
        "INSERT INTO t VALUES(3); SELECT count(*) FROM t",
        &["left behind", "= 3"],
    );
    a.signal(Signal::CONT);
    a.fails("INSERT INTO t VALUES(4)", &["3850", "5130"]);
    b.gives(
        "INSERT INTO t VALUES(5); SELECT group_concat(x) FROM t",
        &["= 1,2,3,5"],
    );
    b.stop();
    a.say(".reopen");
    a.gives(
        "SELECT group_concat(x) FROM t; PRAGMA integrity_check",
        &["= 1,2,3,5 ; ok"],
    );
    a.stop();
    database.is_clean();
}

#[test]
fn a_database_that_was_renamed_is_not_read_under_its_old_name_while_another_process_writes_it() {
    let (database, mut a) = Database::with_table();
    std::fs::rename(database.path("d.db"), database.path("e.db")).expect("it can be renamed");
    let mut b = database.session_on("e.db");
    b.must("BEGIN EXCLUSIVE; INSERT INTO t VALUES(2)");
    a.gives("SELECT count(*) FROM t", &["was renamed", "-> 3850 "]);
    a.gives("INSERT INTO t VALUES(3)", &["-> 3850 "]);
    b.must("COMMIT");
    b.gives(
        "SELECT group_concat(x) FROM t; PRAGMA integrity_check",
        &["= 1,2 ; ok"],
    );
    a.stop();
    b.stop();
    assert_eq!(names(database.folder.path()), ["e.db"]);
}

#[test]
fn several_processes_that_wait_for_a_dead_ones_lock_take_it_over_once_and_write_on() {
    let (database, mut a) = Database::with_table();
    a.must("BEGIN EXCLUSIVE; INSERT INTO t VALUES(2)");
    a.kill();
    let workers: Vec<Hammer> = (1..=3)
        .map(|worker| database.hammer(worker, 12, 0))
        .collect();
    let done: Vec<(u32, Hammered)> = workers
        .into_iter()
        .map(|worker| (worker.worker, worker.finish()))
        .collect();
    assert_eq!(
        done.iter()
            .map(|(_, hammered)| hammered.takeovers)
            .sum::<usize>(),
        1
    );
    assert!(done.iter().any(|(_, hammered)| hammered.acknowledged > 0));
    database.holds(
        &done
            .iter()
            .map(|(worker, hammered)| (*worker, hammered.acknowledged, 0))
            .collect::<Vec<_>>(),
    );
    database.is_clean();
}

#[test]
fn two_processes_that_hammer_one_database_lose_no_commit_and_see_no_corruption() {
    let database = Database::new();
    let workers = [
        database.hammer(1, seconds(), 0),
        database.hammer(2, seconds(), 0),
    ];
    let done = workers.map(|worker| (worker.worker, worker.finish()));
    for (worker, hammered) in &done {
        assert!(
            hammered.log.is_empty() && hammered.takeovers == 0,
            "worker {worker}: {:?}",
            hammered.log
        );
        println!("{}", hammered.done.as_deref().unwrap_or_default());
    }
    assert!(done.iter().any(|(_, hammered)| hammered.acknowledged > 0));
    database.holds(&done.map(|(worker, hammered)| (worker, hammered.acknowledged, 0)));
    database.is_clean();
}

#[test]
fn a_process_that_is_killed_again_and_again_takes_no_commit_of_its_own_or_of_another_with_it() {
    let database = Database::new();
    let end = Instant::now() + Duration::from_secs(seconds());
    let other = database.hammer(2, seconds() + 10, 20);
    let (mut acknowledged, mut kills, mut takeovers) = (0, 0, 0);
    while Instant::now() < end || kills < 2 {
        let mut victim = database.hammer(1, 600, 0);
        victim.commits();
        std::thread::sleep(Duration::from_millis(397 * (kills % 5)));
        let hammered = victim.kill();
        assert!(
            hammered.log.iter().all(|line| !line.contains("FAILED")),
            "{:?}",
            hammered.log
        );
        acknowledged = hammered.acknowledged;
        takeovers += hammered.takeovers;
        kills += 1;
    }
    let other = other.finish();
    takeovers += other.takeovers;
    println!(
        "killed {kills} times, {takeovers} locks taken over, {acknowledged} and {} commits",
        other.acknowledged
    );
    // What it committed and did not come to say may be there.
    database.holds(&[(1, acknowledged, 1), (2, other.acknowledged, 0)]);
}
