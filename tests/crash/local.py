#!/usr/bin/env python3
"""Faults of the own machine: full and failing disks, damage, limits, signals, closed outputs, links, hostile text.

    local.py BUILD_DIR SHIM [--only NAME] [--every N] [--damages N] [--seed N] [--keep]

Each cell is a night: the disturbed run must end as promised, then the next runs go on and World.check must hold.
--every: of the N-th writes to fail, each so many-th is tried, and fewer of the limits; --damages: so many damaged state
files.
"""
import argparse
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time

from world import Huawei, World, Wrong

HOSTILE = "\x1b[31m\u202e<script>alert(1)</script>\x07"
UNWRITTEN = 64  # pages: as engine/store/kv_env.c
SANITIZERS = ("AddressSanitizer", "runtime error:", "LeakSanitizer")


class Local:
    def __init__(self, a):
        self.a = a
        self.w = World(a.build, a.seed, Huawei)
        self.asan = "asan" in os.path.abspath(a.build)
        self.shim = {"LD_PRELOAD": a.shim, "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}
        self.cells = 0

    # ---- helpers

    def evening(self):
        w = self.w
        w.change(leave=2, move=2, rename=1)
        w.join(4)
        if len(w.people) > 40:
            w.change(leave=12, move=0, rename=0)
        w.write_source()

    def spawn(self, args=(), stdout=subprocess.PIPE, preexec=None, **more):
        return subprocess.Popen([os.path.join(self.w.build, "rollcall"), "sync", "rollcall.json"] + list(args),
                                cwd=self.w.dir, env=self.w.environment(**more), stdin=subprocess.DEVNULL,
                                stdout=stdout, stderr=subprocess.PIPE, preexec_fn=preexec)

    def end(self, p, exits, what):
        out, err = p.communicate()
        text = ((out or b"") + err).decode(errors="replace")
        for word in SANITIZERS + ("rollcall: internal",):
            if word in text:
                raise Wrong("%s: %s" % (what, text))
        if p.returncode not in exits:
            raise Wrong("%s: exit %d, not one of %s\n%s" % (what, p.returncode, exits, text))
        return p.returncode, text

    def recover(self, what):
        self.cells += 1
        try:
            self.w.check(self.w.until_done())
        except Wrong as e:
            raise Wrong("after %s: %s" % (what, e))

    def calls(self):
        return self.w.get("/_sim/stats")["totals"]["calls"]

    def after_calls(self, p, n):
        """Waits until the provider has seen n more calls, or the run has ended."""
        before = self.calls()
        while p.poll() is None and self.calls() < before + n:
            time.sleep(0.005)

    # ---- cells

    def cell_disk(self):
        """From the N-th write to a file on, or only at the N-th, the disk is full or fails."""
        for text in ("state.mdb", "/lock", "users.jsonl", "users.csv", "summary.json", "credentials"):
            n, misses = 1, 0
            while misses < (2 if self.a.every == 1 else 1):
                both = (("ENOSPC", 0), ("EIO", 1))
                for errno, times in both if self.a.every == 1 else both[n // self.a.every % 2:][:1]:
                    what = "%s at write %d of %s, %s" % (errno, n, text, "once" if times else "for good")
                    self.evening()
                    code, out = self.end(self.spawn(CRASH_FAULT="%s:%s:%d:%d" % (errno, text, n, times), **self.shim),
                                         [0, 73, 75], what)
                    misses = misses + 1 if code == 0 else 0
                    if code == 73 and not any(t in out for t in ("space", "Input/output", "error")):
                        raise Wrong("%s: the reason is not named\n%s" % (what, out))
                    self.recover(what)
                n += self.a.every

    def cell_damage(self):
        """Bytes of the state file are other bytes: 73 or a right run, and nobody is touched without a reason."""
        w = self.w
        keep = w.path("state.kept")
        self.evening()
        self.recover("nothing")
        shutil.copytree(w.path("state"), keep)
        wanted = w.get("/_sim/users")["users"]
        for _ in range(self.a.damages):
            shutil.rmtree(w.path("state"))
            shutil.copytree(keep, w.path("state"))
            path = os.path.join(w.path("state"), "state.mdb")
            size = os.path.getsize(path)
            with open(path, "r+b") as f:
                at = []
                for _ in range(w.random.choice([1, 1, 4, 64])):
                    at.append(w.random.randrange(size))
                    f.seek(at[-1])
                    f.write(bytes([w.random.randrange(256)]))
            self.end(self.spawn(), [0, 73, 75], "bytes %s of the state" % at[:4])
            got = w.get("/_sim/users")["users"]
            key = lambda u: (u["name"], u["id"], u["description"], u["group"], u["password"])
            if sorted(map(key, got)) != sorted(map(key, wanted)):
                raise Wrong("damage at bytes %s changed the provider's accounts" % at)
            self.cells += 1
        shutil.rmtree(w.path("state"))
        os.rename(keep, w.path("state"))
        self.recover("damage")

    def cell_truncated(self):
        """The state file ends early, by more pages than LMDB may leave unwritten at its end: 73, and nothing is sent."""
        w = self.w
        path = os.path.join(w.path("state"), "state.mdb")
        for share in (0.3, 0.7, 0.95):
            shutil.copytree(w.path("state"), w.path("state.kept"))
            size = os.path.getsize(path)
            os.truncate(path, min(int(size * share) & ~4095, size - (UNWRITTEN + 1) * 4096))
            self.evening()
            before = w.get("/_sim/stats")["totals"]["writes"]
            self.end(self.spawn(), [73], "a state cut at %g" % share)
            shutil.rmtree(w.path("state"))
            os.rename(w.path("state.kept"), w.path("state"))
            if w.get("/_sim/stats")["totals"]["writes"] != before:
                raise Wrong("a state cut at %g: something was written to the provider" % share)
            self.recover("a cut state")

    def cell_limits(self):
        """Too few descriptors, too little memory: no crash, and the next run goes on."""
        for n in (8, 12, 20, 26, 30, 4, 10, 16, 24, 28, 34)[:4 if self.a.every > 1 else None]:
            self.evening()
            self.end(self.spawn(preexec=lambda n=n: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n))),
                     [0, 64, 69, 70, 73, 75, 78, 127], "%d descriptors" % n)
            self.recover("%d descriptors" % n)
        for mib in (() if self.asan else (350, 330, 280, 370, 390, 420)[:2 if self.a.every > 1 else None]):
            self.evening()
            self.end(self.spawn(preexec=lambda m=mib: resource.setrlimit(resource.RLIMIT_AS, (m << 20, m << 20))),
                     [0, 70, 73, 75, 127], "%d MiB of address space" % mib)
            self.recover("%d MiB" % mib)
        self.evening()
        self.end(self.spawn(preexec=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))),
                 [0, 73, -signal.SIGXFSZ], "files of at most 64 KiB")
        self.recover("a file size limit")

    def cell_signals(self):
        for name, sig, exits in (("SIGINT", signal.SIGINT, [130, 0]), ("SIGTERM", signal.SIGTERM, [143, 0]),
                                 ("SIGHUP", signal.SIGHUP, [143, 0])):
            for n in (1, 3, 5)[:1 if self.a.every > 1 else None]:
                self.evening()
                p = self.spawn()
                self.after_calls(p, n)
                p.send_signal(sig)
                self.end(p, exits, "%s after %d calls" % (name, n))
                self.recover("%s after %d calls" % (name, n))

    def cell_second_signal(self):
        """An answer that never comes is awaited after the first signal, and no longer after the second."""
        self.evening()
        self.w.load_script({"rules": [{"match": {"writes": True}, "do": {"hang": "after"}}]})
        p = self.spawn(["--drain-timeout", "10m"])
        self.after_calls(p, 4)
        p.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        if p.poll() is not None:
            raise Wrong("the first signal did not wait for the answer under way")
        p.send_signal(signal.SIGTERM)
        self.end(p, [143], "a second signal")
        self.w.load_script({})
        self.recover("a second signal")

    def cell_outputs(self):
        """stdout closed, full, or a pipe nobody reads: the run does its work and says that it could not say so."""
        self.evening()
        with open("/dev/full", "wb") as full:
            self.end(self.spawn(stdout=full), [73], "stdout on a full disk")
        self.recover("a full stdout")
        self.evening()
        self.end(self.spawn(preexec=lambda: os.close(1)), [73], "stdout closed")
        self.recover("a closed stdout")
        self.evening()
        p = self.spawn()
        p.stdout.close()
        p.stdout = None
        self.end(p, [73], "nobody reads stdout")
        self.recover("a broken pipe")
        self.evening()
        self.end(self.spawn(preexec=lambda: [os.close(n) for n in (0, 1, 2)]), [73], "no standard descriptors")
        self.recover("no standard descriptors")

    def cell_links(self):
        """A link where the state's files should be is refused; nothing behind it is touched."""
        w = self.w
        for name in ("state.mdb", "lock"):
            path = os.path.join(w.path("state"), name)
            if os.path.exists(path):
                os.rename(path, path + ".kept")
            with open(w.path("victim"), "w", encoding="utf-8") as f:
                f.write("precious")
            os.symlink(w.path("victim"), path)
            self.evening()
            self.end(self.spawn(), [73], "%s is a link" % name)
            with open(w.path("victim"), encoding="utf-8") as f:
                if f.read() != "precious":
                    raise Wrong("what the link %s points to was written" % name)
            os.unlink(path)
            if os.path.exists(path + ".kept"):
                os.rename(path + ".kept", path)
            self.recover("a link for %s" % name)
        os.symlink("/tmp", os.path.join(w.path("reports"), "mine"))
        self.evening()
        self.end(self.spawn(["--run-id", "mine"]), [64, 73], "the report's directory is a link")
        os.unlink(os.path.join(w.path("reports"), "mine"))
        self.recover("a link for a report")

    def cell_modes(self):
        """Whatever the umask: files 0600, directories 0700."""
        w = self.w
        for mask in (0, 0o777):
            self.evening()
            self.end(self.spawn(preexec=lambda m=mask: os.umask(m)), [0, 75], "umask %o" % mask)
            self.recover("umask %o" % mask)
        for top in ("state", "reports"):
            for path, _, files in os.walk(w.path(top)):
                for one in [path] + [os.path.join(path, f) for f in files]:
                    mode = stat.S_IMODE(os.stat(one).st_mode)
                    if mode != (0o700 if os.path.isdir(one) else 0o600):
                        raise Wrong("%s has mode %o" % (one, mode))
        if stat.S_IMODE(os.stat(w.path("credentials")).st_mode) != 0o600:
            raise Wrong("credentials have another mode")

    def cell_hostile(self):
        """Text of others reaches neither the terminal, nor a spreadsheet, nor a browser as more than text."""
        w = self.w
        self.evening()
        with open(w.path("hr.csv"), "a", encoding="utf-8") as f:
            f.write('=cmd|1,"=HYPERLINK(1)","=1+1",staff\n')
            f.write('"%s","%s","%s",staff\n' % (HOSTILE, HOSTILE, HOSTILE))
            f.write('../../etc/passwd,../../x,@SUM(A1),staff\n')
        w.load_script({"rules": [{"match": {"op": "updateVpnUser", "times": 1},
                                  "do": {"status": 400, "code": "VPN.9999", "message": HOSTILE}}]})
        _, out = self.end(self.spawn(["--run-id", "hostile"]), [1], "hostile text")
        if any(ord(c) < 32 and c not in "\n" for c in out) or "\u202e" in out:
            raise Wrong("control characters on the terminal: %r" % out)
        folder = os.path.join(w.path("reports"), "hostile")
        with open(os.path.join(folder, "report.html"), encoding="utf-8") as f:
            if "<script>alert" in f.read():
                raise Wrong("a script of others in report.html")
        with open(os.path.join(folder, "users.csv"), encoding="utf-8", newline="") as f:
            if any(('"' + c) in line or ("," + c) in line for line in f for c in ("=", "@SUM")):
                raise Wrong("a formula in users.csv")
        w.load_script({})
        w.write_source()
        self.recover("hostile text")

    def cell_sources(self):
        """Bytes that are no text end the run before any write."""
        w = self.w
        with open(w.path("hr.csv"), "rb") as f:
            good = f.read()
        for what, row in (("NUL", b"1,a\0b,x,staff\n"), ("overlong UTF-8", b"1,a\xc0\xaf,x,staff\n"),
                          ("a surrogate", b"1,a\xed\xa0\x80,x,staff\n"), ("a cut sequence", b"1,a\xe2\x82,x,staff\n"),
                          ("an endless quote", b'1,"a,x,staff\n' * 10), ("2 MiB in one field", b"1," + b"a" * (2 << 20))):
            with open(w.path("hr.csv"), "wb") as f:
                f.write(good + row)
            before = w.get("/_sim/stats")["totals"]["writes"]
            self.end(self.spawn(), [1, 65], what)
            if w.get("/_sim/stats")["totals"]["writes"] != before:
                raise Wrong("%s: the provider was written to" % what)
            self.cells += 1
        with open(w.path("rollcall.json"), "rb") as f:
            config = f.read()
        for what, text in (("10^6 deep", b"[" * 1000000), ("an endless string", b'{"version": "' + b"x" * 5000000),
                           ("NUL", b'{"version": 1, "state": "a\\u0000b"}')):
            with open(w.path("rollcall.json"), "wb") as f:
                f.write(text)
            self.end(self.spawn(), [78], "a config: " + what)
            self.cells += 1
        with open(w.path("rollcall.json"), "wb") as f:
            f.write(config)
        self.evening()
        self.recover("bad sources")

    def cell_read_only(self):
        """Directories that cannot be written, as an ordinary user."""
        w = self.w
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", "65534:65534", w.dir], check=True)
        user = (lambda: (os.setgid(65534), os.setuid(65534))) if os.getuid() == 0 else None
        for name in ("state", "reports"):
            self.evening()
            os.chmod(w.path(name), 0o500)
            if name == "state":
                os.chmod(os.path.join(w.path(name), "state.mdb"), 0o400)
                os.chmod(os.path.join(w.path(name), "lock"), 0o400)
            before = w.get("/_sim/stats")["totals"]["writes"]
            self.end(self.spawn(preexec=user), [73], "%s is read-only" % name)
            if w.get("/_sim/stats")["totals"]["writes"] != before:
                raise Wrong("%s is read-only, and the provider was written to" % name)
            os.chmod(w.path(name), 0o700)
            if name == "state":
                os.chmod(os.path.join(w.path(name), "state.mdb"), 0o600)
                os.chmod(os.path.join(w.path(name), "lock"), 0o600)
        if os.getuid() == 0:
            subprocess.run(["chown", "-R", "0:0", w.dir], check=True)
        self.recover("read-only directories")


def main():
    a = argparse.ArgumentParser()
    a.add_argument("build")
    a.add_argument("shim")
    a.add_argument("--only")
    a.add_argument("--every", type=int, default=1)
    a.add_argument("--damages", type=int, default=20)
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--keep", action="store_true")
    a = a.parse_args()
    t = Local(a)
    name = "the first night"
    try:
        t.w.start()
        t.w.join(15)
        t.w.write_source()
        t.w.check(t.w.until_done())
        for name in [n[5:] for n in dir(t) if n.startswith("cell_") and a.only in (None, n[5:])]:
            getattr(t, "cell_" + name)()
        print("ok: %d faults of the own machine" % t.cells)
    except Wrong as e:
        print("FAILED at %s (--only %s --seed %d): %s" % (name, name, a.seed, str(e)[:6000]))
        sys.exit(1)
    finally:
        t.w.stop(a.keep)


if __name__ == "__main__":
    main()
