"""Prints C source that registers symbols with libffi's dlsym (ffi_wasi_dl.h): a static program has no others that ctypes could find.

    symbols.py api CHECKOUT            CPython's API, for `ctypes.pythonapi`: its stable ABI, and what test_ctypes reads beside it
    symbols.py library SOURCE NAME…    the names of the C file SOURCE, which is taken in whole: CPython's _ctypes_test.c, for test_ctypes
"""

import pathlib
import sys
import tomllib

BESIDE = ["Py_OptimizeFlag", "_PyImport_FrozenBootstrap", "_PyImport_FrozenStdlib", "_PyImport_FrozenTest"]

# What the functions of _ctypes_test.c need beyond the calls that libffi carries.
SIGNATURES = ["d, d, d, d, d, i", "i, i, i, i, f, d, l", "i, i, i, i, i, f, l, l"]


def table(symbols):
    lines = ["static const struct ffi_wasi_symbol symbols[] = {"]
    for name, condition in symbols:
        line = f"    FFI_WASI_SYMBOL({name}),"
        lines.append(f"#ifdef {condition}\n{line}\n#endif" if condition else line)
    return "\n".join([*lines, "    {0}};", "FFI_WASI_SYMBOLS(symbols)"])


def api(checkout):
    abi = tomllib.loads((pathlib.Path(checkout) / "Misc" / "stable_abi.toml").read_text(encoding="utf-8"))
    entries = abi["function"] | abi["data"]
    symbols = [(name, entry.get("ifdef")) for name, entry in entries.items() if not entry.get("abi_only")]
    symbols += [(name, None) for name in BESIDE if name not in entries]
    return "\n".join([
        '#pragma clang diagnostic ignored "-Wdeprecated-declarations"',
        "#include <Python.h>",
        '#include "internal/pycore_import.h"',
        "#include <ffi_wasi_dl.h>",
        table(symbols),
    ])


def library(source, *names):
    return "\n".join([
        "#undef Py_BUILD_CORE // the file defines it itself",
        f'#include "{source}"',
        "#include <ffi_wasi.h>",
        "#include <ffi_wasi_dl.h>",
        *(f"FFI_WASI_CALL({letters})" for letters in SIGNATURES),
        table([(name, None) for name in names]),
    ])


print({"api": api, "library": library}[sys.argv[1]](*sys.argv[2:]))
