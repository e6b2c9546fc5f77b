# double-conversion by its CMakeLists.txt.
# shellcheck shell=bash disable=SC2154
needs() { need cmake cmake; }

build() {
    cmake -S . -B out -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib
    cmake --build out -j1
    cmake --install out
}
