/* SPDX-License-Identifier: MIT */
/* The types of 64-bit integers, and of long doubles, which are passed as two of them. Linking them opens the gates to calls and closures with such. */

#define FFI_TYPES_OF_ONE_KIND
#include "../types.c"

#include "internal.h"

FFI_TYPEDEF(uint64, UINT64, FFI_TYPE_UINT64, const);
FFI_TYPEDEF(sint64, SINT64, FFI_TYPE_SINT64, const);
FFI_TYPEDEF(longdouble, long double, FFI_TYPE_LONGDOUBLE, const);
FFI_COMPLEX_TYPEDEF(longdouble, long double, const);

const Gate ffi_wasi_gate_l = {ffi_wasi_pools_l, ffi_wasi_more_l, ffi_wasi_others_l, {NULL, NULL, NULL}};
const Gate ffi_wasi_gate_dl = {ffi_wasi_pools_dl, ffi_wasi_more_dl, NULL, {NULL, NULL, NULL}};
const Gate ffi_wasi_gate_fl = {ffi_wasi_pools_fl, ffi_wasi_more_fl, NULL, {NULL, NULL, NULL}};
const Gate ffi_wasi_gate_dfl = {ffi_wasi_pools_dfl, ffi_wasi_more_dfl, ffi_wasi_others_dfl, {NULL, NULL, NULL}};
const CallGate ffi_wasi_call_gate_l = {&ffi_wasi_calls_l, {NULL, NULL, NULL}};
const CallGate ffi_wasi_call_gate_dl = {&ffi_wasi_calls_dl, {NULL, NULL, NULL}};
const CallGate ffi_wasi_call_gate_fl = {&ffi_wasi_calls_fl, {NULL, NULL, NULL}};
const CallGate ffi_wasi_call_gate_dfl = {&ffi_wasi_calls_dfl, {NULL, NULL, NULL}};
