# HarfBuzz: its Meson build, the library with FreeType, static. Not optimised, which changes no name. Without the library of subsets, which its `install` wants.

needs() {
    need meson meson
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends g++ ninja-build pkg-config libfreetype-dev >&2
}

build() {
    meson setup out --prefix "$prefix" --libdir lib --buildtype plain --default-library static -Dfreetype=enabled \
        -D{glib,gobject,cairo,icu,tests,docs,utilities,introspection,chafa}=disabled -Dbenchmark=disabled
    ninja -C out src/libharfbuzz.a
    mkdir -p "$prefix/lib"
    cp out/src/libharfbuzz.a "$prefix/lib"
    # Its headers, where it would install them.
    meson introspect out --installed | python3 -c '
import json, os, shutil, sys
for file, to in json.load(sys.stdin).items():
    if "/include/" in to and "/hb-subset" not in to:
        os.makedirs(os.path.dirname(to), exist_ok=True)
        shutil.copy(file, to)
'
}
