# xxHash's own Makefile.
# shellcheck shell=bash disable=SC2034,SC2154
build() {
    make -j1 libxxhash.a libxxhash.pc PREFIX="$prefix"
    make install_libxxhash.a install_libxxhash.includes PREFIX="$prefix"
}
