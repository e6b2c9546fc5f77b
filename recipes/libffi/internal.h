/* SPDX-License-Identifier: MIT */
/* What the files of the WASI backend share. */

#ifndef FFI_WASI_INTERNAL_H
#define FFI_WASI_INTERNAL_H

#include <stdint.h>
#include <string.h>

#include <ffi.h>
#include <ffi_common.h>

#include "ffi_wasi.h"

/* cif->flags: the result's FFI_WASI_RESULT_… in the lowest bits, and these. */
enum {
  FLAG_RESULT = 7,
  FLAG_BY_POINTER = 8, /* the result is written through a first parameter */
  FLAG_VARIADIC = 16
};

/* How a value of a C type travels. */
typedef enum {
  PASS_INVALID, /* no such type in wasm32's C ABI as libffi describes it */
  PASS_NOTHING, /* void, or a struct without members: no parameter, no result */
  PASS_I,
  PASS_L,
  PASS_F,
  PASS_D,
  PASS_PAIR,   /* long double: two i64 as parameters, by pointer as a result */
  PASS_POINTER /* a pointer to a copy, or to where the result goes */
} Passing;

/* How values of `type` travel; in `*scalar` the type itself or, for a struct of one scalar, the scalar's. */
Passing ffi_wasi_passing(ffi_type *type, ffi_type **scalar) FFI_HIDDEN;

/* The alignment of a value of `type` in the buffer of variadic arguments. */
size_t ffi_wasi_variadic_alignment(ffi_type *type, Passing passing) FFI_HIDDEN;

/* A narrow integer as C promotes it. */
static inline int ffi_wasi_extended(const ffi_type *type, const void *from) {
  switch (type->type) {
  case FFI_TYPE_UINT8: return *(const uint8_t *)from;
  case FFI_TYPE_SINT8: return *(const int8_t *)from;
  case FFI_TYPE_UINT16: return *(const uint16_t *)from;
  case FFI_TYPE_SINT16: return *(const int16_t *)from;
  default: return *(const int *)from;
  }
}

/* The letter of a signature as a digit to base 4, in the order of the alphabet. */
static inline unsigned ffi_wasi_digit(char letter) { return letter == 'd' ? 0 : letter == 'f' ? 1 : letter == 'i' ? 2 : 3; }

/* The place of a signature of at most four parameters among all such: shorter ones first, then by the alphabet. */
static inline unsigned ffi_wasi_short_index(const char *parameters, size_t count) {
  unsigned index = 0;
  for (size_t i = 0; i < count; i++) index = index * 4 + 1 + ffi_wasi_digit(parameters[i]);
  return index;
}

enum { SHORT_PARAMETERS = 4, SHORT_COUNT = 1 + 4 + 16 + 64 + 256 };

/* The thunk for calls with these parameters, or null. Weak where it is used to prepare: it comes with ffi_call. */
ffi_wasi_thunk ffi_wasi_find_thunk(const char *parameters, size_t count) FFI_HIDDEN;

/* Calls of up to four parameters, by ffi_wasi_short_index. */
extern const ffi_wasi_thunk ffi_wasi_short_thunks[SHORT_COUNT] FFI_HIDDEN;

typedef struct {
  const char *parameters;
  ffi_wasi_thunk thunk;
} CallEntry;

/* Longer ones, sorted by length and then by the alphabet, and where each length starts. */
enum { LONG_PARAMETERS = 8 };
extern const CallEntry ffi_wasi_long_calls[] FFI_HIDDEN;
extern const uint16_t ffi_wasi_long_starts[LONG_PARAMETERS - SHORT_PARAMETERS + 1] FFI_HIDDEN;

/* And others, in no order, ended by null. */
extern const CallEntry ffi_wasi_more_calls[] FFI_HIDDEN;

/* Pools for closures of at most four parameters, by the result's FFI_WASI_RESULT_… and ffi_wasi_short_index. */
typedef struct {
  unsigned size;
  void (*const *functions)(void);
  ffi_closure **users;
} ShortPool;
extern const ShortPool ffi_wasi_short_pools[5][SHORT_COUNT] FFI_HIDDEN;

/* And others, in no order; one signature may be there more than once. Ended by one without letters. */
extern const struct ffi_wasi_pool ffi_wasi_more_pools[] FFI_HIDDEN;
extern const struct ffi_wasi_pool ffi_wasi_long_pools[] FFI_HIDDEN;

/* The table of functions that C's function pointers are indexes of. */
int ffi_wasi_table_grow(unsigned by) FFI_HIDDEN;                 /* the first new slot, or -1 */
void ffi_wasi_table_copy(unsigned to, unsigned from) FFI_HIDDEN; /* one slot into another */
void ffi_wasi_table_clear(unsigned slot) FFI_HIDDEN;             /* a call of it traps from then on */

/* The longest signature that is looked up; the result's letter and the final null not counted. */
enum { PARAMETERS_MOST = 1024 };

#endif
