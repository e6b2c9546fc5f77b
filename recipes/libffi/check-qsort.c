/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A closure sorts: the C library calls back, with the order as the closure's data. */
#include <ffi.h>
#include <stdio.h>
#include <stdlib.h>

static void compare(ffi_cif *cif, void *result, void **arguments, void *data) {
  (void)cif;
  int a = **(int **)arguments[0], b = **(int **)arguments[1];
  *(ffi_arg *)result = (ffi_arg)(((a > b) - (a < b)) * *(int *)data);
}

static void sort_by(int direction) {
  ffi_cif cif;
  ffi_type *types[] = {&ffi_type_pointer, &ffi_type_pointer};
  int numbers[] = {5, -3, 12, 7, 0, 2147483647, -2147483647};
  void *code;
  ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
  if (closure == NULL || ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint, types) != FFI_OK ||
      ffi_prep_closure_loc(closure, &cif, compare, &direction, code) != FFI_OK)
    abort();
  qsort(numbers, 7, sizeof *numbers, (int (*)(const void *, const void *))code);
  for (int i = 0; i < 7; i++) printf("%d%c", numbers[i], i < 6 ? ' ' : '\n');
  ffi_closure_free(closure);
}

int main(void) {
  sort_by(1);
  sort_by(-1);
}
