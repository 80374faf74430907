"""Servers of SMTP, IMAP, POP3 and PostgreSQL whose TLS is OpenSSL's s_server."""

import asyncio
import concurrent.futures
import contextlib
import json

from harness import equal, tls_case
from starttls_peer import talk
from starttls_servers import ALL, message
from talking import talking

# What s_server is told to say when it has heard something: the whole conversation
# over TLS. It takes the first letter of what it is told for a command if it is one.
TALKS = {
    "smtp": [
        ("EHLO client.invalid", b"250-peer\r\n250-ONE\r\n250 TWO\r\n"),
        ("QUIT", b"221 goodbye\r\n"),
    ],
    "imap": [
        ("a3 CAPABILITY", b"* CAPABILITY ONE TWO\r\na3 OK done\r\n"),
        ("a4 LOGOUT", b"* BYE goodbye\r\na4 OK done\r\n"),
    ],
    "pop3": [
        ("CAPA", b"+OK\r\nONE\r\nTWO\r\n.\r\n"),
        ("QUIT", b"+OK goodbye\r\n"),
    ],
    # Nobody may log in.
    "postgres": [("user\0postgres", message(b"E", b"C28000\0\0"))],
}


def relayed(kind, port):
    """A server that leaves what follows its go-ahead to another one."""
    class Relayed(kind):
        beyond = None

        def data_received(self, data):
            if self.beyond:
                self.beyond.write(data)
            else:
                super().data_received(data)

        async def upgrade(self):
            loop = asyncio.get_running_loop()
            self.beyond, _ = await loop.create_connection(
                lambda: Beyond(self.transport), "127.0.0.1", port
            )
            self.beyond.write(self.buffer)

        def connection_lost(self, error):
            self.beyond.close()
            super().connection_lost(error)

    return Relayed


class Beyond(asyncio.Protocol):
    """The way back."""

    def __init__(self, client):
        self.client = client

    def data_received(self, data):
        self.client.write(data)

    def connection_lost(self, error):
        self.client.close()


@contextlib.contextmanager
def s_server(peer, *options):
    """One that serves one client, and its port."""
    with talking(
        # Some of what it does it tells by printf(3).
        "stdbuf", "-oL", "openssl", "s_server", "-accept", "127.0.0.1:0", "-naccept", "1",
        "-cert", peer.certificate, "-key", peer.key, *options,
    ) as server:
        server.hears("ACCEPT ")
        yield server, int(server.hears("\n").rsplit(":", 1)[1])


def converse(server, told, commands):
    """Plays a server's part. The commands come before the first answer."""
    for said, answer in told:
        server.hears(said)
        for command, effect in commands:
            server.say(command)
            server.hears(effect)
        commands = []
        if answer:
            server.write(answer)


@contextlib.contextmanager
def playing(*arguments):
    """Plays a server's part meanwhile; what goes wrong there goes wrong here."""
    with concurrent.futures.ThreadPoolExecutor(1) as player:
        played = player.submit(converse, *arguments)
        yield
        played.result()


@tls_case
def upgrades_to_s_server(peer):
    """With new keys in between, of the server alone and of both sides (RFC 8446,
    section 4.6.3)."""
    keys = [("k", "SSL_do_handshake -> 1"), ("K", "SSL_do_handshake -> 1")]
    for kind in ALL:
        for option, version, commands in [("-tls1_2", "TLSv1.2", []), ("-tls1_3", "TLSv1.3", keys)]:
            with s_server(peer, option) as (server, port):
                with playing(server, TALKS[kind.name], commands):
                    status, out, err, _ = talk(
                        peer, relayed(kind, port), "--ca", peer.certificate, "--timeout", "10"
                    )
            equal((status, err), (0, ""), kind)
            facts = json.loads(out)
            equal(facts["tls_version"], version)
            equal(facts["offered"], [] if kind.name == "postgres" else ["ONE", "TWO"])


@tls_case
def renegotiation_is_refused(peer):
    """s_server asks for it by `R`, and is told that there is none (RFC 5246, section
    7.2.2)."""
    (kind,) = (kind for kind in ALL if kind.name == "smtp")
    with s_server(peer, "-tls1_2") as (server, port):
        # It gives up then, and has no answer any more.
        told = [("EHLO client.invalid", None)]
        with playing(server, told, [("R", "no renegotiation")]):
            status, out, err, _ = talk(
                peer, relayed(kind, port), "--ca", peer.certificate, "--timeout", "10"
            )
    equal((status, out), (1, b""))
    equal(len(err.splitlines()), 1, err)
    return err.strip()
