"""How a metric cell is named in the tables of ``retention restatements`` and ``retention diff``.

Belongs here: a short text for a key, in which no two cells are the same. Not here: which cells are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

NAMED_BY: Final = (
    "metric", "variant", "basis", "grain", "calendar", "period_start", "cohort_start", "cohort_age", "segment_set",
    "segment_key",
)  # fmt: skip
"""Columns that ``cell_name`` reads."""
CELL_COLUMNS: Final = ("metric", "period", "segment")
_USUAL_BASIS: Final = "calendar"
_USUAL_CALENDAR: Final = "gregorian"


def cell_name(cell: Mapping[str, Any]) -> tuple[str, str, str]:
    """Metric, period and segment of a cell, in ``CELL_COLUMNS``; what most cells have in common is left out."""
    special = [
        cell["basis"] if cell["basis"] != _USUAL_BASIS else "",
        cell["calendar"] if cell["calendar"] != _USUAL_CALENDAR else "",
    ]
    period = " ".join([*filter(None, special), cell["grain"], str(cell["period_start"])])
    if cell["cohort_start"] is not None:
        period += f", cohort {cell['cohort_start']}"
    if cell["cohort_age"] is not None:
        period += f" age {cell['cohort_age']}"
    everybody = cell["segment_set"] == "all"
    return (
        f"{cell['metric']}.{cell['variant']}",
        period,
        "all" if everybody else f"{cell['segment_set']} {cell['segment_key']}",
    )
