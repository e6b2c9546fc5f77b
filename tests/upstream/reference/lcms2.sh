# Little CMS: its configure, static, without threads.

build() {
    ./configure --prefix="$prefix" --disable-shared --without-jpeg --without-tiff --without-zlib --without-threads
    make -C src -j2 install
    make -C include install
}
