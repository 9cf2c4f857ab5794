#!/usr/bin/env python3
"""Every error code of rollcall's own is expected by a test, as the code of an operation, a row or an answer.

The providers' codes are held to the same by test_conn_*_rows (unit), the exit codes by tests/cases/exit_codes.py.
usage: codes.py SOURCE"""
import os
import re
import sys

root = os.path.abspath(sys.argv[1])
CODE = r'"(rollcall\.[a-z_]+)\\?"'


def texts(folder, endings):
    for top, _, names in os.walk(os.path.join(root, folder)):
        for name in names:
            if name.endswith(endings) and "simulator" not in os.path.relpath(top, root).split(os.sep):
                with open(os.path.join(top, name), encoding="utf-8", errors="replace") as f:
                    yield f.read()


codes = {c for folder in ("engine", "connectors") for text in texts(folder, (".c", ".h")) for c in re.findall(CODE, text)}
tested = {c for text in texts("tests", (".c", ".json", ".py")) for c in re.findall(r"""["'](rollcall\.[a-z_]+)\\?["']""", text)}
missing = sorted(codes - tested)
if missing or len(codes) < 30:
    sys.exit("%d codes; no test expects %s" % (len(codes), ", ".join(missing)))
print("%d codes, each expected by a test" % len(codes))
