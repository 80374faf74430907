"""Clients that have to show a certificate, and show something else."""

from hostile_attacks import HANDSHAKE, MESSAGES
from hostile_client import message
from hostile_table import FORM, MUTUAL, ORDER, TYPE, Rule, attack, of

CERTIFICATE, VERIFY = 11, 15
SHOWN = of("1.2", "Certificate") | of("1.3", "Certificate")
SIGNED = MUTUAL - SHOWN

# Everything that is not due there; in TLS 1.2 the key exchange comes between the two.
for title, (kind, body, _) in MESSAGES.items():
    where = {place for place in MUTUAL if place[1] != title}
    attack(title, ORDER, where)(lambda c, kind=kind, body=body: c.handshake(kind, body))


def chain(version, certificates):
    """A Certificate, of what it is told."""
    entries = b"".join(
        len(each).to_bytes(3, "big") + each + (b"\0\0" if version == "1.3" else b"")
        for each in certificates
    )
    context = b"\0" if version == "1.3" else b""
    return context + len(entries).to_bytes(3, "big") + entries


@attack("no certificate",
        Rule("handshake_failure", "RFC 5246, 7.4.6"), of("1.2", "Certificate"))
def nothing_old(c):
    c.handshake(CERTIFICATE, chain("1.2", []))
    c.record(HANDSHAKE, message(16, b"\x20" + bytes(range(32))))


@attack("a certificate that is none", Rule(
    ("bad_certificate", "decode_error", "illegal_parameter"), "RFC 5246, 7.2.2", "RFC 8446, 6.2",
), SHOWN)
def garbage(c):
    c.handshake(CERTIFICATE, chain(c.asked_version, [b"\x30\x03\x02\x01\x01"]))
    c.handshake(VERIFY if c.asked_version == "1.3" else 16, b"\x20" + bytes(range(32)))


@attack("an empty certificate", FORM, SHOWN)
def empty(c):
    c.handshake(CERTIFICATE, chain(c.asked_version, [b""]))
    c.handshake(VERIFY if c.asked_version == "1.3" else 16, b"\x20" + bytes(range(32)))


@attack("certificates that end early", FORM, SHOWN)
def cut(c):
    c.handshake(CERTIFICATE, c.said["Certificate"][4:-1])


@attack("data in the place of a certificate", TYPE, MUTUAL)
def data(c):
    c.record(23, b"x")


@attack("a wrong signature", Rule("decrypt_error", "RFC 5246, 7.4.8", "RFC 8446, 4.4.3"), SIGNED)
def signature_wrong(c):
    said = bytearray(c.said["CertificateVerify"])
    said[-1] ^= 1
    c.record(HANDSHAKE, said)


@attack("a signature of an algorithm that was not offered",
        Rule("illegal_parameter", "RFC 5246, 7.4.8", "RFC 8446, 4.4.3"), SIGNED)
def signature_of_no_algorithm(c):
    c.handshake(VERIFY, b"\xfe\xfe" + c.said["CertificateVerify"][6:])


@attack("a signature that ends early", FORM, SIGNED)
def signature_cut(c):
    c.handshake(VERIFY, c.said["CertificateVerify"][4:-1])
