# libwebp: its CMake build, the libraries alone, without threads and SIMD. It compiles the files for other processors all the same, to functions
# that do nothing: they are taken out.

needs() { need cmake cmake; }

build() {
    cmake -S . -B out -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_BUILD_TYPE=Release -DWEBP_ENABLE_SIMD=OFF -DWEBP_USE_THREAD=OFF \
        -DWEBP_BUILD_{ANIM_UTILS,CWEBP,DWEBP,GIF2WEBP,IMG2WEBP,VWEBP,WEBPINFO,WEBPMUX,EXTRAS}=OFF
    cmake --build out -j2
    cmake --install out
    for archive in "$prefix"/lib/lib*.a; do
        ar t "$archive" | grep -E '_(sse2|sse41|avx2|neon|msa|mips32|mips_dsp_r2)\.' | xargs -r ar d "$archive" || true
    done
}
