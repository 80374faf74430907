"""What a server has made of an attack: what the client got, and what the server says of
it."""

from hostile_client import Hostile
from hostile_deviations import deviation
from hostile_table import ANSWERS, ENDS, GOES_ON, NAMES, WAITS

# A client that is asked for another key share.
RETRYING = {"groups": ("x25519", "secp256r1"), "shares": ()}

# An alert whose keys the client does not have yet: it was stopped before.
SEALED = "a sealed alert"
# The length of such a record: two bytes, their type, and the seal.
SEALED_LENGTH = 2 + 1 + 16

# How the server calls an end that it did not bring about.
ENDED = (
    "the connection failed during the TLS handshake",
    "the peer ended the stream without close_notify",
    "connection reset",
    "Connection reset by peer",
)
NEW_SESSION_TICKET = 4


def outcome(server, attack, version, state, identity=None):
    """What comes of it, and the server's error."""
    options = {"identity": identity, **(RETRYING if state == "second ClientHello" else {})}
    with Hostile(server, version) as client:
        if GOES_ON in attack.rule.outcomes:
            if state == "open":
                client.shake_hands(**options)
                attack.act(client)
            else:
                client.shake_hands(change=_before(state, attack, client), **options)
            client.write(b"ping")
            served = client.read(4, 4) == b"ping"
            client.ends()
            error = server.end_of(client.name)
            return GOES_ON if served else error, error
        client.shake_hands(None if state == "open" else state, **options)
        attack.act(client)
        client.ends()
        seen = client.reaction()
        error = server.end_of(client.name)
        return _named(seen, error), error


def attacked(server, attack, place, provider, identity=None):
    """Tells what is wrong with what comes of an attack, if anything is; and the deviation
    that has explained it, if one has."""
    got, error = outcome(server, attack, *place, identity)
    if error and error.startswith("the TLS library failed"):
        return f"this side takes the blame: {error}", None
    expected = deviation(provider, attack, place)
    outcomes = (expected.outcome,) if expected else attack.rule.outcomes
    # An alert that cannot be read is one all the same, and the error tells which.
    alerts = [name for name in outcomes if name not in (ENDS, WAITS, ANSWERS, GOES_ON)]
    if got in outcomes or (got == SEALED and alerts):
        return None, expected
    section = attack.rule.sections[place[0]]
    return f"{' or '.join(outcomes)} was due ({section}), and it {got}: {error}", expected


def _before(state, attack, client):
    """Attacks before a message leaves, which it then does."""
    def change(name, _message):
        if name == state:
            client.sock.flush()
            client.stop = state
            attack.act(client)
            client.stop = None

    return change


def _named(seen, error):
    if len(seen.data) == SEALED_LENGTH or None in seen.alerts:
        return SEALED
    if seen.alerts:
        return ", ".join(NAMES.get(alert, str(alert)) for alert in seen.alerts)
    if error is not None and not error.startswith(ENDED):
        return ENDS
    if any(kind != NEW_SESSION_TICKET for kind in seen.handshake):
        return ANSWERS
    return WAITS
