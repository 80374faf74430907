"""STARTTLS byte for byte (RFC 3207): bytes behind the command, and the end of
everything that was said in the clear."""

import random
import ssl

from harness import equal, tls_case
from mail_sink import ENVELOPE, HELLO, stuffed, text
from smtp_client import Client

EVIL = ENVELOPE + b"DATA\r\nevil\r\n.\r\n"
ALERT = 0x15


@tls_case
def a_hello_glued_to_the_command(sink):
    """In one segment, and in two that are cut anywhere in the hello."""
    for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
        for at in [None, 1, 4, 5, 6, 100, -1]:
            with Client(sink.server) as client:
                equal(client.ask(b"EHLO peer"), 250)
                hello = client.hello_of(sink.context(version))
                client.send(b"STARTTLS\r\n" + hello[:at])
                equal(client.reply()[0], 220)
                if at is not None:
                    client.send(hello[at:])
                client.shake_hands()
                mail = text(at or 0, 40_000)
                client.send(HELLO + ENVELOPE + b"DATA\r\n" + stuffed(mail) + b"QUIT\r\n")
                equal(client.codes(6), [250, 250, 250, 354, 250, 221])
                equal(client.rest(), b"")
            equal(sink.arrived(), [mail], f"{version} cut at {at}")


@tls_case
def commands_behind_the_command_are_never_obeyed(sink):
    """CVE-2011-0411: what somebody in between has added to STARTTLS."""
    for added in [b"RSET\r\n", EVIL, HELLO + EVIL, b"\r\n", b" ", b"\n", EVIL * 1000]:
        with Client(sink.server) as client:
            equal(client.ask(b"EHLO peer"), 250)
            # The client knows nothing of it, and goes on as it should.
            hello = client.hello_of(sink.context())
            client.send(b"STARTTLS\r\n" + added)
            equal(client.reply()[0], 220)
            try:
                client.send(hello)
                client.shake_hands()
            except (ssl.SSLError, ConnectionError):
                pass
            else:
                raise AssertionError(f"{added!r} was taken for TLS")
        equal(sink.arrived(), [], added[:40])


@tls_case
def the_peer_is_told(sink):
    """An alert, and the end: neither an answer nor a mail."""
    for added in [EVIL, b"GET / HTTP/1.1\r\n\r\n"]:
        for apart in [False, True]:
            with Client(sink.server) as client:
                equal(client.ask(b"EHLO peer"), 250)
                if apart:
                    equal(client.ask(b"STARTTLS"), 220)
                    client.send(added)
                else:
                    client.send(b"STARTTLS\r\n" + added)
                    equal(client.reply()[0], 220)
                rest = client.rest()
                equal((rest[0], rest[5], len(rest)), (ALERT, 2, 7), f"one fatal alert: {rest!r}")
    equal(sink.arrived(), [])


@tls_case
def commands_before_the_command_are_forgotten(sink):
    with Client(sink.server) as client:
        client.send(HELLO + ENVELOPE)
        equal(client.codes(3), [250, 250, 250])
        client.start_tls(sink.context())
        for line, code in [
            (b"DATA", 503), (b"RCPT TO:<b@c>", 503), (b"MAIL FROM:<a@b>", 503),
            (b"STARTTLS", 503), (b"EHLO peer", 250), (b"DATA", 503), (b"STARTTLS", 503),
        ]:
            equal(client.ask(line), code, line)
        client.send(b"EHLO peer\r\n")
        offered = client.reply()[1]
        assert "STARTTLS" not in offered and "PIPELINING" in offered, offered
    equal(sink.arrived(), [])


@tls_case
def a_truncated_connection_delivers_nothing(sink):
    with Client(sink.server) as client:
        equal(client.ask(b"EHLO peer"), 250)
        client.start_tls(sink.context())
        client.send(HELLO + ENVELOPE + b"DATA\r\n" + b"x" * 600_000 + b"\r\n")
        equal(client.codes(4), [250, 250, 250, 354])
    with Client(sink.server) as client:
        equal(client.ask(b"EHLO peer"), 250)
        client.start_tls(sink.context())
        client.send(HELLO + ENVELOPE + b"DATA\r\n" + b"x" * 600_000 + b"\r\n")
        client.close_notify()
        client.rest()
    sink.nothing_is_begun()
    equal(sink.arrived(), [])


@tls_case
def records_of_every_size(sink):
    chance = random.Random(5)
    mail = text(11, 300_000)
    talk = HELLO + ENVELOPE + b"DATA\r\n" + stuffed(mail) + b"QUIT\r\n"
    with Client(sink.server) as client:
        equal(client.ask(b"EHLO peer"), 250)
        client.start_tls(sink.context())
        while talk:
            size = chance.choice([1, 2, 100, 20_000])
            client.send(talk[:size])
            talk = talk[size:]
        equal(client.codes(6), [250, 250, 250, 354, 250, 221])
    equal(sink.arrived(), [mail])


@tls_case
def many_at_once(sink):
    mails = [text(number, 20_000) for number in range(50)]
    clients = [Client(sink.server) for _ in mails]
    for client, mail in zip(clients, mails):
        equal(client.ask(b"EHLO peer"), 250)
        client.start_tls(sink.context())
        client.send(HELLO + ENVELOPE + b"DATA\r\n" + stuffed(mail)[:-3])
    for client in clients:
        client.send(b".\r\n")
    for client in clients:
        equal(client.codes(5), [250, 250, 250, 354, 250])
        client.socket.close()
    equal(sorted(sink.arrived()), sorted(mails))
