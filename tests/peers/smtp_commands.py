"""SMTP byte for byte: order, pipelining, texts, limits."""

import random

from harness import case, equal
from mail_sink import ENVELOPE, HELLO, stuffed, text
from smtp_client import Client

MAIL = b"MAIL FROM:<a@example.org>"
RCPT = b"RCPT TO:<b@example.org>"


@case
def commands_out_of_order_are_refused(sink):
    with Client(sink.server) as client:
        for line, code in [
            (MAIL, 503), (RCPT, 503), (b"DATA", 503), (b"STARTTLS", 503),
            (b"RSET", 250), (b"NOOP", 250), (b"VRFY a", 252), (b"HELP", 214),
            (b"HELO peer", 250), (b"STARTTLS", 503), (MAIL + b" SIZE=10", 555),
            (b"EHLO peer", 250), (RCPT, 503), (b"DATA", 503),
            (MAIL, 250), (MAIL, 503), (b"DATA", 503),
            (b"RCPT TO:<>", 501), (b"DATA", 503),
            (RCPT, 250), (b"RSET", 250), (RCPT, 503), (b"DATA", 503),
            (MAIL, 250), (RCPT, 250), (b"EHLO peer", 250), (b"DATA", 503),
            (b"FROBNICATE", 500), (b"", 500), (b"QUIT now", 501),
            (b"QUIT", 221),
        ]:
            equal(client.ask(line), code, line)
        equal(client.rest(), b"")
    equal(sink.arrived(), [])


@case
def pipelined_commands_are_answered_in_order(sink):
    mails = [text(number, number * 1000) for number in range(5)]
    talk = HELLO
    for mail in mails:
        talk += b"RSET\r\n" + ENVELOPE + b"NOOP\r\nDATA\r\n" + stuffed(mail)
    talk += b"FROBNICATE\r\nQUIT\r\n"
    chance = random.Random(3)
    for pieces in [[talk], cut(talk, chance, 2000), cut(talk, chance, 7)]:
        with Client(sink.server) as client:
            client.send(b"")
            for piece in pieces:
                client.send(piece)
            equal(client.codes(1 + 6 * 5 + 2),
                  [250] + [250, 250, 250, 250, 354, 250] * 5 + [500, 221])
            equal(client.rest(), b"")
        equal(sink.arrived(), mails)


def cut(data, chance, longest):
    pieces = []
    while data:
        size = chance.randint(1, longest)
        pieces.append(data[:size])
        data = data[size:]
    return pieces


@case
def every_cut_of_a_text(sink):
    mail = b"a\r\n.\r\n..\r\n\r\n.b\r\n"
    sent = stuffed(mail)
    for at in range(len(sent)):
        with Client(sink.server) as client:
            client.send(HELLO + ENVELOPE + b"DATA\r\n" + sent[:at])
            equal(client.codes(4), [250, 250, 250, 354])
            client.send(sent[at:] + b"QUIT\r\n")
            equal(client.codes(2), [250, 221], at)
        equal(sink.arrived(), [mail], at)


@case
def lone_line_feeds_end_nothing(sink):
    """Neither a text (SMTP smuggling) nor a command."""
    for trick in [b"\n.\n", b"\n.\r\n", b"\r.\r\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r"]:
        sent = b"one" + trick + MAIL + b"\r\nend\r\n"
        with Client(sink.server) as client:
            client.send(HELLO + ENVELOPE + b"DATA\r\n" + sent + b".\r\nQUIT\r\n")
            equal(client.codes(6), [250, 250, 250, 354, 250, 221], trick)
        # The dot behind a real line's end was not meant.
        expected = sent.replace(b"\r\n.", b"\r\n") if trick.startswith(b"\r\n") else sent
        equal(sink.arrived(), [expected], trick)
    with Client(sink.server) as client:
        client.send(b"EHLO peer\nMAIL FROM:<a@example.org>\r\n")
        equal(client.codes(1), [500])
        equal(client.rest(), b"", "nothing behind it is obeyed")


@case
def long_lines(sink):
    with Client(sink.server) as client:
        equal(client.ask(b"NOOP " + b"x" * 2043), 250)
        for size in [2044, 2045, 100_000, 10_000_000]:
            equal(client.ask(b"NOOP " + b"x" * size), 500, size)
        equal(client.ask(b"EHLO peer"), 250)
        mail = b"x" * 1_000_000 + b"\r\n"
        client.send(ENVELOPE + b"DATA\r\n" + mail + b".\r\nQUIT\r\n")
        equal(client.codes(5), [250, 250, 354, 250, 221])
    equal(sink.arrived(), [mail])


@case
def recipients_have_a_limit(sink):
    with Client(sink.server) as client:
        client.send(HELLO + MAIL + b"\r\n" + (RCPT + b"\r\n") * 1001)
        equal(client.codes(2 + 1001), [250] * 1002 + [452])
        client.send(b"DATA\r\nx\r\n.\r\n")
        equal(client.codes(2), [354, 250])
    equal(sink.arrived(), [b"x\r\n"])


@case
def enough_is_enough(sink):
    with Client(sink.server) as client:
        client.send(b"nonsense\r\n" * 200)
        equal(client.codes(101), [500] * 100 + [421])
        equal(client.rest(), b"")


@case
def a_mail_that_does_not_end_is_none(sink):
    for end in [b"", b"\r\n", b"\r\n.", b"\r\n.\r"]:
        with Client(sink.server) as client:
            client.send(HELLO + ENVELOPE + b"DATA\r\n" + b"x" * 1_000_000 + end)
            equal(client.codes(4), [250, 250, 250, 354])
        sink.nothing_is_begun()
        equal(sink.arrived(), [], end)


@case
def a_client_that_never_reads(sink):
    """Its replies must not pile up, and others be served."""
    with Client(sink.server) as idle:
        idle.socket.settimeout(0.5)
        sent = 0
        try:
            while sent < 200 << 20:
                idle.socket.sendall(b"NOOP\r\n" * 10_000)
                sent += 60_000
        except TimeoutError:
            pass
        assert sent < 100 << 20, f"{sent} bytes of commands were read"
        with Client(sink.server) as client:
            equal(client.ask(b"NOOP"), 250)
