# libjpeg-turbo: its CMake build, static libraries alone, without what is written for this machine's processor.

needs() { need cmake cmake; }

build() {
    cmake -S . -B out -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_BUILD_TYPE=Release -DENABLE_SHARED=0 -DWITH_SIMD=0 -DWITH_TOOLS=0 -DWITH_TESTS=0
    cmake --build out -j2
    cmake --install out
}
