"""What requests are answered with."""

import contextlib
import os
import socket
import threading
import time

from harness import case, equal
from http_peer import Client
from served import SMALL


@case
def heads_have_no_body(site):
    with Client(site.server) as client:
        for fields in [(), ("Range: bytes=0-1",)]:
            answer = client.ask("/small.txt", *fields, method="HEAD")
            equal(answer.status, 200)
            equal(answer.fields["content-length"], str(SMALL))
        equal(client.ask("/nothing", method="HEAD").status, 404)
        equal(client.ask("/small.txt").body, site.files["/small.txt"], "afterwards")


@case
def ranges_that_cannot_be(site):
    with Client(site.server) as client:
        for spec, status in [
            ("1000-", 416),
            ("-0", 416),
            ("99999999999999999999999-", 416),
            ("5-2", 200),
            ("0-1,5-6", 200),
            ("x-1", 200),
            ("+1-2", 200),
            ("-", 200),
            ("0-99999999999999999999999", 206),
        ]:
            answer = client.ask("/small.txt", f"Range: bytes={spec}")
            equal(answer.status, status, spec)
            if status == 416:
                equal(answer.fields["content-range"], f"bytes */{SMALL}", spec)
            else:
                equal(answer.body, site.files["/small.txt"], spec)
        equal(client.ask("/small.txt", "Range: lines=0-1").status, 200)
        equal(client.ask("/empty", "Range: bytes=0-").status, 416)
        equal(client.ask("/empty", "Range: bytes=-1").status, 200)


@case
def conditional_requests(site):
    with Client(site.server) as client:
        first = client.ask("/small.txt")
        tag, date = first.fields["etag"], first.fields["last-modified"]
        old = "Sat, 01 Jan 2000 00:00:00 GMT"
        for fields, status in [
            ([f"If-None-Match: {tag}"], 304),
            ([f'If-None-Match: "x", W/{tag}'], 304),
            (['If-None-Match: "x"', f"If-None-Match: {tag}"], 304),
            (["If-None-Match: *"], 304),
            (['If-None-Match: "x"', f"If-Modified-Since: {date}"], 200),
            ([f"If-Modified-Since: {date}"], 304),
            ([f"If-Modified-Since: {old}"], 200),
            (["If-Modified-Since: yesterday"], 200),
            ([f"If-Match: {tag}"], 200),
            (['If-Match: "x"'], 412),
            ([f"If-Match: W/{tag}"], 412),
            ([f"If-Unmodified-Since: {old}"], 412),
            ([f"If-Range: {tag}", "Range: bytes=0-3"], 206),
            ([f"If-Range: {date}", "Range: bytes=0-3"], 206),
            (['If-Range: "x"', "Range: bytes=0-3"], 200),
            ([f"If-Range: {old}", "Range: bytes=0-3"], 200),
        ]:
            equal(client.ask("/small.txt", *fields).status, status, fields)


@case
def odd_dates_of_files(site):
    site.put("dated", b"dated")
    with Client(site.server) as client:
        for when in [-10_000, 0, 4_000_000_000, 10**11, 10**12]:
            try:
                os.utime(site.path("dated"), (when, when))
            except OSError:
                continue
            equal(client.ask("/dated", "If-Modified-Since: x").body, b"dated", when)


@case
def connections_stay_open_by_the_rules(site):
    for version, fields, stays in [
        ("1.1", [], True),
        ("1.1", ["Connection: close"], False),
        ("1.1", ["Connection: x, Close"], False),
        ("1.1", ["Connection: x", "Connection: close"], False),
        ("1.0", [], False),
        ("1.0", ["Connection: keep-alive"], True),
    ]:
        with Client(site.server) as client:
            answer = client.ask("/small.txt", *fields, version=version)
            equal(answer.body, site.files["/small.txt"], (version, fields))
            if not stays:
                equal(client.rest(), b"", (version, fields))
                continue
            told = answer.fields.get("connection")
            equal(told, "keep-alive" if version == "1.0" else None, (version, fields))
            equal(client.ask("/empty", *fields, version=version).status, 200)


@case
def methods(site):
    with Client(site.server) as client:
        for method, status in [("POST", 405), ("OPTIONS", 405), ("BREW", 501), ("get", 501)]:
            answer = client.ask("/small.txt", method=method)
            equal(answer.status, status, method)
            if status == 405:
                equal(answer.fields["allow"], "GET, HEAD")
        body = "x" * 1000
        client.send(f"PUT /small.txt HTTP/1.1\r\nHost: p\r\nContent-Length: 1000\r\n\r\n{body}")
        equal(client.response().status, 405)
        equal(client.ask("/small.txt").status, 200, "after a body that was skipped")


@case
def bodies(site):
    with Client(site.server) as client:
        client.send("GET /small.txt HTTP/1.1\r\nHost: p\r\nContent-Length: 5\r\n\r\nhel")
        equal(client.response().status, 200)
        client.send("loGET /empty HTTP/1.1\r\nHost: p\r\n\r\n")
        equal(client.response().status, 200, "after a body in two pieces")
    for fields, status in [
        (["Content-Length: 5", "Content-Length: 5"], 400),
        (["Content-Length: +5"], 400),
        (["Content-Length: -1"], 400),
        (["Content-Length: 5, 5"], 400),
        (["Content-Length: "], 400),
        (["Content-Length: 99999999999999999999999"], 413),
        (["Content-Length: 100000"], 413),
        (["Transfer-Encoding: chunked"], 411),
        (["Transfer-Encoding: chunked", "Content-Length: 5"], 400),
        (["Expect: miracles"], 417),
    ]:
        with Client(site.server) as client:
            equal(client.ask("/small.txt", *fields).status, status, fields)
            equal(client.rest(), b"", fields)
    with Client(site.server) as client:
        answer = client.ask("/small.txt", "Content-Length: 5", "Expect: 100-continue")
        equal(answer.status, 200, "instead of a 100")
        equal(client.rest(), b"", "nobody knows whether the body comes")


@case
def malformed_requests(site):
    long = "x" * 20_000
    for text, status in [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
        ("\x00\r\n", 400),
        ("hello\r\n\r\n", 400),
        (f"GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (f"GET /{long}", 414),
        (f"GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n", 431),
        (f"GET / HTTP/1.1\r\nHost: a\r\nX: {long}", 431),
        ("GET / HTTP/1.1\r\nHost: a\r\n" + "X: y\r\n" * 100 + "\r\n", 431),
    ]:
        with Client(site.server) as client:
            client.send(text)
            equal(client.response().status, status, text[:60])
            equal(client.rest(), b"", text[:60])
    with Client(site.server) as client:
        client.send("\r\n\r\nGET /small.txt HTTP/1.1\nHost: a\n\n")
        equal(client.response().status, 200, "what is to be tolerated")
        equal(client.ask("http://a/small.txt?q=1").status, 200, "absolute form")
        for target in ["*", "small.txt", "ftp://a/small.txt", "/%00", "/.."]:
            equal(client.ask(target).status, 400, target)
        equal(client.ask("/small.txt").status, 200, "after what was only a bad path")


@case
def an_answer_survives_a_large_upload(site):
    with Client(site.server) as client:
        length = 8 << 20
        client.send(f"POST / HTTP/1.1\r\nHost: p\r\nContent-Length: {length}\r\n\r\n")
        sender = threading.Thread(target=_upload, args=(client.socket, length))
        sender.start()
        time.sleep(0.2)
        equal(client.response().status, 405)
        client.socket.shutdown(socket.SHUT_RDWR)
        sender.join()


def _upload(peer, length):
    with contextlib.suppress(OSError):
        peer.sendall(b"x" * length)
