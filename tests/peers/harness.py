"""What the peer tests share: named cases, one time limit for all of them, and
a program under test that is always ended."""

import argparse
import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import time
import traceback

# A case that takes longer hangs.
CASE_SECONDS = 60

# The cases, and whether TLS takes part in them.
CASES = []


def case(function):
    """Registers a test under its own name."""
    CASES.append((function, False))
    return function


def tls_case(function):
    """Registers a test that runs with each TLS library."""
    CASES.append((function, True))
    return function


class TimeIsUp(Exception):
    """A case took too long."""


def _time_is_up(_number, _frame):
    raise TimeIsUp(f"longer than {CASE_SECONDS} s")


def main(prepare):
    """Runs the cases, with what `prepare` makes of the program and of the options
    that choose a TLS library."""
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=os.path.abspath, help="the program under test")
    parser.add_argument("case", nargs="*", help="which cases to run, instead of all")
    parser.add_argument(
        "--tls-providers", metavar="NAMES", default="rustls",
        help="the TLS libraries, parted by commas; what has no TLS runs with the first one",
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGALRM, _time_is_up)
    failed = []
    first = True
    for provider in arguments.tls_providers.split(","):
        with prepare(arguments.program, ["--tls-provider", provider]) as context:
            for function, tls in CASES:
                name = function.__name__
                if (first or tls) and (not arguments.case or name in arguments.case):
                    title = f"{name}  {provider}" if tls else name
                    if not _runs(function, context, title):
                        failed.append(title)
        first = False
    if failed:
        sys.exit(f"{len(failed)} failed: {', '.join(failed)}")


def _runs(function, context, title):
    """Runs one case, and tells whether it passed."""
    begin = time.monotonic()
    signal.alarm(CASE_SECONDS)
    try:
        note = function(context)
    except Exception:  # a failed case must not keep the others from running
        print(f"FAIL  {title}", flush=True)
        traceback.print_exc()
        return False
    finally:
        signal.alarm(0)
    note = f"  {note}" if note else ""
    print(f"ok    {title}  {time.monotonic() - begin:.1f} s{note}", flush=True)
    return True


def equal(actual, expected, what=""):
    """An assertion that shows both sides."""
    if actual != expected:
        raise AssertionError(f"{what}: {short(actual)} is not {short(expected)}")


def short(value):
    text = repr(value)
    return text if len(text) < 300 else text[:300] + "..."


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def wait_until(condition, seconds, what):
    """Waits for something that has to happen by itself."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


def run(*command, seconds=30, **options):
    """Runs a program to its end."""
    return subprocess.run(
        command, capture_output=True, timeout=seconds, check=False, **options
    )


def refused(program, *arguments):
    """The program is to end with status 2 and one line on standard error."""
    done = run(program, *arguments, seconds=10, text=True)
    equal(done.returncode, 2, f"status of {arguments}")
    lines = done.stderr.splitlines()
    equal(len(lines), 1, f"lines of {done.stderr!r}")
    equal(done.stdout, "", f"output of {arguments}")
    return lines[0]


class Running:
    """A program that listens."""

    def __init__(self, program, *arguments):
        self.process = subprocess.Popen(
            [program, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            self.process.kill()
            raise AssertionError(f"{line!r}, {self.process.stderr.read()!r}")
        self.address = line.split()[-1]
        host, port = self.address.rsplit(":", 1)
        self.host, self.port = host, int(port)
        self.url = f"http://{self.address}"

    def descriptors(self):
        """How many descriptors the program has open."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds):
        return self.process.wait(timeout=seconds)

    def end(self):
        """Ends the program by force, if it has not ended."""
        self.process.kill()
        self.process.communicate()


@contextlib.contextmanager
def running(program, *arguments):
    started = Running(program, *arguments)
    try:
        yield started
    finally:
        started.end()
