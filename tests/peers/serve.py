#!/usr/bin/env python3
"""Tests the example `serve` with curl, wrk and plain sockets, in the
clear and over TLS.

usage: serve.py [--tls-providers NAMES] PROGRAM [CASE...]

Everything stays on the loopback interface and is bounded in time. The exit
status tells whether all went well.
"""

from harness import main
from served import prepare

# Importing registers their cases, which run in this order.
import serve_curl  # noqa: F401
import serve_requests  # noqa: F401
import serve_paths  # noqa: F401
import serve_load  # noqa: F401
import serve_difficult  # noqa: F401
import serve_tls  # noqa: F401
import serve_ends  # noqa: F401

if __name__ == "__main__":
    main(prepare)
