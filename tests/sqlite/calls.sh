#!/usr/bin/env bash
# Counts the host calls of one small write transaction: calls.sh SDK PREFIX WASMTIME FOLDER [JOURNAL-MODE]
# PREFIX is what `wasideps build` made; FOLDER is where the databases go. strace counts the calls of 100 and of 1,100 transactions; the difference
# is of 1,000. Columns: this VFS where transactions follow each other, the same where it may not linger (SQLITE_WASI_LEASE=0), unix-none, and the
# SQLite of this machine (cc -lsqlite3), if it has one.
set -euo pipefail

sdk=$1
prefix=$2
wasmtime=$3
folder=$(mktemp -d "$4/calls.XXXXXX")
mode=${5:-delete}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
programs=$(mktemp -d)
trap 'rm -rf "$folder" "$programs"' EXIT

sources=("$here/writes.c" "$here/../../recipes/sqlite/check-support.c")
"$sdk/bin/clang" -O2 -w -I "$prefix/include" "${sources[@]}" -L "$prefix/lib" -lsqlite3 -Wl,-z,stack-size=1048576 -o "$programs/writes.wasm"
printf '[cache]\ndirectory = "%s/cache"\n' "$programs" >"$programs/cache.toml"
wasm() { "${strace[@]}" "$wasmtime" run -C cache=y -C "cache-config=$programs/cache.toml" "$@"; }

# count COLUMN COMMAND…: appends the numbers of transactions to the command.
count() {
    local column=$1 number
    shift
    for number in 50 50 550; do # once for wasmtime's cache
        strace=(strace -f -c -o "$programs/$column.$number" --)
        (cd "$folder" && "$@" "$number" >"$programs/said")
    done
    columns+=("$column")
}
columns=()
count wasi wasm --dir "$folder::/" "$programs/writes.wasm" wasi "$mode"
count one-by-one wasm --env SQLITE_WASI_LEASE=0 --dir "$folder::/" "$programs/writes.wasm" wasi "$mode"
count unix-none wasm --dir "$folder::/" "$programs/writes.wasm" unix-none "$mode"
native() { "${strace[@]}" "$programs/writes" "$@"; }
if cc -O2 -w "${sources[@]}" -lsqlite3 -o "$programs/writes" 2>"$programs/said"; then count native native unix "$mode"; fi

# Not the calls by which wasmtime's threads wait for each other.
awk -v columns="${columns[*]}" '
    $NF != "total" && $4 ~ /^[0-9]+$/ && $NF !~ /^(futex|sched_yield|mprotect|madvise|munmap|mmap|brk|epoll_wait|eventfd2|write)$/ {
        n = split(FILENAME, part, "/"); split(part[n], name, ".")
        calls[name[1], name[2], $NF] = $4; kinds[$NF] = 1
    }
    END {
        n = split(columns, column, " "); printf "%-14s", "call"
        for (i = 1; i <= n; i++) printf "%12s", column[i]
        printf "\n"
        for (kind in kinds) {
            line = ""; most = 0
            for (i = 1; i <= n; i++) {
                value = (calls[column[i], 550, kind] - calls[column[i], 50, kind]) / 1000; sum[i] += value
                if (value > most) most = value
                line = line sprintf("%12.1f", value)
            }
            if (most >= 0.1) printf "%-14s%s\n", kind, line | "sort"
        }
        close("sort"); printf "%-14s", "all"
        for (i = 1; i <= n; i++) printf "%12.1f", sum[i]
        printf "\n"
    }' "$programs"/*.[0-9]*
