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


@hello("a session of 33 bytes", FORM, BEGIN)
def session_too_long(parts):
    parts.session_id = bytes(33)


@hello("no cipher suites", FORM, BEGIN)
def no_suites(parts):
    parts.suites = b""


@hello("half a cipher suite", FORM, BEGIN)
def half_a_suite(parts):
    parts.suites += b"\x13"


@hello("cipher suites that nobody has", NOTHING_IN_COMMON, BEGIN)
def unknown_suites(parts):
    parts.suites = b"\x0a\x0a\xfe\xfe"


@hello("no compression methods", FORM, BEGIN)
def no_compression(parts):
    parts.compression = b""


@hello("compression alone", Rule("illegal_parameter", "RFC 5246, 7.4.1.2", "RFC 8446, 4.1.2"), BEGIN)
def compression_alone(parts):
    parts.compression = b"\1"


@hello("compression beside none", Rule("illegal_parameter", new="RFC 8446, 4.1.2"), NEW)
def compression_beside(parts):
    parts.compression = b"\0\1"


@hello("SSL 3.0", VERSION, OLD)
def ssl3(parts):
    parts.version = b"\3\0"


@hello("TLS 1.1", VERSION, OLD)
def tls11(parts):
    parts.version = b"\3\2"


@hello("no version that there is", VERSION, NEW)
def unknown_versions(parts):
    parts.put(VERSIONS, vector(b"\x7f\x1c\3\5", 1))


@hello("TLS 1.1 as the only version of the list", VERSION, NEW)
def old_versions(parts):
    parts.put(VERSIONS, vector(b"\3\2", 1))


@hello("an empty list of versions", FORM, NEW)
def no_versions(parts):
    parts.put(VERSIONS, b"\0")


@hello("half a version", FORM, NEW)
def half_a_version(parts):
    parts.put(VERSIONS, b"\3\3\4\3")


@hello("the suites of TLS 1.3 for TLS 1.2", NOTHING_IN_COMMON, NEW)
def new_suites_for_old(parts):
    parts.put(VERSIONS, vector(b"\3\3", 1))


@hello("a fallback that was not needed", Rule("inappropriate_fallback", "RFC 7507, 3"), OLD)
def fallback(parts):
    parts.suites += b"\x56\x00"


@hello("no signature algorithms", MISSING, NEW)
def no_signatures(parts):
    parts.drop(SIGNATURES)


@hello("an empty list of signature algorithms", FORM, BEGIN)
def empty_signatures(parts):
    parts.put(SIGNATURES, b"\0\0")


@hello("half a signature algorithm", FORM, BEGIN)
def half_a_signature(parts):
    parts.put(SIGNATURES, b"\0\1\4")


@hello("signature algorithms that nobody has",
       Rule("handshake_failure", "RFC 5246, 7.4.1.4.1", "RFC 8446, 4.4.2.2"), BEGIN)
def unknown_signatures(parts):
    parts.put(SIGNATURES, vector(b"\xfe\xfe"))


@hello("no groups", MISSING, NEW)
def no_groups(parts):
    parts.drop(GROUPS)


@hello("an empty list of groups", FORM, BEGIN)
def empty_groups(parts):
    parts.put(GROUPS, b"\0\0")


@hello("groups that nobody has", NOTHING_IN_COMMON, BEGIN)
def unknown_groups(parts):
    parts.put(GROUPS, vector(b"\xfe\xfe"))
    if any(kind == SHARES for kind, _ in parts.extensions):
        parts.put(SHARES, vector(b""))


@hello("no key shares", MISSING, NEW)
def no_shares(parts):
    parts.drop(SHARES)


@hello("key shares that end early", FORM, NEW)
def shares_cut(parts):
    parts.put(SHARES, vector(share(X25519, bytes(range(32)))[:-1]))


@hello("a key share without a key", FORM, NEW)
def share_empty(parts):
    parts.put(SHARES, vector(share(X25519, b"")))


@hello("a key share that is too short", SHARE, NEW)
def share_too_short(parts):
    parts.put(SHARES, vector(share(X25519, bytes(range(31)))))


@hello("a key share that is too long", SHARE, NEW)
def share_too_long(parts):
    parts.put(SHARES, vector(share(X25519, bytes(range(33)))))


@hello("a key share that makes no secret",
       Rule("illegal_parameter", new="RFC 8446, 7.4.2"), NEW)
def share_of_zeros(parts):
    parts.put(SHARES, vector(share(X25519, bytes(32))))


@hello("a key share that is no point of its curve",
       Rule("illegal_parameter", new="RFC 8446, 4.2.8.2"), NEW)
def share_of_no_point(parts):
    parts.put(GROUPS, vector(SECP256R1.to_bytes(2, "big")))
    parts.put(SHARES, vector(share(SECP256R1, b"\4" + bytes(63) + b"\1")))


@hello("a key share of a group that was not listed", SHARE_MAYBE, NEW)
def share_of_no_group(parts):
    parts.put(GROUPS, vector(SECP256R1.to_bytes(2, "big")))


@hello("two key shares of one group", SHARE_MAYBE, NEW)
def shares_of_one_group(parts):
    parts.put(SHARES, vector(share(X25519, bytes(range(32))) * 2))


@hello("an extension twice", TWICE, BEGIN)
def extension_twice(parts):
    parts.extensions.append([GROUPS, parts.value(GROUPS)])


@hello("an unknown extension twice", TWICE, BEGIN)
def unknown_extension_twice(parts):
    parts.extensions += [[0xFEFE, b"x"], [0xFEFE, b"y"]]


@hello("a server name without a name", FORM, BEGIN)
def name_empty(parts):
    parts.put(SERVER_NAME, vector(b"\0" + vector(b"")))


@hello("a server name that ends early", FORM, BEGIN)
def name_cut(parts):
    parts.put(SERVER_NAME, vector(b"\0" + vector(b"localhost")[:-1]))


@hello("a server name with a zero in it", NAME, BEGIN)
def name_with_zero(parts):
    parts.put(SERVER_NAME, vector(b"\0" + vector(b"local\0host")))


@hello("two server names", NAME, BEGIN)
def names_two(parts):
    parts.put(SERVER_NAME, vector(b"\0" + vector(b"localhost") + b"\0" + vector(b"other")))


@hello("no protocols to choose from", FORM, BEGIN)
def protocols_none(parts):
    parts.put(ALPN, vector(b""))


@hello("a protocol without a name", FORM, BEGIN)
def protocol_empty(parts):
    parts.put(ALPN, vector(b"\0"))


@hello("compressed points alone", Rule("illegal_parameter", "RFC 8422, 5.1.2"), OLD)
def points_compressed(parts):
    parts.put(POINTS, vector(b"\1", 1))


@hello("a renegotiation from nowhere", Rule("handshake_failure", "RFC 5746, 3.6"), OLD)
def renegotiating(parts):
    parts.put(RENEGOTIATION, vector(bytes(12), 1))


def psk(identities, binders):
    return vector(b"".join(vector(each) + bytes(4) for each in identities)) + vector(
        b"".join(vector(each, 1) for each in binders))


@hello("a key that is not the last extension", Rule("illegal_parameter", new="RFC 8446, 4.2.11"), NEW)
def psk_not_last(parts):
    parts.put(PSK_MODES, vector(b"\1", 1))
    parts.extensions.insert(0, [PSK, psk([b"ticket"], [bytes(32)])])


@hello("a key without its modes", Rule("missing_extension", new="RFC 8446, 4.2.9"), NEW)
def psk_without_modes(parts):
    parts.drop(PSK_MODES)
    parts.put(PSK, psk([b"ticket"], [bytes(32)]))


@hello("more keys than binders", BINDER, NEW)
def psk_without_binder(parts):
    parts.put(PSK_MODES, vector(b"\1", 1))
    parts.put(PSK, psk([b"one", b"two"], [bytes(32)]))


@hello("a key without a name", FORM, NEW)
def psk_without_name(parts):
    parts.put(PSK_MODES, vector(b"\1", 1))
    parts.put(PSK, psk([b""], [bytes(32)]))


@hello("a binder that is too short", FORM, NEW)
def psk_short_binder(parts):
    parts.put(PSK_MODES, vector(b"\1", 1))
    parts.put(PSK, psk([b"ticket"], [bytes(31)]))


@hello("a second ClientHello with other suites", Rule("illegal_parameter", new="RFC 8446, 4.1.2"), RETRY)
def retried_with_other_suites(parts):
    parts.suites = b"\x13\1"


@hello("a second ClientHello without a key share", Rule("missing_extension", new="RFC 8446, 9.2"), RETRY)
def retried_without_share(parts):
    parts.drop(SHARES)


@hello("a second ClientHello with an empty list of key shares",
       Rule("illegal_parameter", new="RFC 8446, 4.1.2 and 4.2.8"), RETRY)
def retried_with_no_shares(parts):
    parts.put(SHARES, vector(b""))


@hello("a second ClientHello with a key share of another group",
       Rule("illegal_parameter", new="RFC 8446, 4.1.2 and 4.2.8"), RETRY)
def retried_with_another_share(parts):
    parts.put(SHARES, vector(share(SECP521R1, bytes(133))))


@hello("a second ClientHello for TLS 1.2", CHANGED, RETRY)
def retried_with_another_version(parts):
    parts.put(VERSIONS, vector(b"\3\3", 1))
