/* SPDX-License-Identifier: MIT */
/* The answers of libffi's configure for wasm32-wasip1 and -wasip2 with clang and wasi-libc. */

#ifndef FFICONFIG_H
#define FFICONFIG_H

/* The functions of closures are made in advance; a code pointer does not lead to the closure in memory. */
#define FFI_EXEC_STATIC_TRAMP 1

/* plan.c makes the plans of calls; upstream's configure has no such question. */
#define FFI_TARGET_HAS_CALL_PLAN 1

#define HAVE_ALLOCA_H 1
#define HAVE_DLFCN_H 1
#define HAVE_HIDDEN_VISIBILITY_ATTRIBUTE 1
#define HAVE_INT128 1
#define HAVE_INTTYPES_H 1
#define HAVE_LONG_DOUBLE 1
#define HAVE_MEMCPY 1

#define HAVE_STDINT_H 1
#define HAVE_STDIO_H 1
#define HAVE_STDLIB_H 1
#define HAVE_STRINGS_H 1
#define HAVE_STRING_H 1
#define HAVE_SYS_STAT_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_UNISTD_H 1
#define SIZEOF_DOUBLE 8
#define SIZEOF_LONG_DOUBLE 16
#define SIZEOF_SIZE_T 4
#define STDC_HEADERS 1

#ifdef LIBFFI_ASM
#define FFI_HIDDEN(name) .hidden name
#else
#define FFI_HIDDEN __attribute__((visibility("hidden")))
#endif

#endif
