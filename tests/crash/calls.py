#!/usr/bin/env python3
"""Lets calls of the system and of the libraries fail, one after the other: the answer to "what if this one returned an error?".

    calls.py BUILD_DIR SHIM [--only COMMAND[:FUNCTION[:N]]] [--every N] [--from N] [--keep]

For each command, each function of calls.def that it calls, and the first three, the middle one and the last of these
calls: that one fails (call_shim.c). The run must end with a documented exit code and, unless it could do without, one line that says why;
a run that ends well must have said what it says without the failure. After whatever writes, the next runs go on and World.check must
hold. --every 7: only each seventh of these runs, beginning at --from.
"""
import argparse
import gzip
import json
import os
import re
import shutil
import subprocess
import sys

from world import PROVIDERS, World, Wrong

CODES = {0, 1, 2, 64, 65, 69, 70, 73, 75, 76, 77, 78, 79}
BAD = ("AddressSanitizer", "runtime error:", "LeakSanitizer", "tok-good")
MAX_FAULTS = 40
HANGS_S = int(os.environ.get("HANGS", "300"))
COMMANDS = {  # the words of each; the writing ones are looked at afterwards
    "read": ["read", "hr.csv"],
    "read-gzip": ["read", "hr.csv.gz"],
    "read-utf16": ["read", "hr-utf16.csv"],
    "check": ["check", "rollcall.json"],
    "online": ["check", "rollcall.json", "--online"],
    "plan": ["plan", "rollcall.json", "--run-id", "planned"],
    "save": ["plan", "rollcall.json", "--run-id", "planned", "-o", "plan.json"],
    "status": ["status", "rollcall.json"],
    "list": ["list", "rollcall.json"],
    "why": ["why", "rollcall.json", "1"],
    "report": ["report", "rollcall.json", "--format", "csv"],
    "credentials": ["credentials", "open", "--key", "key.pem", "credentials"],
    "export": ["state", "export", "rollcall.json", "backup"],
    "prune": ["prune", "rollcall.json", "--dry-run"],
    "hold": ["hold", "rollcall.json", "1", "--reason", "by test"],
    "release": ["release", "rollcall.json", "1"],
    "refresh": ["refresh", "rollcall.json"],
    "reset": ["reset-password", "rollcall.json", "--target", "vpn", "2"],
    "sync": ["sync", "rollcall.json"],
}
READS = ("read", "read-gzip", "read-utf16", "check", "status", "list", "why", "report", "credentials")
WRITES = ("hold", "release", "refresh", "reset", "sync")


def chosen(count):
    return sorted(n for n in {1, 2, 3, count // 2, count} if 1 <= n <= count)


class Calls:
    def __init__(self, world, a):
        self.w = world
        self.a = a
        self.told = world.path("told")
        self.well = {}
        self.faults = 0

    def run(self, command, call):
        """(exit code, stdout, stderr, counts by function, whether one failed)"""
        w = self.w
        env = w.environment(LD_PRELOAD=self.a.shim, CRASH_CALL=call, CRASH_CALL_AT=self.told,
                            ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=0")
        if os.path.exists(self.told):
            os.unlink(self.told)
        try:
            p = subprocess.run([os.path.join(w.build, "rollcall")] + COMMANDS[command], cwd=w.dir, env=env,
                               stdin=subprocess.DEVNULL, capture_output=True, timeout=HANGS_S)
        except subprocess.TimeoutExpired:
            raise Wrong("%s, %s: the run does not end" % (command, call))
        if not os.path.exists(self.told) and p.returncode == 70:  # ended where it stood
            return 70, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace"), {}, True
        if not os.path.exists(self.told):
            raise Wrong("%s, %s: ended by %d before it could tell\n%s" % (command, call, p.returncode, p.stderr.decode(errors="replace")))
        with open(self.told, encoding="utf-8") as f:
            lines = f.read().splitlines()
        counts = {name: int(n) for name, n in (line.split() for line in lines if line != "!")}
        return p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace"), counts, "!" in lines

    def prepare(self, command):
        """The same state before each: what one run leaves behind the next would read."""
        w = self.w
        if command in ("sync", "plan", "save"):
            w.people = dict(self.people)
            w.change(leave=1, move=1, rename=1)
            w.join(2)
            if command == "sync":
                self.people = dict(w.people)
            w.write_source()
        for name in ("reports/planned", "plan.json", "backup"):
            path = w.path(name)
            if os.path.isdir(path):
                shutil.rmtree(path)
            elif os.path.exists(path):
                os.unlink(path)
        if command == "release":
            self.hold(True)

    def hold(self, on):
        """Whether it is so already is asked first: releasing a person who is not held ends the management."""
        out, _ = self.w.spawn(COMMANDS["why"]).communicate()
        if ("held" in out) != on:
            self.w.spawn(COMMANDS["hold" if on else "release"]).communicate()

    def after(self, command, what):
        w = self.w
        w.people = dict(self.people)
        w.write_source()
        if command in ("hold", "release"):
            self.hold(False)
        try:
            w.check(w.until_done())
        except Wrong as e:
            raise Wrong("after %s: %s" % (what, e))

    def judge(self, command, what, code, out, err):
        said = "%s: exit %d\n%s\n%s" % (what, code, out[:1500], err[:1500])
        if code not in CODES:
            raise Wrong("no documented end of " + said)
        if any(b in err + (out if command != "credentials" else "") for b in BAD):
            raise Wrong("what must not be said: " + said)
        if code not in (0, 1, 2, 75) and not re.search(r"^[\w.-]+(:\d+)?: \S.{10,}", err, re.M):
            raise Wrong("no reason told: " + said)
        if code == 0 and command in READS and self.plain(out) != self.well[command] and \
                not out.startswith("not all of it could be read: "):
            raise Wrong("ended well with another result: " + said)

    def plain(self, out):
        """Without the folder, which can be had in more than one way, and when the last run was."""
        out = out.replace(self.w.dir + "/", "").replace("./", "")
        return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z|\d{8}T\d{6}Z-\w+", "WHEN", out)

    def one(self, command, name, n):
        what = "%s, call %d of %s" % (command, n, name)
        self.prepare(command)
        code, out, err, _, failed = self.run(command, "%s:%d" % (name, n))
        self.judge(command, what, code, out, err)
        if command in WRITES:
            self.after(command, what)
        return failed, code

    def try_one(self, command, name, n):
        try:
            return self.one(command, name, n)
        except Wrong as e:  # goes on, to show more of them at once
            print("FAILED: %s" % str(e)[:3000], flush=True)
            self.faults += 1
            if self.faults == MAX_FAULTS:
                raise Wrong("too many: ended here")
            self.w.people = dict(self.people)
            self.w.write_source()
            self.w.until_done()
            return True, -1

    def of_command(self, command, at):
        """What would fail, in a fixed order; of it, what --every leaves."""
        self.prepare(command)
        code, out, err, counts, _ = self.run(command, "none:1")
        if code:
            raise Wrong("%s: exit %d without any failure\n%s" % (command, code, err))
        self.well[command] = self.plain(out)
        if command in WRITES:
            self.after(command, command)
        for name in sorted(counts):
            for n in chosen(counts[name]):
                at += 1
                if at % self.a.every == self.a.start % self.a.every:
                    yield at, name, n
        yield at, None, 0


def files(w):
    with open(w.path("hr.csv"), "rb") as f:
        text = f.read()
    with open(w.path("hr.csv.gz"), "wb") as f:
        f.write(gzip.compress(text))
    with open(w.path("hr-utf16.csv"), "wb") as f:
        f.write(text.decode().encode("utf-16"))


def shorter(w):
    """What cannot be heard is waited for by the clock."""
    with open(w.path("rollcall.json"), encoding="utf-8") as f:
        config = json.load(f)
    config["timeouts"].update(request="2s", connect="2s", unreachable="10s")
    with open(w.path("rollcall.json"), "w", encoding="utf-8") as f:
        json.dump(config, f)


def every(t, only, at):
    for command in COMMANDS:
        if only and only[0] != command:
            continue
        failed, ended = 0, {}
        for at, name, n in t.of_command(command, at):
            if not name or (only[1:] and name != only[1]) or (only[2:] and n != int(only[2])):
                continue
            did, code = t.try_one(command, name, n)
            failed += did
            ended[code] = ended.get(code, 0) + did
        print("%s: %d calls failed; exit codes %s" % (command, failed, dict(sorted(ended.items()))), flush=True)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("build")
    a.add_argument("shim")
    a.add_argument("--only", default="")
    a.add_argument("--provider", choices=sorted(PROVIDERS), default="huawei")
    a.add_argument("--every", type=int, default=1)
    a.add_argument("--from", type=int, default=0, dest="start")
    a.add_argument("--keep", action="store_true")
    a = a.parse_args()
    a.shim = os.path.abspath(a.shim)
    w = World(a.build, 1, PROVIDERS[a.provider])
    try:
        w.start()
        w.join(8)
        w.write_source()
        w.check(w.until_done())
        shorter(w)
        files(w)
        t = Calls(w, a)
        t.people = dict(w.people)
        every(t, a.only.split(":") if a.only else [], 0)
        if t.faults:
            sys.exit(1)
    except Wrong as e:
        print("FAILED (--provider %s): %s" % (a.provider, str(e)[:6000]))
        sys.exit(1)
    finally:
        w.stop(a.keep)


if __name__ == "__main__":
    main()
