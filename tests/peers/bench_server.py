#!/usr/bin/env python3
"""Tests the example `bench_server` with plain sockets and Python's TLS.

usage: bench_server.py [--tls-providers NAMES] PROGRAM [CASE...]

Everything stays on the loopback interface and is bounded in time. The exit
status tells whether all went well.
"""

import contextlib
import os
import random
import signal
import socket
import ssl
import struct
import tempfile
import threading

from certificate import make_certificate
from harness import case, equal, main, refused, running, sha256, tls_case, wait_until

FILE = 3_000_000


class Bench:
    """A file with its contents, a certificate, and the program."""

    def __init__(self, program, tls, place):
        self.program = program
        self.tls = tls
        self.path = os.path.join(place, "file")
        self.data = random.Random(1).randbytes(FILE)
        with open(self.path, "wb") as file:
            file.write(self.data)
        self.certificate = os.path.join(place, "certificate.pem")
        self.key = os.path.join(place, "key.pem")
        make_certificate(self.certificate, self.key)

    def server(self, mode, *arguments):
        command = ["--listen", "127.0.0.1:0", "--mode", mode, *arguments]
        if "sendfile" in mode:
            command += ["--file", self.path]
        if "tls" in mode:
            command += ["--cert", self.certificate, "--key", self.key, *self.tls]
        return running(self.program, *command)

    def client(self, server, mode):
        plain = socket.create_connection((server.host, server.port), timeout=20)
        if "tls" not in mode:
            return plain
        context = ssl.create_default_context(cafile=self.certificate)
        return context.wrap_socket(plain, server_hostname="localhost")


@contextlib.contextmanager
def prepare(program, tls):
    with tempfile.TemporaryDirectory() as place:
        yield Bench(program, tls, place)


def received(client, count):
    parts = []
    while count:
        part = client.recv(min(count, 1 << 16))
        assert part, f"{count} bytes are missing"
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def gone(client):
    """Whether the server has ended the connection, without a byte before."""
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True


def request(offset, length):
    return struct.pack("<II", offset, length)


def echoed(bench, server, mode, size):
    """Sends and receives at once: neither side buffers all of it."""
    data = random.Random(size).randbytes(size)
    with bench.client(server, mode) as client:
        if mode == "tls-echo":
            # One object of Python's is not for two threads.
            for start in range(0, size, 50_000):
                client.sendall(data[start:start + 50_000])
                equal(received(client, len(data[start:start + 50_000])), data[start:start + 50_000])
            return
        sending = threading.Thread(target=client.sendall, args=(data,))
        sending.start()
        equal(sha256(received(client, size)), sha256(data))
        sending.join()


def ranges_sent(bench, server, mode):
    chance = random.Random(2)
    parts = [(0, FILE), (FILE, 0), (0, 0), (FILE - 1, 1), (1, 4096)]
    for _ in range(50):
        offset = chance.randrange(FILE)
        parts.append((offset, chance.randrange(min(FILE - offset, 100_000) + 1)))
    with bench.client(server, mode) as client:
        for offset, length in parts:
            client.sendall(request(offset, length))
            equal(received(client, length), bench.data[offset:offset + length], (offset, length))


@case
def echo(bench):
    with bench.server("echo") as server:
        for size in [1, 64, 16_384, 20_000_000]:
            echoed(bench, server, "echo", size)


@tls_case
def tls_echo(bench):
    with bench.server("tls-echo") as server:
        for size in [1, 64, 16_384, 2_000_000]:
            echoed(bench, server, "tls-echo", size)


@case
def sendfile(bench):
    with bench.server("sendfile") as server:
        ranges_sent(bench, server, "sendfile")


@tls_case
def tls_sendfile(bench):
    with bench.server("tls-sendfile") as server:
        ranges_sent(bench, server, "tls-sendfile")


@tls_case
def a_session_is_resumed(bench):
    context = ssl.create_default_context(cafile=bench.certificate)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with bench.server("tls-echo") as server:
        session = None
        for resumed in [False, True]:
            plain = socket.create_connection((server.host, server.port), timeout=20)
            with context.wrap_socket(plain, server_hostname="localhost", session=session) as client:
                client.sendall(b"?")
                equal(received(client, 1), b"?")
                equal(client.session_reused, resumed)
                session = client.session


@case
def requests_in_one_segment_and_in_pieces(bench):
    with bench.server("sendfile") as server, bench.client(server, "sendfile") as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(b"".join(request(number, 10) for number in range(5000)))
        expected = b"".join(bench.data[number:number + 10] for number in range(5000))
        equal(sha256(received(client, 50_000)), sha256(expected))
        for byte in request(7, 9) + request(8, 3):
            client.sendall(bytes([byte]))
        equal(received(client, 12), bench.data[7:16] + bench.data[8:11])


@case
def what_is_not_there_cuts_its_client_off(bench):
    with bench.server("sendfile") as server, bench.client(server, "sendfile") as other:
        for offset, length in [(FILE, 1), (0, FILE + 1), (2**32 - 1, 2**32 - 1)]:
            with bench.client(server, "sendfile") as client:
                client.sendall(request(offset, length))
                assert gone(client), (offset, length)
        other.sendall(request(0, 5))
        equal(received(other, 5), bench.data[:5])


@case
def who_goes_in_the_middle_leaves_nothing(bench):
    for mode in ["echo", "sendfile"]:
        with bench.server(mode) as server:
            before = server.descriptors()
            for _ in range(50):
                with bench.client(server, mode) as client:
                    client.sendall(request(0, FILE) * 3)
            wait_until(lambda: server.descriptors() == before, 10, "descriptors are closed")


@case
def another_backend(bench):
    with bench.server("echo", "--backend", "poll") as server:
        echoed(bench, server, "echo", 1_000_000)
    with bench.server("sendfile", "--backend", "poll") as server:
        ranges_sent(bench, server, "sendfile")


@case
def a_signal_ends_it(bench):
    for number in [signal.SIGINT, signal.SIGTERM]:
        with bench.server("echo") as server, bench.client(server, "echo") as client:
            client.sendall(b"?")
            equal(received(client, 1), b"?")
            server.signal(number)
            equal(server.process.wait(10), 0)
            assert gone(client)


@case
def wrong_arguments(bench):
    listen = ["--listen", "127.0.0.1:0"]
    for arguments, said in [
        (["--mode", "sendfile"], "--file"),
        (["--mode", "tls-echo"], "--cert"),
        (["--mode", "tls-sendfile", "--file", bench.path, "--cert", bench.path], "--key"),
        (["--mode", "sendfile", "--file", "/nowhere"], "/nowhere"),
        (["--mode", "sendfile", "--file", os.path.dirname(bench.path)], "no regular file"),
        (["--mode", "tls-echo", "--cert", bench.path, "--key", bench.key], bench.path),
        (["--mode", "post"], "post"),
        (["--backend", "abacus"], "abacus"),
    ]:
        line = refused(bench.program, *listen, *arguments)
        assert said in line, line


if __name__ == "__main__":
    main(prepare)
