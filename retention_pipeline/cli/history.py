"""What ``retention restatements`` shows: totals by cause, the largest changes, how long periods keep moving.

Belongs here: selecting and laying out rows of the published ledger. Not here: comparing versions (``history_diff``).
"""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console

from retention_pipeline.cli.cells import CELL_COLUMNS, NAMED_BY, cell_name
from retention_pipeline.cli.querying import write_rows
from retention_pipeline.cli.tables import print_table
from retention_pipeline.config import Settings
from retention_pipeline.core.causes import Cause
from retention_pipeline.core.choices import meant
from retention_pipeline.core.errors import ConfigError
from retention_pipeline.metrics.registry import BY_NAME
from retention_pipeline.warehouse.ledger.known import open_memory

ROWS_SHOWN: Final = 20
_RELATIVE: Final = "abs(new_value - old_value) / nullif(abs(old_value), 0)"


@dataclass(frozen=True)
class Wanted:
    """Which restatements are asked for; None: all."""

    metric: str | None = None
    since: dt.date | None = None
    cause: Cause | None = None
    period: dt.date | None = None

    @property
    def condition(self) -> tuple[str, list[Any]]:
        """The condition on ``metric_restatements`` and its parameters."""
        parts, values = metric_condition(self.metric)
        if self.since is not None:
            parts, values = [*parts, "as_of >= ?"], [*values, self.since]
        if self.cause is not None:
            parts, values = [*parts, "(cause = ? or list_contains(string_split(causes, ', '), ?))"], [
                *values, self.cause.value, self.cause.value,
            ]  # fmt: skip
        if self.period is not None:
            parts, values = [*parts, "period_start <= ? and period_end > ?"], [*values, self.period, self.period]
        return " and ".join(parts) or "true", values


def metric_condition(metric: str | None) -> tuple[list[str], list[Any]]:
    """The condition that a metric, or one variant of it, is meant.

    Raises:
        ConfigError: There is no such metric.
    """
    if metric is None:
        return [], []
    if metric in BY_NAME:
        return ["metric || '.' || variant = ?"], [metric]
    metrics = {definition.metric for definition in BY_NAME.values()}
    if metric in metrics:
        return ["metric = ?"], [metric]
    raise ConfigError(
        f"there is no metric {metric!r}",
        remedy=meant(metric, {*BY_NAME, *metrics}) + 'retention query "select metric, variant from _metric_catalog"',
    )


def show_restatements(settings: Settings, wanted: Wanted, console: Console, *, form: str) -> None:
    """Print totals by cause and month, and the largest changes; as CSV or JSON all rows."""
    condition, values = wanted.condition
    with open_memory(settings.home) as published:
        if form != "table":
            cursor = published.execute(f"select * from metric_restatements where {condition}", values)
            write_rows(sys.stdout, form, [name for name, *_ in cursor.description or []], cursor.fetchall())
            return
        totals = published.execute(
            f"select causes, count(*), count(distinct metric || variant), count(distinct version),"
            f" max(as_of), max({_RELATIVE}) from metric_restatements where {condition}"
            " group by causes order by 2 desc, 1",
            values,
        ).fetchall()
        if not totals:
            console.print("nothing that was published before has changed", highlight=False)
            return
        columns = ("cause", "cells", "metrics", "versions", "last as of", "largest change, %")
        print_table(console, columns, [(*row[:5], percent(row[5])) for row in totals])
        named_by = ", ".join(NAMED_BY)
        largest = published.execute(
            f"select as_of, old_value, new_value, {_RELATIVE}, causes, {named_by} from metric_restatements"
            f" where {condition} order by {_RELATIVE} desc nulls last, version desc, {named_by} limit {ROWS_SHOWN}",
            values,
        ).fetchall()
        count = sum(row[1] for row in totals)
        title = f"\nlargest changes ({len(largest)} of {count}; --format csv holds all)"
        names = ("as of", *CELL_COLUMNS, "old", "new", "change, %", "cause")
        rows = [
            (as_of, *cell_name(dict(zip(NAMED_BY, key, strict=True))), old, new, percent(change), causes)
            for as_of, old, new, change, causes, *key in largest
        ]
        print_table(console, names, rows, title=title)


def show_settling(settings: Settings, metric: str | None, console: Console, *, form: str) -> None:
    """Print how long periods keep moving: per metric and grain the share of cells that moved after so many days."""
    parts, values = metric_condition(metric)
    condition = " and ".join(parts) or "true"
    with open_memory(settings.home) as published:
        if form != "table":
            cursor = published.execute(f"select * from period_settling where {condition}", values)
            write_rows(sys.stdout, form, [name for name, *_ in cursor.description or []], cursor.fetchall())
            return
        lags = [
            lag for (lag,) in published.execute("select distinct lag_days from period_settling order by 1").fetchall()
        ]
        shares = ", ".join(f"round(100 * max(moved_share) filter (where lag_days = {int(lag)}), 1)" for lag in lags)
        rows = published.execute(
            f"select metric || '.' || variant, grain, max(cells_count), max(suggested_grace_days){', ' * bool(lags)}"
            f"{shares} from period_settling where {condition} group by all"
            " having max(moved_count) > 0 order by max(moved_share) desc, 1, 2",
            values,
        ).fetchall()
    if not rows:
        console.print("no finished period has moved since it was published", highlight=False)
        return
    title = "cells that still moved so many days after their period's end, %; grace: days until at most 1 % do"
    columns = ("metric", "grain", "cells", "grace", *(f"{lag} d" for lag in lags))
    shown = rows if metric else rows[:ROWS_SHOWN]
    print_table(console, columns, shown, title=title)
    if len(rows) > len(shown):
        console.print(f"... {len(rows) - len(shown)} more; --metric or --format csv show them", highlight=False)


def percent(share: float | None) -> float | None:
    """A share as people read it in a column that is headed with %."""
    return None if share is None else round(100 * share, 2)
