"""A small shop whose files are written by the tests."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pytest

from retention_pipeline.config import Settings, load_settings
from retention_pipeline.core.progress import Silent
from retention_pipeline.core.store_tables import BESIDE_THE_CATALOGUE, STORE_TABLES
from retention_pipeline.intake.ingest import ingest
from retention_pipeline.intake.report import IntakeReport

KEY = b"a key for tests"
RECEIVED = dt.date(2026, 3, 10)
HEADER = "order_id,customer_id,ordered_at,status,currency,amount,refund_amount"
SOURCE_TABLES = [table for table in STORE_TABLES if table.name not in {"deliveries", "quarantine"}]
GOOD = "o1,c1,2026-03-01T10:00:00,paid,EUR,10.00,"


class Shop:
    """One configuration, one folder, one store in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = new_store()
        self.told: list[str] = []
        self.configure()

    def configure(
        self, orders: str = 'path = "orders.csv"', *, shop: str = "", rest: str = "", zone: str = "Europe/Berlin"
    ) -> Settings:
        self.config = self.folder / "retention.toml"
        head = f'[shop]\nname = "t"\ntimezone = "{zone}"\ncurrency = "EUR"\n'
        limits = "" if "[limits]" in rest else "\n[limits]\nmax_quarantined_share = 1.0\n"
        self.config.write_text(f"{head}{shop}\n[sources.orders]\n{orders}\n{rest}{limits}", encoding="utf-8")
        self.settings = load_settings(self.config, self.folder / "home")
        return self.settings

    def write(self, content: str | bytes, name: str = "orders.csv") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def rows(self, *rows: str, name: str = "orders.csv", header: str = HEADER) -> Path:
        return self.write("\n".join([header, *rows]) + "\n", name)

    def ingest(self, received: dt.date = RECEIVED, key: bytes = KEY) -> IntakeReport:
        report = ingest(self.store, self.settings, key, received_date=received, progress=Silent())
        self.check_conservation()
        return report

    def check_conservation(self) -> None:
        """I1: per delivery, records = loaded + quarantined + suppressed, and the tables agree with the catalogue."""
        loaded = " UNION ALL ".join(
            f"SELECT '{table.name}' AS source, delivery_id FROM {table.qualified}" for table in SOURCE_TABLES
        )
        wrong = self.query(
            "SELECT d.path FROM raw.deliveries d LEFT JOIN ("
            f"  SELECT source, delivery_id, count(*) AS n FROM ({loaded}) GROUP BY ALL) l USING (source, delivery_id)"
            " LEFT JOIN (SELECT delivery_id, count(*) AS n FROM raw.quarantine GROUP BY 1) q USING (delivery_id)"
            " WHERE d.loaded <> coalesce(l.n, 0) OR d.quarantined <> coalesce(q.n, 0)"
            " OR (d.status = 'accepted' AND d.records <> d.loaded + d.quarantined + d.suppressed)"
            " OR (d.status = 'refused' AND d.loaded + d.quarantined + d.suppressed <> 0)"
        )
        assert wrong == []
        twice = self.query(
            "SELECT source, business_date FROM raw.deliveries WHERE is_current AND repairs IS NULL"
            " GROUP BY ALL HAVING count(*) > 1"
        )
        assert twice == []

    def query(self, sql: str) -> list[tuple[object, ...]]:
        return self.store.execute(sql).fetchall()

    def deliver(self, source: str, header: str, *rows: str, options: str = "", rest: str = "") -> None:
        """Take in one history file of a source beside an order."""
        self.configure(rest=f'[sources.{source}]\npath = "{source}.csv"\n{options}\n{rest}')
        self.rows(GOOD)
        self.rows(*rows, name=f"{source}.csv", header=header)
        report = self.ingest()
        assert report.refused == []
        self.told = report.warnings()

    def quarantined(self) -> list[tuple[object, ...]]:
        return self.query("SELECT line, reason, column_name FROM raw.quarantine ORDER BY line")

    def reasons(self, values: Iterable[str], column: str = "amount") -> dict[str, object]:
        """For each value of ``column``: the reason its record is quarantined for, ``None`` when it is loaded."""
        values = list(values)
        good = dict(zip(HEADER.split(","), GOOD.split(","), strict=True))
        lines = []
        for number, value in enumerate(values):
            cells = good | {"order_id": f"o{number}", column: value}
            lines.append(",".join('"' + cell.replace('"', '""') + '"' for cell in cells.values()))
        self.rows(*lines)
        report = self.ingest()
        assert not report.refused
        found: dict[object, object] = {row[0]: row[1] for row in self.quarantined_by_line()}
        return {value: found.get(line) for line, value in enumerate(values, start=2)}

    def quarantined_by_line(self) -> list[tuple[object, ...]]:
        return self.query(
            "SELECT q.line, q.reason FROM raw.quarantine q JOIN raw.deliveries d USING (delivery_id) WHERE d.is_current"
        )

    def current(self, column: str) -> list[object]:
        """One column of the accepted orders of current deliveries, by date and line."""
        return [
            row[0]
            for row in self.query(
                f"SELECT o.{column} FROM raw.orders o JOIN raw.deliveries d USING (delivery_id)"
                " WHERE d.is_current AND d.status = 'accepted' ORDER BY d.business_date, o.line"
            )
        ]

    def refusal(self) -> str:
        """The reason code of the only refused file."""
        report = self.ingest()
        assert len(report.refused) == 1
        assert self.query("SELECT count(*) FROM raw.orders") == [(0,)]
        assert report.refused[0].remedy
        return report.refused[0].reason

    def record(self) -> dict[str, object]:
        """The stored text of the only quarantined record."""
        ((text,),) = self.query("SELECT record FROM raw.quarantine")
        found: dict[str, object] = json.loads(str(text))
        return found


def new_store() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("CREATE SCHEMA raw")
    for table in (*STORE_TABLES, *BESIDE_THE_CATALOGUE):
        connection.execute(table.ddl)
    return connection


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.store.close()
