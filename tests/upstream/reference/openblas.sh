# OpenBLAS by its make, in C for this machine: for what it takes for WebAssembly, whose kernels of SIMD are replaced by those of RISCV64_GENERIC.

build() {
    cp kernel/riscv64/KERNEL.RISCV64_GENERIC kernel/wasm/KERNEL.WASM128_GENERIC
    : >Makefile.wasm
    # What asks for the compiler's target hears WebAssembly; what compiles is for this machine, without -m32.
    cat >wasm-cc <<'END'
#!/usr/bin/env bash
arguments=()
for argument; do
    case $argument in
    -E) arguments+=(-E -U__x86_64__ -U__amd64__ -U__LP64__ -U__aarch64__ -U__arm__ -D__EMSCRIPTEN__) ;;
    -m32 | -O2) ;;
    *) arguments+=("$argument") ;;
    esac
done
exec gcc "${arguments[@]}"
END
    chmod +x wasm-cc
    local options=(TARGET=WASM128_GENERIC HOSTCC=gcc CC="$PWD/wasm-cc" AR=ar RANLIB=ranlib NOFORTRAN=1 NO_LAPACKE=1 USE_THREAD=0 NO_SHARED=1)
    make libs "${options[@]}" MAKE_NB_JOBS=1
    make install "${options[@]}" PREFIX="$prefix"
}
