#!/usr/bin/env python3
"""What a release matrix would take, from the measured timings of one prefix: prints a Markdown table.

    wasideps build --all --timings one.json        # in an empty store
    model.py one.json [PREFIXES [CORES]...]

Each compile takes the processor time that it took there. The jobs go to the cores as the scheduler gives them out: the longest first, each to the core that is
free first. "Apart" is one prefix after the other, "together" all jobs as one list.
"""

import heapq
import json
import pathlib
import sys


def span(jobs, cores):
    """Seconds until `cores` have done all jobs."""
    free = [0.0] * cores
    for seconds in sorted(jobs, reverse=True):
        heapq.heappush(free, heapq.heappop(free) + seconds)
    return max(free)


def shown(seconds):
    """A time that people read."""
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    prefixes, *cores = [int(word) for word in sys.argv[2:]] or [40]
    timings = json.loads(pathlib.Path(sys.argv[1]).read_text())
    jobs = [entry["cpu_seconds"] for entry in timings["spans"] if entry["phase"] == "compile"]
    print(f"One prefix: {len(jobs)} compiles, {sum(jobs):.0f} CPU-s, the longest {max(jobs):.1f}. {prefixes} prefixes: {prefixes * sum(jobs) / 3600:.1f} CPU-h.\n")
    print("| cores | one prefix | apart | together |")
    print("| ---: | ---: | ---: | ---: |")
    for count in cores or [2, 4, 8, 16, 32, 64, 128]:
        one = span(jobs, count)
        print(f"| {count} | {shown(one)} | {shown(prefixes * one)} | {shown(span(jobs * prefixes, count))} |")


if __name__ == "__main__":
    main()
