"""Causes that are easily missed, on two versions small enough to see through; whole shops are in ``tests.pipeline``."""

from __future__ import annotations

import duckdb
import pytest

from retention_pipeline.warehouse.ledger.records import Records
from tests.warehouse.ledger_step import ALWAYS, EARLIER, LATER, ORDERS, PROMISED, Step


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
    step.metric("kept_promises", "orders", looks_ahead=True)
    step.metric("orders_placed", "orders")
    for metric in ("kept_promises", "orders_placed"):
        step.both(metric, "2023-03-27", 1.0, 0.5)
    step.order("there before", placed, known="2023-04-07", is_new=False)
    found = step.rows({"orders": LATER, "spend": LATER}, records=PROMISED)
    assert found.pop(("kept_promises", "2023-03-27", "all")) == cause
    assert found == {("orders_placed", "2023-03-27", "all"): ("unexplained", 0)}  # it knows of no promise


@pytest.mark.parametrize(("through", "cause"), [(LATER, ("maturing", 1)), (EARLIER, ("unexplained", 0))])
def test_a_promise_runs_out_with_the_deliveries_and_not_with_the_days(
    step: Step, through: str, cause: tuple[str, int]
) -> None:
    step.metric("kept_promises", "orders", looks_ahead=True)
    step.both("kept_promises", "2023-03-27", 1.0, 0.5)
    step.order("there before", "2023-04-01", known="2023-04-07", is_new=False)
    found = step.rows({"orders": through, "spend": LATER}, records=PROMISED)
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


def test_a_cell_of_a_finer_grain_that_grew_hides_and_shows_cells_of_coarser_ones(step: Step) -> None:
    """Small months hide their quarter; a cell pooled over months takes in a new month and is small no more."""
    step.metric("pooled", "orders")
    for side, status, value in (("old_values", "suppressed", None), ("metrics.metric_values", "final", 14.0)):
        step.cell(side, "pooled", "2023-01-02", value, status=status, segment=("country", "AT"))
    through = {"orders": LATER, "spend": LATER}
    assert step.rows(through)[("pooled", "2023-01-02", "AT")] == ("unexplained", 0)
    for side, end in (("old_values", "2023-04-01"), ("metrics.metric_values", "2023-05-01")):
        step.cell(side, "pooled", "2023-01-01", 20.0, segment=("country", "BE"))
        step.connection.execute(f"update {side} set grain = 'month', period_end = '{end}' where segment_key = 'BE'")
    assert step.rows(through)[("pooled", "2023-01-02", "AT")] == ("maturing", 0)
    for side in ("old_values", "metrics.metric_values"):
        step.connection.execute(f"update {side} set segment_set = 'channel' where segment_key = 'BE'")
    assert step.rows(through)[("pooled", "2023-01-02", "AT")] == ("unexplained", 0)  # not of its set
