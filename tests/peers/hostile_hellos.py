"""ClientHellos that cannot be answered with a ServerHello."""

from hostile_table import ANSWERS, BEGIN, FORM, Rule, attack, of

NEW, OLD = of("1.3", "ClientHello"), of("1.2", "ClientHello")
RETRY = of("1.3", "second ClientHello")

SERVER_NAME, GROUPS, POINTS, SIGNATURES, ALPN = 0, 10, 11, 13, 16
PSK, VERSIONS, PSK_MODES, SHARES, RENEGOTIATION = 41, 43, 45, 51, 0xFF01
X25519, SECP256R1, SECP521R1 = 29, 23, 25

VERSION = Rule("protocol_version", "RFC 5246, E.1", "RFC 8446, 4.1.2 and 4.2.1")
NOTHING_IN_COMMON = Rule("handshake_failure", "RFC 5246, 7.4.1.3", "RFC 8446, 4.1.1")
MISSING = Rule("missing_extension", new="RFC 8446, 9.2")
SHARE = Rule("illegal_parameter", new="RFC 8446, 4.2.8")
# A server MAY check for it.
SHARE_MAYBE = Rule(("illegal_parameter", ANSWERS), new="RFC 8446, 4.2.8")
SHARE_AGAIN = Rule("illegal_parameter", new="RFC 8446, 4.1.2 and 4.2.8")
# A client MUST NOT change anything else. No alert is named for when it does.
CHANGED = Rule(("illegal_parameter", "protocol_version"), new="RFC 8446, 4.1.2")
# What cannot be a name. No alert is named.
NAME = Rule(("illegal_parameter", "decode_error", "unrecognized_name"), "RFC 6066, 3", "RFC 6066, 3")
# Before a key is used its binder is looked at; a key that is unknown is not used.
BINDER = Rule(("illegal_parameter", ANSWERS), new="RFC 8446, 4.2.11")
# One of a kind is allowed; no alert is named for a second one.
TWICE = Rule("illegal_parameter", "RFC 5246, 7.4.1.4", "RFC 8446, 4.2")


def vector(body, size=2):
    """With its length before it."""
    return len(body).to_bytes(size, "big") + bytes(body)


class Hello:
    """The parts of one."""

    def __init__(self, said):
        body = said[4:]
        self.version, self.random = body[:2], body[2:34]
        at = 34
        self.session_id, at = _taken(body, at, 1)
        self.suites, at = _taken(body, at, 2)
        self.compression, at = _taken(body, at, 1)
        extensions, at = _taken(body, at, 2)
        self.extensions = []
        at = 0
        while at < len(extensions):
            kind = int.from_bytes(extensions[at : at + 2], "big")
            value, at = _taken(extensions, at + 2, 2)
            self.extensions.append([kind, value])

    def put(self, kind, value):
        """Adds an extension, or replaces it."""
        for extension in self.extensions:
            if extension[0] == kind:
                extension[1] = value
                return
        self.extensions.append([kind, value])

    def drop(self, kind):
        self.extensions = [each for each in self.extensions if each[0] != kind]

    def change(self, extensions):
        """Puts some, and drops those that are None."""
        for kind, value in extensions.items():
            if value is None:
                self.drop(kind)
            else:
                self.put(kind, value)

    def value(self, kind):
        return next(value for each, value in self.extensions if each == kind)

    def body(self):
        extensions = b"".join(kind.to_bytes(2, "big") + vector(value)
                              for kind, value in self.extensions)
        return (self.version + self.random + vector(self.session_id, 1) + vector(self.suites)
                + vector(self.compression, 1) + vector(extensions))


def _taken(data, at, size):
    """A vector and where it ends."""
    end = at + size + int.from_bytes(data[at : at + size], "big")
    return data[at + size : end], end


def hello(name, rule, where):
    """Registers an attack that changes a ClientHello."""
    def register(change):
        def act(client):
            parts = Hello(client.said[client.stop])
            change(parts)
            client.handshake(1, parts.body())

        attack(name, rule, where)(act)
        return change

    return register


def bare(name, rule, where):
    """Registers an attack that changes the bytes of a ClientHello's body."""
    def register(change):
        def act(client):
            client.handshake(1, change(client.said[client.stop][4:]))

        attack(name, rule, where)(act)
        return change

    return register


def share(group, key):
    return group.to_bytes(2, "big") + vector(key)


@bare("an empty ClientHello", FORM, BEGIN)
def nothing(_body):
    return b""


@bare("a ClientHello that ends within its random", FORM, BEGIN)
def cut_in_random(body):
    return body[:20]


@bare("a ClientHello that ends within its extensions", FORM, BEGIN | RETRY)
def cut_in_extensions(body):
    return body[:-1]


@bare("a ClientHello with something behind its extensions", FORM, BEGIN | RETRY)
def too_long(body):
    return body + b"x"


# Fields that are something else.
FIELDS = [
    ("a session of 33 bytes", FORM, BEGIN, "session_id", bytes(33)),
    ("no cipher suites", FORM, BEGIN, "suites", b""),
    ("cipher suites that nobody has", NOTHING_IN_COMMON, BEGIN, "suites", b"\x0a\x0a\xfe\xfe"),
    ("a second ClientHello with other suites", Rule("illegal_parameter", new="RFC 8446, 4.1.2"),
     RETRY, "suites", b"\x13\1"),
    ("no compression methods", FORM, BEGIN, "compression", b""),
    ("compression alone", Rule("illegal_parameter", "RFC 5246, 7.4.1.2", "RFC 8446, 4.1.2"),
     BEGIN, "compression", b"\1"),
    ("compression beside none", Rule("illegal_parameter", new="RFC 8446, 4.1.2"),
     NEW, "compression", b"\0\1"),
    ("SSL 3.0", VERSION, OLD, "version", b"\3\0"),
    ("TLS 1.1", VERSION, OLD, "version", b"\3\2"),
]

for title, rule, where, field, value in FIELDS:
    hello(title, rule, where)(
        lambda parts, field=field, value=value: setattr(parts, field, value)
    )


def psk(identities, binders):
    return vector(b"".join(vector(each) + bytes(4) for each in identities)) + vector(
        b"".join(vector(each, 1) for each in binders))


ON_X25519 = bytes(range(32))
ONLY_SECP256R1 = vector(SECP256R1.to_bytes(2, "big"))
# A key with a fresh key share beside it.
WITH_SHARE = vector(b"\1", 1)

# Extensions that are something else, or left out.
EXTENSIONS = [
    ("no version that there is", VERSION, NEW, {VERSIONS: vector(b"\x7f\x1c\3\5", 1)}),
    ("TLS 1.1 as the only version of the list", VERSION, NEW, {VERSIONS: vector(b"\3\2", 1)}),
    ("an empty list of versions", FORM, NEW, {VERSIONS: b"\0"}),
    ("half a version", FORM, NEW, {VERSIONS: b"\3\3\4\3"}),
    ("the suites of TLS 1.3 for TLS 1.2", NOTHING_IN_COMMON, NEW,
     {VERSIONS: vector(b"\3\3", 1)}),
    ("a second ClientHello for TLS 1.2", CHANGED, RETRY, {VERSIONS: vector(b"\3\3", 1)}),
    ("no signature algorithms", MISSING, NEW, {SIGNATURES: None}),
    ("an empty list of signature algorithms", FORM, BEGIN, {SIGNATURES: b"\0\0"}),
    ("half a signature algorithm", FORM, BEGIN, {SIGNATURES: b"\0\1\4"}),
    ("signature algorithms that nobody has",
     Rule("handshake_failure", "RFC 5246, 7.4.1.4.1", "RFC 8446, 4.4.2.2"), BEGIN,
     {SIGNATURES: vector(b"\xfe\xfe")}),
    ("no groups", MISSING, NEW, {GROUPS: None}),
    ("an empty list of groups", FORM, BEGIN, {GROUPS: b"\0\0"}),
    ("groups that nobody has", NOTHING_IN_COMMON, OLD, {GROUPS: vector(b"\xfe\xfe")}),
    ("groups that nobody has", NOTHING_IN_COMMON, NEW,
     {GROUPS: vector(b"\xfe\xfe"), SHARES: vector(b"")}),
    ("no key shares", MISSING, NEW, {SHARES: None}),
    ("a second ClientHello without a key share", MISSING, RETRY, {SHARES: None}),
    ("a second ClientHello with an empty list of key shares", SHARE_AGAIN, RETRY,
     {SHARES: vector(b"")}),
    ("a second ClientHello with a key share of another group", SHARE_AGAIN, RETRY,
     {SHARES: vector(share(SECP521R1, bytes(133)))}),
    ("key shares that end early", FORM, NEW, {SHARES: vector(share(X25519, ON_X25519)[:-1])}),
    ("a key share without a key", FORM, NEW, {SHARES: vector(share(X25519, b""))}),
    ("a key share that is too short", SHARE, NEW, {SHARES: vector(share(X25519, ON_X25519[1:]))}),
    ("a key share that is too long", SHARE, NEW, {SHARES: vector(share(X25519, ON_X25519 + b"x"))}),
    ("a key share that makes no secret", Rule("illegal_parameter", new="RFC 8446, 7.4.2"), NEW,
     {SHARES: vector(share(X25519, bytes(32)))}),
    ("a key share that is no point of its curve",
     Rule("illegal_parameter", new="RFC 8446, 4.2.8.2"), NEW,
     {GROUPS: ONLY_SECP256R1, SHARES: vector(share(SECP256R1, b"\4" + bytes(63) + b"\1"))}),
    ("a key share of a group that was not listed", SHARE_MAYBE, NEW, {GROUPS: ONLY_SECP256R1}),
    ("two key shares of one group", SHARE_MAYBE, NEW,
     {SHARES: vector(share(X25519, ON_X25519) * 2)}),
    ("a server name without a name", FORM, BEGIN, {SERVER_NAME: vector(b"\0" + vector(b""))}),
    ("a server name that ends early", FORM, BEGIN,
     {SERVER_NAME: vector(b"\0" + vector(b"localhost")[:-1])}),
    ("a server name with a zero in it", NAME, BEGIN,
     {SERVER_NAME: vector(b"\0" + vector(b"local\0host"))}),
    ("two server names", NAME, BEGIN,
     {SERVER_NAME: vector(b"\0" + vector(b"localhost") + b"\0" + vector(b"other"))}),
    ("no protocols to choose from", FORM, BEGIN, {ALPN: vector(b"")}),
    ("a protocol without a name", FORM, BEGIN, {ALPN: vector(b"\0")}),
    ("compressed points alone", Rule("illegal_parameter", "RFC 8422, 5.1.2"), OLD,
     {POINTS: vector(b"\1", 1)}),
    ("a renegotiation from nowhere", Rule("handshake_failure", "RFC 5746, 3.6"), OLD,
     {RENEGOTIATION: vector(bytes(12), 1)}),
    ("a key without its modes", Rule("missing_extension", new="RFC 8446, 4.2.9"), NEW,
     {PSK_MODES: None, PSK: psk([b"ticket"], [bytes(32)])}),
    ("more keys than binders", BINDER, NEW,
     {PSK_MODES: WITH_SHARE, PSK: psk([b"one", b"two"], [bytes(32)])}),
    ("a key without a name", FORM, NEW, {PSK_MODES: WITH_SHARE, PSK: psk([b""], [bytes(32)])}),
    ("a binder that is too short", FORM, NEW,
     {PSK_MODES: WITH_SHARE, PSK: psk([b"ticket"], [bytes(31)])}),
]

for title, rule, where, extensions in EXTENSIONS:
    hello(title, rule, where)(lambda parts, extensions=extensions: parts.change(extensions))


@hello("half a cipher suite", FORM, BEGIN)
def half_a_suite(parts):
    parts.suites += b"\x13"


@hello("a fallback that was not needed", Rule("inappropriate_fallback", "RFC 7507, 3"), OLD)
def fallback(parts):
    parts.suites += b"\x56\x00"


@hello("an extension twice", TWICE, BEGIN)
def extension_twice(parts):
    parts.extensions.append([GROUPS, parts.value(GROUPS)])


@hello("an unknown extension twice", TWICE, BEGIN)
def unknown_extension_twice(parts):
    parts.extensions += [[0xFEFE, b"x"], [0xFEFE, b"y"]]


@hello("a key that is not the last extension", Rule("illegal_parameter", new="RFC 8446, 4.2.11"), NEW)
def psk_not_last(parts):
    parts.put(PSK_MODES, WITH_SHARE)
    parts.extensions.insert(0, [PSK, psk([b"ticket"], [bytes(32)])])
