#!/usr/bin/env bash
# speedtest1 with our VFS and with unix-none, in turn: bench.sh WASMTIME SPEEDTEST1.WASM FOLDER [SIZE [ROUNDS]]
# FOLDER is where the databases go: one in memory (/dev/shm) shows what the VFS costs, one on a disk is ruled by its syncs.
# Prints the total of each run, the least and the median, and their ratios (the least says most on a machine that does other things), then WAL against rollback on the part that writes most.
set -euo pipefail

wasmtime=$1
program=$2
folder=$(mktemp -d "$3/bench.XXXXXX")
size=${4:-25}
rounds=${5:-7}
trap 'rm -rf "$folder"' EXIT

# What a run's seconds are: all of it, or the tests that insert, update, delete and replace.
whole='s/^ *TOTAL[.]* *\([0-9.]*\)s.*/\1/p'
writing='s/^ *[0-9]* - [0-9]* *[A-Z ]*\(INSERT\|UPDATE\|DELETE\|REPLACE\).*[^0-9.]\.* *\([0-9]*\.[0-9]*\)s$/\2/p'
counted=$whole

# total VFS ARGUMENT...: seconds of one run.
total() {
    local vfs=$1
    shift
    rm -f "$folder"/*.db*
    "$wasmtime" run --dir "$folder::/" "$program" --size "$size" --vfs "$vfs" "$@" "/$vfs.db" |
        sed -n "$counted" | awk '{ s += $1 } END { print s }'
}
least() { sort -n | head -n 1; }
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# compare NAME VFS-AND-ARGUMENTS NAME VFS-AND-ARGUMENTS: the two in turn, the order changing.
compare() {
    local round one two least_one least_two
    : >"$folder/1"
    : >"$folder/2"
    for ((round = 0; round < rounds; round++)); do
        # shellcheck disable=SC2086 # a list of words
        if ((round % 2)); then
            total $2 >>"$folder/1"
            total $4 >>"$folder/2"
        else
            total $4 >>"$folder/2"
            total $2 >>"$folder/1"
        fi
    done
    one=$(median <"$folder/1")
    two=$(median <"$folder/2")
    least_one=$(least <"$folder/1")
    least_two=$(least <"$folder/2")
    printf '%s: %s: least %s s, median %s s\n' "$1" "$(tr '\n' ' ' <"$folder/1")" "$least_one" "$one"
    printf '%s: %s: least %s s, median %s s\n' "$3" "$(tr '\n' ' ' <"$folder/2")" "$least_two" "$two"
    awk -v a="$least_one" -v b="$least_two" -v c="$one" -v d="$two" -v n="$3" -v m="$1" \
        'BEGIN { printf "%s takes, of %s: least %.1f %%, median %.1f %%\n\n", n, m, 100 * b / a, 100 * d / c }'
}

compare unix-none unix-none wasi wasi
counted=$writing
compare 'wasi, rollback' wasi 'wasi, WAL' 'wasi --journal wal'
