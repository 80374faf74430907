"""A directory that mail arrives in, the example `smtp-sink` over it, and a
certificate that clients can verify."""

import contextlib
import os
import random
import ssl
import tempfile

from certificate import make_certificate
from harness import running, wait_until

HELLO = b"EHLO peer\r\n"
ENVELOPE = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\n"


class Sink:
    """A server, and what has arrived."""

    def __init__(self, program, tls, place):
        self.program = program
        self.tls = tls
        self.place = place
        self.root = os.path.join(place, "mail")
        self.certificate = os.path.join(place, "certificate.pem")
        self.key = os.path.join(place, "key.pem")
        self.server = None
        self.known = set()

    def arguments(self):
        return [self.root, "--listen", "127.0.0.1:0", *self.tls,
                "--tls-cert", self.certificate, "--tls-key", self.key]

    def arrived(self):
        """The mails that have come since the last call, in their order."""
        names = {name for name in os.listdir(self.root) if not name.startswith(".")}
        new = sorted(names - self.known, key=lambda name: [int(n) for n in name.split(".")[:3]])
        self.known |= names
        return [self.read(name) for name in new]

    def read(self, name):
        with open(os.path.join(self.root, name), "rb") as file:
            return file.read()

    def nothing_is_begun(self):
        """No part of a mail is left once its sender is gone."""
        wait_until(
            lambda: not any(name.startswith(".") for name in os.listdir(self.root)),
            5, "no unfinished mail",
        )

    def context(self, version=None):
        """For a client that verifies."""
        context = ssl.create_default_context(cafile=self.certificate)
        if version:
            context.minimum_version = context.maximum_version = version
        return context


@contextlib.contextmanager
def prepare(program, tls):
    with tempfile.TemporaryDirectory() as place:
        sink = Sink(program, tls, place)
        os.mkdir(sink.root)
        make_certificate(sink.certificate, sink.key)
        with running(program, *sink.arguments()) as server:
            sink.server = server
            yield sink


def text(seed, size):
    """A mail of lines of every length up to 998, many of which begin with dots."""
    chance = random.Random(seed)
    lines = [b"Subject: %d" % seed, b""]
    length = 0
    while length < size:
        line = chance.randbytes(chance.choice([0, 1, 2, 70, 300, 993]))
        line = line.replace(b"\r", b"r").replace(b"\n", b"n")
        line = b"." * chance.choice([0, 0, 0, 1, 2, 3]) + line
        lines.append(line)
        length += len(line) + 2
    return b"\r\n".join(lines) + b"\r\n"


def stuffed(mail):
    """As it is sent behind DATA."""
    lines = mail.split(b"\r\n")
    return b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines) + b".\r\n"
