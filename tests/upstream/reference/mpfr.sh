# MPFR by its configure, with this machine's GMP.
# shellcheck shell=bash disable=SC2154

needs() { DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libgmp-dev >&2; }

build() {
    ./configure --prefix="$prefix" --disable-shared CFLAGS=-O0
    make -j1 -C src install
}
