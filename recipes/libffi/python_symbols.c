/* SPDX-License-Identifier: MIT */
/* CPython's stable ABI, for dlsym in dl.c: what ctypes.pythonapi looks up. All are weak, so that a program without CPython has only their
 * names (26 kB, if it calls dlsym), and one with it what its version has. */
#define TABLE ffi_wasi_python_symbols
#define LIST "python_symbols.h"
#include "symbol_table.h"
