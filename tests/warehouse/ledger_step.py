"""Two versions small enough to see through, and what was delivered to them: for tests of the ledger's causes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import duckdb

from retention_pipeline.core.history_tables import COVERAGE, DELIVERIES, METRIC_SOURCES, VERSIONS
from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.warehouse.ledger import causes, cells, changes, reach
from retention_pipeline.warehouse.ledger.records import Records

ORDERS = Records(
    key=("order_no",),
    dated="placed_on",
    customer="customer_id",
    content=("amount",),
    refund=("refunded",),
    spans=(("placed_on", "placed_on + 91"),),
)
ALWAYS = replace(ORDERS, spans=(("date '0001-01-01'", "date '9999-12-31'"),))
"""As rates are: they have their effect on every day."""
PROMISED = replace(ORDERS, clock=("placed_on + 7 <= {through}",))
"""As tickets are: a promise runs out without anything being delivered."""
EARLIER, LATER = "2023-04-07", "2023-04-08"
OF_RAW = "delivery_id varchar, line bigint, known_date date, updated_at timestamp, customer_id varchar"


class Step:
    """Two versions and what was delivered to them; the metrics are weekly and completed by one source each."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.through: dict[str, str] = {"orders": EARLIER, "spend": EARLIER}
        connection.execute("create schema metrics; create schema marts; attach ':memory:' as store")
        connection.execute("create schema store.raw")
        connection.execute("create table store.raw.deliveries (delivery_id varchar, repairs varchar)")
        connection.execute(f"create table store.raw.customers ({OF_RAW}, attributes varchar)")
        connection.execute(
            f"create table store.raw.orders ({OF_RAW}, order_no varchar, placed_on date, amount double,"
            " refunded double)"
        )
        for name, table in (
            ("old_values", METRIC_VALUES), ("metrics.metric_values", METRIC_VALUES), ("old_deliveries", DELIVERIES),
            ("new_deliveries", DELIVERIES), ("old_versions", VERSIONS), ("old_coverage", COVERAGE),
            ("old_metric_sources", METRIC_SOURCES), ("new_metric_sources", METRIC_SOURCES),
        ):  # fmt: skip
            connection.execute(f"create table {name} ({', '.join(f'{c.name} {c.type}' for c in table.columns)})")
        for name in ("old_segments", "marts.dim_customer_segment"):
            connection.execute(f"create table {name} (customer_id varchar, segment_set varchar, segment_key varchar)")
            connection.execute(f"insert into {name} values ('ann', 'country', 'DE'), ('bob', 'country', 'AT')")
        for name in ("old_customers", "marts.dim_customer"):
            connection.execute(f"create table {name} (customer_id varchar, first_order_date date)")
        connection.execute("create table marts.dim_period (grain varchar, period_start date, period_end date)")
        connection.execute("insert into old_versions by name select 'v000001' as version, false as is_reenactment")

    def metric(self, metric: str, completing: str, *moving: str, looks_ahead: bool = False) -> None:
        for source in (completing, *moving):
            for name in ("old_metric_sources", "new_metric_sources"):
                self.connection.execute(
                    f"insert into {name} values (?, 'standard', 'calendar', ?, ?, ?, false, 'v000001')",
                    [metric, source, source == completing, looks_ahead],
                )

    def cell(
        self, side: str, metric: str, week: str, value: float | None, *,
        status: str = "final", segment: tuple[str, str] = ("all", "all"), unit: str = "customers",
    ) -> None:  # fmt: skip
        self.connection.execute(
            f"insert into {side} by name select ? as metric, 'standard' as variant, 'calendar' as basis,"
            " 'week' as grain, 'standard' as calendar, cast(? as date) as period_start,"
            " cast(? as date) + 7 as period_end, ? as segment_set, ? as segment_key, cast(? as double) as value,"
            " ? as status, ? as unit, 1 as definition_version, cast(? as date) as data_through",
            [metric, week, week, *segment, value, status, unit, EARLIER],
        )

    def both(self, metric: str, week: str, old: float, new: float, segment: tuple[str, str] = ("all", "all")) -> None:
        for side, value in (("old_values", old), ("metrics.metric_values", new)):
            self.cell(side, metric, week, value, segment=segment)

    def order(
        self, delivery: str, placed: str, customer: str = "ann", *, known: str = LATER, refunded: float = 0.0,
        is_new: bool = True, number: str = "1",
    ) -> None:  # fmt: skip
        for name in ("new_deliveries",) if is_new else ("old_deliveries", "new_deliveries"):
            self.connection.execute(
                f"insert into {name} by name select ? as delivery_id, 'orders' as source, 'increment' as kind,"
                " cast(? as date) as business_date",
                [delivery, known],
            )
        self.connection.execute(
            "insert into store.raw.orders values (?, 1, ?, ?::timestamp, ?, ?, ?, 10.0, ?)",
            [delivery, known, known, customer, number, placed, refunded],
        )

    def rows(
        self, through: Mapping[str, str], *, later: str = LATER, records: Records = ORDERS
    ) -> dict[tuple[str, str, str], tuple[str, int]]:
        """Causes and number of deliveries by metric, week and segment; ``through``: how far the new version was."""
        for source, day in self.through.items():
            self.connection.execute("insert into old_coverage values ('v000001', ?, ?)", [source, day])
        assert cells.find_changed_cells(self.connection)
        changes.find_changed_records(
            self.connection, {"orders": records}, old_as_of=dt.date.fromisoformat(EARLIER),
            new_as_of=dt.date.fromisoformat(later),
            data_through={name: dt.date.fromisoformat(day) for name, day in self.through.items()},
            new_data_through={name: dt.date.fromisoformat(day) for name, day in through.items()},
        )  # fmt: skip
        reach.match_changes(self.connection, window_days=90)
        advanced = tuple(name for name, day in through.items() if day > self.through[name])
        step = causes.Step("v000002", "v000001", later, EARLIER, "2023-04-09 04:00:00", False, False, advanced)
        causes.write_rows(self.connection, step)
        found = self.connection.execute(
            "select metric, cast(period_start as varchar), segment_key, causes, deliveries_count from ledger_rows"
        ).fetchall()
        return {(metric, week, segment): (named, count) for metric, week, segment, named, count in found}
