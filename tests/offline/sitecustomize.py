"""No test reaches for the network, and none reaches for it unnoticed.

Python imports a module of this name at start-up where its folder is on the path: ``tests/conftest.py`` loads it into
the process of the tests and puts the folder on the path of every process that they start. An audit hook then refuses
addresses beyond this machine, whoever asks, and notes each attempt in a file, since telemetry tends to swallow errors.
It sees what goes through Python's socket module; that the product needs no network at all is also tried where there is
none (``test_offline``).
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any

NOTED_IN = "OFFLINE_TESTS_NOTES"
"""Environment variable: the file that attempts are noted in."""
STRICT = "OFFLINE_TESTS_STRICT"
"""Environment variable: set to refuse this machine's own addresses, too."""
_ADDRESSED = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_NAMED = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
_HERE = {"", "localhost", "::1", "0.0.0.0", "::", socket.gethostname()}


class NetworkUsedError(RuntimeError):
    """Something asked for an address beyond this machine."""


def is_here(host: Any) -> bool:
    """Whether a host is this machine; a path is a socket of this machine."""
    if isinstance(host, bytes | bytearray):
        host = bytes(host).decode("idna" if host.isascii() else "utf-8")
    return host is None or host in _HERE or str(host).startswith("127.")


def refuse(event: str, arguments: tuple[Any, ...]) -> None:
    """The audit hook."""
    if event in _ADDRESSED:
        address = arguments[1] if len(arguments) > 1 else None
        if not isinstance(address, tuple):
            return
        host = address[0]
    elif event in _NAMED:
        host = arguments[0]
    else:
        return
    if is_here(host) and not os.environ.get(STRICT):
        return
    notes = os.environ.get(NOTED_IN)
    if notes:
        with Path(notes).open("a", encoding="utf-8") as file:
            file.write(f"{event} {host} by {' '.join(sys.argv)[:200]}\n")
    raise NetworkUsedError(f"{event}: {host}: tests must not use the network")


sys.addaudithook(refuse)
