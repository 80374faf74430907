"""The directory that the example `serve` is tested with, and a server for it."""

import contextlib
import os
import random
import tempfile
import time

from certificate import make_certificate
from harness import equal, run, running
from http_peer import Client

SMALL = 1_000
LARGE = 64 << 20


class Site:
    """A directory with known files, a server for it, and one that speaks TLS."""

    def __init__(self, program, tls, root):
        self.program = program
        self.tls = tls
        self.root = root
        self.files = {}
        self.server = None
        self.secure = None
        self.certificate = root + "-certificate.pem"
        self.key = root + "-key.pem"

    def secure_arguments(self):
        return [self.root, "--listen", "127.0.0.1:0", *self.tls,
                "--tls-cert", self.certificate, "--tls-key", self.key]

    def put(self, name, data):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
        self.files["/" + name] = data

    def path(self, name):
        return os.path.join(self.root, name)


@contextlib.contextmanager
def prepare(program, tls):
    with tempfile.TemporaryDirectory() as place:
        root = os.path.join(place, "root")
        os.mkdir(root)
        chance = random.Random(1)
        site = Site(program, tls, root)
        site.put("small.txt", chance.randbytes(SMALL))
        site.put("empty", b"")
        site.put("large.bin", chance.randbytes(LARGE))
        site.put("docs/index.html", b"<p>docs</p>")
        site.put("docs/a b%c.txt", b"odd name")
        for number in range(20):
            site.put(f"many/{number}", chance.randbytes(number * 7_919))
        with open(os.path.join(place, "secret"), "wb") as secret:
            secret.write(b"secret")
        make_certificate(site.certificate, site.key)
        with (
            running(program, root, "--listen", "127.0.0.1:0") as site.server,
            running(program, *site.secure_arguments()) as site.secure,
        ):
            site.secure.url = site.secure.url.replace("http:", "https:")
            yield site


def curl(*arguments):
    """What curl gets."""
    done = run("curl", "--silent", "--show-error", "--max-time", "20", *arguments)
    equal(done.returncode, 0, f"curl {arguments}: {done.stderr!r}")
    return done.stdout


def served_meanwhile(site, count=20):
    """Others are served, and soon."""
    for _ in range(count):
        begin = time.monotonic()
        with Client(site.server, seconds=5) as client:
            equal(client.ask("/small.txt").body, site.files["/small.txt"], "meanwhile")
        took = time.monotonic() - begin
        assert took < 2, f"a small file took {took:.1f} s"
