"""Upgrades to Postfix, Dovecot and PostgreSQL, and certificates of theirs that are
refused."""

import hashlib
import json
import os
import ssl

from certificate import Authority
from harness import equal, tls_case
from real_servers import dovecot, postfix, postgres


class Certificates:
    """A right one and an expired one, and roots that have signed neither: somebody
    else, and somebody who says to be the right one."""

    def __init__(self, place):
        self.authority = Authority(os.path.join(place, "authority"))
        self.stranger = Authority(os.path.join(place, "stranger"), "somebody else")
        self.impostor = Authority(os.path.join(place, "impostor"))
        self.right = self.authority.issue("right")
        self.expired = self.authority.issue("expired", days=(-3, -1))


def certificates(peer):
    """The same for all cases."""
    if not hasattr(peer, "certificates"):
        peer.certificates = Certificates(peer.place)
    return peer.certificates


def upgraded(peer, protocol, port, version, offered):
    """The session is as it should be, and over TLS the server offers something."""
    known = certificates(peer)
    done = peer.upgrade(protocol, port, "--ca", known.authority.root)
    equal((done.returncode, done.stderr), (0, ""), protocol)
    facts = json.loads(done.stdout)
    assert offered in facts.pop("offered"), done.stdout
    assert facts.pop("cipher_suite") in {
        "TLSv1.2": ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
        "TLSv1.3": ["TLS_AES_256_GCM_SHA384"],
    }[version], done.stdout
    with open(known.right[0], encoding="ascii") as file:
        der = ssl.PEM_cert_to_DER_cert(file.read())
    equal(facts, {
        "tls_version": version,
        "server_name": "localhost",
        "alpn": None,
        "certificates_sha256": [hashlib.sha256(der).hexdigest()],
        "resumed": False,
    })


def refused(peer, log, protocol, port, arguments, words, alert):
    """One line says why, nothing is printed, and the server is told by an alert."""
    done = peer.upgrade(protocol, port, *arguments)
    equal((done.returncode, done.stdout), (1, ""), arguments)
    equal(len(done.stderr.splitlines()), 1, done.stderr)
    assert done.stderr.startswith(f"error: {words}"), done.stderr
    log.has(alert)


def refused_with_right(peer, log, protocol, port):
    """The server's certificate is a right one, but not what is expected."""
    known = certificates(peer)
    trusting = ["--ca", known.authority.root]
    for arguments, words, alert in [
        (trusting + ["--name", "elsewhere.example"], WRONG_NAME, "bad certificate"),
        (trusting + ["--name", "127.0.0.2"], WRONG_NAME, "bad certificate"),
        (["--ca", known.stranger.root], "the certificate's issuer is unknown", "unknown ca"),
        # rustls looks at the signature, OpenSSL at the key's identifier first.
        (["--ca", known.impostor.root], "the certificate", "alert"),
        ([], "the certificate's issuer is unknown", "unknown ca"),
    ]:
        refused(peer, log, protocol, port, arguments, words, alert)


def refused_with_expired(peer, log, protocol, port):
    refused(
        peer, log, protocol, port, ["--ca", certificates(peer).authority.root],
        "the certificate has expired", "certificate expired",
    )


WRONG_NAME = "the certificate is not valid for this name"


@tls_case
def postfix_is_upgraded_to(peer):
    right, expired = certificates(peer).right, certificates(peer).expired
    served = [(*right, ">=TLSv1.2"), (*right, "<=TLSv1.2"), (*expired, ">=TLSv1.2")]
    with postfix(*served) as ((newest, older, late), log):
        upgraded(peer, "smtp", newest, "TLSv1.3", "8BITMIME")
        upgraded(peer, "smtp", older, "TLSv1.2", "8BITMIME")
        for port in [newest, older]:
            refused_with_right(peer, log, "smtp", port)
        refused_with_expired(peer, log, "smtp", late)


@tls_case
def dovecot_is_upgraded_to(peer):
    with dovecot(*certificates(peer).right) as (ports, log):
        for protocol, port, offered in zip(["imap", "pop3"], ports, ["AUTH=PLAIN", "SASL PLAIN"]):
            upgraded(peer, protocol, port, "TLSv1.3", offered)
            refused_with_right(peer, log, protocol, port)
    with dovecot(*certificates(peer).expired) as (ports, log):
        for protocol, port in zip(["imap", "pop3"], ports):
            refused_with_expired(peer, log, protocol, port)


@tls_case
def postgresql_is_upgraded_to(peer):
    right, expired = certificates(peer).right, certificates(peer).expired
    with postgres() as cluster:
        with cluster.started(*right) as port:
            # What is bound to the TLS connection is offered over TLS alone.
            upgraded(peer, "postgres", port, "TLSv1.3", "SCRAM-SHA-256-PLUS")
            refused_with_right(peer, cluster.log, "postgres", port)
        with cluster.started(*right, "ssl_max_protocol_version=TLSv1.2") as port:
            upgraded(peer, "postgres", port, "TLSv1.2", "SCRAM-SHA-256-PLUS")
        with cluster.started(*expired) as port:
            refused_with_expired(peer, cluster.log, "postgres", port)
        with cluster.started(*right, "ssl=off") as port:
            done = peer.upgrade("postgres", port, "--ca", certificates(peer).authority.root)
            equal((done.returncode, done.stdout), (1, ""))
            equal(done.stderr, "error: the server offers no TLS\n")
