/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Linked into each program of upstream's suite: the time that a test takes is the time in which the runtime compiles all that libffi has. */
#include <ffi_wasi.h>

FFI_WASI_FEWER_CLOSURES
