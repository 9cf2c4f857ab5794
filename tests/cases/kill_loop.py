#!/usr/bin/env python3
"""Kills rollcall at random moments and lets the next run go on, night after night.

    kill_loop.py BUILD_DIR [--nights N] [--kills N] [--seed N] [--keep]

Each night the export changes; its sync is killed (SIGKILL) a few times, then runs to its end. After every night: the
provider equals the export, nobody was made twice or mailed twice, every account opens with its sealed password, each
report says its end (a killed one: interrupted, and by whom it was finished), and running again writes nothing.
"""
import argparse
import csv
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))


class Wrong(Exception):
    pass


class World:
    def __init__(self, build, seed):
        self.build = os.path.abspath(build)
        self.random = random.Random(seed)
        self.dir = tempfile.mkdtemp(prefix="rollcall-kill-")
        self.people = {}
        self.next = 1
        self.kills = 0
        self.address = None
        self.sim = None

    def path(self, name):
        return os.path.join(self.dir, name)

    def start(self):
        self.sim = subprocess.Popen([os.path.join(self.build, "rollcall-simulator"), "--listen", "127.0.0.1:0",
                                     "--port-file", self.path("port"), "--token", "tok-good", "--latency", "3",
                                     "--apply-delay", "60", "--capacity", "1500", "--queue", "100"],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(self.path("port")):
            time.sleep(0.01)
        with open(self.path("port"), encoding="utf-8") as f:
            self.address = f.read().strip()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out",
                        "crt.pem", "-days", "2", "-subj", "/CN=ops"], cwd=self.dir, check=True, capture_output=True)
        with open(self.path("rollcall.json"), "w", encoding="utf-8") as f:
            json.dump(self.config(), f)

    def config(self):
        unlimited = {g: "unlimited" for g in ("max_deletes", "max_updates", "max_renames", "max_source_shrink",
                                              "max_blanked", "max_failures")}
        return {
            "version": 1, "state": "state", "reports": "reports",
            "sources": [{"files": ["hr.csv"], "key": "id"}],
            "timeouts": {"settle": "100ms", "confirm": "5s"},
            "targets": {"vpn": {
                "connector": "huawei-p2c-vpn", "endpoint": "http://" + self.address, "project_id": "P",
                "vpn_server_id": "S", "auth": {"method": "token", "token": {"env": "VPN_TOKEN"}},
                "account": {"name": "name", "description": "dept", "user_group_name": "grp",
                            "password": {"generate": {"length": 16}}},
                "create_groups": True, "missing": {"action": "delete"}, "guards": unlimited,
                "batch": {"max_users": 7}}},
            "credentials": {"seal_to": ["crt.pem"], "file": "credentials"},
        }

    def evening(self):
        """Joiners, movers, leavers, new names."""
        r = self.random
        for _ in range(r.randint(5, 40)):
            self.people[self.next] = ["user%05d" % self.next, r.choice("abc") * 3, r.choice(["staff", "ops"])]
            self.next += 1
        for key in r.sample(sorted(self.people), min(len(self.people), r.randint(0, 8))):
            what = r.random()
            if what < 0.4:
                del self.people[key]
            elif what < 0.8:
                self.people[key][1] = r.choice("abc") * 3
            else:
                self.people[key][0] = "u%05d-%d" % (key, r.randint(1, 99))
        with open(self.path("hr.csv"), "w", encoding="utf-8") as f:
            f.write("id,name,dept,grp\n")
            for key, row in self.people.items():
                f.write("%d,%s\n" % (key, ",".join(row)))

    def sync(self, kill_after=None):
        env = dict(os.environ, VPN_TOKEN="tok-good")
        p = subprocess.Popen([os.path.join(self.build, "rollcall"), "sync", "rollcall.json"], cwd=self.dir, env=env,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if kill_after is not None:
            time.sleep(kill_after)
            if p.poll() is None:
                p.send_signal(signal.SIGKILL)
                self.kills += 1
        out, _ = p.communicate(timeout=120)
        return p.returncode, out

    def get(self, path):
        with urllib.request.urlopen("http://%s%s" % (self.address, path), timeout=10) as r:
            return json.load(r)

    def night(self, kills):
        began = time.monotonic()
        self.evening()
        longest = 0.9
        for _ in range(kills):
            code, out = self.sync(self.random.random() ** 2 * longest)
            if code not in (-9, 0, 75):
                raise Wrong("exit %d\n%s" % (code, out))
        for _ in range(4):
            code, out = self.sync()
            if code == 0:
                break
            if code != 75:
                raise Wrong("exit %d\n%s" % (code, out))
        else:
            raise Wrong("still not done: exit %d\n%s" % (code, out))
        self.check(out)
        return time.monotonic() - began

    def check(self, out):
        users = self.get("/_sim/users")["users"]
        got = {u["name"]: [u["description"] or "", u["group"]] for u in users}
        want = {p[0]: p[1:] for p in self.people.values()}
        if got != want:
            odd = [(k, want.get(k), got.get(k)) for k in sorted(set(got) | set(want)) if got.get(k) != want.get(k)]
            raise Wrong("provider and export differ: %s\n%s" % (odd[:5], out))
        stats = self.get("/_sim/stats")["totals"]
        for name in ("double_creates", "vanished"):
            if stats.get(name):
                raise Wrong("%s: %s" % (name, stats[name]))
        before = stats["writes"]
        code, out = self.sync()
        after = self.get("/_sim/stats")["totals"]["writes"]
        if code or after != before:
            raise Wrong("running again: exit %d, %d writes\n%s" % (code, after - before, out))
        self.check_passwords(users)
        self.check_reports()

    def check_passwords(self, users):
        out = subprocess.run([os.path.join(self.build, "rollcall"), "credentials", "open", "--key", "key.pem",
                              "credentials"], cwd=self.dir, capture_output=True, text=True, check=True).stdout
        sealed = {r["name"]: r["password"] for r in csv.DictReader(out.splitlines())}
        odd = [u["name"] for u in users if sealed.get(u["name"]) != u["password"]]
        if odd:
            raise Wrong("credentials do not hold the passwords of %s" % odd[:5])

    def check_reports(self):
        for run in os.listdir(self.path("reports")):
            path = os.path.join(self.path("reports"), run, "summary.json")
            if not os.path.exists(path):
                raise Wrong("report of %s has no end" % run)
            with open(path, encoding="utf-8") as f:
                s = json.load(f)
            if s["exit_code"] is None and not (s.get("interrupted") and s.get("resumed_by")):
                raise Wrong("report of %s: interrupted, but not told by whom it was finished" % run)
            if not s["balance"]["ok"]:
                raise Wrong("books of %s do not balance" % run)

    def stop(self, keep):
        if self.sim:
            self.sim.terminate()
            self.sim.wait()
        if keep:
            print("kept", self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("build")
    a.add_argument("--nights", type=int, default=6)
    a.add_argument("--kills", type=int, default=4)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--keep", action="store_true")
    a = a.parse_args()
    w = World(a.build, a.seed)
    night = 0
    try:
        w.start()
        for night in range(a.nights):
            w.night(a.kills)
        print("ok: %d nights, %d kills, %d people" % (a.nights, w.kills, len(w.people)))
    except Wrong as e:
        print("FAILED in night %d (--seed %d): %s" % (night + 1, a.seed, e))
        sys.exit(1)
    finally:
        w.stop(a.keep)


if __name__ == "__main__":
    main()
