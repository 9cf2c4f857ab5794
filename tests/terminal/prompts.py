#!/usr/bin/env python3
"""What somebody at a terminal is asked before passwords: the question before a reset, the passphrase prompt.

    prompts.py BUILD_DIR [--keep]
"""
import argparse
import os
import pty
import signal
import subprocess
import sys
import termios

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "crash"))
from world import World, Wrong  # noqa: E402

QUESTION = "Only \"yes\" does: "


class Terminal:
    """rollcall as the foreground job of a terminal of its own."""

    def __init__(self, w, args):
        self.shown = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a job in the background was started with it ignored
            os.chdir(w.dir)
            os.execve(os.path.join(w.build, "rollcall"), ["rollcall"] + args, w.environment(TERM="dumb"))

    def read(self):
        """False: the other side is closed."""
        try:
            more = os.read(self.fd, 65536)
        except OSError:
            return False
        self.shown += more.decode(errors="replace")
        return bool(more)

    def until(self, text):
        while text not in self.shown:
            if not self.read():
                raise Wrong("%r was never shown:\n%s" % (text, self.shown))

    def type(self, text):
        os.write(self.fd, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def end(self):
        """The exit code, minus a signal's number; everything shown."""
        while self.read():
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return os.waitstatus_to_exitcode(status), self.shown


def expect(what, got, wanted):
    if got != wanted:
        raise Wrong("%s: %r, not %r" % (what, got, wanted))


def asked(w, args, answer):
    t = Terminal(w, args)
    t.until(QUESTION)
    t.type(answer)
    return t.end()


def writes(w):
    return w.get("/_sim/stats")["totals"]["writes"]


def reset_asks(w):
    keys = [str(k) for k in sorted(w.people)[:2]]
    before = writes(w)
    args = ["reset-password", "rollcall.json", "--target", "vpn"] + keys
    code, shown = asked(w, args, "no\n")
    expect("writes after a no to a reset", writes(w), before)
    expect("exit after a no to a reset", code, 0)
    if "for 2 people" not in shown or "\r\n  %s\r\n" % keys[1] not in shown:
        raise Wrong("a reset's question: %s" % shown)
    code, shown = asked(w, args, "yes\n")
    expect("exit after a yes to a reset", code, 0)
    w.check(w.until_done())  # everybody opens with the new password


def passphrase(w):
    subprocess.run(["openssl", "rsa", "-aes256", "-passout", "pass:open sesame", "-in", "key.pem", "-out", "locked.pem"],
                   cwd=w.dir, check=True, capture_output=True)
    args = ["credentials", "open", "--key", "locked.pem", "credentials"]
    for typed, wanted, text in (("open sesame\n", 0, "user00001"), ("open says me\n", 65, "does not open")):
        t = Terminal(w, args)
        t.until("Passphrase of locked.pem: ")
        expect("echo while the passphrase is typed", t.echoes(), False)
        t.type(typed)
        code, shown = t.end()
        if code != wanted or text not in shown or typed.strip() in shown:
            raise Wrong("passphrase %r: exit %d\n%s" % (typed, code, shown))
    t = Terminal(w, args)
    t.until("Passphrase of locked.pem: ")
    t.type("\x03")  # ^C
    while t.read():
        pass
    code, shown = t.end()
    expect("exit after ^C at the prompt", code, -signal.SIGINT)
    for path, text, wanted, said in (("pass", "open sesame\r\nmore", 0, "user00001"), ("pass", "", 65, "is empty"),
                                     ("pass", "wrong\n", 65, "does not open"), ("none", None, 65, "cannot be read")):
        if text is not None:
            with open(w.path(path), "w", encoding="utf-8") as f:
                f.write(text)
        done = subprocess.run([os.path.join(w.build, "rollcall")] + args + ["--passphrase-file", path], cwd=w.dir,
                              capture_output=True, text=True)
        if done.returncode != wanted or said not in done.stdout + done.stderr:
            raise Wrong("--passphrase-file %r: exit %d\n%s" % (text, done.returncode, done.stderr))
    done = subprocess.run([os.path.join(w.build, "rollcall")] + args, cwd=w.dir, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, start_new_session=True)
    if done.returncode != 64 or "--passphrase-file" not in done.stderr:
        raise Wrong("no terminal: exit %d\n%s" % (done.returncode, done.stderr))


def main():
    a = argparse.ArgumentParser()
    a.add_argument("build")
    a.add_argument("--keep", action="store_true")
    a = a.parse_args()
    w = World(a.build, 1)
    try:
        w.start()
        w.join(5)
        w.write_source()
        w.check(w.until_done())
        for part in (reset_asks, passphrase):
            part(w)
        print("ok: asked, and did what was answered")
    except Wrong as e:
        print("FAILED: %s" % str(e)[:4000])
        sys.exit(1)
    finally:
        w.stop(a.keep)


if __name__ == "__main__":
    main()
