#!/usr/bin/env python3
"""How fast the variants are: builds the libraries for each, runs tests/speed/speed.c under wasmtime, and prints a Markdown table.

    variants.py --wasideps FILE --wasmtime FILE [--store DIR] [--sdk RELEASE] [--runs N]

Each figure is user and system time of the process for one round, the least of N runs; the variants take turns. What it takes to make the data, measured
with no rounds, is taken off. The programs are compiled by wasmtime before.
"""

import pathlib
import tempfile

import measure

FLAGS = {"default": ["-O2"], "simd": ["-O2", "-msimd128"], "small": ["-Oz"]}
OPERATIONS = [
    ("zlib-6", "pack", 2),
    ("zlib-6", "unpack", 20),
    ("zlib", "sum", 60),
    ("xz-1", "pack", 1),
    ("xz-1", "unpack", 4),
    ("zstd-3", "pack", 8),
    ("zstd-3", "unpack", 30),
]


def main():
    given = measure.arguments(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        run = measure.runner(given, work)
        programs = {
            name: [*run, measure.program(given, work, name, ["--variant", name], flags)] for name, flags in FLAGS.items()
        }
        for program in programs.values():
            measure.cpu([*program, "zlib", "sum", "1"])
        print("| operation | " + " | ".join(f"`{name}`" for name in FLAGS) + " |")
        print("| --- |" + " ---: |" * len(FLAGS))
        for codec, what, rounds in OPERATIONS:
            found = measure.least(programs, [codec, what], rounds, given.runs)
            took = [found[name][0] * rounds for name in FLAGS]
            cells = [f"{took[0]:.2f} s"] + [f"{100 * (other / took[0] - 1):+.0f} %" for other in took[1:]]
            print(f"| {codec}, {what} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
