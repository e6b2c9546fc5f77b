/* SPDX-License-Identifier: MIT */
/* dlopen and dlsym of a static program.
 *
 * Under WASI a program is one module: nothing can be loaded, and wasi-libc's dlopen always fails. With libffi's pkg-config module
 * linked, dlopen(NULL) opens the program itself (CPython's ctypes does that when it is imported). dlsym finds the functions and
 * variables of the C library, CPython's stable ABI in a program that has it, and what the program registers:
 *
 *     #include <ffi_wasi_dl.h>
 *     static const struct ffi_wasi_symbol symbols[] = {FFI_WASI_SYMBOL(my_function), FFI_WASI_SYMBOL(my_variable), {0}};
 *     FFI_WASI_SYMBOLS(symbols)      // at file scope; before main. Or, at any time: ffi_wasi_add_symbols(symbols);
 *
 * dlopen of anything else fails, and dlerror says why. A program that is linked with -lffi alone keeps wasi-libc's functions. */

#ifndef FFI_WASI_DL_H
#define FFI_WASI_DL_H

#ifdef __cplusplus
extern "C" {
#endif

struct ffi_wasi_symbol {
  const char *name;
  void *address; /* of a variable, or a function pointer; null is not found */
};

#define FFI_WASI_SYMBOL(name) {#name, (void *)&name}

/* Makes dlsym find the symbols of a list that ends with one without name. What was added last is found first, and before libffi's own
 * tables. At most 64 lists; returns 0, or -1 when there are that many. The list stays the caller's and must not be freed. */
int ffi_wasi_add_symbols(const struct ffi_wasi_symbol *symbols);

#define FFI_WASI_SYMBOLS(list) \
  static __attribute__((constructor)) void ffi_wasi_symbols_of_##list(void) { ffi_wasi_add_symbols(list); }

/* libffi's own tables. The linker takes them for a program that calls dlsym, unless one of its files has, at file scope, the line
 *
 *     FFI_WASI_ONLY_OWN_SYMBOLS
 *
 * Then dlsym finds only what is registered, and the program is smaller by most of the C library. */
extern const struct ffi_wasi_symbol ffi_wasi_libc_symbols[], ffi_wasi_python_symbols[];

#define FFI_WASI_ONLY_OWN_SYMBOLS const struct ffi_wasi_symbol ffi_wasi_libc_symbols[1] = {{0, 0}}, ffi_wasi_python_symbols[1] = {{0, 0}};

#ifdef __cplusplus
}
#endif

#endif
