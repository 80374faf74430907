"""The upgrade by the rules of each protocol, and what keeps it from happening."""

import hashlib
import json
import ssl

from certificate import make_certificate
from harness import equal, refused, run, tls_case
from starttls_peer import talk
from starttls_servers import ALL, Imap, Pop3, Postgres, Smtp, message


@tls_case
def upgrades_to_servers_of_asyncio(peer):
    with open(peer.certificate, encoding="ascii") as file:
        der = ssl.PEM_cert_to_DER_cert(file.read())
    for kind in ALL:
        for version, suite in [
            (ssl.TLSVersion.TLSv1_2, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
            (ssl.TLSVersion.TLSv1_3, "TLS_AES_256_GCM_SHA384"),
        ]:
            status, out, err, server = talk(
                peer, kind, "--ca", peer.certificate, context=peer.context(version)
            )
            equal((status, err), (0, ""), kind)
            equal(json.loads(out), {
                "tls_version": version.name.replace("TLSv1_", "TLSv1."),
                "cipher_suite": suite,
                "server_name": "localhost",
                "alpn": None,
                "certificates_sha256": [hashlib.sha256(der).hexdigest()],
                "resumed": False,
                "offered": ["ONE", "TWO"],
            })
            ended = server.secure.get_extra_info("ssl_object").version()
            equal(ended, version.name.replace("TLSv1_", "TLSv1."))
            equal(server.heard, [
                *[(said, False) for said in kind.clear], *[(said, True) for said in kind.secret]
            ])


@tls_case
def certificates_are_verified(peer):
    other = peer.certificate + ".other"
    make_certificate(other, other + ".key", "elsewhere")
    for kind in ALL:
        for arguments, word in [
            (["--ca", peer.certificate, "--name", "elsewhere"], "not valid for this name"),
            (["--ca", peer.certificate, "--name", "127.0.0.2"], "not valid for this name"),
            (["--ca", other], "issuer is unknown"),
            ([], "certificate"),
        ]:
            status, out, err, server = talk(peer, kind, *arguments)
            equal((status, out), (1, b""), arguments)
            assert word in err, err
            assert isinstance(server.failure, ssl.SSLError), server.failure
            assert "alert" in str(server.failure), server.failure
            equal(server.in_the_clear(), [*kind.clear])
        status, out, err, _ = talk(peer, kind, "--ca", peer.certificate, "--name", "127.0.0.1")
        equal((status, json.loads(out)["server_name"]), (0, None), "an address")


@tls_case
def answers_behind_the_answer_are_never_heard(peer):
    """What somebody in between has added to the answer: CVE-2011-0411,
    CVE-2021-23222."""
    for kind, added in [
        (Smtp, b"250 evil\r\n"),
        (Smtp, b"250-evil\r\n250 EVIL\r\n221 x\r\n"),
        (Smtp, b"\r\n"),
        (Imap, b"* CAPABILITY EVIL\r\na3 OK done\r\na4 OK done\r\n"),
        (Imap, b"* PREAUTH evil\r\n"),
        (Pop3, b"+OK\r\nEVIL\r\n.\r\n+OK\r\n"),
        (Pop3, b"\n"),
        (Postgres, message(b"R", b"\0\0\0\0")),
        (Postgres, b"S"),
        (Postgres, b"N"),
    ]:
        status, out, err, server = talk(
            peer, kind, "--ca", peer.certificate, answer=kind.go_ahead + added
        )
        equal((status, out), (1, b""), added)
        assert "broke the TLS protocol" in err, err
        equal(server.in_the_clear(), [*kind.clear])


@tls_case
def a_server_that_says_nothing_more(peer):
    """After its go-ahead it does not speak TLS."""
    for kind in ALL:
        status, out, err, server = talk(
            peer, kind, "--ca", peer.certificate, "--timeout", "0.3", context=None
        )
        equal((status, out), (1, b""))
        assert "took longer than 300ms" in err, err
        equal(server.in_the_clear()[: len(kind.clear)], [*kind.clear])


@tls_case
def a_server_that_shows_itself_but_once(peer):
    """The connection ends where an answer over TLS was to come."""
    for kind in ALL:
        class Leaves(kind):
            def obey(self, said):
                if self.secure:
                    self.transport.close()
                else:
                    super().obey(said)

        status, out, err, _ = talk(peer, Leaves, "--ca", peer.certificate)
        equal((status, out), (1, b""), kind)
        assert "server has closed the connection" in err, err


@tls_case
def bad_usage(peer):
    def line_of(*arguments):
        return refused(peer.program, *arguments, *peer.tls)

    line_of()
    line_of("gopher", "localhost", "1")
    line_of("smtp", "localhost", "65536")
    for kind in ALL:
        line = line_of(kind.name, "localhost", "1", "--ca", "/nowhere")
        assert "/nowhere" in line, line
        line = line_of(kind.name, "localhost", "1", "--ca", peer.key)
        assert peer.key in line, line
        done = run(peer.program, kind.name, "127.0.0.1", "1", *peer.tls, text=True)
        equal((done.returncode, len(done.stderr.splitlines())), (1, 1), "nobody listens")
    line = refused(peer.program, "smtp", "localhost", "1", "--tls-provider", "gnutls")
    assert "gnutls" in line, line
    equal(run(peer.program, "--help").returncode, 0)
