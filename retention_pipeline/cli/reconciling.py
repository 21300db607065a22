"""What ``retention reconcile`` shows: one aligned table per measure and length of period.

Belongs here: reading the published reconciliation, laying it out. Not here: explaining anything (``metrics``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from retention_pipeline.cli.tables import percent, print_table
from retention_pipeline.config import Settings
from retention_pipeline.core.errors import ConfigError
from retention_pipeline.core.periods import Grain, period_label
from retention_pipeline.core.status import Status
from retention_pipeline.intake.vocabulary import MEASURES
from retention_pipeline.metrics.reconciliation import NOTHING, RECONCILIATION
from retention_pipeline.metrics.reconciliation_parts import EXCLUDED, GROUPS, WAYS
from retention_pipeline.warehouse.read import run_select

_CAUSES = (*GROUPS, *reversed(WAYS))
_CHOSEN = {
    "configuration": "as sources.control_totals.includes says",
    "search": "found from the totals themselves",
    "too_few_periods": "too few complete periods to tell; what each cause would add is listed",
}
_SIDE_BY_SIDE = 6
"""Periods in one table."""
Row = dict[str, Any]


def show_reconciliation(
    settings: Settings, console: Console, *, measure: str | None, grain: Grain | None, periods: int, every: bool
) -> None:
    """Print the latest totals with the causes of their difference.

    Args:
        settings: The shop.
        console: Where to print.
        measure: Only this measure.
        grain: Only periods of this length.
        periods: How many of the latest periods of each table.
        every: Whether to list causes, too, that the shop's totals do not hold.

    Raises:
        ConfigError: No control totals are configured, there is no such measure, or no total to show.
    """
    if settings.sources.control_totals is None:
        raise ConfigError(
            f"{settings.config_path}: there are no control totals to reconcile with",
            remedy="name the file with the shop's own totals under [sources.control_totals]",
        )
    if measure is not None and measure not in MEASURES:
        raise ConfigError(f"--measure: {measure!r} is none of {', '.join(MEASURES)}")
    names, found = run_select(settings.home, f"select * from {RECONCILIATION.name} order by all")
    rows = [dict(zip(names, row, strict=True)) for row in found]
    shown = [row for row in rows if measure in {None, row["measure"]} and grain in {None, row["grain"]}]
    if not shown:
        raise ConfigError("no control total is published", remedy="deliver totals of published periods and run again")
    tables = list(dict.fromkeys((row["measure"], row["grain"]) for row in shown))
    for of_measure, of_grain in sorted(tables, key=lambda table: (MEASURES.index(table[0]), table[1])):
        wanted = [row for row in shown if (row["measure"], row["grain"]) == (of_measure, of_grain)][-periods:]
        _show(console, f"{of_measure} by {of_grain}", wanted, every=every)


def _show(console: Console, title: str, rows: Sequence[Row], *, every: bool) -> None:
    held, chosen_by = rows[0]["explained_by"], rows[0]["chosen_by"]
    lists = every or chosen_by == "too_few_periods"
    causes = [cause for cause in _CAUSES if is_held(cause, held) or (lists and any(row[cause] != 0 for row in rows))]
    console.print(f"{title}: explained by {held}", style="bold", highlight=False, markup=False, soft_wrap=True)
    console.print(f"{_CHOSEN[chosen_by]}", highlight=False, soft_wrap=True)
    for first in range(0, len(rows), _SIDE_BY_SIDE):
        beside = rows[first : first + _SIDE_BY_SIDE]
        lines = [
            _line("published", beside),
            *(_line(cause, beside) for cause in causes if is_held(cause, held)),
            _line("remainder", beside),
            _line("control", beside),
            ("remainder, %", *(_share(row["remainder_share"]) for row in beside)),
            *((f"({cause})", *_line(cause, beside)[1:]) for cause in causes if not is_held(cause, held)),
        ]
        if any(map(_remark, beside)):
            lines.append(("", *map(_remark, beside)))
        lines = [("", *(period_label(row["period_start"], row["grain"]) for row in beside)), *lines]
        head, *body = (_right_aligned(line, lines) for line in lines)
        print_table(console, head, body)
        console.print()
    if any(not is_held(cause, held) for cause in causes):
        console.print("in brackets: what these totals do not hold, as far as is known", highlight=False)


def _line(name: str, rows: Sequence[Row]) -> tuple[str, ...]:
    return (name, *(_figure(row[name], row["measure"]) for row in rows))


def _right_aligned(line: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """The cells below a period as wide as the widest of them, for they are text."""
    widths = [max(len(each[place]) for each in lines) for place in range(len(line))]
    return [line[0], *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True))]


def is_held(cause: str, explained_by: str) -> bool:
    """Whether an explanation names a cause; the excluded statuses stand in it one by one."""
    named = explained_by.split(", ") if explained_by != NOTHING else []
    return cause in named or (cause == EXCLUDED and any(name.startswith("status_") for name in named))


def _figure(value: Any, measure: str) -> str:
    return "?" if value is None else f"{value:,.0f}" if measure == "orders" else f"{value:,.2f}"


def _share(value: float | None) -> str:
    return "" if value is None else percent(value)


def _remark(row: Row) -> str:
    said = [] if row["status"] == Status.FINAL else [row["status"]]
    if row["unreadable_count"]:
        said.append(f"{row['unreadable_count']} unreadable")
    return ", ".join(said)
