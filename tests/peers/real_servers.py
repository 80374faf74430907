"""Postfix, Dovecot and PostgreSQL as Debian packages them, each with a directory
and ports of its own, beside whatever the system runs."""

import contextlib
import glob
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile

from harness import equal, run, wait_until

# Postfix's parts change to their users by themselves.
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]


@contextlib.contextmanager
def _directory(user):
    """A directory of a server, for whoever it runs as."""
    with tempfile.TemporaryDirectory() as place:
        # A server may have users of its own for its parts.
        os.chmod(place, 0o755)
        if os.geteuid() == 0:
            shutil.chown(place, user)
        yield place


def free_ports(count):
    """Ports of the loopback interface that nobody has."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [taken.getsockname()[1] for taken in sockets]
    for taken in sockets:
        taken.close()
    return ports


def _write(place, name, text):
    with open(os.path.join(place, name), "w", encoding="ascii") as file:
        file.write(text)


class Log:
    """What a server has written down."""

    def __init__(self, place):
        self.path = os.path.join(place, "log")
        self.known = 0

    def has(self, word):
        """Waits for a line with a word behind those that were seen before."""
        def appeared():
            with open(self.path, encoding="utf-8") as file:
                lines = file.readlines()
            found = [at for at, line in enumerate(lines) if at >= self.known and word in line]
            self.known = found[0] + 1 if found else self.known
            return found

        wait_until(appeared, 10, f"{word!r} in the server's log")


def accepts(port):
    with contextlib.suppress(ConnectionError):
        socket.create_connection(("127.0.0.1", port), 5).close()
        return True
    return False


_MAIN_CF = """
compatibility_level = 3.6
queue_directory = {place}/queue
data_directory = {place}/data
inet_interfaces = 127.0.0.1
mynetworks_style = host
mydestination =
local_recipient_maps =
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_loglevel = 0
maillog_file = {place}/log
maillog_file_prefixes = {place}
"""

_MASTER_CF = """
rewrite unix - - n - - trivial-rewrite
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

_SMTPD = """
127.0.0.1:{port} inet n - n - - smtpd
  -o smtpd_tls_chain_files={key},{certificate}
  -o smtpd_tls_protocols={versions}
"""


@contextlib.contextmanager
def postfix(*served):
    """SMTP, with a certificate, a key and versions of TLS for each of the ports that
    are given, and the log."""
    with _directory("root") as place:
        ports = free_ports(len(served))
        _write(place, "main.cf", _MAIN_CF.format(place=place))
        _write(place, "master.cf", _MASTER_CF + "".join(
            _SMTPD.format(port=port, certificate=certificate, key=key, versions=versions)
            for port, (certificate, key, versions) in zip(ports, served)
        ))
        for name, owner in [("queue", "root"), ("data", "postfix")]:
            done = run(*AS_ROOT, "install", "-d", "-o", owner, os.path.join(place, name))
            equal(done.returncode, 0, done.stderr)
        command = [*AS_ROOT, "/usr/sbin/postfix", "-c", place]
        done = run(*command, "start", text=True)
        equal(done.returncode, 0, done.stderr)
        try:
            yield ports, Log(place)
        finally:
            done = run(*command, "stop", text=True)
            # What its parts have written is theirs.
            run(*AS_ROOT, "rm", "-rf", *(os.path.join(place, name) for name in os.listdir(place)))
        equal(done.returncode, 0, done.stderr)


_DOVECOT = """
base_dir = {place}/run
state_dir = {place}/state
log_path = {place}/log
listen = 127.0.0.1
protocols = imap pop3
ssl = required
ssl_cert = <{certificate}
ssl_key = <{key}
auth_mechanisms = plain
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={place}/home
}}
{users}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""

_DOVECOT_USERS = """
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
"""


@contextlib.contextmanager
def dovecot(certificate, key):
    """IMAP and POP3: gives both ports and the log."""
    user = pwd.getpwuid(os.geteuid()).pw_name
    group = grp.getgrgid(os.getegid()).gr_name
    with _directory(user) as place:
        imap, pop3 = free_ports(2)
        _write(place, "dovecot.conf", _DOVECOT.format(
            place=place, certificate=certificate, key=key, imap=imap, pop3=pop3, user=user,
            # Root has users for its parts, and another one nobody but himself.
            users="" if user == "root" else _DOVECOT_USERS.format(user=user, group=group),
            group=group,
        ))
        with subprocess.Popen(
            ["/usr/sbin/dovecot", "-F", "-c", os.path.join(place, "dovecot.conf")],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        ) as process:
            try:
                wait_until(lambda: accepts(imap) and accepts(pop3), 10, "Dovecot accepts")
                yield (imap, pop3), Log(place)
            finally:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=10)


_POSTGRES = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
ssl = on
ssl_cert_file = '{place}/certificate.pem'
ssl_key_file = '{place}/key.pem'
"""


class Postgres:
    """A cluster, whose server can be started time and again."""

    def __init__(self, place, user):
        self.place = place
        self.user = user
        self.log = Log(place)
        self.programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        password = os.path.join(place, "password")
        _write(place, "password", "secret")
        os.chmod(password, 0o644)
        self._call("initdb", "--no-sync", "--auth", "scram-sha-256", "--pwfile", password,
                   "--username", "postgres")
        with open(os.path.join(place, "data", "postgresql.conf"), "a", encoding="ascii") as file:
            file.write(_POSTGRES.format(place=place))

    def _call(self, name, *arguments):
        done = run(
            os.path.join(self.programs, name), "-D", os.path.join(self.place, "data"), *arguments,
            user=self.user, group=self.user, extra_groups=[] if self.user else None,
            cwd=self.place, text=True, stdin=subprocess.DEVNULL,
        )
        equal(done.returncode, 0, done.stderr)

    @contextlib.contextmanager
    def started(self, certificate, key, *settings):
        """Gives the port."""
        for source, name in [(certificate, "certificate.pem"), (key, "key.pem")]:
            copy = os.path.join(self.place, name)
            shutil.copyfile(source, copy)
            os.chmod(copy, 0o600)
            if self.user:
                shutil.chown(copy, self.user)
        (port,) = free_ports(1)
        options = " ".join(f"-c {setting}" for setting in [f"port={port}", *settings])
        self._call("pg_ctl", "start", "--wait", "--log", self.log.path, "--options", options)
        try:
            yield port
        finally:
            self._call("pg_ctl", "stop", "--wait", "--mode", "immediate")


@contextlib.contextmanager
def postgres():
    """A cluster of its own."""
    # It runs as anybody but root.
    user = "postgres" if os.geteuid() == 0 else None
    with _directory(user) as place:
        yield Postgres(place, user)
