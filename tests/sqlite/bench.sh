#!/usr/bin/env bash
# Measures SQLite's VFS: bench.sh SDK PREFIX SPEEDTEST1.C WASMTIME FOLDER [SIZE [ROUNDS]]
# PREFIX is what `wasideps build` made; SPEEDTEST1.C is test/speedtest1.c of SQLite's sources. FOLDER is where the databases go: one in memory
# (/dev/shm) shows what the VFS costs, one on a disk is ruled by its syncs.
# Runs are in turn, in changing order. Prints all, the least and the median, and their ratios: the VFS against unix-none, WAL against rollback on
# the part of speedtest1 that writes most, then small transactions, also against the SQLite of this machine (cc -lsqlite3), if it has one: whole
# processes, with wasmtime's start. The least says most on a machine that does other things. calls.sh counts the host calls of a transaction.
set -euo pipefail

sdk=$1
prefix=$2
speedtest1=$3
wasmtime=$4
folder=$(mktemp -d "$5/bench.XXXXXX")
size=${6:-100}
rounds=${7:-7}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
programs=$(mktemp -d)
trap 'rm -rf "$folder" "$programs"' EXIT

# build PROGRAM SOURCE ARGUMENT...
build() {
    local program=$1
    shift
    "$sdk/bin/clang" -O2 -w -I "$prefix/include" "$@" -L "$prefix/lib" -lsqlite3 -lwasi-emulated-getpid -Wl,-z,stack-size=1048576 \
        -o "$programs/$program.wasm"
}
build speedtest1 -D_WASI_EMULATED_GETPID "$speedtest1"
build writes "$here/writes.c" "$here/../../recipes/sqlite/check-support.c"
printf '[cache]\ndirectory = "%s/cache"\n' "$programs" >"$programs/cache.toml"
wasm() { "$wasmtime" run -C cache=y -C "cache-config=$programs/cache.toml" --dir "$folder::/" "$@"; }

# What a run's seconds are: all of it, or the tests that insert, update, delete and replace.
whole='s/^ *TOTAL[.]* *\([0-9.]*\)s.*/\1/p'
writing='s/^ *[0-9]* - [0-9]* *[A-Z ]*\(INSERT\|UPDATE\|DELETE\|REPLACE\).*[^0-9.]\.* *\([0-9]*\.[0-9]*\)s$/\2/p'
counted=$whole

# once VFS ARGUMENT...: one run's seconds, of wall time and of CPU time; the latter is of the whole process. With `small`, 600 small transactions
# in the journal mode ARGUMENT, both times of the whole process; VFS may be `native`.
small=
once() {
    local vfs=$1 TIMEFORMAT='%R %U %S'
    shift
    rm -f "$folder"/*.db*
    if [[ $vfs == native ]]; then
        { time (cd "$folder" && "$programs/writes" unix "$1" 300 >"$programs/said"); } 2>"$programs/time"
    elif [[ -n $small ]]; then
        { time wasm "$programs/writes.wasm" "$vfs" "$1" 300 >"$programs/said"; } 2>"$programs/time"
    else
        { time wasm "$programs/speedtest1.wasm" --size "$size" --vfs "$vfs" "$@" "/$vfs.db" >"$programs/said"; } 2>"$programs/time"
    fi
    tail -n 1 "$programs/time" | if [[ -n $small ]]; then
        awk '{ print $1, $2 + $3 }'
    else
        awk -v wall="$(sed -n "$counted" "$programs/said" | awk '{ s += $1 } END { print s }')" '{ print wall, $2 + $3 }'
    fi
}
column() { awk -v n="$1" '{ print $n }' "$2" | sort -n; }
least() { column "$1" "$2" | head -n 1; }
median() { column "$1" "$2" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# compare NAME VFS-AND-ARGUMENTS NAME VFS-AND-ARGUMENTS: the two in turn, the order changing.
compare() {
    local round kind what one=$programs/one two=$programs/two
    : >"$one"
    : >"$two"
    for ((round = 0; round < rounds; round++)); do
        # shellcheck disable=SC2086 # a list of words
        if ((round % 2)); then
            once $2 >>"$one"
            once $4 >>"$two"
        else
            once $4 >>"$two"
            once $2 >>"$one"
        fi
    done
    for kind in 1 2; do
        what=$([[ $kind == 1 ]] && echo wall || echo CPU)
        printf '%s, %s time: %s least %s s, median %s s\n' "$1" "$what" "$(awk -v n=$kind '{ printf "%s ", $n }' "$one")" \
            "$(least $kind "$one")" "$(median $kind "$one")"
        printf '%s, %s time: %s least %s s, median %s s\n' "$3" "$what" "$(awk -v n=$kind '{ printf "%s ", $n }' "$two")" \
            "$(least $kind "$two")" "$(median $kind "$two")"
        awk -v a="$(least $kind "$one")" -v b="$(least $kind "$two")" -v c="$(median $kind "$one")" -v d="$(median $kind "$two")" \
            -v n="$3" -v m="$1" 'BEGIN { printf "%s takes, of %s: least %.1f %%, median %.1f %%\n\n", n, m, 100 * b / a, 100 * d / c }'
    done
}

once unix-none >/dev/null # wasmtime keeps what it makes of the program
compare unix-none unix-none wasi wasi
counted=$writing
compare 'wasi, rollback' wasi 'wasi, WAL' 'wasi --journal wal'

small=yes
once wasi delete >/dev/null
compare '600 small transactions, unix-none' 'unix-none delete' 'wasi' 'wasi delete'
compare '600 small transactions, wasi, rollback' 'wasi delete' 'WAL' 'wasi wal'
if cc -O2 -w "$here/writes.c" "$here/../../recipes/sqlite/check-support.c" -lsqlite3 -o "$programs/writes" 2>"$programs/said"; then
    compare '600 small transactions, native' 'native delete' 'wasi' 'wasi delete'
fi
