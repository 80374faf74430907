"""Servers that mean ill, in every state of the conversation: the client is to end
soon, with one line that says why, and with little memory."""

import asyncio
import os
import random
import socket
import ssl
import struct
import subprocess
import tempfile

from harness import case, equal, tls_case
from starttls_servers import ALL

# For how long the client waits for an answer, and how long a case may take it.
LIMIT, SECONDS = "1", 20

# What the client may have in memory: Python, which starts it, is counted in.
MOST_KIB = 96 * 1024

# What it may take from a server that does not stop, with what lies in sockets.
MOST_BYTES = 32 << 20

NOISE = random.Random(7).randbytes(1 << 16)


class Deed:
    """What a server does instead of answering, and what the client says to it."""

    def __init__(self, name, act, *words):
        self.name = name
        self.act = act
        self.words = words

    def __repr__(self):
        return self.name


async def stall(_server):
    pass


async def end(server):
    server.transport.close()


async def reset(server):
    linger = struct.pack("ii", 1, 0)
    server.socket().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    server.transport.abort()


def says(data):
    """Something, and then nothing any more."""
    async def say(server):
        server.transport.write(data)

    return say


def cut_off(data):
    async def say(server):
        server.transport.write(data)
        server.transport.close()

    return say


def floods(data):
    """The same without an end."""
    async def flood(server):
        while not server.lost.done():
            server.transport.write(data)
            server.flooded += len(data)
            await server.room.wait()
            await asyncio.sleep(0)

    return flood


def drips(data):
    """The same without an end, but slowly."""
    async def drip(server):
        while not server.lost.done():
            server.transport.write(data)
            await asyncio.sleep(0.05)

    return drip


def spoilt(kind, turn, deed):
    """A server that does something else than its answer number `turn`, which is the
    greeting, or counts what the client has said; or than its part of the handshake."""
    class Spoilt(kind):
        flooded = 0
        deeds = None

        def connection_made(self, transport):
            self.room = asyncio.Event()
            self.room.set()
            self.transport = transport
            if turn == 0:
                self.do()
            else:
                super().connection_made(transport)

        def socket(self):
            return self.transport.get_extra_info("socket")

        def do(self):
            self.deeds = asyncio.create_task(deed.act(self))

        def obey(self, said):
            if len(self.heard) == turn:
                self.do()
            elif not self.deeds:
                super().obey(said)

        def begin(self):
            if turn == "handshake":
                self.transport.write(self.go_ahead)
                self.upgrading = True
                self.do()
            else:
                super().begin()

        def pause_writing(self):
            self.room.clear()

        def resume_writing(self):
            self.room.set()

        def connection_lost(self, error):
            # TLS that is put onto a connection takes it over.
            self.room.set()
            super().connection_lost(error)

    return Spoilt


def measured(command):
    """Runs a program to its end: its status, what it has said, and the most memory
    that it had, in KiB."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            ["timeout", "-s", "KILL", str(SECONDS), *command], stdout=out, stderr=err
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return process.returncode, out.read(), err.read().decode(), usage.ru_maxrss


async def endures(peer, kind, turn, deed):
    loop = asyncio.get_running_loop()
    servers = []

    def factory():
        servers.append(spoilt(kind, turn, deed)(context=peer.context()))
        return servers[-1]

    async with await loop.create_server(factory, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        status, out, err, peak = await loop.run_in_executor(None, measured, [
            peer.program, kind.name, "localhost", str(port), *peer.tls,
            "--ca", peer.certificate, "--timeout", LIMIT,
        ])
        (server,) = servers
        await asyncio.wait_for(server.lost, 10)
        for task in [server.deeds, server.task]:
            if task:
                await asyncio.wait_for(task, 10)
    what = f"{kind.name}, {turn}, {deed}: {err}"
    equal((status, out), (1, b""), what)
    equal(len(err.splitlines()), 1, what)
    assert any(word in err.lower() for word in deed.words), what
    assert set(server.in_the_clear()) <= set(kind.clear), what
    assert peak < MOST_KIB, f"{what}: {peak} KiB"
    assert server.flooded < MOST_BYTES, f"{what}: {server.flooded} bytes"
    return peak


def all_endured(peer, rows):
    """Side by side, as most of it is waiting."""
    async def endure():
        return await asyncio.gather(*[endures(peer, *row) for row in rows])

    peaks = asyncio.run(endure())
    return f"{len(peaks)} servers, at most {max(peaks) / 1024:.0f} MiB"


def turns(kind, secret):
    """The answers that the client waits for, in the clear or over TLS."""
    if secret:
        # PostgreSQL's client does not wait for an answer to its goodbye.
        heard = kind.secret if kind.greeting else kind.secret[:1]
        return range(len(kind.clear) + 1, len(kind.clear) + 1 + len(heard))
    return range(0 if kind.greeting else 1, len(kind.clear) + 1)


def in_every_turn(deeds, secret):
    return [(kind, turn, deed) for kind in ALL for turn in turns(kind, secret) for deed in deeds]


# One answer of many lines, as far as a protocol has such: for each turn a line after
# which another one has to come.
MORE = {
    "smtp": [b"220-x\r\n", b"250-x\r\n", b"220-x\r\n", b"250-x\r\n", b"221-x\r\n"],
    "imap": [None, *[b"* x\r\n"] * 4],
    # The first one is a status, and those that follow are anything.
    "pop3": [None, b"+OK\r\n", None, b"+OK\r\n", None],
    "postgres": [None, None, None],
}


def in_many_lines(secret):
    for kind in ALL:
        for turn in turns(kind, secret):
            if line := MORE[kind.name][turn]:
                yield kind, turn, Deed("drips lines", drips(line), "does not answer")
                yield kind, turn, Deed("floods lines", floods(line * 4096), "does not stop")


ENDS = [
    Deed("stalls", stall, "does not answer"),
    Deed("drips", drips(b"2"), "does not answer", "s or n", "does not say"),
    Deed("ends", end, "the server has closed the connection"),
    Deed("ends in a line", cut_off(b"2"), "has closed the connection", "s or n"),
    # The first one may come before the client knows that it is connected.
    Deed("resets", reset, "the connection was lost", "connection reset by peer"),
]
NONSENSE = [
    Deed("says noise", says(NOISE), "was to", "was asked", "too long", "does not say"),
    Deed(
        "never ends a line", floods(NOISE.replace(b"\n", b"")),
        "was to", "too long", "does not say",
    ),
    Deed(
        "has only empty lines", floods(b"\r\n" * 4096),
        "was to", "was asked", "does not stop", "does not say",
    ),
]


@case
def no_answer_in_the_clear(peer):
    return all_endured(peer, in_every_turn(ENDS, secret=False))


@case
def nonsense_in_the_clear(peer):
    return all_endured(peer, in_every_turn(NONSENSE, secret=False))


@case
def endless_answers_in_the_clear(peer):
    return all_endured(peer, in_many_lines(secret=False))


@tls_case
def no_answer_over_tls(peer):
    truncates = Deed("ends without close_notify", truncate, "without close_notify")
    return all_endured(peer, in_every_turn([*ENDS, truncates], secret=True))


@tls_case
def nonsense_over_tls(peer):
    return all_endured(peer, in_every_turn(NONSENSE, secret=True))


@tls_case
def endless_answers_over_tls(peer):
    return all_endured(peer, in_many_lines(secret=True))


async def truncate(server):
    server.socket().shutdown(socket.SHUT_WR)


def record(kind, body):
    """One of TLS (RFC 8446, section 5.1)."""
    return struct.pack("!BHH", kind, 0x0303, len(body)) + body


ALERT, HANDSHAKE, DATA = 21, 22, 23

# A ServerHello that is said to have 16 MiB, and comes in pieces without an end.
ENDLESS = record(HANDSHAKE, b"\x02\xff\xff\xff" + b"\3" * 16_000)

BROKEN = "broke the tls protocol"
INSTEAD = [
    Deed("stalls", stall, "took longer than 1s"),
    # To end within a handshake is what asyncio calls a reset, too (line B40).
    Deed("ends", end, "reset"),
    Deed("resets", reset, "reset"),
    Deed("speaks HTTP", says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), BROKEN),
    Deed("says noise", says(NOISE), BROKEN),
    Deed("says a record of 64 KiB", says(b"\x16\3\3\xff\xff" + NOISE), BROKEN),
    Deed("says data", says(record(DATA, b"x" * 100)), BROKEN),
    Deed("says empty records", floods(record(HANDSHAKE, b"") * 1000), BROKEN),
    Deed("floods warnings", floods(record(ALERT, b"\1\x70") * 1000), BROKEN),
    Deed("never ends a message", floods(ENDLESS), BROKEN),
]


@tls_case
def no_handshake(peer):
    return all_endured(peer, [(kind, "handshake", deed) for kind in ALL for deed in INSTEAD])


def cut_at(part, then):
    """A true handshake, of which only a part is said."""
    async def cut(server):
        while not server.buffer:
            await asyncio.sleep(0.01)
        hello, flight = ssl.MemoryBIO(), ssl.MemoryBIO()
        hello.write(server.buffer)
        try:
            server.context.wrap_bio(hello, flight, server_side=True).do_handshake()
        except ssl.SSLWantReadError:
            pass
        whole = flight.read()
        server.transport.write(whole[: int(len(whole) * part)])
        await then(server)

    return cut


@tls_case
def half_a_handshake(peer):
    deeds = [
        Deed(f"{then.__name__}s after {part} of its flight", cut_at(part, then), word)
        for part in (0.01, 0.3, 0.99)
        for then, word in [(stall, "took longer than 1s"), (end, "reset"), (reset, "reset")]
    ]
    return all_endured(peer, [(kind, "handshake", deed) for kind in ALL for deed in deeds])
