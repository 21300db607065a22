"""What is true of the simulated process, metric by metric.

Belongs here: expectations over the process: in closed form where there is one, else from so many simulated customers
that their own error is some hundredth of a replicate's. Written from the metric definitions, without pipeline code.
Not here: the process (``process``), comparing (``coverage``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pandas as pd

from tests.correctness.closed_forms import (
    CALENDAR,
    SUBSCRIBED,
    WINDOWED,
    Truth,
    answers,
    mean_lifespan,
    mean_subscription,
    subscription_kept,
    subscriptions,
    waits,
)
from tests.correctness.process import (
    GROUPS,
    SURVEY_YEAR,
    WINDOW,
    YEARS,
    Bools,
    Integers,
    Orders,
    Parameters,
    simulate_orders,
    year_span,
)

Sums = dict[tuple[str, int], float]
CHUNK = 100_000
COLUMNS = ("name", "basis", "year", "cohort", "age", "truth")


def truths(customers: int, seed: int = 1) -> pd.DataFrame:
    """The true value of every checked cell of every group; ``customers`` are simulated per group."""
    frames = []
    for number, group in enumerate(GROUPS):
        random = np.random.default_rng((seed, number))
        rows = [*_from_orders(group, customers, random), *waits(group), *answers(group), *subscriptions(group)]
        frames.append(pd.DataFrame(rows, columns=list(COLUMNS)).assign(group_number=number))
    return pd.concat(frames, ignore_index=True)


def _from_orders(group: Parameters, customers: int, random: np.random.Generator) -> Iterator[Truth]:
    sums: Sums = defaultdict(float)
    cohorts: dict[tuple[str, int, int], float] = defaultdict(float)
    for _ in range(0, customers, CHUNK):
        orders = simulate_orders(group, min(CHUNK, customers), random)
        for year in YEARS:
            _add(sums, year, _year(orders, year))
        for key, value in _cohort_sums(orders):
            cohorts[key] += value
    yield from _rates(sums, group)
    yield from _values(sums, group)
    yield from _cohorts(cohorts)


def _add(sums: Sums, year: int, found: dict[str, float]) -> None:
    for name, value in found.items():
        sums[name, year] += value


def _active(orders: Orders, day: int) -> Bools:
    return np.asarray(((orders.day < day) & (day <= orders.day + WINDOW)).any(axis=1))


def _year(orders: Orders, year: int) -> dict[str, float]:
    """Sums over customers for one year; every one is a count of customers, of orders or of cents."""
    begin, end = year_span(year)
    first = orders.day[:, 0]
    now = (orders.day >= begin) & (orders.day < end)
    number = now.sum(axis=1)
    gross, net, margin = ((part * now).sum(axis=1) for part in (orders.gross, orders.net, orders.margin))
    ordering, returning = number > 0, (number > 0) & (first < begin)
    at_start, at_end = _active(orders, begin), _active(orders, end)
    lapsed = (first < begin) & ~at_start
    ever = (orders.day < end).sum(axis=1)
    previous = _spent(orders, year - 1)
    following = _spent(orders, year + 1, orders.margin)
    top = _top_fifth(margin, ordering)
    return {
        "start": at_start.sum(), "kept": (at_start & at_end).sum(),
        "lapsed": lapsed.sum(), "back": (lapsed & at_end).sum(),
        "ordering": ordering.sum(), "twice": (number > 1).sum(), "returning": returning.sum(),
        "ever": (ever > 0).sum(), "twice_ever": (ever > 1).sum(),
        "orders": number.sum(), "gross": gross.sum(), "net": net.sum(), "margin": margin.sum(),
        "orders_returning": number[returning].sum(), "gross_returning": gross[returning].sum(),
        "previous": previous.sum(), "kept_gross": np.minimum(previous, gross).sum(),
        "kept_net": gross[previous > 0].sum(),
        "next_top": (top * following).sum(), "next": following[ordering].sum(),
        "active": (at_start | at_end | ordering).sum(),
    }  # fmt: skip


def _spent(orders: Orders, year: int, what: Integers | None = None) -> Integers:
    begin, end = year_span(year)
    now = (orders.day >= begin) & (orders.day < end)
    return np.asarray(((orders.gross if what is None else what) * now).sum(axis=1))


def _top_fifth(value: Integers, among: Bools) -> Bools:
    cut = np.quantile(value[among], 0.8) if among.any() else 0.0
    return np.asarray(among & (value > cut))


def _ratio(sums: Sums, name: str, basis: str, part: str, whole: str, years: tuple[int, ...]) -> Iterator[Truth]:
    for year in years:
        yield name, basis, year, 0, -1, sums[part, year] / sums[whole, year]


def _rates(sums: Sums, group: Parameters) -> Iterator[Truth]:
    later = YEARS[1:]
    for name, rest, basis, part, whole in (
        ("customer_retention_rate.set_based", "customer_churn_rate.base_leavers", WINDOWED, "kept", "start"),
        ("revenue_retention.gross", "revenue_churn.gross", CALENDAR, "kept_gross", "previous"),
        ("revenue_retention.net", "revenue_churn.net", CALENDAR, "kept_net", "previous"),
    ):
        for row in _ratio(sums, name, basis, part, whole, later):
            yield row
            yield rest, *row[1:5], 1 - row[5]
    if not group.is_steady:
        yield from _ratio(sums, "reactivation_rate.standard", WINDOWED, "back", "lapsed", YEARS[2:])
    for name, part, whole, years in (
        ("repeat_customer_rate.in_period", "twice", "ordering", YEARS),
        ("repeat_customer_rate.returning", "returning", "ordering", YEARS[1:3]),
        ("repeat_customer_rate.lifetime", "twice_ever", "ever", YEARS),
        ("purchase_frequency.standard", "orders", "ordering", YEARS),
        ("average_order_value.gross", "gross", "orders", YEARS),
        ("average_order_value.net", "net", "orders", YEARS),
        ("revenue_share.returning", "gross_returning", "gross", YEARS[1:3]),
        ("revenue_concentration.top20_of_existing", "next_top", "next", YEARS[:-1]),
    ):
        for row in _ratio(sums, name, CALENDAR, part, whole, years):
            is_money = name.startswith("average_order_value")
            yield *row[:5], row[5] / 100 if is_money else row[5]
    for year in YEARS[1:3]:
        old = sums["gross_returning", year] / sums["orders_returning", year]
        new = (sums["gross", year] - sums["gross_returning", year]) / (
            sums["orders", year] - sums["orders_returning", year]
        )
        yield "order_value_uplift.returning", CALENDAR, year, 0, -1, old / new - 1
    complaining = group.complaint * sums["ordering", SURVEY_YEAR] / sums["active", SURVEY_YEAR]
    yield "complaint_rate.customers", WINDOWED, SURVEY_YEAR, 0, -1, complaining


def _values(sums: Sums, group: Parameters) -> Iterator[Truth]:
    """Lifetime values: a year's money per ordering customer times a factor."""
    purchase_life, subscribed_life = mean_lifespan(group), mean_subscription(group)
    for year in YEARS[2:]:
        gross, margin = (sums[part, year] / sums["ordering", year] / 100 for part in ("gross", "margin"))
        kept = sums["kept", year] / sums["start", year]
        yield "clv.next_year_revenue", WINDOWED, year, 0, -1, gross * kept
        yield "clv.next_year_revenue", SUBSCRIBED, year, 0, -1, gross * subscription_kept(group, year)
        lives = [(SUBSCRIBED, subscribed_life), *([(WINDOWED, purchase_life)] if group.is_steady else [])]
        for basis, life in lives:
            yield "average_lifespan.years", basis, year, 0, -1, life
            yield "clv.lifespan_revenue", basis, year, 0, -1, gross * life
            yield "clv.margin", basis, year, 0, -1, margin * life


def _cohort_sums(orders: Orders) -> Iterator[tuple[tuple[str, int, int], float]]:
    """Sums per cohort and age: members, those who ordered in the year of that age, money up to its end."""
    for cohort in YEARS[:3]:
        begin, end = year_span(cohort)
        members = (orders.day[:, 0] >= begin) & (orders.day[:, 0] < end)
        day = orders.day[members]
        money = {"gross": orders.gross[members], "net": orders.net[members], "margin": orders.margin[members]}
        for year in YEARS[YEARS.index(cohort) :]:
            age = year - cohort
            first, following = year_span(year)
            yield ("size", cohort, age), float(len(day))
            yield ("on", cohort, age), float(((day >= first) & (day < following)).any(axis=1).sum())
            for variant, cents in money.items():
                yield (variant, cohort, age), float((cents * (day < following)).sum())


def _cohorts(sums: dict[tuple[str, int, int], float]) -> Iterator[Truth]:
    names = {"on": "cohort_retention.on", "gross": "cohort_value_to_date.gross", "net": "cohort_value_to_date.net"}
    pooled: dict[tuple[str, int], float] = defaultdict(float)
    for (part, cohort, age), value in sums.items():
        pooled[part, age] += value
        if part == "size" or (part == "on" and age == 0):
            continue
        unit = 1 if part == "on" else 100
        name = names.get(part, f"cohort_value_to_date.{part}")
        mean = value / sums["size", cohort, age] / unit
        yield name, CALENDAR, cohort + age, cohort, age, mean
        if part == "net":
            yield "clv.cohort_to_date", CALENDAR, cohort + age, cohort, age, mean
    for (part, age), value in pooled.items():
        if part == "size" or (part == "on" and age == 0):
            continue
        name = "cohort_retention.pooled" if part == "on" else f"cohort_value_to_date.pooled_{part}"
        yield name, CALENDAR, YEARS[0], 0, age, value / pooled["size", age] / (1 if part == "on" else 100)
