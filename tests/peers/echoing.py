"""The example `tls-echo`, and what it tells of its connections."""

import contextlib
import json
import os
import queue
import tempfile
import threading

from certificate import Authority
from harness import equal, running


class Echo:
    """A server, and the events that nobody has looked at."""

    def __init__(self, server):
        self.server = server
        self.host, self.port, self.address = server.host, server.port, server.address
        self.events = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.server.process.stdout:
            self.events.put(json.loads(line))

    def next(self, event):
        """The next thing that happens, which has to be this one."""
        told = self.events.get(timeout=10)
        equal(told.pop("event"), event, told)
        return told

    def rss(self):
        """How much memory it has, in bytes."""
        with open(f"/proc/{self.server.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Bench:
    """A certificate for localhost, and how servers are started with it."""

    def __init__(self, program, tls, place):
        self.program = program
        self.tls = tls
        self.provider = tls[-1]
        self.place = place
        self.authority = Authority(os.path.join(place, "authority"))
        self.root = self.authority.root
        # It has signed nothing.
        self.stranger = Authority(os.path.join(place, "stranger"), "somebody else").root
        self.certificate, self.key = self.authority.issue("right")

    @contextlib.contextmanager
    def echo(self, *options):
        arguments = ["--tls-cert", self.certificate, "--tls-key", self.key, *self.tls, *options]
        with running(self.program, "--listen", "127.0.0.1:0", *arguments) as server:
            yield Echo(server)


@contextlib.contextmanager
def prepare(program, tls):
    with tempfile.TemporaryDirectory() as place:
        yield Bench(program, tls, place)
