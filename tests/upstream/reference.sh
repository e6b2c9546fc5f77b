#!/usr/bin/env bash
# Builds a library with its own build system for this machine, and writes which symbols and headers that gives: the measure for a recipe whose
# upstream has no build for WASI, or one that is no measure of time.
#
#   reference.sh NAME STORE      writes lists/NAME.symbols and lists/NAME.headers beside this script
#
# STORE is a store of wasideps that holds the source's archive (`wasideps fetch NAME`). reference/NAME.sh says how upstream builds it. It runs
# upstream's scripts, so use a machine or container that you can lose.
# Names that C++ mangles are left out: they differ between machines and standard libraries.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

# shellcheck source=tests/tools.sh
source "$root/tests/tools.sh"

# What reference/NAME.sh may set, beside the functions `build` (required: installs into $prefix, from the top of the archive) and `needs`.
needs() { :; }
prefer=archive # or `crate`: which of the lock's origins has the build system

[[ $# == 2 ]] || die "usage: reference.sh NAME STORE"
name=$1
store=$(cd "$2" && pwd)
need cc gcc libc6-dev
need make make
need python3 python3
# shellcheck source=/dev/null
source "$here/reference/$name.sh"
needs

# archive_of NAME: where the store has the archive of a source.
archive_of() {
    python3 - "$root/lockfile.json" "$1" "$store" "$prefer" <<'END'
import json, os, sys
lock, name, store, prefer = sys.argv[1:]
origins = json.load(open(lock))["sources"][name]["origins"]
origins.sort(key=lambda origin: ("crate" in origin) != (prefer == "crate"))
for origin in origins:
    path = os.path.join(store, "archives", origin["sha256"])
    if os.path.exists(path):
        print(path)
        break
END
}

archive=$(archive_of "$name")
[[ -n $archive ]] || die "no archive of $name is in $store: run \`wasideps fetch $name\`"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
mkdir "$work/tree" "$prefix"
tar -C "$work/tree" --strip-components=1 -xf "$archive"
say "$name: from $(basename "$archive"), for this machine"
# Not `( … ) || …`: there, bash would go on after a command that failed.
set +e
(set -e; cd "$work/tree"; build) >"$work/log" 2>&1
status=$?
set -e
if [[ $status != 0 ]]; then
    tail -n 30 "$work/log" >&2
    die "$name: its own build failed"
fi

lists=$here/lists
# Lists of ours: `SYMBOL reason`, `HEADER reason` a line.
ours() { if [[ -e $lists/$name.$1 ]]; then cut -d' ' -f1 "$lists/$name.$1"; fi | sort -u; }
find "$prefix" -name 'lib*.a' -print0 | xargs -0 nm --defined-only --extern-only 2>/dev/null |
    awk 'NF == 3 && $3 !~ /^_Z/ { print $3 }' | sort -u | comm -23 - <(ours missing) | sort -u - <(ours added) >"$lists/$name.symbols"
(cd "$prefix/include" && find . -type f -printf '%P\n' | sort | comm -23 - <(ours differs) | xargs -d '\n' -r sha256sum) \
    >"$lists/$name.headers"
say "$name: $(wc -l <"$lists/$name.symbols") symbols, $(wc -l <"$lists/$name.headers") headers"
