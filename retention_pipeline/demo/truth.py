"""What is true about a simulated shop, computed from the simulation and never from the files.

Belongs here: the quantities tests compare the pipeline with, and how ``truth.json`` holds them. Not here: counting them
(``truth_sales``, ``truth_people``, ``truth_service``).
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from retention_pipeline.demo.lines import exact_money

Cents = Decimal | int
"""Money in cents of the shop's currency; a conversion leaves hundredths of a cent."""

_MONEY = frozenset({"revenue_gross", "revenue_net", "cost", "refunded_by_refund_date", "recurring_at_end"})


@dataclass
class Month:
    """One business month; money in cents until it is written.

    ``cost`` and ``refunded_by_refund_date`` are of valid orders, guests included; members are those whose contract runs
    at the midnight that ends the month, and ``recurring_at_end`` is what they pay a month.
    """

    orders: int = 0
    orders_guest: int = 0
    orders_foreign: int = 0
    revenue_gross: Cents = 0
    revenue_net: Cents = 0
    cost: Cents = 0
    refunded_by_refund_date: Cents = 0
    customers_ordering: int = 0
    customers_new: int = 0
    customers_alive_at_end: int = 0
    members_at_end: int = 0
    recurring_at_end: Cents = 0
    tickets: int = 0
    complaints: int = 0


@dataclass
class Truth:
    """The truth about one simulated shop; ``truth.json`` holds the same, money as decimal strings.

    ``customers_sent`` and ``orders_sent`` count distinct things the files hold in a readable record; ``records`` counts
    records of the files. A valid order is one whose last delivered state is a sale above zero that can be expressed in
    the shop's currency. ``months`` is keyed ``YYYY-MM`` by the business date of the order. ``parameters`` are what the
    simulation drew from, the other numbers what came of it; ``spend`` is in cents by kind and channel.
    ``control_totals`` says in what the shop's books differ from the published figures, and what no cause explains.
    """

    seed: int
    start: dt.date
    last: dt.date
    customers: int
    customers_sent: int = 0
    customers_with_valid_order: int = 0
    customers_repeat: int = 0
    orders_sent: int = 0
    orders_valid: int = 0
    orders_guest: int = 0
    orders_refunded: int = 0
    orders_foreign: int = 0
    orders_discounted: int = 0
    orders_excluded: dict[str, int] = field(default_factory=dict)
    revenue_gross: Cents = 0
    revenue_net: Cents = 0
    months: dict[str, Month] = field(default_factory=dict)
    answers_sent: dict[str, int] = field(default_factory=dict)
    answers_counted: dict[str, int] = field(default_factory=dict)
    invitations_sent: dict[str, int] = field(default_factory=dict)
    invitations_answered: dict[str, int] = field(default_factory=dict)
    subscriptions: dict[str, int] = field(default_factory=dict)
    tickets: dict[str, int] = field(default_factory=dict)
    churn_reasons: dict[str, int] = field(default_factory=dict)
    spend: dict[str, dict[str, int]] = field(default_factory=dict)
    records: dict[str, int] = field(default_factory=dict)
    quarantined: dict[str, dict[str, int]] = field(default_factory=dict)
    suppressed: dict[str, int] = field(default_factory=dict)
    planted: dict[str, int] = field(default_factory=dict)
    channels: dict[str, dict[str, float]] = field(default_factory=dict)
    effects: dict[str, dict[str, float]] = field(default_factory=dict)
    control_totals: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def repeat_rate(self) -> float:
        """Share of customers with a valid order who have at least two."""
        return self.customers_repeat / self.customers_with_valid_order

    def to_json(self) -> str:
        """The text of ``truth.json``."""
        table = asdict(self)
        for holder in (table, *table["months"].values()):
            for name in _MONEY & holder.keys():
                holder[name] = exact_money(holder[name])
        table["spend"] = {
            kind: {channel: exact_money(cents) for channel, cents in channels.items()}
            for kind, channels in table["spend"].items()
        }
        return json.dumps(table, indent=2, default=str) + "\n"
