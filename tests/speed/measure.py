"""What the measurements of this folder have in common: builds the program `speed` with libraries of a prefix, and takes its processor time."""

import argparse
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
LIBRARIES = ["zlib", "libdeflate", "bzip2", "xz", "zstd", "lz4", "brotli"]
LINKED = ["-lz", "-ldeflate", "-lbz2", "-llzma", "-lzstd", "-llz4", "-lbrotlienc", "-lbrotlidec", "-lbrotlicommon"]
# The megabytes that one round works on.
MEGABYTES = 8 * 1.048576


def arguments(description):
    """The arguments of the command line; `description` is the module's own text."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wasideps", required=True)
    parser.add_argument("--wasmtime", required=True)
    parser.add_argument("--store")
    parser.add_argument("--sdk", default="debian")
    parser.add_argument("--runs", type=int, default=5)
    return parser.parse_args()


def wasideps(given, *words, **how):
    """Runs a command of wasideps on the store and with the SDK that were given."""
    store = ["--store", given.store] if given.store else []
    return subprocess.run([given.wasideps, *words, "--sdk", given.sdk, *store], check=True, **how)


def program(given, work, name, options, flags):
    """The program for WASI with the libraries as `options` say, compiled with `flags`."""
    prefix, overlay, wasm = work / f"prefix-{name}", work / f"sdk-{name}", work / f"speed-{name}.wasm"
    wasideps(given, "build", *LIBRARIES, "--quiet", "--prefix", prefix, *options, stdout=subprocess.DEVNULL)
    variant = options[options.index("--variant") :][:2] if "--variant" in options else []
    wasideps(given, "sdk", overlay, "--prefix", prefix, *variant, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    command = [overlay / "bin/clang", *flags, HERE / "speed.c", "-Wl,-z,stack-size=1048576", *LINKED, "-o", wasm]
    subprocess.run(command, check=True)
    return wasm


def runner(given, work):
    """The start of a command that runs a program under wasmtime, which keeps what it compiles in `work`."""
    cache = work / "cache.toml"
    cache.write_text(f'[cache]\ndirectory = "{work / "modules"}"\n')
    return [given.wasmtime, "run", "-C", "cache=y", "-C", f"cache-config={cache}"]


def cpu(command):
    """Seconds of processor time that the command takes, and what it prints."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    if status:
        raise SystemExit(f"failed: {' '.join(map(str, command))}: {status}")
    return usage.ru_utime + usage.ru_stime, printed.strip()


def least(commands, words, rounds, runs):
    """By the name of each of `commands`: seconds of one round of `words`, the least of `runs`, and what was printed. What it takes without a round is taken
    off; the commands take turns."""
    took, printed = {}, {}
    for _ in range(runs):
        for name, command in commands.items():
            for count in (0, rounds):
                seconds, said = cpu([*command, *words, str(count)])
                took[name, count] = min(took.get((name, count), 1e9), seconds)
                printed[name] = said or printed.get(name, "")
    return {name: ((took[name, rounds] - took[name, 0]) / rounds, printed[name]) for name in commands}
