/* SPDX-License-Identifier: MIT */
/* Calls with up to four parameters: all 341 signatures over d, f, i, l, each with five results. */

#include "combine.h"
#include "internal.h"

FFI_WASI_CODE void call_(unsigned result, void (*fn)(void), ffi_wasi_value *to, const ffi_wasi_value *arguments) {
  (void)arguments;
  FFI_WASI_CASES((void), ())
}

#define DEFINE(x, letters, ...) FFI_WASI_THUNK(call_##letters, __VA_ARGS__)
#define NAME(x, letters, ...) call_##letters,

ALL_1(DEFINE, )
ALL_2(DEFINE, )
ALL_3(DEFINE, )
ALL_4(DEFINE, )

const ffi_wasi_thunk ffi_wasi_short_thunks[SHORT_COUNT] FFI_HIDDEN = {call_, ALL_1(NAME, ) ALL_2(NAME, ) ALL_3(NAME, ) ALL_4(NAME, )};
