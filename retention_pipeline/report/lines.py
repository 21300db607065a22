"""Values over time as lines with 95 % bands.

Belongs here: what all figures over time share. Not here: which metrics they show.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retention_pipeline.report.canvas import BLUE, amount_axis, draw, label_periods, percent_axis
from retention_pipeline.report.published import Period, Value
from retention_pipeline.report.section import Picture
from retention_pipeline.report.words import Form, decimals, percent, points, with_interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS_UP_TO = 60
"""With more points than this only the open ones are marked."""


@dataclass(frozen=True)
class Line:
    """One series by ``period_start``; ``label`` is shown where there is more than one."""

    label: str
    values: Mapping[dt.date, Value]
    colour: str = BLUE


@dataclass(frozen=True)
class Scale:
    """How values are written, and between which bounds an axis may run."""

    form: Form
    ticks: Callable[[Any], None]
    floor: float = 0.0
    ceiling: float = float("inf")
    from_zero: bool = False


def _points_axis(axis: Any) -> None:
    axis.set_major_formatter(lambda value, _: points(value))


SHARE = Scale(percent, percent_axis, ceiling=1.0)
SCORE = Scale(points, _points_axis, floor=-1.0, ceiling=1.0)


def numbers(word: str) -> Scale:
    """Numbers from zero on, with a word behind each in captions."""
    return Scale(lambda value: f"{decimals(value)} {word}", amount_axis, from_zero=True)


def line_picture(
    name: str,
    title: str,
    axis: str,
    periods: Sequence[Period],
    lines: Sequence[Line],
    scale: Scale,
    height: float = 3.3,
) -> Picture | None:
    """Draw series over the same periods; ``None`` when none of them has a value."""
    lines = [line for line in lines if _known(line, periods)]
    if not lines:
        return None

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot(title=title, ylabel=axis)
        axes.grid(axis="y")
        for line in lines:
            paint_series(axes, [line.values.get(period.start) for period in periods], line.colour, line.label)
        label_periods(axes, periods)
        low, high = axes.get_ylim()
        axes.set_ylim(0 if scale.from_zero else max(low, scale.floor), min(high, scale.ceiling))
        scale.ticks(axes.yaxis)
        if len(lines) > 1:
            figure.legend(loc="outside lower center", ncols=len(lines))

    caption = " ".join(_latest(line, periods, scale.form, named=len(lines) > 1) for line in lines)
    alt = " ".join([*(_spoken(line, periods, scale.form) for line in lines), caption])
    if any(value.is_open for line in lines for _, value in _known(line, periods)):
        caption += " Hollow and dashed: the period is still open or not final yet, so its value may change."
    if scale is SCORE:
        caption += " Drawn on the usual scale of -100 to 100; the published value runs from -1 to 1."
    return Picture(draw(name, height, paint, title=title, alt=alt), caption)


def paint_series(axes: Axes, values: Sequence[Value | None], colour: str = BLUE, label: str = "") -> None:
    """A line with a band; open periods hollow and dashed; nothing where there is no value."""
    nothing = float("nan")
    final = [value if value is not None and not value.is_open else None for value in values]
    line = [nothing if (number := _number(value)) is None else number for value in final]
    low = [nothing if value is None or value.low is None else value.low for value in final]
    high = [nothing if value is None or value.high is None else value.high for value in final]
    places, marker = range(len(values)), "o" if len(values) <= MARKERS_UP_TO else ""
    axes.fill_between(places, low, high, color=colour, alpha=0.18, linewidth=0)
    axes.plot(places, line, color=colour, marker=marker, markersize=3.5, clip_on=False, label=label)
    for place, value in enumerate(values):
        number = _number(value)
        if value is None or number is None:
            continue
        alone = not any(_number(final[near]) is not None for near in (place - 1, place + 1) if 0 <= near < len(final))
        if value.low is not None and value.high is not None and (value.is_open or alone):
            axes.vlines(place, value.low, value.high, color=colour, linewidth=1, alpha=0.7)
        if value.is_open:
            before = _number(values[place - 1]) if place else None
            if before is not None:
                axes.plot([place - 1, place], [before, number], color=colour, linestyle=(0, (3, 2)), linewidth=1.2)
            axes.plot([place], [number], "o", color=colour, markerfacecolor="white", markersize=5.5, clip_on=False)
        elif alone:
            axes.plot([place], [number], "o", color=colour, markersize=3.5, clip_on=False)


def _number(value: Value | None) -> float | None:
    return None if value is None else value.value


def _known(line: Line, periods: Sequence[Period]) -> list[tuple[Period, Value]]:
    found = ((period, line.values.get(period.start)) for period in periods)
    return [(period, value) for period, value in found if value is not None and value.value is not None]


def _latest(line: Line, periods: Sequence[Period], form: Form, *, named: bool) -> str:
    known = _known(line, periods)
    final = [(period, value) for period, value in known if not value.is_open]
    latest, value = (final or known)[-1]
    of = f" of {line.label}" if named else ""
    kind = "Latest final value" if final else "Latest value"
    return f"{kind}{of}, {latest.label}: {with_interval(value, form)}" + (f", n = {value.n:,}." if value.n else ".")


def _spoken(line: Line, periods: Sequence[Period], form: Form) -> str:
    known = _known(line, periods)
    lowest, highest = (f([value.value for _, value in known if value.value is not None]) for f in (min, max))
    band = " with a 95 % band" if any(value.low is not None for _, value in known) else ""
    of = f" for {line.label}" if line.label else ""
    return (
        f"Line{band}{of} from {known[0][0].label} to {known[-1][0].label}; lowest {form(lowest)}, "
        f"highest {form(highest)}."
    )
