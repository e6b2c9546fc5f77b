# xxHash's own Makefile.
build() {
    make -j1 libxxhash.a libxxhash.pc PREFIX="$prefix"
    make install_libxxhash.a install_libxxhash.includes PREFIX="$prefix"
}
