"""Metric rows of customers and of the revenue that is kept, on every basis.

Belongs here: section 4 of the definitions over the cells of ``period_facts``. Not here: what was bought
(``buying_metrics``), cohorts, feedback.
"""

from __future__ import annotations

import math

from tests.oracle import intervals
from tests.oracle.buying_metrics import buying_rates, buying_sums, money
from tests.oracle.period_facts import Cell, PeriodFacts, Shopper
from tests.oracle.rows import Place, Rows
from tests.oracle.service_facts import SOURCE_OF_BASIS

CUSTOMER_COUNTS = ("start", "end", "new", "new_kept", "retained", "lost", "reactivated", "new_lost", "ordering")


def order_rows(facts: PeriodFacts, rows: Rows) -> None:
    """Every metric row that comes from ``fct_period``."""
    for key, cell in facts.cells.items():
        basis, grain, start, segment_set, segment_key = key
        place = Place(basis, grain, start, facts.ends[(grain, start)], segment_set, segment_key)
        shoppers = facts.shoppers.get(key, [])
        _customer_retention(rows, place, cell)
        if basis != "purchase_window":
            _revenue_retention(rows, place, cell, shoppers)
            _revenue_bridge(rows, place, cell, len([one for one in shoppers if one.previous]))
        if basis == "calendar":
            buying_rates(rows, place, cell, shoppers)
            buying_sums(rows, place, cell)


def _customer_retention(rows: Rows, place: Place, cell: Cell) -> None:
    source = SOURCE_OF_BASIS[place.basis]
    for name in CUSTOMER_COUNTS:
        count = cell[f"customers_{name}"]
        needs = ("orders",) if name == "ordering" else ()
        rows.add(f"customers.{name}", place, count, n=count, source=source, also=needs[0] if needs else None)
        rows.found[-1].needs = needs
    base, lost = cell["customers_start"], cell["customers_lost"]
    grown = cell["customers_end"] - cell["customers_new"]
    bridge = cell["customers_reactivated"] - cell["customers_new_lost"]
    for name, count in (("count_based", grown), ("bridge", bridge)):
        rows.add(f"customer_retention_rate.{name}", place, count, base, n=base, source=source)
    leavers = lost + cell["customers_new_lost"]
    rows.add("customer_churn_rate.all_leavers", place, leavers, base, n=base, source=source)
    for name, count, of in (
        ("customer_retention_rate.set_based", cell["customers_retained"], base),
        ("customer_churn_rate.base_leavers", lost, base),
        ("reactivation_rate.standard", cell["customers_reactivated"], cell["customers_lapsed_start"]),
    ):
        rows.add(name, place, count, of, n=of, ci=intervals.wilson(count, of), source=source)


def _revenue_retention(rows: Rows, place: Place, cell: Cell, shoppers: list[Shopper]) -> None:
    source = SOURCE_OF_BASIS[place.basis]
    base = [shopper for shopper in shoppers if shopper.previous]
    kept = {
        "gross": [(min(one.current, one.previous), one.previous) for one in base],
        "net": [(one.current, one.previous) for one in base],
    }
    previous, fixed = money(cell["revenue_previous"]), money(cell["revenue_previous_constant"])
    for variant, pairs in kept.items():
        ci = intervals.within(intervals.ratio(pairs), 0, 1 if variant == "gross" else math.inf)
        retained = money(cell[f"revenue_retained_{variant}"])
        rows.add(f"revenue_retention.{variant}", place, retained, previous, n=len(base), ci=ci, source=source)
        mirrored = None if ci is None else (1 - ci[1], 1 - ci[0])
        lost = previous - retained
        rows.add(f"revenue_churn.{variant}", place, lost, previous, n=len(base), ci=mirrored, source=source)
        retained = money(cell[f"revenue_retained_{variant}_constant"])
        rows.add(f"revenue_retention.{variant}_constant", place, retained, fixed, n=len(base), source=source)


def _revenue_bridge(rows: Rows, place: Place, cell: Cell, payers: int) -> None:
    source = SOURCE_OF_BASIS[place.basis]
    either = cell["customers_start"] + cell["customers_end"] - cell["customers_retained"]
    gained = cell["revenue_new"] + cell["revenue_reactivation"] + cell["revenue_expansion"]
    drained = cell["revenue_churn"] + cell["revenue_contraction"]
    rows.add("quick_ratio.standard", place, money(gained), money(drained), n=either, source=source)
    behind = {
        "previous": payers,
        "new": cell["customers_new"],
        "expansion": cell["customers_retained"],
        "reactivation": cell["customers_reactivated"],
        "contraction": cell["customers_retained"],
        "churn": cell["customers_lost"],
        "fx": cell["customers_active"],
        "current": cell["customers_end"],
    }
    smallest = min((n for n in behind.values() if n), default=0)
    for name, n in behind.items():
        # The parts add up exactly: one that is hidden alone would follow from the others.
        amount = money(cell[f"revenue_{name}"])
        rows.add(f"revenue_bridge.{name}", place, amount, n=n, people=smallest, is_money=True, source=source)
