"""How `smtp-sink` ends, and how it does not begin."""

import contextlib
import os
import signal
import subprocess
import time

from certificate import make_certificate
from harness import case, equal, refused, run, running, tls_case, wait_until
from mail_sink import ENVELOPE, HELLO, stuffed, text
from smtp_client import Client


@contextlib.contextmanager
def another(sink, *options):
    with running(sink.program, *sink.arguments(), *options) as server:
        yield server


@case
def mails_have_a_limit(sink):
    mail = text(1, 5000)
    with another(sink, "--max-size", "10kB") as server, Client(server) as client:
        client.send(HELLO)
        assert "SIZE 10000" in client.reply()[1]
        equal(client.ask(b"MAIL FROM:<a@b> SIZE=10001"), 552)
        for size, code in [(9_998, 250), (9_999, 552), (2_000_000, 552)]:
            client.send(ENVELOPE + b"DATA\r\n" + b"x" * size + b"\r\n.\r\n")
            equal(client.codes(4), [250, 250, 354, code], size)
        client.send(ENVELOPE + b"DATA\r\n" + stuffed(mail))
        equal(client.codes(4), [250, 250, 354, 250], "the connection goes on")
    equal(sink.arrived(), [b"x" * 9_998 + b"\r\n", mail])


@case
def clients_have_a_limit(sink):
    with another(sink, "--max-connections", "2") as server:
        with Client(server) as first, Client(server) as second:
            with Client(server, greeted=False) as third:
                equal(third.reply()[0], 421)
                equal(third.rest(), b"")
            equal(first.ask(b"NOOP"), 250)
            equal(second.ask(b"QUIT"), 221)
        with contextlib.closing(Client(server, greeted=False).socket):
            pass

        def room():
            with Client(server, greeted=False) as client:
                return client.reply()[0] == 220

        wait_until(room, 5, "room again")


@tls_case
def a_silent_client_is_told_and_left(sink):
    with another(sink, "--idle-timeout", "0.3") as server:
        with Client(server) as client:
            equal(client.reply()[0], 421)
            equal(client.rest(), b"")
        with Client(server) as client:
            client.send(HELLO + ENVELOPE + b"DATA\r\nbegun\r\n")
            equal(client.codes(5), [250, 250, 250, 354, 421])
        with Client(server) as client:
            equal(client.ask(b"EHLO peer"), 250)
            equal(client.ask(b"STARTTLS"), 220)
            equal(client.rest(), b"", "there is nobody to tell")
        with Client(server) as client:
            equal(client.ask(b"EHLO peer"), 250)
            client.start_tls(sink.context())
            equal(client.reply()[0], 421)
            equal(client.rest(), b"")
    equal(sink.arrived(), [])


@case
def without_a_certificate_there_is_no_tls(sink):
    with running(sink.program, sink.root, "--listen", "127.0.0.1:0") as server:
        with Client(server) as client:
            client.send(HELLO)
            assert "STARTTLS" not in client.reply()[1]
            equal(client.ask(b"STARTTLS"), 502)
            client.send(ENVELOPE + b"DATA\r\nx\r\n.\r\n")
            equal(client.codes(4), [250, 250, 354, 250])
    equal(sink.arrived(), [b"x\r\n"])


@tls_case
def a_made_up_certificate(sink):
    with running(sink.program, sink.root, "--listen", "127.0.0.1:0", "--tls-self-signed",
                 *sink.tls) as server:
        done = run(
            "openssl", "s_client", "-quiet", "-starttls", "smtp", "-connect", server.address,
            "-verify_hostname", "localhost", input=b"QUIT\r\n",
        )
    assert done.stdout.endswith(b"221 goodbye\r\n"), done


@tls_case
def the_first_signal_lets_mails_arrive(sink):
    for number in [signal.SIGINT, signal.SIGTERM]:
        mail = text(number, 600_000)
        with another(sink) as server:
            with Client(server) as busy, Client(server) as idle:
                equal(busy.ask(b"EHLO peer"), 250)
                busy.start_tls(sink.context())
                busy.send(HELLO + ENVELOPE + b"DATA\r\n" + stuffed(mail)[:-3])
                equal(busy.codes(4), [250, 250, 250, 354])
                server.signal(number)
                equal(idle.reply()[0], 421)
                equal(idle.rest(), b"")
                with contextlib.suppress(ConnectionError):
                    Client(server)
                    raise AssertionError("still accepting")
                busy.send(b".\r\nNOOP\r\n")
                equal(busy.codes(2), [250, 421])
                equal(busy.rest(), b"")
            equal(server.wait(5), 0, "status")
        equal(sink.arrived(), [mail])


@case
def the_second_signal_aborts(sink):
    with another(sink) as server, Client(server) as busy:
        busy.send(HELLO + ENVELOPE + b"DATA\r\n" + b"x" * 600_000)
        equal(busy.codes(4), [250, 250, 250, 354])
        server.signal(signal.SIGINT)
        time.sleep(0.3)
        equal(server.process.poll(), None, "waiting for the mail")
        server.signal(signal.SIGINT)
        equal(server.wait(5), 1, "status")
    sink.nothing_is_begun()
    equal(sink.arrived(), [])


@case
def killed_in_between_leaves_no_part_under_a_name(sink):
    with another(sink) as server, Client(server) as client:
        client.send(HELLO + ENVELOPE + b"DATA\r\n" + b"x" * 3_000_000)
        equal(client.codes(4), [250, 250, 250, 354])
        wait_until(lambda: any(n.startswith(".") for n in os.listdir(sink.root)), 5, "a part")
        server.signal(signal.SIGKILL)
        server.wait(5)
    equal(sink.arrived(), [])
    for name in os.listdir(sink.root):
        if name.startswith("."):
            os.remove(os.path.join(sink.root, name))


@case
def a_disk_that_is_full(sink):
    """A mail that cannot be stored is answered with 4xx, and the next one taken."""
    # A file of this server ends after 200 blocks, and that is no signal for it.
    limited = ["sh", "-c", 'trap "" XFSZ; ulimit -f 200; exec "$@"', "sh", sink.program, *sink.arguments()]
    with running(*limited) as server, Client(server) as client:
        client.send(HELLO)
        equal(client.reply()[0], 250)
        client.send(ENVELOPE + b"DATA\r\n" + b"x" * 2_000_000 + b"\r\n.\r\n")
        equal(client.codes(4), [250, 250, 354, 451])
        client.send(ENVELOPE + b"DATA\r\nx\r\n.\r\n")
        equal(client.codes(4), [250, 250, 354, 250])
    equal(sink.arrived(), [b"x\r\n"])
    sink.nothing_is_begun()


@tls_case
def bad_certificates(sink):
    def place(name):
        return os.path.join(sink.place, name)

    def files(certificate, key):
        return refused(sink.program, sink.root, "--listen", "127.0.0.1:0", *sink.tls,
                       "--tls-cert", certificate, "--tls-key", key)

    make_certificate(place("other.pem"), place("other-key.pem"))
    with open(place("empty"), "wb"):
        pass
    with open(place("garbage"), "wb") as file:
        file.write(b"-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n")
    for certificate, key, named in [
        ("nothing", "key.pem", ["nothing"]),
        ("certificate.pem", "nothing", ["nothing"]),
        ("empty", "key.pem", ["empty"]),
        ("certificate.pem", "empty", ["empty"]),
        ("garbage", "key.pem", ["garbage"]),
        ("key.pem", "key.pem", ["key.pem"]),
        ("certificate.pem", "certificate.pem", ["certificate.pem"]),
        ("certificate.pem", "other-key.pem", ["certificate.pem", "other-key.pem"]),
        (".", "key.pem", ["."]),
    ]:
        line = files(place(certificate), place(key))
        for name in named:
            assert place(name) in line, line


@case
def bad_usage(sink):
    refused(sink.program)
    refused(sink.program, os.path.join(sink.place, "nothing"))
    refused(sink.program, sink.certificate)
    refused(sink.program, sink.root, "--tls-cert", sink.certificate)
    refused(sink.program, sink.root, "--tls-key", sink.key)
    refused(sink.program, *sink.arguments(), "--tls-self-signed")
    refused(sink.program, sink.root, "--listen", sink.server.address)
    refused(sink.program, sink.root, "--max-size", "0")
    refused(sink.program, sink.root, "--max-connections", "0")
    refused(sink.program, sink.root, "--idle-timeout", "-1")
    refused(sink.program, "a\nb")
    equal(run(sink.program, "--help").returncode, 0)
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sink.program, *sink.arguments()],
            stdout=full, stderr=subprocess.PIPE, timeout=10, check=False,
        )
    equal((done.returncode, len(done.stderr.splitlines())), (1, 1), "no room for a line")


@tls_case
def nothing_is_left_behind(sink):
    """The server has been through everything above."""
    wait_until(lambda: sink.server.descriptors() < 16, 5, "few descriptors")
    sink.server.signal(signal.SIGINT)
    equal(sink.server.wait(5), 0, "status")
    equal(sink.server.process.stderr.read(), "", "standard error")
    sink.nothing_is_begun()
