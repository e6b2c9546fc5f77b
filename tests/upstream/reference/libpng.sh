# libpng: its configure, without what is written for this machine's processor. Headers are where its links are: wasideps installs no links.

needs() {
    if [[ ! -e /usr/include/zlib.h ]]; then
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends zlib1g-dev >&2
    fi
}

build() {
    ./configure --prefix="$prefix" --disable-shared --disable-tools --disable-tests --disable-hardware-optimizations
    make -j2 install
    find "$prefix/include" -type l -delete
    mv "$prefix"/include/libpng16/* "$prefix/include"
}
