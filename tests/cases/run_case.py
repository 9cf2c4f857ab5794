#!/usr/bin/env python3
"""Runs one end-to-end case: the real rollcall against the real simulator.

    run_case.py BUILD_DIR CASE_DIR [--keep]

README.md beside this file says what a case.json may hold.
"""
import copy
import csv
import gzip
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

BASE_CONFIG = {
    "version": 1,
    "state": "state",
    "reports": "reports",
    "sources": [{"files": ["hr.csv"], "key": "id"}],
    "timeouts": {"settle": "100ms", "confirm": "3s", "connect": "2s", "request": "10s", "unreachable": "20s"},
    "targets": {
        "vpn": {
            "connector": "huawei-p2c-vpn",
            "endpoint": "@ENDPOINT@",
            "project_id": "P",
            "vpn_server_id": "S",
            "auth": {"method": "token", "token": {"env": "VPN_TOKEN"}},
            "account": {
                "name": "name",
                "description": "dept",
                "user_group_name": "grp",
                "password": "'Pw-' .. id .. '-xyz1'",
            },
            "create_groups": True,
            "missing": {"action": "delete"},
        }
    },
}
WRITE_OPS = ("batchCreate", "createVpn", "updateVpn", "deleteVpn", "batchDelete", "reset", "addVpn", "removeVpn",
             "Create", "Modify", "Delete", "Enable", "Disable", "Reset", "KickOut")


class Failed(Exception):
    pass


def merge(base, over):
    """RFC 7396."""
    if not isinstance(over, dict) or not isinstance(base, dict):
        return copy.deepcopy(over)
    out = copy.deepcopy(base)
    for k, v in over.items():
        if v is None:
            out.pop(k, None)
        else:
            out[k] = merge(out.get(k), v)
    return out


class Case:
    more = ()  # options of the simulator beside the case's own

    def __init__(self, build, folder, simulator=()):
        self.more = tuple(simulator)
        self.build = os.path.abspath(build)
        self.folder = os.path.abspath(folder)
        with open(os.path.join(folder, "case.json"), encoding="utf-8") as f:
            self.case = json.load(f)
        self.dir = tempfile.mkdtemp(prefix="rollcall-case-")
        self.sim = None
        self.address = None
        self.reports_seen = set()

    # ---- simulator

    def start_simulator(self):
        s = self.case.get("simulator", {})
        port = os.path.join(self.dir, "port")
        args = [os.path.join(self.build, "rollcall-simulator"), "--listen", "127.0.0.1:0", "--port-file", port,
                "--log", os.path.join(self.dir, "sim.log")]
        if "token" in s.get("auth", ["token"]):
            args += ["--token", "tok-good"]
        args += [*s.get("args", []), *self.more]
        if "script" in s:
            path = os.path.join(self.dir, "script.json")
            with open(path, "w", encoding="utf-8") as f:
                json.dump(s["script"], f)
            args += ["--script", path]
        self.sim = subprocess.Popen(args)
        for _ in range(1000):
            if os.path.exists(port):
                with open(port, encoding="utf-8") as f:
                    self.address = f.read().strip()
                return
            if self.sim.poll() is not None:
                break
            time.sleep(0.01)
        raise Failed("the simulator did not start")

    def get(self, path):
        with urllib.request.urlopen("http://%s%s" % (self.address, path), timeout=10) as r:
            return json.load(r)

    def load_script(self, script):
        data = json.dumps(script).encode()
        req = urllib.request.Request("http://%s/_sim/script" % self.address, data=data, method="POST")
        urllib.request.urlopen(req, timeout=10).read()

    def log_lines(self):
        with open(os.path.join(self.dir, "sim.log"), encoding="utf-8") as f:
            text = f.read()  # in one: the last line may be half written, and its rest no line of its own
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].split("\n") if line]

    # ---- files

    def write_files(self, files):
        for name, text in files.items():
            path = os.path.join(self.dir, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if isinstance(text, dict) and "gzip" in text:
                with open(path, "wb") as f:
                    f.write(b"".join(gzip.compress(t.encode()) for t in text["gzip"])[:text.get("cut")])
                continue
            if isinstance(text, dict):
                text = self.make_rows(text)
            with open(path, "w", encoding="utf-8", newline="") as f:
                f.write(text)

    @staticmethod
    def make_rows(spec):
        """{"rows": 120, "from": 1, "skip": [..], "dept": "it", "grp": "staff"}: a generated export."""
        skip = set(spec.get("skip", []))
        lines = ["id,name,dept,grp"]
        for i in range(spec.get("from", 1), spec.get("from", 1) + spec["rows"]):
            if i not in skip:
                special = spec.get("special", {}).get(str(i), {})
                row = {"name": "user%05d" % i, "dept": spec.get("dept", "it"), "grp": spec.get("grp", "staff")}
                row.update(special)
                lines.append("%d,%s,%s,%s" % (i, row["name"], row["dept"], row["grp"]))
        return "\n".join(lines) + "\n"

    def write_config(self, config):
        if isinstance(config, str):
            text = config
        else:
            text = json.dumps(merge(BASE_CONFIG, config), indent=1)
        text = text.replace("@ENDPOINT@", "http://" + self.address).replace("@DIR@", self.dir)
        with open(os.path.join(self.dir, "rollcall.json"), "w", encoding="utf-8") as f:
            f.write(text)

    # ---- steps

    def environment(self, step):
        env = {k: v for k, v in os.environ.items() if not k.startswith("ROLLCALL")}
        env["VPN_TOKEN"] = "tok-good"
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            env.pop(name, None)
        env.update(step.get("env", {}))
        if "--confine" in step.get("run", []):  # AddressSanitizer's look for leaks starts a process
            env["ASAN_OPTIONS"] = "detect_leaks=0"
        return env

    def command(self, args):
        binary = os.path.join(self.build, "rollcall")
        out = [binary, args[0]]
        today = time.strftime("%Y-%m-%d", time.gmtime())
        args = [a.replace("@DIR@", self.dir).replace("@TODAY@", today) for a in args]
        if args[0] == "state":
            return out + [args[1], "rollcall.json"] + args[2:]
        if args[0] in ("check", "plan", "sync", "refresh", "status", "report", "apply", "undo", "list", "why", "reset-password",
                       "prune", "forget", "hold", "release", "pause", "resume"):
            out.append("rollcall.json")
        return out + args[1:]

    def short_of_memory(self, step, env):
        """memory_mib: the program may have no more. Sanitizers reserve address space at will: there, no block of a quarter."""
        if "memory_mib" not in step:
            return None
        if "asan" in self.build:
            env["ASAN_OPTIONS"] = "allocator_may_return_null=1:max_allocation_size_mb=%d" % (step["memory_mib"] // 4)
            return None
        most = step["memory_mib"] << 20
        return lambda: resource.setrlimit(resource.RLIMIT_AS, (most, most))

    def stdin_of(self, step):
        return open(os.path.join(self.dir, step["stdin"]), "rb") if "stdin" in step else subprocess.DEVNULL

    def run_step(self, step):
        if "prepare" in step:
            words = [w.replace("@BUILD@", self.build) for w in step["prepare"]]
            done = subprocess.run(words, cwd=self.dir, capture_output=True, text=True)
            if done.returncode:
                raise Failed("%s: exit %d\n%s\n%s" % (words, done.returncode, done.stdout, done.stderr))
            return
        if "hand" in step:
            self.by_hand(step["hand"])
            return
        if "finish" in step:
            before, p = self.background
            out, err = p.communicate(timeout=120)
            self.check(step["finish"], p.returncode, out, err, before)
            return
        before = self.totals()
        env = self.environment(step)
        p = subprocess.Popen(self.command(step["run"]), cwd=self.dir, env=env, preexec_fn=self.short_of_memory(step, env),
                             stdin=self.stdin_of(step), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if "signal_after_writes" in step:
            have = sum(before.get(op, 0) for op in before if op.startswith(WRITE_OPS))
            while sum(line["op"].startswith(WRITE_OPS) for line in self.log_lines()) < have + step["signal_after_writes"] and p.poll() is None:
                time.sleep(0.005)
            p.send_signal(getattr(signal, step.get("signal", "SIGTERM")))
        elif "signal_after_requests" in step or "background_after_requests" in step:
            n = step.get("signal_after_requests", step.get("background_after_requests"))
            if step.get("relative"):
                n += sum(before.values())
            while len(self.log_lines()) < n and p.poll() is None:
                time.sleep(0.005)
            if "background_after_requests" in step:
                self.background = before, p
                return
            p.send_signal(getattr(signal, step.get("signal", "SIGTERM")))
        try:
            out, err = p.communicate(timeout=step.get("timeout", 120))
        except subprocess.TimeoutExpired:
            p.kill()
            out, err = p.communicate()
            raise Failed("%s did not end\n%s\n%s" % (step.get("run"), out, err))
        self.check(step, p.returncode, out, err, before)

    def by_hand(self, changes):
        """[method, key of a generated export or account name, body]: what an administrator does in the provider's console."""
        base = "http://%s/v5/P/p2c-vpn-gateways/vpn-servers/S/users" % self.address
        if all(isinstance(c, dict) for c in changes):  # the other provider's actions
            for form in changes:
                data = urllib.parse.urlencode(dict(form, Version="2018-03-13", RegionId="cn-shanghai", SmartAGId="sag-one")).encode()
                urllib.request.urlopen("http://%s/" % self.address, data=data, timeout=10).read()
            return
        ids = {u["name"]: u["id"] for u in self.get("/_sim/users")["users"]}
        for method, key, body in changes:
            url = base if method == "POST" else "%s/%s" % (base, ids["user%05d" % int(key) if key.isdigit() else key])
            req = urllib.request.Request(url, method=method,
                                         data=json.dumps({"user": body}).encode() if body else None,
                                         headers={"X-Auth-Token": "tok-good", "Content-Type": "application/json"})
            urllib.request.urlopen(req, timeout=10).read()

    def passwords_sealed(self, key, users, say):
        """What opens is the real password of every account."""
        out = subprocess.run([os.path.join(self.build, "rollcall"), "credentials", "open", "--key", key, "credentials"],
                             cwd=self.dir, capture_output=True, text=True, check=True).stdout
        sealed = {r["name"]: r["password"] for r in csv.DictReader(out.splitlines())}
        odd = [u["name"] for u in users if sealed.get(u["name"]) != u["password"]]
        if odd:
            raise Failed("credentials do not hold the password of %s%s" % (odd[:5], say))

    def totals(self):
        return {op: c for op, c in self.count_ops().items()}

    def count_ops(self):
        ops = {}
        for line in self.log_lines():
            ops[line["op"]] = ops.get(line["op"], 0) + 1
        return ops

    def newest_report(self):
        path = os.path.join(self.dir, "reports")
        names = [n for n in (os.listdir(path) if os.path.isdir(path) else []) if n not in self.reports_seen]
        self.reports_seen.update(names)
        return os.path.join(path, sorted(names)[-1]) if names else None

    def check(self, step, code, out, err, before):
        say = "\n--- stdout\n%s\n--- stderr\n%s" % (out, err)
        want = step.get("exit", 0)
        if code != want:
            raise Failed("%s: exit %d, not %d%s" % (step.get("run"), code, want, say))
        for text in step.get("stdout_has", []):
            if text not in out:
                raise Failed("%s: stdout lacks %r%s" % (step.get("run"), text, say))
        for text in step.get("stdout_lacks", []):
            if text in out:
                raise Failed("%s: stdout has %r%s" % (step.get("run"), text, say))
        for text in step.get("stderr_has", []):
            if text not in err:
                raise Failed("%s: stderr lacks %r%s" % (step.get("run"), text, say))
        for text in step.get("stderr_lacks", ["AddressSanitizer", "runtime error"]):
            if text in err:
                raise Failed("%s: stderr has %r%s" % (step.get("run"), text, say))
        after = self.count_ops()
        delta = {op: n - before.get(op, 0) for op, n in after.items() if n != before.get(op, 0)}
        writes = sum(n for op, n in delta.items() if op.startswith(WRITE_OPS))
        if "writes" in step and writes != step["writes"]:
            raise Failed("%s: %d writes, not %d: %s%s" % (step.get("run"), writes, step["writes"], delta, say))
        if "calls" in step:
            calls = [" ".join([line["op"]] + line.get("names", [])) for line in self.log_lines()[sum(before.values()):]
                     if line["op"].startswith(WRITE_OPS) or line["op"] == "createVpnUserGroup"]
            if calls != step["calls"]:
                raise Failed("%s: the calls were\n  %s%s" % (step.get("run"), "\n  ".join(calls), say))
        for op, n in step.get("requests", {}).items():
            got = delta.get(op, 0)
            low, high = (n, n) if isinstance(n, int) else n
            if not low <= got <= high:
                raise Failed("%s: %d calls of %s, not %s: %s%s" % (step.get("run"), got, op, n, delta, say))
        for path, there in step.get("paths", {}).items():
            if os.path.exists(os.path.join(self.dir, path)) != there:
                raise Failed("%s: %s is %sthere%s" % (step.get("run"), path, "not " if there else "", say))
        report = self.newest_report()
        self.check_users(step, say)
        if step.get("run", [""])[0] != "credentials":
            self.check_leaks(out, err, say)
        self.check_report(step, report, say)

    def check_users(self, step, say):
        users = self.get("/_sim/users")["users"]
        if "user_count" in step and len(users) != step["user_count"]:
            raise Failed("%s: %d users at the provider, not %d%s" % (step.get("run"), len(users), step["user_count"], say))
        if "users" in step:
            want = step["users"]
            keys = sorted({k for u in want for k in u}) or ["name"]
            got = sorted(json.dumps({k: u.get(k) for k in keys}, sort_keys=True) for u in users)
            wanted = sorted(json.dumps({k: u.get(k) for k in keys}, sort_keys=True) for u in want)
            if got != wanted:
                raise Failed("%s: the provider has\n  %s\nnot\n  %s%s" %
                             (step.get("run"), "\n  ".join(got), "\n  ".join(wanted), say))
        if "passwords_sealed" in step:
            self.passwords_sealed(step["passwords_sealed"], users, say)
        if step.get("users_equal"):
            self.users_equal(step["users_equal"], users, say)
        doubled = [u["name"] for u in users if u.get("times_created", 1) > 1 and not u.get("times_deleted")]
        if doubled:
            raise Failed("created twice: %s%s" % (doubled, say))

    def written(self):
        """Every file rollcall made: its path and its bytes."""
        for top in ("state", "reports", "credentials"):
            path = os.path.join(self.dir, top)
            files = [path] if os.path.isfile(path) else [os.path.join(d, n) for d, _, ns in os.walk(path) for n in ns]
            for name in files:
                with open(name, "rb") as f:
                    yield name, f.read()

    def check_leaks(self, out, err, say):
        """No secret of the case stands in anything that was written, said or kept; nobody else may read it. (A password
        that is a constant of the config's own expression stands in the config, of course.)"""
        passwords = [u["password"] for u in self.get("/_sim/users")["users"] if len(u.get("password") or "") >= 6]
        secrets = {s.encode() for s in ["tok-good", *passwords[:200]]}
        places = [("stdout", out.encode()), ("stderr", err.encode()), *self.written()]
        for name, data in places:
            own = (b"'%s'", b'"%s"')
            leaked = [s for s in secrets if s in data and not any(q % s in data for q in own)]
            if leaked:
                raise Failed("%s holds the secret %s%s" % (name, leaked[0].decode(), say))
        for name in [n for n, _ in places if os.path.isabs(n)]:
            if os.stat(name).st_mode & 0o077 or os.stat(os.path.dirname(name)).st_mode & 0o077:
                raise Failed("%s may be read by others%s" % (name, say))

    def users_equal(self, name, users, say):
        """Every person of a generated export is at the provider field by field, and nobody else."""
        with open(os.path.join(self.dir, name), encoding="utf-8", newline="") as f:
            want = {r["name"]: (r["dept"], r["grp"], "Pw-%s-xyz1" % r["id"]) for r in csv.DictReader(f)}
        got = {u["name"]: (u.get("description") or "", u.get("group") or "", u.get("password")) for u in users}
        if got != want:
            odd = [(k, want.get(k), got.get(k)) for k in sorted(set(want) | set(got)) if want.get(k) != got.get(k)]
            raise Failed("provider and export differ in %d users: %s%s" % (len(odd), odd[:5], say))

    def check_schemas(self, report, say):
        """What was written obeys the shipped schemas, where this machine can tell."""
        try:
            import jsonschema
        except ImportError:
            return
        schemas = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "schemas")
        for name, schema in (("summary.json", "summary.schema.json"), ("users.jsonl", "report-line.schema.json")):
            path = os.path.join(report, name)
            if not os.path.exists(path):
                continue
            with open(os.path.join(schemas, schema), encoding="utf-8") as f:
                validator = jsonschema.Draft202012Validator(json.load(f))
            with open(path, encoding="utf-8") as f:
                documents = [f.read()] if name == "summary.json" else f.read().splitlines()[:50]
            for text in documents:
                for fault in validator.iter_errors(json.loads(text)):
                    raise Failed("%s: %s breaks %s: %s%s" % (report, name, schema, fault.message, say))

    def check_report(self, step, report, say):
        if report:
            self.check_schemas(report, say)
        if "rows" in step or "row_count" in step:
            if not report:
                raise Failed("%s: no report%s" % (step.get("run"), say))
            with open(os.path.join(report, "users.csv"), encoding="utf-8", newline="") as f:
                rows = list(csv.DictReader(f))
            if "row_count" in step and len(rows) != step["row_count"]:
                raise Failed("%s: %d rows, not %d%s" % (step.get("run"), len(rows), step["row_count"], say))
            if "rows" in step:
                keys = sorted({k for r in step["rows"] for k in r}) or ["key"]
                got = sorted(json.dumps({k: r[k] for k in keys}, sort_keys=True) for r in rows)
                want = sorted(json.dumps({k: r.get(k, "") for k in keys}, sort_keys=True) for r in step["rows"])
                if got != want:
                    raise Failed("%s: the report has\n  %s\nnot\n  %s%s" %
                                 (step.get("run"), "\n  ".join(got), "\n  ".join(want), say))
        for path, want in step.get("summary", {}).items():
            with open(os.path.join(report, "summary.json"), encoding="utf-8") as f:
                value = json.load(f)
            for part in path.split("."):
                value = value[int(part)] if isinstance(value, list) else value.get(part, None) if value else None
            if isinstance(want, list) and len(want) == 2 and all(isinstance(x, (int, float)) for x in want):
                if value is None or not want[0] <= value <= want[1]:
                    raise Failed("%s: summary %s is %r, not in %r%s" % (step.get("run"), path, value, want, say))
            elif value != want:
                raise Failed("%s: summary %s is %r, not %r%s" % (step.get("run"), path, value, want, say))
        for name, texts in step.get("report_files", {}).items():
            with open(os.path.join(report, name), encoding="utf-8") as f:
                content = f.read()
            for text in texts:
                if text not in content:
                    raise Failed("%s: %s lacks %r:\n%s%s" % (step.get("run"), name, text, content, say))

    def run(self):
        self.start_simulator()
        config = self.case.get("config", {})
        for name in os.listdir(self.folder):
            if name not in ("case.json",):
                shutil.copy(os.path.join(self.folder, name), self.dir)
        self.write_files(self.case.get("files", {}))
        self.write_config(config)
        steps = self.case["steps"]
        for step in steps:
            self.write_files(step.get("files", {}))
            if "config" in step:
                self.write_config(merge(config, step["config"]) if not isinstance(step["config"], str) else step["config"])
            if "script" in step:
                self.load_script(step["script"])
            self.run_step(step)
        if self.case.get("again", steps[-1].get("run", [""])[0] == "sync" and steps[-1].get("exit", 0) == 0):
            again = {k: v for k, v in steps[-1].items() if k in ("run", "users", "users_equal", "user_count", "env")}
            again.update({"exit": 0, "writes": 0})
            self.run_step(again)

    def stop(self, keep):
        if self.sim and self.sim.poll() is None:
            self.sim.terminate()
            self.sim.wait(timeout=10)
        if keep:
            print("kept", self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)


def main():
    args = [a for a in sys.argv[1:] if a != "--keep"]
    case = Case(args[0], args[1])
    ok = True
    try:
        case.run()
        print("ok:", case.case["about"])
    except Failed as e:
        print("FAILED:", case.case["about"])
        print(e)
        ok = False
    finally:
        case.stop("--keep" in sys.argv)
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main()
