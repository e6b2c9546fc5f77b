"""Calls C functions of the program through ctypes, in the WASI Python as CPython links it: nothing was registered for this script.

Prints how many functions of the C library and of CPython's API it called. A result that differs from Python's own is an error.
"""

import ctypes
import math
import os
import sys
from ctypes import c_char_p, c_double, c_float, c_int, c_longdouble, c_longlong, c_size_t, c_void_p, c_wchar_p, py_object

libc, api = ctypes.CDLL(None), ctypes.pythonapi
called = {"libc": set(), "pythonapi": set()}


def call(name, result, *typed):
    """Calls a function of the C library; its arguments are pairs of type and value."""
    called["libc"].add(name)
    function = libc[name]
    function.restype = result
    function.argtypes = [type_ for type_, _ in typed]
    return function(*[value for _, value in typed])


def python(name, result, *typed):
    called["pythonapi"].add(name)
    function = ctypes.PYFUNCTYPE(result, *[type_ for type_, _ in typed])((name, api))
    return function(*[value for _, value in typed])


def same(name, found, expected):
    if found != expected:
        sys.exit(f"{name}: {found!r}, not {expected!r}")


def strings():
    text = b"ctypes on WASI"
    same("strlen without types", libc.strlen(b"x"), 1)
    same("strlen", call("strlen", c_size_t, (c_char_p, text)), len(text))
    same("strnlen", call("strnlen", c_size_t, (c_char_p, text), (c_size_t, 6)), 6)
    same("strcmp", call("strcmp", c_int, (c_char_p, text), (c_char_p, text)), 0)
    same("strncmp", call("strncmp", c_int, (c_char_p, b"abc"), (c_char_p, b"abd"), (c_size_t, 2)), 0)
    same("strcasecmp", call("strcasecmp", c_int, (c_char_p, b"WASI"), (c_char_p, b"wasi")), 0)
    same("strchr", call("strchr", c_char_p, (c_char_p, text), (c_int, ord("W"))), b"WASI")
    same("strrchr", call("strrchr", c_char_p, (c_char_p, text), (c_int, ord("s"))), b"s on WASI")
    same("strstr", call("strstr", c_char_p, (c_char_p, text), (c_char_p, b"on")), b"on WASI")
    same("strspn", call("strspn", c_size_t, (c_char_p, text), (c_char_p, b"cty")), 3)
    same("strcspn", call("strcspn", c_size_t, (c_char_p, text), (c_char_p, b" ")), 6)
    same("strpbrk", call("strpbrk", c_char_p, (c_char_p, text), (c_char_p, b"WI")), b"WASI")
    same("memcmp", call("memcmp", c_int, (c_char_p, text), (c_char_p, text), (c_size_t, 5)), 0)
    same("memchr", call("memchr", c_char_p, (c_char_p, text), (c_int, ord("y")), (c_size_t, 9)), text[2:])
    buffer = ctypes.create_string_buffer(32)
    call("strcpy", c_char_p, (c_char_p, ctypes.cast(buffer, c_char_p)), (c_char_p, b"one"))
    same("strcat", call("strcat", c_char_p, (c_void_p, ctypes.addressof(buffer)), (c_char_p, b" two")), b"one two")
    call("memset", c_void_p, (c_void_p, ctypes.addressof(buffer)), (c_int, ord("-")), (c_size_t, 3))
    call("memcpy", c_void_p, (c_void_p, ctypes.addressof(buffer)), (c_char_p, b"+"), (c_size_t, 1))
    same("memset, memcpy", buffer.value, b"+-- two")
    same("wcslen", call("wcslen", c_size_t, (c_wchar_p, "wörter")), 6)
    same("toupper", call("toupper", c_int, (c_int, ord("q"))), ord("Q"))
    same("tolower", call("tolower", c_int, (c_int, ord("Q"))), ord("q"))
    same("isalpha", bool(call("isalpha", c_int, (c_int, ord("q")))), True)
    same("isdigit", bool(call("isdigit", c_int, (c_int, ord("q")))), False)
    same("iswupper", bool(call("iswupper", c_int, (c_int, ord("Ä")))), True)
    same("strerror", call("strerror", c_char_p, (c_int, 44)).decode(), os.strerror(44))


def numbers():
    same("atoi", call("atoi", c_int, (c_char_p, b"1234")), 1234)
    same("atof", call("atof", c_double, (c_char_p, b"2.5")), 2.5)
    same("strtol", call("strtol", ctypes.c_long, (c_char_p, b"ff"), (c_void_p, None), (c_int, 16)), 255)
    same("strtoull", call("strtoull", ctypes.c_ulonglong, (c_char_p, b"9" * 18), (c_void_p, None), (c_int, 10)), int("9" * 18))
    same("strtod", call("strtod", c_double, (c_char_p, b"1e-3"), (c_void_p, None)), 1e-3)
    same("abs", call("abs", c_int, (c_int, -5)), 5)
    same("llabs", call("llabs", c_longlong, (c_longlong, -(2**40))), 2**40)
    for name in ("sin", "cos", "tan", "atan", "exp", "log", "log10", "sqrt", "floor", "cbrt", "erf", "gamma", "fabs"):
        c = {"gamma": "tgamma"}.get(name, name)
        same(c, math.isclose(call(c, c_double, (c_double, 0.75)), getattr(math, name)(0.75), rel_tol=1e-14), True)
    same("pow", call("pow", c_double, (c_double, 2), (c_double, 10)), 1024.0)
    same("atan2", call("atan2", c_double, (c_double, 1), (c_double, 1)), math.atan2(1, 1))
    same("hypot", call("hypot", c_double, (c_double, 3), (c_double, 4)), 5.0)
    same("fmod", call("fmod", c_double, (c_double, 7), (c_double, 4)), 3.0)
    same("ldexp", call("ldexp", c_double, (c_double, 1.5), (c_int, 4)), 24.0)
    same("fma", call("fma", c_double, (c_double, 2), (c_double, 3), (c_double, 4)), 10.0)
    same("sqrtf", call("sqrtf", c_float, (c_float, 2.25)), 1.5)
    same("sqrtl", call("sqrtl", c_longdouble, (c_longdouble, 2.25)), 1.5)
    same("powl", call("powl", c_longdouble, (c_longdouble, 2), (c_longdouble, 3)), 8.0)


class Tm(ctypes.Structure):
    _fields_ = [(name, c_int) for name in "sec min hour mday mon year wday yday isdst gmtoff".split()] + [("zone", c_void_p), ("nsec", c_int)]


class Div(ctypes.Structure):
    _fields_ = [("quot", c_int), ("rem", c_int)]


def structures():
    quotient = call("div", Div, (c_int, 17), (c_int, 5))
    same("div", (quotient.quot, quotient.rem), (3, 2))
    time, tm = c_longlong(86400 * 365), Tm()
    call("gmtime_r", c_void_p, (ctypes.POINTER(c_longlong), ctypes.byref(time)), (ctypes.POINTER(Tm), ctypes.byref(tm)))
    same("gmtime_r", (tm.year, tm.mon, tm.mday), (71, 0, 1))


def callbacks():
    comparison = ctypes.CFUNCTYPE(c_int, ctypes.POINTER(c_int), ctypes.POINTER(c_int))
    compare = comparison(lambda a, b: a[0] - b[0])
    array = (c_int * 6)(5, 1, 33, 7, -2, 99)
    call("qsort", None, (c_void_p, ctypes.addressof(array)), (c_size_t, 6), (c_size_t, 4), (comparison, compare))
    same("qsort", list(array), sorted([5, 1, 33, 7, -2, 99]))
    wanted, size = c_int(33), ctypes.sizeof(c_int)
    found = call("bsearch", c_void_p, (c_void_p, ctypes.addressof(wanted)), (c_void_p, ctypes.addressof(array)), (c_size_t, 6),
                 (c_size_t, size), (comparison, compare))
    same("bsearch", (found - ctypes.addressof(array)) // size, 4)


def many_callbacks():
    """So many callbacks of one signature live at a time, and one more is an error and no crash."""
    for count, result, parameters in (
        (512, c_int, [c_int]),
        (512, c_int, [c_void_p, c_void_p]),
        (512, None, [c_int] * 6),
        (512, c_double, [c_double]),
        (64, c_longlong, [c_longlong, c_int]),
    ):
        kind = ctypes.CFUNCTYPE(result, *parameters)
        seen = []
        live = [kind(lambda *values, number=number: seen.append((number, *values)) or number) for number in range(count)]
        for number, callback in enumerate(live):
            found = callback(*range(len(parameters)))
            same(f"callback {number} of {count}", found, None if result is None else number)
        same("the callbacks' arguments", [number for number, *_ in seen], list(range(count)))
        more = []
        try:
            while len(more) < 1024:
                more.append(kind(lambda *values: 0))
        except (MemoryError, RuntimeError):
            pass
        else:
            sys.exit(f"{count + len(more)} callbacks of one signature are alive")


def memory_and_files():
    memory = call("malloc", c_void_p, (c_size_t, 64))
    memory = call("realloc", c_void_p, (c_void_p, memory), (c_size_t, 128))
    call("strcpy", c_char_p, (c_void_p, memory), (c_char_p, b"kept"))
    same("malloc, realloc", ctypes.string_at(memory), b"kept")
    call("free", None, (c_void_p, memory))
    call("setenv", c_int, (c_char_p, b"CALLS"), (c_char_p, b"yes"), (c_int, 1))
    same("getenv", call("getenv", c_char_p, (c_char_p, b"CALLS")), b"yes")
    file = call("fopen", c_void_p, (c_char_p, __file__.encode()), (c_char_p, b"r"))
    line = ctypes.create_string_buffer(64)
    call("fgets", c_char_p, (c_void_p, ctypes.addressof(line)), (c_int, 64), (c_void_p, file))
    same("fgets", line.value[:10], b'"""Calls C')
    same("fclose", call("fclose", c_int, (c_void_p, file)), 0)
    libc.snprintf.argtypes = [c_void_p, c_size_t, c_char_p]  # the parameters before the dots
    libc.snprintf(ctypes.addressof(line), c_size_t(64), b"%d %s %.2f", c_int(7), b"seven", c_double(7.25))
    same("snprintf", line.value, b"7 seven 7.25")
    called["libc"].add("snprintf")
    same("environ", bool(c_void_p.in_dll(libc, "environ")), True)


def python_api():
    same("Py_GetVersion", python("Py_GetVersion", c_char_p).decode(), sys.version)
    same("Py_GetVersion without types", bool(api.Py_GetVersion()), True)
    same("Py_GetPlatform", python("Py_GetPlatform", c_char_p).decode(), sys.platform)
    same("PyLong_FromLong", python("PyLong_FromLong", py_object, (ctypes.c_long, 42)), 42)
    same("PyLong_AsLong", python("PyLong_AsLong", ctypes.c_long, (py_object, 42)), 42)
    same("PyFloat_FromDouble", python("PyFloat_FromDouble", py_object, (c_double, 0.5)), 0.5)
    same("PyUnicode_FromString", python("PyUnicode_FromString", py_object, (c_char_p, b"text")), "text")
    same("PyUnicode_GetLength", python("PyUnicode_GetLength", ctypes.c_ssize_t, (py_object, "text")), 4)
    same("PyBytes_FromStringAndSize", python("PyBytes_FromStringAndSize", py_object, (c_char_p, b"abc"), (ctypes.c_ssize_t, 2)), b"ab")
    things = python("PyList_New", py_object, (ctypes.c_ssize_t, 0))
    same("PyList_Append", python("PyList_Append", c_int, (py_object, things), (py_object, "a")), 0)
    same("PyList_Size", python("PyList_Size", ctypes.c_ssize_t, (py_object, things)), 1)
    table = {}
    same("PyDict_SetItemString", python("PyDict_SetItemString", c_int, (py_object, table), (c_char_p, b"k"), (py_object, 1)), 0)
    same("PyDict_SetItemString", table, {"k": 1})
    same("PyObject_Repr", python("PyObject_Repr", py_object, (py_object, table)), "{'k': 1}")
    same("PyNumber_Add", python("PyNumber_Add", py_object, (py_object, 2), (py_object, 3)), 5)
    same("PyImport_ImportModule", python("PyImport_ImportModule", py_object, (c_char_p, b"math")), math)
    same("PyRun_SimpleString", python("PyRun_SimpleString", c_int, (c_char_p, b"import sys; sys.ran = True")), 0)
    same("PyRun_SimpleString", sys.ran, True)
    same("Py_OptimizeFlag", c_int.in_dll(api, "Py_OptimizeFlag").value, sys.flags.optimize)
    try:
        python("PyErr_SetString", None, (py_object, LookupError), (c_char_p, b"raised in C"))
    except LookupError as error:
        same("PyErr_SetString", str(error), "raised in C")
    else:
        sys.exit("PyErr_SetString: no exception")


def missing():
    for library, name in ((libc, "fork"), (api, "Py_NoSuchFunction")):
        try:
            library[name]
        except AttributeError:
            continue
        sys.exit(f"{name} is found")


for part in strings, numbers, structures, callbacks, many_callbacks, memory_and_files, python_api, missing:
    part()
print(f"called through ctypes: {len(called['libc'])} functions of the C library, {len(called['pythonapi'])} of CPython's API")
