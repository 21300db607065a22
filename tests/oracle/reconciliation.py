"""The shop's own totals beside the published ones: ``reconciliation``, every set of causes tried in turn.

Belongs here: the search and the table. Not here: the parts (``control_facts``).
"""

from __future__ import annotations

from decimal import Decimal
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

from tests.oracle.control_facts import MEASURES, NAMES
from tests.oracle.fact import Fact

if TYPE_CHECKING:
    from tests.oracle.world import World

GROUPS = ("no_customer", "excluded_status", "non_positive_amount", "no_fx_rate", "quarantine")
COUNTINGS = ("time_basis", "refund_basis", "currency_basis")
ORDER = (*GROUPS, *COUNTINGS)
Parts = dict[str, dict[str, Any]]
"""Group -> the cells of its row."""


def place(cause: str) -> tuple[int, str]:
    """Where a cause stands in an explanation."""
    return ORDER.index("excluded_status" if cause.startswith("status_") else cause), cause


def column(causes: tuple[str, ...]) -> str:
    """The column with amounts counted as these causes say."""
    return NAMES[("time_basis" in causes, "refund_basis" in causes, "currency_basis" in causes)]


def left_over(parts: Parts, causes: tuple[str, ...]) -> Decimal | None:
    """What a set of causes leaves of one total."""
    counted = column(causes)
    pieces = [parts[name][counted] for name in ("published", *(cause for cause in causes if cause in parts))]
    if any(piece is None for piece in pieces):
        return None
    control: Decimal = parts["published"]["control_value"]
    return control - sum(pieces, Decimal(0))


def chosen(totals: list[Parts], measure: str, includes: tuple[str, ...] | None) -> tuple[tuple[str, ...], str]:
    """The causes that explain the totals of a measure, and how they were found."""
    possible = [name for name in totals[0] if name != "published"]
    possible.append("time_basis")
    possible += ["refund_basis"] if measure in {"refunds", "revenue_net"} else []
    possible += ["currency_basis"] if measure != "orders" else []
    if includes is not None:
        named = [
            name for name in possible
            if name in includes or ("excluded_status" in includes and name.startswith("status_"))
        ]  # fmt: skip
        return tuple(sorted(named, key=place)), "configuration"
    evidence = [
        parts for parts in totals
        if parts["published"]["is_complete"] and all(parts["published"][name] is not None for name in NAMES.values())
    ]  # fmt: skip
    if len(evidence) < 3:
        return (), "too_few_periods"
    best: tuple[Decimal, int, list[str]] | None = None
    for causes in chain.from_iterable(combinations(possible, size) for size in range(len(possible) + 1)):
        left = [left_over(parts, causes) for parts in evidence]
        known = [abs(amount) for amount in left if amount is not None]
        if len(known) == len(left):
            candidate = (sum(known, Decimal(0)), len(causes), sorted(causes, key=place))
            best = candidate if best is None else min(best, candidate)
    assert best is not None
    return tuple(best[2]), "search"


def reconciliation_table(world: World) -> Fact:
    """Every row of ``reconciliation``."""
    table = Fact("reconciliation", ("measure", "grain", "period_start"))
    totals: dict[tuple[str, str, Any], Parts] = {}
    for (grain, start, measure, group), cells in world.facts["fct_control_total"].rows.items():
        totals.setdefault((measure, grain, start), {})[group] = cells
    for measure in MEASURES:
        of_measure = {key: parts for key, parts in totals.items() if key[0] == measure}
        if of_measure:
            causes, by = chosen(list(of_measure.values()), measure, world.state.shop.control_includes)
            table.rows |= {key: _row(parts, causes, by) for key, parts in of_measure.items()}
    return table


def _row(parts: Parts, causes: tuple[str, ...], chosen_by: str) -> dict[str, Any]:
    own, counted = parts["published"], column(causes)
    remainder = left_over(parts, causes)
    control = own["control_value"]
    sizes = {name: _size(parts, name, causes, counted) for name in GROUPS}
    held: tuple[str, ...] = ()
    for name in COUNTINGS:
        before = held if name in causes else ()
        after, earlier = own[column((*before, name))], own[column(before)]
        sizes[name] = None if after is None or earlier is None else after - earlier
        held = (*held, name) if name in causes else held
    is_final = own["is_final"] and ("time_basis" not in causes or own[counted] is not None)
    return {
        "control": control,
        "published": own["amount"],
        "difference": control - own["amount"],
        **sizes,
        "explained_by": ", ".join(causes) or "nothing",
        "chosen_by": chosen_by,
        "remainder": remainder,
        "remainder_share": None if remainder is None or control == 0 else float(remainder / control),
        "unreadable_count": sum(cells["unreadable_count"] for cells in parts.values()),
        "status": "final" if is_final else "provisional",
    }


def _size(parts: Parts, name: str, causes: tuple[str, ...], counted: str) -> Decimal | None:
    members = [group for group in parts if group == name or (name == "excluded_status" and group.startswith("status_"))]
    members = [group for group in members if group in causes] or members
    amounts = [parts[group][counted] for group in members]
    return None if any(amount is None for amount in amounts) else sum(amounts, Decimal(0))
