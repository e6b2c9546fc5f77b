# shellcheck shell=bash
# Brings sources, of CPython into a checkout of their own. Sourced by the scripts that want them, after tests/tools.sh: it has say, die and need.

# What Debian's source package python3.13 holds is upstream's Python-3.13.5.tar.xz, byte for byte.
debian_suite=trixie
cpython=(python3.13 python3.13_3.13.5.orig.tar.xz 93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640)

sha256_of() { sha256sum | cut -d ' ' -f 1; }

# This machine's own archive as an entry of source packages of $debian_suite. Which of apt's entries is Debian's shows in its suites: the
# machine's own release is among them.
own_archive() {
    local codename file
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    for file in /etc/apt/sources.list.d/*.sources; do
        [[ -e $file ]] || continue
        awk -v own="$codename" -v suite="$debian_suite" '
            function flush(  n, part, i) {
                n = split(suites, part, " ")
                for (i = 1; i <= n && !done; i++)
                    if (part[i] == own && types ~ /deb/ && uri != "") {
                        printf "Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\n%s", uri, suite, signed
                        done = 1
                    }
                types = suites = uri = signed = ""
            }
            /^[ \t]*$/ { flush() }
            /^Types:/ { types = $0 }
            /^Suites:/ { suites = $0 }
            /^URIs:/ { uri = $2 }
            /^Signed-By:/ { signed = $0 "\n" }
            END { flush(); exit !done }' "$file" && return
    done
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [[ -e $file ]] || continue
        awk -v own="$codename" -v suite="$debian_suite" '
            /^deb[ \t]/ {
                signed = ""
                if (match($0, /\[[^]]*\]/)) {
                    options = substr($0, RSTART + 1, RLENGTH - 2)
                    sub(/\[[^]]*\]/, "")
                    if (match(options, /signed-by=[^ ]+/)) signed = "Signed-By: " substr(options, RSTART + 10, RLENGTH - 10) "\n"
                }
                if ($3 == own) {
                    printf "Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\n%s", $2, suite, signed
                    done = 1
                    exit
                }
            }
            END { exit !done }' "$file" && return
    done
    return 1
}

# Leaves an upstream archive of a source package of Debian's in DIR, with its digest checked: debian_orig DIR PACKAGE FILE SHA256.
debian_orig() {
    local dir=$1 package=$2 name=$3 sha256=$4 apt=$1/apt options digest
    if [[ -e $dir/$name ]] && [[ $(sha256_of <"$dir/$name") == "$sha256" ]]; then return; fi
    command -v apt-get >/dev/null || die "no apt-get here to bring Debian's source package $package with"
    say "bringing the source package $package of Debian's $debian_suite"
    rm -rf "$apt"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/got"
    own_archive >"$apt/archive.sources" || die "no entry for Debian's own archive in /etc/apt"
    options=(-o "Dir::Etc::SourceList=$apt/archive.sources" -o Dir::Etc::SourceParts=- -o "Dir::State::Lists=$apt/lists"
        -o "Dir::Cache=$apt/cache" -o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none)
    apt-get "${options[@]}" update -qq </dev/null >&2
    # Debian's own files beside it may have made way for newer ones: what counts is whether the archive has come.
    (cd "$apt/got" && apt-get "${options[@]}" source -qq --download-only --only-source "$package" </dev/null >&2) || true
    [[ -e $apt/got/$name ]] || die "$package of $debian_suite no longer holds $name, but: $(cd "$apt/got" && echo *.orig.*)"
    digest=$(sha256_of <"$apt/got/$name")
    [[ $digest == "$sha256" ]] || die "$name has SHA-256 $digest, not $sha256"
    mv "$apt/got/$name" "$dir/$name"
    rm -rf "$apt"
}

files_of() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum); }

# Sets $tree, a folder that belongs to these sources alone and has them in $tree/checkout, and $source_digest. SOURCE is a folder, an
# archive, or nothing for Debian's: get_source WORK SOURCE.
get_source() {
    local work=$1 source=$2 staging=$1/source.new
    rm -rf "$staging"
    mkdir -p "$staging/checkout"
    if [[ -d $source ]]; then
        source=$(cd "$source" && pwd)
        [[ ! -e $source/Makefile ]] || die "$source was built in: CPython wants a clean tree (make distclean)"
        say "copying $source"
        tar -C "$source" --exclude=./cross-build --exclude=./.git --exclude=__pycache__ --exclude=./Modules/Setup.local -cf - . |
            tar -C "$staging/checkout" --no-same-owner -xf -
        files_of "$staging/checkout" >"$staging/files.sha256"
        source_digest=$(sha256_of <"$staging/files.sha256")
    else
        if [[ -z $source ]]; then
            debian_orig "$work" "${cpython[@]}"
            source=$work/${cpython[1]}
        fi
        [[ -f $source ]] || die "no folder or archive $source"
        source_digest=$(sha256_of <"$source")
    fi
    tree=$work/cpython-${source_digest:0:16}
    if [[ -e $tree/files.sha256 ]]; then
        rm -rf "$staging"
        return
    fi
    if [[ -f $source ]]; then
        say "unpacking ${source##*/}"
        tar -C "$staging/checkout" --strip-components=1 --no-same-owner -xf "$source"
        files_of "$staging/checkout" >"$staging/files.sha256"
    fi
    [[ -e $staging/checkout/Include/patchlevel.h ]] || die "${source##*/} holds no CPython"
    rm -rf "$tree"
    mv "$staging" "$tree"
}

# Fails when a file of CPython's is no longer as it came: unmodified TREE.
unmodified() {
    (cd "$1/checkout" && sha256sum --check --quiet --strict "$1/files.sha256") >&2 ||
        die "CPython's sources in $1/checkout were changed: remove $1"
}
