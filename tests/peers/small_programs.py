#!/usr/bin/env python3
"""Tests the small examples with peers that Debian packages: `chat` and `talk` with
socat, `download` with nginx, `send-mail` with aiosmtpd, `file-server` with curl.

usage: small_programs.py DIRECTORY [CASE...]

Everything stays on the loopback interface and is bounded in time. The exit
status tells whether all went well.
"""

import contextlib
import glob
import hashlib
import os
import pty
import random
import signal
import socket
import ssl
import subprocess
import tempfile
import time

from certificate import make_certificate
from harness import case, equal, main, run, running, wait_until
from real_servers import accepts, free_ports

LARGE = 5_000_000


class Programs:
    def __init__(self, directory, place):
        self.directory = directory
        self.place = place
        self.certificate = self.path("certificate.pem")
        make_certificate(self.certificate, self.path("key.pem"))
        self.environment = {**os.environ, "SSL_CERT_FILE": self.certificate}
        self.site = self.path("site")
        os.mkdir(self.site)
        chance = random.Random(4)
        self.files = {"large": chance.randbytes(LARGE), "small": b"0123456789", "empty": b""}
        for name, data in self.files.items():
            with open(os.path.join(self.site, name), "wb") as file:
                file.write(data)

    def path(self, name):
        return os.path.join(self.place, name)

    def program(self, name):
        return os.path.join(self.directory, name)

    def run(self, name, *arguments, **options):
        return run(self.program(name), *arguments, env=self.environment, **options)

    def fails(self, words, name, *arguments, status=1, **options):
        done = self.run(name, *arguments, text=True, **options)
        equal((done.returncode, len(done.stderr.splitlines())), (status, 1), done.stderr)
        assert done.stderr.startswith("error: "), done.stderr
        assert words in done.stderr, done.stderr


@contextlib.contextmanager
def prepare(directory, _tls):
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o755)
        yield Programs(directory, place)


@contextlib.contextmanager
def beside(*command, port=None, **options):
    """A program that runs meanwhile, and accepts there."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options) as process:
        try:
            if port:
                wait_until(lambda: accepts(port), 10, f"{command[0]} accepts")
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=10)


# chat and talk

@case
def a_chat_of_three(programs):
    with running(programs.program("chat"), "--listen", "127.0.0.1:0") as chat:
        address = f"TCP:{chat.address}"
        with (
            beside("socat", "-", address) as first,
            beside("socat", "-", address) as second,
            beside(programs.program("talk"), chat.host, str(chat.port)) as third,
        ):
            # Who comes is there once it was heard.
            numbers = []
            for speaker in [first, second, third]:
                time.sleep(0.2)
                speaker.stdin.write(b"hello\n")
                speaker.stdin.flush()
                heard = {first, second, third} - {speaker}
                lines = {one.stdout.readline() for one in heard if one.poll() is None}
                equal(len(lines), 1, "the others hear the same")
                number, text = lines.pop().split(b": ")
                equal(text, b"hello\n")
                numbers.append(number)
            equal(len(set(numbers)), 3, "clients have numbers")


@case
def a_chat_goes_on_without_who_leaves(programs):
    with running(programs.program("chat"), "--listen", "127.0.0.1:0") as chat:
        def client():
            return socket.create_connection((chat.host, chat.port), timeout=20)

        with client() as first, client() as silent, client() as second:
            silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            heard = second.makefile("rb")
            first.sendall(b"a\n")
            assert heard.readline().endswith(b": a\n")
            # One does not read: the others do not wait, and memory has an end.
            line = b"x" * 60_000 + b"\n"
            for _ in range(300):
                first.sendall(line)
                assert heard.readline().endswith(b"x\n")
            with client() as too_long, contextlib.suppress(ConnectionError):
                too_long.sendall(b"y" * 1_000_000)
                while too_long.recv(65536):
                    pass
            first.sendall(b"without its end")
            first.shutdown(socket.SHUT_WR)
            equal(heard.read(len(b"1: without its end")), b"1: without its end")


@case
def talk_takes_any_input(programs):
    (port,) = free_ports(1)
    shout = ["socat", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork", "SYSTEM:tr a-z A-Z"]
    with beside(*shout, port=port):
        target = ["127.0.0.1", str(port)]
        equal(programs.run("talk", *target, input=b"from a pipe").stdout, b"FROM A PIPE")
        equal(programs.run("talk", *target, stdin=subprocess.DEVNULL).stdout, b"")
        with open(os.path.join(programs.site, "small"), "rb") as file:
            equal(programs.run("talk", *target, stdin=file).stdout, b"0123456789")
        big = b"line of text\n" * 100_000
        equal(programs.run("talk", *target, input=big).stdout, big.upper())
        ours, theirs = pty.openpty()
        with subprocess.Popen([programs.program("talk"), *target], stdin=theirs,
                              stdout=subprocess.PIPE) as process:
            os.write(ours, b"typed\n\x04")
            equal(process.communicate(timeout=10)[0], b"TYPED\n")
        os.close(ours)
        os.close(theirs)


@case
def talk_fails_in_order(programs):
    (port,) = free_ports(1)
    programs.fails("", "talk", "127.0.0.1", str(port), stdin=subprocess.DEVNULL)
    with socket.create_server(("127.0.0.1", port)) as listener:
        with subprocess.Popen([programs.program("talk"), "127.0.0.1", str(port)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            client, _ = listener.accept()
            with client:
                process.stdout.close()
                client.sendall(b"nobody reads this")
                error = process.stderr.read()
            equal(process.wait(10), 1)
            assert b"panicked" not in error, error


# download

_NGINX = """
daemon off;
pid {place}/nginx.pid;
error_log stderr crit;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {place}/t1;
  proxy_temp_path {place}/t2;
  fastcgi_temp_path {place}/t3;
  uwsgi_temp_path {place}/t4;
  scgi_temp_path {place}/t5;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {place}/certificate.pem;
    ssl_certificate_key {place}/key.pem;
    root {place}/site;
  }}
}}
"""


@case
def downloads_from_nginx(programs):
    (port,) = free_ports(1)
    with open(programs.path("nginx.conf"), "w", encoding="ascii") as file:
        file.write(_NGINX.format(place=programs.place, port=port))
    nginx = ["/usr/sbin/nginx", "-p", programs.place, "-c", programs.path("nginx.conf")]
    with beside(*nginx, port=port):
        for name, data in programs.files.items():
            target = programs.path(f"got-{name}")
            address = f"https://localhost:{port}/{name}"
            done = programs.run("download", address, target)
            # No terminal, no bar.
            equal((done.returncode, done.stdout, done.stderr), (0, b"", b""), name)
            with open(target, "rb") as file:
                equal(digest(file.read()), digest(data), name)
            programs.fails("cannot write", "download", address, target, status=2)
        url = f"https://localhost:{port}"
        programs.fails("404 Not Found", "download", f"{url}/nothing", programs.path("x1"))
        programs.fails("not an address", "download", f"http://localhost:{port}/", "x", status=2)
        programs.environment.pop("SSL_CERT_FILE")
        programs.fails("", "download", f"{url}/small", programs.path("x3"))
        programs.environment["SSL_CERT_FILE"] = programs.certificate
        return shown_on_a_terminal(programs, f"{url}/large")


def shown_on_a_terminal(programs, address):
    """A bar is drawn there, without colours."""
    ours, theirs = pty.openpty()
    environment = {**programs.environment, "NO_COLOR": "1", "TERM": "xterm"}
    with subprocess.Popen([programs.program("download"), address, programs.path("shown")],
                          stderr=theirs, env=environment) as process:
        equal(process.wait(20), 0)
    os.close(theirs)
    drawn = b""
    with contextlib.suppress(OSError):
        while part := os.read(ours, 65536):
            drawn += part
    os.close(ours)
    assert b"MiB" in drawn, drawn
    # Moving and erasing is no colour.
    assert b"\x1b[3" not in drawn and b"\x1b[1m" not in drawn, drawn
    return f"{len(drawn)} bytes drawn"


@case
def a_download_that_is_cut(programs):
    """One line says so; what came is there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(programs.certificate, programs.path("key.pem"))
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://localhost:{listener.getsockname()[1]}/"
        for number, answer in enumerate([head + b"half", head[:20], b"", b"220 hello\r\n"]):
            with subprocess.Popen([programs.program("download"), url, programs.path(f"cut{number}")],
                                  stderr=subprocess.PIPE, env=programs.environment) as process:
                client, _ = listener.accept()
                with context.wrap_socket(client, server_side=True) as secure:
                    secure.recv(4096)
                    secure.sendall(answer)
                error = process.stderr.read()
                equal((process.wait(10), error.count(b"\n")), (1, 1), error)
        with open(programs.path("cut0"), "rb") as file:
            equal(file.read(), b"half")


# send-mail

MAIL = "Subject: dots\n\nfirst\n.\n..\n.hidden\nlast without an end"


@case
def sends_mail_to_aiosmtpd(programs):
    (port,) = free_ports(1)
    box = programs.path("box")
    server = ["aiosmtpd", "-n", "-l", f"localhost:{port}", "--tlscert", programs.certificate,
              "--tlskey", programs.path("key.pem"), "-c", "aiosmtpd.handlers.Mailbox", box]
    with beside(*server, port=port, stderr=subprocess.DEVNULL):
        arguments = ["localhost", str(port), "me@example.org", "you@example.org"]
        done = programs.run("send-mail", *arguments, input=MAIL, text=True)
        equal((done.returncode, done.stdout, done.stderr), (0, "", ""))
        (kept,) = glob.glob(f"{box}/new/*")
        with open(kept, encoding="ascii") as file:
            text = file.read()
        equal(text.split("\n\n", 1)[1].rstrip("\n"), MAIL.split("\n\n", 1)[1], text)
        assert "X-MailFrom: me@example.org" in text, text
        arguments[3] = "a>\r\nRSET"
        programs.fails("not the address", "send-mail", *arguments, input="", status=2)
        programs.environment.pop("SSL_CERT_FILE")
        arguments[3] = "you@example.org"
        programs.fails("certificate", "send-mail", *arguments, input="")
        programs.environment["SSL_CERT_FILE"] = programs.certificate
        equal(len(glob.glob(f"{box}/new/*")), 1)


@case
def sends_no_mail_in_the_clear(programs):
    (port,) = free_ports(1)
    server = ["aiosmtpd", "-n", "-l", f"localhost:{port}", "-c", "aiosmtpd.handlers.Sink"]
    with beside(*server, port=port, stderr=subprocess.DEVNULL):
        arguments = ["localhost", str(port), "me@example.org", "you@example.org"]
        programs.fails("offers no STARTTLS", "send-mail", *arguments, input="x")


# file-server

@case
def serves_files_and_ranges(programs):
    serving = [programs.program("file-server"), programs.site, "--listen", "127.0.0.1:0"]
    with running(*serving) as server:
        def curl(name, *arguments):
            done = run("curl", "--silent", "--show-error", "--path-as-is", "--max-time", "20",
                       "--write-out", "%{http_code}", *arguments, f"{server.url}/{name}")
            equal(done.returncode, 0, done.stderr)
            return done.stdout[:-3], done.stdout[-3:]

        for name, data in programs.files.items():
            equal(digest(curl(name)[0]), digest(data), name)
        small, large = programs.files["small"], programs.files["large"]
        for asked, expected in [("0-0", small[:1]), ("2-4", small[2:5]), ("7-", small[7:]),
                                ("-3", small[-3:]), ("-99", small), ("5-99", small[5:])]:
            equal(curl("small", "--range", asked), (expected, b"206"), asked)
        part = curl("large", "--range", "1000001-3000000")[0]
        equal(digest(part), digest(large[1_000_001:3_000_001]))
        # What is no part is answered by all of it.
        for asked in ["10-", "5-2", "x-y", "0-99999999999999999999", "1-2,4-5"]:
            equal(curl("small", "--header", f"Range: bytes={asked}")[0], small, asked)
        for name in ["nothing", "../certificate.pem", "%2e%2e/x", "", "site/../../key.pem"]:
            equal(curl(name)[1], b"404", name)
        urls = [f"{server.url}/{name}" for name in ["small", "large", "small"]]
        done = run("curl", "--silent", "--write-out", "%{num_connects}", *urls)
        equal(digest(done.stdout), digest(small + b"1" + large + b"0" + small + b"0"))


def digest(data):
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    main(prepare)
