"""A store written row by row, and the dbt project built over it.

Belongs here: rows in, tables out. Not here: what the tables should hold.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from retention_pipeline.core.tables import STORE_TABLES
from retention_pipeline.warehouse.connection import release_process_caches

PROJECT = Path(__file__).parents[2] / "dbt_project"
VARIABLES: dict[str, Any] = {
    "as_of": "2024-03-15", "data_through": "2024-03-15", "timezone": "UTC", "currency": "EUR",
    "activity_window_days": 30, "grains": ["week", "month", "year"], "cohort_grains": ["month"],
    "week_start": "monday", "segments": ["tier"], "excluded_statuses": ["cancelled"], "minimum_amount": 0.0,
}  # fmt: skip


@dataclass
class Rows:
    """What a shop delivered; each (source, known date) is one delivery unless a row names another."""

    tables: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {t.name: [] for t in STORE_TABLES})

    def deliver(self, source: str, day: str | None, *, name: str = "", kind: str = "increment", **flags: Any) -> str:
        """Record a delivery once and return its id."""
        delivery_id = name or f"{source}-{day or 'history'}"
        if all(row["delivery_id"] != delivery_id for row in self.tables["deliveries"]):
            self.tables["deliveries"].append({
                "delivery_id": delivery_id, "source": source, "kind": kind, "business_date": day, "path": "",
                "content_sha256": "", "mapping_hash": "", "sequence": len(self.tables["deliveries"]),
                "received_date": "2024-01-01", "status": "accepted", "refusal": None, "records": 0, "loaded": 0,
                "quarantined": 0, "suppressed": 0, "first_known": day, "last_known": day, "is_current": True, **flags,
            })  # fmt: skip
        return delivery_id

    def _add(self, source: str, known: str, delivery: str | None, **values: Any) -> None:
        delivery_id = delivery or self.deliver(source, known)
        rows = self.tables[source]
        rows.append({**values, "known_date": known, "delivery_id": delivery_id, "line": len(rows) + 2})

    def order(
        self, order_id: str, customer_id: str | None, at: str, amount: str | int | Decimal, *, refund: str | int = 0,
        status: str = "paid", updated: str | None = None, known: str | None = None, delivery: str | None = None,
    ) -> None:  # fmt: skip
        """One order record; ``at`` is a date (noon) or an instant."""
        self._add(
            "orders", known or at[:10], delivery, order_id=order_id, customer_id=customer_id, ordered_at=instant(at),
            updated_at=updated, status=status, currency="EUR", amount=amount, refund_amount=refund, cost_amount=None,
        )  # fmt: skip

    def customer(
        self,
        customer_id: str,
        known: str,
        *,
        delivery: str | None = None,
        updated: str | None = None,
        **attributes: Any,
    ) -> None:
        """One customer record with its segments."""
        self._add(
            "customers", known, delivery, customer_id=customer_id, created_at=None, updated_at=updated,
            attributes=attributes,
        )  # fmt: skip

    def answer(
        self, feedback_id: str, customer_id: str | None, at: str, measure: str, score: int,
        *, scale: tuple[int, int] = (0, 10), wave: str | None = None, known: str | None = None,
        updated: str | None = None,
    ) -> None:  # fmt: skip
        """One answer to a survey."""
        self._add(
            "feedback", known or at[:10], None, feedback_id=feedback_id, customer_id=customer_id, order_id=None,
            sent_at=None, submitted_at=instant(at), measure=measure, score=score, scale_min=scale[0],
            scale_max=scale[1], wave=wave, updated_at=updated,
        )  # fmt: skip


def instant(at: str) -> str:
    """Noon of a date, or the instant itself."""
    return at if len(at) > 10 else f"{at} 12:00:00"


def write_store(path: Path, rows: Rows) -> None:
    """Create a delivery store with exactly these rows."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("set timezone = 'UTC'; create schema raw")
        for table in STORE_TABLES:
            connection.execute(table.ddl)
            values = [[row[name] for name in table.column_names] for row in rows.tables[table.name]]
            if values:
                marks = ", ".join("?" * len(table.columns))
                connection.executemany(f"insert into {table.qualified} values ({marks})", values)


@dataclass
class Project:
    """The dbt project, parsed once; each build gets its own folder."""

    folder: Path
    manifest: Any
    builds: int = 0

    def build(
        self, rows: Rows, *, select: tuple[str, ...] = (), tests: bool = False, **variables: Any
    ) -> duckdb.DuckDBPyConnection:
        """Build over a store with these rows.

        Args:
            rows: What was delivered.
            select: dbt selection; everything when empty.
            tests: Whether data tests and unit tests run too.
            variables: Overrides of :data:`VARIABLES`.

        Returns:
            An open connection to the build file.
        """
        from _pytest.monkeypatch import MonkeyPatch
        from dbt.cli.main import dbtRunner

        self.builds += 1
        home = self.folder / f"build{self.builds}"
        home.mkdir()
        write_store(home / "store.duckdb", rows)
        arguments = ["build" if tests else "run", *common_arguments(home), *(["--select", *select] if select else [])]
        with MonkeyPatch.context() as patch:
            patch.setenv("DBT_RETENTION_BUILD", str(home / "build.duckdb"))
            patch.setenv("DBT_RETENTION_STORE", str(home / "store.duckdb"))
            outcome = dbtRunner(manifest=self.manifest.deepcopy()).invoke(
                [*arguments, "--vars", json.dumps({**VARIABLES, **variables})]
            )
        release_process_caches()
        bad = [f"{r.node.name}: {r.message}" for r in outcome.result or () if r.status not in {"success", "pass"}]
        assert outcome.success, bad or outcome.exception
        return duckdb.connect(str(home / "build.duckdb"), read_only=True)


def common_arguments(target: Path) -> list[str]:
    """What every dbt command of these tests is told."""
    return [
        "--quiet", "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target / "dbt"),
        "--log-path", str(target / "dbt"), "--no-version-check",
    ]  # fmt: skip


def cells(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    """The rows of a query as dictionaries, dates as ISO text and whole decimals as numbers."""
    cursor = connection.execute(sql)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall()]


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


MARTS = (
    "dim_period", "dim_customer", "dim_customer_segment", "fct_customer_period", "fct_period", "fct_cohort_period",
    "fct_feedback_period",
)  # fmt: skip


def contents(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[Any, ...]]]:
    """Every mart, whole and in a total order."""
    return {name: connection.execute(f"select * from marts.{name} order by all").fetchall() for name in MARTS}
