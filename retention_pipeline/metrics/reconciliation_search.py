"""Which causes the shop's own totals evidently hold: the set that leaves the least unexplained.

Belongs here: the search over sets of causes. Not here: the parts (``reconciliation_parts``), the table
(``reconciliation``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from retention_pipeline.metrics.reconciliation_parts import (
    CURRENCY_BASIS,
    REFUND_BASIS,
    WAYS,
    Total,
    in_order,
    named_groups,
    way_of,
)

MINIMUM_PERIODS: Final = 3
"""With fewer complete periods some set of causes fits by chance; then none is chosen."""
_APPLIES: Final = {
    REFUND_BASIS: {"refunds", "revenue_net"},
    CURRENCY_BASIS: {"revenue_gross", "refunds", "revenue_net"},
}
_SAFE: Final = 2**60


@dataclass(frozen=True)
class Choice:
    """The causes that explain the totals of one measure."""

    causes: tuple[str, ...]
    chosen_by: str
    """configuration, search or too_few_periods."""


def choose(totals: Sequence[Total], includes: Sequence[str] | None) -> Choice:
    """The causes behind the totals of one measure: configured, or searched for.

    The search tries every set of causes. The one with the smallest sum of absolute remainders over the complete periods
    wins; of equal ones that with the fewest causes, then the first by name. A sum of absolute values lets a single
    wrong total stand out instead of being spread over the causes. A cause that is unknown in one of the periods is not
    tried.

    Args:
        totals: All totals of one measure.
        includes: The configured causes; None to search.
    """
    measure, groups = totals[0].measure, list(totals[0].groups)
    ways = [name for name in WAYS if measure in _APPLIES.get(name, {measure})]
    if includes is not None:
        held = named_groups(includes, groups) + [name for name in ways if name in includes]
        return Choice(tuple(in_order(held)), "configuration")
    evidence = [total for total in totals if total.is_evidence]
    if len(evidence) < MINIMUM_PERIODS:
        return Choice((), "too_few_periods")
    found = [
        _best_groups(evidence, groups, counted)
        for size in range(len(ways) + 1)
        for counted in combinations(ways, size)
    ]  # fmt: skip
    _, _, causes = min(found)
    return Choice(tuple(causes), "search")


def _best_groups(evidence: Sequence[Total], groups: Sequence[str], ways: tuple[str, ...]) -> tuple[int, int, list[str]]:
    """The best set of groups under one way of counting: what it leaves, how many causes, which."""
    way = way_of(ways)
    amounts = {name: [total.groups[name][way] for total in evidence] for name in in_order(groups)}
    # a group without anything in it explains nothing, an unknown one cannot be tried
    tried = [name for name, values in amounts.items() if None not in values and any(values)]
    left = [total.control - (total.published[way] or 0) for total in evidence]
    largest = sum(map(abs, left)) + sum(abs(value or 0) for name in tried for value in amounts[name])
    dtype = np.int64 if largest < _SAFE else np.object_
    remainders = np.array([left], dtype=dtype)
    sizes = np.array([len(ways)])
    for name in tried:
        remainders = np.concatenate([remainders, remainders - np.array(amounts[name], dtype=dtype)])
        sizes = np.concatenate([sizes, sizes + 1])
    unexplained = np.abs(remainders).sum(axis=1)
    least = unexplained.min()
    fewest = sizes[unexplained == least].min()
    sets = [
        in_order([*(name for place, name in enumerate(tried) if number >> place & 1), *ways])
        for number in np.flatnonzero((unexplained == least) & (sizes == fewest)).tolist()
    ]
    return int(least), int(fewest), min(sets)
