/* SPDX-License-Identifier: MIT */
/* Calls with five to eight parameters: integers, with up to two of another type among them. */

#include "combine.h"
#include "internal.h"

#define DEFINE(x, letters, ...) FFI_WASI_THUNK(call_##letters, __VA_ARGS__)
#define ENTRY(x, letters, ...) {#letters, call_##letters},

WIDE_5(DEFINE, )
WIDE_6(DEFINE, )
WIDE_7(DEFINE, )
WIDE_8(DEFINE, )

const CallEntry ffi_wasi_long_calls[] FFI_HIDDEN = {WIDE_5(ENTRY, ) WIDE_6(ENTRY, ) WIDE_7(ENTRY, ) WIDE_8(ENTRY, )};

/* Where the signatures of 5, 6, 7 and 8 parameters begin, and the end. */
enum { AT_6 = WIDE_COUNT(5), AT_7 = AT_6 + WIDE_COUNT(6), AT_8 = AT_7 + WIDE_COUNT(7), AT_END = AT_8 + WIDE_COUNT(8) };
const uint16_t ffi_wasi_long_starts[LONG_PARAMETERS - SHORT_PARAMETERS + 1] FFI_HIDDEN = {0, AT_6, AT_7, AT_8, AT_END};
_Static_assert(sizeof ffi_wasi_long_calls == AT_END * sizeof *ffi_wasi_long_calls, "the list is as long as its starts say");
