"""Compiles the standard library of CPython, and writes it as a zip archive or as an object of the program.

    stdlib.py zip    FILE         LIB [FILE|FOLDER]...
    stdlib.py frozen FILE.c       LIB [FILE|FOLDER]...

Run it with the Python that was built from the same sources: what it compiles has that one's format. LIB is CPython's folder `Lib`; what else is
named goes beside its modules. The bytes depend on the files alone: no dates, no paths of the machine.

The archive is found by its name, `lib/python313.zip` (PEP 273). The C source has all modules in one table, which CPython looks through before it
looks for files (`PyImport_FrozenModules`, https://docs.python.org/3/c-api/import.html); the code itself is in FILE.bin, which `#embed` brings in.
"""

import importlib.util
import marshal
import pathlib
import sys
import zipfile

# Tests, and what needs a window, a process, a terminal or a network: WASI has none of them here.
OMITTED = {
    "__phello__", "_aix_support", "_android_support", "_apple_support", "_ios_support", "_osx_support", "_pyrepl", "antigravity", "curses",
    "ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "tkinter", "turtle", "turtledemo", "venv", "webbrowser",
}  # fmt: skip
# The first possible date of a zip archive.
DATE = (1980, 1, 1, 0, 0, 0)


def files(roots):
    """Name in the library and path of each file, in the order of the names."""
    found = {}
    for root in map(pathlib.Path, roots):
        if root.is_file():
            found[root.name] = root
            continue
        for path in root.rglob("*"):
            name = path.relative_to(root).as_posix()
            top = name.partition("/")[0].removesuffix(".py")
            if path.is_file() and top not in OMITTED and "__pycache__" not in path.parts:
                found[name] = path
    return sorted(found.items())


def compiled(name, path, folder):
    """The code of a module; its file name, which tracebacks show, is where the file would be."""
    return marshal.dumps(compile(path.read_bytes(), f"{folder}/{name}", "exec", dont_inherit=True, optimize=0))


def write_zip(out, roots):
    # Flags 0b01: the source is not looked at (PEP 552); its hash, which then nothing reads, stays zero.
    header = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in files(roots):
            data = path.read_bytes()
            if name.endswith(".py"):
                name, data = name + "c", header + compiled(name, path, "/lib/" + pathlib.Path(out).name)
            info = zipfile.ZipInfo(name, DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)


def write_frozen(out, roots):
    blob, table = bytearray(), []
    for name, path in files(roots):
        if not name.endswith(".py"):
            continue
        module = name.removesuffix(".py").replace("/", ".")
        package = module.endswith(".__init__")
        code = compiled(name, path, "<frozen>")
        table.append((module.removesuffix(".__init__"), len(blob), len(code), int(package)))
        blob += code
    binary = out + ".bin"
    pathlib.Path(binary).write_bytes(blob)
    rows = "\n".join(f'    {{"{module}", code + {start}, {size}, {package}}},' for module, start, size, package in table)
    pathlib.Path(out).write_text(
        f"""\
#include <Python.h>
#include <stdlib.h>
#pragma clang diagnostic ignored "-Wc23-extensions"
static const unsigned char code[] = {{
#embed "{pathlib.Path(binary).name}"
}};
static const struct _frozen modules[] = {{
{rows}
    {{0, 0, 0, 0}},
}};
/* There is no library to look for, and without PYTHONHOME CPython says that it found none. */
static __attribute__((constructor)) void add(void) {{
    PyImport_FrozenModules = modules;
    setenv("PYTHONHOME", "/", 0);
}}
"""
    )


kind, out, *roots = sys.argv[1:]
{"zip": write_zip, "frozen": write_frozen}[kind](out, roots)
