# libtiff: its CMake build, the library alone, with the codecs that the recipe has.

needs() {
    need cmake cmake
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends zlib1g-dev libjpeg-dev liblzma-dev libzstd-dev libwebp-dev libdeflate-dev >&2
}

build() {
    cmake -S . -B out -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
        -Djbig=OFF -Dlerc=OFF -Dtiff-cxx=OFF -Dtiff-opengl=OFF -Dtiff-tools=OFF -Dtiff-tests=OFF -Dtiff-contrib=OFF -Dtiff-docs=OFF
    cmake --build out -j2
    cmake --install out
}
