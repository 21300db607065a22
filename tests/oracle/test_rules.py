"""The oracle itself against the rules of the metric definitions, on small shops."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.oracle.calendars import end_of, start_of
from tests.oracle.records import Answer, Coverage, Customer, Order
from tests.oracle.small_shops import SHOP, metric, order, world


@pytest.mark.parametrize(("days_before", "is_active"), [(1, True), (89, True), (90, True), (91, False)])
def test_an_order_keeps_its_customer_active_for_exactly_the_window(days_before: int, is_active: bool) -> None:
    day = dt.date(2024, 6, 1) - dt.timedelta(days=days_before)
    found = world([order(1, "a", day.isoformat()), order(2, None, "2024-06-15")], "2024-06-30")
    assert (metric(found, "customers.start", "2024-06-01").numerator == 1) is is_active


def test_an_order_on_the_boundary_itself_is_not_yet_active() -> None:
    found = world([order(1, "a", "2024-06-01")], "2024-06-30")
    assert metric(found, "customers.start", "2024-06-01").numerator == 0
    assert metric(found, "customers.end", "2024-06-01").numerator == 1


def test_the_business_date_is_that_of_the_shop() -> None:
    at = dt.datetime.fromisoformat("2024-05-31T22:30:00")
    late = Order("1", "a", at, None, "paid", Decimal(1), Decimal(0), dt.date(2024, 6, 1), 1)
    found = world([late], "2024-06-30")
    assert metric(found, "customers.new", "2024-06-01").numerator == 1


def test_the_last_version_known_at_as_of_counts() -> None:
    first = order(1, "a", "2024-06-01", "10")
    later = Order("1", "a", first.ordered_at, None, "cancelled", Decimal(10), Decimal(0), dt.date(2024, 6, 20), 2)
    before = world([first, later, order(9, "b", "2024-06-02")], "2024-06-19")
    after = world([first, later, order(9, "b", "2024-06-02")], "2024-06-20")
    counts = [metric(found, "customers.ordering", "2024-06-01").numerator for found in (before, after)]
    assert counts == [2, 1]
    assert after.state.excluded == {"status_cancelled": 1}


def test_an_open_month_is_provisional_and_a_delivered_one_final() -> None:
    found = world([order(1, "a", "2024-05-03"), order(2, "a", "2024-06-03")], "2024-06-29")
    statuses = [metric(found, "orders.standard", day, "calendar").status for day in ("2024-05-01", "2024-06-01")]
    assert statuses == ["final", "provisional"]
    complete = world([order(1, "a", "2024-05-03"), order(2, "a", "2024-06-03")], "2024-06-30")
    assert metric(complete, "orders.standard", "2024-06-01", "calendar").status == "final"


def test_an_empty_base_is_undefined_not_zero() -> None:
    row = metric(world([order(1, "a", "2024-06-01")], "2024-06-30"), "customer_retention_rate.set_based", "2024-06-01")
    assert (row.status, row.value, row.denominator, row.ci) == ("undefined", None, 0, None)


def test_a_missing_source_is_absent_not_zero() -> None:
    found = world([order(1, "a", "2024-06-01")], "2024-06-30")
    scores = [row for row in found.metrics if row.metric == "net_promoter_score"]
    assert [(row.status, row.value, row.n) for row in scores] == [("source_absent", None, None)]


def test_the_revenue_bridge_adds_up_to_this_periods_revenue() -> None:
    buys = [("up", "10", "30"), ("down", "30", "10"), ("gone", "5", None), ("new", None, "7"), ("same", "4", "4")]
    orders = [order(99, "back", "2024-04-02", "3"), order(98, "back", "2024-06-02", "11")]
    for number, (customer, may, june) in enumerate(buys):
        orders += [order(2 * number, customer, "2024-05-10", may)] if may else []
        orders += [order(2 * number + 1, customer, "2024-06-10", june)] if june else []
    found = world(orders, "2024-06-30")
    names = ("previous", "new", "expansion", "reactivation", "contraction", "churn", "current")
    flows = {name: metric(found, f"revenue_bridge.{name}", "2024-06-01", "calendar").numerator for name in names}
    assert flows == {"previous": 49, "new": 7, "expansion": 20, "reactivation": 11, "contraction": 20, "churn": 5,
                     "current": 62}  # fmt: skip
    assert metric(found, "revenue_retention.gross", "2024-06-01", "calendar").value == pytest.approx(24 / 49)
    assert metric(found, "revenue_retention.net", "2024-06-01", "calendar").value == pytest.approx(44 / 49)


def test_the_latest_answer_of_a_wave_counts() -> None:
    def answer(number: int, customer: str | None, day: str, score: int, wave: str | None = None) -> Answer:
        at = dt.datetime.fromisoformat(f"{day}T12:00:00")
        low, high = Decimal(0), Decimal(10)
        return Answer(str(number), customer, at, "nps", Decimal(score), low, high, wave, None, at.date(), number)

    answers = [
        answer(1, "a", "2024-06-01", 2), answer(2, "a", "2024-06-20", 9), answer(3, None, "2024-06-01", 7),
        answer(4, None, "2024-06-01", 7), answer(5, "b", "2024-05-30", 1, "summer"),
        answer(6, "b", "2024-06-02", 10, "summer"),
    ]  # fmt: skip
    found = world([order(1, "a", "2024-05-01")], "2024-06-30", feedback=answers)
    score = metric(found, "net_promoter_score.standard", "2024-06-01", "scale_0_10")
    assert (score.numerator, score.denominator) == (2, 4)
    assert metric(found, "answers.standard", "2024-05-01", "scale_0_10").numerator == 0


def test_a_segment_counts_as_known_at_the_start_of_the_period() -> None:
    def person(country: str, day: str, line: int) -> Customer:
        return Customer("a", None, {"country": country}, dt.date.fromisoformat(day), line)

    shop = replace(SHOP, segments=("country",), min_cell_size=1)
    people = [person("DE", "2024-05-20", 1), person("FR", "2024-06-01", 2), person("IT", "2024-06-02", 3)]
    orders = [order(1, "a", "2024-05-10"), order(2, "a", "2024-06-10"), order(3, "b", "2024-06-11")]
    found = world(orders, "2024-06-30", shop, customers=people)
    start = dt.date(2024, 6, 1)
    cells = {key[4]: cell for key, cell in found.periods.cells.items() if key[0] == "calendar" and key[2] == start}
    assert {key: cell["customers_ordering"] for key, cell in cells.items()} == {
        "all": 2, "DE": 0, "FR": 1, "IT": 0, "(unknown)": 1,
    }  # fmt: skip
    may = [row for row in found.metrics if row.place.segment_key == "DE" and row.place.period_start < start]
    assert [row.numerator for row in may if row.metric == "orders" and row.variant == "standard"] == [1]


def test_a_single_small_cell_takes_the_next_smallest_with_it() -> None:
    shop = replace(SHOP, segments=("country",), min_cell_size=3)
    sizes = {"DE": 9, "FR": 5, "IT": 2}
    people = [
        Customer(f"{country}{index}", None, {"country": country}, dt.date(2024, 1, 1), index)
        for country, size in sizes.items()
        for index in range(size)
    ]
    orders = [order(number, one.customer_id, "2024-06-10") for number, one in enumerate(people)]
    found = world(orders, "2024-06-30", shop, customers=people)
    rows = [row for row in found.metrics if row.metric == "revenue" and row.variant == "gross"]
    assert {row.place.segment_key: (row.status, row.numerator, row.n) for row in rows} == {
        "all": ("final", 160, 16), "DE": ("final", 90, 9), "FR": ("suppressed", None, None),
        "IT": ("suppressed", None, None),
    }  # fmt: skip


def test_periods_begin_and_end_where_a_calendar_says() -> None:
    assert start_of(dt.date(2024, 2, 29), "quarter", "monday") == dt.date(2024, 1, 1)
    assert end_of(dt.date(2024, 2, 1), "month", "monday") == dt.date(2024, 3, 1)
    assert start_of(dt.date(2021, 1, 3), "week", "monday") == dt.date(2020, 12, 28)
    assert start_of(dt.date(2021, 1, 3), "week", "sunday") == dt.date(2021, 1, 3)


def test_data_through_stops_before_the_first_missing_day() -> None:
    dates = tuple(dt.date(2024, 6, day) for day in (1, 2, 4))
    daily = Coverage(dates, is_dated=True)
    assert daily.data_through(dt.date(2024, 6, 30)) == dt.date(2024, 6, 2)
    assert Coverage(dates, is_dated=True, is_daily=False).data_through(dt.date(2024, 6, 3)) == dt.date(2024, 6, 2)
    assert daily.data_through(dt.date(2024, 5, 31)) is None


def test_an_empty_cell_is_shown_where_no_cell_is_small() -> None:
    shop = replace(SHOP, segments=("country",), min_cell_size=3)
    people = [Customer(f"DE{index}", None, {"country": "DE"}, dt.date(2024, 1, 1), index) for index in range(4)]
    people.append(Customer("FR0", None, {"country": "FR"}, dt.date(2024, 1, 1), 9))
    found = world([order(n, one.customer_id, "2024-06-10") for n, one in enumerate(people[:4])], "2024-06-30", shop,
                  customers=people)  # fmt: skip
    rows = [row for row in found.metrics if (row.metric, row.variant) == ("orders", "standard")]
    assert {row.place.segment_key: (row.status, row.numerator) for row in rows} == {
        "all": ("final", 4), "DE": ("final", 4), "FR": ("final", 0),
    }  # fmt: skip


def test_guests_count_for_revenue_and_stand_for_themselves() -> None:
    found = world([order(1, "a", "2024-06-10"), order(2, None, "2024-06-11"), order(3, None, "2024-06-11")],
                  "2024-06-30")  # fmt: skip
    assert metric(found, "customers.ordering", "2024-06-01", "calendar").numerator == 1
    guests = metric(found, "revenue.guest_gross", "2024-06-01", "calendar")
    assert (guests.numerator, guests.n) == (20, 2)
    value = metric(found, "average_order_value.all_orders", "2024-06-01", "calendar")
    assert (value.numerator, value.denominator, value.n) == (30, 3, 3)
