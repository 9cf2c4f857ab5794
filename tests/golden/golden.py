#!/usr/bin/env python3
"""Holds a build to the golden states: what an earlier version left behind is read as that version read it, and migrated whole.

usage: golden.py BUILD_DIR [SHIM]

For each format-N.backup: imported, read without being changed, then brought on by each kind of command that writes, on a copy each. The
targets' addresses lead nowhere: a run that wanted to write or list would fail. With SHIM (tests/crash/stop_shim.c) the migration is
also ended in place of each of its system calls, and the state must be the old one or the new one."""
import csv
import glob
import io
import json
import os
import shutil
import sys
import tempfile

from company import ASKED, HERE, LATER, config, run, say, write

WRITERS = (["sync"], ["prune"], ["hold", "1002", "--reason", "asked for by the board"], ["forget", "1006"], ["pause", "--until", "2098-01-01", "--reason", "move"])


def fail(what):
    sys.exit("FAILED: " + what)


def same(what, a, b):
    if a != b:
        fail("%s differs\n--- expected\n%s\n--- got\n%s" % (what, a, b))


def content(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def parsed(text):
    """What a command printed: an object, lines of objects, or a table; later versions may add members and columns, and
    print people in another order."""
    if text.startswith("{"):
        rows = [json.loads(line) for line in text.splitlines() if line]
    else:
        rows = list(csv.DictReader(io.StringIO(text)))
    return sorted(rows, key=lambda row: (row.get("target") or "", row.get("key") or ""))


def holds(got, expected):
    if isinstance(expected, dict):
        return isinstance(got, dict) and all(k in got and holds(got[k], v) for k, v in expected.items())
    if isinstance(expected, list):
        later_runs = bool(expected) and isinstance(expected[0], dict) and "run_id" in expected[0]
        return isinstance(got, list) and (later_runs or len(got) == len(expected)) and len(got) >= len(expected) and all(
            map(holds, got, expected))
    return got == expected


class Golden:
    def __init__(self, build, backup, folder):
        self.rollcall = os.path.join(os.path.abspath(build), "rollcall")
        self.backup = backup
        self.folder = folder
        self.format = int.from_bytes(content(backup)[24:28], "big")
        with open(backup.replace(".backup", ".json"), encoding="utf-8") as f:
            self.expected = json.load(f)

    def place(self, name):
        """A folder with the imported state."""
        folder = os.path.join(self.folder, name)
        if name == "imported":
            os.mkdir(folder)
            config(folder)
            write(folder, LATER)
            say(self.rollcall, folder, "state", "import", self.backup)
        else:
            shutil.copytree(os.path.join(self.folder, "imported"), folder)
        return folder

    def kept(self, folder):
        return os.path.join(folder, "state", "state.mdb.format-%d" % self.format)

    def says(self, asked, folder, when):
        got = say(self.rollcall, folder, *asked.split(" "))
        if not holds(parsed(got), parsed(self.expected[asked])):
            fail("%s differs\n--- expected\n%s\n--- got\n%s" % (when, self.expected[asked], got))

    def reads(self, folder, lacks=()):
        for asked in self.expected:
            if asked.split(" ")[1:2] not in [[k] for k in lacks]:
                self.says(asked, folder, asked)

    def read_only(self):
        folder = self.place("imported")
        before = content(folder, "state", "state.mdb")
        self.reads(folder)
        if "nothing to do" not in say(self.rollcall, folder, "plan") and "unchanged" not in say(self.rollcall, folder, "plan"):
            fail("a plan finds something to do")
        say(self.rollcall, folder, "state", "export", "again")
        same("export of what was imported", content(self.backup), content(folder, "again"))
        same("the state after commands that only read", before, content(folder, "state", "state.mdb"))
        return before

    def written(self, command, before, older):
        folder = self.place("-".join(command).replace("/", ""))
        got = run(self.rollcall, folder, *command)
        if got.returncode:
            fail("%s: exit %d\n%s%s" % (command, got.returncode, got.stdout, got.stderr))
        same("whether a copy is kept", older, os.path.exists(self.kept(folder)))
        same("whether it is said", older, "the old one is kept as" in got.stderr)
        if older:
            same("the copy", before, content(self.kept(folder)))
        self.reads(folder, lacks=("1006",) if command[0] == "forget" else ())
        if "kept as" in run(self.rollcall, folder, "prune").stderr:
            fail("migrated twice")

    def ended(self, shim, before):
        """In place of every other system call of the first command that writes."""
        n = -1
        while True:
            n += 2
            folder = self.place("ended")
            got = run(self.rollcall, folder, "prune", env={"LD_PRELOAD": shim, "CRASH_STOP": str(n),
                                                            "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"})
            if got.returncode == 0:
                return n // 2
            if got.returncode != -9:
                fail("ended at step %d: exit %d\n%s" % (n, got.returncode, got.stderr))
            new = content(folder, "state", "state.mdb") != before
            if new and content(self.kept(folder)) != before:
                fail("ended at step %d: the state is a new one, and no copy of the old one is kept" % n)
            self.says("list", folder, "list, ended at step %d" % n)
            say(self.rollcall, folder, "prune")
            if n % 15 == 0:
                self.reads(folder)
            same("the copy, ended at step %d" % n, before, content(self.kept(folder)))
            same("what is left behind at step %d" % n, [], glob.glob(os.path.join(folder, "state", "*.new*")))
            shutil.rmtree(folder)


def main():
    build, shim = sys.argv[1], os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None
    backups = sorted(glob.glob(os.path.join(HERE, "format-*.backup")))
    newest = max(int(b.rsplit("-", 1)[1].split(".")[0]) for b in backups)
    for backup in backups:
        folder = tempfile.mkdtemp(prefix="rollcall-golden-")
        try:
            g = Golden(build, backup, folder)
            before = g.read_only()
            if shim and g.format < newest:
                print("format %d: ended %d times" % (g.format, g.ended(shim, before)))
            elif not shim:
                for command in WRITERS:
                    g.written(command, before, g.format < newest)
                print("format %d: ok" % g.format)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
