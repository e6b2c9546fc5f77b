/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Closures until there are no more of a signature: an error when it is prepared, and room again after one is freed. */
#include <ffi.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(x) ((x) ? (void)0 : (printf("failed: %s\n", #x), exit(1)))

static void answer(ffi_cif *cif, void *result, void **v, void *data) {
  (void)cif, (void)v;
  *(ffi_arg *)result = (ffi_arg)data;
}

/* As many closures as there are of one signature; prints nothing that depends on how many. */
static int fill(ffi_cif *cif, ffi_closure **closures, int (**functions)(long long, long long, long long, long long), int most) {
  int made = 0;
  for (; made < most; made++) {
    void *code;
    closures[made] = ffi_closure_alloc(sizeof(ffi_closure), &code);
    CHECK(closures[made] != NULL);
    ffi_status status = ffi_prep_closure_loc(closures[made], cif, answer, (void *)made, code);
    if (status != FFI_OK) {
      CHECK(status == FFI_BAD_ABI);
      ffi_closure_free(closures[made]);
      break;
    }
    functions[made] = (int (*)(long long, long long, long long, long long))code;
  }
  return made;
}

int main(void) {
  enum { MOST = 600 };
  ffi_cif cif, other;
  ffi_closure *closures[MOST];
  int (*functions[MOST])(long long, long long, long long, long long);
  ffi_type *types[] = {&ffi_type_sint64, &ffi_type_sint64, &ffi_type_sint64, &ffi_type_sint64};
  CHECK(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 4, &ffi_type_sint, types) == FFI_OK);
  CHECK(ffi_prep_cif(&other, FFI_DEFAULT_ABI, 1, &ffi_type_sint, types) == FFI_OK);

  int made = fill(&cif, closures, functions, MOST);
  printf("exhausted: %s\n", made > 0 && made < MOST ? "yes" : "no");
  for (int i = 0; i < made; i++) CHECK(functions[i](1, 2, 3, 4) == i);

  /* Others are not concerned. */
  void *code;
  ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
  CHECK(ffi_prep_closure_loc(closure, &other, answer, (void *)99, code) == FFI_OK);
  CHECK(((int (*)(long long))code)(0) == 99);
  /* This one has the other signature now, and its function is given back. */
  CHECK(ffi_prep_closure_loc(closure, &cif, answer, NULL, code) == FFI_BAD_ABI);
  ffi_closure_free(closure);

  /* Room again: over and over, in every order. */
  for (int round = 0; round < 1000; round++) {
    int victim = round * 7 % made;
    ffi_closure_free(closures[victim]);
    closures[victim] = ffi_closure_alloc(sizeof(ffi_closure), &code);
    CHECK(closures[victim] != NULL);
    CHECK(ffi_prep_closure_loc(closures[victim], &cif, answer, (void *)(round + 1000), code) == FFI_OK);
    CHECK(((int (*)(long long, long long, long long, long long))code)(1, 2, 3, 4) == round + 1000);
  }
  for (int i = 0; i < made; i++) ffi_closure_free(closures[i]);
  int again = fill(&cif, closures, functions, MOST);
  printf("the same number again: %s\n", again == made ? "yes" : "no");

  /* What is not from ffi_closure_alloc is refused. */
  static ffi_closure own;
  CHECK(ffi_prep_closure_loc(&own, &cif, answer, NULL, &own) == FFI_BAD_ABI);
  CHECK(ffi_closure_alloc(sizeof own, NULL) == NULL);
  ffi_closure_free(NULL);
  puts("done");
}
