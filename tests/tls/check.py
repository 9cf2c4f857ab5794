#!/usr/bin/env python3
"""A certificate that nobody we know vouches for, of another host, or past its time is refused, and the message says which.

usage: check.py BUILD_DIR"""
import json
import os
import subprocess
import sys
import tempfile
import time

build = os.path.abspath(sys.argv[1])
HERE, OTHER = "IP:127.0.0.1", "DNS:vpn.example.com"


def certificate(d, name, host, *dates):
    with open(os.path.join(d, name + ".ext"), "w", encoding="utf-8") as f:
        f.write("[ca]\ndefault_ca=me\n[me]\nnew_certs_dir=.\ndatabase=%s.db\nserial=%s.serial\ndefault_md=sha256\npolicy=any\n"
                "x509_extensions=ext\n[any]\ncommonName=supplied\n[ext]\nsubjectAltName=%s\n[req]\ndistinguished_name=dn\n[dn]\n"
                % (name, name, host))
    open(os.path.join(d, name + ".db"), "w", encoding="utf-8").close()
    with open(os.path.join(d, name + ".serial"), "w", encoding="utf-8") as f:
        f.write("01\n")
    for argv in (["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj",
                  "/CN=vpn", "-config", name + ".ext"],
                 ["ca", "-batch", "-selfsign", "-notext", "-config", name + ".ext", "-keyfile", name + ".key", "-in",
                  name + ".csr", "-out", name + ".pem", *dates]):
        subprocess.run(["openssl", *argv], cwd=d, check=True, capture_output=True)


def ask(d, name, trusted):
    """Exit code and words of check --online against a simulator that shows this certificate."""
    port = os.path.join(d, "port")
    if os.path.exists(port):
        os.remove(port)
    sim = subprocess.Popen([os.path.join(build, "rollcall-simulator"), "--listen", "127.0.0.1:0", "--port-file", port, "--token",
                            "t", "--tls-cert", name + ".pem", "--tls-key", name + ".key"], cwd=d, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    try:
        while not os.path.exists(port):
            time.sleep(0.01)
        with open(port, encoding="utf-8") as f:
            address = f.read().strip()
        config = {"version": 1, "state": "state", "reports": "reports", "tls": {"ca_file": trusted + ".pem"},
                  "sources": [{"files": ["hr.csv"], "key": "id"}],
                  "targets": {"vpn": {"connector": "huawei-p2c-vpn", "endpoint": "https://" + address, "project_id": "P",
                                      "vpn_server_id": "S", "auth": {"method": "token", "token": {"env": "VPN_TOKEN"}},
                                      "account": {"name": "name", "password": "'Pw-' .. id .. '-xyz1'"}}}}
        with open(os.path.join(d, "rollcall.json"), "w", encoding="utf-8") as f:
            json.dump(config, f)
        p = subprocess.run([os.path.join(build, "rollcall"), "check", "rollcall.json", "--online"], cwd=d, text=True,
                           env=dict(os.environ, VPN_TOKEN="t"), capture_output=True, timeout=200)
        return p.returncode, p.stdout + p.stderr
    finally:
        sim.terminate()
        sim.wait()


failures = 0
with tempfile.TemporaryDirectory() as d:
    with open(os.path.join(d, "hr.csv"), "w", encoding="utf-8") as f:
        f.write("id,name\n1,ada.l\n")
    certificate(d, "good", HERE, "-days", "30")
    certificate(d, "other", OTHER, "-days", "30")
    certificate(d, "old", HERE, "-startdate", "20200101000000Z", "-enddate", "20200201000000Z")
    for name, trusted, code, words in (("good", "good", 0, "good"), ("good", "other", 69, "self-signed"),
                                       ("other", "other", 69, "127.0.0.1'"), ("old", "old", 69, "expired")):
        got, said = ask(d, name, trusted)
        if got != code or words not in said:
            failures += 1
            print("FAILED: %s, %s trusted: exit %d, not %d with %r:\n%s" % (name, trusted, got, code, words, said))
print("%d of 4 differ" % failures if failures else "as promised")
sys.exit(bool(failures))
