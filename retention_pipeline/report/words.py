"""Published values and names as text.

Belongs here: rounding for display, lists in words, names that are safe to lay out. Not here: escaping (the template and
the plotting library do it), computing anything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from retention_pipeline.report.published import Value

NAMES_LISTED = 60
"""A list in words ends here; the rest is counted."""
NAME_LENGTH = 40

Form = Callable[[float], str]


def percent(value: float) -> str:
    """A fraction in percent, one decimal."""
    return f"{100 * value:.1f} %"


def points(value: float) -> str:
    """A score between -1 and 1 on the usual scale of -100 to 100."""
    return f"{whole:+}" if (whole := round(100 * value)) else "0"


def amount(value: float) -> str:
    """An amount without decimals, thousands separated."""
    return f"{value:,.0f}"


def decimals(value: float) -> str:
    """A number with two decimals, three when it is below one, thousands separated."""
    return f"{value:,.2f}" if abs(value) >= 1 or value == 0 else f"{value:.3f}"


def by_unit(unit: str, currency: str) -> tuple[Form, str]:
    """How values of a unit of the metric catalogue are written, and the word behind them, which may be empty."""
    if unit == "fraction":
        return percent, ""
    return decimals, {"money": currency, "ratio": ""}.get(unit, unit.replace("_", " "))


def with_interval(found: Value, form: Form) -> str:
    """A value with its interval and, unless it is final, its status."""
    if found.value is None:
        return found.status
    interval = "" if found.low is None or found.high is None else f" [{form(found.low)}, {form(found.high)}]"
    return form(found.value) + interval + ("" if found.status == "final" else f" {found.status}")


def name(text: str) -> str:
    """A segment's name as one short printable line: it is user data and may hold anything."""
    line = " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())
    return line if len(line) <= NAME_LENGTH else line[: NAME_LENGTH - 1] + "…"


def listing(names: Sequence[str]) -> str:
    """Names in one phrase: ``a, b and c``; a long list is cut and the rest counted."""
    shown = [name(each) for each in names[:NAMES_LISTED]]
    if len(names) > NAMES_LISTED:
        shown.append(f"{len(names) - NAMES_LISTED} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
