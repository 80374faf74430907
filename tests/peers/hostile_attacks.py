"""Records and messages that do not belong where they come."""

from hostile_client import Hostile, message
from hostile_table import (
    BEGIN, CLEAR, EMPTY, ENCRYPTED, ENDS, EVERYWHERE, FATAL, FORM, GOES_ON, LENGTH, OPEN, ORDER,
    SEAL, TYPE, VALUE, WAITS, Rule, attack, of,
)

CCS, ALERT, HANDSHAKE, DATA, HEARTBEAT, UNKNOWN = 20, 21, 22, 23, 24, 99
WARNING, DEADLY = 1, 2
CLOSE_NOTIFY, HANDSHAKE_FAILURE, USER_CANCELED, UNRECOGNIZED_NAME = 0, 40, 90, 112

# Each message that there is, with a body that could be its own, and the states in
# which it is none but right.
MESSAGES = {
    "HelloRequest": (0, b"", set()),
    "ServerHello": (2, b"\3\3" + bytes(32) + b"\0\x13\1\0\0\0", set()),
    "NewSessionTicket": (4, bytes(4) + b"\0\4tick", set()),
    "EndOfEarlyData": (5, b"", set()),
    "EncryptedExtensions": (8, b"\0\0", set()),
    "Certificate": (11, b"\0\0\0", set()),
    "ServerKeyExchange": (12, b"\3\0\x1d\x20" + bytes(32) + b"\4\1\0\0", set()),
    "CertificateRequest": (13, b"\1\1\0\2\4\1\0\0", set()),
    "ServerHelloDone": (14, b"", set()),
    "CertificateVerify": (15, b"\4\1\0\1\0", set()),
    "ClientKeyExchange": (16, b"\x20" + bytes(range(32)), of("1.2", "ClientKeyExchange")),
    "Finished": (20, bytes(12), of("1.2", "Finished") | of("1.3", "Finished")),
    "CertificateStatus": (22, b"\1\0\0\1\0", set()),
    "KeyUpdate": (24, b"\0", of("1.3", "open")),
    "message_hash": (254, bytes(32), set()),
    "a message of an unknown type": (99, b"x", set()),
}

for title, (kind, body, right) in MESSAGES.items():
    attack(title, ORDER, EVERYWHERE - right)(
        lambda c, kind=kind, body=body: c.handshake(kind, body)
    )

# What takes no more than one record or message.
SAID = [
    ("ChangeCipherSpec", TYPE, of("1.2") - of("1.2", "ChangeCipherSpec"), Hostile.record, CCS,
     b"\1"),
    ("ChangeCipherSpec before anything else, or after the end", TYPE,
     of("1.3", "ClientHello", "open"), Hostile.clear, CCS, b"\1"),
    ("ChangeCipherSpec, which means nothing", Rule(GOES_ON, new="RFC 8446, 5"),
     of("1.3", "second ClientHello", "Finished"), Hostile.clear, CCS, b"\1"),
    ("ChangeCipherSpec of another value",
     Rule("unexpected_message", "RFC 5246, 7.1 and 7.2.2", "RFC 8446, 5"),
     of("1.2", "ChangeCipherSpec") | of("1.3", "second ClientHello", "Finished"), Hostile.clear,
     CCS, b"\2"),
    ("ChangeCipherSpec of two bytes",
     Rule("unexpected_message", "RFC 5246, 7.1 and 7.2.2", "RFC 8446, 5"),
     of("1.2", "ChangeCipherSpec") | of("1.3", "second ClientHello", "Finished"), Hostile.clear,
     CCS, b"\1\1"),
    ("an empty ChangeCipherSpec", EMPTY, EVERYWHERE, Hostile.clear, CCS, b""),
    ("a record of an unknown type", TYPE, EVERYWHERE, Hostile.record, UNKNOWN, b"x"),
    ("a record of an unknown type, in the clear", TYPE, ENCRYPTED, Hostile.clear, UNKNOWN, b"x"),
    ("a heartbeat that was not agreed on", Rule("unexpected_message", "RFC 5246, 6", "RFC 8446, 5"),
     EVERYWHERE, Hostile.record, HEARTBEAT, b"\1\xff\xffx"),
    ("data before the handshake is done", TYPE, EVERYWHERE - OPEN, Hostile.record, DATA, b"x"),
    ("an empty handshake record", EMPTY, EVERYWHERE, Hostile.record, HANDSHAKE, b""),
    ("an empty alert record", EMPTY, EVERYWHERE, Hostile.record, ALERT, b""),
    ("half an alert", Rule("decode_error", "RFC 5246, 7.2.2", "RFC 8446, 5.1 and 6.2"), EVERYWHERE,
     Hostile.record, ALERT, b"\1"),
    ("two alerts in one record", Rule(("decode_error", "unexpected_message"), new="RFC 8446, 5.1"),
     of("1.3"), Hostile.record, ALERT, bytes([WARNING, USER_CANCELED] * 2)),
    ("an alert of no level", VALUE, of("1.2"), Hostile.record, ALERT,
     bytes([3, HANDSHAKE_FAILURE])),
    ("a fatal alert", FATAL, EVERYWHERE, Hostile.record, ALERT, bytes([DEADLY, HANDSHAKE_FAILURE])),
    ("a fatal alert that is unknown", FATAL, EVERYWHERE, Hostile.record, ALERT,
     bytes([DEADLY, 200])),
    ("an error as a warning", Rule(ENDS, new="RFC 8446, 6"), of("1.3"), Hostile.record, ALERT,
     bytes([WARNING, HANDSHAKE_FAILURE])),
    ("a warning", Rule(GOES_ON, "RFC 5246, 7.2.2"), of("1.2", "open"), Hostile.record, ALERT,
     bytes([WARNING, UNRECOGNIZED_NAME])),
    ("user_canceled", Rule(GOES_ON, "RFC 5246, 7.2.2", "RFC 8446, 6.1"), OPEN, Hostile.record,
     ALERT, bytes([WARNING, USER_CANCELED])),
    ("close_notify within the handshake", Rule(ENDS, "RFC 5246, 7.2.1", "RFC 8446, 6.1"),
     EVERYWHERE - OPEN, Hostile.record, ALERT, bytes([WARNING, CLOSE_NOTIFY])),
    ("data that are too long", LENGTH, ENCRYPTED, Hostile.record, DATA, bytes(2**14 + 1)),
    ("a message in the clear that is too long for a record", LENGTH, CLEAR, Hostile.clear,
     HANDSHAKE, message(1, bytes(2**14))),
    ("a record in the clear where they are encrypted", SEAL, of("1.2", "Finished", "open"),
     Hostile.clear, DATA, b"in the clear, and longer than any seal"),
    ("a handshake record in the clear where they are encrypted",
     Rule(("unexpected_message", "bad_record_mac"), new="RFC 8446, 5 and 5.2"),
     of("1.3", "Finished", "open"), Hostile.clear, HANDSHAKE, message(20, bytes(32))),
    ("a record that is shorter than its seal", SEAL, ENCRYPTED, Hostile.clear, DATA, b"x"),
    ("nothing but padding", Rule("unexpected_message", new="RFC 8446, 5.4"),
     of("1.3", "Finished", "open"), Hostile.record, 0, bytes(100)),
    ("an empty Finished", FORM, of("1.2", "Finished") | of("1.3", "Finished"), Hostile.handshake,
     20, b""),
    ("a KeyUpdate of another value", Rule("illegal_parameter", new="RFC 8446, 4.6.3"),
     of("1.3", "open"), Hostile.handshake, 24, b"\2"),
    ("an empty KeyUpdate", FORM, of("1.3", "open"), Hostile.handshake, 24, b""),
    ("a KeyUpdate that is too long", FORM, of("1.3", "open"), Hostile.handshake, 24, b"\0\0"),
    ("a message behind KeyUpdate in its record", Rule("unexpected_message", new="RFC 8446, 5.1"),
     of("1.3", "open"), Hostile.record, HANDSHAKE, message(24, b"\0") * 2),
    ("a ClientKeyExchange without a key", FORM, of("1.2", "ClientKeyExchange"), Hostile.handshake,
     16, b""),
    ("a ClientKeyExchange that ends within its key", FORM, of("1.2", "ClientKeyExchange"),
     Hostile.handshake, 16, b"\x20" + bytes(16)),
    ("a key of another length", Rule("illegal_parameter", "RFC 8422, 5.11"),
     of("1.2", "ClientKeyExchange"), Hostile.handshake, 16, b"\x1f" + bytes(range(31))),
    ("a key that makes no secret", Rule("illegal_parameter", "RFC 8422, 5.11 and RFC 7748, 6.1"),
     of("1.2", "ClientKeyExchange"), Hostile.handshake, 16, b"\x20" + bytes(32)),
]

for title, rule, where, how, kind, body in SAID:
    attack(title, rule, where)(
        lambda c, how=how, kind=kind, body=body: how(c, kind, body)
    )

# The second one in TLS 1.2 asks for a renegotiation: see below.
HELLO_AGAIN = EVERYWHERE - BEGIN - of("1.2", "open") - of("1.3", "second ClientHello")


@attack("ClientHello, once more", ORDER, HELLO_AGAIN)
def hello_again(c):
    c.record(HANDSHAKE, c.said["ClientHello"])


@attack("ClientHello twice in one record", ORDER, BEGIN)
def two_hellos(c):
    c.record(HANDSHAKE, c.said["ClientHello"] * 2)


@attack("Finished twice", Rule("unexpected_message", "RFC 5246, 7.4", None), of("1.2", "Finished"))
@attack("Finished twice, once with old keys", SEAL, of("1.3", "Finished"))
def finished_twice(c):
    c.record(HANDSHAKE, c.said["Finished"])
    c.record(HANDSHAKE, c.said["Finished"])


@attack("ClientKeyExchange twice", ORDER, of("1.2", "ClientKeyExchange"))
def key_exchange_twice(c):
    c.record(HANDSHAKE, c.said["ClientKeyExchange"])
    c.record(HANDSHAKE, c.said["ClientKeyExchange"])


@attack("ChangeCipherSpec, encrypted", TYPE, of("1.3", "Finished", "open"))
def change_encrypted(c):
    # Its type is behind it, and padding behind that.
    c.record(0, bytes([1, CCS]))


@attack("data behind close_notify",
        Rule("close_notify", "RFC 5246, 7.2.1", "RFC 8446, 6.1"), OPEN)
def data_after_the_end(c):
    """It is ignored, and the end answered."""
    c.record(ALERT, bytes([WARNING, CLOSE_NOTIFY]))
    c.record(DATA, b"x")
    c.clear(UNKNOWN, b"x")


@attack("a record that is too long", LENGTH, EVERYWHERE)
def record_too_long(c):
    c.clear(DATA if c.encrypted() else HANDSHAKE, bytes(2**14 + 2049))


@attack("a record that was changed on its way", SEAL, ENCRYPTED)
def changed(c):
    sealed = c.sealed(HANDSHAKE, message(20, bytes(12)))
    sealed[-1] ^= 1
    c.raw(sealed)


@attack("an encrypted record twice", SEAL, OPEN)
def replayed(c):
    sealed = c.sealed(DATA, b"x")
    c.raw(sealed + sealed)


@attack("encrypted records in another order", SEAL, OPEN)
def reordered(c):
    first, second = c.sealed(DATA, b"x"), c.sealed(DATA, b"y")
    c.raw(second + first)


@attack("an alert within a message", ORDER, EVERYWHERE)
def alert_within_a_message(c):
    """Whole messages only may have something else between them (RFC 8446, 5.1)."""
    c.record(HANDSHAKE, c.beginning())
    c.record(ALERT, bytes([WARNING, USER_CANCELED]))
    c.record(HANDSHAKE, b"x")


@attack("data within a message", Rule("unexpected_message", new="RFC 8446, 5.1"), of("1.3", "open"))
def data_within_a_message(c):
    c.record(HANDSHAKE, message(24, b"\0")[:3])
    c.record(DATA, b"x")


@attack("a message behind Finished in its record", Rule("unexpected_message", new="RFC 8446, 5.1"),
        of("1.3", "Finished"))
def behind_finished(c):
    """The keys change in between."""
    c.record(HANDSHAKE, c.said["Finished"] + message(24, b"\0"))


@attack("a message behind ClientHello in its record",
        Rule("unexpected_message", new="RFC 8446, 5.1"), of("1.3", "ClientHello"))
def behind_hello(c):
    c.record(HANDSHAKE, c.said["ClientHello"] + message(20, bytes(32)))


@attack("a wrong Finished", Rule("decrypt_error", "RFC 5246, 7.4.9 and 7.2.2", "RFC 8446, 4.4.4"),
        of("1.2", "Finished") | of("1.3", "Finished"))
def finished_wrong(c):
    c.handshake(20, bytes(len(c.said["Finished"]) - 4))


@attack("a Finished that is too short", FORM, of("1.2", "Finished") | of("1.3", "Finished"))
def finished_too_short(c):
    c.handshake(20, c.said["Finished"][4:-1])


@attack("a Finished that is too long", FORM, of("1.2", "Finished") | of("1.3", "Finished"))
def finished_too_long(c):
    c.handshake(20, c.said["Finished"][4:] + b"x")


@attack("a ClientKeyExchange with something behind its key", FORM, of("1.2", "ClientKeyExchange"))
def key_exchange_too_long(c):
    c.handshake(16, c.said["ClientKeyExchange"][4:] + b"x")


@attack("a renegotiation", Rule("no_renegotiation", "RFC 5246, 7.2.2"), of("1.2", "open"))
def renegotiation(c):
    """A warning, and whoever has asked may go on: this one asks again, which is enough."""
    c.record(HANDSHAKE, c.said["ClientHello"])
    c.record(HANDSHAKE, c.said["ClientHello"])


@attack("a handshake a byte at a time", Rule(GOES_ON, "RFC 5246, 6.2.1", "RFC 8446, 5.1"), BEGIN)
def byte_by_byte(c):
    c.recordSize = 1


# The end of the stream without close_notify is a truncation.
CUT = Rule(WAITS, "RFC 5246, 7.2.1", "RFC 8446, 6.1")


@attack("a record that is never whole", CUT, EVERYWHERE)
def record_cut(c):
    c.raw([DATA if c.encrypted() else HANDSHAKE, 3, 3, 1, 0, 1])


@attack("a message that is never whole", CUT, EVERYWHERE - of("1.2", "ChangeCipherSpec"))
def message_cut(c):
    c.record(HANDSHAKE, c.beginning())


@attack("half a header", CUT, EVERYWHERE)
def header_cut(c):
    c.raw([DATA if c.encrypted() else HANDSHAKE, 3, 3])


@attack("a reset", Rule(WAITS, "RFC 5246, 7.2.1", "RFC 8446, 6.1"), EVERYWHERE)
def reset(c):
    c.reset()
