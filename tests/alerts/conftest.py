"""A home directory with a small published version and a store, made by the warehouse's own functions."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from retention_pipeline.config import Settings
from tests.alerts.home import Shop
from tests.alerts.sinks import HttpSink, serving

NOW = dt.datetime(2025, 3, 2, 9, 30, tzinfo=dt.UTC)
"""10:30 of 2 March in the shop's zone; the published version has orders through 28 February."""


@pytest.fixture(autouse=True)
def _fixed_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("RETENTION_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop(tmp_path)
    made.publish()
    made.deliver("orders", dt.date(2025, 2, 26), dt.date(2025, 2, 27), dt.date(2025, 2, 28))
    return made


@pytest.fixture
def settings(shop: Shop) -> Settings:
    return shop.settings()


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpSink]:
    """A generic webhook that is switched on."""
    with serving(HttpSink()) as sink:
        monkeypatch.setenv("RETENTION_WEBHOOK_URL", sink.url)
        yield sink


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpSink]:
    """A Slack-compatible webhook that is switched on."""
    with serving(HttpSink()) as sink:
        monkeypatch.setenv("RETENTION_SLACK_URL", sink.url)
        yield sink
