#!/usr/bin/env python3
"""Lets every allocation of a run fail, one after the other: the program's own and those of its libraries.

    allocs.py BUILD_DIR SHIM [--only COMMAND] [--every N] [--from N] [--good] [--keep]

Each of read, check, plan, status, sync (a later night with joiners, movers, leavers and new names) and credentials is run with its
N-th allocation failing (alloc_shim.c), until one ends before its N-th. It must end with 70 and one line, or as if nothing
had been (whoever asked could do without). After a sync the next runs go on, and World.check must hold. --every 7: only
each seventh, beginning at --from; --good: all later ones fail as well.
"""
import argparse
import os
import shutil
import subprocess
import sys

from world import PROVIDERS, World, Wrong

BAD = ("AddressSanitizer", "runtime error:", "LeakSanitizer", "tok-good")
MAX_FAULTS = 20
HANGS_S = int(os.environ.get("HANGS", "300"))
COMMANDS = ("read", "check", "plan", "status", "credentials", "sync")


class Allocs:
    def __init__(self, world, a):
        self.w = world
        self.a = a
        self.told = world.path("told")
        self.faults = 0

    def wrong(self, e):
        """Goes on, to show more of them at once."""
        print("FAILED: %s" % str(e)[:3000], flush=True)
        self.faults += 1
        if self.faults == MAX_FAULTS:
            raise Wrong("too many: ended here")

    def words(self, command):
        if command == "read":
            return ["read", "hr.csv"]
        if command == "credentials":
            return ["credentials", "open", "--key", "key.pem", "credentials"]
        return [command, "rollcall.json"]

    def failing(self, command, n):
        """(exit code, stdout, stderr, what the shim told) of a run whose n-th allocation fails."""
        env = self.w.environment(LD_PRELOAD=self.a.shim, CRASH_ALLOC="%d%s" % (n, "+" if self.a.good else ""),
                                 CRASH_ALLOC_AT=self.told, ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=0")
        if os.path.exists(self.told):
            os.unlink(self.told)
        try:
            p = subprocess.run([os.path.join(self.w.build, "rollcall")] + self.words(command), cwd=self.w.dir, env=env,
                               stdin=subprocess.DEVNULL, capture_output=True, timeout=HANGS_S)
        except subprocess.TimeoutExpired:
            with open(self.told, encoding="utf-8") as f:
                raise Wrong("%s, allocation %s: the run does not end" % (command, f.read()))
        with open(self.told, encoding="utf-8") as f:
            told = f.read().split()
        return p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace"), told

    def judge(self, command, told, code, err, well):
        what = "%s, allocation %s (%s bytes for %s)" % (command, *told[:3])
        if any(b in err for b in BAD):
            raise Wrong("%s: %s" % (what, err))
        if code == 70:
            lines = err.splitlines()
            if not lines or "memory" not in lines[-1].lower() and "start" not in lines[-1]:
                raise Wrong("%s: exit 70, and the reason is not memory\n%s" % (what, err))
        elif code != well:
            raise Wrong("%s: exit %d, neither 70 nor %d\n%s" % (what, code, well, err))

    def evening(self):
        w = self.w
        w.change(leave=1, move=1, rename=1)
        w.join(2)
        w.write_source()

    def after_sync(self, told):
        try:
            self.w.check(self.w.until_done())
        except Wrong as e:
            raise Wrong("sync, after allocation %s (%s bytes for %s): %s" % (*told[:3], e))

    def run(self, command):
        """Returns how many failed, how many of them ended with 70, and how many there are."""
        n, failed, ended = self.a.start, 0, 0
        well_out = None
        while True:
            if command == "sync":
                self.evening()
            if command == "plan":  # what one leaves behind the next would read: it is to be the same run each time
                shutil.rmtree(self.w.path("reports"), ignore_errors=True)
            try:
                code, out, err, told = self.failing(command, n)
            except Wrong as e:
                self.wrong(e)
                n += self.a.every
                continue
            if told[0] == "0":
                if code:
                    raise Wrong("%s: exit %d without any failure\n%s" % (command, code, err))
                if command == "sync":
                    self.after_sync(["none", "0", "nobody"])
                return failed, ended, int(told[1])
            try:
                self.judge(command, told, code, err, 0)
                if command == "sync":
                    self.after_sync(told)
                elif command in ("read", "credentials") and code == 0:
                    well_out = well_out or out
                    if out != well_out:
                        raise Wrong("%s: exit 0 and another result, allocation %s for %s" % (command, n, told[2]))
            except Wrong as e:
                self.wrong(e)
            failed += 1
            ended += code == 70
            n += self.a.every


def main():
    a = argparse.ArgumentParser()
    a.add_argument("build")
    a.add_argument("shim")
    a.add_argument("--only", choices=COMMANDS)
    a.add_argument("--provider", choices=sorted(PROVIDERS), default="huawei")
    a.add_argument("--every", type=int, default=1)
    a.add_argument("--from", type=int, default=1, dest="start")
    a.add_argument("--good", action="store_true")
    a.add_argument("--keep", action="store_true")
    a = a.parse_args()
    a.shim = os.path.abspath(a.shim)
    w = World(a.build, 1, PROVIDERS[a.provider])
    try:
        w.start()
        w.join(6)
        w.write_source()
        w.check(w.until_done())
        t = Allocs(w, a)
        for command in COMMANDS:
            if a.only in (None, command):
                failed, ended, there = t.run(command)
                print("%s: %d of %d allocations failed, %d ended the run, the others were done without" %
                      (command, failed, there, ended), flush=True)
        if t.faults:
            sys.exit(1)
    except Wrong as e:
        print("FAILED (--provider %s): %s" % (a.provider, str(e)[:6000]))
        sys.exit(1)
    finally:
        w.stop(a.keep)


if __name__ == "__main__":
    main()
