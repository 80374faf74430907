"""The example `starttls-client`, and certificates for what it talks to."""

import asyncio
import contextlib
import os
import ssl
import tempfile

from certificate import make_certificate
from harness import run


class Peer:
    """The program, and a certificate for what it talks to."""

    def __init__(self, program, tls, place):
        self.program = program
        self.tls = tls
        self.place = place
        self.certificate = os.path.join(place, "certificate.pem")
        self.key = os.path.join(place, "key.pem")
        make_certificate(self.certificate, self.key)

    def context(self, version=None):
        """For a server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        if version:
            context.minimum_version = context.maximum_version = version
        return context

    def upgrade(self, protocol, port, *arguments, host="localhost"):
        """What the program makes of a server that listens."""
        return run(self.program, protocol, host, str(port), *self.tls, *arguments, text=True)


@contextlib.contextmanager
def prepare(program, tls):
    with tempfile.TemporaryDirectory() as place:
        yield Peer(program, tls, place)


async def _talk(peer, kind, arguments, options):
    loop = asyncio.get_running_loop()
    servers = []

    def factory():
        servers.append(kind(**options))
        return servers[-1]

    listening = await loop.create_server(factory, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        peer.program, kind.name, "localhost", str(port), *peer.tls, *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 20)
    finally:
        if process.returncode is None:
            process.kill()
    (server,) = servers
    if server.task:
        await asyncio.wait_for(server.task, 10)
    listening.close()
    return process.returncode, out, err.decode(), server


def talk(peer, kind, *arguments, **options):
    """What the program makes of a server, and the server."""
    options.setdefault("context", peer.context())
    return asyncio.run(_talk(peer, kind, arguments, options))
