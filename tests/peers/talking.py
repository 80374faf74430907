"""Programs that are talked to by their standard input and output."""

import contextlib
import subprocess
import threading
import time


class Talker:
    """A program whose output is collected, with a limit for each wait."""

    def __init__(self, *command, seconds=10):
        self.command = command
        self.seconds = seconds
        self.output = ""
        self.ended = False
        self.changed = threading.Condition()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            bufsize=0,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        while data := self.process.stdout.read(1 << 16):
            with self.changed:
                self.output += data.decode("utf-8", "replace")
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def say(self, line):
        self.write(line.encode() + b"\n")

    def write(self, data):
        self.process.stdin.write(data)

    def hears(self, text):
        """Waits for some output, and gives what came up to there; it is not waited for
        again."""
        end = time.monotonic() + self.seconds
        with self.changed:
            while text not in self.output:
                left = end - time.monotonic()
                if self.ended or left <= 0:
                    raise AssertionError(f"{self.command[0]} did not say {text!r}: {self.output!r}")
                self.changed.wait(left)
            before, self.output = self.output.split(text, 1)
            return before + text

    def ends(self):
        """Waits for the end, and gives the status and what was not waited for."""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        status = self.process.wait(self.seconds)
        self.reader.join(self.seconds)
        return status, self.output

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        with contextlib.suppress(OSError):
            self.process.stdin.close()


@contextlib.contextmanager
def talking(*command, seconds=10):
    talker = Talker(*command, seconds=seconds)
    try:
        yield talker
    finally:
        talker.kill()
