"""GnuTLS' client: the upgrade by the protocols that it knows, key updates and
resumption."""

from harness import equal, tls_case
from talking import talking


def gnutls_cli(bench, server, *options):
    """One that verifies, and whose input may have commands of its own."""
    return talking(
        "gnutls-cli", "localhost", "--port", str(server.port), "--x509cafile", bench.root,
        "--inline-commands", *options,
    )


VERSIONS = {
    "TLSv1.2": "NORMAL:-VERS-ALL:+VERS-TLS1.2",
    "TLSv1.3": "NORMAL:-VERS-ALL:+VERS-TLS1.3",
}


@tls_case
def gnutls_upgrades_by_each_protocol(bench):
    for protocol in ["smtp", "imap", "pop3"]:
        with bench.echo("--upgrade", protocol) as server:
            for version, priority in VERSIONS.items():
                options = ["--starttls-proto", protocol, "--priority", priority]
                with gnutls_cli(bench, server, *options) as client:
                    client.hears("Handshake was completed")
                    client.say("what is said")
                    client.hears("what is said\n")
                    equal(client.ends()[0], 0)
                session = server.next("open")["session"]
                equal((session["tls_version"], session["server_name"]), (version, "localhost"))
                equal(server.next("lost")["error"], None)


@tls_case
def gnutls_updates_keys_and_resumes(bench):
    with bench.echo() as server:
        with gnutls_cli(bench, server, "--priority", VERSIONS["TLSv1.3"]) as client:
            client.hears("Handshake was completed")
            for number in range(3):
                client.say("^rekey^")
                client.hears("Rekey was completed")
                client.say(f"after {number}")
                client.hears(f"after {number}\n")
            client.say("^resume^")
            client.hears("This is a resumed session")
            client.say("once more")
            client.hears("once more\n")
            equal(client.ends()[0], 0)
        equal(server.next("open")["session"]["resumed"], False)
        equal(server.next("lost")["error"], None)
        equal(server.next("open")["session"]["resumed"], True)
        equal(server.next("lost")["error"], None)


@tls_case
def gnutls_refuses_other_certificates(bench):
    with bench.echo() as server:
        for options, word in [
            (["--x509cafile", bench.stranger], "issuer is unknown"),
            (["--verify-hostname", "elsewhere"], "name in the certificate does not match"),
        ]:
            with gnutls_cli(bench, server, *options) as client:
                client.hears(word)
                equal(client.ends()[0], 1)
            server.events.get(timeout=10)
