#!/usr/bin/env python3
"""How many plain requests a second the simulator answers on one core.

usage: bench/simulator_rps.py PROGRAM [REQUESTS]

64 connections, one request in flight on each, no pipelining. The client is slower than the simulator, so the figure that
counts is requests per second of CPU time that the simulator used; wall time is shown beside it."""

import json, os, signal, socket, subprocess, sys, tempfile, time

PROGRAM, REQUESTS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200000
BASE = "/v5/p1/p2c-vpn-gateways/vpn-servers/s1"
CONNECTIONS = 64


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(title, sockets, pid, make):
    rounds = REQUESTS // CONNECTIONS
    start, cpu = time.monotonic(), cpu_seconds(pid)
    for i in range(rounds):
        for j, s in enumerate(sockets):
            s.sendall(make(i * CONNECTIONS + j))
        for s in sockets:
            s.recv(65536)
    wall, cpu, n = time.monotonic() - start, cpu_seconds(pid) - cpu, rounds * CONNECTIONS
    print(f"{title:32} {n / wall:10.0f} requests/s wall {n / cpu:10.0f} requests/s of simulator CPU")
    return {"what": title, "requests": n, "wall_rps": round(n / wall), "cpu_rps": round(n / cpu)}


def post(tail, body):
    body = json.dumps(body)
    return (f"POST {BASE}/{tail} HTTP/1.1\r\nHost: h\r\nX-Auth-Token: t\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}").encode()


def user(i, suffix=0):
    return {"name": f"user{i:07}.{suffix}", "password": "Abcd1234", "description": "Research_and_Development"}


def main():
    with tempfile.TemporaryDirectory() as d:
        port_file = os.path.join(d, "port")
        process = subprocess.Popen([PROGRAM, "--listen", "127.0.0.1:0", "--port-file", port_file, "--token", "t"],
                                   stdout=subprocess.DEVNULL)
        while not os.path.exists(port_file):
            time.sleep(0.01)
        host, port = open(port_file).read().strip().split(":")
        sockets = [socket.create_connection((host, int(port))) for _ in range(CONNECTIONS)]
        for s in sockets:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        show = f"GET {BASE}/users/none HTTP/1.1\r\nHost: h\r\nX-Auth-Token: t\r\n\r\n".encode()
        results = [run("show a user (404)", sockets, process.pid, lambda i: show),
                   run("create a user", sockets, process.pid, lambda i: post("users", {"user": user(i)}))]
        page = f"GET {BASE}/users?limit=50 HTTP/1.1\r\nHost: h\r\nX-Auth-Token: t\r\n\r\n".encode()
        global REQUESTS
        REQUESTS //= 10
        results.append(run("list 50 users", sockets, process.pid, lambda i: page))
        results.append(run("batch create of 50", sockets, process.pid, lambda i: post(
            "users/batch-create", {"users": [user(i, n + 1) for n in range(50)]})))
        process.send_signal(signal.SIGTERM)
        process.wait()
        print(json.dumps(results))


main()
