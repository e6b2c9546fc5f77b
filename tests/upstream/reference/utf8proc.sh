# utf8proc's own Makefile.
# shellcheck shell=bash disable=SC2034,SC2154
build() {
    make libutf8proc.a
    mkdir -p "$prefix/lib" "$prefix/include"
    cp libutf8proc.a "$prefix/lib/"
    cp utf8proc.h "$prefix/include/"
}
