"""Control limits of the oracle's own shares: ``control_limits``, with exact fractions up to the first root.

Belongs here: Laney's p' chart, period by period. Not here: the shares.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.oracle.fact import Fact
from tests.oracle.fact import Row as Cells
from tests.oracle.period_facts import ALL
from tests.oracle.rows import Row

if TYPE_CHECKING:
    from tests.oracle.world import World

JUDGED = {
    ("customer_retention_rate", "set_based"), ("customer_churn_rate", "base_leavers"),
    ("reactivation_rate", "standard"), ("repeat_customer_rate", "in_period"), ("repeat_customer_rate", "returning"),
    ("customer_satisfaction", "top_box"), ("customer_satisfaction", "thumbs"), ("survey_response_rate", "standard"),
    ("complaint_rate", "customers"), ("sla_met_rate", "standard"),
}  # fmt: skip
LONGEST = {"week": 26, "month": 12, "quarter": 12, "year": 12}
Share = tuple[int, int]
"""Cases that count, and all cases."""


def control_table(world: World) -> Fact:
    """Every row of ``control_limits``."""
    table = Fact("control_limits", ("metric", "variant", "basis", "grain", "period_start"))
    series: dict[tuple[str, str, str, str], list[Row]] = defaultdict(list)
    for row in world.metrics:
        place = row.place
        is_total = place.segment_set == ALL and place.cohort_age is None and place.grain in LONGEST
        if (row.metric, row.variant) in JUDGED and is_total and row.status == "final":
            series[(row.metric, row.variant, place.basis, place.grain)].append(row)
    sigmas, floor = world.state.shop.control_sigmas, world.state.shop.control_floor
    for key, rows in series.items():
        rows.sort(key=lambda row: row.place.period_start)
        shares = [(int(row.numerator or 0), int(row.denominator or 0)) for row in rows]
        for number, row in enumerate(rows):
            baseline = shares[max(0, number - LONGEST[key[3]]) : number]
            cells = judge(baseline, shares[number], sigmas, floor)
            table.rows[(*key, row.place.period_start)] = {
                "segment_set": ALL, "segment_key": ALL, **cells, "is_latest": number == len(rows) - 1,
            }  # fmt: skip
    return table


def judge(baseline: Sequence[Share], share: Share, sigmas: Fraction, floor: Fraction) -> Cells:
    """One period against the periods before it, the oldest first."""
    count, cases = share
    value = Fraction(count, cases)
    known: Cells = {"value": float(value), "n": cases, "baseline_periods": len(baseline)}
    nothing: Cells = dict.fromkeys(("center", "lower_limit", "upper_limit", "overdispersion"))
    insufficient = known | nothing | {"verdict": "insufficient"}
    if len(baseline) < 8 or cases < 30:
        return insufficient
    center = Fraction(sum(one for one, _ in baseline), sum(every for _, every in baseline))
    if cases * center < 5 or cases * (1 - center) < 5:
        return insufficient
    spread = center * (1 - center)
    scores = [float(Fraction(one, every) - center) / math.sqrt(spread / every) for one, every in baseline]
    moved = [abs(after - before) for before, after in pairwise(scores)]
    wider = max(1.0, sum(moved) / len(moved) / 1.128)
    reach = float(sigmas) * wider * math.sqrt(spread / cases)
    low, high = max(0.0, float(center) - reach), min(1.0, float(center) + reach)
    verdict = "in_control"
    if abs(value - center) >= floor:
        verdict = "above" if float(value) > high + 1e-12 else "below" if float(value) < low - 1e-12 else verdict
    limits = {"center": float(center), "lower_limit": low, "upper_limit": high, "overdispersion": wider}
    return known | limits | {"verdict": verdict}
