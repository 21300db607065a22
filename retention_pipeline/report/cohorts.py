"""Customers by when they first bought: who comes back, and what they have spent.

Belongs here: the heatmap and the curves. Not here: choosing between definitions of coming back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from retention_pipeline.report.canvas import amount_axis, colour_bar, colours, draw, ink_on, percent_axis
from retention_pipeline.report.published import COHORTS_PLOTTED, Cohort, read_cohorts, read_meaning
from retention_pipeline.report.section import Meaning, Picture, Section
from retention_pipeline.report.words import amount, percent

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from retention_pipeline.core.periods import Grain

NUMBERS_UP_TO = 36
"""With more cohorts than this a cell is too small for a number."""
_NONE = ("No cohort has been published yet, so there is nothing to show.",)


def heatmap_section(published: DuckDBPyConnection, grain: Grain | None) -> Section:
    """Share of each cohort that ordered at each age; age 0 is the whole cohort and is left out."""
    meaning = Meaning("", read_meaning(published, "cohort_retention", "on"))
    cohorts = read_cohorts(published, grain, "cohort_retention", "on") if grain else []
    shown = {cohort.label: _values(cohort, first_age=1) for cohort in cohorts}
    every = [value for values in shown.values() for value in values.values()]
    if not every:
        return Section("cohorts", "Cohorts: who comes back", (meaning,), notes=_NONE)
    title = f"Customers who order again, by {grain} of their first order"

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot(
            title=title, xlabel=f"{grain}s since the first order", ylabel="first order (customers)"
        )
        mesh = _paint_cells(axes, cohorts, max(every))
        percent_axis(colour_bar(figure, axes, mesh, "ordered in that period").ax.yaxis)

    caption = "Blank: that age has not been reached. The first period itself, always 100 %, is left out."
    if any(value.is_open for cohort in cohorts for value in cohort.by_age.values()):
        caption += " Hatched: the period is still open or not final yet, so its value may change."
    alt = (
        f"Heatmap of {len(cohorts)} cohorts, {cohorts[0].label} to {cohorts[-1].label}; shares from "
        f"{percent(min(every))} to {percent(max(every))}. {_first_ages(cohorts)}"
    )
    height = 1.3 + 0.2 * len(cohorts)
    svg = draw("cohorts", height, paint, title=title, alt=alt)
    return Section("cohorts", "Cohorts: who comes back", (meaning,), (Picture(svg, caption),), notes=_cut(cohorts))


def value_section(published: DuckDBPyConnection, grain: Grain | None, currency: str) -> Section:
    """Average spending so far, one curve per cohort."""
    heading = "Cohorts: what they are worth so far"
    meaning = Meaning("", read_meaning(published, "cohort_value_to_date", "net"))
    cohorts = read_cohorts(published, grain, "cohort_value_to_date", "net") if grain else []
    cohorts = [cohort for cohort in cohorts if _values(cohort)]
    if not cohorts:
        return Section("value", heading, (meaning,), notes=_NONE)
    title = f"Value to date by {grain} of the first order"

    def paint(figure: Figure) -> None:
        axes = figure.add_subplot(
            title=title, xlabel=f"{grain}s since the first order", ylabel=f"{currency} per customer"
        )
        axes.grid(axis="y")
        _paint_curves(figure, axes, cohorts)
        axes.set_ylim(bottom=0)
        amount_axis(axes.yaxis)

    oldest = cohorts[0]
    age, value = max(_values(oldest).items())
    caption = f"Cohort {oldest.label} after {age} {grain}s: {amount(value)} {currency} per customer."
    is_open = any(cell.is_open for cohort in cohorts for cell in cohort.by_age.values())
    alt = f"One rising curve for each of {len(cohorts)} cohorts, {oldest.label} to {cohorts[-1].label}. {caption}"
    if is_open:
        caption += " Dashed: the period is still open or not final yet, so the value may change."
    svg = draw("value", 3.8, paint, title=title, alt=alt)
    return Section("value", heading, (meaning,), (Picture(svg, caption),), notes=_cut(cohorts))


def _values(cohort: Cohort, first_age: int = 0) -> dict[int, float]:
    return {age: v.value for age, v in cohort.by_age.items() if age >= first_age and v.value is not None}


def _first_ages(cohorts: Sequence[Cohort]) -> str:
    found = [(cohort.label, value) for cohort in cohorts if (value := _values(cohort).get(1)) is not None]
    label, value = found[-1] if found else (cohorts[-1].label, 0.0)
    return f"Of cohort {label}, {percent(value)} ordered in the next period."


def _cut(cohorts: Sequence[Cohort]) -> tuple[str, ...]:
    return (f"The latest {COHORTS_PLOTTED} cohorts are shown.",) if len(cohorts) == COHORTS_PLOTTED else ()


def _paint_cells(axes: Axes, cohorts: Sequence[Cohort], highest: float) -> Any:
    ages = max(age for cohort in cohorts for age in _values(cohort))
    rows = [[_values(cohort).get(age, float("nan")) for age in range(1, ages + 1)] for cohort in cohorts]
    palette = colours("Blues", 0.06, 0.95)
    mesh = axes.pcolormesh(
        [age + 0.5 for age in range(ages + 1)], [row - 0.5 for row in range(len(rows) + 1)], rows,
        cmap=palette, vmin=0, vmax=highest or 1, edgecolors="white", linewidth=0.6,
    )  # fmt: skip
    _paint_open(axes, cohorts)
    if len(cohorts) <= NUMBERS_UP_TO:
        for row, values in enumerate(rows):
            for age, value in enumerate(values, start=1):
                if not math.isnan(value):
                    colour = ink_on(palette(value / (highest or 1)))
                    axes.text(age, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=6.5, color=colour)
    axes.set_yticks(range(len(cohorts)), [_sized(cohort) for cohort in cohorts], fontsize=7.5)
    axes.set_xticks(range(1, ages + 1, 1 if ages <= 40 else 6))
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.invert_yaxis()
    return mesh


def _sized(cohort: Cohort) -> str:
    first = cohort.by_age.get(0)
    return cohort.label if first is None or first.n is None else f"{cohort.label} ({first.n:,})"


def _paint_open(axes: Axes, cohorts: Sequence[Cohort]) -> None:
    from matplotlib.patches import Rectangle

    for row, cohort in enumerate(cohorts):
        for age, value in cohort.by_age.items():
            if age > 0 and value.is_open:
                axes.add_patch(
                    Rectangle((age - 0.5, row - 0.5), 1, 1, fill=False, hatch="////", edgecolor="white", lw=0)
                )


def _paint_curves(figure: Figure, axes: Axes, cohorts: Sequence[Cohort]) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    last = max(len(cohorts) - 1, 1)
    palette = colours("viridis", 0.0, 0.86)
    for place, cohort in enumerate(cohorts):
        spent = _values(cohort)
        final = {age: value for age, value in spent.items() if not cohort.by_age[age].is_open}
        colour = palette(place / last)
        axes.plot(list(final), list(final.values()), color=colour, linewidth=1.3, marker="o", markersize=1.7)
        tail = dict([*list(final.items())[-1:], *((age, value) for age, value in spent.items() if age not in final)])
        if len(tail) > 1:
            axes.plot(list(tail), list(tail.values()), color=colour, linewidth=1.1, linestyle=(0, (3, 2)))
    bar = colour_bar(figure, axes, ScalarMappable(Normalize(0, last), palette), "first order")
    step = -(-len(cohorts) // 8)
    shown = range(0, len(cohorts), step)
    bar.set_ticks(list(shown), labels=[cohorts[place].label for place in shown])
