/* SPDX-License-Identifier: LGPL-3.0-or-later */
/* What MPFR's configure finds out on WASI, of what its sources ask: limbs of 32 bits, a `long double` of 128, one thread. */
#define HAVE_LITTLE_ENDIAN 1
#define HAVE_DOUBLE_IEEE_LITTLE_ENDIAN 1
#define HAVE_LDOUBLE_IEEE_QUAD_LITTLE 1
#define HAVE_SUBNORM_DBL 1
#define HAVE_SUBNORM_FLT 1
#define HAVE_SIGNEDZ 1
#define MPFR_LONG_WITHIN_LIMB 1
/* Of what a function may take from the stack: programs have 64 KiB by default. */
#define MPFR_ALLOCA_MAX 1024

#define HAVE_ALLOCA_H 1
#define HAVE_ATTRIBUTE_MODE 1
#define HAVE_INTMAX_T 1
#define HAVE_INTTYPES_H 1
#define HAVE_LOCALE_H 1
#define HAVE_LONG_LONG 1
#define HAVE_STDARG 1
#define HAVE_STDINT_H 1
#define HAVE_STRUCT_LCONV_DECIMAL_POINT 1
#define HAVE_STRUCT_LCONV_THOUSANDS_SEP 1
#define HAVE_SYS_TIME_H 1
#define HAVE_VA_COPY 1
#define HAVE_WCHAR_H 1
#define MPFR_HAVE_BUILTIN_UNREACHABLE 1
#define MPFR_HAVE_CONSTRUCTOR_ATTR 1
#define MPFR_HAVE_INTMAX_MAX 1
#define MPFR_HAVE_NORETURN 1
#define MPFR_USE_STATIC_ASSERT 1

#define HAVE_CEIL 1
#define HAVE_FLOOR 1
#define HAVE_GETTIMEOFDAY 1
#define HAVE_NEARBYINT 1
#define HAVE_ROUND 1
#define HAVE_SETLOCALE 1
#define HAVE_STRTOL 1
#define HAVE_TRUNC 1
#define PRINTF_L 1
#define PRINTF_T 1
#define PRINTF_GROUPFLAG 1
