"""Python's ssl, blocking and in asyncio, as clients of `tls-echo`."""

import asyncio
import contextlib
import random
import select
import socket
import ssl

from harness import equal, tls_case, wait_until

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


def context(bench, version=None):
    """For a client that verifies."""
    made = ssl.create_default_context(cafile=bench.root)
    if version:
        made.minimum_version = made.maximum_version = version
    return made


def connect(bench, server, asking=None, session=None):
    plain = socket.create_connection((server.host, server.port), 10)
    asking = asking or context(bench)
    return asking.wrap_socket(
        plain, server_hostname="localhost", session=session, suppress_ragged_eofs=False
    )


def take(connection, count):
    """Reads so many bytes."""
    data = bytearray()
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError(f"ended after {len(data)} bytes of {count}")
        data += more
    return bytes(data)


@tls_case
def ssl_sends_and_gets_back(bench):
    """Several megabytes, in pieces of every size, while it reads."""
    data = random.Random(1).randbytes(8 << 20)
    with bench.echo() as server:
        for version in VERSIONS:
            with connect(bench, server, context(bench, version)) as connection:
                equal(_exchange(connection, data) == data, True, "what came back")
                # The other side answers to the close_notify with its own.
                connection.unwrap().close()
            server.next("open")
            equal(server.next("lost")["error"], None)


def _exchange(connection, data):
    """Sends in pieces, takes what comes back meanwhile, and gives all of it. In one
    thread, as a connection of OpenSSL must not be used by two."""
    chance = random.Random(2)
    back, sent, end = bytearray(), 0, 0
    connection.setblocking(False)
    while len(back) < len(data):
        if sent == end:
            end = min(sent + chance.choice([1, 100, 16_384, 16_385, 300_000]), len(data))
        wanted = [connection] if sent < end else []
        readable, writable, _ = select.select([connection], wanted, [], 10)
        if not readable and not writable:
            raise TimeoutError(f"{sent} bytes sent, {len(back)} came back")
        with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
            if writable:
                sent += connection.send(data[sent:end])
        with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
            while len(back) < len(data):
                more = connection.recv(1 << 16)
                if not more:
                    raise EOFError(f"ended after {len(back)} bytes")
                back += more
    connection.settimeout(10)
    return bytes(back)


@tls_case
def ssl_resumes(bench):
    """In TLS 1.3 the tickets come behind the handshake, with the first data."""
    with bench.echo() as server:
        for version in VERSIONS:
            asking, session = context(bench, version), None
            for resumed in [False, True, True]:
                with connect(bench, server, asking, session) as connection:
                    connection.sendall(b"what is said")
                    equal(take(connection, 12), b"what is said")
                    equal(connection.session_reused, resumed)
                    session = connection.session
                    connection.unwrap().close()
                equal(server.next("open")["session"]["resumed"], resumed)
                equal(server.next("lost")["error"], None)


@tls_case
def ends_and_truncations_are_told_apart(bench):
    with bench.echo() as server:
        for version in VERSIONS:
            with connect(bench, server, context(bench, version)) as connection:
                connection.sendall(b"x")
                take(connection, 1)
                connection.shutdown(socket.SHUT_WR)
                # The other side can still say that it has gone.
                equal(connection.recv(1), b"")
            server.next("open")
            error = server.next("lost")["error"]
            equal(error, "the peer ended the stream without close_notify")


@tls_case
def clients_have_to_show_certificates(bench):
    right, key = bench.authority.issue("client", name="client.example")
    other, other_key = bench.authority.issue("late", name="client.example", days=(-3, -1))
    with bench.echo("--tls-client-ca", bench.root) as server:
        for version in VERSIONS:
            asking = context(bench, version)
            asking.load_cert_chain(right, key)
            with connect(bench, server, asking) as connection:
                connection.sendall(b"x")
                equal(take(connection, 1), b"x")
                connection.unwrap().close()
            server.next("open")
            server.next("lost")
            late = context(bench, version)
            late.load_cert_chain(other, other_key)
            # RFC 8446, section 4.4.2.4; in TLS 1.2 it is handshake_failure (RFC 5246,
            # section 7.4.6), but rustls has one alert for both.
            old = version == VERSIONS[0] and bench.provider == "openssl"
            missing = "handshake failure" if old else "certificate required"
            for asking, alert, error in [
                (context(bench, version), missing, "the peer gave no certificate"),
                (late, "certificate expired", "the certificate has expired"),
            ]:
                try:
                    with connect(bench, server, asking) as connection:
                        connection.recv(1)
                except ssl.SSLError as refusal:
                    assert alert in str(refusal).lower(), refusal
                else:
                    raise AssertionError("nobody has refused")
                told = server.next("refused")["error"]
                assert told.startswith(error), told


class Collecting(asyncio.Protocol):
    def __init__(self):
        self.data = bytearray()
        self.came = asyncio.Event()
        self.lost = asyncio.get_running_loop().create_future()

    def data_received(self, data):
        self.data += data
        self.came.set()

    def connection_lost(self, error):
        self.came.set()
        self.lost.set_result(error)


async def _echo(bench, server, data):
    loop = asyncio.get_running_loop()
    transport, collecting = await loop.create_connection(
        Collecting, server.host, server.port, ssl=context(bench), server_hostname="localhost"
    )
    transport.write(data)
    while len(collecting.data) < len(data) and not collecting.lost.done():
        collecting.came.clear()
        await collecting.came.wait()
    transport.close()
    equal(await collecting.lost, None)
    return bytes(collecting.data)


@tls_case
def asyncio_sends_and_gets_back(bench):
    """Many at once."""
    async def all_of(server, pieces):
        return await asyncio.gather(*[_echo(bench, server, data) for data in pieces])

    pieces = [random.Random(number).randbytes(number * 9_000) for number in range(1, 60)]
    with bench.echo() as server:
        got = asyncio.run(asyncio.wait_for(all_of(server, pieces), 30))
        equal(got == pieces, True, "what came back")
        wait_until(lambda: server.server.descriptors() < 16, 5, "few descriptors")
        return f"{server.peak() >> 20} MiB"
