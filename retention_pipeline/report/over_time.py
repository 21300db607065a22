"""Rates and scores over time: retention, NPS, customer satisfaction.

Belongs here: lines with bands. Not here: what the page says around them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from retention_pipeline.report.canvas import BLUE, draw, label_periods, percent_axis
from retention_pipeline.report.published import Period, Value, read_bases, read_meaning, read_series
from retention_pipeline.report.section import Meaning, Picture, Section
from retention_pipeline.report.words import Form, percent, points, with_interval

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from retention_pipeline.core.periods import Grain

FEEDBACK_HEADING = "What customers say"
MARKERS_UP_TO = 60
"""With more points than this only the open ones are marked."""

FEEDBACK = (
    ("net_promoter_score", "standard", "Net promoter score", "score, -100 to 100", points),
    ("customer_satisfaction", "top_box", "Satisfied customers (CSAT)", "share of answers", percent),
    ("customer_satisfaction", "thumbs", "Thumbs up", "share of answers", percent),
)
"""Metric, variant, title, axis, format."""


def retention_section(published: DuckDBPyConnection, grain: Grain, periods: Sequence[Period]) -> Section:
    """The retention rate with its 95 % band."""
    metric, variant = "customer_retention_rate", "set_based"
    values = read_series(published, grain, metric, variant, "purchase_window")
    title = f"Customer retention rate by {grain}"
    picture = _picture("retention", title, "customers retained", periods, values, percent)
    notes: tuple[str, ...] = ()
    if picture is None:
        notes = ("No period has begun with an active customer yet, so there is no rate to show.",)
    elif any(value.value is not None and value.is_open for value in values.values()):
        notes = ("An open period has had less time to lose customers: compare complete periods only.",)
    meaning = Meaning("", read_meaning(published, metric, variant))
    return Section("retention", "Retention rate", (meaning,), (picture,) if picture else (), notes)


def feedback_section(
    published: DuckDBPyConnection, grain: Grain, periods: Sequence[Period], *, is_configured: bool
) -> Section:
    """Scores from surveys, one figure per score and scale; in words what is not delivered."""
    if not is_configured:
        return Section(
            "feedback", FEEDBACK_HEADING, notes=("The feedback source is not configured: no score to show.",)
        )
    meanings, pictures, missing = [], [], []
    for metric, variant, title, axis, form in FEEDBACK:
        bases = read_bases(published, grain, metric, variant)
        for basis in bases:
            scale = basis.removeprefix("scale_").replace("_", " to ")
            named = title if variant == "thumbs" else f"{title}, answers from {scale}"
            values = read_series(published, grain, metric, variant, basis)
            picture = _picture(f"{metric}-{variant}-{basis}", named, axis, periods, values, form, height=2.5)
            pictures += [picture] if picture else []
        if bases:
            meanings.append(Meaning(title, read_meaning(published, metric, variant)))
        else:
            missing.append(title)
    notes = tuple(f"{title}: no such survey is configured, or nobody has answered it yet." for title in missing)
    return Section("feedback", FEEDBACK_HEADING, tuple(meanings), tuple(pictures), notes)


def _picture(
    name: str,
    title: str,
    axis: str,
    periods: Sequence[Period],
    values: Mapping[dt.date, Value],
    form: Form,
    height: float = 3.3,
) -> Picture | None:
    known = [(period, values[period.start]) for period in periods if _number(values.get(period.start)) is not None]
    if not known:
        return None

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot(title=title, ylabel=axis)
        axes.grid(axis="y")
        paint_series(axes, [values.get(period.start) for period in periods])
        label_periods(axes, periods)
        _scale(axes, form)

    final = [(period, value) for period, value in known if not value.is_open]
    latest, value = (final or known)[-1]
    said = f"{latest.label}: {with_interval(value, form)}" + (f", n = {value.n:,}." if value.n else ".")
    caption = f"Latest final value, {said}" if final else f"Latest value, {said}"
    lowest, highest = (f([v.value for _, v in known if v.value is not None]) for f in (min, max))
    alt = (
        f"Line with a 95 % band from {known[0][0].label} to {known[-1][0].label}; lowest {form(lowest)}, "
        f"highest {form(highest)}. {caption}"
    )
    if any(value.is_open for _, value in known):
        caption += " Hollow and dashed: the period is still open, so its value may change."
    if form is points:
        caption += " Drawn on the usual scale of -100 to 100; the published value runs from -1 to 1."
    return Picture(draw(name, height, paint, title=title, alt=alt), caption)


def paint_series(axes: Axes, values: Sequence[Value | None]) -> None:
    """A line with a band; open periods hollow and dashed; nothing where there is no value."""
    nothing = float("nan")
    final = [value if value is not None and not value.is_open else None for value in values]
    line = [nothing if (number := _number(value)) is None else number for value in final]
    low = [nothing if value is None or value.low is None else value.low for value in final]
    high = [nothing if value is None or value.high is None else value.high for value in final]
    places = range(len(values))
    axes.fill_between(places, low, high, color=BLUE, alpha=0.18, linewidth=0)
    axes.plot(
        places, line, color=BLUE, marker="o" if len(values) <= MARKERS_UP_TO else "", markersize=3.5, clip_on=False
    )
    for place, value in enumerate(values):
        number = _number(value)
        if value is None or number is None:
            continue
        alone = not any(_number(final[near]) is not None for near in (place - 1, place + 1) if 0 <= near < len(final))
        if value.low is not None and value.high is not None and (value.is_open or alone):
            axes.vlines(place, value.low, value.high, color=BLUE, linewidth=1, alpha=0.7)
        if value.is_open:
            before = _number(values[place - 1]) if place else None
            if before is not None:
                axes.plot([place - 1, place], [before, number], color=BLUE, linestyle=(0, (3, 2)), linewidth=1.2)
            axes.plot([place], [number], "o", color=BLUE, markerfacecolor="white", markersize=5.5, clip_on=False)
        elif alone:
            axes.plot([place], [number], "o", color=BLUE, markersize=3.5, clip_on=False)


def _number(value: Value | None) -> float | None:
    return None if value is None else value.value


def _scale(axes: Axes, form: Form) -> None:
    floor = -1.0 if form is points else 0.0
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, floor), min(high, 1.0))
    if form is points:
        axes.yaxis.set_major_formatter(lambda value, _: points(value))
    else:
        percent_axis(axes.yaxis)
