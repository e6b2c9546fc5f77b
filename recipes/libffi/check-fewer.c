/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A program that asks for fewer closures, adds some of its own, and shows itself why there are no more. */
#include <ffi.h>
#include <ffi_wasi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

FFI_WASI_FEWER_CLOSURES
FFI_WASI_CLOSURES(128, i, i, i)
FFI_WASI_CLOSURES(2, i)
FFI_WASI_CLOSURES(4, v, i, i, i, i, i, i, i, i, i)

#define CHECK(x) ((x) ? (void)0 : (printf("failed: %s\n", #x), exit(1)))

/* In place of libffi's, which writes to stderr. */
static int shown;
void ffi_wasi_closure_failed(const char *message) {
  CHECK(message == ffi_wasi_closure_error());
  shown++;
  puts(message);
}

static void answer(ffi_cif *cif, void *result, void **v, void *data) {
  (void)v;
  if (cif->rtype != &ffi_type_void) *(ffi_arg *)result = (ffi_arg)data;
}

/* Makes all closures of a signature; those that return something must return their number. */
static int fill(unsigned count, ffi_type *result, ffi_type **types, ffi_status expected) {
  static ffi_closure *closures[1000];
  static ffi_cif cif;
  void *codes[1000];
  int made = 0;
  CHECK(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, count, result, types) == FFI_OK);
  for (; made < 1000; made++) {
    closures[made] = ffi_closure_alloc(sizeof(ffi_closure), &codes[made]);
    ffi_status status = ffi_prep_closure_loc(closures[made], &cif, answer, (void *)made, codes[made]);
    if (status == FFI_OK) continue;
    CHECK(status == expected);
    /* Again, and it is not shown a second time. */
    int before = shown;
    CHECK(ffi_prep_closure_loc(closures[made], &cif, answer, NULL, codes[made]) == expected);
    CHECK(shown == before);
    ffi_closure_free(closures[made]);
    break;
  }
  for (int i = 0; i < made; i++) {
    if (count == 0) CHECK(((int (*)(void))codes[i])() == i);
    if (count == 2) CHECK(((int (*)(int, int))codes[i])(1, 2) == i);
    ffi_closure_free(closures[i]);
  }
  return made;
}

int main(void) {
  ffi_type *ints[9];
  for (int i = 0; i < 9; i++) ints[i] = &ffi_type_sint;
  CHECK(strcmp(ffi_wasi_closure_error(), "") == 0);
  printf("%d\n", fill(0, &ffi_type_sint, NULL, FFI_BAD_ABI));
  printf("%d\n", fill(2, &ffi_type_sint, ints, FFI_BAD_ABI));
  printf("%d\n", fill(9, &ffi_type_void, ints, FFI_BAD_ABI));
  /* A type of the program's own: nothing here uses ffi_type_double, so the linker left out the closures that have one. */
  ffi_type number = {sizeof(double), _Alignof(double), FFI_TYPE_DOUBLE, NULL}, *numbers[] = {&number};
  printf("%d\n", fill(1, &number, numbers, FFI_BAD_TYPEDEF));
  printf("%d\n", fill(1, &ffi_type_uint64, (ffi_type *[]){&ffi_type_sint64}, FFI_BAD_ABI));
}
