# shellcheck shell=bash
# Finds or installs the tools that tests and CI need. Sourced by tests/run and .ci/run.
#
# What is installed goes to one folder that all clones share. Names there carry the version, so that a change of version installs anew; each
# tool is made under another name and then moved, so that a cut installation leaves nothing that looks whole.

say() { printf '%s\n' "$*" >&2; }
die() {
    say "error: $*"
    exit 1
}

tools=${WASIDEPS_TEST_TOOLS:-${XDG_CACHE_HOME:-${HOME:?names no folder; set WASIDEPS_TEST_TOOLS}/.cache}/wasideps-test-tools}
mkdir -p "$tools"
tools=$(cd "$tools" && pwd)

# need COMMAND PACKAGE...: a missing command is installed from Debian's packages where we may, and asked for otherwise.
need() {
    local command=$1
    shift
    command -v "$command" >/dev/null || apt_install "$command" "$@"
}

apt_install() {
    local what=$1
    shift
    if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
        die "$what is missing: install it (Debian: apt-get install $*), or run this as root where apt-get is"
    fi
    say "$what is missing: installing $*"
    # A list of packages that is out of date makes apt-get ask for files that are no longer there.
    if [[ -z ${apt_updated:-} ]]; then
        apt-get update -qq </dev/null >&2
        apt_updated=1
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" </dev/null >&2
}

need_rust() {
    command -v cargo >/dev/null || die "cargo is missing: install Rust (https://rustup.rs), at least the rust-version of Cargo.toml"
    need cc gcc libc6-dev
}

# One installation at a time, among all clones; the lock goes with this process.
hold_tools() {
    exec 9>"$tools/.lock"
    if command -v flock >/dev/null && ! flock -n 9; then
        say "waiting for another process that installs tools into $tools"
        flock 9
    fi
}

release_tools() { exec 9>&-; }

# The functions below leave the path of what they found or installed in $tool. (A subshell that prints it would go on after a failure.)

# crate_tool CRATE COMMAND VERSION NOTE FLAG...: COMMAND in exactly VERSION, from PATH or installed from its crate.
crate_tool() {
    local crate=$1 command=$2 version=$3 note=$4 found words
    shift 4
    if found=$(command -v "$command"); then
        read -ra words <<<"$("$found" --version 2>/dev/null || true)"
        if [[ ${words[1]:-} == "$version" ]]; then
            tool=$found
            return
        fi
    fi
    local dir=$tools/$crate-$version
    if [[ ! -x $dir/bin/$command ]]; then
        hold_tools
        if [[ ! -x $dir/bin/$command ]]; then
            say "installing $crate $version into $tools, once ($note)"
            rm -rf "$dir" "$dir.new"
            cargo install "$crate" --version "$version" --locked --root "$dir.new" "$@" </dev/null >&2
            mv "$dir.new" "$dir"
        fi
        release_tools
    fi
    tool=$dir/bin/$command
}

wasmtime_tool() {
    crate_tool wasmtime-cli wasmtime 48.0.8 "about 7 minutes on two cores" \
        --no-default-features --features run,cranelift,cache,parallel-compilation
}

cargo_deny_tool() { crate_tool cargo-deny cargo-deny 0.20.2 "about 4 minutes on two cores"; }

# The validator of SPDX documents, with all that it depends on.
spdx_requirements=(
    spdx-tools==0.8.5 beartype==0.23.1 boolean.py==5.0 click==8.5.1 license-expression==30.4.4 ply==3.11 pyparsing==3.3.3
    PyYAML==6.0.3 rdflib==7.6.0 semantic-version==2.10.0 uritools==6.1.4 xmltodict==1.0.4
)

spdx_works() { [[ -x $1/bin/pyspdxtools ]] && "$1/bin/python3" -c 'import spdx_tools' 2>/dev/null; }

pyspdxtools_tool() {
    local dir=$tools/spdx-tools-0.8.5 python=python3
    # Asked to work and not only to be there: a virtual environment ends with the Python that made it.
    if ! spdx_works "$dir"; then
        hold_tools
        if ! spdx_works "$dir"; then
            need python3 python3 python3-venv
            if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
                apt_install "Python's venv" python3 python3-venv
                # The python3 of PATH may be another than Debian's.
                python3 -c 'import ensurepip, venv' 2>/dev/null || python=/usr/bin/python3
            fi
            say "installing spdx-tools 0.8.5 into $tools, once"
            rm -rf "$dir" "$dir.new"
            "$python" -m venv "$dir.new"
            "$dir.new/bin/python3" -m pip install --quiet --disable-pip-version-check "${spdx_requirements[@]}" </dev/null >&2
            # pip's own script holds the folder's name, which is about to change.
            cat >"$dir.new/bin/pyspdxtools" <<'EOF'
#!/bin/sh
exec "$(dirname "$0")/python3" -m spdx_tools.spdx.clitools.pyspdxtools "$@"
EOF
            chmod +x "$dir.new/bin/pyspdxtools"
            mv "$dir.new" "$dir"
        fi
        release_tools
    fi
    # Its only user is tests/run.
    # shellcheck disable=SC2034
    tool=$dir/bin/pyspdxtools
}
