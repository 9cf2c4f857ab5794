#!/usr/bin/env python3
"""Kills rollcall at random moments and lets the next run go on, night after night.

    kill_loop.py BUILD_DIR [--provider huawei|alibaba] [--kills N] [--seed N] [--keep]

Each night the export changes; its sync is killed (SIGKILL) a few times, then runs to its end. After every night: what
World.check says. The seed is printed; the same seed makes the same company, the moments depend on the machine.
"""
import argparse
import random
import sys

from world import PROVIDERS, World, Wrong

KILLS_A_NIGHT = 5


def night(w, kills):
    r = w.random
    w.change(leave=r.randint(0, 3), move=r.randint(0, 3), rename=r.randint(0, 2))
    w.join(r.randint(5, 40) if len(w.people) < 250 else 0)
    if len(w.people) > 200:
        w.change(leave=40, move=0, rename=0)
    w.write_source()
    for _ in range(kills):
        code, out = w.sync(kill_after=r.random() ** 2 * 0.9)
        if code not in (-9, 0, 75):
            raise Wrong("exit %d\n%s" % (code, out))
    w.check(w.until_done())


def main():
    a = argparse.ArgumentParser()
    a.add_argument("build")
    a.add_argument("--provider", choices=sorted(PROVIDERS), default="huawei")
    a.add_argument("--kills", type=int, default=20)
    a.add_argument("--seed", type=int, default=random.randrange(1 << 31))
    a.add_argument("--keep", action="store_true")
    a = a.parse_args()
    print("seed %d" % a.seed, flush=True)
    w = World(a.build, a.seed, PROVIDERS[a.provider], ["--latency", "3", "--apply-delay", "60"], settle_ms=250)
    nights = 0
    try:
        w.start()
        while w.kills < a.kills:
            night(w, KILLS_A_NIGHT)
            nights += 1
        print("ok: %d nights, %d kills, %d people at the end" % (nights, w.kills, len(w.people)))
    except Wrong as e:
        print("FAILED in night %d (--provider %s --seed %d): %s" % (nights + 1, a.provider, a.seed, e))
        sys.exit(1)
    finally:
        w.stop(a.keep)


if __name__ == "__main__":
    main()
