/* SPDX-License-Identifier: MIT */
/* Closures with up to four parameters: pools for all 1705 signatures over d, f, i, l with each result.
 *
 * Their sizes are what every signature has at least; pools for common ones come on top, in closures_more.c. */

#include "combine.h"
#include "internal.h"

#define POOL_1(r, letters, ...) FFI_WASI_POOL(closure_##r##_##letters, 8, r, __VA_ARGS__)
#define POOL_2(r, letters, ...) FFI_WASI_POOL(closure_##r##_##letters, 4, r, __VA_ARGS__)
#define POOL_3(r, letters, ...) FFI_WASI_POOL(closure_##r##_##letters, 4, r, __VA_ARGS__)
#define POOL_4(r, letters, ...) FFI_WASI_POOL(closure_##r##_##letters, 2, r, __VA_ARGS__)
/* clang-format off */
#define POOLS(r)                         \
  FFI_WASI_POOL_0(closure_##r##_, 8, r)  \
  ALL_1(POOL_1, r)                       \
  ALL_2(POOL_2, r)                       \
  ALL_3(POOL_3, r)                       \
  ALL_4(POOL_4, r)
/* clang-format on */

#define ENTRY(r, letters, ...) \
  {sizeof closure_##r##_##letters##_users / sizeof(void *), closure_##r##_##letters##_functions, closure_##r##_##letters##_users},
#define ENTRIES(r) {ENTRY(r, ) ALL_1(ENTRY, r) ALL_2(ENTRY, r) ALL_3(ENTRY, r) ALL_4(ENTRY, r)},

POOLS(d)
POOLS(f)
POOLS(i)
POOLS(l)
POOLS(v)

const ShortPool ffi_wasi_short_pools[5][SHORT_COUNT] FFI_HIDDEN = {ENTRIES(d) ENTRIES(f) ENTRIES(i) ENTRIES(l) ENTRIES(v)};
