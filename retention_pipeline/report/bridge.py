"""Where revenue came from and where it went, period by period.

Belongs here: the bars of the revenue bridge. Not here: summing them up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retention_pipeline.report.canvas import (
    BLUE,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    amount_axis,
    draw,
    label_periods,
)
from retention_pipeline.report.published import Period, Value, read_meaning, read_series
from retention_pipeline.report.section import Meaning, Picture, Section
from retention_pipeline.report.words import amount, with_interval

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from retention_pipeline.core.periods import Grain

HEADING = "Revenue bridge"
PARTS = (
    ("new", 1, BLUE),
    ("expansion", 1, SKY),
    ("reactivation", 1, GREEN),
    ("contraction", -1, ORANGE),
    ("churn", -1, VERMILION),
    ("fx", 1, PURPLE),
)
"""Variant, direction, colour; stacked from the zero line outwards. Exchange rates may add or take."""

_NOTHING = Value(None, None, None, "unknown", None)


def bridge_section(published: DuckDBPyConnection, grain: Grain, periods: Sequence[Period], currency: str) -> Section:
    """Stacked bars: gains upwards, losses downwards."""
    parts = {}
    for variant, _, _ in PARTS:
        found = read_series(published, grain, "revenue_bridge", variant, "calendar")
        parts[variant] = [found.get(period.start, _NOTHING) for period in periods]
    if not any(value.value for value in parts["fx"]):
        del parts["fx"]  # a shop with one currency
    meanings = tuple(Meaning(variant, read_meaning(published, "revenue_bridge", variant)) for variant in parts)
    if all(value.value is None for values in parts.values() for value in values):
        return Section("bridge", HEADING, meanings, notes=("No revenue has been published, so there is no bridge.",))
    title = f"Revenue gained and lost against the previous {grain}"

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot(title=title, ylabel=currency)
        axes.grid(axis="y")
        _paint_bars(axes, parts)
        axes.axhline(0, color=INK, linewidth=0.8)
        label_periods(axes, periods)
        amount_axis(axes.yaxis)
        figure.legend(loc="outside lower center", ncols=len(parts))

    latest = max((place for place, period in enumerate(periods) if period.is_final), default=len(periods) - 1)
    said = ", ".join(f"{variant} {with_interval(parts[variant][latest], amount)}" for variant in parts)
    caption = f"{periods[latest].label}, {currency}: {said}."
    alt = f"Stacked bars for {len(periods)} periods, {periods[0].label} to {periods[-1].label}. In {caption}"
    if any(value.is_open for values in parts.values() for value in values):
        caption += " Pale and hatched: the period is still open or not final yet, so its values may change."
    svg = draw("bridge", 4.0, paint, title=title, alt=alt)
    return Section("bridge", HEADING, meanings, (Picture(svg, caption),))


def _paint_bars(axes: Axes, parts: dict[str, list[Value]]) -> None:
    ends = {is_gain: [0.0] * len(next(iter(parts.values()))) for is_gain in (True, False)}
    for variant, direction, colour in PARTS:
        if variant not in parts:
            continue
        heights = [direction * (value.value or 0.0) for value in parts[variant]]
        feet = [ends[height >= 0][place] for place, height in enumerate(heights)]
        bars = axes.bar(range(len(heights)), heights, bottom=feet, width=0.78, color=colour, label=variant)
        for bar, value in zip(bars, parts[variant], strict=True):
            if value.is_open:
                bar.set(alpha=0.45, hatch="////", edgecolor="white", linewidth=0)
        for place, height in enumerate(heights):
            ends[height >= 0][place] += height
