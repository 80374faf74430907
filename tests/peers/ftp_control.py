#!/usr/bin/env python3
"""Tests the example `ftp-control` with ftplib, curl and Python's `ssl`: TLS that
is put onto a connection and taken off again, `SSLSocket.unwrap` on the other
side.

usage: ftp_control.py [--tls-providers NAMES] PROGRAM [CASE...]

Everything stays on the loopback interface and is bounded in time. The exit
status tells whether all went well.
"""

import contextlib
import ftplib
import os
import socket
import ssl
import tempfile
import threading

from certificate import make_certificate
from harness import case, equal, main, refused, run, running, tls_case

VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]

# How long a socket of the tests waits.
SECONDS = 10


class Peer:
    """The program, and a certificate for what it talks to."""

    def __init__(self, program, options, place):
        self.program = program
        self.options = options
        self.certificate = os.path.join(place, "certificate.pem")
        self.key = os.path.join(place, "key.pem")
        make_certificate(self.certificate, self.key)

    def serving(self, *arguments):
        return running(
            self.program, "serve", "--listen", "127.0.0.1:0", "--tls-cert", self.certificate,
            "--tls-key", self.key, *self.options, *arguments,
        )

    def connect(self, port, *arguments):
        return run(
            self.program, "connect", "127.0.0.1", str(port), "--ca", self.certificate,
            *self.options, *arguments, text=True,
        )

    def client_context(self, version):
        context = ssl.create_default_context(cafile=self.certificate)
        context.minimum_version = context.maximum_version = version
        return context

    def server_context(self, version):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        context.minimum_version = context.maximum_version = version
        return context


@contextlib.contextmanager
def prepare(program, options):
    with tempfile.TemporaryDirectory() as place:
        yield Peer(program, options, place)


# Its context has a name for the version.
TOLD = {ssl.TLSVersion.TLSv1_2: "TLSv1.2", ssl.TLSVersion.TLSv1_3: "TLSv1.3"}


@tls_case
def ftplib_unwraps(peer):
    """Both sides begin, or the client alone does."""
    for arguments in [[], ["--passive"]]:
        with peer.serving(*arguments) as server:
            for version in VERSIONS:
                with ftplib.FTP_TLS(context=peer.client_context(version)) as ftp:
                    ftp.connect("127.0.0.1", server.port, timeout=SECONDS)
                    # ftplib checks the certificate against what it connects to.
                    ftp.login()
                    equal(ftp.sock.version(), TOLD[version])
                    equal(ftp.voidcmd("NOOP"), "200 fine")
                    equal(ftp.ccc(), "200 in the clear from here")
                    equal(ftp.sock.version(), None)
                    equal(ftp.voidcmd("NOOP"), "200 fine")
                    # And once more, on the same connection.
                    equal(ftp.sendcmd("FEAT").splitlines()[1:3], [" AUTH TLS", " CCC"])
                    equal(ftp.quit(), "221 goodbye")


@tls_case
def curl_clears_the_command_channel(peer):
    # In its passive mode curl never sends a close_notify.
    for arguments, mode in [([], "active"), (["--passive"], "active")]:
        with peer.serving(*arguments) as server:
            done = run(
                "curl", "-sv", "--max-time", "20", "--ssl-reqd", "--cacert", peer.certificate,
                "--ftp-ssl-ccc", "--ftp-ssl-ccc-mode", mode, "-I", f"ftp://localhost:{server.port}/",
                text=True,
            )
            equal(done.returncode, 0, f"{mode}: {done.stderr}")
            lines = done.stderr.splitlines()
            after = lines[lines.index("< 200 in the clear from here"):]
            assert "> PWD" in after, after


class Wire:
    """A client of which the test has each byte in hand."""

    def __init__(self, peer, port, version):
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self.received, self.sending = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.clear = b""
        self.line()
        self.socket.sendall(b"AUTH TLS\r\n")
        equal(self.line()[:3], b"234")
        context = peer.client_context(version)
        self.tls = context.wrap_bio(self.received, self.sending, server_hostname="127.0.0.1")
        self.until(self.tls.do_handshake)

    def line(self):
        """A line in the clear."""
        while b"\r\n" not in self.clear:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError
            self.clear += data
        line, self.clear = self.clear.split(b"\r\n", 1)
        return line

    def until(self, what):
        while True:
            try:
                result = what()
                self.socket.sendall(self.sending.read())
                return result
            except ssl.SSLWantReadError:
                self.socket.sendall(self.sending.read())
                data = self.socket.recv(65536)
                if not data:
                    raise EOFError from None
                self.received.write(data)

    def ask(self, line):
        self.tls.write(line)
        return self.until(lambda: self.tls.read(65536))

    def goodbye(self):
        """The client's close_notify, which has not been sent."""
        try:
            self.tls.unwrap()
        except (ssl.SSLWantReadError, ssl.SSLSyscallError):
            pass
        return self.sending.read()

    def hear_goodbye(self):
        """Waits for the server's; what is behind it is clear."""
        while True:
            try:
                self.tls.unwrap()
                self.clear += self.received.read()
                return
            except ssl.SSLWantReadError:
                data = self.socket.recv(65536)
                if not data:
                    raise EOFError from None
                self.received.write(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


@tls_case
def what_is_glued_to_the_end_is_clear(peer):
    """The next command in one segment with the close_notify, cut anywhere."""
    for arguments in [[], ["--passive"]]:
        with peer.serving(*arguments) as server:
            for version in VERSIONS:
                for at in [None, 1, 4, 5, 6, -7, -6, -5, -1]:
                    with Wire(peer, server.port, version) as client:
                        equal(client.ask(b"CCC\r\n")[:3], b"200")
                        last = client.goodbye() + b"NOOP\r\n"
                        client.socket.sendall(last[:at])
                        if at is not None:
                            client.socket.sendall(last[at:])
                        client.hear_goodbye()
                        equal(client.line(), b"200 fine", f"{version}, cut at {at}")
                        client.socket.sendall(b"AUTH TLS\r\n")
                        equal(client.line()[:3], b"234", "it can be secured again")


@tls_case
def protected_commands_behind_ccc_are_not_obeyed(peer):
    with peer.serving() as server:
        for version in VERSIONS:
            with Wire(peer, server.port, version) as client:
                equal(client.ask(b"CCC\r\nSYST\r\n")[:3], b"200")
                client.socket.sendall(client.goodbye() + b"NOOP\r\n")
                try:
                    client.hear_goodbye()
                    line = client.line()
                except (EOFError, OSError):
                    continue
                raise AssertionError(f"{line!r}")


class Server(threading.Thread):
    """One conversation, up to and behind CCC."""

    def __init__(self, context, after):
        super().__init__(daemon=True)
        self.context = context
        self.after = after
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.heard = []
        self.failure = None
        self.start()

    def run(self):
        try:
            connection, _ = self.listener.accept()
            connection.settimeout(SECONDS)
            with connection:
                self.talk(connection)
        except Exception as error:  # the test asks for it
            self.failure = error
        finally:
            self.listener.close()

    def talk(self, connection):
        connection.sendall(b"220 peer ready\r\n")
        self.hear(connection)
        connection.sendall(b"234 go ahead\r\n")
        secure = self.context.wrap_socket(connection, server_side=True)
        for answer in [b"331 and\r\n", b"230 in\r\n", b"200 clear\r\n"]:
            self.hear(secure)
            secure.sendall(answer)
        clear = self.after(secure)
        if clear:
            with clear:
                for answer in [b"200 fine\r\n", b"221 goodbye\r\n"]:
                    self.hear(clear)
                    clear.sendall(answer)
                equal(clear.recv(1), b"", "the end")

    def hear(self, connection):
        line = b""
        while not line.endswith(b"\r\n"):
            data = connection.recv(1)
            if not data:
                raise EOFError(line)
            line += data
        secure = isinstance(connection, ssl.SSLSocket) and connection.version() is not None
        self.heard.append((line.strip(), secure))

    def finish(self):
        self.join(SECONDS)
        assert not self.is_alive(), "the server hangs"
        if self.failure:
            raise self.failure


def begins(secure):
    """The server's close_notify is there first, or as soon as the client's."""
    return secure.unwrap()


def follows(secure):
    """The client's close_notify comes first."""
    equal(secure.recv(1), b"", "the client's end")
    return secure.unwrap()


@tls_case
def a_server_of_python_unwraps(peer):
    for after, modes in [(begins, [[], ["--passive"]]), (follows, [[]])]:
        for mode in modes:
            for version in VERSIONS:
                server = Server(peer.server_context(version), after)
                done = peer.connect(server.port, *mode)
                equal((done.returncode, done.stderr), (0, ""), f"{after.__name__} {mode}")
                server.finish()
                tls = TOLD[version]
                equal(done.stdout.splitlines(), [
                    "clear 220 peer ready", "clear 234 go ahead", f"{tls} 331 and",
                    f"{tls} 230 in", f"{tls} 200 clear", "clear 200 fine", "clear 221 goodbye",
                ])
                equal([line for line, _ in server.heard[-3:]], [b"CCC", b"NOOP", b"QUIT"])
                equal([secure for _, secure in server.heard[-3:]], [True, False, False])


def cuts(secure):
    """The end of the stream without one of TLS."""
    equal(secure.recv(1), b"")
    secure.shutdown(socket.SHUT_WR)


def sleeps(secure):
    """Nothing at all, until the client has gone."""
    secure.recv(1)
    with contextlib.suppress(OSError):
        socket.socket.recv(secure, 1)


@tls_case
def servers_that_do_not_end_tls(peer):
    for after, arguments, word in [
        (cuts, [], "without close_notify"),
        (sleeps, ["--timeout", "0.3"], "took longer than 300ms"),
    ]:
        server = Server(peer.server_context(ssl.TLSVersion.TLSv1_3), after)
        done = peer.connect(server.port, *arguments)
        equal(done.returncode, 1, done.stderr)
        assert word in done.stderr, done.stderr
        assert done.stdout.splitlines()[-1].endswith("200 clear"), done.stdout
        server.finish()


@case
def bad_usage(peer):
    refused(peer.program)
    refused(peer.program, "serve", "--listen", "127.0.0.1:0")
    line = refused(peer.program, "connect", "localhost", "1", "--ca", "/nowhere")
    assert "/nowhere" in line, line
    equal(run(peer.program, "--help").returncode, 0)
    done = run(peer.program, "connect", "127.0.0.1", "1", text=True)
    equal((done.returncode, len(done.stderr.splitlines())), (1, 1), "nobody listens")


if __name__ == "__main__":
    main(prepare)
