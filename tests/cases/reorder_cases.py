#!/usr/bin/env python3
"""Runs the end-to-end cases with zero delays and with answers that leave the simulator in a shuffled order: the end is the same each time.

    reorder_cases.py BUILD_DIR [--only CASE] [--every N] [--from N] [--seed N] [--rounds N] [--keep]

Whatever a case says is looked at. --every 9: only each ninth case; each round has the next seed.
"""
import argparse
import json
import os
import shutil
import sys

from run_case import Case, Failed

HERE = os.path.dirname(os.path.abspath(__file__))
# Cases about time itself: without the delays of their scripts nothing of it happens.
LEFT_OUT = {"list-shifts": "a delete takes effect between two pages of a list that is held up"}


def cases():
    for name in sorted(os.listdir(HERE)):
        path = os.path.join(HERE, name, "case.json")
        if not os.path.exists(path) or name in LEFT_OUT:
            continue
        with open(path, encoding="utf-8") as f:
            case = json.load(f)
        if case.get("label") != "long" and ("needs" not in case or shutil.which(case["needs"])):
            yield name


def main():
    a = argparse.ArgumentParser()
    a.add_argument("build")
    a.add_argument("--only")
    a.add_argument("--every", type=int, default=1)
    a.add_argument("--from", type=int, default=0, dest="start")
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--rounds", type=int, default=1)
    a.add_argument("--keep", action="store_true")
    a = a.parse_args()
    names = [a.only] if a.only else list(cases())[a.start::a.every]
    faults = 0
    for seed in range(a.seed, a.seed + a.rounds):
        for name in names:
            case = Case(a.build, os.path.join(HERE, name), ["--reorder", str(seed)])
            try:
                case.run()
            except Failed as e:
                faults += 1
                print("FAILED (--only %s --seed %d): %s" % (name, seed, str(e)[:3000]), flush=True)
            finally:
                case.stop(a.keep)
    print("%d cases with %d seeds, %d ended otherwise" % (len(names), a.rounds, faults))
    sys.exit(faults > 0)


if __name__ == "__main__":
    main()
