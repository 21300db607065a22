"""The same small shop as files and as a store of the product's own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from retention_pipeline.config import Settings, load_settings
from retention_pipeline.core.progress import Silent
from retention_pipeline.core.window import Window
from retention_pipeline.defs.raw import take_in
from retention_pipeline.warehouse.arrivals import show_deliveries
from retention_pipeline.warehouse.store import inputs_fingerprint, open_store
from tests.time.model import Content

KEY = b"a key for tests"
HEADERS = {
    "orders": "order_id,customer_id,ordered_at,updated_at,amount",
    "customers": "customer_id,created_at,updated_at,country",
    "feedback": "feedback_id,submitted_at,score,updated_at",
}
CONFIG = """
[shop]
name = "Small"
timezone = "UTC"
currency = "EUR"
segments = ["country"]
[sources.orders]
path = "landing/orders_{date}.csv"
[sources.customers]
path = "landing/customers_{date}.csv"
kind = "snapshot"
[sources.feedback]
path = "landing/feedback_{date}.csv"
scales = { nps = { measure = "nps", min = 0, max = 10 } }
[limits]
max_quarantined_share = 1.0
"""
COLUMNS = {
    "orders": ("order_id", "CAST(CAST(amount AS BIGINT) AS VARCHAR)"),
    "customers": ("customer_id", "attributes['country']"),
    "feedback": ("feedback_id", "CAST(CAST(score AS BIGINT) AS VARCHAR)"),
}


class SmallShop:
    """A folder with landing files and a home."""

    def __init__(self, folder: Path) -> None:
        (folder / "landing").mkdir(parents=True)
        (folder / "retention.toml").write_text(CONFIG, encoding="utf-8")
        self.folder = folder

    @classmethod
    def of(cls, folder: Path) -> SmallShop:
        """The shop that is in a folder already."""
        shop = cls.__new__(cls)
        shop.folder = folder
        return shop

    @property
    def settings(self) -> Settings:
        return load_settings(self.folder / "retention.toml")

    def deliver(self, source: str, date: dt.date, content: Content) -> None:
        """Put a file of this day into the landing place, in place of an earlier one."""
        lines = [HEADERS[source]]
        for key, text, changed in content:
            if source == "orders":
                lines.append(f"{key},c{key},{date}T10:00:00,{changed},{text}")
            elif source == "customers":
                lines.append(f"{key},2025-01-01T00:00:00,{changed},{text}")
            else:
                lines.append(f"{key},{date}T11:00:00,{text},{changed}")
        path = self.folder / "landing" / f"{source}_{date}.csv"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def take_in(self, window: Window) -> None:
        """What the first step of a run does."""
        with open_store(self.settings.home) as store:
            take_in(store, self.settings, KEY, window, Silent())

    def states(self, dates: Iterable[dt.date]) -> dict[tuple[str, dt.date], dict[str, str]]:
        """Per source and as_of: what each key said last, by the rows that count then; customers are hashes."""
        found: dict[tuple[str, dt.date], dict[str, str]] = {}
        with open_store(self.settings.home) as store:
            for as_of in dates:
                show_deliveries(store, as_of)
                found |= {(source, as_of): _last(_visible_rows(store, source, as_of)) for source in COLUMNS}
        return found

    def fingerprint(self, as_of: dt.date) -> str:
        """The inputs of a run for this date: equal ones give equal tables."""
        with open_store(self.settings.home) as store:
            show_deliveries(store, as_of)
            return inputs_fingerprint(store, self.settings, as_of)


def _last(rows: list[tuple[Any, ...]]) -> dict[str, str]:
    best: dict[str, tuple[Any, ...]] = {}
    for key, *version in rows:
        best[key] = max(best.get(key, tuple(version)), tuple(version))
    return {key: str(version[-1]) for key, version in best.items()}


def _visible_rows(store: duckdb.DuckDBPyConnection, source: str, as_of: dt.date) -> list[tuple[Any, ...]]:
    """Key, when it was changed, known and written, and what it says: of each row that is part of the state."""
    key, text = COLUMNS[source]
    counting = (
        f"SELECT delivery_id, kind, business_date FROM raw.deliveries WHERE source = '{source}' AND is_current"
        f" AND status = 'accepted' AND business_date <= DATE '{as_of}'"
    )
    return store.execute(
        f"WITH counting AS ({counting}) SELECT {key}, updated_at, known_date, line, {text} FROM raw.{source}"
        " WHERE delivery_id IN (SELECT delivery_id FROM counting WHERE kind <> 'snapshot'"
        " OR business_date = (SELECT max(business_date) FROM counting))"
    ).fetchall()
