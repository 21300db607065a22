"""How every figure looks, and how it becomes part of a page.

Belongs here: palette, type, the axes all figures share, SVG with a title and a description.
Not here: what a figure shows.
"""

from __future__ import annotations

import html
import io
import re
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from retention_pipeline.report.published import Period

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 10.4
"""Inches of 72 points; the page scales figures to its own width."""
LABELS_SHOWN = 14
COLOURS = 40
"""Steps of a colour map; from 50 on the plotting library would turn the colour bar into a bitmap."""

# Okabe and Ito's palette: told apart under every common kind of colour blindness.
BLUE, SKY, GREEN, ORANGE, VERMILION, PURPLE = "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7"
INK, QUIET, RULE = "#222222", "#555555", "#DDDDDD"

_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",  # text stays text: it can be read out, searched and copied
    "text.parse_math": False,  # a segment called "$5-$10" is not a formula
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 8.5,
    "text.color": INK,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
}


def draw(name: str, height: float, paint: Callable[[Figure], None], *, title: str, alt: str) -> str:
    """Paint a figure and return it as one SVG element for a page; the same input gives the same bytes.

    Args:
        name: A word that no other figure of the page has.
        height: Inches of 72 points.
        paint: Draws on an empty figure.
        title: What the figure is, for people who do not see it.
        alt: What it shows, for the same people.
    """
    import matplotlib.style
    from matplotlib.figure import Figure

    buffer = io.StringIO()
    with matplotlib.style.context(["default", {**_STYLE, "svg.hashsalt": name}]), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)  # the browser has fonts
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        paint(figure)
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(buffer, format="svg", metadata=nothing)
    return _embedded(buffer.getvalue(), name, title, alt)


def _embedded(document: str, name: str, title: str, alt: str) -> str:
    """An SVG document as an element of a page: no prolog, no shared ids, a title, a description."""
    body = document[document.index("<svg") :]
    body = re.sub(r'<g id="[^"<>]*"', "<g", body)  # text has its "<" escaped, so only tags can match
    opening, rest = body.split(">", 1)
    opening = re.sub(r' (xmlns(:xlink)?|width|height|version)="[^"]*"', "", opening)
    spoken = f'role="img" aria-labelledby="{name}-title {name}-alt"'
    return (
        f'{opening} {spoken}><title id="{name}-title">{html.escape(title)}</title>'
        f'<desc id="{name}-alt">{html.escape(alt)}</desc>{rest}'
    )


def label_periods(axes: Axes, periods: Sequence[Period]) -> None:
    """Put the periods' names under the x axis, as many as can be read; positions count from 0."""
    step = next(step for step in (1, 2, 3, 4, 6, 12, 13, 26, 52) if len(periods) / step <= LABELS_SHOWN)
    shown = range(0, len(periods), step)
    axes.set_xticks(list(shown), [periods[position].label for position in shown])
    axes.set_xlim(-0.6, len(periods) - 0.4)


def percent_axis(axis: Any) -> None:
    """Show fractions in percent on one axis."""
    axis.set_major_formatter(lambda value, _: f"{100 * value:.4g} %")


def amount_axis(axis: Any) -> None:
    """Show amounts with thousands separated on one axis."""
    axis.set_major_formatter(lambda value, _: f"{value:,.10g}")


def colour_bar(figure: Figure, axes: Axes, mapped: Any, label: str) -> Any:
    """A narrow bar beside the axes that says what the colours mean."""
    bar = figure.colorbar(mapped, ax=axes, fraction=0.03, pad=0.01, aspect=35, label=label)
    if bar.solids is not None:
        bar.solids.set_edgecolor("face")  # otherwise browsers show hairlines between the steps
    bar.outline.set_visible(False)
    return bar


def colours(name: str, low: float, high: float) -> Any:
    """The part of a perceptually even colour map that can be seen on white."""
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap

    whole = colormaps[name]
    steps = [whole(low + (high - low) * step / (COLOURS - 1)) for step in range(COLOURS)]
    return LinearSegmentedColormap.from_list(name, steps, N=COLOURS)


def ink_on(colour: tuple[float, float, float, float]) -> str:
    """Dark or white, whichever can be read on a colour."""
    red, green, blue, _ = colour
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.52 else "white"


def names_only(axes: Axes) -> None:
    """For plots with names on the y axis: no line and no ticks beside them."""
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_color(QUIET)
