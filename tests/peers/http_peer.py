"""A plain HTTP/1.1 client over a socket, which sends what it is told byte for
byte."""

import socket
import struct


class Response:
    def __init__(self, status, fields, body):
        self.status = status
        self.fields = fields
        self.body = body

    def __repr__(self):
        return f"<{self.status} {self.fields} {len(self.body)} bytes>"


class Client:
    """One connection, over TLS if there is a context. Every wait on it is
    bounded."""

    def __init__(self, server, seconds=10, receive_buffer=None, context=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(seconds)
        self.socket.connect((server.host, server.port))
        if context:
            self.socket = context.wrap_socket(
                self.socket, server_hostname="localhost", suppress_ragged_eofs=False
            )
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))

    def get(self, path, *fields, method="GET", version="1.1", host="peer"):
        """Sends a request."""
        lines = [f"{method} {path} HTTP/{version}"]
        if host is not None:
            lines.append(f"Host: {host}")
        self.send("\r\n".join([*lines, *fields, "", ""]))

    def ask(self, path, *fields, method="GET", **options):
        """Sends a request and reads the response."""
        self.get(path, *fields, method=method, **options)
        return self.response(bare=method == "HEAD")

    def more(self):
        data = self.socket.recv(1 << 18)
        self.buffer += data
        return bool(data)

    def head(self):
        """Reads a response up to its body."""
        while b"\r\n\r\n" not in self.buffer:
            if not self.more():
                raise EOFError(f"connection ended in a head: {self.buffer[:200]!r}")
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines)
        return int(first.split()[1]), {name.lower(): value for name, value in fields.items()}

    def take(self, count):
        """Reads so many bytes, or fewer if the connection ends before."""
        parts = [self.buffer]
        have = len(self.buffer)
        while have < count:
            data = self.socket.recv(1 << 18)
            if not data:
                break
            parts.append(data)
            have += len(data)
        whole = b"".join(parts)
        self.buffer = whole[count:]
        return whole[:count]

    def response(self, bare=False):
        status, fields = self.head()
        length = 0 if bare or status == 304 else int(fields["content-length"])
        body = self.take(length)
        if len(body) != length:
            raise EOFError(f"{len(body)} bytes of {length}")
        return Response(status, fields, body)

    def rest(self):
        """Everything up to the end of the connection."""
        while self.more():
            pass
        rest, self.buffer = self.buffer, b""
        return rest

    def reset(self):
        """Ends the connection with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
