#!/usr/bin/env python3
"""How fast the variants are: builds zlib, xz and zstd for each, runs tests/speed/speed.c under wasmtime, and prints a Markdown table.

    variants.py --wasideps FILE --wasmtime FILE [--store DIR] [--sdk RELEASE] [--runs N]

Each figure is user and system time of the process, the least of N runs; the variants take turns. What it takes to make the data, measured with no
rounds, is taken off. The programs are compiled by wasmtime before.
"""

import argparse
import os
import pathlib
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
VARIANTS = ["", "simd", "small"]
ROUNDS = {"deflate": 2, "inflate": 20, "crc32": 60, "xz": 1, "unxz": 4, "zstd": 8, "unzstd": 30}


def cpu(command):
    """Seconds of processor time that the command takes."""
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(map(str, command))}: {status}")
    process.returncode = 0
    return usage.ru_utime + usage.ru_stime


def program(arguments, variant, work):
    """The program for the variant."""
    prefix = work / f"prefix-{variant}"
    common = [*(["--variant", variant] if variant else []), "--sdk", arguments.sdk]
    store = ["--store", arguments.store] if arguments.store else []
    subprocess.run([arguments.wasideps, "build", "zlib", "xz", "zstd", "--quiet", "--prefix", prefix, *common, *store], check=True, stdout=subprocess.DEVNULL)
    overlay = work / f"sdk-{variant}"
    subprocess.run([arguments.wasideps, "sdk", overlay, "--prefix", prefix, *common, *store], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    flags = {"": ["-O2"], "simd": ["-O2", "-msimd128"], "small": ["-Oz"]}[variant]
    wasm = work / f"speed-{variant}.wasm"
    subprocess.run([overlay / "bin/clang", *flags, HERE / "speed.c", "-Wl,-z,stack-size=1048576", "-lz", "-llzma", "-lzstd", "-o", wasm], check=True)
    return wasm


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--wasideps", required=True)
    parser.add_argument("--wasmtime", required=True)
    parser.add_argument("--store")
    parser.add_argument("--sdk", default="debian")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        cache = work / "cache.toml"
        cache.write_text(f'[cache]\ndirectory = "{work / "modules"}"\n')
        programs = {variant: program(arguments, variant, work) for variant in VARIANTS}

        def run(variant, operation, rounds):
            return cpu([arguments.wasmtime, "run", "-C", "cache=y", "-C", f"cache-config={cache}", programs[variant], operation, str(rounds)])

        for variant in VARIANTS:
            run(variant, "crc32", 1)
        print("| operation | " + " | ".join(f"`{variant}`" if variant else "default" for variant in VARIANTS) + " |")
        print("| --- |" + " ---: |" * len(VARIANTS))
        for operation, rounds in ROUNDS.items():
            least = {}
            for _ in range(arguments.runs):
                for variant in VARIANTS:
                    for count in (0, rounds):
                        key = (variant, count)
                        least[key] = min(least.get(key, 1e9), run(variant, operation, count))
            took = [least[variant, rounds] - least[variant, 0] for variant in VARIANTS]
            cells = [f"{took[0]:.2f} s"] + [f"{100 * (other / took[0] - 1):+.0f} %" for other in took[1:]]
            print(f"| {operation} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
