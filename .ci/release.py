#!/usr/bin/env python3
"""Makes what a release has for one target: wheel, archive of the program, SBOM of its crates.

    .ci/release.py TARGET DIR [--profile NAME]

Needs Cargo with the target's standard library, and maturin (acceptance/wheel/maturin.txt) on PATH. .github/workflows/release.yml runs it on each system;
it runs on any. A name has no version, so that `releases/latest/download/` has stable addresses; that of the wheel is pip's.
"""

import argparse
import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BESIDE = ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "CHANGELOG.md"]


def last_commit() -> int:
    """The time that files in archives get."""
    if epoch := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(epoch)
    shown = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return int(shown.stdout)


def wheel_of(target: str, out: Path, profile: str) -> Path:
    command = ["maturin", "build", "--locked", "--profile", profile, "--target", target, "--out", str(out)]
    # A static program runs with either C library.
    if "-linux-musl" in target:
        command += ["--compatibility", "manylinux2014", "musllinux_1_1"]
    before = set(out.glob("*.whl"))
    subprocess.run(command, cwd=ROOT, check=True)
    (wheel,) = set(out.glob("*.whl")) - before
    return wheel


def archive(name: str, files: dict[str, tuple[bytes, int]], out: Path, time: int, windows: bool) -> Path:
    """One folder with `files`, each a content and a mode; the same bytes for the same files."""
    if windows:
        path = out / f"{name}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for file, (content, _) in sorted(files.items()):
                packed.writestr(zipfile.ZipInfo(f"{name}/{file}", (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
        return path
    path = out / f"{name}.tar.gz"
    with path.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
            for file, (content, mode) in sorted(files.items()):
                info = tarfile.TarInfo(f"{name}/{file}")
                info.size, info.mode, info.mtime = len(content), mode, time
                tar.addfile(info, io.BytesIO(content))
    return path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("dir", type=Path)
    parser.add_argument("--profile", default="release")
    options = parser.parse_args()
    target, out = options.target, options.dir.resolve()
    out.mkdir(parents=True, exist_ok=True)
    time = last_commit()
    os.environ["SOURCE_DATE_EPOCH"] = str(time)

    # Archive, wheel and SBOM are of one program.
    wheel = wheel_of(target, out, options.profile)
    name = f"wasideps-{target}"
    files = {file: ((ROOT / file).read_bytes(), 0o644) for file in BESIDE}
    with zipfile.ZipFile(wheel) as packed:
        (program,) = [file for file in packed.namelist() if ".data/scripts/wasideps" in file]
        (sbom,) = [file for file in packed.namelist() if file.endswith(".dist-info/sboms/wasideps.cyclonedx.json")]
        files[Path(program).name] = (packed.read(program), 0o755)
        (out / f"{name}.cdx.json").write_bytes(packed.read(sbom))
    made = archive(name, files, out, time, "-windows-" in target)
    for path in [wheel, made, out / f"{name}.cdx.json"]:
        print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    if shutil.which("maturin") is None:
        sys.exit("error: maturin is not on PATH: pip install --require-hashes -r acceptance/wheel/maturin.txt")
    main()
