"""The module `_ctypes_test` of the program that has CPython's _ctypes_test.c, whose functions libffi's dlsym finds.

CPython knows no module of this name in such a program. So this one asks the C file for its definition, and takes over what it makes.
"""

import ctypes
import importlib.machinery
import sys

__file__ = None  # the tests load it as a library: CDLL(None) is the program

_program = ctypes.PyDLL(None)
_program.PyInit__ctypes_test.restype = ctypes.c_void_p
_program.PyModule_FromDefAndSpec2.restype = ctypes.py_object
_program.PyModule_FromDefAndSpec2.argtypes = ctypes.c_void_p, ctypes.py_object, ctypes.c_int
_program.PyModule_ExecDef.argtypes = ctypes.py_object, ctypes.c_void_p
_definition = _program.PyInit__ctypes_test()
_module = _program.PyModule_FromDefAndSpec2(_definition, importlib.machinery.ModuleSpec(__name__, None), sys.api_version)
if _program.PyModule_ExecDef(_module, _definition) != 0:
    raise ImportError("_ctypes_test.c does not begin")
globals().update({name: value for name, value in vars(_module).items() if not name.startswith("__")})
