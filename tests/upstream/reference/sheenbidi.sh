# SheenBidi: its CMake build, static.

needs() { need cmake cmake; }

build() {
    cmake -S . -B out -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF
    cmake --build out -j2
    cmake --install out
}
