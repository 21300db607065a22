"""Making a home directory without running the pipeline."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd

from retention_pipeline.config import Settings
from retention_pipeline.core.home import Home
from retention_pipeline.core.store_tables import RAW_DELIVERIES
from retention_pipeline.warehouse.connection import connect
from retention_pipeline.warehouse.publish import publish
from retention_pipeline.warehouse.release import PublishedTable
from retention_pipeline.warehouse.store import open_store
from tests.warehouse import support

LIMIT_COLUMNS = (
    "metric", "variant", "basis", "grain", "calendar", "period_start", "segment_set", "segment_key", "value", "n",
    "center", "lower_limit", "upper_limit", "overdispersion", "baseline_periods", "verdict", "is_latest",
)  # fmt: skip


def limits(verdict: str, month: int = 1, metric: str = "customer_retention_rate", key: str = "all") -> dict[str, Any]:
    """One row of the table of control limits."""
    values = (
        metric, "set_based", "purchase_window", "month", "standard", dt.date(2025, month, 1),
        "all" if key == "all" else "country", key, 0.5, 1000, 0.8, 0.75, 0.85, 1.2, 24, verdict, True,
    )  # fmt: skip
    return dict(zip(LIMIT_COLUMNS, values, strict=True))


class Shop:
    """A shop that delivers its orders daily."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = Home(root / "home")
        self._number = 0

    def settings(self, **alerts: Any) -> Settings:
        made = support.settings(self.root, customers={"path": "customers.csv"})
        return Settings.model_validate(
            {
                **made.model_dump(exclude_unset=True),
                "alerts": alerts,
                "home_dir": self.home.root,
                "config_path": made.config_path,
            }
        )

    def publish(
        self, orders_through: str = "2025-02-28", rows: list[dict[str, Any]] | None = None, contract: int = 1
    ) -> None:
        """A new version; with rows, it has control limits."""
        self._number += 1
        made = support.tables(self._number)
        if rows is not None:
            frame = pd.DataFrame(rows, columns=list(LIMIT_COLUMNS))
            types = {"period_start": "DATE", "is_latest": "BOOLEAN", "n": "BIGINT", "baseline_periods": "BIGINT"}
            text = ("metric", "variant", "basis", "grain", "calendar", "segment_set", "segment_key", "verdict")
            types |= dict.fromkeys(text, "VARCHAR")
            types = {name: types.get(name, "DOUBLE") for name in LIMIT_COLUMNS}
            key = ("metric", "variant", "segment_set", "segment_key", "period_start")
            made.append(PublishedTable("control_limits", key, frame=frame, column_types=types))
        origin = {**support.metadata(self._number), "data_through": {"orders": orders_through}}
        origin["contract_version"] = contract
        with connect(None) as connection:
            publish(self.home, connection, made, origin, keep=3)

    def deliver(self, source: str, *days: dt.date, refusal: str | None = None) -> None:
        """Catalogue entries, as intake writes them; a delivery for a day replaces the one before."""
        columns = RAW_DELIVERIES.column_names
        with open_store(self.home) as store:
            for day in days:
                row = {
                    "delivery_id": f"{source}-{day}-{refusal}", "source": source, "kind": "increment",
                    "business_date": day, "path": f"{source}/{day}.csv", "content_sha256": "0", "mapping_hash": "m",
                    "sequence": 1, "received_date": day, "status": "refused" if refusal else "accepted",
                    "refusal": refusal, "records": 0, "loaded": 0, "quarantined": 0, "suppressed": 0, "erased": 0,
                    "first_known": None, "last_known": None, "is_current": True, "repairs": None, "columns_found": None,
                }  # fmt: skip
                store.execute("delete from raw.deliveries where source = ? and business_date = ?", [source, day])
                marks = ", ".join("?" for _ in columns)
                store.execute(f"insert into raw.deliveries values ({marks})", [row[name] for name in columns])
                position = "select coalesce(max(position), 0) + 1 from raw.arrivals"
                store.execute(
                    f"insert into raw.arrivals values (({position}), ?, ?, ?, ?, null)",
                    [source, day, row["delivery_id"], day],
                )

    def flip_a_bit(self) -> None:
        """Damage one published file, keeping its size and times."""
        import os

        path = next(self.home.published.glob("v*/facts.parquet"))
        stat = path.stat()
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(bytes(data))
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
