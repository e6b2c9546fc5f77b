# lz4's own Makefile.
# shellcheck shell=bash disable=SC2034,SC2154
build() {
    make -C lib -j1 lib liblz4.pc BUILD_SHARED=no
    make -C lib install PREFIX="$prefix" BUILD_SHARED=no
}
