/* SPDX-License-Identifier: MIT */
/* Closures with more parameters than pools.S has: integers alone, one floating type alone, and what libffi's own tests use. Compiled once for each
 * GROUP that has such, like pools.S. */

#include "combine.h"
#include "internal.h"

/* m(name, size, result, letters…) for each. */
/* clang-format off */
#define MORE_i(m) \
  m(i_i9, 8, i, I_8, i)              \
  m(i_i10, 8, i, I_8, i, i)          \
  m(i_i11, 8, i, I_8, i, i, i)       \
  m(i_i12, 8, i, I_8, I_4)           \
  m(i_i13, 8, i, I_8, I_4, i)        \
  m(i_i14, 8, i, I_8, I_4, i, i)     \
  m(i_i15, 8, i, I_8, I_4, i, i, i)  \
  m(i_i16, 8, i, I_8, I_8)           \
  m(i_i17, 8, i, I_8, I_8, i)        \
  m(i_i18, 8, i, I_8, I_8, i, i)     \
  m(i_i19, 8, i, I_8, I_8, i, i, i)  \
  m(i_i20, 8, i, I_8, I_8, I_4)      \
  m(v_i9, 8, v, I_8, i)              \
  m(v_i10, 8, v, I_8, i, i)          \
  m(v_i11, 8, v, I_8, i, i, i)       \
  m(v_i12, 8, v, I_8, I_4)           \
  m(v_i13, 8, v, I_8, I_4, i)        \
  m(v_i14, 8, v, I_8, I_4, i, i)     \
  m(v_i15, 8, v, I_8, I_4, i, i, i)  \
  m(v_i16, 8, v, I_8, I_8)           \
  m(v_i17, 8, v, I_8, I_8, i)        \
  m(v_i18, 8, v, I_8, I_8, i, i)     \
  m(v_i19, 8, v, I_8, I_8, i, i, i)  \
  m(v_i20, 8, v, I_8, I_8, I_4)
#define MORE_d(m) \
  m(d_d5, 4, d, D_4, d)              \
  m(d_d6, 4, d, D_4, d, d)           \
  m(d_d7, 4, d, D_4, d, d, d)        \
  m(d_d8, 4, d, D_8)                 \
  m(d_d9, 4, d, D_8, d)              \
  m(d_d10, 4, d, D_8, d, d)          \
  m(d_d11, 4, d, D_8, d, d, d)       \
  m(d_d12, 4, d, D_8, D_4)           \
  m(d_d13, 4, d, D_8, D_4, d)        \
  m(d_d14, 4, d, D_8, D_4, d, d)     \
  m(d_d15, 4, d, D_8, D_4, d, d, d)  \
  m(d_d16, 4, d, D_8, D_8)           \
  m(v_d5, 4, v, D_4, d)              \
  m(v_d6, 4, v, D_4, d, d)           \
  m(v_d7, 4, v, D_4, d, d, d)        \
  m(v_d8, 4, v, D_8)                 \
  m(v_d9, 4, v, D_8, d)              \
  m(v_d10, 4, v, D_8, d, d)          \
  m(v_d11, 4, v, D_8, d, d, d)       \
  m(v_d12, 4, v, D_8, D_4)           \
  m(v_d13, 4, v, D_8, D_4, d)        \
  m(v_d14, 4, v, D_8, D_4, d, d)     \
  m(v_d15, 4, v, D_8, D_4, d, d, d)  \
  m(v_d16, 4, v, D_8, D_8)
#define MORE_f(m) \
  m(f_f5, 4, f, F_4, f)              \
  m(f_f6, 4, f, F_4, f, f)           \
  m(f_f7, 4, f, F_4, f, f, f)        \
  m(f_f8, 4, f, F_8)                 \
  m(f_f9, 4, f, F_8, f)              \
  m(f_f10, 4, f, F_8, f, f)          \
  m(f_f11, 4, f, F_8, f, f, f)       \
  m(f_f12, 4, f, F_8, F_4)           \
  m(f_f13, 4, f, F_8, F_4, f)        \
  m(f_f14, 4, f, F_8, F_4, f, f)     \
  m(f_f15, 4, f, F_8, F_4, f, f, f)  \
  m(f_f16, 4, f, F_8, F_8)           \
  m(v_f5, 4, v, F_4, f)              \
  m(v_f6, 4, v, F_4, f, f)           \
  m(v_f7, 4, v, F_4, f, f, f)        \
  m(v_f8, 4, v, F_8)                 \
  m(v_f9, 4, v, F_8, f)              \
  m(v_f10, 4, v, F_8, f, f)          \
  m(v_f11, 4, v, F_8, f, f, f)       \
  m(v_f12, 4, v, F_8, F_4)           \
  m(v_f13, 4, v, F_8, F_4, f)        \
  m(v_f14, 4, v, F_8, F_4, f, f)     \
  m(v_f15, 4, v, F_8, F_4, f, f, f)  \
  m(v_f16, 4, v, F_8, F_8)
#define MORE_l(m)
#define MORE_df(m)
#define MORE_dfl(m)
/* clang-format on */

#define MORE(m) FFI_WASI_PASTE(MORE_, GROUP)(m)
#define TESTS(m) FFI_WASI_PASTE(OF_TESTS_, GROUP)(m)

#define DEFINE(name, size, r, ...) FFI_WASI_POOL(closure_##name, size, r, __VA_ARGS__)
#define ENTRY(name, size, r, ...) \
  {#r FFI_WASI_EACH(FFI_WASI_LETTER, __VA_ARGS__), size, closure_##name##_functions, closure_##name##_users, NULL},
#define DEFINE_OF_TESTS(name, r, ...) DEFINE(name, 2, r, __VA_ARGS__)
#define ENTRY_OF_TESTS(name, r, ...) ENTRY(name, 2, r, __VA_ARGS__)

MORE(DEFINE)
TESTS(DEFINE_OF_TESTS)

const struct ffi_wasi_pool FFI_WASI_PASTE(ffi_wasi_others_, GROUP)[] FFI_HIDDEN = {
    MORE(ENTRY) TESTS(ENTRY_OF_TESTS){NULL, 0, NULL, NULL, NULL},
};
