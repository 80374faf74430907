"""Certificates that clients can verify, and such that they must not accept."""

import datetime
import os

from harness import equal, run

# A server's own: as a root it would be none of a server's, which rustls minds.
_SELF_SIGNED = """
[req]
distinguished_name = name
x509_extensions = server
[name]
[server]
basicConstraints = critical, CA:FALSE
"""

_AUTHORITY = """
[ca]
default_ca = this
[this]
database = {place}/index
new_certs_dir = {place}
certificate = {place}/ca.pem
private_key = {place}/ca.key
default_md = sha256
policy = any
rand_serial = yes
unique_subject = no
copy_extensions = copyall
[any]
commonName = supplied
[req]
distinguished_name = name
x509_extensions = authority
[name]
[authority]
basicConstraints = critical, CA:TRUE
subjectKeyIdentifier = hash
"""

_NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
# It is verified sooner, where that is done in Python.
RSA_KEY = ["-newkey", "rsa:2048", "-nodes"]


def _openssl(*arguments, config):
    done = run("openssl", *arguments, "-config", "/dev/stdin", input=config.encode())
    equal(done.returncode, 0, done.stderr)


def _for_name(name):
    return ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1"]


def make_certificate(certificate, key, name="localhost"):
    """One that is its own root, for a name and for 127.0.0.1."""
    _openssl(
        "req", "-x509", *_NEW_KEY, "-days", "2", *_for_name(name),
        "-keyout", key, "-out", certificate, config=_SELF_SIGNED,
    )


class Authority:
    """Who signs certificates, in a directory of its own."""

    def __init__(self, place, name="an authority of the tests"):
        os.mkdir(place)
        self.place = place
        self.root = os.path.join(place, "ca.pem")
        self.config = _AUTHORITY.format(place=place)
        with open(os.path.join(place, "index"), "w", encoding="ascii"):
            pass
        _openssl(
            "req", "-x509", *_NEW_KEY, "-days", "2", "-subj", f"/CN={name}",
            "-keyout", os.path.join(place, "ca.key"), "-out", self.root, config=self.config,
        )

    def issue(self, title, name="localhost", days=(-1, 2), new_key=tuple(_NEW_KEY)):
        """The paths of a certificate for a name and for 127.0.0.1, and of its key; it is
        valid between these days from now."""
        certificate, key, request = (
            os.path.join(self.place, f"{title}.{end}") for end in ["pem", "key", "csr"]
        )
        now = datetime.datetime.now(datetime.timezone.utc)
        begin, end = (
            (now + datetime.timedelta(days=day)).strftime("%Y%m%d%H%M%SZ") for day in days
        )
        _openssl(
            "req", *new_key, *_for_name(name), "-keyout", key, "-out", request,
            config=self.config,
        )
        _openssl(
            "ca", "-batch", "-notext", "-in", request, "-out", certificate,
            "-startdate", begin, "-enddate", end, config=self.config,
        )
        return certificate, key
