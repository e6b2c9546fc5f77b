# zlib-ng's own CMake build, with the generic code that it takes for processors that it does not know.
# shellcheck shell=bash disable=SC2034,SC2154,SC2164
prefer=crate
needs() { need cmake cmake; }
build() {
    cd src/zlib-ng
    cmake -S . -B out -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF -DZLIB_ENABLE_TESTS=OFF -DWITH_GTEST=OFF \
        -DWITH_OPTIM=OFF -DWITH_RUNTIME_CPU_DETECTION=OFF -DWITH_ALL_FALLBACKS=ON -DWITH_CRC32_CHORBA=OFF -DCMAKE_INSTALL_PREFIX="$prefix"
    cmake --build out -j1
    cmake --install out
}
