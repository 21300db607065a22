"""Suppression across grains: a small month must not follow from its quarter and the other months.

A cell that is hidden in a finer period is hidden in every coarser period that holds it, for the same metric and
segment. So whatever sums of periods are shown, the hidden cells of a set stay open together, never one of them alone.
Belongs here: the order of hiding. Not here: the rule within a set (``status``), which periods hold which (``facts``).

Weeks are held by no month: their borders differ, except in a February of 28 days that begins with a week and in spans
of several months that happen to be whole weeks. Segments that a customer's own period decides (new or returning, RFM
and NPS groups, numbers of orders) do not add up over periods, so that nothing is propagated there.
"""

from __future__ import annotations

import numpy as np

from retention_pipeline.metrics.facts import GRAINS, Facts
from retention_pipeline.metrics.intervals import Floats
from retention_pipeline.metrics.status import Bools, Integers, suppressed


def hide(facts: Facts, rows: Integers, people: Floats, minimum: int) -> Bools:
    """Which of some segment cells of one metric to hide.

    Args:
        facts: The facts the cells were computed over.
        rows: Positions of the cells in the facts.
        people: Customers behind each cell.
        minimum: Fewest customers of a cell that may be shown.
    """
    fine, coarse = facts.held
    hidden = np.zeros(len(facts), dtype=bool)
    given = np.zeros(len(facts), dtype=bool)
    grains = facts.frame["grain"].to_numpy(dtype=object)[rows]
    for grain in GRAINS:
        chosen = grains == grain
        inside = rows[chosen]
        if not len(inside):
            continue
        hidden[inside] = suppressed(
            people[chosen], facts.sets[inside], facts.order[inside], minimum, already=given[inside]
        )
        given[coarse[hidden[fine]]] = True
    return np.asarray(hidden[rows], dtype=bool)
