# FreeType: its CMake build, static, without HarfBuzz.

needs() {
    need cmake cmake
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends zlib1g-dev libbz2-dev libpng-dev libbrotli-dev >&2
}

build() {
    cmake -S . -B out -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
        -DFT_DISABLE_HARFBUZZ=ON -DFT_REQUIRE_{ZLIB,BZIP2,PNG,BROTLI}=ON
    cmake --build out -j2
    cmake --install out
}
