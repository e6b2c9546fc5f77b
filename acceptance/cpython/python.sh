# shellcheck shell=bash
# Builds CPython for WASI through its own driver. Sourced by the scripts that want one, after tests/tools.sh and source.sh. They set `root`; `work`, a
# folder of theirs that is kept between runs; and `sdk` and `passed_on`, which wasideps gets.
# shellcheck disable=SC2154 # what they and those two files set

target=wasm32-wasip1

# logged LOG COMMAND...: its output goes to LOG, the end of which is shown when it fails.
logged() {
    local log=$1
    shift
    say "    $log"
    if "$@" >"$log" 2>&1 </dev/null; then return; fi
    tail -n 40 "$log" >&2
    die "failed: $*; the whole log is $log"
}

# The tools that CPython's build needs, and wasideps. Sets wasmtime. `wasideps` is a program to take, or empty: then it is built.
python_tools() {
    need git git # CPython's driver asks it for a date, and does not bear its absence
    need tput ncurses-bin
    need make make
    need cc gcc libc6-dev
    need pkg-config pkgconf
    need xz xz-utils
    need flock util-linux
    need python3 python3
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        die "CPython's driver wants Python 3.11 or later: $(python3 --version) is too old"
    wasmtime_tool
    wasmtime=$(cd "$(dirname "$tool")" && pwd)/wasmtime
    "$wasmtime" --version >&2
    wasideps_program
}

# Makes the folder $work, which belongs to this run from now on.
work_folder() {
    [[ ! $work$wasmtime =~ [[:space:]] ]] ||
        die "CPython's driver does not bear spaces in the paths of $work and $wasmtime: name another folder with --work"
    mkdir -p "$work"
    work=$(cd "$work" && pwd -P)
    exec 8>"$work/.lock"
    flock -n 8 || die "another run uses $work: name another folder with --work"
}

# Sets checkout, logs, python_version, branch and driver, and what get_source sets: python_source SOURCE.
python_source() {
    local candidate
    get_source "$work" "$1"
    checkout=$tree/checkout logs=$tree/logs
    mkdir -p "$logs"
    unmodified "$tree"
    python_version=$(sed -n 's/^#define PY_VERSION  *"\(.*\)"/\1/p' "$checkout/Include/patchlevel.h")
    branch=$(cut -d . -f 1-2 <<<"$python_version")
    driver=
    for candidate in Platforms/WASI Tools/wasm/wasi Tools/wasm/wasi.py; do
        if [[ -z $driver && -e $checkout/$candidate ]]; then driver=$candidate; fi
    done
    [[ -n $driver ]] || die "CPython $python_version has no WASI driver"
    say "CPython $python_version, driver $driver, in $checkout"
}

# Builds the libraries that are named, and an SDK overlay with them. Sets prefix, overlay, libraries, and clean, the start of a command in an
# environment with nothing of ours: python_libraries NAME...
python_libraries() {
    local name
    prefix=$work/prefix overlay=$work/sdk-overlay
    # Made anew: that of another wasideps may have a manifest that this one does not read. What was compiled is in the store.
    rm -rf "$prefix"
    "$wasideps" "${passed_on[@]}" build "$@" "${sdk[@]}" --prefix "$prefix" >&2
    "$wasideps" "${passed_on[@]}" sdk "${sdk[@]}" --prefix "$prefix" "$overlay" >&2
    "$wasideps" "${passed_on[@]}" list --message-format json >"$work/locked.json"
    # shellcheck disable=SC2034 # for those who source this
    libraries=$overlay/share/wasi-sysroot/lib/$target

    # CPython's configure believes many variables of the environment: it gets none but these.
    clean=(env -i "PATH=$(dirname "$wasmtime"):$PATH" "HOME=${HOME:-/}" "LC_ALL=$LC_ALL" "WASI_SDK_PATH=$overlay")
    for name in TMPDIR XDG_CACHE_HOME; do
        if [[ -n ${!name:-} ]]; then clean+=("$name=${!name}"); fi
    done
}

# Both of the driver's Pythons, unless an earlier run has left them. Sets build_python, build (the folder of WASI's), guest (the same folder as
# the WASI program sees it), runner (the command before its python.wasm) and python (the script that runs it).
python_build() {
    local key overlay_digest stack configure=(--with-system-libmpdec --with-system-expat)
    cd "$checkout" || return

    step "build-machine Python"
    key=$(printf '%s\n' "$source_digest" "$(cc -dumpmachine) $(cc --version)" | sha256_of)
    if [[ $(cat "$tree/build-machine.stamp" 2>/dev/null) == "$key" ]]; then
        say "from an earlier run"
    else
        rm -f "$tree"/*.stamp
        rm -rf cross-build
        logged "$logs/build-configure.log" "${clean[@]}" python3 "$driver" configure-build-python
        logged "$logs/build-make.log" "${clean[@]}" python3 "$driver" make-build-python
        printf '%s\n' "$key" >"$tree/build-machine.stamp"
    fi
    build_python=$(find "$checkout/cross-build" -mindepth 2 -maxdepth 2 -type f \( -name python -o -name python.exe \) -print -quit)
    [[ -n $build_python ]] || die "CPython's driver left no build-machine Python in $checkout/cross-build"

    step "WASI Python"
    # The driver's own command would leave out --argv0, without which this wasmtime gives Python no path to find its library by. The stack's
    # size is the driver's.
    stack=$(grep -rhoIE 'max-wasm-stack *= *[0-9_]+' "$driver" | tr -dc '0-9\n' | head -n 1)
    guest=/cross-build/$target
    runner="$wasmtime run --wasm max-wasm-stack=${stack:-8388608} --dir $checkout::/ --argv0 $guest/python.wasm"
    runner+=" --env PYTHONPATH=$guest/build/lib.wasi-wasm32-$branch"
    overlay_digest=$({ files_of "$overlay"; find "$overlay" -type l -printf '%P %l\n' | sort; } | sha256_of)
    key=$(printf '%s\n' "$key" "$overlay" "$overlay_digest" "$runner" "${configure[@]}" | sha256_of)
    build=$checkout/cross-build/$target
    # shellcheck disable=SC2034 # for those who source this
    python=$build/python.sh
    if [[ $(cat "$tree/wasi.stamp" 2>/dev/null) == "$key" ]]; then
        say "from an earlier run"
    else
        rm -f "$tree/wasi.stamp"
        # By the Python just built: the driver wants to be told the machine's name by it, and not every python3 knows it.
        logged "$logs/wasi-configure.log" "${clean[@]}" "$build_python" "$driver" configure-host --clean \
            --host-runner "$runner" -- "${configure[@]}"
        logged "$logs/wasi-make.log" "${clean[@]}" "$build_python" "$driver" make-host
        printf '%s\n' "$key" >"$tree/wasi.stamp"
    fi
    unmodified "$tree"
}

# CPython's own Makefile of the WASI build, with its own tools: remake ARGUMENTS.
remake() { "${clean[@]}" "PATH=$overlay/bin:$PATH" make -C "$build" "$@"; }
from_make() { sed -n "s/^$1=[ \t]*//p" "$build/Makefile"; }
