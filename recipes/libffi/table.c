/* SPDX-License-Identifier: MIT */
/* The table of functions that C's function pointers are indexes of.
 *
 * C has no words for it, so these are in assembly. Only here are reference types switched on: elsewhere they would make each
 * indirect call four bytes longer. */

#include "internal.h"

#define REFERENCE_TYPES __attribute__((target("reference-types")))

__asm__(".tabletype __indirect_function_table, funcref");

REFERENCE_TYPES int ffi_wasi_table_grow(unsigned by) {
  int first;
  __asm__ volatile("ref.null_func\n\t"
                   "local.get %1\n\t"
                   "table.grow __indirect_function_table\n\t"
                   "local.set %0"
                   : "=r"(first)
                   : "r"(by));
  return first;
}

REFERENCE_TYPES void ffi_wasi_table_copy(unsigned to, unsigned from) {
  __asm__ volatile("local.get %0\n\t"
                   "local.get %1\n\t"
                   "table.get __indirect_function_table\n\t"
                   "table.set __indirect_function_table"
                   :
                   : "r"(to), "r"(from));
}

REFERENCE_TYPES void ffi_wasi_table_clear(unsigned slot) {
  __asm__ volatile("local.get %0\n\t"
                   "ref.null_func\n\t"
                   "table.set __indirect_function_table"
                   :
                   : "r"(slot));
}
