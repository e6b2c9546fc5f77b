# yyjson's own CMake build.
# shellcheck shell=bash disable=SC2034,SC2154
needs() { need cmake cmake; }
build() {
    cmake -S . -B out -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DCMAKE_INSTALL_PREFIX="$prefix"
    cmake --build out -j1
    cmake --install out
}
