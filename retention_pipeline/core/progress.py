"""How long work says how far it is, without knowing who is watching.

Belongs here: the protocol and the silent implementation. Not here: terminals (``cli``).
"""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """A watcher of one run."""

    def stage(self, name: str) -> None:
        """A stage begins; the one before it has ended."""

    def step(self, detail: str, done: int, total: int) -> None:
        """``done`` of ``total`` steps of the current stage are finished; ``detail`` names the one under way."""

    def warn(self, message: str) -> None:
        """Something a person should know, although the run goes on."""


class Silent:
    """Watches nothing."""

    def stage(self, name: str) -> None:
        """Do nothing."""

    def step(self, detail: str, done: int, total: int) -> None:
        """Do nothing."""

    def warn(self, message: str) -> None:
        """Do nothing."""
