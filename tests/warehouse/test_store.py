from __future__ import annotations

import datetime as dt
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from retention_pipeline.core.errors import ConfigError, NothingPublishedError, StorageError
from retention_pipeline.core.home import Home
from retention_pipeline.core.store_tables import RAW_DELIVERIES, STORE_TABLES
from retention_pipeline.warehouse.store import (
    bind_id_key,
    data_through,
    default_as_of,
    inputs_fingerprint,
    open_store,
)
from tests.warehouse.support import settings

MARCH = [dt.date(2025, 3, day) for day in range(1, 32)]


@pytest.fixture
def store(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_store(home) as connection:
        yield connection


def deliver(store: duckdb.DuckDBPyConnection, source: str, business_date: dt.date | None, **changes: Any) -> None:
    row: dict[str, Any] = {
        "delivery_id": f"{source}-{business_date}-{changes.get('sequence', 0)}", "source": source, "kind": "increment",
        "business_date": business_date, "path": "x", "content_sha256": "x", "mapping_hash": "x", "sequence": 0,
        "received_date": dt.date(2030, 1, 1), "status": "accepted", "refusal": None, "records": 1, "loaded": 1,
        "quarantined": 0, "suppressed": 0, "erased": 0, "first_known": business_date, "last_known": business_date,
        "is_current": True, "repairs": None, "columns_found": None, **changes,
    }  # fmt: skip
    columns = RAW_DELIVERIES.column_names
    marks = ", ".join("?" for _ in columns)
    store.execute(f"insert into raw.deliveries values ({marks})", [row[column] for column in columns])


def test_a_new_store_has_every_table_as_specified_and_is_private(home: Home, store: duckdb.DuckDBPyConnection) -> None:
    for table in STORE_TABLES:
        described = store.execute(f"describe {table.qualified}").fetchall()
        found = [(name, kind, null == "YES") for name, kind, null, *_ in described]
        assert found == [(column.name, column.type, column.nullable) for column in table.columns]
    assert stat.S_IMODE(home.store.stat().st_mode) == 0o600


def test_a_store_can_be_opened_again_and_read_only(home: Home) -> None:
    with pytest.raises(NothingPublishedError, match="nothing has been delivered"):
        open_store(home, read_only=True)
    for _ in range(2):
        open_store(home).close()
    with open_store(home, read_only=True) as connection:
        assert connection.execute("select count(*) from raw.orders").fetchone() == (0,)


def test_a_store_of_another_format_is_refused_and_left_as_it_is(home: Home) -> None:
    open_store(home).close()
    with duckdb.connect(home.store) as connection:
        connection.execute("drop table raw.spend")
        connection.execute("update main.store_settings set value = '1' where name = 'format'")
    for read_only in (False, True):
        with pytest.raises(StorageError, match="has format 1, this program reads format 4") as refused:
            open_store(home, read_only=read_only)
        assert "take the delivered files in again" in str(refused.value.remedy)
    with duckdb.connect(home.store) as connection:
        left = connection.execute("select count(*) from duckdb_tables() where table_name = 'spend'").fetchone()
    assert left == (0,)


def test_a_filled_store_keeps_its_id_key(store: duckdb.DuckDBPyConnection) -> None:
    bind_id_key(store, b"one")
    bind_id_key(store, b"two")
    deliver(store, "orders", MARCH[0])
    bind_id_key(store, b"two")
    with pytest.raises(ConfigError, match="RETENTION_ID_KEY"):
        bind_id_key(store, b"one")


def test_as_of_is_the_latest_current_accepted_orders_delivery(store: duckdb.DuckDBPyConnection) -> None:
    assert default_as_of(store) is None
    deliver(store, "orders", MARCH[2])
    deliver(store, "orders", MARCH[4], first_known=None, last_known=None, records=0)
    deliver(store, "orders", MARCH[5], status="refused")
    deliver(store, "orders", MARCH[6], is_current=False)
    deliver(store, "feedback", MARCH[20])
    assert default_as_of(store) == MARCH[4]


def test_as_of_of_a_history_file_is_its_last_known_date(store: duckdb.DuckDBPyConnection) -> None:
    deliver(store, "orders", None, first_known=MARCH[0], last_known=MARCH[9])
    assert default_as_of(store) == MARCH[9]


def test_daily_files_reach_until_the_first_missing_or_refused_day(
    store: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    config = settings(tmp_path)
    assert data_through(store, config, MARCH[9]) == {"orders": None}
    for day in (1, 2, 3, 5, 6, 8):
        deliver(store, "orders", MARCH[day])
    assert data_through(store, config, MARCH[9]) == {"orders": MARCH[3]}
    assert data_through(store, config, MARCH[2]) == {"orders": MARCH[2]}
    assert data_through(store, config, MARCH[0]) == {"orders": None}
    deliver(store, "orders", MARCH[4], sequence=1)
    deliver(store, "orders", MARCH[7], status="refused")
    assert data_through(store, config, MARCH[9]) == {"orders": MARCH[6]}


def test_irregular_files_and_histories_reach_until_their_evidence_does(
    store: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    config = settings(
        tmp_path,
        orders={"path": "orders.csv", "complete_through": MARCH[20]},
        customers={"path": "customers.csv"},
        feedback={"path": "feedback/{date}.csv", "cadence": "irregular"},
    )
    assert data_through(store, config, MARCH[30]) == {"orders": None, "customers": None, "feedback": None}
    deliver(store, "orders", None, first_known=MARCH[0], last_known=MARCH[9])
    deliver(store, "customers", None, first_known=dt.date(1900, 1, 1), last_known=MARCH[12])
    for day in (3, 11):
        deliver(store, "feedback", MARCH[day])
    expected = {"orders": MARCH[20], "customers": MARCH[12], "feedback": MARCH[11]}
    assert data_through(store, config, MARCH[30]) == expected
    assert data_through(store, config, MARCH[10]) == {"orders": MARCH[10], "customers": MARCH[10], "feedback": MARCH[3]}


def test_an_optional_source_reaches_as_far_as_its_own_deliveries(
    store: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    config = settings(
        tmp_path,
        subscriptions={"path": "subscriptions.csv", "complete_through": MARCH[20]},
        tickets={"path": "tickets/{date}.csv"},
        spend={"path": "spend/{date}.csv", "cadence": "irregular"},
    )
    deliver(store, "orders", MARCH[9])
    deliver(store, "subscriptions", None, first_known=MARCH[0], last_known=MARCH[2])
    for day in (1, 2, 4):
        deliver(store, "tickets", MARCH[day])
    deliver(store, "spend", MARCH[7])
    expected = {"orders": MARCH[9], "subscriptions": MARCH[9], "tickets": MARCH[2], "spend": MARCH[7]}
    assert data_through(store, config, MARCH[9]) == expected
    assert default_as_of(store) == MARCH[9]


def test_the_fingerprint_follows_what_is_known_at_as_of_and_nothing_else(
    store: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    config = settings(tmp_path)
    deliver(store, "orders", MARCH[1])
    first = inputs_fingerprint(store, config, MARCH[5])
    deliver(store, "orders", MARCH[6])
    deliver(store, "orders", MARCH[2], is_current=False)
    deliver(store, "orders", MARCH[3], status="refused")
    moved = settings(tmp_path / "elsewhere")
    assert inputs_fingerprint(store, moved, MARCH[5]) == first
    others = {inputs_fingerprint(store, config, MARCH[6]), inputs_fingerprint(store, config, MARCH[4])}
    changed = config.model_copy(update={"shop": config.shop.model_copy(update={"activity_window_days": 30})})
    others.add(inputs_fingerprint(store, changed, MARCH[5]))
    deliver(store, "feedback", MARCH[4])
    others.add(inputs_fingerprint(store, config, MARCH[5]))
    assert len(others) == 4
    assert first not in others
