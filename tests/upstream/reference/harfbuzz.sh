# HarfBuzz: its Meson build, the library with FreeType, static.

needs() {
    need meson meson
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends g++ ninja-build pkg-config libfreetype-dev >&2
}

build() {
    meson setup out --prefix "$prefix" --libdir lib --buildtype release --default-library static -Dfreetype=enabled \
        -D{glib,gobject,cairo,icu,tests,docs,utilities,introspection,chafa}=disabled -Dbenchmark=disabled
    ninja -C out src/libharfbuzz.a
    ninja -C out install
}
