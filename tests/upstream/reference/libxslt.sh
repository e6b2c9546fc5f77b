# libxslt by its configure: both libraries alone, as the recipe has them. It wants the headers of a libxml2 of about its own age.
build() {
    mkdir ../libxml2
    tar -C ../libxml2 --strip-components=1 -xf "$(archive_of libxml2)"
    (
        cd ../libxml2
        ./configure --prefix="$work/libxml2-prefix" --disable-shared --without-iconv --without-threads --without-modules --without-python \
            --with-schematron CFLAGS=-O0
        make -j1 libxml2.la
        make install-libLTLIBRARIES install-pkgconfigDATA install-binSCRIPTS
        make -C include install
    )
    ./configure --prefix="$prefix" --with-libxml-prefix="$work/libxml2-prefix" --disable-shared --without-python --without-crypto \
        --without-plugins --without-debug PKG_CONFIG_PATH="$work/libxml2-prefix/lib/pkgconfig"
    make -j1 -C libxslt
    make -j1 -C libexslt
    make -C libxslt install
    make -C libexslt install
}
