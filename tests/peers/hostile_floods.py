"""Too much of something, and never enough of it: how much memory that costs the server,
and whether others are served."""

import contextlib
import socket

from harness import tls_case
from hostile_certificates import chain
from hostile_client import Hostile, message

ALERT, HANDSHAKE, DATA, CCS = 21, 22, 23, 20
MIB = 1 << 20

# How much more memory a server may have at any time than after its first client.
ROOM = 24 * MIB

# How much is sent at most, if the server lets it come to that.
ENOUGH = 16 * MIB


def bounded(bench, server, what):
    """The server is there, serves, and has not grown."""
    bench.honest(server)
    grown = server.peak() - bench.first[server]
    if grown > ROOM:
        raise AssertionError(f"{what}: {grown >> 20} MiB more")
    return grown


def pour(connection, piece, rounds):
    """Sends a piece again and again, until the server has hung up or takes no more. Tells
    how much that was."""
    connection.settimeout(1)
    sent = 0
    with contextlib.suppress(OSError):
        for _ in range(rounds):
            connection.sendall(piece)
            sent += len(piece)
    return sent


def flood(bench, version, stop, what, make):
    """One client that says a thing for as long as it is let, and reads nothing. `make`
    gives what comes first and what comes then: if nothing is first, it is said once, as
    its seals have numbers."""
    server = bench.plain
    with Hostile(server, version, receive_buffer=4096) as client:
        client.shake_hands(stop)
        first, piece = make(client)
        client.raw(first)
        sent = pour(client.plain, bytes(piece), ENOUGH // len(piece) if first else 1)
        grown = bounded(bench, server, what)
    server.end_of(client.name)
    return f"{what}: {sent >> 10} KiB sent, {max(grown, 0) >> 10} KiB grown"


@tls_case
def messages_without_an_end(bench):
    """16 MiB are promised, and come in large and in small pieces."""
    endless = b"\1\xff\xff\xff"
    for size in [1, 100, 16_000]:
        record = bytes([HANDSHAKE, 3, 3]) + size.to_bytes(2, "big") + bytes(size)
        start = bytes([HANDSHAKE, 3, 3, 0, 4]) + endless
        many = record * max(1, 16_000 // len(record))
        for version in ["1.2", "1.3"]:
            flood(bench, version, "ClientHello", f"parts of {size}", lambda c: (start, many))
    for version, stop in [("1.2", "Finished"), ("1.3", "Finished"), ("1.2", None), ("1.3", None)]:
        what = f"sealed parts in TLS {version}"
        with Hostile(bench.plain, version) as client:
            client.shake_hands(stop)
            client.handshake_begins(20, 0xFFFFFF)
            for _ in range(100):
                if not client.record(HANDSHAKE, bytes(16_000)):
                    break
            bounded(bench, bench.plain, what)
        bench.plain.end_of(client.name)


@tls_case
def a_hello_in_tiny_parts(bench):
    """65,000 bytes in records of one byte each: legal, and more than may wait."""
    record = bytes([HANDSHAKE, 3, 1, 0, 1, 0])
    start = bytes([HANDSHAKE, 3, 1, 0, 4, 1, 0, 0xFD, 0xE8])
    return flood(bench, "1.3", "ClientHello", "parts of one byte", lambda c: (start, record * 1000))


@tls_case
def chains_of_megabytes(bench):
    for version in ["1.2", "1.3"]:
        with open(bench.der, "rb") as file:
            body = chain(version, [file.read()] * 4000)
        with Hostile(bench.mutual, version) as client:
            client.shake_hands("Certificate", identity=bench.identity)
            whole = message(11, body)
            for at in range(0, len(whole), 16_000):
                if not client.record(HANDSHAKE, whole[at : at + 16_000]):
                    break
            bounded(bench, bench.mutual, f"{len(whole) >> 20} MiB of certificates")
        bench.mutual.end_of(client.name)


@tls_case
def alerts_without_an_end(bench):
    def warnings(client):
        return b"", b"".join(client.sealed(ALERT, b"\1\x5a") for _ in range(2000))

    for version in ["1.2", "1.3"]:
        flood(bench, version, None, "warnings", warnings)
    clear = bytes([ALERT, 3, 3, 0, 2, 1, 90])
    return flood(
        bench, "1.2", "ClientKeyExchange", "warnings in the clear",
        lambda c: (clear, clear * 2000),
    )


@tls_case
def empty_records_without_an_end(bench):
    notes = []
    for version in ["1.2", "1.3"]:
        notes.append(flood(
            bench, version, None, f"empty records of TLS {version}",
            lambda c: (b"", b"".join(c.sealed(DATA, b"") for _ in range(2000))),
        ))
    clear = bytes([CCS, 3, 3, 0, 1, 1])
    notes.append(flood(
        bench, "1.3", "Finished", "changes of nothing", lambda c: (clear, clear * 2000)
    ))
    return "; ".join(notes)


@tls_case
def new_keys_without_an_end(bench):
    """Each asks for an answer, and none is read."""
    with Hostile(bench.plain, "1.3", receive_buffer=4096) as client:
        client.shake_hands()
        client.plain.settimeout(1)
        count = 0
        for count in range(3000):
            if not client.updates_keys():
                break
        grown = bounded(bench, bench.plain, "new keys")
    bench.plain.end_of(client.name)
    return f"{count} updates, {max(grown, 0) >> 10} KiB grown"


@tls_case
def renegotiations_without_an_end(bench):
    def again(client):
        hello = client.said["ClientHello"]
        return b"", b"".join(client.sealed(HANDSHAKE, hello) for _ in range(500))

    return flood(bench, "1.2", None, "renegotiations", again)


@tls_case
def data_that_nobody_takes_back(bench):
    """The server takes nothing more while its echo is not taken."""
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    plain.settimeout(10)
    plain.connect((bench.plain.host, bench.plain.port))
    name = "{}:{}".format(*plain.getsockname())
    with bench.asking.wrap_socket(plain, server_hostname="localhost") as client:
        sent = pour(client, bytes(MIB), 1000)
        assert sent < 1000 * MIB, "all of it was taken"
        grown = bounded(bench, bench.plain, "data")
    bench.plain.end_of(name)
    return f"{sent >> 20} MiB sent, {max(grown, 0) >> 10} KiB grown"


@tls_case
def many_that_never_finish(bench):
    """Each with half of what is due."""
    clients = []
    try:
        for version, stop in [("1.2", "ClientHello"), ("1.3", "ClientHello"), ("1.3", "Finished")]:
            for _ in range(60):
                client = Hostile(bench.plain, version)
                clients.append(client)
                client.shake_hands(stop)
                client.raw([DATA if client.encrypted() else HANDSHAKE, 3, 3, 1, 0, 1])
        grown = bounded(bench, bench.plain, "half-open connections")
    finally:
        for client in clients:
            client.plain.close()
    for client in clients:
        bench.plain.end_of(client.name)
    return f"{len(clients)} connections, {max(grown, 0) >> 10} KiB grown"
