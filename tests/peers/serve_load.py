"""Many requests, by pipelining and by wrk."""

import contextlib
import random
import re
import socket
import threading
import time

from harness import case, equal, run, sha256
from http_peer import Client
from served import SMALL, curl, served_meanwhile


@case
def pipelined_requests_are_answered_in_order(site):
    paths = [f"/many/{number % 20}" for number in range(200)]
    paths[50] = "/nothing"
    paths[100] = "/large.bin"
    requests = "".join(f"GET {path} HTTP/1.1\r\nHost: p\r\n\r\n" for path in paths)
    with Client(site.server) as client:
        sender = threading.Thread(target=client.send, args=(requests,))
        sender.start()
        for path in paths:
            answer = client.response()
            if path == "/nothing":
                equal(answer.status, 404)
            else:
                equal(sha256(answer.body), sha256(site.files[path]), path)
        sender.join()


@case
def pipelined_requests_in_pieces(site):
    requests = b"".join(
        b"GET /many/%d HTTP/1.1\r\nHost: p\r\n\r\n" % number for number in range(20)
    )
    chance = random.Random(2)
    with Client(site.server) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        at = 0
        while at < len(requests):
            size = chance.randint(1, 9)
            client.send(requests[at : at + size])
            at += size
        for number in range(20):
            equal(client.response().body, site.files[f"/many/{number}"], number)


@case
def a_client_that_asks_and_never_reads(site):
    """Memory and time must stay bounded, and others be served."""
    request = b"GET /nothing HTTP/1.1\r\nHost: p\r\n\r\n"
    before = _memory(site.server)
    with Client(site.server) as client:
        client.socket.settimeout(0.5)
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 200 << 20:
                client.socket.sendall(request * 1000)
                sent += len(request) * 1000
        served_meanwhile(site)
        grown = _memory(site.server) - before
        assert sent < 100 << 20, f"{sent} bytes of requests were read"
        assert grown < 16 << 20, f"{grown} bytes of memory"


def _memory(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


@case
def a_half_closed_connection_gets_its_answers(site):
    with Client(site.server) as client:
        client.get("/large.bin")
        client.get("/small.txt")
        client.socket.shutdown(socket.SHUT_WR)
        equal(sha256(client.response().body), sha256(site.files["/large.bin"]))
        equal(client.response().body, site.files["/small.txt"])
        equal(client.rest(), b"")


@case
def wrk_gets_the_right_bytes(site):
    return compared_by_wrk(site, site.server)


def compared_by_wrk(site, server):
    """Has wrk compare each body."""
    script = site.path("../check.lua")
    with open(script, "w", encoding="ascii") as file:
        file.write(
            f"""
            local file = io.open("{site.path('small.txt')}", "rb")
            local expected = file:read("*a")
            file:close()
            local threads = {{}}
            function setup(thread) table.insert(threads, thread) end
            function init() wrong, right = 0, 0 end
            function response(status, headers, body)
              if status == 200 and body == expected then right = right + 1
              else wrong = wrong + 1 end
            end
            function done()
              for _, thread in ipairs(threads) do
                print("right " .. thread:get("right") .. " wrong " .. thread:get("wrong"))
              end
            end
            """
        )
    out = wrk(server, "2s", "/small.txt", "--script", script)
    right, wrong = re.search(r"right (\d+) wrong (\d+)", out).groups()
    equal(int(wrong), 0, "wrong bodies")
    assert int(right) > 100, out
    return f"{right} bodies compared"


def wrk(server, seconds, path, *arguments):
    done = run(
        "wrk", "--threads", "1", "--connections", "64", "--duration", seconds,
        *arguments, server.url + path, text=True,
    )
    equal(done.returncode, 0, done.stderr)
    for trouble in ["Socket errors", "Non-2xx"]:
        assert trouble not in done.stdout, done.stdout
    return done.stdout


@case
def wrk_and_curl_together(site):
    worker = threading.Thread(target=lambda: results.append(wrk(site.server, "5s", "/small.txt")))
    results = []
    worker.start()
    time.sleep(0.5)
    for _ in range(3):
        equal(sha256(curl(site.server.url + "/large.bin")), sha256(site.files["/large.bin"]))
    worker.join()
    rate = re.search(r"Requests/sec:\s*([\d.]+)", results[0]).group(1)
    return f"{rate} requests/s of {SMALL} bytes beside downloads"


@case
def wrk_alone(site):
    out = wrk(site.server, "5s", "/small.txt")
    rate = re.search(r"Requests/sec:\s*([\d.]+)", out).group(1)
    return f"{rate} requests/s of {SMALL} bytes"
