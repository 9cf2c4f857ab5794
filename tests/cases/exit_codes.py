#!/usr/bin/env python3
"""Every exit code that the program has is the expected end of a step of some case, and the manual tells it.

usage: exit_codes.py SOURCE_DIR"""
import glob
import json
import os
import re
import sys

root = sys.argv[1]


def read(*path):
    with open(os.path.join(root, *path), encoding="utf-8") as f:
        return f.read()


def ends(value):
    """The exit code of each step, those of `finish` included; a step that says nothing ends with 0."""
    for step in value["steps"]:
        inner = step.get("finish", step)
        if "run" in step or "finish" in step:
            yield inner.get("exit", 0)


codes = {int(n) for n in re.findall(r"X\(RC_[A-Z]+, (\d+)\)", read("engine", "base", "err.h"))}
tested = set()
for path in glob.glob(os.path.join(root, "tests", "cases", "*", "case.json")):
    with open(path, encoding="utf-8") as f:
        tested.update(ends(json.load(f)))
manual = read("docs", "man", "rollcall.1")
manual = manual[manual.index('.SH "EXIT STATUS"'):]
failures = ["exit code %d: no case ends with it" % n for n in sorted(codes - tested)]
failures += ["exit code %d: docs/man/rollcall.1 does not tell it" % n for n in sorted(codes)
             if not re.search(r"\b%d\b" % n, manual)]
failures += ["a case ends with %d, which is no exit code" % n for n in sorted(tested - codes) if n >= 0]
if len(codes) < 15:
    failures.append("only %d codes were found in engine/base/err.h" % len(codes))
print("\n".join(failures) or "%d exit codes" % len(codes))
sys.exit(bool(failures))
