"""An attacker with a published version: which hidden cells follow from what is shown?

Known are all shown cells and totals, that the segments of a set add up to the total, months to a quarter and quarters
to a year. Each hidden cell is an unknown; one that has the same value in every solution is told.
Belongs here: the equations and their solution. Not here: which versions are attacked.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np

HOLDS = {"quarter": "month", "year": "quarter"}
ADDITIVE = """
select metric || '.' || variant, basis, segment_set, segment_key, grain, period_start, period_end, status
from metric_values
where is_additive and cohort_start is null and segment_set <> 'all' and grain in ('month', 'quarter', 'year')
    and status not in ('source_absent', 'immature')
    and segment_set not in ('new_returning', 'nps_group', 'rfm', 'orders_bucket', 'order_number')
"""
"""Sums of segments, where periods add up."""
PEOPLE = """
select segment_set, segment_key, grain, period_start, customers_ordering
from fct_period where basis = 'calendar' and segment_set <> 'all'
"""
OF_BUYERS = {"revenue.gross", "revenue.net", "orders.standard", "margin.standard", "revenue_decomposition.revenue"}
"""Metrics whose cells are about the customers who bought in the period: their number stands in the facts."""

Cell = tuple[Any, ...]


@dataclass
class Told:
    """What an attack came to."""

    hidden: int = 0
    told: int = 0
    small: int = 0
    """Cells of fewer than the minimum, but at least one customer, among those that are told."""
    metrics: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def attack(version: duckdb.DuckDBPyConnection, minimum: int) -> Told:
    """Solve for the hidden cells of every additive metric."""
    sets: dict[tuple[str, str, str], dict[Cell, tuple[Any, bool]]] = defaultdict(dict)
    for name, basis, segments, key, grain, start, end, status in version.execute(ADDITIVE).fetchall():
        sets[name, basis, segments][key, grain, start] = (end, status == "suppressed")
    people = {(row[0], *row[1:4]): row[4] for row in version.execute(PEOPLE).fetchall()}
    found = Told()
    for (name, _, segments), cells in sets.items():
        hidden = [cell for cell, (_, is_hidden) in cells.items() if is_hidden]
        found.hidden += len(hidden)
        for cell in _told(cells, hidden):
            found.told += 1
            found.metrics[name] += 1
            if name in OF_BUYERS and 0 < people.get((segments, *cell), 0) < minimum:
                found.small += 1
    return found


def _told(cells: dict[Cell, tuple[Any, bool]], hidden: list[Cell]) -> list[Cell]:
    place = {cell: number for number, cell in enumerate(hidden)}
    equations = []
    for row in _equations(cells):
        known = np.zeros(len(hidden))
        for cell, factor in row.items():
            if cell in place:
                known[place[cell]] = factor
        if known.any():
            equations.append(known)
    if not equations:
        return []
    matrix = np.array(equations)
    free = np.linalg.svd(matrix)[2][np.linalg.matrix_rank(matrix) :]
    fixed = (np.abs(free) < 1e-9).all(axis=0) if len(free) else np.ones(len(hidden), dtype=bool)
    return [cell for cell, is_fixed in zip(hidden, fixed, strict=True) if is_fixed]


def _equations(cells: dict[Cell, tuple[Any, bool]]) -> list[dict[Cell, int]]:
    """Factors by cell: segments of a period, finer periods of a coarser one."""
    of_period: dict[tuple[Any, ...], dict[Cell, int]] = defaultdict(dict)
    rows = []
    for cell, (end, _) in cells.items():
        key, grain, start = cell
        of_period[grain, start][cell] = 1
        if grain in HOLDS:
            parts = [one for one in cells if one[0] == key and one[1] == HOLDS[grain] and start <= one[2] < end]
            rows.append({**dict.fromkeys(parts, 1), cell: -1})
    return [*of_period.values(), *rows]
