#!/usr/bin/env python3
"""usage: nights.py BUILD SEED [NIGHTS]

An export of some hundred people is edited at random, night after night, in every way that touches how rows are recognised: values that
count and values that do not, rows added, removed, moved and doubled, faults, empty lines, other line ends, cells of several lines. Each
night the usual plan, which looks only at what differs from the last night, must order what a plan that looks at everybody orders; then
the night is synced, and the provider must have whom this program's own reading of the export says."""
import csv
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

BUILD, SEED = os.path.abspath(sys.argv[1]), int(sys.argv[2])
NIGHTS = int(sys.argv[3]) if len(sys.argv) > 3 else 25
PEOPLE = 700
HEADER = ["id", "user", "dept", "status", "room"]


class Export:
    def __init__(self, rng):
        self.rng, self.next_id, self.end = rng, 0, "\n"
        self.rows = [self.person() for _ in range(PEOPLE)]

    def person(self):
        self.next_id += 1
        return [f"{self.next_id:05}", f"user{self.next_id}", self.rng.choice("ABCD"), "active" if self.rng.random() < 0.9 else "left",
                str(self.rng.randrange(1000))]

    def at(self):
        return self.rng.randrange(len(self.rows))

    def edit(self):
        r, i = self.rng, self.at()
        row = self.rows[i]
        what = r.randrange(11)
        if isinstance(row, str) and what not in (0, 1, 2, 10):
            self.rows.pop(i)
        elif what == 0:
            self.rows.insert(i, self.person())
        elif what == 1:
            self.rows.pop(i)
        elif what == 2:
            self.rows.insert(self.at(), self.rows.pop(i))
        elif what == 3:
            row[2] = r.choice("ABCD")
        elif what == 4:
            row[4] = str(r.randrange(1000))
        elif what == 5:
            row[3] = r.choice(("active", "left"))
        elif what == 6:
            row[4] = f"{r.randrange(9)}\n{r.randrange(9)}, \"{r.randrange(9)}\""
        elif what == 7 and r.random() < 0.3:
            self.rows.insert(self.at(), list(row))
        elif what == 8 and r.random() < 0.3:
            self.rows.insert(i, "")
        elif what == 9 and r.random() < 0.2:
            self.rows[i] = f"{row[0]},{row[1]},\"a\"b,active,1"
        elif what == 10 and r.random() < 0.1:
            self.end = "\r\n" if self.end == "\n" else "\n"

    def text(self):
        out = io.StringIO()
        w = csv.writer(out, lineterminator=self.end)
        w.writerow(HEADER)
        for row in self.rows:
            if isinstance(row, str):
                out.write(row + self.end)
            else:
                w.writerow(row)
        return out.getvalue()

    def wanted(self):
        """Accounts of whoever has one row, and whose row can be read; and the names of those who stay as they are."""
        seen, frozen = {}, set()
        for row in self.rows:
            if row == "":
                continue
            key = row.split(",")[0] if isinstance(row, str) else row[0]
            if isinstance(row, str) or key in seen:
                frozen.add(key)
            seen[key] = row
        return ({f"user{int(k)}" for k, row in seen.items() if k not in frozen and row[3] == "active"},
                {f"user{int(k)}" for k in frozen})


def run(folder, env, command, *options, config="rollcall.json"):
    p = subprocess.run([os.path.join(BUILD, "rollcall"), command, config, *options], cwd=folder, env=env, capture_output=True, text=True)
    assert p.returncode in (0, 1), f"{command} ended with {p.returncode}: {p.stdout}{p.stderr}"


def ordered(folder, env, config):
    """What a plan orders: rows without those that need nothing."""
    run(folder, env, "plan", "--run-id", "plan", config=config)
    with open(os.path.join(folder, "reports", "plan", "users.csv"), encoding="utf-8", newline="") as f:
        rows = [r for r in csv.DictReader(f) if (r["action"], r["status"]) != ("none", "done")]
    shutil.rmtree(os.path.join(folder, "reports", "plan"))
    return sorted((r["key"], r["name"], r["action"], r["status"], r["changed_fields"], r["source"], r["reason"]) for r in rows)


def configure(folder, address, name, users):
    config = {"version": 1, "state": "state", "reports": "reports", "report": {"users": users},
              "sources": [{"files": ["export.csv"], "key": "id", "where": "status == 'active'"}], "timeouts": {"settle": "100ms"},
              "targets": {"vpn": {
                  "connector": "huawei-p2c-vpn", "endpoint": f"http://{address}", "project_id": "P", "vpn_server_id": "S",
                  "auth": {"method": "token", "token": {"env": "VPN_TOKEN"}},
                  "account": {"name": "user", "description": "dept", "password": "'Pw-' .. id .. '-xyz1'"},
                  "missing": {"action": "delete"}, "guards": {"max_deletes": "unlimited", "max_updates": "unlimited", "max_rejected_rows": "unlimited"}}}}
    with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
        json.dump(config, f)


def accounts(address):
    with urllib.request.urlopen(f"http://{address}/_sim/users") as answer:
        return {u["name"] for u in json.load(answer)["users"]}


def night(folder, env, address, export, standing):
    with open(os.path.join(folder, "export.csv"), "w", encoding="utf-8", newline="") as f:
        f.write(export.text())
    usual, everybody = ordered(folder, env, "rollcall.json"), ordered(folder, env, "everybody.json")
    assert usual == everybody, f"the usual plan alone: {set(usual) - set(everybody)}; the other alone: {set(everybody) - set(usual)}"
    run(folder, env, "sync", "--yes")
    wanted, frozen = export.wanted()
    have = accounts(address)
    assert have - frozen == wanted - frozen, f"missing {wanted - have - frozen}, too many {have - wanted - frozen}"
    assert have & frozen == standing & frozen, "somebody whose row cannot be read was touched"
    return have


def main():
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as folder:
        port = os.path.join(folder, "port")
        sim = subprocess.Popen([os.path.join(BUILD, "rollcall-simulator"), "--listen", "127.0.0.1:0", "--port-file", port, "--token", "t"],
                               stdout=subprocess.DEVNULL)
        try:
            while not os.path.exists(port):
                time.sleep(0.01)
            with open(port, encoding="utf-8") as f:
                address = f.read().strip()
            configure(folder, address, "rollcall.json", "changed")
            configure(folder, address, "everybody.json", "all")
            env = dict(os.environ, VPN_TOKEN="t")
            export, standing = Export(rng), set()
            for n in range(NIGHTS):
                try:
                    standing = night(folder, env, address, export, standing)
                except AssertionError as e:
                    sys.exit(f"seed {SEED}, night {n}: {e}")
                for _ in range(rng.choice((0, 1, 5, 30))):
                    export.edit()
        finally:
            sim.terminate()
            sim.wait()


main()
