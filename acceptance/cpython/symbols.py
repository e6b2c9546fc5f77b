"""Prints C source that takes in a C file whole and registers its functions with libffi's dlsym (ffi_wasi_dl.h): symbols.py SOURCE NAME…

For CPython's _ctypes_test.c, which test_ctypes loads as a library elsewhere. libffi finds the C library and CPython's API itself.
"""

import sys

# What the functions of _ctypes_test.c need beyond the calls that libffi carries.
SIGNATURES = ["d, d, d, d, d, i", "i, i, i, i, f, d, l", "i, i, i, i, i, f, l, l"]

source, *names = sys.argv[1:]
print("#undef Py_BUILD_CORE // the file defines it itself")
print(f'#include "{source}"')
print("#include <ffi_wasi.h>")
print("#include <ffi_wasi_dl.h>")
for letters in SIGNATURES:
    print(f"FFI_WASI_CALL({letters})")
# At run time: the address of a thread-local variable is no constant.
print(f"static struct ffi_wasi_symbol symbols[{len(names) + 1}];")
print("static __attribute__((constructor)) void add(void) {")
for index, name in enumerate(names):
    print(f"    symbols[{index}] = (struct ffi_wasi_symbol)FFI_WASI_SYMBOL({name});")
print("    ffi_wasi_add_symbols(symbols);")
print("}")
