"""Small facts that obey the identities, because they are added up from single customers."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from retention_pipeline.core.periods import Grain, period_end
from retention_pipeline.metrics.context import MetricContext
from retention_pipeline.metrics.families import FAMILIES

YEARS = [dt.date(2024, 1, 1), dt.date(2025, 1, 1)]
MONTHS = [dt.date(2025, month, 1) for month in range(1, 7)]
GROUPS = ("retained", "lost", "new_kept", "new_lost", "reactivated")
KEY_COLUMNS = ["basis", "calendar", "grain", "period_start", "period_end", "segment_set", "segment_key"]


def context(**changes: Any) -> MetricContext:
    """January to May 2025 delivered, June open."""
    through = dt.date(2025, 6, 10)
    sources = ("orders", "customers", "feedback", "subscriptions", "tickets", "churn_reasons", "spend")
    values: dict[str, Any] = {
        "as_of": through,
        "data_through": dict.fromkeys(sources, through),
        "sources": frozenset(sources),
        "currency": "EUR",
        "min_cell_size": 5,
    }
    return MetricContext(**{**values, **changes})


def keys(
    start: dt.date, *, basis: str = "calendar", segment: tuple[str, str] = ("all", "all"), grain: Grain = "month"
) -> dict[str, Any]:
    return {
        "basis": basis,
        "calendar": "gregorian",
        "grain": grain,
        "period_start": start,
        "period_end": period_end(start, grain),
        "segment_set": segment[0],
        "segment_key": segment[1],
    }


def period_measures(rng: np.random.Generator, sizes: dict[str, int]) -> dict[str, float]:
    """All measures of one fct_period row for customers of the given groups; money in whole cents."""
    group = np.repeat(GROUPS, [sizes.get(name, 0) for name in GROUPS])
    was, now = np.isin(group, ["retained", "lost"]), ~np.isin(group, ["lost"])
    new = np.isin(group, ["new_kept", "new_lost"])
    orders = np.where(now, rng.integers(1, 5, len(group)), 0)
    gross = np.where(now, orders * rng.integers(100, 20_000, len(group)), 0) / 100
    net = np.round(gross * rng.uniform(0.5, 1.0, len(group)), 2)
    before = np.where(was, rng.integers(100, 20_000, len(group)), 0) / 100
    back = now & ~new
    least = np.where(was, np.minimum(gross, before), 0.0)
    after = np.where(was, gross, 0.0)
    returning, returning_net = np.where(back, gross, 0.0), np.where(back, net, 0.0)
    ever, guests = len(group) + int(rng.integers(0, 20)), int(rng.integers(0, 4))
    counted = {name: int((group == name).sum()) for name in GROUPS}
    repeats = int((orders >= 2).sum())
    margin = np.round(net - gross * 0.4, 2)
    old_orders = np.where(back, orders, 0)
    bridge = {
        "revenue_new": gross[new].sum(),
        "revenue_reactivation": gross[group == "reactivated"].sum(),
        "revenue_expansion": np.maximum(gross - before, 0)[was].sum(),
        "revenue_contraction": np.maximum(before - gross, 0)[group == "retained"].sum(),
        "revenue_churn": before[group == "lost"].sum(),
    }
    measures: dict[str, Any] = {
        **{f"customers_{name}": size for name, size in counted.items()},
        "customers_start": was.sum(),
        "customers_end": counted["retained"] + counted["new_kept"] + counted["reactivated"],
        "customers_new": new.sum(),
        "customers_lapsed_start": counted["reactivated"] + int(rng.integers(0, 9)),
        "customers_ordering": now.sum(),
        "customers_repeat_in_period": repeats,
        "customers_returning": back.sum(),
        "customers_ever": ever,
        "customers_repeat_ever": min(ever, repeats + int(rng.integers(0, 5))),
        "orders_count": orders.sum(),
        "orders_count_returning": orders[back].sum(),
        "orders_count_guest": guests,
        "revenue_gross": gross.sum(),
        "revenue_net": net.sum(),
        "revenue_gross_returning": returning.sum(),
        "revenue_net_returning": returning_net.sum(),
        "revenue_gross_guest": 10.0 * guests,
        "revenue_net_guest": 9.0 * guests,
        "customers_revenue_previous": was.sum(),
        "revenue_previous": before.sum(),
        "revenue_retained_gross": least.sum(),
        "revenue_retained_net": after.sum(),
        **bridge,
        "revenue_current": gross.sum(),
        "revenue_fx": 0.0,
        "revenue_previous_constant": before.sum(),
        "revenue_retained_gross_constant": least.sum(),
        "revenue_retained_net_constant": after.sum(),
        "customers_active": len(group),
        "customers_refunded": int((net < gross).sum()),
        "refunds_by_order_date": (gross - net).sum(),
        "refunds_by_refund_date": round(float((gross - net).sum()) * 0.75, 2),
        "refunds_by_order_date_guest": 1.0 * guests,
        "refunds_by_refund_date_guest": 0.5 * guests,
        "orders_costed": orders.sum(),
        "margin": margin.sum(),
        "margin_sq": (margin**2).sum(),
        "orders_count_returning_sq": (old_orders**2).sum(),
        "orders_x_revenue_gross_returning": (old_orders * returning).sum(),
        "orders_sq": (orders**2).sum(),
        "revenue_gross_sq": (gross**2).sum(),
        "orders_x_revenue_gross": (orders * gross).sum(),
        "revenue_net_sq": (net**2).sum(),
        "orders_x_revenue_net": (orders * net).sum(),
        "revenue_gross_returning_sq": (returning**2).sum(),
        "previous_sq": (before**2).sum(),
        "retained_gross_sq": (least**2).sum(),
        "retained_gross_x_previous": (least * before).sum(),
        "retained_net_sq": (after**2).sum(),
        "retained_net_x_previous": (after * before).sum(),
    }
    return {name: float(value) for name, value in measures.items()}


def add_totals(segments: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The rows of one segment set and, above them, their sums as segment ``all``."""
    measures = [name for name in segments if name not in {*by, "segment_set", "segment_key"}]
    totals = segments.groupby(by, as_index=False)[measures].sum().assign(segment_set="all", segment_key="all")
    return pd.concat([totals, segments], ignore_index=True)


def period_facts(
    seed: int = 1, *, largest: int = 12, segments: int = 4, periods: int = 6, years: bool = False
) -> pd.DataFrame:
    """``fct_period`` on every basis, one segment set; groups of 0 to ``largest`` customers."""
    rng = np.random.default_rng(seed)
    places: list[tuple[dt.date, Grain]] = [(start, "month") for start in MONTHS[:periods]]
    places += [(start, "year") for start in YEARS] if years else []
    rows = [
        keys(start, basis=basis, segment=("country", f"country {number}"), grain=grain)
        | period_measures(rng, {name: int(rng.integers(0, largest + 1)) for name in GROUPS})
        for basis in ("purchase_window", "calendar", "subscription")
        for start, grain in places
        for number in range(segments)
    ]
    return add_totals(pd.DataFrame(rows), KEY_COLUMNS[:5])


def cohort_facts(seed: int = 1, *, largest: int = 20, segments: int = 3) -> pd.DataFrame:
    """``fct_cohort_period``: six monthly cohorts up to June 2025."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for first, start in enumerate(MONTHS):
        for number in range(segments):
            size = int(rng.integers(1, largest + 1))
            spent, placed = np.zeros((3, size)), 0
            ordered = rng.random((len(MONTHS) - first, size)) < 0.5
            ordered[0] = True
            for age, month in enumerate(MONTHS[first:]):
                gross = np.where(ordered[age], rng.integers(100, 9000, size) / 100, 0.0)
                spent += [gross, gross * 0.75, gross * 0.25]
                orders = int(ordered[age].sum()) * 2
                placed += orders
                cell = {
                    "cohort_start": start,
                    "cohort_age": age,
                    "cohort_size": size,
                    "customers_active": int(ordered[age].sum()),
                    "customers_active_on_or_after": int(ordered[age:].any(axis=0).sum()),
                    "orders_count": orders,
                    "orders_costed": orders,
                    "orders_count_to_date": placed,
                    "orders_costed_to_date": placed,
                    "margin": gross.sum() * 0.25,
                    "margin_to_date": spent[2].sum(),
                    "margin_to_date_sq": (spent[2] ** 2).sum(),
                    "revenue_gross": gross.sum(),
                    "revenue_net": gross.sum() * 0.75,
                    "revenue_gross_to_date": spent[0].sum(),
                    "revenue_net_to_date": spent[1].sum(),
                    "revenue_gross_to_date_sq": (spent[0] ** 2).sum(),
                    "revenue_net_to_date_sq": (spent[1] ** 2).sum(),
                    "revenue_gross_first": gross.sum() if age == 0 else rows[-1]["revenue_gross_first"],
                }
                place = keys(month, segment=("country", f"country {number}"))
                del place["basis"]
                rows.append(place | cell)
    by = ["calendar", "grain", "period_start", "period_end", "cohort_start", "cohort_age"]
    return add_totals(pd.DataFrame(rows), by)


def feedback_facts(seed: int = 1, *, largest: int = 20, segments: int = 3) -> pd.DataFrame:
    """``fct_feedback_period``: nps, csat on two scales, thumbs and effort."""
    rng = np.random.default_rng(seed)
    scales = [("nps", 0, 10), ("csat", 1, 5), ("csat", 1, 10), ("thumbs", 0, 1), ("effort", 1, 5)]
    rows = []
    for measure, low, high in scales:
        for start in MONTHS:
            for number in range(segments):
                scores = rng.integers(low, high + 1, int(rng.integers(0, largest + 1))).astype(float)
                rows.append(
                    keys(start, segment=("country", f"country {number}"))
                    | {"measure": measure, "scale_min": float(low), "scale_max": float(high)}
                    | feedback_measures(measure, high, scores)
                )
    by = [*KEY_COLUMNS[:5], "measure", "scale_min", "scale_max"]
    return add_totals(pd.DataFrame(rows), by).drop(columns="basis")


def feedback_measures(measure: str, high: int, scores: np.ndarray[Any, Any]) -> dict[str, float]:
    is_nps = measure == "nps"
    threshold = {"csat": high - 2, "thumbs": 0}.get(measure, high)
    return {
        "answers_count": float(len(scores)),
        "promoters_count": float((is_nps & (scores >= 9)).sum()),
        "passives_count": float((is_nps & (scores >= 7) & (scores < 9)).sum()),
        "detractors_count": float((is_nps & (scores < 7)).sum()),
        "top_box_count": float((scores > threshold).sum()),
        "score_sum": scores.sum(),
        "score_sq": (scores**2).sum(),
        "customers_count": float(len(scores)),
    }


def compute(family: str, facts: dict[str, pd.DataFrame], **changes: Any) -> pd.DataFrame:
    """Rows of one family in the standard circumstances."""
    return FAMILIES[family].compute(facts, context(**changes))


def compute_all(facts: dict[str, pd.DataFrame], **changes: Any) -> pd.DataFrame:
    """Rows of every family, one below the other."""
    return pd.concat([compute(name, facts, **changes).astype({"metric": "str"}) for name in FAMILIES])


def cell(rows: pd.DataFrame, name: str, **where: Any) -> pd.Series[Any]:
    """The one row of ``metric.variant`` that fits ``where``."""
    metric, variant = name.split(".")
    found = rows[(rows["metric"] == metric) & (rows["variant"] == variant)]
    for column, value in where.items():
        found = found[found[column] == value]
    assert len(found) == 1, f"{name} {where}: {len(found)} rows"
    return found.iloc[0]
