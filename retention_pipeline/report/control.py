"""Control charts: whether retention and churn moved more than they move by themselves.

Belongs here: the charts of ``control_limits``. Not here: limits and verdicts (``metrics.control_limits``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from retention_pipeline.report.beside import Judged, read_control
from retention_pipeline.report.canvas import BLUE, QUIET, VERMILION, draw, label_periods, percent_axis
from retention_pipeline.report.over_time import BASES
from retention_pipeline.report.published import Period
from retention_pipeline.report.section import Picture, Section
from retention_pipeline.report.words import listing, percent

if TYPE_CHECKING:
    import datetime as dt

    from duckdb import DuckDBPyConnection
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from retention_pipeline.core.periods import Grain

HEADING = "More than chance?"
RATES = (
    ("customer_retention_rate", "set_based", "Customer retention rate", "customers retained"),
    ("customer_churn_rate", "base_leavers", "Customer churn rate", "customers lost"),
)
"""Metric, variant, title, axis."""
EXPLANATION = (
    "The band is where a value was to be expected from the periods before it: around their pooled rate, as far as "
    "chance and their own restlessness reach. A value outside is worth a look; one inside is no news. No period judges "
    "itself, and a season or a trend may well lead outside."
)


def control_section(published: DuckDBPyConnection, grain: Grain, periods: Sequence[Period]) -> Section:
    """A chart per rate and basis that has limits in one of the periods."""
    pictures = []
    for metric, variant, title, axis in RATES:
        for basis, who, _ in BASES:
            found = read_control(published, grain, metric, variant, basis)
            picture = _chart(f"control-{metric}-{basis}", f"{title} of {who} by {grain}", axis, periods, found)
            pictures += [picture] if picture else []
    if not pictures:
        note = f"No {grain} has limits: they need eight final {grain}s before it, and enough customers."
        return Section("control", HEADING, notes=(note,))
    return Section("control", HEADING, pictures=tuple(pictures), notes=(EXPLANATION,))


def _chart(
    name: str, title: str, axis: str, periods: Sequence[Period], found: Mapping[dt.date, Judged]
) -> Picture | None:
    shown = [found.get(period.start) for period in periods]
    if not any(one is not None and one.center is not None for one in shown):
        return None

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot(title=title, ylabel=axis)
        axes.grid(axis="y")
        _paint(axes, shown)
        label_periods(axes, periods)
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, 0.0), min(high, 1.0))
        percent_axis(axes.yaxis)
        figure.legend(loc="outside lower center", ncols=4)

    said = _said(periods, shown)
    return Picture(draw(name, 2.9, paint, title=title, alt=f"Line with a band of control limits. {said}"), said)


def _paint(axes: Axes, shown: Sequence[Judged | None]) -> None:
    nothing, places = float("nan"), range(len(shown))
    low = [nothing if one is None or one.low is None else one.low for one in shown]
    high = [nothing if one is None or one.high is None else one.high for one in shown]
    center = [nothing if one is None or one.center is None else one.center for one in shown]
    values = [nothing if one is None else one.value for one in shown]
    axes.fill_between(places, low, high, step="mid", color=QUIET, alpha=0.14, linewidth=0, label="control limits")
    axes.plot(places, center, drawstyle="steps-mid", color=QUIET, linewidth=0.9, linestyle=(0, (4, 2)), label="centre")
    axes.plot(places, values, color=BLUE, marker="o", markersize=3, clip_on=False, label="value")
    outside = [place for place, one in enumerate(shown) if one is not None and one.verdict in {"above", "below"}]
    if outside:
        axes.plot(
            outside, [values[at] for at in outside], "o", color=VERMILION, label="outside",
            markerfacecolor="none", markeredgewidth=1.6, markersize=8.5, clip_on=False,
        )  # fmt: skip


def _said(periods: Sequence[Period], shown: Sequence[Judged | None]) -> str:
    judged = [(period, one) for period, one in zip(periods, shown, strict=True) if one is not None]
    outside = [f"{period.label} {one.verdict}" for period, one in judged if one.verdict in {"above", "below"}]
    period, latest = judged[-1]
    is_known = latest.low is not None and latest.high is not None
    limits = f"limits {percent(latest.low or 0.0)} to {percent(latest.high or 0.0)}" if is_known else "no limits"
    which = f"Outside: {listing(outside)}." if outside else "No period lies outside its limits."
    return f"{which} Latest final value, {period.label}: {percent(latest.value)}, {limits}."
