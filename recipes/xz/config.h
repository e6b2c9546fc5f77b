/* SPDX-License-Identifier: 0BSD */
/* liblzma's configuration for WASI: what `configure --disable-threads` finds for wasm32-wasip1, written down by hand.
 * Only what liblzma's own files ask is here; a name that is not defined is an answer of no.
 */

/* The C library: C11 headers, POSIX clocks, GNU extensions declared. */
#define _GNU_SOURCE 1
#define HAVE_INTTYPES_H 1
#define HAVE_STDINT_H 1
#define HAVE_STDBOOL_H 1
#define HAVE__BOOL 1
#define HAVE_SYS_PARAM_H 1
#define HAVE_CLOCK_GETTIME 1
#define HAVE_CLOCK_MONOTONIC 1

/* Assertions off, as in every build of upstream's without --enable-debug. */
#define NDEBUG 1

/* wasm32, the wasip1 and wasip2 targets alike; wasm is little-endian, so no WORDS_BIGENDIAN. */
#define SIZEOF_SIZE_T 4

/* clang. Constructors run before main, but nothing uses them here: no CPU features are probed at run time. */
#define HAVE_VISIBILITY 1
#define HAVE_FUNC_ATTRIBUTE_CONSTRUCTOR 1
#define HAVE___BUILTIN_ASSUME_ALIGNED 1
#define HAVE___BUILTIN_BSWAPXX 1

/*
 * TUKLIB_FAST_UNALIGNED_ACCESS stays off: configure does not list wasm among the machines that have it, and the match
 * finder hashes differently with it, so that compressed output would no longer be that of upstream's own build.
 */

/*
 * No TUKLIB_PHYSMEM_*, so that lzma_physmem() returns 0, "unknown". configure would choose sysconf, which links; but wasi-libc answers
 * _SC_PHYS_PAGES with an error code that is not -1, and liblzma would make 16 EiB of it.
 */

/* No MYTHREAD_*: wasi-libc's pthread_create links and fails at run time, so threads are off by choice, not by probe. */

/* Everything that upstream's default build holds, but for threads. */
#define HAVE_CHECK_CRC32 1
#define HAVE_CHECK_CRC64 1
#define HAVE_CHECK_SHA256 1

#define HAVE_MF_HC3 1
#define HAVE_MF_HC4 1
#define HAVE_MF_BT2 1
#define HAVE_MF_BT3 1
#define HAVE_MF_BT4 1

#define HAVE_ENCODERS 1
#define HAVE_ENCODER_LZMA1 1
#define HAVE_ENCODER_LZMA2 1
#define HAVE_ENCODER_DELTA 1
#define HAVE_ENCODER_X86 1
#define HAVE_ENCODER_ARM 1
#define HAVE_ENCODER_ARMTHUMB 1
#define HAVE_ENCODER_ARM64 1
#define HAVE_ENCODER_POWERPC 1
#define HAVE_ENCODER_IA64 1
#define HAVE_ENCODER_SPARC 1
#define HAVE_ENCODER_RISCV 1

#define HAVE_DECODERS 1
#define HAVE_DECODER_LZMA1 1
#define HAVE_DECODER_LZMA2 1
#define HAVE_DECODER_DELTA 1
#define HAVE_DECODER_X86 1
#define HAVE_DECODER_ARM 1
#define HAVE_DECODER_ARMTHUMB 1
#define HAVE_DECODER_ARM64 1
#define HAVE_DECODER_POWERPC 1
#define HAVE_DECODER_IA64 1
#define HAVE_DECODER_SPARC 1
#define HAVE_DECODER_RISCV 1

#define HAVE_LZIP_DECODER 1
