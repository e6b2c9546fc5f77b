/* SPDX-License-Identifier: MIT */
/* Calls with more parameters: integers alone up to twenty, one floating type alone up to sixteen, and what libffi's own tests,
 * CPython and the C library's functions of long double need beyond. */

#include "combine.h"
#include "internal.h"

/* m(name, letters…) for each. */
/* clang-format off */
#define MORE(m) \
  m(i9, I_8, i)              \
  m(i10, I_8, i, i)          \
  m(i11, I_8, i, i, i)       \
  m(i12, I_8, I_4)           \
  m(i13, I_8, I_4, i)        \
  m(i14, I_8, I_4, i, i)     \
  m(i15, I_8, I_4, i, i, i)  \
  m(i16, I_8, I_8)           \
  m(i17, I_8, I_8, i)        \
  m(i18, I_8, I_8, i, i)     \
  m(i19, I_8, I_8, i, i, i)  \
  m(i20, I_8, I_8, I_4)      \
  m(f5, F_4, f)              \
  m(f6, F_4, f, f)           \
  m(f7, F_4, f, f, f)        \
  m(f8, F_8)                 \
  m(f9, F_8, f)              \
  m(f10, F_8, f, f)          \
  m(f11, F_8, f, f, f)       \
  m(f12, F_8, F_4)           \
  m(f13, F_8, F_4, f)        \
  m(f14, F_8, F_4, f, f)     \
  m(f15, F_8, F_4, f, f, f)  \
  m(f16, F_8, F_8)           \
  m(d5, D_4, d)              \
  m(d6, D_4, d, d)           \
  m(d7, D_4, d, d, d)        \
  m(d8, D_8)                 \
  m(d9, D_8, d)              \
  m(d10, D_8, d, d)          \
  m(d11, D_8, d, d, d)       \
  m(d12, D_8, D_4)           \
  m(d13, D_8, D_4, d)        \
  m(d14, D_8, D_4, d, d)     \
  m(d15, D_8, D_4, d, d, d)  \
  m(d16, D_8, D_8)           \
  m(py1, D_4, d, i)          \
  m(py2, I_4, f, d, l)       \
  m(py3, I_4, i, f, l, l)    \
  m(ld2, i, L_4)             \
  m(ld3, i, L_4, l, l)       \
  m(ld2i, i, L_4, i)         \
  m(plan1, L_4, l, l)        \
  m(plan2, i, d, i, f, l, d) \
  m(plan3, L_8, l, l)        \
  m(plan4, I_8, D_8)         \
  m(structs, I_8, I_8, I_8, I_8, I_8, i)
/* clang-format on */

#define DEFINE(name, ...) FFI_WASI_THUNK(call_##name, __VA_ARGS__)
#define ENTRY(name, ...) {FFI_WASI_EACH(FFI_WASI_LETTER, __VA_ARGS__), call_##name},
#define DEFINE_OF_TESTS(name, r, ...) DEFINE(name, __VA_ARGS__)
#define ENTRY_OF_TESTS(name, r, ...) ENTRY(name, __VA_ARGS__)

MORE(DEFINE)
OF_TESTS(DEFINE_OF_TESTS)

const CallEntry ffi_wasi_more_calls[] FFI_HIDDEN = {MORE(ENTRY) OF_TESTS(ENTRY_OF_TESTS){NULL, NULL}};
