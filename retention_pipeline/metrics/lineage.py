"""Which published rows stand behind a number: the SQL that lists them.

A metric over customers is taken apart customer by customer, from ``fct_customer_period``; where only sums are published
(answers, tickets, spend), the row of the fact table is shown.
Belongs here: numerator and denominator of each metric as expressions over rows. Not here: running them (``cli``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from retention_pipeline.metrics.definition import CALENDAR, SUBSCRIPTION
from retention_pipeline.metrics.facts import TOTAL
from retention_pipeline.metrics.families import FAMILIES

CUSTOMER_ROWS: Final = "fct_customer_period"
NEW_RETURNING: Final = "new_returning"
_ONE: Final = "1"


@dataclass(frozen=True)
class Part:
    """A numerator or denominator: the sum of ``measure`` over the customer rows where ``holds``."""

    holds: str
    measure: str = _ONE


def _flag(name: str) -> Part:
    return Part(f"is_{name}")


_START = _flag("active_start")
_ORDERING = _flag("ordering")
_ORDERS = Part("is_ordering", "orders_count")
_GROSS = Part("is_ordering", "revenue_gross")
_NET = Part("is_ordering", "revenue_net")
_RETURNING = "is_ordering and not is_new"
_HAD = "previous_revenue_gross > 0"
_PREVIOUS = Part(_HAD, "previous_revenue_gross")
_KEPT = "least(revenue_gross, previous_revenue_gross)"
_MOVED = "revenue_gross_constant - previous_revenue_gross_constant"

PARTS: Final[Mapping[str, tuple[Part, Part | None]]] = {
    "customers.start": (_START, None),
    "customers.end": (_flag("active_end"), None),
    **{f"customers.{name}": (_flag(name), None) for name in (
        "new", "new_kept", "retained", "lost", "reactivated", "new_lost", "ordering")},
    "customer_retention_rate.set_based": (_flag("retained"), _START),
    "customer_retention_rate.count_based": (
        Part("is_active_end or is_new", "is_active_end::int - is_new::int"), _START),
    "customer_retention_rate.bridge": (
        Part("is_reactivated or is_new_lost", "is_reactivated::int - is_new_lost::int"), _START),
    "customer_churn_rate.base_leavers": (_flag("lost"), _START),
    "customer_churn_rate.all_leavers": (Part("is_lost or is_new_lost"), _START),
    "revenue_retention.gross": (Part(_HAD, _KEPT), _PREVIOUS),
    "revenue_retention.net": (Part(_HAD, "revenue_gross"), _PREVIOUS),
    "revenue_churn.gross": (Part(_HAD, f"previous_revenue_gross - {_KEPT}"), _PREVIOUS),
    "revenue_churn.net": (Part(_HAD, "previous_revenue_gross - revenue_gross"), _PREVIOUS),
    "revenue_bridge.previous": (_PREVIOUS, None),
    "revenue_bridge.new": (Part("is_new", "revenue_gross_constant"), None),
    "revenue_bridge.reactivation": (Part(f"not is_new and not ({_HAD})", "revenue_gross_constant"), None),
    "revenue_bridge.expansion": (Part(f"{_HAD} and {_MOVED} > 0", _MOVED), None),
    "revenue_bridge.contraction": (Part(f"{_HAD} and revenue_gross > 0 and {_MOVED} < 0", f"-({_MOVED})"), None),
    "revenue_bridge.churn": (Part(f"{_HAD} and revenue_gross = 0", "previous_revenue_gross_constant"), None),
    "revenue_bridge.current": (Part("revenue_gross <> 0", "revenue_gross"), None),
    "repeat_customer_rate.in_period": (Part("orders_count >= 2"), _ORDERING),
    "repeat_customer_rate.returning": (Part(_RETURNING), _ORDERING),
    "purchase_frequency.standard": (_ORDERS, _ORDERING),
    "average_order_value.gross": (_GROSS, _ORDERS),
    "average_order_value.net": (_NET, _ORDERS),
    "revenue_share.returning": (Part(_RETURNING, "revenue_gross"), _GROSS),
    "revenue_decomposition.customers": (_ORDERING, None),
    "revenue_decomposition.frequency": (_ORDERS, _ORDERING),
    "revenue_decomposition.order_value": (_GROSS, _ORDERS),
    "revenue_decomposition.revenue": (_GROSS, None),
    "orders.standard": (_ORDERS, None),
    "revenue.gross": (_GROSS, None),
    "revenue.net": (_NET, None),
    "cohort_retention.on": (_ORDERING, None),
    "cohort_orders.standard": (_ORDERS, None),
    "cohort_revenue.gross": (_GROSS, None),
    "cohort_revenue.net": (_NET, None),
}  # fmt: skip
"""Numerator and denominator by ``metric.variant``; a cohort's denominator, its size, is a column of the fact table."""

_UNPUBLISHED_SETS: Final = frozenset({"nps_group", "rfm"})
"""Derived segments whose history per customer is not published."""


@dataclass(frozen=True)
class Rows:
    """SQL over the published tables.

    Attributes:
        numerator: Lists the rows behind the numerator; its last column ``counts`` adds up to it.
        denominator: The same for the denominator, where there is one over customers.
        is_by_customer: Whether the rows are customers; else they are rows of a fact table without ``counts``.
    """

    numerator: str
    denominator: str | None = None
    is_by_customer: bool = True


def rows_behind(cell: Mapping[str, Any], family: str) -> Rows:
    """The SQL that lists what a metric row was computed from.

    Args:
        cell: One row of ``metric_values`` by column name.
        family: The family of its metric.
    """
    parts = PARTS.get(f"{cell['metric']}.{cell['variant']}")
    if parts is None or _is_unpublished(cell):
        return Rows(_fact_row(cell, FAMILIES[family].inputs[0]), is_by_customer=False)
    numerator, denominator = parts
    return Rows(_customers(cell, numerator), None if denominator is None else _customers(cell, denominator))


def _is_unpublished(cell: Mapping[str, Any]) -> bool:
    """Whether the customers of a segment cannot be told from the published tables."""
    # a customer's first order says nothing about a first subscription
    of_orders = cell["segment_set"] == NEW_RETURNING and cell["basis"] == SUBSCRIPTION
    return of_orders or cell["segment_set"] in _UNPUBLISHED_SETS


def _customers(cell: Mapping[str, Any], part: Part) -> str:
    # orders are the same on every basis, and only the order bases list them customer by customer
    of_orders = cell["basis"] == SUBSCRIPTION and "order" in part.holds + part.measure
    basis, grain = CALENDAR if of_orders else cell["basis"], _text(cell["grain"])
    wanted = [f"basis = {_text(basis)} and grain = {grain} and period_start = {_day(cell['period_start'])}"]
    if cell["cohort_start"] is not None:
        start = _day(cell["cohort_start"])
        wanted.append(
            f"customer_id in (select customer_id from dim_customer where first_order_date >= {start}"
            " and first_order_date < (select period_end from dim_period"
            f" where grain = {grain} and period_start = {start}))"
        )
    wanted += _segment(cell)
    wanted.append(f"({part.holds})")
    conditions = "\n  and ".join(wanted)
    return (
        f"select customer_id, orders_count, revenue_gross, revenue_net, {part.measure} as counts\n"
        f"from {CUSTOMER_ROWS}\nwhere {conditions}"
    )


def _segment(cell: Mapping[str, Any]) -> list[str]:
    """The condition on the segment, as known at the start of the period or cohort; none for everybody."""
    if cell["segment_set"] == TOTAL:
        return []
    if cell["segment_set"] == NEW_RETURNING:
        return ["is_new" if cell["segment_key"] == "new" else "not is_new"]
    start = _day(cell["cohort_start"] or cell["period_start"])
    members = (
        "select customer_id from dim_customer_segment"
        f" where segment_set = {_text(cell['segment_set'])} and segment_key = {_text(cell['segment_key'])}"
        f" and valid_from <= {start} and valid_to > {start}"
    )
    return [f"customer_id in ({members})"]


def _fact_row(cell: Mapping[str, Any], table: str) -> str:
    keys = ("grain", "period_start", "segment_set", "segment_key")
    wanted = [f"{key} = {_day(cell[key]) if key == 'period_start' else _text(cell[key])}" for key in keys]
    return f"select *\nfrom {table}\nwhere {' and '.join(wanted)}"


def _text(value: object) -> str:
    escaped = str(value).replace("'", "''")
    return f"'{escaped}'"


def _day(value: Any) -> str:
    return f"date '{str(value)[:10]}'"
