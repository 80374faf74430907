#!/usr/bin/env python3
"""Tests the example `smtp-sink` with smtplib, swaks, OpenSSL, asyncio and plain
sockets.

usage: smtp_sink.py [--tls-providers NAMES] PROGRAM [CASE...]

Everything stays on the loopback interface and is bounded in time. The exit
status tells whether all went well.
"""

from harness import main
from mail_sink import prepare

# Importing registers their cases, which run in this order.
import smtp_programs  # noqa: F401
import smtp_commands  # noqa: F401
import smtp_upgrades  # noqa: F401
import smtp_asyncio  # noqa: F401
import smtp_ends  # noqa: F401

if __name__ == "__main__":
    main(prepare)
