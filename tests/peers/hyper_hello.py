#!/usr/bin/env python3
"""Tests the example `hyper-hello` with curl, h2load and plain sockets, in the
clear and over TLS.

usage: hyper_hello.py [--tls-providers NAMES] PROGRAM [CASE...]

Everything stays on the loopback interface and is bounded in time. The exit
status tells whether all went well.
"""

import contextlib
import os
import random
import re
import signal
import socket
import struct
import tempfile
import time

from certificate import make_certificate
from harness import case, equal, main, refused, run, running, tls_case, wait_until

LENGTH = 100
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Hello:
    """A server in the clear, and one that speaks TLS."""

    def __init__(self, program, tls, place):
        self.program = program
        certificate = [os.path.join(place, name) for name in ["certificate.pem", "key.pem"]]
        make_certificate(*certificate)
        self.secure_arguments = [*tls, "--tls-cert", certificate[0], "--tls-key", certificate[1]]
        self.server = None
        self.secure = None

    def start(self, *arguments):
        return running(self.program, "--listen", "127.0.0.1:0", *arguments)


@contextlib.contextmanager
def prepare(program, tls):
    with tempfile.TemporaryDirectory() as place:
        hello = Hello(program, tls, place)
        with hello.start() as hello.server, hello.start(*hello.secure_arguments) as hello.secure:
            hello.secure.url = hello.secure.url.replace("http:", "https:")
            yield hello


def curl(server, *arguments, path="/"):
    """The body that curl gets, and what it tells of it."""
    done = run(
        "curl", "--silent", "--show-error", "--insecure", "--max-time", "20", "--write-out",
        "\n%{http_version} %{response_code} %{num_connects}", *arguments, server.url + path,
        text=True,
    )
    equal(done.returncode, 0, f"curl {arguments}: {done.stderr!r}")
    body, told = done.stdout.rsplit("\n", 1)
    return body, told


def served(server, *arguments, version):
    body, told = curl(server, *arguments)
    equal((len(body), told), (LENGTH, f"{version} 200 1"), body)


@case
def curl_in_the_clear(hello):
    served(hello.server, version="1.1")
    served(hello.server, "--http1.0", version="1")
    served(hello.server, "--http2-prior-knowledge", version="2")


@tls_case
def curl_over_tls(hello):
    served(hello.secure, "--http2", version="2")
    served(hello.secure, "--http1.1", version="1.1")
    # Without ALPN it is HTTP/1.1.
    served(hello.secure, "--no-alpn", version="1.1")
    for newest in ["1.2", "1.3"]:
        served(hello.secure, "--http2", "--tls-max", newest, version="2")


@case
def other_requests_get_their_status(hello):
    for version in [["--http1.1"], ["--http2-prior-knowledge"]]:
        equal(curl(hello.server, *version, path="/other")[1].split()[1], "404")
        equal(curl(hello.server, *version, "--request", "DELETE")[1].split()[1], "405")
        body, told = curl(hello.server, *version, "--head")
        equal(told.split()[1], "200")
        assert "content-length: 100" in body.lower(), body


@tls_case
def connections_are_kept(hello):
    for server, version in [
        (hello.server, "--http1.1"), (hello.server, "--http2-prior-knowledge"),
        (hello.secure, "--http1.1"), (hello.secure, "--http2"),
    ]:
        done = run(
            "curl", "--silent", "--insecure", version, "--write-out", "%{num_connects}",
            *["--output", "/dev/null", server.url] * 10, text=True,
        )
        equal(done.stdout, "1" + "0" * 9, "connections made for each")


def h2load(server, requests, *arguments):
    done = run("h2load", "-n", str(requests), *arguments, server.url, text=True, seconds=50)
    equal(done.returncode, 0, done.stderr)
    counts = re.search(r"requests: .*", done.stdout).group(0)
    assert f"{requests} succeeded, 0 failed, 0 errored, 0 timeout" in counts, done.stdout
    data = re.search(r"\((\d+)\) data", done.stdout).group(1)
    equal(int(data), requests * LENGTH, "bytes of bodies")
    rate = re.search(r"([\d.]+) req/s", done.stdout).group(1)
    return f"{float(rate):.0f}/s"


@tls_case
def h2load_gets_every_answer(hello):
    notes = []
    for name, server in [("plain", hello.server), ("TLS", hello.secure)]:
        for version, arguments in [("h2", ["-m", "10"]), ("h1", ["--h1"])]:
            rate = h2load(server, 20_000, "-c", "16", *arguments)
            notes.append(f"{name} {version} {rate}")
        # A thousand streams on one connection, and a connection for each request.
        h2load(server, 5_000, "-c", "1", "-m", "1000")
        h2load(server, 300, "-c", "300")
    return ", ".join(notes)


def connect(server):
    return socket.create_connection((server.host, server.port), timeout=20)


def garbage():
    """What may come instead of a request."""
    chance = random.Random(3)
    yield b"\x16\x03\x01\x02\x00\x01\x00"
    yield b"GET / HTTP/1.1\r\n" + b"x: " + b"y" * 1_000_000
    yield b"GET / HTTP/9.9\r\n\r\n"
    for size in [1, 9, 100, 10_000]:
        yield chance.randbytes(size)
        yield PREFACE + chance.randbytes(size)
    # A frame that says to be longer than any may be, and one of headers with garbage.
    yield PREFACE + struct.pack(">IBI", 0xFFFFFF << 8 | 4, 0, 0)
    yield PREFACE + b"\0\0\0\4\0\0\0\0\0" + b"\0\0\x08\1\5\0\0\0\1" + b"\xff" * 8


@tls_case
def garbage_ends_the_connection_alone(hello):
    before = hello.server.descriptors()
    with connect(hello.server) as standing:
        for data in garbage():
            for server in [hello.server, hello.secure]:
                with connect(server) as client, contextlib.suppress(OSError):
                    client.sendall(data)
                    client.shutdown(socket.SHUT_WR)
                    while client.recv(65536):
                        pass
        standing.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert standing.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")
    wait_until(lambda: hello.server.descriptors() == before, 10, "connections are closed")
    served(hello.server, version="1.1")
    served(hello.secure, "--http2", version="2")


@tls_case
def resets_end_the_connection_alone(hello):
    for server in [hello.server, hello.secure]:
        before = server.descriptors()
        for _ in range(100):
            with connect(server) as client:
                client.sendall(PREFACE + b"\0\0\0\4\0\0\0\0\0")
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wait_until(lambda: server.descriptors() == before, 10, "connections are closed")
    served(hello.secure, "--http2", version="2")


def stopped(hello, *arguments, clients, version):
    """A server with clients that are idle ends at the first signal."""
    with hello.start(*arguments) as server:
        if arguments:
            server.url = server.url.replace("http:", "https:")
        served(server, *version, version="2")
        with contextlib.ExitStack() as stack:
            for _ in range(clients):
                client = stack.enter_context(connect(server))
                if not arguments:
                    client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                    assert client.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")
            server.signal(signal.SIGINT)
            equal(server.wait(10), 0)


@case
def ctrl_c_ends_idle_connections(hello):
    stopped(hello, clients=5, version=["--http2-prior-knowledge"])


@tls_case
def ctrl_c_over_tls(hello):
    stopped(hello, *hello.secure_arguments, clients=0, version=["--http2"])


@case
def a_request_under_way_is_waited_for(hello):
    with hello.start() as server, connect(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        # So it has come to hyper.
        served(server, version="1.1")
        server.signal(signal.SIGTERM)
        time.sleep(0.3)
        client.sendall(b"Host: x\r\n\r\n")
        answer = b""
        while part := client.recv(4096):
            answer += part
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer
        equal(server.wait(10), 0)


@case
def a_second_signal_aborts(hello):
    with hello.start() as server, connect(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        served(server, version="1.1")
        server.signal(signal.SIGINT)
        time.sleep(0.3)
        server.signal(signal.SIGINT)
        equal(server.wait(10), 0)


@case
def what_cannot_be_had_is_refused(hello):
    refused(hello.program, "--listen", hello.server.address)
    refused(hello.program, "--listen", "nowhere")
    refused(hello.program, "--tls-cert", "/nothing", "--tls-key", "/nothing")


if __name__ == "__main__":
    main(prepare)
