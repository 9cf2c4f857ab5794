#!/usr/bin/env python3
"""Many people over a pool of Huawei servers and several SAG instances; one server always busy, one instance full.

    pool_scale.py BUILD_DIR [--people N] [--servers N] [--seats N] [--instances N] [--unreachable D] [--keep]

Everybody else is done, exit 75, and the report says who waits and why; once both are well, the rest follows, and then
nothing is left to do. Prints time and memory of each run.
"""
import argparse
import csv
import json
import os
import resource
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cases"))
import run_case  # noqa: E402

EVERY = 20  # one in so many people has an account at each instance


def config(o):
    targets = {
        "vpn": {
            "vpn_server_id": None,
            "servers": [{"vpn_server_id": "S%d" % i, "label": "s%d" % i, "seats": o.seats} for i in range(o.servers)],
        }
    }
    for i in range(o.instances):
        targets["sag%d" % i] = {
            "connector": "alibaba-sag-app",
            "endpoint": "@ENDPOINT@",
            "region_id": "cn-shanghai",
            "smart_ag_id": "sag-%d" % i,
            "auth": {"method": "aksk", "access_key": {"env": "SAG_AK"}, "secret_key": {"env": "SAG_SK"}},
            "where": "int(id) %% %d == %d" % (EVERY, i),
            "account": {"UserMail": "name .. '@example.com'", "Bandwidth": "2000"},
            "missing": {"action": "delete"},
        }
    return {"timeouts": {"unreachable": o.unreachable, "request": "60s", "confirm": "60s"}, "targets": targets}


class Scale(run_case.Case):
    def environment(self, step):
        env = super().environment(step)
        env.update({"SAG_AK": "ak", "SAG_SK": "sk"})
        return env

    def run_step(self, step):
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        super().run_step(step)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        print("%s: %.1f s with its checks, %.1f s of CPU, peak %d MiB" % (
            " ".join(step["run"]), time.monotonic() - began,
            after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss // 1024), flush=True)
        if step.get("exit") == 75:
            self.who_waits(step["waits"])

    def who_waits(self, waits):
        """Every row that is not done is one of those, for the reason named."""
        path = os.path.join(self.dir, "reports")
        with open(os.path.join(path, sorted(os.listdir(path))[-1], "users.csv"), encoding="utf-8", newline="") as f:
            rows = [r for r in csv.DictReader(f) if r["status"] != "done"]
        for target, n, code, server, words in waits:
            mine = [r for r in rows if r["target"] == target]
            told = [(code, words), ("ClientUser.UserOverLimit", "exceeded")]  # whoever asked has the provider's words
            odd = [r for r in mine if r["server"] != server or r["status"] != "deferred" or
                   not any(r["error_code"] == c and w in r["error_message"] for c, w in told)]
            if len(mine) != n or odd:
                raise run_case.Failed("%s: %d wait, not %d; odd: %s" % (target, len(mine), n, odd[:3]))
            if code == "rollcall.seats" and sorted(int(r["queue_position"]) for r in mine) != list(range(1, n + 1)):
                raise run_case.Failed("%s: queue positions are not 1 to %d" % (target, n))
        if len(rows) != sum(w[1] for w in waits):
            raise run_case.Failed("%d rows are not done" % len(rows))


def case(o):
    busy = o.servers // 2
    per_server = o.people // o.servers
    at_sag = [len([k for k in range(1, o.people + 1) if k % EVERY == i]) for i in range(o.instances)]
    full = at_sag[0] // 2
    done = {"targets.sag%d.actions.create.done" % i: at_sag[i] for i in range(1, o.instances)}
    done.update({"targets.vpn.actions.create.done": o.people - per_server, "targets.sag0.actions.create.done": full,
                 "targets.vpn.exit_code": 75, "targets.sag0.exit_code": 75, "balance.ok": True})
    everybody = o.people + sum(at_sag)
    return {
        "about": "%d people, %d servers of %d seats, %d instances" % (o.people, o.servers, o.seats, o.instances),
        "simulator": {
            "auth": [],
            "script": {
                "servers": {"sag-0": {"seat_limit": full}},
                "rules": [{"match": {"server": "S%d" % busy, "writes": True}, "do": {"code": "VPN.0030"}}],
            },
        },
        "files": {"hr.csv": {"rows": o.people}},
        "config": config(o),
        "steps": [
            {"run": ["sync", "--no-progress"], "exit": 75, "summary": done, "user_count": everybody - per_server - at_sag[0] + full,
             "waits": [("vpn", per_server, "rollcall.unreachable", "s%d" % busy, "(busy)"),
                       ("sag0", at_sag[0] - full, "rollcall.seats", "", "seat")]},
            {"run": ["sync", "--no-progress"], "script": {"servers": {"sag-0": {"seat_limit": None}}, "rules": []},
             "user_count": everybody},
            {"run": ["sync", "--no-progress"], "writes": 0, "requests": {"listVpnUsers": 0}},
        ],
        "again": False,
    }


def main():
    p = argparse.ArgumentParser()
    p.add_argument("build")
    p.add_argument("--people", type=int, default=600)
    p.add_argument("--servers", type=int, default=4)
    p.add_argument("--seats", type=int, default=160)
    p.add_argument("--instances", type=int, default=2)
    p.add_argument("--unreachable", default="3s")
    p.add_argument("--keep", action="store_true")
    o = p.parse_args()
    folder = tempfile.mkdtemp(prefix="rollcall-pool-")
    with open(os.path.join(folder, "case.json"), "w", encoding="utf-8") as f:
        json.dump(case(o), f)
    scale = Scale(o.build, folder)
    ok = True
    try:
        scale.run()
        print("ok:", scale.case["about"])
    except run_case.Failed as e:
        print("FAILED: %s\n%s" % (scale.case["about"], str(e)[:8000]))
        ok = False
    finally:
        scale.stop(o.keep)
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
