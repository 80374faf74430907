#!/usr/bin/env python3
"""Tests the example `transfer`.

usage: transfer.py [--tls-providers NAMES] PROGRAM [CASE...]

Everything stays on the loopback interface and is bounded in time. The exit
status tells whether all went well.
"""

import contextlib
import json
import os
import pty
import re
import select
import socket
import subprocess
import tempfile
import threading
import time

from harness import case, equal, main, refused, run, tls_case

KEYS = {
    "leg", "bytes", "sha256_equal", "mib_per_s", "cpu_s_per_gib", "path",
    "tls_version", "cipher_suite",
}
PATHS = ["sendfile(2)", "fallback", "fallback"]


class Sender:
    """The program, and how it is called."""

    def __init__(self, program, tls):
        self.program = program
        self.command = [program, *tls]


@contextlib.contextmanager
def prepare(program, tls):
    yield Sender(program, tls)


def legs(sender, *arguments, seconds=60):
    """What it prints as JSON; all legs have to be right."""
    done = run(*sender.command, "--json", *arguments, seconds=seconds, text=True)
    equal(done.returncode, 0, done.stderr)
    equal(len(done.stdout.splitlines()), 1, done.stdout)
    assert done.stderr.startswith("listening on 127.0.0.1:"), done.stderr
    found = json.loads(done.stdout)
    for leg in found:
        equal(set(leg), KEYS, leg)
        equal(leg["sha256_equal"], True, leg)
    equal([leg["path"] for leg in found], PATHS, "ways")
    for leg in found[:2]:
        equal((leg["tls_version"], leg["cipher_suite"]), (None, None), leg)
    equal(found[2]["tls_version"], "TLSv1.3")
    equal(found[2]["cipher_suite"], "TLS_AES_256_GCM_SHA384")
    return found


@tls_case
def a_large_file(sender):
    found = legs(sender)
    for leg in found:
        equal(leg["bytes"], 256 << 20)
        assert leg["mib_per_s"] > 1 and leg["cpu_s_per_gib"] > 0, leg
    return ", ".join(f"{leg['leg']} {leg['mib_per_s']:.0f} MiB/s" for leg in found)


@tls_case
def sizes(sender):
    for text, size in [
        ("1", 1),
        ("2", 2),
        ("65536", 65536),
        ("256KiB", 256 << 10),
        ("262145", 262145),
        ("1 MB", 1_000_000),
        ("1.5MiB", 3 << 19),
    ]:
        for leg in legs(sender, "--size", text):
            equal(leg["bytes"], size, text)


@tls_case
def files(sender):
    with tempfile.TemporaryDirectory() as place:
        path = os.path.join(place, "file")
        for size in [0, 1, 1_234_567]:
            with open(path, "wb") as file:
                file.write(os.urandom(size))
            for leg in legs(sender, "--file", path):
                equal(leg["bytes"], size)
        os.chmod(path, 0o400)
        legs(sender, "--file", path)


@tls_case
def many_runs(sender):
    for _ in range(20):
        legs(sender, "--size", "3MiB")


@tls_case
def table(sender):
    done = run(*sender.command, "--size", "64MiB", text=True)
    equal((done.returncode, done.stderr), (0, ""), "without a terminal no progress")
    first, heading, *rows, watched = done.stdout.splitlines()
    assert re.fullmatch(r"listening on 127\.0\.0\.1:\d+", first), first
    equal(heading.split()[:3], ["leg", "bytes", "SHA-256"])
    equal(heading.split()[-3:], ["TLS", "cipher", "suite"])
    for row, path in zip(rows, PATHS, strict=True):
        assert f"  {path}  " in row and " equal " in row, row
    assert rows[2].endswith("TLSv1.3  TLS_AES_256_GCM_SHA384"), rows[2]
    ticks, seconds = re.search(r"(\d+) ticks in ([\d.]+) s", watched).groups()
    # One every 10 ms, and some for what the machine does beside.
    assert int(ticks) >= float(seconds) * 20 - 2, watched
    return watched


@tls_case
def progress_on_a_terminal(sender):
    near, far = pty.openpty()
    with contextlib.closing(open(near, "rb", buffering=0)) as terminal:
        with subprocess.Popen(
            [*sender.command, "--size", "64MiB"], stdout=subprocess.DEVNULL, stderr=far
        ) as process:
            os.close(far)
            seen = b""
            end = time.monotonic() + 20
            with contextlib.suppress(OSError):  # how Linux reports the end
                while time.monotonic() < end:
                    if not select.select([terminal], [], [], 1)[0]:
                        continue
                    data = terminal.read(4096)
                    if not data:
                        break
                    seen += data
            equal(process.wait(timeout=10), 0, "status")
    for leg in [b"plain sendfile", b"plain fallback", b"TLS sendfile"]:
        assert leg in seen, (leg, seen)


@case
def a_port_of_ones_own(sender):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        line = refused(sender.program, "--size", "1", "--port", port)
        assert "in use" in line, line
    done = run(*sender.command, "--size", "1", "--port", port, text=True)
    equal(done.returncode, 0, done.stderr)
    assert done.stdout.startswith(f"listening on 127.0.0.1:{port}\n"), done.stdout


@case
def strangers_do_not_disturb(sender):
    """Others that connect to the port get nothing, and hold nothing up."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    over = threading.Event()
    came = threading.Thread(target=_keep_connecting, args=(port, over))
    came.start()
    try:
        for _ in range(5):
            legs(sender, "--size", "2MiB", "--port", str(port), seconds=20)
    finally:
        over.set()
        came.join()


def _keep_connecting(port, over):
    kept = []
    # From another address than the server's: while nobody listens, a socket
    # could else be given that very port and connect to itself.
    source = ("127.0.0.2", 0)
    while not over.is_set():
        try:
            kept.append(socket.create_connection(("127.0.0.1", port), 0.2, source))
        except OSError:
            time.sleep(0.001)
    for stranger in kept:
        stranger.close()


@case
def bad_usage(sender):
    with tempfile.TemporaryDirectory() as place:
        fifo = os.path.join(place, "fifo")
        os.mkfifo(fifo)
        for arguments in [
            ["--size", "0"],
            ["--size", "-1"],
            ["--size", "many"],
            ["--size", "1e99"],
            ["--size", ""],
            ["--size", "9999999TiB"],
            ["--size", "999TiB"],
            ["--file", place],
            ["--file", fifo],
            ["--file", "/dev/zero"],
            ["--file", os.path.join(place, "nothing")],
            ["--file", os.path.join(place, "a\nb")],
            ["--file", "x", "--size", "1"],
            ["--port", "65536"],
            ["--frobnicate"],
            ["surplus"],
        ]:
            refused(sender.program, *arguments)
    equal(run(*sender.command, "--help").returncode, 0)
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*sender.command, "--size", "1"],
            stdout=full, stderr=subprocess.PIPE, timeout=10, check=False,
        )
    equal((done.returncode, len(done.stderr.splitlines())), (1, 1), "no room for a line")


@tls_case
def nothing_is_left_behind(sender):
    with tempfile.TemporaryDirectory() as place:
        done = run(*sender.command, "--size", "1MiB", env={"TMPDIR": place})
        equal(done.returncode, 0, done.stderr)
        equal(os.listdir(place), [], "temporary files")
        done = run(*sender.command, "--size", "1MiB", env={"TMPDIR": place + "/nothing"})
        equal(done.returncode, 2, "no place for a temporary file")


if __name__ == "__main__":
    main(prepare)
