"""What orders, customers and feedback must look like to be read.

Belongs here: contract columns, their types, defaults and vocabularies. Not here: finding them in a file
(``mapping``), turning text into values (``casting``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from retention_pipeline.config import Settings
from retention_pipeline.core.tables import RAW_CUSTOMERS, RAW_FEEDBACK, RAW_ORDERS, Table

CONTRACT_VERSION = 1
"""Part of every delivery id: raise it when the same file and mapping would be read differently."""

STATUSES = ("paid", "refunded", "pending", "cancelled", "void", "test", "fraud", "other")
OTHER_STATUS = "other"

FieldType = Literal["text", "customer", "timestamp", "decimal", "status", "currency", "kind", "score", "attribute"]


@dataclass(frozen=True)
class Field:
    """One contract column."""

    name: str
    type: FieldType
    needs_column: bool = False
    """The file must have the column."""
    needs_value: bool = False
    """A record without a value is quarantined."""
    default: str | None = None
    """In words: what counts when there is no column."""


@dataclass(frozen=True)
class Contract:
    """The columns of one source, in the order in which they are checked."""

    source: str
    table: Table
    key: str
    event: str
    """The timestamp that says when it happened."""
    fields: tuple[Field, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in contract order."""
        return tuple(field.name for field in self.fields)

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names of the configured segments."""
        return tuple(field.name for field in self.fields if field.type == "attribute")


def _required(name: str, kind: FieldType) -> Field:
    return Field(name, kind, needs_column=True, needs_value=True)


_ORDERS = (
    _required("order_id", "text"),
    Field("customer_id", "customer", needs_column=True),
    _required("ordered_at", "timestamp"),
    Field("updated_at", "timestamp"),
    Field("status", "status", default="paid"),
    Field("currency", "currency", default="the shop's currency"),
    _required("amount", "decimal"),
    Field("refund_amount", "decimal", default="0"),
    Field("cost_amount", "decimal"),
)
_CUSTOMERS = (
    _required("customer_id", "customer"),
    Field("created_at", "timestamp"),
    Field("updated_at", "timestamp"),
)
_FEEDBACK = (
    _required("feedback_id", "text"),
    Field("customer_id", "customer"),
    Field("order_id", "text"),
    Field("sent_at", "timestamp"),
    _required("submitted_at", "timestamp"),
    _required("kind", "kind"),
    _required("score", "score"),
    Field("wave", "text"),
    Field("updated_at", "timestamp"),
)


def contract_of(settings: Settings, source: str) -> Contract:
    """The contract of ``orders``, ``customers`` or ``feedback`` for this shop: segments and scales take part."""
    if source == "orders":
        return Contract("orders", RAW_ORDERS, "order_id", "ordered_at", _ORDERS)
    if source == "customers":
        segments = tuple(Field(name, "attribute", needs_column=True) for name in settings.shop.segments)
        return Contract("customers", RAW_CUSTOMERS, "customer_id", "created_at", _CUSTOMERS + segments)
    fields: tuple[Field, ...] = _FEEDBACK
    feedback = settings.sources.feedback
    if feedback is not None and len(feedback.scales) == 1:
        only = Field("kind", "kind", default=next(iter(feedback.scales)))
        fields = tuple(only if field.name == "kind" else field for field in fields)
    return Contract("feedback", RAW_FEEDBACK, "feedback_id", "submitted_at", fields)
