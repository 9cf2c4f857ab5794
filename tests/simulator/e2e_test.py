#!/usr/bin/env python3
"""Drives the simulator over real sockets: framing, TLS, signatures made by code of this file's own, faults, signals."""

import base64, hashlib, hmac, http.client, json, os, signal, socket, ssl, struct, subprocess, sys, tempfile, time
import urllib.parse, uuid

PROGRAM = sys.argv[1]
BASE = "/v5/p1/p2c-vpn-gateways/vpn-servers/s1"
CREATE = "CreateSmartAccessGatewayClientUser"


class Simulator:
    def __init__(self, *options, script=None):
        self.dir = tempfile.TemporaryDirectory()
        self.port_file = os.path.join(self.dir.name, "port")
        self.log = os.path.join(self.dir.name, "log")
        args = [PROGRAM, "--listen", "127.0.0.1:0", "--port-file", self.port_file, "--log", self.log, *options]
        if script is not None:
            path = os.path.join(self.dir.name, "script.json")
            with open(path, "w") as f:
                json.dump(script, f)
            args += ["--script", path]
        self.process = subprocess.Popen(args, stdout=subprocess.DEVNULL)
        for _ in range(1000):
            if os.path.exists(self.port_file):
                break
            assert self.process.poll() is None, "the simulator ended"
            time.sleep(0.01)
        self.host, port = open(self.port_file).read().strip().split(":")
        self.port = int(port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        assert code == 0, f"exit code {code}"
        self.dir.cleanup()

    def call(self, method, path, body=None, headers=None, raw=False, timeout=10):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=timeout)
        headers = dict(headers or {})
        if body is not None and not raw:
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, text, answer

    def stats(self):
        return json.loads(self.call("GET", "/_sim/stats")[1])

    def script(self, script):
        status, text, _ = self.call("POST", "/_sim/script", script)
        assert status == 200, text

    def send(self, data):
        s = socket.create_connection((self.host, self.port), timeout=10)
        s.sendall(data)
        return s


def users(first, count):
    return {"users": [{"name": f"user{i:04}", "password": "Abcd1234"} for i in range(first, first + count)]}


def enc(text):
    return urllib.parse.quote(text, safe="-_.~")


def stamp(form, offset=0):
    return time.strftime(form, time.gmtime(time.time() + offset))


def huawei_headers(sim, method, path, query, body, key="AK", secret="SK", offset=0):
    date = stamp("%Y%m%dT%H%M%SZ", offset)
    host = f"{sim.host}:{sim.port}"
    pairs = "&".join(f"{enc(k)}={enc(v)}" for k, v in sorted(query.items()))
    canonical = "\n".join([method, path + "/", pairs, f"host:{host}\nx-sdk-date:{date}\n", "host;x-sdk-date",
                           hashlib.sha256(body.encode()).hexdigest()])
    to_sign = "\n".join(["SDK-HMAC-SHA256", date, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return {"X-Sdk-Date": date, "Authorization":
            f"SDK-HMAC-SHA256 Access={key}, SignedHeaders=host;x-sdk-date, Signature={signature}"}


def alibaba_v3(sim, action, params, secret="SK", nonce=None, offset=0):
    body = "&".join(f"{enc(k)}={enc(v)}" for k, v in params.items())
    digest = hashlib.sha256(body.encode()).hexdigest()
    headers = {"host": f"{sim.host}:{sim.port}", "x-acs-action": action, "x-acs-version": "2018-03-13",
               "x-acs-date": stamp("%Y-%m-%dT%H:%M:%SZ", offset), "x-acs-signature-nonce": nonce or uuid.uuid4().hex,
               "x-acs-content-sha256": digest, "content-type": "application/x-www-form-urlencoded"}
    names = sorted(headers)
    canonical = "\n".join(["POST", "/", "", "".join(f"{n}:{headers[n]}\n" for n in names), ";".join(names), digest])
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    headers["Authorization"] = f"ACS3-HMAC-SHA256 Credential=AK,SignedHeaders={';'.join(names)},Signature={signature}"
    status, text, answer = sim.call("POST", "/", body, headers, raw=True)
    assert answer.getheader("x-acs-request-id") or status >= 500
    return status, json.loads(text)


def alibaba_v1(sim, action, params, secret="SK"):
    every = dict(params, Action=action, Version="2018-03-13", Format="JSON", AccessKeyId="AK",
                 SignatureMethod="HMAC-SHA1", SignatureVersion="1.0", SignatureNonce=uuid.uuid4().hex,
                 Timestamp=stamp("%Y-%m-%dT%H:%M:%SZ"))
    query = "&".join(f"{enc(k)}={enc(every[k])}" for k in sorted(every))
    signature = hmac.new((secret + "&").encode(), ("GET&%2F&" + enc(query)).encode(), hashlib.sha1).digest()
    query += "&Signature=" + enc(base64.b64encode(signature).decode())
    status, text, _ = sim.call("GET", "/?" + query)
    return status, json.loads(text)


def test_users_and_log():
    with Simulator("--token", "secret-token") as sim:
        auth = {"X-Auth-Token": "secret-token"}
        assert sim.call("GET", BASE + "/users")[0] == 401
        token = dict(auth, **{"X-Client-Token": str(uuid.uuid4())})
        first = sim.call("POST", BASE + "/users/batch-create", users(0, 50), token)
        again = sim.call("POST", BASE + "/users/batch-create", users(0, 50), token)
        assert first[0] == again[0] == 201 and first[1] == again[1]
        names = {u["name"] for u in json.loads(sim.call("GET", BASE + "/users?limit=50", None, auth)[1])["users"]}
        assert len(names) == 50
        shown = json.loads(sim.call("GET", "/_sim/users?server=s1")[1])["users"]
        assert len(shown) == 50 and all(u["password"] == "Abcd1234" and u["times_created"] == 1 for u in shown)
        server = sim.stats()["servers"][0]
        assert server["replayed"] == 1 and server["users_created"] == 50 and server["double_creates"] == 0
        lines = [json.loads(line) for line in open(sim.log)]
        assert [x["decision"] for x in lines] == ["unauthorized", "accepted", "replayed", "accepted"]
        assert "Abcd1234" not in open(sim.log).read() and "secret-token" not in open(sim.log).read()


def test_queue_in_real_time():
    with Simulator("--capacity", "25", "--queue", "50") as sim:
        assert sim.call("POST", BASE + "/users/batch-create", users(0, 50))[0] == 201
        status, text, _ = sim.call("POST", BASE + "/users/batch-create", users(50, 50))
        assert status == 400 and b"VPN.0030" in text
        deadline = time.time() + 20
        while sim.call("POST", BASE + "/users/batch-create", users(50, 50))[0] != 201:
            assert time.time() < deadline
            time.sleep(0.02)
        while json.loads(sim.call("GET", BASE + "/users?limit=1")[1])["total_count"] < 100:
            assert time.time() < deadline
            time.sleep(0.02)


def test_huawei_signature():
    with Simulator("--access-key", "AK", "--secret-key", "SK") as sim:
        query = {"limit": "2", "marker": "2024-06-17T06:53:46.302Z"}
        path = BASE + "/users?" + "&".join(f"{k}={enc(v)}" for k, v in query.items())
        assert sim.call("GET", path, None, huawei_headers(sim, "GET", BASE + "/users", query, ""))[0] == 200
        body = json.dumps(users(0, 2))
        headers = huawei_headers(sim, "POST", BASE + "/users/batch-create", {}, body)
        headers["Content-Type"] = "application/json"
        assert sim.call("POST", BASE + "/users/batch-create", body, headers, raw=True)[0] == 201
        assert sim.call("POST", BASE + "/users/batch-create", body + " ", headers, raw=True)[0] == 401
        old = sim.call("GET", BASE + "/users", None, huawei_headers(sim, "GET", BASE + "/users", {}, "", offset=-1000))
        assert old[0] == 401 and b"APIGW.0303" in old[1]
        for _ in range(6):
            wrong = huawei_headers(sim, "GET", BASE + "/users", {}, "", secret="no")
            assert sim.call("GET", BASE + "/users", None, wrong)[0] == 401
        locked = sim.call("GET", BASE + "/users", None, huawei_headers(sim, "GET", BASE + "/users", {}, ""))
        assert b"forbidden" in locked[1]


def test_alibaba():
    with Simulator("--access-key", "AK", "--secret-key", "SK", "--seat-limit", "2") as sim:
        at = {"RegionId": "cn-shanghai", "SmartAGId": "sag-one"}
        status, answer = alibaba_v3(sim, CREATE, dict(at, UserMail="ada@example.com", Bandwidth="2000"))
        assert status == 200 and answer["UserName"] == "ada@example.com", answer
        status, answer = alibaba_v1(sim, CREATE, dict(at, UserMail="b@example.com", Bandwidth="5", UserName="bob_smith",
                                                      Password="Abcd-1234"))
        assert status == 200, answer
        assert alibaba_v3(sim, CREATE, dict(at, UserMail="c@example.com", Bandwidth="5"))[1]["Code"] \
            == "ClientUser.UserOverLimit"
        listing = alibaba_v1(sim, "DescribeSmartAccessGatewayClientUsers", dict(at, PageSize="100"))[1]
        assert listing["TotalCount"] == 2 and len(listing["Users"]["User"]) == 2
        assert alibaba_v3(sim, "DescribeSmartAccessGateways", at, nonce="n1")[0] == 200
        assert alibaba_v3(sim, "DescribeSmartAccessGateways", at, nonce="n1")[1]["Code"] == "SignatureNonceUsed"
        assert alibaba_v3(sim, "DescribeSmartAccessGateways", at, secret="x")[1]["Code"] == "SignatureDoesNotMatch"
        assert alibaba_v1(sim, "DescribeSmartAccessGateways", at, secret="x")[1]["Code"] == "SignatureDoesNotMatch"
        assert alibaba_v3(sim, "DescribeSmartAccessGateways", at, offset=1000)[1]["Code"] == "InvalidTimeStamp.Expired"
        lost = dict(at, SmartAGId="sag-nowhere1")
        assert alibaba_v3(sim, "DescribeSmartAccessGatewayClientUsers", lost)[1]["Code"] == "SAG.InstanceNoFound"
        assert sim.stats()["totals"]["mails"] == 2


def test_iam():
    with Simulator("--token", "other", script={"settings": {"token_ttl_s": 1000}}) as sim:
        login = {"auth": {"identity": {"methods": ["password"], "password": {
            "user": {"domain": {"name": "d"}, "name": "u", "password": "p"}}}, "scope": {"project": {"name": "n"}}}}
        status, text, answer = sim.call("POST", "/v3/auth/tokens?nocatalog=true", login)
        token = {"X-Auth-Token": answer.getheader("X-Subject-Token")}
        assert status == 201 and len(token["X-Auth-Token"]) == 3000 and "catalog" not in json.loads(text)["token"]
        assert sim.call("GET", BASE + "/users", None, token)[0] == 200
        sim.script({"timeline": [{"at_s": 0, "expire_tokens": True}]})
        assert sim.call("GET", BASE + "/users", None, token)[0] == 401


def test_framing():
    with Simulator() as sim:
        body = json.dumps(users(0, 2)).encode()
        # Chunked in small pieces, and one byte at a time on the wire.
        head = f"POST {BASE}/users/batch-create HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
        data = (head + "Transfer-Encoding: chunked\r\n\r\n").encode()
        for i in range(0, len(body), 7):
            data += b"%x\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7])
        s = socket.create_connection((sim.host, sim.port), timeout=10)
        for i in range(0, len(data + b"0\r\n\r\n")):
            s.sendall((data + b"0\r\n\r\n")[i:i + 1])
        assert s.recv(4096).startswith(b"HTTP/1.1 201")
        # Five requests in one piece on the same connection are answered in order.
        sim.script({"settings": {"latency_ms": 5}})
        one = f"GET {BASE}/users/%s HTTP/1.1\r\nHost: h\r\n\r\n"
        s.sendall("".join(one % i for i in range(4)).encode() + b"GET /x HTTP/1.1\r\nConnection: close\r\n\r\n")
        text = b""
        while piece := s.recv(65536):
            text += piece
        assert text.count(b"VPN.0004") == 4 and text.rstrip().endswith(b"}") and b"APIGW.0101" in text
        s.close()
        # Expect: 100-continue
        s = sim.send((head + f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n").encode())
        assert s.recv(4096).startswith(b"HTTP/1.1 100")
        s.sendall(body)
        assert b"invalid_users" in s.recv(65536)
        s.close()
        # Rubbish, and headers that are too large.
        s = sim.send(b"\x16\x03\x01rubbish\r\n\r\n")
        assert s.recv(4096).startswith(b"HTTP/1.1 400")
        s.close()
        assert sim.call("GET", BASE + "/users", None, {"X-Auth-Token": "t" * 30000})[0] == 200
        assert sim.call("GET", BASE + "/users", None, {"X-Auth-Token": "t" * 33000})[0] == 494
        status, text, _ = sim.call("POST", BASE + "/users", "x" * (13 << 20), {"Content-Type": "application/json"}, True)
        assert status == 413


def test_faults():
    rules = [{"match": {"path": f"/users/{name}$"}, "do": do} for name, do in {
        "reset": {"reset": "before"}, "drop": {"drop": "after"}, "hang": {"hang": "before"}, "half": {"half_body": True},
        "cut": {"truncate": 3}, "slow": {"slow": 400}, "html": {"html": True}, "json": {"invalid_json": True},
        "big": {"big_body_mb": 5}, "late": {"delay_ms": 300}, "inside": {"status": 200, "code": "VPN.0002"},
        "body": {"status": 503, "body": {"a": 1}, "headers": {"Retry-After": "3"}}}.items()]
    with Simulator(script={"rules": rules}) as sim:
        def get(name, timeout=10):
            try:
                return sim.call("GET", f"{BASE}/users/{name}", timeout=timeout)
            except Exception as e:
                return type(e).__name__, b"", None
        assert get("reset")[0] == "ConnectionResetError"
        assert get("drop")[0] == "RemoteDisconnected"
        assert get("hang", timeout=0.3)[0] in ("timeout", "TimeoutError")
        assert get("half")[0] == get("cut")[0] == "IncompleteRead"
        start = time.monotonic()
        assert get("slow")[0] == 404 and time.monotonic() - start > 0.15
        start = time.monotonic()
        assert get("late")[0] == 404 and time.monotonic() - start > 0.29
        status, text, answer = get("html")
        assert status == 502 and b"<html>" in text and answer.getheader("Content-Type") == "text/html"
        try:
            json.loads(get("json")[1])
            raise AssertionError("valid JSON")
        except ValueError:
            pass
        assert len(get("big")[1]) > 5 << 20
        status, text, _ = get("inside")
        assert status == 200 and b"VPN.0002" in text
        status, text, answer = get("body")
        assert (status, json.loads(text), answer.getheader("Retry-After")) == (503, {"a": 1}, "3")
        assert sim.stats()["totals"]["in_flight"] == 0


def test_reset_after_commit():
    with Simulator(script={"rules": [{"match": {"op": "batchCreateVpnUsers"}, "do": {"reset": "after"}}]}) as sim:
        try:
            sim.call("POST", BASE + "/users/batch-create", users(0, 3))
            raise AssertionError("answered")
        except ConnectionError:
            pass
        assert len(json.loads(sim.call("GET", "/_sim/users")[1])["users"]) == 3


def test_tls():
    with tempfile.TemporaryDirectory() as d:
        cert, key = os.path.join(d, "cert.pem"), os.path.join(d, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
        with Simulator("--tls-cert", cert, "--tls-key", key) as sim:
            context = ssl.create_default_context(cafile=cert)
            context.set_alpn_protocols(["h2", "http/1.1"])
            connection = http.client.HTTPSConnection(sim.host, sim.port, context=context, timeout=10)
            for i in range(20):
                connection.request("POST", BASE + "/users/batch-create", json.dumps(users(i * 50, 50)),
                                   {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 201
            connection.request("GET", BASE + "/users?limit=1000")
            assert json.loads(connection.getresponse().read())["total_count"] == 1000
            connection.close()
            s = sim.send(b"GET / HTTP/1.1\r\n\r\n")
            s.recv(100)
            s.close()


def test_command_line():
    def run(*args):
        return subprocess.run([PROGRAM, *args], capture_output=True, text=True, timeout=20)
    assert run("--help").returncode == 0 and "--port-file" in run("--help").stdout
    assert run("--nonsense").returncode == 64
    assert run("--queue", "x").returncode == 64
    assert run("--tls-cert", "x").returncode == 64
    assert run("--script", "/nonexistent").returncode == 78
    with Simulator() as sim:
        # Connections that are open, idle or waiting do not hold up the end.
        sim.script({"rules": [{"do": {"hang": "before"}}]})
        waiting = [sim.send(f"GET {BASE}/users HTTP/1.1\r\n\r\n".encode()) for _ in range(5)]
        waiting.append(socket.create_connection((sim.host, sim.port)))
        waiting[0].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        waiting[0].close()


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print("ok", name)
