"""Expectations of the simulated process that have a closed form.

Belongs here: waits, lifespans, subscriptions, answers. Not here: what takes simulated customers (``truths``).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.correctness.process import (
    DAYS_PER_YEAR,
    HORIZON_YEARS,
    SURVEY_YEAR,
    WINDOW,
    YEARS,
    Parameters,
    gap_weights,
    year_span,
)

Truth = tuple[str, str, int, int, int, float]
"""Name, basis, year of the period (0: whole history), year of the cohort (0: none), age (-1: none), value."""
WINDOWED, CALENDAR, SUBSCRIBED = "purchase_window", "calendar", "subscription"


def mean_lifespan(group: Parameters) -> float:
    """Mean of min(lifespan, horizon) in years, where a lifespan is the gaps until the customer stops + WINDOW + 1 days.

    The probability that an order falls t days after the first obeys u(t) = [t = 0] + (1 - stop) * sum of g(s) u(t - s);
    the last order does with probability ``stop * u(t)``.
    """
    weights = gap_weights(group)
    limit = HORIZON_YEARS * DAYS_PER_YEAR
    days = np.arange(int(limit) + 1)
    order = np.zeros(len(days))
    order[0] = 1.0
    for day in days[1:]:
        reach = min(day, len(weights) - 1)
        order[day] = (1 - group.stop) * (weights[1 : reach + 1] @ order[day - reach : day][::-1])
    last = group.stop * order
    lifespan = days + WINDOW + 1
    return float((last * np.minimum(lifespan, limit)).sum() + (1 - last.sum()) * limit) / DAYS_PER_YEAR


def mean_subscription(group: Parameters) -> float:
    """Mean of min(length + 1, horizon) in years of a geometric length: the area under P(length + 1 > t)."""
    limit = HORIZON_YEARS * DAYS_PER_YEAR
    days = np.arange(int(limit) + 1)
    still = (1 - group.leaving) ** np.maximum(days - 1, 0)
    return float((still * np.minimum(1.0, limit - days)).sum()) / DAYS_PER_YEAR


def subscription_kept(group: Parameters, year: int) -> float:
    """Probability that a subscription running when a year begins still runs when it ends."""
    begin, end = year_span(year)
    return float((1 - group.leaving) ** (end - begin))


def subscriptions(group: Parameters) -> Iterator[Truth]:
    """A subscription ends with the same probability every day, so how long it has run does not matter."""
    for year in YEARS[1:]:
        kept = subscription_kept(group, year)
        yield "customer_retention_rate.set_based", SUBSCRIBED, year, 0, -1, kept
        yield "customer_churn_rate.base_leavers", SUBSCRIBED, year, 0, -1, 1 - kept
        yield "revenue_retention.gross", SUBSCRIBED, year, 0, -1, kept
        yield "revenue_retention.net", SUBSCRIBED, year, 0, -1, kept


def waits(group: Parameters) -> Iterator[Truth]:
    """Waits are independent and equally distributed: with probability ``stop`` they never end."""
    ended = (1 - group.stop) * np.cumsum(gap_weights(group))
    found: dict[str, float] = {
        "reorder_rate.within_window": ended[WINDOW],
        "time_between_orders.restricted_mean": (1 - ended[:365]).sum(),
    }
    for variant, share in (("median", 0.5), ("p80", 0.8)):
        if ended[-1] >= share:
            found[f"time_between_orders.{variant}"] = float(np.argmax(ended >= share))
    for name, value in found.items():
        for year in (0, *YEARS[:-1]):
            yield name, CALENDAR, year, 0, -1, float(value)


def answers(group: Parameters) -> Iterator[Truth]:
    """Scores and rates of the survey year; every answer is drawn on its own."""
    grades = np.arange(1, 8)
    for name, basis, value in (
        ("net_promoter_score.standard", "scale_0_10", group.nps[0] - group.nps[2]),
        ("customer_satisfaction.top_box", "scale_1_5", sum(group.csat[3:])),
        ("customer_satisfaction.mean", "scale_1_5", float(grades[:5] @ np.array(group.csat))),
        ("customer_satisfaction.thumbs", "scale_0_1", group.thumbs),
        ("customer_effort.mean", "scale_1_7", float(grades @ np.array(group.effort))),
        *(("survey_response_rate.standard", f"scale_{ends}", group.response) for ends in ("0_10", "1_5", "0_1", "1_7")),
        ("sla_met_rate.standard", CALENDAR, group.kept_promise),
    ):
        yield name, basis, SURVEY_YEAR, 0, -1, value
