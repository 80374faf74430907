"""Which files can be had."""

import contextlib
import html.parser
import os
import socket
from urllib.parse import quote

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
        equal(client.ask("/nowhere/").status, 404, "no directory")
        equal(client.ask("/small.txt/").status, 404, "a file")


class Links(html.parser.HTMLParser):
    """What a page links to, and the text of each link."""

    def __init__(self, page):
        super().__init__()
        self.found, self.href = {}, None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.href = dict(attributes)["href"]
            self.found[self.href] = ""

    def handle_data(self, data):
        if self.href is not None:
            self.found[self.href] += data

    def handle_endtag(self, tag):
        if tag == "a":
            self.href = None


def links(answer):
    equal(answer.status, 200)
    equal(answer.fields["content-type"], "text/html; charset=utf-8")
    return Links(answer.body.decode()).found


@case
def a_directory_without_an_index_is_listed(site):
    names = ["<i>&amp;", "a:b", '"quoted"', "100%", "sp ace", "hash#?", "é"]
    for name in names:
        site.put(f"listed/{name}", name.encode())
    os.makedirs(site.path("listed/zoo"))
    with open(os.fsencode(site.path("listed/")) + b"\xff", "wb") as file:
        file.write(b"no text")
    os.symlink("..", site.path("listed/up"))
    os.symlink("../..", site.path("listed/out"))
    with Client(site.server) as client:
        found = links(client.ask("/listed/"))
        equal(list(found)[:2], ["../", "./zoo/"], "directories first")
        equal(found["./zoo/"], "zoo/")
        for name in names:
            equal(found["./" + quote(name, safe="")], name)
            answer = client.ask("/listed/" + quote(name, safe=""))
            equal(answer.body, name.encode())
        equal(client.ask("/listed/%ff").body, b"no text")
        assert "./%FF" in found, found
        assert "./small.txt" in links(client.ask("/")), "the root"
        assert "./small.txt" in links(client.ask("/listed/up/")), "a link inside"
        equal(client.ask("/listed/out/").status, 403, "a link that leads out")
        equal(links(client.ask("/listed/zoo/")), {"../": "../"}, "empty")
        length = len(client.ask("/listed/").body)
        head = client.ask("/listed/", method="HEAD")
        equal((head.body, int(head.fields["content-length"])), (b"", length))
        site.put("listed/index.html", b"mine")
        equal(client.ask("/listed/").body, b"mine", "an index goes first")
        os.chmod(site.path("listed/index.html"), 0)
        if os.getuid() != 0:
            equal(client.ask("/listed/").status, 403, "an index that cannot be read")
