/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* dlopen and dlsym of the program itself, with libdl.a named before libffi, as CPython does. */
#include <dlfcn.h>
#include <ffi.h>
#include <ffi_wasi_dl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int mine(void) { return 7; }

static int answer = 42;
static const struct ffi_wasi_symbol symbols[] = {{"rand", (void *)mine}, FFI_WASI_SYMBOL(answer), {0}};
FFI_WASI_SYMBOLS(symbols)

static const struct ffi_wasi_symbol later[] = {{"answer", (void *)mine}, {0}};

int main(void) {
  void *program = dlopen(NULL, RTLD_NOW);
  printf("dlopen(NULL): %s\n", program != NULL ? "ok" : dlerror());
  printf("a variable: %d\n", *(int *)dlsym(program, "answer"));

  const char *text = "seven..";
  ffi_cif cif;
  ffi_type *types[] = {&ffi_type_pointer};
  void *values[] = {&text};
  ffi_arg length;
  if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_ulong, types) != FFI_OK) return 1;
  ffi_call(&cif, FFI_FN(dlsym(RTLD_DEFAULT, "strlen")), &length, values);
  printf("a function: %lu\n", length);

  printf("registered, and of the C library: %d\n", ((int (*)(void))dlsym(program, "rand"))());
  ffi_wasi_add_symbols(later);
  printf("the last one added: %d\n", ((int (*)(void))dlsym(program, "answer"))());
  printf("missing: %s\n", dlsym(program, "Py_GetVersion") == NULL ? dlerror() : "found");
  printf("told once: %s\n", dlerror() == NULL ? "yes" : "no");
  printf("a library: %s\n", dlopen("x.so", RTLD_NOW) == NULL ? dlerror() : "opened");
  printf("no handle: %s\n", dlsym(&answer, "answer") == NULL ? dlerror() : "found");
  printf("closed: %d %d\n", dlclose(program), dlclose(&answer));
}
