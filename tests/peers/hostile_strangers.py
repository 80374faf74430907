"""What is no TLS, or none that is spoken here."""

import random

from hostile_table import BEGIN, FORM, TYPE, Rule, attack

# A server need not know this form of a ClientHello, and has no alert for it then.
OLD = Rule(
    ("protocol_version", "unexpected_message", "decode_error"), "RFC 5246, E.2", "RFC 8446, D.5"
)

HELLO_OF_SSL_2 = bytes.fromhex(
    "802e 01 0002 0015 0000 0010 010080 020080 030080 040080 050080 060040 0700c0"
) + bytes(16)

for name, said in {
    "an HTTP request": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a greeting of SMTP": b"EHLO client.invalid\r\n",
    "an SSH version": b"SSH-2.0-OpenSSH_9.2\r\n",
    "a PostgreSQL request": b"\0\0\0\x08\x04\xd2\x16\x2f",
    "zeros": bytes(1000),
    "ones": b"\xff" * 1000,
    "noise": b"\x80" + random.Random(7).randbytes(1000),
}.items():
    attack(name, TYPE, BEGIN)(lambda c, said=said: c.raw(said))


@attack("a record of TLS 5", FORM, BEGIN)
def tls5(c):
    c.clear(22, b"\1\0\0\0", version=(6, 0))


@attack("a ClientHello of SSL 2", OLD, BEGIN)
def ssl2(c):
    c.raw(HELLO_OF_SSL_2)
