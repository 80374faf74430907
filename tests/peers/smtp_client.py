"""A plain SMTP client over a socket, which sends what it is told byte for byte,
and whose TLS begins with whatever bytes are wanted."""

import contextlib
import socket
import ssl


class Client:
    """One connection. Every wait on it is bounded."""

    def __init__(self, server, greeted=True, seconds=10):
        self.socket = socket.create_connection((server.host, server.port), seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.tls = None
        if greeted:
            code = self.reply()[0]
            if code != 220:
                raise AssertionError(f"greeted with {code}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        if not self.tls:
            self.socket.sendall(data)
            return
        rest = memoryview(data)
        while rest:
            rest = rest[self.tls.write(rest):]
            self._push()

    def more(self):
        """Reads; false at the end of the connection, or of TLS."""
        if not self.tls:
            data = self.socket.recv(1 << 16)
        else:
            try:
                data = self._while_wanting(lambda: self.tls.read(1 << 16))
            except ssl.SSLZeroReturnError:
                data = b""
        self.buffer += data
        return bool(data)

    def reply(self):
        """The code and the lines of one reply."""
        lines = []
        while True:
            while b"\r\n" not in self.buffer:
                if not self.more():
                    raise EOFError(f"ended in a reply: {lines} {self.buffer!r}")
            line, self.buffer = self.buffer.split(b"\r\n", 1)
            lines.append(line[4:].decode("ascii"))
            if line[3:4] != b"-":
                return int(line[:3]), lines

    def codes(self, count):
        return [self.reply()[0] for _ in range(count)]

    def ask(self, line):
        """The code of the reply to one command."""
        self.send(line + b"\r\n")
        return self.reply()[0]

    def rest(self):
        """Everything up to the end of the connection; a reset is one too."""
        with contextlib.suppress(ConnectionError):
            while self.more():
                pass
        rest, self.buffer = self.buffer, b""
        return rest

    def hello_of(self, context, name="localhost"):
        """The first bytes of a TLS handshake, which goes on by `shake_hands`."""
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.half = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name)
        with contextlib.suppress(ssl.SSLWantReadError):
            self.half.do_handshake()
        return self.outgoing.read()

    def shake_hands(self):
        """Ends the handshake that `hello_of` has begun."""
        # What has come behind the last reply is TLS.
        self.incoming.write(self.buffer)
        self.buffer = b""
        self._while_wanting(self.half.do_handshake)
        self.tls = self.half

    def start_tls(self, context):
        """Upgrades as a client should."""
        code = self.ask(b"STARTTLS")
        if code != 220:
            raise AssertionError(f"STARTTLS was answered with {code}")
        self.socket.sendall(self.hello_of(context))
        self.shake_hands()

    def close_notify(self):
        with contextlib.suppress(ssl.SSLWantReadError):
            self.tls.unwrap()
        self._push()

    def _push(self):
        out = self.outgoing.read()
        if out:
            self.socket.sendall(out)

    def _while_wanting(self, act):
        while True:
            try:
                done = act()
                self._push()
                return done
            except ssl.SSLWantReadError:
                self._push()
                data = self.socket.recv(1 << 16)
                if data:
                    self.incoming.write(data)
                else:
                    self.incoming.write_eof()
