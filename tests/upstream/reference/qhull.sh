# Qhull by its CMakeLists.txt: the static reentrant library.
needs() { need cmake cmake; }

build() {
    cmake -S . -B ../build -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$prefix" -DBUILD_SHARED_LIBS=OFF
    make -C ../build -j1 qhullstatic_r
    mkdir -p "$prefix/lib" "$prefix/include/libqhull_r"
    # Its `make install` wants the programs and the other libraries, too.
    cp ../build/libqhullstatic_r.a "$prefix/lib"
    cp src/libqhull_r/*.h "$prefix/include/libqhull_r"
}
