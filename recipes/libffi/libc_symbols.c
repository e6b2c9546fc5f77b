/* SPDX-License-Identifier: MIT */
/* The functions and variables of the C library, for dlsym in dl.c. With what they link, they add 336 kB to a
 * program that calls dlsym, and nothing to another. FFI_WASI_ONLY_OWN_SYMBOLS in ffi_wasi_dl.h leaves them out. */
#define TABLE ffi_wasi_libc_symbols
#define LIST "libc_symbols.h"
#include "symbol_table.h"
