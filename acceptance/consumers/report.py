"""Counts what the tests of the packages did, from the files that suite.py wrote, and prints a table: report.py LOCKED RESULTS LEFT-OUT PAGE PACKAGE…

LOCKED is what `wasideps list` printed, PAGE the page to write, or empty. A PACKAGE is NAME=VERSION=RECIPE,…

A failure that LEFT-OUT does not have is an error, and so is a line of it that fits none. A line of the kind `ends` is of the status with which the
program ends after its last test.
"""

import collections
import fnmatch
import json
import sys

locked_file, results, left_out_file, page, *packages = sys.argv[1:]
with open(locked_file, encoding="utf-8") as lines:
    sources = [json.loads(line)["data"] for line in lines]
VERSIONS = {source["name"]: source["locked"]["version"] for source in sources if source.get("locked")}
with open(left_out_file, encoding="utf-8") as lines:
    CAUSES = [line.rstrip("\n").split("\t") for line in lines]


def outcomes(package):
    """Each test's last outcome and reason, and how the package's programs ended."""
    tests, ends, seconds, begun = {}, [], 0, None
    with open(f"{results}/{package}.jsonl", encoding="utf-8") as lines:
        for line in map(json.loads, lines):
            if "end" in line:
                ends.append(line["end"])
                # Begun, and its program has ended: a trap, or no time left.
                if begun is not None:
                    tests[begun] = "failed", f"the program ended with status {line['end']}"
                begun = None
            elif "seconds" in line:
                seconds = line["seconds"]
            elif line["outcome"] == "begun":
                begun = line["test"]
            else:
                begun = None
                tests[line["test"]] = line["outcome"], line.get("reason", "")
    return tests, ends, seconds


KINDS = ["passed", "failed", "skipped", "expected failure", "left out"]
wrong, rows, details = [], [], []
for line in packages:
    package, version, recipes = line.split("=")
    tests, ends, seconds = outcomes(package)
    counts = collections.Counter(outcome for outcome, _ in tests.values())
    status = str(ends[-1])
    known_end = next((cause for owner, kind, pattern, cause in CAUSES if (owner, kind, pattern) == (package, "ends", status)), None)
    if status not in ("0", "1") and known_end is None:
        wrong.append(f"{package}: its last program ended with status {status}")
    if not counts["passed"]:
        wrong.append(f"{package}: no test passed")
    groups = collections.defaultdict(list)
    for name, (outcome, reason) in sorted(tests.items()):
        if outcome == "failed":
            cause = next((cause for owner, kind, pattern, cause in CAUSES
                          if owner == package and kind == "fails" and fnmatch.fnmatchcase(name, pattern)), None)
            if cause is None:
                wrong.append(f"{package}: {name} failed: {reason.strip().splitlines()[-1] if reason.strip() else ''}")
                cause = "not known yet"
            groups["failed", cause].append(name)
        elif outcome in ("skipped", "left out"):
            groups[outcome, " ".join(reason.removeprefix("Skipped: ").split())].append(name)
    for owner, kind, pattern, _ in CAUSES:
        if kind == "ends":
            if owner == package and pattern != status:
                wrong.append(f"{package}: its last program ended with status {status}, not with {pattern} as {left_out_file.rpartition('/')[2]} says")
            continue
        wanted = "failed" if kind == "fails" else "left out"
        if owner == package and not any(o == wanted and fnmatch.fnmatchcase(n, pattern) for n, (o, _) in tests.items()):
            wrong.append(f"{package}: nothing {kind} of {pattern}, which {left_out_file.rpartition('/')[2]} names")
    libraries = ", ".join(f"{recipe} {VERSIONS[recipe]}" for recipe in recipes.split(",") if recipe)
    rows.append((package, version, libraries, sum(counts.values()), *(counts[kind] for kind in KINDS), seconds))
    shown = [(kind, cause, len(names)) for (kind, cause), names in sorted(groups.items(), key=lambda item: (item[0][0], -len(item[1])))]
    if known_end:
        shown.append((f"ends with status {status}", known_end, ""))
    if shown:
        details.append((package, shown))

print(f"\n{'package':<14} {'version':<8} {'tests':>6} " + " ".join(f"{kind:>8.8}" for kind in KINDS) + "   time")
for package, version, _, *numbers, seconds in rows:
    print(f"{package:<14} {version:<8} {numbers[0]:>6} " + " ".join(f"{number:>8}" for number in numbers[1:]) + f" {seconds:>4} s")

if page:
    text = ["# Packages of PyPI on the libraries", "",
            "Written by `acceptance/consumers/run --record`. That script builds the packages from their unmodified sdists, links their extension modules",
            "and the libraries into an unmodified CPython for WASI, and runs the packages' own tests in it under wasmtime:",
            "[how](../acceptance/consumers/README.md).", "",
            "| package | version | linked with | tests | passed | failed | skipped | expected failures | left out |",
            "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |"]
    text += [f"| {package} | {version} | {libraries} | " + " | ".join(f"{number:,}" for number in numbers) + " |"
             for package, version, libraries, *numbers, _ in rows]
    text += ["", "*Skipped* tests have skipped themselves, *expected failures* are those that the package expects everywhere; of the *left out* ones",
             "the reasons are in `acceptance/consumers/left-out.tsv`."]
    for package, groups in details:
        text += ["", f"## {package}", "", "| | tests | reason |", "| --- | ---: | --- |"]
        for kind, cause, number in groups:
            cause = cause.replace("|", "\\|")
            text.append(f"| {kind} | {number} | {cause} |")
    with open(page, "w", encoding="utf-8") as file:
        file.write("\n".join(text) + "\n")

for message in wrong:
    print(f"error: {message}", file=sys.stderr)
sys.exit(bool(wrong))
