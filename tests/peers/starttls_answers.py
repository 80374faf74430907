"""Answers that each protocol has of its own, right and wrong ones."""

import json

from harness import case, equal
from starttls_peer import talk
from starttls_servers import ALL, Imap, Pop3, Postgres, Smtp, message

NOBODY = message(b"E", b"SFATAL\0VFATAL\0C28000\0Mno pg_hba.conf entry\0\0")
STARTING = message(b"E", b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0")


@case
def without_tls_nothing_goes_on(peer):
    for kind, options, word in [
        (Smtp, {"offers_tls": False}, "offers no STARTTLS"),
        (Smtp, {"answer": b"454 not now\r\n"}, "454 not now"),
        (Smtp, {"answer": b"nonsense\r\n"}, "nonsense"),
        (Smtp, {"greeting": b"554 go away\r\n"}, "554 go away"),
        (Imap, {"offers_tls": False}, "offers no STARTTLS"),
        (Imap, {"answer": b"a2 NO not now\r\n"}, "a2 NO not now"),
        (Imap, {"answer": b"a2 BAD what\r\n"}, "a2 BAD what"),
        (Imap, {"answer": b"+ go on\r\n"}, "+ go on"),
        (Imap, {"answer": b"a22 OK go ahead\r\n"}, "a22 OK"),
        (Imap, {"answer": b"* OK go ahead\r\n* a2 OK\r\n"}, "does not answer"),
        (Imap, {"greeting": b"* BYE go away\r\n"}, "* BYE go away"),
        (Imap, {"greeting": b"* PREAUTH welcome\r\n"}, "allows no TLS"),
        (Imap, {"greeting": b"OK\r\n"}, "OK"),
        (Imap, {"capability": "FLAGS"}, "does not tell its capabilities"),
        (Imap, {"chatter": ["* x"] * 2000}, "does not stop"),
        (Pop3, {"offers_tls": False}, "offers no STLS"),
        (Pop3, {"answer": b"-ERR not now\r\n"}, "-ERR not now"),
        (Pop3, {"answer": b"+OKAY\r\n"}, "+OKAY"),
        (Pop3, {"greeting": b"-ERR go away\r\n"}, "-ERR go away"),
        (Postgres, {"offers_tls": False}, "offers no TLS"),
        (Postgres, {"answer": b"X"}, "was to answer with S or N"),
        (Postgres, {"answer": b"HTTP/1.1 400\r\n"}, "was to answer with S or N"),
    ]:
        status, out, err, server = talk(
            peer, kind, "--ca", peer.certificate, "--timeout", "2", **options
        )
        equal((status, out), (1, b""), options)
        assert word in err, err
        equal(len(err.splitlines()), 1, err)
        assert set(server.in_the_clear()) <= set(kind.clear), server.heard


@case
def an_error_in_the_clear_is_not_repeated(peer):
    """CVE-2024-10977: whoever sits in between has written it."""
    status, out, err, _ = talk(
        peer, Postgres, "--ca", peer.certificate, answer=message(b"E", b"Mcall this number\0\0")
    )
    equal((status, out), (1, b""))
    assert "answers with an error" in err and "number" not in err, err


@case
def a_long_answer_over_tls(peer):
    for kind, words in [(Smtp, 900), (Imap, 10), (Pop3, 900), (Postgres, 40)]:
        offered = [f"X{number}{'x' * (number % 500)}" for number in range(words)]
        status, out, err, _ = talk(peer, kind, "--ca", peer.certificate, offered=offered)
        equal((status, err), (0, ""))
        equal(json.loads(out)["offered"], offered)
    offered = [".", "..", ".dot", "plain"]
    _, out, _, _ = talk(peer, Pop3, "--ca", peer.certificate, offered=offered)
    equal(json.loads(out)["offered"], offered, "dots")


@case
def an_endless_answer_over_tls(peer):
    for kind, offered in [
        (Smtp, ["x"] * 1100), (Pop3, ["x"] * 1100), (Smtp, ["x" * 9000]), (Imap, ["x" * 9000]),
        (Pop3, ["x" * 9000]), (Postgres, ["x" * 40_000]),
    ]:
        status, out, err, _ = talk(peer, kind, "--ca", peer.certificate, offered=offered)
        equal((status, out), (1, b""), kind)
        assert any(
            word in err for word in ["does not stop", "too long", "does not say here"]
        ), err


@case
def capabilities_of_imap_are_those_over_tls(peer):
    """Others may be told at any time, and in any case of letters."""
    chatter = ["* OK still here", "* 3 EXISTS", "* capability-like EVIL"]
    status, out, err, _ = talk(
        peer, Imap, "--ca", peer.certificate, chatter=chatter, capability="capability",
        greeting=b"* ok [CAPABILITY IMAP4rev1 EVIL] ready\r\n",
        answer=b"* CAPABILITY EVIL\r\na2 ok go ahead\r\n", go_ahead=b"* CAP",
    )
    equal((status, err), (0, ""))
    equal(json.loads(out)["offered"], ["ONE", "TWO"])


@case
def ways_to_log_in_to_postgres(peer):
    for said, offered in [
        (message(b"R", b"\0\0\0\0"), ["trust"]),
        (message(b"R", b"\0\0\0\x03"), ["password"]),
        (message(b"R", b"\0\0\0\x05salt"), ["md5"]),
        (message(b"R", b"\0\0\0\x63"), ["99"]),
        (NOBODY, []),
    ]:
        status, out, err, server = talk(peer, Postgres, "--ca", peer.certificate, message=said)
        equal((status, err), (0, ""), said)
        equal(json.loads(out)["offered"], offered)
        equal([said for said, _ in server.heard], [*Postgres.clear, *Postgres.secret])
    for said, word in [
        (STARTING, "the database system is starting up"),
        (message(b"R", b"\0\0"), "does not say here"),
        (b"R\0\0\0\x03", "does not say here"),
        (b"R\xff\xff\xff\xff", "does not say here"),
        (message(b"Z", b"I"), "does not say here"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "does not say here"),
    ]:
        status, out, err, _ = talk(peer, Postgres, "--ca", peer.certificate, message=said)
        equal((status, out), (1, b""), said)
        assert word in err, err


@case
def answers_in_pieces(peer):
    """Each byte in a segment of its own."""
    for kind in ALL:
        class Slow(kind):
            def connection_made(self, transport):
                super().connection_made(Dribbling(transport))

            def begin(self):
                self.transport = self.transport.whole
                super().begin()

        status, out, err, _ = talk(peer, Slow, "--ca", peer.certificate)
        equal((status, err), (0, ""), kind)
        equal(json.loads(out)["offered"], ["ONE", "TWO"])


class Dribbling:
    """A transport that is told a byte at a time."""

    def __init__(self, whole):
        self.whole = whole
        whole.get_extra_info("socket").setsockopt(6, 1, 1)  # TCP_NODELAY

    def write(self, data):
        for at in range(len(data)):
            self.whole.write(data[at : at + 1])
