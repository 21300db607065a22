"""Cohorts and feedback of the small shop, computed by counting; see ``facts``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from retention_pipeline.core.periods import period_start
from tests.quality.counting import ids, members, money, sum_of, within
from tests.quality.shop import Row


def cohort_rows(
    orders: list[Row], periods: list[Row], keys: list[tuple[str, str]], segments: list[Row]
) -> Iterable[Row]:
    months = [period for period in periods if period["grain"] == "month"]
    for cohort in months:
        for key in keys:
            belongs = members(key, cohort["period_start"], segments)
            acquired = [
                customer for customer in ids(orders)
                if belongs(customer) and _month(_first(orders, customer)) == cohort["period_start"]
            ]  # fmt: skip
            mine = [row for row in orders if row["customer_id"] in acquired]
            for period in months[cohort["period_number"] - 1 :] if acquired else []:
                yield _cohort_row(cohort, period, key, acquired, mine)


def _cohort_row(cohort: Row, period: Row, key: tuple[str, str], acquired: list[str], mine: list[Row]) -> Row:
    now, so_far = within(mine, period), [row for row in mine if row["order_date"] < period["period_end"]]
    values = [money([row for row in so_far if row["customer_id"] == customer]) for customer in acquired]
    return {
        **{name: period[name] for name in ("calendar", "grain", "period_start", "period_end")},
        "cohort_start": cohort["period_start"], "cohort_age": period["period_number"] - cohort["period_number"],
        "segment_set": key[0], "segment_key": key[1], "cohort_size": len(acquired), "customers_active": len(ids(now)),
        "customers_active_on_or_after": len(ids([row for row in mine if row["order_date"] >= period["period_start"]])),
        "orders_count": len(now), **money(now),
        "revenue_gross_to_date": sum_of(so_far, "revenue_gross"), "revenue_net_to_date": sum_of(so_far, "revenue_net"),
        "revenue_gross_first": sum_of(within(mine, cohort), "revenue_gross"),
        "revenue_gross_to_date_sq": sum(value["revenue_gross"] ** 2 for value in values),
        "revenue_net_to_date_sq": sum(value["revenue_net"] ** 2 for value in values),
    }  # fmt: skip


def feedback_rows(
    answers: list[Row], periods: list[Row], keys: list[tuple[str, str]], segments: list[Row]
) -> Iterable[Row]:
    counted = [row for row in answers if row["is_counted"]]
    scales = sorted({(row["measure"], row["scale_min"], row["scale_max"]) for row in counted})
    for period in periods:
        for key in keys:
            belongs = members(key, period["period_start"], segments)
            for measure, low, high in scales:
                mine = [
                    row for row in counted
                    if row["measure"] == measure and belongs(row["customer_id"])
                    and period["period_start"] <= row["submitted_date"] < period["period_end"]
                ]  # fmt: skip
                names = ("calendar", "grain", "period_start", "period_end")
                scale = {"measure": measure, "scale_min": low, "scale_max": high}
                segment = {"segment_set": key[0], "segment_key": key[1]}
                yield {**{name: period[name] for name in names}, **segment, **scale, **_scores(measure, high, mine)}


def _scores(measure: str, high: int, rows: list[Row]) -> Row:
    scores = [row["score"] for row in rows]
    nps = scores if measure == "nps" else []
    best = {"csat": high - 2, "thumbs": 0}.get(measure, high)
    return {
        "answers_count": len(scores), "promoters_count": sum(score >= 9 for score in nps),
        "passives_count": sum(7 <= score < 9 for score in nps), "detractors_count": sum(score < 7 for score in nps),
        "top_box_count": sum(score > best for score in scores), "score_sum": sum(scores),
        "score_sq": sum(score**2 for score in scores), "customers_count": len(ids(rows)),
    }  # fmt: skip


def _first(orders: list[Row], customer: str) -> dt.date:
    days: list[dt.date] = [row["order_date"] for row in orders if row["customer_id"] == customer]
    return min(days)


def _month(day: dt.date) -> dt.date:
    return period_start(day, "month")
