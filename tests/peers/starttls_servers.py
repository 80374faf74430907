"""Servers of asyncio that upgrade by `loop.start_tls`, each as far as its protocol
takes to get there."""

import asyncio
import ssl
import struct


class Server(asyncio.Protocol):
    """One conversation in lines."""

    greeting = b""
    # What goes before the handshake.
    go_ahead = b""
    # What a client that obeys its protocol says in the clear, and over TLS.
    clear = ()
    secret = ()

    def __init__(self, context, offered=("ONE", "TWO"), answer=None, offers_tls=True, **said):
        self.context = context
        self.offered = offered
        self.answer = self.go_ahead if answer is None else answer
        self.offers_tls = offers_tls
        # What is said instead of something that has a name above.
        vars(self).update(said)
        self.secure = None
        self.upgrading = False
        self.heard = []
        self.buffer = b""
        self.failure = None
        self.task = None
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport
        transport.write(self.greeting)

    def data_received(self, data):
        self.buffer += data
        self.listen()

    def listen(self):
        # asyncio delivers what came with the client's last handshake message
        # before start_tls has returned, while an answer would still leave in the
        # clear.
        while not self.upgrading and (said := self.take()) is not None:
            self.heard.append((said, self.secure is not None))
            self.obey(said)

    def take(self):
        """The next thing that the client has said, if it is all there."""
        if b"\r\n" not in self.buffer:
            return None
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def obey(self, said):
        raise NotImplementedError

    def say(self, *lines):
        self.transport.write("".join(f"{line}\r\n" for line in lines).encode())

    def words(self, word):
        """What is offered now; that of before the upgrade is nobody's business."""
        if self.secure:
            return list(self.offered)
        return ["CLEAR", *([word] if self.offers_tls else [])]

    def begin(self):
        """Answers to who asks for TLS."""
        self.transport.write(self.answer)
        if self.answer.startswith(self.go_ahead) and self.context:
            self.upgrading = True
            self.task = asyncio.create_task(self.upgrade())

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

    def in_the_clear(self):
        return [said for said, secure in self.heard if not secure]

    def connection_lost(self, error):
        if not self.lost.done():
            self.lost.set_result(error)


class Smtp(Server):
    """RFC 3207."""

    name = "smtp"
    greeting = b"220 peer ready\r\n"
    go_ahead = b"220 go ahead\r\n"
    clear = (b"EHLO client.invalid", b"STARTTLS")
    secret = (b"EHLO client.invalid", b"QUIT")

    def obey(self, said):
        if said.startswith(b"EHLO"):
            words = ["peer greets", *self.words("STARTTLS")]
            self.say(*[f"250-{word}" for word in words[:-1]], f"250 {words[-1]}")
        elif said == b"STARTTLS":
            self.begin()
        elif said == b"QUIT":
            self.say("221 goodbye")
            self.transport.close()


class Imap(Server):
    """RFC 9051."""

    name = "imap"
    greeting = b"* OK peer ready\r\n"
    go_ahead = b"a2 OK go ahead\r\n"
    clear = (b"a1 CAPABILITY", b"a2 STARTTLS")
    secret = (b"a3 CAPABILITY", b"a4 LOGOUT")
    # Before the answer to CAPABILITY.
    chatter = ()
    capability = "CAPABILITY"

    def obey(self, said):
        tag, command = said.decode().split(" ", 1)
        if command == "CAPABILITY":
            words = " ".join([self.capability, *self.words("STARTTLS")])
            self.say(*self.chatter, f"* {words}", f"{tag} OK done")
        elif command == "STARTTLS":
            self.begin()
        elif command == "LOGOUT":
            self.say("* BYE goodbye", f"{tag} OK done")
            self.transport.close()


class Pop3(Server):
    """RFC 2595."""

    name = "pop3"
    greeting = b"+OK peer ready\r\n"
    go_ahead = b"+OK go ahead\r\n"
    clear = (b"CAPA", b"STLS")
    secret = (b"CAPA", b"QUIT")

    def obey(self, said):
        if said == b"CAPA":
            lines = [f".{word}" if word.startswith(".") else word for word in self.words("STLS")]
            self.say("+OK list follows", *lines, ".")
        elif said == b"STLS":
            self.begin()
        elif said == b"QUIT":
            self.say("+OK goodbye")
            self.transport.close()


class Postgres(Server):
    """PostgreSQL's manual, "Message Flow"."""

    name = "postgres"
    go_ahead = b"S"
    clear = (struct.pack("!ii", 8, 80877103),)
    secret = (struct.pack("!ii", 23, 3 << 16) + b"user\0postgres\0\0", b"X" + struct.pack("!i", 4))
    # What comes over TLS, instead of a question for one of `offered`.
    message = None

    def take(self):
        at = 1 if self.buffer.startswith(b"X") else 0
        if len(self.buffer) < at + 4:
            return None
        end = at + struct.unpack_from("!i", self.buffer, at)[0]
        if len(self.buffer) < end:
            return None
        said, self.buffer = self.buffer[:end], self.buffer[end:]
        return said

    def obey(self, said):
        if said == self.clear[0]:
            self.answer = self.answer if self.offers_tls else b"N"
            self.begin()
        elif said.startswith(b"X"):
            self.transport.close()
        elif self.secure:
            names = b"".join(f"{word}\0".encode() for word in self.offered)
            asks = message(b"R", struct.pack("!i", 10) + names + b"\0")
            self.transport.write(self.message or asks)


def message(kind, body):
    """One of PostgreSQL's."""
    return kind + struct.pack("!i", len(body) + 4) + body


ALL = [Smtp, Imap, Pop3, Postgres]
