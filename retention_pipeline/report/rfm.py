"""Customers by recency, frequency and money: how many stand in each group, and where they came from.

Belongs here: bars and the heatmap of moves. Not here: who belongs to which group.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from retention_pipeline.report.beside import Moves, read_moves
from retention_pipeline.report.canvas import (
    BLUE,
    QUIET,
    colour_bar,
    colours,
    draw,
    ink_on,
    names_only,
    percent_axis,
)
from retention_pipeline.report.privacy import hidden, shown_count
from retention_pipeline.report.published import Value, read_latest, read_meaning
from retention_pipeline.report.section import Meaning, Picture, Section
from retention_pipeline.report.words import percent, with_interval

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEADING = "Customer groups (RFM)"
NOBODY = "(no orders)"
LINE_LENGTH = 10
"""Letters of a group's name that have room below a column."""
GROUPS = (
    "champions", "loyal", "potential_loyalists", "new_customers", "prospects", "need_attention", "about_to_sleep",
    "at_risk", "cannot_lose", "hibernating", "lost",
)  # fmt: skip
"""From the best to the worst, as far as that can be said."""


def rfm_section(published: DuckDBPyConnection, min_cell_size: int) -> Section:
    """Shares of the groups at the end of the latest final period, and the moves of that one."""
    metric = "rfm_group_share"
    meaning = (Meaning("", read_meaning(published, metric, "standard")),)
    found = read_latest(published, metric, "standard", "rfm")
    known = {group: value for group in GROUPS if (value := found.values.get(group)) and value.value is not None}
    if not known:
        note = "No RFM cut points are configured, or no period of theirs has begun, so there are no groups to show."
        return Section("rfm", HEADING, meaning, notes=(note,))
    pictures = [_bars(f"Customers by group at the end of {found.label}", known)]
    moves = read_moves(published)
    if moves is not None:
        pictures.append(_heatmap(moves, min_cell_size))
    missing = [group for group in GROUPS if group in found.values and group not in known]
    notes = (f"Not shown to protect small groups: {_plain(missing)}.",) if missing else ()
    return Section("rfm", HEADING, meaning, tuple(pictures), notes=notes)


def _plain(groups: Sequence[str]) -> str:
    return ", ".join(group.replace("_", " ") for group in groups)


def _bars(title: str, shares: Mapping[str, Value]) -> Picture:
    def paint(figure: Figure) -> None:
        axes = figure.add_subplot(title=title, xlabel="share of everybody who has bought")
        axes.grid(axis="x")
        for place, value in enumerate(shares.values()):
            bar = axes.barh(place, value.value or 0.0, height=0.7, color=BLUE, alpha=0.85)
            if value.is_open:
                bar.patches[0].set(alpha=0.45, hatch="////", edgecolor="white", linewidth=0)
            if value.low is not None and value.high is not None:
                axes.hlines(place, value.low, value.high, color=QUIET, linewidth=1.2)
            axes.annotate(
                percent(value.value or 0.0), (value.high or value.value or 0.0, place), (4, 0), va="center",
                textcoords="offset points", fontsize=7.5,
            )  # fmt: skip
        axes.set_yticks(range(len(shares)), [group.replace("_", " ") for group in shares])
        axes.invert_yaxis()
        names_only(axes)
        percent_axis(axes.xaxis)

    customers = next((value.n for value in shares.values() if value.n), 0)
    said = "; ".join(f"{group.replace('_', ' ')} {with_interval(value, percent)}" for group, value in shares.items())
    caption = f"{customers:,} customers; lines are 95 % intervals."
    if any(value.is_open for value in shares.values()):
        caption += " Pale and hatched: the period is still open or not final yet, so its values may change."
    svg = draw("rfm", 1.0 + 0.26 * len(shares), paint, title=title, alt=f"Bars: {said}. {caption}")
    return Picture(svg, caption)


def _heatmap(moves: Moves, minimum: int) -> Picture:
    title = f"From group to group in {moves.label}, share of the group it began with, %"
    rows = {start: _row(moves, start) for start in (*GROUPS, NOBODY)}
    rows = {start: row for start, row in rows.items() if row}
    secret = {start: hidden(row, minimum) for start, row in rows.items()}

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot(title=title, xlabel="group at the end", ylabel="group at the start (customers)")
        mesh = _paint_moves(axes, rows, secret)
        percent_axis(colour_bar(figure, axes, mesh, "of the group at the start").ax.yaxis)
        names = [f"{_named(start)} ({shown_count(sum(row.values()), minimum)})" for start, row in rows.items()]
        axes.set_yticks(range(len(rows)), names)

    stayed = "; ".join(
        f"{_named(start)} {100 * row[start] / sum(row.values()):.0f} %"
        for start, row in rows.items()
        if start in row and start not in secret[start]
    )
    caption = "New: had not ordered before. Outlined: stayed. Blank: nobody; a dash: not shown to protect small groups."
    alt = f"Heatmap of moves between {len(rows)} groups in {moves.label}. Stayed in their group: {stayed or 'none'}."
    svg = draw("rfm-moves", 1.5 + 0.27 * len(rows), paint, title=title, alt=f"{alt} {caption}")
    return Picture(svg, caption)


def _row(moves: Moves, start: str) -> dict[str, int]:
    return {end: count for end in GROUPS if (count := moves.counts.get((start, end), 0))}


def _named(group: str) -> str:
    return "new" if group == NOBODY else group.replace("_", " ")


def _two_lines(group: str) -> str:
    return ("\n".join(group.rsplit("_", 1)) if len(group) > LINE_LENGTH else group).replace("_", " ")


def _paint_moves(axes: Axes, rows: Mapping[str, Mapping[str, int]], secret: Mapping[str, frozenset[str]]) -> Any:
    from matplotlib.patches import Rectangle

    shares = [
        [row[end] / sum(row.values()) if end in row and end not in secret[start] else float("nan") for end in GROUPS]
        for start, row in rows.items()
    ]
    palette = colours("Blues", 0.06, 0.95)
    mesh = axes.pcolormesh(
        [place - 0.5 for place in range(len(GROUPS) + 1)], [place - 0.5 for place in range(len(rows) + 1)], shares,
        cmap=palette, vmin=0, vmax=1, edgecolors="white", linewidth=0.6,
    )  # fmt: skip
    for place, start in enumerate(rows):
        for column, end in enumerate(GROUPS):
            share, is_secret = shares[place][column], end in secret[start]
            if is_secret or not math.isnan(share):
                text = "-" if is_secret else f"{100 * share:.0f}"
                colour = QUIET if is_secret else ink_on(palette(share))
                axes.text(column, place, text, ha="center", va="center", fontsize=7.5, color=colour)
            if start == end:
                axes.add_patch(Rectangle((column - 0.46, place - 0.46), 0.92, 0.92, fill=False, edgecolor=QUIET, lw=1))
    axes.set_xticks(range(len(GROUPS)), [_two_lines(group) for group in GROUPS])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.invert_yaxis()
    return mesh
