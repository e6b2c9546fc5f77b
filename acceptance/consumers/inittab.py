"""Prints C source that makes the extension modules named as arguments builtin ones, before CPython begins.

The import system looks builtin modules up by their whole names: `lxml.etree` is one, although `lxml` is a folder of Python files.
"""

import sys

print("#include <Python.h>")
for name in sys.argv[1:]:
    print(f"PyMODINIT_FUNC PyInit_{name.rpartition('.')[2]}(void);")
print("static __attribute__((constructor)) void add(void) {")
for name in sys.argv[1:]:
    print(f'    PyImport_AppendInittab("{name}", PyInit_{name.rpartition(".")[2]});')
print("}")
