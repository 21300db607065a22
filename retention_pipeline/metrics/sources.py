"""Which sources stand behind a metric: whose delivery completes its periods, whose records can move its values.

The restatement ledger reads it to tell which of a night's changes can be behind a changed cell, and to tell which cells
were finished in an earlier version. A source that could move a value and is missing here would leave a restatement
without explanation, one too many only makes an explanation less sharp.
Belongs here: sources by definition. Not here: segments (who a change reaches is found by customer), formulas.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pandas as pd

from retention_pipeline.metrics.definition import SUBSCRIPTION, MetricDefinition
from retention_pipeline.metrics.registry import REGISTRY

DECLARED: Final = ("metric", "variant", "basis", "source", "is_completing", "looks_ahead", "looks_back")
_COMPLETING: Final = {
    "cohort_retention": ("orders",),
    "buying_behaviour": ("orders",),
    "order_gaps": ("orders",),
    "customer_segments": ("orders",),
    "service_quality": ("tickets",),
    "unit_economics": ("spend",),
    "feedback_scores": ("feedback",),
}
"""By family; the other families follow the basis: orders, or subscriptions."""
_COMPLETING_ONE: Final = {
    "clv.net_of_cost": ("orders", "spend"),
    "clv.cohort_to_date": ("orders",),
    "churn_reason_share.standard": ("churn_reasons",),
}
_COMPLETING_TOO: Final = {
    "customers.ordering": ("orders",),  # also on the subscription basis
}
"""Beside the sources of the family or the basis."""
_MOVING: Final = {
    "customer_retention": (),
    "revenue_retention": ("fx_rates",),
    "cohort_retention": ("orders", "fx_rates"),
    "buying_behaviour": ("orders", "fx_rates"),
    "order_gaps": ("orders",),
    "customer_segments": ("orders", "fx_rates"),
    "service_quality": ("tickets",),
    "lifetime_value": ("orders", "spend", "fx_rates"),
    "unit_economics": ("orders", "spend", "fx_rates"),
    "feedback_scores": ("feedback",),
}
"""By family, beside the sources of the basis and those that complete."""
_MOVING_ONE: Final = {
    "complaint_rate.orders": ("orders",),
    "complaint_rate.customers": ("orders",),
    "tickets_per_customer.standard": ("orders",),
    "churn_reason_share.standard": ("orders",),
}
_BY_BASIS: Final = frozenset(
    {"customer_retention", "revenue_retention", "lifetime_value", "unit_economics", "feedback_scores"}
)
"""Families that are about the customers of a basis."""
_AHEAD: Final = frozenset(
    {"cohort_retention.on_or_after", "retention_by_nps_group.standard", "payback_age.net", "payback_age.margin",
     "revenue_concentration.top20", "revenue_concentration.top20_of_existing", "sla_met_rate.standard"}
)  # fmt: skip
_BACK: Final = frozenset(
    {"repeat_customer_rate.lifetime", "orders_per_customer_share.lifetime", "reactivation_rate.standard"}
)
_BACK_FAMILIES: Final = frozenset(
    {"cohort_retention", "order_gaps", "lifetime_value", "unit_economics", "customer_segments"}
)


def sources_frame() -> pd.DataFrame:
    """One row per metric, variant, basis (``scale_*`` for any scale) and source, in ``DECLARED``."""
    rows = [row for definition in REGISTRY for basis in definition.bases for row in _rows(definition, basis)]
    return pd.DataFrame(rows, columns=list(DECLARED))


def _rows(definition: MetricDefinition, basis: str) -> Iterator[tuple[str, str, str, str, bool, bool, bool]]:
    completing = completed_by(definition, basis)
    moving = {*completing, *_MOVING[definition.family], *_MOVING_ONE.get(definition.name, ())}
    if definition.family in _BY_BASIS and not basis.startswith("scale_"):
        moving.add(_of_basis(basis))
    ahead = definition.name in _AHEAD or definition.family == "order_gaps"
    back = definition.name in _BACK or definition.family in _BACK_FAMILIES
    for source in sorted(moving):
        yield definition.metric, definition.variant, basis, source, source in completing, ahead, back


def completed_by(definition: MetricDefinition, basis: str) -> tuple[str, ...]:
    """The sources that must have delivered a period before its values of this metric are final."""
    of_one = _COMPLETING_ONE.get(definition.name)
    usual = of_one or _COMPLETING.get(definition.family, (_of_basis(basis),))
    return tuple(dict.fromkeys((*usual, *_COMPLETING_TOO.get(definition.name, ()))))


def _of_basis(basis: str) -> str:
    return "subscriptions" if basis == SUBSCRIPTION else "orders"
