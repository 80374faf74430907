#!/usr/bin/env python3
"""Tests the example `postgres` with the server that Debian packages.

usage: postgres.py [--tls-providers NAMES] PROGRAM [CASE...]

Everything stays on the loopback interface and is bounded in time. The exit
status tells whether all went well.
"""

import contextlib
import os
import socket
import subprocess
import tempfile
import threading

from certificate import Authority
from harness import case, equal, main, refused, run, tls_case
from real_servers import postgres


class Database:
    """A server, and the program that asks it."""

    def __init__(self, program, tls, place, port):
        self.program = program
        self.port = port
        self.authority = Authority(os.path.join(place, "authority"))
        self.stranger = Authority(os.path.join(place, "stranger"), "somebody else")
        self.right = self.authority.issue("right")
        self.secure = [*tls, "--tls", "--ca", self.authority.root]

    def ask(self, query, *arguments, host="localhost", port=None, password="secret"):
        return run(
            self.program, host, str(port or self.port), query, *arguments, text=True,
            env={**os.environ, "PGPASSWORD": password},
        )

    def answers(self, expected, query, *arguments):
        done = self.ask(query, *arguments)
        equal((done.returncode, done.stderr), (0, ""), query)
        equal(done.stdout, expected, query)

    def fails(self, words, query, *arguments, **options):
        done = self.ask(query, *arguments, **options)
        equal((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
        assert done.stderr.startswith("error: "), done.stderr
        assert words in done.stderr, done.stderr


@contextlib.contextmanager
def prepare(program, tls):
    with tempfile.TemporaryDirectory() as place, postgres() as cluster:
        database = Database(program, tls, place, 0)
        with cluster.started(*database.right) as database.port:
            yield database


def asked_every_way(database, *arguments):
    database.answers("1\ttwo\tNULL\n", "select 1, 'two', null", *arguments)
    database.answers("", "create temporary table nothing ()", *arguments)
    database.answers("1\n2\n", "select 1; select 2", *arguments)
    numbers = "".join(f"{number}\n" for number in range(1, 100_001))
    database.answers(numbers, "select generate_series(1, 100000)", *arguments)
    database.answers("x" * 20_000_000 + "\n", "select repeat('x', 20000000)", *arguments)
    long = "y" * 100_000
    database.answers(f"{long}\n", f"select '{long}'", *arguments)


SESSION = "select ssl, version from pg_stat_ssl where pid = pg_backend_pid()"


@case
def asked_in_the_clear(database):
    asked_every_way(database)
    database.answers("f\tNULL\n", SESSION)


@tls_case
def asked_over_tls(database):
    asked_every_way(database, *database.secure)
    database.answers("t\tTLSv1.3\n", SESSION, *database.secure)


@tls_case
def certificates_are_verified(database):
    database.fails("not valid for this name", "select 1", *database.secure, "--name", "elsewhere")
    stranger = [*database.secure[:-1], database.stranger.root]
    database.fails("issuer is unknown", "select 1", *stranger)


@tls_case
def failures_have_one_line(database):
    for arguments in [[], database.secure]:
        database.fails("password authentication failed", "select 1", *arguments, password="x")
        database.fails("syntax error", "selec 1", *arguments)
        database.fails("division by zero", "select 1 / (3 - n) from generate_series(1, 5) n",
                       *arguments)
        # The server ends the connection in the middle.
        database.fails("terminat", "select pg_terminate_backend(pg_backend_pid())", *arguments)
        database.fails("nobody", "select 1", *arguments, "--database", "nobody")
    refused(database.program, "localhost", "5432", "select 1", "--ca", database.authority.root)


@contextlib.contextmanager
def answering(answer):
    """Somebody who answers the first message so, and ends the connection."""
    def serve():
        with contextlib.suppress(OSError):
            client, _ = listener.accept()
            with client:
                client.recv(4096)
                client.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            # One that still waits for a client is woken by one.
            socket.create_connection(listener.getsockname()[:2]).close()
            thread.join()


@tls_case
def what_is_no_server_is_an_error(database):
    # Behind the consent come messages that only somebody in between would send.
    authenticated = b"R\0\0\0\x08\0\0\0\0" + b"Z\0\0\0\x05I"
    for answer, words in [
        (b"N", "TLS"), (b"", "error"), (b"S", "error"), (b"S" + authenticated, "error"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "error"), (b"E\0\0\0\x05\0", "error"),
    ]:
        with answering(answer) as port:
            database.fails(words, "select 1", *database.secure, port=port)
    for answer in [b"", b"R", b"R\0\0\0\0\0\0\0\0", b"\xff" * 1000, b"R\x7f\xff\xff\xff" + b"x" * 99]:
        with answering(answer) as port:
            database.fails("error", "select 1", port=port)


@case
def nobody_reads_on(database):
    """A closed pipe is an error, and no panic."""
    with subprocess.Popen(
        [database.program, "localhost", str(database.port), "select generate_series(1, 1000000)"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PGPASSWORD": "secret"},
    ) as process:
        equal(process.stdout.readline(), "1\n")
        process.stdout.close()
        error = process.stderr.read()
        equal(process.wait(20), 1)
    assert error.startswith("error: cannot write to standard output"), error


if __name__ == "__main__":
    main(prepare)
