#!/usr/bin/env python3
"""Does a test notice when an option or a config key is accepted and ignored? Needs a build with -DROLLCALL_MUTATE=ON, whose
program forgets the one setting that RC_IGNORE names (engine/base/ignored.h).

usage: mutate.py BUILD [--as-built | --list] [SETTING...]

BUILD is configured and built first, unless it is to be taken as it is. Takes about ten minutes on two cores.

For each key of the schemas and each option of each command, the tests that use it are run while it is ignored, until one
fails that passes otherwise. Tests that only read configs do not count: to see a key is not to obey it. Prints who noticed; exit 1
names the settings that nobody missed."""
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
sys.path.insert(0, os.path.join(ROOT, "tests", "cases"))
from check import NO_EFFECT, NO_EFFECT_OPTIONS, ONLY_READ  # noqa: E402
from run_case import BASE_CONFIG, merge  # noqa: E402

EVERY = "EVERY"


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8", errors="replace") as f:
        return f.read()


# ---- the settings

def ways(node, schema, at, out, depth=0):
    """Adds to out how each property below a schema is reached: "targets/+/guards/max_creates"."""
    if isinstance(node, list):
        for one in node:
            ways(one, schema, at, out, depth)
    if not isinstance(node, dict) or depth > 12:
        return
    ref = node.get("$ref", "")
    if ref == "#/$defs/secret":  # six of them and the proxy, one reader
        if "auth/" not in at:
            return
        at = at[:at.index("auth/") + 5] + "+"
    if ref.startswith("#/$defs/"):
        ways(schema["$defs"][ref.split("/")[-1]], schema, at, out, depth + 1)
    for name, below in node.get("properties", {}).items():
        way = at + "/" + name if at else name
        out.add(way)
        ways(below, schema, way, out, depth + 1)
    for many in ("items", "additionalProperties"):
        ways(node.get(many), schema, at + "/+", out, depth + 1)
    for other in ("anyOf", "oneOf", "allOf"):
        ways(node.get(other), schema, at, out, depth + 1)


def keys():
    out = set()
    config = json.loads(read("schemas", "config.schema.json"))
    ways(config, config, "", out)
    for name in os.listdir(os.path.join(ROOT, "schemas", "targets")):
        connector = json.loads(read("schemas", "targets", name))
        ours = connector["x-rollcall"]
        for part, at in (("target", "targets/+"), ("server", "targets/+/servers/+"), ("auth", "targets/+/auth")):
            ways(ours.get(part), connector, at, out)
    within = {w.rsplit("/", 1)[0] for w in out if "/" in w} - {"sources/+/duplicates"}  # a word, or an object
    return sorted(w for w in out - within if w.split("/")[-1] not in NO_EFFECT)


def options():
    """"sync --canary"; what every command takes stands alone."""
    cli, names = read("engine", "cli.c"), {}
    for name, bit in re.findall(r'\{"([a-z-]+)", (RC_CMD_\w+), rc_cmd', read("engine", "main.c")):
        names.setdefault(bit, set()).add(name)
    for name, sum_ in re.findall(r"^\t(\w+) = ((?:\w+|[\s|])+),?\n", cli, re.M):
        names[name] = {n for bit in re.findall(r"\w+", sum_) for n in names.get(bit, ())}
    out = set()
    for option, who in re.findall(r'^\t\{"(--?[a-z-]+)", ([A-Z_| ]+), (?:true|false), O_', cli, re.M):
        words = re.findall(r"\w+", who)
        if words == [EVERY] or words == ["WITH_CONFIG"]:
            out.add(option)
        else:
            out.update(c + " " + option for w in words for c in names[w])
    for command in ("read", "credentials", "init"):
        text = read("engine", "cmd", command + ".c")
        out.update("%s --%s" % (command, o) for o in re.findall(r'^\t+\{"([a-z-]+)", \w+_argument', text, re.M) if o != "help")
    return sorted(out - set(NO_EFFECT_OPTIONS))


# ---- the tests

def interruptible():
    """A shell that starts this script in the background makes it deaf to ^C, and a test types that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Test:
    def __init__(self, entry):
        properties = {p["name"]: p["value"] for p in entry.get("properties", [])}
        self.name, self.command = entry["name"], entry.get("command", [])
        if os.path.basename(self.command[0] if self.command else "").startswith("python3"):
            self.command[0] = sys.executable  # a version manager's stand-in costs more than a case
        self.labels = properties.get("LABELS", [])
        self.timeout = properties.get("TIMEOUT", 600)
        self.directory = properties.get("WORKING_DIRECTORY")
        self.environment = dict(v.split("=", 1) for v in properties.get("ENVIRONMENT", []))
        self.sound, self.lock = None, threading.Lock()
        self.case, self.text = None, ""
        self.load()

    def load(self):
        if self.name.startswith("case."):
            self.text = read("tests", "cases", self.name[5:], "case.json")
            self.case = json.loads(self.text)
        elif self.name == "e2e.handbook":
            self.text = read("docs", "operations.md")
        elif self.name.startswith("unit.test_"):
            self.text = read("tests", "unit", self.name[5:] + ".c")
            for helper in re.findall(r'#include "tests/unit/(helper_\w+)\.h"', self.text):
                self.text += read("tests", "unit", helper + ".c")
        else:
            for word in self.command:
                m = re.match(re.escape(ROOT) + r"/tests/(\w+)/", word)
                folder = m and os.path.join(ROOT, "tests", m.group(1))
                if folder and m.group(1) != "cases":
                    self.text += "".join(read("tests", m.group(1), f) for f in sorted(os.listdir(folder))
                                         if os.path.isfile(os.path.join(folder, f)) and not f.startswith("format-"))

    def counts(self):
        names = {self.name.split(".", 1)[-1], self.name.split(".", 1)[-1] + ".c"}
        return bool(self.text and self.command) and not names & ONLY_READ and \
            not set(self.labels) & ({"package", "public", "browser", "crash"} | (set() if self.case else {"long"})) and \
            not self.name.startswith(("fuzz.", "kill_cases.", "unit.keys", "unit.layers", "unit.banned", "unit.exit_codes",
                                      "unit.options_documented", "unit.monitoring"))

    def runs(self, ignored):
        env = dict(os.environ, **self.environment)
        env.pop("RC_IGNORE", None)
        if ignored:
            env["RC_IGNORE"] = ignored
        p = subprocess.Popen(self.command, cwd=self.directory, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=interruptible)
        try:
            return p.wait(self.timeout) == 0
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            p.wait()
            return False

    def notices(self, setting):
        if self.runs(setting):
            return False
        with self.lock:
            if self.sound is None:
                self.sound = self.runs(None)
        return self.sound


def holds(config, way):
    """Whether a config has something there."""
    if not way:
        return True
    if way[0] == "+":
        below = config.values() if isinstance(config, dict) else config if isinstance(config, list) else ()
        return any(holds(b, way[1:]) for b in below)
    return isinstance(config, dict) and way[0] in config and holds(config[way[0]], way[1:])


def spoken(text, way):
    """"name":, \\"name\\": or name=, and the like of what is around it."""
    names = [n for n in way if n not in ("+", "sources", "targets", "account")][-2:]
    return all(re.search(r'\\?"%s\\?"\s*[:\]]|\b%s=' % (re.escape(n), re.escape(n)), text) for n in names)


def has(text, word):
    return re.search(r"(?<![\w-])%s(?![\w-])" % re.escape(word), text) is not None


def said(test, command, option):
    """0: in one breath, options before the command word as well; 1: a script or program that speaks of both; None."""
    if test.case:
        lines = [" ".join(s.get("run", s.get("prepare", []))) for s in test.case["steps"]]
        texts = [t for s in [test.case, *test.case["steps"]] for t in s.get("files", {}).values() if isinstance(t, str)]
    else:
        lines, texts = test.text.splitlines(), [test.text]
    wanted = [w for w in (command, option) if w]
    return next((d for d, where in enumerate((lines, texts)) if any(all(has(t, w) for w in wanted) for t in where)), None)


def far(test, setting):
    """How far a test is from a setting: 0 uses it itself, 1 has it from the base config, or may use it; None: knows nothing of it."""
    if setting.startswith("-") or " " in setting:
        return said(test, *(setting.split(" ") if " " in setting else (None, setting)))
    way = setting.split("/")
    if not test.case:
        return 0 if spoken(test.text, way) else None
    own = [test.case.get("config", {})] + [s["config"] for s in test.case["steps"] if "config" in s]
    if any(holds(c, way) if isinstance(c, dict) else spoken(c, way) for c in own) or spoken(json.dumps(test.case.get("files", {})), way):
        return 0
    return 1 if holds(merge(BASE_CONFIG, own[0]) if isinstance(own[0], dict) else {}, way) else None


def kind(test):
    return (0 if test.case else 1 if test.name.startswith("unit.") else 2, len(test.text))


def candidates(tests, setting):
    words = set(re.findall(r"[a-z]+", setting))
    found = [(d, -len(words & set(re.findall(r"[a-z]+", t.name))), kind(t), t.name, t) for t in tests
             for d in (far(t, setting),) if d is not None]
    return [f[-1] for f in sorted(found, key=lambda f: f[:-1])]


def main():
    build, wanted = os.path.abspath(sys.argv[1]), [a for a in sys.argv[2:] if a not in ("--as-built", "--list")]
    if "--as-built" not in sys.argv and "--list" not in sys.argv:
        subprocess.run(["cmake", "-S", ROOT, "-B", build, "-DROLLCALL_MUTATE=ON"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["cmake", "--build", build, "--parallel", "2"], check=True, stdout=subprocess.DEVNULL)
    listed = json.loads(subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], check=True, capture_output=True).stdout)
    tests = [t for t in map(Test, listed["tests"]) if t.counts()]
    settings = wanted or keys() + options()
    if "--list" in sys.argv:
        for s in settings:
            print("%-50s %s" % (s, " ".join(t.name for t in candidates(tests, s)[:6])))
        return

    def judge(setting):
        asked = candidates(tests, setting)
        by = next((t.name for t in asked if t.notices(setting)), None)
        sys.stdout.write("%-50s %s\n" % (setting, by or "NOT NOTICED by %d tests" % len(asked)))  # whole: others write, too
        sys.stdout.flush()
        return by

    with concurrent.futures.ThreadPoolExecutor(4) as pool:  # most of a test is waiting
        missed = [s for s, by in zip(settings, pool.map(judge, settings)) if not by]
    print("%d settings, %d of them not missed when ignored%s" % (len(settings), len(missed), "".join("\n  " + m for m in missed)))
    sys.exit(bool(missed))


main()
