# yyjson's own CMake build.
needs() { need cmake cmake; }
build() {
    cmake -S . -B out -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DCMAKE_INSTALL_PREFIX="$prefix"
    cmake --build out -j1
    cmake --install out
}
