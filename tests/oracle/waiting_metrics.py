"""Metric rows of waits: time between orders, reorder rate, lifespan; and the published curves.

Belongs here: quantiles and restricted means of the curves of ``waiting_facts``. Not here: the estimator (``survival``).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from fractions import Fraction
from typing import Any

from tests.oracle.calendars import DAY, end_of
from tests.oracle.fact import Fact, Key
from tests.oracle.intervals import within
from tests.oracle.period_facts import PeriodFacts
from tests.oracle.rows import Place, Rows
from tests.oracle.state import State
from tests.oracle.survival import Curve, Step, curve
from tests.oracle.waiting_facts import ORDER_NUMBER

GAP_HORIZON = 365
DAYS_PER_YEAR = Fraction("365.25")
QUANTILES = {"median": Fraction(1, 2), "p80": Fraction(1, 5)}


def curves(fact: Fact, columns: tuple[str, str]) -> dict[Key, Curve]:
    """The curve of each place: the key of the fact without its last column, the days."""
    waits: dict[Key, dict[int, tuple[int, int]]] = defaultdict(dict)
    for (*place, days), row in fact.rows.items():
        waits[tuple(place)][days] = (row[columns[0]], row[columns[1]])
    return {place: curve(held) for place, held in waits.items()}


def order_gap_curves(fact: Fact) -> dict[Key, Curve]:
    """The curve of each grain, period and segment."""
    return curves(fact, ("followed_count", "censored_count"))


def waiting_rows(fact: Fact, facts: PeriodFacts, rows: Rows) -> None:
    """``time_between_orders`` and ``reorder_rate``.

    Whose waits they are is known by the customers who ordered in the period; a value is final once every wait has
    been watched for as long as it says.
    """
    state = rows.state
    for (grain, start, segment_set, segment_key), found in order_gap_curves(fact).items():
        is_all = grain == "all"
        end: dt.date = state.as_of + DAY if is_all else end_of(start, grain, state.shop.week_start)
        place = Place("calendar", grain, start, end, segment_set, segment_key)
        cell = facts.cells.get(("calendar", grain, start, segment_set, segment_key))
        people = _customers(segment_set, found) if cell is None else cell["customers_ordering"]
        for name, share in QUANTILES.items():
            reached = found.quantile(share)
            if reached is None:
                rows.add_without_value(f"time_between_orders.{name}", place, "immature")
                continue
            value, (low, high) = reached
            ci = None if low is None or high is None else (float(low), float(high))
            settled: dict[str, Any] = {"settled_after": value, "people": people}
            rows.add_estimate(f"time_between_orders.{name}", place, float(value), n=found.n, ci=ci, **settled)
        _restricted_mean(rows, place, found, people)
        _reorder_rate(rows, place, found, people)


def _customers(segment_set: str, found: Curve) -> int:
    """Over the whole history one wait of each customer is still going on, and each begins its first order once."""
    return found.n if segment_set == ORDER_NUMBER else sum(step.censored for step in found.steps)


def _restricted_mean(rows: Rows, place: Place, found: Curve, people: int) -> None:
    behind: dict[str, Any] = {"assumptions": f"horizon={GAP_HORIZON}d"}
    name = "time_between_orders.restricted_mean"
    if not found.reaches(GAP_HORIZON):
        rows.add_without_value(name, place, "immature", **behind)
        return
    value, half = found.restricted_mean(GAP_HORIZON)
    ci = within((value - half, value + half), 0, GAP_HORIZON)
    rows.add_estimate(name, place, value, n=found.n, people=people, ci=ci, settled_after=GAP_HORIZON, **behind)


def _reorder_rate(rows: Rows, place: Place, found: Curve, people: int) -> None:
    window = rows.state.shop.window_days
    behind: dict[str, Any] = {"assumptions": f"horizon={window}d"}
    if not found.reaches(window):
        rows.add_without_value("reorder_rate.within_window", place, "immature", **behind)
        return
    step: Step | None = found.at(window)
    value = 0.0 if step is None else float(1 - step.survival)
    ci = None if step is None or step.ci is None else (1 - step.ci[1], 1 - step.ci[0])
    behind |= {"people": people, "settled_after": window}
    rows.add_estimate("reorder_rate.within_window", place, value, n=found.n, ci=ci, **behind)


def survival_table(fact: Fact, state: State) -> Fact:
    """Every row of ``order_gap_survival``: the curves over the whole history, but those of small segments."""
    table = Fact("order_gap_survival", ("segment_set", "segment_key", "gap_days"))
    held = {key: found for key, found in order_gap_curves(fact).items() if key[0] == "all"}
    beside = Rows(state)
    for (grain, start, segment_set, segment_key), found in held.items():
        place = Place("calendar", grain, start, start, segment_set, segment_key)
        beside.add("curve.all", place, found.n, n=_customers(segment_set, found))
    beside.suppress_small_cells()
    shown = {(row.place.segment_set, row.place.segment_key) for row in beside.found if row.status != "suppressed"}
    for (_, _, segment_set, segment_key), found in held.items():
        if (segment_set, segment_key) in shown:
            for step in found.steps:
                low, high = step.ci or (None, None)
                table.rows[(segment_set, segment_key, step.days)] = {
                    "at_risk": step.at_risk, "followed": step.ended, "censored": step.censored,
                    "calendar": "gregorian", "survival": float(step.survival), "ci_low": low, "ci_high": high,
                }  # fmt: skip
    return table
