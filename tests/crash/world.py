"""A small company, its provider and rollcall between them: what the crash tests disturb and then look at."""
import csv
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request

UNLIMITED = {g: "unlimited" for g in ("max_deletes", "max_updates", "max_renames", "max_source_shrink", "max_blanked",
                                      "max_failures")}


class Wrong(Exception):
    pass


class Huawei:
    """Batches, client tokens, groups, ids that only the list tells."""
    name = "huawei"
    simulator = ["--token", "tok-good", "--capacity", "1500", "--queue", "100"]

    @staticmethod
    def target(endpoint):
        return {
            "connector": "huawei-p2c-vpn", "endpoint": endpoint, "project_id": "P", "vpn_server_id": "S",
            "auth": {"method": "token", "token": {"env": "VPN_TOKEN"}},
            "account": {"name": "name", "description": "dept", "user_group_name": "grp",
                        "password": {"generate": {"length": 16}}},
            "create_groups": True, "missing": {"action": "delete"}, "guards": UNLIMITED, "batch": {"max_users": 7}}

    @staticmethod
    def wanted(person):
        return [person[1], person[2]]

    @staticmethod
    def actual(user):
        return [user["description"] or "", user["group"]]


class Alibaba:
    """One call an account, no client token: a second create would be a second account, so look before repeating."""
    name = "alibaba"
    simulator = ["--access-key", "tok-good", "--secret-key", "tok-good"]

    @staticmethod
    def target(endpoint):
        return {
            "connector": "alibaba-sag-app", "endpoint": endpoint, "region_id": "cn-shanghai", "smart_ag_id": "sag-one",
            "auth": {"method": "aksk", "access_key": {"env": "VPN_TOKEN"}, "secret_key": {"env": "VPN_TOKEN"}},
            "account": {"UserName": "name", "UserMail": "dept .. '@example.com'",
                        "Bandwidth": "grp == 'ops' and '2000' or '1000'", "Password": {"generate": {"length": 16}}},
            "missing": {"action": "delete"}, "guards": UNLIMITED}

    @staticmethod
    def wanted(person):
        return [person[1] + "@example.com", 2000 if person[2] == "ops" else 1000]

    @staticmethod
    def actual(user):
        return [user["mail"], user["bandwidth"]]


PROVIDERS = {p.name: p for p in (Huawei, Alibaba)}


class World:
    def __init__(self, build, seed, provider=Huawei, sim_args=(), settle_ms=20):
        self.build = os.path.abspath(build)
        self.random = random.Random(seed)
        self.provider = provider
        self.sim_args = list(sim_args)
        self.settle_ms = settle_ms  # more than the simulator takes to show what it accepted
        self.dir = tempfile.mkdtemp(prefix="rollcall-crash-")
        self.people = {}
        self.given_up = []  # names that nobody has any more, the newest last
        self.next = 1
        self.kills = 0
        self.address = None
        self.sim = None
        self.reports_checked = set()
        self.resets = set()  # names that were to get a new password: it is set, and mailed, anew until known to be set

    def path(self, name):
        return os.path.join(self.dir, name)

    # ---- simulator

    def start(self):
        self.sim = subprocess.Popen([os.path.join(self.build, "rollcall-simulator"), "--listen", "127.0.0.1:0",
                                     "--port-file", self.path("port")] + self.provider.simulator + self.sim_args,
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(self.path("port")):
            if self.sim.poll() is not None:
                raise Wrong("the simulator did not start")
            time.sleep(0.01)
        with open(self.path("port"), encoding="utf-8") as f:
            self.address = f.read().strip()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out",
                        "crt.pem", "-days", "2", "-subj", "/CN=ops"], cwd=self.dir, check=True, capture_output=True)
        self.write_config()

    def write_config(self):
        with open(self.path("rollcall.json"), "w", encoding="utf-8") as f:
            json.dump(self.config(), f)

    def config(self):
        return {
            "version": 1, "state": "state", "reports": "reports",
            "sources": [{"files": ["hr.csv"], "key": "id"}],
            "timeouts": {"settle": "%dms" % self.settle_ms, "confirm": "5s"},
            "targets": {"vpn": self.provider.target("http://" + self.address)},
            "credentials": {"seal_to": ["crt.pem"], "file": "credentials"},
        }

    def get(self, path):
        with urllib.request.urlopen("http://%s%s" % (self.address, path), timeout=60) as r:
            return json.load(r)

    def load_script(self, script):
        data = json.dumps(script).encode()
        urllib.request.urlopen(urllib.request.Request("http://%s/_sim/script" % self.address, data=data,
                                                      method="POST"), timeout=60).read()

    def begin_anew(self):
        """An empty provider and an empty state; the certificate stays."""
        self.load_script({"reset": True})
        for name in ("state", "reports"):
            shutil.rmtree(self.path(name), ignore_errors=True)
        if os.path.exists(self.path("credentials")):
            os.unlink(self.path("credentials"))
        self.reports_checked.clear()
        self.people.clear()
        self.resets.clear()
        self.given_up.clear()

    # ---- the company

    def join(self, n):
        """Some take the name of somebody who has left or is renamed, mostly since yesterday."""
        r = self.random
        for _ in range(n):
            handed_on = self.given_up and r.random() < 0.2
            name = self.given_up.pop() if handed_on else "user%05d" % self.next
            self.people[self.next] = [name, r.choice("abc") * 3, r.choice(["staff", "ops"])]
            self.next += 1

    def rename(self, key, row):
        name = "u%05d-%d" % (key, self.random.randint(1, 99))
        if any(p[0] == name for p in self.people.values()):
            return
        if name in self.given_up:
            self.given_up.remove(name)
        self.given_up.append(row[0])
        row[0] = name

    def change(self, leave, move, rename):
        """So many of each among those who were there before this call."""
        r = self.random
        chosen = r.sample(sorted(self.people), min(len(self.people), leave + move + rename))
        for i, key in enumerate(chosen):
            row = self.people[key]
            if i < leave:
                self.given_up.append(row[0])
                del self.people[key]
            elif i < leave + move:
                row[1] = "abc"["abc".index(row[1][0]) - 1] * 3
                row[2] = r.choice(["staff", "ops"])
            else:
                self.rename(key, row)

    def write_source(self):
        with open(self.path("hr.csv"), "w", encoding="utf-8") as f:
            f.write("id,name,dept,grp\n")
            for key, row in self.people.items():
                f.write("%d,%s\n" % (key, ",".join(row)))

    # ---- rollcall

    def environment(self, **more):
        env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
        env.update(VPN_TOKEN="tok-good", **more)
        return env

    def spawn(self, args, **more):
        return subprocess.Popen([os.path.join(self.build, "rollcall")] + args, cwd=self.dir,
                                env=self.environment(**more), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, errors="replace")

    def sync(self, kill_after=None, args=(), **more):
        return self.run("sync", kill_after, args, **more)

    def run(self, command, kill_after=None, args=(), **more):
        """Exit code and output; kill_after: seconds until SIGKILL."""
        p = self.spawn([command, "rollcall.json"] + list(args), **more)
        if kill_after is not None:
            time.sleep(kill_after)
            if p.poll() is None:
                p.send_signal(signal.SIGKILL)
        out, _ = p.communicate()
        self.kills += p.returncode == -signal.SIGKILL
        for word in ("AddressSanitizer", "runtime error:", "LeakSanitizer"):
            if word in out:
                raise Wrong(out)
        return p.returncode, out

    def until_done(self, tries=4):
        out = ""
        for _ in range(tries):
            code, out = self.sync()
            if code == 0:
                return out
            if code != 75:
                raise Wrong("exit %d\n%s" % (code, out))
        raise Wrong("still not done after %d runs\n%s" % (tries, out))

    # ---- what must hold

    def check(self, out=""):
        """The provider equals the export, nobody twice, everybody can log in, and running again writes nothing."""
        users = self.get("/_sim/users")["users"]
        got = {u["name"]: self.provider.actual(u) for u in users}
        want = {p[0]: self.provider.wanted(p) for p in self.people.values()}
        if got != want:
            odd = [(k, want.get(k), got.get(k)) for k in sorted(set(got) | set(want)) if got.get(k) != want.get(k)]
            raise Wrong("provider and export differ (name, wanted, actual): %s\n%s" % (odd[:5], out))
        self.check_once()
        before = self.get("/_sim/stats")["totals"]["writes"]
        code, out = self.sync()
        after = self.get("/_sim/stats")["totals"]["writes"]
        if code or after != before:
            raise Wrong("running again: exit %d, %d writes\n%s" % (code, after - before, out))
        self.check_passwords(users)
        self.check_reports()

    def check_once(self):
        stats = self.get("/_sim/stats")
        if stats["totals"]["double_creates"]:
            raise Wrong("double creates: %d" % stats["totals"]["double_creates"])
        for server in stats["servers"]:
            for name, n in server.get("names", {}).items():
                if n["mails"] > n["times_created"] and name not in self.resets:
                    raise Wrong("second mail to %s: %s" % (name, n))

    def check_passwords(self, users):
        out = subprocess.run([os.path.join(self.build, "rollcall"), "credentials", "open", "--key", "key.pem",
                              "credentials"], cwd=self.dir, capture_output=True, text=True, check=True).stdout
        sealed = {(r["key"], r["name"]): r["password"] for r in csv.DictReader(out.splitlines())}
        keys = {p[0]: str(key) for key, p in self.people.items()}
        odd = [(u["name"], u["password"], sealed.get((keys[u["name"]], u["name"]))) for u in users
               if sealed.get((keys[u["name"]], u["name"])) != u["password"]]
        if odd:
            raise Wrong("credentials do not hold the real password (name, real, sealed): %s" % odd[:5])

    def check_reports(self):
        for run in sorted(set(os.listdir(self.path("reports"))) - self.reports_checked):
            path = os.path.join(self.path("reports"), run, "summary.json")
            if not os.path.exists(path):
                raise Wrong("report of %s has no end" % run)
            with open(path, encoding="utf-8") as f:
                s = json.load(f)
            if s["exit_code"] is None and not (s.get("interrupted") and s.get("resumed_by")):
                raise Wrong("report of %s: interrupted, but not told by whom it was finished" % run)
            if not s["balance"]["ok"]:
                raise Wrong("books of %s do not balance" % run)
            self.reports_checked.add(run)

    def stop(self, keep):
        if self.sim:
            self.sim.terminate()
            self.sim.wait()
        if keep:
            print("kept", self.dir)
        else:
            shutil.rmtree(self.dir, ignore_errors=True)
