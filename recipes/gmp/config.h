/* SPDX-License-Identifier: LGPL-3.0-or-later OR GPL-2.0-or-later */
/* What GMP's configure finds out on WASI, of what its sources ask: generic C, limbs of 32 bits, temporary memory from malloc. */
#define GMP_MPARAM_H_SUGGEST "mpn/generic/gmp-mparam.h"
#define NO_ASM 1
#define SIZEOF_MP_LIMB_T 4
#define SIZEOF_UNSIGNED 4
#define SIZEOF_UNSIGNED_LONG 4
#define SIZEOF_UNSIGNED_SHORT 2
#define SIZEOF_VOID_P 4
#define HAVE_DOUBLE_IEEE_LITTLE_ENDIAN 1
#define HAVE_LIMB_LITTLE_ENDIAN 1
#define TUNE_SQR_TOOM2_MAX SQR_TOOM2_MAX_GENERIC
#define VERSION "6.3.0"
#define WANT_FFT 1
/* Not alloca: a program's stack has 64 KiB by default. */
#define WANT_TMP_REENTRANT 1

#define HAVE_ATTRIBUTE_CONST 1
#define HAVE_ATTRIBUTE_MALLOC 1
#define HAVE_ATTRIBUTE_MODE 1
#define HAVE_ATTRIBUTE_NORETURN 1
#define HAVE_HIDDEN_ALIAS 1
#define restrict __restrict

#define HAVE_INTMAX_T 1
#define HAVE_INTPTR_T 1
#define HAVE_LONG_DOUBLE 1
#define HAVE_LONG_LONG 1
#define HAVE_PTRDIFF_T 1
#define HAVE_QUAD_T 1
#define HAVE_UINT_LEAST32_T 1

#define HAVE_ALLOCA 1
#define HAVE_ALLOCA_H 1
#define HAVE_DECL_FGETC 1
#define HAVE_DECL_FSCANF 1
#define HAVE_DECL_OPTARG 1
#define HAVE_DECL_SYS_ERRLIST 0
#define HAVE_DECL_SYS_NERR 0
#define HAVE_DECL_UNGETC 1
#define HAVE_DECL_VFPRINTF 1
#define HAVE_FCNTL_H 1
#define HAVE_FLOAT_H 1
#define HAVE_GETTIMEOFDAY 1
#define HAVE_INTTYPES_H 1
#define HAVE_LANGINFO_H 1
#define HAVE_LOCALECONV 1
#define HAVE_LOCALE_H 1
#define HAVE_MEMSET 1
#define HAVE_NL_LANGINFO 1
#define HAVE_NL_TYPES_H 1
#define HAVE_STDINT_H 1
#define HAVE_STRCHR 1
#define HAVE_STRERROR 1
#define HAVE_STRNLEN 1
#define HAVE_STRTOL 1
#define HAVE_STRTOUL 1
#define HAVE_SYS_PARAM_H 1
#define HAVE_SYS_STAT_H 1
#define HAVE_SYS_TIME_H 1
#define HAVE_SYS_TYPES_H 1
#define HAVE_UNISTD_H 1
#define HAVE_VSNPRINTF 1
#define RETSIGTYPE void
#define STDC_HEADERS 1
#define TIME_WITH_SYS_TIME 1
