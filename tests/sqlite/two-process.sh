#!/usr/bin/env bash
# Processes that share a database: two-process.sh WASMTIME FOLDER-OF-PROGRAMS [SECONDS] [TEST...]
# FOLDER-OF-PROGRAMS has session.wasm and hammer.wasm. SECONDS (default 60) is for the hammering. Exit 1 on the first failure.
set -euo pipefail

wasmtime=$1
programs=$(cd "$2" && pwd)
seconds=${3:-60}
shift $(($# < 3 ? $# : 3))
tests=("$@")
[[ ${#tests[@]} -gt 0 ]] || tests=(readers lingering wal_refused wal_crash crash writer_suspended reader_suspended wal_suspended wal_at_once several_breakers hammer kill)

folder=$(mktemp -d)
declare -A to from pids
started=()
clean_up() {
    local pid
    for pid in "${started[@]}"; do kill -9 "$pid" 2>/dev/null || true; done
    rm -rf "$folder"
}
trap clean_up EXIT

fail() {
    printf 'FAILED %s: %s\n' "$test" "$*"
    exit 1
}

# start NAME DATABASE: a session that say talks to.
start() {
    local name=$1 in=$folder/$1.in out=$folder/$1.out
    rm -f "$in" "$out"
    mkfifo "$in" "$out"
    "$wasmtime" run --env "SQLITE_WASI_LEASE=5" --dir "$folder::/" "$programs/session.wasm" "$name" "$2" <"$in" >"$out" 2>&1 &
    pids[$name]=$!
    started+=("$!")
    local in_fd out_fd
    exec {in_fd}>"$in" {out_fd}<"$out"
    to[$name]=$in_fd from[$name]=$out_fd
    hear "$name"
}

# hear NAME: what the session says until it is ready, in $answer.
hear() {
    local name=$1 line
    answer=
    while IFS= read -r -t 60 line <&"${from[$name]}"; do
        [[ $line == "$name ready" ]] && return
        answer+=$line$'\n'
    done
    fail "$name says nothing more; last: $answer"
}
tell() { printf '%s\n' "$2" >&"${to[$1]}"; }
say() {
    tell "$1" "$2"
    hear "$1"
}
# expect NAME LINE PATTERN: the answer to LINE matches the extended regular expression PATTERN.
expect() {
    say "$1" "$2"
    [[ $answer =~ $3 ]] || fail "$1 was told '$2', answered '$answer', expected '$3'"
}
refuse() {
    say "$1" "$2"
    [[ ! $answer =~ $3 ]] || fail "$1 was told '$2', answered '$answer', which must not have '$3'"
}
let_go() {
    local in_fd=${to[$1]} out_fd=${from[$1]}
    exec {in_fd}>&- {out_fd}<&-
}
# A later session has inherited the pipe, so its end would not be seen.
stop() {
    tell "$1" .close
    wait "${pids[$1]}" || fail "$1 ended badly"
    let_go "$1"
}
murder() {
    kill -9 "${pids[$1]}"
    { wait "${pids[$1]}" || true; } 2>/dev/null
    let_go "$1"
}
fresh() {
    rm -rf "$folder"/d.db*
    start a d.db
    say a 'CREATE TABLE t(x); INSERT INTO t VALUES(1)'
}

readers() {
    fresh
    start b d.db
    expect a '.step SELECT x FROM t' 'row 1'
    expect b 'SELECT x FROM t' '= 1'                       # readers share
    expect b 'BEGIN IMMEDIATE; INSERT INTO t VALUES(2)' '2\)'
    refuse b 'SELECT 1' '->'
    expect b 'COMMIT' '-> 5'                               # not while a reads
    expect a '.finish' ''
    expect b 'COMMIT' 'COMMIT'
    expect a 'SELECT count(*) FROM t' '= 2'
    expect a 'BEGIN IMMEDIATE' 'IMMEDIATE'
    expect b 'BEGIN IMMEDIATE' '-> 5'
    expect b 'SELECT count(*) FROM t' '= 2'
    expect a 'BEGIN' '-> 1'
    expect a 'ROLLBACK' 'ROLLBACK'
    expect a 'BEGIN EXCLUSIVE' 'EXCLUSIVE'
    expect b 'SELECT count(*) FROM t' '-> 5'
    expect a 'COMMIT' 'COMMIT'
    expect b 'SELECT count(*) FROM t' '= 2'
    stop a
    stop b
    [[ ! -e $folder/d.db-lock ]] || fail 'the folder of locks is left behind'
}

# A process that is alone keeps its SHARED announced between many short reads; it must give way, idle or reading on.
lingering() {
    fresh
    say a '.reads 100'
    compgen -G "$folder/d.db-lock/L-*" >/dev/null || fail 'a does not linger'
    start b d.db
    expect b 'INSERT INTO t VALUES(10)' '\)$|left behind'
    refuse b 'SELECT 1' '->'
    expect a 'SELECT sum(x) FROM t' '= 11'
    stop b
    say a '.reads 100'
    compgen -G "$folder/d.db-lock/L-*" >/dev/null || fail 'a does not linger again'
    start b d.db # which is not there for a until its first lock
    say b '.timeout 10000'
    tell a '.reads 5000000'
    expect b 'INSERT INTO t VALUES(100)' '100\)'
    refuse b 'INSERT INTO t VALUES(1000)' '->'
    hear a
    [[ $answer =~ ' 1111' ]] || fail "a saw $answer"
    stop a
    stop b
}

wal_refused() {
    fresh
    say a 'PRAGMA journal_mode=WAL; INSERT INTO t VALUES(2)'
    start b d.db
    expect b 'SELECT count(*) FROM t' 'in WAL mode.*-> 5'
    expect a 'INSERT INTO t VALUES(3); SELECT count(*) FROM t' '= 3'
    stop a
    expect b 'SELECT count(*) FROM t' '= 3'
    expect b 'PRAGMA journal_mode' 'wal'
    stop b
}

wal_crash() {
    fresh
    say a 'PRAGMA journal_mode=WAL; INSERT INTO t VALUES(2)'
    say a 'BEGIN; INSERT INTO t VALUES(3)'
    murder a
    [[ -s $folder/d.db-wal ]] || fail 'no log was left'
    start b d.db
    say b '.timeout 20000'
    expect b 'SELECT count(*) FROM t' 'left behind.*= 2'
    expect b 'PRAGMA integrity_check' 'ok'
    stop b
}

crash() {
    fresh
    say a 'PRAGMA cache_size=1; PRAGMA cache_spill=1; CREATE TABLE u AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<200) SELECT i, hex(randomblob(400)) AS y FROM c'
    say a 'BEGIN; UPDATE u SET y=hex(randomblob(500))'
    [[ -s $folder/d.db-journal ]] || fail 'no journal'
    murder a
    start b d.db
    # Busy while the dead process's lease runs, recovered without a word after it.
    expect b 'SELECT count(*) FROM u WHERE length(y)=800' '-> 5'
    say b '.timeout 20000'
    expect b 'SELECT count(*) FROM u WHERE length(y)=800' 'left behind.*= 200'
    expect b 'PRAGMA integrity_check' 'ok'
    stop b
    [[ ! -e $folder/d.db-lock && ! -e $folder/d.db-journal ]] || fail 'something is left behind'
}

# A process that sleeps through the end of its lease must not write what it had begun.
writer_suspended() {
    fresh
    say a 'BEGIN IMMEDIATE; INSERT INTO t VALUES(2)'
    kill -STOP "${pids[a]}"
    start b d.db
    say b '.timeout 20000'
    expect b 'INSERT INTO t VALUES(30)' 'left behind'
    expect b 'INSERT INTO t VALUES(31); SELECT count(*) FROM t' '= 3'
    kill -CONT "${pids[a]}"
    expect a 'COMMIT' '-> (3850|[0-9]*10)'
    expect b 'SELECT group_concat(x) FROM t' '= 1,30,31'
    say a 'ROLLBACK'
    expect a 'SELECT group_concat(x) FROM t' '= 1,30,31'
    expect a 'INSERT INTO t VALUES(4); SELECT count(*) FROM t; PRAGMA integrity_check' '= 4 ; ok'
    stop a
    stop b
}

reader_suspended() {
    fresh
    say a 'DELETE FROM t; WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<400) INSERT INTO t SELECT printf("%d%01000d", i%10, i) FROM c'
    stop a
    start a d.db
    expect a '.step SELECT substr(x,1,1) FROM t' 'row 1'
    kill -STOP "${pids[a]}"
    start b d.db
    say b '.timeout 20000'
    expect b 'UPDATE t SET x=9||x' 'left behind'
    kill -CONT "${pids[a]}"
    local i
    for ((i = 0; i < 400; i++)); do
        say a '.step'
        [[ $answer =~ 'row 9' && ! $((i % 10)) == 7 ]] && fail "a saw what b wrote: row $i: $answer"
        [[ $answer =~ 'step 3850' ]] && break
    done
    ((i < 400)) || fail 'a was not told'
    say a '.finish'
    expect a 'SELECT count(*) FROM t WHERE x LIKE "9%"' '= 400'
    stop a
    stop b
}

wal_suspended() {
    fresh
    say a 'PRAGMA journal_mode=WAL; INSERT INTO t VALUES(2)'
    kill -STOP "${pids[a]}"
    start b d.db
    say b '.timeout 20000'
    expect b 'INSERT INTO t VALUES(3); SELECT count(*) FROM t' 'left behind.*= 3'
    kill -CONT "${pids[a]}"
    expect a 'INSERT INTO t VALUES(4)' '-> (3850|5130)'
    expect b 'INSERT INTO t VALUES(5); SELECT group_concat(x) FROM t' '= 1,2,3,5'
    stop b
    say a '.reopen'
    expect a 'SELECT group_concat(x) FROM t; PRAGMA integrity_check' '= 1,2,3,5 ; ok'
    stop a
}

wal_at_once() {
    fresh
    say a 'PRAGMA journal_mode=WAL'
    stop a
    local i won=0
    for ((i = 0; i < 15; i++)); do
        start a d.db
        start b d.db
        say a '.timeout 100'
        say b '.timeout 100'
        tell a 'INSERT INTO t VALUES(7)'
        tell b 'INSERT INTO t VALUES(7)'
        hear a
        [[ $answer =~ '->' ]] || won=$((won + 1))
        [[ ! $answer =~ '->' || $answer =~ '-> 5' || $answer =~ '-> 14' ]] || fail "$answer"
        hear b
        [[ $answer =~ '->' ]] || won=$((won + 1))
        [[ ! $answer =~ '->' || $answer =~ '-> 5' || $answer =~ '-> 14' ]] || fail "$answer"
        stop a
        stop b
    done
    ((won >= 15)) || fail "one of two should get the database: $won of 30"
    start a d.db
    expect a "SELECT count(*)-1-$won FROM t; PRAGMA integrity_check" '= 0 ; ok'
    stop a
}

# hammer_run DATABASE WORKER SECONDS: one that hammers, in the background.
hammer_run() {
    "$wasmtime" run --env "SQLITE_WASI_LEASE=${lease:-5}" --dir "$folder::/" "$programs/hammer.wasm" "$1" "$2" "$3" >"$folder/hammer.$2" 2>&1 &
    pids[$2]=$!
    started+=("$!")
}
last_ack() { sed -n "s/^acked $1 //p" "$folder/hammer.$1" | tail -n 1; }
verify() {
    "$wasmtime" run --env SQLITE_WASI_LEASE=5 --dir "$folder::/" "$programs/hammer.wasm" d.db 0 0 verify >"$folder/verified"
    grep -q 'integrity_check = ok$' "$folder/verified" || fail "$(cat "$folder/verified")"
    grep -q 'account = 500$' "$folder/verified" || fail "$(cat "$folder/verified")"
    grep -q 'n<>m = 0$' "$folder/verified" || fail "$(cat "$folder/verified")"
}
# has WORKER NUMBER: as many rows, and the last acknowledged one; an unacknowledged one more may be there.
has() {
    local found
    found=$(sed -n 's/.*GROUP BY worker = //p' "$folder/verified" | tr ';' '\n' | sed -n "s/^ *$1|\([0-9]*\)|.*/\1/p")
    [[ $found == "$2" || $found == $(($2 + ${3:-0})) ]] || fail "worker $1 was told of $2 commits, the database has ${found:-none}"
}

several_breakers() {
    fresh
    say a 'BEGIN EXCLUSIVE; INSERT INTO t VALUES(2)'
    murder a
    local worker
    for worker in 1 2 3; do hammer_run d.db $worker 12; done
    for worker in 1 2 3; do wait "${pids[$worker]}" || fail "$(tail -n 3 "$folder/hammer.$worker")"; done
    verify
    for worker in 1 2 3; do has $worker "$(last_ack $worker)"; done
}

hammer() {
    rm -rf "$folder"/d.db*
    hammer_run d.db 1 "$seconds"
    hammer_run d.db 2 "$seconds"
    wait "${pids[1]}" || fail "$(tail -n 3 "$folder/hammer.1")"
    wait "${pids[2]}" || fail "$(tail -n 3 "$folder/hammer.2")"
    if grep -E '^log|FAILED' "$folder"/hammer.[12]; then fail 'something was logged'; fi
    verify
    has 1 "$(last_ack 1)"
    has 2 "$(last_ack 2)"
    grep -h ^done "$folder"/hammer.[12]
}

kill_() {
    rm -rf "$folder"/d.db*
    local round before=0 taken=0
    hammer_run d.db 2 $((seconds + 10))
    for ((round = 0; round < seconds / 6; round++)); do
        hammer_run d.db 1 60
        sleep "$((2 + RANDOM % 2)).$((RANDOM % 1000))"
        kill -9 "${pids[1]}"
        { wait "${pids[1]}" || true; } 2>/dev/null
        if grep FAILED "$folder/hammer.1"; then fail 'worker 1'; fi
        [[ -z $(last_ack 1) ]] || before=$(last_ack 1)
        taken=$((taken + $(grep -c 'left behind' "$folder/hammer.1" || true)))
    done
    wait "${pids[2]}" || fail "$(tail -n 3 "$folder/hammer.2")"
    taken=$((taken + $(grep -c 'left behind' "$folder/hammer.2" || true)))
    verify
    has 1 "$before" 1
    has 2 "$(last_ack 2)"
    printf 'killed %d times; %d locks taken over; %s commits and %s commits\n' "$round" "$taken" "$before" "$(last_ack 2)"
}

for test in "${tests[@]}"; do
    begin=$SECONDS
    if [[ $test == kill ]]; then kill_; else "$test"; fi
    printf 'passed %s (%d s)\n' "$test" $((SECONDS - begin))
done
