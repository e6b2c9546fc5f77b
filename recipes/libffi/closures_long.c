/* SPDX-License-Identifier: MIT */
/* Closures with five to eight parameters: integers, with at most one of another type among them, for each result. */

#include "combine.h"
#include "internal.h"

#define DEFINE(r, letters, ...) FFI_WASI_POOL(closure_##r##_##letters, 2, r, __VA_ARGS__)
#define ENTRY(r, letters, ...) {#r #letters, 2, closure_##r##_##letters##_functions, closure_##r##_##letters##_users, NULL},
#define FAMILY(m, r) ONE_5(m, r) ONE_6(m, r) ONE_7(m, r) ONE_8(m, r)

FAMILY(DEFINE, d)
FAMILY(DEFINE, f)
FAMILY(DEFINE, i)
FAMILY(DEFINE, l)
FAMILY(DEFINE, v)

const struct ffi_wasi_pool ffi_wasi_long_pools[] FFI_HIDDEN = {
    FAMILY(ENTRY, d) FAMILY(ENTRY, f) FAMILY(ENTRY, i) FAMILY(ENTRY, l) FAMILY(ENTRY, v){NULL, 0, NULL, NULL, NULL},
};
