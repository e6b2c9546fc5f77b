/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Signatures that the program adds: calls and closures that libffi does not have. */
#include <ffi.h>
#include <ffi_wasi.h>
#include <stdio.h>
#include <stdlib.h>

FFI_WASI_CALL(f, d, f, d, l)
FFI_WASI_CLOSURES(4, d, f, d, f, d, l)

static double add(float a, double b, float c, double d, long long e) { return (double)a + b + (double)c + d + (double)e; }

static void add_closure(ffi_cif *cif, void *result, void **v, void *data) {
  (void)cif;
  *(double *)result =
      (double)*(float *)v[0] + *(double *)v[1] + (double)*(float *)v[2] + *(double *)v[3] + (double)*(long long *)v[4] + *(double *)data;
}

#define CHECK(x) ((x) ? (void)0 : (printf("failed: %s\n", #x), exit(1)))

int main(void) {
  ffi_cif cif;
  ffi_type *types[] = {&ffi_type_float, &ffi_type_double, &ffi_type_float, &ffi_type_double, &ffi_type_sint64};
  float a = 0.5f, c = 2;
  double b = 0.25, d = 4, result, more = 100;
  long long e = 8;
  void *values[] = {&a, &b, &c, &d, &e};
  CHECK(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 5, &ffi_type_double, types) == FFI_OK);
  ffi_call(&cif, (void (*)(void))add, &result, values);
  printf("%g\n", result);
  for (int i = 0; i < 5; i++) {
    void *code;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    ffi_status status = ffi_prep_closure_loc(closure, &cif, add_closure, &more, code);
    if (status == FFI_OK) printf("%g\n", ((double (*)(float, double, float, double, long long))code)(a, b, c, d, e));
    else printf("status %d\n", status);
  }
}
