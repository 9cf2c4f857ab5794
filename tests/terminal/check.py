#!/usr/bin/env python3
"""What rollcall does where somebody sits at a terminal: it shows the plan and asks; --yes asks nothing and lifts no guard;
colours and progress, and the options that switch them.

usage: check.py BUILD_DIR"""
import os
import pty
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cases"))
import run_case  # noqa: E402

build = os.path.abspath(sys.argv[1])
ROWS = "id,name,dept,grp\n1,ada.l,it,staff\n2,bob.m,it,staff\n"
failures = 0


class World(run_case.Case):
    def __init__(self):
        self.folder = os.path.join(os.path.dirname(os.path.abspath(__file__)))
        self.build, self.case, self.sim = build, {}, None
        self.dir = run_case.tempfile.mkdtemp(prefix="rollcall-case-")

    def names(self):
        return sorted(u["name"] for u in self.get("/_sim/users")["users"])

    def type(self, args, answer="\x04", **env):
        """Exit code and all that a terminal shows; the answer is typed when the question stands there: if none is expected, an end."""
        master, slave = pty.openpty()
        p = subprocess.Popen(self.command(args), cwd=self.dir, env=self.environment({"env": env}), stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        shown = b""
        while True:
            try:
                got = os.read(master, 65536)
            except OSError:  # the other end is closed
                break
            if not got:
                break
            shown += got
            if answer and b'Only "yes" does: ' in shown:
                os.write(master, answer.encode())
                answer = ""
        os.close(master)
        return p.wait(), shown.decode()

    def pipe(self, args, **env):
        p = subprocess.run(self.command(args), cwd=self.dir, env=self.environment({"env": env}), stdin=subprocess.DEVNULL,
                           capture_output=True, text=True)
        return p.returncode, p.stdout + p.stderr


def expect(what, got, code=0, has=(), lacks=(), names=None):
    global failures
    faults = ["exit %d, not %d" % (got[0], code)] if got[0] != code else []
    faults += ["lacks %r" % t for t in has if t not in got[1]] + ["has %r" % t for t in lacks if t in got[1]]
    faults += ["the provider has %s" % w.names()] if names is not None and w.names() != names else []
    if faults:
        failures += 1
        print("FAILED: %s: %s\n%s" % (what, "; ".join(faults), got[1]))


ESCAPE, ASKED, REDRAWN = "\033[", 'Only "yes" does', "\r\033[K"
w = World()
try:
    w.start_simulator()
    w.write_files({"hr.csv": ROWS})
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ops.key", "-out", "ops.crt", "-subj", "/CN=ops",
                    "-days", "30"], cwd=w.dir, check=True, capture_output=True)
    w.write_config({"credentials": {"seal_to": ["ops.crt"]}, "targets": {"vpn": {"guards": {"max_deletes": 1, "max_source_shrink": "unlimited"}}}})
    expect("no", w.type(["sync"], "no\n"), 0, ["2 to create", ASKED, "nothing was changed"], names=[])
    expect("an end instead of an answer", w.type(["sync"], "\x04"), 0, [ASKED, "nothing was changed"], names=[])
    expect("a guard is not asked about", w.type(["sync", "--max-creates", "1"]), 76, ["max_creates"], [ASKED], names=[])
    expect("yes lifts no guard", w.type(["sync", "--yes", "--max-creates", "1"]), 76, ["max_creates"], [ASKED], names=[])
    expect("a saved plan", w.pipe(["plan", "-o", "night.plan"]), 0, ["2 to create"])
    expect("no to a saved plan", w.type(["apply", "night.plan"], "n\n"), 0, ["2 to create", ASKED, "nothing was changed"], names=[])
    expect("yes", w.type(["apply", "night.plan"], "yes\n"), 0, [ASKED, "2 created", ESCAPE], names=["ada.l", "bob.m"])
    expect("nothing to do is not asked about", w.type(["sync"]), 0, [], [ASKED])
    w.write_files({"hr.csv": ROWS.replace(",it,", ",ops,")})
    expect("--yes", w.type(["sync", "--yes"]), 0, ["2 updated", ESCAPE, REDRAWN], [ASKED])
    w.write_files({"hr.csv": ROWS})
    expect("a pipe is not asked", w.pipe(["sync"]), 0, ["2 updated"], [ASKED, ESCAPE, "\r"])
    expect("no to new passwords", w.type(["reset-password", "--target", "vpn", "1"], "no\n"), 0, [ASKED], names=["ada.l", "bob.m"])
    expect("new passwords with --yes", w.type(["reset-password", "--target", "vpn", "1", "--yes"]), 0, ["1 updated"], [ASKED])
    expect("NO_COLOR", w.type(["plan", "--no-progress"], NO_COLOR="1"), 0, ["vpn"], [ESCAPE])
    w.write_files({"hr.csv": ROWS.replace(",it,", ",ops,")})
    expect("--no-progress", w.type(["sync", "--yes", "--no-progress"]), 0, ["2 updated", ESCAPE], [REDRAWN])
    w.write_files({"hr.csv": ROWS})
    expect("a plan for --yes", w.pipe(["plan", "-o", "day.plan"]), 0, ["2 to update"])
    expect("a saved plan with --yes", w.type(["apply", "day.plan", "--yes"]), 0, ["2 updated"], [ASKED])
    w.write_files({"hr.csv": ROWS.replace(",it,", ",dev,")})
    expect("progress", w.type(["sync", "--yes"]), 0, ["2 updated", REDRAWN])
    expect("--color into a pipe", w.pipe(["plan", "--color"]), 0, [ESCAPE])
    expect("-q", w.pipe(["plan", "-q"]), 0, [], ["vpn"])
    expect("--log-level error", w.pipe(["sync", "--log-level", "error"]), 0, ["vpn"], ["warning: "])
    expect("--log-level info", w.pipe(["sync", "--log-level", "info"]), 0, ["vpn", "warning: "], ["request_id="])
    expect("-v", w.pipe(["refresh", "-v"]), 0, ["GET /v5/P/"], ["tok-good"])
    expect("--log-level debug", w.pipe(["--log-level=debug", "refresh", "rollcall.json"]), 0, ["GET /v5/P/"], ["tok-good"])
    w.write_files({"some": "2\r\n\n", "hr.csv": ROWS.replace(",it,", ",law,")})
    expect("--only-file", w.pipe(["sync", "--only-file", "some"]), 0, ["1 updated", "1 not selected"])
    expect("--only-file that is not there", w.pipe(["sync", "--only-file", "nobody"]), 64, ["nobody: cannot be read"])
finally:
    w.stop(False)
print("%d differ" % failures if failures else "as promised")
sys.exit(bool(failures))
