# libxml2 by its configure: the library alone, as the recipe has it.
needs() {
    if [[ ! -e /usr/include/zlib.h ]]; then
        need no-zlib-dev zlib1g-dev
    fi
}

build() {
    ./configure --prefix="$prefix" --disable-shared --without-threads --without-modules --without-python --without-http \
        --with-schematron --with-zlib
    make -j1 libxml2.la
    make install-libLTLIBRARIES
    make -C include install
}
