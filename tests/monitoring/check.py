#!/usr/bin/env python3
"""docs/monitoring speaks of metrics that exist, and of all of them; promtool, where it is there, reads the rules.

usage: check.py SOURCE_DIR"""
import json
import os
import re
import shutil
import subprocess
import sys

root = sys.argv[1]
docs = os.path.join(root, "docs", "monitoring")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def names(text):
    return set(re.findall(r"\brollcall_[a-z_]+", text))


written = names(read(os.path.join(root, "engine", "report", "metrics.c")))
documented = names(read(os.path.join(docs, "README.md")))
used = {name: names(read(os.path.join(docs, name))) for name in ("alerts.yml", "dashboard.json")}
failures = [f"README.md: {m} is written and not documented" for m in sorted(written - documented)]
failures += [f"README.md: there is no metric {m}" for m in sorted(documented - written)]
for name, metrics in used.items():
    failures += [f"{name}: there is no metric {m}" for m in sorted(metrics - written)]
panels = json.loads(read(os.path.join(docs, "dashboard.json")))["panels"]
if len({p["id"] for p in panels}) != len(panels):
    failures.append("dashboard.json: two panels have one id")
if shutil.which("promtool"):
    got = subprocess.run(["promtool", "check", "rules", os.path.join(docs, "alerts.yml")], capture_output=True, text=True)
    if got.returncode:
        failures.append(got.stdout + got.stderr)
print("\n".join(failures) or f"{len(written)} metrics")
sys.exit(bool(failures))
