"""A long suite in a bounded time: ``--minutes 12 --turn TEXT``.

Whatever has not begun when the time is up is skipped and says so; the text decides which files come first, so that
another text (a commit, a date) gives the others their turn. Belongs here: order and time. Not here: which tests are
long (their marks).
"""

from __future__ import annotations

import hashlib
import time

import pytest


def add_options(parser: pytest.Parser) -> None:
    """The two options."""
    group = parser.getgroup("bounded")
    group.addoption("--minutes", type=float, default=None, help="start no test after so many minutes")
    group.addoption("--turn", default="", help="with --minutes: a text that decides which files come first")


class Bounded:
    """Orders the files by the turn and watches the clock; each worker has one."""

    def __init__(self, minutes: float, turn: str) -> None:
        self.minutes = minutes
        self.turn = turn
        self.began = time.monotonic()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Files in the order of the turn; the tests of a file stay together, or its fixtures would be made twice."""
        items.sort(key=lambda item: hashlib.sha256(f"{self.turn} {item.path.name}".encode()).digest())

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Before the fixtures, which are what takes long."""
        if time.monotonic() - self.began > self.minutes * 60:
            # skipped and counted, not deselected: the summary says how much of the suite had no turn
            pytest.skip(f"{self.minutes:g} minutes are over; `make test-all` runs everything")
