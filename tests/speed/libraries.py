#!/usr/bin/env python3
"""How fast the libraries are under wasmtime, against the same files compiled for this machine, and zlib against zlib-ng and libdeflate: runs
tests/speed/speed.c, and prints a Markdown table.

    libraries.py --wasideps FILE --wasmtime FILE [--store DIR] [--sdk RELEASE] [--runs N]

Native programs are made of the files that wasideps compiles, by the same clang with the same options but for those of WebAssembly; so they are what the
target costs, and not always what upstream's own build would be. cc links them. Each figure is from user and system time of one process, the least of N
runs; the programs take turns. What it takes to make the data, measured with no rounds, is taken off.
"""

import json
import pathlib
import shlex
import subprocess
import tempfile

import measure

NG = ["--with", "zlib=zlib-ng-compat"]
# What is measured, its rounds, and whether zlib-ng does it too.
OPERATIONS = [
    ("zlib-1", "pack", 4, True),
    ("libdeflate-1", "pack", 6, False),
    ("zlib-6", "pack", 2, True),
    ("libdeflate-6", "pack", 4, False),
    ("zlib-9", "pack", 1, True),
    ("libdeflate-9", "pack", 2, False),
    ("zlib-6", "unpack", 20, True),
    ("libdeflate-6", "unpack", 30, False),
    ("zlib", "sum", 60, True),
    ("libdeflate", "sum", 60, False),
    ("bzip2", "pack", 1, False),
    ("bzip2", "unpack", 4, False),
    ("xz-1", "pack", 1, False),
    ("xz-1", "unpack", 12, False),
    ("zstd-3", "pack", 8, False),
    ("zstd-3", "unpack", 30, False),
    ("lz4", "pack", 20, False),
    ("lz4", "unpack", 60, False),
    ("brotli-5", "pack", 2, False),
    ("brotli-5", "unpack", 40, False),
]


def native(given, work, name, options):
    """The program for this machine: each file that a build in a store of its own compiles, compiled again without what is of WebAssembly."""
    store, prefix, objects = work / f"store-{name}", work / f"prefix-native-{name}", work / f"objects-{name}"
    objects.mkdir()
    archives = ["--from", pathlib.Path(given.store) / "archives"] if given.store else []
    command = [given.wasideps, "build", *measure.LIBRARIES, *options, "--sdk", given.sdk, "--store", store, "--prefix", prefix]
    command += [*archives, "--message-format", "json"]
    events = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    made = []
    for event in map(json.loads, events.splitlines()):
        if event["reason"] != "compiled":
            continue
        # `cd TREE && env -i VARIABLE=… CLANG --target=… … --sysroot=… OPTION… -c FILE -o /dev/null`
        words = shlex.split(event["command"])
        tree, start = words[1], words.index("env")
        clang = next(index for index in range(start, len(words)) if words[index].endswith("/clang"))
        options_at = next(index for index in range(clang, len(words)) if words[index].startswith("--sysroot=")) + 1
        end = len(words) - words[::-1].index("-c") - 1
        kept = [word for word in words[options_at:end] if word != "-fno-gnu-inline-asm"]
        target = objects / f"{len(made)}.o"
        own_headers = words.index("-resource-dir")
        compiler = [*words[start : clang + 1], "--target=x86_64-linux-gnu", "-w", *words[own_headers : own_headers + 2]]
        subprocess.run([*compiler, *kept, "-c", words[end + 1], "-o", target], check=True, cwd=tree)
        made.append(target)
    program = work / f"speed-native-{name}"
    # The headers of the prefix that was built are for both.
    subprocess.run([*compiler, "-O2", "-I", prefix / "include", "-c", measure.HERE / "speed.c", "-o", objects / "speed.o"], check=True)
    subprocess.run(["cc", objects / "speed.o", *made, "-lm", "-o", program], check=True)
    return [program]


def main():
    given = measure.arguments(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        run = measure.runner(given, work)
        programs = {}
        for name, options in (("zlib", []), ("zlib-ng", NG)):
            programs[name] = {
                "native": native(given, work, name, options),
                "wasm": [*run, measure.program(given, work, name, options, ["-O2"])],
                "simd": [*run, measure.program(given, work, f"{name}-simd", [*options, "--variant", "simd"], ["-O2", "-msimd128"])],
            }
        for of in programs.values():
            for program in of.values():
                measure.cpu([*program, "zlib", "sum", "1"])
        print("| operation | native | WASI | of native | `simd` | of native | packed |")
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        for codec, what, rounds, ng in OPERATIONS:
            for name in ["zlib", "zlib-ng"] if ng else ["zlib"]:
                found = measure.least(programs[name], [codec, what], rounds, given.runs)
                speed = {kind: measure.MEGABYTES / seconds for kind, (seconds, _) in found.items()}
                packed = found["wasm"][1]
                if found["native"][1] != packed:
                    packed += f" (native {found['native'][1]})"
                cells = [f"{speed['native']:.0f} MB/s"]
                for kind in ("wasm", "simd"):
                    cells += [f"{speed[kind]:.0f} MB/s", f"{100 * speed[kind] / speed['native']:.0f} %"]
                shown = codec.replace("zlib", name)
                print(f"| {shown}, {'crc32' if what == 'sum' else what} | " + " | ".join(cells) + f" | {packed} |", flush=True)


if __name__ == "__main__":
    main()
