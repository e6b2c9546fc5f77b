/* SPDX-License-Identifier: BSD-3-Clause */
/* What programs learn of how OpenBLAS was configured, as its Makefile.install writes it. */
#ifndef OPENBLAS_CONFIG_H
#define OPENBLAS_CONFIG_H
#define OPENBLAS_OS_EMBEDDED 1
#define OPENBLAS_ARCH_WASM 1
#define OPENBLAS_C_CLANG 1
#define OPENBLAS___32BIT__ 1
#define OPENBLAS_HAVE_C11 1
#define OPENBLAS_BUNDERSCORE _
#define OPENBLAS_NEEDBUNDERSCORE 1
#define OPENBLAS_GEMM_MULTITHREAD_THRESHOLD 4
#define OPENBLAS_CHAR_CORENAME "GENERIC"
#define OPENBLAS_VERSION " OpenBLAS 0.3.34 "
#include "openblas_config_template.h"
#endif
