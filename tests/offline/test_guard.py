"""The guard bites: in this process, in processes that tests start, and where an error is swallowed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.offline.sitecustomize import NOTED_IN

BEYOND = ("192.0.2.1", 443)  # TEST-NET-1: nobody's
SWALLOWED = """
import socket
try:
    socket.create_connection(("192.0.2.1", 443), timeout=1)
except Exception:  # as a library would that sends statistics and does not mind
    pass
"""


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of this test's own: its attempts are meant."""
    path = tmp_path / "notes"
    monkeypatch.setenv(NOTED_IN, str(path))
    return path


def test_an_address_beyond_this_machine_is_refused(notes: Path) -> None:
    with pytest.raises(RuntimeError, match="must not use the network"), socket.socket() as one:
        one.connect(BEYOND)
    assert notes.read_text(encoding="utf-8").startswith("socket.connect 192.0.2.1")


def test_a_datagram_is_refused() -> None:
    with pytest.raises(RuntimeError, match="must not"), socket.socket(type=socket.SOCK_DGRAM) as one:
        one.sendto(b"hello", BEYOND)


@pytest.mark.parametrize("host", ["example.org", b"example.org", "192.0.2.1", "2001:db8::1"])
def test_no_name_is_looked_up(host: str) -> None:
    with pytest.raises(RuntimeError, match="must not"):
        socket.getaddrinfo(host, 443)


def test_a_library_cannot_get_out_either() -> None:
    with pytest.raises((RuntimeError, urllib.error.URLError), match="must not"):
        urllib.request.urlopen("http://example.org/", timeout=1)


def test_a_process_of_a_test_is_refused_too_and_its_silence_does_not_help(notes: Path) -> None:
    done = subprocess.run([sys.executable, "-c", SWALLOWED], check=True, capture_output=True, text=True)
    assert done.stderr == ""
    assert "192.0.2.1" in notes.read_text(encoding="utf-8")


def test_this_machine_may_be_talked_to(notes: Path) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        with socket.create_connection(server.getsockname(), timeout=5):
            pass
        assert socket.getaddrinfo("localhost", 80)
    assert not notes.exists()


def test_a_session_with_an_attempt_fails_although_its_tests_pass(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n", encoding="utf-8")
    text = f"def test_it():\n{''.join(f'    {line}{chr(10)}' for line in SWALLOWED.strip().splitlines())}"
    (tmp_path / "test_swallows.py").write_text(text, encoding="utf-8")
    surroundings = {name: value for name, value in os.environ.items() if name != NOTED_IN}
    root = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)],
        env={**surroundings, "PYTHONPATH": root}, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "1 passed" in done.stdout
    assert "the network was asked for" in done.stdout
    assert done.returncode == 1
