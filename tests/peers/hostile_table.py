"""What servers owe to clients that break the rules of TLS.

An `Attack` is something that a client says in one of the states of the server, each
named by the message that an honest client would say next. A `Rule` is what the server
has to do then, by which section. `hostile_deviations` has what the libraries do
instead, and why.
"""

# RFC 8446, section 6; RFC 5246, section 7.2.
ALERTS = {
    "close_notify": 0,
    "unexpected_message": 10,
    "bad_record_mac": 20,
    "record_overflow": 22,
    "handshake_failure": 40,
    "bad_certificate": 42,
    "illegal_parameter": 47,
    "unknown_ca": 48,
    "decode_error": 50,
    "decrypt_error": 51,
    "protocol_version": 70,
    "internal_error": 80,
    "inappropriate_fallback": 86,
    "no_renegotiation": 100,
    "missing_extension": 109,
    "unrecognized_name": 112,
    "certificate_required": 116,
    "no_application_protocol": 120,
}
NAMES = {number: name for name, number in ALERTS.items()}

# Outcomes without an alert: the server ends the connection; it waits for more; it
# answers as to a message that is right; it serves the client to the end.
ENDS = "ends without an alert"
WAITS = "waits"
ANSWERS = "answers"
GOES_ON = "goes on"

# The server's states, in their order.
STATES = {
    "1.2": ["ClientHello", "ClientKeyExchange", "ChangeCipherSpec", "Finished", "open"],
    "1.3": ["ClientHello", "second ClientHello", "Finished", "open"],
}
# Where the client has to show a certificate there are more.
MUTUAL_STATES = ["Certificate", "CertificateVerify"]

BEGIN = {("1.2", "ClientHello"), ("1.3", "ClientHello")}
OPEN = {("1.2", "open"), ("1.3", "open")}
EVERYWHERE = {(version, state) for version, states in STATES.items() for state in states}
# The states that only such servers have.
MUTUAL = {(version, state) for version in STATES for state in MUTUAL_STATES}
# In TLS 1.2 what the client says is encrypted from its ChangeCipherSpec on, in 1.3
# from its answer to the server's messages on.
ENCRYPTED = OPEN | {("1.2", "Finished"), ("1.3", "Finished")}
CLEAR = EVERYWHERE - ENCRYPTED


def of(version, *states):
    return {(version, state) for state in states or STATES[version]}


class Rule:
    """What a server has to do: an alert, or one of the outcomes without, or any of
    several where none is named; and the section that says so, of each version."""

    def __init__(self, outcome, old=None, new=None):
        self.outcomes = (outcome,) if isinstance(outcome, str) else outcome
        self.sections = {"1.2": old, "1.3": new}


class Attack:
    """One thing that a client says, where the rule is the same."""

    def __init__(self, name, rule, where, act):
        self.name = name
        self.rule = rule
        self.where = where
        self.act = act


ATTACKS = []


def attack(name, rule, where):
    """Registers an attack: a function of a `Hostile` that has stopped in the state."""
    def register(act):
        ATTACKS.append(Attack(name, rule, where, act))
        return act

    return register


# A peer MUST NOT say things out of their order.
ORDER = Rule("unexpected_message", "RFC 5246, 7.4 and 7.2.2", "RFC 8446, 4")
# Types of records that nobody has asked for.
TYPE = Rule("unexpected_message", "RFC 5246, 6", "RFC 8446, 5")
# Empty records of anything but data. RFC 5246 forbids them and names no alert.
EMPTY = Rule("unexpected_message", "RFC 5246, 6.2.1", "RFC 8446, 5.4")
# What does not have the form that it should have.
FORM = Rule("decode_error", "RFC 5246, 7.2.2", "RFC 8446, 6.2")
# Values that cannot be.
VALUE = Rule("illegal_parameter", "RFC 5246, 7.2.2", "RFC 8446, 6.2")
LENGTH = Rule("record_overflow", "RFC 5246, 6.2.1 and 6.2.3", "RFC 8446, 5.1 and 5.2")
SEAL = Rule("bad_record_mac", "RFC 5246, 6.2.3.3", "RFC 8446, 5.2")
# Whoever gets a fatal alert closes the connection and says nothing more.
FATAL = Rule(ENDS, "RFC 5246, 7.2.2", "RFC 8446, 6.2")
