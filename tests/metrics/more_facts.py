"""Facts about waits, lifespans, spend, concentration and RFM groups, and all facts together."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from retention_pipeline.core.periods import Grain
from tests.metrics.factories import (
    KEY_COLUMNS,
    MONTHS,
    YEARS,
    add_totals,
    cohort_facts,
    feedback_facts,
    keys,
    period_facts,
)
from tests.metrics.service_facts import service_facts


def order_gap_facts(seed: int = 1, *, segments: int = 3, largest: int = 9) -> pd.DataFrame:
    """``fct_order_gap_period``: waits of up to 400 days by month and over the whole history, there by number too."""
    rng = np.random.default_rng(seed)
    rows = []
    for start in [*MONTHS, None]:
        place = keys(start or MONTHS[0]) | (
            {"grain": "all", "period_end": dt.date(2025, 6, 11)} if start is None else {}
        )
        for number in range(segments):
            for days in (0, 3, 30, 90, 200, 400):
                counts = {
                    "followed_count": int(rng.integers(0, 4 * largest)),
                    "censored_count": int(rng.integers(1, largest)),
                }
                key = {"segment_set": "country", "segment_key": f"country {number}", "gap_days": days}
                rows.append(place | key | counts)
    gaps = add_totals(pd.DataFrame(rows), [*KEY_COLUMNS[:5], "gap_days"]).drop(columns="basis")
    numbered = gaps[(gaps["grain"] == "all") & (gaps["segment_set"] == "country")].assign(segment_set="order_number")
    names = {"country 0": "1", "country 1": "2", "country 2": "5+"}
    return pd.concat([gaps, numbered.assign(segment_key=numbered["segment_key"].map(names))], ignore_index=True)


def lifetime_facts(seed: int = 1, *, segments: int = 4, largest: int = 20) -> pd.DataFrame:
    """``fct_lifetime_period``: lifespans of up to 700 days, per year."""
    rng = np.random.default_rng(seed)
    rows = [
        keys(start, basis=basis, segment=("country", f"country {number}"), grain="year")
        | {
            "duration_days": days,
            "lapsed_count": int(rng.integers(0, 4 * largest)),
            "active_count": int(rng.integers(0, 9)),
        }
        for basis in ("purchase_window", "subscription")
        for start in YEARS
        for number in range(segments)
        for days in (1, 91, 300, 700)
    ]
    return add_totals(pd.DataFrame(rows), [*KEY_COLUMNS[:5], "duration_days"])


def spend_facts(seed: int = 1, *, segments: int = 4) -> pd.DataFrame:
    """``fct_spend_period`` by month and year, in the segments of ``period_facts``."""
    rng = np.random.default_rng(seed)
    places: list[tuple[dt.date, Grain]] = [(start, "month") for start in MONTHS]
    rows = []
    for start, grain in [*places, *((start, "year") for start in YEARS)]:
        for number in range(segments):
            spent = {f"{kind}_spend": float(rng.integers(0, 1000)) / 4 for kind in ("acquisition", "retention")}
            to_date = {f"{name}_to_date": amount * 3 for name, amount in spent.items()}
            segment = ("country", f"country {number}")
            kinds = ("acquisition", "retention")
            unrated = {f"{kind}_no_fx_rate_count{end}": 0.0 for kind in kinds for end in ("", "_to_date")}
            rows.append(keys(start, segment=segment, grain=grain) | spent | to_date | unrated)
    return add_totals(pd.DataFrame(rows), KEY_COLUMNS[:5]).drop(columns="basis")


def distribution_facts(seed: int = 1) -> pd.DataFrame:
    """``fct_orders_distribution`` by month, totals only."""
    rng = np.random.default_rng(seed)
    rows = [
        keys(start)
        | {"orders_bucket": bucket, "customers_in_period": int(rng.integers(0, 30)), "customers_to_date": 40 + place}
        for start in MONTHS
        for place, bucket in enumerate(("1", "2", "3", "4", "5+"))
    ]
    return pd.DataFrame(rows).drop(columns="basis")


def concentration_facts(seed: int = 1, *, segments: int = 3) -> pd.DataFrame:
    """``fct_concentration_period``: ten customers per country and month, two of whom are at the top."""
    rng = np.random.default_rng(seed)
    rows = []
    for start in MONTHS:
        for number in range(segments):
            following = rng.integers(0, 9000, 10) / 100
            top = np.where(np.arange(10) < 2, following, 0.0)
            cell = {
                "customers_count": 10,
                "top_count": 2.0,
                "next_value_top": top.sum(),
                "next_value_existing": following.sum(),
                "next_value_total": following.sum() + 50.0,
                "existing_sq": (following**2).sum(),
                "top_sq": (top**2).sum(),
                "top_x_existing": (top * following).sum(),
            }
            rows.append(keys(start, segment=("country", f"country {number}")) | cell)
    totals = add_totals(pd.DataFrame(rows), KEY_COLUMNS[:5]).drop(columns="basis")
    return totals.assign(is_margin=False, is_next_complete=totals["period_start"] < MONTHS[4])


def rfm_facts(seed: int = 1) -> pd.DataFrame:
    """``fct_rfm_transition`` by month."""
    rng = np.random.default_rng(seed)
    names = ("champions", "loyal", "lost", "(no orders)")
    rows = [
        keys(start) | {"from_group": origin, "to_group": target, "customers_count": int(rng.integers(0, 12))}
        for start in MONTHS
        for origin in names
        for target in names[:3]
    ]
    return pd.DataFrame(rows).drop(columns=["basis", "segment_set", "segment_key"])


def all_facts(seed: int = 1) -> dict[str, pd.DataFrame]:
    """Every table that a family reads."""
    return {
        "fct_period": period_facts(seed, years=True),
        "fct_cohort_period": cohort_facts(seed),
        "fct_feedback_period": feedback_facts(seed),
        "fct_order_gap_period": order_gap_facts(seed),
        "fct_lifetime_period": lifetime_facts(seed),
        "fct_spend_period": spend_facts(seed),
        "fct_orders_distribution": distribution_facts(seed),
        "fct_concentration_period": concentration_facts(seed),
        "fct_rfm_transition": rfm_facts(seed),
        **service_facts(seed),
    }
