"""Mail from Python's smtplib, swaks, OpenSSL's s_client, gnutls-cli and curl."""

import os
import smtplib
import ssl

from harness import case, equal, run, tls_case
from mail_sink import HELLO, ENVELOPE, stuffed, text
from talking import talking

VERSIONS = {"tlsv1_2": ssl.TLSVersion.TLSv1_2, "tlsv1_3": ssl.TLSVersion.TLSv1_3}


@tls_case
def smtplib_delivers(sink):
    for version in VERSIONS.values():
        with smtplib.SMTP("localhost", sink.server.port, timeout=10) as client:
            equal(client.starttls(context=sink.context(version))[0], 220)
            equal(client.sock.version(), version.name.replace("TLSv1_", "TLSv1."))
            assert not client.has_extn("starttls") or client.ehlo()[0] == 250
            mails = [text(number, size) for number, size in enumerate([0, 1000, 3 << 20])]
            for mail in mails:
                equal(client.sendmail("a@example.org", ["b@example.org", "c@example.org"], mail), {})
            equal(client.has_extn("starttls"), False, "offered over TLS")
            equal(client.has_extn("pipelining"), True, "not offered over TLS")
        equal(sink.arrived(), mails, version)


@case
def smtplib_delivers_in_the_clear(sink):
    mail = text(7, 100_000)
    with smtplib.SMTP("127.0.0.1", sink.server.port, timeout=10) as client:
        client.sendmail("", ["b@example.org"], mail)
        equal(client.has_extn("starttls"), True, "offered")
        equal(client.has_extn("pipelining"), True, "offered")
        equal(client.verify("b")[0], 252)
    equal(sink.arrived(), [mail])


@tls_case
def smtplib_refuses_another_name(sink):
    client = smtplib.SMTP("localhost", sink.server.port, timeout=10)
    client._host = "elsewhere"  # what it believes to have connected to
    try:
        client.starttls(context=sink.context())
    except ssl.SSLCertVerificationError as error:
        assert "Hostname mismatch" in str(error), error
    else:
        raise AssertionError("the certificate is not for this name")
    finally:
        client.close()
    equal(sink.arrived(), [])


@tls_case
def swaks_delivers(sink):
    body = os.path.join(sink.place, "swaks.txt")
    mail = b"Subject: swaks\r\n\r\n.\r\n..two\r\nlast\r\n"
    with open(body, "wb") as file:
        file.write(mail.replace(b"\r\n", b"\n"))
    for version in VERSIONS:
        for more in [[], ["--pipeline"]]:
            done = run(
                "swaks", "--server", "localhost", "--port", str(sink.server.port),
                "--tls", "--tls-protocol", version, "--tls-verify",
                "--tls-ca-path", sink.certificate, "--tls-sni", "localhost",
                "--from", "a@example.org", "--to", "b@example.org,c@example.org",
                "--data", f"@{body}", "--timeout", "10", *more, text=True,
            )
            equal(done.returncode, 0, done.stdout + done.stderr)
            cipher = "TLSv1.2" if version == "tlsv1_2" else "TLSv1.3"
            assert f"TLS started with cipher {cipher}" in done.stdout, done.stdout
            # It ends the text with an empty line.
            equal(sink.arrived(), [mail + b"\r\n"], f"{version} {more}")


@tls_case
def s_client_delivers(sink):
    """With all commands and the text at once."""
    for option in ["-tls1_2", "-tls1_3"]:
        mails = [text(number, 50_000) for number in range(3)]
        mails = [bytes(byte if byte < 127 else 63 for byte in mail) for mail in mails]
        talk = HELLO + b"".join(ENVELOPE + b"DATA\r\n" + stuffed(mail) for mail in mails)
        done = run(
            "openssl", "s_client", "-quiet", "-starttls", "smtp", option,
            "-connect", sink.server.address, "-CAfile", sink.certificate,
            "-verify_return_error", "-verify_hostname", "localhost",
            input=talk + b"QUIT\r\n",
        )
        equal(done.returncode, 0, done.stderr)
        assert done.stdout.endswith(b"\r\n221 goodbye\r\n"), done.stdout
        equal(sink.arrived(), mails, option)


@tls_case
def gnutls_delivers(sink):
    for version in ["TLS1.2", "TLS1.3"]:
        mail = b"Subject: gnutls\r\n\r\n.\r\n..two\r\nlast\r\n"
        with talking(
            "gnutls-cli", "localhost", "--port", str(sink.server.port),
            "--x509cafile", sink.certificate, "--starttls-proto", "smtp",
            "--priority", f"NORMAL:-VERS-ALL:+VERS-{version}",
        ) as client:
            client.hears("Handshake was completed")
            client.hears("Simple Client Mode")
            # It reads lines, and does not wait for answers itself.
            client.write(HELLO + ENVELOPE + b"DATA\r\n")
            client.hears("\r\n354 ")
            client.write(stuffed(mail) + b"QUIT\r\n")
            client.hears("\r\n221 goodbye\r\n")
            equal(client.ends()[0], 0)
        equal(sink.arrived(), [mail], version)


@tls_case
def curl_delivers(sink):
    body = os.path.join(sink.place, "curl.txt")
    mail = text(31, 500_000)
    with open(body, "wb") as file:
        file.write(mail)

    def send(host, *options):
        return run(
            "curl", "--silent", "--show-error", "--max-time", "10", "--ssl-reqd",
            "--cacert", sink.certificate, "--mail-from", "a@example.org",
            "--mail-rcpt", "b@example.org", "--upload-file", body, *options,
            f"smtp://{host}:{sink.server.port}",
        )

    for version in ["1.2", "1.3"]:
        done = send("localhost", f"--tlsv{version}", "--tls-max", version)
        equal((done.returncode, done.stderr), (0, b""), version)
        equal(sink.arrived(), [mail], version)
    # 60: the certificate cannot be verified.
    for options in [
        ["--resolve", f"elsewhere:{sink.server.port}:127.0.0.1"], ["--cacert", "/dev/null"],
    ]:
        host = "elsewhere" if "--resolve" in options else "localhost"
        done = send(host, *options)
        assert done.returncode in (60, 77), done
        equal(sink.arrived(), [])
