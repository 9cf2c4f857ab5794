#!/usr/bin/env python3
"""The fault matrix: each fault of faults.json at each kind of call, night after night.

    faults.py BUILD_DIR [--provider huawei|alibaba] [--only NAME[@OPERATION]] [--part N/M] [--keep]

A night has joiners, movers, leavers and new names. Its first run meets the fault and must end as the matrix says, within
bounded memory; then the fault is gone, the next runs go on, and what World.check says must hold. --part 1/3: the cells
1, 4, 7 and so on.
"""
import argparse
import json
import os
import shutil
import sys
import time

from world import PROVIDERS, World, Wrong

HERE = os.path.dirname(os.path.abspath(__file__))
MAX_RESIDENT_KB = 256 << 10  # rollcall needs some 20 MB; an answer of 100 MB must not be kept
EXITS = [0, 69, 75]


def cells(matrix, provider):
    """(name, script, exits) of every cell."""
    out = []
    for f in matrix["faults"]:
        if f.get("only", provider) != provider:
            continue
        exits = f.get("exit", EXITS)
        if "settings" in f:
            out.append((f["name"], {"settings": f["settings"]}, exits))
            continue
        for at in f.get("at", ["create", "update", "delete", "list"]):
            do = json.loads(json.dumps(f["do"]).replace("@DEEP@", "[" * 1000000))
            rule = {"match": {"op": matrix["operations"][provider][at], "times": f.get("times", 2)}, "do": do}
            out.append(("%s@%s" % (f["name"], at), {"rules": [rule]}, exits))
    return out


class Faults(World):
    endpoint = None

    def config(self):
        c = super().config()
        c["timeouts"].update(connect="2s", request="1500ms", confirm="2s", unreachable="2s")
        c["targets"]["vpn"]["list_max_age"] = "1ms"  # a listing each night: it may be the one that is disturbed
        if self.endpoint:
            c["targets"]["vpn"]["endpoint"] = self.endpoint
        return c

    def plain(self):
        """The simulator without faults, with its settings as they were; the first call after a change is a listing."""
        self.load_script({"settings": {"clock_offset_s": 0, "apply_delay_ms": 0, "page_default": 20, "page_max": 1000,
                                       "paging": "after", "created_step_ms": 1, "outage": False}})

    def evening(self):
        self.change(leave=2, move=3, rename=1)
        self.join(5 if len(self.people) < 60 else 2)
        if len(self.people) > 60:
            self.change(leave=20, move=0, rename=0)
        self.write_source()

    def measured_sync(self):
        p = self.spawn(["sync", "rollcall.json"])
        out = p.stdout.read()
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        if usage.ru_maxrss > MAX_RESIDENT_KB and "asan" not in self.build:
            raise Wrong("%d KiB resident" % usage.ru_maxrss)
        return p.returncode, out

    def disturbed(self, exits):
        code, out = self.measured_sync()
        for word in ("AddressSanitizer", "runtime error:", "LeakSanitizer", "tok-good"):
            if word in out:
                raise Wrong(out)
        if code not in exits:
            raise Wrong("exit %d, not one of %s\n%s" % (code, exits, out))

    def cell(self, script, exits):
        self.evening()
        self.load_script(script)
        self.disturbed(exits)
        self.plain()
        self.check(self.until_done())

    def away(self, endpoint):
        """The provider cannot be reached at all: on a state of its own, which knows the target by this address."""
        self.endpoint = endpoint.replace("@ADDRESS@", self.address)
        self.write_config()
        os.rename(self.path("state"), self.path("state.aside"))
        before = self.get("/_sim/stats")["totals"]["calls"]
        self.disturbed([69])
        if self.get("/_sim/stats")["totals"]["calls"] != before:
            raise Wrong("something was sent")
        shutil.rmtree(self.path("state"))
        os.rename(self.path("state.aside"), self.path("state"))
        self.endpoint = None
        self.write_config()


def main():
    a = argparse.ArgumentParser()
    a.add_argument("build")
    a.add_argument("--provider", choices=sorted(PROVIDERS), default="huawei")
    a.add_argument("--only")
    a.add_argument("--after", help="only the cells behind the last one of this fault")
    a.add_argument("--part", default="1/1")
    a.add_argument("--times", action="store_true", help="say how long each cell took")
    a.add_argument("--keep", action="store_true")
    a = a.parse_args()
    with open(os.path.join(HERE, "faults.json"), encoding="utf-8") as f:
        matrix = json.load(f)
    part, parts = (int(n) for n in a.part.split("/"))
    mine = cells(matrix, a.provider)[part - 1::parts]
    if a.only:
        mine = [c for c in cells(matrix, a.provider) if c[0].split("@")[0] == a.only or c[0] == a.only]
    if a.after:
        mine = mine[max(i for i, c in enumerate(mine) if c[0].split("@")[0] == a.after) + 1:]
    name = "the first night"
    w = Faults(a.build, 1, PROVIDERS[a.provider], settle_ms=120)
    try:
        w.start()
        w.join(12)
        w.write_source()
        w.check(w.until_done())
        for name, script, exits in mine:
            began = time.monotonic()
            w.cell(script, exits)
            if a.times:
                print("%6.1f s  %s" % (time.monotonic() - began, name), flush=True)
        for e in matrix["endpoints"] if not a.only and part == 1 else []:
            name = e["name"]
            w.away(e["endpoint"])
        print("ok: %s, %d cells" % (a.provider, len(mine)))
    except Wrong as e:
        print("FAILED at %s (--provider %s --only %s): %s" % (name, a.provider, name, str(e)[:6000]))
        sys.exit(1)
    finally:
        w.stop(a.keep)


if __name__ == "__main__":
    main()
