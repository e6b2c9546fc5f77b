#!/usr/bin/env bash
# Runs SQLite's VFS with threads, for this machine, under ThreadSanitizer: threads.sh STORE
# STORE is a store of wasideps in which `wasideps build sqlite` left SQLite's sources. What the recipe has for targets with threads is added to them.
set -euo pipefail

store=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
found=$(find "$store/trees" -name wasi_vfs.c -printf '%T@ %h\n' | sort -rn | sed -n '1s/^[^ ]* //p')
[[ -n $found ]] || { echo "threads.sh: no sources of SQLite in $store: run \`wasideps build sqlite\`" >&2; exit 1; }
cp "$found"/*.[ch] "$work"
cp "$root"/recipes/sqlite/wasi_*.[ch] "$work"
# Some trees have it: those that `lock` tried.
each_thread=$root/patches/sqlite/0003-sqlite3.c-each-thread-has-a-stack.patch
patch -s -R --dry-run -d "$work" -p1 --fuzz=0 <"$each_thread" >/dev/null || patch -s -d "$work" -p1 --fuzz=0 <"$each_thread"
cc=${CC:-cc}
# The VFS asks the compiler how much of a WebAssembly stack is left; here there is none.
"$cc" -std=gnu11 -g -O1 -w -fsanitize=thread -I "$work" -DSQLITE_THREADSAFE=1 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_TEMP_STORE=2 \
    -DSQLITE_EXTRA_INIT=sqlite3_wasi_init_threads "$work"/sqlite3.c "$work"/wasi_*.c "$root/tests/sqlite/threads.c" -o "$work/threads" -lpthread -ldl -lm
for mode in DELETE WAL; do
    mkdir "$work/$mode"
    TSAN_OPTIONS="halt_on_error=1 second_deadlock_stack=1" "$work/threads" "$work/$mode" "$mode"
done
