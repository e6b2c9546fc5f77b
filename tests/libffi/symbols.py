"""Prints the tables of libffi's dlsym: the lists in recipes/libffi/{libc,python}_symbols.h.

    symbols.py libc SDK…          what all these SDKs' libcs have, of what their headers declare
    symbols.py python CHECKOUT…   the stable ABI of CPythons that were built for WASI in their checkouts, and some names beside it

A function has the type that its object file has: WebAssembly's types, spelled as C's. The formats are those of the tool conventions
(https://github.com/WebAssembly/tool-conventions/blob/main/Linking.md) and of ar.
"""

import pathlib
import re
import subprocess
import sys
import tomllib

C_TYPE = {0x7F: "int", 0x7E: "long long", 0x7D: "float", 0x7C: "double"}

# Of the table of symbols in the section `linking`.
FUNCTION, DATA, SECTION = 0, 1, 3
LOCAL, UNDEFINED, EXPLICIT_NAME = 0x02, 0x10, 0x40


class Reader:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def byte(self):
        self.at += 1
        return self.data[self.at - 1]

    def number(self):
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def name(self):
        size = self.number()
        self.at += size
        return self.data[self.at - size : self.at].decode()

    def limits(self):
        flags = self.number()
        self.number()
        if flags & 1:
            self.number()

    def list(self, item):
        return [item() for _ in range(self.number())]


def function_type(reader):
    if reader.byte() != 0x60:
        raise ValueError("a type that is not of a function")
    parameters = reader.list(lambda: C_TYPE.get(reader.byte()))
    results = reader.list(lambda: C_TYPE.get(reader.byte()))
    if None in parameters or None in results or len(results) > 1:
        return None  # no C function has it
    return (results or ["void"])[0], f"({', '.join(parameters) or 'void'})"


def imported_function(reader):
    """The name and the type's index; None for what is no function."""
    reader.name()
    name, kind = reader.name(), reader.byte()
    if kind == 0:
        return name, reader.number()
    if kind == 1:
        reader.byte()
    if kind in (1, 2):
        reader.limits()
    elif kind == 3:
        reader.at += 2
    elif kind == 4:
        reader.byte()
        reader.number()
    return None


def defined_symbols(obj):
    """Name and type of each symbol that an object defines for others; the type of a variable is None."""
    types, imports, functions = [], [], []
    reader = Reader(obj, 8)
    while reader.at < len(obj):
        section, size = reader.byte(), reader.number()
        end = reader.at + size
        if section == 1:
            types = reader.list(lambda: function_type(reader))
        elif section == 2:
            imports = [found for found in reader.list(lambda: imported_function(reader)) if found]
        elif section == 3:
            functions = reader.list(reader.number)
        elif section == 0 and reader.name() == "linking":
            reader.number()
            while reader.at < end:
                kind, size = reader.byte(), reader.number()
                after = reader.at + size
                if kind == 8:
                    for _ in range(reader.number()):
                        kind, flags = reader.byte(), reader.number()
                        if kind == SECTION:
                            reader.number()
                            continue
                        index = reader.number() if kind != DATA else None
                        if kind == DATA or not flags & UNDEFINED or flags & EXPLICIT_NAME:
                            name = reader.name()
                        if kind == DATA and not flags & UNDEFINED:
                            reader.number(), reader.number(), reader.number()
                        if flags & (UNDEFINED | LOCAL) or kind not in (FUNCTION, DATA):
                            continue
                        yield name, types[functions[index - len(imports)]] if kind == FUNCTION else None
                reader.at = after
        reader.at = end


def objects(path):
    """The objects of an archive, or the file itself."""
    data = path.read_bytes()
    if data.startswith(b"\0asm"):
        yield data
        return
    at = len(b"!<arch>\n")
    while at < len(data):
        size = int(data[at + 48 : at + 58])
        member = data[at + 60 : at + 60 + size]
        if member.startswith(b"\0asm"):
            yield member
        at += 60 + size + size % 2


def symbols_of(*paths):
    return {name: type_ for path in paths for obj in objects(path) for name, type_ in defined_symbols(obj)}


# What the linker finds without being asked for an emulation; of wasip2 alone, these are sockets.
TARGETS = ["wasm32-wasip1", "wasm32-wasip2"]

# A program that replaces malloc need not replace these, which have an archive member with malloc. Threads differ most from SDK to SDK. The
# tables of iconv and crypt are a third of the C library's code.
NOT_ASKED_FOR = re.compile(
    r"aligned_alloc|posix_memalign|malloc_usable_size|(pthread|thrd|mtx|cnd|tss|sem)_.*|call_once|iconv.*|crypt(_r)?|encrypt|setkey"
)

PRIVATE = re.compile(r"_(?!Exit$|exit$)|errno$")


def declared(sdk, target):
    """The names that the headers of the C library declare: not those of WASI's own interfaces."""
    root = sdk / "share/wasi-sysroot"
    lines = (root / "share" / target / "include-all.c").read_text().splitlines()
    lines = [line for line in lines if not line.startswith("#include <wasi/")]
    lines += [f"#include <{name}.h>" for name in ("signal", "sys/mman", "sys/resource", "sys/times")]
    emulated = [f"-D_WASI_EMULATED_{name}" for name in ("SIGNAL", "MMAN", "GETPID", "PROCESS_CLOCKS")]
    command = [sdk / "bin/clang", f"--target={target}", f"--sysroot={root}", "-D_GNU_SOURCE", *emulated, "-w", "-fsyntax-only"]
    command += ["-Xclang", "-ast-dump", "-fno-color-diagnostics", "-xc", "-"]
    dump = subprocess.run(command, check=True, capture_output=True, text=True, input="\n".join(lines)).stdout
    return {name for name in re.findall(r"^[|`]-(?:Function|Var)Decl .*? (\w+) '", dump, re.M) if not PRIVATE.match(name)}


def libc(*sdks):
    found, emulated = {target: [] for target in TARGETS}, {}
    for sdk in map(pathlib.Path, sdks):
        for target in TARGETS:
            library, names = sdk / "share/wasi-sysroot/lib" / target, declared(sdk, target)
            found[target].append({n: t for n, t in symbols_of(library / "libc.a").items() if n in names})
            emulated |= {n: t for n, t in symbols_of(*library.glob("libwasi-emulated-*.a")).items() if n in names}
    maybe = emulated.copy()
    certain = {target: agreed(found[target], maybe) for target in TARGETS}
    everywhere = agreed(certain.values(), {})
    sockets = {name: type_ for name, type_ in certain["wasm32-wasip2"].items() if name not in certain["wasm32-wasip1"]}
    for name in list(everywhere):
        if NOT_ASKED_FOR.fullmatch(name):
            maybe[name] = everywhere.pop(name)
    yield "", everywhere
    yield "SOCKETS", sockets
    yield "WEAK", {n: t for n, t in maybe.items() if n not in everywhere and n not in sockets}


def agreed(tables, rest):
    """The symbols of all tables. The others go to `rest`, unless their types differ."""
    tables = list(tables)
    both = {}
    for name in {name for table in tables for name in table}:
        types = {table[name] for table in tables if name in table}
        if len(types) > 1:
            print(f"left out, since its type differs: {name} {types}", file=sys.stderr)
        elif all(name in table for table in tables):
            both[name] = types.pop()
        else:
            rest[name] = types.pop()
    return both


# Beside the stable ABI: what the documentation of ctypes and CPython's tests of it read, and what programs call most often.
BESIDE = """
    Py_BytesWarningFlag Py_DebugFlag Py_DontWriteBytecodeFlag Py_FrozenFlag Py_IgnoreEnvironmentFlag Py_InspectFlag Py_InteractiveFlag
    Py_IsolatedFlag Py_NoSiteFlag Py_NoUserSiteDirectory Py_OptimizeFlag Py_QuietFlag Py_UnbufferedStdioFlag Py_VerboseFlag
    PyImport_FrozenModules _PyImport_FrozenBootstrap _PyImport_FrozenStdlib _PyImport_FrozenTest
    PyRun_SimpleString PyRun_SimpleStringFlags PyRun_String PyRun_StringFlags
    PyUnicode_AsUTF8 PyUnicode_New PyFrame_GetBack PyFrame_GetGlobals PyFrame_GetLocals PyCode_Type PyFunction_New PyFunction_Type
    PyMethod_New PyMethod_Type PyCell_New PyCell_Get PyCell_Set PyGen_Type PyCoro_Type _PyObject_GetDictPtr
    PyInterpreterState_Head PyInterpreterState_Main PyInterpreterState_Next PyInterpreterState_ThreadHead PyThreadState_Next
""".split()


def python(*checkouts):
    names, tables = set(BESIDE), []
    for checkout in map(pathlib.Path, checkouts):
        abi = tomllib.loads((checkout / "Misc/stable_abi.toml").read_text(encoding="utf-8"))
        names |= set(abi["function"]) | set(abi["data"])
        build = next(checkout.glob("cross-build/wasm32-*"))
        tables.append(symbols_of(*(path for folder in ("Objects", "Python", "Parser", "Modules") for path in build.glob(f"{folder}/*.o"))))
    rest = {}
    both = agreed([{n: t for n, t in table.items() if n in names} for table in tables], rest)
    yield "WEAK", both | rest


HEADER = """\
/* SPDX-License-Identifier: MIT */
/* {what}: a list of names and of
 * WebAssembly's types, made by tests/libffi/symbols.py. symbol_table.h says what the words mean. */
/* clang-format off */
"""
WHAT = {"libc": "What dlsym finds of the C library", "python": "What dlsym finds of CPython, in a program that has it"}


def printed(parts):
    for part, table in parts:
        if not table:
            continue
        weak = "WEAK_" if part == "WEAK" else ""
        lines = [f"{weak}FUNCTION({t[0]}, {n}, {t[1]})" if t else f"{weak}VARIABLE({n})" for n, t in sorted(table.items())]
        yield from ["", *([f"#ifdef FFI_WASI_{part}"] if part == "SOCKETS" else []), *lines]
        if part == "SOCKETS":
            yield "#endif"


kind, *arguments = sys.argv[1:]
print(HEADER.format(what=WHAT[kind]) + "\n".join(printed({"libc": libc, "python": python}[kind](*arguments))))
