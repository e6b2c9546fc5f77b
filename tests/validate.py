"""Runs a validator on several documents: validate.py MODULE [ARGUMENT...] -- DOCUMENT...

Each document gets a process of its own, forked from one that has imported the module: most of a validator's time on a small document is its imports.
Prints a JSON object a document: its exit code and what it wrote.
"""

import importlib
import json
import os
import runpy
import sys
import tempfile
import traceback


def main():
    separator = sys.argv.index("--")
    module, *arguments = sys.argv[1:separator]
    importlib.import_module(module)
    # It is run anew, as `python -m` would; what it imports stays.
    del sys.modules[module]
    for document in sys.argv[separator + 1 :]:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = os.fork()
            if not child:
                os.dup2(out.fileno(), 1)
                os.dup2(err.fileno(), 2)
                os._exit(validate(module, [*arguments, document]))
            _, status = os.waitpid(child, 0)
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode("utf-8", "replace"))
            result = {"document": document, "code": os.waitstatus_to_exitcode(status), "stdout": texts[0], "stderr": texts[1]}
            print(json.dumps(result), flush=True)


def validate(module, arguments):
    sys.argv = [module, *arguments]
    code = 0
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
        if code is not None and not isinstance(code, int):
            print(code, file=sys.stderr)
            code = 1
    except BaseException:
        traceback.print_exc()
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return code or 0


main()
