"""What a customer is worth, by every definition the guides use.

Belongs here: dots with intervals, what each takes for granted. Not here: curves by cohort (``cohorts``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retention_pipeline.report.canvas import BLUE, QUIET, amount_axis, draw, names_only
from retention_pipeline.report.published import Estimate, read_estimates, read_meaning
from retention_pipeline.report.section import Meaning, Picture, Section
from retention_pipeline.report.words import amount, with_interval

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEADING = "What a customer is worth"
METRIC = "clv"
VARIANTS = ("next_year_revenue", "lifespan_revenue", "margin", "net_of_cost")
_BASES = {"subscription": ", subscribers", "purchase_window": ", buyers"}
_REASONS = {
    "source_absent": "an input it needs is not delivered",
    "undefined": "nobody to divide by in that year",
    "immature": "orders begin within that year",
    "suppressed": "not shown to protect small groups",
}


def lifetime_section(published: DuckDBPyConnection, currency: str) -> Section:
    """The variants of the latest final year (of the latest one while none is final) with their assumptions."""
    meanings = tuple(Meaning(_plain(each), read_meaning(published, METRIC, each)) for each in VARIANTS)
    found = [each for each in read_estimates(published, METRIC) if each.variant in VARIANTS]
    found.sort(key=lambda each: (VARIANTS.index(each.variant), each.basis))
    shown = [each for each in found if each.value.value is not None]
    bases = {each.basis for each in shown if each.basis in _BASES}
    names = {each: _plain(each.variant) + (_BASES.get(each.basis, "") if len(bases) > 1 else "") for each in found}
    notes = [
        f"{names[each]}: {_REASONS.get(each.value.status, each.value.status)}."
        for each in found
        if each.value.value is None
    ]
    if not shown:
        return Section("lifetime", HEADING, meanings, notes=("No year has values to show.", *notes))
    picture = _picture([(names[each], each) for each in shown], currency)
    notes.insert(0, "They answer different questions: never add them up or take one for another.")
    return Section("lifetime", f"{HEADING}, {shown[0].label}", meanings, (picture,), notes=tuple(notes))


def _plain(variant: str) -> str:
    return variant.replace("_", " ")


def _picture(shown: Sequence[tuple[str, Estimate]], currency: str) -> Picture:
    title = f"Customer lifetime value, {shown[0][1].label}"

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot(title=title, xlabel=f"{currency} per customer")
        axes.grid(axis="x")
        for place, (_, estimate) in enumerate(shown):
            _paint_dot(axes, place, estimate)
        axes.set_yticks(range(len(shown)), [label for label, _ in shown])
        axes.set_ylim(len(shown) - 0.4, -0.6)
        names_only(axes)
        low, high = axes.get_xlim()
        axes.set_xlim(min(low, 0), max(high, 0))
        amount_axis(axes.xaxis)

    said = "; ".join(
        f"{label} {with_interval(each.value, amount)} ({_assumed(each)})" if _assumed(each) else label
        for label, each in shown
    )
    caption = "Dot: value; bar: 95 % interval, where there is a standard one; on the right what it takes for granted."
    if any(each.value.is_open for _, each in shown):
        caption += " Hollow: the year is still open or not final yet, so the value may change."
    svg = draw("lifetime", 1.1 + 0.3 * len(shown), paint, title=title, alt=f"Dots in {currency}: {said}. {caption}")
    return Picture(svg, caption)


def _paint_dot(axes: Axes, place: int, estimate: Estimate) -> None:
    found = estimate.value
    if found.value is None:
        return
    if found.low is not None and found.high is not None:
        axes.hlines(place, found.low, found.high, color=BLUE, linewidth=1.6, alpha=0.6)
    axes.plot([found.value], [place], "o", color=BLUE, markerfacecolor="white" if found.is_open else BLUE, markersize=5)
    axes.annotate(f"{amount(found.value)}", (found.value, place), (0, 5), ha="center", textcoords="offset points",
                  fontsize=7.5)  # fmt: skip
    axes.annotate(
        _assumed(estimate), (1, place), (8, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
        va="center", fontsize=7.5, color=QUIET, annotation_clip=False,
    )  # fmt: skip


def _assumed(estimate: Estimate) -> str:
    return "; ".join(part.strip().replace("=", ": ").replace("_", " ") for part in estimate.assumptions.split(";"))
