#!/usr/bin/env python3
"""Says what is wrong to the example `tls-echo`, in every state of both handshakes, and
looks at what it does.

usage: hostile_records.py [--tls-providers NAMES] PROGRAM [CASE...]

It needs tlslite-ng, from PyPI. Everything stays on the loopback interface and is
bounded in time. The exit status tells whether all went well.
"""

import contextlib
import os
import socket
import ssl

from tlslite.api import X509CertChain, parsePEMKey

from certificate import RSA_KEY
from echoing import prepare as prepare_echo
from harness import equal, main, tls_case, wait_until
from hostile_deviations import DEVIATIONS
from hostile_outcome import attacked
from hostile_table import ATTACKS, MUTUAL_STATES, STATES

# Importing registers their attacks.
import hostile_attacks  # noqa: F401
import hostile_certificates  # noqa: F401
import hostile_hellos  # noqa: F401
import hostile_strangers  # noqa: F401


class Trial:
    """Two servers, one of which asks for certificates, and an honest client."""

    def __init__(self, bench, plain, mutual):
        self.provider = bench.provider
        self.plain, self.mutual = plain, mutual
        self.asking = ssl.create_default_context(cafile=bench.root)
        self.asking.load_cert_chain(bench.certificate, bench.key)
        self.identity = (X509CertChain(), None)
        with open(bench.certificate, encoding="ascii") as file:
            pem = file.read()
        with open(bench.key, encoding="ascii") as file:
            self.identity = (X509CertChain(), parsePEMKey(file.read(), private=True))
        self.identity[0].parsePemList(pem)
        self.der = os.path.join(bench.place, "right.der")
        with open(self.der, "wb") as file:
            file.write(ssl.PEM_cert_to_DER_cert(pem))
        # The deviations that have been seen.
        self.seen = set()
        for server in [plain, mutual]:
            self.honest(server)
        self.first = {server: server.peak() for server in [plain, mutual]}

    def honest(self, server):
        """A client that obeys is served."""
        plain = socket.create_connection((server.host, server.port), 10)
        with self.asking.wrap_socket(plain, server_hostname="localhost") as client:
            client.sendall(b"what is said")
            equal(client.recv(100), b"what is said", "an honest client")
            name = "{}:{}".format(*client.getsockname())
            client.unwrap().close()
        equal(server.end_of(name), None, "an honest end")


@contextlib.contextmanager
def prepare(program, tls):
    with (
        prepare_echo(program, tls, new_key=RSA_KEY) as bench,
        bench.echo() as plain,
        bench.echo("--tls-client-ca", bench.root) as mutual,
    ):
        yield Trial(bench, plain, mutual)


def register(version, state, mutual):
    place = (version, state)

    def in_this_state(trial):
        server = trial.mutual if mutual else trial.plain
        identity = trial.identity if mutual else None
        attacks = [attack for attack in ATTACKS if place in attack.where]
        wrong = []
        for attack in attacks:
            fault, deviation = attacked(server, attack, place, trial.provider, identity)
            trial.seen.add(deviation)
            if fault:
                wrong.append(f"{attack.name}: {fault}")
            trial.honest(server)
        if wrong:
            raise AssertionError("\n" + "\n".join(wrong))
        return f"{len(attacks)} attacks"

    title = state.replace("second ClientHello", "second_ClientHello")
    in_this_state.__name__ = f"tls_{version.replace('.', '_')}_before_{title}"
    if state == "open":
        in_this_state.__name__ = f"tls_{version.replace('.', '_')}_open"
    tls_case(in_this_state)


for each_version, states in STATES.items():
    for each_state in states:
        register(each_version, each_state, mutual=False)
    for each_state in MUTUAL_STATES:
        register(each_version, each_state, mutual=True)

import hostile_floods  # noqa: E402,F401
import hostile_tickets  # noqa: E402,F401


@tls_case
def every_deviation_is_one(trial):
    """What is explained has happened; it needs the cases of all states."""
    stale = [each.why for each in DEVIATIONS[trial.provider] if each not in trial.seen]
    equal(stale, [], "what a library does not do any more")


@tls_case
def nothing_is_left_behind(trial):
    for server in [trial.plain, trial.mutual]:
        wait_until(lambda: server.server.descriptors() < 16, 10, "few descriptors")
        equal(server.server.process.poll(), None, "the server is there")
    grown = [server.peak() - trial.first[server] for server in [trial.plain, trial.mutual]]
    return f"{max(grown) >> 10} KiB grown at most"


if __name__ == "__main__":
    main(prepare)
