"""What the demo shop plants is what intake finds: every record of a small shop, by reason code."""

from __future__ import annotations

import datetime as dt
from itertools import chain
from pathlib import Path

from retention_pipeline.config import load_settings
from retention_pipeline.core.progress import Silent
from retention_pipeline.demo.dirt import BAD_ORDERS
from retention_pipeline.demo.dirt_people import BAD_CUSTOMERS, BAD_FEEDBACK
from retention_pipeline.demo.dirt_service import BAD_SERVICE
from retention_pipeline.demo.shop import write_shop
from retention_pipeline.intake.ingest import ingest
from retention_pipeline.warehouse.store import open_store


def test_intake_counts_every_planted_fault_under_its_reason_code(tmp_path: Path) -> None:
    truth = write_shop(tmp_path, customers=600, days=90)
    settings = load_settings(tmp_path / "retention.toml")
    connection = open_store(settings.home)
    report = ingest(connection, settings, b"k" * 32, received_date=dt.date(2026, 1, 1), progress=Silent())
    connection.close()
    report.raise_for_refusals(settings)
    planted = {fault.reason for fault in (*BAD_ORDERS, *BAD_CUSTOMERS, *BAD_FEEDBACK, *chain(*BAD_SERVICE.values()))}
    assert {reason for reasons in truth.quarantined.values() for reason in reasons} == planted
    assert set(report.sources) == set(truth.records)
    for name, source in report.sources.items():
        assert source.records == truth.records[name]
        assert source.suppressed == truth.suppressed[name]
        assert dict(source.reasons) == truth.quarantined[name]
        assert source.loaded == source.records - source.quarantined - source.suppressed
        assert source.warnings == []
