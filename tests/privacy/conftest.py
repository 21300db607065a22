"""The tiny shop, its files written and, for some, taken in."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.privacy.shop import ENVIRONMENT, Tiny


@pytest.fixture(autouse=True)
def _fixed_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("RETENTION_")]:
        monkeypatch.delenv(name)
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    """The shop with its files, nothing run."""
    shop = Tiny(tmp_path / "tiny")
    shop.write()
    return shop


@pytest.fixture
def stored(tiny: Tiny) -> Tiny:
    """The shop with its files taken in, nothing built."""
    tiny.take_in()
    return tiny
