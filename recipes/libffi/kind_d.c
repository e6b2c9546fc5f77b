/* SPDX-License-Identifier: MIT */
/* The types of doubles. Linking them opens the gates to calls and closures with doubles. */

#define FFI_TYPES_OF_ONE_KIND
#include "../types.c"

#include "internal.h"

FFI_TYPEDEF(double, double, FFI_TYPE_DOUBLE, const);
FFI_COMPLEX_TYPEDEF(double, double, const);

#pragma weak ffi_wasi_gate_df
#pragma weak ffi_wasi_gate_dl
#pragma weak ffi_wasi_call_gate_df
#pragma weak ffi_wasi_call_gate_dl
const Gate ffi_wasi_gate_d = {ffi_wasi_pools_d, ffi_wasi_more_d, ffi_wasi_others_d, {NULL, &ffi_wasi_gate_df, &ffi_wasi_gate_dl}};
const CallGate ffi_wasi_call_gate_d = {&ffi_wasi_calls_d, {NULL, &ffi_wasi_call_gate_df, &ffi_wasi_call_gate_dl}};
