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
print("static const struct ffi_wasi_symbol symbols[] = {")
for name in names:
    print(f"    FFI_WASI_SYMBOL({name}),")
print("    {0}};")
print("FFI_WASI_SYMBOLS(symbols)")
