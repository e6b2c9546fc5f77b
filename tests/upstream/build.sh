#!/usr/bin/env bash
# Builds each library with its own build system and a WASI SDK, as the measure for wasideps' own builds.
#
#   build.sh fetch SRCDIR                  brings the sources (network: apt and cargo)
#   build.sh build SRCDIR OUTDIR [-jN]     builds and installs each into OUTDIR/NAME; prints `NAME SECONDS` a library
#   build.sh lists OUTDIR                  writes lists/NAME.symbols and lists/NAME.headers beside this script
#
# WASI_SDK_PATH names the SDK. CFLAGS (default -O2) is what the libraries are compiled with beside their own flags.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
names=(zlib bzip2 xz sqlite zstd mpdecimal expat libuuid)
# libffi has no build for plain WASI: that for this machine tells its API and its header. It is no measure of time.
reference=libffi

# Version, and the crate that carries exactly its sources, where one does.
declare -A version=([zlib]=1.3.2 [bzip2]=1.0.8 [xz]=5.8.4 [sqlite]=3.54.1 [zstd]=1.5.7 [mpdecimal]=4.0.1 [expat]=2.8.3 [libuuid]=2.42.4
    [libffi]=3.8.0)
declare -A crate=([zlib]='libz-sys 1.1.31 src/zlib' [bzip2]='bzip2-sys 0.1.13 bzip2-1.0.8'
    [xz]='liblzma-sys 0.4.9 xz' [sqlite]='libsqlite3-sys 0.40.0 sqlite3' [zstd]='zstd-sys 2.1.3 zstd')
# Debian's source package with the build system, where the crate has none; with the sources too, where there is no crate.
declare -A debian=([zlib]=zlib [xz]=xz-utils [sqlite]=sqlite3 [zstd]=libzstd [mpdecimal]=mpdecimal [expat]=expat [libuuid]=util-linux
    [libffi]=libffi)

# shellcheck source=tests/tools.sh
source "$root/tests/tools.sh"

# The machine's own archive as an entry of source packages of a suite.
sources_entry() {
    local suite=$1 file
    for file in /etc/apt/sources.list.d/*.sources; do
        [[ -e $file ]] || continue
        awk -v suite="$suite" '
            function flush() {
                if (types ~ /deb/ && suites !~ /security/ && uris != "" && !done) {
                    printf "Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\n%s", uris, suite, signed
                    done = 1
                }
                types = uris = suites = signed = ""
            }
            /^[ \t]*$/ { flush() }
            /^Types:/ { types = $0 }
            /^Suites:/ { suites = $0 }
            /^URIs:/ { uris = $2 }
            /^Signed-By:/ { signed = $0 "\n" }
            END { flush() }' "$file"
    done | awk '/^Types:/ && n++ { exit } { print }'
}

sources_line() {
    awk -v suite="$1" '/^deb[ \t]/ && !/security/ {
        sub(/^deb/, "deb-src"); options = ""
        if (match($0, /\[[^]]*\]/)) { options = substr($0, RSTART, RLENGTH) " "; sub(/\[[^]]*\]/, "") }
        split($0, part, " "); print "deb-src " options part[2] " " suite " main"; exit
    }' /etc/apt/sources.list 2>/dev/null || true
}

apt_at() {
    local dir=$1 list
    shift
    list=$(echo "$dir"/archive.*)
    local tool=$1
    shift
    "$tool" -o Dir::Etc::SourceList="$list" -o Dir::Etc::SourceParts=- -o Dir::State::Lists="$dir/lists" \
        -o Dir::Cache="$dir/cache" -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none "$@"
}

# The upstream version within a version of Debian's: 1:1.3.dfsg+really1.3.2-4 holds 1.3.2.
upstream_of() { sed -e 's/^[0-9]*://' -e 's/-[^-]*$//' -e 's/.*really//' -e 's/[+.~]dfsg.*//' <<<"$1"; }

# Brings a source package's .orig archive: of the wanted version, else of the next newer one, else of the newest.
debian_source() {
    local name=$1 work=$2 suite dir v u best='' best_suite='' best_u=''
    local want=${version[$name]} package=${debian[$name]}
    for suite in trixie forky sid; do
        dir=$work/apt/$suite
        [[ -d $dir/lists ]] || continue
        while read -r v; do
            u=$(upstream_of "$v")
            if [[ -z $best ]] ||
                { [[ $best_u != "$want" ]] && [[ $u == "$want" ]]; } ||
                { dpkg --compare-versions "$best_u" lt "$want" && dpkg --compare-versions "$u" gt "$best_u"; } ||
                { dpkg --compare-versions "$u" gt "$want" && dpkg --compare-versions "$u" lt "$best_u"; }; then
                best=$v best_suite=$suite best_u=$u
            fi
        done < <(apt_at "$dir" apt-cache showsrc "$package" 2>/dev/null | sed -n 's/^Version: //p' | sort -u)
    done
    [[ -n $best ]] || die "$package: no source package found"
    [[ $best_u == "$want" || -n ${crate[$name]:-} ]] || die "$package: Debian has $best_u, not $want, and no crate has its sources"
    say "$name: build system from Debian's $package $best ($best_suite)"
    [[ $best_u == "$want" ]] || say "$name: NOTE: that is $best_u's build system, over the sources of $want"
    mkdir -p "$work/orig/$name"
    # An archive that has moved on may have dropped the .dsc already; the .orig is all we need.
    (cd "$work/orig/$name" && apt_at "$work/apt/$best_suite" apt-get source -qq --download-only "$package=$best") >&2 ||
        say "$name: apt-get could not bring all of $package $best"
    local orig
    orig=$(find "$work/orig/$name" -name '*.orig.tar.*' ! -name '*.asc' -print -quit)
    [[ -n $orig ]] || die "$package $best: its .orig archive is out of reach"
    rm -rf "$work/tree/$name"
    mkdir -p "$work/tree/$name"
    tar -C "$work/tree/$name" --strip-components=1 -xf "$orig"
}

fetch() {
    local src=$1 name suite dir line parts
    need cargo cargo
    need xz xz-utils
    need autoreconf autoconf # libffi's, with the next two
    need automake automake
    need libtoolize libtool libltdl-dev
    mkdir -p "$src"
    src=$(cd "$src" && pwd)
    local work=$src/.work
    rm -rf "$work"
    mkdir -p "$work/crates/src"

    say "bringing the crates"
    {
        printf '[package]\nname = "sources"\nversion = "0.0.0"\nedition = "2021"\n\n[workspace]\n\n[dependencies]\n'
        for name in "${!crate[@]}"; do
            read -ra parts <<<"${crate[$name]}"
            printf '%s = "=%s"\n' "${parts[0]}" "${parts[1]}"
        done
    } >"$work/crates/Cargo.toml"
    : >"$work/crates/src/lib.rs"
    (cd "$work/crates" && cargo vendor -q vendor >/dev/null)

    for suite in trixie forky sid; do
        dir=$work/apt/$suite
        mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
        line=$(sources_entry "$suite")
        if [[ -n $line ]]; then
            printf '%s\n' "$line" >"$dir/archive.sources"
        else
            line=$(sources_line "$suite")
            [[ -n $line ]] || die "no Debian archive found in /etc/apt"
            printf '%s\n' "$line" >"$dir/archive.list"
        fi
        say "reading Debian's list of source packages: $suite"
        apt_at "$dir" apt-get update -qq >&2 || { say "$suite: not to be had"; rm -rf "$dir"; }
    done

    for name in "${names[@]}" "$reference"; do
        local files='' to=$src/$name
        if [[ -n ${crate[$name]:-} ]]; then
            read -ra parts <<<"${crate[$name]}"
            files=$work/crates/vendor/${parts[0]}/${parts[2]}
        fi
        rm -rf "$to"
        case $name in
        bzip2) # the crate holds the whole of upstream's archive, its build system with it
            cp -Rp "$files" "$to"
            ;;
        libffi) # Debian's archive is of the tag: no configure in it
            debian_source "$name" "$work"
            cp -Rp "$work/tree/$name" "$to"
            (cd "$to" && ./autogen.sh) >&2
            ;;
        mpdecimal | libuuid) # Debian's archive is upstream's
            debian_source "$name" "$work"
            cp -Rp "$work/tree/$name" "$to"
            ;;
        expat) # Debian's archive is of the tag, with the library in a folder of it
            debian_source "$name" "$work"
            cp -Rp "$work/tree/$name/expat" "$to"
            ;;
        zlib | xz | zstd) # Debian's tree; the crate's files then are put over it, which changes nothing if the version is the same
            debian_source "$name" "$work"
            cp -Rp "$work/tree/$name" "$to"
            local part=.
            [[ $name == xz ]] && part=src/liblzma
            [[ $name == zstd ]] && part=lib
            local file changed=0
            while read -r file; do
                cmp -s "$files/$file" "$to/$file" && continue
                mkdir -p "$(dirname "$to/$file")"
                cp "$files/$file" "$to/$file"
                changed=$((changed + 1))
            done < <(cd "$files" && find "$part" -name '*.[ch]' ! -path '*/contrib/*' | sort)
            say "$name: $changed source files differ between Debian's archive and the crate"
            ;;
        sqlite) # the autoconf bundle, laid out as upstream's tool/mkautoconfamal.sh does it
            debian_source "$name" "$work"
            local tree=$work/tree/$name
            [[ -d $tree/autosetup ]] || die "Debian's SQLite is too old: no autosetup/"
            cp -Rp "$tree/autoconf" "$to"
            cp -Rp "$tree/autosetup" "$to"
            cp -p "$tree"/{configure,sqlite3.1,sqlite3.pc.in,main.mk,make.bat} "$to"
            printf '%s\n' "${version[sqlite]}" >"$to/VERSION"
            cp "$files"/{sqlite3.c,sqlite3.h,sqlite3ext.h} "$to"
            ;;
        esac
    done
    say "sources of ${names[*]} $reference are in $src"
}

# Each of these is run in a fresh copy of the sources, with $sdk, $prefix and $jobs set.
build_zlib() {
    CC=$sdk/bin/clang AR=$sdk/bin/ar RANLIB=$sdk/bin/ranlib CHOST=wasm32-wasip1 ./configure --static --prefix="$prefix"
    make "$jobs" libz.a
    make install
}

build_bzip2() { # its install target also wants the programs, which do not compile for WASI
    make "$jobs" libbz2.a CC="$sdk/bin/clang" AR="$sdk/bin/ar" RANLIB="$sdk/bin/ranlib" CFLAGS="$CFLAGS -D_FILE_OFFSET_BITS=64"
    mkdir -p "$prefix/include" "$prefix/lib"
    cp bzlib.h "$prefix/include"
    cp libbz2.a "$prefix/lib"
}

build_xz() { # the library alone
    ./configure --host=wasm32-wasip1 --prefix="$prefix" --disable-threads --disable-shared --disable-nls --disable-doc --disable-scripts \
        --disable-xz --disable-xzdec --disable-lzmadec --disable-lzmainfo --disable-lzma-links \
        CC="$sdk/bin/clang" AR="$sdk/bin/ar" RANLIB="$sdk/bin/ranlib" NM="$sdk/bin/llvm-nm"
    make "$jobs"
    make install
}

build_sqlite() {
    CPPFLAGS=-DSQLITE_ENABLE_COLUMN_METADATA ./configure --with-wasi-sdk="$sdk" --prefix="$prefix" --disable-shared \
        --fts3 --fts4 --fts5 --rtree --dbstat --with-tempstore=yes
    make "$jobs" libsqlite3.a
    make install-lib install-headers install-pc
}

build_zstd() {
    local flags=(CC="$sdk/bin/clang" AR="$sdk/bin/ar" CFLAGS="$CFLAGS -D_WASI_EMULATED_PROCESS_CLOCKS" ZSTD_LEGACY_SUPPORT=0 ZSTD_NO_ASM=1)
    make -C lib "$jobs" libzstd.a-release "${flags[@]}"
    make -C lib install-static install-includes install-pc "${flags[@]}" PREFIX="$prefix" LDFLAGS_DYNLIB=
}

build_mpdecimal() { # configure finds the configuration ansi32 by itself
    ./configure --host=wasm32-wasip1 --prefix="$prefix" --disable-shared --disable-cxx --disable-doc \
        CC="$sdk/bin/clang" AR="$sdk/bin/ar" RANLIB="$sdk/bin/ranlib" CFLAGS="$CFLAGS -D_WASI_EMULATED_SIGNAL"
    make "$jobs"
    make install
}

build_expat() { # with CMake, since the tag has no configure; CMake before 3.31 knows no WASI, and says so at each question
    cmake -B build -DCMAKE_SYSTEM_NAME=WASI -DWASI=ON -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib \
        -DCMAKE_C_COMPILER="$sdk/bin/clang" -DCMAKE_AR="$sdk/bin/ar" -DCMAKE_RANLIB="$sdk/bin/ranlib" -DCMAKE_C_FLAGS="$CFLAGS" \
        -DEXPAT_SHARED_LIBS=OFF -DEXPAT_BUILD_TOOLS=OFF -DEXPAT_BUILD_EXAMPLES=OFF -DEXPAT_BUILD_TESTS=OFF -DEXPAT_BUILD_DOCS=OFF \
        -DEXPAT_WITH_ARC4RANDOM=OFF -DEXPAT_WITH_ARC4RANDOM_BUF=ON -DEXPAT_WITH_GETENTROPY=OFF
    make -C build "$jobs"
    make -C build install
}

build_libuuid() { # with the recipe's patches and random bytes, without which it does not compile for WASI
    local file
    for file in "$root"/patches/libuuid/*.patch; do
        patch -p1 --fuzz=0 <"$file"
    done
    cp "$root/recipes/libuuid/randutils-wasi.c" lib/randutils.c
    # wasi-libc's pthread_atfork links, and does nothing.
    ac_cv_lib_pthread_pthread_atfork=no ./configure --host=wasm32-wasip1 --prefix="$prefix" --libdir="$prefix/lib" \
        --disable-all-programs --enable-libuuid --disable-shared --disable-nls --disable-asciidoc --disable-bash-completion \
        --without-python --without-systemd --without-ncurses --without-ncursesw --without-tinfo --without-udev \
        CC="$sdk/bin/clang" AR="$sdk/bin/ar" RANLIB="$sdk/bin/ranlib" NM="$sdk/bin/llvm-nm" CFLAGS="$CFLAGS -D_WASI_EMULATED_SIGNAL"
    make "$jobs" libuuid.la
    make install-usrlib_execLTLIBRARIES install-uuidincHEADERS install-pkgconfigDATA
}

build_libffi() { # for this machine
    ./configure --prefix="$prefix" --libdir="$prefix/lib" --disable-shared --disable-docs CC=cc CFLAGS="$CFLAGS"
    make "$jobs"
    make install
}

build() {
    local src=$1 out=$2 name start end
    jobs=${3:--j$(nproc)}
    [[ $jobs =~ ^-j[0-9]+$ ]] || die "not a number of jobs: $jobs"
    sdk=${WASI_SDK_PATH:?names no WASI SDK}
    [[ -x $sdk/bin/clang ]] || die "no bin/clang in $sdk"
    need make make
    need cc gcc libc6-dev # SQLite's configure compiles its own Tcl to run in
    need cmake cmake      # expat's
    need patch patch      # libuuid's
    export CFLAGS=${CFLAGS:--O2}
    src=$(cd "$src" && pwd)
    mkdir -p "$out"
    out=$(cd "$out" && pwd)
    for name in "${names[@]}" "$reference"; do
        [[ -d $src/$name ]] || die "no $src/$name: run '$0 fetch $src' first"
        prefix=$out/$name
        rm -rf "$prefix" "$out/.build/$name"
        mkdir -p "$out/.build"
        cp -Rp "$src/$name" "$out/.build/$name"
        start=$(date +%s%N)
        # In a shell of its own, since a function's failing commands do not stop it when its result is asked for.
        set +e
        (set -e && cd "$out/.build/$name" && "build_$name") >"$out/$name.log" 2>&1
        local rc=$?
        set -e
        if [[ $rc != 0 ]]; then
            tail -n 20 "$out/$name.log" >&2
            die "$name: failed; the whole log is $out/$name.log"
        fi
        end=$(date +%s%N)
        [[ $name != "$reference" ]] || continue
        awk -v name="$name" -v ns=$((end - start)) 'BEGIN { printf "%s %.2f\n", name, ns / 1e9 }'
    done
}

lists() {
    local out=$1 name nm archive
    out=$(cd "$out" && pwd)
    nm=${WASI_SDK_PATH:?names no WASI SDK}/bin/llvm-nm
    mkdir -p "$here/lists"
    for name in "${names[@]}"; do
        archive=$(echo "$out/$name"/lib/lib*.a)
        {
            "$nm" --defined-only --extern-only "$archive" | awk 'NF == 3 { print $3 }'
            [[ ! -e $here/lists/$name.added ]] || cat "$here/lists/$name.added"
        } | sort -u >"$here/lists/$name.symbols"
        (cd "$out/$name/include" && find . -type f -printf '%P\n' | sort | xargs sha256sum) >"$here/lists/$name.headers"
        say "$name: $(wc -l <"$here/lists/$name.symbols") symbols, $(wc -l <"$here/lists/$name.headers") headers"
    done
    lists_libffi "$out" "$nm"
}

# What libffi's archive for this machine defines, but for what belongs to the machine or to targets that make code while they run; and, from
# lists/libffi.added, what ours has beside that. Its headers: the one that upstream's configure makes, told of another target, and our own.
lists_libffi() {
    local out=$1 nm=$2 own='(unix64|win64|efi64|_go|ffi_tramp_|int128|^dl[a-z]|open_temp_exec_file|trampoline_code_table|ffi_data_to_code_pointer)'
    {
        "$nm" --defined-only --extern-only "$out/libffi/lib/libffi.a" | awk 'NF == 3 { print $3 }' | grep -vE "$own"
        cat "$here/lists/libffi.added"
    } | sort -u >"$here/lists/libffi.symbols"
    local include=$out/.build/libffi.include
    rm -rf "$include"
    mkdir -p "$include"
    sed -E '/^#(ifndef|define) [A-Z0-9_]+$/s/ X86_64$/ wasm32/' "$out/libffi/include/ffi.h" >"$include/ffi.h"
    cp "$root"/recipes/libffi/{ffitarget.h,ffi_wasi.h,ffi_wasi_dl.h} "$include"
    (cd "$include" && find . -type f -printf '%P\n' | sort | xargs sha256sum) >"$here/lists/libffi.headers"
    say "libffi: $(wc -l <"$here/lists/libffi.symbols") symbols, $(wc -l <"$here/lists/libffi.headers") headers"
}

usage() {
    sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
}

case ${1:-} in
fetch) [[ $# == 2 ]] || usage; fetch "$2" ;;
build) [[ $# == 3 || $# == 4 ]] || usage; build "${@:2}" ;;
lists) [[ $# == 2 ]] || usage; lists "$2" ;;
*) usage ;;
esac
