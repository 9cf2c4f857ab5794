#!/usr/bin/env python3
"""Trust and the way out: a certificate that nobody we know vouches for, of another host, or past its time is refused, and
the message says which; certificates to trust come from tls.ca_file, CURL_CA_BUNDLE and SSL_CERT_FILE; a proxy from the config
or the environment, and never for loopback; redirects are not followed; nobody waits longer than timeouts.connect; how a
target's auth looks on the wire.

usage: check.py BUILD_DIR"""
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading
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


class Proxy(threading.Thread):
    """CONNECT to any host leads to the simulator. Counts, and asks for a password when given one."""

    def __init__(self, port, password=None):
        super().__init__(daemon=True)
        self.port, self.password, self.asked = port, password, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.start()

    def run(self):
        while True:
            c, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        head = b""
        while b"\r\n\r\n" not in head:
            head += c.recv(4096)
        self.asked.append(head.split()[1].decode())
        if self.password and b"Proxy-Authorization: Basic " not in head:
            c.sendall(b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"r\"\r\nContent-Length: 0\r\n\r\n")
            return c.close()
        up = socket.create_connection(("127.0.0.1", self.port))
        c.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            for one in select.select([c, up], [], [])[0]:
                data = one.recv(65536)
                if not data:
                    c.close()
                    return up.close()
                (up if one is c else c).sendall(data)


class Simulator:
    def __init__(self, d, *args):
        port = os.path.join(d, "port")
        if os.path.exists(port):
            os.remove(port)
        self.process = subprocess.Popen([os.path.join(build, "rollcall-simulator"), "--listen", "127.0.0.1:0", "--port-file",
                                         port, "--token", "t", *args], cwd=d, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists(port):
            time.sleep(0.01)
        with open(port, encoding="utf-8") as f:
            self.address = f.read().strip()
        self.port = int(self.address.rsplit(":", 1)[1])

    def stop(self):
        self.process.terminate()
        self.process.wait()


def shows(d, name):
    return Simulator(d, "--tls-cert", name + ".pem", "--tls-key", name + ".key")


def ask(d, endpoint, more, **env):
    """Exit code and words of check --online."""
    config = {"version": 1, "state": "state", "reports": "reports", "timeouts": {"unreachable": "100s"},
              "sources": [{"files": ["hr.csv"], "key": "id"}],
              "targets": {"vpn": {"connector": "huawei-p2c-vpn", "endpoint": endpoint, "project_id": "P",
                                  "vpn_server_id": "S", "auth": {"method": "token", "token": {"env": "VPN_TOKEN"}},
                                  "account": {"name": "name", "password": "'Pw-' .. id .. '-xyz1'"}}}, **more}
    with open(os.path.join(d, "rollcall.json"), "w", encoding="utf-8") as f:
        json.dump(config, f)
    clean = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and k not in ("CURL_CA_BUNDLE", "SSL_CERT_FILE")}
    p = subprocess.run([os.path.join(build, "rollcall"), "check", "rollcall.json", "--online"], cwd=d, text=True,
                       env={**clean, "VPN_TOKEN": "t", **env}, capture_output=True, timeout=200)
    return p.returncode, p.stdout + p.stderr


failures = 0


def expect(what, got, code, words):
    global failures
    if got[0] != code or words not in got[1]:
        failures += 1
        print("FAILED: %s: exit %d, not %d with %r:\n%s" % (what, got[0], code, words, got[1]))


def trusting(name):
    return {"tls": {"ca_file": name + ".pem"}}


def certificates(d):
    for name, trusted, code, words in (("good", "good", 0, "good"), ("good", "other", 69, "self-signed"),
                                       ("other", "other", 69, "127.0.0.1'"), ("old", "old", 69, "expired")):
        sim = shows(d, name)
        expect("%s, %s trusted" % (name, trusted), ask(d, "https://" + sim.address, trusting(trusted)), code, words)
        sim.stop()


def trust(d):
    """As with curl: CURL_CA_BUNDLE goes before SSL_CERT_FILE; ca_file is added to either."""
    sim = shows(d, "good")
    endpoint = "https://" + sim.address
    expect("nobody trusted", ask(d, endpoint, {}), 69, "self-signed")
    expect("SSL_CERT_FILE", ask(d, endpoint, {}, SSL_CERT_FILE="good.pem"), 0, "good")
    expect("CURL_CA_BUNDLE", ask(d, endpoint, {}, CURL_CA_BUNDLE="good.pem"), 0, "good")
    expect("both", ask(d, endpoint, {}, CURL_CA_BUNDLE="other.pem", SSL_CERT_FILE="good.pem"), 69, "self-signed")
    expect("ca_file beside", ask(d, endpoint, trusting("good"), CURL_CA_BUNDLE="other.pem"), 0, "good")
    expect("no such bundle", ask(d, endpoint, {}, CURL_CA_BUNDLE="nothing.pem"), 69, "nothing.pem")
    sim.stop()


def proxies(d):
    sim = shows(d, "vpn")
    proxy, closed = Proxy(sim.port, "secret"), "http://127.0.0.1:1"
    url, given = "http://u:secret@" + proxy.url, {"proxy": {"env": "OUR_PROXY"}, **trusting("vpn")}
    endpoint, soon = "https://vpn.rollcall.test", {"timeouts": {"unreachable": "6s"}}
    expect("by config", ask(d, endpoint, given, OUR_PROXY=url, https_proxy=closed), 0, "good")
    if proxy.asked[-1:] != ["vpn.rollcall.test:443"]:
        expect("the proxy was asked for %s" % proxy.asked, (0, ""), -1, "")
    asked = len(proxy.asked)
    expect("without its password", ask(d, endpoint, {"proxy": "http://" + proxy.url, **soon, **trusting("vpn")}), 69, "407")
    expect("by environment", ask(d, endpoint, trusting("vpn"), https_proxy=url), 0, "good")
    expect("by environment, in capitals", ask(d, endpoint, trusting("vpn"), HTTPS_PROXY=url), 0, "good")
    asked = len(proxy.asked)
    expect("no_proxy", ask(d, endpoint, {**soon, **trusting("vpn")}, https_proxy=url, no_proxy="rollcall.test"), 69, "does not answer: Could not resolve host: vpn.rollcall.test")
    expect("a password in the config", ask(d, endpoint, {"proxy": url}), 78, "/proxy: ")
    expect("its variable is not set", ask(d, endpoint, given), 78, "/proxy: ")
    if len(proxy.asked) != asked:
        expect("the proxy was asked for %s" % proxy.asked[asked:], (0, ""), -1, "")
    sim.stop()
    sim = Simulator(d)
    for host in ("127.0.0.1", "localhost"):
        expect("loopback", ask(d, "http://%s:%d" % (host, sim.port), {"proxy": closed}, http_proxy=closed, all_proxy=closed), 0, "good")
    sim.stop()


def answering(text):
    """A server that gives each request this answer; its address, and the requests."""
    listener, came = socket.create_server(("127.0.0.1", 0)), []

    def answer():
        while True:
            c, _ = listener.accept()
            got = c.recv(65536)
            while b"\r\n\r\n" not in got or (b"password" in got and b"}}}}" not in got):
                got += c.recv(65536)
            came.append(got)
            c.sendall(text.encode())
            c.close()

    threading.Thread(target=answer, daemon=True).start()
    return "http://127.0.0.1:%d" % listener.getsockname()[1], came


def redirects(d):
    """A token does not travel: nobody comes to where a redirect points."""
    elsewhere = Proxy(0)
    here, came = answering("HTTP/1.1 307 There\r\nLocation: http://%s/v5/\r\nContent-Length: 0\r\n\r\n" % elsewhere.url)
    expect("a redirect", ask(d, here, {}), 69, "set endpoint to the address that it redirects to")
    if not came or elsewhere.asked:
        expect("asked %d times, and elsewhere for %s" % (len(came), elsewhere.asked), (0, ""), -1, "")


def wire(d):
    """auth.signature and auth.project_name, as they leave."""
    def first(target, **secrets):
        here, came = answering("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
        target = json.loads(json.dumps(target).replace("@HERE@", here))
        ask(d, here, {"targets": {"t": {"endpoint": here, **target}}}, **secrets)
        return came[0]

    def sag(**auth):
        return {"connector": "alibaba-sag-app", "region_id": "cn-shanghai", "smart_ag_id": "sag-one", "account":
                {"UserMail": "name .. '@example.com'", "Bandwidth": "2000"},
                "auth": {"method": "aksk", "access_key": {"env": "AK"}, "secret_key": {"env": "SK"}, **auth}}

    login = {"connector": "huawei-p2c-vpn", "project_id": "P", "vpn_server_id": "S", "account": {"name": "name", "password": "'Pw-xyz12'"},
             "auth": {"method": "password", "user": "u", "domain": "d", "password": {"env": "SK"}, "iam_endpoint": "@HERE@"}}
    named = {**login, "auth": {**login["auth"], "project_name": "cn-north-4"}}
    for what, target, words in (("v3 is the default", sag(), b"ACS3-HMAC-SHA256"), ("v3", sag(signature="v3"), b"ACS3-HMAC-SHA256"),
                                ("v1", sag(signature="v1"), b"SignatureVersion=1.0"), ("a project by its id", login, b'"project":{"id":"P"}'),
                                ("a project by its name", named, b'"project":{"name":"cn-north-4"}')):
        got = first(target, AK="ak", SK="sk")
        if words not in got:
            expect("%s: %s" % (what, got), (0, ""), -1, "")


def silence(d):
    """timeouts.connect: nobody takes the connection."""
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    crowd = [socket.socket() for _ in range(4)]
    for one in crowd:
        one.setblocking(False)
        one.connect_ex(full.getsockname())
    expect("no connection", ask(d, "http://127.0.0.1:%d" % full.getsockname()[1], {"timeouts": {"connect": "100ms", "unreachable": "6s"}}), 69,
           "imeout")
    for one in crowd:
        one.close()


with tempfile.TemporaryDirectory() as d:
    with open(os.path.join(d, "hr.csv"), "w", encoding="utf-8") as f:
        f.write("id,name\n1,ada.l\n")
    certificate(d, "good", HERE, "-days", "30")
    certificate(d, "other", OTHER, "-days", "30")
    certificate(d, "vpn", "DNS:vpn.rollcall.test", "-days", "30")
    certificate(d, "old", HERE, "-startdate", "20200101000000Z", "-enddate", "20200201000000Z")
    certificates(d)
    trust(d)
    proxies(d)
    redirects(d)
    wire(d)
    silence(d)
print("%d differ" % failures if failures else "as promised")
sys.exit(bool(failures))
