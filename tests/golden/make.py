#!/usr/bin/env python3
"""Makes the golden state of a format: what a build of that format leaves behind after a few nights.

usage: make.py BUILD_DIR FORMAT

Writes format-FORMAT.backup (`rollcall state export`), and format-FORMAT.json: what that build's own `list` and `why` say of it. Run once
for each format, by the last build before the next one; golden.py holds every later build to it. The company is in company.py.
Needs to be root: the simulators take ports below 1024, where nobody listens when the states are used."""
import json
import os
import shutil
import sys
import tempfile

from company import ASKED, HERE, nights, say, simulators


def main():
    build, number = os.path.abspath(sys.argv[1]), sys.argv[2]
    folder = tempfile.mkdtemp(prefix="rollcall-golden-")
    rollcall = os.path.join(build, "rollcall")
    providers = simulators(build, folder)
    try:
        nights(rollcall, folder)
        say(rollcall, folder, "state", "export", os.path.join(HERE, f"format-{number}.backup"))
        with open(os.path.join(HERE, f"format-{number}.json"), "w", encoding="utf-8") as f:
            json.dump({" ".join(a): say(rollcall, folder, *a) for a in ASKED}, f, indent=1)
    finally:
        for p in providers:
            p.terminate()
        shutil.rmtree(folder)


main()
