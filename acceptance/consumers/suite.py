"""Runs a package's tests with pytest, in the WASI Python: suite.py PACKAGE ARGUMENT…

Writes a line of JSON for each test that begins and for each that ends, so that a trap, which ends the program, still shows where it was. What an
earlier program has begun is not run again.
"""

import fnmatch
import json
import os
import sys
import unittest

import pytest

package, *arguments = sys.argv[1:]
ROOT = os.path.dirname(os.path.abspath(__file__))
RESULTS = f"{ROOT}/results/{package}"


def left_out():
    with open(f"{RESULTS}.left-out", encoding="utf-8") as lines:
        for line in lines:
            _, kind, pattern, reason = line.rstrip("\n").split("\t")
            if kind == "left out":
                yield pattern, reason


class Case(pytest.Item):
    """A test of a module's `test_suite()`: unittest's convention, by which nothing else of the module is a test."""

    def __init__(self, *, case, **rest):
        super().__init__(**rest)
        self.case = case

    def runtest(self):
        result = unittest.TestResult()
        self.case.run(result)
        for _, text in result.failures + result.errors:
            raise AssertionError(text)
        for case in result.unexpectedSuccesses:
            raise AssertionError(f"{case} was expected to fail")
        for _, reason in result.skipped:
            pytest.skip(reason)

    def repr_failure(self, info, style=None):
        return str(info.value)


def cases(suite):
    for case in suite:
        if isinstance(case, unittest.TestSuite):
            yield from cases(case)
        else:
            yield case


class Recorder:
    def __init__(self):
        with open(f"{RESULTS}.jsonl", encoding="utf-8") as lines:
            self.done = {line["test"] for line in map(json.loads, lines) if "test" in line}
        self.file = open(f"{RESULTS}.jsonl", "a", encoding="utf-8")
        self.left_out = list(left_out())
        self.outcome = None

    # pytest's own would fail, and what is captured after that would fail, too.
    @pytest.fixture
    def capfd(self):
        pytest.skip("pytest's capfd needs dup2: WASI has none")

    def write(self, **line):
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()

    def pytest_ignore_collect(self, collection_path):
        # A file that can't even be imported is left out as a whole, and counts as one.
        name = os.path.relpath(collection_path)
        reason = next((reason for pattern, reason in self.left_out if pattern == name), None)
        if reason is None:
            return None
        if name not in self.done:
            self.write(test=name, outcome="left out", reason=reason)
        return True

    def pytest_pycollect_makeitem(self, collector, name, obj):
        if isinstance(collector, pytest.Module) and callable(getattr(collector.obj, "test_suite", None)):
            if name != "test_suite":
                return []
            return [Case.from_parent(collector, name=str(case.id()), case=case) for case in cases(obj())]

    def pytest_collection_modifyitems(self, items):
        kept = []
        for item in items:
            name = item.nodeid
            if name in self.done:
                continue
            reason = next((reason for pattern, reason in self.left_out if fnmatch.fnmatchcase(name, pattern)), None)
            if reason is None:
                kept.append(item)
            else:
                self.write(test=name, outcome="left out", reason=reason)
        items[:] = kept

    def pytest_collectreport(self, report):
        if report.failed and report.nodeid not in self.done:
            self.write(test=report.nodeid, outcome="failed", reason=str(report.longrepr)[-600:])
        elif report.skipped and report.nodeid not in self.done:
            self.write(test=report.nodeid, outcome="skipped", reason=report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr))

    def pytest_runtest_logstart(self, nodeid):
        self.outcome = None
        self.write(test=nodeid, outcome="begun")

    def pytest_runtest_logreport(self, report):
        outcome, reason = report.outcome, ""
        if report.failed:
            reason = str(report.longrepr)[-600:]
        elif report.skipped:
            if hasattr(report, "wasxfail"):
                outcome, reason = "expected failure", report.wasxfail
            else:
                reason = report.longrepr[2]
        # A test has three phases; the worst counts.
        order = ["passed", "expected failure", "skipped", "failed"]
        if self.outcome is None or order.index(outcome) > order.index(self.outcome[0]):
            self.outcome = outcome, reason
        if report.when == "teardown":
            self.write(test=report.nodeid, outcome=self.outcome[0], reason=self.outcome[1])


os.chdir(f"{ROOT}/tests/{package}")
os.environ["TMPDIR"] = f"{ROOT}/tmp/{package}"
# Standard output stays as it is: WASI has no dup(). There is no cache to write, and no signal to dump stacks at.
fixed = ["-q", "--capture=sys", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:doctest", f"--basetemp={ROOT}/tmp/{package}/pytest"]
sys.exit(pytest.main([*fixed, *arguments], plugins=[Recorder()]))
