#!/usr/bin/env python3
"""Makes the golden state of a format: what a build of that format leaves behind after a few nights.

usage: make.py BUILD_DIR FORMAT

Writes format-FORMAT.backup (`rollcall state export`), and format-FORMAT.json: what that build's own `list` and `why` say of it. Run once
for each format, by the last build before the next one; golden.py holds every later build to it. The company is in company.py.
Needs to be root: the simulators take ports below 1024, where nobody listens when the states are used."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

from company import ASKED, FIRST, HERE, LATER, MADE_BY_HAND, SAG, VPN, config, say, write


def simulator(build, folder, address, *options):
    port = os.path.join(folder, "port-" + options[0].strip("-"))
    p = subprocess.Popen([os.path.join(build, "rollcall-simulator"), "--listen", address, "--port-file", port, "--seed", "7",
                          *options], stdout=subprocess.DEVNULL)
    while not os.path.exists(port):
        time.sleep(0.01)
    return p


def by_hand(address):
    for name, description in MADE_BY_HAND:
        body = json.dumps({"user": {"name": name, "password": "Old-pw-1234", "description": description}}).encode()
        request = urllib.request.Request(f"http://{address}/v5/P/p2c-vpn-gateways/vpn-servers/S/users", body,
                                         {"X-Auth-Token": "tok-good", "Content-Type": "application/json"})
        urllib.request.urlopen(request).read()


def main():
    build, number = os.path.abspath(sys.argv[1]), sys.argv[2]
    folder = tempfile.mkdtemp(prefix="rollcall-golden-")
    huawei = simulator(build, folder, VPN, "--token", "tok-good")
    alibaba = simulator(build, folder, SAG, "--access-key", "tok-good", "--secret-key", "tok-good")
    rollcall = os.path.join(build, "rollcall")
    try:
        by_hand(VPN)
        config(folder)
        write(folder, FIRST)
        say(rollcall, folder, "sync", "--run-id", "night-1")
        say(rollcall, folder, "hold", "1002", "--reason", "asked for by the board")
        write(folder, LATER)
        say(rollcall, folder, "sync", "--run-id", "night-2")
        say(rollcall, folder, "sync", "--run-id", "night-3")
        say(rollcall, folder, "state", "export", os.path.join(HERE, f"format-{number}.backup"))
        with open(os.path.join(HERE, f"format-{number}.json"), "w", encoding="utf-8") as f:
            json.dump({" ".join(a): say(rollcall, folder, *a) for a in ASKED}, f, indent=1)
    finally:
        huawei.terminate()
        alibaba.terminate()
        shutil.rmtree(folder)


main()
