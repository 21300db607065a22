"""Retention by segment in the last final period.

Belongs here: dots with intervals, and in words what is not shown. Not here: comparing segments with one another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from retention_pipeline.core.status import Status
from retention_pipeline.report.canvas import BLUE, VERMILION, draw, names_only, percent_axis
from retention_pipeline.report.published import Period, Value, read_meaning, read_segments, read_series
from retention_pipeline.report.section import Meaning, Picture, Section
from retention_pipeline.report.words import listing, name, percent, with_interval

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from retention_pipeline.core.periods import Grain

SEGMENTS_PLOTTED = 40
"""Of a set with more segments than this the largest are plotted."""
METRIC, VARIANT, BASIS = "customer_retention_rate", "set_based", "purchase_window"
HEADING = "Retention by segment"


def segments_section(published: DuckDBPyConnection, grain: Grain, periods: Sequence[Period]) -> Section:
    """One plot per segment set, best retention first, the whole shop as a line of reference."""
    meaning = (Meaning("", read_meaning(published, METRIC, VARIANT)),)
    period = next((period for period in reversed(periods) if period.is_final), None)
    if period is None:
        return Section("segments", HEADING, meaning, notes=(f"No {grain} is final yet.",))
    sets = read_segments(published, grain, period.start, METRIC, VARIANT, BASIS)
    if not sets:
        return Section("segments", HEADING, meaning, notes=("No segment is configured.",))
    total = read_series(published, grain, METRIC, VARIANT, BASIS).get(period.start)
    pictures, notes = [], []
    for number, (segment_set, values) in enumerate(sets.items(), start=1):
        picture = _picture(f"segments-{number}", f"{name(segment_set)}, {period.label}", values, total)
        pictures += [picture] if picture else []
        notes += _left_out(name(segment_set), values)
    return Section("segments", f"{HEADING}, {period.label}", meaning, tuple(pictures), notes=tuple(notes))


def _plotted(values: Mapping[str, Value]) -> list[tuple[str, Value]]:
    largest = sorted(values.items(), key=lambda item: (-(item[1].n or 0), item[0]))
    known = [(key, value) for key, value in largest if value.value is not None][:SEGMENTS_PLOTTED]
    return sorted(known, key=lambda item: (item[1].value or 0.0, item[0]))


def _picture(figure_name: str, title: str, values: Mapping[str, Value], total: Value | None) -> Picture | None:
    shown = _plotted(values)
    if not shown:
        return None

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot(title=title, xlabel="customers retained")
        axes.grid(axis="x")
        _paint_dots(axes, shown, total)

    said = "; ".join(f"{name(key)} {with_interval(value, percent)}" for key, value in reversed(shown))
    reference = "" if total is None or total.value is None else f" All customers: {with_interval(total, percent)}."
    caption = f"Dot: rate; bar: 95 % interval; in brackets customers at the start.{reference}"
    alt = f"Dots with 95 % intervals for {len(shown)} segments: {said}.{reference}"
    svg = draw(figure_name, 1.0 + 0.25 * len(shown), paint, title=f"Retention by {title}", alt=alt)
    return Picture(svg, caption)


def _paint_dots(axes: Axes, shown: Sequence[tuple[str, Value]], total: Value | None) -> None:
    for place, (_, value) in enumerate(shown):
        if value.low is not None and value.high is not None:
            axes.hlines(place, value.low, value.high, color=BLUE, linewidth=1.6, alpha=0.6)
        if value.value is not None:
            axes.plot([value.value], [place], "o", color=BLUE, markersize=5)
    if total is not None and total.value is not None:
        axes.axvline(total.value, color=VERMILION, linewidth=1, linestyle=(0, (4, 2)))
        axes.annotate(
            "all customers", (total.value, 1), (3, 2), xycoords=("data", "axes fraction"), textcoords="offset points",
            color=VERMILION, fontsize=7.5,
        )  # fmt: skip
    axes.set_yticks(range(len(shown)), [f"{name(key)} ({value.n or 0:,})" for key, value in shown])
    axes.set_ylim(-0.6, len(shown) - 0.4)
    names_only(axes)
    low, high = axes.get_xlim()
    axes.set_xlim(max(low, -0.01), min(high, 1.01))
    percent_axis(axes.xaxis)


def _left_out(segment_set: str, values: Mapping[str, Value]) -> list[str]:
    """In words, the segments without a dot and why."""
    notes = []
    known = [key for key, value in values.items() if value.value is not None]
    if len(known) > SEGMENTS_PLOTTED:
        notes.append(f"{segment_set}: the {SEGMENTS_PLOTTED} largest of {len(known)} segments are plotted.")
    for status, reason in (
        (Status.SUPPRESSED, "not shown to protect small groups"),
        (Status.UNDEFINED, "no customer at the start of the period"),
    ):
        keys = [key for key, value in values.items() if value.status == status]
        if keys:
            notes.append(f"{segment_set}, {reason}: {listing(keys)}.")
    return notes
