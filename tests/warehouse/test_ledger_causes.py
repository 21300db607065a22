"""Causes that are easily missed, on two versions small enough to see through; whole shops are in ``tests.pipeline``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import duckdb
import pytest

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
PROMISED = replace(ORDERS, clock=("placed_on + 7 <= {as_of}",))
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
        )  # fmt: skip
        reach.match_changes(self.connection, window_days=90)
        advanced = tuple(name for name, day in through.items() if day > self.through[name])
        step = causes.Step("v000002", "v000001", later, EARLIER, "2023-04-09 04:00:00", False, False, advanced)
        causes.write_rows(self.connection, step)
        found = self.connection.execute(
            "select metric, cast(period_start as varchar), segment_key, causes, deliveries_count from ledger_rows"
        ).fetchall()
        return {(metric, week, segment): (named, count) for metric, week, segment, named, count in found}


@pytest.fixture
def step(memory: duckdb.DuckDBPyConnection) -> Step:
    return Step(memory)


def test_orders_that_had_fallen_behind_reach_the_periods_that_another_source_had_finished(step: Step) -> None:
    """Orders stop at a gap while spending goes on: filling it is no growth to the periods that spending finished."""
    step.through["orders"] = "2023-01-20"
    step.metric("cost_per_customer", "spend", "orders")
    for week, value in (("2023-01-16", 5.0), ("2023-02-06", 6.0), ("2023-03-27", 7.0)):
        step.both("cost_per_customer", week, value, value + 1)
    step.order("filled", "2023-02-08", known="2023-02-08")
    found = step.rows({"orders": EARLIER, "spend": EARLIER}, later=EARLIER)
    assert found == {
        ("cost_per_customer", "2023-01-16", "all"): ("unexplained", 0),  # the order lies behind it: nothing to name
        ("cost_per_customer", "2023-02-06", "all"): ("late_order", 1),
        ("cost_per_customer", "2023-03-27", "all"): ("late_order", 1),  # its customer is active for 90 days
    }


@pytest.mark.parametrize("records", [ORDERS, ALWAYS])
def test_growth_is_no_cause_in_periods_before_its_day(step: Step, records: Records) -> None:
    step.through["orders"] = "2023-03-20"
    step.metric("orders_placed", "orders")
    step.metric("followed", "spend", "orders", looks_ahead=True)
    step.metric("cost_per_customer", "spend", "orders")
    step.both("orders_placed", "2023-03-13", 5.0, 6.0)
    step.both("followed", "2023-03-13", 5.0, 6.0)
    for week in ("2023-03-13", "2023-03-27"):
        step.both("cost_per_customer", week, 5.0, 6.0)
    step.order("came", "2023-03-28", known="2023-03-28")
    assert step.rows({"orders": LATER, "spend": LATER}, records=records) == {
        ("cost_per_customer", "2023-03-13", "all"): ("unexplained", 0),
        ("orders_placed", "2023-03-13", "all"): ("unexplained", 0),
        ("followed", "2023-03-13", "all"): ("unexplained", 0),
        ("cost_per_customer", "2023-03-27", "all"): ("late_order", 1),
    }


def test_tonights_order_is_no_cause(step: Step) -> None:
    step.metric("orders_placed", "orders")
    step.both("orders_placed", "2023-03-27", 5.0, 6.0)
    step.order("tonight", LATER)
    assert step.rows({"orders": LATER, "spend": LATER}) == {("orders_placed", "2023-03-27", "all"): ("unexplained", 0)}


@pytest.mark.parametrize(("placed", "cause"), [("2023-04-01", ("maturing", 1)), ("2023-03-29", ("unexplained", 0))])
def test_a_promise_that_runs_out_is_a_cause_although_nothing_came(
    step: Step, placed: str, cause: tuple[str, int]
) -> None:
    step.metric("kept_promises", "orders")
    step.both("kept_promises", "2023-03-27", 1.0, 0.5)
    step.order("there before", placed, known="2023-04-07", is_new=False)
    found = step.rows({"orders": LATER, "spend": LATER}, records=PROMISED)
    assert found == {("kept_promises", "2023-03-27", "all"): cause}


@pytest.mark.parametrize(("through", "cause"), [(EARLIER, "maturing"), ("2023-01-20", "unexplained")])
def test_a_cell_matures_when_missing_days_come_without_a_day_going_by(step: Step, through: str, cause: str) -> None:
    step.through["orders"] = "2023-01-20"
    step.metric("cost_per_customer", "spend", "orders")
    step.cell("old_values", "cost_per_customer", "2023-02-06", 5.0, status="provisional")
    step.cell("metrics.metric_values", "cost_per_customer", "2023-02-06", 5.0)
    found = step.rows({"orders": through, "spend": EARLIER}, later=EARLIER)
    assert found == {("cost_per_customer", "2023-02-06", "all"): (cause, 0)}


@pytest.mark.parametrize(
    ("here", "there"), [("old_values", "metrics.metric_values"), ("metrics.metric_values", "old_values")]
)
def test_a_segment_with_its_first_or_last_member_brings_or_takes_cells_of_all_periods(
    step: Step, here: str, there: str
) -> None:
    step.metric("customers", "orders")
    unknown, known = ("country", "(unknown)"), ("country", "DE")
    for week in ("2023-02-06", "2023-03-27"):
        step.cell(here, "customers", week, 0.0, segment=unknown)
        for side in (here, there):
            step.cell(side, "customers", week, 9.0, segment=known)
    step.cell(here, "customers", "2023-03-20", 3.0, segment=known)  # of a segment that both know: nothing to name
    step.cell(there, "customers", "2023-03-20", 3.0, segment=("country", "AT"))
    step.cell(there, "customers", "2023-03-27", 3.0, segment=("country", "AT"))
    step.cell(here, "customers", "2023-03-27", 3.0, segment=("country", "AT"))
    assert step.rows({"orders": LATER, "spend": LATER}) == {
        ("customers", "2023-02-06", "(unknown)"): ("segment", 0),
        ("customers", "2023-03-27", "(unknown)"): ("segment", 0),
        ("customers", "2023-03-20", "DE"): ("unexplained", 0),
        ("customers", "2023-03-20", "AT"): ("unexplained", 0),
    }


def test_a_late_order_is_named_rather_than_the_segment_that_appears_with_it(step: Step) -> None:
    step.metric("customers", "orders")
    step.both("customers", "2023-03-27", 9.0, 9.0, segment=("country", "DE"))
    step.cell("metrics.metric_values", "customers", "2023-03-27", 1.0, segment=("country", "AT"))
    step.order("late", "2023-03-28", "bob")
    found = step.rows({"orders": LATER, "spend": LATER})
    assert found == {("customers", "2023-03-27", "AT"): ("late_order", 1)}


@pytest.mark.parametrize(("segment_set", "cause"), [("rfm", ("refund", 1)), ("country", ("unexplained", 0))])
def test_a_refund_moves_counts_only_of_groups_that_are_made_by_money(
    step: Step, segment_set: str, cause: tuple[str, int]
) -> None:
    step.metric("customers", "orders")
    step.both("customers", "2023-03-27", 20.0, 21.0, segment=(segment_set, "DE"))
    step.order("bought", "2023-03-01", known="2023-03-01", is_new=False)
    step.order("refunded", "2023-03-01", refunded=9.0)
    assert step.rows({"orders": LATER, "spend": LATER}) == {("customers", "2023-03-27", "DE"): cause}


@pytest.mark.parametrize(("neighbour", "cause"), [("immature", "maturing"), ("final", "unexplained")])
def test_a_cell_is_hidden_or_shown_because_its_neighbour_matures(step: Step, neighbour: str, cause: str) -> None:
    step.metric("wait", "orders", looks_ahead=True)
    week = "2023-01-02"
    step.cell("old_values", "wait", week, None, status=neighbour, segment=("country", "AT"))
    step.cell("metrics.metric_values", "wait", week, None, status="suppressed", segment=("country", "AT"))
    step.cell("old_values", "wait", week, None, status="suppressed", segment=("country", "BE"))
    step.cell("metrics.metric_values", "wait", week, 65.0, segment=("country", "BE"))
    found = step.rows({"orders": LATER, "spend": LATER})
    assert found[("wait", week, "BE")] == (cause, 0)
    step.connection.execute("update metrics.metric_values set segment_set = 'channel' where segment_key = 'BE'")
    step.connection.execute("update old_values set segment_set = 'channel' where segment_key = 'BE'")
    assert step.rows({"orders": LATER, "spend": LATER})[("wait", week, "BE")] == ("unexplained", 0)  # not of its set
