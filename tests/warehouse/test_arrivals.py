"""Which delivery counts as of which date: the first of a day from its day, late and corrected ones from arrival on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import duckdb
import pytest

from retention_pipeline.core.home import Home
from retention_pipeline.core.store_tables import RAW_DELIVERIES
from retention_pipeline.warehouse.arrivals import finish_arrivals, show_deliveries
from retention_pipeline.warehouse.store import default_as_of, open_store
from tests.warehouse.support import on_day as day


class Store:
    """A store whose catalogue and log are written as intake writes them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.sequence = 0

    def arrive(self, *names: str, status: str = "accepted") -> None:
        """Deliveries named like ``orders 3 a``: source, day of March (0: no date), content."""
        self.sequence += 1
        for name in names:
            source, number, _ = name.split()
            date = day(int(number)) if int(number) else None
            row = dict.fromkeys(RAW_DELIVERIES.column_names, "x") | {
                "delivery_id": name, "source": source, "kind": "increment", "business_date": date, "status": status,
                "sequence": self.sequence, "received_date": day(1), "records": 0, "loaded": 0, "quarantined": 0,
                "suppressed": 0, "erased": 0, "first_known": date or day(1), "last_known": date or day(9),
                "is_current": True, "refusal": "bad" if status == "refused" else None, "repairs": None,
            }  # fmt: skip
            marks = ", ".join("?" for _ in row)
            self.connection.execute("delete from raw.deliveries where delivery_id = ?", [name])
            self.connection.execute(f"insert into raw.deliveries values ({marks})", list(row.values()))
            self.log(source, date, name)

    def log(self, source: str, date: dt.date | None, name: str | None) -> None:
        self.connection.execute(
            "insert into raw.arrivals select coalesce(max(position), 0) + 1, ?, ?, ?, null, null from raw.arrivals",
            [source, date, name],
        )

    def finish(self, *, is_history: bool = False) -> None:
        show_deliveries(self.connection)
        finish_arrivals(self.connection, default_as_of(self.connection), is_history=is_history)

    def shown(self, as_of: int | None) -> set[str]:
        show_deliveries(self.connection, None if as_of is None else day(as_of))
        rows = self.connection.execute(
            "select delivery_id from raw.deliveries where is_current and coalesce(business_date <= ?, true)",
            [day(as_of or 31)],
        ).fetchall()
        return {name for (name,) in rows}


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    with open_store(home) as connection:
        yield Store(connection)


def test_a_whole_history_at_once_is_known_day_by_day(store: Store) -> None:
    store.arrive("orders 1 a", "orders 2 a", "orders 3 a", "customers 2 a")
    store.finish()
    assert store.shown(1) == {"orders 1 a"}
    assert store.shown(2) == {"orders 1 a", "orders 2 a", "customers 2 a"}
    assert store.shown(None) == {"orders 1 a", "orders 2 a", "orders 3 a", "customers 2 a"}


def test_a_corrected_day_leaves_what_was_known_before_as_it_was(store: Store) -> None:
    store.arrive("orders 1 a", "orders 2 a")
    store.finish()
    store.arrive("orders 1 b", "orders 3 a")
    store.finish()
    assert store.shown(2) == {"orders 1 a", "orders 2 a"}
    assert store.shown(3) == {"orders 1 b", "orders 2 a", "orders 3 a"}


def test_a_day_that_came_late_was_not_known_before(store: Store) -> None:
    store.arrive("orders 1 a", "orders 3 a")
    store.finish()
    store.arrive("orders 2 a", "orders 4 a", "feedback 3 a")
    store.finish()
    assert store.shown(3) == {"orders 1 a", "orders 3 a"}
    assert store.shown(4) == {"orders 1 a", "orders 2 a", "orders 3 a", "orders 4 a", "feedback 3 a"}


def test_history_that_is_filled_in_counts_on_its_own_days(store: Store) -> None:
    store.arrive("orders 5 a")
    store.finish(is_history=True)
    store.arrive("orders 1 a", "orders 2 a")
    store.finish(is_history=True)
    store.arrive("orders 2 b")
    store.finish(is_history=True)
    assert store.shown(2) == {"orders 1 a", "orders 2 a"}
    assert store.shown(5) == {"orders 1 a", "orders 2 b", "orders 5 a"}


def test_content_that_comes_back_counts_again_from_then_on(store: Store) -> None:
    for names in (("orders 1 a",), ("orders 1 b", "orders 2 a"), ("orders 1 a", "orders 3 a")):
        store.arrive(*names)
        store.finish()
    assert [store.shown(number) & {"orders 1 a", "orders 1 b"} for number in (1, 2, 3)] == [
        {"orders 1 a"},
        {"orders 1 b"},
        {"orders 1 a"},
    ]


def test_nothing_counts_after_a_source_changed_its_ways(store: Store) -> None:
    store.arrive("orders 0 history")
    store.finish()
    store.log("orders", None, None)
    store.arrive("orders 9 a", "orders 10 a")
    store.finish()
    assert store.shown(9) == {"orders 0 history", "orders 9 a"} - {"orders 9 a"}
    assert store.shown(10) == {"orders 9 a", "orders 10 a"}


def test_a_refused_file_and_an_intake_that_died_do_not_make_the_next_one_late(store: Store) -> None:
    store.arrive("orders 1 a", "orders 2 bad", status="refused")
    store.arrive("orders 1 b")  # the run stopped at the refusal, so nothing has been finished
    store.arrive("orders 2 a", "orders 3 a")
    store.finish()
    assert store.shown(1) == {"orders 1 b"}
    assert store.shown(2) == {"orders 1 b", "orders 2 a"}


def repair(store: Store, name: str, of: str) -> None:
    """A repair of a delivery that is there, as intake logs it."""
    columns = ", ".join(column for column in RAW_DELIVERIES.column_names if column not in {"delivery_id", "repairs"})
    store.connection.execute(
        f"insert into raw.deliveries by name select ? as delivery_id, ? as repairs, {columns} from raw.deliveries"
        " where delivery_id = ?",
        [name, of, of],
    )
    log_repair(store, name)


def log_repair(store: Store, name: str, *, is_undone: bool = False) -> None:
    store.connection.execute(
        "insert into raw.arrivals select (select max(position) + 1 from raw.arrivals), source, business_date,"
        " case when not ? then delivery_id end, null, delivery_id from raw.deliveries where delivery_id = ?",
        [is_undone, name],
    )


def test_a_repair_counts_from_the_frontier_on_and_only_beside_its_delivery(store: Store) -> None:
    store.arrive("orders 1 a", "orders 2 a", "orders 3 a")
    store.finish()
    repair(store, "orders 1 r", "orders 1 a")
    store.finish()
    assert store.shown(2) == {"orders 1 a", "orders 2 a"}
    assert store.shown(3) == {"orders 1 a", "orders 1 r", "orders 2 a", "orders 3 a"}
    store.arrive("orders 1 b", "orders 4 a")
    store.finish()
    assert "orders 1 r" in store.shown(3)
    assert store.shown(4) == {"orders 1 b", "orders 2 a", "orders 3 a", "orders 4 a"}
    store.arrive("orders 1 a", "orders 5 a")
    store.finish()
    assert {"orders 1 a", "orders 1 r"} < store.shown(5)
    log_repair(store, "orders 1 r", is_undone=True)
    store.arrive("orders 6 a")
    store.finish()
    assert "orders 1 r" in store.shown(5)
    assert "orders 1 r" not in store.shown(6)


def test_a_repair_made_before_any_run_has_used_its_delivery_counts_with_it(store: Store) -> None:
    store.arrive("orders 1 a", "orders 2 a")
    repair(store, "orders 1 r", "orders 1 a")  # the run stopped at too many quarantined records
    store.finish()
    assert store.shown(1) == {"orders 1 a", "orders 1 r"}


def test_a_store_from_before_the_log_is_brought_up_to_date(home: Home) -> None:
    with open_store(home) as connection:
        store = Store(connection)
        for names in (("orders 1 a", "orders 2 a"), ("orders 1 b", "orders 3 a"), ("orders 4 a",)):
            store.arrive(*names)
            store.finish()
        connection.execute("update raw.deliveries set is_current = delivery_id <> 'orders 1 b'")
        connection.execute("drop table raw.arrivals")
        for table, column in (
            ("deliveries", "repairs"),
            ("deliveries", "columns_found"),
            ("quarantine", "resolved_by"),
        ):
            connection.execute(f"alter table raw.{table} drop column {column}")
        connection.execute("update main.store_settings set value = '2' where name = 'format'")
    with open_store(home) as connection:
        store = Store(connection)
        assert store.shown(2) == {"orders 1 a", "orders 2 a"}
        assert "orders 1 b" in store.shown(3)
        assert store.shown(None) == {"orders 1 a", "orders 2 a", "orders 3 a", "orders 4 a"}
