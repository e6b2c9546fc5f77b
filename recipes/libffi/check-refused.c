/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What is not covered says so when it is prepared. */
#include <ffi.h>
#include <ffi_wasi.h>
#include <stdio.h>

static void handler(ffi_cif *cif, void *result, void **v, void *data) { (void)cif, (void)result, (void)v, (void)data; }
static void function(void) {}

int main(void) {
  ffi_cif cif;
  char letters[80];
  ffi_type *mixed[] = {&ffi_type_float, &ffi_type_double, &ffi_type_float, &ffi_type_double, &ffi_type_sint64};
  printf("calls: %d\n", ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 5, &ffi_type_void, mixed));
  printf("letters: %d %s\n", ffi_wasi_signature(letters, sizeof letters, &ffi_type_void, 5, 5, mixed), letters);
  printf("no room for the letters: %d\n", ffi_wasi_signature(letters, 5, &ffi_type_void, 5, 5, mixed));

  /* A call that is covered, and no closure that is. */
  ffi_type *two_wide[] = {&ffi_type_sint, &ffi_type_double, &ffi_type_sint, &ffi_type_sint64, &ffi_type_sint};
  void *code;
  ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
  printf("call: %d", ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 5, &ffi_type_void, two_wide));
  printf(", closure: %d\n", ffi_prep_closure_loc(closure, &cif, handler, NULL, code));

  printf("Emscripten's ABI: %d\n", ffi_prep_cif(&cif, FFI_WASM32_EMSCRIPTEN, 0, &ffi_type_void, NULL));
  printf("no ABI: %d\n", ffi_prep_cif(&cif, 99, 0, &ffi_type_void, NULL));
  ffi_type *nothing[] = {&ffi_type_void};
  printf("void as a parameter: %d\n", ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_void, nothing));
  ffi_type wide = {16, 16, FFI_TYPE_SINT128, NULL};
  printf("__int128: %d\n", ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &wide, NULL));
  ffi_type unknown = {4, 4, 77, NULL};
  printf("no type: %d\n", ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &unknown, NULL));
  ffi_type *no_members[] = {NULL};
  ffi_type empty = {0, 0, FFI_TYPE_STRUCT, no_members};
  printf("empty struct of C: %d\n", ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &empty, NULL));
  ffi_type *inner[] = {&wide, NULL};
  ffi_type outer = {0, 0, FFI_TYPE_STRUCT, inner};
  printf("__int128 in a struct: %d\n", ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &outer, NULL));
  ffi_type *lanes[] = {&ffi_type_float, &ffi_type_float, &ffi_type_float, &ffi_type_float, NULL};
  ffi_type vector = {0, 0, FFI_TYPE_VECTOR, lanes}, *vectors[] = {&vector};
  printf("a vector: %d", ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_void, vectors));
  printf(", as the result: %d", ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &vector, NULL));
  ffi_type *holding[] = {&vector, NULL};
  ffi_type holder = {0, 0, FFI_TYPE_STRUCT, holding}, *holders[] = {&holder};
  printf(", in a struct: %d\n", ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_void, holders));
  ffi_type *variadic[] = {&ffi_type_sint, &ffi_type_float};
  printf("variadic float: %d\n", ffi_prep_cif_var(&cif, FFI_DEFAULT_ABI, 1, 2, &ffi_type_void, variadic));
  if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 0, &ffi_type_void, NULL) == FFI_OK) ffi_call(&cif, function, NULL, NULL);

  /* An empty class of C++ has a size, and is not passed. */
  ffi_type class = {1, 1, FFI_TYPE_STRUCT, no_members};
  ffi_type *with_class[] = {&ffi_type_sint, &class, &ffi_type_double};
  ffi_wasi_signature(letters, sizeof letters, &class, 3, 3, with_class);
  printf("empty class of C++: %s\n", letters);
}
