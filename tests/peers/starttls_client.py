#!/usr/bin/env python3
"""Tests the example `starttls-client` with servers of asyncio, which upgrade by
`loop.start_tls`.

usage: starttls_client.py PROGRAM [CASE...]

Everything stays on the loopback interface and is bounded in time. The exit
status tells whether all went well.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import ssl
import tempfile

from certificate import make_certificate
from harness import case, equal, main, refused, run


class Peer:
    """The program, and a certificate for what it talks to."""

    def __init__(self, program, place):
        self.program = program
        self.certificate = os.path.join(place, "certificate.pem")
        self.key = os.path.join(place, "key.pem")
        make_certificate(self.certificate, self.key)

    def context(self, version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if version:
            context.minimum_version = context.maximum_version = version
        return context


@contextlib.contextmanager
def prepare(program):
    with tempfile.TemporaryDirectory() as place:
        yield Peer(program, place)


class Server(asyncio.Protocol):
    """One conversation: SMTP as far as it takes to upgrade."""

    def __init__(self, context, offered=("SIZE",), answer=b"220 go ahead\r\n", offers_tls=True):
        self.context = context
        self.offered = offered
        self.answer = answer
        self.offers_tls = offers_tls
        self.secure = None
        self.upgrading = False
        self.heard = []
        self.buffer = b""
        self.failure = None
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport
        transport.write(b"220 peer ready\r\n")

    def data_received(self, data):
        self.buffer += data
        self.listen()

    def listen(self):
        # asyncio delivers what came with the client's last handshake message
        # before start_tls has returned, while an answer would still leave in the
        # clear.
        while b"\r\n" in self.buffer and not self.upgrading:
            line, self.buffer = self.buffer.split(b"\r\n", 1)
            self.heard.append((line, self.secure is not None))
            self.obey(line)

    def obey(self, line):
        if line.startswith(b"EHLO"):
            words = ["peer greets", *(self.offered if self.secure else ["SIZE"])]
            if self.offers_tls and not self.secure:
                words.append("STARTTLS")
            lines = [f"250-{word}" for word in words[:-1]] + [f"250 {words[-1]}", ""]
            self.transport.write("\r\n".join(lines).encode())
        elif line == b"STARTTLS":
            self.transport.write(self.answer)
            if self.answer.startswith(b"220") and self.context:
                self.upgrading = True
                self.task = asyncio.create_task(self.upgrade())
        elif line == b"QUIT":
            self.transport.write(b"221 goodbye\r\n")
            self.transport.close()

    async def upgrade(self):
        loop = asyncio.get_running_loop()
        try:
            self.secure = self.transport = await loop.start_tls(
                self.transport, self, self.context, server_side=True
            )
        except (OSError, ssl.SSLError) as error:
            self.failure = error
            return
        self.upgrading = False
        self.listen()

    def connection_lost(self, error):
        if not self.lost.done():
            self.lost.set_result(error)


async def _talk(peer, arguments, options):
    loop = asyncio.get_running_loop()
    servers = []

    def factory():
        servers.append(Server(**options))
        return servers[-1]

    listening = await loop.create_server(factory, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        peer.program, "smtp", "localhost", str(port), *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 20)
    finally:
        if process.returncode is None:
            process.kill()
    (server,) = servers
    task = getattr(server, "task", None)
    if task:
        await asyncio.wait_for(task, 10)
    listening.close()
    return process.returncode, out, err.decode(), server


def talk(peer, *arguments, **options):
    """What the program makes of a server."""
    options.setdefault("context", peer.context())
    return asyncio.run(_talk(peer, arguments, options))


def in_the_clear(server):
    return [line for line, secure in server.heard if not secure]


@case
def upgrades_to_a_server_of_asyncio(peer):
    with open(peer.certificate, encoding="ascii") as file:
        der = ssl.PEM_cert_to_DER_cert(file.read())
    for version, suites in [
        (ssl.TLSVersion.TLSv1_2, {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"}),
        (ssl.TLSVersion.TLSv1_3, {"TLS_AES_256_GCM_SHA384"}),
    ]:
        status, out, err, server = talk(
            peer, "--ca", peer.certificate, context=peer.context(version), offered=("SIZE", "HELP")
        )
        equal((status, err), (0, ""))
        facts = json.loads(out)
        assert facts.pop("cipher_suite") in suites, out
        equal(facts, {
            "tls_version": version.name.replace("TLSv1_", "TLSv1."),
            "server_name": "localhost",
            "alpn": None,
            "certificates_sha256": [hashlib.sha256(der).hexdigest()],
            "resumed": False,
            "offered": ["SIZE", "HELP"],
        })
        equal(server.secure.get_extra_info("ssl_object").version(), facts["tls_version"])
        equal(server.heard, [
            (b"EHLO client.invalid", False), (b"STARTTLS", False),
            (b"EHLO client.invalid", True), (b"QUIT", True),
        ])


@case
def a_long_answer_over_tls(peer):
    offered = [f"X{number}{'x' * (number % 500)}" for number in range(900)]
    status, out, err, _ = talk(peer, "--ca", peer.certificate, offered=offered)
    equal((status, err), (0, ""))
    equal(json.loads(out)["offered"], offered)


@case
def certificates_are_verified(peer):
    other = peer.certificate + ".other"
    make_certificate(other, other + ".key", "elsewhere")
    for arguments, word in [
        (["--ca", peer.certificate, "--name", "elsewhere"], "not valid for this name"),
        (["--ca", peer.certificate, "--name", "127.0.0.2"], "not valid for this name"),
        (["--ca", other], "issuer is unknown"),
        ([], "certificate"),
    ]:
        status, out, err, server = talk(peer, *arguments)
        equal((status, out), (1, b""), arguments)
        assert word in err, err
        assert isinstance(server.failure, ssl.SSLError), server.failure
        assert "alert" in str(server.failure), server.failure
        equal(in_the_clear(server), [b"EHLO client.invalid", b"STARTTLS"])
    status, out, err, _ = talk(peer, "--ca", peer.certificate, "--name", "127.0.0.1")
    equal((status, json.loads(out)["server_name"]), (0, None), "an address")


@case
def answers_behind_the_answer_are_never_heard(peer):
    """What somebody in between has added to the answer to STARTTLS."""
    for added in [b"250 evil\r\n", b"250-evil\r\n250 EVIL\r\n221 x\r\n", b"\r\n"]:
        status, out, err, _ = talk(
            peer, "--ca", peer.certificate, answer=b"220 go ahead\r\n" + added
        )
        equal((status, out), (1, b""), added)
        assert "broke the TLS protocol" in err, err


@case
def without_tls_nothing_goes_on(peer):
    for options, word in [
        ({"offers_tls": False}, "offers no STARTTLS"),
        ({"answer": b"454 not now\r\n"}, "454 not now"),
        ({"answer": b"nonsense\r\n"}, "nonsense"),
    ]:
        status, out, err, server = talk(peer, "--ca", peer.certificate, **options)
        equal((status, out), (1, b""), options)
        assert word in err, err
        assert set(in_the_clear(server)) <= {b"EHLO client.invalid", b"STARTTLS"}


@case
def a_server_that_says_nothing_more(peer):
    """After its go-ahead it does not speak TLS."""
    status, out, err, server = talk(
        peer, "--ca", peer.certificate, "--timeout", "0.3", context=None
    )
    equal((status, out), (1, b""))
    assert "took longer than 300ms" in err, err
    equal(in_the_clear(server)[:2], [b"EHLO client.invalid", b"STARTTLS"])


@case
def bad_usage(peer):
    refused(peer.program)
    refused(peer.program, "gopher", "localhost", "1")
    refused(peer.program, "smtp", "localhost", "65536")
    line = refused(peer.program, "smtp", "localhost", "1", "--ca", "/nowhere")
    assert "/nowhere" in line, line
    line = refused(peer.program, "smtp", "localhost", "1", "--ca", peer.key)
    assert peer.key in line, line
    equal(run(peer.program, "--help").returncode, 0)
    done = run(peer.program, "smtp", "127.0.0.1", "1", text=True)
    equal((done.returncode, len(done.stderr.splitlines())), (1, 1), "nobody listens")


if __name__ == "__main__":
    main(prepare)
