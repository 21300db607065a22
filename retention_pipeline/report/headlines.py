"""The table at the top: a few rates and averages for the last final periods.

Belongs here: choosing the periods, laying out the cells. Not here: which numbers are headlines, and their format
(``cli`` decides).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_pipeline.core.status import Status
from retention_pipeline.report.published import Period, read_meaning, read_series
from retention_pipeline.report.words import Form, with_interval

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from retention_pipeline.core.periods import Grain

PERIODS_SHOWN = 3

Headline = tuple[str, str, str, str, Form]
"""Label with ``{currency}``, metric, variant, basis, format."""


@dataclass(frozen=True)
class HeadlineTable:
    """Column names (periods), and rows of label, cells and meaning."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...], str], ...]


def headline_table(
    published: DuckDBPyConnection, grain: Grain, periods: Sequence[Period], headlines: Sequence[Headline], currency: str
) -> HeadlineTable:
    """The last final periods (open ones only while none is final), one row per headline that has a source."""
    final = [period for period in periods if period.is_final] or list(periods)
    shown = final[-PERIODS_SHOWN:]
    rows = []
    for label, metric, variant, basis, form in headlines:
        found = read_series(published, grain, metric, variant, basis)
        values = [found.get(period.start) for period in shown]
        if any(value is not None and value.status != Status.SOURCE_ABSENT for value in values):
            cells = tuple("-" if value is None else with_interval(value, form) for value in values)
            rows.append((label.format(currency=currency), cells, read_meaning(published, metric, variant)))
    return HeadlineTable(tuple(period.label for period in shown), tuple(rows))
