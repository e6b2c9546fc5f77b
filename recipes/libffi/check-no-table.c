/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Closures in a program without instructions that change the function table, as it must be to be pre-initialised. */
#include <ffi.h>
#include <ffi_wasi.h>
#include <stdio.h>
#include <stdlib.h>

FFI_WASI_NO_TABLE

#define CHECK(x) ((x) ? (void)0 : (printf("failed: %s\n", #x), exit(1)))

void ffi_wasi_closure_failed(const char *message) { puts(message); }

static void answer(ffi_cif *cif, void *result, void **v, void *data) {
  (void)cif;
  *(ffi_arg *)result = *(int *)v[0] + (ffi_arg)data;
}

int main(void) {
  enum { MOST = 600 };
  static ffi_closure *closures[MOST];
  static int (*functions[MOST])(int);
  ffi_cif cif, other, same;
  ffi_type *types[] = {&ffi_type_sint, &ffi_type_sint};
  void *code;
  int made = 0;
  CHECK(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types) == FFI_OK);
  CHECK(ffi_prep_cif(&same, FFI_DEFAULT_ABI, 1, &ffi_type_uint, types) == FFI_OK);
  CHECK(ffi_prep_cif(&other, FFI_DEFAULT_ABI, 2, &ffi_type_sint, types) == FFI_OK);
  CHECK(ffi_closure_alloc(sizeof(ffi_closure), &code) == NULL);

  for (; made < MOST; made++) {
    closures[made] = ffi_wasi_closure_alloc(sizeof(ffi_closure), &cif, &code);
    if (closures[made] == NULL) break;
    functions[made] = (int (*)(int))code;
    CHECK(ffi_prep_closure_loc(closures[made], made % 2 ? &same : &cif, answer, (void *)(1000 * made), code) == FFI_OK);
  }
  printf("%d\n", made);
  for (int i = 0; i < made; i++) CHECK(functions[i](i) == 1001 * i);

  /* Its code pointer can't get another signature, and is the closure's own. */
  CHECK(ffi_prep_closure_loc(closures[0], &other, answer, NULL, (void *)functions[0]) == FFI_BAD_ABI);
  CHECK(ffi_prep_closure_loc(closures[0], &cif, answer, NULL, (void *)functions[1]) == FFI_BAD_ABI);
  CHECK(functions[0](5) == 5);

  /* The function of a freed closure is the next one's. */
  ffi_closure_free(closures[7]);
  closures[7] = ffi_wasi_closure_alloc(sizeof(ffi_closure), &cif, &code);
  CHECK(closures[7] != NULL && code == (void *)functions[7]);
  CHECK(ffi_prep_closure_loc(closures[7], &cif, answer, (void *)7, code) == FFI_OK);
  CHECK(functions[7](7) == 14);
  for (int i = 0; i < made; i++) ffi_closure_free(closures[i]);
  puts("done");
}
