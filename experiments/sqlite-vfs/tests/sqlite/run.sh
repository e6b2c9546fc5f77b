#!/usr/bin/env bash
# Builds and runs the tests of SQLite's VFS: run.sh SDK WASMTIME PREFIX [SECONDS]
# PREFIX is what `wasideps build sqlite` made; SECONDS (default 60) is how long two processes hammer. Exit 1 if a test fails.
set -euo pipefail

sdk=$1
wasmtime=$2
prefix=$3
seconds=${4:-60}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

build() {
    local program=$1
    shift
    "$sdk/bin/clang" -O2 -Wall -Wextra -I "$prefix/include" "$here/$program.c" -L "$prefix/lib" -lsqlite3 -o "$work/$program.wasm" \
        -Wl,-z,stack-size=1048576 "$@"
}
# check NAME WASMTIME-ARGUMENT...: the output is that of NAME.expected.
check() {
    local name=$1
    shift
    mkdir "$work/$name"
    if (cd "$work/$name" && "$wasmtime" run "$@") >"$work/$name.out" 2>&1 && diff -u "$here/$name.expected" "$work/$name.out"; then
        printf 'passed %s\n' "$name"
    else
        printf 'FAILED %s\n' "$name"
        failed=1
    fi
}

for program in locks wal files session hammer; do build "$program"; done
build powercut "@$here/powercut.args"
check locks --dir .::/ "$work/locks.wasm"
check wal --dir .::/ "$work/wal.wasm"
check files --dir .::/ --dir .::/alias "$work/files.wasm"
check files-nofolder "$work/files.wasm" nofolder
check powercut "$work/powercut.wasm"
one=$("$wasmtime" run "$work/files.wasm" random)
two=$("$wasmtime" run "$work/files.wasm" random)
if [[ -n $one && $one != "$two" ]]; then
    printf 'passed random\n'
else
    printf 'FAILED random: %s twice\n' "$one"
    failed=1
fi
bash "$here/two-process.sh" "$wasmtime" "$work" "$seconds" || failed=1
exit "$failed"
