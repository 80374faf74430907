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
        # The errors of connections whose end came while another's was waited for.
        self.ended = {}
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.server.process.stdout:
            self.events.put(json.loads(line))

    def next(self, event):
        """The next thing that happens, which has to be this one."""
        told = self.events.get(timeout=10)
        equal(told.pop("event"), event, told)
        return told

    def end_of(self, peer):
        """Waits for the end of a connection, and gives its error."""
        while peer not in self.ended:
            told = self.events.get(timeout=10)
            if told["event"] != "open":
                self.ended[told["peer"]] = told["error"]
        return self.ended.pop(peer)

    def peak(self):
        """How much memory it has had at most, in bytes."""
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as file:
            line = next(line for line in file if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024


class Bench:
    """A certificate for localhost, and how servers are started with it."""

    def __init__(self, program, tls, place, **options):
        self.program = program
        self.tls = tls
        self.provider = tls[-1]
        self.place = place
        self.authority = Authority(os.path.join(place, "authority"))
        self.root = self.authority.root
        # It has signed nothing.
        self.stranger = Authority(os.path.join(place, "stranger"), "somebody else").root
        self.certificate, self.key = self.authority.issue("right", **options)

    @contextlib.contextmanager
    def echo(self, *options):
        arguments = ["--tls-cert", self.certificate, "--tls-key", self.key, *self.tls, *options]
        with running(self.program, "--listen", "127.0.0.1:0", *arguments) as server:
            yield Echo(server)


@contextlib.contextmanager
def prepare(program, tls, **options):
    """The options are those of the certificate."""
    with tempfile.TemporaryDirectory() as place:
        yield Bench(program, tls, place, **options)
