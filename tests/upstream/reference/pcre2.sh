# PCRE2's own configure and Makefile.
# shellcheck shell=bash disable=SC2034,SC2154
build() {
    ./configure --prefix="$prefix" --disable-shared --enable-pcre2-16 --enable-pcre2-32
    make -j1 install-libLTLIBRARIES install-includeHEADERS install-nodist_includeHEADERS
}
