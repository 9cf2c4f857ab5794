#!/usr/bin/env python3
"""Kills rollcall at random moments and lets the next run go on, night after night.

    kill_loop.py BUILD_DIR [--provider huawei|alibaba] [--kills N] [--seed N] [--keep]

Each night the export changes; its sync is killed (SIGKILL) a few times, then runs to its end. In between others are at
work, killed as well: saved plans, single people, refreshes, resets. After every night: what World.check says. The seed is printed; the same seed makes the same company, the moments depend on the machine.
"""
import argparse
import os
import random
import sys

from world import PROVIDERS, World, Wrong

KILLS_A_NIGHT = 5


def apply_a_plan(w, moment):
    """Mostly at once; an older plan is stale by now and must be refused. 1: a rename in doubt that was settled since."""
    if w.random.random() < 0.8 or not os.path.exists(w.path("plan")):
        code, out = w.run("plan", args=["-o", "plan"])
        if code:
            return code, out, (75,)
    return (*w.run("apply", moment, ["plan"]), (1, 64, 75, 76))


def reset_passwords(w, moment):
    """Of one or two people who were there before the night, whatever became of them since."""
    keys = w.random.sample(sorted(w.before), min(len(w.before), w.random.randint(1, 2)))
    for key in keys:  # whose account may still have the name of yesterday
        w.resets.update({w.before[key], w.people.get(int(key), [w.before[key]])[0]})
    return (*w.run("reset-password", moment, ["--target", "vpn", "--yes"] + keys), (1, 64, 75)) if keys else (0, "", ())


def a_few(w, moment):
    keys = w.random.sample(sorted(w.before), min(len(w.before), 4)) + [str(k) for k in w.random.sample(sorted(w.people), 4)]
    return (*w.sync(moment, [a for k in keys for a in ("--only", k)]), (1, 75))  # 1: whose name a person left out holds


# What else may be at work while something is in doubt, and how often out of a hundred; the rest are whole syncs.
OTHERS = ((12, apply_a_plan), (6, reset_passwords), (12, a_few),
          (6, lambda w, moment: (*w.run("refresh", moment), (75,))),
          (6, lambda w, moment: (*w.sync(moment, ["--refresh"]), (75,))),
          (6, lambda w, moment: (*w.sync(None, ["--deadline", "%dms" % (moment * 1000 + 1)]), (69, 75))))


def one_run(w):
    r = w.random
    moment, at = r.random() ** 2 * 0.9, r.randint(1, 100)
    for share, other in OTHERS:
        at -= share
        if at <= 0:
            return other(w, moment)
    return (*w.sync(moment), (75,))


def night(w, kills):
    r = w.random
    w.before = {str(k): row[0] for k, row in w.people.items()}
    w.change(leave=r.randint(0, 3), move=r.randint(0, 3), rename=r.randint(0, 2))
    w.join(r.randint(5, 40) if len(w.people) < 250 else 0)
    if len(w.people) > 200:
        w.change(leave=40, move=0, rename=0)
    w.write_source()
    for _ in range(kills):
        code, out, allowed = one_run(w)
        if code not in (-9, 0) + allowed:
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
