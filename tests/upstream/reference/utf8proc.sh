# utf8proc's own Makefile.
build() {
    make libutf8proc.a
    mkdir -p "$prefix/lib" "$prefix/include"
    cp libutf8proc.a "$prefix/lib/"
    cp utf8proc.h "$prefix/include/"
}
