"""What a shop delivered, row by row, in the shape of the delivery store.

Belongs here: one method per source. Not here: writing or building anything (``support``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, overload

from retention_pipeline.core.store_tables import STORE_TABLES

Money = str | int | Decimal


@dataclass
class Rows:
    """What a shop delivered; each (source, known date) is one delivery unless a row names another."""

    tables: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {t.name: [] for t in STORE_TABLES})

    @property
    def sources(self) -> list[str]:
        """The sources every test shop has, and whatever else was delivered."""
        return sorted({"orders", "customers", "feedback"} | {row["source"] for row in self.tables["deliveries"]})

    def deliver(self, source: str, day: str | None, *, name: str = "", kind: str = "increment", **flags: Any) -> str:
        """Record a delivery once and return its id."""
        delivery_id = name or f"{source}-{day or 'history'}"
        if all(row["delivery_id"] != delivery_id for row in self.tables["deliveries"]):
            self.tables["deliveries"].append({
                "delivery_id": delivery_id, "source": source, "kind": kind, "business_date": day, "path": "",
                "content_sha256": "", "mapping_hash": "", "sequence": len(self.tables["deliveries"]),
                "received_date": "2024-01-01", "status": "accepted", "refusal": None, "records": 0, "loaded": 0,
                "quarantined": 0, "suppressed": 0, "erased": 0, "first_known": day, "last_known": day,
                "is_current": True, "repairs": None, "columns_found": None, **flags,
            })  # fmt: skip
        return delivery_id

    def _add(self, table: str, known: str, delivery: str | None, **values: Any) -> None:
        delivery_id = delivery or self.deliver(table, known)
        rows = self.tables[table]
        rows.append({**values, "known_date": known, "delivery_id": delivery_id, "line": len(rows) + 2})

    def order(
        self, order_id: str, customer_id: str | None, at: str, amount: Money, *, refund: Money = 0,
        status: str = "paid", updated: str | None = None, known: str | None = None, delivery: str | None = None,
        currency: str = "EUR", cost: Money | None = None, discount: Money | None = None, refunded: str | None = None,
    ) -> None:  # fmt: skip
        """One order record; ``at`` and ``refunded`` are dates (noon) or instants."""
        self._add(
            "orders", known or at[:10], delivery, order_id=order_id, customer_id=customer_id, ordered_at=instant(at),
            updated_at=updated, status=status, currency=currency, amount=amount, refund_amount=refund,
            cost_amount=cost, discount_amount=discount, refunded_at=instant(refunded),
        )  # fmt: skip

    def customer(
        self,
        customer_id: str,
        known: str,
        *,
        delivery: str | None = None,
        updated: str | None = None,
        **attributes: Any,
    ) -> None:
        """One customer record with its segments."""
        self._add(
            "customers", known, delivery, customer_id=customer_id, created_at=None, updated_at=updated,
            attributes=attributes,
        )  # fmt: skip

    def answer(
        self, feedback_id: str, customer_id: str | None, at: str, measure: str, score: Money,
        *, scale: tuple[int, int] = (0, 10), wave: str | None = None, known: str | None = None,
        updated: str | None = None, sent: str | None = None, delivery: str | None = None,
    ) -> None:  # fmt: skip
        """One answer to a survey."""
        self._add(
            "feedback", known or at[:10], delivery, feedback_id=feedback_id, customer_id=customer_id, order_id=None,
            sent_at=instant(sent), submitted_at=instant(at), measure=measure, score=score, scale_min=scale[0],
            scale_max=scale[1], wave=wave, updated_at=updated,
        )  # fmt: skip

    def invitation(
        self, feedback_id: str, customer_id: str | None, sent: str, measure: str = "nps",
        *, scale: tuple[int, int] = (0, 10), known: str | None = None, updated: str | None = None,
        delivery: str | None = None,
    ) -> None:  # fmt: skip
        """One survey that was sent and not answered (yet)."""
        self._add(
            "feedback", known or sent[:10], delivery, feedback_id=feedback_id, customer_id=customer_id, order_id=None,
            sent_at=instant(sent), submitted_at=None, measure=measure, score=None, scale_min=scale[0],
            scale_max=scale[1], wave=None, updated_at=updated,
        )  # fmt: skip

    def subscription(
        self, subscription_id: str, customer_id: str, started: str, monthly: Money, *, ended: str | None = None,
        currency: str = "EUR", updated: str | None = None, known: str | None = None, delivery: str | None = None,
    ) -> None:  # fmt: skip
        """One subscription record; without ``ended`` it is open."""
        self._add(
            "subscriptions", known or started[:10], delivery, subscription_id=subscription_id, customer_id=customer_id,
            started_at=instant(started), ended_at=instant(ended), monthly_amount=monthly, currency=currency,
            updated_at=updated,
        )  # fmt: skip

    def ticket(
        self, ticket_id: str, customer_id: str | None, opened: str, *, responded: str | None = None,
        resolved: str | None = None, due: str | None = None, kind: str = "question", updated: str | None = None,
        known: str | None = None, delivery: str | None = None,
    ) -> None:  # fmt: skip
        """One ticket record."""
        self._add(
            "tickets", known or opened[:10], delivery, ticket_id=ticket_id, customer_id=customer_id,
            opened_at=instant(opened), first_response_at=instant(responded), resolved_at=instant(resolved),
            due_at=instant(due), kind=kind, updated_at=updated,
        )  # fmt: skip

    def reason(
        self, customer_id: str, at: str, reason: str, *, known: str | None = None, delivery: str | None = None
    ) -> None:
        """One reason for leaving."""
        self._add(
            "churn_reasons", known or at[:10], delivery, customer_id=customer_id, given_at=instant(at), reason=reason
        )

    def spend(
        self, at: str, kind: str, amount: Money, *, channel: str | None = None, currency: str = "EUR",
        known: str | None = None, delivery: str | None = None,
    ) -> None:  # fmt: skip
        """One record of marketing spend; ``kind`` is acquisition or retention."""
        self._add(
            "spend", known or at[:10], delivery, spent_at=instant(at), kind=kind, channel=channel, amount=amount,
            currency=currency,
        )  # fmt: skip

    def rate(
        self, currency: str, at: str, rate: Money, *, known: str | None = None, delivery: str | None = None
    ) -> None:
        """One exchange rate: units of the shop's currency for one unit of ``currency``."""
        self._add("fx_rates", known or at[:10], delivery, currency=currency, quoted_at=instant(at), rate=rate)

    def benchmark(
        self, metric: str, value: Money, *, variant: str = "standard", segment: tuple[str, str] = ("all", "all"),
        source: str = "trade press", quoted: str | None = None, known: str = "2024-01-01",
        delivery: str | None = None,
    ) -> None:  # fmt: skip
        """One benchmark of a metric."""
        self._add(
            "benchmarks", known, delivery, metric=metric, variant=variant, segment_set=segment[0],
            segment_key=segment[1], value=value, source=source, quoted_at=instant(quoted),
        )  # fmt: skip

    def control_total(
        self, period_start: str, measure: str, value: Money, *, grain: str = "month", updated: str | None = None,
        known: str = "2024-03-01", delivery: str | None = None,
    ) -> None:  # fmt: skip
        """One total of the shop's own books."""
        self._add(
            "control_totals", known, delivery, grain=grain, period_start=period_start, measure=measure, value=value,
            currency="EUR", updated_at=updated,
        )  # fmt: skip

    def set_aside(
        self, known: str, *, column: str | None = "amount", reason: str = "number_unreadable",
        source: str = "orders", delivery: str | None = None, **record: str,
    ) -> None:  # fmt: skip
        """One quarantined record with its text."""
        delivery_id = delivery or self.deliver(source, known)
        rows = self.tables["quarantine"]
        rows.append({
            "delivery_id": delivery_id, "source": source, "path": "", "line": len(rows) + 1000, "reason": reason,
            "column_name": column, "record": json.dumps(record), "known_date": known, "resolved_by": None,
            "resolved_sha256": None,
        })  # fmt: skip


@overload
def instant(at: str) -> str: ...
@overload
def instant(at: None) -> None: ...
def instant(at: str | None) -> str | None:
    """Noon of a date, or the instant itself."""
    return at if at is None or len(at) > 10 else f"{at} 12:00:00"
