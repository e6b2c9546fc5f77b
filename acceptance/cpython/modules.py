"""Imports the modules named as arguments. Prints a line for each: its name, and the version that its C library tells, or `-`."""

import importlib
import sys

VERSIONS = {
    "zlib": lambda module: module.ZLIB_RUNTIME_VERSION,
    "_sqlite3": lambda module: module.sqlite_version,
    "_decimal": lambda module: module.__libmpdec_version__,
    "_zstd": lambda module: module.zstd_version,
    "pyexpat": lambda module: module.EXPAT_VERSION.removeprefix("expat_"),
}

failed = False
for name in sys.argv[1:]:
    try:
        module = importlib.import_module(name)
        # What users import stands on it, and must load too.
        public = {"_bz2": "bz2", "_lzma": "lzma", "_sqlite3": "sqlite3", "_uuid": "uuid", "_ctypes": "ctypes", "_decimal": "decimal",
                  "_zstd": "compression.zstd", "pyexpat": "xml.etree.ElementTree"}.get(name)
        if public:
            importlib.import_module(public)
        print(name, VERSIONS[name](module) if name in VERSIONS else "-", flush=True)
    except Exception as error:
        print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
        failed = True
sys.exit(failed)
