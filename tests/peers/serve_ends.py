"""How the server ends, and how it does not begin."""

import contextlib
import signal
import subprocess
import time

from harness import case, equal, refused, run, running, sha256, tls_case, wait_until
from http_peer import Client
from served import LARGE


@case
def the_first_signal_lets_responses_finish(site):
    for number in [signal.SIGINT, signal.SIGTERM]:
        with running(site.program, site.root, "--listen", "127.0.0.1:0") as server:
            with Client(server, receive_buffer=4096) as busy, Client(server) as idle:
                equal(idle.ask("/small.txt").status, 200)
                busy.get("/large.bin")
                busy.get("/small.txt")
                busy.head()
                server.signal(number)
                equal(idle.rest(), b"", "an idle connection is closed")
                with contextlib.suppress(ConnectionError):
                    Client(server)
                    raise AssertionError("still accepting")
                equal(sha256(busy.take(LARGE)), sha256(site.files["/large.bin"]))
                equal(busy.rest(), b"", "no further response")
            equal(server.wait(5), 0, "status")


@case
def the_second_signal_aborts(site):
    with running(site.program, site.root, "--listen", "127.0.0.1:0") as server:
        with Client(server, receive_buffer=4096) as busy:
            busy.get("/large.bin")
            busy.head()
            server.signal(signal.SIGINT)
            time.sleep(0.3)
            equal(server.process.poll(), None, "waiting for the response")
            server.signal(signal.SIGINT)
            equal(server.wait(5), 1, "status")


@case
def an_idle_server_ends_at_once(site):
    with running(site.program, site.root, "--listen", "127.0.0.1:0") as server:
        server.signal(signal.SIGINT)
        equal(server.wait(2), 0, "status")


@case
def bad_usage(site):
    refused(site.program)
    refused(site.program, site.path("nothing"))
    refused(site.program, site.path("small.txt"))
    refused(site.program, site.root, "--listen", "nowhere")
    refused(site.program, site.root, "--listen", "127.0.0.1:99999")
    refused(site.program, site.root, "--idle-timeout", "0")
    refused(site.program, site.root, "--idle-timeout", "-1")
    refused(site.program, site.root, "--idle-timeout", "nan")
    refused(site.program, site.root, "--frobnicate")
    refused(site.program, site.root, "--listen", site.server.address)
    refused(site.program, "a\nb")
    equal(run(site.program, "--help").returncode, 0)
    version = run(site.program, "--version")
    equal(version.returncode, 0)
    assert version.stdout.startswith(b"serve "), version.stdout
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [site.program, site.root, "--listen", "127.0.0.1:0"],
            stdout=full, stderr=subprocess.PIPE, timeout=10, check=False,
        )
    equal((done.returncode, len(done.stderr.splitlines())), (1, 1), "no room for a line")


@tls_case
def nothing_is_left_behind(site):
    """The servers have been through everything above."""
    for server in [site.server, site.secure]:
        wait_until(lambda: server.descriptors() < 16, 5, "few descriptors")
        server.signal(signal.SIGINT)
        equal(server.wait(5), 0, "status")
        equal(server.process.stderr.read(), "", "standard error")
