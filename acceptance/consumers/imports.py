"""Imports the extension modules named as arguments. Prints each one's name and where the import system found it."""

import importlib
import sys

failed = False
for name in sys.argv[1:]:
    try:
        module = importlib.import_module(name)
        print(f"{name}: {module.__spec__.origin}", flush=True)
        failed |= module.__spec__.origin != "built-in" or sys.modules[name] is not module
    except Exception as error:
        print(f"{name}: {type(error).__name__}: {error}", flush=True)
        failed = True
sys.exit(failed)
