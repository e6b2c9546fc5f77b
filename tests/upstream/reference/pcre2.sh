# PCRE2's own configure and Makefile.
build() {
    ./configure --prefix="$prefix" --disable-shared --enable-pcre2-16 --enable-pcre2-32
    make -j1 install-libLTLIBRARIES install-includeHEADERS install-nodist_includeHEADERS
}
