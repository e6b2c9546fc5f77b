# libdeflate's own CMake build.
# shellcheck shell=bash disable=SC2034,SC2154,SC2164
prefer=crate
needs() { need cmake cmake; }
build() {
    cd libdeflate
    cmake -S . -B out -DCMAKE_BUILD_TYPE=Release -DLIBDEFLATE_BUILD_SHARED_LIB=OFF -DLIBDEFLATE_BUILD_GZIP=OFF -DCMAKE_INSTALL_PREFIX="$prefix"
    cmake --build out -j1
    cmake --install out
}
