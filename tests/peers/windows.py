#!/usr/bin/env python3
"""Tests the examples that were built for Windows, from outside of it: curl and
smtplib against what runs under Wine.

usage: windows.py DIRECTORY [CASE...]

The directory holds the programs; they are run by .ci/wine. Wine has a console's
Ctrl-C come of SIGINT. Everything stays on the loopback interface and is bounded
in time. The exit status tells whether all went well.
"""

import contextlib
import json
import os
import shlex
import signal
import smtplib
import socket
import ssl
import stat
import tempfile

from certificate import make_certificate
from harness import case, equal, main, run, running, sha256, wait_until
from starttls_peer import Peer, talk
from starttls_servers import ALL

WINE = os.path.join(os.path.dirname(__file__), "..", "..", ".ci", "wine")

# Beyond what one call of TransmitFile may be asked for, in bytes.
LARGE = "3GiB"
LARGE_SECONDS = 400


class Programs:
    """The programs as scripts that run them."""

    def __init__(self, directory, provider, place):
        self.place = place
        self.provider = provider
        for name in ["serve", "smtp-sink", "starttls-client", "transfer"]:
            command = shlex.join([os.path.abspath(WINE), os.path.join(directory, f"{name}.exe")])
            path = os.path.join(place, name)
            with open(path, "w", encoding="ascii") as script:
                script.write(f'#!/bin/sh\nexec {command} "$@"\n')
            os.chmod(path, stat.S_IRWXU)
            setattr(self, name.replace("-", "_"), path)
        self.certificate = os.path.join(place, "certificate.pem")
        self.key = os.path.join(place, "key.pem")
        make_certificate(self.certificate, self.key)

    def tls(self):
        return [*self.provider, "--tls-cert", self.certificate, "--tls-key", self.key]

    def directory(self, name):
        path = os.path.join(self.place, name)
        os.makedirs(path, exist_ok=True)
        return path


@contextlib.contextmanager
def prepare(directory, tls):
    with tempfile.TemporaryDirectory() as place:
        yield Programs(directory, tls, place)


@contextlib.contextmanager
def serving(programs, *arguments):
    """A server of some files, and their contents."""
    root = programs.directory("site")
    files = {"small.txt": b"hello " * 100, "empty": b"", "large.bin": os.urandom(40 << 20)}
    for name, content in files.items():
        with open(os.path.join(root, name), "wb") as file:
            file.write(content)
    with running(programs.serve, root, "--listen", "127.0.0.1:0", *arguments) as server:
        yield server, files


def curl(*arguments):
    done = run("curl", "--silent", "--show-error", "--fail", "--max-time", "30", *arguments)
    equal((done.returncode, done.stderr), (0, b""), arguments)
    return done.stdout


def until_refused(server):
    """Waits until the server listens no more."""

    def refuses():
        try:
            socket.create_connection((server.host, server.port)).close()
        except ConnectionRefusedError:
            return True
        return False

    wait_until(refuses, 10, "the server listens no more")


@case
def curl_gets_files(programs):
    with serving(programs) as (server, files):
        for name, content in files.items():
            equal(sha256(curl(f"{server.url}/{name}")), sha256(content), name)
        part = curl("--range", "1000001-33000000", f"{server.url}/large.bin")
        equal(sha256(part), sha256(files["large.bin"][1000001:33000001]), "a range")


@case
def curl_gets_files_over_tls(programs):
    with serving(programs, *programs.tls()) as (server, files):
        url = f"https://localhost:{server.port}"
        for name, content in files.items():
            got = curl("--cacert", programs.certificate, f"{url}/{name}")
            equal(sha256(got), sha256(content), name)


@case
def ctrl_c_ends_an_idle_server(programs):
    with serving(programs) as (server, _):
        server.signal(signal.SIGINT)
        equal(server.wait(10), 0, "status")


@case
def ctrl_c_lets_a_response_finish(programs):
    with serving(programs) as (server, files):
        with socket.create_connection((server.host, server.port)) as client:
            client.sendall(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
            came = client.recv(1000)
            server.signal(signal.SIGINT)
            until_refused(server)
            while data := client.recv(1 << 20):
                came += data
        body = came.split(b"\r\n\r\n", 1)[1]
        equal(sha256(body), sha256(files["large.bin"]), "the response under way")
        equal(server.wait(10), 0, "status")


@case
def a_second_ctrl_c_aborts(programs):
    with serving(programs) as (server, _):
        with socket.create_connection((server.host, server.port)) as client:
            client.sendall(b"GET /large.bin HTTP/1.1\r\nHost: x\r\n\r\n")
            client.recv(1000)
            server.signal(signal.SIGINT)
            # Two signals that come together are one.
            until_refused(server)
            server.signal(signal.SIGINT)
            equal(server.wait(10), 1, "status")


@case
def smtplib_delivers(programs):
    mail = b"Subject: hello\r\n\r\n" + b"".join(b"line %d\r\n" % n for n in range(20000))
    place = programs.directory("mail")
    with running(
        programs.smtp_sink, place, "--listen", "127.0.0.1:0", *programs.tls()
    ) as sink:
        for secure in [False, True]:
            with smtplib.SMTP("localhost", sink.port, timeout=20) as client:
                if secure:
                    client.starttls(context=ssl.create_default_context(cafile=programs.certificate))
                client.sendmail("a@example.org", ["b@example.org"], mail)
        arrived = []
        for name in os.listdir(place):
            assert name.endswith(".eml"), name
            with open(os.path.join(place, name), "rb") as file:
                arrived.append(file.read())
        equal(arrived, [mail, mail])
        sink.signal(signal.SIGINT)
        equal(sink.wait(10), 0, "status")


@case
def the_client_upgrades_to_servers_of_asyncio(programs):
    peer = Peer(programs.starttls_client, programs.provider, programs.place)
    for kind in ALL:
        status, out, err, server = talk(peer, kind, "--ca", peer.certificate)
        equal((status, err), (0, ""), kind)
        ended = server.secure.get_extra_info("ssl_object").version()
        equal(json.loads(out)["tls_version"], ended, kind)


@case
def a_large_file_by_transmit_file(programs):
    signal.alarm(LARGE_SECONDS)
    done = run(programs.transfer, "--json", "--size", LARGE, seconds=LARGE_SECONDS, text=True)
    equal(done.returncode, 0, done.stderr)
    legs = json.loads(done.stdout)
    equal([leg["path"] for leg in legs], ["TransmitFile", "fallback", "fallback"])
    for leg in legs:
        equal((leg["bytes"], leg["sha256_equal"]), (3 << 30, True), leg["leg"])
    return ", ".join(f"{leg['leg']} {leg['mib_per_s']:.0f} MiB/s" for leg in legs)


if __name__ == "__main__":
    main(prepare)
