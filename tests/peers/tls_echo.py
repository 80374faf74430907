#!/usr/bin/env python3
"""Tests the example `tls-echo` with OpenSSL's s_client, gnutls-cli and Python's ssl.

usage: tls_echo.py [--tls-providers NAMES] PROGRAM [CASE...]

Everything stays on the loopback interface and is bounded in time. The exit
status tells whether all went well.
"""

from echoing import prepare
from harness import main

# Importing registers their cases, which run in this order.
import echo_openssl  # noqa: F401
import echo_gnutls  # noqa: F401
import echo_python  # noqa: F401

if __name__ == "__main__":
    main(prepare)
