"""A ticket that the server has given, shown with a proof that is none, or changed."""

from harness import equal, tls_case
from hostile_client import Hostile
from hostile_hellos import PSK, Hello
from hostile_table import ALERTS

SERVER_HELLO = 2


def ticket(bench):
    """A session to resume."""
    with Hostile(bench.plain, "1.3") as client:
        client.shake_hands()
        client.write(b"ping")
        # The tickets come before it.
        equal(client.read(4, 4), b"ping")
        session = client.session
    bench.plain.end_of(client.name)
    assert session.tickets, "no ticket came"
    return session


def shown(bench, change):
    """What the server makes of a ClientHello with a ticket: the alerts, the messages, and
    its error."""
    with Hostile(bench.plain, "1.3") as client:
        client.shake_hands("ClientHello", session=ticket(bench))
        parts = Hello(client.said["ClientHello"])
        value = bytearray(parts.value(PSK))
        change(value)
        parts.put(PSK, bytes(value))
        client.handshake(1, parts.body())
        client.ends()
        seen = client.reaction()
        return seen.alerts, seen.handshake, bench.plain.end_of(client.name)


@tls_case
def a_ticket_resumes(bench):
    """Else the others would show nothing."""
    with Hostile(bench.plain, "1.3") as client:
        client.shake_hands(session=ticket(bench))
        assert client.resumed
        client.write(b"ping")
        equal(client.read(4, 4), b"ping")
    bench.plain.end_of(client.name)


@tls_case
def a_wrong_binder_on_a_ticket(bench):
    """The server MUST abort the handshake (RFC 8446, 4.2.11), by decrypt_error (6.2). To
    OpenSSL it is a value that cannot be."""
    def change(value):
        value[-1] ^= 1

    alerts, messages, error = shown(bench, change)
    due = {"rustls": "decrypt_error", "openssl": "illegal_parameter"}[bench.provider]
    equal((alerts, messages), ([ALERTS[due]], []), error)
    bench.honest(bench.plain)
    return error


@tls_case
def a_ticket_that_was_changed(bench):
    """It is nobody's, and the handshake is a full one (RFC 8446, 4.2.11)."""
    def change(value):
        # Behind the lengths of the list and of the ticket.
        value[10] ^= 1

    alerts, messages, error = shown(bench, change)
    equal((alerts, messages[:1]), ([], [SERVER_HELLO]), error)
    bench.honest(bench.plain)
