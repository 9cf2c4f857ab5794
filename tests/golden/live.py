#!/usr/bin/env python3
"""What needs a provider, on the golden states: refresh, reset-password, plan and apply, sync, undo and apply, each on a copy of a state that an
earlier version left behind; and a backup of what came of it.

usage: live.py BUILD_DIR

The providers are simulators that this build lets live through the same nights (company.py): accounts and ids are those of the states. They
listen where the states are bound to, ports below 1024, in a network of their own: the script starts itself again in one."""
import csv
import fcntl
import glob
import io
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import urllib.request

from company import FIRST, HERE, LATER, SAG, VPN, nights, run, say, simulators, write
from golden import Golden, content, fail, same

MOVED = LATER.replace("1001,ada.lovelace,ada,IT", "1001,ada.lovelace,ada,Board")
NOT_KEPT = ("listed_at",)


def loopback_up():
    """`ip link set lo up`, without iproute2."""
    with socket.socket() as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: IFF_UP, IFF_RUNNING


def accounts(address, password=False):
    """name to department and group, or to the password."""
    with urllib.request.urlopen("http://%s/_sim/users" % address) as r:
        users = json.load(r)["users"]
    return {u["name"]: u["password"] if password else (u.get("description"), u.get("group")) for u in users if u["visible"]}


def wanted(text):
    return {r["name"]: (r["dept"], r["grp"]) for r in csv.DictReader(io.StringIO(text))}


def forgets_when(value):
    if isinstance(value, dict):
        return {k: forgets_when(v) for k, v in value.items() if k not in NOT_KEPT}
    return [forgets_when(v) for v in value] if isinstance(value, list) else value


class Live(Golden):
    def migrated(self, folder, older):
        same("whether the old state is kept", older, os.path.exists(self.kept(folder)))

    def goes(self, folder, *command):
        got = run(self.rollcall, folder, *command)
        if got.returncode:
            fail("format %d: %s: exit %d\n%s%s" % (self.format, command, got.returncode, got.stdout, got.stderr))
        return got.stdout

    def equal(self, what, text):
        """Both providers hold whom the export names; the unmanaged account is still there."""
        same("%s: vpn" % what, dict(wanted(text), **{"admin.vpn": ("not_a_person", "default")}), accounts(VPN))
        same("%s: sag" % what, sorted(wanted(text)), sorted(accounts(SAG)))

    def refresh(self, older):
        folder = self.place("refresh")
        if "1 unmanaged" not in self.goes(folder, "refresh"):
            fail("refresh: the one unmanaged account is not told")
        self.migrated(folder, older)
        for asked in [a for a in self.expected if a.startswith("why")]:
            self.expected[asked] = json.dumps(forgets_when(json.loads(self.expected[asked])))
        self.reads(folder)
        self.goes(folder, "plan", "--detailed-exitcode")  # 2: something would change

    def reset(self, older):
        folder = self.place("reset")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem",
                        "-out", "crt.pem", "-subj", "/CN=ops", "-days", "30"], cwd=folder, check=True, capture_output=True)
        with open(os.path.join(folder, "rollcall.json"), encoding="utf-8") as f:
            config = json.load(f)
        config["credentials"] = {"seal_to": ["crt.pem"]}
        with open(os.path.join(folder, "rollcall.json"), "w", encoding="utf-8") as f:
            json.dump(config, f)
        before = accounts(VPN, True)
        self.goes(folder, "reset-password", "--target", "vpn", "1001", "--yes")
        self.migrated(folder, older)
        after = accounts(VPN, True)
        same("whose password is new", ["ada.lovelace"], [n for n in after if after[n] != before[n]])
        opened = subprocess.run([self.rollcall, "credentials", "open", "--key", "key.pem", "credentials"], cwd=folder, check=True,
                                capture_output=True, text=True).stdout
        same("the sealed password", after["ada.lovelace"], list(csv.DictReader(io.StringIO(opened)))[0]["password"])
        self.says("list", folder, "list after reset-password")

    def plan_and_apply(self, older):
        folder = self.place("apply")
        write(folder, MOVED)
        self.goes(folder, "plan", "-o", "saved")
        self.goes(folder, "apply", "saved", "--yes")
        self.migrated(folder, older)
        self.equal("apply", MOVED)
        write(folder, LATER)
        self.goes(folder, "sync", "--yes")
        self.equal("sync", LATER)

    def undo(self, older):
        folder = self.place("undo")
        self.goes(folder, "undo", "night-2", "-o", "inverse")
        write(folder, FIRST)  # whom the second night lost is made anew, with the password of their row
        self.goes(folder, "apply", "inverse", "--yes")
        self.migrated(folder, older)
        self.equal("undo", FIRST)
        self.backup_of(folder)

    def backup_of(self, folder):
        """What was migrated and worked on goes into a backup and comes out of it."""
        self.goes(folder, "state", "export", "backup")
        again = os.path.join(self.folder, "again")
        os.mkdir(again)
        for name in ("rollcall.json", "hr.csv", "backup"):
            shutil.copy(os.path.join(folder, name), again)
        self.goes(again, "state", "import", "backup")
        self.goes(again, "state", "export", "once-more")
        same("the backup of a backup", content(folder, "backup"), content(again, "once-more"))
        for asked in (["list"], ["list", "--format", "jsonl"], ["why", "1003", "--format", "json"]):
            same(" ".join(asked), say(self.rollcall, folder, *asked), say(self.rollcall, again, *asked))


def ids(text):
    return {t: (v["known"] or {}).get("remote_id") for t, v in json.loads(text)["targets"].items()}


def same_ids(g, world):
    """A loaded machine may cut the batches of the nights in another way, and the simulators' ids follow the order of calls."""
    whys = [a for a in g.expected if a.startswith("why 1")]
    return all(ids(g.expected[a]) == ids(say(g.rollcall, world, *a.split(" "))) for a in whys)


def live(build, backup, older):
    """False: the providers came out with other ids than the state has."""
    folder = tempfile.mkdtemp(prefix="rollcall-golden-")
    providers = simulators(build, folder)
    try:
        g = Live(build, backup, folder)
        world = os.path.join(folder, "world")
        os.mkdir(world)
        nights(g.rollcall, world)
        g.equal("the nights", LATER)
        if not same_ids(g, world):
            return False
        g.place("imported")
        for part in (g.refresh, g.reset, g.plan_and_apply, g.undo):
            part(older)
        print("format %d: ok" % g.format)
        return True
    finally:
        for p in providers:
            p.terminate()
            p.wait()
        shutil.rmtree(folder)


def main():
    if os.environ.get("GOLDEN_NETWORK") != "own":
        os.environ["GOLDEN_NETWORK"] = "own"
        os.execvp("unshare", ["unshare", "--map-root-user", "--net", sys.executable] + sys.argv)
    loopback_up()
    backups = sorted(glob.glob(os.path.join(HERE, "format-*.backup")))
    for backup in backups:
        if not any(live(os.path.abspath(sys.argv[1]), backup, backup != backups[-1]) for _ in range(20)):
            fail("%s: in 20 goes the providers never had the ids of the state" % backup)


main()
