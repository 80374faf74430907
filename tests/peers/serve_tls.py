"""HTTPS: curl, wrk, OpenSSL and plain sockets over TLS."""

import contextlib
import os
import re
import signal
import socket
import ssl
import tempfile
import threading
import time

from certificate import make_certificate
from harness import equal, refused, run, running, sha256, tls_case, wait_until
from http_peer import Client
from serve_load import compared_by_wrk, wrk
from served import LARGE, SMALL, curl

VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def context(site, version=None):
    """For a client that verifies."""
    made = ssl.create_default_context(cafile=site.certificate)
    if version:
        made.minimum_version = made.maximum_version = version
    return made


def secure_client(site, **options):
    return Client(site.secure, context=context(site), **options)


def secure_url(site, path):
    """By the name that the certificate is for."""
    return f"https://localhost:{site.secure.port}{path}"


@tls_case
def curl_gets_every_file_over_tls(site):
    for version in VERSIONS:
        for name in ["/small.txt", "/empty", "/large.bin", "/docs/index.html"]:
            got = curl("--cacert", site.certificate, f"--tlsv{version}", "--tls-max", version,
                       secure_url(site, name))
            equal(sha256(got), sha256(site.files[name]), f"{name} over {version}")
    got = curl("-k", site.secure.url + "/large.bin")
    equal(sha256(got), sha256(site.files["/large.bin"]), "unverified")


@tls_case
def curl_gets_ranges_over_tls(site):
    small = site.files["/small.txt"]
    for spec, expected in [
        ("0-0", small[:1]), ("10-29", small[10:30]), ("990-", small[990:]), ("-5", small[-5:]),
    ]:
        got = curl("-k", "--range", spec, "--write-out", "%{http_code}",
                   site.secure.url + "/small.txt")
        equal(got, expected + b"206", spec)
    large = site.files["/large.bin"]
    for first, last in [(1_000_001, 33_000_000), (LARGE - 16_385, LARGE - 1), (16_383, 32_768)]:
        part = curl("-k", "--range", f"{first}-{last}", site.secure.url + "/large.bin")
        equal(sha256(part), sha256(large[first : last + 1]), f"{first}-{last}")


@tls_case
def curl_keeps_and_parts_with_its_connections_over_tls(site):
    urls = [f"{site.secure.url}/many/{number}" for number in range(10)]
    done = run(
        "curl", "-k", "--silent", "--write-out", "%{num_connects}",
        *[part for url in urls for part in ("--output", "/dev/null", url)],
    )
    equal(done.stdout, b"1" + b"0" * 9, "connections made for each")
    with tempfile.TemporaryDirectory() as place:
        curl("-k", "--parallel", "--parallel-max", "10", "--output", f"{place}/#1",
             site.secure.url + "/many/[0-19]")
        for number in range(20):
            with open(f"{place}/{number}", "rb") as file:
                equal(sha256(file.read()), sha256(site.files[f"/many/{number}"]), number)


@tls_case
def a_wrong_name_and_an_unknown_root_are_refused(site):
    for arguments, status in [
        (["--cacert", site.certificate, "--resolve", f"elsewhere:{site.secure.port}:127.0.0.1",
          f"https://elsewhere:{site.secure.port}/empty"], 60),
        ([secure_url(site, "/empty")], 60),
        (["-k", "--tls-max", "1.1", secure_url(site, "/empty")], 35),
    ]:
        done = run("curl", "--silent", "--max-time", "10", *arguments)
        equal((done.returncode, done.stdout), (status, b""), arguments)
    equal(curl("-k", site.secure.url + "/empty"), b"", "and goes on")


@tls_case
def wrk_gets_the_right_bytes_over_tls(site):
    return compared_by_wrk(site, site.secure)


@tls_case
def wrk_and_curl_together_over_tls(site):
    worker = threading.Thread(target=lambda: results.append(wrk(site.secure, "3s", "/small.txt")))
    results = []
    worker.start()
    time.sleep(0.3)
    for _ in range(2):
        got = curl("-k", site.secure.url + "/large.bin")
        equal(sha256(got), sha256(site.files["/large.bin"]))
    worker.join()
    rate = re.search(r"Requests/sec:\s*([\d.]+)", results[0]).group(1)
    return f"{rate} requests/s of {SMALL} bytes beside downloads"


@tls_case
def pipelined_requests_over_tls(site):
    paths = [f"/many/{number % 20}" for number in range(60)]
    paths[10], paths[30] = "/nothing", "/large.bin"
    requests = "".join(f"GET {path} HTTP/1.1\r\nHost: p\r\n\r\n" for path in paths)
    with secure_client(site) as client:
        client.send(requests)
        for path in paths:
            answer = client.response()
            if path == "/nothing":
                equal(answer.status, 404)
            else:
                equal(sha256(answer.body), sha256(site.files[path]), path)


@tls_case
def every_connection_ends_with_close_notify(site):
    """Without it the client could not tell whether something is missing."""
    with secure_client(site) as client:
        client.get("/small.txt", "Connection: close")
        equal(client.response().body, site.files["/small.txt"])
        equal(client.rest(), b"")
    with secure_client(site) as client:
        client.send("nonsense\r\n\r\n")
        equal(client.response().status, 400)
        equal(client.rest(), b"")


@tls_case
def the_protocol_is_http_1_1(site):
    for offered, chosen in [(["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1"), ([], None)]:
        asking = context(site)
        if offered:
            asking.set_alpn_protocols(offered)
        with Client(site.secure, context=asking) as client:
            equal(client.socket.selected_alpn_protocol(), chosen)
            equal(client.ask("/empty").status, 200)
    asking = context(site)
    asking.set_alpn_protocols(["h2"])
    try:
        Client(site.secure, context=asking)
    except ssl.SSLError as error:
        assert "alert no application protocol" in str(error), error
    else:
        raise AssertionError("HTTP/2 was agreed on")


@tls_case
def what_is_no_tls_is_answered_with_an_alert(site):
    for said in [b"GET / HTTP/1.1\r\nHost: p\r\n\r\n", b"\0" * 100, b"\x16\x03\x01\xff\xff" * 20]:
        with Client(site.secure) as client:
            client.send(said)
            rest = client.rest()
            equal(rest[:1], b"\x15", f"{said!r}: {rest!r}")
    # A port that was opened and nothing said; and half a hello.
    with Client(site.secure), Client(site.secure) as half:
        half.send(b"\x16\x03\x01\x02\x00\x01")
        equal(curl("-k", site.secure.url + "/empty"), b"")


@tls_case
def a_stalled_download_over_tls_holds_nobody(site):
    with secure_client(site, receive_buffer=4096) as stalled:
        stalled.get("/large.bin")
        status, fields = stalled.head()
        equal((status, fields["content-length"]), (200, str(LARGE)))
        time.sleep(0.3)
        for _ in range(5):
            with secure_client(site) as client:
                equal(client.ask("/small.txt").body, site.files["/small.txt"], "meanwhile")
        equal(sha256(stalled.take(LARGE)), sha256(site.files["/large.bin"]), "in the end")


@tls_case
def resets_over_tls_leave_no_descriptor_behind(site):
    before = site.secure.descriptors()
    for stage in ["connected", "asked", "reading"]:
        clients = [secure_client(site) for _ in range(20)]
        for client in clients:
            if stage != "connected":
                client.get("/large.bin")
            if stage == "reading":
                client.head()
        for client in clients:
            client.reset()
        wait_until(lambda: site.secure.descriptors() <= before, 5, f"{stage}: {before} again")


@tls_case
def a_file_that_shrinks_over_tls(site):
    size = 32 << 20
    site.put("shrinking-tls", os.urandom(size))
    with secure_client(site, receive_buffer=4096) as client:
        client.get("/shrinking-tls")
        equal(client.head()[0], 200)
        os.truncate(site.path("shrinking-tls"), size // 2)
        body = client.take(size)
        assert len(body) < size, "all of it, though it is gone"
        equal(sha256(body), sha256(site.files["/shrinking-tls"][: len(body)]), "what was sent")


@tls_case
def the_first_signal_lets_responses_over_tls_finish(site):
    with running(site.program, *site.secure_arguments()) as server:
        asking = context(site)
        with (
            Client(server, receive_buffer=4096, context=asking) as busy,
            Client(server, context=asking) as idle,
        ):
            equal(idle.ask("/small.txt").status, 200)
            busy.get("/large.bin")
            busy.head()
            server.signal(signal.SIGINT)
            equal(idle.rest(), b"", "an idle connection is closed")
            with contextlib.suppress(ConnectionError):
                socket.create_connection((server.host, server.port), 5).close()
                raise AssertionError("still accepting")
            equal(sha256(busy.take(LARGE)), sha256(site.files["/large.bin"]))
            equal(busy.rest(), b"")
        equal(server.wait(5), 0, "status")


@tls_case
def a_made_up_certificate_serves(site):
    with running(site.program, site.root, "--listen", "127.0.0.1:0", "--tls-self-signed",
                 *site.tls) as server:
        got = curl("-k", server.url.replace("http:", "https:") + "/small.txt")
        equal(got, site.files["/small.txt"])


@tls_case
def bad_certificates(site):
    other = site.root + "-other.pem"
    make_certificate(other, other + ".key")
    for certificate, key in [
        (site.certificate, other + ".key"), (site.root + "/empty", site.key),
        (site.certificate, site.root + "/nothing"), (site.key, site.key),
    ]:
        line = refused(site.program, site.root, "--listen", "127.0.0.1:0", *site.tls,
                       "--tls-cert", certificate, "--tls-key", key)
        assert certificate in line or key in line, line
    refused(site.program, site.root, "--tls-cert", site.certificate)
    refused(site.program, *site.secure_arguments(), "--tls-self-signed")
