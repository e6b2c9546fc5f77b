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

enum { LONG_PARAMETERS = 8 };

typedef struct {
  const char *parameters;
  ffi_wasi_thunk thunk;
} CallEntry;

/* The thunks for parameters of one set of d, f and l beside i. */
typedef struct {
  const ffi_wasi_thunk *short_calls; /* of up to four, by ffi_wasi_short_index; null: another set's */
  struct {
    const CallEntry *entries; /* sorted by the alphabet */
    size_t count;
  } long_calls[LONG_PARAMETERS - SHORT_PARAMETERS]; /* of five parameters and more */
  const CallEntry *more_calls;                      /* others, in no order, ended by null */
} Calls;

/* The functions of one signature, or of its closures beyond the first ones. `number` is its place in pools.S. */
typedef struct {
  void (*const *functions)(void);
  uint16_t number, size;
} Pool;

/* The pools of the signatures that have the same set of d, f and l among their letters. There is a gate for each set. It is defined in the same
 * member as the last of its types, and only the gate of the set without that type refers to it, weakly. So the linker keeps its pools where a
 * program makes closures and uses all types of the set. */
typedef struct Gate {
  const Pool *pools, *more;           /* ended by one without functions */
  const struct ffi_wasi_pool *others; /* for signatures without a number, ended by one without letters, or null */
  const struct Gate *next[3];         /* the gate with d, f or l as well, or null */
} Gate;

/* The same for calls. */
typedef struct CallGate {
  const Calls *calls;
  const struct CallGate *next[3];
} CallGate;

#define FFI_WASI_SETS(m) m(d) m(f) m(df) m(l) m(dl) m(fl) m(dfl)
#define FFI_WASI_GATES(set)                         \
  extern const Gate ffi_wasi_gate_##set FFI_HIDDEN; \
  extern const CallGate ffi_wasi_call_gate_##set FFI_HIDDEN;
/* A program may define the ffi_wasi_more_… itself: FFI_WASI_FEWER_CLOSURES. */
#define FFI_WASI_TABLES(set)                                            \
  extern const Pool ffi_wasi_more_##set[];                              \
  extern const Pool ffi_wasi_pools_##set[] FFI_HIDDEN;                  \
  extern const struct ffi_wasi_pool ffi_wasi_others_##set[] FFI_HIDDEN; \
  extern const Calls ffi_wasi_calls_##set FFI_HIDDEN;
FFI_WASI_SETS(FFI_WASI_GATES)
FFI_WASI_SETS(FFI_WASI_TABLES)
FFI_WASI_TABLES(i)

/* What a closure's trampoline holds instead of code. */
typedef struct __attribute__((may_alias)) {
  unsigned code;  /* the code pointer: a slot of the function table, or a pool's function */
  unsigned where; /* which function of which pool it has; 0: none yet */
} Place;
static inline Place *ffi_wasi_place(ffi_closure *closure) { return (Place *)closure->tramp; }

/* A new closure with this code pointer, or null. */
ffi_closure *ffi_wasi_new_closure(size_t size, unsigned code) FFI_HIDDEN;

/* The slots that ffi_closure_alloc hands out; weak in closure.c, since a program may do without. */
int ffi_wasi_slot_holds(unsigned code, const ffi_closure *closure) FFI_HIDDEN; /* whether it does */
int ffi_wasi_slot_free(unsigned code, const ffi_closure *closure) FFI_HIDDEN;  /* whether it did */

/* Report that there is no closure: the reason, or a signature of which `size` closures are in use. `missing` is a type, or null: without it, the
 * linker left this signature out. */
void ffi_wasi_refuse(const char *why) FFI_HIDDEN;
void ffi_wasi_refuse_signature(const char *signature, unsigned size, const char *missing) FFI_HIDDEN;

/* The table of functions that C's function pointers are indexes of. A program may define these itself: FFI_WASI_NO_TABLE. */
int ffi_wasi_table_grow(unsigned by);                 /* the first new slot, or -1 */
void ffi_wasi_table_copy(unsigned to, unsigned from); /* one slot into another */
void ffi_wasi_table_clear(unsigned slot);             /* a call of it traps from then on */

/* The longest signature that is looked up; the result's letter and the final null not counted. */
enum { PARAMETERS_MOST = 1024 };

#endif
