"""Certificates that clients can verify."""

from harness import equal, run


# A server's own: as a root it would be none of a server's, which rustls minds.
_CONFIG = b"""
[req]
distinguished_name = name
x509_extensions = server
[name]
[server]
basicConstraints = critical, CA:FALSE
"""


def make_certificate(certificate, key, name="localhost"):
    """One that is its own root, for a name and for 127.0.0.1."""
    done = run(
        "openssl", "req", "-config", "/dev/stdin", "-x509", "-newkey", "ec",
        "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2", "-subj", f"/CN={name}",
        "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1",
        "-keyout", key, "-out", certificate, input=_CONFIG,
    )
    equal(done.returncode, 0, done.stderr)
