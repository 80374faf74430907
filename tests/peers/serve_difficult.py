"""Clients that stall, reset and dribble, and files that change."""

import contextlib
import os
import time

from harness import case, equal, running, sha256, wait_until
from http_peer import Client
from served import LARGE, served_meanwhile


@case
def a_stalled_download_holds_nobody(site):
    with Client(site.server, receive_buffer=4096) as stalled:
        stalled.get("/large.bin")
        status, fields = stalled.head()
        equal((status, fields["content-length"]), (200, str(LARGE)))
        time.sleep(0.3)
        served_meanwhile(site)
        equal(sha256(stalled.take(LARGE)), sha256(site.files["/large.bin"]), "in the end")


@case
def resets_leave_no_descriptor_behind(site):
    time.sleep(0.1)
    before = site.server.descriptors()
    for stage in ["connected", "asked", "reading"]:
        clients = [Client(site.server) for _ in range(50)]
        for client in clients:
            if stage != "connected":
                client.get("/large.bin")
            if stage == "reading":
                client.head()
        if stage == "reading":
            assert site.server.descriptors() >= before + 100, "a socket and a file each"
        for client in clients:
            client.reset()
        wait_until(
            lambda: site.server.descriptors() <= before,
            5,
            f"{stage}: {before} descriptors again",
        )
    served_meanwhile(site, 3)


@case
def a_file_that_shrinks_ends_the_connection(site):
    size = 32 << 20
    for left in [size // 2, 0]:
        site.put("shrinking", os.urandom(size))
        with Client(site.server, receive_buffer=4096) as client:
            client.get("/shrinking")
            status, fields = client.head()
            equal((status, int(fields["content-length"])), (200, size))
            os.truncate(site.path("shrinking"), left)
            body = client.take(size)
            assert len(body) < size, "all of it, though it is gone"
            equal(body, site.files["/shrinking"][: len(body)], "what was sent")
    served_meanwhile(site, 3)


@case
def a_file_that_grows_does_not_spill(site):
    size = 8 << 20
    site.put("growing", os.urandom(size))
    with Client(site.server, receive_buffer=4096) as client:
        client.get("/growing")
        equal(client.head()[0], 200)
        with open(site.path("growing"), "ab") as file:
            file.write(b"more" * 100_000)
        equal(sha256(client.take(size)), sha256(site.files["/growing"]))
        equal(client.ask("/empty").status, 200, "the next response")


@case
def requests_that_dribble_are_cut_off(site):
    with running(
        site.program, site.root, "--listen", "127.0.0.1:0", "--idle-timeout", "1"
    ) as server:
        with Client(server) as slow, Client(server) as silent, Client(server) as body:
            with Client(server, receive_buffer=4096) as stalled:
                stalled.get("/large.bin")
                stalled.head()
                body.send("GET /empty HTTP/1.1\r\nHost: p\r\nContent-Length: 10\r\n\r\nx")
                equal(body.response().status, 200)
                begin = time.monotonic()
                dribbled = _dribble(slow, "GET /small.txt HTTP/1.1\r\nX: " + "x" * 100)
                equal(dribbled.status, 408)
                took = time.monotonic() - begin
                assert 0.9 < took < 2.5, f"{took:.1f} s"
                equal(silent.rest(), b"", "a connection without a request")
                equal(body.response().status, 408, "a body that does not come")
                time.sleep(0.5)
                # A slow reader is not a slow writer.
                equal(sha256(stalled.take(LARGE)), sha256(site.files["/large.bin"]))
            with Client(server) as client:
                for _ in range(3):
                    time.sleep(0.6)
                    equal(client.ask("/small.txt").status, 200, "each request in time")


def _dribble(client, text):
    client.socket.settimeout(0.1)
    for letter in text:
        client.send(letter)
        with contextlib.suppress(TimeoutError):
            client.more()
            break
    client.socket.settimeout(5)
    return client.response()
