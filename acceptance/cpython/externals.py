"""Runs CPython's own checks of its SBOMs on ours: externals.py CHECKOUT FILE.

CHECKOUT has Tools/build/generate_sbom.py and Misc/externals.spdx.json; FILE is what `wasideps sbom --profile cpython-externals` prints. Only the
checks that need no network are run: a download is an error here. Checks first that they can fail.
"""

import contextlib
import copy
import importlib.util
import io
import json
import os
import sys
import tempfile
import urllib.request
from pathlib import Path


def no_network(*arguments, **_):
    raise OSError(f"a check wants the network: {arguments}")


def with_copies_of(document, root):
    """Makes what CPython 3.14 compares a package called expat with: the version of the copy in its own tree. Ours is none of that tree."""
    for package in document["packages"]:
        if package["name"] == "expat":
            (root / "Modules/expat").mkdir(parents=True)
            (root / "Modules/expat/refresh.sh").write_text(
                f'expected_libexpat_version="{package["versionInfo"]}"\n'
                f'expected_libexpat_sha256="{package["checksums"][0]["checksumValue"]}"\n'
            )


def refused(script, document):
    """Why CPython's script refuses the document, or None where it accepts it."""
    said = io.StringIO()
    try:
        with tempfile.TemporaryDirectory() as root, contextlib.redirect_stdout(said):
            script.CPYTHON_ROOT_DIR = Path(root)
            with_copies_of(document, Path(root))
            script.check_sbom_packages(copy.deepcopy(document))
    except (SystemExit, OSError, KeyError) as error:
        return said.getvalue().strip() or repr(error)
    return None


def shape(value):
    """The keys and types of a document; of all objects in a list together."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        merged = {}
        for inner in value:
            merged.update(shape(inner))
        return [merged]
    return type(value).__name__


def main():
    checkout, file = map(Path, sys.argv[1:])
    # CPython's sources stay as they are.
    sys.dont_write_bytecode = True
    # With it the script downloads whatever it checks.
    os.environ.pop("CI", None)
    urllib.request.urlopen = no_network
    spec = importlib.util.spec_from_file_location("generate_sbom", checkout / "Tools/build/generate_sbom.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    theirs = json.loads((checkout / "Misc/externals.spdx.json").read_text())
    text = file.read_text()
    ours = json.loads(text)

    wrong = []
    for name, document in [("CPython's own document", theirs), ("our document", ours)]:
        if reason := refused(script, document):
            wrong.append(f"{name} is refused: {reason}")
    if shape(ours) != shape(theirs):
        wrong.append(f"the shapes differ: {shape(ours)}, {shape(theirs)}")
    if json.dumps(ours, indent=2, sort_keys=True) != text:
        wrong.append("CPython's script would write our document otherwise")
    names = [package["name"] for package in ours["packages"]]
    if names != sorted(names):
        wrong.append(f"CPython sorts packages by name: {names}")
    # What CPython and we both have must be called by the same name and CPE: the rest of a CPE is for the version.
    cpes = [
        {package["name"]: package["externalRefs"][0]["referenceLocator"].split(":")[3:5] for package in document["packages"]}
        for document in (theirs, ours)
    ]
    common = cpes[0].keys() & cpes[1].keys()
    if len(common) < 5:
        wrong.append(f"only {sorted(common)} have the names that CPython gives them")
    wrong += [f"{name}: our CPE names {cpes[1][name]}, CPython's {cpes[0][name]}" for name in sorted(common) if cpes[0][name] != cpes[1][name]]
    # The checks must be able to fail.
    for key in ("versionInfo", "SPDXID", "licenseConcluded", "externalRefs", "checksums"):
        for broken in (None, "0.0"):
            document = copy.deepcopy(ours)
            package = document["packages"][0]
            if broken is None:
                del package[key]
            elif isinstance(package[key], str):
                package[key] = broken
            else:
                continue
            if not refused(script, document):
                wrong.append(f"CPython's script accepts a package whose {key} is {broken}: nothing was checked")
    for problem in wrong:
        print(f"error: {problem}", file=sys.stderr)
    if wrong:
        sys.exit(1)
    print(f"{len(names)} packages are accepted by CPython's generate_sbom.py: {', '.join(names)}")


main()
