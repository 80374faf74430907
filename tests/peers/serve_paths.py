"""Which files can be had."""

import contextlib
import os
import socket

from harness import case, equal
from http_peer import Client


@case
def no_path_leads_out(site):
    os.symlink("../secret", site.path("relative"))
    os.symlink(os.path.abspath(site.path("../secret")), site.path("absolute"))
    os.symlink("..", site.path("up"))
    os.symlink("/", site.path("slash"))
    os.symlink("/proc/self/root", site.path("magic"))
    os.symlink("loop", site.path("loop"))
    os.symlink("small.txt", site.path("inside"))
    os.symlink("docs", site.path("manual"))
    os.mkfifo(site.path("fifo"))
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as unix:
        unix.bind(site.path("socket"))
    with Client(site.server) as client:
        for path in [
            "/../secret",
            "/docs/../../secret",
            "/%2e%2e/secret",
            "/..%2fsecret",
            "/%2e%2e%2fsecret",
            "/.%2e/secret",
            "/docs/..%2f..%2fsecret",
            "/..%5csecret",
            "//..//secret",
            "/relative",
            "/absolute",
            "/up/secret",
            "/slash/etc/passwd",
            "/magic/etc/passwd",
            "//etc/passwd",
            "/%2fetc/passwd",
            "/small.txt%00.html",
            "/small.txt/",
            "/small.txt/x",
            "/loop",
            "/fifo",
            "/socket",
            "/" + "a" * 300,
            "/" + "a/" * 3000,
        ]:
            answer = client.ask(path)
            if answer.status not in (400, 403, 404):
                raise AssertionError(f"{path}: {answer}")
            assert b"secret" not in answer.body and b"root" not in answer.body, path
        equal(client.ask("/inside").body, site.files["/small.txt"], "a link inside")
        equal(client.ask("/manual/").body, b"<p>docs</p>", "a directory link inside")
        equal(client.ask("/./docs//index.html").status, 200, "needless components")
        equal(client.ask("/docs/a%20b%25c.txt").body, b"odd name")


@case
def directories(site):
    with Client(site.server) as client:
        for path, location in [
            ("/docs", "/docs/"),
            ("//docs", "/docs/"),
            ("///docs", "/docs/"),
            ("/docs?a=b", "/docs/"),
        ]:
            answer = client.ask(path)
            equal(answer.status, 301, path)
            equal(answer.fields["location"], location, path)
        os.makedirs(site.path("od d%/x"))
        equal(client.ask("/od%20d%25").fields["location"], "/od%20d%25/")
        equal(client.ask("/docs/").body, b"<p>docs</p>")
        equal(client.ask("/docs/").fields["content-type"], "text/html; charset=utf-8")
        equal(client.ask("/many/").status, 404, "no index")
        equal(client.ask("/").status, 404, "no index")
