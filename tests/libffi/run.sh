#!/usr/bin/env bash
# Runs libffi's own test suite and our tests of the WASI backend, and writes results.tsv beside this file.
#
#   tests/libffi/run.sh SDK PREFIX SOURCE WASMTIME [PATTERN]
#
# SDK: a WASI SDK. PREFIX: where libffi is installed (include/, lib/). SOURCE: the folder of libffi's sources with its testsuite/.
# WASMTIME: the runtime. PATTERN: only tests whose name matches this extended regular expression; results.tsv is not written then.
# JOBS (default 2), TARGET (default wasm32-wasip1) and KEEP (a folder for logs) may be set in the environment.
#
# Each test is compiled and run as upstream's DejaGnu scripts do for clang: at -O0 and at -O2, bhaible's two programs once for each value
# of DGTEST. It passes when it compiles, links, ends with status 0 and writes what its dg-output lines say. Warnings are not counted.
#
# Two lists tell what is not expected to pass, and why: not-applicable.tsv what tests something that WASI does not have, known-failures.tsv
# what is applicable and fails. Their tests are compiled and run like the others; one that passes fails the run, since the list is wrong.
# The status is 0 when all else passed.

set -u
here=$(cd "$(dirname "$0")" && pwd)
LINK=(-lffi '-Wl,--growable-table' '-Wl,--undefined=ffi_wasi_add_symbols' -lc-printscan-long-double)

# What the test is expected to write, as one regular expression: its dg-output lines. (Like DejaGnu, not those of files that it includes.)
expectation() {
  sed -n 's/.*{ *dg-output "\(.*\)" *}.*/\1/p' "$1" | sed 's/\\\\-/-/g; s/\\-/-/g' | tr -d '\n'
}

# compiled FILE WASM FLAGS: whether it compiles and links. Tests of ours may say `growable: no` or `link: FLAGS` in a comment.
compiled() {
  local file=$1 wasm=$2 flags=$3 compiler=$SDK/bin/clang first=''
  local link=("${LINK[@]}")
  [[ $file == *.cc ]] && compiler=$SDK/bin/clang++
  if [[ $file == "$here"/* ]]; then
    grep -q '^ *growable: no' "$file" && link=("${LINK[@]/#-Wl,--growable-table/-lffi}")
    first=$(sed -n 's/^ *link: \(.*[^ ]\) *\*\/$/\1/p' "$file")
  fi
  # shellcheck disable=SC2086 # the flags are words
  timeout 120 "$compiler" --target="$TARGET" -w $flags -I"$PREFIX/include" -I"$here/../../recipes/libffi" -I"$SOURCE/include" "$file" \
    -o "$wasm" -L"$PREFIX/lib" $first "${link[@]}"
}

# once NAME FILE FLAGS: prints `passed`, or `failed` and why.
once() {
  local name=$1 file=$2 flags=$3 wasm status output expected
  wasm=$WORK/${name//[^A-Za-z0-9._-]/_}
  if ! compiled "$file" "$wasm.wasm" "$flags" >"$wasm.log" 2>&1; then
    printf 'failed\t%s\n' "$(grep -m1 -E 'error|undefined' "$wasm.log" | sed 's/.*error: //' | cut -c1-160)"
    return
  fi
  timeout 60 "$WASMTIME" run "$wasm.wasm" >"$wasm.out" 2>"$wasm.err" </dev/null
  status=$?
  rm -f "$wasm.wasm"
  if ((status != 0)); then
    printf 'failed\tstatus %s: %s\n' "$status" "$(cat "$wasm.out" "$wasm.err" | grep -m1 -iE 'check failed|trap|failed:|error' | tr -d '\t' | cut -c1-160)"
    return
  fi
  if [[ $file == "$here"/* ]]; then
    if ! diff "${file%.c}.expected" "$wasm.out" >"$wasm.log"; then
      printf 'failed\tit writes: %s\n' "$(grep -m1 '^>' "$wasm.log" | cut -c1-160)"
      return
    fi
  else
    expected=$(printf '%b' "$(expectation "$file")")
    output=$(tr -d '\r' <"$wasm.out")
    if [[ -n $expected && ! $output =~ $expected ]]; then
      printf 'failed\tit writes: %s\n' "$(head -c 120 "$wasm.out" | tr '\n\t' '| ')"
      return
    fi
  fi
  printf 'passed\t\n'
}

# Only what is used is linked: a program that calls has no functions for closures, and the other way round.
links_only() {
  local file=$1 pattern=$2 wasm=$WORK/${2// /}.wasm count
  compiled "$file" "$wasm" -O2 >"$wasm.log" 2>&1 || {
    printf 'failed\tit does not link\n'
    return
  }
  count=$("$SDK/bin/llvm-nm" "$wasm" | grep -c -- "$pattern")
  if ((count > 0)); then printf 'failed\t%s functions that nobody needs\n' "$count"; else printf 'passed\t\n'; fi
}

# listed LIST NAME: the reason in one of the two lists.
listed() { awk -F'\t' -v name="$2" '$1 == name { print $2 }' "$here/$1.tsv"; }

# job NAME: a line of the table.
job() {
  local name=$1 file define='' result optimisation not_applicable known
  case $name in
    own/calls-only) result=$(links_only "$here/structs.c" ' closure_') ;;
    own/closures-only) result=$(links_only "$here/qsort.c" ' call_') ;;
    *)
      file=${name%% *}
      [[ $name == *' '* ]] && define="-D${name#* }"
      if [[ $file == own/* ]]; then file=$here/${file#own/}; else file=$SOURCE/testsuite/$file; fi
      for optimisation in -O0 -O2; do
        result=$(once "$name$optimisation" "$file" "$optimisation $define")
        if [[ $result == failed* ]]; then
          result="$result ($optimisation)"
          break
        fi
      done
      ;;
  esac
  not_applicable=$(listed not-applicable "$name")
  known=$(listed known-failures "$name")
  if [[ -n $not_applicable$known && $result == passed* ]]; then
    result=$'failed\tunexpected: it is listed as one that does not pass, and passes'
  elif [[ -n $not_applicable ]]; then
    result=$(printf 'not-applicable\t%s' "$not_applicable")
  elif [[ -n $known ]]; then
    result=$(printf 'failed\t%s' "$known")
  elif [[ $result == failed* ]]; then
    result=${result/$'\t'/$'\tunexpected: '}
  fi
  printf '%s\t%s\n' "$name" "$result"
}

if [[ ${1:-} == --job ]]; then
  job "$2"
  exit
fi

if (($# < 4)); then
  sed -n '2,/^$/s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
SDK=$(cd "$1" && pwd)
PREFIX=$(cd "$2" && pwd)
SOURCE=$(cd "$3" && pwd)
WASMTIME=$(cd "$(dirname "$4")" && pwd)/$(basename "$4")
PATTERN=${5:-}
TARGET=${TARGET:-wasm32-wasip1}
WORK=${KEEP:-$(mktemp -d)}
mkdir -p "$WORK"
[[ -n ${KEEP:-} ]] || trap 'rm -rf "$WORK"' EXIT
export SDK PREFIX SOURCE WASMTIME TARGET WORK

names() {
  local file n
  for file in "$SOURCE"/testsuite/libffi.{call,closures,complex,go,threads}/*.{c,cc}; do
    [[ -e $file ]] && echo "${file#"$SOURCE"/testsuite/}"
  done
  for ((n = 1; n < 82; n++)); do echo "libffi.bhaible/test-call.c DGTEST=$n"; done
  for ((n = 1; n < 81; n++)); do echo "libffi.bhaible/test-callback.c DGTEST=$n"; done
  for file in "$here"/*.c; do echo "own/${file##*/}"; done
  echo own/calls-only
  echo own/closures-only
}

names | grep -E -- "${PATTERN:-.}" | tr '\n' '\0' | xargs -0 -P"${JOBS:-2}" -I{} bash "$0" --job {} | LC_ALL=C sort -V >"$WORK/results"
if [[ -n $PATTERN ]]; then
  cat "$WORK/results"
else
  { printf 'test\tresult\treason\n'; cat "$WORK/results"; } >"$here/results.tsv"
  grep $'\tfailed\t' "$WORK/results"
fi
awk -F'\t' '{ folder = $1; sub("/.*", "", folder); all[folder]; count[folder, $2]++ }
  END { for (folder in all) printf "%-18s passed %3d  failed %3d  not applicable %3d\n", folder, count[folder, "passed"], count[folder, "failed"], count[folder, "not-applicable"] | "sort" }' "$WORK/results"
! grep -q $'\tunexpected: ' "$WORK/results"
