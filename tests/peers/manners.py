#!/usr/bin/env python3
"""Tests how every example behaves on a command line.

usage: manners.py DIRECTORY [CASE...]

The examples are those of the repository; DIRECTORY has their programs. The exit
status tells whether all went well.
"""

import contextlib
import os
import pty
import re
import subprocess

from harness import case, equal, main, run

EXAMPLES = os.path.join(os.path.dirname(__file__), "..", "..", "examples")
# Its program is the conformance suite, which takes the options of `cargo test`.
SUITES = {"custom_backend"}


@contextlib.contextmanager
def prepare(directory, _tls):
    names = sorted(
        name for name in os.listdir(EXAMPLES)
        if os.path.exists(os.path.join(EXAMPLES, name, "main.rs")) and name not in SUITES
    )
    assert len(names) > 10, names
    yield {name: os.path.join(directory, name) for name in names}


def _closed_pipe():
    """A pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "wb")


def one_line(error, name):
    lines = error.splitlines()
    equal(len(lines), 1, f"{name}: {error!r}")
    assert lines[0].startswith("error: "), error


@case
def help_goes_to_standard_output(programs):
    for name, program in programs.items():
        for option in ["--help", "-h"]:
            done = run(program, option, text=True)
            equal((done.returncode, done.stderr), (0, ""), name)
            assert re.search(rf"^Usage: {name}\b", done.stdout, re.M), done.stdout
            assert "--help" in done.stdout and "--version" in done.stdout, done.stdout
            # What it is for comes first.
            assert not done.stdout.startswith("Usage"), done.stdout


@case
def version_has_a_name_and_a_number(programs):
    for name, program in programs.items():
        done = run(program, "--version", text=True)
        equal((done.returncode, done.stderr), (0, ""), name)
        assert re.fullmatch(rf"{name} \d+\.\d+\.\d+\n", done.stdout), f"{name}: {done.stdout!r}"


@case
def what_is_not_known_is_status_2(programs):
    for name, program in programs.items():
        for arguments in [["--no-such-option"], ["a"] * 20, ["\ud800"]]:
            done = run(program, *(os.fsencode(word) if word.isascii() else b"\xff" for word in arguments),
                       text=True, stdin=subprocess.DEVNULL)
            equal((done.returncode, done.stdout), (2, ""), f"{name} {arguments}")
            one_line(done.stderr, name)


@case
def nobody_reads_the_output(programs):
    for name, program in programs.items():
        for option in ["--help", "--version"]:
            for out in [_closed_pipe(), open("/dev/full", "wb")]:
                with out:
                    done = subprocess.run([program, option], stdout=out, stderr=subprocess.PIPE,
                                          timeout=10, check=False, text=True)
                equal(done.returncode, 1, f"{name} {option}")
                one_line(done.stderr, name)


@case
def nobody_reads_anything(programs):
    for name, program in programs.items():
        for option, status in [("--help", 1), ("--no-such-option", 2)]:
            with _closed_pipe() as out:
                done = subprocess.run([program, option], stdout=out, stderr=out, timeout=10,
                                      check=False)
            equal(done.returncode, status, f"{name} {option}")


@case
def no_colours_where_none_are_wanted(programs):
    """On a terminal, with NO_COLOR."""
    for name, program in programs.items():
        for option in ["--help", "--no-such-option"]:
            ours, theirs = pty.openpty()
            environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm-256color"}
            with subprocess.Popen([program, option], stdout=theirs, stderr=theirs,
                                  env=environment) as process:
                process.wait(10)
            os.close(theirs)
            shown = b""
            with contextlib.suppress(OSError):
                while part := os.read(ours, 65536):
                    shown += part
            os.close(ours)
            assert shown and b"\x1b" not in shown, f"{name}: {shown!r}"


if __name__ == "__main__":
    main(prepare)
