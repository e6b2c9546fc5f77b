/* SPDX-License-Identifier: MIT */
/* The types of floats. Linking them opens the gates to calls and closures with floats. */

#define FFI_TYPES_OF_ONE_KIND
#include "../types.c"

#include "internal.h"

FFI_TYPEDEF(float, float, FFI_TYPE_FLOAT, const);
FFI_COMPLEX_TYPEDEF(float, float, const);

#pragma weak ffi_wasi_gate_fl
#pragma weak ffi_wasi_gate_dfl
#pragma weak ffi_wasi_call_gate_fl
#pragma weak ffi_wasi_call_gate_dfl
const Gate ffi_wasi_gate_f = {ffi_wasi_pools_f, ffi_wasi_more_f, ffi_wasi_others_f, {NULL, NULL, &ffi_wasi_gate_fl}};
const Gate ffi_wasi_gate_df = {ffi_wasi_pools_df, ffi_wasi_more_df, ffi_wasi_others_df, {NULL, NULL, &ffi_wasi_gate_dfl}};
const CallGate ffi_wasi_call_gate_f = {&ffi_wasi_calls_f, {NULL, NULL, &ffi_wasi_call_gate_fl}};
const CallGate ffi_wasi_call_gate_df = {&ffi_wasi_calls_df, {NULL, NULL, &ffi_wasi_call_gate_dfl}};
