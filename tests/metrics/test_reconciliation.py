"""Totals of the shop's own books: which causes explain them, found by hand and found again by search."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import product
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.reconciliation import RECONCILIATION, reconcile, unexplained
from retention_pipeline.metrics.reconciliation_parts import AMOUNTS
from retention_pipeline.metrics.reconciliation_search import MINIMUM_PERIODS

GROUPS = ("no_customer", "status_cancelled", "status_test", "non_positive_amount", "no_fx_rate", "quarantine")
BIT = {"currency_basis": 1, "refund_basis": 2, "time_basis": 4}
Ways = tuple[int | None, ...]


def flat(amount: int | None) -> Ways:
    """The same in every way of counting."""
    return (amount,) * len(AMOUNTS)


def parts(
    controls: list[int],
    groups: Mapping[str, Sequence[Ways]],
    *,
    measure: str = "revenue_net",
    complete: int | None = None,
) -> pd.DataFrame:
    """``fct_control_total`` of one measure by month; the last months may be incomplete."""
    rows = []
    for number, control in enumerate(controls):
        start = dt.date(2024 + number // 12, number % 12 + 1, 1)
        for group in ("published", *GROUPS):
            amounts = groups.get(group, [flat(0)] * len(controls))[number]
            rows.append({
                "calendar": "gregorian", "measure": measure, "grain": "month", "period_start": pd.Timestamp(start),
                "period_end": pd.Timestamp(start) + pd.offsets.MonthBegin(1), "component": group,
                "is_final": number < (len(controls) if complete is None else complete),
                "is_complete": number < (len(controls) if complete is None else complete), "unreadable_count": 0,
                "control_value": f"{control}.0000",
                **{name: None if amount is None else f"{amount}.0000"
                   for name, amount in zip(AMOUNTS, amounts, strict=True)},
            })  # fmt: skip
    return pd.DataFrame(rows)


def reconciled(frame: pd.DataFrame, includes: tuple[str, ...] | None = None) -> list[dict[str, Any]]:
    context = MetricContext(as_of=dt.date(2026, 1, 1), data_through={}, currency="EUR", control_includes=includes)
    found = reconcile(frame, context)
    assert list(found.columns) == list(RECONCILIATION.column_names)
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in found.to_dict("records")
    ]


PUBLISHED = [flat(100), flat(200), flat(300)]
GUESTS = [flat(10), flat(0), flat(5)]


def test_guests_and_nothing_else_explain_totals_that_hold_them() -> None:
    rows = reconciled(parts([110, 200, 305], {"published": PUBLISHED, "no_customer": GUESTS}))
    assert {(row["explained_by"], row["chosen_by"], row["remainder"]) for row in rows} == {
        ("no_customer", "search", "0.0000")
    }
    assert [row["no_customer"] for row in rows] == ["10.0000", "0.0000", "5.0000"]
    assert [row["difference"] for row in rows] == ["10.0000", "0.0000", "5.0000"]


def test_equal_totals_are_explained_by_nothing() -> None:
    rows = reconciled(parts([100, 200, 300], {"published": PUBLISHED, "no_customer": GUESTS}))
    assert {row["explained_by"] for row in rows} == {"nothing"}
    assert [row["no_customer"] for row in rows] == ["10.0000", "0.0000", "5.0000"], "what guests would add is told"


def test_of_two_explanations_that_leave_the_same_the_one_with_fewer_causes_counts() -> None:
    groups = {
        "published": PUBLISHED,
        "quarantine": [flat(10), flat(0), flat(5)],
        "no_customer": [flat(4), flat(0), flat(2)],
        "status_test": [flat(6), flat(0), flat(3)],
    }
    assert reconciled(parts([110, 200, 305], groups))[0]["explained_by"] == "quarantine"


def test_one_wrong_total_stands_out_instead_of_being_spread_over_the_causes() -> None:
    groups = {
        "published": [flat(100 + number) for number in range(6)],
        "no_customer": [flat(3 + number) for number in range(6)],
        "status_cancelled": [flat(7) for _ in range(6)],
    }
    controls = [103 + 2 * number + (1000 if number == 2 else 0) for number in range(6)]
    rows = reconciled(parts(controls, groups))
    assert rows[0]["explained_by"] == "no_customer"
    assert [row["remainder"] for row in rows] == ["1000.0000" if number == 2 else "0.0000" for number in range(6)]
    (said,) = unexplained(reconcile(parts(controls, groups), MetricContext(
        as_of=dt.date(2026, 1, 1), data_through={}, currency="EUR")), 0.005)  # fmt: skip
    assert "month from 2024-03-01" in said
    assert "+1000.00" in said


def test_with_too_few_complete_periods_nothing_is_chosen_and_every_cause_is_listed() -> None:
    rows = reconciled(parts([110, 200, 305], {"published": PUBLISHED, "no_customer": GUESTS}, complete=2))
    assert MINIMUM_PERIODS == 3
    assert {(row["explained_by"], row["chosen_by"]) for row in rows} == {("nothing", "too_few_periods")}
    assert [row["no_customer"] for row in rows] == ["10.0000", "0.0000", "5.0000"]
    assert [row["status"] for row in rows] == ["final", "final", "provisional"]


def test_the_configuration_outranks_the_search_and_names_all_excluded_statuses_at_once() -> None:
    groups = {"published": PUBLISHED, "no_customer": GUESTS, "status_test": [flat(1)] * 3, "status_cancelled": GUESTS}
    rows = reconciled(parts([110, 200, 305], groups), ("excluded_status", "currency_basis"))
    assert rows[0]["explained_by"] == "status_cancelled, status_test, currency_basis"
    assert rows[0]["chosen_by"] == "configuration"
    assert rows[0]["excluded_status"] == "11.0000"
    assert rows[0]["remainder"] == "-1.0000"
    orders = reconciled(parts([110, 200, 305], groups, measure="orders"), ("currency_basis", "refund_basis"))
    assert orders[0]["explained_by"] == "nothing", "a count has neither a currency nor refunds"


def test_an_amount_that_is_not_known_makes_the_remainder_unknown_and_the_cause_unfit_for_the_search() -> None:
    groups = {"published": PUBLISHED, "quarantine": [flat(10), flat(None), flat(5)]}
    searched = reconciled(parts([110, 200, 305], groups))
    assert {row["explained_by"] for row in searched} == {"nothing"}
    assert searched[1]["quarantine"] is None
    told = reconciled(parts([110, 200, 305], groups), ("quarantine",))
    assert [row["remainder"] for row in told] == ["0.0000", None, "0.0000"]
    assert [row["remainder_share"] for row in told] == [0.0, None, 0.0]


def test_ways_of_counting_are_told_one_after_the_other_and_add_up() -> None:
    # shop, nominal, own day, own day nominal, then the same in UTC days
    published: list[Ways] = [
        (100, 110, 90, 97, 103, 114, 95, 99),
        (0, 2, 5, 8, 9, 20, 21, 30),
        (1, 1, 1, 7, 7, 9, 9, 11),
    ]
    controls = [99 + 4, 30, 11 + 2]
    groups = {"published": published, "no_customer": [(None, 4, None, 4, None, 4, None, 4), flat(0), flat(2)]}
    first, second, third = reconciled(parts(controls, groups))
    assert first["explained_by"] == "no_customer, time_basis, refund_basis, currency_basis"
    assert (first["time_basis"], first["refund_basis"], first["currency_basis"]) == ("3.0000", "-8.0000", "4.0000")
    assert [row["remainder"] for row in (first, second, third)] == ["0.0000"] * 3


def test_a_total_is_provisional_until_its_last_day_in_utc_has_been_delivered() -> None:
    unknown: Ways = (100, 100, 100, 100, None, None, None, None)
    published = [(*flat(100)[:4], *flat(101)[:4])] * 3 + [unknown]
    rows = reconciled(parts([101] * 4, {"published": published}))
    assert rows[-1]["explained_by"] == "time_basis"
    assert [row["status"] for row in rows] == ["final"] * 3 + ["provisional"]
    assert (rows[-1]["time_basis"], rows[-1]["remainder"]) == (None, None)


def test_a_remainder_is_a_matter_of_its_share_and_of_finished_periods() -> None:
    def said(control: int, tolerance: float, complete: int = 3) -> int:
        frame = parts([control, 200, 300], {"published": PUBLISHED}, complete=complete)
        context = MetricContext(as_of=dt.date(2026, 1, 1), data_through={}, currency="EUR")
        return len(unexplained(reconcile(frame, context), tolerance))

    assert (said(101, 0.005), said(101, 0.02), said(101, 0.005, complete=0)) == (1, 0, 0)


def test_a_total_of_zero_has_no_share_and_still_differs() -> None:
    context = MetricContext(as_of=dt.date(2026, 1, 1), data_through={}, currency="EUR")
    found = reconcile(parts([0, 200, 300], {"published": PUBLISHED}), context)
    assert found["remainder_share"].isna().tolist() == [True, False, False]
    assert len(unexplained(found, 0.5)) == 1


AMOUNT = st.integers(-10_000, 10_000)


@settings(deadline=None)
@given(data=st.data(), months=st.integers(MINIMUM_PERIODS, 8))
def test_whatever_the_books_hold_the_search_leaves_nothing_unexplained(data: st.DataObject, months: int) -> None:
    groups = {
        group: [tuple(data.draw(st.lists(AMOUNT, min_size=8, max_size=8))) for _ in range(months)]
        for group in ("published", *GROUPS)
    }
    held = data.draw(st.sets(st.sampled_from((*GROUPS, *BIT))))
    way = sum(BIT.get(cause, 0) for cause in held)
    controls = [
        sum(groups[group][month][way] for group in ("published", *(held - BIT.keys()))) for month in range(months)
    ]
    rows = reconciled(parts(controls, groups))
    assert {row["remainder"] for row in rows} == {"0.0000"}
    assert len([name for name in rows[0]["explained_by"].split(", ") if name != "nothing"]) <= len(held)


def test_amounts_beyond_what_an_integer_of_64_bits_holds_are_exact() -> None:
    large = 10**16
    groups = {"published": [flat(large + number) for number in range(3)], "no_customer": [flat(large)] * 3}
    rows = reconciled(parts([2 * large + number for number in range(3)], groups))
    assert {(row["explained_by"], row["remainder"]) for row in rows} == {("no_customer", "0.0000")}


def test_no_totals_give_no_rows() -> None:
    assert reconciled(parts([1], {}).iloc[:0]) == []


@pytest.mark.parametrize(("share", "ways"), list(product((0, 1), repeat=2)))
def test_the_identity_holds_whatever_is_configured(share: int, ways: int) -> None:
    groups: dict[str, list[Ways]] = {
        "published": [(7, 9, 5, 8, 6, 4, 3, 2)] * 3,
        "no_customer": [(1, 2, 3, 4, 5, 6, 7, 8)] * 3,
    }
    includes = ("no_customer",) * share + ("time_basis", "currency_basis") * ways
    for row in reconciled(parts([50, 60, 70], groups), includes):
        causes = [name for name in row["explained_by"].split(", ") if name != "nothing"]
        held = sum(Decimal(str(row[cause])) for cause in causes)
        assert Decimal(str(row["control"])) == Decimal(str(row["published"])) + held + Decimal(str(row["remainder"]))
