"""Certificates that clients can verify."""

from harness import equal, run


def make_certificate(certificate, key, name="localhost"):
    done = run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2", "-subj", f"/CN={name}",
        "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1",
        "-keyout", key, "-out", certificate,
    )
    equal(done.returncode, 0, done.stderr)
