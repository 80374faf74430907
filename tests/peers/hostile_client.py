"""A TLS client, on tlslite-ng, that can be stopped before each of its messages and
then says what it is told."""

import contextlib
import socket
import struct

from tlslite.api import HandshakeSettings, TLSConnection
from tlslite.constants import ContentType, KeyUpdateMessageType
from tlslite.errors import BaseTLSException, TLSAbruptCloseError
from tlslite.messages import ClientHello, Message

VERSIONS = {"1.2": (3, 3), "1.3": (3, 4)}

# How long a server has to react, in seconds.
PATIENCE = 10


def settings(version, groups=("x25519",), shares=("x25519",)):
    """What an honest client offers, with what costs the least in Python."""
    made = HandshakeSettings()
    made.minVersion = made.maxVersion = VERSIONS[version]
    made.cipherNames = ["chacha20-poly1305"]
    made.eccCurves = list(groups)
    made.keyShares = list(shares)
    made.dhGroups = []
    made.use_heartbeat_extension = False
    # The older suites that are offered too are nobody's business here.
    made.keyExchangeNames = ["ecdhe_rsa"]
    made.certificate_compression_send = []
    made.certificate_compression_receive = []
    return made


class Reached(Exception):
    """The message that was waited for would be the next one."""


class Reaction:
    """What the server has done."""

    def __init__(self):
        # Their descriptions; None for one that could not be read.
        self.alerts = []
        self.data = b""
        self.handshake = []
        # Whether the connection has ended.
        self.ended = False


class Hostile(TLSConnection):
    """One connection."""

    def __init__(self, server, version, receive_buffer=None):
        plain = socket.socket()
        if receive_buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        plain.settimeout(PATIENCE)
        plain.connect((server.host, server.port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().__init__(plain)
        self.plain = plain
        self.asked_version = version
        # The name of the message to stop before, and how it is changed instead.
        self.stop = None
        self.change = None
        self.hellos = 0
        self.resuming = False
        host, port = plain.getsockname()
        # What the server calls this connection.
        self.name = f"{host}:{port}"
        # What would have been said, or was: the bytes of messages by their names.
        self.said = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.plain.close()

    def _sendMsg(self, msg, *arguments, **options):
        name = type(msg).__name__
        if isinstance(msg, ClientHello):
            self.hellos += 1
            name = "ClientHello" if self.hellos == 1 else "second ClientHello"
            # A binder is over the suites as well.
            if self.asked_version == "1.3" and not self.resuming:
                drop_old_suites(msg)
        if self.change:
            self.change(name, msg)
        self.said[name] = bytes(msg.write())
        if name == self.stop:
            self.sock.flush()
            self.sock.buffer_writes = False
            raise Reached
        yield from super()._sendMsg(msg, *arguments, **options)

    def _shutdown(self, resumable):
        """tlslite would forget its keys and close the socket."""

    def shake_hands(self, stop=None, change=None, identity=None, session=None, **options):
        """Goes up to a message, or to the end of the handshake. `change` gets the name of
        each message and the message."""
        self.stop, self.change = stop, change
        self.resuming = session is not None
        chain, key = identity or (None, None)
        try:
            self.handshakeClientCert(
                chain, key, session=session, settings=settings(self.asked_version, **options),
                serverName="localhost",
            )
        except Reached:
            return
        if stop:
            raise AssertionError(f"the handshake never came to {stop}")

    def raw(self, data):
        """Sends bytes as they are; the server may have hung up meanwhile."""
        with contextlib.suppress(ConnectionError):
            self.plain.sendall(bytes(data))

    def clear(self, kind, body, version=(3, 3), length=None):
        """Sends a record in the clear."""
        length = len(body) if length is None else length
        self.raw(bytes([kind, *version]) + length.to_bytes(2, "big") + bytes(body))

    def record(self, kind, body):
        """Sends a record with the keys of now, if there are any; whether that could be
        sent."""
        message = Message(kind, bytearray(body))
        try:
            for _ in self._recordLayer.sendRecord(message):
                pass
            self.sock.flush()
        except ConnectionError:
            return False
        return True

    def handshake(self, kind, body):
        """Sends a handshake message in a record of its own."""
        self.record(ContentType.handshake, message(kind, body))

    def sealed(self, kind, body):
        """A record with the keys of now, which is not sent."""
        taken = bytearray()
        layer = self._recordLayer
        real, layer._recordSocket.sock = layer._recordSocket.sock, Taking(taken)
        try:
            for _ in layer.sendRecord(Message(kind, bytearray(body))):
                pass
        finally:
            layer._recordSocket.sock = real
        return taken

    def handshake_begins(self, kind, length):
        """Sends the header of a handshake message, whatever follows."""
        self.record(ContentType.handshake, bytes([kind]) + length.to_bytes(3, "big"))

    def updates_keys(self):
        """Takes new keys and asks for the other side's; whether that could be sent."""
        try:
            for _ in self.send_keyupdate_request(KeyUpdateMessageType.update_requested):
                pass
        except (OSError, TLSAbruptCloseError):
            return False
        return True

    def encrypted(self):
        """Whether what this side says is encrypted now."""
        return self._recordLayer._writeState.encContext is not None

    def beginning(self):
        """The first bytes of the message that would be right now."""
        if self.stop and self.stop != "ChangeCipherSpec":
            return self.said[self.stop][:6]
        right = 24 if self.asked_version == "1.3" else 1
        return bytes([right, 0, 0, 1]) if right == 24 else self.said["ClientHello"][:6]

    def ends(self):
        """Ends this side's half of the connection, below TLS."""
        with contextlib.suppress(OSError):
            self.plain.shutdown(socket.SHUT_WR)

    def reset(self):
        linger = struct.pack("ii", 1, 0)
        self.plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.plain.close()

    def reaction(self):
        """Reads up to the end of the connection."""
        seen = Reaction()
        try:
            while True:
                for result in self._recordLayer.recvRecord():
                    if result not in (0, 1):
                        break
                header, parser = result
                if header.type == ContentType.alert:
                    seen.alerts.append(parser.bytes[1] if len(parser.bytes) == 2 else None)
                elif header.type == ContentType.application_data:
                    seen.data += parser.bytes
                elif header.type == ContentType.handshake:
                    seen.handshake.append(parser.bytes[0])
        except (TLSAbruptCloseError, ConnectionError):
            seen.ended = True
        except BaseTLSException:
            # Sent with keys that this side does not have yet.
            seen.alerts.append(None)
            seen.ended = self._ends()
        except TimeoutError:
            pass
        except OSError:
            # This side has reset the connection.
            seen.ended = True
        return seen

    def _ends(self):
        """Whether nothing else comes before the end."""
        with contextlib.suppress(ConnectionError):
            while self.plain.recv(1 << 16):
                pass
        return True


class Taking:
    """A socket that keeps what is sent."""

    def __init__(self, taken):
        self.taken = taken

    def send(self, data):
        self.taken += data
        return len(data)


def message(kind, body):
    """A handshake message."""
    return bytes([kind]) + len(body).to_bytes(3, "big") + bytes(body)


def drop_old_suites(hello):
    """Leaves the suites of TLS 1.3."""
    hello.cipher_suites = [suite for suite in hello.cipher_suites if suite >> 8 == 0x13]
