/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* dlsym of a program that wants none of libffi's tables: it finds what is registered, and nothing else. */
#include <dlfcn.h>
#include <ffi_wasi_dl.h>
#include <stdio.h>

FFI_WASI_ONLY_OWN_SYMBOLS

static int answer = 42;
static const struct ffi_wasi_symbol symbols[] = {FFI_WASI_SYMBOL(answer), {0}};
FFI_WASI_SYMBOLS(symbols)

int main(void) {
  void *program = dlopen(NULL, RTLD_NOW);
  printf("registered: %d\n", *(int *)dlsym(program, "answer"));
  printf("of the C library: %s\n", dlsym(program, "strlen") == NULL ? dlerror() : "found");
}
