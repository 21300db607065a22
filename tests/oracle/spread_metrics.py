"""Metric rows of how orders, money and customers spread: concentration, orders per customer, RFM groups.

Belongs here: shares over the facts of ``buyer_facts``. Not here: the facts.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from tests.oracle import intervals
from tests.oracle.calendars import end_of
from tests.oracle.derived import GROUPS
from tests.oracle.fact import Fact, Row, periods_of
from tests.oracle.period_facts import ALL
from tests.oracle.rows import Place, Rows


def concentration_rows(fact: Fact, rows: Rows) -> None:
    """What this period's best fifth brings in the next one; immature until that one is complete."""
    for (grain, start, segment_set, segment_key), row in fact.rows.items():
        end = end_of(start, grain, rows.state.shop.week_start)
        place = Place("calendar", grain, start, end, segment_set, segment_key)
        basis = "margin=order_cost" if row["is_margin"] else "margin=revenue"
        names = {"top20": "next_value_total", "top20_of_existing": "next_value_existing"}
        for variant, total in names.items():
            name = f"revenue_concentration.{variant}"
            if not row["is_next_complete"]:
                rows.add_without_value(name, place, "immature", assumptions=basis)
                continue
            ci = _share_interval(row) if variant == "top20_of_existing" else None
            n = row["customers_count"]
            settled = rows.is_final(end_of(end, grain, rows.state.shop.week_start))
            top = row["next_value_top"]
            rows.add(name, place, top, row[total], n=n, ci=ci, assumptions=basis, is_settled=settled)


def _share_interval(row: Row) -> intervals.Interval | None:
    """Delta method from the sums over this period's customers."""
    n, total = row["customers_count"], float(row["next_value_existing"])
    if n < 2 or total == 0:
        return None
    share = float(row["next_value_top"]) / total
    squares = float(row["top_sq"]) - 2 * share * float(row["top_x_existing"]) + share**2 * float(row["existing_sq"])
    half = intervals.Z * (n / (n - 1) * max(squares, 0.0)) ** 0.5 / total
    ends = (share - half, share + half)
    return ends if row["is_margin"] else intervals.within(ends, 0, 1)


def distribution_rows(fact: Fact, rows: Rows) -> None:
    """The share of customers with one, two, … orders."""
    columns = {"in_period": "customers_in_period", "lifetime": "customers_to_date"}
    totals: Counter[tuple[object, ...]] = Counter()
    for (grain, start, segment_set, _, _), row in fact.rows.items():
        if segment_set == ALL:
            totals.update({(grain, start, variant): row[column] for variant, column in columns.items()})
    for (grain, start, segment_set, _, held), row in fact.rows.items():
        if segment_set != ALL:
            continue
        end = end_of(start, grain, rows.state.shop.week_start)
        place = Place("calendar", grain, start, end, "orders_bucket", held)
        for variant, column in columns.items():
            n, count = totals[(grain, start, variant)], row[column]
            name = f"orders_per_customer_share.{variant}"
            rows.add(name, place, count, n, n=n, people=count, ci=intervals.wilson(count, n))


def rfm_rows(fact: Fact, rows: Rows) -> None:
    """The share of customers in each RFM group at the end of each period."""
    state = rows.state
    if state.shop.rfm is None:
        for period in periods_of(state, state.shop.grains):
            place = Place("calendar", period.grain, period.start, period.end)
            rows.add_without_value("rfm_group_share.standard", place, "source_absent")
        return
    counts: dict[object, Counter[str]] = defaultdict(Counter)
    for (_, start, _, to_group), row in fact.rows.items():
        counts[start][to_group] += row["customers_count"]
    groups = sorted({group for held in GROUPS.values() for group in held})
    for period in periods_of(state, (state.shop.rfm.grain,)):
        n = counts[period.start].total()
        for group in groups:
            place = Place("calendar", period.grain, period.start, period.end, "rfm", group)
            count = counts[period.start][group]
            ci = intervals.wilson(count, n)
            rows.add("rfm_group_share.standard", place, count, n, n=n, people=count, ci=ci)
