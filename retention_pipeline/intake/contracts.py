"""What each source must look like to be read.

Belongs here: contract columns of every source, their types and defaults. Not here: finding them in a file
(``mapping``), turning text into values (``casting``), rules across columns (``rules``), words (``vocabulary``).
"""

from __future__ import annotations

from dataclasses import replace

from retention_pipeline.config import Settings
from retention_pipeline.core.store_tables import (
    RAW_BENCHMARKS,
    RAW_CHURN_REASONS,
    RAW_CONTROL_TOTALS,
    RAW_CUSTOMERS,
    RAW_FEEDBACK,
    RAW_FX_RATES,
    RAW_ORDERS,
    RAW_SPEND,
    RAW_SUBSCRIPTIONS,
    RAW_TICKETS,
)
from retention_pipeline.intake.fields import Contract, Field, FieldType
from retention_pipeline.intake.identity import TRIMMED
from retention_pipeline.intake.rules import PERIOD_END

CONTRACT_VERSION = 2
"""Part of every delivery id: raise it when the same file and mapping would be read differently."""

RATE_DECIMALS = 8


def _required(name: str, kind: FieldType, *, decimals: int = 4) -> Field:
    return Field(name, kind, needs_column=True, needs_value=True, decimals=decimals)


_UPDATED_AT = Field("updated_at", "timestamp")
_CURRENCY = Field("currency", "currency", default="the shop's currency")

_ORDERS = Contract(
    "orders", RAW_ORDERS, ("order_id",), ("updated_at", "ordered_at"),
    (
        _required("order_id", "text"),
        Field("customer_id", "customer", needs_column=True),
        _required("ordered_at", "timestamp"),
        _UPDATED_AT,
        Field("status", "word", default="paid"),
        _CURRENCY,
        _required("amount", "decimal"),
        Field("refund_amount", "decimal", default="0"),
        Field("cost_amount", "decimal"),
        Field("discount_amount", "decimal"),
        Field("refunded_at", "timestamp"),
    ),
)  # fmt: skip
_CUSTOMERS = Contract(
    "customers", RAW_CUSTOMERS, ("customer_id",), ("updated_at", "created_at"),
    (_required("customer_id", "customer"), Field("created_at", "timestamp"), _UPDATED_AT),
    is_timeless=True,
)  # fmt: skip
_FEEDBACK = Contract(
    "feedback", RAW_FEEDBACK, ("feedback_id",), ("updated_at", "submitted_at", "sent_at"),
    (
        _required("feedback_id", "text"),
        Field("customer_id", "customer"),
        Field("order_id", "text"),
        Field("sent_at", "timestamp"),
        # both may be blank together while an invitation is unanswered: see ``rules``
        Field("submitted_at", "timestamp", needs_column=True),
        _required("kind", "kind"),
        Field("score", "score", needs_column=True),
        Field("wave", "text"),
        _UPDATED_AT,
    ),
)  # fmt: skip
_SUBSCRIPTIONS = Contract(
    "subscriptions", RAW_SUBSCRIPTIONS, ("subscription_id",), ("updated_at", "started_at"),
    (
        _required("subscription_id", "text"),
        _required("customer_id", "customer"),
        _required("started_at", "timestamp"),
        Field("ended_at", "timestamp", needs_column=True, may_lie_ahead=True),
        _UPDATED_AT,
        _CURRENCY,
        _required("monthly_amount", "decimal"),
    ),
)  # fmt: skip
_TICKETS = Contract(
    "tickets", RAW_TICKETS, ("ticket_id",), ("updated_at", "opened_at"),
    (
        _required("ticket_id", "text"),
        Field("customer_id", "customer"),
        _required("opened_at", "timestamp"),
        Field("first_response_at", "timestamp"),
        Field("resolved_at", "timestamp"),
        Field("due_at", "timestamp", may_lie_ahead=True),
        Field("kind", "word", default="question"),
        _UPDATED_AT,
    ),
)  # fmt: skip
_CHURN_REASONS = Contract(
    "churn_reasons", RAW_CHURN_REASONS, ("customer_id", "given_at"), ("given_at",),
    (_required("customer_id", "customer"), _required("given_at", "timestamp"), _required("reason", "code")),
)  # fmt: skip
_SPEND = Contract(
    "spend", RAW_SPEND, (), ("spent_at",),
    (
        _required("spent_at", "timestamp"),
        _required("kind", "word"),
        Field("channel", "text"),
        _CURRENCY,
        _required("amount", "decimal"),
    ),
)  # fmt: skip
_FX_RATES = Contract(
    "fx_rates", RAW_FX_RATES, ("currency", "quoted_at"), ("quoted_at",),
    (
        _required("currency", "currency"),
        _required("quoted_at", "timestamp"),
        _required("rate", "decimal", decimals=RATE_DECIMALS),
    ),
)  # fmt: skip
_BENCHMARKS = Contract(
    "benchmarks", RAW_BENCHMARKS, ("metric", "variant", "segment_set", "segment_key"), ("quoted_at",),
    (
        _required("metric", "text"),
        Field("variant", "text", default="standard"),
        Field("segment_set", "text", default="all"),
        Field("segment_key", "text", default="all"),
        _required("value", "decimal", decimals=RATE_DECIMALS),
        _required("source", "text"),
        Field("quoted_at", "timestamp"),
    ),
    is_timeless=True,
)  # fmt: skip
_CONTROL_TOTALS = Contract(
    "control_totals", RAW_CONTROL_TOTALS, ("grain", "period_start", "measure"), ("updated_at",),
    (
        _required("grain", "grain"),
        _required("period_start", "date"),
        _required("measure", "word"),
        _required("value", "decimal"),
        _CURRENCY,
        _UPDATED_AT,
    ),
    # nobody can have summed up a period before it was over
    known_from=PERIOD_END,
)  # fmt: skip

_CONTRACTS = {
    contract.source: contract
    for contract in (
        _ORDERS, _CUSTOMERS, _FEEDBACK, _SUBSCRIPTIONS, _TICKETS, _CHURN_REASONS, _SPEND, _FX_RATES, _BENCHMARKS,
        _CONTROL_TOTALS,
    )
}  # fmt: skip


def contract_of(settings: Settings, source: str) -> Contract:
    """The contract of a source for this shop: segments and scales take part."""
    contract = _CONTRACTS[source]
    if source == "customers":
        segments = tuple(Field(name, "attribute", needs_column=True) for name in settings.shop.segments)
        return replace(contract, fields=contract.fields + segments)
    feedback = settings.sources.feedback
    if source == "feedback" and feedback is not None and len(feedback.scales) == 1:
        only = Field("kind", "kind", default=next(iter(feedback.scales)).strip(TRIMMED))
        return replace(contract, fields=tuple(only if field.name == "kind" else field for field in contract.fields))
    return contract
