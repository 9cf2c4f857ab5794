#!/usr/bin/env python3
"""Runs the commands of a page and compares what they print with what the page says they print.

usage: run.py BUILD_DIR PAGE.md [--write]

A block that begins with ```console holds commands after "$ " and their output, standard error included. "…" in an output stands
for anything within its line; a line of only "…" for any lines. A comment <!-- sh: ... --> is run unseen, all of them and all
blocks in one directory, in order. "[exit N]" as the last line of an output is the exit code when it is not 0. --write puts the
real output into the page, with what differs from run to run as "…"."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

VARIES = [
    (re.compile(r"\d{8}T\d{6}Z-[a-z0-9]{8}"), "…"),                # run ids
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "…"),  # moments
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:…"),
    (re.compile(r"\b\d+ calls, busy \d+, throttled \d+"), "… calls, busy …, throttled …"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "…"),
    (re.compile(r"pid \d+ on [^,) ]+"), "pid … on …"),
]
PIECE = re.compile(r"<!-- sh:\n?(?P<sh>.*?)-->|```console\n(?P<block>.*?)```", re.S)


class Page:
    def __init__(self, build, path):
        self.path = path
        self.dir = tempfile.mkdtemp(prefix="rollcall-handbook-")
        self.env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        self.env.update(PATH=os.path.abspath(build) + ":" + self.env["PATH"], NO_COLOR="1", HOME=self.dir,
                        SOURCE_DIR=os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")))
        self.failures = []

    def sh(self, command):
        """Output of both streams and exit code; variables that the command exports stay."""
        p = subprocess.Popen(["bash", "-c", command + "\nrc=$?\nenv -0 > .env\nexit $rc"], cwd=self.dir, env=self.env,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             start_new_session=False)
        out = p.communicate(timeout=300)[0]
        env = os.path.join(self.dir, ".env")
        if os.path.exists(env):
            with open(env, encoding="utf-8", errors="surrogateescape") as f:
                self.env = dict(v.split("=", 1) for v in f.read().split("\0") if "=" in v)
        return out.replace(self.dir + "/", ""), p.returncode

    @staticmethod
    def steps(block):
        """(command, expected output) pairs; a command goes on after a backslash."""
        steps = []
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append([line[2:], []])
            elif steps and steps[-1][0].endswith("\\") and not steps[-1][1]:
                steps[-1][0] += "\n" + line
            elif steps:
                steps[-1][1].append(line)
        return steps

    @staticmethod
    def said(out, code):
        lines = out.rstrip("\n").split("\n") if out.strip() else []
        return lines + (["[exit %d]" % code] if code else [])

    @staticmethod
    def same(want, got):
        pattern = "".join(
            r"(?:.*\n)*?" if line.strip() == "…" else ".*".join(re.escape(p) for p in line.rstrip().split("…")) + r" *\n"
            for line in want)
        return re.fullmatch(pattern, "".join(line.rstrip() + "\n" for line in got)) is not None

    def block(self, text, write):
        out = []
        for command, want in self.steps(text):
            said, code = self.sh(command)
            got = self.said(said, code)
            out.append("$ " + command)
            if write:
                kept = []
                for line in got:
                    for pattern, instead in VARIES:
                        line = pattern.sub(instead, line)
                    kept.append(line.rstrip())
                out += want if want and self.same(want, got) else kept
            elif not self.same(want, got):
                self.failures.append(command)
                print("FAILED: %s: the page says\n  %s\nit printed\n  %s" % (command, "\n  ".join(want), "\n  ".join(got)))
        return "```console\n" + "\n".join(out) + "\n```"

    def run(self, write):
        with open(self.path, encoding="utf-8") as f:
            text = f.read()

        def piece(m):
            if m.group("sh") is not None:
                out, code = self.sh(m.group("sh"))
                if code:
                    self.failures.append(m.group("sh"))
                    print("FAILED (%d): %s\n%s" % (code, m.group("sh"), out))
                return m.group(0)
            return self.block(m.group("block"), write)

        written = PIECE.sub(piece, text)
        if write:
            with open(self.path, "w", encoding="utf-8") as f:
                f.write(written)

    def done(self):
        for name in os.listdir(self.dir):
            if name.endswith(".pid"):
                with open(os.path.join(self.dir, name), encoding="utf-8") as f:
                    try:
                        os.kill(int(f.read()), signal.SIGTERM)
                    except (OSError, ValueError):
                        pass
        shutil.rmtree(self.dir, ignore_errors=True)


page = Page(sys.argv[1], sys.argv[2])
try:
    page.run("--write" in sys.argv)
finally:
    page.done()
print("%s: %s" % (sys.argv[2], "%d commands differ" % len(page.failures) if page.failures else "as it says"))
sys.exit(bool(page.failures))
