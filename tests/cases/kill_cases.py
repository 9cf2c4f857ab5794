#!/usr/bin/env python3
"""Runs end-to-end cases once more, each sync killed at a random request before it may go on: the end must be the same.

    kill_cases.py BUILD_DIR [--only CASE,...] [--every N] [--from N] [--seed N] [--rounds N] [--keep]

Of each step only what holds at its end is looked at: the accounts at the provider, nobody created twice, no secret
anywhere, and for the last sync that running again writes nothing. Cases with steps that meet a run half way are left
out. --every 9: only each ninth case.
"""
import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time

from run_case import Case, Failed

HERE = os.path.dirname(os.path.abspath(__file__))
END = ("run", "env", "stdin", "users", "users_equal", "user_count", "passwords_sealed")
LEFT_OUT = {
    "killed-plan": "looks at the reports of killed runs itself",
    "secrets": "counts how often a secret is asked for",
}
MEETS = ("background_after_requests", "finish", "signal_after_requests", "hand")


def is_sync(step):
    return step.get("run", [""])[0] == "sync" and step.get("exit", 0) == 0


def suitable(case):
    steps = case["steps"]
    return (case.get("label") != "long" and not any(k in s for s in steps for k in MEETS) and
            any(is_sync(s) and any(k in s for k in ("users", "users_equal", "user_count")) for s in steps))


def without_run_id(words):
    out = list(words)
    if "--run-id" in out:
        at = out.index("--run-id")
        del out[at:at + 2]
    return out


class Killed(Case):
    def __init__(self, build, folder, chance):
        super().__init__(build, folder)
        self.chance = chance
        self.kills = 0

    def kill(self, step):
        """One run of the step, killed once the simulator has seen some more requests."""
        n = len(self.log_lines()) + self.chance.randint(1, 9)
        p = subprocess.Popen(self.command(without_run_id(step["run"])), cwd=self.dir, env=self.environment(step),
                             stdin=self.stdin_of(step), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while len(self.log_lines()) < n and p.poll() is None:
            time.sleep(0.002)
        p.send_signal(signal.SIGKILL)
        p.wait()
        self.kills += p.returncode == -signal.SIGKILL

    def settled(self, step):
        """The step's own run, and more while there are people to be settled. The last one is looked at."""
        for i in range(5):
            words = step["run"] if i == 0 else without_run_id(step["run"])
            p = subprocess.run(self.command(words), cwd=self.dir, env=self.environment(step),
                               stdin=self.stdin_of(step), capture_output=True, text=True)
            if p.returncode != 75:
                break
        self.check({k: step[k] for k in END if k in step}, p.returncode, p.stdout, p.stderr, self.totals())

    def run_step(self, step):
        if not is_sync(step):
            self.other(step)
            return
        self.kill(step)
        self.settled(step)
        if "writes" in step and step["writes"] == 0 and set(step) <= {"run", "exit", "writes", *END}:
            super().run_step(step)

    def other(self, step):
        """What the other commands say may differ; what they leave at the provider may not."""
        if "run" not in step:
            super().run_step(step)
            return
        subprocess.run(self.command(step["run"]), cwd=self.dir, env=self.environment(step), stdin=self.stdin_of(step),
                       capture_output=True)


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
    names = []
    for name in sorted(os.listdir(HERE)):
        path = os.path.join(HERE, name, "case.json")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                if name not in LEFT_OUT and suitable(json.load(f)):
                    names.append(name)
    names = a.only.split(",") if a.only else names[a.start::a.every]
    kills = faults = 0
    for seed in range(a.seed, a.seed + a.rounds):
        for name in names:
            case = Killed(a.build, os.path.join(HERE, name), random.Random("%d %s" % (seed, name)))
            try:
                case.run()
            except Failed as e:
                faults += 1
                print("FAILED (--only %s --seed %d): %s" % (name, seed, str(e)[:3000]), flush=True)
            finally:
                kills += case.kills
                case.stop(a.keep)
    print("%d cases, %d runs killed, %d ended otherwise" % (len(names) * a.rounds, kills, faults))
    sys.exit(faults > 0)


if __name__ == "__main__":
    main()
