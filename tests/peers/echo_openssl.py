"""OpenSSL's s_client: the upgrade of each protocol, key updates, renegotiation and
resumption."""

import os

from harness import equal, refused, run, tls_case
from talking import talking


def s_client(bench, server, *options):
    """One that verifies, and whose input may have commands of its own."""
    return talking(
        "openssl", "s_client", "-connect", server.address, "-servername", "localhost",
        "-CAfile", bench.root, "-verify_return_error", "-verify_hostname", "localhost",
        "-brief", *options,
    )


@tls_case
def s_client_upgrades_by_each_protocol(bench):
    for protocol in ["smtp", "imap", "pop3", "postgres"]:
        with bench.echo("--upgrade", protocol) as server:
            for option, version in [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")]:
                with s_client(bench, server, "-starttls", protocol, option) as client:
                    client.hears("Verification: OK")
                    client.say("what is said")
                    client.hears("what is said\n")
                    client.say("Q")
                    equal(client.ends()[0], 0)
                session = server.next("open")["session"]
                equal((session["tls_version"], session["server_name"]), (version, "localhost"))
                equal(server.next("lost")["error"], None)


@tls_case
def s_client_updates_keys(bench):
    """By `K` it asks for the server's new keys too, and by `k` not."""
    with bench.echo() as server, s_client(bench, server, "-tls1_3") as client:
        client.hears("Verification: OK")
        for number, command in enumerate(["K", "k", "K", "K", "k", "k"]):
            client.say(command)
            client.hears("KEYUPDATE")
            client.say(f"after {number}")
            client.hears(f"after {number}\n")
        client.say("Q")
        equal(client.ends()[0], 0)
        server.next("open")
        equal(server.next("lost")["error"], None)


@tls_case
def s_client_does_not_renegotiate(bench):
    """It asks by `R`, gets the alert no_renegotiation, and gives up (RFC 5246,
    section 7.2.2); the library is told in the end."""
    with bench.echo() as server, s_client(bench, server, "-tls1_2") as client:
        client.hears("Verification: OK")
        client.say("before")
        client.hears("before\n")
        client.say("R")
        client.hears("no renegotiation")
        equal(client.ends()[0], 1)
        server.next("open")
        assert "the peer sent alert" in server.next("lost")["error"]


@tls_case
def s_client_resumes(bench):
    """By a ticket that came behind the handshake in TLS 1.3, and within it in 1.2; over
    a second connection and over a third one."""
    kept = os.path.join(bench.place, "session")
    with bench.echo() as server:
        for option in ["-tls1_2", "-tls1_3"]:
            for resumed, store in [
                (False, ["-sess_out", kept]),
                (True, ["-sess_in", kept, "-sess_out", kept]),
                (True, ["-sess_in", kept]),
            ]:
                with s_client(bench, server, option, *store) as client:
                    client.hears("CONNECTION ESTABLISHED")
                    client.say("what is said")
                    client.hears("what is said\n")
                    client.say("Q")
                    equal(client.ends()[0], 0)
                equal(server.next("open")["session"]["resumed"], resumed, (option, store))
                equal(server.next("lost")["error"], None)


@tls_case
def s_client_refuses_and_is_refused(bench):
    """Each side hears of it by an alert."""
    with bench.echo() as server:
        for options, word in [
            (["-CAfile", bench.stranger], "unable to get local issuer certificate"),
            (["-verify_hostname", "elsewhere"], "hostname mismatch"),
            (["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], "alert handshake failure"),
        ]:
            with s_client(bench, server, *options) as client:
                client.hears(word)
                equal(client.ends()[0], 1)
            server.next("refused")


@tls_case
def bad_usage(bench):
    refused(bench.program, *bench.tls)
    refused(bench.program, "--tls-cert", bench.certificate, *bench.tls)
    refused(bench.program, "--tls-client-ca", bench.root, *bench.tls)
    refused(bench.program, "--tls-self-signed", "--upgrade", "gopher", *bench.tls)
    line = refused(bench.program, "--tls-self-signed", "--tls-client-ca", bench.key, *bench.tls)
    assert bench.key in line, line
    with bench.echo() as server:
        line = refused(bench.program, "--tls-self-signed", "--listen", server.address, *bench.tls)
        assert server.address in line, line
    equal(run(bench.program, "--help").returncode, 0)
