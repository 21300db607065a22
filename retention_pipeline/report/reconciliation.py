"""The shop's own totals beside the published ones.

Belongs here: the steps from the published figure to the books, a table of all measures. Not here: explaining
(``metrics``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_pipeline.core.periods import period_label
from retention_pipeline.report.canvas import BLUE, GREEN, INK, VERMILION, amount_axis, draw
from retention_pipeline.report.published import read_rows
from retention_pipeline.report.section import Cell, Column, Grid, Picture, Section
from retention_pipeline.report.words import decimals, percent

if TYPE_CHECKING:
    import datetime as dt

    from duckdb import DuckDBPyConnection
    from matplotlib.figure import Figure

    from retention_pipeline.core.periods import Grain

HEADING = "Against the shop's own totals"
NAME = "reconciliation"
MEASURES = {"revenue_gross": "gross revenue", "revenue_net": "net revenue", "refunds": "refunds", "orders": "orders"}
"""In the order in which one of them is drawn."""
CAUSES = {
    "no_customer": "guests",
    "excluded_status": "excluded statuses",
    "non_positive_amount": "worth nothing",
    "no_fx_rate": "no exchange rate",
    "quarantine": "set aside",
    "time_basis": "days in UTC",
    "refund_basis": "refunds on their day",
    "currency_basis": "unconverted",
}
_COLUMNS = (
    Column("measure"),
    Column("books", is_number=True),
    Column("published", is_number=True),
    Column("difference", is_number=True),
    Column("the books hold, too"),
    Column("unexplained", is_number=True),
)
_CHOSEN = {
    "configuration": "What the books hold stands in the configuration.",
    "search": "What the books hold was found from the totals: the set of causes that leaves the least unexplained.",
    "too_few_periods": "There are too few complete periods to tell what the books hold.",
}


@dataclass(frozen=True)
class Reconciled:
    """One row of ``reconciliation``; ``causes`` are those that explain the difference."""

    measure: str
    start: dt.date
    control: float
    published: float
    causes: tuple[tuple[str, float], ...]
    remainder: float
    chosen_by: str
    has_unreadable: bool


def reconciliation_section(
    published: DuckDBPyConnection, grain: Grain, currency: str, *, is_configured: bool
) -> Section:
    """The latest totals that can be reconciled: a waterfall of one measure, a table of all."""
    if not is_configured:
        note = "No control totals are configured, so the figures stand on their own."
        return Section(NAME, HEADING, notes=(note,))
    found = _read(published, grain)
    if not found:
        return Section(NAME, HEADING, notes=(f"No complete {grain} has a control total that can be explained.",))
    label = period_label(found[0].start, grain)
    rows = tuple(_row(each, period_label(each.start, grain)) for each in found)
    table = Grid(f"Latest final {grain} of each measure, money in {currency}", _COLUMNS, rows)
    notes = [_CHOSEN[chosen_by] for chosen_by in dict.fromkeys(each.chosen_by for each in found)]
    if any(each.has_unreadable for each in found):
        notes.append("Orders were set aside whose amount cannot be read: they may stand behind what is unexplained.")
    return Section(NAME, HEADING, (), (_waterfall(found[0], label, currency),), (table,), tuple(notes))


def _read(published: DuckDBPyConnection, grain: Grain) -> list[Reconciled]:
    """The latest final total of each measure whose remainder is known, the drawn one first."""
    rows = read_rows(
        published, "reconciliation",
        "select measure, period_start, control::double, published::double, remainder::double, explained_by, chosen_by, "
        f"unreadable_count > 0, {', '.join(f'{cause}::double' for cause in CAUSES)} from reconciliation "
        "where grain = ? and status = 'final' and remainder is not null "
        "qualify period_start = max(period_start) over (partition by measure) order by all",
        grain,
    )  # fmt: skip
    found = [
        Reconciled(
            measure, start, control, value,
            tuple(pair for pair in zip(CAUSES, sizes, strict=True) if _names(explained_by, pair[0])),
            remainder, chosen_by, has_unreadable,
        )
        for measure, start, control, value, remainder, explained_by, chosen_by, has_unreadable, *sizes in rows
    ]  # fmt: skip
    return sorted(found, key=lambda each: list(MEASURES).index(each.measure))


def _names(explained_by: str, cause: str) -> bool:
    return cause in explained_by.split(", ") or (cause == "excluded_status" and "status_" in explained_by)


def _row(each: Reconciled, label: str) -> tuple[Cell, ...]:
    share = f"{percent(each.remainder / each.control)} of the books" if each.control and each.remainder else ""
    return (
        Cell(MEASURES[each.measure], label),
        Cell(decimals(each.control)),
        Cell(decimals(each.published)),
        Cell(_signed(each.control - each.published)),
        Cell(", ".join(f"{CAUSES[cause]} {_signed(size)}" for cause, size in each.causes) or "nothing"),
        Cell(_signed(each.remainder), share),
    )


def _waterfall(each: Reconciled, label: str, currency: str) -> Picture:
    steps = [*((CAUSES[cause], size) for cause, size in each.causes), ("unexplained", each.remainder)]
    unit = "" if each.measure == "orders" else f", {currency}"
    title = f"From the published {MEASURES[each.measure]} to the books, {label}"

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot(title=title, ylabel=f"{MEASURES[each.measure]}{unit}")
        axes.grid(axis="y")
        feet, heights, colours = bars_of(each, steps)
        axes.bar(range(len(feet)), heights, bottom=feet, width=0.7, color=colours)
        axes.set_xticks(range(len(feet)), ["published", *(name for name, _ in steps), "books"])
        tops = [foot + height for foot, height in zip(feet, heights, strict=True)]
        low = min(*feet[1:-1], *tops)
        spread = max(tops) - low
        # the steps are small beside the totals: the axis begins below them, not at zero
        axes.set_ylim(low - 0.35 * spread - 0.01 * abs(low), max(tops) + 0.1 * spread + 0.01 * abs(low))
        amount_axis(axes.yaxis)

    said = ", ".join(f"{name} {_signed(size)}" for name, size in steps)
    caption = (
        f"{label}{unit}: published {decimals(each.published)}; {said}; books {decimals(each.control)}. "
        "The axis does not begin at zero."
    )
    svg = draw("reconciliation", 3.4, paint, title=title, alt=f"Bars step by step. {caption}")
    return Picture(svg, caption)


def bars_of(each: Reconciled, steps: Sequence[tuple[str, float]]) -> tuple[list[float], list[float], list[str]]:
    """Where each bar stands, how high it is, its colour."""
    feet, heights, colours, level = [0.0], [each.published], [BLUE], each.published
    for name, size in steps:
        feet.append(min(level, level + size))
        heights.append(abs(size))
        colours.append(VERMILION if name == "unexplained" else GREEN)
        level += size
    return [*feet, 0.0], [*heights, each.control], [*colours, INK]


def _signed(value: float) -> str:
    return decimals(0.0) if abs(value) < 0.005 else f"{'+' * (value > 0)}{decimals(value)}"
