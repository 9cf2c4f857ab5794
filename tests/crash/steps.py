#!/usr/bin/env python3
"""Ends rollcall in place of every system call that changes a file or talks to the provider, one after the other.

    steps.py BUILD_DIR SHIM [--provider huawei|alibaba] [--night first|later] [--every N] [--from N] [--seed N] [--keep]

first: the night that makes everybody, on an empty state and an empty provider. later: one with joiners, movers, leavers,
new names and new groups. Each is stopped in place of its N-th call (stop_shim.c says which calls count), and
the next runs go on; then what World.check says must hold. --every 7: only each seventh step, beginning at --from.
"""
import argparse
import sys

from world import PROVIDERS, World, Wrong


class Steps:
    def __init__(self, world, shim):
        self.w = world
        self.env = {"LD_PRELOAD": shim, "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}

    def prepare(self, first):
        if first:
            self.w.begin_anew()
            self.w.join(30)
        else:
            self.w.change(leave=3, move=4, rename=3)
            self.w.join(4)
            if len(self.w.people) > 60:
                self.w.change(leave=25, move=0, rename=0)
        self.w.write_source()

    def stopped_at(self, n):
        """Whether the run was still there to be stopped at step n."""
        code, out = self.w.sync(CRASH_STOP=str(n), **self.env)
        if code not in (-9, 0, 75):
            raise Wrong("exit %d\n%s" % (code, out))
        return code == -9

    def run(self, first, start, every):
        """Until a run ends before its step comes; returns the number of stops."""
        stops, n = 0, start
        while True:
            self.prepare(first)
            there = self.stopped_at(n)
            try:
                if there and n % 3 == 0:  # stopped once more while it takes up what was left
                    self.stopped_at(n // 3 + 1)
                self.w.check(self.w.until_done())
            except Wrong as e:
                raise Wrong("stopped at step %d: %s" % (n, e))
            if not there:
                return stops, n
            stops += 1
            n += every


def main():
    a = argparse.ArgumentParser()
    a.add_argument("build")
    a.add_argument("shim")
    a.add_argument("--provider", choices=sorted(PROVIDERS), default="huawei")
    a.add_argument("--night", choices=("first", "later"), default="later")
    a.add_argument("--from", type=int, default=1, dest="start")
    a.add_argument("--every", type=int, default=1)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--keep", action="store_true")
    a = a.parse_args()
    w = World(a.build, a.seed, PROVIDERS[a.provider])
    try:
        w.start()
        if a.night == "later":
            w.join(30)
            w.write_source()
            w.check(w.until_done())
        stops, last = Steps(w, a.shim).run(a.night == "first", a.start, a.every)
        print("ok: %s, %s night: stopped %d times (%d with those while resuming), the last step is %d" %
              (a.provider, a.night, stops, w.kills, last - 1))
    except Wrong as e:
        print("FAILED (--provider %s --night %s --seed %d): %s" % (a.provider, a.night, a.seed, e))
        sys.exit(1)
    finally:
        w.stop(a.keep)


if __name__ == "__main__":
    main()
