/* SPDX-License-Identifier: BSD-3-Clause */
/* The answers of OpenBLAS's c_check and getarch: kernels in C for WebAssembly of 32 bits. */
/* For cblas.h, which has the library's own types then. */
#define OPENBLAS_SOURCE
#define ARCH_WASM 1
#define C_CLANG 1
#define __32BIT__ 1
#define HAVE_C11 1
#define BUNDERSCORE _
#define NEEDBUNDERSCORE 1
#define GEMM_MULTITHREAD_THRESHOLD 4
/* For the sizes of blocks alone: the kernels are those of the target RISCV64_GENERIC. */
#define WASM128_GENERIC
#define CHAR_CORENAME "GENERIC"
#define L1_DATA_SIZE 32768
#define L1_DATA_LINESIZE 32
#define L2_SIZE 1048576
#define L2_LINESIZE 32
#define L2_ASSOCIATIVE 4
#define DTB_SIZE 4096
