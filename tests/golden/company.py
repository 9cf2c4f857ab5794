"""The company of the golden states: somebody of each kind that a state can hold, and nobody whose date comes before 2098."""
import json
import os
import subprocess
import time
import urllib.request

# The ids that a state is bound to: the simulators listen there while it is made, nobody does afterwards.
VPN, SAG = "127.0.0.1:11", "127.0.0.1:12"
HERE = os.path.dirname(os.path.abspath(__file__))
HEAD = "id,name,mail,dept,grp,band,leaves\n"
PEOPLE = ["1001,ada.lovelace,ada,IT,staff,2000,", "1002,bob.marley,bob,Sales,staff,2000,", "1003,cyd.noir,cyd,Sales,ops,1000,",
          "1004,dan.olsen,dan,HR,staff,2000,2098-11-30", "1005,eve.polastri,eve,IT,staff,3000,", "1006,fay.wray,fay,HR,ops,2000,",
          "1007,gus.grissom,gus,IT,staff,2000,"]
FIRST = HEAD + "\n".join(PEOPLE) + "\n"
# 1003 has a new name, 1005 another department, 1006 has left, 1008 is new.
LATER = (HEAD + "\n".join(PEOPLE[:2] + [PEOPLE[2].replace("cyd.noir", "cyd.charisse"), PEOPLE[3], PEOPLE[4].replace("IT", "Legal"),
                                        PEOPLE[6], "1008,hal.jordan,hal,Sales,staff,2000,"]) + "\n")
MADE_BY_HAND = (("gus.grissom", "IT"), ("admin.vpn", "not_a_person"))  # the first is adopted, the second stays unmanaged
KEYS = ["1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008"]
ASKED = [["list"], ["list", "--status", "waiting,unmanaged,held"], ["list", "--format", "jsonl"]] + [
    ["why", k, "--format", "json"] for k in KEYS] + [["why", "--name", "cyd.noir", "--format", "json"]]


def config(folder):
    quiet = {g: "unlimited" for g in ("max_deletes", "max_updates", "max_renames", "max_source_shrink", "max_blanked")}
    common = {"missing": {"action": "delete"}, "list_max_age": "36500d", "guards": quiet}
    with open(os.path.join(folder, "rollcall.json"), "w", encoding="utf-8") as f:
        json.dump({
            "version": 1, "state": "state", "reports": "reports",
            "sources": [{"files": ["hr.csv"], "key": "id", "active_until": "leaves"}],
            "timeouts": {"settle": "20ms"}, "retention": {"reports": "36500d", "history": "36500d"},
            "targets": {
                "vpn": {"connector": "huawei-p2c-vpn", "endpoint": "http://" + VPN, "project_id": "P", "vpn_server_id": "S",
                        "auth": {"method": "token", "token": {"env": "TOKEN"}}, "create_groups": True,
                        "account": {"name": "name", "description": "dept", "user_group_name": "grp",
                                    "password": "'Pw-' .. id .. '-' .. dept"}, **common},
                "sag": {"connector": "alibaba-sag-app", "endpoint": "http://" + SAG, "region_id": "cn-shanghai", "smart_ag_id": "sag-one",
                        "auth": {"method": "aksk", "access_key": {"env": "TOKEN"}, "secret_key": {"env": "TOKEN"}},
                        "account": {"UserName": "name", "UserMail": "mail .. '@example.com'", "Bandwidth": "band",
                                    "Password": "'Pw-' .. id .. '-' .. dept"}, **common}}}, f)


def write(folder, text):
    with open(os.path.join(folder, "hr.csv"), "w", encoding="utf-8") as f:
        f.write(text)


def run(rollcall, folder, verb, *options, env=None):
    argv = [rollcall, verb] + ([options[0]] if verb == "state" else []) + ["rollcall.json", *options[verb == "state":]]
    return subprocess.run(argv, cwd=folder, env=dict(os.environ, TOKEN="tok-good", **(env or {})), capture_output=True, text=True)


def say(rollcall, folder, verb, *options):
    """What it prints, without the folder it was run in; it must end well."""
    got = run(rollcall, folder, verb, *options)
    if got.returncode:
        raise SystemExit("%s %s: exit %d\n%s%s" % (verb, " ".join(options), got.returncode, got.stdout, got.stderr))
    return got.stdout.replace(os.path.realpath(folder), "@DIR@").replace(folder, "@DIR@")


def simulator(build, folder, address, *options):
    port = os.path.join(folder, "port-" + options[0].strip("-"))
    p = subprocess.Popen([os.path.join(build, "rollcall-simulator"), "--listen", address, "--port-file", port, "--seed", "7",
                          *options], stdout=subprocess.DEVNULL)
    while not os.path.exists(port):
        if p.poll() is not None:
            raise SystemExit("no simulator at %s" % address)
        time.sleep(0.01)
    return p


def simulators(build, folder):
    """Both providers, where the states look for them; the same nights give the same accounts and ids each time."""
    return [simulator(build, folder, VPN, "--token", "tok-good"),
            simulator(build, folder, SAG, "--access-key", "tok-good", "--secret-key", "tok-good")]


def by_hand():
    for name, description in MADE_BY_HAND:
        body = json.dumps({"user": {"name": name, "password": "Old-pw-1234", "description": description}}).encode()
        request = urllib.request.Request(f"http://{VPN}/v5/P/p2c-vpn-gateways/vpn-servers/S/users", body,
                                         {"X-Auth-Token": "tok-good", "Content-Type": "application/json"})
        urllib.request.urlopen(request).read()


def nights(rollcall, folder):
    by_hand()
    config(folder)
    write(folder, FIRST)
    say(rollcall, folder, "sync", "--run-id", "night-1")
    say(rollcall, folder, "hold", "1002", "--reason", "asked for by the board")
    write(folder, LATER)
    say(rollcall, folder, "sync", "--run-id", "night-2")
    say(rollcall, folder, "sync", "--run-id", "night-3")
