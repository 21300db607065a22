"""How long customers wait before they order again.

Belongs here: the curves and their medians. Not here: the estimator.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from retention_pipeline.report.beside import Waiting, read_waiting
from retention_pipeline.report.canvas import BLUE, QUIET, colours, draw, percent_axis
from retention_pipeline.report.published import Value, read_history, read_meaning
from retention_pipeline.report.section import Meaning, Picture, Section
from retention_pipeline.report.words import with_interval

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEADING = "How soon customers order again"
YEAR = 365
FINEST_STEP = 0.0025
"""Smaller steps of a curve are below what a figure can show."""
_NAMES = {"1": "first order", "2": "second", "3": "third", "4": "fourth", "5+": "fifth and later"}

Curve = tuple[str, Any, Waiting, Value | None]
"""Name, colour, curve and published median."""


def waiting_section(published: DuckDBPyConnection) -> Section:
    """One curve over all orders, and one each by how many orders the customer had placed."""
    metric, variant = "time_between_orders", "median"
    meanings = (Meaning("", read_meaning(published, metric, variant)),)
    everybody, numbered = read_waiting(published, "all"), read_waiting(published, "order_number")
    if not everybody:
        return Section("waiting", HEADING, meanings, notes=("No order has been waited for yet: nothing to show.",))
    whole = everybody["all"]
    last_day = _last_day(whole)
    total: list[Curve] = [("all orders", BLUE, whole, read_history(published, metric, variant, "all").get("all"))]
    medians = read_history(published, metric, variant, "order_number")
    palette = colours("viridis", 0.0, 0.86)
    numbers = sorted(numbered)
    shades = [palette(place / max(len(numbers) - 1, 1)) for place in range(len(numbers))]
    parts: list[Curve] = [
        (_NAMES.get(key, key), shade, numbered[key], medians.get(key))
        for key, shade in zip(numbers, shades, strict=True)
    ]
    pictures = [_picture("waiting", "Ordered again, days after an order", total, last_day)]
    if parts:
        pictures.append(_picture("waiting-number", "Ordered again, by the order that was waited from", parts, last_day))
    return Section("waiting", HEADING, meanings, tuple(pictures), notes=_notes(whole, last_day))


def _last_day(whole: Waiting) -> int:
    """A year, or as many years as nine tenths of those who come back take; never beyond what has been observed."""
    back = 1 - whole.survival[-1]
    day = next(day for day, waiting in zip(whole.days, whole.survival, strict=True) if 1 - waiting >= 0.9 * back)
    return int(min(max(whole.days[-1], 1), YEAR * -(-max(day, 1) // YEAR)))


def _notes(whole: Waiting, last_day: int) -> tuple[str, ...]:
    notes = ["Orders that nobody has followed up yet count for as long as they have been watched (Kaplan-Meier)."]
    if whole.days[-1] > last_day:
        notes.append(f"The first {last_day} days are shown; waits of up to {whole.days[-1]:,} days have been watched.")
    return tuple(notes)


def _picture(name: str, title: str, curves: Sequence[Curve], last_day: int) -> Picture:
    def paint(figure: Figure) -> None:
        axes = figure.add_subplot(title=title, xlabel="days after the order", ylabel="share who have ordered again")
        axes.grid(axis="y")
        axes.axhline(0.5, color=QUIET, linewidth=0.8, linestyle=(0, (2, 3)))
        for label, colour, curve, median in curves:
            _paint_curve(axes, f"{label}: {_said(median)}", colour, curve, last_day)
            if median is not None and median.value is not None and median.value <= last_day:
                axes.plot([median.value], [0.5], "D", color=colour, markeredgecolor="white", markersize=6, zorder=5)
        axes.set_xlim(0, last_day)
        axes.set_ylim(0, 1)
        percent_axis(axes.yaxis)
        if len(curves) > 1:
            figure.legend(loc="outside lower center", ncols=3)

    said = "; ".join(f"{label}: {_said(median)}, {curve.orders:,} orders" for label, _, curve, median in curves)
    caption = f"Diamonds: half have ordered again. {said[0].upper()}{said[1:]}."
    reached = "; ".join(f"{label} {100 * (1 - _at(curve, last_day)):.0f} %" for label, _, curve, _ in curves)
    alt = (
        f"Rising steps with 95 % bands over {last_day} days. {caption} Ordered again after {last_day} days: {reached}."
    )
    return Picture(draw(name, 3.6, paint, title=title, alt=alt), caption)


def _said(median: Value | None) -> str:
    if median is None or median.value is None:
        return "median not reached"
    found = Value(median.value, median.low, median.high, "final", median.n)
    return f"median {with_interval(found, lambda days: f'{days:.0f}')} days"


def _at(curve: Waiting, day: int) -> float:
    place = bisect.bisect_right(curve.days, day)
    return curve.survival[place - 1] if place else 1.0


def _paint_curve(axes: Axes, label: str, colour: Any, curve: Waiting, last_day: int) -> None:
    kept = _visible_steps(curve, last_day)
    end = min(curve.days[-1], last_day)
    days = [0, *(curve.days[place] for place in kept), end]
    ends: Mapping[str, list[float]] = {
        name: [0.0, *(_again(values[place], curve.survival[place]) for place in kept)]
        for name, values in (("line", curve.survival), ("low", curve.high), ("high", curve.low))
    }
    line, low, high = ([*values, values[-1]] for values in ends.values())
    axes.fill_between(days, low, high, step="post", color=colour, alpha=0.16, linewidth=0)
    axes.plot(days, line, drawstyle="steps-post", color=colour, label=label, linewidth=1.5)


def _again(waiting: float | None, otherwise: float) -> float:
    return 1 - (otherwise if waiting is None else waiting)


def _visible_steps(curve: Waiting, last_day: int) -> list[int]:
    kept: list[int] = []
    drawn = 1.0
    for place, (day, waiting) in enumerate(zip(curve.days, curve.survival, strict=True)):
        if day <= last_day and drawn - waiting >= FINEST_STEP:
            kept.append(place)
            drawn = waiting
    return kept
