# libraqm: its Meson build, static, without its tests. With FriBidi in place of SheenBidi, which Debian has no static library of: what it exports is the same.

needs() {
    need meson meson
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ninja-build pkg-config libfreetype-dev libharfbuzz-dev libfribidi-dev >&2
}

build() {
    meson setup out --prefix "$prefix" --libdir lib --buildtype release --default-library static -Dtests=false -Ddocs=false
    ninja -C out install
}
