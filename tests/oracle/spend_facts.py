"""``fct_spend_period`` a second time.

Belongs here: money spent per period and channel. Not here: what it brought.
"""

from __future__ import annotations

from decimal import Decimal

from tests.oracle.fact import Fact, periods_of
from tests.oracle.period_facts import ALL
from tests.oracle.records import MONEY_SCALE
from tests.oracle.state import State

KINDS = ("acquisition", "retention")


def spend_facts(state: State) -> Fact:
    """Every row of ``fct_spend_period``: dense once spend is delivered."""
    fact = Fact("fct_spend_period", ("grain", "period_start", "segment_set", "segment_key"))
    if "spend" not in state.shop.sources:
        return fact
    sets = {ALL: [ALL]}
    if (name := state.shop.channel_segment) is not None:
        sets[name] = sorted({*state.segment_keys[name], *(channel for _, _, channel in state.spend)})
    for period in periods_of(state, state.shop.grains):
        for segment_set, keys in sets.items():
            for key in keys:
                row = dict.fromkeys([f"{kind}_spend{end}" for end in ("", "_to_date") for kind in KINDS], 0)
                for (day, kind, channel), amount in state.spend.items():
                    if key in {ALL, channel} and day < period.end:
                        row[f"{kind}_spend_to_date"] += amount
                        row[f"{kind}_spend"] += amount if day >= period.start else 0
                cells: dict[str, object] = {column: Decimal(units) / MONEY_SCALE for column, units in row.items()}
                for kind in KINDS:
                    without = [
                        (day, count)
                        for (day, its_kind, channel), count in state.unrated_spend.items()
                        if its_kind == kind and key in {ALL, channel} and day < period.end
                    ]
                    cells[f"{kind}_no_fx_rate_count"] = sum(count for day, count in without if day >= period.start)
                    cells[f"{kind}_no_fx_rate_count_to_date"] = sum(count for _, count in without)
                fact.rows[(period.grain, period.start, segment_set, key)] = cells
    return fact
