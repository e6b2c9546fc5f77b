# Snappy's own CMake build. The crate lacks the template of config.h, of which the recipe's defines give the answers.
# shellcheck shell=bash disable=SC2034,SC2154,SC2164
prefer=crate
needs() {
    need cmake cmake
    need g++ g++
}
build() {
    cd snappy
    mkdir -p cmake
    : >cmake/config.h.in
    touch cmake/SnappyConfig.cmake.in
    cmake -S . -B out -DCMAKE_BUILD_TYPE=Release -DSNAPPY_INSTALL=OFF -DSNAPPY_BUILD_TESTS=OFF -DSNAPPY_BUILD_BENCHMARKS=OFF -DCMAKE_INSTALL_PREFIX="$prefix"
    cmake --build out -j1
    mkdir -p "$prefix/include" "$prefix/lib"
    cp out/libsnappy.a "$prefix/lib/"
    cp snappy-c.h snappy-sinksource.h snappy.h out/snappy-stubs-public.h "$prefix/include/"
}
