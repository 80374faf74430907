#!/usr/bin/env python3
"""Tests the example `starttls-client` with servers of asyncio, which upgrade by
`loop.start_tls`.

usage: starttls_client.py [--tls-providers NAMES] PROGRAM [CASE...]

Everything stays on the loopback interface and is bounded in time. The exit
status tells whether all went well.
"""

from harness import main
from starttls_peer import prepare

# Importing registers their cases, which run in this order.
import starttls_upgrades  # noqa: F401
import starttls_answers  # noqa: F401
import starttls_hostile  # noqa: F401
import starttls_relayed  # noqa: F401
import starttls_real  # noqa: F401

if __name__ == "__main__":
    main(prepare)
